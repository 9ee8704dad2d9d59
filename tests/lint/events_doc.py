#!/usr/bin/env python3
"""Writes what core/events.def and core/fields.def say into docs/: the tables of events.md and
vetbox-events(5), and event.schema.json. usage: events_doc.py --check|--write ROOT

--check fails where the documents are not what --write would make of them. tests/unit/test_docs.c
holds the same documents against the compiled tables.
"""
import json
import re
import sys
from pathlib import Path

STRING = r'"(?:[^"\\]|\\.)*"'
EVENT = re.compile(r"^VB_EVENT\(\s*(\w+)\s*,\s*(" + STRING + r")\s*,\s*([\w\s|]+?)\s*,"
                   r"((?:\s*[RO]\(\w+\))*)\s*,((?:\s*" + STRING + r")+)\s*\)", re.M)
FIELD = re.compile(r"^VB_FIELD\(\s*(\w+)\s*,\s*(" + STRING + r")\s*,\s*(\w+)\s*,((?:\s*" + STRING
                   + r")+)\s*\)", re.M)
TYPES = {"STR": "string", "INT": "integer", "BOOL": "boolean", "LIST": "list of strings"}
SOURCES = ["static", "syscall", "world", "truth", "tool"]
GROUPS = {
    "log": "The log itself", "fetch": "Fetching", "archive": "Unpacking", "tree": "The tree",
    "manifest": "The manifest", "scan": "Scanning", "signature": "Signatures",
    "detonation": "Detonation", "bait": "Baits", "sandbox": "The box", "process": "Processes",
    "file": "Files", "net": "Network", "kernel": "Kernel", "truth": "What is left afterwards",
    "coverage": "What was not examined", "examiner": "Examiners",
}
MARKDOWN_MARK = "<!-- events.def: {} -->"
MAN_MARK = '.\\" events.def: {}'


def literal(text):
    return "".join(json.loads(part) for part in re.findall(STRING, text))


def rows(text, pattern, macro):
    found = list(pattern.finditer(text))
    written = len(re.findall(r"^" + macro + r"\(", text, re.M))
    if len(found) != written:
        raise SystemExit(f"events_doc: {written} {macro} rows, but only {len(found)} can be read")
    return found


def load(root):
    """(fields by id, kinds in order); a kind is a dict of name, roles, fields, doc."""
    core = Path(root) / "include/vetbox/core"
    fields = {}
    for row in rows((core / "fields.def").read_text(encoding="utf-8"), FIELD, "VB_FIELD"):
        fields[row[1]] = {"name": literal(row[2]), "type": row[3], "doc": literal(row[4])}
    kinds = []
    for row in rows((core / "events.def").read_text(encoding="utf-8"), EVENT, "VB_EVENT"):
        kinds.append({
            "name": literal(row[2]),
            "roles": [role.strip().lower() for role in row[3].split("|")],
            "fields": [(need == "R", fields[name])
                       for need, name in re.findall(r"([RO])\((\w+)\)", row[4])],
            "doc": literal(row[5]),
        })
    return fields, kinds


def grouped(kinds):
    """Kinds by the word before the dot, in order of first appearance."""
    groups = {}
    for kind in kinds:
        groups.setdefault(kind["name"].split(".")[0], []).append(kind)
    return groups


def sentence(text):
    return text + "."


# --- Markdown ---

def markdown(fields, kinds):
    out = []
    for group, members in grouped(kinds).items():
        out += ["", f"### {GROUPS.get(group, group)}"]
        for kind in members:
            out += ["", f"#### `{kind['name']}`", "", sentence(kind["doc"]),
                    f"Sent by: {', '.join(kind['roles'])}.", "",
                    "| field | type | | meaning |", "| --- | --- | --- | --- |"]
            for required, field in kind["fields"]:
                need = "required" if required else ""
                out.append(f"| `{field['name']}` | {TYPES[field['type']]} | {need} | "
                           f"{field['doc']} |")
    return "\n".join(out) + "\n\n"


# --- man page ---

def roff(text):
    text = text.replace("\\", "\\e").replace("…", "...")
    return "\\&" + text if text[:1] in ".'" else text


def man(fields, kinds):
    out = []
    for group, members in grouped(kinds).items():
        out += [f".Ss {GROUPS.get(group, group)}", ".Bl -tag -width Ds"]
        for kind in members:
            out += [f".It Cm {kind['name']}", roff(sentence(kind["doc"]))]
            names = [(".Fa " if required else ".Op Fa ") + field["name"]
                     for required, field in kind["fields"]]
            out += [".br", *names]
        out.append(".El")
    out += [".Sh FIELDS", ".Bl -tag -width Ds"]
    for field in sorted(fields.values(), key=lambda field: field["name"]):
        out += [f".It Fa {field['name']} Pq {TYPES[field['type']]}", roff(sentence(field["doc"]))]
    out.append(".El")
    return "\n".join(out) + "\n"


# --- JSON Schema ---

TYPE_SCHEMAS = {
    "STR": {"$ref": "#/$defs/text"},
    "INT": {"type": "integer"},
    "BOOL": {"type": "boolean"},
    "LIST": {"type": "array", "items": {"$ref": "#/$defs/text"}},
}


def kind_schema(kind):
    properties = {
        "seq": {"$ref": "#/$defs/seq"}, "time_ns": {"$ref": "#/$defs/time_ns"},
        "kind": {"const": kind["name"]}, "source": {"$ref": "#/$defs/source"},
        "detonation": {"$ref": "#/$defs/detonation"},
    }
    for _, field in kind["fields"]:
        properties[field["name"]] = dict(TYPE_SCHEMAS[field["type"]], description=field["doc"])
    return {
        "description": kind["doc"], "type": "object", "properties": properties,
        "required": ["seq", "time_ns", "kind", "source",
                     *(field["name"] for required, field in kind["fields"] if required)],
        "additionalProperties": False,
    }


def schema(kinds):
    common = {
        "text": {
            "description": "A string; bytes that are not UTF-8 are given as base64.",
            "anyOf": [
                {"type": "string"},
                {"type": "object", "properties": {"base64": {
                    "type": "string", "contentEncoding": "base64",
                    "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"}},
                 "required": ["base64"], "additionalProperties": False},
            ]},
        "seq": {"type": "integer", "minimum": 1,
                "description": "Number of the event in its log, without a gap."},
        "time_ns": {"type": "integer", "minimum": 0,
                    "description": "Nanoseconds since the log began."},
        "source": {"enum": SOURCES, "description": "Where the fact was seen."},
        "detonation": {"type": "integer", "minimum": 1,
                       "description": "The detonation it belongs to."},
    }
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vetbox event",
        "description": "One line of events.jsonl; see vetbox-events(5).",
        "oneOf": [{"$ref": f"#/$defs/{kind['name']}"} for kind in kinds],
        "$defs": common | {kind["name"]: kind_schema(kind) for kind in kinds},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


# --- files ---

def between(text, mark, content):
    """TEXT with what stands between the two marks replaced."""
    begin, end = mark.format("begin") + "\n", mark.format("end") + "\n"
    head, found, rest = text.partition(begin)
    _, found_end, tail = rest.partition(end)
    if not found or not found_end:
        raise SystemExit(f"events_doc: the mark {begin.strip()!r} is missing")
    return head + begin + content + end + tail


def documents(root):
    """(path, text as it should be) of every document."""
    fields, kinds = load(root)
    docs = Path(root) / "docs"
    page, manual = docs / "events.md", docs / "man/vetbox-events.5"
    yield page, between(page.read_text(encoding="utf-8"), MARKDOWN_MARK, markdown(fields, kinds))
    yield manual, between(manual.read_text(encoding="utf-8"), MAN_MARK, man(fields, kinds))
    yield docs / "schema/event.schema.json", schema(kinds)


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("--check", "--write"):
        raise SystemExit(__doc__)
    stale = 0
    for path, text in documents(sys.argv[2]):
        old = path.read_text(encoding="utf-8") if path.exists() else None
        if old == text:
            continue
        if sys.argv[1] == "--write":
            path.write_text(text, encoding="utf-8")
        else:
            print(f"{path}: differs from core/events.def or fields.def; run ./dev docs")
            stale += 1
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main()
