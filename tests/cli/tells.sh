# What a package can tell a box from a laptop by (tests/live/tells): nothing but what docs/tells.md
# lists; and what is listed there must still show, so that the list does not rot.
. "$2/tests/cli/lib.sh"
needs_boxes

known=$source_dir/docs/tells.md
# names WHEN: of the rows "| `NAME` | WHEN | ...".
names() {
    sed -n "s/^| \`\([a-z-]*\)\` | $1 |.*/\1/p" "$known" | sort
}
look() {
    "$vetbox" run --timeout 120 -q -C "$source_dir/tests/live/tells" -- python3 -B tells.py \
        >"$work/$1" 2>"$work/err" </dev/null
    status=$?
    expect_status 0 "looking for a sandbox"
}

look first
look second
sed -n 's/^tell \([a-z-]*\):.*/\1/p' "$work/first" | sort >"$work/shown"
sed -n 's/^left \([a-z-]*\):.*/\1/p' "$work/first" | sort >"$work/left"
sed -n 's/^[a-z]* \([a-z-]*\).*/\1/p' "$work/first" | sort >"$work/asked"
names always >"$work/always"
names '\(always\|depends\)' >"$work/listed"

for name in $(comm -23 "$work/shown" "$work/listed"); do
    fail "a sandbox shows: $(grep "^tell $name:" "$work/first")"
done
sort -u "$work/shown" "$work/left" >"$work/accounted"
for name in $(comm -23 "$work/always" "$work/accounted"); do
    fail "$name stands in docs/tells.md and shows no more"
done
for name in $(comm -23 "$work/listed" "$work/asked"); do
    fail "$name stands in docs/tells.md and nothing asks for it"
done
[ -z "$(uniq -d "$work/listed")" ] || fail "listed twice: $(uniq -d "$work/listed")"

# Nothing is the same secret in the next run.
for run in first second; do
    sed -n 's/^secret //p' "$work/$run" | sort >"$work/$run.secrets"
done
[ "$(wc -l <"$work/first.secrets")" -ge 30 ] || fail "few secrets: $(wc -l <"$work/first.secrets")"
same=$(comm -12 "$work/first.secrets" "$work/second.secrets")
[ -z "$same" ] || fail "the same in two runs: $(echo "$same" | wc -l) secrets"

asked=$(grep -c -v '^secret ' "$work/first")
[ "$asked" -ge 75 ] || fail "only $asked rows"
echo "$asked rows, $(wc -l <"$work/shown") known tells; left out: $(tr '\n' ' ' <"$work/left")"
finish
