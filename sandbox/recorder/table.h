/* table: syscalls.def in memory. */
#ifndef SANDBOX_RECORDER_TABLE_H
#define SANDBOX_RECORDER_TABLE_H

#include "vetbox/core.h"

enum vb_syscall_action {
    VB_SYSCALL_ALLOW,
    VB_SYSCALL_PRETEND,
    VB_SYSCALL_QUIET,
    VB_SYSCALL_DENY,
    VB_SYSCALL_RECORD
};

/* What a register holds. */
enum vb_arg {
    VB_ARG_NONE,
    VB_ARG_SKIP,
    VB_ARG_DIRFD,   /* for the path that follows */
    VB_ARG_PATH,    /* a path: the event's path */
    VB_ARG_TARGET,  /* a path: the event's target */
    VB_ARG_CONTENT, /* a symbolic link's text: the event's target as it stands */
    VB_ARG_FDPATH,  /* a descriptor whose path is the event's path */
    VB_ARG_MODE,
    VB_ARG_OPEN, /* O_… flags */
    VB_ARG_HOW,  /* struct open_how */
    VB_ARG_UID,
    VB_ARG_GID,
    VB_ARG_LENGTH,
    VB_ARG_ATTRIBUTE, /* the name of an extended attribute */
    VB_ARG_STRING,    /* a text that explains: the event's detail */
    VB_ARG_ARGV,
    VB_ARG_ENVP,
    VB_ARG_CLONE, /* CLONE_… flags */
    VB_ARG_STATUS,
    VB_ARG_PID,
    VB_ARG_PIDFD,
    VB_ARG_SIGNAL
};

enum { VB_SYSCALL_ARGS = 6 };

struct vb_call;

struct vb_syscall {
    const char *name;
    enum vb_syscall_action action;
    int error; /* QUIET and DENY */
    int (*decode)(struct vb_call *call, struct vb_error *err);
    enum vb_event_kind kind;
    const char *word;
    uint8_t args[VB_SYSCALL_ARGS]; /* enum vb_arg */
};

/* Registers that make a call silent: all conditions hold. */
struct vb_silent {
    const char *name;
    struct {
        unsigned arg;
        uint64_t mask; /* 0: no condition */
        uint64_t value;
    } when[2];
};

extern const struct vb_syscall vb_syscalls[];
extern const size_t vb_syscall_count;
extern const struct vb_silent vb_silents[];
extern const size_t vb_silent_count;

#endif
