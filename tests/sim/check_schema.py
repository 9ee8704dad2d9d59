#!/usr/bin/env python3
"""Every golden JSON report fits docs/schema/report.schema.json, and the schema is no sieve.
usage: check_schema.py ROOT"""
import copy
import json
import sys
from pathlib import Path

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)


def spoilt(report):
    """Reports that must not fit."""
    for key in report:
        bad = copy.deepcopy(report)
        del bad[key]
        yield f"without {key}", bad
    for path, value in ((("verdict",), "maybe"), (("format",), "vetbox-report/2"), (("extra",), 1),
                        (("findings", 0, "severity"), "awful"), (("findings", 0, "line"), 0),
                        (("findings", 0, "evidence"), ["1"]), (("coverage", "executed"), -1),
                        (("kinds", "items"), [1]),
                        (("chain", 0, "decision"), "maybe"), (("chain", 0, "coverage"), "both"),
                        (("chain", 0), {"decision": "block"}), (("findings", 0, "rule"), {"text": "x"}),
                        (("artifact", "sha256"), "xyz")):
        bad = copy.deepcopy(report)
        place = bad
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        yield "/".join(map(str, path)), bad


def main(root):
    schema = json.loads((root / "docs/schema/report.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    failures, reports = [], sorted((root / "tests/sim").glob("*.json"))
    for path in reports:
        error = next(validator.iter_errors(json.loads(path.read_text("utf-8"))), None)
        if error:
            failures.append(f"{path.name}: {list(error.path)}: {error.message}")
    sample = json.loads((root / "tests/sim/exfil-ssh.json").read_text("utf-8"))
    failures += [f"accepted: {what}" for what, bad in spoilt(sample) if validator.is_valid(bad)]
    if len(reports) < 20:
        failures.append(f"only {len(reports)} golden reports")
    print("\n".join(failures) or f"{len(reports)} reports fit the schema")
    return 1 if failures else 0


sys.exit(main(Path(sys.argv[1])))
