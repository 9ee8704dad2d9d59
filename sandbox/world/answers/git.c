/* git: a repository of one commit over smart HTTP (gitprotocol-http(5), gitprotocol-pack(5),
 * version 0, which clients of all versions accept), and one that takes whatever is pushed. What a
 * client sends is looked at for three words only. */
#include "sandbox/world/answers/internal.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { ID_BYTES = 20, ID_HEX = 41, OBJECT_MAX = 64 * 1024, ENTRIES_MAX = VB_FILES_MAX };

enum object { COMMIT = 1, TREE = 2, BLOB = 3 };
static const char *const object_names[] = {[COMMIT] = "commit", [TREE] = "tree", [BLOB] = "blob"};

struct repository {
    struct vb_buf pack; /* its objects, without head and sum */
    unsigned count;
    unsigned char head[ID_BYTES];
};

struct entry {
    const char *name;
    size_t name_len;
    bool folder;
    unsigned mode;
    unsigned char id[ID_BYTES];
};

struct tree {
    struct entry list[ENTRIES_MAX];
    size_t count;
};

static int sha1_of(const struct vb_buf *data, unsigned char ret[ID_BYTES], struct vb_error *err)
{
    if (EVP_Digest(data->data, data->len, ret, NULL, EVP_sha1(), NULL) != 1)
        return vb_fail(err, VB_E_SOFTWARE, 0, "making a repository for the network of a box");
    return VB_OK;
}

static void hex_of(const unsigned char id[ID_BYTES], char ret[ID_HEX])
{
    for (size_t i = 0; i < ID_BYTES; i++)
        snprintf(ret + 2 * i, 3, "%02x", id[i]);
}

/* Adds an object and gives its name: SHA-1 over "TYPE SIZE NUL" and the content. */
static int add_object(struct repository *repository, enum object type, const struct vb_buf *data,
                      unsigned char ret[ID_BYTES], struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf named;
    vb_buf_init(&named, OBJECT_MAX + 64);
    int status = vb_buf_printf(&named, err, "%s %zu", object_names[type], data->len);
    struct vb_out name = {&named, err, status};
    vb_put_zero(&name, 1);
    vb_put(&name, data->data, data->len);
    status = name.status < 0 ? name.status : sha1_of(&named, ret, err);
    struct vb_out pack = {&repository->pack, err, status};
    size_t size = data->len;
    unsigned byte = (unsigned)type << 4 | (size & 0x0f);
    for (size >>= 4; size > 0; size >>= 7) {
        vb_put_little(&pack, byte | 0x80, 1);
        byte = size & 0x7f;
    }
    vb_put_little(&pack, byte, 1);
    vb_put_zlib(&pack, data->data, data->len);
    repository->count++;
    return pack.status;
}

/* Git's order: by bytes, a folder as if its name ended in '/'. */
static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    const size_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
    const int order = memcmp(a->name, b->name, len);
    if (order != 0)
        return order;
    const int a_next = a->name_len > len ? a->name[len] : a->folder ? '/' : 0;
    const int b_next = b->name_len > len ? b->name[len] : b->folder ? '/' : 0;
    return a_next - b_next;
}

static int add_tree(struct repository *repository, struct tree *tree, unsigned char ret[ID_BYTES],
                    struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data;
    vb_buf_init(&data, OBJECT_MAX);
    qsort(tree->list, tree->count, sizeof(tree->list[0]), compare_entries);
    struct vb_out put = {&data, err, VB_OK};
    for (size_t i = 0; i < tree->count; i++) {
        const struct entry *entry = &tree->list[i];
        char mode[16];
        snprintf(mode, sizeof(mode), "%o ", entry->folder ? 040000U : 0100000U | entry->mode);
        vb_put_str(&put, mode);
        vb_put(&put, entry->name, entry->name_len);
        vb_put_zero(&put, 1);
        vb_put(&put, entry->id, ID_BYTES);
    }
    return put.status < 0 ? put.status : add_object(repository, TREE, &data, ret, err);
}

/* The file as a blob, in the tree itself or in a tree of the one folder that it stands in. */
static int add_file(struct repository *repository, const struct vb_file *file, struct tree *tree,
                    struct vb_error *err)
{
    struct entry *entry = &tree->list[tree->count++];
    const char *slash = strchr(file->path, '/');
    struct tree inner = {.count = 1};
    struct entry *leaf = slash == NULL ? entry : &inner.list[0];
    const char *name = slash == NULL ? file->path : slash + 1;
    *leaf = (struct entry){.name = name, .name_len = strlen(name), .mode = file->mode};
    const int status = add_object(repository, BLOB, &file->data, leaf->id, err);
    if (status < 0 || slash == NULL)
        return status;
    *entry = (struct entry){
        .name = file->path, .name_len = (size_t)(slash - file->path), .folder = true};
    return add_tree(repository, &inner, entry->id, err);
}

static int add_commit(struct repository *repository, const unsigned char tree[ID_BYTES],
                      int64_t seconds, struct vb_error *err)
{
    static const char who[] = "Alex Moreau <alex.moreau@users.noreply.github.com>";
    VB_CLEANUP(vb_buf_done) struct vb_buf data;
    char hex[ID_HEX];
    hex_of(tree, hex);
    vb_buf_init(&data, OBJECT_MAX);
    const int status = vb_buf_printf(
        &data, err, "tree %s\nauthor %s %lld +0000\ncommitter %s %lld +0000\n\nInitial commit\n",
        hex, who, (long long)seconds, who, (long long)seconds);
    return status < 0 ? status : add_object(repository, COMMIT, &data, repository->head, err);
}

static void repository_done(struct repository *repository)
{
    vb_buf_done(&repository->pack);
}

/* Calls the answer by its repository, and gives it the repository's own stream and token: both
 * parts of a clone must tell of the same commit. */
static int enter(struct vb_answer *answer, struct vb_error *err)
{
    char place[VB_VIEW_PATH + 300];
    char hex[VB_SHA256_HEX];
    struct vb_view *view = answer->view;
    const char *end = strstr(view->path, "/info/refs");
    const char *pack = strstr(view->path, "/git-");
    end = end == NULL || (pack != NULL && pack < end) ? pack : end;
    const size_t len = end == NULL ? strlen(view->path) : (size_t)(end - view->path);
    const size_t bare = len > 4 && strncmp(view->path + len - 4, ".git", 4) == 0 ? len - 4 : len;
    const char *name = view->path + bare;
    while (name > view->path && name[-1] != '/')
        name--;
    vb_view_call(view, name, (size_t)(view->path + bare - name));
    snprintf(place, sizeof(place), "%.255s %.*s", view->request->host, (int)bare, view->path);
    const int status = vb_sha256_hex(place, strlen(place), hex, err);
    if (status < 0)
        return status;
    hex[40] = '\0';
    vb_answer_stream(answer, hex, &answer->stream);
    return vb_answer_make_token(answer, err);
}

static int make_repository(struct vb_answer *answer, struct repository *ret, struct vb_error *err)
{
    VB_CLEANUP(vb_files_done) struct vb_files files = {.count = 0};
    unsigned char id[ID_BYTES] = {0};
    struct tree tree = {.count = 0};
    *ret = (struct repository){.count = 0};
    vb_buf_init(&ret->pack, VB_HTTP_REPLY_MAX / 2);
    int status = enter(answer, err);
    if (status == VB_OK)
        status = vb_files_make(answer, VB_PROJECT, "", &files, err);
    for (size_t i = 0; i < files.count && status == VB_OK; i++)
        status = add_file(ret, &files.list[i], &tree, err);
    if (status == VB_OK)
        status = add_tree(ret, &tree, id, err);
    return status < 0 ? status : add_commit(ret, id, files.seconds, err);
}

/* --- packet lines: four hex digits count themselves and what follows --- */

static void put_line(struct vb_out *out, const void *bytes, size_t len)
{
    char size[8];
    snprintf(size, sizeof(size), "%04zx", len + 4);
    vb_put(out, size, 4);
    vb_put(out, bytes, len);
}

static void put_flush(struct vb_out *out)
{
    vb_put_str(out, "0000");
}

static void put_service(struct vb_out *out, const char *service)
{
    char line[64];
    snprintf(line, sizeof(line), "# service=%s\n", service);
    put_line(out, line, strlen(line));
    put_flush(out);
}

/* A name with the capabilities behind a NUL. */
static void put_first(struct vb_out *out, const char *hex, const char *name,
                      const char *capabilities)
{
    char line[320];
    const int len = snprintf(line, sizeof(line), "%s %s%c%s\n", hex, name, 0, capabilities);
    put_line(out, line, (size_t)len);
}

static void put_push_refs(struct vb_out *out)
{
    static const char none[] = "0000000000000000000000000000000000000000";
    put_service(out, "git-receive-pack");
    put_first(out, none, "capabilities^{}", "report-status delete-refs ofs-delta agent=git/2.43.0");
    put_flush(out);
}

int vb_make_git_refs(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    char service[32] = "";
    struct vb_out put = {out, err, VB_OK};
    if (vb_view_query(answer->view, "service", service, sizeof(service)) &&
        strcmp(service, "git-receive-pack") == 0) {
        put_push_refs(&put);
        const int headed = vb_answer_header(answer, "Content-Type",
                                            "application/x-git-receive-pack-advertisement", err);
        return put.status < 0 ? put.status : headed;
    }
    VB_CLEANUP(repository_done) struct repository repository;
    int status = make_repository(answer, &repository, err);
    if (status == VB_OK)
        status = vb_answer_header(answer, "Content-Type",
                                  "application/x-git-upload-pack-advertisement", err);
    answer->token_used = false; /* only its number stands here */
    char hex[ID_HEX];
    char line[80];
    hex_of(repository.head, hex);
    put.status = status;
    put_service(&put, "git-upload-pack");
    put_first(&put, hex, "HEAD",
              "shallow ofs-delta no-progress symref=HEAD:refs/heads/main object-format=sha1 "
              "agent=git/2.43.0");
    snprintf(line, sizeof(line), "%s refs/heads/main\n", hex);
    put_line(&put, line, strlen(line));
    put_flush(&put);
    return put.status;
}

static bool asks(const struct vb_answer *answer, const char *word)
{
    const struct vb_http_request *request = answer->view->request;
    return request->body_len > 0 &&
           memmem(request->body, request->body_len, word, strlen(word)) != NULL;
}

/* A gzipped question is long, so it ends as every clone's does. */
static bool is_done(const struct vb_answer *answer)
{
    return asks(answer, "0009done") || vb_view_header(answer->view, "content-encoding")[0] != '\0';
}

static int put_pack(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    VB_CLEANUP(repository_done) struct repository repository;
    VB_CLEANUP(vb_buf_done) struct vb_buf pack;
    vb_buf_init(&pack, VB_HTTP_REPLY_MAX / 2);
    int status = make_repository(answer, &repository, err);
    struct vb_out put = {&pack, err, status};
    vb_put_str(&put, "PACK");
    vb_put_big(&put, 2, 4);
    vb_put_big(&put, repository.count, 4);
    vb_put(&put, repository.pack.data, repository.pack.len);
    unsigned char sum[ID_BYTES];
    status = put.status < 0 ? put.status : sha1_of(&pack, sum, err);
    struct vb_out all = {out, err, status};
    vb_put(&all, pack.data, pack.len);
    vb_put(&all, sum, sizeof(sum));
    return all.status;
}

int vb_make_git_pack(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    struct vb_out put = {out, err, VB_OK};
    const bool done = is_done(answer), deepen = asks(answer, "deepen");
    if (deepen)
        put_flush(&put); /* nothing is cut off a history of one */
    if (!deepen || done || asks(answer, "have "))
        put_line(&put, "NAK\n", 4);
    if (put.status < 0 || !done)
        return put.status;
    return put_pack(answer, out, err);
}

/* "OLD NEW REF NUL capabilities", OLD and NEW of 40 digits: each REF is said to be taken. */
static void put_taken(struct vb_out *out, const unsigned char *body, size_t len)
{
    size_t at = 0;
    for (unsigned refs = 0; refs < 64 && len - at > 4; refs++) {
        char digits[5] = {0};
        memcpy(digits, body + at, 4);
        const size_t size = strtoul(digits, NULL, 16);
        if (size < 4 + 83 || size > len - at)
            break;
        char line[300];
        const char *name = (const char *)body + at + 4 + 82;
        const size_t room = strnlen(name, size - 4 - 82);
        const char *end = memchr(name, '\n', room);
        snprintf(line, sizeof(line), "ok %.*s\n", (int)(end == NULL ? room : (size_t)(end - name)),
                 name);
        put_line(out, line, strlen(line));
        at += size;
    }
}

int vb_make_git_receive(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    const struct vb_http_request *request = answer->view->request;
    struct vb_out put = {out, err, VB_OK};
    put_line(&put, "unpack ok\n", 10);
    if (request->body_len > 0)
        put_taken(&put, request->body, request->body_len);
    put_flush(&put);
    return put.status;
}
