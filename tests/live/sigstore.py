"""vetbox and sigstore-js judge each other's bundles: those that sigstore-js makes with an authority, logs and a
clock of its own (@sigstore/mock) must be good to vetbox and bad after a change, and those of vetbox's unit tests
must be to sigstore-js what they are to vetbox.

usage: sigstore.py VETBOX SIGSTORE_MADE

sigstore-js is installed into a temporary folder, without running anything of it, and then runs without network and
without the user's rights. Exit status 77, a skip, where it cannot be had.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

PACKAGES = ["@sigstore/mock@0.12", "@sigstore/sign@4", "@sigstore/verify@3", "@sigstore/bundle@4",
            "@sigstore/protobuf-specs@0.5"]
HERE = os.path.dirname(os.path.abspath(__file__))


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(77)


def install(folder):
    done = subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--fetch-retries=1",
         "--fetch-timeout=20000", "--prefix", folder, *PACKAGES],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=200)
    if done.returncode != 0:
        skip("npm cannot install sigstore-js from the user's registry")
    shutil.copy(os.path.join(HERE, "sigstore", "peer.js"), folder)


def peer(folder, action, where):
    """Runs sigstore-js; what it prints."""
    apart = ["unshare", "--net", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]
    if os.geteuid() != 0:
        apart = ["unshare", "--map-root-user", "--net", "setpriv", "--no-new-privs"]
    if subprocess.run([*apart, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        skip("a program cannot be run without network here")
    done = subprocess.run([*apart, "node", "peer.js", action, where], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, check=False, timeout=60, env={"PATH": os.environ["PATH"]})
    if done.returncode != 0:
        sys.exit(f"peer.js {action} failed")
    return done.stdout


def verify(program, path, trust):
    """The first outcome that vetbox prints, and its status."""
    done = subprocess.run([program, "verify", path, "--trust", trust], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout.split(" ", 1)[0], done.returncode, done.stdout


def flip(text):
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1:]


def strings(json_value, path=()):
    """Paths of all strings of base64 that a bundle is made of."""
    if isinstance(json_value, dict):
        for key, value in json_value.items():
            yield from strings(value, (*path, key))
    elif isinstance(json_value, list):
        for number, value in enumerate(json_value):
            yield from strings(value, (*path, number))
    elif isinstance(json_value, str) and len(json_value) > 40 and " " not in json_value:
        yield path


def changed(bundle, path):
    copy = json.loads(json.dumps(bundle))
    at = copy
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = flip(at[path[-1]])
    return copy


def theirs(program, folder):
    """Bundles of sigstore-js before vetbox: wrong answers, bundles and mutations."""
    wrong, bundles, mutations = [], 0, 0
    for name in sorted(n[:-len(".sigstore.json")] for n in os.listdir(folder) if n.endswith(".sigstore.json")):
        path = os.path.join(folder, name)
        bundles += 1
        for trust, wanted in (("trust", ("valid-trusted", 0)), ("other", ("valid-untrusted", 2))):
            told = verify(program, path, os.path.join(folder, trust))
            if told[:2] != wanted:
                wrong.append(f"{name} with {trust}: {told[2]}")
        with open(path + ".sigstore.json", encoding="utf-8") as file:
            bundle = json.load(file)
        for where in strings(bundle):
            if where[-1] == "mediaType" or where[-1] == "payloadType":
                continue
            mutations += 1
            with open(path + ".sigstore.json", "w", encoding="utf-8") as file:
                json.dump(changed(bundle, where), file)
            told = verify(program, path, os.path.join(folder, "trust"))
            if told[0] == "valid-trusted" or told[1] == 0:
                wrong.append(f"{name}, {where} changed: {told[2]}")
        with open(path + ".sigstore.json", "w", encoding="utf-8") as file:
            json.dump(bundle, file)
        with open(path, "a", encoding="utf-8") as file:
            file.write("more\n")
        mutations += 1
        told = verify(program, path, os.path.join(folder, "trust"))
        if told[:2] != ("invalid", 1):
            wrong.append(f"{name}, the file changed: {told[2]}")
    return wrong, bundles, mutations


def ours(folder, made, where):
    """Bundles of vetbox's tests before sigstore-js: wrong answers and bundles."""
    subprocess.run([made, where], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wrong, bundles = [], 0
    for line in peer(folder, "verify", where).splitlines():
        name, said = line.split(" ", 1)
        bundles += 1
        if (said == "good") == name.endswith("_fail.sigstore.json"):
            wrong.append(line)
        print(line)
    return wrong, bundles


def main():
    program, made = sys.argv[1:]
    for tool in ("npm", "node", "unshare", "setpriv"):
        if shutil.which(tool) is None:
            skip(f"no {tool}")
    with tempfile.TemporaryDirectory() as folder:
        install(folder)
        where = {name: os.path.join(folder, name) for name in ("theirs", "ours")}
        for path in where.values():
            os.mkdir(path)
            os.chmod(path, 0o777)
        os.chmod(folder, 0o755)
        peer(folder, "make", where["theirs"])
        wrong, bundles, mutations = theirs(program, where["theirs"])
        print(f"{bundles} bundles of sigstore-js, {mutations} changes of them, {len(wrong)} wrong answers of vetbox")
        more, count = ours(folder, made, where["ours"])
        print(f"{count} bundles of vetbox's tests, {len(more)} other answers of sigstore-js")
    for line in wrong + more:
        print("WRONG:", line)
    return 1 if wrong or more or bundles != 6 or count != 17 else 0


sys.exit(main())
