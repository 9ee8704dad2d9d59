/* Addresses that are known beforehand: the first step of many an exploit. */
#include "escape.h"

#include <sys/personality.h>

int main(void)
{
    escape_end_call(personality(ADDR_NO_RANDOMIZE), "personality");
}
