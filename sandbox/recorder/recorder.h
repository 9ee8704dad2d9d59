/* recorder: seccomp notifications → events. One table, syscalls.def, gives the filter its action
 * and the decoder its arguments. Arguments are racy: nothing is enforced by reading them. */
#ifndef SANDBOX_RECORDER_RECORDER_H
#define SANDBOX_RECORDER_RECORDER_H

#include <linux/filter.h>
#include <time.h>

#include "sandbox/bait/bait.h"
#include "vetbox/core.h"

struct sockaddr;
struct statfs;
struct utsname;

/* The subject's syscall filter as a BPF program: an allow-list from syscalls.def; what stands
 * nowhere is refused with ENOSYS and recorded; foreign architectures are refused and recorded. Made
 * once, before any box. */
struct vb_filter;
VB_CHECKED int vb_filter_new(struct vb_filter **ret, struct vb_error *err);
void vb_filter_free(struct vb_filter *filter);
const struct sock_fprog *vb_filter_program(const struct vb_filter *filter);

/* In the subject, just before exec (no_new_privs is set, capabilities are gone): loads the filter
 * and returns the notification listener, or -1 with errno. Async-signal-safe. sendmsg is notified
 * from here on, so SCM_RIGHTS would wait for ever: write the listener's number to a pipe (write,
 * read and close are silent) and let the supervisor take it with pidfd_getfd. */
int vb_filter_load(const struct sock_fprog *program);

struct vb_recorder_options {
    int listener;       /* owned by the recorder */
    int epoll;          /* the caller's; what the recorder waits for is watched there */
    uint32_t first_tag; /* of VB_RECORDER_TAGS that are the recorder's in EPOLL's data.u32 */
    const struct vb_bait_set *baits; /* may be NULL */
    char *const *environment; /* what the subject is started with: the baits in it are in their
                                 places. Read by _new only. May be NULL. */
    struct timespec
        filled; /* when the box's files were put there: what changed later is the subject's */
    /* Renames a folder for the subject where the kernel would not (REPLACE: also in the place of an
     * empty one): 0, a negative errno, or 1 where
     * it is the kernel's business. May be NULL. */
    int (*rename)(void *ctx, const char *from, const char *to, bool replace);
    /* True if the file PATH, which the box sees there, would become another one by getting a second
     * name. May be NULL. */
    bool (*splits)(void *ctx, const char *path);
    /* Where nothing catches what is sent. The kernel is about to be let go on with a call that
     * sends to ADDRESS (IPv4 or IPv6) with a socket of TYPE: *RET_ERRNO, if it is not 0, is what
     * the call is answered instead. Fails only for our own reasons. May be NULL. */
    int (*reach)(void *ctx, int type, const struct sockaddr *address, int *ret_errno,
                 struct vb_error *err);
    /* The same before a call that takes PORT for a socket of the subject's. May be NULL. */
    int (*yield)(void *ctx, unsigned port, struct vb_error *err);
    /* The subject is about to listen with a socket that is bound to ADDRESS. May be NULL. */
    void (*serves)(void *ctx, const struct sockaddr *address);
    /* Called before a connection or a message of the subject's becomes an event: what the other end
     * has said becomes events first. May be NULL. */
    int (*catch_up)(void *ctx, struct vb_error *err);
    /* Asked when nobody in the box can run: true while something is under way that the box will
     * hear of, or nothing may be skipped any more. May be NULL. */
    bool (*busy)(void *ctx);
    void *ctx; /* of these and the next */
    /* Called once for each bait that is a file, with its number and a descriptor of its name
     * (O_PATH), before the first name changes and before a second task can race the recorder for
     * the text of a path. May be NULL. */
    void (*watch_bait)(void *ctx, size_t index, int fd);
    /* Called once with them, with a descriptor of the box's root: true if it is watched for names
     * that come, go or change. May be NULL, as the next. */
    bool (*watch_root)(void *ctx, int fd);
    /* True if one did, or may have, since this was asked last. */
    bool (*root_changed)(void *ctx);
    /* What the subject is given where the process TGID (thread TID, as the box numbers them) opens
     * the file PATH to read it: a descriptor of the caller's that the recorder closes, or -1 for
     * the file itself. May be NULL. */
    int (*stand_in)(const void *ctx, const char *path, pid_t tgid, pid_t tid);
    /* Makes the host's NAME the one that the subject is told. May be NULL. */
    void (*name)(const void *ctx, struct utsname *name);
    /* What the subject is told of the file system that holds the file PATH: FS is what the kernel
     * says. False: it may say so itself. May be NULL. */
    bool (*disk)(const char *path, struct statfs *fs);
    int proc_fd; /* the box's /proc, by which it is known that all of it waits; 0: its clock is
                    never moved, and waits last as long as they do */
    unsigned days_ahead; /* of today: the subject's wall clock */
    bool awaits_input;   /* somebody outside may yet write to the subject's standard input */
    unsigned owner;      /* user and group of the box, the only ones; 0: not known */
    unsigned cpus;       /* how many the subject counts; 0: those that there are */
    uint32_t detonation;
    /* Beyond these events are counted, not kept: a sandbox.limit for each, one coverage. */
    uint64_t max_events;
    /* Of all kinds but probes and the vital ones; of each of these a quarter. */
    uint64_t events_at_once;
    uint64_t events_a_second; /* of the same on the long run; 0: any number */
    int keep_fd; /* a folder for files of the box, each under its SHA-256; -1: they are not kept */
    struct vb_sink *sink;
};

/* The listener, the scripts that come through pipes, and what waiting calls wait for. */
enum { VB_RECORDER_TAGS = 10 };

struct vb_recorder;
VB_CHECKED int vb_recorder_new(const struct vb_recorder_options *options, struct vb_recorder **ret,
                               struct vb_error *err);
void vb_recorder_free(struct vb_recorder *recorder);
/* Handles one event of EPOLL that has a tag of the recorder's: READY is what became of TAG. Returns
 * 1 while the subject lives, 0 when no task is left under the filter, or an error of our own.
 * SIGPIPE must be ignored: a reader of ours may go. */
int vb_recorder_step(struct vb_recorder *recorder, uint32_t tag, uint32_t ready,
                     struct vb_error *err);
/* Some calls of the subject wait for a time. How long the caller may wait at EPOLL before it asks
 * for them; -1: there are none. */
int vb_recorder_patience_ms(const struct vb_recorder *recorder);
/* Ends the waits that are over. QUIET: nothing came while the caller waited so long, and nothing of
 * its own is left to do: then, if nobody in the box has anything to do either, the clock of the box
 * is moved to the end of the first wait. */
VB_CHECKED int vb_recorder_rest(struct vb_recorder *recorder, bool quiet, struct vb_error *err);
/* Nobody in the box has anything to do, and somebody waits to read standard input, or for one of
 * several things of which it may be one. */
bool vb_recorder_awaits_input(struct vb_recorder *recorder);
/* True if nobody in the box does anything, and nobody will without a word from outside. */
bool vb_recorder_idle(struct vb_recorder *recorder);
/* How far it was moved in all. */
uint64_t vb_recorder_moved_ns(const struct vb_recorder *recorder);
/* How often. */
unsigned vb_recorder_moves(const struct vb_recorder *recorder);
/* From now on each move is a long one: who waits for short times only is shown days. */
void vb_recorder_hurry(struct vb_recorder *recorder);
/* How many events were counted but not kept. */
uint64_t vb_recorder_dropped(const struct vb_recorder *recorder);

#endif
