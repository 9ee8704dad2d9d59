# Real clients in the box, each against a made-up host: what it is answered, and that the request is
# recorded with its name and URL (tests/live/world/clients: NAME | PROGRAM | WANTED EVENT | COMMAND).
. "$2/tests/cli/lib.sh"
needs_boxes

ran=0
missing=
while IFS='|' read -r name program event command; do
    case $name in '#'* | '') continue ;; esac
    program=$(echo "$program" | tr -d ' ')
    [ -x "/usr/bin/$program" ] || {
        missing="$missing $program"
        continue
    }
    rm -rf "$work/evidence"
    "$vetbox" run --timeout 30 --evidence "$work/evidence" -- bash -c "$command" \
        >"$work/out" 2>"$work/err" </dev/null
    status=$?
    expect_status 0 "$name"
    event=$(echo "$event" | sed 's/^ *//; s/ *$//')
    grep -E "$event" "$work/evidence/events.jsonl" >/dev/null ||
        fail "$name: no event $event: $(grep '"world\.' "$work/evidence/events.jsonl" | cut -c1-300 | tail -5)"
    ran=$((ran + 1))
done <"$source_dir/tests/live/world/clients"
echo "$ran clients${missing:+; not on this machine:$missing}"
[ "$ran" -ge 8 ] || fail "only $ran clients"
finish
