# MCP servers are started and talked with; what they say and do is in the log, and honest ones are
# let in.
. "$2/tests/cli/lib.sh"
needs_boxes

# package NAME INTERPRETER FILE: a plugin whose server is FILE in the mode NAME.
package() {
    mkdir -p "$work/$1/.claude-plugin"
    cp "$source_dir/tests/fixtures/sandbox/mcp/$3" "$work/$1/"
    echo '{"name": "notes", "version": "1.0.0", "description": "Notes for the team."}' \
        >"$work/$1/.claude-plugin/plugin.json"
    printf '{"mcpServers": {"notes": {"command": "%s", "args": ["${CLAUDE_PLUGIN_ROOT}/%s", "%s"]}}}\n' \
        "$2" "$3" "$1" >"$work/$1/.mcp.json"
}

# vet NAME STATUS: its events are in $work/NAME.ev/events.jsonl.
vet() {
    package "$1" "${3:-python3}" "${4:-server.py}"
    run vet --dates today --evidence "$work/$1.ev" "$work/$1"
    expect_status "$2" "a server that is $1"
}

# expect_reason NAME TEXT: a coverage event says so.
expect_reason() {
    grep '"kind":"coverage"' "$work/$1.ev/events.jsonl" >"$work/coverage"
    expect_in "$work/coverage" "$2" "$1"
}

vet honest 0
grep -q '"findings": \[\]' "$work/out" || expect_in "$work/out" "Nothing was found against it" "honest"
python3 - "$work/honest.ev/events.jsonl" <<'CHECK' || fail "the log of an honest server"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
elsewhere = {e["detonation"] for e in events if e["kind"] == "detonation.begin" and "persona" in e}
runs = sorted({e["detonation"] for e in events if e["kind"] == "mcp.message"} - elsewhere)
assert len(runs) == 2, runs
for run in runs:
    own = [e for e in events if e.get("detonation") == run]
    begin = [e for e in own if e["kind"] == "detonation.begin"][0]
    assert begin["client"] == ("claude-code" if run == runs[0] else "cursor-vscode")
    assert begin.get("days_ahead", 0) == (0 if run == runs[0] else 30)
    version = [e["version"] for e in own if e["kind"] == "mcp.server"]
    assert version == ["2026-07-28" if run == runs[0] else "2025-11-25"], version
    calls = [e for e in own if e["kind"] == "mcp.call"]
    forms = {(e["name"], e.get("form")) for e in calls if e["method"] == "tools/call"}
    assert forms == {("read_file", f) for f in ("typical", "edge", "canary", "bait")} | \
        {("add", f) for f in ("typical", "edge", "canary")}, forms
    # What a call does stands between its two events, and nothing of it elsewhere.
    under_way = None
    for e in own:
        if e["kind"] == "mcp.call":
            under_way = e if e["action"] == "begin" else None
        if e["kind"] == "bait.read":
            assert under_way and under_way["form"] == "bait", e
        if e["kind"] == "file.open" and e["path"].endswith("/.cache/notes"):
            assert under_way and under_way["name"] == "add", (e, under_way)
        if e["kind"] == "file.open" and e["path"].endswith("orders-export.csv"):
            assert under_way and under_way["name"] == "read_file", (e, under_way)
    assert under_way is None
    listings = [e for e in own if e["kind"] == "mcp.list" and e["what"] == "tools"]
    assert [e["number"] for e in listings] == [1, 2, 3], listings
    assert [e["outcome"] for e in own if e["kind"] == "detonation.end"] == ["exit"]
assert not [e for e in events if e["kind"] == "coverage"]
CHECK

vet legacy 0
expect_in "$work/legacy.ev/events.jsonl" '"version":"2025-11-25"' "the handshake"
expect_in "$work/legacy.ev/events.jsonl" 'Hello Berlin' "a prompt"
expect_in "$work/legacy.ev/events.jsonl" 'nothing yet' "a resource"

vet requests 0
for text in 'file:///home/alex/Downloads True Berlin {} -32601' 'sampling/createMessage' elicitation/create; do
    grep -rq "$text" "$work/requests.ev" || fail "requests of the server: no $text"
done
vet input 0
expect_in "$work/input.ev/events.jsonl" 'inputResponses' "input_required"
expect_in "$work/input.ev/events.jsonl" '"outcome":"result"' "input_required"

vet rugpull 2
expect_in "$work/out" "VB-MCP-RUGPULL, high severity, high confidence" "another description after a call"
vet client 2
expect_in "$work/out" "VB-MCP-RUGPULL" "another description for another client"
vet second 2
expect_in "$work/out" "VB-MCP-RUGPULL" "another description at the second start"
vet poison 1
expect_in "$work/out" "VB-TEXT-INVISIBLE-TAGS" "a hidden instruction"
expect_in "$work/out" "In what the MCP server says" "a hidden instruction"
vet thief 1
expect_in "$work/out" "VB-EXFIL-BAIT" "a key in an answer"

# Bad ones come to an end, and what was not read is not called clean.
vet garbage 2
expect_reason garbage "more than 200 lines that are no messages"
vet endless 2
expect_reason endless "longer than 4 MiB"
expect_reason endless "a line of more than 32 MiB without an end"
vet cursor 2
expect_reason cursor "more than 20 pages"
vet many 2
expect_reason many "more than 256 of a sort"
vet deep 0
expect_reason deep "nested too deeply"
vet ends 0
expect_reason ends "it ended before everything was tried"
vet mute 0
expect_reason mute "it speaks no protocol of MCP that we know"
[ "$(grep -c '"outcome":"exit"' "$work/mute.ev/events.jsonl")" -ge 2 ] || fail "a mute server was not ended"
vet slow 0 # each call sleeps for 100 seconds, by the clock of the box
expect_not_in "$work/slow.ev/events.jsonl" '"outcome":"timeout"' "a slow server"
vet stays 0
expect_in "$work/stays.ev/events.jsonl" '"outcome":"signal"' "a server that stays is ended"

if command -v node >/dev/null; then
    vet node 0 node server.mjs
    expect_in "$work/node.ev/events.jsonl" '"version":"2025-06-18"' "an older protocol"
    expect_in "$work/node.ev/events.jsonl" 'order,total,currency' "a tool for node"

    # --- a server that starts only as its README shows: with an address and a mode ---

    mkdir -p "$work/documented/dist"
    cp "$source_dir/tests/fixtures/sandbox/mcp/server.mjs" "$work/documented/server.mjs"
    cat >"$work/documented/dist/index.js" <<'END'
#!/usr/bin/env node
// @modelcontextprotocol/sdk/server
const [address, folder] = process.argv.slice(2);
if (!address || address.includes("localhost") || !require("fs").existsSync(folder) || process.env.NOTES_MODE !== "all")
    process.exit(1);
import("../server.mjs");
END
    cat >"$work/documented/package.json" <<'END'
{"name": "@acme/server-notes", "version": "1.0.0", "bin": {"server-notes": "dist/index.js"},
 "dependencies": {"@modelcontextprotocol/sdk": "1.0.0"}}
END
    cat >"$work/documented/README.md" <<'END'
# Notes

```json
{"mcpServers": {"notes": {
  "command": "npx",
  "args": ["-y", "@acme/server-notes", "postgresql://localhost/notes", "/path/to/your/notes/folder"],
  "env": {"NOTES_MODE": "all"}
}}}
```
END
    run vet --dates today --evidence "$work/documented.ev" "$work/documented"
    expect_status 0 "a server with documented arguments"
    python3 - "$work/documented.ev/events.jsonl" <<'CHECK' || fail "the runs of a server with documented arguments"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
begins = [e for e in events if e["kind"] == "detonation.begin" and e["reason"] == "bin:server-notes" and "persona" not in e]
given = ["postgresql://db.example.com/notes", "/home/alex/projects"]
assert [e["argv"][2:] for e in begins] == [[], [], given, given], begins
assert [e.get("days_ahead", 0) for e in begins] == [0, 30, 0, 30], begins
assert all("NOTES_MODE=all" in e["environment"] for e in begins[2:]) and not any("environment" in e for e in begins[:2]), begins
servers = {e["detonation"] for e in events if e["kind"] == "mcp.server"}
assert {e["detonation"] for e in begins} & servers == {e["detonation"] for e in begins[2:]}, servers
called = {e["name"] for e in events if e["kind"] == "mcp.call" and e["method"] == "tools/call"}
assert called == {"first_line"}, called
CHECK
fi

finish
