/* A link to a folder, and a way through it. */
#include "escape.h"

int main(void)
{
    if (symlink("/home/alex/.ssh", "/tmp/assets") < 0)
        escape_broken("symlink");
    escape_end_secret(open("/tmp/assets/id_ed25519", O_RDONLY));
}
