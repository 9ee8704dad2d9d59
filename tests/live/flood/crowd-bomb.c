/* Many processes, none of which takes much. */
#include "flood.h"

enum { PROCESSES = 50, EACH = 32 * FLOOD_MIB };

int main(void)
{
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() != 0)
            continue;
        char *memory = malloc(EACH);
        if (memory != NULL)
            flood_touch(memory, EACH);
        flood_rest();
    }
    flood_rest();
}
