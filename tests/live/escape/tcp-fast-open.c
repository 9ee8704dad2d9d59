/* A connection without a connect. */
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
    escape_end_call(
        sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof(to)),
        "sendto(MSG_FASTOPEN)");
}
