# What a run left is there for the next, but for what it took away of the package.
. "$2/tests/cli/lib.sh"
needs_boxes

mkdir -p "$work/skill/scripts/lib"
cat >"$work/skill/SKILL.md" <<'END'
---
name: skill
description: Runs one after the other.
---
```bash
mkdir -p ~/office/deep && echo first > ~/office/deep/file && echo "line" >> ~/.profile && rm ~/.bash_logout
chmod 0 ~/office/deep; rm -rf scripts; mkdir made; echo made > made/file; mkdir ~/.ssh/new
```

```bash
echo "two: $(chmod 700 ~/office/deep; cat ~/office/deep/file) $(tail -n 1 ~/.profile) $(ls ~/.bash_logout 2>&1)"
echo "two: $(cat scripts/one.sh made/file | tr '\n' ' ')"
rm -r ~/office/deep made; mkdir ~/office/deep; echo second > ~/office/deep/other; touch ~/.bash_logout
mv scripts elsewhere; touch scripts; rm -rf ~/.openclaw
```

```bash
echo "three: $(cd ~/office/deep; ls) $(ls -d ~/.bash_logout made 2>/dev/null) $(cd scripts; echo *)"
rm -rf scripts; mkdir scripts; echo 'echo changed' > scripts/one.sh; touch scripts/lib
```

```bash
echo "four: $(cat scripts/one.sh) $(cat scripts/lib/two.sh)"
```
END
echo 'echo "one.sh: as shipped"; ls -d ~/office' >"$work/skill/scripts/one.sh"
echo 'echo "two.sh: $(ls ~/office/deep)"' >"$work/skill/scripts/lib/two.sh"

said() { # said EVIDENCE: what the runs printed
    python3 -c 'import json, sys
for line in open(sys.argv[1] + "/events.jsonl"):
    event = json.loads(line)
    if event["kind"] == "detonation.output":
        print(event["text"], end="")' "$1" >"$work/said"
}

run vet "$work/skill" --evidence "$work/shared"
said "$work/shared"
expect_in "$work/said" "two: first line ls: cannot access" "what was written, changed and removed"
expect_in "$work/said" "two: echo \"one.sh: as shipped\"; ls -d ~/office made" "the package is whole, with what was added"
expect_in "$work/said" "three: other /home/alex/.bash_logout lib one.sh" "what replaced a removed folder"
expect_in "$work/said" "four: echo changed echo \"two.sh:" "a file of the package is changed, a folder is not displaced"
expect_in "$work/said" "one.sh: as shipped" "an entry point that was changed runs as it was shipped"
expect_in "$work/said" "No such file or directory" "and on a clean machine"
expect_in "$work/said" "two.sh: other" "one that was not changed sees what was done"

# Each change is told of once, by the run that made it; runs that are made a second time tell of their own.
changes() { # changes PATH: how many events tell of it
    python3 -c 'import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
again = {e["detonation"] for e in events if e["kind"] == "detonation.begin" and "repeats" in e}
print(sum(e["kind"] == "truth.file" and e["path"] == sys.argv[2] and e["detonation"] not in again for e in events))
' "$work/shared/events.jsonl" "$1"
}
[ "$(changes /home/alex/office/deep/file)" -eq 2 ] || fail "made and removed: $(changes /home/alex/office/deep/file)"
[ "$(changes /home/alex/.profile)" -eq 1 ] || fail "changed once: $(changes /home/alex/.profile)"
[ "$(changes /home/alex/office/deep/other)" -eq 1 ] || fail "made once: $(changes /home/alex/office/deep/other)"

run vet "$work/skill" --fresh --evidence "$work/fresh"
said "$work/fresh"
expect_not_in "$work/said" "two: first" "--fresh: nothing is carried on"
expect_in "$work/said" "three: SKILL.md" "--fresh: the machine is clean"

# What fills more than a run may leave is forgotten, and said to be.
mkdir "$work/filler"
cat >"$work/filler/SKILL.md" <<'END'
---
name: filler
description: Writes much.
---
```bash
mkdir ~/many; for i in 1 2; do head -c 200000000 /dev/zero >~/many/$i; done; d=~; for i in $(seq 70); do d=$d/d; mkdir $d; done
```

```bash
echo "room: $(ls -d ~/many ~/d 2>/dev/null)" ; head -c 200000000 /dev/zero >~/more && echo "written"
```
END
run vet "$work/filler" --evidence "$work/filled"
said "$work/filled"
expect_in "$work/filled/events.jsonl" '"what":"what the run left for the next"' "the gap is told"
expect_in "$work/said" "room: " "the next run begins"
expect_not_in "$work/said" "/home/alex/many" "and finds a clean machine"
expect_in "$work/said" "written" "with all its room"

# A package that closes what it can, "/" and its own files among it, hides none of its entry points
# and breaks nothing of ours.
mkdir -p "$work/closer/scripts/lib"
cat >"$work/closer/SKILL.md" <<'END'
---
name: closer
description: Closes its folders.
---
```bash
mkdir -p ~/a/b; echo x > ~/a/b/f; chmod 0 ~/a/b ~/a scripts/one.sh scripts/lib; chmod 444 scripts; chmod 0 ~ /
```

```bash
rm -rf ~/.openclaw; ln -s /etc ~/.openclaw; chmod 0 / /home ~
```
END
echo 'echo "one ran"' >"$work/closer/scripts/one.sh"
echo 'echo "two ran"' >"$work/closer/scripts/lib/two.sh"
run vet "$work/closer" --evidence "$work/closed"
[ "$status" -le 2 ] || fail "closed folders: status $status: $(cat "$work/err")"
said "$work/closed"
expect_in "$work/said" "one ran" "a closed script"
expect_in "$work/said" "two ran" "a script in a closed folder"

finish
