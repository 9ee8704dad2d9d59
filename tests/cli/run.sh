# vetbox run: any command, recorded; it exits as the command does.
. "$2/tests/cli/lib.sh"
needs_boxes

run run -q -- sh -c 'echo hello; exit 7'
expect_status 7 "the command's own status"
expect_in "$work/out" "hello" "the command's own output"
run run -q -- sh -c 'kill -TERM $$'
expect_status 143 "a command that a signal ends"
run run --evidence "$work/evidence" -- sh -c 'cat ~/.ssh/id_ed25519 >/dev/null'
expect_status 0 "a command that reads a secret"
expect_in "$work/evidence/events.jsonl" '"kind":"bait.read"' "a command that reads a secret"
expect_in "$work/err" ".ssh/id_ed25519" "the report stands on standard error"
run run -q -- /no/such/program
expect_status 127 "a program that is not there"
run run
expect_status 125 "no command"
run run -q -C "$source_dir/examples/weather-skill" -- cat SKILL.md
expect_status 0 "a copy of a folder"
cmp -s "$work/out" "$source_dir/examples/weather-skill/SKILL.md" || fail "the copy differs"

# What the box is made of.
run run -q -- sh -c 'id -u; ls /home; cat /proc/net/dev | tail -n +3 | cut -d: -f1; ls /proc | grep -c "^[0-9]"'
expect_status 0 "a look around"
[ "$(sed -n 1p "$work/out")" = 1000 ] || fail "uid: $(sed -n 1p "$work/out")"
[ "$(sed -n 2p "$work/out")" = alex ] || fail "home: $(sed -n 2p "$work/out")"
[ "$(sed -n 3p "$work/out" | tr -d ' ')" = lo ] || fail "network: $(sed -n 3p "$work/out")"
run run -q -- sh -c 'grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status'
expect_in "$work/out" "CapEff:	0000000000000000" "no capabilities"
expect_in "$work/out" "NoNewPrivs:	1" "no new privileges"
expect_in "$work/out" "Seccomp:	2" "a syscall filter"
finish
