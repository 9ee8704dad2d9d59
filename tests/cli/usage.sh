# Help, version, and every way to call vetbox wrongly.
. "$2/tests/cli/lib.sh"

run --help
expect_status 0 "--help"
expect_in "$work/out" "usage: vetbox COMMAND" "--help"
run --version
expect_status 0 "--version"
expect_in "$work/out" "vetbox " "--version"
run
expect_status 64 "no command"
run frobnicate
expect_status 64 "unknown command"
for command in vet scan verify unpack fetch run judge report rules explain doctor; do
    run "$command" --help
    expect_status 0 "$command --help"
    expect_in "$work/out" "usage: vetbox $command" "$command --help"
done

run vet
expect_error "vet without a reference"
run vet --no-such-option x
expect_error "an unknown option"
expect_in "$work/err" "--no-such-option" "an unknown option"
run vet --timeout
expect_error "an option without its argument"
run vet --timeout 0 "$source_dir/examples/weather-skill"
expect_error "a timeout of 0"
run vet --timeout ten "$source_dir/examples/weather-skill"
expect_error "a timeout that is no number"
run scan --format pdf "$source_dir/examples/weather-skill"
expect_error "an unknown format"
run scan --fail-on allow "$source_dir/examples/weather-skill"
expect_error "an unknown --fail-on"
run scan --report json "$source_dir/examples/weather-skill"
expect_error "--report without a file"
run unpack x.zip
expect_error "unpack without -d"
run fetch https://example.invalid/x
expect_error "fetch without -o"
run judge
expect_error "judge without evidence"
run rules frob
expect_error "an unknown action of rules"
run explain VB-NO-SUCH
expect_error "an unknown finding"
run vet gopher:something
expect_error "an unknown scheme"

run rules list
expect_status 0 "rules list"
[ "$(wc -l <"$work/out")" -ge 40 ] || fail "fewer than 40 YARA rules"
run rules check
expect_status 0 "rules check"
run explain
expect_status 0 "explain"
id=$(head -1 "$work/out" | cut -d' ' -f1)
run explain "$id"
expect_status 0 "explain $id"
expect_in "$work/out" "severity" "explain $id"
finish
