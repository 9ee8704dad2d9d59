# Repositories of GitHub and folders in them, from a server of our own on loopback.
. "$2/tests/cli/lib.sh"

start_registry
export GITHUB_API_URL="http://127.0.0.1:$port/gh"
unset GITHUB_TOKEN GH_TOKEN

# taken REFERENCE STATUS: the paths of its files go to files, its log to log.
taken() {
    rm -rf "$work/evidence"
    run scan "$1" --evidence "$work/evidence"
    expect_status "$2" "$1"
    cp "$work/evidence/events.jsonl" "$work/log"
    python3 - "$work/log" >"$work/files" <<'END'
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
print(" ".join(event["path"] for event in events if event["kind"] == "tree.file"))
END
}

# A folder of it is the package, and nothing else of the repository is.
taken github:acme/skills/skills/sorter 2
[ "$(cat "$work/files")" = "SKILL.md sort.py" ] || fail "the folder holds $(cat "$work/files")"
expect_in "$work/log" '"what":"commit","value":"1111111111111111111111111111111111111111"' "the commit"
expect_in "$work/log" 'skills-111111111111.tar.gz' "what came"
taken github:acme/skills/evil 1
expect_in "$work/out" "in more.zip!/run.sh" "an archive in another folder"

# It is run as any other is.
if "$vetbox" doctor | grep -q "^yes.* overlay "; then
    rm -rf "$work/evidence"
    run vet github:acme/skills/skills/sorter --deps none --evidence "$work/evidence"
    expect_status 0 "running a folder"
    grep -q '"kind":"process.exec".*sort\.py' "$work/evidence/events.jsonl" || fail "the script did not run"
fi

# All of it; a branch with odd letters, a commit.
taken github:acme/skills 1
[ "$(cat "$work/files")" = "README.md evil/SKILL.md evil/more.zip skills/joiner/SKILL.md skills/sorter/SKILL.md skills/sorter/sort.py" ] ||
    fail "the repository holds $(cat "$work/files")"
taken 'github:acme/skills/skills/joiner@v1/rc#1' 0
expect_in "$work/log" '"what":"ref","value":"v1/rc#1"' "what was asked for"
expect_in "$work/log" '"value":"2222222222222222222222222222222222222222"' "the commit that it is"
grep -q '^/gh/repos/acme/skills/tarball/2222222222222222222222222222222222222222$' "$work/requests" ||
    fail "the commit was not fetched by its name"
taken github:acme/skills/skills/joiner@2222222222222222222222222222222222222222 0
taken pkg:github/acme/skills@v1%2Frc%231 1

# A repository that is not everybody's: the user's token goes there, and into no log.
GITHUB_TOKEN=sesame taken github:acme/own/skills/sorter 2
grep -q '^/gh/repos/acme/own/tarball/1* secret$' "$work/requests" || fail "the token was not sent"
if grep -rq sesame "$work/evidence" "$work/out" "$work/err"; then fail "the token is told"; fi

while read -r reference wanted why; do
    run scan "$reference"
    expect_status "$wanted" "$reference"
    expect_in "$work/err" "$why" "$reference"
done <<'END'
github:acme/own 66 no such repository or commit
github:acme/nothing 66 no such repository or commit
github:acme/skills@v9 66 no such branch, tag or commit
github:acme/skills/skills/none 66 the repository has no folder skills/none
github:acme/skills/skills/../../.. 66 the repository has no folder
github:acme/skills/README.md 66 the repository has no folder
github:acme 64 is no repository
github:acme/../x 64 is no repository
github:acme/skills@a..b 64 is no branch, tag or commit
END
stop_registry
finish
