"""Vets the packages of packages.py: the verdict, and what the log must hold.

usage: kinds.py VETBOX
"""
import os
import subprocess
import sys
import tempfile

from packages import PACKAGES


def write(folder, files):
    for path, text in files.items():
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8", newline="") as file:
            file.write(text)


def check(program, folder, row):
    """What is wrong with one package, in words."""
    kind, name, files, verdicts, marks = row
    package, evidence = os.path.join(folder, f"{kind}-{name}"), os.path.join(folder, f"{kind}-{name}.ev")
    write(package, files)
    environment = {**os.environ, "VETBOX_DEPS": "none", "HOME": folder, "XDG_CACHE_HOME": os.path.join(folder, "cache")}
    done = subprocess.run([program, "vet", "--timeout", "40", "--evidence", evidence, package], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode not in verdicts:
        return f"status {done.returncode} instead of {sorted(verdicts)}: {(done.stderr or done.stdout)[-1500:]}"
    with open(os.path.join(evidence, "events.jsonl"), encoding="utf-8") as log:
        text = log.read()
    lost = [mark for mark in marks if mark not in text]
    return f"not in the log: {lost}" if lost else ""


def main():
    program = sys.argv[1]
    if subprocess.run([program, "doctor", "-q"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                      check=False).returncode != 0:
        print("SKIPPED: this machine cannot make boxes")
        return 77
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for row in PACKAGES:
            trouble = check(program, folder, row)
            wrong += trouble != ""
            if trouble:
                print(f"FAILED {row[0]} {row[1]}: {trouble}")
    kinds = len({row[0] for row in PACKAGES})
    print(f"{len(PACKAGES) - wrong} of {len(PACKAGES)} packages of {kinds} kinds as they should be")
    return 1 if wrong else 0


sys.exit(main())
