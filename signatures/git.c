/* Signed commits and tags of git, which are recognised and not verified: what they sign is a tree
 * of digests, not the files that lie beside. Trust boundary: a look at the beginning of objects
 * that are the package's, nothing is parsed. */
#include "signatures/git.h"

#include <limits.h>
#include <zlib.h>

enum { OBJECTS_MAX = 4096, READ_BYTES = 4096, LOOK_BYTES = 16 * 1024, NAME_DIGITS = 38 };

/* A loose object: .git/objects/XX/ and 38 digits, or 62 of SHA-256. */
static bool is_object(const char *path)
{
    static const char folder[] = ".git/objects/";
    static const char digits[] = "0123456789abcdef";
    const char *at = strstr(path, folder);

    if (at == NULL || (at != path && at[-1] != '/'))
        return false;
    at += sizeof(folder) - 1;
    if (strspn(at, digits) != 2 || at[2] != '/')
        return false;
    const size_t len = strspn(at + 3, digits);
    return at[3 + len] == '\0' && (len == NAME_DIGITS || len == NAME_DIGITS + 24);
}

/* The object's beginning in RET; returns its length. */
static size_t inflate_head(struct vb_sig_bytes in, unsigned char ret[LOOK_BYTES])
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)in.data, /* zlib only reads it */
                       .avail_in = (uInt)in.len,
                       .next_out = ret,
                       .avail_out = LOOK_BYTES};

    if (inflateInit(&stream) != Z_OK)
        return 0;
    (void)inflate(&stream, Z_SYNC_FLUSH);
    (void)inflateEnd(&stream);
    return LOOK_BYTES - stream.avail_out;
}

static bool contains(struct vb_sig_bytes text, const char *words)
{
    return memmem(text.data, text.len, words, strlen(words)) != NULL;
}

/* The header of a commit, or what stands at the end of a tag. */
static bool is_signed(struct vb_sig_bytes object)
{
    struct vb_sig_bytes commit = object, tag = object;

    if (vb_sig_skip(&commit, "commit "))
        return contains(commit, "\ngpgsig ") || contains(commit, "\ngpgsig-sha256 ");
    return vb_sig_skip(&tag, "tag ") && (contains(tag, "\n-----BEGIN PGP SIGNATURE-----") ||
                                         contains(tag, "\n-----BEGIN SSH SIGNATURE-----") ||
                                         contains(tag, "\n-----BEGIN SIGNED MESSAGE-----"));
}

static int look(int dirfd, const char *path, bool *ret, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf head = {0};
    unsigned char object[LOOK_BYTES];
    const char *why = NULL;
    uint64_t size;
    VB_CLEANUP_FD int fd = vb_sig_open_regular(dirfd, path, &size, &why);

    *ret = false;
    if (fd < 0)
        return 0;
    vb_buf_init(&head, READ_BYTES);
    const int status = vb_sig_read_head(fd, READ_BYTES, &head, err);
    if (status < 0 || head.len == 0)
        return status;
    const size_t len = inflate_head((struct vb_sig_bytes){head.data, head.len}, object);
    *ret = is_signed((struct vb_sig_bytes){object, len});
    return 0;
}

int vb_sig_git(int dirfd, const struct vb_sig_paths *files, struct vb_sink *sink,
               struct vb_error *err)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {.format = "git"};
    struct vb_sig_job job = {.dirfd = dirfd, .fd = -1};
    size_t looked = 0, found = 0;

    for (size_t i = 0; i < files->count && looked < OBJECTS_MAX; i++) {
        bool is;
        if (!is_object(files->items[i]))
            continue;
        looked++;
        const int status = look(dirfd, files->items[i], &is, err);
        if (status < 0)
            return status;
        if (is && found++ == 0)
            job.path = files->items[i];
    }
    if (found == 0)
        return 0;
    vb_sig_conclude(&result, VB_SIGNATURE_UNVERIFIABLE,
                    "%zu signed commit%s or tag%s of git, which vetbox does not verify", found,
                    found == 1 ? "" : "s", found == 1 ? "" : "s");
    return vb_sig_result_emit(&job, &result, sink, err);
}
