"""Reads the sources of sources.tsv from local clones. What is read is data: nothing of it is run."""
import fnmatch
import json
import re
import subprocess
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent


class Source:
    def __init__(self, line):
        (self.repository, self.commit, self.licence, self.part, self.reader,
         paths) = line.rstrip("\n").split("\t")
        self.paths = paths.split(" ")


def manifest():
    lines = (HERE / "sources.tsv").read_text(encoding="utf-8").splitlines()
    return [Source(line) for line in lines if line and not line.startswith("#")]


def left_out():
    """{(repository, path or digest of a passage)}: see train.py --measured."""
    path = HERE / "left-out.tsv"
    if not path.exists():
        return set()
    lines = path.read_text(encoding="utf-8").splitlines()
    return {tuple(line.split("\t")) for line in lines if line and not line.startswith("#")}


def _git(clone, *arguments, **more):
    return subprocess.run(["git", "-C", str(clone), *arguments], check=True, capture_output=True,
                          **more).stdout


def _wanted(source, path):
    if "!" + path in source.paths:
        return False
    return any(fnmatch.fnmatch(path, glob) for glob in source.paths)


def files(source, clones):
    """(path, bytes) of the files of SOURCE, as its commit has them."""
    clone = Path(clones) / source.repository
    listed = _git(clone, "ls-tree", "-r", "-z", source.commit).decode().split("\0")
    wanted = []
    for row in listed[:-1]:
        meta, path = row.split("\t", 1)
        if meta.split()[1] == "blob" and _wanted(source, path):
            wanted.append((path, meta.split()[2]))
    answers = _git(clone, "cat-file", "--batch", input="".join(
        blob + "\n" for _, blob in wanted).encode())
    at = 0
    for path, blob in wanted:
        line = answers.index(b"\n", at)
        head = answers[at:line].split()
        if head[1:2] != [b"blob"]:
            raise SystemExit(f"{source.repository}: {path} is missing in the clone")
        size = int(head[2])
        yield path, answers[line + 1:line + 1 + size]
        at = line + 1 + size + 1


def _cases(text):
    """Test cases of rules: (text, bad)."""
    for rule in yaml.safe_load_all(text):
        cases = (rule or {}).get("test_cases") or (rule or {}).get("examples") or {}
        for key, bad in (("true_positives", True), ("true_negatives", False),
                         ("true_positive", True), ("false_positive", False)):
            for case in cases.get(key) or []:
                if isinstance(case, dict):
                    case = case.get("content") or case.get("input") or case.get("tool_description")
                if isinstance(case, str):
                    yield case, bad


def _strings(node):
    if isinstance(node, str):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _strings(child)


def _injections(text):
    for row in json.loads(text):
        for value in row["instructions"].values():
            yield value, True


def _descriptions(text):
    for match in re.finditer(r'description:\s*"([^"]{40,})"', text):
        yield match[1], True


READERS = {
    "cases": _cases,
    "attacks": lambda text: ((value, True) for value in _strings(json.loads(text))),
    "injections": _injections,
    "descriptions": _descriptions,
}


def samples(source, clones):
    """(path, text in bytes, bad) of SOURCE."""
    for path, content in files(source, clones):
        if source.reader == "honest":
            yield path, content, False
            continue
        for text, bad in READERS[source.reader](content.decode("utf-8", "replace")):
            yield path, text.encode(), bad
