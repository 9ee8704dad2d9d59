/* The same registers, another table: the x32 bit. */
#include "escape.h"

int main(void)
{
    const long result = syscall(0x40000000 | SYS_openat, AT_FDCWD, ESCAPE_BAIT, O_RDONLY, 0);
    escape_end_call(result, "openat as an x32 call");
}
