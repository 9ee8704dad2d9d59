/* layers: `vetbox doctor` and the refusal to run without containment. Each layer is tried for real,
 * by a throw-away child that is as unprivileged as a box: that a flag exists says nothing about
 * whether this host, container or security module lets us use it. */
#include "sandbox/box/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/confine.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/probe.h"

enum { PROBE_PATIENCE_MS = 5000 };

#define OBSERVE                                                                                    \
    "allow pidfd_getfd and process_vm_readv: the sysctl kernel.yama.ptrace_scope below 3, and in " \
    "a container the seccomp profile share/vetbox/container/seccomp.json"

/* NAMESPACE: which of the sysctls user.max_*_namespaces counts it. FIX: what to change when the
 * reason lies in the layer itself rather than in what stands in the way of namespaces here. A test
 * holds these rows against docs/layers.md and vetbox(1). */
static const struct layer {
    const char *name;
    enum vb_layer_purpose purpose;
    const char *since; /* the least kernel of what the probe uses */
    void (*probe)(struct vb_probe *ret);
    const char *namespace;
    const char *fix;
} layers[] = {
    {"user namespace", VB_LAYER_CONTAINMENT, "3.8", vb_probe_user, "user", NULL},
    {"mount namespace", VB_LAYER_CONTAINMENT, "5.12", vb_probe_mount, "mnt", NULL},
    {"pid namespace and /proc", VB_LAYER_CONTAINMENT, "5.8", vb_probe_pid, "pid", NULL},
    {"network namespace", VB_LAYER_CONTAINMENT, "3.8", vb_probe_network, "net", NULL},
    {"ipc namespace", VB_LAYER_CONTAINMENT, "3.8", vb_probe_ipc, "ipc", NULL},
    {"uts namespace", VB_LAYER_CONTAINMENT, "3.8", vb_probe_uts, "uts", NULL},
    {"cgroup namespace", VB_LAYER_CONTAINMENT, "4.6", vb_probe_cgroup, "cgroup", NULL},
    {"seccomp filter", VB_LAYER_CONTAINMENT, "3.5", vb_probe_filter, NULL,
     "use a kernel with CONFIG_SECCOMP_FILTER=y"},
    {"seccomp notification", VB_LAYER_CONTAINMENT, "5.19", vb_probe_notification, NULL,
     "use a kernel of 5.19 or later; " OBSERVE},
    {"seccomp descriptors", VB_LAYER_FIDELITY, "5.14", vb_probe_addfd, NULL,
     "use a kernel of 5.19 or later; " OBSERVE},
    {"memory of the observed", VB_LAYER_CONTAINMENT, "3.2", vb_probe_memory, NULL, OBSERVE},
    {"pidfd", VB_LAYER_CONTAINMENT, "5.3", vb_probe_pidfd, NULL,
     "use a kernel of 5.19 or later; in a container, the seccomp profile "
     "share/vetbox/container/seccomp.json"},
    {"memory file", VB_LAYER_CONTAINMENT, "3.17", vb_probe_memfd, NULL,
     "use a kernel with CONFIG_MEMFD_CREATE=y; in a container, a seccomp profile that allows "
     "memfd_create"},
    {"Landlock", VB_LAYER_FIDELITY, "5.13", vb_probe_landlock, NULL,
     "use a kernel of 5.13 or later with landlock in the boot parameter lsm= (a second wall around "
     "the parsers)"},
    {"overlay", VB_LAYER_FIDELITY, "6.6", vb_probe_overlay, "mnt",
     "use a kernel of 6.6 or later with CONFIG_OVERLAY_FS and CONFIG_TMPFS_XATTR (each box then "
     "copies what it needs, and /usr is read-only)"},
    {"time namespace", VB_LAYER_FIDELITY, "5.6", vb_probe_time, "time",
     "use a kernel of 5.6 or later with CONFIG_TIME_NS=y (the box then shows its own uptime)"},
    {"moved clock", VB_LAYER_FIDELITY, "5.3", vb_probe_clock, NULL,
     "boot with proc_mem.force_override=always, which is the default (until then waits take as "
     "long as they say, and every run is of today)"},
    {"nf_tables tproxy", VB_LAYER_FIDELITY, "4.19", vb_probe_tproxy, "net",
     "use a kernel with CONFIG_NF_TABLES_IPV4=y and CONFIG_NFT_TPROXY; as modules: modprobe "
     "nft_tproxy (until then a package that hides which port it tries is not answered there)"},
    {"cgroup limits", VB_LAYER_FIDELITY, "5.14", vb_probe_limits, NULL,
     "start it with a control group of its own: systemd-run --user --scope -p Delegate=yes vetbox "
     "... (root without --user; in a container as its first process, with /sys/fs/cgroup writable; "
     "until then rlimits and a watch every 50 ms hold a box)"},
};

static _Noreturn void probe_main(const struct layer *layer, int fd)
{
    struct vb_error err = {0};
    struct vb_probe answer = {0};
    errno = 0;
    if (vb_sys_die_with_parent() < 0)
        vb_probe_refuse(&answer, VB_STEP_CALL, "prctl");
    else if (vb_drop_to_sandbox_user(&err) < 0)
        vb_probe_say(&answer, false, "%s", err.message);
    else
        layer->probe(&answer);
    _exit(write(fd, &answer, sizeof(answer)) != (ssize_t)sizeof(answer));
}

static int try_layer(const struct layer *layer, struct vb_probe *ret, struct vb_error *err)
{
    int ends[2];
    /* Its group is this process's own, where a child would not be alone; nothing of it stays. */
    if (layer->probe == vb_probe_limits) {
        layer->probe(ret);
        return VB_OK;
    }
    if (pipe2(ends, O_CLOEXEC) < 0)
        return vb_fail(err, VB_E_OS, errno, "probing the kernel");
    VB_CLEANUP_FD int ours = ends[0];
    VB_CLEANUP_FD int theirs = ends[1];
    const pid_t pid = fork();
    if (pid < 0)
        return vb_fail(err, VB_E_OS, errno, "probing the kernel");
    if (pid == 0)
        probe_main(layer, theirs);
    vb_close_fd(&theirs);
    struct pollfd fd = {.fd = ours, .events = POLLIN};
    const bool heard = poll(&fd, 1, PROBE_PATIENCE_MS) > 0 &&
                       read(ours, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret);
    int status = 0;
    if (!heard)
        (void)kill(pid, SIGKILL);
    if (vb_sys_reap(pid, &status) < 0)
        return vb_fail(err, VB_E_OS, errno, "probing the kernel");
    if (!heard && WIFSIGNALED(status))
        vb_probe_say(ret, false, "the probe was killed by signal %d", WTERMSIG(status));
    else if (!heard)
        vb_probe_say(ret, false, "the probe ended without an answer");
    return VB_OK;
}

/* Two lines of one table: for a namespace that is refused, what stands in its way here. */
static const char *fix_of(const struct layer *layer, const struct vb_probe *answer)
{
    const struct vb_obstacle obstacle = {
        .system_errno = answer->system_errno,
        .namespace = answer->step == VB_STEP_USER ? "user" : layer->namespace,
        .proc = answer->step == VB_STEP_PROC,
    };
    const bool counted = answer->system_errno == ENOSPC || answer->system_errno == EUSERS;
    if (answer->step == VB_STEP_CALL && layer->fix != NULL)
        return layer->fix;
    if (answer->step == VB_STEP_NAMESPACE && !counted && layer->fix != NULL)
        return layer->fix;
    return vb_namespace_advice(&obstacle);
}

int vb_layers_probe(struct vb_layer_report ret[VB_LAYERS_MAX], struct vb_error *err)
{
    _Static_assert(VB_ARRAY_LEN(layers) <= VB_LAYERS_MAX, "too many layers");
    for (size_t i = 0; i < VB_ARRAY_LEN(layers); i++) {
        struct vb_probe answer = {0};
        const int status = try_layer(&layers[i], &answer, err);
        if (status < 0)
            return status;
        ret[i] = (struct vb_layer_report){
            .name = layers[i].name,
            .purpose = layers[i].purpose,
            .since = layers[i].since,
            .present = answer.present,
            .fix = answer.present ? NULL : fix_of(&layers[i], &answer),
        };
        memcpy(ret[i].detail, answer.detail, sizeof(ret[i].detail));
    }
    return (int)VB_ARRAY_LEN(layers);
}

static int refuse(const struct layer *layer, const struct vb_probe *answer, struct vb_error *err)
{
    return vb_fail(err, VB_E_UNAVAILABLE, 0, "this kernel cannot contain a package: %s: %s; %s",
                   layer->name, answer->detail, fix_of(layer, answer));
}

int vb_layers_require(struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(layers); i++) {
        struct vb_probe answer = {0};
        /* Whatever else is missing ends the making of a box. */
        if (layers[i].probe != vb_probe_memory)
            continue;
        const int status = try_layer(&layers[i], &answer, err);
        if (status < 0)
            return status;
        if (!answer.present)
            return vb_layers_explain(refuse(&layers[i], &answer, err), err);
    }
    return VB_OK;
}

int vb_layers_explain(int failed, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(layers); i++) {
        struct vb_probe answer = {0};
        struct vb_error ignored;
        if (layers[i].purpose != VB_LAYER_CONTAINMENT ||
            try_layer(&layers[i], &answer, &ignored) < 0)
            continue;
        if (!answer.present)
            return refuse(&layers[i], &answer, err);
    }
    return failed;
}
