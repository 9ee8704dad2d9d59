/* What the world answers over HTTP: the shape of each answer, the same in the same run, and nothing
 * that gives it away. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "respond_helper.h"

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
    const char *type = reply_header(reply, "content-type");
    return strncmp(type, "application/json", 16) == 0;
}

static void check_row(struct vb_responder *responder, const struct row *row)
{
    struct vb_http_reply reply = respond_to(responder, &row->ask);
    json_t *json = NULL;
    const char *what = row->ask.target;
    if (reply.status != row->status || strcmp(reply.form, row->form) != 0)
        fail_msg("%s %s%s: %u %s by %s", row->ask.method, row->ask.host, what, reply.status,
                 reply.form, reply.rule);
    const char *type = reply_header(&reply, "content-type");
    if (strncmp(type, row->type, strlen(row->type)) != 0 || (row->type[0] == '\0' && type[0] != 0))
        fail_msg("%s: %s by %s", what, type, reply.rule);
    if (row->holds != NULL && !reply_holds(&reply, row->holds))
        fail_msg("%s by %s has no %s: %.300s", what, reply.rule, row->holds,
                 (const char *)reply.body.data);
    if (row->token != (reply.token[0] != '\0') || (row->token && !reply_holds(&reply, reply.token)))
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
    struct vb_responder *responder = respond_with(NULL);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        check_row(responder, &rows[i]);
    vb_responder_free(responder);
}

/* --- the same run again, and the next answer --- */

static void test_the_same_requests_get_the_same_bytes(void **state)
{
    (void)state;
    struct vb_responder *one = respond_with(NULL), *two = respond_with(NULL);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_http_reply a = respond_to(one, &rows[i].ask), b = respond_to(two, &rows[i].ask);
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
    struct vb_responder *responder = respond_with(NULL);
    const struct ask ask = {"GET", "tool.example", "/install.sh", NULL, NULL, NULL};
    char tokens[20][VB_HTTP_TOKEN_CHARS + 1];
    for (size_t i = 0; i < VB_ARRAY_LEN(tokens); i++) {
        struct vb_http_reply reply = respond_to(responder, &ask);
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
    struct vb_responder *responder = respond_with(NULL);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_http_reply reply = respond_to(responder, &rows[i].ask);
        for (size_t j = 0; j < VB_ARRAY_LEN(words); j++) {
            if (reply_holds(&reply, words[j]))
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
    struct vb_responder *responder = respond_with(NULL);
    const struct ask ask = {
        "GET", "169.254.169.254", "/latest/meta-data/iam/security-credentials/r", NULL, NULL, NULL};
    const struct vb_http_header *bait = vb_responder_bait_at(responder, 0);
    assert_non_null(bait);
    assert_string_equal(bait->name, "aws-access-key-id");
    assert_int_equal(strlen(bait->value), 20);
    struct vb_http_reply reply = respond_to(responder, &ask);
    assert_true(reply_holds(&reply, bait->value));
    vb_http_reply_done(&reply);

    struct vb_error err = {0};
    assert_int_equal(
        vb_responder_set_bait(responder, "aws-access-key-id", "ASIAABCDEFGHIJKLMNOP", &err), VB_OK);
    assert_int_equal(vb_responder_set_bait(responder, "no-such", "x", &err), VB_E_USAGE);
    reply = respond_to(responder, &ask);
    assert_true(reply_holds(&reply, "\"AccessKeyId\" : \"ASIAABCDEFGHIJKLMNOP\""));
    vb_http_reply_done(&reply);
    size_t count = 0;
    while (vb_responder_bait_at(responder, count) != NULL)
        count++;
    assert_true(count >= 6);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
