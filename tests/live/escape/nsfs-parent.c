/* From a namespace's descriptor up to its parent's (ioctl_ns(2)). */
#include "escape.h"

#include <linux/nsfs.h>
#include <sys/ioctl.h>

int main(void)
{
    const int own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
    if (own < 0)
        escape_broken("opening the own namespace");
    escape_end_call(ioctl(own, NS_GET_PARENT), "ioctl(NS_GET_PARENT)");
}
