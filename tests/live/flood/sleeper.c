/* Outlasts whoever watches it. */
#include "flood.h"

int main(void)
{
    for (;;)
        (void)sleep(1000000);
}
