#!/usr/bin/env python3
"""The run that README.md shows is what the program prints today, but for event numbers, which differ
from machine to machine. usage: test_readme.py [--write] PROGRAM ROOT

--write puts today's output there, shortened to what fits on a page.
"""
import re
import subprocess
import sys
from pathlib import Path

PACKAGE = "examples/key-backup-skill"
COMMAND = f"$ vetbox vet {PACKAGE}"
CUT = "[…]"


def blocks(text):
    """The parts of a text report, which empty lines separate."""
    return text.strip("\n").split("\n\n")


def shortened(text):
    """The report without its list of all findings, and with the first two reasons only."""
    kept = []
    for block in blocks(text):
        if block.startswith("Findings"):
            kept.append(CUT)
        elif block.startswith("Why"):
            first = re.split(r"\n  3\. ", block)
            kept.append(first[0] + (f"\n  {CUT}" if len(first) > 1 else ""))
        else:
            kept.append(block)
    return "\n\n".join(kept)


def without_numbers(text):
    """Numbers of events change where lines break, too."""
    return re.sub(r"\bevents?:? \d+(, \d+)*( and \d+ more)?", "event N", " ".join(text.split()))


def main():
    write = sys.argv[1] == "--write"
    program, root = sys.argv[-2], Path(sys.argv[-1])
    if subprocess.run([program, "doctor", "--quiet"], capture_output=True).returncode != 0:
        print("skipped: packages cannot be run on this machine")
        sys.exit(77)
    run = subprocess.run([program, "vet", "--color", "never", PACKAGE], cwd=root,
                         capture_output=True, text=True, timeout=100)
    if run.returncode != 1:
        sys.exit(f"{PACKAGE} is not blocked: {run.returncode} {run.stderr}")
    section = f"## A run\n\n```\n{COMMAND}\n{shortened(run.stdout)}\n```\n\n"
    page = root / "README.md"
    text = page.read_text(encoding="utf-8")
    begin = text.index("## A run\n")
    end = text.index("\n## ", begin) + 1
    if write:
        page.write_text(text[:begin] + section + text[end:], encoding="utf-8")
    elif without_numbers(text[begin:end]) != without_numbers(section):
        sys.exit(f"README.md shows another run than this one:\n{section}")


if __name__ == "__main__":
    main()
