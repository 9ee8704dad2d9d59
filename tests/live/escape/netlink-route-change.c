/* CVE-2022-34918's and CVE-2023-1829's way in: interfaces and filters by netlink. Asks for a new
 * interface, and listens to the answer. */
#include "escape.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

int main(void)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg link;
    } ask = {{sizeof(ask), RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, 1, 0},
             {.ifi_family = AF_UNSPEC, .ifi_index = 1, .ifi_change = 1}};
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
    } answer = {0};
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || send(fd, &ask, sizeof(ask), 0) < 0 || recv(fd, &answer, sizeof(answer), 0) <= 0)
        escape_broken("netlink");
    errno = -answer.error.error;
    escape_end(answer.error.error == 0, "taking the interface down");
}
