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
for command in vet scan verify unpack fetch run judge report rules explain doctor trust policy rootfs; do
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
run scan --color purple "$source_dir/examples/weather-skill"
expect_error "an unknown --color"
SOURCE_DATE_EPOCH=12x run scan "$source_dir/examples/weather-skill"
expect_error "a SOURCE_DATE_EPOCH that is no number"
run unpack x.zip
expect_error "unpack without -d"
run fetch https://example.invalid/x
expect_error "fetch without -o"
run judge
expect_error "judge without evidence"
run help rules
expect_status 0 "help of a command"
expect_in "$work/out" "usage: vetbox rules" "help of a command"
run help frob
expect_status 64 "help of an unknown command"

run rules frob
expect_error "an unknown action of rules"
run explain VB-CRED-FILE-UPLOAD
expect_status 0 "explain the finding of a YARA rule"
expect_in "$work/out" "YARA rule" "explain the finding of a YARA rule"
run explain VB-NO-SUCH
expect_error "an unknown finding"
run vet gopher:something
expect_error "an unknown scheme"

# What cannot be written is an error, and a closed descriptor is no place for the event log.
for arguments in --help --version "vet --help" explain; do
    # shellcheck disable=SC2086 # the arguments are words
    "$vetbox" $arguments >/dev/full 2>"$work/err"
    status=$?
    expect_status 74 "$arguments to a full device"
done
"$vetbox" scan --evidence "$work/closed" "$source_dir/examples/weather-skill" <&- >&- 2>&-
status=$?
: >"$work/err"
: >"$work/out"
expect_status 74 "scan with everything closed"
run judge -q "$work/closed"
expect_status 2 "the evidence of a scan with everything closed"

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

# Each code that unpack.h names for what is wrong with an entry of an archive can be looked up.
codes=$(sed -n '/^ \* Codes of archive.hostile/,/\*\//p' "$source_dir/include/vetbox/unpack.h" |
    grep '^ \*   ' | sed 's/([^)]*)//g; s/^ \*//; s/\*\///' | tr ' ' '\n' | grep -E '^[a-z]' | sort -u)
[ "$(echo "$codes" | wc -l)" -gt 50 ] || fail "no codes: $codes"
for code in $codes limit-file-bytes; do
    run explain "$code"
    expect_status 0 "explain $code"
    expect_in "$work/out" "VB-ARCHIVE-" "explain $code"
done
run explain no-such-code
expect_error "explain of what is neither a finding nor a code"

# run exits as its command does and reports on standard error: its help says so, and offers nothing else.
run run --help
expect_in "$work/out" "standard error" "run --help"
expect_not_in "$work/out" "standard output" "run --help"
expect_not_in "$work/out" "--fail-on" "run --help"
expect_not_in "$work/out" "--advisory" "run --help"
finish
