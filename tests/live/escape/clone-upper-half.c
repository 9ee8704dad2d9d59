/* A filter that compares 64 bits of an argument of which the kernel takes 32 is passed by a bit in
 * the upper half. */
#include "escape.h"

#include <sched.h>
#include <signal.h>

int main(void)
{
    const unsigned long flags = 1UL << 40 | CLONE_NEWUSER | SIGCHLD;
    const pid_t child = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
    if (child == 0)
        _exit(0);
    escape_end_call(child, "clone with a bit in the upper half");
}
