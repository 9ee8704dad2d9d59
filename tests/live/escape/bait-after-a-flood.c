/* So many events that the one which counts falls out of the log. */
#include "escape.h"

int main(void)
{
    for (int i = 0; i < 60000; i++)
        (void)open("/nonexistent", O_RDONLY);
    escape_end_secret(open(ESCAPE_BAIT, O_RDONLY));
}
