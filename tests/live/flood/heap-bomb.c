/* One heap that grows. */
#include "flood.h"

int main(void)
{
    for (;;) {
        char *piece = malloc(FLOOD_PIECE);
        if (piece == NULL)
            flood_rest();
        flood_touch(piece, FLOOD_PIECE);
    }
}
