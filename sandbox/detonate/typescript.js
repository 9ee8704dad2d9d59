// Runs TypeScript in a box: node -e THIS -- FILE WORD…, or node -e THIS -- -e TEXT. Runs in the box
// only, as whoever runs the package. esbuild makes JavaScript of the file and of what it imports by
// relative paths; a node of 22.6 or later does without. A package that is not there is a value that
// answers to everything, so that what stands behind its import is seen; Deno and Bun are there for
// code that names them, as far as scripts use them. No single quote: a shell script quotes it.
"run TypeScript";
const { spawn, spawnSync } = require("child_process");
const fs = require("fs"), path = require("path"), url = require("url"), Module = require("module");
const given = process.argv[1] === "-e" ? process.argv[2] : null;
const file = path.resolve(given === null ? process.argv[1] : "[eval].ts"), folder = path.dirname(file);
const rest = process.argv.slice(given === null ? 2 : 3);
const source = (given ?? fs.readFileSync(file, "utf8")).replace(/\bwith(?=\s*\{\s*type\s*:)/g, "assert");
const meta = { url: String(url.pathToFileURL(file)), main: true, dir: folder, dirname: folder, filename: file, path: file, file: path.basename(file), env: process.env, resolve: (name) => name };
process.argv = [process.execPath, file, ...rest]; process.execArgv = [];
const nothing = (more) => new Proxy(function () {}, {
  ...more,
  get: (to, name) => name === "then" ? undefined : name === "prototype" ? to.prototype :
    name === "__esModule" ? true : name === Symbol.toPrimitive ? () => "" :
    name === Symbol.iterator || name === Symbol.asyncIterator ? function* () {} : nothing(),
  apply: () => nothing(), construct: () => nothing(), has: () => true });
const missing = () => nothing({ getPrototypeOf: () => nothing() });
const both = (name) => ({ [name]: async (...a) => fs[name + "Sync"](...a), [name + "Sync"]: fs[name + "Sync"] });
const text = async (stream) => { let all = ""; for await (const part of stream) all += part; return all; };
const ended = (child) => new Promise((done) => { child.on("close", (code, signal) =>
  done({ code: code ?? 1, success: code === 0, signal })); child.on("error", () => done({ code: 127, success: false })); });
const bytes = (made) => ({ code: made.status ?? 127, success: made.status === 0, stdout: new Uint8Array(made.stdout ?? []), stderr: new Uint8Array(made.stderr ?? []) });
const put = (to, data, how) => fs[how?.append ? "appendFileSync" : "writeFileSync"](to, data, how);
const files = (dir) => fs.readdirSync(dir, { withFileTypes: true }).map((e) =>
  ({ name: e.name, isFile: e.isFile(), isDirectory: e.isDirectory(), isSymlink: e.isSymbolicLink() }));
const about = (p) => { const s = fs.statSync(p); return { size: s.size, mtime: s.mtime, mode: s.mode, isFile: s.isFile(), isDirectory: s.isDirectory(), isSymlink: false }; };
const words = (o) => ({ cwd: o?.cwd && String(o.cwd), env: { ...process.env, ...o?.env } });
const stream = (s) => s && require("stream").Readable.toWeb(s);
const either = (name, made) => ({ [name]: async (...a) => made(...a), [name + "Sync"]: made });
class Command {
  constructor(program, o = {}) { this.program = String(program); this.o = o; }
  outputSync() { return bytes(spawnSync(this.program, this.o.args ?? [], words(this.o))); }
  async output() { return this.outputSync(); }
  spawn() { const c = spawn(this.program, this.o.args ?? [], words(this.o)); const end = ended(c);
    return { pid: c.pid, status: end, stdin: require("stream").Writable.toWeb(c.stdin), stdout: stream(c.stdout), stderr: stream(c.stderr),
      kill: (s) => c.kill(s), ref() {}, unref: () => c.unref(), output: async () => { const [out, err] = await Promise.all([text(c.stdout), text(c.stderr)]);
        return { ...(await end), stdout: Buffer.from(out), stderr: Buffer.from(err) }; } }; } }
const other = (own) => new Proxy(own, { get: (to, name) => name in to ? to[name] : nothing() });
const deno = () => other({ args: rest, pid: process.pid, mainModule: meta.url, noColor: true, version: { deno: "2.5.6", v8: "14.0", typescript: "5.9.2" },
  build: { os: process.platform, arch: "x86_64", target: "x86_64-unknown-linux-gnu" }, Command,
  env: { get: (n) => process.env[n], set: (n, v) => { process.env[n] = v; }, has: (n) => n in process.env, delete: (n) => delete process.env[n], toObject: () => ({ ...process.env }) },
  cwd: () => process.cwd(), chdir: (d) => process.chdir(String(d)), exit: (n) => process.exit(n), execPath: () => "/usr/bin/deno", hostname: () => require("os").hostname(),
  uid: () => process.getuid(), gid: () => process.getgid(), osRelease: () => require("os").release(), kill: (p, s) => process.kill(p, s),
  ...either("readTextFile", (p) => fs.readFileSync(p, "utf8")), ...either("readFile", (p) => new Uint8Array(fs.readFileSync(p))),
  ...either("writeTextFile", put), ...either("writeFile", put), ...both("mkdir"), ...both("rename"), ...both("copyFile"), ...both("chmod"), ...both("symlink"),
  ...either("stat", about), ...either("lstat", about), ...either("remove", (p, o) => fs.rmSync(p, { recursive: !!o?.recursive })), ...either("realPath", (p) => fs.realpathSync(p)),
  readDir: async function* (d) { yield* files(d); }, readDirSync: files, ...either("makeTempDir", () => fs.mkdtempSync("/tmp/")),
  ...either("makeTempFile", () => { const f = path.join(fs.mkdtempSync("/tmp/"), "file"); fs.writeFileSync(f, ""); return f; }),
  run: (o) => { const r = spawnSync(o.cmd[0], o.cmd.slice(1), words(o)); return { pid: r.pid, status: async () => bytes(r), output: async () => bytes(r).stdout, stderrOutput: async () => bytes(r).stderr, close() {}, kill() {} }; },
  stdin: { get readable() { return stream(process.stdin); }, readSync: () => null, read: async () => null },
  stdout: { writeSync: (d) => fs.writeSync(1, d), write: async (d) => fs.writeSync(1, d), get writable() { return require("stream").Writable.toWeb(process.stdout); } },
  stderr: { writeSync: (d) => fs.writeSync(2, d), write: async (d) => fs.writeSync(2, d) },
  permissions: { query: async () => ({ state: "granted" }), request: async () => ({ state: "granted" }) },
  errors: other({ NotFound: class extends Error {}, PermissionDenied: class extends Error {}, AlreadyExists: class extends Error {} }),
  serve: (a, b) => { const h = [a, b, a?.handler].find((x) => typeof x === "function"); return serve({ ...a, fetch: h }); } });
const serve = (o) => { const s = require("http").createServer(async (q, r) => { const body = await text(q);
    const answer = await o.fetch(new Request("http://localhost" + q.url, { method: q.method, headers: q.headers, body: body || undefined }), {});
    r.writeHead(answer?.status ?? 200); r.end(await answer?.text?.()); }); s.listen(o.port ?? 3000);
  return { port: o.port ?? 3000, url: new URL("http://localhost:" + (o.port ?? 3000)), hostname: "localhost", stop: () => s.close(), shutdown: async () => s.close(), finished: new Promise((d) => s.on("close", d)) }; };
const file_of = (p) => ({ name: String(p), text: async () => fs.readFileSync(p, "utf8"), json: async () => JSON.parse(fs.readFileSync(p, "utf8")),
  bytes: async () => new Uint8Array(fs.readFileSync(p)), arrayBuffer: async () => new Uint8Array(fs.readFileSync(p)).buffer, exists: async () => fs.existsSync(p),
  get size() { return fs.existsSync(p) ? fs.statSync(p).size : 0; }, stream: () => stream(fs.createReadStream(p)), delete: async () => fs.rmSync(p),
  writer: () => ({ write: (d) => put(p, d, { append: true }), flush() {}, end() {} }) });
const quoted = (v) => v?.raw ? v.raw : Array.isArray(v) ? v.map(quoted).join(" ") : JSON.stringify(String(v?.name ?? v)).replace(/[$`]/g, "\\$&");
const shell = (parts, ...values) => { const line = parts.reduce((all, part, i) => all + quoted(values[i - 1]) + part);
  const o = { maxBuffer: 1 << 26 }; let quiet = false; let made; const ran = () => { made ??= spawnSync("bash", ["-c", line], o); if (!quiet) { fs.writeSync(1, made.stdout ?? ""); fs.writeSync(2, made.stderr ?? ""); } return { ...bytes(made), exitCode: made.status ?? 1, stdout: made.stdout, stderr: made.stderr, text: () => String(made.stdout), json: () => JSON.parse(made.stdout) }; };
  const it = { quiet: () => { quiet = true; return it; }, nothrow: () => it, throws: () => it, cwd: (d) => { o.cwd = d; return it; }, env: (e) => { o.env = e; return it; },
    text: async () => { quiet = true; return ran().text(); }, json: async () => { quiet = true; return ran().json(); }, lines: async function* () { quiet = true; yield* ran().text().split("\n"); },
    then: (yes, no) => Promise.resolve().then(ran).then(yes, no), catch: (no) => Promise.resolve().then(ran).catch(no) }; return it; };
shell.nothrow = shell.throws = shell.cwd = shell.env = () => shell;
const bun_spawn = (a, b) => { const cmd = a?.cmd ?? a, o = Array.isArray(a) ? b : a; const c = spawn(cmd[0], cmd.slice(1), words(o)); const end = ended(c);
  return { pid: c.pid, stdin: { write: (d) => c.stdin.write(d), end: () => c.stdin.end(), flush() {} }, stdout: stream(c.stdout), stderr: stream(c.stderr), exited: end.then((e) => e.code), get exitCode() { return c.exitCode; }, kill: (s) => c.kill(s), unref: () => c.unref(), ref() {} }; };
const bun = () => other({ argv: process.argv, env: process.env, version: "1.3.1", main: file, $: shell, spawn: bun_spawn, file: file_of, serve, stdin: { ...file_of(0), stream: () => stream(process.stdin), text: () => text(process.stdin) },
  stdout: { ...file_of("/dev/stdout"), name: "/dev/stdout" }, stderr: { name: "/dev/stderr" }, write: async (to, d) => { const data = typeof d?.text === "function" ? await d.text() : d; put(to?.name ?? to, data); return data.length; },
  spawnSync: (a, b) => { const cmd = a?.cmd ?? a; const r = spawnSync(cmd[0], cmd.slice(1), words(Array.isArray(a) ? b : a)); return { ...bytes(r), exitCode: r.status, stdout: r.stdout, stderr: r.stderr }; },
  which: (n) => (process.env.PATH ?? "").split(":").map((d) => d + "/" + n).find((f) => fs.existsSync(f)) ?? null, sleep: (ms) => new Promise((d) => setTimeout(d, ms)), sleepSync: () => {},
  fileURLToPath: (u) => url.fileURLToPath(u), pathToFileURL: (p) => url.pathToFileURL(p), inspect: require("util").inspect, gzipSync: (d) => require("zlib").gzipSync(d), gunzipSync: (d) => require("zlib").gunzipSync(d) });
const options = ["--log-level=error", "--platform=node", "--target=node20", "--define:import.meta=__meta", "--loader=" + (/[.][jt]sx$/.test(file) ? "tsx" : "ts"), "--sourcefile=" + path.basename(file)];
const bundle = ["--bundle", "--packages=external", "--external:http://*", "--external:https://*", "--external:npm:*", "--external:jsr:*", "--external:bun:*", "--external:*.node"];
let code = null, said = "", format;
for (const [kind, more] of [["cjs", bundle], ["esm", bundle], ["cjs", []], ["esm", []]]) {
  const made = spawnSync("esbuild", [...options, ...more, "--format=" + kind], { cwd: folder, input: source, maxBuffer: 1 << 27 });
  if (made.error?.code === "ENOENT" && given === null)
    process.exit(spawnSync(process.execPath, ["--experimental-strip-types", file, ...rest], { stdio: "inherit" }).status ?? 1);
  format = kind;
  if (made.status === 0) { code = String(made.stdout); break; }
  said ||= String(made.stderr ?? made.error);
}
if (code === null) { process.stderr.write(said); process.exit(1); }
const home = new Module(file, null); home.filename = file; home.paths = Module._nodeModulePaths(folder); process.mainModule = home;
const load = Module._load;
Module._load = function (name, parent, main) {
  if (name === "bun") return globalThis.Bun ??= bun();
  if (/^https?:/.test(name)) { fetch(name).catch(() => {}); return missing(); }
  const bare = name.replace(/^(?:npm|jsr):\/?/, "").replace(/(.)@[^\/]*/, "$1");
  try { return load.call(this, bare === name || /^@/.test(name) ? name : bare, parent, main); } catch (e) {
    if ((e.code === "MODULE_NOT_FOUND" || e.code === "ERR_UNKNOWN_BUILTIN_MODULE") && !/^[.\/]/.test(name)) return missing();
    throw e; } };
if (/\bDeno\b/.test(code)) globalThis.Deno ??= deno();
if (/\bBun\b/.test(code)) globalThis.Bun ??= bun();
code = code.replace(/^#!.*/, "");
if (format === "esm") {
  const wide = (m) => m?.__esModule ? m : { default: m, ...m };
  globalThis.__from = (name) => wide(home.require(name));
  code = code.replace(/^import\s+(?:([\w$]+)\s*,?\s*)?(?:\*\s*as\s+([\w$]+)|\{([^}]*)\})?\s*(?:from\s*)?("[^"]+")[^;\n]*;$/gm, (all, one, whole, names, from) =>
    "var " + [one && one + " = __from(" + from + ").default", whole && whole + " = __from(" + from + ")", names && "{" + names.replace(/\s+as\s+/g, ": ") + "} = __from(" + from + ")", "__none = __from(" + from + ")"].filter(Boolean).join(", ") + ";")
    .replace(/^export\s*(?:\*.*|\{[^}]*\}[^;\n]*);?$/gm, "").replace(/^export\s+(?:default\s+)?(?=async|function|class|const|let|var)/gm, "").replace(/^export\s+default\s+/gm, "void ");
  code = "(async () => {" + code + "\n})().catch((e) => { console.error(e); process.exit(1); });"; }
globalThis.__meta = meta;
home._compile(code, file);
home.loaded = true;
