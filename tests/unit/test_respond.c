/* What the world answers over HTTP: the shape of each answer, whether it is what it says, and that
 * nothing in a request gets out of its place. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/world/answers/internal.h"

static const int64_t now = 1790000000; /* 2026-09-21 */
static const unsigned char seed[32] = {3, 1, 4, 1, 5};

static struct vb_responder *responder_with(const char *rules_dir)
{
    struct vb_responder *responder = NULL;
    struct vb_error err = {0};
    if (vb_responder_new(rules_dir, seed, "203.0.113.77", &responder, &err) < 0)
        fail_msg("%s", err.message);
    return responder;
}

struct ask {
    const char *method, *host, *target, *accept, *agent, *body;
};

static struct vb_http_reply answer(struct vb_responder *responder, const struct ask *ask)
{
    const struct vb_http_header headers[] = {
        {"User-Agent", ask->agent == NULL ? "python-requests/2.31" : ask->agent},
        {"Accept", ask->accept == NULL ? "*/*" : ask->accept},
    };
    const struct vb_http_request request = {
        .host = ask->host,
        .port = 443,
        .tls = true,
        .method = ask->method,
        .target = ask->target,
        .headers = headers,
        .header_count = VB_ARRAY_LEN(headers),
        .body = (const unsigned char *)ask->body,
        .body_len = ask->body == NULL ? 0 : strlen(ask->body),
    };
    struct vb_http_reply reply;
    struct vb_error err = {0};
    if (vb_respond(responder, &request, now, &reply, &err) < 0)
        fail_msg("%s %s%s: %s", ask->method, ask->host, ask->target, err.message);
    return reply;
}

static const char *header_of(const struct vb_http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    }
    return "";
}

static bool holds(const struct vb_http_reply *reply, const char *text)
{
    return reply->body.len > 0 &&
           memmem(reply->body.data, reply->body.len, text, strlen(text)) != NULL;
}

#define BROWSER "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
#define NPM "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"

/* What each kind of program would stumble over if it came back otherwise. */
static const struct row {
    struct ask ask;
    unsigned status;
    const char *type; /* its beginning */
    const char *form;
    bool token;
    const char *holds; /* or NULL */
} rows[] = {
    /* whatever nobody thought of */
    {{"GET", "weather.example", "/", BROWSER, "Mozilla/5.0", NULL},
     200,
     "text/html",
     "html",
     false,
     "<h1>weather"},
    {{"GET", "api.weather.example", "/v1/forecast?city=Oslo", NULL, NULL, NULL},
     200,
     "application/json",
     "json",
     false,
     "\"ok\":true"},
    {{"GET", "weather.example", "/data/cities", "application/json", NULL, NULL},
     200,
     "application/json",
     "json",
     false,
     "\"results\":[{"},
    {{"POST", "c2.example", "/collect", NULL, NULL, "{\"a\":1}"},
     200,
     "application/json",
     "json",
     false,
     "\"id\":\""},
    {{"POST", "api.example", "/v1/items", NULL, NULL, "{\"a\":1}"},
     201,
     "application/json",
     "json",
     false,
     "\"id\":\""},
    {{"PUT", "api.example", "/v1/items/7", NULL, NULL, "{}"},
     200,
     "application/json",
     "json",
     false,
     NULL},
    {{"DELETE", "api.example", "/v1/items/7", NULL, NULL, NULL}, 204, "", "empty", false, NULL},
    {{"BREW", "coffee.example", "/pot", NULL, NULL, NULL},
     200,
     "application/json",
     "json",
     false,
     NULL},
    /* connectivity, addresses, time */
    {{"GET", "connectivity.example", "/generate_204", NULL, NULL, NULL},
     204,
     "",
     "empty",
     false,
     NULL},
    {{"GET", "detect.example", "/success.txt", NULL, NULL, NULL},
     200,
     "text/plain",
     "text",
     false,
     "success\n"},
    {{"GET", "ifconfig.me", "/", NULL, "curl/8.5.0", NULL},
     200,
     "text/plain",
     "text",
     false,
     "203.0.113.77\n"},
    {{"GET", "api.ipify.org", "/?format=json", NULL, NULL, NULL},
     200,
     "application/json",
     "json",
     false,
     "\"ip\":\"203.0.113.77\""},
    {{"GET", "ip-api.com", "/json", NULL, NULL, NULL},
     200,
     "application/json",
     "json",
     false,
     "\"query\":\"203.0.113.77\""},
    {{"GET", "worldtimeapi.org", "/api/ip", NULL, NULL, NULL},
     200,
     "application/json",
     "json",
     false,
     "\"unixtime\":1790000000"},
    {{"GET", "httpbin.org", "/get?a=b", NULL, NULL, NULL},
     200,
     "application/json",
     "json",
     false,
     "\"User-Agent\": \"python-requests/2.31\""},
    /* clouds */
    {{"PUT", "169.254.169.254", "/latest/api/token", NULL, NULL, NULL},
     200,
     "text/plain",
     "text",
     false,
     "AQAEA"},
    {{"GET", "169.254.169.254", "/latest/meta-data/iam/security-credentials/", NULL, NULL, NULL},
     200,
     "text/plain",
     "text",
     false,
     "app-prod-instance-role"},
    {{"GET", "169.254.169.254", "/latest/meta-data/iam/security-credentials/app-prod-instance-role",
      NULL, NULL, NULL},
     200,
     "text/plain",
     "credentials",
     false,
     "\"AccessKeyId\" : \"ASIA"},
    {{"GET", "169.254.169.254", "/latest/meta-data/", NULL, NULL, NULL},
     200,
     "text/plain",
     "text",
     false,
     "iam/"},
    {{"GET", "169.254.170.2", "/v2/credentials/4c0f", NULL, NULL, NULL},
     200,
     "application/json",
     "credentials",
     false,
     "SecretAccessKey"},
    {{"GET", "metadata.google.internal",
      "/computeMetadata/v1/instance/service-accounts/default/token", NULL, NULL, NULL},
     200,
     "application/json",
     "credentials",
     false,
     "\"access_token\":\"ya29.c."},
    {{"GET", "169.254.169.254",
      "/metadata/identity/oauth2/"
      "token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net",
      NULL, NULL, NULL},
     200,
     "application/json",
     "credentials",
     false,
     "\"resource\":\"https://vault.azure.net\""},
    /* chat, bots, webhooks */
    {{"POST", "hooks.slack.com", "/services/T0/B0/x", NULL, NULL, "{\"text\":\"x\"}"},
     200,
     "text/html",
     "webhook",
     false,
     "ok"},
    {{"POST", "discord.com", "/api/webhooks/1/x", NULL, NULL, "{\"content\":\"x\"}"},
     204,
     "",
     "webhook",
     false,
     NULL},
    {{"POST", "discord.com", "/api/webhooks/1/x?wait=true", NULL, NULL, "{\"content\":\"a\\\"b\"}"},
     200,
     "application/json",
     "webhook",
     false,
     "\"content\":\"a\\\"b\""},
    {{"POST", "api.telegram.org", "/bot123:abc/sendMessage", NULL, NULL, "chat_id=1&text=x"},
     200,
     "application/json",
     "webhook",
     false,
     "\"ok\":true"},
    {{"GET", "api.telegram.org", "/bot123:abc/getUpdates?offset=1", NULL, NULL, NULL},
     200,
     "application/json",
     "json",
     false,
     "\"result\":[]"},
    {{"POST", "webhook.site", "/0b6f1c9e-4d27-47f8-9a35-d81c2e70b614", NULL, NULL, "x"},
     200,
     "application/json",
     "webhook",
     false,
     NULL},
    /* language models */
    {{"POST", "llm.example", "/v1/chat/completions", NULL, NULL,
      "{\"model\":\"gpt-4o\",\"messages\":[]}"},
     200,
     "application/json",
     "json",
     false,
     "\"model\":\"gpt-4o\""},
    {{"POST", "llm.example", "/v1/chat/completions", NULL, NULL,
      "{\"model\":\"gpt-4o\",\"stream\": true}"},
     200,
     "text/event-stream",
     "events",
     false,
     "data: [DONE]\n\n"},
    {{"POST", "llm.example", "/v1/responses", NULL, NULL, "{\"model\":\"gpt-4o\"}"},
     200,
     "application/json",
     "json",
     false,
     "output_text"},
    {{"POST", "llm.example", "/v1/embeddings", NULL, NULL, "{\"model\":\"e\"}"},
     200,
     "application/json",
     "json",
     false,
     "\"embedding\":["},
    {{"GET", "llm.example", "/v1/models", NULL, NULL, NULL},
     200,
     "application/json",
     "json",
     false,
     "\"object\":\"list\""},
    {{"POST", "llm.example", "/v1/messages", NULL, NULL,
      "{\"model\":\"claude-x\",\"max_tokens\":9}"},
     200,
     "application/json",
     "json",
     false,
     "\"model\":\"claude-x\""},
    {{"POST", "llm.example", "/v1/messages", NULL, NULL,
      "{\"model\":\"claude-x\",\"stream\":true}"},
     200,
     "text/event-stream",
     "events",
     false,
     "event: message_stop\n"},
    {{"POST", "mcp.example", "/mcp", "application/json, text/event-stream", NULL,
      "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"initialize\"}"},
     200,
     "application/json",
     "json",
     false,
     "\"id\":7,"},
    /* who may do what, GitHub */
    {{"POST", "id.example", "/oauth/token", NULL, NULL, "grant_type=client_credentials"},
     200,
     "application/json",
     "credentials",
     false,
     "\"token_type\":\"Bearer\""},
    {{"GET", "id.example", "/.well-known/openid-configuration", NULL, NULL, NULL},
     200,
     "application/json",
     "json",
     false,
     "\"issuer\":\"https://id.example\""},
    {{"GET", "api.github.com", "/repos/acme/tool/releases/latest", NULL, NULL, NULL},
     200,
     "application/json",
     "json",
     false,
     "/acme/tool/releases/download/v1.4.2/tool-linux-amd64"},
    {{"GET", "api.github.com", "/user", NULL, NULL, NULL},
     200,
     "application/json",
     "json",
     false,
     "\"login\""},
    /* second stages */
    {{"GET", "get.tool.example", "/install.sh", NULL, "curl/8.5.0", NULL},
     200,
     "application/x-sh",
     "script",
     true,
     "#!/bin/sh\n"},
    {{"GET", "tool.example", "/install", NULL, "curl/8.5.0", NULL},
     200,
     "text/plain",
     "script",
     true,
     "#!/bin/sh\n"},
    {{"GET", "198.51.100.4", "/6x8c0trkp4l9uugo", NULL, "curl/8.5.0", NULL},
     200,
     "text/plain",
     "script",
     true,
     "#!/bin/sh\n"},
    {{"GET", "198.51.100.4", "/", NULL, "curl/8.5.0", NULL},
     200,
     "text/plain",
     "script",
     true,
     "#!/bin/sh\n"},
    {{"GET", "198.51.100.4", "/s7d6f5g4", NULL, "Python-urllib/3.11", NULL},
     200,
     "text/plain",
     "script",
     true,
     "import subprocess"},
    {{"GET", "pastebin.com", "/raw/Ab3dE6gh", NULL, "curl/8.5.0", NULL},
     200,
     "text/plain",
     "script",
     true,
     "#!/bin/sh\n"},
    {{"GET", "pastebin.com", "/raw/Ab3dE6gh", NULL, "Python-urllib/3.11", NULL},
     200,
     "text/plain",
     "script",
     true,
     "import subprocess"},
    {{"POST", "0x0.st", "/", NULL, "curl/8.5.0", "x"},
     200,
     "text/plain",
     "text",
     false,
     "https://0x0.st/"},
    {{"GET", "tool.example", "/stage2.py", NULL, NULL, NULL},
     200,
     "text/x-python",
     "script",
     true,
     "subprocess.run([\"true\""},
    {{"GET", "tool.example", "/stage2.js", NULL, NULL, NULL},
     200,
     "text/javascript",
     "script",
     true,
     "execFileSync('true'"},
    {{"GET", "tool.example", "/stage2.ps1", NULL, NULL, NULL},
     200,
     "text/plain",
     "script",
     true,
     "$build"},
    {{"GET", "tool.example", "/x.zip", NULL, NULL, NULL},
     200,
     "application/zip",
     "archive",
     true,
     "PK\003\004"},
    {{"GET", "tool.example", "/x.tar.gz", NULL, NULL, NULL},
     200,
     "application/gzip",
     "archive",
     true,
     "\x1f\x8b"},
    {{"GET", "tool.example", "/x.deb", NULL, NULL, NULL},
     200,
     "application/vnd.debian",
     "deb",
     true,
     "!<arch>\n"},
    {{"GET", "github.com", "/acme/tool/releases/download/v1.4.2/tool-linux-amd64", NULL,
      "curl/8.5.0", NULL},
     200,
     "application/octet-stream",
     "elf",
     true,
     "\177ELF"},
    {{"GET", "github.com", "/acme/tool/archive/refs/heads/main.zip", NULL, NULL, NULL},
     200,
     "application/zip",
     "archive",
     true,
     "tool-1.4.2/README.md"},
    {{"HEAD", "tool.example", "/install.sh", NULL, "curl/8.5.0", NULL},
     200,
     "application/x-sh",
     "script",
     true,
     NULL},
    /* package indexes, by what is asked */
    {{"GET", "index.example", "/@scope%2fthing", NPM, "npm/10.2.4", NULL},
     200,
     "application/json",
     "index",
     false,
     "https://index.example/@scope/thing/-/thing-1.5.8.tgz"},
    {{"GET", "index.example", "/thing/-/thing-1.5.8.tgz", NULL, "npm/10.2.4", NULL},
     200,
     "application/octet-stream",
     "npm",
     true,
     "package/package.json"},
    {{"GET", "tool.example", "/app.tgz", NULL, "npm/10.2.4", NULL},
     200,
     "application/gzip",
     "archive",
     true,
     "\"install\": \"node index.js"},
    {{"PUT", "index.example", "/thing", NULL, "npm/10.2.4",
      "{\"dist-tags\":{},\"_attachments\":{}}"},
     201,
     "application/json",
     "json",
     false,
     "\"ok\""},
    {{"GET", "index.example", "/simple/some-thing/", NULL, "pip/23.2", NULL},
     200,
     "text/html",
     "index",
     false,
     "some_thing-1.5.8-py3-none-any.whl</a>"},
    {{"GET", "index.example", "/packages/py3/x/some_thing-1.5.8-py3-none-any.whl", NULL, "pip/23.2",
      NULL},
     200,
     "application/octet-stream",
     "wheel",
     true,
     "some_thing-1.5.8.dist-info/RECORD"},
    {{"GET", "index.example", "/pypi/some-thing/json", NULL, NULL, NULL},
     200,
     "application/json",
     "index",
     false,
     "\"bdist_wheel\""},
    {{"GET", "git.example", "/acme/tool.git/info/refs?service=git-upload-pack", NULL, "git/2.39.5",
      NULL},
     200,
     "application/x-git-upload-pack-advertisement",
     "git",
     false,
     "refs/heads/main\n0000"},
    {{"POST", "git.example", "/acme/tool.git/git-upload-pack", NULL, "git/2.39.5", "0009done\n"},
     200,
     "application/x-git-upload-pack-result",
     "git",
     true,
     "0008NAK\nPACK"},
    /* files that are only shown */
    {{"GET", "tool.example", "/logo.png", NULL, NULL, NULL},
     200,
     "image/png",
     "picture",
     false,
     "PNG"},
    {{"GET", "tool.example", "/SKILL.md", NULL, NULL, NULL},
     200,
     "text/markdown",
     "text",
     false,
     "# SKILL"},
};

static bool should_be_json(const struct vb_http_reply *reply)
{
    const char *type = header_of(reply, "content-type");
    return strncmp(type, "application/json", 16) == 0;
}

static void check_row(struct vb_responder *responder, const struct row *row)
{
    struct vb_http_reply reply = answer(responder, &row->ask);
    json_t *json = NULL;
    const char *what = row->ask.target;
    if (reply.status != row->status || strcmp(reply.form, row->form) != 0)
        fail_msg("%s %s%s: %u %s by %s", row->ask.method, row->ask.host, what, reply.status,
                 reply.form, reply.rule);
    const char *type = header_of(&reply, "content-type");
    if (strncmp(type, row->type, strlen(row->type)) != 0 || (row->type[0] == '\0' && type[0] != 0))
        fail_msg("%s: %s by %s", what, type, reply.rule);
    if (row->holds != NULL && !holds(&reply, row->holds))
        fail_msg("%s by %s has no %s: %.300s", what, reply.rule, row->holds,
                 (const char *)reply.body.data);
    if (row->token != (reply.token[0] != '\0') || (row->token && !holds(&reply, reply.token)))
        fail_msg("%s by %s: token '%s'", what, reply.rule, reply.token);
    if (should_be_json(&reply)) {
        struct vb_error err = {0};
        if (vb_json_parse((const char *)reply.body.data, reply.body.len, VB_HTTP_REPLY_MAX, &json,
                          &err) < 0)
            fail_msg("%s: %s", what, err.message);
    }
    json_decref(json);
    vb_http_reply_done(&reply);
}

static void test_every_request_gets_what_it_hopes_for(void **state)
{
    (void)state;
    struct vb_responder *responder = responder_with(NULL);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        check_row(responder, &rows[i]);
    vb_responder_free(responder);
}

/* --- the same run again, and the next answer --- */

static void test_the_same_requests_get_the_same_bytes(void **state)
{
    (void)state;
    struct vb_responder *one = responder_with(NULL), *two = responder_with(NULL);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_http_reply a = answer(one, &rows[i].ask), b = answer(two, &rows[i].ask);
        assert_int_equal(a.body.len, b.body.len);
        if (a.body.len > 0)
            assert_memory_equal(a.body.data, b.body.data, a.body.len);
        assert_string_equal(a.token, b.token);
        vb_http_reply_done(&a);
        vb_http_reply_done(&b);
    }
    vb_responder_free(one);
    vb_responder_free(two);
}

static void test_no_two_answers_share_a_token(void **state)
{
    (void)state;
    struct vb_responder *responder = responder_with(NULL);
    const struct ask ask = {"GET", "tool.example", "/install.sh", NULL, NULL, NULL};
    char tokens[20][VB_HTTP_TOKEN_CHARS + 1];
    for (size_t i = 0; i < VB_ARRAY_LEN(tokens); i++) {
        struct vb_http_reply reply = answer(responder, &ask);
        assert_int_equal(strspn(reply.token, "0123456789abcdef"), VB_HTTP_TOKEN_CHARS);
        memcpy(tokens[i], reply.token, sizeof(tokens[i]));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(tokens[i], tokens[j]);
        vb_http_reply_done(&reply);
    }
    vb_responder_free(responder);
}

/* Nothing that is sent may say what it is. */
static void test_nothing_gives_itself_away(void **state)
{
    (void)state;
    static const char *const words[] = {"vetbox", "honey", "sandbox", "canary", "decoy"};
    struct vb_responder *responder = responder_with(NULL);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_http_reply reply = answer(responder, &rows[i].ask);
        for (size_t j = 0; j < VB_ARRAY_LEN(words); j++) {
            if (holds(&reply, words[j]))
                fail_msg("%s says %s", rows[i].ask.target, words[j]);
        }
        vb_http_reply_done(&reply);
    }
    vb_responder_free(responder);
}

/* --- credentials --- */

static void test_credentials_are_the_run_s_own(void **state)
{
    (void)state;
    struct vb_responder *responder = responder_with(NULL);
    const struct ask ask = {
        "GET", "169.254.169.254", "/latest/meta-data/iam/security-credentials/r", NULL, NULL, NULL};
    const struct vb_http_header *bait = vb_responder_bait_at(responder, 0);
    assert_non_null(bait);
    assert_string_equal(bait->name, "aws-access-key-id");
    assert_int_equal(strlen(bait->value), 20);
    struct vb_http_reply reply = answer(responder, &ask);
    assert_true(holds(&reply, bait->value));
    vb_http_reply_done(&reply);

    struct vb_error err = {0};
    assert_int_equal(
        vb_responder_set_bait(responder, "aws-access-key-id", "ASIAABCDEFGHIJKLMNOP", &err), VB_OK);
    assert_int_equal(vb_responder_set_bait(responder, "no-such", "x", &err), VB_E_USAGE);
    reply = answer(responder, &ask);
    assert_true(holds(&reply, "\"AccessKeyId\" : \"ASIAABCDEFGHIJKLMNOP\""));
    vb_http_reply_done(&reply);
    size_t count = 0;
    while (vb_responder_bait_at(responder, count) != NULL)
        count++;
    assert_true(count >= 6);
    vb_responder_free(responder);
}

/* --- a program --- */

static void test_the_program_is_one(void **state)
{
    (void)state;
    struct vb_responder *responder = responder_with(NULL);
    const struct ask ask = {"GET", "tool.example", "/tool.bin", NULL, NULL, NULL};
    struct vb_http_reply reply = answer(responder, &ask);
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
    struct vb_responder *responder = responder_with(NULL);
    const struct ask ask = {"GET", "tool.example", "/payload.b64", NULL, "curl/8.5.0", NULL};
    struct vb_http_reply reply = answer(responder, &ask);
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
    struct vb_responder *responder = responder_with(NULL);
    struct vb_error err = {0};
    assert_int_equal(vb_responder_want(responder, "requests", "2.31.0", &err), VB_OK);
    assert_int_equal(vb_responder_want(responder, "requests", "1\"><script>", &err), VB_OK);
    const struct ask ask = {"GET", "index.example", "/simple/requests/", NULL, "pip/23.2", NULL};
    struct vb_http_reply reply = answer(responder, &ask);
    assert_true(holds(&reply, ">requests-2.31.0-py3-none-any.whl</a>"));
    assert_false(holds(&reply, "<script>"));
    vb_http_reply_done(&reply);
    vb_responder_free(responder);
}

/* --- hostile requests --- */

static void test_what_is_sent_stays_in_its_place(void **state)
{
    (void)state;
    struct vb_responder *responder = responder_with(NULL);
    const struct ask page = {"GET", "x.example\"><script>", "/a%22%3E%3Cscript%3E", BROWSER, NULL,
                             NULL};
    struct vb_http_reply reply = answer(responder, &page);
    assert_false(holds(&reply, "<script>"));
    vb_http_reply_done(&reply);
    const struct ask script = {"GET", "tool.example", "/a;rm%20-rf%20$HOME%0a`id`.sh",
                               NULL,  NULL,           NULL};
    reply = answer(responder, &script);
    assert_string_equal(reply.form, "script");
    assert_false(holds(&reply, "rm -rf"));
    assert_false(holds(&reply, "`"));
    assert_false(holds(&reply, "$HOME"));
    vb_http_reply_done(&reply);
    vb_responder_free(responder);
}

static void test_long_and_strange_requests_are_answered(void **state)
{
    (void)state;
    static const char *const targets[] = {"",           "*",     "?",         "/%",
                                          "/%0",        "/%00",  "//",        "/..%2f..",
                                          "http://h/p", "h:443", "/\xff\xfe", "/a?b=%"};
    struct vb_responder *responder = responder_with(NULL);
    for (size_t i = 0; i < VB_ARRAY_LEN(targets); i++) {
        const struct ask ask = {"GET", "", targets[i], NULL, "", "\xff{\"stream\":"};
        struct vb_http_reply reply = answer(responder, &ask);
        assert_in_range(reply.status, 200, 599);
        vb_http_reply_done(&reply);
    }
    char *target = malloc(16385);
    assert_non_null(target);
    memset(target, '/', 16384);
    target[16384] = '\0';
    const struct ask ask = {"GET", target, target, target, target, target};
    struct vb_http_reply reply = answer(responder, &ask);
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
    struct vb_responder *responder = responder_with(dir);
    remove_folder(dir);
    const struct ask ask = {"GET", "svc.internal", "/a/b/c?q=%22%0d%0aSet-Cookie:%20x",
                            NULL,  NULL,           NULL};
    struct vb_http_reply reply = answer(responder, &ask);
    assert_string_equal(reply.rule, "own");
    assert_int_equal(reply.status, 418);
    assert_string_equal(header_of(&reply, "x-asked"), "q=\"Set-Cookie: x ${plain}");
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
    struct vb_responder *responder = responder_with(dir);
    remove_folder(dir);
    const struct ask ask = {"GET", "tool.example", "/x.sh", NULL, NULL, NULL};
    struct vb_http_reply reply = answer(responder, &ask);
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
        const int status = vb_responder_new(dir, seed, "203.0.113.77", &responder, &err);
        remove_folder(dir);
        if (status != VB_E_CONFIG || err.status != VB_E_CONFIG ||
            strstr(err.message, wrong[i].message) == NULL)
            fail_msg("%s: %d %s", wrong[i].text, status, err.message);
        assert_null(responder);
    }
    struct vb_responder *responder = NULL;
    struct vb_error err = {0};
    assert_int_equal(vb_responder_new("/no/such/folder", seed, "203.0.113.77", &responder, &err),
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
    struct vb_responder *responder = responder_with(NULL);
    struct vb_buf docs;
    struct vb_error err = {0};
    VB_CLEANUP_FD int fd = open("docs/world.md", O_RDONLY | O_CLOEXEC);
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
        cmocka_unit_test(test_every_request_gets_what_it_hopes_for),
        cmocka_unit_test(test_the_same_requests_get_the_same_bytes),
        cmocka_unit_test(test_no_two_answers_share_a_token),
        cmocka_unit_test(test_nothing_gives_itself_away),
        cmocka_unit_test(test_credentials_are_the_run_s_own),
        cmocka_unit_test(test_the_program_is_one),
        cmocka_unit_test(test_a_script_may_come_as_base64),
        cmocka_unit_test(test_an_index_has_what_the_package_asks_for),
        cmocka_unit_test(test_what_is_sent_stays_in_its_place),
        cmocka_unit_test(test_long_and_strange_requests_are_answered),
        cmocka_unit_test(test_a_rule_of_the_user_comes_first),
        cmocka_unit_test(test_a_rule_of_the_user_stands_for_ours_of_its_name),
        cmocka_unit_test(test_a_wrong_rule_is_found_where_it_stands),
        cmocka_unit_test(test_all_that_a_rule_may_say_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
