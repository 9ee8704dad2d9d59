/* A stopped init reaps nobody. */
#include "escape.h"

#include <signal.h>
#include <sys/pidfd.h>

int main(void)
{
    const int init = pidfd_open(1, 0);
    if (init < 0 || pidfd_send_signal(init, SIGSTOP, NULL, 0) < 0)
        escape_end(false, "pidfd_send_signal");
    /* Who reaps an orphan is alive. */
    const pid_t child = fork();
    if (child == 0 && fork() == 0) {
        usleep(20000);
        _exit(0);
    }
    if (child == 0)
        _exit(0);
    (void)waitpid(child, NULL, 0);
    usleep(60000);
    errno = 0;
    escape_end(kill(child + 1, 0) == 0, "stopping init");
}
