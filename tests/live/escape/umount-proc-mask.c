/* What masks a file of /proc is a mount: away with it. */
#include "escape.h"

#include <sys/mount.h>

int main(void)
{
    escape_end_call(umount2("/proc/kcore", MNT_DETACH), "umount2");
}
