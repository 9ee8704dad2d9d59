"""The table of the rows, and what they look with."""
import ctypes
import mmap
import os
import platform
import re
import shutil
import subprocess
import urllib.request

HOME = os.path.expanduser("~")
ROWS = []
LIBC = ctypes.CDLL(None, use_errno=True)


class Left(Exception):
    """The machine has not what the row needs."""


def row(name):
    """Adds a function to the table."""
    def add(look):
        ROWS.append((name, look))
        return look
    return add


def text_of(path):
    """What a file says; nothing where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as source:
            return source.read()
    except OSError:
        return ""


def said(*argv):
    """What a program prints."""
    if shutil.which(argv[0]) is None:
        raise Left(f"{argv[0]} is not installed")
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=20, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


def found(pattern, text):
    """The first place that a pattern fits, or None."""
    fit = re.search(pattern, text, re.I | re.M)
    return fit.group(0) if fit else None


def machine_code(code, *arguments):
    """Runs a function of a few bytes of x86-64."""
    if platform.machine() != "x86_64":
        raise Left("not x86-64")
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes.fromhex(code))
    kind = ctypes.CFUNCTYPE(ctypes.c_uint64, *[ctypes.c_uint32 for _ in arguments])
    return kind(ctypes.addressof(ctypes.c_char.from_buffer(page)))(*arguments)


def walk(top):
    """Every file and folder below, without those of this test's package."""
    for parent, folders, files in os.walk(top):
        if "/skills" in parent:
            continue
        for name in folders + files:
            yield os.path.join(parent, name)


def fetch(url, **headers):
    """Status, headers and body of an answer, as a program gets it that is no browser."""
    request = urllib.request.Request(url, headers={"User-Agent": "curl/8.5.0", **headers})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.headers, answer.read(1 << 20)
