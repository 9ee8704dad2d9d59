/* What every attempt has in common: how it ends, and what it is told about the host.
 *
 * An attempt is run as NAME FILE PID PORT SOCKET: a file, a process, a TCP port of 127.0.0.1 and an
 * abstract socket, all of the host and none of the box's business. */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* How an attempt ends; any other status is a mistake of its own. */
enum { ESCAPE_HELD = 10, ESCAPE_WORKED = 11, ESCAPE_IMPOSSIBLE = 77 };

enum { ESCAPE_FILE = 1, ESCAPE_PID, ESCAPE_PORT, ESCAPE_SOCKET };

/* A secret of the box's user, and where a thief puts it. */
#define ESCAPE_BAIT "/home/alex/.ssh/id_ed25519"
#define ESCAPE_LOOT "/tmp/loot"

static inline _Noreturn void escape_end(bool worked, const char *what)
{
    printf("%s: %s: %s\n", worked ? "worked" : "held", what, worked ? "yes" : strerror(errno));
    fflush(stdout);
    _exit(worked ? ESCAPE_WORKED : ESCAPE_HELD);
}

/* By what a system call returned. */
static inline _Noreturn void escape_end_call(long result, const char *what)
{
    escape_end(result >= 0, what);
}

/* The attempt could not even be made. */
static inline _Noreturn void escape_broken(const char *what)
{
    printf("broken: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    _exit(1);
}

/* By whether a secret can be read from FD. */
static inline _Noreturn void escape_end_secret(int fd)
{
    char text[64];
    const ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text));
    escape_end(got > 0, "reading the secret");
}

/* By how a child ended, which used one of the endings above. */
static inline _Noreturn void escape_end_child(pid_t child)
{
    int status = 0;
    if (child < 0 || waitpid(child, &status, __WALL) != child)
        escape_broken("waiting for a child");
    fflush(stdout);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static inline pid_t escape_pid(char **argv)
{
    return (pid_t)strtol(argv[ESCAPE_PID], NULL, 10);
}

#endif
