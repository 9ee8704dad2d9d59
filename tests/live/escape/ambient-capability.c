/* A capability that outlives exec. */
#include "escape.h"

#include <linux/capability.h>
#include <sys/prctl.h>

int main(void)
{
    escape_end_call(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0),
                    "PR_CAP_AMBIENT_RAISE");
}
