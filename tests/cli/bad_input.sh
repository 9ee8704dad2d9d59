# Bad input: one clear line, status 64 and up, no verdict, nothing left behind.
. "$2/tests/cli/lib.sh"

run vet "$work/no-such-file"
expect_error "a file that is not there"

mkdir "$work/empty"
run vet "$work/empty"
expect_error "an empty folder"

printf 'just some words\n' >"$work/words"
run vet "$work/words"
expect_error "not a package"

: >"$work/nothing.zip"
run vet "$work/nothing.zip"
expect_error "an empty file"

printf 'PK\003\004 and then nothing that a zip would hold' >"$work/broken.zip"
run vet "$work/broken.zip"
expect_error "an archive that yields nothing"

printf '\037\213\010\000\000\000\000\000\000\003garbage' >"$work/broken.tgz"
run vet "$work/broken.tgz"
expect_error "a gzip stream that yields nothing"

mkfifo "$work/pipe"
run vet "$work/pipe"
expect_error "a FIFO"

run vet /dev/null
expect_error "a device"

if [ "$(id -u)" -ne 0 ]; then
    cp -r "$source_dir/examples/weather-skill" "$work/secret"
    chmod 000 "$work/secret/SKILL.md"
    run vet "$work/secret"
    expect_error "an unreadable file"
fi

mkdir -p "$work/rules/yara"
printf 'rule broken {\n  condition:\n    nonsense and\n}\n' >"$work/rules/yara/broken.yar"
run vet --rules "$work/rules" "$source_dir/examples/weather-skill"
expect_error "a rules folder with a syntax error"
expect_in "$work/err" "broken.yar" "a rules folder with a syntax error"
run vet --rules "$work/no-rules" "$source_dir/examples/weather-skill"
expect_error "no rules folder"

printf 'version: 1\nnonsense: true\n' >"$work/policy.yaml"
run vet --policy "$work/policy.yaml" "$source_dir/examples/weather-skill"
expect_error "a policy that is not understood"
expect_in "$work/err" "policy.yaml" "a policy that is not understood"

mkdir "$work/full"
: >"$work/full/something"
run vet --evidence "$work/full" "$source_dir/examples/weather-skill"
expect_error "an evidence folder that is not empty"

run judge "$work/empty"
expect_error "judging a folder without a log"
printf '{"seq":1}\n' >"$work/events.jsonl"
run judge "$work/events.jsonl"
expect_error "judging something that is no log"

run vet https://127.0.0.1:1/package.zip
expect_error "a server that is not there"
run vet --evidence "$work/unreached" https://alex:secret@127.0.0.1:1/package.zip
expect_error "a server that is not there, with a password"
expect_not_in "$work/err" "secret" "a password in a URL"
run vet http://127.0.0.1/package.zip
expect_error "a URL that is not https"
finish
