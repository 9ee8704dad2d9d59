/* A process that nobody may look into, not even for its working folder. */
#include "escape.h"

#include <sys/prctl.h>

int main(void)
{
    if (chdir("/home/alex/.ssh") < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        escape_broken("PR_SET_DUMPABLE");
    escape_end_secret(open("id_ed25519", O_RDONLY));
}
