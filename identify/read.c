/* Bytes of the package's files, bounded, and JSON manifests that are parsed once per root.
 * Trust boundary: everything read here is hostile. */
#include "identify/internal.h"

#include <errno.h>
#include <fcntl.h>

/* Broken manifests are kept as documents without a value, so that each is complained of once. */
enum {
    DOCS_MAX = 512,
    DOCS_BYTES_MAX =
        8 * 1024 * 1024, /* of text kept at once; parsed values are many times larger */
};

bool vb_id_read(struct vb_id *id, const char *path, size_t max, struct vb_buf *ret)
{
    VB_CLEANUP_FD int fd = vb_open_beneath(id->dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0) {
        vb_id_coverage(id, path, "file", "unreadable", NULL);
        return false;
    }
    struct vb_error err = {0};
    vb_buf_init(ret, max);
    const int status = vb_buf_read_fd(ret, fd, &err);
    if (status == VB_OK)
        return true;
    vb_buf_done(ret);
    vb_buf_init(ret, max);
    if (status == VB_E_LIMIT)
        vb_id_coverage(id, path, "file", "too large", NULL);
    else if (status == VB_E_NOMEM)
        vb_id_fail(id, status, "reading a manifest");
    else
        vb_id_coverage(id, path, "file", "unreadable", NULL);
    return false;
}

void vb_id_blank_nuls(struct vb_buf *text)
{
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] == '\0')
            text->data[i] = ' ';
    }
}

/* As Windows writes what is redirected to a file; pip reads it. */
static bool decode_utf16(struct vb_id *id, struct vb_buf *text)
{
    const bool little = text->len >= 2 && memcmp(text->data, "\xff\xfe", 2) == 0;
    const bool big = text->len >= 2 && memcmp(text->data, "\xfe\xff", 2) == 0;
    struct vb_error err = {0};
    struct vb_buf decoded;
    if (!little && !big)
        return true;
    vb_buf_init(&decoded, text->len * 2);
    const int status = vb_utf16_append(&decoded, text->data + 2, text->len - 2, big, &err);
    vb_buf_done(text);
    *text = decoded;
    if (status < 0)
        vb_id_fail(id, status, "reading a manifest");
    return status == VB_OK;
}

bool vb_id_read_lines(struct vb_id *id, const char *path, struct vb_buf *ret)
{
    if (!vb_id_read(id, path, id->limits->file_bytes, ret) || !decode_utf16(id, ret))
        return false;
    const char *text = (const char *)ret->data;
    const char *nul = ret->len > 0 ? memchr(text, '\0', ret->len) : NULL;
    if (nul == NULL)
        return true;
    vb_id_problem(
        id, (struct vb_id_at){path, (int64_t)vb_line_of(text, ret->len, (size_t)(nul - text))},
        "ambiguous-nul", "some readers end at its NUL, others read what follows");
    vb_id_blank_nuls(ret);
    return true;
}

bool vb_id_peek(struct vb_id *id, const char *path, size_t max, struct vb_buf *ret)
{
    VB_CLEANUP_FD int fd = vb_open_beneath(id->dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    vb_buf_init(ret, max);
    if (fd < 0)
        return false;
    struct vb_error err = {0};
    const int status = vb_buf_read_fd(ret, fd, &err);
    if (status == VB_E_NOMEM)
        vb_id_fail(id, status, "reading a file");
    return status == VB_OK || status == VB_E_LIMIT;
}

static struct vb_id_doc *doc_add(struct vb_id *id, const char *path)
{
    if (id->docs == NULL)
        id->docs = calloc(DOCS_MAX, sizeof(*id->docs));
    char *copy = strdup(path);
    if (id->docs == NULL || copy == NULL) {
        free(copy);
        vb_id_fail(id, VB_E_NOMEM, "keeping a manifest");
        return NULL;
    }
    struct vb_id_doc *doc = &id->docs[id->doc_count++];
    *doc = (struct vb_id_doc){.path = copy};
    return doc;
}

/* Notations other than JSON, by extension. */
static const struct {
    const char *extension;
    const char *name;
    json_t *(*read)(const char *text, size_t len, struct vb_id_notes *notes);
} notations[] = {
    {"toml", "toml", vb_id_toml},
    {"yaml", "yaml", vb_id_yaml},
    {"yml", "yaml", vb_id_yaml},
};

/* What JSON.parse would take is read by the strict parser. The rest goes to the lenient one, which
 * keeps the last of two equal keys as the hosts do, and says what was wrong. Editors allow comments
 * in their own files. */
static void doc_parse(struct vb_id *id, struct vb_id_doc *doc)
{
    struct vb_id_notes notes = {0};
    struct vb_error err = {0};
    const unsigned char *data = doc->text.data;
    size_t len = doc->text.len;
    if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        data += 3;
        len -= 3;
    }
    if (data == NULL)
        data = (const unsigned char *)"";
    for (size_t i = 0; i < VB_ARRAY_LEN(notations); i++) {
        if (!vb_ascii_equal(vb_path_extension(doc->path), notations[i].extension))
            continue;
        doc->json = notations[i].read((const char *)data, len, &notes);
        vb_id_notes_emit(id, (struct vb_id_at){doc->path, 1}, notations[i].name, &notes);
        return;
    }
    if (vb_json_parse((const char *)data, len, id->limits->file_bytes, &doc->json, &err) == VB_OK)
        return;
    if (err.status == VB_E_NOMEM) {
        vb_id_fail(id, VB_E_NOMEM, "parsing a manifest");
        return;
    }
    doc->json = vb_id_json5((const char *)data, len, &notes);
    notes.lenient &=
        strstr(doc->path, ".vscode/") == NULL && strstr(doc->path, ".devcontainer") == NULL;
    vb_id_notes_emit(id, (struct vb_id_at){doc->path, 1}, "json", &notes);
}

const struct vb_id_doc *vb_id_json(struct vb_id *id, const char *root, const char *rel)
{
    char path[VB_ID_PATH_MAX];
    if (!vb_id_join(path, root, rel))
        return NULL;
    for (size_t i = 0; i < id->doc_count; i++) {
        if (strcmp(id->docs[i].path, path) == 0)
            return id->docs[i].json == NULL ? NULL : &id->docs[i];
    }
    if (vb_id_find(id, path) == NULL)
        return NULL;
    if (id->doc_count == DOCS_MAX || id->doc_bytes > DOCS_BYTES_MAX) {
        vb_id_coverage(id, path, "file", "too many manifests", NULL);
        return NULL;
    }
    struct vb_id_doc *doc = doc_add(id, path);
    if (doc == NULL || !vb_id_read(id, path, id->limits->file_bytes, &doc->text))
        return NULL;
    id->doc_bytes += doc->text.len;
    doc_parse(id, doc);
    return doc->json == NULL ? NULL : doc;
}

void vb_id_docs_clear(struct vb_id *id)
{
    for (size_t i = 0; i < id->doc_count; i++) {
        free(id->docs[i].path);
        vb_buf_done(&id->docs[i].text);
        json_decref(id->docs[i].json);
    }
    free(id->docs);
    id->docs = NULL;
    id->doc_count = 0;
    id->doc_bytes = 0;
}

char *vb_id_take_line(char **rest)
{
    char *const line = *rest;
    if (line == NULL || *line == '\0')
        return NULL;
    char *const end = strchr(line, '\n');
    if (end != NULL)
        *end = '\0';
    *rest = end != NULL ? end + 1 : NULL;
    return line;
}

int64_t vb_id_line_find(struct vb_id *id, const struct vb_buf *text, const char *needle)
{
    const size_t needle_len = strlen(needle);
    if (text == NULL || text->len == 0 || needle_len == 0 || id->searched > VB_ID_SEARCH_MAX)
        return 0;
    id->searched += text->len;
    const unsigned char *hit = memmem(text->data, text->len, needle, needle_len);
    if (hit == NULL)
        return 0;
    return (int64_t)vb_line_of((const char *)text->data, text->len, (size_t)(hit - text->data));
}
