/* A service of the host's that trusts whoever comes from 127.0.0.1. Whether somebody inside the box
 * answers is not the point; the host's listener must see nothing. */
#include "escape.h"

#include <arpa/inet.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (argc <= ESCAPE_PORT)
        escape_broken("arguments");
    to.sin_port = htons((uint16_t)strtol(argv[ESCAPE_PORT], NULL, 10));
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    escape_end_call(connect(fd, (struct sockaddr *)&to, sizeof(to)), "connect");
}
