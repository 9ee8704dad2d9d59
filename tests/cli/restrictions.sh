# Machines that restrict namespaces, each restriction made for real in namespaces of the test's own
# (restricted.c): recognised by trying, answered with the exact fix, in one line and without a verdict.
. "$2/tests/cli/lib.sh"
chmod 755 "$work" && chmod 777 "$HOME" "$XDG_CACHE_HOME"

tool=$3/tests/restricted
limited() {
    "$tool" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
}
not_tried() {
    echo "not tried: $1: $(tail -1 "$work/err")"
}
limited none "$vetbox" doctor -q
if [ "$status" -ne 0 ]; then
    echo "SKIPPED: no namespaces to try it in: $(tail -1 "$work/err")"
    exit 77
fi

# recognised CONDITION LAYER FIX: doctor says that LAYER is missing and below it how to mend it; so do
# the docs; and where it is the first of containment, vet fails with that line.
recognised() {
    limited "$1" "$vetbox" doctor
    if [ "$status" -eq 99 ]; then
        not_tried "$1"
        return
    fi
    grep -F -A 1 " $2  " "$work/out" >"$work/layer"
    expect_in "$work/layer" "to mend it:" "$1: $2"
    expect_in "$work/layer" "$3" "$1: $2"
    expect_in "$source_dir/docs/layers.md" "$3" "the documentation of $1"
    if grep -q "^missing" "$work/layer"; then
        expect_status 0 "doctor with $1"
        return
    fi
    expect_status 69 "doctor with $1"
    # vet names the first layer that is missing.
    grep -m 1 "^MISSING" "$work/out" | grep -qF " $2  " || return
    limited "$1" "$vetbox" vet "$source_dir/examples/weather-skill"
    expect_error "vet with $1"
    expect_in "$work/err" "$3" "vet with $1"
}

while IFS='|' read -r condition layer fix; do
    recognised "$condition" "$layer" "$fix"
done <<'ROWS'
max_user_namespaces=0|user namespace|user.max_user_namespaces
max_mnt_namespaces=0|mount namespace|user.max_mnt_namespaces
max_pid_namespaces=0|pid namespace and /proc|user.max_pid_namespaces
max_net_namespaces=0|network namespace|user.max_net_namespaces
max_net_namespaces=1|network namespace|user.max_net_namespaces
max_ipc_namespaces=0|ipc namespace|user.max_ipc_namespaces
max_uts_namespaces=0|uts namespace|user.max_uts_namespaces
max_cgroup_namespaces=0|cgroup namespace|user.max_cgroup_namespaces
max_time_namespaces=0|time namespace|user.max_time_namespaces
userns-clone|user namespace|kernel.unprivileged_userns_clone=1
apparmor|mount namespace|share/vetbox/apparmor/vetbox
masked-proc|pid namespace and /proc|systempaths=unconfined
docker|user namespace|share/vetbox/container/seccomp.json
docker|pidfd|share/vetbox/container/seccomp.json
chroot|user namespace|in a chroot
yama|memory of the observed|kernel.yama.ptrace_scope
yama|seccomp notification|kernel.yama.ptrace_scope
no-nf-tables|nf_tables tproxy|modprobe nft_tproxy
no-override|moved clock|proc_mem.force_override=always
no-cgroup|cgroup limits|systemd-run --user --scope -p Delegate=yes
ROWS

# A security module that says nothing of itself: the filter that stands for it here is what is seen.
limited security-module "$vetbox" doctor
expect_status 69 "doctor with a security module"

# Without nf_tables a listener is made for each port that is tried; doctor and each run say so.
limited no-nf-tables "$vetbox" doctor
expect_in "$work/out" "a listener is made for each port" "doctor without nf_tables"
limited no-nf-tables "$vetbox" run --color never -- \
    bash -c 'exec 3<>/dev/tcp/198.51.100.7/80 && echo answered'
expect_status 0 "run without nf_tables"
expect_in "$work/out" "answered" "run without nf_tables"
expect_in "$work/err" "caught network" "run without nf_tables"

# What is no obstacle: a kernel that allows no executable memory files, and the profile that we ship.
profile=$source_dir/packaging/container/seccomp.json
# (A sanitizer's leak check cannot work under such a filter.)
export ASAN_OPTIONS=detect_leaks=0
for condition in memfd-noexec "profile=$profile"; do
    limited "$condition" "$vetbox" doctor
    if [ "$status" -eq 99 ]; then
        not_tried "$condition"
        continue
    fi
    expect_status 0 "doctor with $condition"
    expect_not_in "$work/out" "MISSING" "doctor with $condition"
    limited "$condition" "$vetbox" run -q -- true
    expect_status 0 "run with $condition"
done
finish
