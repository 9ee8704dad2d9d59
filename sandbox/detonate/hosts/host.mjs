// host: loads code that lives inside an application (a plugin or a hook of OpenClaw, an extension of
// VS Code), gives it the application's interface as far as it is known, keeps what it registers,
// and offers each of these things as a tool of an MCP server on its standard streams: who talks
// with servers (driver_child.c) then calls them one by one. Runs in the box, in the same process as
// the code that is examined: nothing that it says is believed more than what any server says.
// Lines that are comments are left out of the text that boxes have.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Module, { isBuiltin, register } from 'node:module';
import { spawn, spawnSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const LIBRARY = '/usr/local/lib/node_modules/';
const SHARED = Symbol.for('application.modules');
const APPLICATION = /^(?:openclaw|clawdbot|moltbot|vscode)(?:\/|$)/;
const CALLS_MAX = 200;
const GATHERED_MAX = 24;
const TEXT_MAX = 32768;
const ANSWER_MS = 4000;
const WAIT_MS = 3600000;
const WAIT = 'host:wait';

// --- modules: a thread of its own calls these two for every import ---

const isBare = (name) => /^[@A-Za-z]/.test(name) && !/^[a-z]+:/.test(name) && !isBuiltin(name);

function importedNames(source, specifier) {
  const names = new Set();
  const add = (name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== 'default' && names.add(name);
  const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const from = `from\\s*["']${escape(specifier)}["']`;
  const lists = new RegExp(`(?:import|export)\\s+(?:[\\w$]+\\s*,\\s*)?\\{([^}]*)\\}\\s*${from}`, 'g');
  const spaces = new RegExp(`import\\s+(?:[\\w$]+\\s*,\\s*)?\\*\\s*as\\s+([\\w$]+)\\s+${from}`, 'g');
  for (const [, list] of source.matchAll(lists)) {
    for (const item of list.split(',')) add(item.trim().split(/\s+as\s+/)[0]);
  }
  for (const [, space] of source.matchAll(spaces)) {
    for (const [, name] of source.matchAll(new RegExp(`${escape(space)}\\.([\\w$]+)`, 'g'))) add(name);
  }
  return [...names].slice(0, 500);
}

// What a bundler or the application's own loader would find behind a name without its ending.
function nearFile(specifier, parent) {
  const base = fileURLToPath(new URL(specifier, parent));
  const bare = base.replace(/\.[cm]?js$/, '');
  const ends = ['.js', '.mjs', '.cjs', '.ts', '.mts', '/index.js', '/index.mjs', '/index.ts'];
  const found = ends.map((end) => (end[0] === '/' ? base : bare) + end).find((file) => fs.existsSync(file));
  return found === undefined ? undefined : pathToFileURL(found).href;
}

export async function resolve(specifier, context, next) {
  if (!APPLICATION.test(specifier)) {
    try {
      return await next(specifier, context);
    } catch (error) {
      const near = /^\.\.?\//.test(specifier) ? nearFile(specifier, context.parentURL) : undefined;
      if (near !== undefined) return next(near, context);
      if (!isBare(specifier) || !/NOT_FOUND|NOT_EXPORTED/.test(error?.code)) throw error;
    }
  }
  let names = [];
  try {
    names = importedNames(fs.readFileSync(fileURLToPath(context.parentURL), 'utf8'), specifier);
  } catch {
    names = [];
  }
  const url = `file://${LIBRARY}${specifier}/?${names.join(',')}`;
  return { url, format: 'module', shortCircuit: true };
}

function standInSource(specifier, names) {
  const lines = names.map((name, i) => `const v${i} = m[${JSON.stringify(name)}]; export { v${i} as ${name} };`);
  return `const m = globalThis[Symbol.for('application.modules')](${JSON.stringify(specifier)});
export default m;\n${lines.join('\n')}\n`;
}

export async function load(url, context, next) {
  const standIn = /^file:\/\/\/usr\/local\/lib\/node_modules\/(.+)\/\?(.*)$/.exec(url);
  if (standIn !== null) {
    const names = standIn[2] === '' ? [] : standIn[2].split(',');
    return { format: 'module', source: standInSource(standIn[1], names), shortCircuit: true };
  }
  if (/\.[cm]?ts$/.test(url)) {
    if (process.features.typescript) return next(url, context);
    const made = spawnSync('esbuild', ['--loader=ts', '--format=esm', '--log-level=error'], {
      input: fs.readFileSync(fileURLToPath(url)), maxBuffer: 1 << 26 });
    if (made.status === 0) return { format: 'module', source: made.stdout, shortCircuit: true };
    throw new Error('TypeScript is not run by this version of node, and esbuild makes nothing of it');
  }
  if (/\.js$/.test(url) && context.format !== 'module' && !url.includes('/node_modules/')) {
    const source = fs.readFileSync(fileURLToPath(url), 'utf8');
    if (/^\s*(?:import[\s{*"']|export[\s{*])/m.test(source) && !/\bmodule\.exports\b/.test(source))
      return { format: 'module', source, shortCircuit: true };
  }
  return next(url, context);
}

// --- what answers to everything ---

const kept = new WeakMap();

function permissive(own = {}) {
  const target = function () {};
  const proxy = new Proxy(target, {
    get(_, key) {
      if (Object.hasOwn(own, key)) return own[key];
      if (key === Symbol.toPrimitive || key === 'toString') return () => 'report';
      if (key === Symbol.iterator) return function* () {};
      if (key === Symbol.asyncIterator) return async function* () {};
      if (key === 'prototype') return target.prototype;
      if (key === 'length' || key === 'size') return 0;
      if (typeof key === 'symbol' || ['then', 'toJSON', 'constructor', '$$typeof'].includes(key)) return undefined;
      return (own[key] = permissive());
    },
    set(_, key, value) {
      own[key] = value;
      return true;
    },
    has: (_, key) => Object.hasOwn(own, key),
    apply: () => permissive(),
    construct: (_, args, made) => (made === proxy ? permissive({ args }) : Reflect.construct(Object, [], made)),
  });
  kept.set(proxy, own);
  return proxy;
}

// --- what was registered ---

const calls = new Map();

function offer(name, about, schema, run) {
  let free = name;
  for (let i = 2; calls.has(free) || free === WAIT; i++) free = `${name}#${i}`;
  if (calls.size < CALLS_MAX) calls.set(free, { about, schema, run, count: 0 });
}

// Every function in what was handed over is something that the application may call.
function gather(prefix, values, found = { count: 0, seen: new Set() }, depth = 0) {
  for (const [name, item] of values) {
    const value = kept.get(item) ?? item;
    if (found.count >= GATHERED_MAX || found.seen.has(value) || /^(?:constructor|dispose|deactivate|stop|close|destroy)$/.test(name)) continue;
    if (typeof value === 'function') {
      found.count++;
      found.seen.add(value);
      const self = values.self;
      offer(`${prefix}.${name}`, '', {}, () => value.call(self, permissive(), permissive(), permissive()));
    } else if (typeof value === 'object' && value !== null && depth < 3) {
      found.seen.add(value);
      gather(`${prefix}.${name}`, members(value), found, depth + 1);
    }
  }
}

function members(object) {
  const list = [];
  for (let at = object; at && at !== Object.prototype && at !== Array.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const value = Object.getOwnPropertyDescriptor(at, name).value;
      if (value !== undefined) list.push([name, value]);
    }
  }
  list.self = object;
  return list;
}

const disposable = () => ({ dispose() {} });

// An interface of which OWN is known; what else it is told of is kept all the same.
function interfaceOf(name, own, eventOf) {
  return new Proxy(own, {
    get(_, key) {
      if (key in own || typeof key === 'symbol' || key === 'then') return own[key];
      const full = name === '' ? key : `${name}.${key}`;
      if (/^on[A-Z]/.test(key)) {
        return (listener, self) => {
          if (typeof listener === 'function') offer(`event:${full}`, '', {}, (_args, count) => listener.call(self, eventOf(key, count)));
          return disposable();
        };
      }
      if (/^(?:register|create|add|set)[A-Z]/.test(key)) {
        return (...args) => {
          const id = args.map((arg) => (typeof arg === 'string' ? arg : arg?.id ?? arg?.name)).find((arg) => typeof arg === 'string');
          gather(id === undefined ? full : `${full}:${id}`, Object.entries(args));
          return permissive({ dispose() {} });
        };
      }
      return (own[key] = permissive());
    },
  });
}

const log = (...words) => process.stderr.write(`${words.map((word) => (typeof word === 'string' ? word : brief(word))).join(' ')}\n`);
const logger = { trace: log, debug: log, info: log, warn: log, error: log, child: () => logger };

function brief(value) {
  const seen = new Set();
  const once = (_, item) => {
    if (typeof item === 'bigint') return String(item);
    if (typeof item !== 'object' || item === null) return item;
    if (seen.has(item)) return undefined;
    seen.add(item);
    return item;
  };
  try {
    return (typeof value === 'string' ? value : JSON.stringify(value, once) ?? '').slice(0, TEXT_MAX);
  } catch {
    return '';
  }
}

const HOME = os.homedir();
const WORKSPACE = path.join(HOME, 'projects', 'storefront');

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

// The folder above FILE that has one of NAMES.
function rootOf(file, names) {
  let folder = path.dirname(file);
  for (let i = 0; i < 8; i++, folder = path.dirname(folder)) {
    if (names.some((name) => fs.existsSync(path.join(folder, name)))) return folder;
  }
  return path.dirname(file);
}

function defaultsOf(schema) {
  const values = {};
  for (const [key, item] of Object.entries(schema?.properties ?? {})) {
    if (item?.default !== undefined) values[key] = item.default;
    else if (item?.type === 'object') values[key] = defaultsOf(item);
  }
  return values;
}

// --- OpenClaw ---

const SESSION = {
  agentId: 'main',
  sessionId: '3f6c1c52-7a0e-4d0b-9a51-2c8d5f1be704',
  sessionKey: 'agent:main:main',
  workspaceDir: path.join(HOME, '.openclaw', 'workspace'),
  channelId: 'telegram',
  messageProvider: 'telegram',
  senderId: '8812451',
};
const USED_TOOLS = [
  { toolName: 'exec', params: { command: 'git push origin main' } },
  { toolName: 'write', params: { path: 'README.md', content: '# storefront\n' } },
  { toolName: 'read', params: { path: 'README.md' } },
];
const ASKED = 'Deploy the shop, then tell me what changed';

function typedEvent(name, count) {
  const tool = USED_TOOLS[count % USED_TOOLS.length];
  const event = { ...SESSION, timestamp: Date.now(), runId: 'run-1', prompt: ASKED, messages: [{ role: 'user', content: ASKED }] };
  if (/tool|exec/.test(name)) Object.assign(event, tool, { result: { content: [{ type: 'text', text: 'ok' }] }, durationMs: 12 });
  if (/message|inbound|reply|dispatch/.test(name)) Object.assign(event, { from: 'alex', to: 'main', content: ASKED, text: ASKED, metadata: {}, success: true });
  if (/message_write|persist/.test(name)) event.message = { role: 'assistant', content: [{ type: 'text', text: 'Done.' }] };
  if (/llm|model|agent/.test(name)) Object.assign(event, { provider: 'anthropic', model: 'default', systemPrompt: 'You help Alex.', historyMessages: [], assistantTexts: ['Done.'], success: true });
  if (/session|compaction|reset/.test(name)) Object.assign(event, { reason: 'new', messageCount: 2 });
  return event;
}

const HOOK_EVENTS = ['command:new', 'command:reset', 'command:stop', 'agent:bootstrap', 'gateway:startup', 'gateway:shutdown',
  'session:compact:before', 'session:compact:after', 'session:patch', 'message:received', 'message:preprocessed', 'message:sent'];

function hookEvent(name) {
  const [type, ...action] = name.split(':');
  const bootstrapFiles = [{ name: 'AGENTS.md', path: path.join(SESSION.workspaceDir, 'AGENTS.md'), content: '# AGENTS\n', missing: false }];
  const context = { ...SESSION, cfg: {}, commandSource: 'telegram', from: 'alex', to: 'main', content: ASKED, bootstrapFiles, metadata: {},
    sessionEntry: { sessionId: SESSION.sessionId, sessionFile: path.join(HOME, '.openclaw', 'agents', 'main', 'sessions', `${SESSION.sessionId}.jsonl`) } };
  return { type, action: action.join(':') || 'new', sessionKey: SESSION.sessionKey, timestamp: new Date(), messages: [], context };
}

// A group of events ("command") stands for each of them.
function eventsNamed(names) {
  const wanted = names.filter((name) => /^[a-z][a-z:_-]*$/.test(name));
  const all = wanted.flatMap((name) => (name.includes(':') ? [name] : HOOK_EVENTS.filter((event) => event.startsWith(`${name}:`))));
  return all.length > 0 ? [...new Set(all)] : HOOK_EVENTS;
}

function offerHook(names, handler) {
  for (const name of eventsNamed(names)) {
    offer(`hook:${name}`, '', {}, async () => {
      const event = hookEvent(name);
      const result = await handler(event, event.context);
      return { result, messages: event.messages, bootstrapFiles: event.context.bootstrapFiles };
    });
  }
}

function offerTool(made) {
  const tool = typeof made === 'function' ? made({ ...SESSION, config: {}, agentDir: path.join(HOME, '.openclaw', 'agents', 'main'), sandboxed: false }) : made;
  for (const one of Array.isArray(tool) ? tool : [tool]) {
    const run = one?.execute ?? one?.handler ?? one?.run;
    if (typeof run !== 'function') continue;
    const takesId = run === one.execute || run.length > 1;
    offer(String(one.name ?? 'tool'), () => one.description, () => one.parameters ?? one.inputSchema, (args) =>
      takesId ? run.call(one, 'call-1', args, new AbortController().signal, () => {}) : run.call(one, args));
  }
}

function commandLine(name) {
  return new Proxy({}, {
    get(_, key, self) {
      if (key === 'then' || typeof key === 'symbol') return undefined;
      if (key === 'command') return (line) => commandLine(`${name} ${String(line).split(' ')[0]}`.trim());
      if (key === 'action') {
        return (fn) => {
          offer(`cli:${name}`, '', {}, () => fn(permissive(), {}, permissive()));
          return self;
        };
      }
      return () => self;
    },
  });
}

async function answerRequest(handler, route) {
  const request = Object.assign(Readable.from([JSON.stringify({ text: ASKED })]), {
    method: 'POST', url: route, headers: { host: '127.0.0.1:18789', 'content-type': 'application/json' }, socket: permissive(),
  });
  let text = '';
  const response = permissive({
    statusCode: 200,
    writeHead: () => response,
    setHeader: () => response,
    write: (part) => ((text += part ?? ''), true),
    end: (part) => ((text += typeof part === 'string' ? part : ''), response),
  });
  await handler(request, response);
  return text;
}

function openclawApi(root) {
  const manifest = readJson(path.join(root, 'openclaw.plugin.json')) ?? {};
  const about = readJson(path.join(root, 'package.json')) ?? {};
  const own = {
    id: manifest.id ?? about.name ?? 'plugin',
    name: manifest.name ?? about.name,
    version: manifest.version ?? about.version,
    description: manifest.description,
    source: root,
    rootDir: root,
    registrationMode: 'full',
    config: permissive({ plugins: { entries: {} }, agents: { defaults: { workspace: SESSION.workspaceDir } } }),
    pluginConfig: defaultsOf(manifest.configSchema),
    logger,
    runtime: permissive({ version: '2026.11.3', logging: { getChildLogger: () => logger, shouldLogVerbose: () => false },
      state: { resolveStateDir: () => path.join(HOME, '.openclaw') } }),
    resolvePath: (name) => (name.startsWith('~') ? path.join(HOME, name.slice(1)) : path.resolve(root, name)),
    on: (name, handler) => offer(`hook:${name}`, '', {}, (_args, count) => handler(typedEvent(name, count), { ...SESSION, ...USED_TOOLS[count % USED_TOOLS.length] })),
    registerTool: offerTool,
    registerHook: (names, handler) => offerHook([names].flat().map(String), handler),
    registerCommand: (command) => offer(`command:${command.name}`, command.description,
      { type: 'object', properties: { args: { type: 'string' } } },
      ({ args }) => command.handler({ ...SESSION, channel: 'telegram', isAuthorizedSender: true, args, commandBody: `/${command.name} ${args ?? ''}`, config: own.config })),
    registerService: (service) => {
      const context = { config: own.config, workspaceDir: SESSION.workspaceDir, stateDir: path.join(HOME, '.openclaw', 'state'), logger };
      offer(`service:${service.id ?? service.name}`, '', {}, (_args, count) => (count === 0 ? service.start?.(context) : undefined));
      ending.push(() => service.stop?.(context));
    },
    registerCli: (registrar) => registrar({ program: commandLine(''), config: own.config, workspaceDir: SESSION.workspaceDir, logger }),
    registerHttpRoute: (route) => offer(`route:${route.path}`, '', {}, () => answerRequest(route.handler, route.path)),
    registerHttpHandler: (handler) => offer('route:/', '', {}, () => answerRequest(handler, '/')),
    registerGatewayMethod: (name, handler) => offer(`method:${name}`, '', {}, async () => {
      let answer;
      await handler({ params: {}, respond: (_ok, payload) => (answer = payload), context: permissive(), client: permissive(), req: {} });
      return answer;
    }),
  };
  return interfaceOf('', own, typedEvent);
}

// A part of an entry is there itself, or in a module beside it.
async function partOf(made, part) {
  if (typeof part?.specifier !== 'string') return part;
  const loaded = await import(new URL(part.specifier, made.importMetaUrl).href);
  return part.exportName === undefined ? loaded.default : loaded[part.exportName];
}

// What an entry without a function of its own says that it has.
async function registerParts(made, api) {
  const runtime = (await partOf(made, made.runtime)) ?? made.setRuntime;
  if (typeof runtime === 'function') runtime(api.runtime);
  const plugin = await partOf(made, made.plugin);
  if (plugin !== undefined) api.registerChannel({ plugin });
  const tools = typeof made.tools === 'function' ? made.tools((tool) => tool) : made.tools;
  for (const tool of Array.isArray(tools) ? tools : []) api.registerTool(tool);
  if (typeof made.registerFull === 'function') await made.registerFull(api);
  if (calls.size === 0) gather('entry', members(made));
}

function entryOf(made) {
  if (typeof made !== 'object' || made === null || made.register !== undefined || made.activate !== undefined) return made;
  return { ...made, register: (api) => registerParts(made, api) };
}

const jsonResult = (details) => ({ content: [{ type: 'text', text: brief(details) }], details });
const openclawModule = () => new Proxy(permissive(), {
  get(target, key) {
    if (typeof key === 'string' && /^define[A-Z]/.test(key)) return entryOf;
    // Helpers that put something together: what it is made of is what can be called.
    if (typeof key === 'string' && /^(?:create|build|make)[A-Z]/.test(key))
      return (...parts) => permissive(Object.assign({}, ...parts.filter((part) => typeof part === 'object')));
    return key === 'jsonResult' ? jsonResult : key === 'emptyPluginConfigSchema' ? () => ({ type: 'object', properties: {} }) : target[key];
  },
});

async function loadPlugin(file) {
  const loaded = await import(pathToFileURL(file).href);
  const entry = entryOf(loaded.default?.default ?? loaded.default ?? { ...loaded });
  const api = openclawApi(rootOf(file, ['openclaw.plugin.json', 'package.json']));
  const start = typeof entry === 'function' ? entry : entry?.register ?? entry?.activate;
  if (typeof start === 'function') await start.call(entry, api);
}

async function loadHook(file, events) {
  const loaded = await import(pathToFileURL(file).href);
  const handlers = [loaded.default?.default ?? loaded.default, ...Object.values(loaded)].filter((value) => typeof value === 'function');
  for (const handler of new Set(handlers)) offerHook(events.split(','), handler);
}

// --- VS Code ---

class Uri {
  constructor(scheme, file) {
    Object.assign(this, { scheme, authority: '', path: file, fsPath: file, query: '', fragment: '' });
  }
  static file(file) { return new Uri('file', path.resolve(String(file))); }
  static parse(text) {
    const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):(?:\/\/)?(.*)$/i.exec(String(text)) ?? [null, 'file', String(text)];
    return new Uri(scheme, rest);
  }
  static from(parts) { return new Uri(parts.scheme ?? 'file', parts.path ?? '/'); }
  static joinPath(base, ...parts) { return new Uri(base.scheme, path.join(base.path, ...parts)); }
  with(parts) { return Object.assign(new Uri(this.scheme, this.path), parts); }
  toString() { return `${this.scheme}://${this.path}`; }
}

class Emitter {
  listeners = [];
  event = (listener) => (this.listeners.push(listener), disposable());
  fire(value) { for (const listener of this.listeners) listener(value); }
  dispose() {}
}

class Disposable {
  constructor(end) { this.end = end; }
  static from(...list) { return new Disposable(() => list.forEach((item) => item.dispose())); }
  dispose() { this.end?.(); }
}

class Holder {
  constructor(...args) { this.args = args; }
}

class Position {
  constructor(line = 0, character = 0) { Object.assign(this, { line, character }); }
}

class Range {
  constructor(start, end, line, character) {
    const numbers = typeof start === 'number';
    this.start = numbers ? new Position(start, end) : start;
    this.end = numbers ? new Position(line, character) : end;
    Object.assign(this, { active: this.end, anchor: this.start, isEmpty: false });
  }
}

function documentOf(file) {
  let text = '';
  try {
    text = fs.readFileSync(file, 'utf8').slice(0, 1 << 20);
  } catch {
    text = '';
  }
  const lines = text.split('\n');
  return permissive({ uri: Uri.file(file), fileName: file, languageId: 'markdown', lineCount: lines.length, isDirty: false, isUntitled: false, version: 1,
    getText: () => text, lineAt: (at) => ({ text: lines[at?.line ?? at] ?? '', range: new Range(0, 0, 0, 0) }), save: async () => true });
}

const SHELL = { cwd: WORKSPACE, stdio: ['ignore', 2, 2] };
const runLine = (line) => void spawn('bash', ['-c', String(line)], SHELL).on('error', () => {});

function terminalOf(options) {
  const given = typeof options === 'object' ? options : {};
  if (given.shellPath !== undefined) spawn(given.shellPath, [given.shellArgs ?? []].flat(), { ...SHELL, env: { ...process.env, ...given.env } }).on('error', () => {});
  return permissive({ name: given.name ?? 'bash', sendText: runLine, shellIntegration: permissive({ executeCommand: runLine }), show() {}, dispose() {} });
}

function settingsOf(about, section) {
  const defaults = {};
  for (const part of [about.contributes?.configuration ?? []].flat()) {
    for (const [key, item] of Object.entries(part.properties ?? {})) defaults[key] = item.default;
  }
  const full = (key) => (section === undefined || section === '' ? key : `${section}.${key}`);
  return { get: (key, otherwise) => defaults[full(key)] ?? otherwise, has: (key) => full(key) in defaults, update: async () => {}, inspect: () => undefined };
}

const chosen = (items) => items.find((item) => typeof item === 'string' || item?.title !== undefined);
const editorEvent = () => ({ document: documentOf(path.join(WORKSPACE, 'README.md')), textEditor: editor, files: [Uri.file(path.join(WORKSPACE, 'README.md'))],
  contentChanges: [], affectsConfiguration: () => true, fileName: path.join(WORKSPACE, 'README.md'), languageId: 'markdown', getText: () => '# storefront\n', uri: Uri.file(path.join(WORKSPACE, 'README.md')) });
let editor;

function workspaceFiles() {
  const { readFile, writeFile, mkdir, rm, rename, readdir, stat } = fs.promises;
  return {
    readFile: (uri) => readFile(uri.fsPath),
    writeFile: (uri, bytes) => writeFile(uri.fsPath, bytes),
    createDirectory: (uri) => mkdir(uri.fsPath, { recursive: true }),
    delete: (uri, options) => rm(uri.fsPath, { recursive: options?.recursive === true }),
    rename: (from, to) => rename(from.fsPath, to.fsPath),
    stat: async (uri) => ((found) => ({ type: found.isDirectory() ? 2 : 1, size: found.size, mtime: found.mtimeMs, ctime: found.ctimeMs }))(await stat(uri.fsPath)),
    readDirectory: async (uri) => (await readdir(uri.fsPath, { withFileTypes: true })).map((item) => [item.name, item.isDirectory() ? 2 : 1]),
  };
}

function offerModelTool(about, name, tool) {
  const stated = (about.contributes?.languageModelTools ?? []).find((item) => item.name === name);
  offer(name, stated?.modelDescription ?? stated?.description, stated?.inputSchema, (args) => tool.invoke({ input: args, toolInvocationToken: undefined }, permissive()));
}

function vscodeModule(about) {
  const space = (name, own) => interfaceOf(name, own, editorEvent);
  const commands = new Map();
  const folder = { uri: Uri.file(WORKSPACE), name: 'storefront', index: 0 };
  const registerCommand = (id, run, self) => {
    const title = (about.contributes?.commands ?? []).find((item) => item.command === id)?.title;
    commands.set(id, (...args) => run.apply(self, args));
    offer(`command:${id}`, title, {}, async (_args, count) => void (await commands.get(id)(...(count === 0 ? [] : [folder.uri]))));
    return disposable();
  };
  editor = permissive({ document: documentOf(path.join(WORKSPACE, 'README.md')), selection: new Range(0, 0, 0, 12), selections: [new Range(0, 0, 0, 12)], edit: async () => true });
  const module = {
    version: '1.106.0',
    Uri, EventEmitter: Emitter, Disposable, Position, Range, Selection: Range, ShellExecution: Holder, ProcessExecution: Holder,
    commands: space('commands', {
      registerCommand,
      registerTextEditorCommand: (id, run) => registerCommand(id, () => run(editor, permissive())),
      executeCommand: async (id, ...args) => commands.get(id)?.(...args),
      getCommands: async () => [...commands.keys()],
    }),
    window: space('window', {
      activeTextEditor: editor,
      visibleTextEditors: [editor],
      state: { focused: true, active: true },
      showInformationMessage: async (_text, ...items) => chosen(items),
      showWarningMessage: async (_text, ...items) => chosen(items),
      showErrorMessage: async (_text, ...items) => chosen(items),
      showInputBox: async (options) => options?.value || 'report',
      showQuickPick: async (items) => (await items)?.[0],
      showOpenDialog: async () => [folder.uri],
      showSaveDialog: async () => Uri.joinPath(folder.uri, 'report.md'),
      showTextDocument: async () => editor,
      showWorkspaceFolderPick: async () => folder,
      createOutputChannel: () => permissive({ append: log, appendLine: log, ...logger }),
      createTerminal: terminalOf,
      withProgress: async (_options, task) => task({ report() {} }, permissive({ isCancellationRequested: false })),
    }),
    workspace: space('workspace', {
      workspaceFolders: [folder],
      rootPath: WORKSPACE,
      name: 'storefront',
      isTrusted: true,
      fs: workspaceFiles(),
      textDocuments: [editor.document],
      getConfiguration: (section) => settingsOf(about, section),
      getWorkspaceFolder: () => folder,
      asRelativePath: (uri) => path.relative(WORKSPACE, uri?.fsPath ?? String(uri)),
      openTextDocument: async (uri) => documentOf(uri?.fsPath ?? (typeof uri === 'string' ? uri : path.join(WORKSPACE, 'README.md'))),
      findFiles: async () => ['README.md', 'package.json'].map((name) => Uri.joinPath(folder.uri, name)).filter((uri) => fs.existsSync(uri.fsPath)),
      applyEdit: async () => true,
    }),
    env: space('env', {
      appName: 'Visual Studio Code', appHost: 'desktop', language: 'en', uriScheme: 'vscode', uiKind: 1, shell: '/bin/bash', isTelemetryEnabled: false,
      machineId: '5c0f6b2f6f0d83c7d1a1be1f7a2f4c55d3cb6f2bb8e5a0f17c9a4f3e2d1b0a98', sessionId: SESSION.sessionId,
      clipboard: { readText: async () => 'standup notes: tax rounding, review', writeText: async () => {} },
      openExternal: async () => true, asExternalUri: async (uri) => uri,
    }),
    lm: space('lm', { registerTool: (name, tool) => (offerModelTool(about, name, tool), disposable()), selectChatModels: async () => [] }),
    chat: space('chat', {
      createChatParticipant: (id, handler) => {
        offer(`chat:${id}`, '', {}, () => handler({ prompt: ASKED, command: undefined, references: [] }, { history: [] }, permissive(), permissive()));
        return permissive();
      },
    }),
    tasks: space('tasks', {
      executeTask: async (task) => {
        const execution = [...Object.values(task ?? {}), ...(task?.args ?? [])].find((item) => item instanceof Holder);
        if (execution !== undefined) runLine(execution.args.flat().filter((word) => typeof word === 'string').join(' '));
        return permissive();
      },
    }),
    authentication: space('authentication', {
      getSession: async () => ({ id: '1', accessToken: 'k7Qd2mZx9Vb4Lw8Rt1Yc6Nf3Hs5Jp0Ga', account: { id: '1', label: 'alex' }, scopes: [] }),
    }),
    languages: space('languages', {}),
    debug: space('debug', {}),
    scm: space('scm', {}),
    extensions: space('extensions', { getExtension: () => undefined, all: [] }),
  };
  return new Proxy(permissive(), { get: (target, key) => (Object.hasOwn(module, key) ? module[key] : target[key]) });
}

const storeOf = (values = new Map()) => ({
  get: (key, otherwise) => values.get(key) ?? otherwise, update: async (key, value) => void values.set(key, value), keys: () => [...values.keys()], setKeysForSync() {},
});

function extensionContext(root, about) {
  const secrets = new Map();
  const stored = Uri.file(path.join(HOME, '.config', 'Code', 'User', 'globalStorage', `${about.publisher}.${about.name}`.toLowerCase()));
  return permissive({
    subscriptions: [], extensionPath: root, extensionUri: Uri.file(root), extensionMode: 1, globalState: storeOf(), workspaceState: storeOf(),
    secrets: { get: async (key) => secrets.get(key), store: async (key, value) => void secrets.set(key, value), delete: async (key) => void secrets.delete(key), onDidChange: disposable },
    globalStorageUri: stored, globalStoragePath: stored.fsPath, storageUri: stored, logUri: stored, asAbsolutePath: (name) => path.join(root, name),
    extension: { id: `${about.publisher}.${about.name}`, packageJSON: about, extensionPath: root, isActive: true },
  });
}

async function loadExtension(file) {
  const root = rootOf(file, ['package.json']);
  const about = readJson(path.join(root, 'package.json')) ?? {};
  modules.set('vscode', vscodeModule(about));
  const loaded = await import(pathToFileURL(file).href);
  const entry = typeof loaded.activate === 'function' ? loaded : loaded.default ?? loaded;
  ending.push(() => entry.deactivate?.());
  await entry.activate?.(extensionContext(root, about));
}

// --- modules that are not there ---

const OPTIONAL = Symbol('optional');
const TYPES = {
  Object: (properties = {}, options) => ({ type: 'object', properties, required: Object.keys(properties).filter((key) => !properties[key]?.[OPTIONAL]), ...options }),
  Optional: (schema) => ({ ...schema, [OPTIONAL]: true }),
  Array: (items, options) => ({ type: 'array', items, ...options }),
  Union: (list, options) => ({ anyOf: list, ...options }),
  Intersect: (list, options) => ({ allOf: list, ...options }),
  Literal: (value, options) => ({ const: value, ...options }),
  Enum: (values, options) => ({ enum: Object.values(values), ...options }),
  Record: (_key, _value, options) => ({ type: 'object', ...options }),
  Unsafe: (schema) => schema,
  Partial: (schema) => ({ ...schema, required: [] }),
};
const Type = new Proxy(TYPES, {
  get: (known, kind) => known[kind] ?? ((options) => ({ ...(['String', 'Number', 'Integer', 'Boolean', 'Null'].includes(kind) ? { type: String(kind).toLowerCase() } : {}), ...options })),
});

const modules = new Map();
const gaps = [];

function moduleNamed(name) {
  if (!modules.has(name)) {
    if (APPLICATION.test(name)) modules.set(name, openclawModule());
    else {
      gaps.push({ what: 'missing', name });
      log(`module ${name} is not installed`);
      modules.set(name, /typebox/.test(name) ? permissive({ Type, ...TYPES }) : permissive());
    }
  }
  return modules.get(name);
}

function answerRequire() {
  const original = Module._load;
  Module._load = function (name, ...rest) {
    if (APPLICATION.test(name)) return moduleNamed(name);
    try {
      return original.call(this, name, ...rest);
    } catch (error) {
      if (error?.code !== 'MODULE_NOT_FOUND' || !isBare(name) || !error.message.includes(`'${name}'`)) throw error;
      return moduleNamed(name);
    }
  };
}

// --- the server ---

const ending = [];
const later = (ms) => new Promise((done) => setTimeout(done, ms));

const current = (value) => (typeof value === 'function' ? value() : value);

// As it is now: code may say something else later.
function describe([name, call]) {
  try {
    return { name, description: String(current(call.about) ?? ''), inputSchema: JSON.parse(JSON.stringify(current(call.schema))) };
  } catch {
    return { name, description: '', inputSchema: { type: 'object' } };
  }
}

// What a model or a user would be shown of it.
function shown(result) {
  const parts = Array.isArray(result?.content) ? result.content.filter((part) => typeof part?.text === 'string') : [];
  const texts = parts.length > 0 ? parts.map((part) => part.text) : [typeof result?.text === 'string' ? result.text : result === undefined ? '' : brief(result)];
  return texts.map((text) => ({ type: 'text', text: text.slice(0, TEXT_MAX) }));
}

async function use(name, args) {
  const call = calls.get(name);
  if (call === undefined) throw new Error(`there is no ${name}`);
  const result = await Promise.race([call.run(args ?? {}, call.count++), later(ANSWER_MS)]);
  return { content: shown(result) };
}

function serve(write, about) {
  const send = (message) => write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  // What waits for its time is given it, once everything else was tried.
  const wait = { name: WAIT, description: '', inputSchema: { type: 'object' } };
  let waited = false;
  const methods = {
    initialize: (params) => ({ protocolVersion: params?.protocolVersion ?? '2025-06-18', capabilities: { tools: { listChanged: true } }, serverInfo: about }),
    'tools/list': () => ({ tools: [...[...calls].map(describe), wait] }),
    'tools/call': async (params) => {
      if (params?.name !== wait.name) return use(params?.name, params?.arguments);
      if (!waited) await ((waited = true), later(WAIT_MS));
      return { content: [] };
    },
    ping: () => ({}),
  };
  return async (message) => {
    const before = calls.size;
    if (message.id === undefined) return;
    try {
      if (!Object.hasOwn(methods, message.method)) send({ id: message.id, error: { code: -32601, message: 'Method not found' } });
      else send({ id: message.id, result: await methods[message.method](message.params) });
    } catch (error) {
      send({ id: message.id, result: { content: [{ type: 'text', text: String(error?.message ?? error).slice(0, TEXT_MAX) }], isError: true } });
    }
    for (const params of gaps.splice(0)) send({ method: 'notifications/gap', params });
    if (calls.size !== before) send({ method: 'notifications/tools/list_changed' });
  };
}

async function listen(input, hear) {
  let text = '';
  for await (const chunk of input.setEncoding('utf8')) {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      void hear(JSON.parse(line));
    }
  }
}

async function main([kind, file, events = '']) {
  const loaders = { plugin: loadPlugin, hook: loadHook, extension: loadExtension };
  const input = process.stdin;
  const write = process.stdout.write.bind(process.stdout);
  const exit = process.exit.bind(process);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  Object.defineProperty(process, 'stdin', { value: Readable.from([]) });
  process.argv.splice(2);
  process.exit = () => {
    throw new Error('process.exit was called');
  };
  process.on('uncaughtException', (error) => log(String(error?.stack ?? error)));
  process.on('unhandledRejection', (error) => log(String(error?.stack ?? error)));
  globalThis[SHARED] = moduleNamed;
  register(import.meta.url);
  answerRequire();
  try {
    await Promise.race([loaders[kind](file, events), later(ANSWER_MS)]);
  } catch (error) {
    log(String(error?.stack ?? error));
    gaps.push({ what: /TypeScript is not run/.test(error?.message) ? 'typescript' : 'unloaded' });
  }
  await listen(input, serve(write, { name: path.basename(file), version: '1' }));
  await Promise.race([Promise.allSettled(ending.map(async (end) => end())), later(ANSWER_MS)]);
  exit(0);
}

if (isMainThread) await main(process.argv.slice(2));
