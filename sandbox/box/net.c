/* net: the only interface of a box is lo. */
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/box/box.h"

int vb_loopback_up(struct vb_error *err)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg link;
    } request = {
        .head = {.nlmsg_len = sizeof(request),
                 .nlmsg_type = RTM_NEWLINK,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
        .link = {.ifi_family = AF_UNSPEC,
                 .ifi_index = 1,
                 .ifi_flags = IFF_UP,
                 .ifi_change = IFF_UP},
    };
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
        char rest[256];
    } answer;
    VB_CLEANUP_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || send(fd, &request, sizeof(request), 0) != (ssize_t)sizeof(request))
        return vb_fail(err, VB_E_OS, errno, "bringing lo up");
    const ssize_t got = recv(fd, &answer, sizeof(answer), 0);
    if (got < (ssize_t)(sizeof(answer.head) + sizeof(answer.error)) ||
        answer.head.nlmsg_type != NLMSG_ERROR)
        return vb_fail(err, VB_E_OS, got < 0 ? errno : 0, "bringing lo up: no answer");
    if (answer.error.error != 0)
        return vb_fail(err, VB_E_OS, -answer.error.error, "bringing lo up");
    return VB_OK;
}
