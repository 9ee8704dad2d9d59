/* The same address in IPv6's clothes. */
#include "escape.h"

#include <arpa/inet.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    struct sockaddr_in6 to = {.sin6_family = AF_INET6};
    if (argc <= ESCAPE_PORT || inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.sin6_addr) != 1)
        escape_broken("arguments");
    to.sin6_port = htons((uint16_t)strtol(argv[ESCAPE_PORT], NULL, 10));
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    escape_end_call(connect(fd, (struct sockaddr *)&to, sizeof(to)), "connect");
}
