/* Writes until the disk is full. */
#include "flood.h"

static char piece[FLOOD_MIB];

int main(void)
{
    char name[64];
    memset(piece, 1, sizeof(piece));
    for (int i = 0; errno != ENOSPC; i++) {
        snprintf(name, sizeof(name), "/tmp/full-%d", i);
        const int fd = open(name, O_WRONLY | O_CREAT, 0600);
        for (int j = 0; fd >= 0 && j < 16 && write(fd, piece, sizeof(piece)) > 0; j++)
            continue;
        (void)close(fd);
    }
    return 0;
}
