#!/usr/bin/env python3
"""The manual page and the shell completions know exactly the commands and options that the program
itself lists. usage: test_options.py PROGRAM ROOT
"""
import re
import subprocess
import sys
from pathlib import Path


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def program_options(program):
    """Command -> its long options, asked from the program."""
    commands = re.findall(r"^  ([a-z]+) ", output(program, "--help"), re.M)
    return {command: set(re.findall(r"--([a-z-]+)", output(program, command, "--help")))
            for command in commands}


def manual(root):
    """(commands, options) that vetbox(1) has an entry for."""
    text = (root / "docs/man/vetbox.1").read_text(encoding="utf-8")
    commands = set(re.findall(r"^\.It Cm ([a-z]+)(?: [a-z]+)?$", text, re.M))
    options = set()
    for line in re.findall(r"^\.It (Fl .*)$", text, re.M):
        options |= set(re.findall(r"Fl -([a-z][a-z-]+)", line))
    return commands - {"allow", "review", "block"}, options


def bash(root, command):
    """What the bash completion offers for an option of COMMAND."""
    script = (f'. "{root}/packaging/completions/vetbox.bash"; compopt() {{ :; }}; '
              f"COMP_WORDS=(vetbox {command} --); COMP_CWORD=2; _vetbox; "
              'printf "%s\\n" "${COMPREPLY[@]}"')
    return set(re.findall(r"--([a-z-]+)", output("bash", "-c", script)))


def fish(root, command):
    """The options whose condition names COMMAND or is none at all."""
    text = (root / "packaging/completions/vetbox.fish").read_text(encoding="utf-8")
    judging = re.search(r"^set -l judging (.*)$", text, re.M).group(1)
    found = set()
    for line in text.replace("$judging", judging).split("\n"):
        option = re.search(r" -l ([a-z-]+)", line)
        condition = re.search(r"__vetbox_command ([a-z ]+)", line)
        if not line.startswith("complete ") or not option or "__vetbox_no_command" in line:
            continue
        if condition is None or command in condition.group(1).split():
            found.add(option.group(1))
    return found


def zsh(root, command):
    """The options in the arrays that COMMAND's branch names."""
    text = (root / "packaging/completions/_vetbox").read_text(encoding="utf-8")
    arrays = dict(re.findall(r"^  (?:local )?([a-z]+)=\(?((?:.|\n)*?)(?=\n  [a-z(]|\n\n)", text, re.M))
    branch = re.search(r"^    (?:[a-z|]*\|)?" + command + r"(?:\|[a-z|]*)?\)((?:.|\n)*?);;", text,
                       re.M)
    if branch is None:
        return set()
    names = re.findall(r"\$([a-z]+)", branch.group(1))
    names += re.findall(r"\$([a-z]+)", arrays["judged"]) if "judged" in names else []
    return {option for name in names if name != "judged"
            for option in re.findall(r"--([a-z-]+)[\[}]", arrays[name])}


def compare(where, command, found, expected):
    for option in sorted(expected - found):
        yield f"{where}: {command} lacks --{option}"
    for option in sorted(found - expected):
        yield f"{where}: {command} has no --{option}"


def problems(program, root):
    expected = program_options(program)
    if len(expected) < 5 or not all(expected.values()):
        yield f"{program} --help cannot be read: {expected}"
        return
    commands, options = manual(root)
    yield from (f"vetbox(1) lacks {name}" for name in sorted(set(expected) - commands))
    yield from (f"vetbox(1): no such command: {name}"
                for name in sorted(commands - set(expected) - {"help", "version"}))
    yield from compare("vetbox(1)", "any command", options, set().union(*expected.values()))
    for command, wanted in expected.items():
        for shell in (bash, fish, zsh):
            yield from compare(f"{shell.__name__} completion", command, shell(root, command), wanted)


def main():
    found = list(problems(sys.argv[1], Path(sys.argv[2])))
    print("\n".join(found), end="\n" if found else "")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
