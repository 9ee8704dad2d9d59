/* packages: indexes of npm's and PyPI's kind. Any name is a package there, with a version for
 * whatever range a client may have in mind, and those that the package under examination names. */
#include "sandbox/world/answers/internal.h"

#include <ctype.h>
#include <string.h>

enum { MAJORS = 31, MINORS = 30, MINOR_LAST = 60, NAME_MAX_CHARS = 214 };

struct version {
    char text[24];
};

/* The versions that every package has: 31 majors of 31 minors; the last of a major is far enough
 * for any ^MAJOR.MINOR that is out there. */
static struct version version_at(unsigned index)
{
    const unsigned major = index / (MINORS + 1), at = index % (MINORS + 1);
    const unsigned minor = at == MINORS ? MINOR_LAST : at;
    struct version version;
    snprintf(version.text, sizeof(version.text), "%u.%u.%u", major, minor,
             5 + (major * 3 + minor * 7) % 5);
    return version;
}
enum { VERSIONS = MAJORS * (MINORS + 1) };

/* The current version of NAME: the same whoever asks in a run. */
static int latest_of(struct vb_answer *answer, const char *name, struct version *ret,
                     struct vb_error *err)
{
    struct vb_stream stream;
    unsigned major = 0, minor = 0;
    vb_answer_stream(answer, name, &stream);
    int status = vb_stream_below(&stream, 6, &major, err);
    if (status == VB_OK)
        status = vb_stream_below(&stream, MINORS, &minor, err);
    if (status == VB_OK)
        *ret = version_at((major + 1) * (MINORS + 1) + minor);
    return status;
}

/* --- npm --- */

/* What stands before the tarball in its URL. */
struct package {
    char name[NAME_MAX_CHARS + 1]; /* with its scope */
    const char *base;              /* without */
};

static bool package_char(char c)
{
    return isalnum((unsigned char)c) || strchr("-_.~@/", c) != NULL;
}

static struct package package_of(const struct vb_view *view)
{
    struct package package = {.name = ""};
    size_t len = 0;
    const char *begin = view->path + 1;
    const char *end =
        begin[0] == '@' && strchr(begin, '/') != NULL ? strchr(begin, '/') + 1 : begin;
    end += strcspn(end, "/");
    for (; begin < end && len < NAME_MAX_CHARS; begin++) {
        if (package_char(*begin) && *begin != '\0')
            package.name[len++] = *begin;
    }
    package.name[len] = '\0';
    return package;
}

static void put_npm_version(struct vb_json_out *json, const struct package *package,
                            const char *origin, const char *version)
{
    char tarball[768];
    snprintf(tarball, sizeof(tarball), "%.300s/%s/-/%s-%s.tgz", origin, package->name,
             package->base, version);
    vb_json_key(json, version);
    vb_json_begin_object(json);
    vb_json_member_str(json, "name", package->name);
    vb_json_member_str(json, "version", version);
    vb_json_key(json, "bin"); /* what npx runs */
    vb_json_begin_object(json);
    vb_json_member_str(json, package->base, "index.js");
    vb_json_end_object(json);
    vb_json_key(json, "dist");
    vb_json_begin_object(json);
    vb_json_member_str(json, "tarball", tarball);
    vb_json_end_object(json);
    vb_json_end_object(json);
}

static bool is_regular(const char *version)
{
    for (unsigned i = 0; i < VERSIONS; i++) {
        if (strcmp(version_at(i).text, version) == 0)
            return true;
    }
    return false;
}

bool vb_same_project(const char *a, const char *b)
{
    static const char between[] = "-_.";
    while (*a != '\0' && *b != '\0' &&
           (vb_ascii_lower(*a) == vb_ascii_lower(*b) ||
            (strchr(between, *a) != NULL && strchr(between, *b) != NULL))) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

/* The versions of NAME that the package under examination names, one by one from *INDEX on; NULL:
 * no more. Those that every package has are left out. */
static const char *next_wanted(const struct vb_responder *responder, const char *name,
                               size_t *index)
{
    while (*index < responder->wanted_count) {
        const struct vb_wanted *wanted = &responder->wanted[(*index)++];
        if (vb_same_project(wanted->name, name) && !is_regular(wanted->version))
            return wanted->version;
    }
    return NULL;
}

static void put_npm_versions(struct vb_json_out *json, const struct vb_answer *answer,
                             const struct package *package, const char *origin)
{
    size_t index = 0;
    for (unsigned i = 0; i < VERSIONS; i++)
        put_npm_version(json, package, origin, version_at(i).text);
    for (const char *version = next_wanted(answer->responder, package->name, &index);
         version != NULL; version = next_wanted(answer->responder, package->name, &index))
        put_npm_version(json, package, origin, version);
}

int vb_make_packument(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    struct package package = package_of(answer->view);
    struct version latest;
    package.base = strrchr(package.name, '/');
    package.base = package.base == NULL ? package.name : package.base + 1;
    VB_CLEANUP(vb_buf_done) struct vb_buf origin;
    vb_buf_init(&origin, 1024);
    int status = latest_of(answer, package.base, &latest, err);
    if (status == VB_OK)
        status = vb_answer_origin(answer, &origin, err);
    if (status < 0)
        return status;
    char modified[40];
    vb_answer_time(answer->responder->born - 900000, "%Y-%m-%dT10:24:31.518Z", modified,
                   sizeof(modified));
    struct vb_json_out json;
    vb_json_out_buf(&json, out, false, err);
    vb_json_begin_object(&json);
    vb_json_member_str(&json, "name", package.name);
    vb_json_member_str(&json, "modified", modified);
    vb_json_key(&json, "dist-tags");
    vb_json_begin_object(&json);
    vb_json_member_str(&json, "latest", latest.text);
    vb_json_end_object(&json);
    vb_json_key(&json, "versions");
    vb_json_begin_object(&json);
    put_npm_versions(&json, answer, &package, (const char *)origin.data);
    vb_json_end_object(&json);
    vb_json_end_object(&json);
    return vb_json_finish(&json);
}

/* --- PyPI: PEP 503, and PEP 691 for who asks for JSON --- */

void vb_project_of(const struct vb_view *view, char *ret, size_t size)
{
    size_t len = 0;
    const char *simple = strstr(view->path, "/simple/");
    const char *json = strstr(view->path, "/pypi/");
    const char *at = simple != NULL ? simple + 8 : json != NULL ? json + 6 : "";
    for (; *at != '\0' && *at != '/' && len + 1 < size; at++) {
        if (isalnum((unsigned char)*at) || *at == '-' || *at == '_' || *at == '.')
            ret[len++] = vb_ascii_lower(*at);
    }
    ret[len] = '\0';
}

/* A wheel's name has '_' where the project's has '-' or '.'. */
static void file_of(const char *project, const char *version, char *ret, size_t size)
{
    const int len = snprintf(ret, size, "%s-%s-py3-none-any.whl", project, version);
    for (size_t i = 0; i < strlen(project) && len > 0; i++) {
        if (ret[i] == '-' || ret[i] == '.')
            ret[i] = '_';
    }
}

static void put_link(struct vb_out *out, const char *project, const char *version)
{
    char file[128];
    char line[400];
    file_of(project, version, file, sizeof(file));
    snprintf(line, sizeof(line), "    <a href=\"/packages/py3/%s/%s\">%s</a><br/>\n", project, file,
             file);
    vb_put_str(out, line);
}

static int put_links(const struct vb_answer *answer, const char *project, struct vb_buf *buf,
                     struct vb_error *err)
{
    struct vb_out out = {buf, err, VB_OK};
    char head[300];
    snprintf(head, sizeof(head),
             "<!DOCTYPE html>\n<html>\n  <head>\n    <meta name=\"pypi:repository-version\" "
             "content=\"1.1\">\n    <title>Links for %s</title>\n  </head>\n  <body>\n"
             "    <h1>Links for %s</h1>\n",
             project, project);
    vb_put_str(&out, head);
    size_t index = 0;
    for (unsigned i = 0; i < VERSIONS; i++)
        put_link(&out, project, version_at(i).text);
    for (const char *version = next_wanted(answer->responder, project, &index); version != NULL;
         version = next_wanted(answer->responder, project, &index))
        put_link(&out, project, version);
    vb_put_str(&out, "  </body>\n</html>\n");
    return out.status;
}

static void put_json_file(struct vb_json_out *json, const char *project, const char *version)
{
    char file[128];
    char url[300];
    file_of(project, version, file, sizeof(file));
    snprintf(url, sizeof(url), "/packages/py3/%s/%s", project, file);
    vb_json_begin_object(json);
    vb_json_member_str(json, "filename", file);
    vb_json_member_str(json, "url", url);
    vb_json_key(json, "hashes");
    vb_json_begin_object(json);
    vb_json_end_object(json);
    vb_json_end_object(json);
}

static int put_simple_json(const struct vb_answer *answer, const char *project, struct vb_buf *buf,
                           struct vb_error *err)
{
    struct vb_json_out json;
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
    for (unsigned i = 0; i < VERSIONS; i++)
        put_json_file(&json, project, version_at(i).text);
    for (const char *version = next_wanted(answer->responder, project, &index); version != NULL;
         version = next_wanted(answer->responder, project, &index))
        put_json_file(&json, project, version);
    vb_json_end_array(&json);
    vb_json_end_object(&json);
    return vb_json_finish(&json);
}

int vb_answer_simple_type(struct vb_answer *answer, bool *ret_json, struct vb_error *err)
{
    static const char json[] = "application/vnd.pypi"
                               ".simple.v1+json";
    *ret_json = vb_text_has(answer->view->accept, json);
    return vb_answer_header(answer, "Content-Type", *ret_json ? json : "text/html; charset=utf-8",
                            err);
}

int vb_make_simple(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    char project[VB_VIEW_NAME + 1];
    bool wants_json = false;
    vb_project_of(answer->view, project, sizeof(project));
    const int status = vb_answer_simple_type(answer, &wants_json, err);
    if (status < 0)
        return status;
    return wants_json ? put_simple_json(answer, project, out, err)
                      : put_links(answer, project, out, err);
}

int vb_make_pypi_json(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    char project[VB_VIEW_NAME + 1];
    char file[128];
    char url[768];
    struct version latest;
    vb_project_of(answer->view, project, sizeof(project));
    VB_CLEANUP(vb_buf_done) struct vb_buf origin;
    vb_buf_init(&origin, 1024);
    int status = latest_of(answer, project, &latest, err);
    if (status == VB_OK)
        status = vb_answer_origin(answer, &origin, err);
    if (status < 0)
        return status;
    file_of(project, latest.text, file, sizeof(file));
    snprintf(url, sizeof(url), "%.300s/packages/py3/%s/%s", (const char *)origin.data, project,
             file);
    struct vb_json_out json;
    vb_json_out_buf(&json, out, false, err);
    vb_json_begin_object(&json);
    vb_json_key(&json, "info");
    vb_json_begin_object(&json);
    vb_json_member_str(&json, "name", project);
    vb_json_member_str(&json, "version", latest.text);
    vb_json_member_str(&json, "summary", "Small helpers for everyday work");
    vb_json_member_str(&json, "license", "MIT");
    vb_json_end_object(&json);
    vb_json_key(&json, "urls");
    vb_json_begin_array(&json);
    vb_json_begin_object(&json);
    vb_json_member_str(&json, "filename", file);
    vb_json_member_str(&json, "packagetype", "bdist_wheel");
    vb_json_member_str(&json, "url", url);
    vb_json_end_object(&json);
    vb_json_end_array(&json);
    vb_json_end_object(&json);
    return vb_json_finish(&json);
}
