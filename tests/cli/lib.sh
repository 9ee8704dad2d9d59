# Helpers of the command tests: run vetbox, check its status and what it said.
# Each test is a shell script that gets the program as $1 and the source folder as $2.
set -u
vetbox=$1
source_dir=$2
failures=0
work=$(mktemp -d /tmp/vetbox-cli-XXXXXX) || exit 99
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
# Caches, configuration and temporary files of the program under test stay in the test's folder.
export HOME="$work/home" XDG_CACHE_HOME="$work/cache" TMPDIR="$work/tmp" NO_COLOR=1
# Nothing is fetched from an index unless a test says from where.
export VETBOX_DEPS=none
unset XDG_CONFIG_HOME
mkdir -p "$HOME" "$XDG_CACHE_HOME" "$TMPDIR"

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# run ARGS...: runs vetbox, keeps $status, $work/out and $work/err.
run() {
    "$vetbox" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
}

# expect_status WANTED WHAT
expect_status() {
    [ "$status" -eq "$1" ] && return
    fail "$2: status $status instead of $1"
    sed 's/^/    err: /' "$work/err" | head -20
    sed 's/^/    out: /' "$work/out" | head -60
}

# expect_in FILE TEXT WHAT: the fixed text stands in the file.
expect_in() {
    grep -qF -- "$2" "$1" && return
    fail "$3: no \"$2\" in $(basename "$1")"
    head -40 "$1" | sed 's/^/    /'
}

expect_not_in() {
    grep -qF -- "$2" "$1" || return
    fail "$3: \"$2\" stands in $(basename "$1")"
}

# expect_error WHAT: one line on standard error, status 64 to 78, nothing on standard output.
expect_error() {
    if [ "$status" -lt 64 ] || [ "$status" -gt 78 ]; then
        fail "$1: status $status is not one of an error"
    fi
    [ "$(wc -l <"$work/err")" -eq 1 ] || fail "$1: not one line: $(cat "$work/err")"
    [ -s "$work/out" ] && fail "$1: something on standard output: $(head -3 "$work/out")"
    [ -z "$(ls -A "$TMPDIR")" ] || fail "$1: left something behind: $(ls -A "$TMPDIR")"
}

# needs_boxes: ends the test as skipped where the kernel does not let us make boxes.
needs_boxes() {
    "$vetbox" doctor -q >/dev/null 2>&1 && return
    echo "SKIPPED: this machine cannot make boxes: $("$vetbox" doctor 2>&1 | tail -1)"
    exit 77
}

# scripted NAME COMMAND FILE < SCRIPT: a package with one script, which its instructions run with COMMAND; "": with
# nothing.
scripted() {
    mkdir -p "$work/$1/scripts"
    cat >"$work/$1/scripts/$3"
    cat >"$work/$1/SKILL.md" <<END
---
name: $1
description: Sorts the lines of a text. Use it when the user asks for sorted lines.
version: 1.0.0
---

# $1

Sorts lines.
END
    [ -z "$2" ] || printf '\n```bash\n%s scripts/%s\n```\n' "$2" "$3" >>"$work/$1/SKILL.md"
}

# vet_kept NAME STATUS OPTIONS...: vets that package; its record is in $work/evidence.
vet_kept() {
    name=$1
    wanted=$2
    shift 2
    rm -rf "$work/evidence"
    run vet --evidence "$work/evidence" "$@" "$work/$name"
    expect_status "$wanted" "$name"
}

# An index of packages on loopback: its port is in $port, what it was asked in $work/requests.
start_registry() {
    command -v python3 >/dev/null || { echo "SKIPPED: no python3, which is the index"; exit 77; }
    mkfifo "$work/input" "$work/port"
    python3 "$source_dir/tests/live/registry.py" "$work/requests" "$@" <"$work/input" >"$work/port" &
    exec 3>"$work/input"
    read -r port <"$work/port"
}

stop_registry() {
    exec 3>&-
    wait
}

finish() {
    [ "$failures" -eq 0 ] || exit 1
    echo ok
}
