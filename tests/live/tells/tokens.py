"""Whether secrets are what they look like."""
import base64
import binascii
import collections
import glob
import hashlib
import json
import os
import re
import subprocess
import time

from look import HOME, row, text_of, said, walk


def everything():
    """Name and bytes of each file of the home, and of each variable."""
    for path in walk(HOME):
        if os.path.isfile(path) and not os.path.islink(path):
            with open(path, "rb") as source:
                yield path, source.read(1 << 20)
    for name, value in os.environ.items():
        yield "$" + name, value.encode()


def all_of(pattern):
    """What fits in any file or variable, each once a place."""
    return [(name, fit) for name, data in everything()
            for fit in set(re.findall(pattern, data))]


# Accounts that give canary keys away, as scanners list them.
CANARIES = {"052310077262", "171436882533", "534261010715", "595918472158", "717712589309",
            "819147034852", "992382622183", "730335385048", "266735846894"}


def account_of(key):
    """The account that is written into an AWS key id."""
    number = int.from_bytes(base64.b32decode(key[4:])[:6], "big")
    return number >> 47, (number & 0x7fffffffff80) >> 7


@row("aws-accounts")
def aws_accounts():
    keys = {key.decode() for _, key in all_of(rb"\bA[KS]IA[A-Z2-7]{16}\b")}
    owners_of = collections.Counter()
    if not keys:
        return "no key"
    for key in keys:
        new, account = account_of(key)
        if not new or account > 999999999999 or f"{account:012}" in CANARIES:
            return f"{key} is of {account}"
        owners_of[account] += 1
    return None if len(owners_of) <= 2 else f"{len(keys)} keys of {len(owners_of)} accounts"


@row("github-checksums")
def github_checksums():
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    tokens = all_of(rb"\b(?:gh[opu]|npm)_([A-Za-z0-9]{36})\b")
    for name, token in tokens:
        crc, text = binascii.crc32(token[:30]), ""
        for _ in range(6):
            crc, text = crc // 62, digits[crc % 62] + text
        if text.encode() != token[30:]:
            return name
    return None if tokens else "no token"


@row("pypi-tokens")
def pypi_tokens():
    """A macaroon: where it is for, a number, what it may, 32 bytes."""
    tokens = all_of(rb"\bpypi-(AgEIcHlwaS5vcmcC[A-Za-z0-9_-]{80,})")
    for name, token in tokens:
        data = base64.urlsafe_b64decode(token + b"=" * (-len(token) % 4))
        if not re.match(rb"\x24[0-9a-f-]{36}\0\x02.\[", data[12:], re.S) or \
                data[-34:-32] != b"\x06\x20":
            return name
    return None if tokens else "no token"


@row("canary-hosts")
def canary_hosts():
    hits = all_of(rb"(?i)canarytokens?|interact\.sh|oast\.\w+|burpcollaborator|honey(?:pot|token)|"
                  rb"webhook\.site|requestbin|thinkst|vetbox|\bbait\b")
    return f"{hits[0]}" if hits else None


@row("token-dates")
def token_dates():
    """What was given out once ends soon: within a year or two, and not with a round century."""
    now = time.time()
    for name, token in all_of(rb"\beyJ[A-Za-z0-9_-]+\.(eyJ[A-Za-z0-9_-]+)\."):
        claims = json.loads(base64.urlsafe_b64decode(token + b"=" * (-len(token) % 4)))
        if not now - 90 * 86400 < claims.get("exp", now) < now + 400 * 86400:
            return f"{name}: exp {claims['exp']}"
    for name, when in all_of(rb"\b(?:expires?|expiry)_?(?:at|date|Date|At)['\"]?\s*:\s*['\"]?"
                             rb"([0-9T:Z-]{10,20})"):
        seconds = int(when) / 1000 if when.isdigit() else \
            time.mktime(time.strptime(when.decode()[:10], "%Y-%m-%d"))
        if not now - 90 * 86400 < seconds < now + 400 * 86400:
            return f"{name}: {when.decode()}"
    return None


@row("ssh-keys")
def ssh_keys():
    """ssh-keygen reads them, and their public halves belong to them."""
    for path in glob.glob(HOME + "/.ssh/id_*[!b]"):
        code, text = said("ssh-keygen", "-y", "-P", "", "-f", path)
        if code != 0 or text.split()[:2] != text_of(path + ".pub").split()[:2]:
            return f"{path}: {text.strip()[:100]}"
    return None


@row("pem-keys")
def pem_keys():
    for path, key in all_of(rb"(?s)-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----"):
        with open("/tmp/key.pem", "wb") as out:
            out.write(key.replace(b"\\n", b"\n") + b"\n")  # in JSON it is one line
        code, text = said("openssl", "pkey", "-in", "/tmp/key.pem", "-check", "-noout")
        if code != 0:
            return f"{path}: {text.splitlines()[0]}"
    return None


def checked58(text):
    """Whether the last four bytes are the digest of what stands before."""
    digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = 0
    for digit in text:
        if digit not in digits:
            return False
        number = number * 58 + digits.index(digit)
    data = number.to_bytes(82, "big")
    return hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


@row("wallet-checksums")
def wallet_checksums():
    return next((f"{name}: {key.decode()[:12]}…" for name, key in
                 all_of(rb"\b[xyz](?:prv|pub)[1-9A-Za-z]{100,110}\b")
                 if not checked58(key.decode())), None)


@row("wallet-keys")
def wallet_keys():
    """The second half of a Solana key is the first one's public key."""
    numbers = bytes(json.loads(text_of(HOME + "/.config/solana/id.json")))
    der = bytes.fromhex("302e020100300506032b657004220420") + numbers[:32]
    done = subprocess.run(["openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER"],
                          input=der, stdout=subprocess.PIPE, check=True)
    return None if done.stdout[-32:] == numbers[32:] else "it is not"


@row("wallet-names")
def wallet_names():
    """A keystore has its address in its name."""
    for path in glob.glob(HOME + "/.ethereum/keystore/*"):
        if not path.endswith(json.loads(text_of(path))["address"]):
            return path
    return None


SECRET = (rb"sk-ant-[\w-]{60,}|sk-(?:proj|or)-[\w-]{60,}|\bAKIA\w{16}\b|\bgh[opu]_\w{36}\b|"
          rb"\bnpm_\w{36}\b|\bpypi-[\w-]{80,}|sk_live_\w{40,}|\b[0-9a-f]{48,64}\b|hf_\w{34}|"
          rb"AIza[\w-]{35}|glpat-[\w-]{20}")


@row("repeated-secrets")
def repeated_secrets():
    places = collections.defaultdict(set)
    for name, secret in all_of(SECRET):
        places[secret].add(name)
    return next((f"{names_of}" for names_of in places.values() if len(names_of) > 1), None)
