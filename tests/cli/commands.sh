# Commands that this machine lacks are answered, so that what comes behind them runs; and that is said.
. "$2/tests/cli/lib.sh"
needs_boxes
"$vetbox" doctor | grep '^yes.* overlay ' >/dev/null || {
    echo "SKIPPED: no overlay for a user here"
    exit 77
}

# None of these is on a Linux machine, but for those who put it there.
for name in brew osascript pbpaste op; do
    command -v $name >/dev/null && { echo "SKIPPED: $name is installed here"; exit 77; }
done

run run -- sh -c 'brew install jq && osascript -e "display dialog \"password\"" && pbpaste && echo "end: $(op --version)"'
expect_in "$work/out" "Pouring jq" "brew"
expect_in "$work/out" "text returned:" "osascript"
expect_in "$work/out" "end: 2" "what comes behind them"
for name in brew osascript pbpaste op; do
    expect_in "$work/err" "$name, not installed: a stand-in answered" "$name is told of"
done
run run -- sh -c 'ls /usr/local/bin/brew && echo x >/usr/local/bin/brew; true'
expect_not_in "$work/err" "a stand-in answered" "what was not run is not told of"
expect_in "$work/out" "/usr/local/bin/brew" "it is a file"

# As whoever has no sudo or crontab on his machine would do.
if ! command -v sudo >/dev/null && ! command -v crontab >/dev/null; then
    run run -- sh -c 'sudo -u root -E id -u; sudo A=1 sh -c "echo A=\$A"; echo "0 4 * * * echo job" | crontab -; crontab -l'
    expect_in "$work/out" "1000" "sudo runs its command as the user"
    expect_in "$work/out" "A=1" "with what it sets"
    expect_in "$work/out" "0 4 * * * echo job" "crontab keeps its jobs"
    mkdir "$work/cron"
    printf -- '---\nname: cron\ndescription: x\n---\n```bash\n(crontab -l; echo "@daily echo the job ran") | crontab -\n```\n' >"$work/cron/SKILL.md"
    run vet "$work/cron" --evidence "$work/cron.ev"
    expect_in "$work/cron.ev/events.jsonl" "the job ran" "and they are tried"
fi

# python is python3 on most machines, and what is behind it is no stand-in.
if [ -x /usr/bin/python3 ]; then
    run run -- python -c 'import sys; print("major", sys.version_info[0])'
    expect_status 0 "python is there"
    expect_in "$work/out" "major 3" "python is python3"
    expect_not_in "$work/err" "a stand-in answered" "python is no stand-in"
fi

finish
