/* escape_host: what a host has to lose, made for one test, and whether it still has it. */
#ifndef ESCAPE_HOST_H
#define ESCAPE_HOST_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { HOST_SETTINGS = 4, HOST_TEXT = 256, HOST_PAGE = 4096 };

struct host {
    char folder[64];       /* of the test; runs may use runs/ below it */
    char file[96];         /* that everybody may read and write, with the secret in it */
    char secret[33];       /* no run may print or keep it */
    pid_t process;         /* that only waits */
    int file_fd;           /* of the file: to be left open for vetbox */
    int tcp_fd, unix_fd;   /* listeners */
    uint16_t port;         /* of 127.0.0.1 */
    char socket[32];       /* the abstract socket's name; no other process of the host knows it */
    int master_fd, tty_fd; /* the terminal that everything runs in */
    char settings[HOST_SETTINGS][HOST_TEXT];
    char program[HOST_PAGE]; /* the first bytes of /usr/bin/env */
    int64_t clock_ns;        /* wall clock at boot */
};

/* Makes it all; the caller is, or becomes, the leader of a session with a terminal of its own.
 * False with errno set: the machine does not let us. The host is left to host_done either way. */
bool host_init(struct host *host);
void host_done(struct host *host);

/* What an attempt did to the host, or NULL for nothing. */
const char *host_damage(const struct host *host);
/* Whether the secret stands in a file at or below PATH. */
bool host_secret_in(const struct host *host, const char *path);

void host_remove(const char *path);

/* Whether the row NAME is to be tried: NAMES (NULL at the end) lists those that are, none: all. */
bool host_wanted(char *const *names, const char *name);

#endif
