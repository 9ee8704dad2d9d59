/* A thread need not share its working folder with the others. */
#include "escape.h"

#include <sched.h>

static int look(void *unused)
{
    (void)unused;
    if (chdir("/home/alex/.ssh") < 0)
        escape_broken("chdir");
    escape_end_secret(open("id_ed25519", O_RDONLY));
}

int main(void)
{
    static char stack[65536] __attribute__((aligned(16)));
    if (clone(look, stack + sizeof(stack), CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, NULL) < 0)
        escape_broken("clone");
    (void)sleep(5);
    escape_broken("waiting");
}
