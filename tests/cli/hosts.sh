# Plugins and hooks of OpenClaw and extensions of VS Code are loaded by what stands in for their
# application, and each thing that they register is called.
. "$2/tests/cli/lib.sh"
needs_boxes
if ! command -v node >/dev/null; then
    echo "SKIPPED: there is no node for the boxes"
    exit 77
fi
fixtures=$source_dir/tests/fixtures/sandbox/hosts

plugin() {
    cp "$fixtures/$1.js" "$work/$1/index.js"
    echo '{"id": "notes", "name": "Notes", "configSchema": {"type": "object", "properties": {}}}' \
        >"$work/$1/openclaw.plugin.json"
    echo '{"name": "notes", "version": "1.0.0", "openclaw": {"extensions": ["./index.js"]}}' \
        >"$work/$1/package.json"
}

hook() {
    mkdir -p "$work/$1/hooks/log"
    cp "$fixtures/$1.js" "$work/$1/hooks/log/handler.js"
    printf -- '---\nname: log\ndescription: Keeps a line of each command\nmetadata: %s\n---\n# log\n' \
        '{"openclaw": {"events": ["command:new", "command:stop"]}}' >"$work/$1/hooks/log/HOOK.md"
    echo '{"name": "log", "version": "1.0.0", "type": "module", "openclaw": {"hooks": ["hooks/log"]}}' \
        >"$work/$1/package.json"
}

extension() {
    mkdir -p "$work/$1/extension"
    cp "$fixtures/$1.js" "$work/$1/extension/"
    cat >"$work/$1/extension/package.json" <<PACKAGE
{"publisher": "acme", "name": "shout", "version": "1.0.0", "engines": {"vscode": "^1.90.0"},
 "main": "./$1.js", "activationEvents": ["onStartupFinished"],
 "contributes": {"commands": [{"command": "shout.line", "title": "Shout"}],
  "configuration": {"properties": {"shout.mark": {"type": "string", "default": "!"}}},
  "languageModelTools": [{"name": "shout_tool", "modelDescription": "Shouts",
   "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}}]}}
PACKAGE
    echo '<PackageManifest><Metadata><Identity Id="shout" Version="1.0.0" Publisher="acme"/></Metadata></PackageManifest>' \
        >"$work/$1/extension.vsixmanifest"
    echo '<Types/>' >"$work/$1/[Content_Types].xml"
}

# vet KIND NAME STATUS: its events are in $work/NAME.ev/events.jsonl.
vet() {
    mkdir -p "$work/$2"
    "$1" "$2"
    run vet --dates today --evidence "$work/$2.ev" "$work/$2"
    expect_status "$3" "$2"
}

# expect_calls NAME WORDS...: these were called, each in the first run, and what the host printed.
expect_calls() {
    name=$1
    shift
    python3 - "$work/$name.ev/events.jsonl" "$@" <<'CHECK' || fail "the calls of $name"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
begins = [e for e in events if e["kind"] == "detonation.begin" and "persona" not in e]
assert [e.get("days_ahead", 0) for e in begins if "client" in e] == [0, 30], begins
first = [e for e in events if e.get("detonation") == 1]
called = {e["name"] for e in first if e["kind"] == "mcp.call" and e["outcome" if "outcome" in e else "action"] == "result"}
assert called == set(sys.argv[2:]) | {"host:wait"}, called
assert [e["outcome"] for e in first if e["kind"] == "detonation.end"] == ["exit"]
under_way = None
for e in first:
    if e["kind"] == "mcp.call":
        under_way = e["name"] if e["action"] == "begin" else None
    if e["kind"] == "file.open" and "/.cache/" in e["path"] and "w" in e.get("access", "w"):
        assert under_way in ("add_note", "hook:command:new", "hook:command:stop"), e
CHECK
}

vet plugin honest 0
expect_in "$work/out" "Nothing was found against it" "honest"
expect_calls honest add_note list_notes command:notes service:sweeper hook:before_tool_call hook:command:new \
    route:/notes cli:notes method:notes.list registerChannel.0.plugin.outbound.sendText registerUnheardOf:later.0.run
for text in 'before exec' 'before write' 'before read' 'cli ran' 'route POST' 'ran what nobody knows' \
    'swept' 'Lists the notes of main' 'not installed: a stand-in answered'; do
    expect_in "$work/honest.ev/events.jsonl" "$text" "what an honest plugin registers"
done

mkdir -p "$work/channel"
cp "$fixtures/pigeon.js" "$work/channel/"
vet plugin channel 0
expect_calls channel coo registerChannel.0.plugin.outbound.sendText
expect_in "$work/channel.ev/events.jsonl" 'flew to report' "a plugin in parts"

vet plugin thief 1
expect_in "$work/out" "VB-EXFIL-BAIT, critical severity, high confidence, in index.js" "a hook that steals"
vet plugin late 1
expect_in "$work/out" "VB-EXFIL-BAIT" "a service that steals half an hour later"
vet plugin poison 2
expect_in "$work/out" "VB-MCP-RUGPULL" "a tool that is described otherwise once it was used"
vet plugin ends 0
expect_in "$work/out" "it failed while it was loaded" "a plugin that throws"
expect_in "$work/ends.ev/events.jsonl" '"name":"command:c198"' "what it registered before"
expect_not_in "$work/ends.ev/events.jsonl" '"name":"command:c200"' "a plugin without end"

vet plugin gone 2
expect_in "$work/out" "cannot be executed: its host ended, or did not answer" "a plugin that ends its host"

vet hook handler 0
expect_calls handler hook:command:new hook:command:stop
expect_in "$work/out" "~/.cache/commands" "a hook"

vet extension extension 0
expect_in "$work/out" "Nothing was found against it" "an honest extension"
expect_calls extension command:shout.line shout_tool event:workspace.onDidSaveTextDocument \
    languages.registerHoverProvider:markdown.1.provideHover window.registerTreeDataProvider:shout.tree.1.getChildren
for text in 'active in storefront with !' 'Yes: /home/alex/projects/storefront/README.md REPORT' 'WEEKLY REPORT' \
    'goodbye'; do
    expect_in "$work/extension.ev/events.jsonl" "$text" "an honest extension"
done
vet extension terminal 1
expect_in "$work/out" "VB-EXFIL-BAIT" "a command that steals in a terminal"

# Where node takes no TypeScript a plugin in it was not run, and that is said.
mkdir -p "$work/typed"
echo 'export default (api: any): void => { api.registerCommand({ name: "typed", handler: () => ({}) }); };' \
    >"$work/typed/index.ts"
echo '{"id": "typed", "configSchema": {"type": "object"}}' >"$work/typed/openclaw.plugin.json"
echo '{"name": "typed", "version": "1.0.0", "type": "module", "openclaw": {"extensions": ["./index.ts"]}}' \
    >"$work/typed/package.json"
run vet --dates today --evidence "$work/typed.ev" "$work/typed"
grep -q '"name":"command:typed"\|cannot be executed: this node takes no TypeScript' "$work/typed.ev/events.jsonl" ||
    fail "a plugin in TypeScript"

# A plugin of Claude Code: its language server is talked with, what watches is run, and what stands in
# its bin/ is found first.
mkdir -p "$work/claude/.claude-plugin" "$work/claude/bin" "$work/claude/commands" "$work/claude/monitors"
echo '{"name": "notes", "version": "1.0.0", "description": "Notes for the team."}' \
    >"$work/claude/.claude-plugin/plugin.json"
cp "$fixtures/language.py" "$work/claude/"
echo '{"toml": {"command": "python3", "args": ["${CLAUDE_PLUGIN_ROOT}/language.py"], "extensionToLanguage": {".toml": "toml"}}}' \
    >"$work/claude/.lsp.json"
echo '[{"name": "log", "command": "echo watched", "description": "Watches the log", "when": "always"}]' \
    >"$work/claude/monitors/monitors.json"
printf '#!/bin/bash\necho "in front: $*"\n' >"$work/claude/bin/git"
chmod +x "$work/claude/bin/git"
printf -- '---\ndescription: Shows the state\n---\n```bash\ngit status --short\n```\n' >"$work/claude/commands/state.md"
run vet --dates today --evidence "$work/claude.ev" "$work/claude"
for text in 'heard initialize' 'heard textDocument/didOpen' 'heard exit' watched 'in front: --version' \
    'in front: status --short'; do
    expect_in "$work/claude.ev/events.jsonl" "$text" "a plugin of Claude Code"
done

finish
