#!/usr/bin/env python3
"""Every line of a log that the program writes fits docs/schema/event.schema.json, and so does every
recorded log of tests/sim. usage: test_log_schema.py PROGRAM ROOT
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

VERDICTS = (0, 1, 2)


class Schema:
    def __init__(self, root):
        self.document = json.loads((root / "docs/schema/event.schema.json").read_text("utf-8"))
        Draft202012Validator.check_schema(self.document)
        self.whole = Draft202012Validator(self.document)
        self.kinds = {}

    def problem(self, event):
        """The first violation, or None. The whole schema (slow: a choice of all kinds) is asked once
        for each kind, the kind's own part for the rest."""
        kind = event.get("kind")
        if kind not in self.kinds:
            if not self.whole.is_valid(event):
                return f"no kind of the schema fits {kind}"
            part = {"$ref": f"#/$defs/{kind}", "$defs": self.document["$defs"]}
            self.kinds[kind] = Draft202012Validator(part)
        found = next(self.kinds[kind].iter_errors(event), None)
        return found.message if found else None


def check_log(schema, path):
    count = 0
    for count, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        problem = schema.problem(json.loads(line))
        if problem:
            return f"{path}:{count}: {problem}"
    return None if count > 2 else f"{path}: only {count} events"


def record(program, command, package, folder):
    """Runs the program over PACKAGE; returns the log it kept."""
    evidence = folder / command
    run = subprocess.run([program, command, "--quiet", "--evidence", evidence, package],
                         capture_output=True, text=True, timeout=100)
    if run.returncode not in VERDICTS:
        sys.exit(f"vetbox {command} {package} exits {run.returncode}: {run.stderr}")
    return evidence / "events.jsonl"


def main():
    program, root = sys.argv[1], Path(sys.argv[2])
    package = root / "examples/weather-skill"
    schema = Schema(root)
    can_run = subprocess.run([program, "doctor", "--quiet"], capture_output=True).returncode == 0
    with tempfile.TemporaryDirectory(prefix="vetbox-test-") as folder:
        logs = sorted((root / "tests/sim").rglob("*.jsonl"))
        for command in ("scan", "vet") if can_run else ("scan",):
            logs.append(record(program, command, package, Path(folder)))
        found = [problem for problem in (check_log(schema, log) for log in logs) if problem]
    print("\n".join(found), end="\n" if found else "")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
