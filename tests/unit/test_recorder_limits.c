/* The recorder under floods: what is kept, what is counted, and how much memory that takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder_harness.h"

static int do_flood(void *arg)
{
    const struct vb_bait *bait = arg;
    for (int i = 0; i < 5000; i++)
        (void)!open("/nonexistent/flood", O_RDONLY);
    if (bait)
        (void)!open(bait->path, O_RDONLY);
    return 0;
}

static void test_flood_is_counted(void **state)
{
    (void)state;
    struct vb_bait_set *baits = make_baits();
    const struct vb_bait *bait = vb_bait_at(baits, 0);
    struct recording r;
    recording_init(&r);
    const struct subject subject = {
        .run = do_flood, .arg = (void *)(uintptr_t)bait, .max_events = 100, .baits = baits};
    record(&subject, &r);
    assert_int_equal(r.step_status, 0);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_FILE_OPEN, VB_F_NONE, NULL), 100);
    assert_int_equal(count_events(&r, VB_EV_SANDBOX_LIMIT, VB_F_WHAT, "log"), 1);
    /* 4900 opens, the bait's own open and the exit */
    assert_int_equal(r.dropped, 4902);
    const struct vb_event *e = must_find(&r, VB_EV_COVERAGE, VB_F_REASON, "limit");
    assert_int_equal(vb_event_get_int(e, VB_F_COUNT, 0), 4902);
    assert_int_equal(count_events(&r, VB_EV_COVERAGE, VB_F_NONE, NULL), 1);
    /* What a flood would like to hide is kept. */
    must_find(&r, VB_EV_BAIT_READ, VB_F_BAIT, bait->id);
    recording_done(&r);
    vb_bait_set_free(baits);
}

/* Floods of what is always kept, and of one bait that does not matter. */
static int do_vital_flood(void *arg)
{
    const struct vb_bait *const *baits = arg;
    for (int i = 0; i < 2000; i++) {
        (void)raw(SYS_acct, 0, 0, 0, 0);
        (void)!open(baits[0]->path, O_RDONLY);
    }
    (void)!open(baits[1]->path, O_RDONLY);
    char *argv[] = {(char[]){"nothing"}, NULL};
    execv("/nonexistent/program", argv);
    return 0;
}

static void test_vital_flood_leaves_room(void **state)
{
    (void)state;
    struct vb_bait_set *baits = make_baits();
    const struct vb_bait *two[] = {vb_bait_at(baits, 0), vb_bait_at(baits, 1)};
    struct recording r;
    recording_init(&r);
    const struct subject subject = {
        .run = do_vital_flood, .arg = two, .max_events = 100, .baits = baits};
    record(&subject, &r);
    assert_int_equal(r.step_status, 0);
    assert_int_equal(r.exit_status, 0);
    must_find(&r, VB_EV_BAIT_READ, VB_F_BAIT, two[1]->id);
    must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/nonexistent/program");
    assert_true(count_events(&r, VB_EV_KERNEL_DENIED, VB_F_NONE, NULL) < 2000);
    recording_done(&r);
    vb_bait_set_free(baits);
}

/* --- events a second --- */

enum { AT_ONCE = 50 };

static void assert_limits(const struct recording *r, unsigned rate, unsigned log)
{
    assert_int_equal(r->step_status, 0);
    assert_int_equal(r->exit_status, 0);
    assert_int_equal(count_events(r, VB_EV_SANDBOX_LIMIT, VB_F_WHAT, "rate"), rate);
    assert_int_equal(count_events(r, VB_EV_SANDBOX_LIMIT, VB_F_WHAT, "log"), log);
}

static void test_rate_is_limited(void **state)
{
    (void)state;
    struct vb_bait_set *baits = make_baits();
    const struct vb_bait *bait = vb_bait_at(baits, 0);
    struct recording r;
    recording_init(&r);
    const struct subject subject = {.run = do_flood,
                                    .arg = (void *)(uintptr_t)bait,
                                    .events_at_once = AT_ONCE,
                                    .events_a_second = 1,
                                    .baits = baits};
    const uint64_t begin = vb_monotonic_ns();
    record(&subject, &r);
    const uint64_t seconds = (vb_monotonic_ns() - begin) / 1000000000U + 1;
    assert_limits(&r, 1, 0);
    const size_t opens = count_events(&r, VB_EV_FILE_OPEN, VB_F_NONE, NULL);
    assert_true(opens >= AT_ONCE && opens <= AT_ONCE + seconds);
    /* 5000 opens, the bait's own open and the exit: kept or counted */
    const struct vb_event *e = must_find(&r, VB_EV_COVERAGE, VB_F_REASON, "limit");
    assert_int_equal(vb_event_get_int(e, VB_F_COUNT, 0), r.dropped);
    assert_in_range(r.dropped + opens, 5001, 5002);
    must_find(&r, VB_EV_BAIT_READ, VB_F_BAIT, bait->id);
    recording_done(&r);
    vb_bait_set_free(baits);
}

/* Who floods, waits and goes on is seen again. */
static int do_flood_and_rest(void *arg)
{
    const struct timespec pause = {.tv_nsec = 200000000};
    (void)do_flood(NULL);
    (void)arg;
    nanosleep(&pause, NULL);
    (void)!open("/nonexistent/after", O_RDONLY);
    return 0;
}

static void test_rate_recovers(void **state)
{
    (void)state;
    struct recording r;
    recording_init(&r);
    const struct subject subject = {
        .run = do_flood_and_rest, .events_at_once = AT_ONCE, .events_a_second = 100};
    record(&subject, &r);
    assert_limits(&r, 1, 0);
    must_find(&r, VB_EV_FILE_OPEN, VB_F_PATH, "/nonexistent/after");
    recording_done(&r);
}

/* A flood of one vital kind: neither ordinary events nor another vital kind pay for it. */
static int do_denied_flood(void *arg)
{
    const struct vb_bait *bait = arg;
    for (int i = 0; i < 2000; i++)
        (void)raw(SYS_acct, 0, 0, 0, 0);
    (void)!open("/nonexistent/after", O_RDONLY);
    (void)!open(bait->path, O_RDONLY);
    return 0;
}

static void test_rate_is_of_each_kind(void **state)
{
    (void)state;
    struct vb_bait_set *baits = make_baits();
    const struct vb_bait *bait = vb_bait_at(baits, 0);
    struct recording r;
    recording_init(&r);
    const struct subject subject = {.run = do_denied_flood,
                                    .arg = (void *)(uintptr_t)bait,
                                    .max_events = 1000,
                                    .events_at_once = AT_ONCE,
                                    .events_a_second = 1,
                                    .baits = baits};
    record(&subject, &r);
    assert_limits(&r, 1, 0);
    assert_in_range(count_events(&r, VB_EV_KERNEL_DENIED, VB_F_NONE, NULL), AT_ONCE, 400);
    must_find(&r, VB_EV_FILE_OPEN, VB_F_PATH, "/nonexistent/after");
    must_find(&r, VB_EV_BAIT_READ, VB_F_BAIT, bait->id);
    recording_done(&r);
    vb_bait_set_free(baits);
}

static long resident_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static int do_long_flood(void *arg)
{
    for (int i = 0; i < *(const int *)arg; i++)
        (void)!open("/nonexistent/flood", O_RDONLY);
    return 0;
}

static void test_memory_stays_flat(void **state)
{
    (void)state;
    struct recording r;
    recording_init(&r);
    r.count_only = true;
    int opens = 1000;
    const struct subject subject = {.run = do_long_flood, .arg = &opens};
    record(&subject, &r);
    long before = resident_kib();
    opens = 60000;
    uint64_t begin = vb_monotonic_ns();
    record(&subject, &r);
    print_message("one recorded open: %.1f us\n",
                  (double)(vb_monotonic_ns() - begin) / 1e3 / opens);
#ifndef VB_SANITIZED /* which keeps freed memory back */
    assert_true(resident_kib() - before < 512);
#else
    (void)before;
#endif
    assert_int_equal(r.emitted, 61002);
    recording_done(&r);
}

static void test_broken_sink_ends_the_recorder(void **state)
{
    (void)state;
    struct recording r;
    recording_init(&r);
    r.fail_after = 10;
    const struct subject subject = {.run = do_flood};
    record(&subject, &r);
    assert_int_equal(r.step_status, VB_E_IO);
    recording_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flood_is_counted),
        cmocka_unit_test(test_vital_flood_leaves_room),
        cmocka_unit_test(test_rate_is_limited),
        cmocka_unit_test(test_rate_recovers),
        cmocka_unit_test(test_rate_is_of_each_kind),
        cmocka_unit_test(test_memory_stays_flat),
        cmocka_unit_test(test_broken_sink_ends_the_recorder),
    };
    if (!recorder_available())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
