/* Signatures beside the artifact. They are copied, like everything, before anybody reads them. */
#include "cli/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vetbox/fetch.h"
#include "vetbox/sandbox.h"

enum { MIB = 1024 * 1024, SIDE_FILE_MAX = 8 * MIB, NAME_BYTES = 256 };

int vb_beside_keep(struct vb_session *session, struct vb_error *err)
{
    if (session->artifact.form != VB_ARTIFACT_FILE || session->original_fd >= 0)
        return VB_OK;
    session->original_fd = fcntl(session->artifact.fd, F_DUPFD_CLOEXEC, 3);
    return session->original_fd < 0 ? vb_fail(err, VB_E_OS, errno, "keeping the artifact") : VB_OK;
}

static int copy_into(int dirfd, const char *name, int from, struct vb_error *err)
{
    unsigned char chunk[65536];
    off_t offset = 0;
    VB_CLEANUP_FD int to =
        openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (to < 0)
        return vb_fail(err, VB_E_OS, errno, "copying %s", name);
    for (;;) {
        const ssize_t got = pread(from, chunk, sizeof(chunk), offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vb_fail(err, VB_E_IO, errno, "copying %s", name);
        if (got == 0)
            return VB_OK;
        const int status = vb_write_all(to, chunk, (size_t)got, err);
        if (status < 0)
            return status;
        offset += got;
    }
}

/* Opens the file that is named like a signature of the artifact; -1 where there is none. */
static int open_side(const struct vb_session *session, const char *ending)
{
    VB_CLEANUP_FREE char *path = NULL;
    struct stat st;
    if (asprintf(&path, "%s%s", session->reference, ending) < 0)
        path = NULL;
    VB_CLEANUP_FD int fd =
        path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > SIDE_FILE_MAX)
        return -1;
    return vb_steal_fd(&fd);
}

/* By its name a bundle, in which a signature block may begin anywhere, or by its first byte an
 * envelope. */
static bool may_be_signed_itself(const struct vb_session *session)
{
    const char *ending = vb_path_extension(session->artifact.name);
    char head[16] = "";
    struct stat st;
    if (strcmp(ending, "mcpb") == 0 || strcmp(ending, "dxt") == 0)
        return true;
    if (fstat(session->original_fd, &st) < 0 || st.st_size > SIDE_FILE_MAX)
        return false;
    const ssize_t got = pread(session->original_fd, head, sizeof(head) - 1, 0);
    return got > 0 && head[strspn(head, " \t\r\n")] == '{';
}

/* Copies what lies beside the artifact; *RET_COUNT says how many there were. */
static int copy_sides(const struct vb_session *session, int dirfd, size_t *ret_count,
                      struct vb_error *err)
{
    const char *endings[VB_SIGNATURE_ENDINGS_MAX];
    const size_t count = vb_signature_endings(endings);
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < count; i++) {
        char name[2 * NAME_BYTES];
        VB_CLEANUP_FD int fd = open_side(session, endings[i]);
        if (fd < 0)
            continue;
        (*ret_count)++;
        if (dirfd < 0)
            continue;
        snprintf(name, sizeof(name), "%s%s", session->artifact.name, endings[i]);
        status = copy_into(dirfd, name, fd, err);
    }
    return status;
}

int vb_beside_folder(const struct vb_session *session, int *ret_fd, struct vb_error *err)
{
    struct vb_reference reference;
    size_t sides = 0;
    *ret_fd = -1;
    const char *name = session->artifact.name;
    if (session->original_fd < 0 || name == NULL || strlen(name) >= NAME_BYTES ||
        !vb_path_safe(name) || strchr(name, '/') != NULL)
        return VB_OK;
    int status = vb_reference_read(session->reference, &reference, err);
    const bool local = status == VB_OK && reference.kind == VB_REFERENCE_PATH;
    if (local)
        status = copy_sides(session, -1, &sides, err);
    if (status < 0 || (sides == 0 && !may_be_signed_itself(session)))
        return status;
    VB_CLEANUP_FD int folder = -1;
    status = vb_workspace_new((uint64_t)1024 * MIB, 1024, &folder, err);
    if (status == VB_OK)
        status = copy_into(folder, name, session->original_fd, err);
    if (status == VB_OK && local)
        status = copy_sides(session, folder, &sides, err);
    if (status == VB_OK)
        *ret_fd = vb_steal_fd(&folder);
    return status;
}
