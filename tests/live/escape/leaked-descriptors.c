/* Whatever the sandbox's maker left open. The runner leaves 9 to vetbox. */
#include "escape.h"

int main(void)
{
    bool worked = false;
    for (int i = 3; i < 1024; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/self/fd/%d", i);
        if (fcntl(i, F_GETFD) >= 0 || (i < 16 && open(path, O_RDONLY | O_CLOEXEC) >= 0))
            worked = true;
    }
    escape_end(worked, "a descriptor that was left open");
}
