/* replay: see replay.h. Files are the user's, but what stands in them was somebody else's: it is
 * checked and bounded here. */
#include "sandbox/world/replay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vetbox/core/json.h"

enum { HEADER_NAME_BYTES = 60, HEADER_VALUE_BYTES = 4096, PATH_BYTES = 4096 };

struct answer {
    char *method; /* NULL: GET and HEAD of a file */
    char *url;    /* as tidy() leaves it; of a file without the scheme, "host/path" */
    unsigned status;
    struct vb_http_header headers[VB_HTTP_RULE_HEADERS_MAX]; /* owned */
    size_t header_count;
    struct vb_buf body;
    bool given;
};

struct vb_replay {
    struct answer *answers;
    size_t count, room;
    size_t skipped;
    uint64_t bytes;
};

static int fail_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, errno, "reading captured answers");
}

/* --- URLs --- */

static void lower(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        text[i] = vb_ascii_lower(text[i]);
}

/* A URL without what makes no difference: scheme and host in lower case, no user, no default port,
 * no fragment, at least one slash. On the heap; NULL when out of memory. */
static char *tidy(const char *url)
{
    static const struct {
        const char *scheme, *port;
    } defaults[] = {{"https://", ":443"}, {"http://", ":80"}};
    const char *mark = strstr(url, "://");
    const size_t scheme = mark == NULL ? 0 : (size_t)(mark - url) + 3;
    const char *host = url + scheme;
    size_t host_len = strcspn(host, "/?#");
    const char *rest = host + host_len;
    const char *at = memrchr(host, '@', host_len);
    if (at != NULL) {
        host_len -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(defaults); i++) {
        const size_t len = strlen(defaults[i].port);
        if (vb_ascii_starts(url, defaults[i].scheme) && scheme == strlen(defaults[i].scheme) &&
            host_len > len && memcmp(host + host_len - len, defaults[i].port, len) == 0)
            host_len -= len;
    }
    char *ret = NULL;
    if (asprintf(&ret, "%.*s%.*s%s%.*s", (int)scheme, url, (int)host_len, host,
                 rest[0] == '/' ? "" : "/", (int)strcspn(rest, "#"), rest) < 0)
        return NULL;
    lower(ret, scheme + host_len);
    return ret;
}

/* --- one answer --- */

static void answer_done(struct answer *answer)
{
    free(answer->method);
    free(answer->url);
    for (size_t i = 0; i < answer->header_count; i++) {
        free((char *)(uintptr_t)answer->headers[i].name);
        free((char *)(uintptr_t)answer->headers[i].value);
    }
    vb_buf_done(&answer->body);
}

/* Takes ANSWER, or frees it. */
static int keep(struct vb_replay *replay, struct answer *answer, struct vb_error *err)
{
    if (replay->count == VB_REPLAY_ANSWERS_MAX ||
        replay->bytes + answer->body.len > VB_REPLAY_BYTES_MAX) {
        answer_done(answer);
        return vb_fail(err, VB_E_LIMIT, 0, "more than %d captured answers or %d MiB of them",
                       VB_REPLAY_ANSWERS_MAX, VB_REPLAY_BYTES_MAX >> 20);
    }
    if (replay->count == replay->room) {
        const size_t room = replay->room == 0 ? 64 : 2 * replay->room;
        struct answer *answers = reallocarray(replay->answers, room, sizeof(*answers));
        if (answers == NULL) {
            answer_done(answer);
            return fail_memory(err);
        }
        replay->answers = answers;
        replay->room = room;
    }
    replay->bytes += answer->body.len;
    replay->answers[replay->count++] = *answer;
    return VB_OK;
}

/* --- HTTP Archive --- */

/* What is the connection's, or was true of the bytes as they were on the wire. */
static bool is_dropped(const char *name)
{
    static const char *const dropped[] = {"connection",
                                          "content-encoding",
                                          "content-length",
                                          "date",
                                          "keep-alive",
                                          "trailer",
                                          "transfer-encoding",
                                          "upgrade",
                                          "alt-svc",
                                          "te",
                                          "proxy-authenticate",
                                          "strict-transport-security"};
    for (size_t i = 0; i < VB_ARRAY_LEN(dropped); i++) {
        if (vb_ascii_equal(name, dropped[i]))
            return true;
    }
    return false;
}

/* RFC 9110, 5.1 and 5.5; pseudo-headers of HTTP/2 are none. */
static bool is_header(const char *name, const char *value)
{
    const size_t len = strlen(name);
    if (len == 0 || len >= HEADER_NAME_BYTES || strlen(value) >= HEADER_VALUE_BYTES)
        return false;
    for (size_t i = 0; i < len; i++) {
        const bool letter =
            (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z');
        const bool digit = name[i] >= '0' && name[i] <= '9';
        if (!letter && !digit && name[i] != '-' && name[i] != '_')
            return false;
    }
    for (const char *at = value; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 && *at != '\t')
            return false;
    }
    return !is_dropped(name);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *ret = json_string_value(json_object_get(object, key));
    return ret == NULL ? "" : ret;
}

static bool take_headers(const json_t *list, struct answer *answer)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *header = json_array_get(list, i);
        const char *name = text_of(header, "name");
        const char *value = text_of(header, "value");
        if (answer->header_count == VB_HTTP_RULE_HEADERS_MAX || !is_header(name, value))
            continue;
        struct vb_http_header *kept = &answer->headers[answer->header_count++];
        kept->name = strdup(name);
        kept->value = strdup(value);
        if (kept->name == NULL || kept->value == NULL)
            return false;
    }
    return true;
}

/* 1: it is too large, or is not what it says. */
static int take_body(const json_t *content, struct answer *answer, struct vb_error *err)
{
    const json_t *text = json_object_get(content, "text");
    const size_t len = json_string_length(text);
    struct vb_error ignored;
    vb_buf_init(&answer->body, VB_HTTP_REPLY_MAX);
    if (len == 0)
        return json_integer_value(json_object_get(content, "size")) > 0 ? 1 : VB_OK;
    if (strcmp(text_of(content, "encoding"), "base64") == 0) {
        const int status = vb_base64_decode(&answer->body, json_string_value(text), len, &ignored);
        return status == VB_E_NOMEM ? fail_memory(err) : status < 0;
    }
    if (len > VB_HTTP_REPLY_MAX)
        return 1;
    return vb_buf_append(&answer->body, json_string_value(text), len, err);
}

static int take_entry(struct vb_replay *replay, const json_t *entry, struct vb_error *err)
{
    const json_t *request = json_object_get(entry, "request");
    const json_t *response = json_object_get(entry, "response");
    const json_int_t code = json_integer_value(json_object_get(response, "status"));
    struct answer answer = {.status = (unsigned)code};
    if (code < 200 || code > 599 || text_of(request, "url")[0] == '\0') {
        replay->skipped++;
        return VB_OK;
    }
    answer.method = strdup(text_of(request, "method"));
    answer.url = tidy(text_of(request, "url"));
    if (answer.method == NULL || answer.url == NULL ||
        !take_headers(json_object_get(response, "headers"), &answer)) {
        answer_done(&answer);
        return fail_memory(err);
    }
    const int status = take_body(json_object_get(response, "content"), &answer, err);
    if (status == VB_OK)
        return keep(replay, &answer, err);
    replay->skipped += status > 0;
    answer_done(&answer);
    return status < 0 ? status : VB_OK;
}

static int read_file(int folder, const char *name, size_t max, struct vb_buf *ret,
                     struct vb_error *err)
{
    VB_CLEANUP_FD int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    vb_buf_init(ret, max);
    if (fd < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "captured answers: %s", name);
    const int status = vb_buf_read_fd(ret, fd, err);
    return status < 0 ? vb_wrap(err, "captured answers: %s", name) : VB_OK;
}

static int read_archive(struct vb_replay *replay, int folder, const char *name,
                        struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    VB_CLEANUP(vb_json_free) json_t *root = NULL;
    int status = read_file(folder, name, VB_REPLAY_BYTES_MAX, &text, err);
    if (status < 0)
        return status;
    status = vb_json_parse((const char *)text.data, text.len, VB_REPLAY_BYTES_MAX, &root, err);
    const json_t *entries = json_object_get(json_object_get(root, "log"), "entries");
    if (status == VB_OK && !json_is_array(entries))
        status = vb_fail(err, VB_E_DATA, 0, "no log.entries");
    for (size_t i = 0; status == VB_OK && i < json_array_size(entries); i++)
        status = take_entry(replay, json_array_get(entries, i), err);
    return status < 0 ? vb_wrap(err, "the HTTP Archive %s", name) : VB_OK;
}

/* --- a tree of files --- */

/* The file NAME in FOLDER, which is PATH ("host/path"). */
static int take_file(struct vb_replay *replay, int folder, const char *name, const char *path,
                     struct vb_error *err)
{
    struct stat st;
    struct answer answer = {.status = 200};
    if (fstatat(folder, name, &st, 0) < 0 || st.st_size > VB_HTTP_REPLY_MAX) {
        replay->skipped++;
        return VB_OK;
    }
    int status = read_file(folder, name, VB_HTTP_REPLY_MAX, &answer.body, err);
    answer.url = status == VB_OK ? strdup(path) : NULL;
    if (status == VB_OK && answer.url == NULL)
        status = fail_memory(err);
    if (status == VB_OK)
        return keep(replay, &answer, err);
    answer_done(&answer);
    return status;
}

static int take_folder(struct vb_replay *replay, int parent, const char *name, char *path,
                       struct vb_error *err);

/* One entry of the folder FOLDER, which is PATH ("": the one of all hosts), of PATH_BYTES. */
static int take_child(struct vb_replay *replay, int folder, const char *name, char *path,
                      struct vb_error *err)
{
    const size_t len = strlen(path);
    struct stat st;
    int status = VB_OK;
    if (len + strlen(name) + 2 > PATH_BYTES ||
        fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        replay->skipped++;
        return VB_OK;
    }
    snprintf(path + len, PATH_BYTES - len, "%s%s", len == 0 ? "" : "/", name);
    if (len == 0)
        lower(path, strlen(path)); /* a host */
    if (S_ISDIR(st.st_mode))
        status = take_folder(replay, folder, name, path, err);
    else if (S_ISREG(st.st_mode) && len > 0)
        status = take_file(replay, folder, name, path, err);
    path[len] = '\0';
    return status;
}

static bool is_archive(const char *name)
{
    const size_t len = strlen(name);
    return len > 4 && vb_ascii_equal(name + len - 4, ".har");
}

static int compare(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

static unsigned depth_of(const char *path)
{
    unsigned ret = path[0] != '\0';
    for (; *path != '\0'; path++)
        ret += *path == '/';
    return ret;
}

/* In the order of names, so that the answers have one too. */
static int take_folder(struct vb_replay *replay, int parent, const char *name, char *path,
                       struct vb_error *err)
{
    struct dirent **names = NULL;
    VB_CLEANUP_FD int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int count = folder < 0 || depth_of(path) > VB_REPLAY_DEPTH_MAX
                          ? -1
                          : scandirat(folder, ".", &names, NULL, compare);
    int status = count >= 0 ? VB_OK
                            : vb_fail(err, VB_E_NOINPUT, folder < 0 ? errno : 0,
                                      "captured answers: the folder %s", name);
    for (int i = 0; i < count; i++) {
        const char *entry = names[i]->d_name;
        if (status == VB_OK && path[0] == '\0' && is_archive(entry))
            status = read_archive(replay, folder, entry, err);
        else if (status == VB_OK && strcmp(entry, ".") != 0 && strcmp(entry, "..") != 0)
            status = take_child(replay, folder, entry, path, err);
        free(names[i]);
    }
    free(names);
    return status;
}

/* --- all of it --- */

int vb_replay_new(const char *folder, struct vb_replay **ret, struct vb_error *err)
{
    char path[PATH_BYTES] = "";
    struct vb_replay *replay = calloc(1, sizeof(*replay));
    if (replay == NULL)
        return fail_memory(err);
    int status = take_folder(replay, AT_FDCWD, folder, path, err);
    if (status == VB_OK && replay->count == 0)
        status = vb_fail(err, VB_E_NOINPUT, 0,
                         "captured answers: %s has neither a *.har with an answer nor HOST/PATH",
                         folder);
    if (status < 0) {
        vb_replay_free(replay);
        return status;
    }
    *ret = replay;
    return VB_OK;
}

void vb_replay_free(struct vb_replay *replay)
{
    if (replay == NULL)
        return;
    for (size_t i = 0; i < replay->count; i++)
        answer_done(&replay->answers[i]);
    free(replay->answers);
    free(replay);
}

size_t vb_replay_count(const struct vb_replay *replay)
{
    return replay->count;
}

size_t vb_replay_skipped(const struct vb_replay *replay)
{
    return replay->skipped;
}

/* --- requests --- */

/* PATH ("host/path?query") of a request is the file URL: with its query, without it, or as the
 * index of a folder. Ports are not looked at. */
static bool is_file(const char *url, const char *path)
{
    const size_t host = strcspn(path, ":/");
    const char *rest = path + strcspn(path, "/");
    const size_t len = strcspn(rest, "?");
    const size_t url_host = strcspn(url, "/");
    const char *file = url + url_host;
    if (host != url_host || memcmp(url, path, host) != 0)
        return false;
    if (strcmp(file, rest) == 0 || (strncmp(file, rest, len) == 0 && file[len] == '\0'))
        return true;
    return len > 0 && rest[len - 1] == '/' && strncmp(file, rest, len) == 0 &&
           strcmp(file + len, "index.html") == 0;
}

static bool fits(const struct answer *answer, const char *method, const char *url)
{
    const bool head = strcmp(method, "HEAD") == 0;
    const char *scheme = strstr(url, "://");
    if (answer->method == NULL)
        return (head || strcmp(method, "GET") == 0) &&
               is_file(answer->url, scheme == NULL ? url : scheme + 3);
    return (strcmp(answer->method, method) == 0 || (head && strcmp(answer->method, "GET") == 0)) &&
           strcmp(answer->url, url) == 0;
}

static struct answer *find(struct vb_replay *replay, const char *method, const char *url)
{
    struct answer *last = NULL;
    for (size_t i = 0; i < replay->count; i++) {
        if (!fits(&replay->answers[i], method, url))
            continue;
        last = &replay->answers[i];
        if (!last->given)
            break;
    }
    return last;
}

int vb_replay_answer(struct vb_replay *replay, const char *method, const char *url,
                     struct vb_http_reply *ret, bool *ret_found, struct vb_error *err)
{
    *ret_found = false;
    if (replay == NULL)
        return VB_OK;
    VB_CLEANUP_FREE char *wanted = tidy(url);
    if (wanted == NULL)
        return fail_memory(err);
    struct answer *answer = find(replay, method, wanted);
    if (answer == NULL)
        return VB_OK;
    struct vb_http_reply reply = {.status = answer->status,
                                  .rule = "replay",
                                  .form = answer->body.len > 0 ? "replay" : "empty"};
    memcpy(reply.headers, answer->headers, sizeof(answer->headers));
    reply.header_count = answer->header_count;
    vb_buf_init(&reply.body, VB_HTTP_REPLY_MAX);
    if (answer->body.len > 0 &&
        vb_buf_append(&reply.body, answer->body.data, answer->body.len, err) < 0)
        return fail_memory(err);
    answer->given = true;
    *ret = reply;
    *ret_found = true;
    return VB_OK;
}
