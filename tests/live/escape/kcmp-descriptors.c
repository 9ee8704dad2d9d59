/* Which of a process's descriptors are whose: the order of kernel addresses. */
#include "escape.h"

int main(void)
{
    escape_end_call(syscall(SYS_kcmp, 1, getpid(), 0 /* KCMP_FILE */, 0, 0), "kcmp");
}
