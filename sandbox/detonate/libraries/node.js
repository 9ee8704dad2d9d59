const fs = require('fs'), os = require('os'), paths = require('path'), { pathToFileURL } = require('url');
const file = paths.resolve(process.argv[1]);
const work = paths.join(fs.mkdtempSync(paths.join(os.tmpdir(), 'tmp-')), 'report');
fs.mkdirSync(work);
const text = paths.join(work, 'input.txt');
fs.writeFileSync(text, 'name,value\nfirst,1\nsecond,2\n');
const rows = [['dir|folder|directory|root|workspace', work], ['file|path|filename|input|source|src', text],
  ['output|dest|target', paths.join(work, 'output.txt')],
  ['url|uri|link|endpoint|href', 'https://example.com/page'],
  ['host|domain|server', 'example.com'], ['email|mail', 'alex@example.com'],
  ['key|token|secret|password', 'k7Qd2mZx9Vb4Lw8Rt1Yc6Nf3Hs5Jp0Ga'],
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
import(pathToFileURL(file)).then(async (module) => {
  const all = { ...(typeof module.default === 'object' ? module.default : { default: module.default }), ...module };
  const found = Object.entries(all).filter(([name, f]) => typeof f === 'function' && name[0] !== '_' &&
    !/^class\b/.test(String(f)));
  const functions = [...new Set(found.map((pair) => pair[1]))].slice(0, 16);
  for (const f of [...functions, ...functions]) {
    try {
      await Promise.race([f(...given(f)), new Promise((go) => setTimeout(go, 5000).unref())]);
    } catch (error) {
      console.error(f.name, String(error));
    }
  }
});
