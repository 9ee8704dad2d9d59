# Servers whose SDK is not there are driven all the same: a stand-in of ours speaks the protocol, and
# what their tools do beside what they say is held against them. Honest ones are let in.
. "$2/tests/cli/lib.sh"
needs_boxes
"$vetbox" doctor | grep '^yes.* overlay ' >/dev/null || {
    echo "SKIPPED: no overlay for a user here"
    exit 77
}
kit=$source_dir/tests/fixtures/sandbox/mcp/kit

# vet NAME FILE STATUS: the server alone in a folder; its events are in $work/NAME.ev/events.jsonl.
vet() {
    mkdir "$work/$1"
    cp "$kit/$2" "$work/$1/"
    run vet --dates today --format json --evidence "$work/$1.ev" "$work/$1"
    expect_status "$3" "$2"
    cp "$work/out" "$work/$1.json"
}

# expect_found NAME FINDING TEXT: a finding says so.
expect_found() {
    python3 - "$work/$1.json" "$2" "$3" <<'CHECK' || fail "$1: no $2 with \"$3\""
import json, sys
found = [f["detail"] for f in json.load(open(sys.argv[1]))["findings"] if f["id"] == sys.argv[2]]
sys.exit(0 if any(sys.argv[3] in detail for detail in found) else print(found) or 1)
CHECK
}

# expect_called NAME TOOL...: these and no others were called, and answered.
expect_called() {
    python3 - "$work/$1.ev/events.jsonl" "$@" <<'CHECK' || fail "$1: other tools"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
called = {e["name"] for e in events if e["kind"] == "mcp.call" and e["method"] == "tools/call" and
          e["action"] == "end" and e["outcome"] in ("result", "error")}
assert called == set(sys.argv[3:]), called
CHECK
}

if /usr/bin/python3 -c 'import mcp' 2>/dev/null; then
    echo "the SDK for Python is installed here: its stand-in is not tried"
else
    vet honest honest.py 0
    expect_called honest add count
    python3 - "$work/honest.json" <<'CHECK' || fail "something was found against an honest server"
import json, sys
found = json.load(open(sys.argv[1]))["findings"]
assert not found, found
CHECK
    expect_in "$work/honest.ev/events.jsonl" 'note 1' "a resource is read"
    expect_in "$work/honest.ev/events.jsonl" 'Sort my notes about' "a prompt is asked for"
    expect_in "$work/honest.ev/events.jsonl" 'Keeps short notes.' "instructions are heard"
    expect_in "$work/honest.ev/events.jsonl" '"what":"module mcp"' "a stand-in is told of"

    vet hostile hostile.py 2
    expect_called hostile total round_up convert evaluate
    expect_found hostile VB-MCP-UNTOLD "the tool total keeps a hidden file outside of its own folder, /tmp/.figures"
    expect_found hostile VB-MCP-UNTOLD "the tool round_up lets /tmp/figures run with the rights of its owner"
    expect_found hostile VB-MCP-RUNS-ARGUMENT "the tool convert hands an argument to a shell"
    expect_found hostile VB-MCP-RUNS-ARGUMENT "the tool evaluate executes an argument as code"
    # "wide" stands nowhere but in the code.
    expect_in "$work/hostile.ev/events.jsonl" '\"style\":\"wide\"' "what is compared is tried"
fi

vet poisoned poisoned.py 2
expect_in "$work/poisoned.json" VB-MCP-POISONED-TOOL "a description that poses as the system"

if command -v node >/dev/null; then
    vet node honest.mjs 0
    expect_called node first_line
    expect_in "$work/node.ev/events.jsonl" '"what":"module zod"' "a stand-in for zod is told of"
    vet low hostile.cjs 2
    expect_called low sort_lines
    expect_found low VB-MCP-UNTOLD "the tool sort_lines makes a link to /etc/shadow"
else
    echo "no node here: its stand-ins are not tried"
fi

finish
