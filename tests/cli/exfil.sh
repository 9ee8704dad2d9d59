# Ways to steal a secret, and honest programs that use their own. tests/live/exfil/stolen: NAME | BAIT |
# HOST | COMMAND, each of which must be found with the bait and the host; a bait that is named by its
# path leaves enciphered, which is told by its size. tests/live/exfil/honest: NAME |
# COMMAND, in none of which a secret may be said to leave.
. "$2/tests/cli/lib.sh"
needs_boxes

record() {
    rm -rf "$work/evidence"
    "$vetbox" run --timeout 30 --evidence "$work/evidence" -- bash -c "$1" \
        >"$work/out" 2>"$work/err" </dev/null
    log=$work/evidence/events.jsonl
}

# seen BAIT HOST: the network saw the bait on its way there.
seen() {
    case $1 in
    "~"*)
        grep -B8 -A6 VB-EXFIL-ENCIPHERED "$work/err" | tr -s ' \n' '  ' | grep -F "$1" | grep -qF "$2"
        return
        ;;
    esac
    grep '"kind":"bait.seen","source":"world"' "$log" | grep "\"bait\":\"$1\"" | grep -qF "$2"
}

trim() { echo "$1" | sed 's/^ *//; s/ *$//'; }

found=0 tried=0
while IFS='|' read -r name bait host command; do
    case $name in '#'* | '') continue ;; esac
    tried=$((tried + 1))
    record "$command"
    if seen "$(trim "$bait")" "$(trim "$host")"; then
        found=$((found + 1))
    else
        fail "$(trim "$name"): not found: $(grep '"bait.seen"\|"world.session\|"world.request' "$log" | cut -c1-200 | tail -4) $(tail -3 "$work/out")"
    fi
    grep -q 'VB-EXFIL' "$work/err" || fail "$(trim "$name"): no finding"
done <"$source_dir/tests/live/exfil/stolen"

clean=0 honest=0
while IFS='|' read -r name command; do
    case $name in '#'* | '') continue ;; esac
    honest=$((honest + 1))
    record "$command"
    if grep -q 'VB-EXFIL' "$work/err"; then
        fail "$(trim "$name"): $(grep -B2 -A6 VB-EXFIL "$work/err" | head -20)"
    else
        clean=$((clean + 1))
    fi
done <"$source_dir/tests/live/exfil/honest"
echo "$found of $tried thefts found, $clean of $honest honest programs let be"
[ "$tried" -ge 65 ] && [ "$honest" -ge 30 ] || fail "too few: $tried thefts, $honest honest programs"
finish
