/* filters: the static syscall filters of examiners and fetcher, from their tables. Containment: any
 * failure to build or load one is fatal. */
#include "sandbox/box/confine.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>

enum action { ALLOW = 0, NOT_EXECUTABLE = -1 }; /* a positive number is an errno */

struct call {
    const char *name;
    int number;
    int action;
};

static const struct call examiner_calls[] = {
#define VB_CALL(name, action) {#name, SCMP_SYS(name), action},
#include "sandbox/box/examiner_calls.def"
#ifdef VB_SANITIZED
#include "sandbox/box/sanitizer_calls.def"
#endif
#undef VB_CALL
};

static const struct call fetcher_refused[] = {
#define VB_CALL(name) {#name, SCMP_SYS(name), EPERM},
#include "sandbox/box/fetcher_calls.def"
#undef VB_CALL
};

size_t vb_examiner_call_count(void)
{
    return VB_ARRAY_LEN(examiner_calls);
}

const char *vb_examiner_call_name(size_t index)
{
    return index < VB_ARRAY_LEN(examiner_calls) ? examiner_calls[index].name : NULL;
}

static int add_call(scmp_filter_ctx filter, const struct call *call)
{
    if (call->action == NOT_EXECUTABLE)
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call->number, 1,
                                SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (call->action == ALLOW)
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call->number, 0);
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)call->action), call->number, 0);
}

static void release(scmp_filter_ctx *filter)
{
    if (*filter != NULL)
        seccomp_release(*filter);
}

static int load(uint32_t default_action, const struct call *calls, size_t count,
                struct vb_error *err)
{
    VB_CLEANUP(release) scmp_filter_ctx filter = seccomp_init(default_action);
    if (filter == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "making a syscall filter");
    /* A binary tree instead of a list; an old libseccomp without it is only slower. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    for (size_t i = 0; i < count; i++) {
        const int result = add_call(filter, &calls[i]);
        if (result < 0)
            return vb_fail(err, VB_E_SOFTWARE, -result, "filtering the system call %s",
                           calls[i].name);
    }
    const int result = seccomp_load(filter);
    if (result < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, -result,
                       "cannot load a syscall filter: the kernel needs CONFIG_SECCOMP_FILTER");
    return VB_OK;
}

int vb_examiner_filter_load(struct vb_error *err)
{
    return load(SCMP_ACT_KILL_PROCESS, examiner_calls, VB_ARRAY_LEN(examiner_calls), err);
}

int vb_fetcher_filter_load(struct vb_error *err)
{
    return load(SCMP_ACT_ALLOW, fetcher_refused, VB_ARRAY_LEN(fetcher_refused), err);
}
