/* One file that is larger than any disk. */
#include "flood.h"

int main(void)
{
    const int fd = open("/tmp/giant", O_WRONLY | O_CREAT, 0600);
    return fd < 0 || ftruncate(fd, (off_t)1 << 40) < 0;
}
