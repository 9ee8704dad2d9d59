/* quotactl reaches block devices by name. */
#include "escape.h"

int main(void)
{
    escape_end_call(syscall(SYS_quotactl, 0x80000200, "/dev/vda", 0, "/tmp/quota"), "quotactl");
}
