/* The kernel loads the bridge's module before it asks whether the caller may have a bridge. */
#include "escape.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int main(void)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    escape_end_call(ioctl(fd, SIOCBRADDBR, "br0"), "SIOCBRADDBR");
}
