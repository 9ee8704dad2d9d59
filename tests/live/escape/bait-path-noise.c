/* No two of its characters stand where a rule expects them. */
#include "escape.h"

int main(void)
{
    escape_end_secret(
        open("//home/./alex//.config/../.ssh/../../alex/.ssh/.//id_ed25519", O_RDONLY));
}
