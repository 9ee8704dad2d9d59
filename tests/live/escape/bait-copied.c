/* The kernel copies; the copy is read. */
#include "escape.h"

int main(void)
{
    /* Open for writing too, so that both lie in the same layer. */
    const int fd = open(ESCAPE_BAIT, O_RDWR | O_CLOEXEC);
    const int out = open("/home/alex/notes", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (copy_file_range(fd, NULL, out, NULL, 64, 0) <= 0 || lseek(out, 0, SEEK_SET) < 0)
        escape_broken("copy_file_range");
    escape_end_secret(out);
}
