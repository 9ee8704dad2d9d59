/* A wheel's RECORD. Trust boundary: list and files are the package's. */
#include "signatures/wheel.h"

#include <limits.h>
#include <string.h>

enum { LIST_MAX = 16 * 1024 * 1024, SHOWN_MAX = 100, FIELD_MAX = PATH_MAX };

/* What becomes of a row or a file, in the order in which it is told. */
enum sort { SORT_FITS, SORT_DIFFERING, SORT_MISSING, SORT_UNDIGESTED, SORT_UNLISTED, SORTS };
static const char *const sort_names[SORTS] = {"fits", "differing", "missing", "undigested",
                                              "unlisted"};

struct wheel {
    int dirfd;
    const char *record; /* its path */
    const struct vb_sig_paths *files;
    bool *listed; /* of each file */
    size_t counts[SORTS];
    struct vb_sig_paths shown[SORTS];
    size_t present; /* files that must be listed */
};

static void wheel_done(struct wheel *wheel)
{
    for (size_t i = 0; i < SORTS; i++)
        vb_sig_paths_done(&wheel->shown[i]);
    free(wheel->listed);
}

static int note(struct wheel *wheel, enum sort sort, const char *path, struct vb_error *err)
{
    wheel->counts[sort]++;
    return sort == SORT_FITS || wheel->shown[sort].count == SHOWN_MAX
               ? 0
               : vb_sig_paths_add(&wheel->shown[sort], path, err);
}

/* RECORD itself and the signatures over it need no row with a digest. */
static bool is_exempt(const struct wheel *wheel, const char *path)
{
    static const char *const tails[] = {"", ".jws", ".p7s"};
    const size_t len = strlen(wheel->record);

    for (size_t i = 0; i < VB_ARRAY_LEN(tails); i++) {
        if (strncmp(path, wheel->record, len) == 0 && strcmp(path + len, tails[i]) == 0)
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

static int compare(struct wheel *wheel, const struct row *row, enum sort *ret, struct vb_error *err)
{
    unsigned char told[VB_SIG_DIGEST_MAX], real[VB_SIG_DIGEST_MAX];
    size_t told_len = 0, len = 0;
    const char *why;
    uint64_t size;

    const char *algorithm = read_digest(row->digest, told, &told_len);
    VB_CLEANUP_FD int fd = vb_sig_open_regular(wheel->dirfd, row->path, &size, &why);
    *ret = fd < 0 ? SORT_MISSING : SORT_UNDIGESTED;
    if (fd < 0 || algorithm == NULL)
        return 0;
    const int status = vb_sig_hash_fd(algorithm, fd, real, &len, err);
    const bool same = vb_sig_same((struct vb_sig_bytes){.data = told, .len = told_len},
                                  (struct vb_sig_bytes){.data = real, .len = len});
    *ret = same ? SORT_FITS : SORT_DIFFERING;
    return status;
}

/* --- the list --- */

static size_t find(const struct vb_sig_paths *files, const char *path)
{
    size_t low = 0, high = files->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(files->items[middle], path);
        if (order == 0)
            return middle;
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return SIZE_MAX;
}

static int see_row(struct wheel *wheel, const struct row *row, struct vb_error *err)
{
    const size_t at = find(wheel->files, row->path);
    enum sort sort;

    if (is_exempt(wheel, row->path) || (at != SIZE_MAX && wheel->listed[at]))
        return 0;
    if (at != SIZE_MAX)
        wheel->listed[at] = true;
    const int status = compare(wheel, row, &sort, err);
    return status < 0 ? status : note(wheel, sort, row->path, err);
}

static int see_unlisted(struct wheel *wheel, struct vb_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < wheel->files->count; i++) {
        const char *path = wheel->files->items[i];
        if (is_exempt(wheel, path))
            continue;
        wheel->present++;
        if (!wheel->listed[i])
            status = note(wheel, SORT_UNLISTED, path, err);
    }
    return status;
}

struct line {
    const char *code;
    size_t count;
    const struct vb_sig_paths *paths; /* NULL: none */
    const char *reason;               /* NULL: none */
};

static int emit(const struct wheel *wheel, const struct line *line, struct vb_sink *sink,
                struct vb_error *err)
{
    const struct vb_sig_paths *paths = line->paths;
    struct vb_str shown[SHOWN_MAX];
    struct vb_event event;
    size_t listed = 0;

    for (; paths != NULL && listed < paths->count && listed < SHOWN_MAX; listed++)
        shown[listed] =
            (struct vb_str){.text = paths->items[listed], .len = strlen(paths->items[listed])};
    vb_event_init(&event, VB_EV_SIGNATURE_LIST, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_FORMAT, "wheel-record");
    vb_event_str(&event, VB_F_PATH, wheel->record);
    vb_event_str(&event, VB_F_CODE, line->code);
    vb_event_int(&event, VB_F_COUNT, (int64_t)line->count);
    vb_event_int(&event, VB_F_PRESENT, (int64_t)wheel->present);
    if (listed > 0)
        vb_event_list(&event, VB_F_PATHS, shown, listed);
    vb_event_str(&event, VB_F_REASON, line->reason);
    return vb_emit(sink, &event, err);
}

static int malformed(const struct wheel *wheel, size_t number, const char *reason,
                     struct vb_sink *sink, struct vb_error *err)
{
    const struct line line = {"malformed", number, NULL, reason};

    return emit(wheel, &line, sink, err);
}

static int emit_all(const struct wheel *wheel, struct vb_sink *sink, struct vb_error *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < SORTS; i++) {
        const struct line line = {sort_names[i], wheel->counts[i], &wheel->shown[i], NULL};
        if (line.count > 0)
            status = emit(wheel, &line, sink, err);
    }
    return status;
}

static int see_list(struct wheel *wheel, struct vb_sig_bytes text, struct vb_sink *sink,
                    struct vb_error *err)
{
    VB_CLEANUP_FREE struct row *row = malloc(sizeof(*row));
    int status = 0;

    if (row == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a list of files");
    for (size_t number = 1; status == 0 && text.len > 0; number++) {
        if (!take_row(&text, row))
            return malformed(wheel, number, "the row cannot be read", sink, err);
        status = see_row(wheel, row, err);
    }
    if (status == 0)
        status = see_unlisted(wheel, err);
    return status < 0 ? status : emit_all(wheel, sink, err);
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
    VB_CLEANUP(wheel_done) struct wheel wheel = {.dirfd = dirfd, .files = files};
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    const char *why;
    uint64_t size;

    wheel.record = vb_ascii_equal(vb_path_extension(name), "whl") ? find_record(files) : NULL;
    if (wheel.record == NULL)
        return 0;
    wheel.listed = calloc(files->count, sizeof(*wheel.listed));
    if (wheel.listed == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a list of files");
    VB_CLEANUP_FD int fd = vb_sig_open_regular(dirfd, wheel.record, &size, &why);
    if (fd < 0 || size > LIST_MAX)
        return malformed(&wheel, 0, fd < 0 ? why : "it is larger than 16 MiB", sink, err);
    vb_buf_init(&text, LIST_MAX);
    const int status = vb_sig_read_head(fd, LIST_MAX, &text, err);
    return status < 0 ? status
                      : see_list(&wheel, (struct vb_sig_bytes){.data = text.data, .len = text.len},
                                 sink, err);
}
