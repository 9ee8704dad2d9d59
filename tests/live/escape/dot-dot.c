/* Up from the working folder, further than there is. */
#include "escape.h"

int main(int argc, char **argv)
{
    char path[512] = "";
    if (argc <= ESCAPE_FILE)
        escape_broken("arguments");
    for (int i = 0; i < 40; i++)
        memcpy(path + 3 * i, "../", 4);
    snprintf(path + 120, sizeof(path) - 120, "%s", argv[ESCAPE_FILE] + 1);
    escape_end_secret(open(path, O_RDONLY));
}
