"""What a thief checks before he keeps it, looked at from inside a box: prints one line for each thing
that is not as it seems, and how many of each kind were looked at.
The argument holds the words of sandbox/bait/mnemonic.c: every eighth of BIP-39's list."""
import base64
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import zlib
from collections import Counter

HOME = os.environ["HOME"]
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
seen = Counter()


def wrong(what, why):
    print(f"WRONG {what}: {why}")


def check(kind, what, holds):
    seen[kind] += 1
    if not holds:
        wrong(what, f"no {kind}")


def texts():
    """(where, text) of every file and variable."""
    for folder, _, names in os.walk(HOME):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                yield os.path.join(folder, name), file.read().decode("latin-1")
    yield from os.environ.items()


def token(where, text):
    for found in re.findall(r"\b(?:gh[opsu]|npm)_([0-9A-Za-z]{36})\b", text):
        number = 0
        for digit in found[30:]:
            number = number * 62 + BASE62.index(digit)
        check("token", where, number == zlib.crc32(found[:30].encode()))


def jwt(where, text):
    for found in re.findall(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", text):
        head, body, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
                                 for part in found.split("."))
        check("jwt", where, json.loads(head)["alg"] in ("RS256", "HS256") and json.loads(body)
              and len(signature) in (32, 256))


def succeeds(*command):
    return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0


def key(where, text):
    if "BEGIN OPENSSH PRIVATE KEY" in text:
        public = subprocess.run(["ssh-keygen", "-y", "-f", where], capture_output=True, text=True,
                                timeout=30, check=False).stdout.split()
        with open(where + ".pub", encoding="ascii") as file:
            check("ssh key", where, public[:2] == file.read().split()[:2])
    elif text.startswith("-----BEGIN PRIVATE KEY-----"):
        check("pem key", where, succeeds("openssl", "pkey", "-in", where, "-noout", "-check"))


def database(where, text):
    if text.startswith("SQLite format 3\0"):
        db = sqlite3.connect(f"file:{where}?mode=ro", uri=True)
        tables = [row[0] for row in db.execute("select name from sqlite_master where type='table'")]
        check("database", where, db.execute("pragma integrity_check").fetchall() == [("ok",)]
              and all(db.execute(f"select * from \"{table}\"").fetchall() for table in tables))


def document(where, text):
    if where.endswith(".json"):
        check("json", where, isinstance(json.loads(text), (dict, list)))


def mnemonic(where, text):
    if not where.endswith("/seed.txt"):
        return
    words = sys.argv[1].split()
    bits = "".join(f"{8 * words.index(word):011b}" for word in text.split())
    entropy = int(bits[:128], 2).to_bytes(16, "big")
    check("mnemonic", where, len(bits) == 132 and words[1] == "absurd" and
          f"{hashlib.sha256(entropy).digest()[0]:08b}"[:4] == bits[128:])


def aws(where, text):
    for found in re.findall(r"\bA[KS]IA[A-Z0-9]*", text):
        check("aws key", where, re.fullmatch(r"A[KS]IA[A-Z2-7]{16}", found) and "EXAMPLE" not in found)


def unmarked(where, text):
    """Nothing says what it is there for."""
    found = re.search(r"(?i)vetbox|honey|canary|decoy|\bbait|\bfake|dummy", text)
    check("plain text", f"{where} ({found.group() if found else ''})", not found)


for place, content in texts():
    for look in (token, jwt, key, database, document, mnemonic, aws, unmarked):
        try:
            look(place, content)
        except Exception as error:  # whatever a parser says of it
            wrong(place, f"{look.__name__}: {error!r}")
print(" ".join(f"{kind.replace(' ', '-')}={count}" for kind, count in sorted(seen.items())))
