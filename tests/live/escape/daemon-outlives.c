/* The classic daemon: two forks and a session of its own; nothing of it may outlive the run. */
#include "escape.h"

#include <signal.h>

int main(void)
{
    const pid_t child = fork();
    if (child == 0) {
        (void)setsid();
        for (int number = 1; number < NSIG; number++)
            (void)signal(number, SIG_IGN);
        if (fork() == 0)
            for (;;)
                (void)sleep(600);
        _exit(0);
    }
    if (child < 0 || waitpid(child, NULL, 0) < 0)
        escape_broken("fork");
    escape_end(true, "a daemon");
}
