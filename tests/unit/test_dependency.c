/* What the world's package indexes say of packages that the one under examination was given along.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "respond_helper.h"
#include "sandbox/world/shelf.h"
#include "vetbox/sandbox.h"

#define NPM "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"

static void put_file(int folder, const char *path, const char *text)
{
    assert_int_equal(vb_mkdir_parents(folder, path), 0);
    VB_CLEANUP_FD int fd = vb_open_beneath(folder, path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void fill_shelf(int folder)
{
    put_file(folder, "closure.json",
             "{\"version\":1,\"npm\":[{\"name\":\"@a/b\",\"version\":\"1.0.0\","
             "\"file\":\"npm/@a/b/-/b-1.0.0.tgz\"}],\"pypi\":[{\"name\":\"Some.Thing\","
             "\"version\":\"2.0\",\"file\":\"pypi/some_thing-2.0-py3-none-any.whl\","
             "\"sha256\":\"00ff\"},{\"name\":\"some-thing\",\"version\":\"3\","
             "\"file\":\"pypi/a\\\"><b>.whl\",\"sha256\":\"00\"},7]}");
    put_file(folder, "npm/@a/b.json",
             "{\"name\":\"@a/b\",\"versions\":{\"1.0.0\":{\"dist\":{\"tarball\":"
             "\"https://elsewhere.example/x.tgz\",\"integrity\":\"sha512-x\"}},"
             "\"9.9.9\":{\"dist\":{\"tarball\":\"https://elsewhere.example/y.tgz\"}}}}");
    put_file(folder, "npm/@a/b/-/b-1.0.0.tgz", "the tarball");
    put_file(folder, "npm/broken.json", "{");
    put_file(folder, "pypi/some_thing-2.0-py3-none-any.whl", "the wheel");
    put_file(folder, "pypi/a\"><b>.whl", "no wheel");
}

static const struct {
    struct ask ask;
    bool real;
    const char *holds, *lacks;
} wants[] = {
    {{"GET", "npm.example", "/@a%2fb", NPM, "npm/10", NULL},
     true,
     "\"tarball\":\"https://npm.example/@a/b/-/b-1.0.0.tgz\",\"integrity\":\"sha512-x\"",
     "9.9.9"},
    {{"GET", "npm.example", "/mirror/npm/@a/b", NPM, "npm/10", NULL}, true, "1.0.0", "elsewhere"},
    {{"GET", "npm.example", "/@a/b/-/b-1.0.0.tgz", NULL, "npm/10", NULL}, true, "the tarball", "?"},
    {{"GET", "npm.example", "/@a/b/-/b-1.0.1.tgz", NULL, "npm/10", NULL}, false, NULL, "the"},
    {{"GET", "npm.example", "/@a/../closure.json", NPM, "npm/10", NULL}, false, NULL, "requested"},
    {{"GET", "npm.example", "/broken", NPM, "npm/10", NULL}, false, "dist-tags", "?"},
    {{"GET", "npm.example", "/c", NPM, "npm/10", NULL}, false, "dist-tags", "1.0.0\"}"},
    {{"GET", "index.example", "/simple/some_thing/", "text/html", "pip/23", NULL},
     true,
     "some_thing-2.0-py3-none-any.whl#sha256=00ff\">",
     "<b>"},
    {{"GET", "index.example", "/simple/Some-Thing/",
      "application/vnd.pypi"
      ".simple.v1+json",
      "pip/23", NULL},
     true,
     "\"hashes\":{\"sha256\":\"00ff\"}",
     "<b>"},
    {{"GET", "index.example", "/pypi/some-thing/json", NULL, "pip/23", NULL},
     true,
     "\"version\":\"2.0\"",
     "<b>"},
    {{"GET", "index.example", "/packages/py3/x/some_thing-2.0-py3-none-any.whl", NULL, "pip/23",
      NULL},
     true,
     "the wheel",
     "?"},
    {{"GET", "index.example", "/simple/other/", "text/html", "pip/23", NULL},
     false,
     "other-0",
     "?"},
};

/* What is real of it, and what is made up. */
static void test_dependencies_are_real(void **state)
{
    (void)state;
    struct vb_shelf *shelf = NULL;
    struct vb_error err = {0};
    VB_CLEANUP_FD int folder = -1;
    assert_int_equal(vb_workspace_new(1 << 20, 100, &folder, &err), VB_OK);
    fill_shelf(folder);
    assert_int_equal(vb_shelf_new(folder, &shelf, &err), VB_OK);
    struct vb_responder *responder = respond_with(NULL);
    vb_responder_serve(responder, shelf);
    for (size_t i = 0; i < VB_ARRAY_LEN(wants); i++) {
        struct vb_http_reply reply = respond_to(responder, &wants[i].ask);
        char text[8192] = "";
        assert_int_equal(strcmp(reply.rule, VB_RULE_DEPENDENCY) == 0, wants[i].real);
        if (reply.lent.text != NULL) {
            snprintf(text, sizeof(text), "%.*s", (int)reply.lent.len, reply.lent.text);
            assert_int_equal(reply.body.len, 0);
        } else {
            snprintf(text, sizeof(text), "%s", (const char *)reply.body.data);
        }
        if (wants[i].real)
            assert_string_equal(reply.token, "");
        if (wants[i].holds != NULL && strstr(text, wants[i].holds) == NULL &&
            !reply_holds(&reply, wants[i].holds))
            fail_msg("%s: no %s in %s", wants[i].ask.target, wants[i].holds, text);
        assert_null(strstr(text, wants[i].lacks));
        vb_http_reply_done(&reply);
    }
    vb_responder_free(responder);
    vb_shelf_free(shelf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dependencies_are_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
