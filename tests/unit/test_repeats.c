/* Which events of a run are like one before them, to whoever judges. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cli/repeats.h"

static struct vb_repeats repeats;

static int forget(void **state)
{
    (void)state;
    vb_repeats_done(&repeats);
    return 0;
}

/* What else the events of a kind have to say. */
static const struct {
    enum vb_event_kind kind;
    enum vb_field subject, other;
} forms[] = {
    {VB_EV_NET_CONNECT, VB_F_ADDRESS, VB_F_FAMILY},   {VB_EV_NET_NAME, VB_F_NAME, VB_F_PROTOCOL},
    {VB_EV_FILE_OPEN, VB_F_PATH, VB_F_FLAGS},         {VB_EV_FILE_PROBE, VB_F_PATH, VB_F_ACTION},
    {VB_EV_BAIT_READ, VB_F_PATH, VB_F_BAIT},          {VB_EV_PROCESS_EXEC, VB_F_PATH, VB_F_ARGV},
    {VB_EV_PROCESS_FORK, VB_F_EXECUTABLE, VB_F_PPID},
};

static void put(struct vb_event *event, enum vb_field field, const struct vb_str *word)
{
    if (field == VB_F_FLAGS || field == VB_F_ARGV)
        vb_event_list(event, field, word, 1);
    else if (field == VB_F_PPID)
        vb_event_int(event, field, 1);
    else
        vb_event_str(event, field, word->text);
}

/* Returns true if it is left out. TEXT is a path, an address or a name. */
static bool is_left_out(enum vb_event_kind kind, int64_t pid, const char *text, const char *word)
{
    const struct vb_str words = {word, strlen(word)};
    static uint64_t time_ns;
    struct vb_event event;
    struct vb_error err;
    vb_event_init(&event, kind, VB_SOURCE_SYSCALL);
    event.detonation = 1;
    event.time_ns = ++time_ns;
    vb_event_int(&event, VB_F_PID, pid);
    for (size_t i = 0; i < VB_ARRAY_LEN(forms); i++) {
        if (forms[i].kind != kind)
            continue;
        vb_event_str(&event, forms[i].subject, text);
        put(&event, forms[i].other, &words);
    }
    const int ret = vb_repeats_see(&repeats, &event, &err);
    if (ret < 0)
        fail_msg("%s", err.message);
    return ret == 1;
}

static bool connects(int64_t pid, const char *address)
{
    return !is_left_out(VB_EV_NET_CONNECT, pid, address, "inet");
}

static void test_loop(void **state)
{
    (void)state;
    for (int turn = 0; turn < 3; turn++) {
        assert_int_equal(connects(7, "192.0.2.1"), turn == 0);
        assert_int_equal(is_left_out(VB_EV_NET_NAME, 7, "a.example", "dns"), turn > 0);
        assert_int_equal(is_left_out(VB_EV_FILE_OPEN, 7, "/tmp/x", "write"), turn > 0);
        assert_false(is_left_out(VB_EV_PROCESS_FORK, 10 + turn, "/bin/sh", ""));
        assert_false(is_left_out(VB_EV_PROCESS_EXEC, 10 + turn, "/usr/bin/date", "date"));
        assert_int_equal(is_left_out(VB_EV_FILE_OPEN, 10 + turn, "/lib/libc.so", "read"), turn > 0);
        assert_int_equal(is_left_out(VB_EV_FILE_PROBE, 10 + turn, "/etc/x", "stat"), turn > 0);
    }
    assert_int_equal(repeats.count, 10);
    vb_repeats_clear(&repeats);
    assert_true(connects(7, "192.0.2.1"));
}

/* A program that may do it goes first. */
static void test_another_process(void **state)
{
    (void)state;
    assert_true(connects(7, "192.0.2.1"));
    assert_true(connects(8, "192.0.2.1"));
    assert_false(is_left_out(VB_EV_FILE_OPEN, 7, "/home/a/.bashrc", "write"));
    assert_false(is_left_out(VB_EV_FILE_OPEN, 8, "/home/a/.bashrc", "write"));
    assert_false(is_left_out(VB_EV_PROCESS_EXEC, 7, "/tmp/evil", "evil"));
    assert_true(connects(7, "192.0.2.1"));
    assert_false(connects(8, "192.0.2.1"));
}

/* What is reached behind a secret is not what was reached before it. */
static void test_secret_between(void **state)
{
    (void)state;
    assert_true(connects(7, "192.0.2.1"));
    for (int turn = 0; turn < 3; turn++) {
        assert_false(is_left_out(VB_EV_BAIT_READ, 7, "/home/a/.ssh/id_ed25519", "ssh"));
        assert_int_equal(connects(7, "192.0.2.1"), turn == 0);
    }
    assert_false(is_left_out(VB_EV_BAIT_READ, 8, "/home/a/.ssh/id_ed25519", "ssh"));
    assert_true(connects(7, "192.0.2.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_loop, forget),
        cmocka_unit_test_teardown(test_another_process, forget),
        cmocka_unit_test_teardown(test_secret_between, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
