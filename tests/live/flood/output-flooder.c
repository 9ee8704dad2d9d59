/* Prints for ever. */
#include "flood.h"

static const char line[] = "the same line again and again\n";

int main(void)
{
    for (;;)
        (void)!write(STDOUT_FILENO, line, sizeof(line) - 1);
}
