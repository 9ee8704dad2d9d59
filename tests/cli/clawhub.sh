# Skills of ClawHub, from a registry of our own on loopback: its digests of their files, what it says of
# them, and what it does not give.
. "$2/tests/cli/lib.sh"

start_registry
export CLAWHUB_REGISTRY="http://127.0.0.1:$port"

# told KIND: the events of that kind, as "key=value …" of what matters of them.
told() {
    python3 - "$work/evidence/events.jsonl" "$1" >"$work/told" <<'END'
import json, sys
KEYS = ("format", "code", "what", "value", "name", "count", "present", "paths", "url")
for line in open(sys.argv[1]):
    event = json.loads(line)
    if event.get("kind") == sys.argv[2]:
        print(" ".join(f"{k}={event[k]}" for k in KEYS if k in event))
END
}

# taken REFERENCE STATUS
taken() {
    rm -rf "$work/evidence"
    run scan "$1" --evidence "$work/evidence"
    expect_status "$2" "$1"
}

# The newest version, one that is named, and one of an owner.
taken clawhub:sorter 2
told fetch.artifact
expect_in "$work/told" "name=sorter-1.1.0.zip" "the newest version"
expect_in "$work/told" "/api/v1/download?slug=sorter&version=1.1.0" "where it came from"
told signature.list
expect_in "$work/told" "format=clawhub-files code=fits count=2 present=2" "all files are the registry's"
told fetch.fact
for fact in "what=owner value=acme" "what=license value=MIT" "what=scan value=clean"; do
    expect_in "$work/told" "$fact" "what the registry says of it"
done
taken clawhub:acme/sorter@1.0.0 0
told fetch.artifact
expect_in "$work/told" "name=sorter-1.0.0.zip" "the version that is asked for"
expect_in "$work/requests" "/api/v1/skills/sorter?ownerHandle=acme" "whose it is"

# What a registry's scanners say decides nothing.
taken clawhub:flagged 0
told fetch.fact
expect_in "$work/told" "what=moderation value=suspicious" "its moderation"
expect_in "$work/told" "what=moderation-reason value=suspicious.dangerous_exec" "its reasons"

# Files that are not those that it tells of.
while read -r slug code path; do
    taken "clawhub:$slug" 1
    expect_in "$work/out" "VB-INDEX-DIFFERS" "$slug"
    told signature.list
    expect_in "$work/told" "code=$code count=1" "$slug"
    expect_in "$work/told" "$path" "$slug"
done <<'END'
changed differing SKILL.md
grown unlisted more.md
shrunk missing SKILL.md
END

# A plugin: the archive that it names, with the digest that it names.
taken clawhub:@acme/notes 2
told fetch.artifact
expect_in "$work/told" "name=notes-2.0.0.tgz" "a plugin"
told fetch.digest
expect_in "$work/told" "what=sha512" "its digests"
told fetch.fact
expect_in "$work/told" "what=scan value=stale" "what the registry says of it"

# What it does not give is no verdict, and says why.
while read -r reference wanted why; do
    run scan "$reference"
    expect_status "$wanted" "$reference"
    expect_in "$work/err" "$why" "$reference"
done <<'END'
clawhub:nobody 66 no such skill
clawhub:sorter@9.9.9 66 no such version
clawhub:stranger/sorter 66 no such skill
clawhub:twins 64 name its owner
clawhub:banned 69 blocked there
clawhub:waiting 75 waits for a scan
clawhub:linked 69 it is github:acme/linked/skills/linked@0000
clawhub:a/b/c 64 is no name of ClawHub
clawhub:@acme/blocked 69 blocked there
clawhub:@acme/bent 65 another digest
clawhub:@acme/moved 69 its address is loopback
clawhub:@acme/none 66 no such skill or plugin
clawhub:@acme/notes@9 66 no such version
clawhub:@acme/a/b 64 is no name of ClawHub
clawhub:@acme 64 is no name of ClawHub
clawhub:sorter@1+&x=1 64 is no version
clawhub:../x 64 is no name of ClawHub
clawhub:sorter@1/../2 64 is no version
END
stop_registry
finish
