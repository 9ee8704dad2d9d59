/* libs: vb_unpack */
/* Any bytes at all to the zip checker alone: no extraction, so that it is fast, and what it lists
 * as readings must lie within the artifact. */
#include <sys/mman.h>

#include "fuzz/sink.h"
#include "unpack/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct vb_unpack_limits limits = {
    .bytes = 1u << 20,
    .file_bytes = 256u << 10,
    .entries = 256,
    .path_depth = 8,
    .ratio = 100,
    .ratio_floor = 64u << 10,
    .timeout_ms = 2000,
};

static void check(const struct unpack *u, const struct zip_directory *d)
{
    if (d->count > limits.entries || d->reading_count > limits.entries)
        __builtin_trap();
    for (size_t i = 0; i < d->reading_count; i++) {
        const struct zip_reading *const r = &d->readings[i];

        if (r->reader == NULL || r->name_at + r->name_len > u->size || r->data_at > u->size ||
            r->compressed > u->size - r->data_at)
            __builtin_trap();
    }
    for (size_t i = 1; i < d->count; i++) {
        if (d->entries[i].offset <= d->entries[i - 1].offset)
            __builtin_trap();
    }
    if (d->found && (d->end > u->size || d->trailing > u->size || d->prefix > u->size))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VB_CLEANUP(zip_directory_done) struct zip_directory directory = {0};
    VB_CLEANUP_FD int fd = memfd_create("input", MFD_CLOEXEC);
    struct vb_sink sink = {.emit = fuzz_check_event};
    struct vb_error err = {0};
    struct unpack u = {.limits = &limits,
                       .sink = &sink,
                       .err = &err,
                       .fd = fd,
                       .name = "input",
                       .place = ".",
                       .prefix = "",
                       .size = size};

    if (fd < 0 || vb_write_all(fd, data, size, &err) != 0)
        return 0;
    u.deadline_ns = vb_monotonic_ns() + (uint64_t)limits.timeout_ms * 1000000u;
    /* Input alone must never look like a failure of ours. */
    if (zip_directory_read(&u, &directory) != 0)
        __builtin_trap();
    check(&u, &directory);
    return 0;
}
