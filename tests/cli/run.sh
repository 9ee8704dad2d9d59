# vetbox run: any command, recorded; it exits as the command does.
. "$2/tests/cli/lib.sh"
needs_boxes

run run -q -- sh -c 'echo hello; exit 7'
expect_status 7 "the command's own status"
expect_in "$work/out" "hello" "the command's own output"
run run -q -- sh -c 'echo good; echo bad >&2'
[ "$(cat "$work/out")" = good ] || fail "standard output: $(cat "$work/out")"
[ "$(cat "$work/err")" = bad ] || fail "standard error: $(cat "$work/err")"
run run -q -- sh -c 'kill -TERM $$'
expect_status 143 "a command that a signal ends"
run run --evidence "$work/evidence" -- sh -c 'cat ~/.ssh/id_ed25519 >/dev/null'
expect_status 0 "a command that reads a secret"
expect_in "$work/evidence/events.jsonl" '"kind":"bait.read"' "a command that reads a secret"
expect_in "$work/err" ".ssh/id_ed25519" "the report stands on standard error"
run run -q -- /no/such/program
expect_status 127 "a program that is not there"
run run
expect_status 125 "no command"
run run -q -C "$source_dir/examples/weather-skill" -- cat SKILL.md
expect_status 0 "a copy of a folder"
cmp -s "$work/out" "$source_dir/examples/weather-skill/SKILL.md" || fail "the copy differs"

# Standard input comes through a pipe of vetbox's own, as far as it is read.
echo hello | "$vetbox" run -q -- cat >"$work/out"
[ "$(cat "$work/out")" = hello ] || fail "standard input: $(cat "$work/out")"
echo hello | "$vetbox" run -q -- cat /dev/stdin >"$work/out"
[ "$(cat "$work/out")" = hello ] || fail "/dev/stdin: $(cat "$work/out")"
seq 200000 >"$work/many"
"$vetbox" run -q -- cksum <"$work/many" >"$work/out"
cksum <"$work/many" | cmp -s - "$work/out" || fail "much standard input: $(cat "$work/out")"
printf 'one\ntwo\nthree\n' >"$work/lines"
{ "$vetbox" run -q -- dd bs=4 count=1 status=none >/dev/null; "$vetbox" run -q -- true; cat; } \
    <"$work/lines" >"$work/out"
[ "$(head -n 1 "$work/out")" = two ] || fail "a file is given back what was not read: $(cat "$work/out")"
{ "$vetbox" run -q -- sh -c 'echo evil 1<>/proc/self/fd/0 >&0; echo evil >/proc/self/fd/0' 2>/dev/null
    cat; } <"$work/lines" >"$work/out"
cmp -s "$work/lines" "$work/out" || fail "the user's file was moved or changed: $(cat "$work/out")"
echo 'echo from the script' | "$vetbox" run -q --evidence "$work/piped" -- sh >"$work/out"
expect_in "$work/out" "from the script" "a script on standard input"
expect_in "$work/piped/events.jsonl" '"kind":"process.script"' "a script on standard input"
# shellcheck disable=SC2016 # expanded in the box
echo typed | script -qec "'$vetbox' run -q -- sh -c 'test -t 0 && echo terminal; read -r x; echo got \$x'" \
    /dev/null >"$work/out" 2>&1
expect_in "$work/out" "got typed" "a terminal"
expect_not_in "$work/out" "terminal" "the user's terminal in the box"

# Watching it.
# shellcheck disable=SC2016
run run -- sh -c 'for i in 1 2 3 4; do cat ~/.ssh/id_ed25519 >/dev/null; done; echo x >/tmp/"$(printf "a\033[2J")"'
expect_in "$work/err" " runs cat /home/alex/.ssh/id_ed25519" "a command in the lines"
expect_in "$work/err" "reads ~/.ssh/id_ed25519 (bait ssh-ed25519: a private SSH key)" "a bait in the lines"
expect_in "$work/err" "… 3 more times: reads ~/.ssh/id_ed25519" "repetition in the lines"
expect_in "$work/err" 'writes /tmp/a\x1b[2J' "hostile text in the lines"
expect_not_in "$work/err" "libc.so" "noise in the lines"
expect_not_in "$work/err" "$(printf '\033')" "escape sequences in the lines"
[ -s "$work/out" ] && fail "the lines stand on standard output"
run run --color always -- true
expect_in "$work/err" "$(printf '\033')[1mruns true" "colour on request"
run run -q -- sh -c 'cat ~/.ssh/id_ed25519 >/dev/null'
[ -s "$work/err" ] && fail "lines in spite of --quiet: $(head -3 "$work/err")"

# The lines and the stream come while the command runs, not behind it.
# live_while_running OPTION VALUE FILE TEXT
live_while_running() {
    : >"$3"
    "$vetbox" run "$1" "$2" -- sh -c 'cat ~/.netrc >/dev/null; echo early; sleep infinity' >"$work/out" 2>"$work/err" \
        </dev/null &
    pid=$!
    tries=0
    until grep -qF -- "$4" "$3" || [ "$tries" -eq 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    [ "$tries" -lt 100 ] || fail "$*: nothing came within 10 s"
    kill -0 "$pid" 2>/dev/null || fail "$*: it came when the run was over"
    kill -TERM "$pid"
    wait "$pid" 2>/dev/null
}
live_while_running --color never "$work/err" 'reads ~/.netrc'
live_while_running --format json "$work/out" '"kind":"bait.read"'
live_while_running --format json "$work/out" '"stream":"stdout","text":"early\n"'

# A signal ends the command, not the report; the second one ends everything.
# stop_it SIGNAL ARGS…: runs a command that outlives SIGTERM, and sends SIGNAL when it has begun.
stop_it() {
    signal=$1
    shift
    : >"$work/out"
    # Not a job of a shell without job control, for which Ctrl-C is ignored.
    python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$vetbox" run "$@" -- \
        sh -c 'trap "" TERM; cat ~/.netrc >/dev/null; echo begun; sleep infinity; sleep infinity' \
        >"$work/out" 2>"$work/err" </dev/null &
    pid=$!
    tries=0
    until grep -q begun "$work/out" || [ "$tries" -eq 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill "-$signal" "$pid"
}
for row in INT:130 TERM:143; do
    stop_it "${row%:*}" --evidence "$work/stopped-$row"
    wait "$pid" 2>/dev/null
    status=$?
    expect_status "${row#*:}" "a run that SIG$row stops"
    expect_in "$work/err" "stopped before its end" "the report of a run that SIG$row stops"
    expect_in "$work/err" "VB-SECRET-READ" "the report of a run that SIG$row stops"
    expect_in "$work/stopped-$row/events.jsonl" '"outcome":"stopped"' "the log of a run that SIG$row stops"
done
stop_it INT --format json
wait "$pid" 2>/dev/null
tail -n 1 "$work/out" | grep -q '"verdict":"review"' || fail "a stopped stream has no report"
stop_it INT
kill -TERM "$pid"
wait "$pid" 2>/dev/null
status=$?
expect_status 143 "a second signal"
expect_not_in "$work/err" "Coverage" "a report in spite of a second signal"

# The stream is the event log, then the report in a line.
run run --format json --evidence "$work/streamed" -- sh -c 'echo hello; exit 7'
expect_status 7 "a streamed run"
[ -s "$work/err" ] && fail "a stream, and on standard error: $(head -3 "$work/err")"
[ "$(grep -cxF hello "$work/out")" = 0 ] || fail "the command's output stands in the stream"
expect_in "$work/out" '"stream":"stdout","text":"hello\n"' "the command's output as an event"
sed '$d' "$work/out" | cmp -s - "$work/streamed/events.jsonl" || fail "the stream is not the log"
tail -n 1 "$work/out" | grep -q '^{"format":"vetbox-report/1",.*}$' || fail "the last line is no report"
mv "$work/out" "$work/stream"
sed '$d' "$work/stream" >"$work/stream.log"
run judge --advisory --format json "$work/stream.log"
tr -d ' \n' <"$work/out" >"$work/one"
tail -n 1 "$work/stream" | tr -d ' \n' | cmp -s - "$work/one" || fail "the report is not that of the log"
run run --format json -o "$work/file.jsonl" -- echo hello
expect_status 0 "a stream into a file"
[ -s "$work/out" ] && fail "a stream into a file, and on standard output"
expect_in "$work/file.jsonl" '"verdict":"allow"' "a stream into a file"
"$vetbox" run --format json -- sleep infinity 2>"$work/err" </dev/null | head -n 1 >"$work/out"
expect_in "$work/err" "streaming the events" "a reader that went away"
# A reader that sleeps must not put the time limit to sleep: the box ends, and vetbox with it.
# shellcheck disable=SC2016
start=$(date +%s)
{ "$vetbox" run --timeout 1 --format json -- sh -c 'while :; do cat /etc/hostname >/dev/null; done' \
    2>"$work/err" </dev/null; date +%s >"$work/ended"; } | sleep 15
expect_in "$work/err" "nobody reads the stream" "a reader that sleeps"
[ "$(($(cat "$work/ended") - start))" -lt 12 ] || fail "a reader that sleeps kept the box alive"

# A loop does not use up its share of the log, and what is new in it is recorded to the end.
run run --timeout 8 --evidence "$work/loop" -- python3 -c 'import os, time
folder = "/tmp" + ("/" + 250 * "x") * 15
os.makedirs(folder)
for turn in range(160):
    for i in range(5):
        os.path.exists(folder + "/known")
        open(folder + "/file", "w").close()
    if turn == 155:
        open("/etc/os-release").close()
    time.sleep(60)'
expect_status 0 "a loop"
expect_in "$work/loop/events.jsonl" '"kind":"log.repeats"' "a loop that repeats itself"
expect_not_in "$work/loop/events.jsonl" '"kind":"coverage"' "a loop that repeats itself"
expect_in "$work/loop/events.jsonl" '"path":"/etc/os-release"' "what is new in a loop"
repeats=$(sed -n 's/.*"kind":"log.repeats".*"count":\([0-9]*\).*/\1/p' "$work/loop/events.jsonl")
opened=$(grep -c '"kind":"file.open".*x/file"' "$work/loop/events.jsonl")
[ "$((repeats + opened))" -ge 800 ] || fail "$opened recorded and $repeats counted of 800 opened files"
[ "$opened" -lt 700 ] || fail "$opened of 800 like events were recorded"

# What the box is made of.
run run -q -- sh -c 'id -u; ls /home; cat /proc/net/dev | tail -n +3 | cut -d: -f1; ls /proc | grep -c "^[0-9]"'
expect_status 0 "a look around"
[ "$(sed -n 1p "$work/out")" = 1000 ] || fail "uid: $(sed -n 1p "$work/out")"
[ "$(sed -n 2p "$work/out")" = alex ] || fail "home: $(sed -n 2p "$work/out")"
[ "$(sed -n 3p "$work/out" | tr -d ' ')" = lo ] || fail "network: $(sed -n 3p "$work/out")"
# From outside: in the box /proc/PID/status says what a laptop's does.
mkfifo "$work/held"
"$vetbox" run -q -- sh -c "read held_$$" <"$work/held" >/dev/null 2>&1 &
held=$!
exec 9>"$work/held"
>"$work/out"
for _ in $(seq 200); do
    for at in $(grep -lsa "held_$$" /proc/[0-9]*/cmdline); do
        case $(cat "${at%cmdline}comm" 2>/dev/null) in
        sh | dash | bash) grep -E "^(CapEff|NoNewPrivs|Seccomp):" "${at%cmdline}status" >"$work/out" ;;
        esac
    done
    [ -s "$work/out" ] && break
    sleep 0.05
done
exec 9>&-
wait "$held"
expect_in "$work/out" "CapEff:	0000000000000000" "no capabilities"
expect_in "$work/out" "NoNewPrivs:	1" "no new privileges"
expect_in "$work/out" "Seccomp:	2" "a syscall filter"
run run -q -- sh -c 'grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status'
expect_in "$work/out" "CapEff:	0000000000000000" "no capabilities, from inside"
expect_in "$work/out" "NoNewPrivs:	0" "what a laptop says of new privileges"
expect_in "$work/out" "Seccomp:	0" "what a laptop says of filters"

# git links what it clones from the same machine, and looks whether it got what it asked for.
if command -v git >/dev/null; then
    git init -q "$work/repository" && echo text >"$work/repository/file"
    git -C "$work/repository" add file
    git -C "$work/repository" -c user.name=x -c user.email=x@example.org commit -q -m x
    run run -q -C "$work/repository" -- sh -c 'git clone -q . /tmp/clone && git clone -q /tmp/clone /tmp/again &&
        cat /tmp/again/file; stat -c %h /tmp/again/.git/objects/*/* | grep -cx 1'
    [ "$(tr '\n' ' ' <"$work/out")" = "text 0 " ] || fail "git clone: $(cat "$work/out" "$work/err")"
fi

# A reader that hangs up ends what writes to it, as in any pipe; not the time limit does.
start=$(date +%s)
"$vetbox" run -q --timeout 30 -- yes 2>"$work/err" | head -n 1 >"$work/out"
expect_in "$work/out" y "the first line of an endless output"
[ $(($(date +%s) - start)) -lt 20 ] || fail "an endless output went on without its reader"
finish
