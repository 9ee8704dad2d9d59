/* The syscall table: whole, consistent, and what the kernel gets of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/recorder/call.h"
#include "sandbox/world/dns.h"

static const struct vb_syscall *row_named(const char *name)
{
    for (size_t i = 0; i < vb_syscall_count; i++)
        if (strcmp(vb_syscalls[i].name, name) == 0)
            return &vb_syscalls[i];
    return NULL;
}

static void test_every_call_has_one_row(void **state)
{
    (void)state;
    size_t known = 0;
    for (int number = 0; number < 1024; number++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, number);
        if (!name)
            continue;
        /* Younger calls than this table are refused and recorded by the filter's default. */
        if (number <= 456 && !row_named(name))
            fail_msg("%s (%d) stands nowhere in syscalls.def", name, number);
        known++;
        free(name);
    }
    assert_true(known > 340);
    for (size_t i = 0; i < vb_syscall_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(vb_syscalls[i].name, vb_syscalls[j].name) == 0)
                fail_msg("%s has two rows", vb_syscalls[i].name);
}

static void test_names_resolve(void **state)
{
    (void)state;
    /* Known to the oldest libseccomp that is supported, or named here with the kernel they came
     * with. */
    static const char *const young[] = {"cachestat",  "fchmodat2",  "map_shadow_stack",
                                        "futex_wake", "futex_wait", "futex_requeue"};
    for (size_t i = 0; i < vb_syscall_count; i++) {
        bool may_miss = false;
        for (size_t j = 0; j < VB_ARRAY_LEN(young); j++)
            may_miss |= strcmp(young[j], vb_syscalls[i].name) == 0;
        int number = seccomp_syscall_resolve_name(vb_syscalls[i].name);
        if (number == __NR_SCMP_ERROR && !may_miss)
            fail_msg("%s is no system call", vb_syscalls[i].name);
    }
}

static void test_rows_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < vb_syscall_count; i++) {
        const struct vb_syscall *row = &vb_syscalls[i];
        bool refuses = row->action == VB_SYSCALL_QUIET || row->action == VB_SYSCALL_DENY;
        assert_int_equal(refuses, row->error != 0);
        if (refuses)
            assert_non_null(strerrorname_np(row->error));
        if (row->action == VB_SYSCALL_DENY || row->action == VB_SYSCALL_RECORD) {
            assert_non_null(row->decode);
            assert_int_not_equal(row->kind, VB_EV_NONE);
        }
    }
}

static bool has_arg(const struct vb_syscall *row, enum vb_arg arg)
{
    return memchr(row->args, (int)arg, sizeof(row->args)) != NULL;
}

/* What an event requires must come from the row's arguments. */
static void test_file_rows_give_what_their_event_requires(void **state)
{
    (void)state;
    size_t files = 0;
    for (size_t i = 0; i < vb_syscall_count; i++) {
        const struct vb_syscall *row = &vb_syscalls[i];
        if (row->decode != vb_decode_file && row->decode != vb_decode_probe)
            continue;
        files++;
        assert_true(has_arg(row, VB_ARG_PATH) || has_arg(row, VB_ARG_FDPATH));
        for (const struct vb_event_field *f = vb_event_type(row->kind)->fields; f->field; f++) {
            if (!f->required)
                continue;
            if (f->field == VB_F_TARGET)
                assert_true(has_arg(row, VB_ARG_TARGET) || has_arg(row, VB_ARG_CONTENT));
            if (f->field == VB_F_FLAGS)
                assert_true(has_arg(row, VB_ARG_OPEN) || has_arg(row, VB_ARG_HOW) || row->word);
            if (f->field == VB_F_ACTION || f->field == VB_F_FORM)
                assert_non_null(row->word);
        }
    }
    assert_true(files > 40);
}

/* --- interpreters --- */

static void test_what_an_interpreter_runs(void **state)
{
    (void)state;
    static const struct {
        const char *argv[6];
        enum vb_script_from from;
        const char *file;
    } rows[] = {
        {{"/bin/bash"}, VB_SCRIPT_INPUT, NULL},
        {{"bash", "-s", "stable"}, VB_SCRIPT_INPUT, NULL},
        {{"sh", "-eux"}, VB_SCRIPT_INPUT, NULL},
        {{"sh", "-ec", "x"}, VB_SCRIPT_NONE, NULL},
        {{"bash", "-o", "pipefail", "x.sh", "-s"}, VB_SCRIPT_FILE, "x.sh"},
        {{"bash", "--", "x.sh"}, VB_SCRIPT_FILE, "x.sh"},
        {{"bash", "/dev/stdin", "x"}, VB_SCRIPT_INPUT, NULL},
        {{"/usr/bin/python3.11", "-"}, VB_SCRIPT_INPUT, NULL},
        {{"python3", "-u", "-W", "ignore"}, VB_SCRIPT_INPUT, NULL},
        {{"python3", "-s"}, VB_SCRIPT_INPUT, NULL},
        {{"python3", "-m", "http.server"}, VB_SCRIPT_NONE, NULL},
        {{"python3", "a.py"}, VB_SCRIPT_FILE, "a.py"},
        {{"node", "--eval=1"}, VB_SCRIPT_NONE, NULL},
        {{"node", "-r", "x.js"}, VB_SCRIPT_INPUT, NULL},
        {{"perl", "-we", "1"}, VB_SCRIPT_NONE, NULL},
        {{"pythonista"}, VB_SCRIPT_NONE, NULL},
        {{"cat"}, VB_SCRIPT_NONE, NULL},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_str argv[6];
        size_t count = 0;
        for (; count < 6 && rows[i].argv[count]; count++)
            argv[count] = (struct vb_str){rows[i].argv[count], strlen(rows[i].argv[count])};
        const struct vb_script script = vb_script_of(rows[i].argv[0], argv, count);
        if (script.from != rows[i].from)
            fail_msg("%s, row %zu: %d", rows[i].argv[0], i, (int)script.from);
        if (rows[i].file)
            assert_string_equal(script.file, rows[i].file);
    }
}

static const char *const dangerous[] = {
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "unshare",
    "setns",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "ptrace",
    "bpf",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "kcmp",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "userfaultfd",
    "perf_event_open",
    "keyctl",
    "add_key",
    "request_key",
    "open_by_handle_at",
    "name_to_handle_at",
    "seccomp",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "sethostname",
    "setdomainname",
    "syslog",
    "iopl",
    "ioperm",
    "quotactl",
    "fanotify_init",
    "personality",
    "memfd_secret",
    "modify_ldt",
    "vhangup",
};

/* The calls by which a subject could get out or hide: none of them may ever become an ALLOW. */
static void test_dangerous_calls_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(dangerous); i++) {
        const struct vb_syscall *row = row_named(dangerous[i]);
        assert_non_null(row);
        if (row->action != VB_SYSCALL_DENY)
            fail_msg("%s is not refused aloud", dangerous[i]);
    }
    assert_ptr_equal(row_named("clone3")->decode, vb_decode_clone3);
}

static void test_silent_rows_belong_to_notified_calls(void **state)
{
    (void)state;
    for (size_t i = 0; i < vb_silent_count; i++) {
        const struct vb_syscall *row = row_named(vb_silents[i].name);
        assert_non_null(row);
        assert_true(row->action == VB_SYSCALL_DENY || row->action == VB_SYSCALL_RECORD);
        assert_true(vb_silents[i].when[0].mask != 0);
        for (size_t j = 0; j < VB_ARRAY_LEN(vb_silents[i].when); j++)
            /* A bit outside of the mask would never match: the row would be dead. */
            assert_int_equal(vb_silents[i].when[j].value & ~vb_silents[i].when[j].mask, 0);
    }
}

static void test_filter_is_made(void **state)
{
    (void)state;
    struct vb_error err = {0};
    struct vb_filter *filter = NULL;
    if (vb_filter_new(&filter, &err))
        fail_msg("%s", err.message);
    const struct sock_fprog *program = vb_filter_program(filter);
    assert_true(program->len > 100);
    assert_true(program->len < 1500); /* a tree, not a list */
    vb_filter_free(filter);
    vb_filter_free(NULL);
}

/* --- the DNS decoder, which reads what a subject sends --- */

static bool question(const char *bytes, size_t len, struct vb_dns_question *ret)
{
    return vb_dns_question((const unsigned char *)bytes, len, ret);
}

#define HEADER "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"

static void test_dns_questions(void **state)
{
    (void)state;
    struct vb_dns_question q;
    static const char a[] = HEADER "\3www\7example\3com\0\0\1\0\1";
    assert_true(question(a, sizeof(a) - 1, &q));
    assert_string_equal(q.name, "www.example.com");
    assert_string_equal(q.type, "A");
    static const char stream[] = "\0\x21" HEADER "\3www\7example\3com\0\0\x1c\0\1";
    assert_true(question(stream, sizeof(stream) - 1, &q));
    assert_string_equal(q.type, "AAAA");
    static const char odd[] = HEADER "\4a.\001\\\0\x12\x34\0\1";
    assert_true(question(odd, sizeof(odd) - 1, &q));
    assert_string_equal(q.name, "a\\046\\001\\092");
    assert_string_equal(q.type, "TYPE4660");
    static const char root[] = HEADER "\0\0\2\0\1";
    assert_true(question(root, sizeof(root) - 1, &q));
    assert_string_equal(q.name, ".");
}

static void test_dns_rejects_what_is_none(void **state)
{
    (void)state;
    struct vb_dns_question q;
    static const char a[] = HEADER "\3www\7example\3com\0\0\1\0\1";
    for (size_t len = 0; len < sizeof(a) - 1 - 2; len++) /* cut anywhere before the class */
        assert_false(question(a, len < 29 + 4 ? len : 32, &q));
    static const char answer[] = "\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\3www\0\0\1\0\1";
    assert_false(question(answer, sizeof(answer) - 1, &q));
    static const char loop[] = HEADER "\xc0\x0c\0\1\0\1";
    assert_false(question(loop, sizeof(loop) - 1, &q));
    char lengthy[12 + 300];
    memcpy(lengthy, HEADER, 12);
    memset(lengthy + 12, 1, sizeof(lengthy) - 12); /* labels of one byte \1, without an end */
    assert_false(question(lengthy, sizeof(lengthy), &q));
    memset(lengthy + 12, 63, sizeof(lengthy) - 12);
    assert_false(question(lengthy, sizeof(lengthy), &q));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call_has_one_row),
        cmocka_unit_test(test_names_resolve),
        cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_what_an_interpreter_runs),
        cmocka_unit_test(test_file_rows_give_what_their_event_requires),
        cmocka_unit_test(test_dangerous_calls_are_refused),
        cmocka_unit_test(test_silent_rows_belong_to_notified_calls),
        cmocka_unit_test(test_filter_is_made),
        cmocka_unit_test(test_dns_questions),
        cmocka_unit_test(test_dns_rejects_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
