/* Every capability, effective and inheritable. */
#include "escape.h"

#include <linux/capability.h>

int main(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct all[2] = {{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
    escape_end_call(syscall(SYS_capset, &header, all), "capset");
}
