/* netlink: see netlink.h. */
#include "sandbox/box/netlink.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ANSWER_BYTES = 8192 };

struct nlmsghdr *vb_netlink_add(struct vb_netlink *batch, uint16_t type, uint16_t flags)
{
    batch->last = mnl_nlmsg_put_header(batch->bytes + batch->len);
    batch->last->nlmsg_type = type;
    batch->last->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    batch->last->nlmsg_seq = ++batch->count;
    return batch->last;
}

void vb_netlink_finish(struct vb_netlink *batch)
{
    batch->len += (batch->last->nlmsg_len + 3U) & ~3U;
}

void vb_netlink_mark_optional(struct vb_netlink *batch)
{
    batch->optional |= 1U << (batch->count & 31);
}

/* Reads answers until each of COUNT requests has one. Returns 0 or the first errno that counts. */
static int hear(int fd, const struct vb_netlink *batch, unsigned count)
{
    char answer[ANSWER_BYTES];
    int failed = 0;
    while (count > 0) {
        const ssize_t got = recv(fd, answer, sizeof(answer), 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : EPROTO;
        int left = (int)got;
        for (const struct nlmsghdr *head = (const void *)answer; mnl_nlmsg_ok(head, left);
             head = mnl_nlmsg_next(head, &left)) {
            if (head->nlmsg_type != NLMSG_ERROR)
                continue;
            const struct nlmsgerr *error = mnl_nlmsg_get_payload(head);
            const uint32_t bit = 1U << (head->nlmsg_seq & 31);
            if (error->error != 0 && failed == 0 && (batch->optional & bit) == 0)
                failed = -error->error;
            count = count > 0 ? count - 1 : 0;
        }
    }
    return failed;
}

int vb_netlink_talk(const struct vb_netlink *batch, int family, unsigned answers)
{
    VB_CLEANUP_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
    if (fd < 0 || send(fd, batch->bytes, batch->len, 0) != (ssize_t)batch->len)
        return errno;
    /* A request that the kernel cannot even read has no answer: never wait for ever. */
    const struct timeval patience = {.tv_sec = 5};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
        return errno;
    return hear(fd, batch, answers);
}
