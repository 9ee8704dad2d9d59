/* From descriptor to descriptor. */
#include "escape.h"

#include <sys/sendfile.h>

int main(void)
{
    int pipe_fds[2];
    const int fd = open(ESCAPE_BAIT, O_RDONLY | O_CLOEXEC);
    if (pipe(pipe_fds) < 0)
        escape_broken("pipe");
    escape_end(sendfile(pipe_fds[1], fd, NULL, 64) > 0, "sendfile");
}
