/* A filter on top of the box's: what it stops nobody else hears of. */
#include "escape.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

int main(void)
{
    struct sock_filter hide = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &hide};
    escape_end_call(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
}
