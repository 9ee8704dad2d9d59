/* Another way to the same: the file system's own options. */
#include "escape.h"

int main(void)
{
    escape_end_call(syscall(SYS_fspick, AT_FDCWD, "/", 0), "fspick");
}
