# Evidence: judge and report give the same bytes again, from the log alone.
. "$2/tests/cli/lib.sh"
needs_boxes

run vet --evidence "$work/evidence" --report json="$work/first.json" \
    "$source_dir/examples/key-backup-skill"
expect_status 1 "vet with evidence"
cp "$work/out" "$work/first.text"
[ -s "$work/evidence/events.jsonl" ] || fail "no event log in the evidence folder"

run judge "$work/evidence"
expect_status 1 "judge"
cmp -s "$work/out" "$work/first.text" || fail "judge does not give the same text again"
run judge --format json "$work/evidence"
expect_status 1 "judge --format json"
cmp -s "$work/out" "$work/first.json" || fail "judge does not give the same JSON again"
run report --format json "$work/evidence"
expect_status 0 "report exits 0"
cmp -s "$work/out" "$work/first.json" || fail "report does not give the same JSON"
run judge --format json -o "$work/second.json" "$work/evidence/events.jsonl"
expect_status 1 "judge with the log itself"
cmp -s "$work/second.json" "$work/first.json" || fail "judge -o does not give the same JSON"

# Another policy, another verdict, from the same evidence.
cp "$source_dir/rules/policy.yaml" "$work/policy.yaml"
run judge --policy "$work/policy.yaml" --format json "$work/evidence"
expect_status 1 "judge with a copy of the built-in policy"
# Only the policy's name may differ.
sed 's/policy\.yaml/built-in policy/' "$work/out" | cmp -s - "$work/first.json" ||
    fail "the built-in policy is not rules/policy.yaml"

head -c 2000 "$work/evidence/events.jsonl" >"$work/cut.jsonl"
run judge "$work/cut.jsonl"
expect_error "a log that was cut"
finish
