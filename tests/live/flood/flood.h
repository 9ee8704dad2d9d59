/* What floods have in common. */
#ifndef FLOOD_H
#define FLOOD_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FLOOD_MIB = 1 << 20, FLOOD_PIECE = 8 << 20 };

/* Has what it wanted, and keeps it until it is ended. */
static inline _Noreturn void flood_rest(void)
{
    for (;;)
        (void)pause();
}

/* So that it counts as used. */
static inline void flood_touch(char *memory, size_t len)
{
    for (size_t at = 0; at < len; at += 4096)
        memory[at] = 1;
}

/* Every signal that can be ignored. */
static inline void flood_ignore_signals(void)
{
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_IGN);
}

#endif
