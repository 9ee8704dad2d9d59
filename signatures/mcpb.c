/* The signature block of an MCP bundle: header, length, CMS over all bytes before it, footer. Trust
 * boundary: the file is the package's. The reference tool looks for the marks anywhere and does not
 * mind what follows; here the block is the end of the file, or it is broken. Marks within an
 * archive are data. */
#include "signatures/cms.h"

#include <errno.h>
#include <unistd.h>

enum {
    ZIP_MIN = 22, /* bytes of an end record without a comment */
    LENGTH_BYTES = 4,
    BLOCK_BYTES = 64 * 1024,
    ENDS_MAX = 1024 /* end records of archives that are looked at */
};

static const char header[] = "MCPB_SIG_V1";
static const char footer[] = "MCPB_SIG_END";

struct block {
    uint64_t content; /* bytes before it */
    struct vb_sig_bytes cms;
    uint64_t behind; /* bytes behind it */
};

/* False where the file has not as many bytes at AT, or cannot be read. */
static bool read_at(const struct vb_sig_job *job, uint64_t at, unsigned char *ret, size_t len)
{
    for (size_t done = 0; done < len;) {
        const ssize_t got = pread(job->fd, ret + done, len - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

static int read_tail(const struct vb_sig_job *job, struct vb_buf *ret, struct vb_error *err)
{
    const size_t want = job->size < ret->max ? (size_t)job->size : ret->max;
    const int status = vb_buf_reserve(ret, want, err);

    if (status < 0)
        return status;
    if (!read_at(job, job->size - want, ret->data, want))
        return vb_fail(err, VB_E_IO, errno, "cannot read a file of the package");
    ret->len = want;
    return 0;
}

static uint32_t little(const unsigned char *data)
{
    return (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
           (uint32_t)data[3] << 24;
}

/* A block whose footer begins at AT, in TAIL, the last bytes of a file of SIZE bytes. */
static bool block_at(struct vb_sig_bytes tail, uint64_t size, size_t at, struct block *ret)
{
    const size_t header_len = sizeof(header) - 1, footer_len = sizeof(footer) - 1;

    for (size_t start = 0; start + header_len + LENGTH_BYTES <= at; start++) {
        const unsigned char *data = tail.data + start;
        if (data[0] != (unsigned char)header[0] || memcmp(data, header, header_len) != 0)
            continue;
        const size_t body = start + header_len + LENGTH_BYTES;
        if (at - body != little(data + header_len))
            continue;
        *ret = (struct block){.content = size - tail.len + start,
                              .cms = {tail.data + body, at - body},
                              .behind = tail.len - at - footer_len};
        return ret->content >= ZIP_MIN;
    }
    return false;
}

/* The block of the last footer in TAIL. Of that one only, so that many marks take no longer. */
static bool find_block(struct vb_sig_bytes tail, uint64_t size, struct block *ret)
{
    const size_t footer_len = sizeof(footer) - 1;

    for (size_t at = tail.len < footer_len ? 0 : tail.len - footer_len + 1; at > 0; at--) {
        if (memcmp(tail.data + at - 1, footer, footer_len) == 0)
            return block_at(tail, size, at - 1, ret);
    }
    return false;
}

static bool ends_with_footer(struct vb_sig_bytes tail)
{
    const size_t len = sizeof(footer) - 1;

    return tail.len >= len && memcmp(tail.data + tail.len - len, footer, len) == 0;
}

static bool header_at(const struct vb_sig_job *job, uint64_t at)
{
    unsigned char bytes[sizeof(header) - 1];

    return read_at(job, at, bytes, sizeof(bytes)) && memcmp(bytes, header, sizeof(bytes)) == 0;
}

/* Whether the end record at AT is of an archive that begins where the file does, and a header
 * stands right behind it or behind its comment. An archive within another one begins elsewhere,
 * unless the numbers are in the larger record. *COUNT is of such archives. */
static bool header_behind(const struct vb_sig_job *job, uint64_t at, size_t *count)
{
    static const uint32_t elsewhere = UINT32_MAX;
    unsigned char end[ZIP_MIN];

    if (!read_at(job, at, end, sizeof(end)))
        return false;
    const uint32_t size = little(end + 12), start = little(end + 16);
    const uint64_t comment = (uint64_t)end[20] | (uint64_t)end[21] << 8;
    if (size != elsewhere && start != elsewhere && (uint64_t)size + start != at)
        return false;
    return (*count)++ == ENDS_MAX || header_at(job, at + ZIP_MIN) ||
           (comment > 0 && header_at(job, at + ZIP_MIN + comment));
}

/* Whether a block begins behind the archive, whatever became of its end: nothing else than one
 * stands there. */
static bool begins_block(const struct vb_sig_job *job, unsigned char *block)
{
    static const char end[] = "PK\5\6";
    const size_t len = sizeof(end) - 1;
    size_t count = 0;

    for (uint64_t at = 0; at + ZIP_MIN <= job->size; at += BLOCK_BYTES - len + 1) {
        const uint64_t left = job->size - at;
        const size_t size = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
        if (!read_at(job, at, block, size))
            return false;
        for (const unsigned char *found = block;
             (found = memmem(found, size - (size_t)(found - block), end, len)) != NULL; found++) {
            if (header_behind(job, at + (size_t)(found - block), &count))
                return true;
        }
    }
    return false;
}

/* What unpackers look for from the end of a file: the certificates of the CMS are not signed, and
 * an archive within them would be unpacked instead of the one that is. */
static bool holds_archive(struct vb_sig_bytes block)
{
    static const char records[][5] = {"PK\1\2", "PK\3\4", "PK\5\6", "PK\6\6", "PK\6\7"};

    for (size_t i = 0; i < VB_ARRAY_LEN(records); i++) {
        if (memmem(block.data, block.len, records[i], 4) != NULL)
            return true;
    }
    return false;
}

bool vb_sig_mcpb_probe(const struct vb_sig_job *job)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf tail;
    struct vb_error ignored = {0};
    struct block block;

    vb_buf_init(&tail, VB_SIG_FILE_MAX);
    if (read_tail(job, &tail, &ignored) < 0)
        return false;
    const struct vb_sig_bytes bytes = {tail.data, tail.len};
    if (ends_with_footer(bytes) || find_block(bytes, job->size, &block))
        return true;
    tail.len = 0;
    return vb_buf_reserve(&tail, BLOCK_BYTES, &ignored) == 0 && begins_block(job, tail.data);
}

int vb_sig_mcpb(const struct vb_sig_job *job, struct vb_sig_result *result, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf tail;
    struct block block = {0};

    vb_buf_init(&tail, VB_SIG_FILE_MAX);
    int status = read_tail(job, &tail, err);
    if (status < 0)
        return status;
    if (!find_block((struct vb_sig_bytes){tail.data, tail.len}, job->size, &block))
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "the signature block does not fit together, or something stands "
                               "behind it");
    if (block.behind > 0)
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "%llu bytes stand behind the signature block",
                               (unsigned long long)block.behind);
    if (holds_archive(block.cms))
        return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                               "an archive stands in the signature block");
    status = vb_sig_cms_judge(job, block.cms, job->fd, block.content, result, err);
    return status < 0 ? status : vb_sig_paths_add(&result->covers, job->path, err);
}
