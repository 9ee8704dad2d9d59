/* Watching a run: each kind of event reads as it should, hostile text cannot reach the terminal,
 * and neither repetition nor a flood fills it. */
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "vetbox/core/text.h"
#include "vetbox/report.h"

/* --- events from the log's own notation --- */

struct story {
    struct vb_buf log;
    uint64_t count;
};

static void tell(struct story *story, uint64_t ms, const char *members)
{
    assert_int_equal(vb_buf_printf(&story->log, NULL, "{\"seq\":%llu,\"time_ns\":%llu,%s}\n",
                                   (unsigned long long)++story->count,
                                   (unsigned long long)(ms * 1000000U), members),
                     VB_OK);
}

static void begin(struct story *story)
{
    story->count = 0;
    vb_buf_init(&story->log, 64 * 1024 * 1024);
    tell(story, 0,
         "\"kind\":\"log.begin\",\"source\":\"tool\",\"version\":\"1\",\"tool\":\"vetbox\","
         "\"reference\":\"sh\",\"clock\":1,\"action\":\"run\"");
}

static void free_reader(struct vb_log_reader **reader)
{
    vb_log_reader_free(*reader);
}

/* What a watcher saw of STORY: each event for itself, or all of it FOLDED. */
static void watch(struct story *story, const struct vb_report_options *options, bool folded,
                  struct vb_buf *ret)
{
    VB_CLEANUP(free_reader) struct vb_log_reader *reader = NULL;
    VB_CLEANUP_FD int fd = memfd_create("log", MFD_CLOEXEC);
    struct vb_error err = {0};
    struct vb_event event;
    struct vb_live *live = NULL;
    char end[64];
    int more = 0;
    snprintf(end, sizeof(end), "\"kind\":\"log.end\",\"source\":\"tool\",\"count\":%llu",
             (unsigned long long)story->count);
    tell(story, 0, end);
    assert_int_equal(vb_write_all(fd, story->log.data, story->log.len, &err), VB_OK);
    vb_buf_done(&story->log);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(vb_log_reader_new(fd, &reader, &err), VB_OK);
    assert_int_equal(vb_live_new(options, &live, &err), VB_OK);
    vb_buf_init(ret, 64 * 1024 * 1024);
    while ((more = vb_log_reader_next(reader, &event, &err)) == 1)
        assert_int_equal(folded ? vb_live_see(live, &event, ret, &err)
                                : vb_live_line(&event, options, ret, &err),
                         VB_OK);
    if (more < 0)
        fail_msg("%s", err.message);
    if (folded)
        assert_int_equal(vb_live_end(live, ret, &err), VB_OK);
    assert_int_equal(vb_buf_append(ret, "", 1, &err), VB_OK);
    vb_live_free(live);
}

#define SYSCALL(kind) "\"kind\":\"" kind "\",\"source\":\"syscall\",\"detonation\":1,\"pid\":7,"
#define EXE ",\"executable\":\"/usr/bin/sh\""
#define OPEN(path, flags) SYSCALL("file.open") "\"path\":\"" path "\",\"flags\":[" flags "]" EXE
#define WORLD(kind) "\"kind\":\"" kind "\",\"source\":\"world\",\"detonation\":1,"
#define TOOL(kind) "\"kind\":\"" kind "\",\"source\":\"tool\",\"detonation\":1,"

static const struct {
    const char *members;
    const char *line; /* without its time; NULL: not shown */
} rows[] = {
    {SYSCALL("process.exec") "\"path\":\"/usr/bin/curl\",\"argv\":[\"curl\",\"-d\",\"it's "
                             "a\",\"\",\"https://x.example/?a=1\"]" EXE,
     "sh[7]          runs curl -d 'it'\\''s a' '' 'https://x.example/?a=1'"},
    {SYSCALL("process.exec") "\"path\":\"/x\",\"argv\":[\"x\"],\"errno\":\"EPERM\"" EXE,
     "sh[7]          runs x (refused: EPERM)"},
    {SYSCALL("process.fork") "\"ppid\":7", NULL},
    {SYSCALL("process.exit") "\"status\":0", NULL},
    {SYSCALL("process.opaque") "\"syscall\":\"openat\"",
     "a process[7]   hides the arguments of openat"},
    {OPEN("/tmp/x", "\"write\",\"create\""), "sh[7]          writes /tmp/x"},
    {OPEN("/home/alex/.bashrc", "\"append\""), "sh[7]          writes ~/.bashrc"},
    {OPEN("/home/alex/.curlrc", "\"read\"") ",\"missing\":true",
     "sh[7]          looks for ~/.curlrc"},
    {OPEN("/home/alex/.netrc", "\"write\"") ",\"missing\":true",
     "sh[7]          looks for ~/.netrc (passwords for servers)"},
    {OPEN("/etc/ld.so.preload", "\"read\"") ",\"missing\":true", NULL},
    {SYSCALL("process.exec") "\"path\":\"/usr/bin/x\",\"argv\":[\"x\"],\"missing\":true" EXE,
     "sh[7]          looks for the program x"},
    {SYSCALL("file.delete") "\"path\":\"/tmp/x\",\"missing\":true" EXE,
     "sh[7]          looks for /tmp/x, to delete it"},
    {OPEN("/dev/null", "\"write\""), NULL},
    {OPEN("/usr/lib/libc.so.6", "\"read\""), NULL},
    {OPEN("/etc/passwd", "\"read\""), NULL},
    {OPEN("/home/alex/.ssh/id_rsa", "\"read\""),
     "sh[7]          reads ~/.ssh/id_rsa (a private SSH key)"},
    {OPEN("/proc/12/environ", "\"read\""), "sh[7]          reads /proc/12/environ"},
    {OPEN("/home/alex", "\"read\",\"directory\""), "sh[7]          lists ~"},
    {SYSCALL("file.probe") "\"path\":\"/home/alex/.ssh\",\"action\":\"stat\"", NULL},
    {SYSCALL("file.delete") "\"path\":\"/home/alex/x\"" EXE, "sh[7]          deletes ~/x"},
    {SYSCALL("file.rename") "\"path\":\"/home/alex/x\",\"target\":\"/root/y\"" EXE,
     "sh[7]          renames ~/x to ~/y"},
    {SYSCALL("file.attribute") "\"path\":\"/tmp/x\",\"action\":\"chmod\",\"mode\":511" EXE,
     "sh[7]          changes /tmp/x (chmod)"},
    {SYSCALL("file.attribute") "\"path\":\"/tmp/x\",\"action\":\"utime\"" EXE, NULL},
    {SYSCALL("net.connect") "\"family\":\"inet\",\"address\":\"198.51.100.7\",\"port\":443" EXE,
     "sh[7]          connects to 198.51.100.7:443"},
    {SYSCALL("net.connect") "\"family\":\"inet6\",\"address\":\"2001:db8::1\",\"port\":80" EXE,
     "sh[7]          connects to [2001:db8::1]:80"},
    {SYSCALL("net.connect") "\"family\":\"inet\",\"address\":\"127.0.0.1\",\"port\":53" EXE, NULL},
    {SYSCALL("net.connect") "\"family\":\"unix\",\"address\":\"/run/docker.sock\"" EXE,
     "sh[7]          connects to /run/docker.sock"},
    {SYSCALL("net.send") "\"size\":1,\"family\":\"inet\",\"address\":\"203.0.113.5\",\"port\":"
                         "999" EXE,
     "sh[7]          sends 1 byte to 203.0.113.5:999"},
    {SYSCALL("net.name") "\"name\":\"x.example\",\"protocol\":\"dns\"" EXE,
     "sh[7]          asks where x.example is"},
    {WORLD("world.connection") "\"protocol\":\"tcp\",\"family\":\"inet\",\"address\":\"198.51.100."
                               "7\",\"port\":443,\"size\":11",
     "network        198.51.100.7:443 was sent 11 bytes"},
    {SYSCALL("kernel.denied") "\"syscall\":\"ptrace\",\"errno\":\"EPERM\",\"detail\":\"of "
                              "another\"" EXE,
     "sh[7]          denied: ptrace, of another"},
    {SYSCALL("bait.read") "\"bait\":\"ssh-ed25519\",\"path\":\"/home/alex/.ssh/id_ed25519\"" EXE,
     "sh[7]          reads ~/.ssh/id_ed25519 (bait ssh-ed25519: a private SSH key)"},
    {SYSCALL("bait.list") "\"path\":\"/home/alex/.ssh\",\"count\":7" EXE,
     "sh[7]          looks into ~/.ssh (baits in it: 7)"},
    {WORLD("bait.seen") "\"bait\":\"ssh-ed25519\",\"where\":\"sent\",\"form\":\"base64\"",
     "network        the bait ssh-ed25519 was sent, base64"},
    {TOOL("sandbox.limit") "\"what\":\"memory\"", "vetbox         limit: memory"},
    {TOOL("detonation.end") "\"outcome\":\"exit\",\"duration_ms\":40,\"status\":3",
     "vetbox         ended with status 3 after 40 ms"},
    {TOOL("detonation.end") "\"outcome\":\"timeout\",\"duration_ms\":40",
     "vetbox         stopped after 40 ms: timeout"},
    {TOOL("detonation.end") "\"outcome\":\"stopped\",\"duration_ms\":40",
     "vetbox         stopped after 40 ms, before its end"},
};

static void test_each_kind_reads_as_it_should(void **state)
{
    (void)state;
    static const struct vb_report_options plain = {0};
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf text;
        struct story story;
        char wanted[256] = "";
        begin(&story);
        tell(&story, 1250, rows[i].members);
        watch(&story, &plain, false, &text);
        if (rows[i].line != NULL)
            snprintf(wanted, sizeof(wanted), "   1.250 %s\n", rows[i].line);
        assert_string_equal((const char *)text.data, wanted);
    }
}

/* A clear screen, a right-to-left override, a newline with a forged line, a tag, ill-formed bytes.
 */
#define EVIL                                                     \
    "a\\u001b[2J\\u202eb\\n   9.999 vetbox   ended with status " \
    "0\\udb40\\udc41\\u009b31m\\u0007{pid}["

static void test_hostile_text_is_escaped(void **state)
{
    (void)state;
    static const struct vb_report_options plain = {0};
    static const char *const hostile[] = {
        SYSCALL("process.exec") "\"path\":\"x\",\"argv\":[\"" EVIL "\",{\"base64\":\"G/+b\"}],"
                                "\"executable\":\"/tmp/" EVIL "\"",
        OPEN("/tmp/" EVIL, "\"write\""),
        OPEN("/home/" EVIL "/" EVIL, "\"write\""),
        SYSCALL("net.connect") "\"family\":\"unix\",\"address\":\"" EVIL "\"",
        SYSCALL("net.name") "\"name\":\"" EVIL "\",\"protocol\":\"dns\"",
        WORLD("bait.seen") "\"bait\":\"" EVIL "\",\"where\":\"sent\"",
    };
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    struct story story;
    size_t lines = 0;
    begin(&story);
    for (size_t i = 0; i < VB_ARRAY_LEN(hostile); i++)
        tell(&story, 1, hostile[i]);
    watch(&story, &plain, false, &text);
    assert_true(vb_utf8_valid(text.data, text.len));
    for (size_t i = 0; i + 1 < text.len;) {
        uint32_t code = 0;
        i += vb_utf8_decode(text.data + i, text.len - i, &code);
        lines += code == '\n';
        if ((code < 0x20 && code != '\n') || code == 0x7f || (code >= 0x80 && code < 0xa0) ||
            vb_code_invisible(code) || vb_code_bidi_control(code))
            fail_msg("U+%04X reached the terminal", code);
    }
    assert_int_equal(lines, VB_ARRAY_LEN(hostile));
    assert_non_null(strstr((const char *)text.data, "{pid}[")); /* no template of the subject's */
}

static void test_lines_fit(void **state)
{
    (void)state;
    struct story story;
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    const struct vb_report_options narrow = {.width = 40};
    begin(&story);
    tell(&story, 1, OPEN("/tmp/0123456789012345678901234567890123456789", "\"write\""));
    tell(&story, 2, OPEN("/tmp/\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57", "\"write\""));
    watch(&story, &narrow, false, &text);
    assert_string_equal((const char *)text.data, "   0.001 sh[7]          writes /tmp/012…\n"
                                                 "   0.002 sh[7]          writes /tmp/漢…\n");
}

static void test_colour_only_on_request(void **state)
{
    (void)state;
    const struct vb_report_options colourful = {.color = true};
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    struct story story;
    begin(&story);
    tell(&story, 1, TOOL("sandbox.limit") "\"what\":\"memory\"");
    watch(&story, &colourful, false, &text);
    assert_string_equal((const char *)text.data,
                        "\x1b[2m   0.001 \x1b[0mvetbox         \x1b[1;31mlimit: memory\x1b[0m\n");
}

/* A bait's own line replaces that of the open, and a known place without a bait keeps its own. */
static void test_a_bait_is_said_once(void **state)
{
    (void)state;
    static const struct vb_report_options plain = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    struct story story;
    begin(&story);
    tell(&story, 1, OPEN("/home/alex/.ssh/id_ed25519", "\"read\""));
    tell(&story, 1,
         SYSCALL("bait.read") "\"bait\":\"ssh-ed25519\",\"path\":\"/home/alex/.ssh/"
                              "id_ed25519\"" EXE);
    tell(&story, 2, OPEN("/home/alex/.netrc", "\"read\""));
    tell(&story, 3, OPEN("/home/alex/.aws", "\"read\",\"directory\""));
    tell(&story, 3, SYSCALL("bait.list") "\"path\":\"/home/alex/.aws\",\"count\":2" EXE);
    tell(&story, 4, OPEN("/home/alex/notes", "\"read\",\"directory\""));
    watch(&story, &plain, true, &text);
    assert_string_equal(
        (const char *)text.data,
        "   0.001 sh[7]          reads ~/.ssh/id_ed25519 (bait ssh-ed25519: a private SSH key)\n"
        "   0.002 sh[7]          reads ~/.netrc (passwords for servers)\n"
        "   0.003 sh[7]          looks into ~/.aws (baits in it: 2)\n"
        "   0.004 sh[7]          lists ~/notes\n");
}

static void test_repetition_is_counted(void **state)
{
    (void)state;
    static const struct vb_report_options plain = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    struct story story;
    char members[256];
    begin(&story);
    for (int i = 0; i < 38; i++) {
        tell(&story, 1, SYSCALL("net.name") "\"name\":\"x.example\",\"protocol\":\"dns\"" EXE);
        snprintf(members, sizeof(members), OPEN("/tmp/%d", "\"write\""), i);
        tell(&story, 2, members);
    }
    tell(&story, 1500, SYSCALL("process.exit") "\"status\":0");
    tell(&story, 1600, SYSCALL("net.name") "\"name\":\"x.example\",\"protocol\":\"dns\"" EXE);
    watch(&story, &plain, true, &text);
    assert_string_equal((const char *)text.data,
                        "   0.001 sh[7]          asks where x.example is\n"
                        "   0.002 sh[7]          writes /tmp/0\n"
                        "   1.500 sh             … 37 more times: asks where x.example is\n"
                        "   1.500 sh             … and 37 more: writes /tmp/\n"
                        "   1.600 sh             … once more: asks where x.example is\n");
}

/* The end is the end: nothing is counted behind it. */
static void test_the_end_comes_last(void **state)
{
    (void)state;
    static const struct vb_report_options plain = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    struct story story;
    begin(&story);
    for (int i = 0; i < 2; i++)
        tell(&story, 1, SYSCALL("kernel.denied") "\"syscall\":\"bpf\",\"errno\":\"EPERM\"" EXE);
    tell(&story, 2, TOOL("detonation.end") "\"outcome\":\"exit\",\"duration_ms\":1,\"status\":0");
    watch(&story, &plain, true, &text);
    assert_string_equal((const char *)text.data,
                        "   0.001 sh[7]          denied: bpf\n"
                        "   0.002 sh             … once more: denied: bpf\n"
                        "   0.002 vetbox         ended with status 0 after 1 ms\n");
}

/* 10,000 different lines: a terminal's worth of them is shown, all others are counted, and what is
 * serious is not among them. */
static void test_a_flood_is_cut(void **state)
{
    (void)state;
    static const struct vb_report_options plain = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    struct story story;
    char members[256];
    size_t lines = 0;
    begin(&story);
    for (int i = 0; i < 10000; i++) {
        snprintf(members, sizeof(members), OPEN("/tmp/%d/x", "\"write\""), i);
        tell(&story, 1, members);
    }
    tell(&story, 1, TOOL("sandbox.limit") "\"what\":\"memory\"");
    watch(&story, &plain, true, &text);
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    assert_int_equal(lines, 42);
    assert_non_null(strstr((const char *)text.data, "limit: memory\n"));
    assert_non_null(strstr((const char *)text.data, "… 9960 lines were left out\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_reads_as_it_should),
        cmocka_unit_test(test_hostile_text_is_escaped),
        cmocka_unit_test(test_lines_fit),
        cmocka_unit_test(test_colour_only_on_request),
        cmocka_unit_test(test_a_bait_is_said_once),
        cmocka_unit_test(test_repetition_is_counted),
        cmocka_unit_test(test_the_end_comes_last),
        cmocka_unit_test(test_a_flood_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
