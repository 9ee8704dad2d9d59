/* A file that everybody on the host may read and write. */
#include "escape.h"

int main(int argc, char **argv)
{
    if (argc <= ESCAPE_FILE)
        escape_broken("arguments");
    escape_end_secret(open(argv[ESCAPE_FILE], O_RDWR));
}
