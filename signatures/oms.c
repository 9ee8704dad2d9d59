/* OpenSSF Model Signing: a bundle in a folder that signs all of it. Trust boundary: the bundle and
 * the folder are the package's. Every file must be signed, and every signed file must be there:
 * what was added runs as well as what was changed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "signatures/folder.h"
#include "signatures/manifest.h"
#include "signatures/sigstore.h"

struct signed_folder {
    int fd;
    const char *prefix;    /* of its files within the package: "" or with a '/' behind it */
    const char *signature; /* the signature file's name in it */
    const struct vb_sig_manifest *manifest;
    struct vb_sig_result *result;
};

static int wrong(const struct signed_folder *folder, const char *path, const char *why)
{
    const struct vb_sig_bytes text = {.data = (const unsigned char *)path, .len = strlen(path)};

    return vb_sig_conclude(folder->result, VB_SIGNATURE_INVALID, "%.*s %s", vb_sig_cut(text, 400),
                           path, why);
}

static bool is_wrong(const struct signed_folder *folder)
{
    return folder->result->outcome == VB_SIGNATURE_INVALID ||
           folder->result->outcome == VB_SIGNATURE_UNVERIFIABLE;
}

/* --- what is left out --- */

static bool is_ignored(const struct vb_sig_paths *ignored, const char *path)
{
    for (size_t i = 0; i < ignored->count; i++) {
        if (strcmp(ignored->items[i], path) == 0)
            return true;
    }
    return false;
}

/* A folder that is left out is not entered, so the whole path is enough. */
static bool skip(const void *ctx, const char *path)
{
    static const char *const always[] = {".git", ".gitignore", ".gitattributes", ".github"};
    const struct signed_folder *folder = ctx;

    for (size_t i = 0; i < VB_ARRAY_LEN(always); i++) {
        if (strcmp(path, always[i]) == 0)
            return true;
    }
    return strcmp(path, folder->signature) == 0 || is_ignored(&folder->manifest->ignored, path);
}

/* --- one file --- */

/* Follows links, but never out of the folder. */
static int open_within(int dirfd, const char *path)
{
    const struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

static int check_part(const struct signed_folder *folder, int fd,
                      const struct vb_sig_resource *resource, struct vb_error *err)
{
    const struct vb_sig_manifest *manifest = folder->manifest;
    unsigned char digest[VB_SIG_DIGEST_MAX];

    const int status =
        vb_sig_hash_part(manifest->algorithm, fd, resource->start,
                         resource->end != 0 ? resource->end : INT64_MAX, digest, err);
    if (status < 0)
        return status;
    const struct vb_sig_bytes real = {.data = digest, .len = manifest->digest_len};
    if (vb_sig_same(real,
                    (struct vb_sig_bytes){.data = resource->digest, .len = manifest->digest_len}))
        return 0;
    return wrong(folder, resource->path, "differs from its signed digest");
}

/* The COUNT shards of one file, which must be all of it. */
static int check_shards(const struct signed_folder *folder, int fd, uint64_t size,
                        const struct vb_sig_resource *resources, size_t count, struct vb_error *err)
{
    const uint64_t shard = folder->manifest->shard_size;
    uint64_t at = 0;
    int status = 0;

    for (size_t i = 0; status == 0 && !is_wrong(folder) && i < count; i++) {
        const uint64_t end = size - at < shard ? size : at + shard;
        if (resources[i].start != at || resources[i].end != end)
            return wrong(folder, resources[i].path, "is not signed in all its parts");
        status = check_part(folder, fd, &resources[i], err);
        at = end;
    }
    if (status == 0 && !is_wrong(folder) && at != size)
        return wrong(folder, resources[0].path, "is not signed in all its parts");
    return status;
}

/* The file that COUNT resources from RESOURCES on are about. */
static int check_file(const struct signed_folder *folder, const struct vb_sig_resource *resources,
                      size_t count, bool is_link, struct vb_error *err)
{
    const char *path = resources[0].path;
    struct stat st;

    if (is_link && !folder->manifest->symlinks)
        return wrong(folder, path, "is a link, and the statement allows none");
    VB_CLEANUP_FD int fd = open_within(folder->fd, path);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        if (is_link)
            return wrong(folder, path, "is a link to no file of the folder");
        return vb_sig_conclude(folder->result, VB_SIGNATURE_UNVERIFIABLE, "cannot read %.400s",
                               path);
    }
    return folder->manifest->shard_size != 0
               ? check_shards(folder, fd, (uint64_t)st.st_size, resources, count, err)
               : check_part(folder, fd, resources, err);
}

/* --- all of them --- */

static int cover(const struct signed_folder *folder, const char *path, struct vb_error *err)
{
    char whole[2 * 4096 + 2];

    snprintf(whole, sizeof(whole), "%.4096s%.4096s", folder->prefix, path);
    return vb_sig_paths_add(&folder->result->covers, whole, err);
}

/* Files without a byte have no shards. */
static bool is_empty_file(const struct signed_folder *folder, const char *path)
{
    struct stat st;

    return folder->manifest->shard_size != 0 &&
           fstatat(folder->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           st.st_size == 0;
}

static bool is_link(const struct vb_sig_folder *found, size_t *at, const char *path)
{
    while (*at < found->links.count && strcmp(found->links.items[*at], path) < 0)
        (*at)++;
    return *at < found->links.count && strcmp(found->links.items[*at], path) == 0;
}

/* Both lists are sorted: whatever stands in only one of them shows. */
static int compare(const struct signed_folder *folder, const struct vb_sig_folder *found,
                   struct vb_error *err)
{
    const struct vb_sig_manifest *manifest = folder->manifest;
    size_t at = 0;
    size_t link_at = 0;
    int status = 0;

    for (size_t i = 0; status == 0 && !is_wrong(folder) && i < found->files.count; i++) {
        const char *path = found->files.items[i];
        const int order = at < manifest->count ? strcmp(manifest->resources[at].path, path) : 1;
        if (order < 0)
            return wrong(folder, manifest->resources[at].path, "is signed and not there");
        if (order > 0 && !is_empty_file(folder, path))
            return wrong(folder, path, "is there and not signed");
        size_t count = 0;
        while (at + count < manifest->count &&
               strcmp(manifest->resources[at + count].path, path) == 0)
            count++;
        if (count > 0)
            status = check_file(folder, &manifest->resources[at], count,
                                is_link(found, &link_at, path), err);
        /* Nobody can tell an empty file without a shard that was there from one that was added. */
        if (status == 0 && count > 0)
            status = cover(folder, path, err);
        at += count;
    }
    if (status == 0 && !is_wrong(folder) && at < manifest->count)
        return wrong(folder, manifest->resources[at].path, "is signed and not there");
    return status;
}

static int check_folder(const struct signed_folder *folder, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_folder_done) struct vb_sig_folder found = {0};

    int status = vb_sig_folder(folder->fd, skip, folder, &found, err);
    if (status < 0)
        return status;
    if (found.strange[0] != '\0')
        return wrong(folder, found.strange, "is there, and no file");
    if (found.gap[0] != '\0')
        return vb_sig_conclude(folder->result, VB_SIGNATURE_UNVERIFIABLE, "cannot look at %s",
                               found.gap);
    status = compare(folder, &found, err);
    if (is_wrong(folder))
        vb_sig_paths_done(&folder->result->covers);
    return status;
}

/* Opens the folder in which the signature lies. */
static int check_signed(const struct vb_sig_job *job, const struct vb_sig_manifest *manifest,
                        struct vb_sig_result *result, struct vb_error *err)
{
    const char *base = vb_path_base(job->path);
    const size_t len = (size_t)(base - job->path);
    VB_CLEANUP_FREE char *prefix = strndup(job->path, len);
    VB_CLEANUP_FREE char *dir = len > 0 ? strndup(job->path, len - 1) : strdup(".");

    if (prefix == NULL || dir == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a signed folder");
    VB_CLEANUP_FD int fd = vb_open_beneath(job->dirfd, dir, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE, "cannot open its folder");
    const struct signed_folder folder = {
        .fd = fd, .prefix = prefix, .signature = base, .manifest = manifest, .result = result};
    return check_folder(&folder, err);
}

/* Reads what was signed, now that somebody signed it. */
static int check_statement(const struct vb_sig_job *job, const struct vb_sig_bundle *bundle,
                           struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_statement_done) struct vb_sig_statement statement = {0};
    VB_CLEANUP(vb_sig_manifest_done) struct vb_sig_manifest manifest = {0};
    const char *wrong_manifest = NULL;
    char why[256] = "";

    int status = vb_sig_statement(&bundle->dsse, &statement, why, sizeof(why), err);
    if (status == 0 && why[0] == '\0')
        status = vb_sig_manifest(&statement, &manifest, &wrong_manifest, err);
    if (status < 0)
        return status;
    if (why[0] != '\0' || wrong_manifest != NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID, "%s",
                               why[0] != '\0' ? why : wrong_manifest);
    if (manifest.algorithm == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "its files were hashed in a way that is not checked");
    return check_signed(job, &manifest, result, err);
}

int vb_sig_oms_judge(const struct vb_sig_job *job, const struct vb_sig_bundle *bundle,
                     struct vb_sig_result *result, struct vb_error *err)
{
    if (!bundle->is_dsse)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "a folder's signature is over a statement, and this one is not");
    const int status = vb_sig_bundle_judge(job, bundle, NULL, result, err);
    if (status < 0 || !vb_sig_holds(result))
        return status;
    return check_statement(job, bundle, result, err);
}

int vb_sig_oms(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_sig_bundle_done) struct vb_sig_bundle bundle = {0};
    bool read;

    const int status = vb_sig_bundle_read(job, &bundle, &read, result, err);
    return status < 0 || !read ? status : vb_sig_oms_judge(job, &bundle, result, err);
}
