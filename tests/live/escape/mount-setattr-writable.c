/* Makes what was mounted read-only writable again. */
#include "escape.h"

#include <linux/mount.h>

int main(void)
{
    struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};
    escape_end_call(
        syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof(attributes)),
        "mount_setattr");
}
