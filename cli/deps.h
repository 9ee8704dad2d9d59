/* deps: what a package depends on, as a folder on disk (docs/dependencies.md). */
#ifndef CLI_DEPS_H
#define CLI_DEPS_H

#include "vetbox/core.h"

struct vb_session;

/* In front of paths of a dependency's files. */
#define VB_DEPS_PREFIX "deps"

/* Of a session. The descriptors are -1 where there is nothing. */
struct vb_deps {
    int closure_fd;   /* a copy of the folder that nobody else can write */
    int libraries_fd; /* what was unpacked of it */
    int known_fd;     /* SHA-256 of all these files in hexadecimal, sorted */
};
#define VB_DEPS_NONE                                         \
    {                                                        \
        .closure_fd = -1, .libraries_fd = -1, .known_fd = -1 \
    }
void vb_deps_done(struct vb_deps *deps);

/* Dependencies from an index that the package declares. */
struct vb_deps_wanted {
    size_t count;
};
void vb_deps_see(struct vb_deps_wanted *wanted, const struct vb_event *event);

/* Opens what --deps names, if anything does: copies it to deps.closure_fd. */
VB_CHECKED int vb_session_open_deps(struct vb_session *session, struct vb_error *err);
/* That, then unpacks it and scans it. What is declared and not there is a coverage event. */
VB_CHECKED int vb_session_depend(struct vb_session *session, struct vb_error *err);

/* In a scanner, for what is found below PREFIX: events about a dependency's file say so. KNOWN_FD
 * as known_fd of struct vb_deps. */
struct vb_deps_sink {
    struct vb_sink sink;
    struct vb_sink *next;
    bool all; /* everything is of a dependency */
    int known_fd;
};
void vb_deps_sink_init(struct vb_deps_sink *ret, const char *prefix, int known_fd,
                       struct vb_sink *next);

#endif
