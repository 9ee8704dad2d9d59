/* Where nobody can read the name, nobody can say what was opened. */
#include "escape.h"

int main(void)
{
    escape_end_call(syscall(SYS_openat, AT_FDCWD, 8, O_RDONLY, 0), "a name at address 8");
}
