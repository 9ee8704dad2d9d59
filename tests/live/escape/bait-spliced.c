/* From page to pipe. */
#include "escape.h"

int main(void)
{
    int pipe_fds[2];
    const int fd = open(ESCAPE_BAIT, O_RDONLY | O_CLOEXEC);
    if (pipe(pipe_fds) < 0)
        escape_broken("pipe");
    escape_end(splice(fd, NULL, pipe_fds[1], NULL, 64, 0) > 0, "splice");
}
