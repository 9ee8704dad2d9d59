/* Descriptors, ownership, the clock. */
#include "vetbox/core/base.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

int vb_steal_fd(int *fd)
{
    const int stolen = *fd;
    *fd = -1;
    return stolen;
}

void vb_close_dir(DIR **dir)
{
    if (*dir == NULL)
        return;
    const int saved = errno;
    (void)closedir(*dir);
    errno = saved;
    *dir = NULL;
}

void vb_close_fd(int *fd)
{
    if (*fd < 0)
        return;
    const int saved = errno;
    close(*fd);
    errno = saved;
    *fd = -1;
}

void vb_free_ptr(void *p)
{
    void **slot = p;
    free(*slot);
    *slot = NULL;
}

void vb_close_file(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
    *file = NULL;
}

uint64_t vb_monotonic_ns(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}
