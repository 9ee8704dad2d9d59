/* A program that is gone from its folder before it starts. */
#include "escape.h"

int main(int argc, char **argv)
{
    if (argc == 1)
        escape_end(true, "a program whose file is gone");
    const int own = open(argv[0], O_RDONLY);
    if (own < 0 || unlink(argv[0]) < 0)
        escape_broken("unlink");
    char *const name[] = {(char[]){"x"}, NULL};
    (void)syscall(SYS_execveat, own, "", name, name + 1, AT_EMPTY_PATH);
    escape_broken("execveat");
}
