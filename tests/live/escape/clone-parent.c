/* A child of our parent's: of the one who started us. */
#include "escape.h"

#include <sched.h>

int main(void)
{
    const pid_t child = (pid_t)syscall(SYS_clone, CLONE_PARENT, 0, 0, 0, 0);
    if (child == 0)
        _exit(0);
    escape_end(child > 0 && waitpid(child, NULL, __WALL) < 0, "a child of another");
}
