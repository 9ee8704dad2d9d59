/* Whoever reaches it is root of the host. */
#include "escape.h"

#include <sys/socket.h>
#include <sys/un.h>

int main(void)
{
    static const struct sockaddr_un sockets[] = {
        {AF_UNIX, "/run/containerd/containerd.sock"},
        {AF_UNIX, "/run/dbus/system_bus_socket"},
        {AF_UNIX, "/run/systemd/private"},
        {AF_UNIX, "/var/run/docker.sock"},
    };
    bool worked = false;
    for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        worked |= connect(fd, (const struct sockaddr *)&sockets[i], sizeof(sockets[i])) == 0;
    }
    escape_end(worked, "connect");
}
