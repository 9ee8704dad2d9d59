/* The host's memory into a file of ours. */
#include "escape.h"

#include <sys/swap.h>

int main(void)
{
    const int fd = open("/tmp/swap", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, 1 << 20) < 0)
        escape_broken("making a file");
    escape_end_call(swapon("/tmp/swap", 0), "swapon");
}
