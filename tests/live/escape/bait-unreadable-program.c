/* A program that may be run and not read cannot be dumped either. */
#include "escape.h"

#include <sys/stat.h>

int main(int argc, char **argv)
{
    if (argc == 1)
        escape_end_secret(open(ESCAPE_BAIT, O_RDONLY));
    char *const again[] = {argv[0], NULL};
    if (chmod(argv[0], 0111) < 0)
        escape_broken("chmod");
    execv(argv[0], again);
    escape_broken("exec");
}
