/* libs: vb_unpack */
/* Any bytes at all as an artifact. Writes below a folder in memory, with limits that keep one run
 * short; the folder is emptied after each. */
#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/sink.h"
#include "vetbox/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A dictionary of gigabytes fails as it does under the memory limit of the confined child. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:max_allocation_size_mb=1024";
}

static const struct vb_unpack_limits limits = {
    .bytes = 1u << 20,
    .file_bytes = 256u << 10,
    .entries = 64,
    .path_depth = 8,
    .nesting = 2,
    .window_bytes = 8u << 20,
    .ratio = 100,
    .ratio_floor = 64u << 10,
    .timeout_ms = 2000,
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    /* Links, devices and the like must never appear. */
    if (type != FTW_F && type != FTW_DP)
        __builtin_trap();
    return ftw->level == 0 ? 0 : remove(path);
}

/* The first reader alone: that the parsers of the second die is why it is apart. */
static int unpack_below(int fd, const char *folder)
{
    VB_CLEANUP_FD int top = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int out = vb_mkdir_parents(top, "out/") == 0
                                ? vb_open_beneath(top, "out", O_RDONLY | O_DIRECTORY, 0)
                                : -1;
    VB_CLEANUP_FD int beside = vb_mkdir_parents(top, "beside/") == 0
                                   ? vb_open_beneath(top, "beside", O_RDONLY | O_DIRECTORY, 0)
                                   : -1;
    const struct vb_unpack_job job = {
        .artifact_fd = fd, .name = "input.br", .out_fd = out, .beside_fd = beside};
    struct vb_sink sink = {.emit = fuzz_check_event};
    struct vb_error err = {0};

    return out < 0 || beside < 0 ? 0 : vb_unpack(&job, &limits, &sink, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[] = "/dev/shm/vetbox-fuzz-XXXXXX";
    VB_CLEANUP_FD int fd = memfd_create("input", MFD_CLOEXEC);
    struct vb_error err = {0};
    int status;

    if (fd < 0 || vb_write_all(fd, data, size, &err) != 0 || mkdtemp(folder) == NULL)
        return 0;
    status = unpack_below(fd, folder);
    /* Input alone must never look like a failure of ours. */
    if (status != 0 && status != VB_E_DATA)
        __builtin_trap();
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    (void)rmdir(folder);
    return 0;
}
