# What a package depends on, from an index on loopback: fetched once, kept, checked again, bounded.
. "$2/tests/cli/lib.sh"
needs_boxes

command -v python3 >/dev/null || { echo "SKIPPED: no python3, which is the index"; exit 77; }
mkfifo "$work/input" "$work/port"
python3 "$source_dir/tests/live/registry.py" "$work/requests" <"$work/input" >"$work/port" &
exec 3>"$work/input"
read -r port <"$work/port"
unset npm_config_registry https_proxy HTTPS_PROXY http_proxy all_proxy ALL_PROXY
unset VETBOX_DEPS VETBOX_CACHE_MIB
export PIP_INDEX_URL="http://127.0.0.1:$port/simple"
cache="$XDG_CACHE_HOME/vetbox/packages"

mkdir "$work/wants"
printf -- '---\nname: wants\ndescription: Says where it is.\n---\nRun `python3 main.py`.\n' >"$work/wants/SKILL.md"
echo 'import beta
print(beta.SIDE)' >"$work/wants/main.py"
echo 'beta[fast]==2.0' >"$work/wants/requirements.txt"

# asked FILE: how often the index was asked for the wheel.
asked() {
    grep -c "^/files/$1-[0-9.]*-py3-none-any.whl$" "$work/requests"
}

run vet --deps "save:$work/first" "$work/wants"
expect_status 0 "fetched"
[ "$(asked beta)" -eq 1 ] || fail "the wheel was not fetched"
[ "$(ls "$cache" | grep -c '^sha256-')" -eq 2 ] || fail "two wheels are not kept: $(ls -A "$cache")"
[ "$(ls -A "$cache" | grep -c '^\.new-')" -eq 0 ] || fail "an unfinished file is left"
run vet --deps "save:$work/second" "$work/wants"
expect_status 0 "kept"
[ "$(asked beta)" -eq 1 ] || fail "what is kept was fetched again"
diff -r "$work/first/pypi" "$work/second/pypi" >/dev/null || fail "what was kept is another"

# One that was changed is not used; the other is there, and what is missing is said.
sum=$(sha256sum "$work/first/pypi/gamma-0.5-py3-none-any.whl" | cut -d ' ' -f 1)
chmod u+w "$cache/sha256-$sum" && echo changed >"$cache/sha256-$sum"
run vet --deps "save:$work/third" "$work/wants"
tr '\n' ' ' <"$work/out" | tr -s ' ' >"$work/line"
expect_in "$work/line" "what was kept of them was damaged" "a changed file"
[ -e "$work/third/pypi/beta-2.0-py3-none-any.whl" ] || fail "one damaged file has lost all"
[ -e "$work/third/pypi/gamma-0.5-py3-none-any.whl" ] && fail "a damaged file was used"
run vet "$work/wants"
expect_status 0 "fetched anew"

# Nothing is kept beyond the limit, and it is a number.
rm -rf "$cache"
VETBOX_CACHE_MIB=0 run vet "$work/wants"
expect_status 0 "a small cache"
[ "$(ls -A "$cache" | wc -l)" -eq 0 ] || fail "more is kept than is wanted: $(ls -A "$cache")"
VETBOX_CACHE_MIB=much run vet "$work/wants"
expect_error "a limit that is no number"

exec 3>&-
wait
finish
