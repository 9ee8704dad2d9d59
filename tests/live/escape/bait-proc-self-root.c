/* The root by its magic link. */
#include "escape.h"

int main(void)
{
    escape_end_secret(open("/proc/self/root" ESCAPE_BAIT, O_RDONLY));
}
