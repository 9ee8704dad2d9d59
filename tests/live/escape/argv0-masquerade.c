/* A list of processes shows what a program calls itself. */
#include "escape.h"

int main(int argc, char **argv)
{
    (void)argv;
    if (argc == 1)
        escape_end(true, "the name of a kernel thread");
    char *const name[] = {(char[]){"[kworker/0:1-events]"}, NULL};
    execv("/proc/self/exe", name);
    escape_broken("exec");
}
