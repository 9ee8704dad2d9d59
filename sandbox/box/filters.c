/* filters: the static syscall filters of examiners, world, driver, courier and fetcher, from their
 * tables. Containment: any failure to build or load one is fatal. */
#include "sandbox/box/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/box/kernel.h"

/* A positive number is an errno. */
enum action {
    ALLOW = 0,
    NOT_EXECUTABLE = -1, /* no memory that can be executed */
    NUMBERS = -2,        /* of fcntl, what concerns the numbers of descriptors */
    FLAGS = -3,          /* and whether they block */
    FAMILIES = -4,       /* of sockets */
    THREADS = -5         /* no process */
};

/* What an examiner may ask of fcntl: nothing that stays with an open file when it has ended, whose
 * /dev/null the next one has, too (locks, owners, flags), and no signal. */
static const int number_commands[] = {
    F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL,
#ifdef VB_SANITIZED
    F_SETFL, /* of pipes, by which the sanitizers try memory */
#endif
};

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

static const struct call world_calls[] = {
#define VB_CALL(name, action) {#name, SCMP_SYS(name), action},
#include "sandbox/box/world_calls.def"
#ifdef VB_SANITIZED
#include "sandbox/box/sanitizer_calls.def"
#endif
#undef VB_CALL
};

static const struct call driver_calls[] = {
#define VB_CALL(name, action) {#name, SCMP_SYS(name), action},
#include "sandbox/box/driver_calls.def"
#ifdef VB_SANITIZED
#include "sandbox/box/sanitizer_calls.def"
#endif
#undef VB_CALL
};

static const struct call courier_calls[] = {
#define VB_CALL(name, action) {#name, SCMP_SYS(name), action},
#include "sandbox/box/courier_calls.def"
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

static int add_number_commands(scmp_filter_ctx filter, int number, bool flags)
{
    int result =
        flags ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A1(SCMP_CMP_EQ, F_SETFL))
              : 0;
    for (size_t i = 0; result == 0 && i < VB_ARRAY_LEN(number_commands); i++)
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
                                  SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)number_commands[i]));
    return result;
}

/* Names are asked for over the first two, which addresses this machine has over the third. */
static int add_families(scmp_filter_ctx filter, int number)
{
    static const int families[] = {AF_INET, AF_INET6};
    int result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), number, 1,
                                  SCMP_A0(SCMP_CMP_EQ, AF_UNIX)); /* nscd, a logger */
    for (size_t i = 0; result == 0 && i < VB_ARRAY_LEN(families); i++)
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
                                  SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
    return result != 0 ? result
                       : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 2,
                                          SCMP_A0(SCMP_CMP_EQ, AF_NETLINK),
                                          SCMP_A2(SCMP_CMP_EQ, NETLINK_ROUTE));
}

static int add_call(scmp_filter_ctx filter, const struct call *call)
{
    if (call->action == NOT_EXECUTABLE)
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call->number, 1,
                                SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (call->action == NUMBERS || call->action == FLAGS)
        return add_number_commands(filter, call->number, call->action == FLAGS);
    if (call->action == FAMILIES)
        return add_families(filter, call->number);
    if (call->action == THREADS)
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call->number, 1,
                                SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    if (call->action == ALLOW)
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call->number, 0);
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)call->action), call->number, 0);
}

static void release(scmp_filter_ctx *filter)
{
    if (*filter != NULL)
        seccomp_release(*filter);
}

static int add_calls(scmp_filter_ctx filter, const struct call *calls, size_t count,
                     struct vb_error *err)
{
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
    return VB_OK;
}

static int cannot_load(int system_errno, struct vb_error *err)
{
    return vb_fail(err, VB_E_UNAVAILABLE, system_errno,
                   "cannot load a syscall filter: the kernel needs CONFIG_SECCOMP_FILTER");
}

int vb_program_export(void *context, struct sock_fprog *ret, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = vb_sys_memory_file("filter");
    const int result = fd < 0 ? -errno : seccomp_export_bpf(context, fd);
    const off_t size = result < 0 ? 0 : lseek(fd, 0, SEEK_END);
    const size_t count = (size_t)size / sizeof(struct sock_filter);
    struct sock_filter *code = count == 0 ? NULL : calloc(count, sizeof(*code));
    if (code == NULL || count > BPF_MAXINSNS ||
        pread(fd, code, (size_t)size, 0) != (ssize_t)(count * sizeof(*code))) {
        free(code);
        return vb_fail(err, VB_E_SOFTWARE, result < 0 ? -result : errno,
                       "compiling a syscall filter");
    }
    *ret = (struct sock_fprog){.len = (unsigned short)count, .filter = code};
    return VB_OK;
}

void vb_program_done(struct sock_fprog *program)
{
    free(program->filter);
    *program = (struct sock_fprog){0};
}

static int allow_list(const struct call *calls, size_t count, struct sock_fprog *ret,
                      struct vb_error *err)
{
    VB_CLEANUP(release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    const int status = add_calls(filter, calls, count, err);
    return status < 0 ? status : vb_program_export(filter, ret, err);
}

int vb_examiner_filter_new(struct sock_fprog *ret, struct vb_error *err)
{
    return allow_list(examiner_calls, VB_ARRAY_LEN(examiner_calls), ret, err);
}

int vb_world_filter_new(struct sock_fprog *ret, struct vb_error *err)
{
    return allow_list(world_calls, VB_ARRAY_LEN(world_calls), ret, err);
}

int vb_driver_filter_new(struct sock_fprog *ret, struct vb_error *err)
{
    return allow_list(driver_calls, VB_ARRAY_LEN(driver_calls), ret, err);
}

int vb_courier_filter_new(struct sock_fprog *ret, struct vb_error *err)
{
    return allow_list(courier_calls, VB_ARRAY_LEN(courier_calls), ret, err);
}

int vb_examiner_filter_load(const struct sock_fprog *program, struct vb_error *err)
{
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) < 0 ? cannot_load(errno, err)
                                                                         : VB_OK;
}

int vb_fetcher_filter_load(struct vb_error *err)
{
    VB_CLEANUP(release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    const int status = add_calls(filter, fetcher_refused, VB_ARRAY_LEN(fetcher_refused), err);
    if (status < 0)
        return status;
    const int result = seccomp_load(filter);
    return result < 0 ? cannot_load(-result, err) : VB_OK;
}
