/* Holds the kernel in the middle of a copy, which makes races certain. */
#include "escape.h"

int main(void)
{
    escape_end_call(syscall(SYS_userfaultfd, O_CLOEXEC), "userfaultfd");
}
