#!/usr/bin/env python3
"""Holds the layering: cli -> stages, verdict, report, store -> core.

No room includes another room's headers, each third-party library has one room, and only cli prints
or exits. usage: layering.py ROOT
"""
import re
import sys
from pathlib import PurePosixPath

from source import ROOMS, c_files, code_only, read

# Whose public headers a room may include besides its own and core's.
PUBLIC = {
    "report": {"verdict"},
    "store": {"verdict"},
    "cli": set(ROOMS),
}

# Header prefix of a third-party library, or a file that the build makes -> folders that may include it.
THIRD_PARTY = {
    "samples.inc": {"sandbox/box"},
    "probes.inc": {"sandbox/box"},
    "host.inc": {"sandbox/box"},
    "modules.inc": {"sandbox/box"},
    "onwindows.inc": {"sandbox/box"},
    "libraries.inc": {"sandbox/detonate"},
    "typescript.inc": {"sandbox/box", "sandbox/detonate"},
    "windows.inc": {"sandbox/box", "sandbox/detonate"},
    "jansson.h": {"core", "include/vetbox/core"},
    "openssl/": {"core", "signatures", "sandbox/world"},
    "curl/": {"fetch"},
    "archive.h": {"unpack"},
    "archive_entry.h": {"unpack"},
    "brotli/decode.h": {"unpack", "sandbox/bait"},
    "yaml.h": {"core", "identify"},
    "md4c.h": {"identify"},
    "yara.h": {"scan"},
    "yara/": {"scan"},
    "zlib.h": {"core", "scan", "signatures", "unpack", "sandbox/bait"},
    "zstd.h": {"sandbox/bait", "store"},
    "sqlite3.h": {"store"},
    "zstd_errors.h": {"sandbox/bait"},
    "utf8proc.h": {"core", "scan", "identify", "unpack", "verdict"},
    "seccomp.h": {"sandbox/box", "sandbox/recorder"},
    "libmnl/": {"sandbox/box"},
    "pcre2.h": {"verdict"},
    "nghttp2/": {"sandbox/world"},
    "htp/": {"sandbox/world"},
    "immintrin.h": {"sandbox/bait"},  # the compiler's, for the vectors of a processor
    "sqlite3.h": {"store"},
    "libpq-fe.h": {"store"},
}

SYSTEM_FOLDERS = ("sys/", "linux/", "asm/", "net/", "netinet/", "arpa/")
SYSTEM = set("""
assert.h ctype.h dirent.h dlfcn.h elf.h endian.h err.h errno.h fcntl.h fnmatch.h float.h fts.h
getopt.h glob.h grp.h ifaddrs.h inttypes.h libgen.h limits.h locale.h malloc.h math.h mntent.h netdb.h poll.h
pthread.h pwd.h regex.h sched.h search.h semaphore.h setjmp.h signal.h spawn.h stdalign.h stdarg.h
stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h stdnoreturn.h string.h strings.h sysexits.h
syslog.h termios.h threads.h time.h uchar.h unistd.h utmpx.h wchar.h wctype.h
""".split())

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
# A member of that name (`options->exit`) is no call of the function.
PRINTS = re.compile(r"(?<![\w.>])(?:(d?printf|vd?printf|puts|putchar|perror|psignal|warnx?|errx?|exit|"
                    r"quick_exit|abort)\s*\(|(stdout|stderr|stdin)\b)")
UNDERSCORE_EXIT = re.compile(r"(?<![\w.>])(_exit|_Exit)\s*\(")


def room_of(path):
    """The room that a file of the tree belongs to; include/vetbox/x.h belongs to x."""
    if path.parts[:2] == ("include", "vetbox"):
        return "core" if path.parts[2] == "core" else path.stem
    return path.parts[0]


def inside(path, folders):
    return any(str(path).startswith(folder + "/") for folder in folders)


def check_system(path, header):
    for prefix, folders in THIRD_PARTY.items():
        if header == prefix or (prefix.endswith("/") and header.startswith(prefix)):
            if inside(path, folders):
                return None
            return f"<{header}> belongs to {', '.join(sorted(folders))}"
    if header in SYSTEM or header.startswith(SYSTEM_FOLDERS):
        return None
    return f"<{header}> is in no list of tests/lint/layering.py"


def check_own(path, header, exists):
    room = room_of(path)
    target = PurePosixPath(header)
    if ".." in target.parts:
        return f'"{header}" climbs out of its folder'
    if target.parts[0] == "vetbox" and len(target.parts) > 1:
        other = room_of(PurePosixPath("include") / target)
        if other in {"core", room} | PUBLIC.get(room, set()):
            return None
        return f'"{header}": {room} may not include {other}'
    if len(target.parts) == 1:
        return None if exists(path.parent / target) else f'"{header}" is not in {path.parent}'
    if target.parts[0] != room:
        return f'"{header}" is internal to {target.parts[0]}'
    return None


def check_includes(root, path, text):
    for match in INCLUDE.finditer(text):
        bracket, header = match.groups()
        if bracket == "<":
            problem = check_system(path, header)
        else:
            problem = check_own(path, header, lambda p: (root / p).is_file())
        if problem:
            yield text.count("\n", 0, match.start()) + 1, problem


def check_calls(path, text):
    if path.parts[0] in ("cli", "include"):
        return
    code = code_only(text)
    for match in PRINTS.finditer(code):
        word = match.group(1) or match.group(2)
        yield code.count("\n", 0, match.start()) + 1, f"{word}: only cli prints or exits"
    if path.parts[0] == "sandbox":
        return
    for match in UNDERSCORE_EXIT.finditer(code):
        yield code.count("\n", 0, match.start()) + 1, f"{match.group(1)}: only sandbox's children end so"


def problems(root):
    """Every violation below ROOT as "path:line: text"."""
    found = []
    for path in c_files(root, set(ROOMS) | {"include"}):
        text = read(root, path)
        for line, problem in [*check_includes(root, path, text), *check_calls(path, text)]:
            found.append(f"{path}:{line}: {problem}")
    return found


def main():
    from pathlib import Path
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    files = c_files(root, set(ROOMS) | {"include"})
    if not files:
        sys.exit(f"layering: no source files below {root}")
    found = problems(root)
    print("\n".join(found), end="\n" if found else "")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
