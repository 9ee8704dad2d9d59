"""Vets the packages of packages.py and hosts.py: the verdict, and what the log must hold.

usage: kinds.py VETBOX [KIND...]
"""
import os
import shutil
import subprocess
import sys
import tempfile

import hosts
import packages


def write(folder, files):
    for path, text in files.items():
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(target, 0o755 if text.startswith("#!") else 0o644)


def pack(folder, ending):
    """The folder as one file with this ending, named as it is."""
    shape = "gztar" if ending.endswith(".tar.gz") else "zip"
    made = shutil.make_archive(folder + "-packed", shape, folder)
    os.rename(made, folder + ending)
    return folder + ending


def check(program, folder, row):
    """What is wrong with one package, in words."""
    kind, name, files, verdicts, marks = row
    package, evidence = os.path.join(folder, f"{kind}-{name}"), os.path.join(folder, f"{kind}-{name}.ev")
    write(package, files)
    if kind in hosts.ARCHIVES:
        package = pack(package, hosts.ARCHIVES[kind])
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
    program, wanted = sys.argv[1], sys.argv[2:]
    rows = [row for row in packages.PACKAGES + hosts.PACKAGES if not wanted or row[0] in wanted]
    if subprocess.run([program, "doctor", "-q"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                      check=False).returncode != 0:
        print("SKIPPED: this machine cannot make boxes")
        return 77
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            trouble = check(program, folder, row)
            wrong += trouble != ""
            if trouble:
                print(f"FAILED {row[0]} {row[1]}: {trouble}")
    kinds = len({row[0] for row in rows})
    print(f"{len(rows) - wrong} of {len(rows)} packages of {kinds} kinds as they should be")
    return 1 if wrong else 0


sys.exit(main())
