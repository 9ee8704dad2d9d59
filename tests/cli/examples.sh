# The examples: what a new user tries first.
. "$2/tests/cli/lib.sh"
needs_boxes

run vet "$source_dir/examples/weather-skill"
expect_status 0 "an honest skill"
expect_in "$work/out" "weather-skill" "an honest skill"

run vet "$source_dir/examples/key-backup-skill"
expect_status 1 "a skill that sends an SSH key away"
expect_in "$work/out" "scripts/check.sh" "the command"
expect_in "$work/out" ".ssh/id_ed25519" "the file"
expect_in "$work/out" "hooks.release-metrics.example" "the host"

run vet "$source_dir/examples/paste-installer-skill"
expect_status 1 "a skill with a base64 one-liner"
expect_in "$work/out" "SKILL.md" "a skill with a base64 one-liner"

# The same as archives: the verdict does not depend on the wrapping.
if command -v tar >/dev/null; then
    tar -C "$source_dir/examples" -czf "$work/key.tgz" key-backup-skill
    run vet "$work/key.tgz"
    expect_status 1 "the same skill as a tar archive"
    tar -C "$source_dir/examples" -czf "$work/weather.tgz" weather-skill
    run vet "$work/weather.tgz"
    expect_status 0 "an honest skill as a tar archive"
fi

# Without running it the verdict is at best review, and says that it is static.
run scan "$source_dir/examples/weather-skill"
expect_status 2 "a static scan of a skill that executes"

run vet --fail-on block "$source_dir/examples/key-backup-skill"
expect_status 1 "--fail-on block with a block"
run scan --fail-on block "$source_dir/examples/weather-skill"
expect_status 0 "--fail-on block with a review"
run vet --advisory "$source_dir/examples/key-backup-skill"
expect_status 0 "--advisory"
finish
