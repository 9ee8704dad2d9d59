/* Empty files until there can be no more. */
#include "flood.h"

int main(void)
{
    char name[64];
    for (int i = 0;; i++) {
        snprintf(name, sizeof(name), "/tmp/%d", i);
        const int fd = open(name, O_WRONLY | O_CREAT, 0600);
        if (fd < 0)
            return errno != ENOSPC;
        (void)close(fd);
    }
}
