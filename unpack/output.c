/* Bytes of an entry → one file below the output folder, within the limits. Every open goes through
 * vb_open_beneath, and nothing but regular files and folders is ever made. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "unpack/beside.h"

static int cannot_write(struct output *out, int system_errno)
{
    return vb_fail(out->u->err, VB_E_CANTCREAT, system_errno, "cannot write %.*s",
                   (int)out->path.len, out->path.text);
}

/* Most files stand in a folder that is there already. */
static int create(int dirfd, const char *path, uint32_t mode)
{
    const int fd = vb_open_beneath(dirfd, path, O_RDWR | O_CREAT | O_EXCL, mode);

    if (fd >= 0 || errno != ENOENT || vb_mkdir_parents(dirfd, path) != 0)
        return fd;
    return vb_open_beneath(dirfd, path, O_RDWR | O_CREAT | O_EXCL, mode);
}

int output_open(struct output *out, struct unpack *u, const char *path, bool executable)
{
    *out = (struct output){.u = u, .path = str_of(path), .fd = -1};
    out->fd = create(u->out_fd, path, executable ? 0700 : 0600);
    if (out->fd < 0)
        return cannot_write(out, errno);
    u->files++;
    return 0;
}

/* Takes COUNT bytes out of the limits. Less than asked for means that a limit is reached. */
static uint64_t output_allow(struct output *out, uint64_t count)
{
    const uint64_t room = out->u->limits->file_bytes - out->size;

    if (count > room) {
        count = room;
        out->cut = true;
    }
    if (!limits_allow(out->u, count)) {
        out->cut = true;
        return 0;
    }
    return count;
}

int output_write(struct output *out, const void *data, size_t len)
{
    const uint64_t count = output_allow(out, len);
    const int status = count > 0 ? vb_write_all(out->fd, data, (size_t)count, out->u->err) : 0;

    if (status != 0)
        return vb_wrap(out->u->err, "writing %.*s", (int)out->path.len, out->path.text);
    /* Most files come as one piece, which is looked at here and not read again. */
    out->plain = out->size == 0 && count == len && beside_finds_nothing(data, len, out->path.text);
    out->size += count;
    return 0;
}

int output_hole(struct output *out, uint64_t len)
{
    const uint64_t count = output_allow(out, len);

    if (count == 0)
        return 0;
    out->plain = false;
    out->size += count;
    if (ftruncate(out->fd, (off_t)out->size) != 0 || lseek(out->fd, 0, SEEK_END) < 0)
        return cannot_write(out, errno);
    return 0;
}

int output_copy(struct output *out, int source, uint64_t at, uint64_t len)
{
    unsigned char block[16384];

    while (len > 0 && !out->cut) {
        const size_t want = len < sizeof(block) ? (size_t)len : sizeof(block);
        const ssize_t n = pread_all(source, block, want, at);
        int status;

        if (n < 0)
            return cannot_write(out, errno);
        if (n == 0)
            break;
        status = output_write(out, block, (size_t)n);
        if (status != 0)
            return status;
        at += (uint64_t)n;
        len -= (uint64_t)n;
    }
    return 0;
}

int output_finish(struct output *out, const char *path)
{
    struct unpack *const u = out->u;
    int status = 0;

    if (out->cut && u->stop == NULL)
        status = report_entry(
            u, &(const struct hostile){.code = "limit-file-bytes",
                                       .path = out->path,
                                       .detail = "longer than a file may be; its beginning was "
                                                 "extracted",
                                       .fate = FATE_CUT});
    if (status == 0 && out->cut)
        status = report_coverage(u, "file", "only its beginning was extracted", out->path);
    return status != 0 || (out->plain && !u->tar_inside) ? status : beside_look(u, out->fd, path);
}

int stream_extract(struct unpack *u, struct stream *s, const char *path)
{
    struct output out;
    const void *data;
    size_t len;
    int status = output_open(&out, u, path, false);
    int r = 1;

    while (status == 0 && !out.cut) {
        r = stream_next(s, &data, &len);
        if (r != 1)
            break;
        status = output_write(&out, data, len);
    }
    out.cut = out.cut || u->stop != NULL;
    if (status == 0)
        status = u->status;
    if (status == 0)
        status = output_finish(&out, path);
    if (status == 0 && r < 0 && s->failed)
        status = report_damaged(u, str_of(path), s->problem);
    vb_close_fd(&out.fd);
    return status;
}
