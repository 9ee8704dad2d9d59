/* A disk is a number. */
#include "escape.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

int main(void)
{
    const int made = mknod("/tmp/disk", S_IFBLK | 0666, makedev(8, 0));
    escape_end(made == 0 && open("/tmp/disk", O_RDONLY) >= 0, "mknod");
}
