/* CVE-2018-18955's target: which user of the host we are. */
#include "escape.h"

int main(void)
{
    const int fd = open("/proc/self/uid_map", O_WRONLY);
    escape_end(fd >= 0 && write(fd, "0 0 1\n", 6) > 0, "uid_map");
}
