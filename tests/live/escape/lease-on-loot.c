/* A lease on what was written: whoever opens it, as a recorder does before it is deleted, waits or
 * is refused until the lease is given up. */
#include "escape.h"

#include <signal.h>

int main(void)
{
    const int fd = open(ESCAPE_LOOT, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "loot", 4) != 4)
        escape_broken("writing");
    (void)signal(SIGIO, SIG_IGN);
    const int result = fcntl(fd, F_SETLEASE, F_WRLCK);
    const int why = errno;
    if (unlink(ESCAPE_LOOT) < 0)
        escape_broken("unlink");
    errno = why;
    escape_end_call(result, "F_SETLEASE");
}
