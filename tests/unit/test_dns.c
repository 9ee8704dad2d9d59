/* Questions for names and their answers, honest and hostile. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/world/dns.h"

struct query {
    unsigned char bytes[600];
    size_t len;
};

static struct query query_of(const char *name, unsigned type)
{
    struct query query = {.bytes = {0x12, 0x34, 1, 0, 0, 1}, .len = 12};
    while (*name != '\0') {
        const size_t len = strcspn(name, ".");
        query.bytes[query.len++] = (unsigned char)len;
        memcpy(query.bytes + query.len, name, len);
        query.len += len;
        name += len + (name[len] == '.');
    }
    query.bytes[query.len++] = 0;
    query.bytes[query.len++] = (unsigned char)(type >> 8);
    query.bytes[query.len++] = (unsigned char)type;
    query.bytes[query.len++] = 0;
    query.bytes[query.len++] = 1;
    return query;
}

static struct vb_host_names *names_of(void)
{
    struct vb_host_names *names = NULL;
    assert_int_equal(vb_host_names_new(&names, NULL), VB_OK);
    return names;
}

static struct vb_dns_reply ask(struct vb_host_names *names, const char *name, unsigned type)
{
    const struct query query = query_of(name, type);
    struct vb_dns_question question;
    struct vb_dns_reply reply;
    assert_true(vb_dns_question(query.bytes, query.len, &question));
    assert_int_equal(question.end, query.len);
    vb_dns_answer(&question, query.bytes, names, &reply);
    /* the query's own id and question, a response */
    assert_memory_equal(reply.bytes, query.bytes, 2);
    assert_int_equal(reply.bytes[2], 0x81);
    assert_memory_equal(reply.bytes + 12, query.bytes + 12, query.len - 12);
    return reply;
}

static void test_a_name_has_one_address(void **state)
{
    (void)state;
    struct vb_host_names *names = names_of();
    struct vb_host_names *others = names_of();
    const struct vb_dns_reply first = ask(names, "api.example.org", 1);
    const struct vb_dns_reply again = ask(names, "API.Example.ORG", 1);
    const struct vb_dns_reply other = ask(names, "www.example.org", 1);
    (void)ask(others, "somebody.else", 1);
    const struct vb_dns_reply elsewhere = ask(others, "api.example.org", 1);
    assert_string_equal(first.outcome, "answered");
    assert_string_equal(first.text, again.text);
    assert_string_equal(first.text, elsewhere.text);
    assert_string_not_equal(first.text, other.text);
    /* one answer: a pointer to the question, A, IN, some time, four bytes */
    assert_int_equal(first.bytes[7], 1);
    const unsigned char *record = first.bytes + first.len - 16;
    assert_memory_equal(record, "\xc0\x0c\0\1\0\1", 6);
    assert_memory_equal(record + 10, "\0\4", 2);
    char text[INET_ADDRSTRLEN];
    assert_non_null(inet_ntop(AF_INET, record + 12, text, sizeof(text)));
    assert_string_equal(text, first.text);
    struct in_addr address;
    assert_int_equal(inet_pton(AF_INET, first.text, &address), 1);
    assert_string_equal(vb_host_names_find(names, AF_INET, &address), "api.example.org");
    vb_host_names_free(names);
    vb_host_names_free(others);
}

static void test_other_records(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned type;
        const char *outcome, *text;
    } rows[] = {
        {"example.org", 15, "answered", "mail.example.org"},
        {"example.org", 16, "answered", "v=spf1 -all"},
        {"example.org", 65, "empty", ""},
        {"example.org", 33, "empty", ""},
        {"metadata.google.internal", 1, "answered", "169.254.169.254"},
        {"4.3.2.1.in-addr.arpa", 12, "unknown", ""},
        {"x.3.2.1.in-addr.arpa", 12, "unknown", ""},
        {"in-addr.arpa", 12, "unknown", ""},
        {"a.very.long.prefix.that.is.no.address.in-addr.arpa", 12, "unknown", ""},
    };
    struct vb_host_names *names = names_of();
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct vb_dns_reply reply = ask(names, rows[i].name, rows[i].type);
        assert_string_equal(reply.outcome, rows[i].outcome);
        assert_string_equal(reply.text, rows[i].text);
        assert_int_equal(reply.bytes[7], strcmp(rows[i].outcome, "answered") == 0);
        assert_int_equal(reply.bytes[3] & 15, strcmp(rows[i].outcome, "unknown") == 0 ? 3 : 0);
    }
    const struct vb_dns_reply v6 = ask(names, "example.org", 28);
    assert_memory_equal(v6.text, "2606:4700:", 10);
    vb_host_names_free(names);
}

static void test_the_way_back(void **state)
{
    (void)state;
    struct vb_host_names *names = names_of();
    const struct vb_dns_reply reply = ask(names, "host.example.org", 1);
    unsigned char bytes[4];
    char reverse[64];
    assert_int_equal(inet_pton(AF_INET, reply.text, bytes), 1);
    snprintf(reverse, sizeof(reverse), "%u.%u.%u.%u.in-addr.arpa", bytes[3], bytes[2], bytes[1],
             bytes[0]);
    assert_string_equal(ask(names, reverse, 12).text, "host.example.org");
    vb_host_names_free(names);
}

/* As many names as there is room for; none has another's address. */
static void test_many_names(void **state)
{
    (void)state;
    struct vb_host_names *names = names_of();
    struct vb_host_address address;
    char name[64];
    for (int i = 0; i < VB_NAMES_MAX; i++) {
        snprintf(name, sizeof(name), "h%d.example.org", i);
        assert_true(vb_host_names_give(names, name, &address));
        assert_string_equal(vb_host_names_find(names, AF_INET, &address.in), name);
    }
    assert_false(vb_host_names_give(names, "one.too.many", &address));
    assert_true(vb_host_names_give(names, "h7.example.org", &address));
    assert_string_equal(ask(names, "another.too.many", 1).outcome, "unknown");
    vb_host_names_free(names);
}

static void test_no_questions(void **state)
{
    (void)state;
    struct vb_dns_question question;
    struct query good = query_of("example.org", 1);
    for (size_t len = 0; len < good.len; len++)
        assert_false(vb_dns_question(good.bytes, len, &question));
    struct query bad = good;
    bad.bytes[2] |= 0x80; /* an answer */
    assert_false(vb_dns_question(bad.bytes, bad.len, &question));
    bad = good;
    bad.bytes[5] = 2; /* two questions */
    assert_false(vb_dns_question(bad.bytes, bad.len, &question));
    bad = good;
    bad.bytes[12] = 0xc0; /* a pointer */
    assert_false(vb_dns_question(bad.bytes, bad.len, &question));
    bad = good;
    bad.bytes[12] = 63; /* beyond the end */
    assert_false(vb_dns_question(bad.bytes, bad.len, &question));
}

/* A name that looks drawn by chance has nobody, unless the package itself names it; what people
 * would call something has somebody. */
static void test_drawn_names(void **state)
{
    (void)state;
    static const char *const drawn[] = {"qxzkvjwqpf.com", "www.xkqjzvwpt.net", "a.b.zqkxjvwq.co.uk",
                                        "kq9x2v7zt4m1.org", "tnghbsrdrxfvdrnk.net"};
    static const char *const real[] = {
        "api.openai.com",
        "raw.githubusercontent.com",
        "weatherservice.com",
        "files.pythonhosted.org",
        "fonts.gstatic.com",
        "metadata.google.internal",
        "localhost",
        "xkcd.com",
        "example.co.uk",
        "cloudflare-dns.com",
        "mirrors.kernel.org",
        "objects.githubusercontent.com",
        "api.telegram.org",
        "hooks.slack.com",
        "huggingface.co",
        "d3k2j1x9q8.cloudfront.net",
        "storage.googleapis.com",
        "login.microsoftonline.com",
    };
    static const char known[] = "const host = 'https://C2.qxzkvjwqpf.com/';";
    struct vb_host_names *names = names_of();
    vb_host_names_doubt(names, NULL, 0);
    for (size_t i = 0; i < VB_ARRAY_LEN(drawn); i++) {
        const struct vb_dns_reply reply = ask(names, drawn[i], 1);
        if (strcmp(reply.outcome, "doubted") != 0)
            fail_msg("%s: %s", drawn[i], reply.outcome);
        assert_int_equal(reply.bytes[3] & 15, 3); /* NXDOMAIN */
        assert_string_equal(reply.text, "");
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(real); i++) {
        if (strcmp(ask(names, real[i], 1).outcome, "answered") != 0)
            fail_msg("%s: %s", real[i], ask(names, real[i], 1).outcome);
    }
    vb_host_names_doubt(names, known, sizeof(known) - 1);
    assert_string_equal(ask(names, "x.qxzkvjwqpf.com", 1).outcome, "answered");
    assert_string_equal(ask(names, "qxzkvjwqpf.net", 1).outcome, "doubted");
    vb_host_names_free(names);
}

static void test_services(void **state)
{
    (void)state;
    struct vb_host_names *names = names_of();
    assert_string_equal(ask(names, "_imaps._tcp.example.org", 33).text, "example.org");
    assert_string_equal(ask(names, "example.org", 33).outcome, "empty");
    vb_host_names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drawn_names),
        cmocka_unit_test(test_services),
        cmocka_unit_test(test_a_name_has_one_address),
        cmocka_unit_test(test_other_records),
        cmocka_unit_test(test_the_way_back),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_no_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
