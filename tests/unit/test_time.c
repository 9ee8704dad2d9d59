/* Sleeps do not stall a run: the box's clock moves instead. tests/live/waiter.c waits in C, once
 * with the C library in a file of its own and once with it inside. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "slowness.h"
#include "vetbox/sandbox.h"

struct run {
    struct vb_sink sink;
    struct vb_sandbox_options options;
    struct vb_sandbox *sandbox;
    struct vb_detonation_result result;
    struct vb_buf output;
    unsigned waits;
    int64_t longest_ms, skipped_ms;
    char outcome[16];
    struct vb_error err;
};

static int hear(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct run *run = (struct run *)(void *)sink;
    const int status = vb_event_check(event, err);
    const int64_t ms = vb_event_get_int(event, VB_F_DURATION, 0);
    if (event->kind == VB_EV_PROCESS_WAIT) {
        run->waits++;
        run->longest_ms = ms > run->longest_ms ? ms : run->longest_ms;
    }
    if (event->kind == VB_EV_DETONATION_END) {
        const struct vb_str outcome = vb_event_get_str(event, VB_F_OUTCOME);
        run->skipped_ms = vb_event_get_int(event, VB_F_SKIPPED, 0);
        snprintf(run->outcome, sizeof(run->outcome), "%.*s", (int)outcome.len, outcome.text);
    }
    if (event->kind == VB_EV_DETONATION_OUTPUT) {
        const struct vb_str text = vb_event_get_str(event, VB_F_TEXT);
        assert_int_equal(vb_buf_append(&run->output, text.text, text.len, err), VB_OK);
    }
    return status;
}

static void put_program(int tree_fd, const char *name)
{
    char path[512], buffer[65536];
    ssize_t got;
    snprintf(path, sizeof(path), VB_BINARY_DIR "/tests/%s", name);
    VB_CLEANUP_FD int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return; /* this machine cannot build it */
    VB_CLEANUP_FD int to =
        vb_open_beneath(tree_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    assert_true(to >= 0);
    while ((got = read(from, buffer, sizeof(buffer))) > 0)
        assert_int_equal(write(to, buffer, (size_t)got), got);
}

static void run_done(struct run *run)
{
    vb_sandbox_free(run->sandbox);
    vb_buf_done(&run->output);
    vb_close_fd(&run->options.tree_fd);
}

static unsigned days_ahead;

static void run_argv(struct run *run, char **argv, unsigned timeout_ms)
{
    char reason[] = "test";
    *run = (struct run){.sink.emit = hear, .options = vb_sandbox_default_options};
    vb_buf_init(&run->output, 1 << 20);
    run->options.epoch_ns = vb_monotonic_ns();
    assert_int_equal(vb_workspace_new(8 << 20, 100, &run->options.tree_fd, &run->err), VB_OK);
    put_program(run->options.tree_fd, "waiter");
    put_program(run->options.tree_fd, "waiter_static");
    const struct vb_detonation row = {
        .id = 1,
        .reason = reason,
        .argv = argv,
        .timeout_ms = timeout_ms * slowness(),
        .days_ahead = days_ahead,
    };
    if (vb_sandbox_new(&run->options, &run->sink, &run->sandbox, &run->err) < 0 ||
        vb_detonate(run->sandbox, &row, &run->sink, &run->result, &run->err) < 0)
        fail_msg("%s", run->err.message);
}

static void run_shell(struct run *run, const char *script, unsigned timeout_ms)
{
    char bash[] = "bash";
    char c[] = "-c";
    char *text = strdup(script);
    char *argv[] = {bash, c, text, NULL};
    run_argv(run, argv, timeout_ms);
    free(text);
}

static const char *printed(const struct run *run)
{
    return run->output.data == NULL ? "" : (const char *)run->output.data;
}

#define RUN(name, script)                  \
    VB_CLEANUP(run_done) struct run name;  \
    run_shell(&name, script, 20000);       \
    if (strcmp(name.outcome, "exit") != 0) \
    fail_msg("%s: %s\n%s", script, name.outcome, printed(&name))

/* --- tests --- */

static void test_shell(void **state)
{
    (void)state;
    RUN(r, "a=$(date +%s); sleep 60; b=$(date +%s); c=$EPOCHSECONDS; sleep 1d; "
           "echo $((b - a)) $((EPOCHSECONDS - c))");
    int minute = 0, day = 0;
    assert_int_equal(sscanf(printed(&r), "%d %d", &minute, &day), 2);
    assert_in_range(minute, 60, 65);
    assert_in_range(day, 86400, 86405);
    assert_true(r.result.duration_ms < 10000 * slowness());
    assert_int_equal(r.waits, 2); /* of two processes */
    assert_int_equal(r.longest_ms, 86400000);
    assert_in_range(r.skipped_ms, 86459000, 86460000);
}

static void test_no_sleep_no_move(void **state)
{
    (void)state;
    RUN(r, "date >/dev/null; cat /etc/hostname | tr a b >/dev/null");
    assert_int_equal(r.waits, 0);
    assert_int_equal(r.skipped_ms, 0);
}

static void test_python(void **state)
{
    (void)state;
    if (access("/usr/bin/python3", X_OK) < 0)
        skip();
    RUN(r, "python3 -c 'import asyncio, threading, time\n"
           "def way(name, wait):\n"
           "  a = time.time(), time.monotonic(), time.perf_counter()\n"
           "  wait()\n"
           "  b = time.time(), time.monotonic(), time.perf_counter()\n"
           "  wrong = [y - x for x, y in zip(a, b) if not -1 < y - x - 3600 < 5]\n"
           "  print(name, wrong or 3600)\n"
           "way(\"sleep\", lambda: time.sleep(3600))\n"
           "way(\"event\", lambda: threading.Event().wait(3600))\n"
           "way(\"asyncio\", lambda: asyncio.run(asyncio.sleep(3600)))\n"
           "t = threading.Timer(3600, lambda: None)\n"
           "way(\"timer\", lambda: (t.start(), t.join()))'");
    assert_string_equal(printed(&r), "sleep 3600\nevent 3600\nasyncio 3600\ntimer 3600\n");
}

static void test_node(void **state)
{
    (void)state;
    if (access("/usr/bin/node", X_OK) < 0)
        skip();
    RUN(r, "node -e 'const a = Date.now(), p = performance.now(); setTimeout(() => "
           "console.log(Math.round((Date.now() - a) / 10000), Math.round((performance.now() - p) / "
           "10000)), 3600e3)'");
    assert_string_equal(printed(&r), "360 360\n");
}

static const char waited[] =
    "sleep: 3600\nrealtime: 3600\nmonotonic: 3600\npoll: 3600\nselect: 3600\nepoll: 3600\n"
    "semaphore: 3600\nslices: 3600\nchild: 3600\nwork: 3600\ninterrupted\nalarmed\nwoken\n"
    "short waits\nodd values\nheld back\n";

static void test_all_clocks(void **state)
{
    (void)state;
    RUN(r, "./waiter");
    assert_string_equal(printed(&r), waited);
    assert_true(r.skipped_ms > 10 * 3600 * 1000);
}

static void test_static_program(void **state)
{
    (void)state;
    if (access(VB_BINARY_DIR "/tests/waiter_static", X_OK) < 0)
        skip();
    RUN(r, "./waiter_static");
    assert_string_equal(printed(&r), waited);
    /* One that is started after the clock was moved, and reads it before it opens anything. */
    RUN(later, "a=$EPOCHSECONDS; sleep 100000; ./waiter_static sleep; echo $((EPOCHSECONDS - a))");
    int seconds = 0;
    assert_int_equal(sscanf(printed(&later), "sleep: 3600\n%d", &seconds), 1);
    assert_in_range(seconds, 103600, 103610);
}

/* A timer of the kernel's goes off in its own time: nothing overtakes it. */
static void test_timeout(void **state)
{
    (void)state;
    RUN(r, "timeout 1 sleep 100; echo $?; timeout 100 sleep 1; echo $?; sleep 100; echo over");
    assert_string_equal(printed(&r), "124\n0\nover\n");
    assert_true(r.skipped_ms > 99900);
}

static void test_waits_that_stay(void **state)
{
    (void)state;
    /* Who works is not moved past; who polls the clock runs to the limit. */
    VB_CLEANUP(run_done) struct run spinner;
    run_shell(&spinner, "sleep 5000 & until [ $EPOCHSECONDS -gt 4000000000 ]; do :; done", 1000);
    assert_string_equal(spinner.outcome, "timeout");
    assert_int_equal(spinner.skipped_ms, 0);
    VB_CLEANUP(run_done) struct run endless;
    run_shell(&endless, "python3 -c 'import time; time.sleep(10**8)'", 1000);
    assert_string_equal(endless.outcome, "timeout");
    assert_int_equal(endless.skipped_ms, 0);
    assert_int_equal(endless.waits, 1);
}

/* Nobody can be shown another time who cannot be written to: then it stays as it is for all. */
static void test_closed_memory(void **state)
{
    (void)state;
    if (access("/usr/bin/python3", X_OK) < 0)
        skip();
    VB_CLEANUP(run_done) struct run r;
    run_shell(&r,
              "python3 -c 'import ctypes, time; ctypes.CDLL(None).prctl(4, 0); time.sleep(500)' & "
              "sleep 300; echo over",
              2000);
    assert_string_equal(r.outcome, "timeout");
    assert_int_equal(r.skipped_ms, 0);
}

/* A loop that does nothing but wait does not fill the log. */
static void test_heartbeat(void **state)
{
    (void)state;
    VB_CLEANUP(run_done) struct run r;
    run_shell(&r, "while :; do sleep 600; cat /etc/hostname >/dev/null; done", 4000);
    assert_string_equal(r.outcome, "timeout");
    assert_true(r.skipped_ms > 6 * 3600 * 1000);
}

/* The wall clock of a run may begin ahead, the others may not. */
static void test_days_ahead(void **state)
{
    (void)state;
    static const char script[] =
        "python3 -c 'import time; print(int(time.time()), int(time.monotonic()))'; date +%s; "
        "./waiter realtime; ./waiter \"short waits\"; sleep 100; date +%s";
    if (access("/usr/bin/python3", X_OK) < 0)
        skip();
    long long wall[2], since[2], dates[2][2];
    for (int i = 0; i < 2; i++) {
        days_ahead = i == 0 ? 0 : 45;
        RUN(r, script);
        days_ahead = 0;
        assert_int_equal(sscanf(printed(&r), "%lld %lld %lld realtime: 3600 short waits %lld",
                                &wall[i], &since[i], &dates[i][0], &dates[i][1]),
                         4);
        assert_in_range(dates[i][0], wall[i], wall[i] + 60);
        assert_in_range(dates[i][1] - dates[i][0], 3600 + 3600 + 100, 3600 + 3600 + 160);
    }
    assert_in_range(wall[1] - wall[0], 45 * 86400, 45 * 86400 + 120);
    assert_in_range(since[1] - since[0], 0, 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shell),         cmocka_unit_test(test_no_sleep_no_move),
        cmocka_unit_test(test_python),        cmocka_unit_test(test_node),
        cmocka_unit_test(test_all_clocks),    cmocka_unit_test(test_static_program),
        cmocka_unit_test(test_timeout),       cmocka_unit_test(test_waits_that_stay),
        cmocka_unit_test(test_closed_memory), cmocka_unit_test(test_heartbeat),
        cmocka_unit_test(test_days_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
