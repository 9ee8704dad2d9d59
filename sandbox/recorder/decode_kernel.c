/* Calls that no other kind describes, and calls that are refused. Trust boundary: see call.h. */
#include <asm/ioctls.h>
#include <errno.h>
#include <linux/prctl.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/utsname.h>

#include "sandbox/recorder/call.h"

static int emit_kernel(struct vb_call *call, const char *detail, struct vb_error *err)
{
    struct vb_event event;
    struct vb_str items[VB_SYSCALL_ARGS];
    char text[VB_SYSCALL_ARGS][24];
    vb_call_event(call, &event, VB_EV_KERNEL_CALL);
    vb_event_str(&event, VB_F_SYSCALL, call->name);
    vb_call_arguments(call, items, text);
    vb_event_list(&event, VB_F_ARGUMENTS, items, VB_SYSCALL_ARGS);
    vb_event_str(&event, VB_F_DETAIL, detail);
    return vb_call_emit(call, &event, err);
}

/* --- memory that is written and executed --- */

/* Compilers at run time ask for it thousands of times: the first time of a process is told, and at
 * its end how often it was. */
static struct vb_code *code_of(struct vb_recorder *recorder, pid_t tgid)
{
    struct vb_code *slot = &recorder->code[(unsigned)tgid % VB_ARRAY_LEN(recorder->code)];
    if (slot->tgid != tgid)
        *slot = (struct vb_code){.tgid = tgid};
    return slot;
}

int vb_decode_code(struct vb_call *call, struct vb_error *err)
{
    struct vb_code *code = code_of(call->recorder, call->process->tgid);
    if (code->count++ > 0)
        return VB_OK;
    return emit_kernel(call, "memory that can be executed is written", err);
}

int vb_call_code_end(struct vb_call *call, struct vb_error *err)
{
    struct vb_code *code = code_of(call->recorder, call->process->tgid);
    const uint64_t count = code->count;
    code->tgid = 0;
    code->count = 0;
    if (count < 2)
        return VB_OK;
    struct vb_event event;
    vb_call_event(call, &event, VB_EV_KERNEL_CALL);
    vb_event_str(&event, VB_F_SYSCALL, "mprotect");
    vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    vb_event_str(&event, VB_F_DETAIL, "so often memory that can be executed was written");
    return vb_call_emit(call, &event, err);
}

int vb_decode_denied(struct vb_call *call, struct vb_error *err)
{
    return vb_call_deny(call, call->row->error, NULL, err);
}

int vb_decode_kernel(struct vb_call *call, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    if (call->row->args[0] != VB_ARG_STRING)
        return emit_kernel(call, NULL, err);
    ssize_t n =
        vb_memory_string(&recorder->memory, call->notif->data.args[0], recorder->text, PATH_MAX);
    if (n < 0 && n != -ENAMETOOLONG)
        return vb_call_opaque(call, (int)-n, "a text argument", err);
    return emit_kernel(call, recorder->text, err);
}

/* Init and whoever it starts could be starved or ended by it; a group or a user includes them. */
int vb_decode_others(struct vb_call *call, struct vb_error *err)
{
    const bool one = call->row->args[0] == VB_ARG_PID;
    const int which = one ? PRIO_PROCESS : (int)call->notif->data.args[0];
    const int pid = (int)call->notif->data.args[one ? 0 : 1];
    const int process =
        strcmp(call->name, "ioprio_set") == 0 ? (int)VB_IOPRIO_PROCESS : PRIO_PROCESS;
    if (pid == 1 || which != process)
        return vb_call_deny(call, EPERM, "of others", err);
    return VB_OK;
}

/* The kernel itself writes to the subject's memory from now on, as a second task would. */
int vb_decode_aio(struct vb_call *call, struct vb_error *err)
{
    vb_recorder_watch_baits(call->recorder);
    return emit_kernel(call, NULL, err);
}

/* The thread's new name: a process may hide behind another's. */
static int decode_set_name(struct vb_call *call, struct vb_error *err)
{
    char name[16];
    ssize_t n =
        vb_memory_string(&call->recorder->memory, call->notif->data.args[1], name, sizeof(name));
    if (n < 0 && n != -ENAMETOOLONG)
        return vb_call_opaque(call, (int)-n, "the thread's name", err);
    char detail[64];
    snprintf(detail, sizeof(detail), "PR_SET_NAME %s", name);
    return emit_kernel(call, detail, err);
}

/* Whether there is a filter, which is asked by who looks for one: told, and there is none. */
static int answer_none(struct vb_call *call, const char *name, struct vb_error *err)
{
    call->performed = true;
    call->value = 0;
    return emit_kernel(call, name, err);
}

int vb_decode_prctl(struct vb_call *call, struct vb_error *err)
{
    static const struct {
        int option;
        const char *name;
        int error; /* 0: recorded only */
    } options[] = {
        {PR_SET_SECCOMP, "PR_SET_SECCOMP", EINVAL}, /* a filter of its own hides what it stops */
        {PR_SET_DUMPABLE, "PR_SET_DUMPABLE", 0},
        {PR_SET_MM, "PR_SET_MM", EPERM}, /* would change what /proc says of the process */
        {PR_SET_PTRACER, "PR_SET_PTRACER", 0},
        {PR_SET_KEEPCAPS, "PR_SET_KEEPCAPS", 0},
        {PR_SET_SECUREBITS, "PR_SET_SECUREBITS", 0},
        {PR_CAP_AMBIENT, "PR_CAP_AMBIENT", 0},
        {PR_CAPBSET_DROP, "PR_CAPBSET_DROP", 0},
        {PR_SET_TSC, "PR_SET_TSC", EPERM},
        {PR_SET_SYSCALL_USER_DISPATCH, "PR_SET_SYSCALL_USER_DISPATCH", EINVAL},
    };
    int option = (int)call->notif->data.args[0];
    if (option == PR_SET_NAME)
        return decode_set_name(call, err);
    if (option == PR_GET_SECCOMP || option == PR_GET_NO_NEW_PRIVS)
        return answer_none(
            call, option == PR_GET_SECCOMP ? "PR_GET_SECCOMP" : "PR_GET_NO_NEW_PRIVS", err);
    for (size_t i = 0; i < VB_ARRAY_LEN(options); i++) {
        if (options[i].option != option)
            continue;
        if (options[i].error)
            return vb_call_deny(call, options[i].error, options[i].name, err);
        return emit_kernel(call, options[i].name, err);
    }
    return emit_kernel(call, NULL, err);
}

/* The box shares one processor with its supervisor; the machine that it seems to run on has more.
 */
int vb_decode_affinity(struct vb_call *call, struct vb_error *err)
{
    (void)err;
    const unsigned cpus = call->recorder->options.cpus;
    const uint64_t size = call->notif->data.args[1];
    uint64_t mask = cpus >= 64 ? UINT64_MAX : (UINT64_C(1) << cpus) - 1;
    if (cpus == 0)
        return VB_OK;
    call->performed = true;
    call->value = sizeof(mask);
    if (size < sizeof(mask) || size % sizeof(mask) != 0)
        call->error = EINVAL;
    else if (vb_memory_write(&call->recorder->memory, call->notif->data.args[2], &mask,
                             sizeof(mask)) < 0)
        call->error = EFAULT;
    return VB_OK;
}

int vb_decode_uname(struct vb_call *call, struct vb_error *err)
{
    struct utsname name;
    (void)err;
    if (call->recorder->options.name == NULL || uname(&name) < 0)
        return VB_OK;
    call->recorder->options.name(call->recorder->options.ctx, &name);
    call->performed = true;
    if (vb_memory_write(&call->recorder->memory, call->notif->data.args[0], &name, sizeof(name)) <
        0)
        call->error = EFAULT;
    return VB_OK;
}

int vb_decode_ioctl(struct vb_call *call, struct vb_error *err)
{
    static const struct {
        unsigned request;
        const char *name;
    } refused[] = {
        /* words into the terminal that vetbox runs in */
        {TIOCSTI, "TIOCSTI"},
        {TIOCLINUX, "TIOCLINUX"},
        /* these load modules before they ask who wants it */
        {TIOCSETD, "TIOCSETD"},
        {SIOCGIFBR, "SIOCGIFBR"},
        {SIOCSIFBR, "SIOCSIFBR"},
        {SIOCBRADDBR, "SIOCBRADDBR"},
        {SIOCBRDELBR, "SIOCBRDELBR"},
        {SIOCGIFVLAN, "SIOCGIFVLAN"},
        {SIOCSIFVLAN, "SIOCSIFVLAN"},
        {SIOCADDDLCI, "SIOCADDDLCI"},
        {SIOCDELDLCI, "SIOCDELDLCI"},
    };
    const unsigned request = (unsigned)call->notif->data.args[1];
    for (size_t i = 0; i < VB_ARRAY_LEN(refused); i++)
        if (refused[i].request == request)
            return vb_call_deny(call, EPERM, refused[i].name, err);
    return emit_kernel(call, NULL, err);
}
