# A run that asks is answered; one that only waits for input finds its end, and soon.
. "$2/tests/cli/lib.sh"
needs_boxes

mkdir -p "$work/asker"
cat >"$work/asker/SKILL.md" <<'END'
---
name: asker
description: Asks its user.
---
```python
name = input("Your name: ")
word = input("Password? ")
go = input("Continue? [y/N] ")
path = input("Which file? ")
print("got:", name, word, go, path)
```

```bash
cat
echo "after cat"
python3 -c 'import sys; print("read", len(sys.stdin.read()))'
read x || echo "no input"
```

```python
while True:
    print(input("again? "))
```

```python
import time
print("working...", end="", flush=True)
time.sleep(3)
print("asked:", input("Sure (yes/no)? "))
```
END
began=$(date +%s)
run vet "$work/asker" --evidence "$work/asked"
[ $(($(date +%s) - began)) -lt 20 ] || fail "questions took $(($(date +%s) - began)) s"
log=$work/asked/events.jsonl
# What each run printed, whole: the log tells of it as it comes.
python3 - "$log" >"$work/printed" <<'END'
import json, sys
runs = {}
for line in open(sys.argv[1]):
    event = json.loads(line)
    if event["kind"] == "detonation.output":
        key = (event["detonation"], event["stream"])
        runs[key] = runs.get(key, "") + event["text"]
for text in runs.values():
    print(json.dumps(text))
END
expect_in "$work/printed" 'got: alex Sommer-2026! y /home/alex/Documents/standup.md' "answers that fit"
expect_in "$work/printed" 'after cat\nread 0\nno input' "who only reads finds the end"
expect_in "$log" '"detail":"Password? "' "the question is told"
expect_in "$work/printed" 'EOFError' "a loop of questions ends"
[ "$(grep '"kind":"detonation.answer"' "$log" | grep -c 'again')" -eq 32 ] || fail "not 32 answers"
expect_in "$work/printed" 'asked: yes' "nothing is answered before it is asked"
grep '"kind":"detonation.end"' "$log" | grep -q timeout && fail "a question ran into the limit"

finish
