"""What the checks in this folder share: which files there are, and C without comments and strings."""
import re
from pathlib import Path

ROOMS = ("core", "fetch", "unpack", "identify", "signatures", "scan", "sandbox", "verdict",
         "report", "store", "cli")
SKIPPED = {".git", "build", ".cache", "__pycache__"}

_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def _blank(match):
    """Keeps the line breaks and the quotes, so that lines and columns stay true."""
    text = match.group(0)
    if text[0] in "\"'":
        return text[0] + " " * (len(text) - 2) + text[0]
    return re.sub(r"[^\n]", " ", text)


def code_only(text):
    """TEXT with the contents of comments and literals replaced by blanks."""
    return _TOKEN.sub(_blank, text)


def without_literals(text):
    """TEXT with the contents of literals replaced by blanks; comments stay."""
    return _TOKEN.sub(lambda match: _blank(match) if match[0][0] in "\"'" else match[0], text)


def all_files(root):
    """Every file of the source tree, relative to ROOT, sorted."""
    root = Path(root)
    found = []
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if path.is_file() and not path.is_symlink() and not SKIPPED & set(relative.parts):
            found.append(relative)
    return sorted(found)


def c_files(root, tops):
    """The C files below the named top folders, without recorded data."""
    data = {"fixtures", "corpus"}
    return [path for path in all_files(root)
            if path.suffix in (".c", ".h") and path.parts[0] in tops and not data & set(path.parts)]


def read(root, relative):
    return (Path(root) / relative).read_text(encoding="utf-8", errors="replace")
