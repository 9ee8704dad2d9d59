# Control groups that are delegated: vetbox finds them by trying, the kernel holds the boxes, and what
# was found is what is left. Made in a group of the test's own, for root and for an ordinary user.
. "$2/tests/cli/lib.sh"
needs_boxes
skip() {
    echo "SKIPPED: $*"
    exit 77
}
[ "$(id -u)" = 0 ] || skip "only root can delegate control groups"
top=$(sed -n 's/^[^ ]* [^ ]* [^ ]* \/ \([^ ]*\) .* - cgroup2 .*/\1/p' /proc/self/mountinfo | head -n 1)
[ -n "$top" ] || skip "no control groups of version 2 are mounted"
for controller in memory pids; do
    grep -qw "$controller" "$top/cgroup.subtree_control" || skip "$top has no $controller controller"
done

place=$top/test-of-delegation-$$
events=$work/events
chmod 755 "$work"
clean_up() {
    [ ! -e "$place/cgroup.kill" ] || echo 1 >"$place/cgroup.kill"
    sleep 1
    find "$place" -depth -type d -exec rmdir {} \; 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT

# give USER: a group with a leaf, and one without, both USER's.
give() {
    owner=$1
    mkdir -p "$place/leaf/vetbox" "$place/bare"
    echo "+memory +pids" >"$place/cgroup.subtree_control"
    echo "+memory +pids" >"$place/leaf/cgroup.subtree_control"
    for group in leaf leaf/vetbox bare; do
        chown "$1" "$place/$group" "$place/$group/cgroup.procs" "$place/$group/cgroup.subtree_control"
    done
    rm -rf "$HOME" "$TMPDIR" "$XDG_CACHE_HOME" "$events"
    mkdir "$HOME" "$TMPDIR" "$XDG_CACHE_HOME" "$events"
    chown "$1" "$HOME" "$TMPDIR" "$XDG_CACHE_HOME" "$events"
}
# inside GROUP COMMAND...: as the owner, and the only one in the group unless it is called vetbox.
inside() {
    target=$place/$1
    shift
    # shellcheck disable=SC2016 # the inner shell's own
    sh -c 'echo $$ >"$1/cgroup.procs" || exit 99
        shift
        exec setpriv "$@"' sh "$target" --reuid="$owner" --regid="$owner" --clear-groups "$@" \
        >"$work/out" 2>"$work/err" </dev/null
    status=$?
}
# as_found WHAT: no group is left, and none of the controllers that vetbox switched on.
as_found() {
    left=$(find "$place" -mindepth 2 -type d ! -name vetbox)
    [ -z "$left" ] || fail "$1: left $left"
    [ -z "$(cat "$place/bare/cgroup.subtree_control")" ] || fail "$1: controllers are left on"
}
limit_met() { # limit_met WHICH WHAT
    grep '"kind":"sandbox.limit"' "$events/log/events.jsonl" >"$work/limits"
    expect_in "$work/limits" "\"what\":\"$1\"" "$2"
}
slowness=${VETBOX_TEST_SLOWNESS:-1} # of an emulated machine

try_all() { # try_all WHO
    for group in bare leaf/vetbox; do
        what="$1 in $group"
        inside "$group" "$vetbox" doctor
        expect_status 0 "doctor as $what"
        grep -q '^yes .* cgroup limits .*memory and processes' "$work/out" ||
            fail "doctor as $what: $(grep -A 1 "cgroup limits" "$work/out")"
        as_found "doctor as $what"

        inside "$group" "$vetbox" run -q -- cat /proc/self/cgroup
        expect_status 0 "run as $what"
        expect_not_in "$work/out" "box-1" "a box as $what"
        as_found "run as $what"

        inside "$group" "$vetbox" run -q --timeout $((60 * slowness)) --evidence "$events/log" -- \
            sh -c 'for i in 1 2 3 4; do python3 -c "x = b\"x\" * (400 << 20)
import signal; signal.pause()" & done; wait'
        limit_met memory "a memory bomb as $what"
        rm -rf "$events/log"
        as_found "a memory bomb as $what"

        inside "$group" "$vetbox" run -q --timeout $((5 * slowness)) --evidence "$events/log" -- \
            sh -c 'b() { b | b & }; b; sleep infinity'
        limit_met processes "a fork bomb as $what"
        rm -rf "$events/log"
        as_found "a fork bomb as $what"
    done
}

give 0
try_all root

# Who is killed leaves empty groups at most, and the next one removes them.
# shellcheck disable=SC2016 # the inner shell's own
sh -c 'echo $$ >"$1/cgroup.procs"; exec "$2" run -q --timeout 60 -- sleep infinity' sh \
    "$place/leaf/vetbox" "$vetbox" >/dev/null 2>&1 </dev/null &
victim=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    sleep 1
    box=$(find "$place/leaf" -type d -name 'box-1')
    [ -n "$box" ] && [ "$(wc -l <"$box/cgroup.procs")" -ge 2 ] && break
done
[ -n "$box" ] || fail "no group for a box that runs"
[ "$(cat "$box/pids.max")" = 128 ] || fail "pids.max is $(cat "$box/pids.max")"
[ "$(cat "$box/memory.swap.max" 2>/dev/null || echo 0)" = 0 ] || fail "a box may swap"
kill -9 "$victim"
wait "$victim" 2>/dev/null
sleep 1
[ -z "$(cat "$box/cgroup.procs")" ] || fail "a box outlives kill -9"
inside leaf/vetbox "$vetbox" run -q -- true
expect_status 0 "run after kill -9"
as_found "run after kill -9"

# Where somebody else is too, nothing is taken; doctor says so, and how to mend it.
sleep 100 &
other=$!
echo "$other" >"$place/bare/cgroup.procs"
inside bare "$vetbox" doctor
grep -q '^missing .* cgroup limits .*other processes' "$work/out" || fail "doctor beside another process"
expect_in "$work/out" "Delegate=yes" "doctor beside another process"
inside bare "$vetbox" run -q -- true
expect_status 0 "run beside another process"
kill "$other"
wait "$other" 2>/dev/null
as_found "run beside another process"

give 64000
if setpriv --reuid=64000 --regid=64000 --clear-groups test -x "$vetbox"; then
    try_all "an ordinary user"
else
    echo "not tried as an ordinary user, who cannot reach $vetbox"
fi
finish
