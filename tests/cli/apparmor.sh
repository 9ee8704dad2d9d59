# AppArmor profiles of recorded logs, read by AppArmor's own parser: it needs no kernel for that.
. "$2/tests/cli/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
if ! command -v apparmor_parser >/dev/null || [ ! -d /etc/apparmor.d/abstractions ]; then
    echo "SKIPPED: apparmor_parser and its abstractions are not installed"
    exit 77
fi
read_profiles=0
for log in "$source_dir"/tests/sim/*.jsonl; do
    run judge -q --emit-profile "apparmor=$work/profile" "$log"
    [ -s "$work/profile" ] || continue # a package that is block, or of which nothing was run
    apparmor_parser -Q -K "$work/profile" >"$work/parsed" 2>&1 ||
        fail "$(basename "$log"): $(tail -3 "$work/parsed")"
    rm "$work/profile"
    read_profiles=$((read_profiles + 1))
    [ "$read_profiles" -lt 12 ] || break # they are much alike
done
[ "$read_profiles" -ge 10 ] || fail "only $read_profiles profiles were made"
finish
