// Inside Node: tells what is made into code, and which lines of the package ran. Loaded before anything
// of the package is. V8's own debugger sees every script that is compiled, however it was made.
'use strict';
(() => {
    const channel = 198, textMax = 64 * 1024, fileMax = 1 << 20, seenMax = 4096;
    const fs = require('fs');
    const {writeSync, readFileSync, fstatSync, statSync} = fs;
    const {from} = Buffer;
    delete process.env.NODE_OPTIONS;
    try {
        fstatSync(channel);
    } catch {
        return;
    }
    const {Session} = require('inspector');
    const {fileURLToPath} = require('url');
    const session = new Session();
    const scripts = new Map();  // of the package, by id: what is needed for the lines
    const seen = new Set();

    const tell = (...fields) => {
        try {
            writeSync(channel, from(fields.join('\x1f')));
        } catch {
        }
    };

    const pathOf = url => {
        try {
            return url.startsWith('file://') ? fileURLToPath(url) : url;
        } catch {
            return url;
        }
    };

    const plain = text => text.replace(/^\ufeff?#!.*/, '').replace(/\r\n/g, '\n').trim();

    const isFile = (path, text) => {
        try {
            return path.startsWith('/') && statSync(path).size <= fileMax &&
                plain(readFileSync(path, 'utf8')) === plain(text);
        } catch {
            return false;
        }
    };

    // Node's loaders compile what they read.
    const isOwn = (url, path, text) => {
        if (url.startsWith('node:'))
            return true;
        if (url === '[eval]-wrapper' && text.length < 400 && text.startsWith('\n      globalThis.module'))
            return true;
        return path.startsWith('/usr/') || isFile(path, text);
    };

    // What was handed over to new Function stands between the braces.
    const body = text => {
        const made = /^\(?(?:async )?function\*? anonymous\(([^]*?)\n\) \{\n([^]*)\n\}\)?$/.exec(text);
        return made === null ? ['eval', text] : ['function', made[1] ? made[1] + '\n' + made[2] : made[2]];
    };

    const see = ({params}) => {
        const {scriptId, url, stackTrace} = params;
        if (url.startsWith('node:internal'))
            return;
        let text = '';
        session.post('Debugger.getScriptSource', {scriptId}, (error, result) => {
            text = error ? '' : result.scriptSource;
        });
        const path = pathOf(url);
        if (isOwn(url, path, text)) {
            if (path.startsWith('/home/') && !path.includes('/node_modules/'))
                scripts.set(scriptId, {path, text});
            return;
        }
        const [how, code] = url === '' ? body(text) : [path.startsWith('data:') ? 'import' : 'vm', text];
        const frames = stackTrace ? stackTrace.callFrames : [];
        const caller = frames.find(frame => !frame.url.startsWith('node:'));
        const from = caller ? pathOf(caller.url) : '';
        if (from.startsWith('/usr/') || seen.has(code) || seen.size > seenMax)
            return;
        seen.add(code);
        tell('C', how, from, caller ? caller.lineNumber + 1 : 0, code.slice(0, textMax));
    };

    // --- which lines ran ---

    const isCode = line => /[^\s{}()[\];,]/.test(line) && !/^\s*(\/\/|\/?\*)/.test(line);

    const tellLines = ({path, text}, functions) => {
        const ran = new Uint8Array(text.length).fill(1);
        const ranges = functions.flatMap(one => one.ranges);
        ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
        for (const {startOffset, endOffset, count} of ranges)
            ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
        let at = 0, present = 0, number = 0;
        const lines = [];
        for (const line of text.split('\n')) {
            number++;
            if (isCode(line)) {
                present++;
                if (ran[at + line.search(/\S/)])
                    lines.push(number);
            }
            at += line.length + 1;
        }
        tell('P', path, present);
        for (let i = 0; i < lines.length; i += 1000)
            tell('L', path, ...lines.slice(i, i + 1000));
    };

    const end = () => {
        session.post('Profiler.takePreciseCoverage', (error, found) => {
            for (const {scriptId, functions} of error ? [] : found.result) {
                if (scripts.has(scriptId))
                    tellLines(scripts.get(scriptId), functions);
            }
        });
    };

    session.connect();
    session.on('Debugger.scriptParsed', message => {
        try {
            see(message);
        } catch {
        }
    });
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', {callCount: false, detailed: true});
    session.post('Debugger.enable');
    session.post('Debugger.setSkipAllPauses', {skip: true});
    process.on('exit', end);
    delete require.cache[__filename];
})();
