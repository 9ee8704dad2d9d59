# A kernel that gives no user namespaces: one clear line that names the setting, no verdict.
. "$2/tests/cli/lib.sh"
chmod 755 "$work" && chmod 777 "$HOME" "$XDG_CACHE_HOME"

tool=$3/tests/without_namespaces
limited() {
    "$tool" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
}
limited true
if [ "$status" -ne 0 ]; then
    echo "SKIPPED: no user namespace to try it in"
    exit 77
fi
for command in vet scan; do
    limited "$vetbox" "$command" "$source_dir/examples/weather-skill"
    expect_error "$command without user namespaces"
    expect_in "$work/err" "max_user_namespaces" "$command without user namespaces"
done
limited "$vetbox" doctor
expect_status 69 "doctor without user namespaces"
expect_in "$work/out" "MISSING" "doctor without user namespaces"
expect_in "$work/out" "max_user_namespaces" "doctor without user namespaces"
finish
