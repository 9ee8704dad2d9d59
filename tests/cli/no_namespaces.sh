# A kernel that gives no user namespaces: one clear line that names the setting, no verdict.
. "$2/tests/cli/lib.sh"
command -v unshare >/dev/null || { echo "SKIPPED: no unshare"; exit 77; }

# In a user namespace of our own the limit can be set to 0 without touching the machine.
inside='echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
if ! unshare -U -r sh -c "$inside" sh true 2>/dev/null; then
    echo "SKIPPED: this machine gives no user namespace to try it in"
    exit 77
fi
for command in vet scan; do
    unshare -U -r sh -c "$inside" sh "$vetbox" "$command" "$source_dir/examples/weather-skill" \
        >"$work/out" 2>"$work/err" </dev/null
    status=$?
    expect_error "$command without user namespaces"
    expect_in "$work/err" "max_user_namespaces" "$command without user namespaces"
done
unshare -U -r sh -c "$inside" sh "$vetbox" doctor >"$work/out" 2>"$work/err" </dev/null
status=$?
expect_status 69 "doctor without user namespaces"
expect_in "$work/out" "MISSING" "doctor without user namespaces"
expect_in "$work/out" "max_user_namespaces" "doctor without user namespaces"
finish
