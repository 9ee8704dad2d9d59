/* More of what is recorded than the log takes, and something that matters when it seems to be over.
 */
#include "flood.h"

enum { EVENTS = 200000 };

int main(void)
{
    for (int i = 0; i < EVENTS; i++)
        (void)open("/nonexistent", O_RDONLY);
    (void)sleep(1);
    (void)open("/tmp/after-the-flood", O_RDONLY);
    return 0;
}
