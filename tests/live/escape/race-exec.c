/* The program of an execve is one while the record is made and another when the kernel reads its
 * name. */
#include "race.h"

#define INNOCENT "/usr/bin/true"
#define REAL "/usr/bin/id\0\0"

static char program[sizeof(INNOCENT)];

/* Each try needs a process of its own; it ends as its program does. */
static _Noreturn void try_once(void)
{
    struct race race = {
        .target = program, .innocent = INNOCENT, .real = REAL, .len = sizeof(program)};
    char *argv[] = {program, "-u", NULL};
    race_begin(&race);
    race_arm(&race);
    execv(program, argv);
    _exit(1);
}

int main(void)
{
    enum { TRIES = 400 };
    for (int i = 0; i < TRIES; i++) {
        int ends[2];
        char text[16] = "";
        if (pipe(ends) < 0)
            escape_broken("pipe");
        const pid_t pid = fork();
        if (pid == 0) {
            dup2(ends[1], STDOUT_FILENO);
            for (int n = 0; n < i % 3; n++)
                sched_yield();
            try_once();
        }
        close(ends[1]);
        const ssize_t got = read(ends[0], text, sizeof(text) - 1);
        close(ends[0]);
        (void)waitpid(pid, NULL, 0);
        if (got > 0 && strncmp(text, "1000", 4) == 0)
            escape_end(true, "executing another program than the record says");
    }
    escape_end(false, "executing another program than the record says");
}
