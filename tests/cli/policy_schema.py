#!/usr/bin/env python3
"""docs/schema/policy.schema.json and the program understand the same policies: both accept and both
refuse each document of the table, and both know the same keys. usage: policy_schema.py PROGRAM ROOT
"""
import copy
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    from jsonschema import Draft202012Validator, FormatChecker
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)
try:
    import yaml
except ImportError:
    yaml = None

FULL = {
    "version": 1,
    "decide": [{"severity": "critical", "confidence": "high", "decision": "block"},
               {"severity": "high", "confidence": "low", "decision": "review"}],
    "findings": {"VB-NET-UNDISCLOSED": "review", "VB-TEXT-*": "allow", "own_rule": "block"},
    "hosts": {"allowed": ["api.corp.example", "*.cdn.example", "192.0.2.7", "2001:db8::1"]},
    "licenses": {"allowed": ["MIT", "BSD-*"], "other": "block", "missing": "review"},
    "signatures": [{"packages": "npm:@acme/*", "signer": ["alice", "bob"], "issuer": "https://i.example",
                    "provenance": {"builder": "b*", "repository": "r*"}, "max_age_days": 90,
                    "unsigned": "block"}, {"packages": ["a", "b"]}],
    "combinations": {"trifecta": "review", "rule_of_two": "allow"},
    "coverage": {"static": "allow", "unread": 3, "least_read_percent": 90, "unexecuted_percent": 1,
                 "timed_out_percent": 100, "least_ended_percent": 0, "least_tools_percent": 7,
                 "vet": {"static": "review", "least_tools_percent": 100},
                 "scan": {"static": "block", "unread": 0, "least_read_percent": 100}},
    "exceptions": [{"finding": "VB-OPAQUE", "package": "npm:a", "path": "**/*.sh", "host": "h.example",
                    "owner": "o", "reason": "r", "expires": "2028-02-29"}],
}

# Where in FULL, and what is put there instead; a value of GONE takes it away.
GONE = object()
BAD_TEXTS = ("", None, [], {})
BAD_DECISIONS = ("deny", "Block", "", None, 1, True, ["block"])
BAD_COUNTS = (-1, 101, 1000000000, "1", "", None, True, [1], 1.5)
ROW = ("signatures", 0)
CASES = [
    ((), ([], "policy", 1, {})),
    (("version",), (0, 2, "1", None, GONE)),
    (("extra",), (1, {})),
    (("decide",), ([], {}, "block", None, GONE)),
    (("decide", 0), ("block", [], {}, None)),
    (("decide", 0, "severity"), ("awful", "High", None, GONE, "info", "low", "medium")),
    (("decide", 0, "confidence"), ("sure", "critical", GONE, "low", "medium")),
    (("decide", 0, "decision"), BAD_DECISIONS + (GONE, "allow", "review")),
    (("decide", 0, "why"), ("x",)),
    (("combinations",), ([], {}, "review", None, GONE)),
    (("combinations", "trifecta"), BAD_DECISIONS + (GONE, "allow", "block")),
    (("combinations", "four"), ("review",)),
    (("findings",), ([], {}, "VB-A", GONE)),
    (("findings", "VB-lower"), ("block",)),
    (("findings", "vb-lower"), ("block",)),
    (("findings", "VB-A*B"), ("block",)),
    (("findings", "VB-*"), ("block",)),
    (("findings", "VB-A*"), ("block",)),
    (("findings", "abc"), ("block",)),
    (("findings", "abcd"), ("block",)),
    (("findings", "a b-cd"), ("block",)),
    (("findings", "12345678-1234-4abc-8def-1234567890ab"), ("block",)),
    (("findings", "VB-NET-UNDISCLOSED"), BAD_DECISIONS),
    (("hosts",), ([], {}, "a.example", GONE)),
    (("hosts", "denied"), (["a.example"],)),
    (("hosts", "allowed"), (["*.com"], ["*.com."], ["*.co.uk"], ["*.com.au"], ["*.corp.uk"], ["*.co.example"], ["*.internal"],
                            ["*.lan"], ["*.internal."], ["*.a.b"], ["*.io"], ["co.uk"], ["*.acme.co.uk"])),
    (("hosts", "allowed"), ("a.example", [], ["*"], ["*."], ["*.a"], ["*a.example"], ["a.*"], ["A.example"],
                            ["https://a.example"], ["a.example/x"], [".a.example"], [""], [None], GONE)),
    (("licenses",), ([], {}, "MIT", GONE)),
    (("licenses", "allowed"), ("MIT", [], [""], [None], [["MIT"]], ["*"], "*", "**", " * ", ["MIT", "*"], ["see *"],
                              ["GPL-*"], GONE)),
    (("licenses", "other"), BAD_DECISIONS + ("allow", "review", GONE)),
    (("licenses", "missing"), BAD_DECISIONS + ("allow", "review", GONE)),
    (("licenses", "denied"), (["GPL-*"],)),
    (("signatures",), ([], {}, "npm:*", GONE)),
    (ROW, ({}, [], "npm:*")),
    (ROW + ("packages",), BAD_TEXTS + (["a", ""], [{}], GONE)),
    (ROW + ("signer",), BAD_TEXTS + ("alice", ["a", None], GONE)),
    (ROW + ("signers",), ("alice",)),
    (ROW + ("issuer",), BAD_TEXTS + (["i"], GONE)),
    (ROW + ("provenance",), ({}, [], "b", {"builder": "b"}, {"repository": "r"}, {"builder": ""},
                             {"builder": "b", "commit": "c"}, GONE)),
    (ROW + ("max_age_days",), (-1, 0, 36500, 36501, "3", None, 1.5, GONE)),
    (ROW + ("unsigned",), BAD_DECISIONS + ("allow", "review", GONE)),
    (("coverage",), ([], {}, 1, GONE)),
    (("coverage", "ran_percent"), (1,)),
    (("coverage", "static"), BAD_DECISIONS + ("review", GONE)),
    (("coverage", "unread"), (-1, 1000000000, "1", None, 1.5, 999999999, GONE)),
    *((("coverage", key), BAD_COUNTS + (0, 100, GONE)) for key in FULL["coverage"] if key.endswith("percent")),
    (("coverage", "vet"), ([], {}, 1, {"unread": 1, "unexecuted_percent": 9}, {"vet": {}}, GONE)),
    (("coverage", "scan"), ([], {}, 1, {"timed_out_percent": 9}, {"least_tools_percent": 9}, GONE)),
    (("exceptions",), ([], {}, "VB-OPAQUE", GONE)),
    (("exceptions", 0), ({}, [], "VB-OPAQUE")),
    (("exceptions", 0, "finding"), ("VB-", "opaque", "VB-x", "", None, GONE)),
    *((("exceptions", 0, key), BAD_TEXTS + (GONE,)) for key in ("package", "path", "host", "owner", "reason")),
    (("exceptions", 0, "expires"), ("2027-02-29", "2027-13-01", "1969-12-31", "1970-01-01", "27-01-01",
                                    "2027-1-1", "soon", "", None, 20270101, GONE)),
    (("exceptions", 0, "until"), ("2027-01-01",)),
]


def documents():
    yield "everything", FULL
    yield "the least", {"version": 1, "decide": []}
    for path, values in CASES:
        for value in values:
            document = copy.deepcopy(FULL)
            if not path:
                yield json.dumps(value), value
                continue
            place = document
            for step in path[:-1]:
                place = place[step]
            if value is GONE:
                del place[path[-1]]
            else:
                place[path[-1]] = value
            shown = "taken away" if value is GONE else json.dumps(value)
            yield f"{'/'.join(map(str, path))}: {shown}", document


def check(program, path):
    """Whether the program accepts it, and what it says."""
    done = subprocess.run([program, "policy", "check", path], capture_output=True, text=True, timeout=60)
    if done.returncode not in (0, 1, 2):
        sys.exit(f"{path}: status {done.returncode}: {done.stderr}")
    return done.returncode != 1, done.stdout


def objects(schema, example, path=()):
    """Path, example and keys of each object that the schema describes and FULL has."""
    if isinstance(example, list):
        yield from objects(schema.get("items", {}), example[0], path + (0,)) if example else ()
    elif isinstance(example, dict) and "properties" in schema:
        yield path, set(schema["properties"])
        for key, value in example.items():
            yield from objects(schema["properties"].get(key, {}), value, path + (key,))


def keys_differ(program, schema, file):
    for path, keys in objects(schema, FULL):
        document = copy.deepcopy(FULL)
        place = document
        for step in path:
            place = place[step]
        place["no-such-key"] = 1
        file.write_text(json.dumps(document))
        known = re.search(r'unknown key "no-such-key"; known are: (.*)', check(program, str(file))[1])
        if not known or set(known.group(1).split()) != keys:
            yield f"keys of {path}: {known and known.group(1)}, in the schema {sorted(keys)}"


def texts(root):
    yield from sorted((root / "tests/sim").glob("*.policy.yaml"))
    yield from sorted((root / "rules/policies").glob("*.yaml"))
    yield root / "rules/policy.yaml"


def yaml_differs(program, validator, root, file):
    """The policies of the tree, and the examples of the page about them."""
    examples = re.findall(r"```yaml\n(.*?)```", (root / "docs/policy.md").read_text("utf-8"), re.S)
    if not examples:
        yield "docs/policy.md has no example"
    loader = yaml and type("Loader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": {
        first: [row for row in rows if row[0] != "tag:yaml.org,2002:timestamp"]
        for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()}})
    for name, text in [(str(path), path.read_text("utf-8")) for path in texts(root)] + [
            (f"docs/policy.md, example {number}", text) for number, text in enumerate(examples, 1)]:
        file.write_text(text)
        accepted, said = check(program, str(file))
        if not accepted:
            yield f"{name}: {said}"
        elif loader and not validator.is_valid(yaml.load(text, loader)):  # a SafeLoader
            yield f"{name}: not by the schema"


def main(program, root):
    schema = json.loads((root / "docs/schema/policy.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    failures, count, accepted_count = [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "policy.yaml"
        for what, document in documents():
            file.write_text(json.dumps(document))
            accepted, said = check(program, str(file))
            if accepted != validator.is_valid(document):
                failures.append(f"{what}: the program {'accepts' if accepted else 'refuses'} it, "
                                f"the schema does not agree: {said}")
            count += 1
            accepted_count += accepted
        failures += keys_differ(program, schema, file)
        failures += yaml_differs(program, validator, root, file)
    if not 20 < accepted_count < count - 100:
        failures.append(f"{accepted_count} of {count} documents are accepted: the table is no test")
    print("\n".join(failures) or f"{count} documents, {accepted_count} of them accepted by both")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
