/* Stops itself, which a signal that asks it to end does not undo. */
#include "flood.h"

int main(void)
{
    for (;;)
        (void)raise(SIGSTOP);
}
