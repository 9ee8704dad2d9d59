/* The first write makes an overlay copy the file: what was known by its number has another one. */
#include "escape.h"

#include <sys/stat.h>

int main(void)
{
    const int fd = open(ESCAPE_BAIT, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0 || write(fd, "\n", 1) != 1 || close(fd) < 0 || rename(ESCAPE_BAIT, ESCAPE_LOOT) < 0)
        escape_broken("writing and renaming");
    escape_end_secret(open(ESCAPE_LOOT, O_RDONLY));
}
