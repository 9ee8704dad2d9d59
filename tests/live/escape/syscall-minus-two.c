/* A number that is negative to some and huge to others. */
#include "escape.h"

int main(void)
{
    escape_end_call(syscall(-2L, 1, 2, 3), "system call -2");
}
