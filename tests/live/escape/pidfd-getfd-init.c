/* Init's socket leads to the supervisor. */
#include "escape.h"

#include <sys/pidfd.h>

int main(void)
{
    const int init = pidfd_open(1, 0);
    escape_end_call(pidfd_getfd(init, 3, 0), "pidfd_getfd");
}
