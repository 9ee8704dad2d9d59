# npm:NAME and pypi:NAME: from an index on loopback, as the user's own npm and pip are set to it.
. "$2/tests/cli/lib.sh"

command -v python3 >/dev/null || { echo "SKIPPED: no python3, which is the index"; exit 77; }
mkfifo "$work/input" "$work/port"
python3 "$source_dir/tests/live/registry.py" "$work/requests" <"$work/input" >"$work/port" &
exec 3>"$work/input"
read -r port <"$work/port"
base="http://127.0.0.1:$port"
export npm_config_userconfig="$work/npmrc" PIP_CONFIG_FILE="$work/pip.conf"
export SESAME=sesame
unset npm_config_registry PIP_INDEX_URL
cat >"$npm_config_userconfig" <<END
; the company's
registry = $base/npm/
//127.0.0.1:$port/npm/:_authToken=\${SESAME}
END
printf '[global]\nindex-url = http://user:word@127.0.0.1:%s/simple\n' "$port" >"$PIP_CONFIG_FILE"

# The newest that nobody advises against, by tag, by version, with a scope and its token.
run fetch npm:left -o "$work/left.tgz"
expect_status 0 "a package of npm"
tar -xOf "$work/left.tgz" package/package.json >"$work/out" || fail "it is no package"
expect_in "$work/out" '"version": "1.0.0"' "the newest is deprecated"
run fetch npm:right@^2.0.0 -o "$work/right.tgz"
expect_status 0 "a range"
tar -xOf "$work/right.tgz" package/package.json >"$work/out"
expect_in "$work/out" '"version": "2.1.0"' "a range"
run fetch npm:@acme/tool -o "$work/tool.tgz"
expect_status 0 "a scope with a token"
run scan npm:right@2.1.0
expect_in "$work/out" "npm:right@2.1.0" "the report names what was asked for"

run fetch pypi:Beta -o "$work/beta.whl"
expect_status 0 "a package of PyPI, by a page in HTML"
python3 -c 'import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).namelist())' "$work/beta.whl" >"$work/out"
expect_in "$work/out" "beta-2.0.dist-info" "a prerelease is not taken"
run fetch pypi:beta@1.0 -o "$work/beta1.whl"
expect_status 0 "a version"
run fetch pypi:beta==3.0b1 -o "$work/beta3.whl"
expect_status 0 "a prerelease that is named"

# What does not go.
for row in "npm:crooked another digest" "pypi:crooked another digest" "npm:nobody 404" \
           "npm:right@9 no version 9" "npm:../etc no name" "pypi:a/b no name" "npm:foreign/x no name" \
           "pypi:impostor those of other projects are not taken"; do
    run fetch "${row%% *}" -o "$work/refused"
    expect_error "${row%% *}"
    expect_in "$work/err" "${row#* }" "${row%% *}"
    [ -e "$work/refused" ] && fail "${row%% *} was kept"
done

# A registry without an answer, and the index behind another port: the token goes to neither.
printf 'registry = http://127.0.0.1:9/\n//127.0.0.1:%s/npm/:_authToken=sesame\n' "$port" >"$npm_config_userconfig"
run fetch npm:left -o "$work/refused"
expect_error "a registry that is not there"
[ "$(grep -c "^/npm/.* secret$" "$work/requests")" -gt 0 ] || fail "no request came with its token"
[ "$(grep -c "^/simple/.* secret$" "$work/requests")" -gt 0 ] || fail "pip's password was not used"
grep -q sesame "$work/out" "$work/err" && fail "the token was said"

exec 3>&-
wait
finish
