/* When memory runs out, somebody else shall go. */
#include "escape.h"

int main(void)
{
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY);
    escape_end(fd >= 0 && write(fd, "-1000", 5) > 0, "oom_score_adj");
}
