/* Shared memory without a name, which no limit of a process counts. */
#include "flood.h"

int main(void)
{
    for (;;) {
        char *piece =
            mmap(NULL, FLOOD_PIECE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (piece == MAP_FAILED)
            flood_rest();
        flood_touch(piece, FLOOD_PIECE);
    }
}
