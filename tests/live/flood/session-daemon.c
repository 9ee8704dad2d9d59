/* A daemon by the book, in a session of its own and deaf to every signal: it does not outlive the
 * program that started it. */
#include "flood.h"

int main(void)
{
    if (fork() != 0)
        return 0;
    (void)setsid();
    if (fork() != 0)
        _exit(0);
    flood_ignore_signals();
    if (chdir("/") < 0)
        _exit(1);
    for (int fd = 0; fd < 3; fd++)
        (void)close(fd);
    flood_rest();
}
