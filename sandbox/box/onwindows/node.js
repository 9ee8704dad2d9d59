// What makes Node look like Windows to a package's code. Node's own modules have their names for
// themselves: what is changed here is what the package requires.
'use strict';
Object.defineProperty(process, 'platform', {value: 'win32'});
const fs = require('fs'), os = require('os'), posix = require('path').posix, win32 = require('path').win32;
const child = require('child_process'), Module = require('module');
const home = process.env.HOME || '/home/alex', bin = '/usr/local/opt/windows/bin/';
const profile = process.env.USERPROFILE || 'C:\\Users\\alex';
const startup = '.config/Microsoft/Windows/Start Menu/Programs/Startup';
const mkdirs = fs.mkdirSync;
const places = fs.readFileSync('/usr/local/opt/windows/places', 'utf8').split('\n').filter(Boolean)
  .map(line => line.split('\t'));

// --- paths ---

function below(path) {
  const low = path.toLowerCase();
  const place = places.find(([begin]) => low === begin || low.startsWith(begin + '/'));
  if (place) path = place[1] + path.slice(place[0].length);
  path = path.replace('/Default/Network/', '/Default/');
  if (path.startsWith(startup)) mkdirs(home + '/' + startup, {recursive: true});
  return path[0] === '/' ? path : posix.join(home, path);
}

function here(path) {
  if (typeof path !== 'string' || !(path.includes('\\') || /^[A-Za-z]:\//.test(path) || path.includes('AppData')))
    return path;
  const made = path.replace(/\\/g, '/').replace(/^\/\/[?.]\//, '').replace(/(?!^)\/+/g, '/');
  if (made.startsWith(home + '/AppData')) return below(made.slice(home.length + 1));
  if (!/^[A-Za-z]:(\/|$)/.test(made)) return made;
  const rest = made.slice(3), user = /^users\/[^/]+\/?(.*)/i.exec(rest);
  if (user && !/^users\/public/i.test(rest)) return below(user[1]);
  return /^windows\/temp/i.test(rest) ? '/tmp' + rest.slice(12) : '/var/tmp/' + rest;
}

const twice = /^(rename|link|copyFile|cp|symlink)(Sync)?$/;
for (const set of [fs, fs.promises]) {
  for (const name of Object.keys(set)) {
    const usual = set[name];
    if (typeof usual !== 'function' || /^[A-Z_]/.test(name) || name === 'close' || name === 'closeSync') continue;
    const count = twice.test(name) ? 2 : 1;
    set[name] = function (...args) {
      for (let i = 0; i < count && i < args.length; i++) args[i] = here(args[i]);
      return usual.apply(this, args);
    };
    Object.assign(set[name], usual);
  }
}

// A function of path that keeps to the shape of what it is given.
const path = Object.assign({}, posix, {sep: '\\', delimiter: ':', win32, posix});
for (const name of ['join', 'resolve', 'normalize', 'dirname', 'basename', 'extname', 'isAbsolute', 'parse', 'relative'])
  path[name] = (...args) =>
    args.some(word => typeof word === 'string' && (word.includes('\\') || /^[A-Za-z]:/.test(word)))
      ? win32[name](...args) : posix[name](...args);

// --- what is started ---

function isForeign(file) {
  try {
    const fd = fs.openSync(file, 'r'), head = Buffer.alloc(2);
    fs.readSync(fd, head, 0, 2, 0);
    fs.closeSync(fd);
    return head.toString('latin1') === 'MZ' || /\.(exe|scr|com|bat|cmd|vbs|msi)$/i.test(file);
  } catch (error) {
    return false;
  }
}

function program(name) {
  const file = here(String(name));
  for (const ending of ['', '.exe'])
    if ((file.includes('/') || /\.exe$/i.test(file)) && fs.existsSync(file + ending))
      return isForeign(file + ending) ? [bin + 'start', posix.resolve(file + ending)] : [file];
  const stem = posix.basename(file).replace(/\.exe$/i, '');
  return /^(node|nodejs)$/i.test(stem) ? [process.execPath]
    : file.includes('/') && stem === posix.basename(file) ? [file] : [stem];
}

const quoted = word => (/[\s"]/.test(word) ? '"' + word.replace(/"/g, '\\"') + '"' : word);

function started(usual) {
  return function (file, args, options, ...more) {
    if (!Array.isArray(args)) {
      if (options !== undefined) more.unshift(options);
      options = args;
      args = [];
    }
    if (typeof options === 'function') {
      more.unshift(options);
      options = undefined;
    }
    const given = Object.assign({}, options);
    if (given.cwd) given.cwd = here(String(given.cwd));
    let words = given.shell ? [bin + 'cmd', '/c', [String(file), ...args.map(quoted)].join(' ')]
      : [...program(file), ...args.map(String)];
    delete given.shell;
    const made = usual.call(this, words[0], words.slice(1), given, ...more);
    // What is started outlives its starter on Windows, and a box ends with it.
    if (made && made.unref) made.unref = () => {};
    return made;
  };
}

for (const name of ['spawn', 'spawnSync', 'execFile', 'execFileSync']) child[name] = started(child[name]);
child.exec = function (command, options, callback) {
  if (typeof options === 'function') [callback, options] = [options, undefined];
  return child.execFile(bin + 'cmd', ['/c', String(command)], Object.assign({}, options, {shell: false}), callback);
};
child.execSync = function (command, options) {
  return child.execFileSync(bin + 'cmd', ['/c', String(command)], Object.assign({}, options, {shell: false}));
};
const promised = require('util').promisify.custom;
for (const name of ['exec', 'execFile'])
  Object.defineProperty(child[name], promised, {value: (...args) => new Promise((resolve, reject) =>
    child[name](...args, (error, stdout, stderr) =>
      error ? reject(Object.assign(error, {stdout, stderr})) : resolve({stdout, stderr})))});

// --- what is asked ---

const machine = process.env.COMPUTERNAME || 'DESKTOP-7Q4K2LM', user = profile.slice(profile.lastIndexOf('\\') + 1);
const answers = {platform: 'win32', type: 'Windows_NT', release: '10.0.19045', version: 'Windows 10 Pro',
  homedir: profile, hostname: machine, machine: 'x86_64'};
for (const name of Object.keys(answers)) os[name] = () => answers[name];
os.userInfo = () => ({uid: -1, gid: -1, username: user, homedir: profile, shell: null});
Object.defineProperty(os, 'EOL', {value: '\r\n'});
for (const name of ['getuid', 'geteuid', 'getgid', 'getegid', 'setuid', 'setgid', 'getgroups'])
  Object.defineProperty(process, name, {value: undefined});

const load = Module._load, resolveName = Module._resolveFilename;
Module._load = function (request, ...rest) {
  return request === 'path' || request === 'node:path' ? path : load.call(this, request, ...rest);
};
Module._resolveFilename = function (request, ...rest) {
  return resolveName.call(this, here(request), ...rest);
};
