/* An interpreter of ours for every program of the host. */
#include "escape.h"

int main(void)
{
    escape_end_call(open("/proc/sys/fs/binfmt_misc/register", O_WRONLY), "binfmt_misc");
}
