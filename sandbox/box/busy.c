/* busy: reads /proc of this machine. See busy.h. */
#include "sandbox/box/busy.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/box/kernel.h"
#include "vetbox/core.h"

bool vb_is_waiting(pid_t pid)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (vb_sys_read_file(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return false;
    const char *name_end = strrchr(text, ')');
    return name_end != NULL && name_end[1] == ' ' && name_end[2] == 'S';
}

bool vb_busy_look(struct vb_busy *busy, pid_t pid)
{
    enum { QUIET_NS = 20 * 1000000 };
    char path[64], text[256];
    if (pid <= 0)
        return false;
    if (!vb_is_waiting(pid))
        return true;
    snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
    if (vb_sys_read_file(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return true;
    const uint64_t ran_ns = strtoull(text, NULL, 10);
    const uint64_t now = vb_monotonic_ns();
    if (ran_ns != busy->ran_ns)
        busy->seen_ns = now;
    busy->ran_ns = ran_ns;
    return now - busy->seen_ns < QUIET_NS;
}
