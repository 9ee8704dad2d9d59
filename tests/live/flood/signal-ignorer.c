/* Deaf to all signals, in two processes, one of which has a session of its own. */
#include "flood.h"

int main(void)
{
    flood_ignore_signals();
    if (fork() == 0)
        (void)setsid();
    flood_rest();
}
