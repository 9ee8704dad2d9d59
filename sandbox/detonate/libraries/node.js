const fs = require('fs'), os = require('os'), paths = require('path'), { pathToFileURL } = require('url'), { createRequire } = require('module');
const file = paths.resolve(process.argv[1]);
const work = paths.join(fs.mkdtempSync(paths.join(os.tmpdir(), 'tmp-')), 'report');
fs.mkdirSync(work);
const text = paths.join(work, 'input.txt');
fs.writeFileSync(text, 'name,value\nfirst,1\nsecond,2\n');
const rows = [['dir|folder|directory|root|workspace', work], ['file|path|filename|input|source|src', text],
  ['output|dest|target', paths.join(work, 'output.txt')],
  ['url|uri|link|endpoint|href', 'https://example.com/page'],
  ['host|domain|server', 'example.com'], ['email|mail', 'alex@example.com'],
  ['key|token|secret|password', '%{key}'],
  ['n|count|limit|num|number|size|max|min|port|index|days|timeout|ms|seconds|page|k', 3],
  ['data|json|payload|config|options|opts|params|headers|context|event|body', { name: 'report' }],
  ['items|list|rows|args|values|lines|names|tags|files', ['report', 'first']],
  ['verbose|debug|force|flag|enabled', true], ['callback|cb|fn|func|handler|done|next', () => {}]];
const value = (name) => {
  const parts = name.replace(/([A-Z])/g, '_$1').toLowerCase().match(/[a-z]+/g) || [];
  for (const part of parts.reverse())
    for (const [words, made] of rows)
      if (words.split('|').includes(part) || words.split('|').includes(part.replace(/s$/, ''))) return made;
  return 'weather report';
};
const given = (f) => {
  const list = /^[^(=]*\(([^)]*)\)|^(?:async\s+)?(\w+)\s*=>/.exec(String(f)) || [];
  return String(list[1] || list[2] || '').split(',').map((part) => part.trim())
    .filter((part) => part && !part.includes('=') && !part.startsWith('...'))
    .map((part) => (part[0] === '{' ? { name: 'report' } : value(part)));
};
process.on('unhandledRejection', () => {});
process.on('uncaughtException', (error) => console.error(String(error)));
const code = process.argv[2];
// Code that stands in a text has no file to be imported from: what it defines is handed out behind it.
const fromText = async () => {
  const text = code.replace(/^import\s+(?:\*\s+as\s+)?(\w+)\s+from\s+(['"][^'"]+['"])/gm, 'const $1 = require($2)')
    .replace(/^import\s+(\{[^}]*\})\s+from\s+(['"][^'"]+['"])/gm, (all, names, from) =>
      `const ${names.replace(/\s+as\s+/g, ': ')} = require(${from})`)
    .replace(/^export\s+(default\s+)?(?=async|function|class|const|let|var)/gm, '');
  const defined = /^(?:async\s+)?(?:function\s*\*?|class)\s+(\w+)|^(?:const|let|var)\s+(\w+)\s*=\s*(?:async\b|function\b|\(|\w+\s*=>)/gm;
  const names = [...text.matchAll(defined)].map((found) => found[1] || found[2]);
  const handed = names.map((name) => `${name}: typeof ${name} === 'undefined' ? 0 : ${name}`);
  const Run = Object.getPrototypeOf(async () => {}).constructor, module = { exports: {} };
  const require = createRequire(paths.resolve('skill.js'));
  const made = await new Run('require', 'module', 'exports', `${text}\n;return {${handed}}`)(require, module, module.exports);
  return { default: module.exports, ...made };
};
const limited = (result) => Promise.race([result, new Promise((go) => setTimeout(go, 5000).unref())]);
const methods = (Kind) => {
  const made = new Kind(...given(/\bconstructor\s*(\([^)]*\))/.exec(String(Kind))?.[1] || '()'));
  return Object.getOwnPropertyNames(Kind.prototype).filter((name) => name !== 'constructor' && name[0] !== '_' &&
    typeof Object.getOwnPropertyDescriptor(Kind.prototype, name).value === 'function').slice(0, 8)
    .map((name) => made[name].bind(made, ...given(made[name])));
};
const isClass = (f) => /^class\b/.test(String(f));
const attempt = async (f) => {
  try {
    return await limited(f());
  } catch (error) {
    console.error(f.name, String(error));
  }
};
(code === undefined ? import(pathToFileURL(file)) : fromText()).then(async (module) => {
  const all = { ...(typeof module.default === 'object' ? module.default : { default: module.default }), ...module };
  const found = Object.entries(all).filter(([name, f]) => typeof f === 'function' && name[0] !== '_');
  const functions = [...new Set(found.map((pair) => pair[1]))].slice(0, 16);
  for (const f of [...functions, ...functions])
    for (const call of isClass(f) ? (await attempt(() => methods(f))) || [] : [() => f(...given(f))]) await attempt(call);
});
