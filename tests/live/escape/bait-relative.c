/* Relative to a descriptor of its folder, from another folder. */
#include "escape.h"

int main(void)
{
    const int folder = open("/home/alex/.ssh", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || chdir("/tmp") < 0)
        escape_broken("chdir");
    escape_end_secret(openat(folder, "../.ssh/id_ed25519", O_RDONLY));
}
