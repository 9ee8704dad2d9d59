"""A loopback package index for tests, npm's and PyPI's: prints its port, serves until its input ends.

usage: registry.py LOG

Everything it has is made here. LOG gets a line for each request: its path, and "secret" where it
came with one. Names begin with what is odd about them.
"""

import base64
import hashlib
import http.server
import io
import json
import sys
import tarfile
import threading
import zipfile

# name: {version: (what package.json has besides, index.js)}
NPM = {
    "left": {
        "1.0.0": ({"dependencies": {"right": "^2.0.0"}}, "exports.side = 'left of ' + require('right').side;"),
        "1.1.0": ({"dependencies": {"right": "^2.0.0"}, "deprecated": "no"}, "exports.side = 'wrong';"),
    },
    "right": {
        "1.0.0": ({}, "exports.side = 'right 1';"),
        "2.0.0": ({}, "exports.side = 'right 2.0';"),
        "2.1.0": ({"bin": {"right": "cli.js"}}, "exports.side = 'right 2.1';"),
        "3.0.0-rc.1": ({}, "exports.side = 'right 3';"),
    },
    "@acme/tool": {
        "1.0.0": (
            {"dependencies": {"left": "~1.0.0", "right": "1.0.0"}, "optionalDependencies": {"gone": "*"}},
            "exports.say = () => require('left').side + ', ' + require('right').side;",
        ),
    },
    "crooked": {"1.0.0": ({}, "exports.bad = true;")},
    "foreign": {"1.0.0": ({"os": ["win32"]}, "")},
}

# name: {version: (requirements, source)}; "sdist" is there as source alone
PYPI = {
    "alpha": {"1.0": (["beta[fast]>=2", "sdist; extra == 'build'"], "import beta\nSIDE = 'alpha of ' + beta.SIDE\n")},
    "beta": {
        "1.0": ([], "SIDE = 'beta 1'\n"),
        "2.0": (["gamma; extra == 'fast'"], "import gamma\nSIDE = 'beta 2 with ' + gamma.SIDE\n"),
        "3.0b1": ([], "SIDE = 'beta 3'\n"),
    },
    "gamma": {"0.5": ([], "SIDE = 'gamma'\n")},
    "crooked": {"1.0": ([], "SIDE = 'crooked'\n")},
    "wordy": {"1.0": (["gamma"], "SIDE = 'wordy'\n")},
}
# name: the files of another project that are offered for it, beside its own
FOREIGN = {"impostor": ("gamma", "0.5"), "gamma": ("beta", "2.0")}


def npm_tarball(name, version):
    extra, source = NPM[name][version]
    manifest = {"name": name, "version": version, "main": "index.js", **extra}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        files = {"package.json": json.dumps(manifest), "index.js": source}
        if "bin" in extra:
            files["cli.js"] = "#!/usr/bin/env node\nconsole.log('the command of right');\n"
        for path, text in files.items():
            member = tarfile.TarInfo("package/" + path)
            member.size = len(text)
            member.mode = 0o644
            tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


def wheel(name, version):
    requirements, source = PYPI[name][version]
    info = f"{name}-{version}.dist-info"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(f"{name}.py"), source)
        archive.writestr(zipfile.ZipInfo(f"{info}/METADATA"), metadata(name, version))
        archive.writestr(zipfile.ZipInfo(f"{info}/WHEEL"), "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return out.getvalue()


def metadata(name, version):
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {one}" for one in PYPI[name][version][0]]
    return "\n".join(lines) + "\nProvides-Extra: fast\n\nRequires-Dist: nothing, this is text\n"


TARBALLS = {(n, v): npm_tarball(n, v) for n in NPM for v in NPM[n]}
WHEELS = {(n, v): wheel(n, v) for n in PYPI for v in PYPI[n]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, body, kind="application/json", status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def origin(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def do_GET(self):
        secret = self.headers.get("Authorization")
        with LOCK:
            LOG.write(self.path + (" secret" if secret else "") + "\n")
            LOG.flush()
        path = self.path.partition("?")[0]
        for prefix, serve in (("/npm/", self.npm), ("/simple/", self.simple), ("/files/", self.file)):
            if path.startswith(prefix):
                body = serve(path[len(prefix):], secret)
                if body is not None:
                    return self.send(*body)
        self.send(b'{"error":"not found"}', status=404)

    def npm(self, path, secret):
        name, _, file = path.replace("%2f", "/").partition("/-/")
        if name not in NPM or (name[0] == "@" and secret != "Bearer sesame"):
            return None
        if file:
            found = [t for (n, v), t in TARBALLS.items() if n == name and file == f"{name.split('/')[-1]}-{v}.tgz"]
            return (found[0], "application/octet-stream") if found else None
        versions = {}
        for version, (extra, _) in NPM[name].items():
            digest = hashlib.sha512(TARBALLS[name, version] + (b"!" if name == "crooked" else b"")).digest()
            base = name.split("/")[-1]
            versions[version] = {
                "name": name, "version": version, **extra,
                "dist": {"tarball": f"{self.origin()}/npm/{name}/-/{base}-{version}.tgz",
                         "integrity": "sha512-" + base64.b64encode(digest).decode()},
            }
        latest = [v for v in versions if "-" not in v][-1]
        return (json.dumps({"name": name, "dist-tags": {"latest": latest}, "versions": versions}).encode(),)

    def simple(self, path, secret):
        name = path.strip("/")
        if name == "sdist":
            return (b'<!DOCTYPE html><a href="../../files/sdist-1.0.tar.gz#sha256=' + b"0" * 64 + b'">sdist-1.0.tar.gz</a>', "text/html")
        if name not in PYPI and name not in FOREIGN:
            return None
        files = []
        rows = [(name, version) for version in PYPI.get(name, ())] + ([FOREIGN[name]] if name in FOREIGN else [])
        for project, version in rows:
            file = f"{project}-{version}-py3-none-any.whl"
            digest = hashlib.sha256(WHEELS[project, version] + (b"!" if name == "crooked" else b"")).hexdigest()
            files.append((file, digest))
        if name == "beta":  # an index that speaks HTML, with addresses of its own
            rows = "".join(
                f'<a href="../../files/{file}#sha256={digest}" data-requires-python="&gt;=3.6" data-core-metadata="true">{file}</a><br>\n'
                for file, digest in files)
            return (f"<!DOCTYPE html>\n<html><body>\n{rows}</body></html>".encode(), "text/html")
        rows = [{"filename": file, "url": f"/files/{file}", "hashes": {"sha256": digest},
                 "requires-python": ">=3.6", "core-metadata": True, "yanked": False} for file, digest in files]
        return (json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": rows}).encode(),
                "application/vnd.pypi" + ".simple.v1+json")

    def file(self, path, secret):
        for (name, version), data in WHEELS.items():
            file = f"{name}-{version}-py3-none-any.whl"
            if path == file:
                return (data, "application/octet-stream")
            if path == file + ".metadata":
                return (metadata(name, version).encode() + b"x" * (1 << 20) * (name == "wordy"), "text/plain")
        return None


LOCK = threading.Lock()
LOG = open(sys.argv[1], "a", encoding="utf-8")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
