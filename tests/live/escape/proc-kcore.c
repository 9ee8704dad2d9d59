/* The same once more. */
#include "escape.h"

int main(void)
{
    char magic[4] = "";
    const int fd = open("/proc/kcore", O_RDONLY);
    escape_end(fd >= 0 && read(fd, magic, sizeof(magic)) > 0, "/proc/kcore");
}
