"""Makes a closure of small packages of our own: closure.py FOLDER."""
import base64
import hashlib
import io
import json
import pathlib
import sys
import tarfile
import zipfile

folder = pathlib.Path(sys.argv[1])
listed = {"version": 1, "npm": [], "pypi": [], "missing": []}
packuments = {}


def put(path, data):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(data)


def npm(name, version, path, files, requested=False, **manifest):
    manifest = {"name": name, "version": version, **manifest}
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for inside, text in {"package.json": json.dumps(manifest), **files}.items():
            member = tarfile.TarInfo("package/" + inside)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    file = "npm/%s/-/%s-%s.tgz" % (name, name.split("/")[-1], version)
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(data.getvalue()).digest()).decode()
    put(file, data.getvalue())
    listed["npm"].append({"path": path, "name": name, "version": version, "file": file,
                          "integrity": integrity, "requested": requested})
    document = packuments.setdefault(name, {"name": name, "dist-tags": {}, "versions": {}})
    document["dist-tags"]["latest"] = version
    document["versions"][version] = {**manifest, "dist": {
        "integrity": integrity, "tarball": "https://packages.example/%s" % file}}


def wheel(name, version, files, requested=False, requires=()):
    module = name.replace("-", "_")
    info = "%s-%s.dist-info/" % (module, version)
    metadata = "Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (name, version)
    metadata += "".join("Requires-Dist: %s\n" % one for one in requires)
    files = {**files, info + "METADATA": metadata,
             info + "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    record = "".join("%s,,\n" % inside for inside in files) + info + "RECORD,,\n"
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, text in {**files, info + "RECORD": record}.items():
            archive.writestr(inside, text)
    file = "pypi/%s-%s-py3-none-any.whl" % (module, version)
    put(file, data.getvalue())
    listed["pypi"].append({"name": name, "version": version, "file": file, "requested": requested,
                           "sha256": hashlib.sha256(data.getvalue()).hexdigest()})


npm("vb-left", "1.2.3", "node_modules/vb-left", {
    "index.js": "module.exports = 'left ' + require('vb-right');\n",
    "cli.js": "#!/usr/bin/env node\nconsole.log('left command', require('./index.js'));\n"},
    requested=True, main="index.js", bin={"vb-left-say": "cli.js"},
    dependencies={"vb-right": "^2.0.0"})
npm("vb-right", "2.0.1", "node_modules/vb-right", {"index.js": "module.exports = 'right 2';\n"})
npm("vb-right", "1.0.0", "node_modules/@vb/scoped/node_modules/vb-right",
    {"index.js": "module.exports = 'right 1';\n"})
npm("@vb/scoped", "0.3.0", "node_modules/@vb/scoped", {
    "index.mjs": "import right from 'vb-right';\nexport default 'scoped ' + right;\n"},
    requested=True, exports="./index.mjs", type="module", dependencies={"vb-right": "^1.0.0"})
packuments["vb-right"]["dist-tags"]["latest"] = "2.0.1"
wheel("vb-snake", "3.1.0", {
    "vb_snake/__init__.py": "from vb_tail import wag\n\n\ndef main():\n    print('snake command', wag())\n",
    "vb_snake-3.1.0.dist-info/entry_points.txt": "[console_scripts]\nvb-snake = vb_snake:main\n"},
    requested=True, requires=["vb-tail>=1"])
wheel("vb-tail", "1.5", {
    "vb_tail-1.5.data/purelib/vb_tail.py": "def wag():\n    return 'tail 1.5'\n",
    "vb_tail-1.5.data/scripts/vb-wag": "#!python\nimport vb_tail\nprint('wag', vb_tail.wag())\n"})
listed["missing"].append({"index": "npm", "name": "vb-gone", "range": "^4",
                          "reason": "no version fits"})
for name, document in packuments.items():
    put("npm/%s.json" % name, json.dumps(document).encode())
put("closure.json", json.dumps(listed).encode())
