/* The address of a connect says one thing while the record is made and another when the kernel
 * reads it. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "race.h"

static struct sockaddr_in address(const char *host)
{
    struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons(443)};
    if (inet_pton(AF_INET, host, &result.sin_addr) != 1)
        escape_broken("inet_pton");
    return result;
}

int main(void)
{
    enum { TRIES = 3000 };
    static struct sockaddr_in target;
    const struct sockaddr_in innocent = address("192.0.2.1");
    const struct sockaddr_in real = address("203.0.113.66");
    struct race race = {
        .target = &target, .innocent = &innocent, .real = &real, .len = sizeof(target)};
    race_begin(&race);
    for (int i = 0; i < TRIES; i++) {
        struct sockaddr_in peer;
        socklen_t len = sizeof(peer);
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        race_arm(&race);
        const int result = connect(fd, (struct sockaddr *)&target, sizeof(target));
        race_disarm(&race);
        if (result == 0 && getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
            peer.sin_addr.s_addr == real.sin_addr.s_addr)
            escape_end(true, "reaching another host than the record says");
        close(fd);
    }
    escape_end(false, "reaching another host than the record says");
}
