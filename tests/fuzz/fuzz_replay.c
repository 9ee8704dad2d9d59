/* libs: vb_sandbox */
/* Captured answers: the first line is a file's name, the rest stands in it. With a name that ends
 * in .har it is an HTTP Archive, otherwise what a host is asked for. Whatever is in it, it is read
 * or refused in words, and what is answered from it stays in its lines. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/world/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/vetbox-fuzz-replay-XXXXXX";
static int host = -1; /* the folder of one host, in it */

static void remove_folder(void)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/files.example", folder);
    (void)rmdir(path);
    (void)rmdir(folder);
}

static int folder_of(void)
{
    static int fd = -1;
    if (fd >= 0)
        return fd;
    if (mkdtemp(folder) == NULL || (fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
        mkdirat(fd, "files.example", 0700) < 0 ||
        (host = openat(fd, "files.example", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        abort();
    (void)atexit(remove_folder);
    return fd;
}

static void check(const struct vb_http_reply *reply)
{
    if (reply->status < 200 || reply->status > 599 || reply->header_count > VB_HTTP_HEADERS_MAX ||
        reply->body.len > VB_HTTP_REPLY_MAX)
        abort();
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strpbrk(reply->headers[i].value, "\r\n") != NULL ||
            strpbrk(reply->headers[i].name, "\r\n: ") != NULL)
            abort();
    }
}

static void ask(struct vb_replay *replay, const char *name)
{
    static const char *const urls[] = {"https://files.example/a", "http://a.example/",
                                       "https://api.example/login?x=1"};
    static const char *const methods[] = {"GET", "HEAD", "POST"};
    struct vb_error err = {0};
    char own[512];
    snprintf(own, sizeof(own), "https://files.example/%s", name);
    for (size_t i = 0; i < VB_ARRAY_LEN(methods) * (VB_ARRAY_LEN(urls) + 1); i++) {
        const size_t url = i / VB_ARRAY_LEN(methods);
        struct vb_http_reply reply;
        bool found = false;
        if (vb_replay_answer(replay, methods[i % VB_ARRAY_LEN(methods)],
                             url < VB_ARRAY_LEN(urls) ? urls[url] : own, &reply, &found, &err) < 0)
            abort();
        if (found) {
            check(&reply);
            vb_http_reply_done(&reply);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[256] = "";
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
    const size_t len = end == NULL ? 0 : (size_t)(end - data);
    struct vb_replay *replay = NULL;
    struct vb_error err = {0};
    if (len == 0 || len >= sizeof(name) || memchr(data, '/', len) != NULL ||
        memchr(data, '\0', len) != NULL)
        return 0;
    memcpy(name, data, len);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    const int fd = folder_of();
    const int parent = len > 4 && strcmp(name + len - 4, ".har") == 0 ? fd : host;
    const int file = openat(parent, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return 0;
    if (vb_write_all(file, end + 1, size - len - 1, &err) < 0)
        abort();
    close(file);
    const int status = vb_replay_new(folder, &replay, &err);
    if (status == VB_OK)
        ask(replay, name);
    else if (err.message[0] == '\0')
        abort();
    vb_replay_free(replay);
    (void)unlinkat(parent, name, 0);
    return 0;
}
