/* What the world answers over HTTP: second stages are what they seem, nothing in a request gets out
 * of its place, and rules are read strictly. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "respond_helper.h"
#include "sandbox/world/answers/internal.h"
#include "sandbox/world/wants.h"

/* --- a program --- */

static void test_the_program_is_one(void **state)
{
    (void)state;
    struct vb_responder *responder = respond_with(NULL);
    const struct ask ask = {"GET", "tool.example", "/tool.bin", NULL, NULL, NULL};
    struct vb_http_reply reply = respond_to(responder, &ask);
    Elf64_Ehdr head;
    Elf64_Phdr segment;
    assert_true(reply.body.len > sizeof(head) + sizeof(segment));
    memcpy(&head, reply.body.data, sizeof(head));
    memcpy(&segment, reply.body.data + sizeof(head), sizeof(segment));
    assert_memory_equal(head.e_ident, ELFMAG, SELFMAG);
    assert_int_equal(head.e_machine, EM_X86_64);
    assert_int_equal(head.e_phnum, 1);
    assert_int_equal(segment.p_type, PT_LOAD);
    assert_int_equal(segment.p_filesz, reply.body.len);
    assert_true(head.e_entry >= segment.p_vaddr &&
                head.e_entry < segment.p_vaddr + segment.p_filesz);
    /* the second argument of the program it becomes */
    char option[64];
    snprintf(option, sizeof(option), "--build=%s", reply.token);
    uint64_t argv[3];
    const size_t code = 22 + 22 + 12; /* write, execve, exit */
    memcpy(argv, reply.body.data + (head.e_entry - segment.p_vaddr) + code, sizeof(argv));
    assert_string_equal((const char *)reply.body.data + (argv[0] - segment.p_vaddr), "/bin/true");
    assert_string_equal((const char *)reply.body.data + (argv[1] - segment.p_vaddr), option);
    assert_int_equal(argv[2], 0);
    vb_http_reply_done(&reply);
    vb_responder_free(responder);
}

static void test_a_script_may_come_as_base64(void **state)
{
    (void)state;
    struct vb_responder *responder = respond_with(NULL);
    const struct ask ask = {"GET", "tool.example", "/payload.b64", NULL, "curl/8.5.0", NULL};
    struct vb_http_reply reply = respond_to(responder, &ask);
    struct vb_buf plain;
    struct vb_error err = {0};
    vb_buf_init(&plain, 4096);
    assert_int_equal(vb_base64_decode(&plain, (const char *)reply.body.data, reply.body.len, &err),
                     VB_OK);
    assert_memory_equal(plain.data, "#!/bin/sh\n", 10);
    assert_non_null(strstr((const char *)plain.data, reply.token));
    vb_buf_done(&plain);
    vb_http_reply_done(&reply);
    vb_responder_free(responder);
}

static void test_an_index_has_what_the_package_asks_for(void **state)
{
    (void)state;
    struct vb_responder *responder = respond_with(NULL);
    struct vb_error err = {0};
    assert_int_equal(vb_responder_want(responder, "requests", "2.31.0", &err), VB_OK);
    assert_int_equal(vb_responder_want(responder, "requests", "1\"><script>", &err), VB_OK);
    const struct ask ask = {"GET", "index.example", "/simple/requests/", NULL, "pip/23.2", NULL};
    struct vb_http_reply reply = respond_to(responder, &ask);
    assert_true(reply_holds(&reply, ">requests-2.31.0-py3-none-any.whl</a>"));
    assert_false(reply_holds(&reply, "<script>"));
    vb_http_reply_done(&reply);
    vb_responder_free(responder);
}

/* What the index of NAME says, of a package that holds TEXT. */
static void expect_version(const char *text, const char *path, const char *agent, const char *part)
{
    struct vb_responder *responder = respond_with(NULL);
    struct vb_error err = {0};
    assert_int_equal(vb_wants_find((const unsigned char *)text, strlen(text), responder, &err),
                     VB_OK);
    const struct ask ask = {"GET", "index.example", path, NULL, agent, NULL};
    struct vb_http_reply reply = respond_to(responder, &ask);
    if (!reply_holds(&reply, part))
        fail_msg("%s: %s is not at %s", text, part, path);
    vb_http_reply_done(&reply);
    vb_responder_free(responder);
}

static void test_versions_are_found_in_the_package(void **state)
{
    (void)state;
    static const char pip[] = "pip/23.2", npm[] = "npm/9.2.0 node/v18";
    expect_version("certifi==2024.2.2", "/simple/certifi/", pip, ">certifi-2024.2.2-py3");
    expect_version("x\nmy_pkg [one,two] ~= 1.4.9\n", "/simple/my-pkg/", pip, "-1.4.9-py3");
    expect_version("pip install 'a.b<=0.3'", "/simple/a-b/", pip, "-0.3-py3");
    expect_version("b===7.6.5.post1", "/simple/b/", pip, "-7.6.5.post1-py3");
    expect_version("npm i left-pad@1.9.9", "/left-pad", npm, "\"1.9.9\"");
    expect_version("{\"@a/b\": \"^2.7.13\"}", "/@a%2fb", npm, "\"2.7.13\"");
    expect_version("{\"c\" : \"~3.1.4\"}", "/c", npm, "\"3.1.4\"");
    /* Nothing to be found, and nothing to trip over. */
    static const char *const odd[] = {"==",   "=",     "@",   "\":\"",   ":",      "a==",   "==1",
                                      "]==1", "[]==1", "a@^", "\": \"1", "~=~=<=", "a == b"};
    for (size_t i = 0; i < VB_ARRAY_LEN(odd); i++)
        expect_version(odd[i], "/simple/a/", pip, "-py3");
}

/* --- hostile requests --- */

static void test_what_is_sent_stays_in_its_place(void **state)
{
    (void)state;
    struct vb_responder *responder = respond_with(NULL);
    const struct ask page = {
        "GET", "x.example\"><script>", "/a%22%3E%3Cscript%3E", "text/html", NULL, NULL};
    struct vb_http_reply reply = respond_to(responder, &page);
    assert_false(reply_holds(&reply, "<script>"));
    vb_http_reply_done(&reply);
    const struct ask script = {"GET", "tool.example", "/a;rm%20-rf%20$HOME%0a`id`.sh",
                               NULL,  NULL,           NULL};
    reply = respond_to(responder, &script);
    assert_string_equal(reply.form, "script");
    assert_false(reply_holds(&reply, "rm -rf"));
    assert_false(reply_holds(&reply, "`"));
    assert_false(reply_holds(&reply, "$HOME"));
    vb_http_reply_done(&reply);
    vb_responder_free(responder);
}

static void test_long_and_strange_requests_are_answered(void **state)
{
    (void)state;
    static const char *const targets[] = {"",           "*",     "?",         "/%",
                                          "/%0",        "/%00",  "//",        "/..%2f..",
                                          "http://h/p", "h:443", "/\xff\xfe", "/a?b=%"};
    struct vb_responder *responder = respond_with(NULL);
    for (size_t i = 0; i < VB_ARRAY_LEN(targets); i++) {
        const struct ask ask = {"GET", "", targets[i], NULL, "", "\xff{\"stream\":"};
        struct vb_http_reply reply = respond_to(responder, &ask);
        assert_in_range(reply.status, 200, 599);
        vb_http_reply_done(&reply);
    }
    char *target = malloc(16385);
    assert_non_null(target);
    memset(target, '/', 16384);
    target[16384] = '\0';
    const struct ask ask = {"GET", target, target, target, target, target};
    struct vb_http_reply reply = respond_to(responder, &ask);
    vb_http_reply_done(&reply);
    free(target);
    vb_responder_free(responder);
}

/* --- rules of the user's --- */

static char *folder_with(const char *text)
{
    static char dir[] = "/tmp/vb-respond-XXXXXX";
    static char path[64];
    snprintf(dir, sizeof(dir), "/tmp/vb-respond-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/own.yaml", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return dir;
}

static void remove_folder(const char *dir)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/own.yaml", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void test_a_rule_of_the_user_comes_first(void **state)
{
    (void)state;
    static const char text[] =
        "rules:\n"
        "  - id: own\n"
        "    match: {hosts: ['*.internal'], query: {q: '*'}}\n"
        "    reply:\n"
        "      status: 418\n"
        "      headers: {X-Asked: 'q=${query:q} $${plain}'}\n"
        "      json: "
        "'{\"q\":\"${query:q}\",\"s\":\"${segment:2}\",\"at\":${now:10},\"day\":\"${day}\"}'\n";
    char *dir = folder_with(text);
    struct vb_responder *responder = respond_with(dir);
    remove_folder(dir);
    const struct ask ask = {"GET", "svc.internal", "/a/b/c?q=%22%0d%0aSet-Cookie:%20x",
                            NULL,  NULL,           NULL};
    struct vb_http_reply reply = respond_to(responder, &ask);
    assert_string_equal(reply.rule, "own");
    assert_int_equal(reply.status, 418);
    assert_string_equal(reply_header(&reply, "x-asked"), "q=\"Set-Cookie: x ${plain}");
    assert_string_equal((const char *)reply.body.data,
                        "{\"q\":\"\\\"\\u000d\\u000aSet-Cookie: "
                        "x\",\"s\":\"b\",\"at\":1790000010,\"day\":\"2026-09-21\"}");
    vb_http_reply_done(&reply);
    vb_responder_free(responder);
}

static void test_a_rule_of_the_user_stands_for_ours_of_its_name(void **state)
{
    (void)state;
    char *dir = folder_with("rules:\n  - id: script-shell\n    match: {hosts: none.example}\n"
                            "    reply: {}\n");
    struct vb_responder *responder = respond_with(dir);
    remove_folder(dir);
    const struct ask ask = {"GET", "tool.example", "/x.sh", NULL, NULL, NULL};
    struct vb_http_reply reply = respond_to(responder, &ask);
    assert_string_equal(reply.rule, "guess");
    vb_http_reply_done(&reply);
    vb_responder_free(responder);
}

static void test_a_wrong_rule_is_found_where_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"rules:\n  - id: a\n    reply: {}\n    then: x\n", "own.yaml:4: a rule knows no then"},
        {"rules:\n  - id: a\n    match: {host: x}\n    reply: {}\n", ":3: match knows no host"},
        {"rules:\n  - id: a\n    match: {hosts: {a: b}}\n    reply: {}\n",
         ":3: hosts must be a text or a list"},
        {"rules:\n  - id: a\n    match: {is: hungry}\n    reply: {}\n",
         ":3: a request is never hungry"},
        {"rules:\n  - id: a\n    reply: {body: x}\n", ":3: reply knows no body"},
        {"rules:\n  - id: a\n    reply: {as: cake}\n", ":3: there is no answer of the kind cake"},
        {"rules:\n  - id: a\n    reply: {status: 99}\n", ":3: status must be a number"},
        {"rules:\n  - id: a\n    reply: {json: '{', status: 200}\n", ":3: "},
        {"rules:\n  - id: a\n    reply: {text: '${nothing}'}\n", ":3: there is no ${nothing}"},
        {"rules:\n  - id: a\n    reply: {text: '${hex:x}'}\n", ":3: ${hex:x} wants a number"},
        {"rules:\n  - id: a\n    reply: {text: '${bait:x}'}\n", ":3: there is no bait called x"},
        {"rules:\n  - id: a\n    reply: {text: '${host'}\n", ":3: a ${ has no end"},
        {"rules:\n  - id: a\n    reply: {text: a, html: b}\n", ":3: a reply has one body"},
        {"rules:\n  - id: a\n    reply: {}\n  - id: a\n    reply: {}\n",
         ":4: there is already a rule called a"},
        {"rules:\n  - id: A b\n    reply: {}\n", ":2: an id has small letters"},
        {"rules:\n  - id: a\n", ":2: a rule wants an id and a reply"},
        {"rules: {}\n", ":1: the file must be a map of one list"},
        {"rules: [\n", "own.yaml"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(wrong); i++) {
        struct vb_responder *responder = NULL;
        struct vb_error err = {0};
        char *dir = folder_with(wrong[i].text);
        const int status = vb_responder_new(dir, respond_seed, "203.0.113.77", &responder, &err);
        remove_folder(dir);
        if (status != VB_E_CONFIG || err.status != VB_E_CONFIG ||
            strstr(err.message, wrong[i].message) == NULL)
            fail_msg("%s: %d %s", wrong[i].text, status, err.message);
        assert_null(responder);
    }
    struct vb_responder *responder = NULL;
    struct vb_error err = {0};
    assert_int_equal(
        vb_responder_new("/no/such/folder", respond_seed, "203.0.113.77", &responder, &err),
        VB_E_CONFIG);
}

/* --- the documentation --- */

static void expect_in(const char *docs, const char *before, const char *name, const char *after)
{
    char text[80];
    snprintf(text, sizeof(text), "%s%s%s", before, name, after);
    if (strstr(docs, text) == NULL)
        fail_msg("docs/world.md does not tell of %s", text);
}

static void test_all_that_a_rule_may_say_is_documented(void **state)
{
    (void)state;
    struct vb_responder *responder = respond_with(NULL);
    struct vb_buf docs;
    struct vb_error err = {0};
    VB_CLEANUP_FD int fd = open(VB_SOURCE_DIR "/docs/world.md", O_RDONLY | O_CLOEXEC);
    vb_buf_init(&docs, 1 << 20);
    assert_int_equal(vb_buf_read_fd(&docs, fd, &err), VB_OK);
    const char *text = (const char *)docs.data;
    for (size_t i = 0; vb_kind_at(i) != NULL; i++)
        expect_in(text, "`", vb_kind_at(i)->name, "`");
    for (size_t i = 0; vb_template_name(i) != NULL; i++)
        expect_in(text, "`${", vb_template_name(i), "");
    for (size_t i = 0; i < VB_RULE_MATCHERS; i++)
        expect_in(text, "| `", vb_matchers[i].key, "` |");
    for (size_t i = 0; vb_responder_bait_at(responder, i) != NULL; i++)
        expect_in(text, "`", vb_responder_bait_at(responder, i)->name, "`");
    vb_buf_done(&docs);
    vb_responder_free(responder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_program_is_one),
        cmocka_unit_test(test_a_script_may_come_as_base64),
        cmocka_unit_test(test_an_index_has_what_the_package_asks_for),
        cmocka_unit_test(test_versions_are_found_in_the_package),
        cmocka_unit_test(test_what_is_sent_stays_in_its_place),
        cmocka_unit_test(test_long_and_strange_requests_are_answered),
        cmocka_unit_test(test_a_rule_of_the_user_comes_first),
        cmocka_unit_test(test_a_rule_of_the_user_stands_for_ours_of_its_name),
        cmocka_unit_test(test_a_wrong_rule_is_found_where_it_stands),
        cmocka_unit_test(test_all_that_a_rule_may_say_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
