/* Each process borrows its parent's memory, thirty deep; its name's length is its depth. */
#include "escape.h"

int main(int argc, char **argv)
{
    const size_t depth = argc > 1 ? 0 : strlen(argv[0]);
    if (depth == 30)
        escape_end_secret(open(ESCAPE_BAIT, O_RDONLY));
    char name[32] = "";
    memset(name, 'x', depth + 1);
    char *const next[] = {name, NULL};
    const pid_t child = vfork();
    if (child == 0) {
        execv("/proc/self/exe", next);
        _exit(1);
    }
    escape_end_child(child);
}
