/* Another command line and another program in /proc, afterwards. */
#include "escape.h"

#include <sys/prctl.h>

int main(void)
{
    const int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);
    escape_end_call(prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, fd, 0, 0), "PR_SET_MM_EXE_FILE");
}
