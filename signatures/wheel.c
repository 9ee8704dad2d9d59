/* A wheel's RECORD. Trust boundary: list and files are the package's. */
#include "signatures/wheel.h"

#include <limits.h>
#include <string.h>

#include "signatures/filelist.h"

enum { LIST_MAX = 16 * 1024 * 1024, FIELD_MAX = PATH_MAX };

/* RECORD itself and the signatures over it need no row with a digest. */
static bool is_exempt(const struct vb_sig_list *list, const char *path)
{
    static const char *const tails[] = {"", ".jws", ".p7s"};
    const size_t len = strlen(list->path);

    for (size_t i = 0; i < VB_ARRAY_LEN(tails); i++) {
        if (strncmp(path, list->path, len) == 0 && strcmp(path + len, tails[i]) == 0)
            return true;
    }
    return false;
}

/* --- CSV (RFC 4180) --- */

static bool put(char ret[FIELD_MAX], size_t *len, char c)
{
    if (c == '\0' || *len + 1 >= FIELD_MAX)
        return false;
    ret[(*len)++] = c;
    return true;
}

static char take(struct vb_sig_bytes *in)
{
    in->len--;
    return (char)*in->data++;
}

/* Up to the quote that ends it, which is taken too; two of them are one. */
static bool take_quoted(struct vb_sig_bytes *in, char ret[FIELD_MAX], size_t *len)
{
    while (in->len > 0) {
        const char c = take(in);
        if (c == '"' && !vb_sig_skip(in, "\""))
            return true;
        if (!put(ret, len, c))
            return false;
    }
    return false;
}

static bool take_plain(struct vb_sig_bytes *in, char ret[FIELD_MAX], size_t *len)
{
    while (in->len > 0 && strchr(",\r\n", in->data[0]) == NULL) {
        const char c = take(in);
        if (c == '"' || !put(ret, len, c))
            return false;
    }
    return true;
}

/* Takes a field and its comma off IN; *RET_LAST is set at the end of the row, which is taken too.
 * False: quotes that do not fit, or too long a field. */
static bool take_field(struct vb_sig_bytes *in, char ret[FIELD_MAX], bool *ret_last)
{
    size_t len = 0;

    if (!(vb_sig_skip(in, "\"") ? take_quoted(in, ret, &len) : take_plain(in, ret, &len)))
        return false;
    ret[len] = '\0';
    *ret_last = !vb_sig_skip(in, ",");
    return !*ret_last || in->len == 0 || vb_sig_skip(in, "\r\n") || vb_sig_skip(in, "\n");
}

struct row {
    char path[FIELD_MAX], digest[FIELD_MAX], size[FIELD_MAX];
};

static bool take_row(struct vb_sig_bytes *in, struct row *ret)
{
    bool last = false;

    return take_field(in, ret->path, &last) && !last && take_field(in, ret->digest, &last) &&
           !last && take_field(in, ret->size, &last) && last && vb_path_safe(ret->path);
}

/* --- digests --- */

/* "sha256=" and unpadded base64 in the alphabet for addresses. Returns OpenSSL's name, or NULL. */
static const char *read_digest(const char *text, unsigned char *ret, size_t *ret_len)
{
    static const struct {
        const char *prefix;
        const char *openssl;
        size_t len;
    } known[] = {{"sha256=", "SHA256", 32}, {"sha384=", "SHA384", 48}, {"sha512=", "SHA512", 64}};
    char plain[128];

    for (size_t i = 0; i < VB_ARRAY_LEN(known); i++) {
        struct vb_sig_bytes rest = {.data = (const unsigned char *)text, .len = strlen(text)};
        if (!vb_sig_skip(&rest, known[i].prefix) || rest.len > 100)
            continue;
        for (size_t k = 0; k < rest.len; k++)
            plain[k] = rest.data[k] == '-' ? '+' : rest.data[k] == '_' ? '/' : (char)rest.data[k];
        size_t len = rest.len;
        while (len % 4 != 0)
            plain[len++] = '=';
        const struct vb_sig_bytes padded = {.data = (const unsigned char *)plain, .len = len};
        if (vb_sig_base64(padded, false, ret, VB_SIG_DIGEST_MAX, ret_len) &&
            *ret_len == known[i].len)
            return known[i].openssl;
    }
    return NULL;
}

/* --- the list --- */

static int see_row(struct vb_sig_list *list, const struct row *row, struct vb_error *err)
{
    unsigned char told[VB_SIG_DIGEST_MAX];
    struct vb_sig_bytes digest = {.data = told};
    const char *algorithm = read_digest(row->digest, told, &digest.len);

    return vb_sig_list_row(list, row->path, algorithm, digest, err);
}

static int see_list(struct vb_sig_list *list, struct vb_sig_bytes text, struct vb_sink *sink,
                    struct vb_error *err)
{
    VB_CLEANUP_FREE struct row *row = malloc(sizeof(*row));
    int status = 0;

    if (row == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a list of files");
    for (size_t number = 1; status == 0 && text.len > 0; number++) {
        if (!take_row(&text, row))
            return vb_sig_list_malformed(list, number, "the row cannot be read", sink, err);
        status = see_row(list, row, err);
    }
    return status < 0 ? status : vb_sig_list_end(list, sink, err);
}

/* "NAME.dist-info/RECORD" at the top, where there is but one; else NULL. */
static const char *find_record(const struct vb_sig_paths *files)
{
    static const char tail[] = ".dist-info/RECORD";
    const char *found = NULL;

    for (size_t i = 0; i < files->count; i++) {
        const char *path = files->items[i];
        const char *slash = strchr(path, '/');
        const size_t len = strlen(path), own = sizeof(tail) - 1;
        if (slash == NULL || len <= own || strcmp(path + len - own, tail) != 0 ||
            strcmp(slash, "/RECORD") != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = path;
    }
    return found;
}

int vb_sig_wheel(int dirfd, const char *name, const struct vb_sig_paths *files,
                 struct vb_sink *sink, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_list_done)
    struct vb_sig_list list = {
        .dirfd = dirfd, .format = "wheel-record", .files = files, .exempt = is_exempt};
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    const char *why;
    uint64_t size;

    list.path = vb_ascii_equal(vb_path_extension(name), "whl") ? find_record(files) : NULL;
    if (list.path == NULL)
        return 0;
    int status = vb_sig_list_begin(&list, err);
    if (status < 0)
        return status;
    VB_CLEANUP_FD int fd = vb_sig_open_regular(dirfd, list.path, &size, &why);
    if (fd < 0 || size > LIST_MAX)
        return vb_sig_list_malformed(&list, 0, fd < 0 ? why : "it is larger than 16 MiB", sink,
                                     err);
    vb_buf_init(&text, LIST_MAX);
    status = vb_sig_read_head(fd, LIST_MAX, &text, err);
    return status < 0 ? status
                      : see_list(&list, (struct vb_sig_bytes){.data = text.data, .len = text.len},
                                 sink, err);
}
