/* The subject's filter, from syscalls.def. The default is to notify: rows that are recorded or
 * refused aloud need no rule at all, and a call of tomorrow's kernel is refused and recorded.
 * Trust boundary: this filter is containment; the record is made elsewhere. */
#include "sandbox/recorder/recorder.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/box/confine.h"
#include "sandbox/recorder/clock.h"
#include "sandbox/recorder/table.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

struct vb_filter {
    struct sock_fprog program;
};

static void release(scmp_filter_ctx *context)
{
    seccomp_release(*context);
}

static int rule_failed(struct vb_error *err, int result, const char *name)
{
    return vb_fail(err, VB_E_SOFTWARE, -result, "making the filter's rule for the call %s", name);
}

static int add_row(scmp_filter_ctx context, const struct vb_syscall *row, struct vb_error *err)
{
    if (row->action > VB_SYSCALL_QUIET)
        return VB_OK; /* the default */
    int number = seccomp_syscall_resolve_name(row->name);
    if (number < 0) /* not on this architecture, or younger than this libseccomp */
        return VB_OK;
    uint32_t action =
        row->action == VB_SYSCALL_ALLOW ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO((uint32_t)row->error);
    int result = seccomp_rule_add(context, action, number, 0);
    return result ? rule_failed(err, result, row->name) : VB_OK;
}

static int add_silent(scmp_filter_ctx context, const struct vb_silent *row, struct vb_error *err)
{
    int number = seccomp_syscall_resolve_name(row->name);
    if (number < 0)
        return VB_OK;
    struct scmp_arg_cmp compare[VB_ARRAY_LEN(row->when)];
    unsigned count = 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(row->when) && row->when[i].mask; i++)
        compare[count++] = (struct scmp_arg_cmp){row->when[i].arg, SCMP_CMP_MASKED_EQ,
                                                 row->when[i].mask, row->when[i].value};
    int result = seccomp_rule_add_array(context, SCMP_ACT_ALLOW, number, count, compare);
    return result ? rule_failed(err, result, row->name) : VB_OK;
}

/* The clock is read for the subject by code of ours (clock.h). */
static int add_cookie(scmp_filter_ctx context, struct vb_error *err)
{
    const struct scmp_arg_cmp compare = {5, SCMP_CMP_EQ, vb_clock_cookie(), 0};
    const int result =
        seccomp_rule_add_array(context, SCMP_ACT_ALLOW, SCMP_SYS(clock_gettime), 1, &compare);
    return result ? rule_failed(err, result, "clock_gettime") : VB_OK;
}

static int add_rules(scmp_filter_ctx context, struct vb_error *err)
{
    int result = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_NOTIFY);
    if (!result)
        result = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (result)
        return vb_fail(
            err, VB_E_UNAVAILABLE, -result,
            "libseccomp cannot notify about foreign architectures; it must be 2.5 or newer");
    int status = VB_OK;
    for (size_t i = 0; !status && i < vb_syscall_count; i++)
        status = add_row(context, &vb_syscalls[i], err);
    for (size_t i = 0; !status && i < vb_silent_count; i++)
        status = add_silent(context, &vb_silents[i], err);
    return status ? status : add_cookie(context, err);
}

int vb_filter_new(struct vb_filter **ret, struct vb_error *err)
{
    VB_CLEANUP(release) scmp_filter_ctx context = seccomp_init(SCMP_ACT_NOTIFY);
    if (!context)
        return vb_fail(err, VB_E_UNAVAILABLE, 0,
                       "libseccomp knows no user notifications; it must be 2.5 or newer");
    struct vb_filter *filter = calloc(1, sizeof(*filter));
    if (!filter)
        return vb_fail(err, VB_E_NOMEM, 0, "making the subject's filter: out of memory");
    int status = add_rules(context, err);
    if (!status)
        /* libseccomp would load it itself, but without WAIT_KILLABLE_RECV. */
        status = vb_program_export(context, &filter->program, err);
    if (status) {
        vb_filter_free(filter);
        return status;
    }
    *ret = filter;
    return VB_OK;
}

void vb_filter_free(struct vb_filter *filter)
{
    if (filter)
        vb_program_done(&filter->program);
    free(filter);
}

const struct sock_fprog *vb_filter_program(const struct vb_filter *filter)
{
    return &filter->program;
}

int vb_filter_load(const struct sock_fprog *program)
{
    /* Without WAIT_KILLABLE_RECV (before Linux 5.19) a signal storm restarts every call. */
    static const unsigned long flags[] = {
        SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
        SECCOMP_FILTER_FLAG_NEW_LISTENER,
    };
    long fd = -1;
    for (size_t i = 0; i < VB_ARRAY_LEN(flags); i++) {
        fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i], program);
        if (fd >= 0 || errno != EINVAL)
            break;
    }
    return (int)fd;
}
