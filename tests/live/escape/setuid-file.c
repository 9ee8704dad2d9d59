/* A setuid file from the package: given to root first, if that were allowed. */
#include "escape.h"

#include <sys/stat.h>

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "again") == 0)
        escape_end(geteuid() == 0, "an effective user of 0");
    const int given = chown("setuid-file", 0, 0);
    if (chmod("setuid-file", 04755) < 0)
        escape_broken("chmod");
    char *const again[] = {argv[0], (char[]){"again"}, NULL};
    if (given == 0)
        escape_end(true, "chown to root");
    execv("./setuid-file", again);
    escape_broken("exec");
}
