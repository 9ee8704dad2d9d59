/* O_PATH opens nothing yet; the descriptor's own name opens the rest. */
#include "escape.h"

int main(void)
{
    char path[64];
    const int fd = open(ESCAPE_BAIT, O_PATH | O_CLOEXEC);
    snprintf(path, sizeof(path), "/dev/fd/%d", fd);
    escape_end_secret(open(path, O_RDONLY));
}
