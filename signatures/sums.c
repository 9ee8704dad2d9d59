/* A signed SHA256SUMS: the signature covers the list, the list covers the files (sha256sum(1)).
 * Trust boundary: list and files are the package's. The list may lie only about what its signer
 * signed, but it is parsed with the same distrust. */
#include "signatures/internal.h"

#include <limits.h>
#include <openssl/crypto.h>

enum { DIGEST_BYTES = VB_SHA256_BYTES, DIGEST_HEX = 2 * DIGEST_BYTES };

struct entry {
    unsigned char digest[DIGEST_BYTES];
    char *path; /* below the tree */
};

struct list {
    struct entry *items;
    size_t count;
    size_t capacity;
};

static void list_done(struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].path);
    free(list->items);
}

bool vb_sig_is_sums(const char *path)
{
    static const char *const names[] = {"SHA256SUMS", "SHA256SUMS.txt", "SHA256SUM",
                                        "SHA256SUM.txt"};
    const char *base = vb_path_base(path);

    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        if (vb_ascii_equal(base, names[i]))
            return true;
    }
    return vb_ascii_equal(vb_path_extension(path), "sha256sums");
}

static int hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = vb_ascii_lower((char)c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Takes 64 hexadecimal digits off IN. */
static bool take_digest(struct vb_sig_bytes *in, unsigned char *ret)
{
    if (in->len < DIGEST_HEX)
        return false;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        const int high = hex_value(in->data[2 * i]);
        const int low = hex_value(in->data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret[i] = (unsigned char)(high << 4 | low);
    }
    in->data += DIGEST_HEX;
    in->len -= DIGEST_HEX;
    return true;
}

/* "HEX  name", "HEX *name" or "SHA256 (name) = HEX". */
static bool split_line(struct vb_sig_bytes line, unsigned char *ret_digest,
                       struct vb_sig_bytes *ret_name)
{
    static const char middle[] = ") = ";
    const size_t tail = sizeof(middle) - 1 + DIGEST_HEX;

    if (!vb_sig_skip(&line, "SHA256 (")) {
        if (!take_digest(&line, ret_digest) ||
            (!vb_sig_skip(&line, "  ") && !vb_sig_skip(&line, " *")))
            return false;
        *ret_name = line;
        return true;
    }
    if (line.len < tail)
        return false;
    *ret_name = (struct vb_sig_bytes){.data = line.data, .len = line.len - tail};
    struct vb_sig_bytes end = {.data = line.data + ret_name->len, .len = tail};
    return vb_sig_skip(&end, middle) && take_digest(&end, ret_digest) && end.len == 0;
}

/* What a backslash and C stand for. */
static bool unescape(char c, char *ret)
{
    static const char pairs[][2] = {{'\\', '\\'}, {'n', '\n'}, {'r', '\r'}};

    for (size_t i = 0; i < VB_ARRAY_LEN(pairs); i++) {
        if (pairs[i][0] == c) {
            *ret = pairs[i][1];
            return true;
        }
    }
    return false;
}

/* Undoes \\, \n and \r of a line that begins with a backslash. Returns false for anything else
 * behind a backslash, for a NUL and for too long a name. */
static bool copy_name(struct vb_sig_bytes name, bool escaped, char *ret, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < name.len; i++) {
        char c = (char)name.data[i];
        if (escaped && c == '\\') {
            if (++i == name.len)
                return false;
            if (!unescape((char)name.data[i], &c))
                return false;
        }
        if (c == '\0' || len + 1 >= size)
            return false;
        ret[len++] = c;
    }
    ret[len] = '\0';
    return true;
}

/* Paths of the list count from the list's own folder. */
static const char *parse_line(struct vb_sig_bytes line, const char *sums, unsigned char *ret_digest,
                              char ret_path[PATH_MAX])
{
    const bool escaped = vb_sig_skip(&line, "\\");
    const size_t folder = (size_t)(vb_path_base(sums) - sums);
    struct vb_sig_bytes name;
    char plain[PATH_MAX];

    if (!split_line(line, ret_digest, &name))
        return "is no digest and name";
    if (!copy_name(name, escaped, plain, sizeof(plain)))
        return "has a name that cannot be read";
    const char *below = strncmp(plain, "./", 2) == 0 ? plain + 2 : plain;
    if (!vb_path_safe(below))
        return "names a path outside its folder";
    const int len = snprintf(ret_path, PATH_MAX, "%.*s%s", (int)folder, sums, below);
    return len >= 0 && len < PATH_MAX ? NULL : "has too long a path";
}

/* How much of PATH a reason shows. */
static int cut(const char *path)
{
    const struct vb_sig_bytes text = {.data = (const unsigned char *)path, .len = strlen(path)};

    return vb_sig_cut(text, 300);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static int list_add(struct list *list, const unsigned char *digest, const char *path,
                    struct vb_error *err)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        struct entry *items = reallocarray(list->items, capacity, sizeof(*items));
        if (items == NULL)
            return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a list of digests");
        list->items = items;
        list->capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a list of digests");
    struct entry *entry = &list->items[list->count++];
    memcpy(entry->digest, digest, DIGEST_BYTES);
    entry->path = copy;
    return 0;
}

/* Reads the whole list before any file is hashed; concludes invalid where it is malformed. */
static int parse_list(struct vb_sig_bytes text, const char *sums, struct list *ret,
                      struct vb_sig_result *result, struct vb_error *err)
{
    unsigned char digest[DIGEST_BYTES];
    char path[PATH_MAX];
    struct vb_sig_bytes line;

    for (size_t number = 1; vb_sig_get_line(&text, &line); number++) {
        if (line.len == 0 || line.data[0] == '#')
            continue;
        const char *why = parse_line(line, sums, digest, path);
        if (why != NULL)
            return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "line %zu of the signed list %s",
                                   number, why);
        const int status = list_add(ret, digest, path, err);
        if (status < 0)
            return status;
    }
    if (ret->count > 1)
        qsort(ret->items, ret->count, sizeof(*ret->items), by_path);
    return 0;
}

/* Drops repeated lines; two digests for one file make the list invalid. */
static int drop_repeated(struct list *list, struct vb_sig_result *result)
{
    size_t kept = list->count > 0 ? 1 : 0;

    for (size_t i = 1; i < list->count; i++) {
        struct entry *last = &list->items[kept - 1];
        struct entry *entry = &list->items[i];
        if (strcmp(entry->path, last->path) != 0) {
            const struct entry moved = *entry;
            entry->path = NULL;
            list->items[kept++] = moved;
            continue;
        }
        if (memcmp(entry->digest, last->digest, DIGEST_BYTES) != 0)
            return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                                   "the signed list has two digests for %.*s", cut(last->path),
                                   last->path);
        vb_free_ptr(&entry->path);
    }
    list->count = kept;
    return 0;
}

static int check_entry(int dirfd, const struct entry *entry, struct vb_sig_result *result,
                       struct vb_error *err)
{
    unsigned char digest[VB_SIG_DIGEST_MAX];
    const char *why = NULL;
    uint64_t size;
    size_t len;

    VB_CLEANUP_FD int fd = vb_sig_open_regular(dirfd, entry->path, &size, &why);
    if (fd < 0)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "the signed list names %.*s: %s",
                               cut(entry->path), entry->path, why);
    const int status = vb_sig_hash_fd("SHA256", fd, digest, &len, err);
    if (status < 0)
        return status;
    if (len != DIGEST_BYTES || CRYPTO_memcmp(digest, entry->digest, DIGEST_BYTES) != 0)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "%.*s differs from its digest in the signed list", cut(entry->path),
                               entry->path);
    return 0;
}

static int check_list(int dirfd, const struct list *list, struct vb_sig_result *result,
                      struct vb_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && result->outcome != VB_SIGNATURE_INVALID && i < list->count;
         i++)
        status = check_entry(dirfd, &list->items[i], result, err);
    for (size_t i = 0; status == 0 && result->outcome != VB_SIGNATURE_INVALID && i < list->count;
         i++)
        status = vb_sig_paths_add(&result->covers, list->items[i].path, err);
    return status;
}

int vb_sig_sums_text(int dirfd, const char *sums, struct vb_sig_bytes text,
                     struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(list_done) struct list list = {0};
    const int status = parse_list(text, sums, &list, result, err);

    if (status < 0 || result->outcome == VB_SIGNATURE_INVALID)
        return status;
    drop_repeated(&list, result);
    return check_list(dirfd, &list, result, err);
}

int vb_sig_sums(int dirfd, const char *sums, struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    const char *why = NULL;
    uint64_t size;

    VB_CLEANUP_FD int fd = vb_sig_open_regular(dirfd, sums, &size, &why);
    if (fd < 0)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE, "the signed list: %s", why);
    if (size > VB_SIG_LIST_MAX)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "the signed list is larger than 1 MiB");
    vb_buf_init(&text, VB_SIG_LIST_MAX);
    const int status = vb_sig_read_head(fd, VB_SIG_LIST_MAX, &text, err);
    const struct vb_sig_bytes bytes = {.data = text.data, .len = text.len};
    return status < 0 ? status : vb_sig_sums_text(dirfd, sums, bytes, result, err);
}
