/* Never a read: the pages only. */
#include "escape.h"

#include <sys/mman.h>

int main(void)
{
    const int fd = open(ESCAPE_BAIT, O_RDONLY | O_CLOEXEC);
    const char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    if (page == MAP_FAILED)
        escape_broken("mmap");
    escape_end(page[0] != '\0', "mapping the secret");
}
