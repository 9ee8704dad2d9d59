# Hostile packages: vetbox ends in time and leaves no process, mount, namespace or file behind.
. "$2/tests/cli/lib.sh"
needs_boxes

# The machine has a life of its own, so what is counted is what can be told apart: vetbox and all its
# children carry the test's folder in their command line, the subjects carry a mark in theirs.
mark="mark-$$-$(date +%s)"
ours() {
    for process in /proc/[0-9]*; do
        tr '\0' ' ' 2>/dev/null <"$process/cmdline" | grep -qF -e "$work/" -e "$mark" &&
            [ "$(cat "$process/comm" 2>/dev/null)" != grep ] && echo "${process#/proc/}"
    done
}
expect_nobody() {
    left=$(ours)
    [ -z "$left" ] && return
    fail "$1: left running: $(for pid in $left; do tr '\0' ' ' <"/proc/$pid/cmdline"; done)"
}
count_mounts() { wc -l </proc/self/mountinfo; }

skill() { # skill NAME: a skill whose only block is standard input
    mkdir -p "$work/$1"
    {
        printf -- '---\nname: %s\ndescription: A test of the box.\n---\n\n```bash\n' "$1"
        echo ": $mark"
        cat
        printf '```\n'
    } >"$work/$1/SKILL.md"
}

skill fork-bomb <<'END'
bomb() { bomb | bomb & }
bomb
sleep infinity
END
skill memory-bomb <<'END'
python3 -c 'x = []
while True: x.append(bytearray(1 << 24))'
END
skill disk-filler <<'END'
dd if=/dev/zero of=$HOME/full bs=1M count=100000
END
skill sleeper <<'END'
trap '' TERM INT HUP
while true; do sleep infinity; done
END
skill daemon <<'END'
setsid sh -c 'trap "" TERM; while true; do sleep 1; done; : '"$(head -c 400 SKILL.md | grep -o "mark-[0-9-]*")" >/dev/null 2>&1 &
exit 0
END
skill chatter <<'END'
yes "the same line again and again"
END
skill killer <<'END'
kill -9 -1
kill -9 1
kill -9 $PPID
END
skill opener <<'END'
while true; do cat /etc/hostname >/dev/null; done
END
# Floods of the event log: what is judged afterwards is bounded too, and hides no file that was left.
skill flood <<'END'
echo left > /tmp/left-behind
i=0
while true; do i=$((i + 1)); : > "/tmp/$i"; rm -f "/tmp/$i" "/tmp/$i.$i.$i.$i.$i.$i.$i.$i.$i.$i"; done
END
skill arguments <<'END'
set -- $(seq 2000)
while true; do /bin/true "$RANDOM" "$@"; done
END

before=$(count_mounts)
for name in fork-bomb memory-bomb disk-filler sleeper daemon chatter killer opener flood arguments; do
    start=$(date +%s)
    run vet --timeout 6 "$work/$name"
    took=$(($(date +%s) - start))
    [ "$status" -le 2 ] || fail "$name: no verdict, status $status: $(cat "$work/err")"
    [ "$took" -le 12 ] || fail "$name: took $took s with --timeout 6"
done
run vet --timeout 6 --evidence "$work/evidence" "$work/flood"
grep -q '"path":"/tmp/left-behind","change":"created"' "$work/evidence/events.jsonl" ||
    fail "a flood hid a file that was left"
sleep 1
[ "$before" = "$(count_mounts)" ] || fail "mounts: $before before, $(count_mounts) after"
expect_nobody "after hostile packages"
[ -z "$(ls -A "$TMPDIR")" ] || fail "left in TMPDIR: $(ls -A "$TMPDIR")"

# Killed without a chance to clean up: the kernel does it for us.
"$vetbox" vet --timeout 20 "$work/sleeper" >/dev/null 2>&1 &
victim=$!
sleep 2
[ -n "$(ours)" ] || fail "the test does not see a box that runs"
kill -9 "$victim"
wait "$victim" 2>/dev/null
sleep 1
[ "$before" = "$(count_mounts)" ] || fail "a mount outlives kill -9"
expect_nobody "after kill -9"
# Of control groups only folders are left, which the next one takes away.
"$vetbox" run -q -- true
left=$(find /sys/fs/cgroup -type d -name "vetbox-$victim-*" 2>/dev/null)
[ -z "$left" ] || fail "control groups outlive kill -9: $left"
finish
