/* What the world sends, in the hands of the tools that it is made for: archives are read whole, a
 * repository is cloned and pushed to over a loopback connection. Nothing that was sent is run here.
 * Tools that are missing are said to be. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/world/respond.h"

enum { ARGS_MAX = 16, REQUEST_MAX = 256 * 1024, HEADERS = 32 };

static const unsigned char seed[32] = {2, 7, 1, 8};
static char folder[] = "/tmp/vb-respond-tools-XXXXXX";

static struct vb_responder *responder_of(void)
{
    struct vb_responder *responder = NULL;
    struct vb_error err = {0};
    if (vb_responder_new(NULL, seed, "203.0.113.77", &responder, &err) < 0)
        fail_msg("%s", err.message);
    return responder;
}

/* Runs ARGV in the folder, quietly. Its exit status, 127 where there is no such program. */
static int run(const char *const *argv)
{
    static char *environment[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin:/usr/local/bin",
                                  (char *)(uintptr_t) "HOME=/nonexistent",
                                  (char *)(uintptr_t) "GIT_CONFIG_NOSYSTEM=1",
                                  (char *)(uintptr_t) "GIT_TERMINAL_PROMPT=0", NULL};
    posix_spawn_file_actions_t actions;
    char *args[ARGS_MAX + 1] = {0};
    pid_t pid = 0;
    int status = 0;
    for (size_t i = 0; argv[i] != NULL && i < ARGS_MAX; i++)
        args[i] = (char *)(uintptr_t)argv[i];
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0), 0);
    assert_int_equal(
        posix_spawn_file_actions_addopen(&actions, 2, "errors", O_WRONLY | O_CREAT | O_TRUNC, 0600),
        0);
    const int spawned = posix_spawnp(&pid, args[0], &actions, NULL, args, environment);
    posix_spawn_file_actions_destroy(&actions);
    if (spawned != 0)
        return 127;
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

static bool have(const char *program)
{
    const bool found = run((const char *const[]){program, "--version", NULL}) != 127;
    if (!found)
        print_message("skipped in part: %s is not installed\n", program);
    return found;
}

static void say_errors(const char *what, int status)
{
    char text[1024] = "";
    VB_CLEANUP_FD int fd = open("errors", O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        (void)!read(fd, text, sizeof(text) - 1);
    fail_msg("%s: %d: %s", what, status, text);
}

/* Fetches what TARGET gives into the file NAME. */
static void fetch(struct vb_responder *responder, const char *target, const char *name)
{
    const struct vb_http_request request = {
        .host = "tool.example", .port = 443, .tls = true, .method = "GET", .target = target};
    struct vb_http_reply reply;
    struct vb_error err = {0};
    assert_int_equal(vb_respond(responder, &request, 1790000000, &reply, &err), VB_OK);
    VB_CLEANUP_FD int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, reply.body.data, reply.body.len, &err), VB_OK);
    vb_http_reply_done(&reply);
}

static void test_archives_are_read_by_their_tools(void **state)
{
    (void)state;
    static const struct {
        const char *target, *file;
        const char *argv[8];
    } rows[] = {
        {"/a.tar.gz", "a.tar.gz", {"tar", "tzf", "a.tar.gz", NULL}},
        {"/a.tar.gz", "a.tar.gz", {"tar", "xzOf", "a.tar.gz", "a-1.4.2/install.sh", NULL}},
        {"/a.tar.gz", "a.tar.gz", {"gzip", "-t", "a.tar.gz", NULL}},
        {"/a.tar.gz", "a.tar.gz", {"bsdtar", "-xOf", "a.tar.gz", NULL}},
        {"/a.tar", "a.tar", {"tar", "xOf", "a.tar", NULL}},
        {"/a.gz", "a.gz", {"gzip", "-t", "a.gz", NULL}},
        {"/a.zip", "a.zip", {"unzip", "-tqq", "a.zip", NULL}},
        {"/a.zip", "a.zip", {"unzip", "-tqq", "-P", "1234", "a.zip", NULL}},
        {"/a.zip", "a.zip", {"bsdtar", "-xOf", "a.zip", NULL}},
        {"/a.zip", "a.zip", {"/usr/bin/python3", "-m", "zipfile", "-t", "a.zip", NULL}},
        {"/a-1.2.3-py3-none-any.whl",
         "a.whl",
         {"/usr/bin/python3", "-m", "zipfile", "-t", "a.whl", NULL}},
        {"/a/-/a-1.2.3.tgz", "a.tgz", {"tar", "xzOf", "a.tgz", "package/package.json", NULL}},
        {"/a.deb", "a.deb", {"dpkg-deb", "--info", "a.deb", NULL}},
        {"/a.deb", "a.deb", {"dpkg-deb", "--contents", "a.deb", NULL}},
    };
    struct vb_responder *responder = responder_of();
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (!have(rows[i].argv[0]))
            continue;
        fetch(responder, rows[i].target, rows[i].file);
        const int status = run(rows[i].argv);
        if (status != 0)
            say_errors(rows[i].file, status);
    }
    vb_responder_free(responder);
}

/* --- a repository, over a loopback connection --- */

struct request {
    char text[REQUEST_MAX + 1];
    size_t len;
    struct vb_http_header headers[HEADERS];
    struct vb_http_request http;
};

/* Cuts the headers of REQUEST apart; the length of the body that is to come. */
static size_t cut_headers(struct request *request, char *end)
{
    size_t length = 0;
    char *line = strstr(request->text, "\r\n");
    *line = '\0';
    request->http = (struct vb_http_request){
        .host = "127.0.0.1", .headers = request->headers, .method = request->text};
    char *space = strchr(request->text, ' ');
    *space = '\0';
    request->http.target = space + 1;
    *strchr(space + 1, ' ') = '\0';
    for (char *at = line + 2; at < end && request->http.header_count < HEADERS;) {
        char *stop = strstr(at, "\r\n");
        *stop = '\0';
        char *colon = strchr(at, ':');
        *colon = '\0';
        struct vb_http_header *header = &request->headers[request->http.header_count++];
        *header = (struct vb_http_header){at, colon + 1 + strspn(colon + 1, " ")};
        if (strcasecmp(at, "content-length") == 0)
            length = strtoul(header->value, NULL, 10);
        at = stop + 2;
    }
    return length;
}

static bool read_more(int fd, struct request *request)
{
    const ssize_t got = read(fd, request->text + request->len, REQUEST_MAX - request->len);
    if (got <= 0)
        return false;
    request->len += (size_t)got;
    request->text[request->len] = '\0';
    return true;
}

static bool read_request(int fd, struct request *request)
{
    char *end = NULL;
    request->len = 0;
    while (end == NULL && read_more(fd, request))
        end = strstr(request->text, "\r\n\r\n");
    if (end == NULL)
        return false;
    const size_t head = (size_t)(end + 4 - request->text);
    const size_t length = cut_headers(request, end);
    while (request->len - head < length) {
        if (!read_more(fd, request))
            return false;
    }
    request->http.body = (const unsigned char *)request->text + head;
    request->http.body_len = length;
    return true;
}

static void serve_one(struct vb_responder *responder, int fd)
{
    static struct request request;
    struct vb_http_reply reply;
    struct vb_error err;
    if (!read_request(fd, &request) ||
        vb_respond(responder, &request.http, 1790000000, &reply, &err) < 0)
        return;
    dprintf(fd, "HTTP/1.1 %u OK\r\nConnection: close\r\nContent-Length: %zu\r\n", reply.status,
            reply.body.len);
    for (size_t i = 0; i < reply.header_count; i++)
        dprintf(fd, "%s: %s\r\n", reply.headers[i].name, reply.headers[i].value);
    dprintf(fd, "\r\n");
    (void)!vb_write_all(fd, reply.body.data, reply.body.len, &err);
    vb_http_reply_done(&reply);
}

/* A child that answers until it is ended. */
static pid_t serve(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    VB_CLEANUP_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *ret_port = ntohs(address.sin_port);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    struct vb_responder *responder = responder_of();
    for (;;) {
        VB_CLEANUP_FD int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (client >= 0)
            serve_one(responder, client);
    }
}

static void expect(const char *what, const char *const *argv)
{
    const int status = run(argv);
    if (status != 0)
        say_errors(what, status);
}

static void test_a_repository_is_cloned_and_pushed_to(void **state)
{
    (void)state;
    if (!have("git"))
        skip();
    uint16_t port = 0;
    char url[64];
    const pid_t server = serve(&port);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/acme/tool.git", (unsigned)port);
    expect("clone", (const char *const[]){"git", "clone", "-q", url, "tool", NULL});
    expect("fsck", (const char *const[]){"git", "-C", "tool", "fsck", "--strict", NULL});
    assert_int_equal(access("tool/README.md", R_OK), 0);
    assert_int_equal(access("tool/install.sh", X_OK), 0);
    expect("clone --depth",
           (const char *const[]){"git", "clone", "-q", "--depth", "1", url, "shallow", NULL});
    expect("clone, version 0", (const char *const[]){"git", "-c", "protocol.version=0", "clone",
                                                     "-q", url, "old", NULL});
    expect("fetch", (const char *const[]){"git", "-C", "tool", "fetch", "-q", NULL});
    expect("push", (const char *const[]){"git", "-C", "tool", "push", "-q", url,
                                         "HEAD:refs/heads/other", NULL});
    assert_int_equal(kill(server, SIGKILL), 0);
    assert_int_equal(waitpid(server, NULL, 0), server);
}

static int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : chdir(folder);
}

static int leave_folder(void **state)
{
    (void)state;
    const int status = run((const char *const[]){"rm", "-rf", folder, NULL});
    return chdir("/") < 0 ? -1 : status;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_archives_are_read_by_their_tools),
        cmocka_unit_test(test_a_repository_is_cloned_and_pushed_to),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
