/* A zygote that is a program of its own, for test_zygote: its children say what they are and have.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/zygote_program.h"

/* Whether something is mapped where the coordinator has ADDRESS; the kernel looks, not we. */
static bool is_mapped(int fd, uint64_t address)
{
    return write(fd, (const void *)(uintptr_t)address, 1) == 1 || errno != EFAULT;
}

static unsigned count_fds(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 64; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static int look_around(void *ctx, struct vb_sink *sink, struct vb_error *err)
{
    const struct program_work *work = ctx;
    char text[256];
    struct vb_event event;
    VB_CLEANUP_FD int fd = vb_open_beneath(work->fd, "file", O_WRONLY | O_CREAT | O_EXCL, 0600);
    snprintf(text, sizeof(text), "%s, %u descriptors, %s, pid %d",
             fd >= 0 ? "written" : strerror(errno), count_fds() - 1,
             is_mapped(fd, work->address) ? "sees memory" : "sees no memory", (int)getpid());
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "test");
    vb_event_str(&event, VB_F_WHAT, text);
    vb_event_str(&event, VB_F_REASON, "test");
    return vb_emit(sink, &event, err);
}

int main(void)
{
    const struct vb_zygote_work work = {"program", look_around, sizeof(struct program_work)};
    vb_zygote_main(&work);
}
