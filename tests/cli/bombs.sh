# Bombs of the plan: more blocks, scripts, hooks, servers, tools and subcommands than anybody runs, a schema of a
# megabyte, servers that list, babble or ask for ever, a line of a gigabyte, a loop of questions. Each is cut at
# a stated limit (docs/detonation.md), soon and in little memory, and told.
. "$2/tests/cli/lib.sh"
needs_boxes

cd "$work" || exit 99
python3 - <<'END' || fail "making the bombs"
import json, os

def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)

def skill(name, body):
    put(f"{name}/SKILL.md", f"---\nname: {name}\ndescription: Sorts lines.\n---\n\n# {name}\n\n{body}")

def server(name, lister):
    put(f"{name}/server.py", """import sys, json
def send(**what):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **what}) + "\\n")
    sys.stdout.flush()
def tools(count, **more):
    return {"tools": [{"name": "t%d" % i, "description": "d", "inputSchema": {"type": "object"}} for i in range(count)], **more}
""" + lister + """
for line in sys.stdin:
    message = json.loads(line)
    number = message.get("id")
    if number is None:
        continue
    if message["method"] == "initialize":
        send(id=number, result={"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                                "serverInfo": {"name": "x", "version": "1"}})
    elif message["method"] == "tools/list":
        lists(number, message)
    elif message["method"] == "tools/call":
        send(id=number, result={"content": [{"type": "text", "text": "ok"}]})
    else:
        send(id=number, error={"code": -32601, "message": "no"})
""")
    put(f"{name}/.claude-plugin/plugin.json", json.dumps({"name": name, "version": "1.0.0", "mcpServers": {
        "x": {"command": "python3", "args": ["${CLAUDE_PLUGIN_ROOT}/server.py"]}}}))

skill("instructions", "".join(f"```bash\necho {i}\n```\n\n" for i in range(50000)))
skill("blocks", "".join(f"```sh\n:{i}\n```\n" for i in range(50000)))
skill("large-block", "```bash\n" + "echo hello world\n" * 60000 + "```\n")
skill("questions", "```python\nwhile True:\n    print(input('again? '))\n```\n")
skill("printer", "```python\nimport sys\nfor _ in range(64):\n    sys.stdout.write('x' * (1 << 20))\n```\n")
skill("scripts", "")
for i in range(5000):
    put(f"scripts/scripts/s{i}.sh", ":\n")
skill("subcommands", "")
put("subcommands/scripts/s.sh", "case \"$1\" in\n" + "".join(f"  cmd{i}) echo ;;\n" for i in range(1000)) + "esac\n")
put("hooks/.claude-plugin/plugin.json", json.dumps({"name": "hooks", "version": "1.0.0", "hooks": {
    "Stop": [{"hooks": [{"type": "command", "command": f": {i}"} for i in range(20000)]}]}}))
server("tools", "def lists(number, message): send(id=number, result=tools(10000))")
server("large-tools", "def lists(number, message): send(id=number, result=tools(200))")
server("schema", """def lists(number, message):
    send(id=number, result={"tools": [{"name": "t", "description": "d", "inputSchema": {"type": "object", "properties":
        {"p%d" % i: {"type": "string", "description": "x" * 100} for i in range(8000)}}}]})""")
server("cursor", "def lists(number, message): send(id=number, result=tools(1, nextCursor=str(number)))")
server("pages", "def lists(number, message): send(id=number, result=tools(10, nextCursor=str(number)))")
server("garbage", "def lists(number, message):\n    while True: sys.stdout.write('garbage\\n')")
server("babble", "def lists(number, message):\n    while True: send(method='notifications/message', params={'level': 'info', 'data': 'x'})")
server("asker", "def lists(number, message):\n    while True: send(id='r', method='sampling/createMessage', params={'messages': []})")
server("line", "def lists(number, message):\n    for _ in range(1024): sys.stdout.write('x' * (1 << 20))")
END

# bomb NAME STATUS [SECONDS]: it is cut within seconds, and vetbox stays small. The boxes' limits are their own.
bomb() {
    rm -rf "$work/ev"
    began=$(date +%s)
    python3 -c '
import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024))
sys.exit(status)' "$work/mib" "$vetbox" vet --timeout "${3:-20}" --dates today --evidence "$work/ev" "$work/$1" \
        >"$work/out" 2>"$work/err" </dev/null
    status=$?
    expect_status "$2" "$1"
    took=$(($(date +%s) - began))
    [ "$took" -lt $((${3:-20} + 10)) ] || fail "$1 took $took s"
    [ "$(cat "$work/mib")" -lt 400 ] || fail "$1 took $(cat "$work/mib") MiB"
    grep -E '"kind":"(coverage|sandbox.limit)"' "$work/ev/events.jsonl" >"$work/cuts"
}
# cut NAME TEXT: an event says so.
cut() {
    expect_in "$work/cuts" "$2" "$1"
}
flood() {
    expect_in "$work/out" "VB-EVADE-FLOOD, high severity" "$1"
}
no_flood() {
    expect_not_in "$work/out" "VB-EVADE-FLOOD" "$1"
}

bomb instructions 2 && cut instructions "too large" && flood instructions
bomb blocks 2 4 && cut blocks '"what":"code","reason":"too many","count":45904' && flood blocks
cut blocks "more than 256 things to run"
bomb large-block 2 && cut large-block "code longer than 100 KiB is not run" && no_flood large-block
bomb questions 0 && no_flood questions
[ "$(grep -c '"kind":"detonation.answer"' "$work/ev/events.jsonl")" -le 32 ] || fail "more than 32 answers"
bomb printer 0 && cut printer '"what":"output"' && no_flood printer
bomb scripts 2 4 && cut scripts "more than 256 things to run" && no_flood scripts
bomb subcommands 0 && cut subcommands "more than 16 subcommands of a script" && no_flood subcommands
bomb hooks 2 4 && cut hooks '"what":"entry","reason":"too many"' && no_flood hooks
bomb tools 2 && cut tools "more than 256 of a sort" && no_flood tools
bomb large-tools 0 && no_flood large-tools
bomb schema 0 && cut schema "longer than 128 KiB" && no_flood schema
bomb cursor 2 && cut cursor "more than 20 pages of hardly anything" && flood cursor
bomb pages 2 && cut pages '"reason":"more than 20 pages"' && no_flood pages
bomb garbage 2 && cut garbage "more than 200 lines that are no messages" && no_flood garbage
bomb babble 2 && cut babble "more than 4000 messages" && no_flood babble
bomb asker 2 && cut asker "more than 200 are not answered" && no_flood asker
bomb line 2 && cut line "a line of more than 32 MiB without an end" && flood line

finish
