# Two threads race the recorder: one makes a call, the other changes what its argument points to between
# the record and the kernel's own reading. What the box's resources show gives it away, and the verdict
# names it. A race is won by chance: a try that the record was not fooled by has the deed in the record,
# and proves nothing here.
. "$2/tests/cli/lib.sh"
needs_boxes
build=$3

# try RACE DEED: once. What DEED names stands in the report, or it was hidden and that is named.
try() {
    run run --color never --copy "$build/tests/escape/$1" -- "./$1"
    case $(cat "$work/out") in
    worked:*) ;;
    held:*) return 1 ;;
    *) fail "$1: $(cat "$work/out" "$work/err")" ;;
    esac
    grep -q VB-EVASION "$work/err" && return 0
    expect_in "$work/err" "$2" "$1: neither recorded nor named an evasion"
    return 1
}

hidden=0
while read -r race deed; do
    for _ in 1 2 3 4 5 6 7 8; do
        if try "$race" "$deed"; then
            hidden=$((hidden + 1))
            break
        fi
    done
done <<END
race-open .ssh/id_ed25519
race-exec id -u
race-connect 203.0.113.66
END
if [ "$hidden" -eq 0 ] && [ "$failures" -eq 0 ]; then
    echo "SKIPPED: the recorder was fooled by no race on this machine"
    exit 77
fi
echo "$hidden of 3 races were won, and named"
finish
