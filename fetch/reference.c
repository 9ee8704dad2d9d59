/* What a reference is, by its form alone, and the intake that every fetched file goes through. */
#include <string.h>

#include "fetch/internal.h"
#include "fetch/purl.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The length of a scheme such as "npm" in "npm:left-pad"; 0 for a path. RFC 3986 3.1. */
static size_t scheme_len(const char *reference)
{
    size_t len = 0;

    if (!is_letter(reference[0]))
        return 0;
    while (is_letter(reference[len]) || (reference[len] >= '0' && reference[len] <= '9') ||
           reference[len] == '+' || reference[len] == '-' || reference[len] == '.')
        len++;
    return reference[len] == ':' ? len : 0;
}

/* By the scheme of a reference. */
static const char *const indexes[] = {[VB_INDEX_NPM] = "npm",
                                      [VB_INDEX_PYPI] = "pypi",
                                      [VB_INDEX_CLAWHUB] = "clawhub",
                                      [VB_INDEX_GITHUB] = "github",
                                      [VB_INDEX_SKILLS] = "skills"};

bool vb_reference_folder(const struct vb_reference *reference, char *ret, size_t size)
{
    if (reference->kind != VB_REFERENCE_PACKAGE || reference->index != VB_INDEX_GITHUB)
        return false;
    const char *name = reference->name, *end = name + strcspn(name, "@");
    const char *slash = memchr(name, '/', (size_t)(end - name));
    const char *path = slash == NULL ? NULL : memchr(slash + 1, '/', (size_t)(end - slash) - 1);
    snprintf(ret, size, "%.*s", path == NULL ? 0 : (int)(end - path) - 1,
             path == NULL ? "" : path + 1);
    return true;
}

const char *vb_index_name(enum vb_index index)
{
    return indexes[index];
}

/* False: SCHEME is none of them, or NAME is nothing. */
static bool read_index(const char *scheme, size_t len, const char *name, struct vb_reference *ret)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(indexes); i++) {
        if (strlen(indexes[i]) != len || !vb_ascii_starts(scheme, indexes[i]))
            continue;
        ret->kind = VB_REFERENCE_PACKAGE;
        ret->index = (enum vb_index)i;
        const int written = snprintf(ret->name, sizeof(ret->name), "%s", name);
        return written > 0 && (size_t)written < sizeof(ret->name);
    }
    return false;
}

static int read_purl(const char *reference, struct vb_reference *ret, struct vb_error *err)
{
    struct purl purl;
    const int status = purl_read(reference, &purl, err);
    if (status < 0 || (read_index(purl.type, strlen(purl.type), purl.name, ret) &&
                       ret->index != VB_INDEX_CLAWHUB && ret->index != VB_INDEX_SKILLS))
        return status;
    return vb_fail(
        err, VB_E_USAGE, 0,
        "%s: vetbox does not fetch packages of the type %s, only npm, pypi and github; give an "
        "https:// URL or a file",
        reference, purl.type);
}

static int read_reference(const char *reference, struct vb_reference *ret, struct vb_error *err)
{
    const size_t len = scheme_len(reference);
    if (vb_ascii_starts(reference, "https://")) {
        ret->kind = VB_REFERENCE_HTTPS;
        return VB_OK;
    }
    if (vb_ascii_starts(reference, "pkg:"))
        return read_purl(reference, ret, err);
    if (len > 0 && read_index(reference, len, reference + len + 1, ret))
        return VB_OK;
    if (vb_ascii_starts(reference, "http:"))
        return vb_fail(err, VB_E_USAGE, 0,
                       "%s: plain http can be changed on its way; use an https:// URL", reference);
    if (len > 0)
        return vb_fail(
            err, VB_E_USAGE, 0,
            "%s: vetbox does not know references of the kind '%.*s:'; it takes files, folders, "
            "https:// URLs, npm:NAME, pypi:NAME, clawhub:SLUG, github:OWNER/REPO, skills:HOST and "
            "package "
            "URLs (write ./%s for a file of that name)",
            reference, (int)len, reference, reference);
    ret->kind = VB_REFERENCE_PATH;
    return VB_OK;
}

int vb_reference_read(const char *reference, struct vb_reference *ret, struct vb_error *err)
{
    struct vb_reference read = {.name = ""};
    if (reference == NULL || reference[0] == '\0')
        return vb_fail(err, VB_E_USAGE, 0,
                       "the reference is empty: name a file, a folder or an https:// URL");
    const int status = read_reference(reference, &read, err);
    if (status == VB_OK)
        *ret = read;
    return status;
}

int intake_open(struct intake *intake, int fd, const struct vb_fetch_limits *limits,
                struct vb_error *err)
{
    int status;

    *intake = (struct intake){.fd = fd, .limit = limits->bytes};
    if (limits->undigested)
        return 0;
    status = vb_digest_new(VB_DIGEST_SHA256, &intake->sha256, err);
    return status != 0 ? status : vb_digest_new(VB_DIGEST_SHA512, &intake->sha512, err);
}

void intake_done(struct intake *intake)
{
    vb_digest_free(intake->sha256);
    vb_digest_free(intake->sha512);
    *intake = (struct intake){.fd = -1};
}

static int digest(const struct intake *intake, const void *data, size_t len, struct vb_error *err)
{
    const int status = vb_digest_update(intake->sha256, data, len, err);

    return status != 0 ? status : vb_digest_update(intake->sha512, data, len, err);
}

int intake_add(struct intake *intake, const void *data, size_t len, struct vb_error *err)
{
    int status;

    if (len > intake->limit - intake->size)
        return vb_fail(err, VB_E_LIMIT, 0, "it is larger than %llu bytes",
                       (unsigned long long)intake->limit);
    intake->size += len;
    status = intake->sha256 != NULL ? digest(intake, data, len, err) : 0;
    return status != 0 ? status : vb_write_all(intake->fd, data, len, err);
}

int intake_report(struct intake *intake, const char *name, const char *url, struct vb_sink *sink,
                  struct vb_error *err)
{
    const bool digested = intake->sha256 != NULL;
    char sha256[VB_SHA256_HEX];
    char sha512[VB_SHA512_HEX];
    struct vb_event event;
    int status = digested ? vb_digest_hex(intake->sha256, sha256, err) : 0;

    if (status == 0 && digested)
        status = vb_digest_hex(intake->sha512, sha512, err);
    if (status != 0)
        return status;
    vb_event_init(&event, VB_EV_FETCH_ARTIFACT, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_NAME, name);
    vb_event_str(&event, VB_F_FORM, "file");
    vb_event_int(&event, VB_F_SIZE, (int64_t)intake->size);
    vb_event_str(&event, VB_F_SHA256, digested ? sha256 : NULL);
    vb_event_str(&event, VB_F_SHA512, digested ? sha512 : NULL);
    vb_event_str(&event, VB_F_URL, url);
    return vb_emit(sink, &event, err);
}
