/* A process that nobody may look into. */
#include "escape.h"

#include <sys/prctl.h>

int main(void)
{
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        escape_broken("PR_SET_DUMPABLE");
    escape_end_secret(open(ESCAPE_BAIT, O_RDONLY));
}
