/* One box, without the recorder: how each way of running wild ends. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "box_harness.h"
#include "sandbox/box/watch.h"
#include "slowness.h"

static bool has_perl(void)
{
    return access("/usr/bin/perl", X_OK) == 0;
}

static void assert_limit(const struct run *run, const char *what)
{
    char text[64];
    snprintf(text, sizeof(text), "\"what\":\"%s\"", what);
    assert_int_equal(run->status, VB_OK);
    assert_true(logged(run, "sandbox.limit"));
    if (!logged(run, text))
        fail_msg("no limit %s in %s", what, (const char *)run->caught.log.data);
    assert_int_equal(run->caught.last, VB_EV_DETONATION_END);
}

#define WILD(name, script, timeout_ms)                                          \
    VB_CLEANUP(run_done) struct run name;                                       \
    run_init(&name);                                                            \
    const uint64_t start_##name = vb_monotonic_ns();                            \
    run_shell(&name, script, timeout_ms);                                       \
    const uint64_t took_##name = (vb_monotonic_ns() - start_##name) / 1000000U; \
    assert_true(took_##name < ((timeout_ms) + 5000) * (uint64_t)slowness())

static void test_sleeper(void **state)
{
    (void)state;
    WILD(run, "sleep 1000", 300);
    assert_limit(&run, "time");
    assert_true(run.result.timed_out);
    assert_int_equal(run.result.exit_status, 128 + SIGTERM);
}

static void test_ignores_term(void **state)
{
    (void)state;
    WILD(run, "trap '' TERM INT HUP; while :; do :; done", 300);
    assert_limit(&run, "time");
    assert_true(run.result.timed_out);
    assert_int_equal(run.result.exit_status, 128 + SIGKILL);
}

static void test_fork_bomb(void **state)
{
    (void)state;
    WILD(run, "f() { f & f & sleep 5; }; f; wait; sleep 5", 1500);
    assert_limit(&run, "processes");
}

static void test_classic_fork_bomb(void **state)
{
    (void)state;
    WILD(run, ":(){ :|:& };:", 2000);
    assert_int_equal(run.status, VB_OK);
    assert_int_equal(run.caught.last, VB_EV_DETONATION_END);
}

static void test_memory_bomb(void **state)
{
    (void)state;
    if (!has_perl())
        skip();
    /* One process alone; several together. */
    WILD(one, "perl -e 'push @x, \"x\" x (4 << 20) while 1'", 8000);
    assert_limit(&one, "memory");
    assert_true(logged(&one, "\"outcome\":\"limit\""));
    WILD(run, "for i in 1 2 3 4; do perl -e '$x = \"x\" x (60 << 20); sleep 20' & done; wait",
         8000);
    assert_limit(&run, "memory");
    assert_true(logged(&run, "\"outcome\":\"limit\""));
}

/* Where the kernel counts a box's memory, and hardly anything may be written: with what the kernel
 * itself needs the box is at its wall before the watch can see that it is over the limit. */
static void test_memory_wall(void **state)
{
    (void)state;
    enum { DISK = 512 << 10, WALL = (128 << 20) + DISK };
    char count[32];
    if (!has_perl())
        skip();
    VB_CLEANUP(run_done) struct run run;
    snprintf(count, sizeof(count), "\"count\":%d", WALL);
    run_init(&run);
    run.setup.options.disk_bytes = DISK;
    run_shell(&run, "for i in 1 2 3 4; do perl -e '$x = \"x\" x (60 << 20); sleep 20' & done; wait",
              8000);
    if (run.setup.cgroups.top < 0 || !run.setup.base.overlay) {
        run_done(&run);
        skip();
    }
    assert_limit(&run, "memory");
    assert_true(logged(&run, "\"outcome\":\"limit\""));
    assert_true(logged(&run, count));
}

static void test_shared_memory_bomb(void **state)
{
    (void)state;
    if (!has_perl())
        skip();
    /* Memory files that are neither mapped nor on the limited disk. */
    WILD(run,
         "perl -e 'my $n = \"x\"; for (1..40) { my $fd = syscall(319, $n, 0); open(my $f, \">&=\", "
         "$fd); "
         "push @f, $f; print $f \"x\" x (8 << 20); $f->flush; } sleep 20'",
         8000);
    assert_limit(&run, "memory");
}

/* System V segments stay in memory although nobody has them mapped or open. */
static void test_segment_bomb(void **state)
{
    (void)state;
    if (!has_perl())
        skip();
    WILD(run,
         "perl -e 'for (1..20) { my $s = shmget(0, 16 << 20, 0600 | 01000) // exit; "
         "shmwrite($s, \"x\" x (16 << 20), 0, 16 << 20) } sleep 20'",
         8000);
    assert_limit(&run, "memory");
    assert_true(logged(&run, "\"outcome\":\"limit\""));
}

/* Memory that no count of ours shows ends the box before it ends the machine; a machine that was
 * short of memory before, or became so without us, does not. */
static void test_short_machine(void **state)
{
    (void)state;
    const uint64_t gib = 1ULL << 30;
    const struct vb_watch watch = {.memory_limit = gib, .available = 8 * gib};
    const struct vb_watch tight = {.memory_limit = gib, .available = gib};
    assert_true(vb_watch_is_short(&watch, &(struct vb_machine){16 * gib, gib / 2}));
    assert_false(vb_watch_is_short(&watch, &(struct vb_machine){16 * gib, gib}));
    assert_false(vb_watch_is_short(&watch, &(struct vb_machine){16 * gib, 9 * gib}));
    assert_false(vb_watch_is_short(&tight, &(struct vb_machine){64 * gib, gib / 2}));
}

static void test_disk_filler(void **state)
{
    (void)state;
    WILD(run, "for i in 1 2 3 4 5; do head -c 8M /dev/zero > /tmp/fill$i; done; echo done", 5000);
    assert_limit(&run, "disk");
    assert_non_null(strstr(output(&run), "No space left"));
}

static void test_file_filler(void **state)
{
    (void)state;
    if (!has_perl())
        skip();
    WILD(run, "perl -e 'for (1..20000) { open(F, \">/tmp/$_\") or last; close F }'", 8000);
    assert_limit(&run, "files");
}

/* Each program has so many descriptors; those of several do not add up. */
static void test_open_files(void **state)
{
    (void)state;
    if (!has_perl())
        skip();
    WILD(run, "perl -e 'while (open(my $f, \"<\", \"/etc/hostname\")) { push @f, $f } sleep 1'",
         8000);
    assert_limit(&run, "open files");
    WILD(
        few,
        "for i in 1 2 3; do perl -e 'open($f[$_], \"<\", \"/etc/hostname\") for 1..500; sleep 1' & "
        "done; wait",
        8000);
    assert_int_equal(few.status, VB_OK);
    assert_false(logged(&few, "sandbox.limit"));
}

static void test_endless_output(void **state)
{
    (void)state;
    WILD(run, "yes", 500);
    assert_limit(&run, "output");
    assert_true(logged(&run, "\"truncated\":true"));
    assert_int_equal(run.caught.output.len, vb_sandbox_default_options.max_output);
}

static void test_huge_file(void **state)
{
    (void)state;
    WILD(run, "ulimit -c unlimited 2>/dev/null; exec truncate -s 1T /tmp/x", 3000);
    assert_limit(&run, "disk");
}

static void test_deep_folders(void **state)
{
    (void)state;
    if (!has_perl())
        skip();
    WILD(run, "perl -e 'for (1..3000) { mkdir \"d\"; chdir \"d\" or last; }'", 5000);
    assert_int_equal(run.status, VB_OK);
    assert_true(logged(&run, "too deep"));
}

static void test_sockets_and_pipes(void **state)
{
    (void)state;
    if (!has_perl())
        skip();
    WILD(run,
         "mkfifo /tmp/fifo; perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "
         "\"/tmp/sock\", Listen => 1)'; ls /tmp",
         3000);
    assert_int_equal(run.status, VB_OK);
    assert_true(logged(&run, "/tmp/fifo"));
}

static bool has_cgroups(void)
{
    struct vb_cgroups groups;
    struct vb_error ignored;
    vb_cgroups_init(&groups);
    const bool found = vb_cgroups_new(&groups, &ignored) == VB_OK;
    vb_cgroups_done(&groups);
    return found;
}

int main(void)
{
    if (!boxes_available())
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sleeper),       cmocka_unit_test(test_ignores_term),
        cmocka_unit_test(test_short_machine), cmocka_unit_test(test_memory_wall),
        cmocka_unit_test(test_open_files),    cmocka_unit_test(test_endless_output),
        cmocka_unit_test(test_huge_file),     cmocka_unit_test(test_sockets_and_pipes),
    };
    const struct CMUnitTest bombs[] = {
        cmocka_unit_test(test_fork_bomb),    cmocka_unit_test(test_classic_fork_bomb),
        cmocka_unit_test(test_memory_bomb),  cmocka_unit_test(test_shared_memory_bomb),
        cmocka_unit_test(test_segment_bomb),
    };
    const struct CMUnitTest files[] = {
        cmocka_unit_test(test_disk_filler),
        cmocka_unit_test(test_file_filler),
        cmocka_unit_test(test_deep_folders),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    failed += cmocka_run_group_tests(bombs, NULL, NULL);
    failed += cmocka_run_group_tests(files, NULL, NULL);
    if (has_cgroups()) {
        without_cgroup = true;
        failed += cmocka_run_group_tests(bombs, NULL, NULL);
    }
    without_overlay = true;
    return failed + cmocka_run_group_tests(files, NULL, NULL);
}
