/* dependency: the indexes of npm and PyPI, for what the package under examination depends on: the
 * versions that its closure holds, and the bytes that the real ones gave. Whatever the closure does
 * not have is made up (packages.c). The request is hostile, and so is what the closure says. */
#include "sandbox/world/answers/internal.h"

#include <errno.h>
#include <string.h>

#include "sandbox/world/shelf.h"
#include "vetbox/core/closure.h"

enum {
    PATH_BYTES = 1024,
    PROJECT_BYTES = 128,
    INDEX_BYTES = VB_HTTP_REPLY_MAX,
    INDEX_OUT_BYTES = 4 * 1024 * 1024
};

static int no_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, errno, "answering with a dependency");
}

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text == NULL ? "" : text;
}

/* The rows of the closure's list called KEY; it is parsed when the first is asked for. NULL: it is
 * none. */
static const json_t *rows_of(struct vb_responder *responder, const char *key)
{
    struct vb_str text;
    struct vb_error ignored;
    if (!responder->listed && vb_shelf_find(responder->shelf, VB_CLOSURE_LIST, &text) &&
        vb_json_parse(text.text, text.len, VB_CLOSURE_LIST_BYTES, &responder->list, &ignored) < 0)
        responder->list = NULL;
    responder->listed = true;
    return json_object_get(responder->list, key);
}

/* --- npm --- */

/* Of the paths that PATH ends with, the longest that is a file on the shelf as FOLDER/PATH and END.
 * Registries have their packages below one path or another. */
static bool find_below(const struct vb_answer *answer, const char *folder, const char *end,
                       const char **ret_name, struct vb_str *ret)
{
    char file[PATH_BYTES];
    for (const char *at = answer->view->path; (at = strchr(at, '/')) != NULL;) {
        at++;
        if (snprintf(file, sizeof(file), "%s/%s%s", folder, at, end) < (int)sizeof(file) &&
            vb_shelf_find(answer->responder->shelf, file, ret)) {
            *ret_name = at;
            return true;
        }
    }
    return false;
}

/* The file of this version, without the shelf's folder; NULL: the closure does not have it. */
static const char *npm_file(const json_t *rows, const char *name, const char *version)
{
    static const char folder[] = VB_CLOSURE_NPM "/";
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *file = text_of(row, "file");
        if (strcmp(text_of(row, "name"), name) == 0 &&
            strcmp(text_of(row, "version"), version) == 0 &&
            strncmp(file, folder, sizeof(folder) - 1) == 0)
            return file + sizeof(folder) - 1;
    }
    return NULL;
}

/* The tarballs are to be had from where the index was asked for. */
static int point_here(struct vb_answer *answer, json_t *document, const char *name,
                      struct vb_error *err)
{
    const json_t *rows = rows_of(answer->responder, "npm");
    const char *version;
    json_t *manifest;
    void *next;
    json_t *versions = json_object_get(document, "versions");
    VB_CLEANUP(vb_buf_done) struct vb_buf url;
    vb_buf_init(&url, 2 * PATH_BYTES);
    int status = VB_OK;
    json_object_foreach_safe(versions, next, version, manifest)
    {
        const char *file = npm_file(rows, name, version);
        json_t *dist = json_object_get(manifest, "dist");
        if (file == NULL || !json_is_object(dist)) {
            (void)json_object_del(versions, version);
            continue;
        }
        vb_buf_clear(&url);
        status = vb_answer_origin(answer, &url, err);
        if (status == VB_OK)
            status = vb_buf_printf(&url, err, "/%.900s", file);
        if (status < 0)
            return status;
        if (json_object_set_new(dist, "tarball", json_string((const char *)url.data)) < 0)
            (void)json_object_del(versions, version);
    }
    return VB_OK;
}

static void free_text(char **text)
{
    free(*text);
}

static int make_packument(struct vb_answer *answer, struct vb_buf *out, bool *ret_made,
                          struct vb_error *err)
{
    const char *name = NULL;
    struct vb_str text;
    struct vb_error ignored;
    VB_CLEANUP(vb_json_free) json_t *document = NULL;
    if (!find_below(answer, VB_CLOSURE_NPM, ".json", &name, &text) ||
        vb_json_parse(text.text, text.len, INDEX_BYTES, &document, &ignored) < 0)
        return VB_OK;
    const int status = point_here(answer, document, name, err);
    if (status < 0)
        return status;
    VB_CLEANUP(free_text) char *whole = json_dumps(document, JSON_COMPACT);
    if (whole == NULL)
        return no_memory(err);
    *ret_made = strlen(whole) <= VB_HTTP_REPLY_MAX;
    return *ret_made ? vb_buf_append_str(out, whole, err) : VB_OK;
}

static int make_tarball(struct vb_answer *answer, struct vb_buf *out, bool *ret_made,
                        struct vb_error *err)
{
    (void)out;
    (void)err;
    const char *name = NULL;
    struct vb_str bytes;
    if (!find_below(answer, VB_CLOSURE_NPM, "", &name, &bytes))
        return VB_OK;
    *ret_made = true;
    answer->reply->lent = bytes;
    return VB_OK;
}

/* --- PyPI --- */

/* A file of the project, as the index names it, with the digest that the closure has for it. */
struct python_file {
    const char *name;
    const char *sha256; /* "": none */
    const char *version;
};

static bool is_plain(const char *text, const char *letters)
{
    return text[0] != '\0' && strlen(text) < 200 && strspn(text, letters) == strlen(text);
}

/* The next file of PROJECT from row *INDEX on; false: no more. */
static bool next_file(struct vb_answer *answer, const char *project, size_t *index,
                      struct python_file *ret)
{
    static const char folder[] = VB_CLOSURE_PYPI "/";
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  ".-_+!";
    const json_t *rows = rows_of(answer->responder, "pypi");
    while (*index < json_array_size(rows)) {
        const json_t *row = json_array_get(rows, (*index)++);
        const char *file = text_of(row, "file");
        struct vb_str bytes;
        *ret = (struct python_file){.name = file + sizeof(folder) - 1,
                                    .sha256 = text_of(row, "sha256"),
                                    .version = text_of(row, "version")};
        if (vb_same_project(text_of(row, "name"), project) &&
            strncmp(file, folder, sizeof(folder) - 1) == 0 && is_plain(ret->name, letters) &&
            is_plain(ret->sha256, "0123456789abcdef") && is_plain(ret->version, letters) &&
            vb_shelf_find(answer->responder->shelf, file, &bytes))
            return true;
    }
    return false;
}

static int put_links(struct vb_answer *answer, const char *project, struct vb_buf *buf,
                     struct vb_error *err)
{
    struct vb_out out = {buf, err, VB_OK};
    struct python_file file;
    size_t index = 0;
    char line[1024];
    snprintf(line, sizeof(line),
             "<!DOCTYPE html>\n<html>\n  <head>\n    <meta name=\"pypi:repository-version\" "
             "content=\"1.1\">\n    <title>Links for %s</title>\n  </head>\n  <body>\n"
             "    <h1>Links for %s</h1>\n",
             project, project);
    vb_put_str(&out, line);
    while (next_file(answer, project, &index, &file)) {
        snprintf(line, sizeof(line), "    <a href=\"/packages/py3/%s/%s#sha256=%s\">%s</a><br/>\n",
                 project, file.name, file.sha256, file.name);
        vb_put_str(&out, line);
    }
    vb_put_str(&out, "  </body>\n</html>\n");
    return out.status;
}

static void put_file(struct vb_json_out *json, const char *origin, const char *project,
                     const struct python_file *file, const char *digests)
{
    char url[1024];
    snprintf(url, sizeof(url), "%.300s/packages/py3/%s/%s", origin, project, file->name);
    vb_json_begin_object(json);
    vb_json_member_str(json, "filename", file->name);
    vb_json_member_str(json, "url", url);
    vb_json_key(json, digests);
    vb_json_begin_object(json);
    vb_json_member_str(json, "sha256", file->sha256);
    vb_json_end_object(json);
}

static int put_simple_json(struct vb_answer *answer, const char *project, struct vb_buf *buf,
                           struct vb_error *err)
{
    struct vb_json_out json;
    struct python_file file;
    size_t index = 0;
    vb_json_out_buf(&json, buf, false, err);
    vb_json_begin_object(&json);
    vb_json_key(&json, "meta");
    vb_json_begin_object(&json);
    vb_json_member_str(&json, "api-version", "1.0");
    vb_json_end_object(&json);
    vb_json_member_str(&json, "name", project);
    vb_json_key(&json, "files");
    vb_json_begin_array(&json);
    while (next_file(answer, project, &index, &file)) {
        put_file(&json, "", project, &file, "hashes");
        vb_json_end_object(&json);
    }
    vb_json_end_array(&json);
    vb_json_end_object(&json);
    return vb_json_finish(&json);
}

/* The project that is asked for; false: the closure has no file of it. */
static bool find_project(struct vb_answer *answer, char project[PROJECT_BYTES],
                         struct python_file *ret)
{
    size_t index = 0;
    vb_project_of(answer->view, project, PROJECT_BYTES);
    return next_file(answer, project, &index, ret);
}

static int make_simple(struct vb_answer *answer, struct vb_buf *out, bool *ret_made,
                       struct vb_error *err)
{
    char project[PROJECT_BYTES];
    struct python_file first;
    if (!find_project(answer, project, &first))
        return VB_OK;
    *ret_made = true;
    bool json = false;
    const int status = vb_answer_simple_type(answer, &json, err);
    if (status < 0)
        return status;
    return json ? put_simple_json(answer, project, out, err) : put_links(answer, project, out, err);
}

static int make_project(struct vb_answer *answer, struct vb_buf *out, bool *ret_made,
                        struct vb_error *err)
{
    char project[PROJECT_BYTES];
    struct python_file file;
    size_t index = 0;
    if (!find_project(answer, project, &file))
        return VB_OK;
    *ret_made = true;
    VB_CLEANUP(vb_buf_done) struct vb_buf origin;
    vb_buf_init(&origin, PATH_BYTES);
    const int status = vb_answer_origin(answer, &origin, err);
    if (status < 0)
        return status;
    struct vb_json_out json;
    vb_json_out_buf(&json, out, false, err);
    vb_json_begin_object(&json);
    vb_json_key(&json, "info");
    vb_json_begin_object(&json);
    vb_json_member_str(&json, "name", project);
    vb_json_member_str(&json, "version", file.version);
    vb_json_end_object(&json);
    vb_json_key(&json, "urls");
    vb_json_begin_array(&json);
    while (next_file(answer, project, &index, &file)) {
        put_file(&json, (const char *)origin.data, project, &file, "digests");
        vb_json_member_str(&json, "packagetype",
                           vb_ascii_equal(vb_path_extension(file.name), "whl") ? "bdist_wheel"
                                                                               : "sdist");
        vb_json_end_object(&json);
    }
    vb_json_end_array(&json);
    vb_json_end_object(&json);
    return vb_json_finish(&json);
}

static int make_python_file(struct vb_answer *answer, struct vb_buf *out, bool *ret_made,
                            struct vb_error *err)
{
    (void)out;
    (void)err;
    char path[PATH_BYTES];
    struct vb_str bytes;
    snprintf(path, sizeof(path), VB_CLOSURE_PYPI "/%.900s", answer->view->last);
    if (!vb_shelf_find(answer->responder->shelf, path, &bytes))
        return VB_OK;
    *ret_made = true;
    answer->reply->lent = bytes;
    return VB_OK;
}

/* --- by kind --- */

static const struct {
    const char *kind;
    int (*make)(struct vb_answer *answer, struct vb_buf *out, bool *ret_made, struct vb_error *err);
} rows[] = {
    {"npm-package", make_packument}, {"npm-tarball", make_tarball}, {"pypi-simple", make_simple},
    {"pypi-json", make_project},     {"wheel", make_python_file},   {"sdist", make_python_file},
};

int vb_make_dependency(struct vb_answer *answer, const struct vb_kind *kind, struct vb_buf *out,
                       bool *ret_made, struct vb_error *err)
{
    int status = VB_OK;
    *ret_made = false;
    for (size_t i = 0; answer->responder->shelf != NULL && i < VB_ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].kind, kind->name) == 0)
            status = rows[i].make(answer, out, ret_made, err);
    }
    if (status == VB_OK && *ret_made)
        answer->reply->rule = VB_RULE_DEPENDENCY;
    return status;
}
