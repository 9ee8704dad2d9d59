/* The folder goes to a child as a descriptor, in a message. */
#include "escape.h"

#include <sys/socket.h>

static void transfer(int socket, int *fd, bool give)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.head = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    char byte = 0;
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    if (give)
        memcpy(CMSG_DATA(&control.head), fd, sizeof(*fd));
    if ((give ? sendmsg(socket, &message, 0) : recvmsg(socket, &message, 0)) != 1)
        escape_broken("passing a descriptor");
    if (!give)
        memcpy(fd, CMSG_DATA(&control.head), sizeof(*fd));
}

int main(void)
{
    int sockets[2];
    int folder = open("/home/alex/.ssh", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
        escape_broken("socketpair");
    const pid_t child = fork();
    if (child == 0) {
        transfer(sockets[1], &folder, false);
        escape_end_secret(openat(folder, "id_ed25519", O_RDONLY));
    }
    transfer(sockets[0], &folder, true);
    escape_end_child(child);
}
