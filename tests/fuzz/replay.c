/* Runs a fuzz target over its corpus in the ordinary test builds: every input as it is, and cut
 * short at several places, since a truncated input is what parsers are worst at. usage: fuzz_NAME
 * FOLDER */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>

#include "vetbox/core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_BYTES = 4 * 1024 * 1024, CUTS = 8 };

/* A copy of exactly SIZE bytes, so that a sanitizer sees the first byte read behind them. */
static int run_input(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        return -1;
    if (size > 0)
        memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    return 0;
}

static int run_file(int folder, const char *name)
{
    struct vb_error err = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf buf;
    vb_buf_init(&buf, INPUT_BYTES);
    VB_CLEANUP_FD int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || vb_buf_read_fd(&buf, fd, &err) < 0) {
        fprintf(stderr, "cannot read %s: %s\n", name, err.message);
        return -1;
    }
    for (size_t cut = 1; cut <= CUTS; cut++) {
        if (run_input(buf.data, buf.len * cut / CUTS) < 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    size_t count = 0;
    int failed = folder == NULL;
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (entry->d_type == DT_DIR || entry->d_name[0] == '.')
            continue;
        failed |= run_file(dirfd(folder), entry->d_name) < 0;
        count++;
    }
    if (folder != NULL)
        closedir(folder);
    printf("%zu inputs\n", count);
    return failed || count == 0 ? 1 : 0;
}
