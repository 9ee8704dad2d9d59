/* The machine's role and its keys, where the cloud gives them to whoever asks. */
#include "escape.h"

#include <arpa/inet.h>
#include <sys/socket.h>

int main(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(80)};
    if (inet_pton(AF_INET, "169.254.169.254", &to.sin_addr) != 1)
        escape_broken("address");
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    escape_end_call(connect(fd, (struct sockaddr *)&to, sizeof(to)), "connect");
}
