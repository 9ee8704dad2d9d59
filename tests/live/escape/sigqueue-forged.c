/* A signal that pretends to come from the kernel. */
#include "escape.h"

#include <signal.h>

int main(int argc, char **argv)
{
    siginfo_t info = {.si_signo = SIGTERM, .si_code = SI_KERNEL};
    if (argc <= ESCAPE_PID)
        escape_broken("arguments");
    escape_end_call(syscall(SYS_rt_sigqueueinfo, escape_pid(argv), SIGTERM, &info),
                    "rt_sigqueueinfo");
}
