/* See segments.h. A piece is a head (magic, digest, sizes; little endian) and a frame of zstd. */
#include "store/segments.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { LEVEL = 3, HEAD_BYTES = 56 };
static const char magic[8] = "vbpiece1";

/* --- heads --- */

static void put_number(unsigned char *to, uint64_t number)
{
    for (size_t i = 0; i < 8; i++)
        to[i] = (unsigned char)(number >> (8 * i));
}

static bool put_digest(unsigned char *to, const char *hex)
{
    for (size_t i = 0; i < VB_SHA256_BYTES; i++) {
        const unsigned high = vb_hex_digits[(unsigned char)hex[2 * i]];
        const unsigned low = high == 0 ? 0 : vb_hex_digits[(unsigned char)hex[2 * i + 1]];
        if (low == 0)
            return false;
        to[i] = (unsigned char)((high - 1) * 16 + low - 1);
    }
    return true;
}

static bool make_head(const struct piece *piece, unsigned char ret[HEAD_BYTES])
{
    memcpy(ret, magic, sizeof(magic));
    put_number(ret + 40, piece->stored);
    put_number(ret + 48, piece->size);
    return put_digest(ret + 8, piece->digest);
}

/* --- files --- */

int segments_open(struct segments *segments, const char *place, bool create, struct vb_error *err)
{
    VB_CLEANUP_FREE char *path = NULL;
    *segments = (struct segments){.dirfd = -1, .fd = -1};
    if (asprintf(&path, "%s/segments", place) < 0) {
        path = NULL;
        return vb_fail(err, VB_E_NOMEM, errno, "opening the store's evidence");
    }
    if (create && mkdir(path, 0700) < 0 && errno != EEXIST)
        return vb_fail(err, VB_E_CANTCREAT, errno, "making %s", path);
    segments->dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return segments->dirfd < 0 ? vb_fail(err, VB_E_NOINPUT, errno, "opening %s", path) : VB_OK;
}

void segments_close(struct segments *segments)
{
    vb_close_fd(&segments->fd);
    vb_close_fd(&segments->dirfd);
}

/* A name that nobody else takes. */
static int begin_file(struct segments *segments, struct vb_error *err)
{
    unsigned char random[12];
    vb_close_fd(&segments->fd);
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return vb_fail(err, VB_E_OS, errno, "naming a file of evidence");
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(segments->name + 2 * i, SEGMENT_NAME_BYTES - 2 * i, "%02x", random[i]);
    segments->fd = openat(segments->dirfd, segments->name,
                          O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    segments->end = 0;
    if (segments->fd < 0 || fsync(segments->dirfd) < 0)
        return vb_fail(err, VB_E_CANTCREAT, errno, "making a file of evidence");
    return VB_OK;
}

int segments_add(struct segments *segments, struct vb_str bytes, struct piece *ret,
                 struct vb_error *err)
{
    unsigned char head[HEAD_BYTES];
    const size_t room = ZSTD_compressBound(bytes.len);
    if (segments->fd < 0 || segments->end >= segment_most) {
        const int status = begin_file(segments, err);
        if (status < 0)
            return status;
    }
    VB_CLEANUP_FREE char *packed = malloc(room);
    if (packed == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "keeping evidence");
    const size_t len = ZSTD_compress(packed, room, bytes.text, bytes.len, LEVEL);
    if (ZSTD_isError(len))
        return vb_fail(err, VB_E_SOFTWARE, 0, "packing evidence: %s", ZSTD_getErrorName(len));
    snprintf(ret->segment, sizeof(ret->segment), "%s", segments->name);
    ret->place = segments->end;
    ret->stored = HEAD_BYTES + len;
    ret->size = bytes.len;
    if (!make_head(ret, head))
        return vb_fail(err, VB_E_SOFTWARE, 0, "evidence has no digest");
    int status = vb_write_all(segments->fd, head, sizeof(head), err);
    if (status == VB_OK)
        status = vb_write_all(segments->fd, packed, len, err);
    if (status == VB_OK) {
        segments->end += ret->stored;
        return VB_OK;
    }
    /* Half a piece stays behind; what comes next goes to another file. */
    vb_close_fd(&segments->fd);
    return vb_wrap(err, "keeping evidence");
}

int segments_sync(const struct segments *segments, struct vb_error *err)
{
    return segments->fd >= 0 && fdatasync(segments->fd) < 0
               ? vb_fail(err, VB_E_IO, errno, "keeping evidence")
               : VB_OK;
}

/* --- reading --- */

static bool read_whole(int fd, uint64_t at, unsigned char *to, size_t len)
{
    while (len > 0) {
        const ssize_t got = pread(fd, to, len, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        at += (uint64_t)got;
        len -= (size_t)got;
    }
    return true;
}

static int spoilt(const struct piece *piece, const char *why, struct vb_error *err)
{
    return vb_fail(err, VB_E_DATA, 0, "evidence %.16s… in %s is spoilt: %s", piece->digest,
                   piece->segment, why);
}

static int unpack(const struct piece *piece, const unsigned char *packed, struct vb_buf *ret,
                  struct vb_error *err)
{
    char digest[VB_SHA256_HEX];
    VB_CLEANUP_FREE char *bytes = malloc(piece->size + 1);
    if (bytes == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "reading evidence");
    const size_t len =
        ZSTD_decompress(bytes, piece->size, packed, (size_t)piece->stored - HEAD_BYTES);
    if (ZSTD_isError(len) || len != piece->size)
        return spoilt(piece, "it cannot be unpacked", err);
    int status = vb_sha256_hex(bytes, len, digest, err);
    if (status == VB_OK && strcmp(digest, piece->digest) != 0)
        return spoilt(piece, "it has another digest", err);
    return status == VB_OK ? vb_buf_append(ret, bytes, len, err) : status;
}

int segments_read(const struct segments *segments, const struct piece *piece, struct vb_buf *ret,
                  struct vb_error *err)
{
    unsigned char head[HEAD_BYTES];
    if (strchr(piece->segment, '/') != NULL || piece->stored < HEAD_BYTES ||
        piece->size > ret->max - ret->len || piece->stored > segment_most * 4)
        return spoilt(piece, "its row says what cannot be", err);
    VB_CLEANUP_FD int fd =
        openat(segments->dirfd, piece->segment, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    VB_CLEANUP_FREE unsigned char *packed = malloc((size_t)piece->stored);
    if (packed == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "reading evidence");
    if (fd < 0)
        return spoilt(piece, "its file is not there", err);
    if (!make_head(piece, head) || !read_whole(fd, piece->place, packed, (size_t)piece->stored))
        return spoilt(piece, "its file is too short", err);
    if (memcmp(packed, head, sizeof(head)) != 0)
        return spoilt(piece, "another one lies there", err);
    return unpack(piece, packed + HEAD_BYTES, ret, err);
}
