/* confine: processes that we start and do not trust afterwards. Who they are, how they say how it
 * went, and the walls around them. Shared by examiners, the fetcher and the supervisor of a box. */
#ifndef SANDBOX_BOX_CONFINE_H
#define SANDBOX_BOX_CONFINE_H

#include <linux/filter.h>
#include <sys/types.h>

#include "vetbox/sandbox.h"

/* The user that root's children become: an ordinary id of ours in systemd's dynamic-user range
 * (61184 to 65519, systemd.io/UIDS-GIDS), so that no account and no file of the machine has it. */
enum { VB_SANDBOX_UID = 64074, VB_SANDBOX_GID = 64074 };

/* What a child says last, in one write, on its report pipe. */
struct vb_report {
    int32_t status; /* 0 or a negative vb_status */
    int32_t system_errno;
    char message[VB_ERROR_MESSAGE_MAX];
};

/* A running child and our ends of its pipes. */
struct vb_process {
    pid_t pid;
    int pidfd;
    int frames; /* not blocking */
    int report; /* not blocking */
};

/* Kills and reaps the child if it still runs, and closes everything. */
void vb_process_done(struct vb_process *process);

/* Waits for the child's end. Returns 0, or -1 with errno. */
int vb_process_reap(struct vb_process *process, int *ret_status);

/* The two pipes of a child about to be forked. */
struct vb_pipes {
    int frames[2];
    int report[2];
};
VB_CHECKED int vb_pipes_new(struct vb_pipes *ret, struct vb_error *err);
void vb_pipes_done(struct vb_pipes *pipes);

/* Writes the last word of a child. */
void vb_report_write(int fd, int status, const struct vb_error *err);

/* As root: becomes the sandbox user with no groups, and dumpable, so that its own /proc files and
 * user namespaces work. As an ordinary user: nothing. */
VB_CHECKED int vb_drop_to_sandbox_user(struct vb_error *err);

/* VB_E_UNAVAILABLE with the kernel setting to change, for a failed WHAT that needs user namespaces.
 */
int vb_fail_namespaces(struct vb_error *err, int system_errno, const char *what);

struct vb_obstacle {
    int system_errno;
    const char *namespace; /* "user", "mnt", …: what was refused; NULL: one of them */
    bool proc;             /* a new /proc was refused */
};
/* The advice alone: what stands in the way on this machine and how to remove it. */
const char *vb_namespace_advice(const struct vb_obstacle *obstacle);

struct vb_limit_row {
    int resource; /* RLIMIT_… */
    uint64_t value;
};
VB_CHECKED int vb_limits_set(const struct vb_limit_row *rows, size_t count, struct vb_error *err);

/* Ctrl-C reaches the whole group. The coordinator decides what it means; its children die with it.
 */
void vb_ignore_terminal_signals(void);

/* Standard input, output and error become /dev/null; KEEP_ERROR leaves standard error. */
VB_CHECKED int vb_null_stdio(bool keep_error, struct vb_error *err);

/* CONTEXT, a libseccomp filter, as instructions that can be loaded any number of times. To be freed
 * with vb_program_done. */
VB_CHECKED int vb_program_export(void *context, struct sock_fprog *ret, struct vb_error *err);
void vb_program_done(struct sock_fprog *program);

/* The examiners' allow-list (examiner_calls.def), with everything else fatal. */
VB_CHECKED int vb_examiner_filter_new(struct sock_fprog *ret, struct vb_error *err);
VB_CHECKED int vb_examiner_filter_load(const struct sock_fprog *program, struct vb_error *err);
/* The world's allow-list (world_calls.def), loaded in the same way. */
VB_CHECKED int vb_world_filter_new(struct sock_fprog *ret, struct vb_error *err);
/* A driver's (driver_calls.def). */
VB_CHECKED int vb_driver_filter_new(struct sock_fprog *ret, struct vb_error *err);
/* The courier's (courier_calls.def). */
VB_CHECKED int vb_courier_filter_new(struct sock_fprog *ret, struct vb_error *err);
/* Loads the fetcher's short list of refused calls (fetcher_calls.def). */
VB_CHECKED int vb_fetcher_filter_load(struct vb_error *err);

/* The names in the examiners' table, for the test that holds it. */
size_t vb_examiner_call_count(void);
const char *vb_examiner_call_name(size_t index);

/* Landlock: nothing on the file system but what is below those of FDS that are folders, that only
 * to be read with READS_ONLY, no TCP, no abstract sockets or signals beyond the domain. A kernel
 * without Landlock is no failure: it is a second wall. */
VB_CHECKED int vb_landlock_confine(const int *fds, size_t count, bool reads_only,
                                   struct vb_error *err);
/* The same for who keeps the network: only reads below FDS, and TCP. */
VB_CHECKED int vb_landlock_online(const int *fds, size_t count, struct vb_error *err);
/* In the subject, whose files the mounts already bound: no device nodes, no signal and no abstract
 * socket across the edge of the box. Nothing where the kernel has no Landlock. */
VB_CHECKED int vb_landlock_subject(struct vb_error *err);
/* The kernel's Landlock version, 0 without it. */
int vb_landlock_version(void);

#endif
