/* The other half alone: a descriptor of a mount might come from elsewhere. */
#include "escape.h"

#include <linux/mount.h>

int main(void)
{
    const int own = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    escape_end_call(syscall(SYS_move_mount, own, "", AT_FDCWD, "/tmp", MOVE_MOUNT_F_EMPTY_PATH),
                    "move_mount");
}
