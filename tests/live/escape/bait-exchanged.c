/* renameat2 changes two files' places at once: what now stands there is harmless. */
#include "escape.h"

int main(void)
{
    const int fd = open("/home/alex/notes", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || renameat2(AT_FDCWD, "/home/alex/notes", AT_FDCWD, ESCAPE_BAIT, RENAME_EXCHANGE))
        escape_broken("renameat2");
    escape_end_secret(open("/home/alex/notes", O_RDONLY));
}
