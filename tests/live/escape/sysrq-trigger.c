/* "h" prints a list of keys into the kernel's log; what stands there for the box must be nothing
 * but a place where words get lost. */
#include "escape.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

int main(void)
{
    struct stat st;
    const int fd = open("/proc/sysrq-trigger", O_WRONLY);
    const bool null =
        fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
    escape_end(fd >= 0 && !null, "sysrq-trigger");
}
