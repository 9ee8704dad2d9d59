#!/usr/bin/env python3
"""Rules about text that no compiler holds: include guards, banned functions, sizes, syntax of JSON
and Python files, names of machines. usage: text.py ROOT

Sizes are warnings (printed, status 0); everything else fails.
"""
import ast
import json
import re
import sys
from pathlib import Path

from source import ROOMS, all_files, c_files, code_only, read, without_literals

FILE_LINES = 600
FUNCTION_LINES = 60

# Registries are named by the user or by configuration: what looks like one's host has no place here.
REGISTRY_HOST = re.compile(r"\b(?:registry|pypi|deb|archive)\.[a-z0-9-]+\.(?:org|com|net|io)\b|"
                           r"\bpypi\.[a-z]+\b")
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")


def guard_of(path):
    """include/vetbox/core/buf.h -> VETBOX_CORE_BUF_H, sandbox/box/box.h -> SANDBOX_BOX_BOX_H"""
    parts = path.parts[1:] if path.parts[0] == "include" else path.parts
    return re.sub(r"[^A-Z0-9]", "_", "/".join(parts).upper())


def check_guard(path, text):
    guard = guard_of(path)
    code = code_only(text)
    found = re.findall(r"^[ \t]*#[ \t]*(\w+)[ \t]*([^\n]*)", code, re.M)[:2]
    head = [(word, rest.strip()) for word, rest in found]
    names = {guard, "VETBOX_" + guard}
    if path.parts[0] == "tests":  # its folders say little
        own = guard_of(Path(path.name))
        names |= {own, "TESTS_" + own, "VETBOX_TESTS_" + own}
    if not any(head == [("ifndef", name), ("define", name)] for name in names):
        yield 1, f"the include guard is not {guard}"


def banned_words(root):
    text = read(root, Path("include/vetbox/core/banned.h"))
    words = re.findall(r"^#define (\w+)\([^)]*\) VB_BANNED\(\1\)", text, re.M)
    if not words:
        raise SystemExit("text: banned.h bans nothing that this script can read")
    return words


def check_banned(text, words):
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(words) + r")\s*\(")
    code = code_only(text)
    for match in pattern.finditer(code):
        yield code.count("\n", 0, match.start()) + 1, f"{match.group(1)} is banned (banned.h)"


def functions(text):
    """(first line, length) of every function: the house's braces stand in the first column."""
    begin = None
    for number, line in enumerate(code_only(text).split("\n"), 1):
        if line.startswith("{"):
            begin = number
        elif line.startswith("}") and begin is not None:
            if not line.startswith("};"):
                yield begin, number - begin - 1
            begin = None


def size_warnings(path, text):
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield f"{path}: {lines} lines (more than {FILE_LINES})"
    for begin, length in functions(text):
        if length > FUNCTION_LINES:
            yield f"{path}:{begin}: a function of {length} lines (more than {FUNCTION_LINES})"


def no_duplicates(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def check_syntax(path, text):
    try:
        if path.suffix == ".json":
            json.loads(text, object_pairs_hook=no_duplicates)
        elif path.suffix == ".py" or text.startswith("#!/usr/bin/env python3"):
            ast.parse(text)
    except (ValueError, SyntaxError) as problem:
        yield getattr(problem, "lineno", 1) or 1, f"does not parse: {problem}"


def machine_paths(root):
    """Where this checkout lies: a path that no other machine has, unless it is as short as /src."""
    top = Path(root).resolve()
    return [str(top)] if len(top.parts) > 2 else []


def check_names(path, text, paths):
    for number, line in enumerate(text.split("\n"), 1):
        host = REGISTRY_HOST.search(line)
        if host:
            yield number, f"names the registry host {host.group()}"
        for name in paths:
            if re.search(r"(?<![\w/.-])" + re.escape(name) + r"(?![\w-])", line):
                yield number, f"names a path of this machine ({name})"


def check_unfinished(path, text):
    if path.suffix in (".c", ".h"):
        text = without_literals(text)
    if path.suffix in (".c", ".h", ".def", ".py", ".sh", ".cmake"):
        for match in UNFINISHED.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, "unfinished"


def check_file(root, path, words, paths):
    """Violations of one file as (line, problem)."""
    text = read(root, path)
    source = path.parts[0] in set(ROOMS) | {"include", "tests", "examples"}
    data = {"fixtures", "corpus", "examples"} & set(path.parts)
    if not data:
        yield from check_syntax(path, text)
        if path.suffix == ".h" and source:
            yield from check_guard(path, text)
        if path.suffix in (".c", ".h") and path.name != "banned.h":
            yield from check_banned(text, words)
        yield from check_unfinished(path, text)
    yield from check_names(path, text, paths)


def problems(root):
    words = banned_words(root)
    paths = machine_paths(root)
    return [f"{path}:{line}: {problem}" for path in all_files(root)
            for line, problem in check_file(root, path, words, paths)]


def warnings(root):
    tops = set(ROOMS) | {"include", "tests"}
    return [text for path in c_files(root, tops) for text in size_warnings(path, read(root, path))]


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    found = problems(root)
    for text in warnings(root):
        print(f"warning: {text}")
    for text in found:
        print(text)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
