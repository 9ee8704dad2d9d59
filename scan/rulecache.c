/* Compiled rules on disk. libyara does not check what it loads (a compiled file is as good as
 * code), so a file is used only if nobody else could have written it and its digest is right. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "scan/rules_internal.h"

enum {
    MAX_CACHE_BYTES = 256 * 1024 * 1024,
    NAME_BYTES = 128,
    HEAD_BYTES = VB_SHA256_HEX /* the payload's digest and a newline */
};

static void cache_name(char *ret, const char *key, const char *suffix)
{
    (void)snprintf(ret, NAME_BYTES, "yara-%s%s", key, suffix);
}

/* Owned by us and by nobody else's hand. */
static bool ours(const struct stat *st)
{
    return st->st_uid == geteuid() && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int open_dir(const char *cache_dir)
{
    VB_CLEANUP_FD int fd = open(cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || !ours(&st))
        return -1;
    return vb_steal_fd(&fd);
}

static int open_file(int dirfd, const char *key)
{
    char name[NAME_BYTES];
    cache_name(name, key, ".yarc");
    VB_CLEANUP_FD int fd =
        openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || !ours(&st))
        return -1;
    return vb_steal_fd(&fd);
}

static bool payload_intact(const struct vb_buf *file)
{
    char hex[VB_SHA256_HEX];
    if (file->len <= HEAD_BYTES || file->data[HEAD_BYTES - 1] != '\n')
        return false;
    if (vb_sha256_hex(file->data + HEAD_BYTES, file->len - HEAD_BYTES, hex, NULL) < 0)
        return false;
    return memcmp(hex, file->data, HEAD_BYTES - 1) == 0;
}

struct reader {
    const unsigned char *data;
    size_t left;
};

static size_t read_stream(void *to, size_t size, size_t count, void *user_data)
{
    struct reader *reader = user_data;
    size_t bytes;
    if (size == 0 || __builtin_mul_overflow(size, count, &bytes))
        return 0;
    if (bytes > reader->left)
        bytes = reader->left - reader->left % size;
    if (bytes > 0)
        memcpy(to, reader->data, bytes);
    reader->data += bytes;
    reader->left -= bytes;
    return bytes / size;
}

YR_RULES *vb_rule_cache_load(const char *cache_dir, const char *key)
{
    VB_CLEANUP_FD int dirfd = open_dir(cache_dir);
    VB_CLEANUP_FD int fd = dirfd < 0 ? -1 : open_file(dirfd, key);
    if (fd < 0)
        return NULL;
    VB_CLEANUP(vb_buf_done) struct vb_buf file;
    vb_buf_init(&file, MAX_CACHE_BYTES);
    if (vb_buf_read_fd(&file, fd, NULL) < 0 || !payload_intact(&file))
        return NULL;
    struct reader reader = {file.data + HEAD_BYTES, file.len - HEAD_BYTES};
    YR_STREAM stream = {.user_data = &reader, .read = read_stream};
    YR_RULES *rules = NULL;
    return yr_rules_load_stream(&stream, &rules) == ERROR_SUCCESS ? rules : NULL;
}

static size_t write_stream(const void *from, size_t size, size_t count, void *user_data)
{
    struct vb_buf *buf = user_data;
    size_t bytes;
    if (__builtin_mul_overflow(size, count, &bytes) || vb_buf_append(buf, from, bytes, NULL) < 0)
        return 0;
    return count;
}

static bool write_file(int dirfd, const char *name, const char *head, const struct vb_buf *payload)
{
    VB_CLEANUP_FD int fd =
        openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 && vb_write_all(fd, head, HEAD_BYTES, NULL) == 0 &&
           vb_write_all(fd, payload->data, payload->len, NULL) == 0;
}

void vb_rule_cache_store(const char *cache_dir, const char *key, YR_RULES *rules)
{
    if (mkdir(cache_dir, 0700) != 0 && errno != EEXIST)
        return;
    VB_CLEANUP_FD int dirfd = open_dir(cache_dir);
    VB_CLEANUP(vb_buf_done) struct vb_buf payload;
    vb_buf_init(&payload, MAX_CACHE_BYTES - HEAD_BYTES);
    YR_STREAM stream = {.user_data = &payload, .write = write_stream};
    char head[VB_SHA256_HEX];
    if (dirfd < 0 || yr_rules_save_stream(rules, &stream) != ERROR_SUCCESS ||
        vb_sha256_hex(payload.data, payload.len, head, NULL) < 0)
        return;
    head[HEAD_BYTES - 1] = '\n';
    char suffix[32];
    char temporary[NAME_BYTES];
    char name[NAME_BYTES];
    (void)snprintf(suffix, sizeof(suffix), ".%ld.tmp", (long)getpid());
    cache_name(temporary, key, suffix);
    cache_name(name, key, ".yarc");
    if (!write_file(dirfd, temporary, head, &payload) ||
        renameat(dirfd, temporary, dirfd, name) != 0)
        (void)unlinkat(dirfd, temporary, 0);
}
