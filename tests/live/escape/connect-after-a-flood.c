/* So many events that the connection which counts falls out of the log: first common ones, then
 * such as are always kept. */
#include "escape.h"

#include <arpa/inet.h>
#include <sys/socket.h>

int main(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(4444)};
    if (inet_pton(AF_INET, "198.51.100.7", &to.sin_addr) != 1)
        escape_broken("address");
    for (int i = 0; i < 60000; i++)
        (void)open("/nonexistent", O_RDONLY);
    for (int i = 0; i < 6000; i++)
        (void)acct(NULL);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    escape_end_call(connect(fd, (struct sockaddr *)&to, sizeof(to)), "connect");
}
