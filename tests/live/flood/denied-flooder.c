/* The same with calls that the box refuses, which are never left out for others. */
#include "flood.h"

enum { EVENTS = 200000 };

int main(void)
{
    for (int i = 0; i < EVENTS; i++)
        (void)syscall(SYS_acct, NULL);
    (void)open("/tmp/after-the-flood", O_RDONLY);
    return 0;
}
