/* Files in memory that are on no disk and mapped nowhere. */
#include "flood.h"

static char piece[FLOOD_PIECE];

int main(void)
{
    memset(piece, 1, sizeof(piece));
    for (;;) {
        const int fd = memfd_create("piece", 0);
        if (fd < 0 || write(fd, piece, sizeof(piece)) < 0)
            flood_rest();
    }
}
