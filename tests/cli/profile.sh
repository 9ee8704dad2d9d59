# Least privilege out of what was seen: --emit-profile.
. "$2/tests/cli/lib.sh"
needs_boxes

run vet --emit-profile srt "$source_dir/examples/weather-skill"
expect_status 0 "a profile instead of the report"
expect_in "$work/out" '"api.open-meteo.com"' "the host that it needs"
expect_in "$work/out" '"~/.ssh"' "what it does not need"
expect_not_in "$work/out" "Coverage" "the report"
python3 -m json.tool "$work/out" >/dev/null || fail "it is no JSON"

run vet --evidence "$work/kept" --emit-profile "apparmor=$work/aa" "$source_dir/examples/weather-skill"
expect_status 0 "report and profile"
expect_in "$work/out" "What it says and what it does" "the report"
expect_in "$work/aa" '"/usr/bin/curl" mrix,' "the profile"
run report --emit-profile seccomp "$work/kept"
expect_status 0 "a profile of kept evidence"
expect_in "$work/out" '"SCMP_ACT_ERRNO"' "a profile of kept evidence"
cp "$work/out" "$work/first"
run judge --emit-profile seccomp "$work/kept"
cmp -s "$work/out" "$work/first" || fail "the same evidence gives another profile"

# Nothing makes a package safe that is block.
run vet --emit-profile "srt=$work/none" "$source_dir/examples/key-backup-skill"
expect_status 1 "a package that is block"
expect_in "$work/err" "no profile" "a package that is block"
[ -e "$work/none" ] && fail "a package that is block got a profile"

run judge --emit-profile srt "$source_dir/tests/sim/static-only.jsonl"
expect_error "nothing was run"
run vet --emit-profile firejail "$source_dir/examples/weather-skill"
expect_error "an unknown profile"
run vet --emit-profile srt= "$source_dir/examples/weather-skill"
expect_error "a profile without a file"
run vet --emit-profile srt "$source_dir/examples/weather-skill" "$source_dir/examples/key-backup-skill"
expect_error "a profile of two"
finish
