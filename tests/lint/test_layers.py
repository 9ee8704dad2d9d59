"""The layers that `vetbox doctor` tries are those of docs/layers.md and vetbox(1), with their purpose and
least kernel, in the same order; the seccomp profile for containers allows what it has to.

usage: test_layers.py VETBOX SOURCE
"""

import ctypes
import json
import pathlib
import re
import subprocess
import sys

Rows = list[tuple[str, str, str]]


def said(program: str) -> Rows:
    """Name, purpose and version of each row that doctor prints, whatever is present here."""
    text = subprocess.run([program, "doctor"], capture_output=True, text=True, check=False).stdout
    row = re.compile(r"^(?:yes|missing|MISSING) +(containment|fidelity) +(.*?)  +(\d+\.\d+) ", re.M)
    return [(name, purpose, since) for purpose, name, since in row.findall(text)]


def documented(page: str) -> Rows:
    return re.findall(r"^\| ([^|]*) \| (containment|fidelity) \| (\d+\.\d+) \|", page, re.M)


def in_manual(page: str) -> Rows:
    return re.findall(r"^\.It (.*?) Ta (containment|fidelity) Ta (\d+\.\d+)$", page, re.M)


def allowed(profile: dict) -> set[str]:
    return {name for row in profile["syscalls"] for name in row["names"]}


def table_names(table: str) -> set[str]:
    """The system calls of syscalls.def; the comment above the table has the macros too."""
    return set(re.findall(r"^VB_(?:ALLOW|QUIET|DENY|RECORD)\((\w+)", table, re.M))


def unknown(names: set[str]) -> list[str]:
    library = ctypes.CDLL("libseccomp.so.2")
    error = -1  # __NR_SCMP_ERROR
    return sorted(name for name in names if library.seccomp_syscall_resolve_name(name.encode()) == error)


def main() -> int:
    program, source = sys.argv[1], pathlib.Path(sys.argv[2])
    failures = []
    rows = said(program)
    if len(rows) < 10:
        failures.append(f"doctor printed {len(rows)} layers")
    for path, read in (("docs/layers.md", documented), ("docs/man/vetbox.1", in_manual)):
        theirs = read((source / path).read_text())
        for row in sorted(set(rows) ^ set(theirs)):
            failures.append(f"{path}: {row} stands only in {'doctor' if row in rows else 'the page'}")
        if not failures and rows != theirs:
            failures.append(f"{path}: other order than doctor's")
    names = allowed(json.loads((source / "packaging/container/seccomp.json").read_text()))
    table = table_names((source / "sandbox/recorder/syscalls.def").read_text())
    if len(table) < 300:
        failures.append(f"only {len(table)} names found in syscalls.def")
    for name in sorted(table - names):
        failures.append(f"seccomp.json refuses {name}, so that a box could not record it")
    if not unknown({"no_such_call"}):
        failures.append("libseccomp resolves everything: this test would hold nothing")
    for name in unknown(names - table):
        failures.append(f"seccomp.json: libseccomp does not know {name}")
    print("\n".join(failures) or f"{len(rows)} layers and {len(names)} system calls agree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
