/* System calls that come back as signals before any filter sees them. */
#include "escape.h"

#include <sys/prctl.h>

int main(void)
{
    static char selector;
    escape_end_call(prctl(59 /* PR_SET_SYSCALL_USER_DISPATCH */, 1, 0, 0, &selector),
                    "PR_SET_SYSCALL_USER_DISPATCH");
}
