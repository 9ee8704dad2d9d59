/* Opens until it cannot, and keeps what it has for a while. */
#include "flood.h"

int main(void)
{
    while (dup(STDOUT_FILENO) >= 0)
        continue;
    const int reason = errno;
    (void)sleep(1);
    return reason != EMFILE;
}
