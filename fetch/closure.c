/* closure: what some packages need, fetched whole. See closure.h and vetbox/fetch.h. */
#include "fetch/closure.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { DOWNLOAD_BYTES = 256 << 20 };

/* TEXT as it may be told: names and reasons are an index's, or a server's. */
static json_t *shown(const char *text)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf safe;
    struct vb_error ignored;
    vb_buf_init(&safe, (size_t)12 * CLOSURE_TEXT);
    if (vb_text_escape(&safe, text, strnlen(text, CLOSURE_TEXT), false, &ignored) < 0)
        return NULL;
    return json_stringn(safe.len == 0 ? "" : (const char *)safe.data, safe.len);
}

static bool is_said(const struct closure *closure, const json_t *row)
{
    for (size_t i = 0; i < json_array_size(closure->missing); i++) {
        const json_t *other = json_array_get(closure->missing, i);
        if (json_equal(json_object_get(other, "name"), json_object_get(row, "name")) &&
            json_equal(json_object_get(other, "reason"), json_object_get(row, "reason")))
            return true;
    }
    return false;
}

int closure_miss(struct closure *closure, enum vb_index index, const char *name, const char *range,
                 const char *reason, struct vb_error *err)
{
    json_t *row = json_pack("{s:s, s:o, s:o, s:o}", "index", index == VB_INDEX_NPM ? "npm" : "pypi",
                            "name", shown(name), "range", shown(range), "reason", shown(reason));
    if (row == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "noting a dependency");
    const bool said = is_said(closure, row);
    if (said || json_array_size(closure->missing) >= CLOSURE_MISSING) {
        closure->untold = closure->untold || !said;
        json_decref(row);
        return VB_OK;
    }
    return json_array_append_new(closure->missing, row) < 0
               ? vb_fail(err, VB_E_NOMEM, errno, "noting a dependency")
               : VB_OK;
}

/* --- files --- */

struct downloads {
    struct closure *closure;
    json_t *lists[2]; /* of rows */
    size_t list, at;
};

static int compare_held(const void *digest, const void *held)
{
    return strcmp(digest, ((const struct vb_closure_held *)held)->digest);
}

static const struct vb_closure_held *find_held(const struct vb_closure_request *request,
                                               const char *digest)
{
    return request->held_count == 0 ? NULL
                                    : bsearch(digest, request->held, request->held_count,
                                              sizeof(*request->held), compare_held);
}

static const char *text_of(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}

static int miss_row(struct closure *closure, const json_t *row, const char *reason,
                    struct vb_error *err)
{
    return closure_miss(closure,
                        json_object_get(row, "path") != NULL ? VB_INDEX_NPM : VB_INDEX_PYPI,
                        text_of(row, "name"), text_of(row, "version"), reason, err);
}

/* A row before AT has the same file. */
static bool is_counted(const json_t *list, size_t at)
{
    const char *file = text_of(json_array_get(list, at), "file");
    for (size_t i = 0; i < at; i++) {
        const json_t *row = json_array_get(list, i);
        if (json_object_get(row, "held") != NULL && strcmp(text_of(row, "file"), file) == 0)
            return true;
    }
    return false;
}

/* Marks the rows whose files are held. They take room like those that are fetched, so that it does
 * not hang on what a machine has seen what a closure is. */
static int count_held(struct closure *closure, json_t *list, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < json_array_size(list); i++) {
        json_t *row = json_array_get(list, i);
        const struct vb_closure_held *held = find_held(closure->request, text_of(row, "digest"));
        if (held == NULL)
            continue;
        const uint64_t size = is_counted(list, i) ? 0 : held->size;
        if (size > closure->crowd.room) {
            status = miss_row(closure, row, "there is no room for it", err);
            continue;
        }
        closure->crowd.room -= size;
        if (json_object_set_new(row, "held", json_true()) < 0)
            status = vb_fail(err, VB_E_NOMEM, errno, "noting a dependency");
    }
    return status;
}

/* It was fetched for another row, or there was one before. */
static bool is_taken(const struct downloads *downloads, const char *digest)
{
    const json_t *list = downloads->lists[downloads->list];
    for (size_t i = 0; i + 1 < downloads->at; i++) {
        const char *other = json_string_value(json_object_get(json_array_get(list, i), "digest"));
        if (other != NULL && strcmp(other, digest) == 0)
            return true;
    }
    return false;
}

static bool next_download(void *ctx, struct crowd_get *ret)
{
    struct downloads *downloads = ctx;
    const struct vb_indexes *indexes = downloads->closure->request->indexes;
    while (downloads->list < VB_ARRAY_LEN(downloads->lists)) {
        json_t *row = json_array_get(downloads->lists[downloads->list], downloads->at++);
        if (row == NULL) {
            downloads->list++;
            downloads->at = 0;
            continue;
        }
        const char *digest = json_string_value(json_object_get(row, "digest"));
        const struct registry *registry =
            downloads->list == 0
                ? settings_npm(indexes, json_string_value(json_object_get(row, "name")))
                : &indexes->python;
        if (find_held(downloads->closure->request, digest) != NULL || is_taken(downloads, digest) ||
            !settings_ask_url(indexes, registry, json_string_value(json_object_get(row, "url")),
                              ret))
            continue;
        ret->limit = DOWNLOAD_BYTES;
        ret->ctx = row;
        return true;
    }
    return false;
}

static void free_digest(struct vb_digest **digest)
{
    vb_digest_free(*digest);
}

/* Copies what came behind what is there, and digests it on the way. */
static int keep(struct closure *closure, struct crowd_get *get, enum vb_digest_kind kind,
                char ret_hex[VB_SHA512_HEX], uint64_t *ret_size, struct vb_error *err)
{
    char part[65536];
    VB_CLEANUP(free_digest) struct vb_digest *digest = NULL;
    int status = vb_digest_new(kind, &digest, err);
    if (status == VB_OK && lseek(get->fd, 0, SEEK_SET) < 0)
        status = vb_fail(err, VB_E_OS, errno, "keeping a dependency");
    while (status == VB_OK) {
        const ssize_t got = read(get->fd, part, sizeof(part));
        if (got < 0)
            return vb_fail(err, VB_E_OS, errno, "keeping a dependency");
        if (got == 0)
            break;
        status = vb_digest_update(digest, part, (size_t)got, err);
        if (status == VB_OK)
            status = vb_write_all(closure->data_fd, part, (size_t)got, err);
        *ret_size += (uint64_t)got;
    }
    return status < 0 ? status : vb_digest_hex(digest, ret_hex, err);
}

static int download_came(void *ctx, struct crowd_get *get, struct vb_error *err)
{
    struct downloads *downloads = ctx;
    struct closure *closure = downloads->closure;
    json_t *row = get->ctx;
    const char *expected = json_string_value(json_object_get(row, "digest"));
    const bool long_one = strncmp(expected, "sha512-", 7) == 0;
    char hex[VB_SHA512_HEX] = "";
    uint64_t size = 0;
    const char *reason = get->reason;
    if (get->status == VB_OK) {
        const int status =
            keep(closure, get, long_one ? VB_DIGEST_SHA512 : VB_DIGEST_SHA256, hex, &size, err);
        if (status < 0)
            return status;
        if (strcmp(hex, expected + 7) == 0) {
            if (json_object_set_new(row, "offset", json_integer((json_int_t)closure->data_len)) <
                    0 ||
                json_object_set_new(row, "size", json_integer((json_int_t)size)) < 0)
                return vb_fail(err, VB_E_NOMEM, errno, "keeping a dependency");
            closure->data_len += size;
            return VB_OK;
        }
        reason = "what came has another digest than the index says";
        if (ftruncate(closure->data_fd, (off_t)closure->data_len) < 0 ||
            lseek(closure->data_fd, (off_t)closure->data_len, SEEK_SET) < 0)
            return vb_fail(err, VB_E_OS, errno, "keeping a dependency");
    }
    return miss_row(closure, row, reason, err);
}

/* --- what it says --- */

/* A row of a list: a package's file. */
static int tell_file(const char *form, const json_t *row, struct vb_sink *sink,
                     struct vb_error *err)
{
    const json_t *offset = json_object_get(row, "offset");
    const char *digest = json_string_value(json_object_get(row, "digest"));
    const bool long_one = strncmp(digest, "sha512-", 7) == 0;
    struct vb_event event;
    if (offset == NULL && json_object_get(row, "held") == NULL)
        return VB_OK; /* it is among the missing, or another row's */
    vb_event_init(&event, VB_EV_FETCH_DEPENDENCY, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_NAME, json_string_value(json_object_get(row, "name")));
    vb_event_str(&event, VB_F_VERSION, json_string_value(json_object_get(row, "version")));
    vb_event_str(&event, VB_F_FORM, form);
    vb_event_str(&event, VB_F_PATH, json_string_value(json_object_get(row, "file")));
    vb_event_str(&event, VB_F_SHA256, long_one ? NULL : digest + 7);
    vb_event_str(&event, VB_F_SHA512, long_one ? digest + 7 : NULL);
    vb_event_str(&event, VB_F_URL, json_string_value(json_object_get(row, "url")));
    if (offset != NULL) {
        vb_event_int(&event, VB_F_OFFSET, json_integer_value(offset));
        vb_event_int(&event, VB_F_SIZE, json_integer_value(json_object_get(row, "size")));
    }
    return vb_emit(sink, &event, err);
}

static int tell_files(const char *form, const json_t *list, struct vb_sink *sink,
                      struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < json_array_size(list); i++)
        status = tell_file(form, json_array_get(list, i), sink, err);
    return status;
}

/* A file of the closure that is no package's. */
static int tell_index(struct closure *closure, const char *path, const json_t *content,
                      struct vb_sink *sink, struct vb_error *err)
{
    VB_CLEANUP_FREE char *text = json_dumps(content, JSON_COMPACT);
    struct vb_event event;
    if (text == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "writing what dependencies there are");
    const size_t len = strlen(text);
    const int status = vb_write_all(closure->data_fd, text, len, err);
    if (status < 0)
        return status;
    vb_event_init(&event, VB_EV_FETCH_DEPENDENCY, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_NAME, vb_path_base(path));
    vb_event_str(&event, VB_F_VERSION, "1");
    vb_event_str(&event, VB_F_FORM, "index");
    vb_event_str(&event, VB_F_PATH, path);
    vb_event_int(&event, VB_F_OFFSET, (int64_t)closure->data_len);
    vb_event_int(&event, VB_F_SIZE, (int64_t)len);
    closure->data_len += len;
    return vb_emit(sink, &event, err);
}

/* Rows whose file did not come are not of the closure. */
static void drop_lost(json_t *list)
{
    for (size_t i = json_array_size(list); i > 0; i--) {
        const json_t *row = json_array_get(list, i - 1);
        const char *digest = json_string_value(json_object_get(row, "digest"));
        bool there = json_object_get(row, "held") != NULL;
        for (size_t j = 0; !there && j < json_array_size(list); j++) {
            const json_t *other = json_array_get(list, j);
            there = json_object_get(other, "offset") != NULL &&
                    strcmp(json_string_value(json_object_get(other, "digest")), digest) == 0;
        }
        if (!there)
            (void)json_array_remove(list, i - 1);
    }
}

/* Where nothing at all could be had for one reason, such as no network, that is said once. */
static void fold_missing(struct closure *closure)
{
    const size_t count = json_array_size(closure->missing);
    const char *first =
        json_string_value(json_object_get(json_array_get(closure->missing, 0), "reason"));
    char name[64];
    bool same = count > 1 && json_array_size(closure->npm) + json_array_size(closure->pypi) == 0;
    for (size_t i = 1; same && i < count; i++) {
        const json_t *row = json_array_get(closure->missing, i);
        same = strcmp(json_string_value(json_object_get(row, "reason")), first) == 0;
    }
    if (!same)
        return;
    snprintf(name, sizeof(name), "and %zu more", count - 1);
    json_t *row = json_deep_copy(json_array_get(closure->missing, 0));
    (void)json_object_set_new(row, "range", json_string(name));
    (void)json_array_clear(closure->missing);
    (void)json_array_append_new(closure->missing, row);
}

/* One row for those that had no room of their own. They come anew in each round: nobody counts. */
static int add_untold(struct closure *closure, struct vb_error *err)
{
    if (!closure->untold)
        return VB_OK;
    json_t *row = json_pack("{s:s, s:s, s:s, s:s}", "index", "npm", "name", "and others", "range",
                            "", "reason", "there is no room to tell of more than 256");
    return row == NULL || json_array_append_new(closure->missing, row) < 0
               ? vb_fail(err, VB_E_NOMEM, errno, "noting a dependency")
               : VB_OK;
}

static int tell(struct closure *closure, struct vb_sink *sink, struct vb_error *err)
{
    char path[512];
    const char *name;
    json_t *packument;
    drop_lost(closure->npm);
    drop_lost(closure->pypi);
    fold_missing(closure);
    int status = add_untold(closure, err);
    if (status == VB_OK)
        status = tell_files("npm", closure->npm, sink, err);
    if (status == VB_OK)
        status = tell_files("pypi", closure->pypi, sink, err);
    json_object_foreach(closure->packuments, name, packument)
    {
        snprintf(path, sizeof(path), "npm/%s.json", name);
        if (status == VB_OK)
            status = tell_index(closure, path, packument, sink, err);
    }
    if (status < 0)
        return status;
    json_t *all = json_pack("{s:i, s:O, s:O, s:O}", "version", 1, "npm", closure->npm, "pypi",
                            closure->pypi, "missing", closure->missing);
    status = all == NULL ? vb_fail(err, VB_E_NOMEM, errno, "writing what dependencies there are")
                         : tell_index(closure, "closure.json", all, sink, err);
    json_decref(all);
    return status;
}

static int resolve(struct closure *closure, struct vb_error *err)
{
    struct downloads downloads = {.closure = closure, .lists = {closure->npm, closure->pypi}};
    const struct crowd_work work = {&downloads, next_download, download_came};
    int status = npm_resolve(closure, err);
    if (status == VB_OK)
        status = pypi_resolve(closure, err);
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(downloads.lists); i++)
        status = count_held(closure, downloads.lists[i], err);
    return status < 0 ? status : crowd_run(&closure->crowd, &work, err);
}

static void closure_done(struct closure *closure)
{
    crowd_close(&closure->crowd);
    json_decref(closure->npm);
    json_decref(closure->pypi);
    json_decref(closure->missing);
    json_decref(closure->packuments);
}

int vb_closure_fetch(const struct vb_closure_request *request, int data_fd, struct vb_sink *sink,
                     struct vb_error *err)
{
    static struct utsname machine; /* its text is pointed to */
    VB_CLEANUP(closure_done)
    struct closure closure = {.request = request,
                              .npm = json_array(),
                              .pypi = json_array(),
                              .missing = json_array(),
                              .packuments = json_object(),
                              .data_fd = data_fd};
    if (closure.npm == NULL || closure.pypi == NULL || closure.missing == NULL ||
        closure.packuments == NULL || uname(&machine) < 0)
        return vb_fail(err, VB_E_NOMEM, errno, "resolving dependencies");
    closure.machine.machine = machine.machine;
    snprintf(closure.machine.python, sizeof(closure.machine.python), "%s",
             request->python[0] == '\0' ? "3.11" : request->python);
    const char *ca_file = request->ca_file != NULL               ? request->ca_file
                          : request->indexes->ca_file[0] != '\0' ? request->indexes->ca_file
                                                                 : NULL;
    int status = crowd_open(&closure.crowd, ca_file, request->timeout_ms, request->bytes, err);
    if (status == VB_OK)
        status = resolve(&closure, err);
    return status < 0 ? status : tell(&closure, sink, err);
}
