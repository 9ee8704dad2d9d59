# Several references: the worst verdict; an error if any could not be vetted.
. "$2/tests/cli/lib.sh"
needs_boxes

run vet "$source_dir/examples/weather-skill" "$source_dir/examples/key-backup-skill"
expect_status 1 "allow and block"
expect_in "$work/out" "weather-skill" "allow and block"
expect_in "$work/out" "key-backup-skill" "allow and block"
run vet --evidence "$work/evidence" "$source_dir/examples/weather-skill" "$work/no-such-file"
expect_status 66 "allow and an error"
[ -s "$work/evidence/1/events.jsonl" ] || fail "no evidence of the first package"
run vet -o "$work/both" --report json="$work/both.json" "$source_dir/examples/weather-skill" \
    "$source_dir/examples/key-backup-skill"
expect_status 1 "two reports in one file"
expect_in "$work/both" "weather-skill" "two reports in one file"
expect_in "$work/both" "key-backup-skill" "two reports in one file"
[ "$(grep -c '^{' "$work/both.json")" -eq 2 ] || fail "not two JSON reports in one file"
run vet -q "$source_dir/examples/weather-skill" "$source_dir/examples/weather-skill"
expect_status 0 "allow and allow"
[ -s "$work/out" ] && fail "--quiet says something"
finish
