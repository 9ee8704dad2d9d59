# What listens at a port is asked there: MCP servers over HTTP as others are over their streams, the
# rest a little, and then it is stopped.
. "$2/tests/cli/lib.sh"
needs_boxes
fixture=$source_dir/tests/fixtures/sandbox/mcp/served.py

server() {
    mkdir -p "$work/$1/.claude-plugin"
    cp "$fixture" "$work/$1/"
    echo '{"name": "notes", "version": "1.0.0", "description": "Notes for the team."}' \
        >"$work/$1/.claude-plugin/plugin.json"
    printf '{"mcpServers": {"notes": {"command": "python3", "args": ["${CLAUDE_PLUGIN_ROOT}/served.py", "%s"]}}}\n' \
        "$1" >"$work/$1/.mcp.json"
    run vet --dates today --evidence "$work/$1.ev" "$work/$1"
}

for name in streamable older; do
    server $name
    expect_status 0 "a server over HTTP: $name"
    expect_in "$work/out" "Nothing was found against it" "$name"
    python3 - "$work/$name.ev/events.jsonl" <<'CHECK' || fail "the log of a server over HTTP: $name"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
others = {e["detonation"] for e in events if e["kind"] == "detonation.begin" and "persona" in e}
unasked = [e["repeats"] for e in events if e["kind"] == "detonation.begin" and "unasked" in e.get("detail", "")]
runs = sorted({e["detonation"] for e in events if e["kind"] == "mcp.server"} - others)
assert len(runs) == 2 and sorted(unasked) == runs, (runs, unasked)
for run in runs:
    own = [e for e in events if e.get("detonation") == run]
    ports = {e["port"] for e in own if e["kind"] == "net.bind" and e["port"] > 0}
    servers = [e for e in own if e["kind"] == "mcp.server"]
    assert [(e["name"], e["version"]) for e in servers] == [("shouter", "2025-06-18")], servers
    assert servers[0]["port"] in ports, (servers, ports)
    forms = {e["form"] for e in own if e["kind"] == "mcp.call" and e.get("outcome") == "result"}
    assert forms == {"typical", "edge", "canary"}, forms
    under_way = None
    writes = 0
    for e in own:
        if e["kind"] == "mcp.call":
            under_way = e if e["action"] == "begin" else None
        if e["kind"] == "file.open" and e["path"].endswith("/.shouted"):
            assert under_way is not None, e
            writes += 1
    assert writes == 3, writes
assert not [e for e in events if e["kind"] == "coverage"]
CHECK
done

# skill NAME MODE: a skill with a web server that runs in MODE.
skill() {
    mkdir -p "$work/$1/scripts"
    sed "s/^MODE = .*/MODE = \"$2\"/" "$fixture" >"$work/$1/scripts/preview.py"
    printf -- '---\nname: %s\ndescription: Shows a preview of pages in the browser\n---\n# Web\n\n%s\n' "$1" \
        'The page is made by the script in this folder.' >"$work/$1/SKILL.md"
    run vet --dates today --evidence "$work/$1.ev" "$work/$1"
}

skill thief page
expect_status 1 "a web server that steals when it is asked"
expect_in "$work/out" "VB-EXFIL-BAIT" "a web server that steals when it is asked"
expect_in "$work/thief.ev/events.jsonl" '"kind":"detonation.probe"' "a web server that steals when it is asked"

skill honest none
expect_status 0 "a web server"
expect_in "$work/out" "0 stopped at the time limit" "a web server"
for text in 'GET / HTTP/1.1' 'POST /mcp HTTP/1.1'; do
    expect_in "$work/honest.ev/events.jsonl" "\"kind\":\"detonation.probe\",\"source\":\"tool\",\"detonation\":1,\"port\":8123,\"text\":\"$text\"" \
        "a web server"
done

# Who is asked where it listens learns from that where it is: it runs unasked too, and nobody who
# still computes is done with.
for mode in asked busy patient wary; do
    fixture=$source_dir/tests/fixtures/sandbox/mcp/shy.py
    skill $mode $mode
    expect_status 1 "a script that listens, and waits for not being asked: $mode"
    expect_in "$work/out" "VB-EXFIL-BAIT" "a script that listens: $mode"
done
expect_in "$work/asked.ev/events.jsonl" '"detail":"unasked where it listens"' "a run that nobody asks"

mkdir -p "$work/decoy"
sed 's/^MODE = .*/MODE = "decoy"/' "$fixture" >"$work/decoy/server.py"
echo '{"mcpServers": {"adder": {"command": "python3", "args": ["server.py"]}}}' >"$work/decoy/.mcp.json"
run vet --dates today --evidence "$work/decoy.ev" "$work/decoy"
expect_status 1 "a server that speaks another way at its port"
expect_in "$work/out" "VB-EXFIL-BAIT" "a server that speaks another way at its port"

# Who starts a server in a box for himself is left alone.
run run --timeout 2 --evidence "$work/alone.ev" -- python3 -m http.server 8123
expect_not_in "$work/alone.ev/events.jsonl" '"detonation.probe"' "a server that is run"
expect_in "$work/alone.ev/events.jsonl" '"outcome":"timeout"' "a server that is run"

finish
