/* call: one notified system call on its way to becoming events. Private to the recorder.
 *
 * What stands behind a pointer of the subject is hostile: it is read once, in bounded pieces, and
 * used for the record only. The registers are the kernel's own copy and may decide. */
#ifndef SANDBOX_RECORDER_CALL_H
#define SANDBOX_RECORDER_CALL_H

#include <limits.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "sandbox/recorder/clock.h"
#include "sandbox/recorder/recorder.h"
#include "sandbox/recorder/rest.h"
#include "sandbox/recorder/table.h"

#define VB_CLONE_NEW                                                                              \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
     CLONE_NEWNET)

enum {
    VB_IOPRIO_PROCESS = 1,       /* IOPRIO_WHO_PROCESS of linux/ioprio.h, which old headers lack */
    VB_PATH_ROOM = 2 * PATH_MAX, /* a working directory and a path */
    VB_PROC_NAME = 64,
    VB_PAGE = 4096,
    VB_MEMORY_PAGES = 16,
    /* The lists of one event together hold no more than an event may. The environment has a share
     * of its own, so that no flood of arguments pushes out what stands there. */
    VB_ENVIRONMENT_MAX = 128,
    VB_ARGV_MAX = VB_EVENT_MAX_LIST - VB_ENVIRONMENT_MAX,
    VB_ENVIRONMENT_BYTES = 64 * 1024,
    VB_VECTOR_BYTES = 256 * 1024, /* of both */
    VB_SENT_MAX = 64 * 1024,      /* of sent bytes that are searched */
    VB_CLEAN_BYTES = 16 * 1024,
    VB_SENT_TEXT = 256, /* of sent bytes that are kept */
    VB_PROCESSES = 128,
    VB_LABELS = 32,
    VB_VITAL_KINDS = 7,   /* of events that have room beyond the limits */
    VB_VITAL_LEAST = 256, /* events of each; more than there are baits */
    VB_RELAYS = VB_RECORDER_TAGS - 2,
    VB_SCRIPT_TEXT = 64 * 1024 /* of a script that came through a pipe */
};

/* --- memory.c: the subject's memory --- */

/* A few pages are kept, so that neighbouring strings and the pointers to them cost one read. */
struct vb_memory {
    pid_t tid;
    unsigned next;                   /* the page to be given up */
    bool ahead;                      /* the page behind is wanted too, as a rule */
    uint64_t pages[VB_MEMORY_PAGES]; /* their addresses; 1 for none */
    unsigned char bytes[VB_MEMORY_PAGES][VB_PAGE];
};

void vb_memory_init(struct vb_memory *memory, pid_t tid);
/* COUNT addresses of which most will be read (0: not): their pages, and those behind all but the
 * last, are read at once. What cannot be read is found out when it is needed. */
void vb_memory_expect(struct vb_memory *memory, const uint64_t *addresses, size_t count);
/* Copies all LEN bytes or fails: 0 or a negative errno (EFAULT, EPERM, ESRCH). */
int vb_memory_read(struct vb_memory *memory, uint64_t address, void *ret, size_t len);
/* Copies a string of less than SIZE bytes and its NUL. Returns its length or a negative errno;
 * -ENAMETOOLONG leaves SIZE - 1 bytes and a NUL in RET. */
ssize_t vb_memory_string(struct vb_memory *memory, uint64_t address, char *ret, size_t size);
/* Answers a call that is performed for the subject: all LEN bytes, or a negative errno. */
int vb_memory_write(const struct vb_memory *memory, uint64_t address, const void *data, size_t len);

/* --- process.c: who calls --- */

/* A folder of the box that is the same for the whole run, and so are the files in it: the subject
 * can neither move it away nor write to it. */
struct vb_folder {
    const char *path;
    int fd; /* O_PATH; -1: there is none */
};

/* A state of a file. */
struct vb_state {
    dev_t device;
    ino_t inode; /* 0: none */
    struct timespec changed;
};

/* What a program in the folder of programs is called. */
struct vb_label {
    struct vb_state file;
    char name[64];
};

struct vb_process {
    pid_t tid; /* 0: the slot is free */
    pid_t tgid, ppid;
    pid_t inner_tid, inner_tgid; /* as the box numbers them; 0: not asked yet */
    uint64_t loaded_ns;
    bool new_program; /* the executable must be read anew */
    bool executed;    /* something, since it is known */
    dev_t device;     /* of the executable */
    ino_t inode;      /* 0: not known */
    char executable[PATH_MAX];
};

/* Whose children most new processes are. */
struct vb_parent {
    pid_t tgid;
    int children;   /* its list of them in /proc; -1: there is none */
    pid_t last;     /* the parent of the process that was asked about last */
    unsigned times; /* one after another */
};

struct vb_processes {
    struct vb_process slots[VB_PROCESSES];
    pid_t tgids[VB_PROCESSES]; /* of the slots: looked through without touching each of them */
    struct vb_folder programs;
    struct vb_label labels[VB_LABELS];
    struct vb_parent parent;
};

/* Opens the list of the children that the first thread of TGID has. -1 with errno. */
int vb_process_children(pid_t tgid);
/* What is known about TID, read anew when it is older than a second. NULL if the process is gone.
 */
struct vb_process *vb_process_get(struct vb_processes *all, pid_t tid);
/* The file of the program that it runs now. False, and no inode, if it is ending. */
bool vb_process_program(const struct vb_process *process, struct stat *ret);
/* It runs that one: what is that called? */
void vb_process_runs(struct vb_processes *all, struct vb_process *process, const struct stat *st);
/* Asks how the box numbers it: inner_tid and inner_tgid. */
void vb_process_number(struct vb_process *process);
/* A pidfd of the very thread, which may have descriptors of its own and may have outlived its
 * leader; before Linux 6.9 of its process. -1 with errno. */
int vb_thread_fd(const struct vb_process *process);
/* Forgets all threads of a process that exits. */
void vb_process_forget(struct vb_processes *all, pid_t tgid);
/* The process is about to become another program, if its exec succeeds. */
void vb_process_new_program(struct vb_processes *all, pid_t tgid);

/* --- path.c: names as the box sees them --- */

/* "/proc/PID/WHAT", of which WHAT has at most 32 bytes. */
void vb_proc_name(pid_t pid, const char *what, char ret[VB_PROC_NAME]);

/* Joins and normalises without touching the file system; RET holds VB_PATH_ROOM. The path stays as
 * it is where the directory is unknown. */
void vb_path_resolve(pid_t tid, int dirfd, const char *path, char *ret);
/* The same for openat2's RESOLVE_IN_ROOT: neither a slash at PATH's beginning nor ".." leads out of
 * the folder. */
void vb_path_resolve_in(pid_t tid, int dirfd, const char *path, char *ret);
/* The O_PATH descriptor of a folder or file that the subject has open, or -1. */
int vb_path_open_fd(pid_t tid, int fd);
/* The path behind a descriptor of the subject. False if there is none. */
bool vb_path_of_fd(pid_t tid, int fd, char *ret, size_t size);
/* What stands right in the box's root, asked for with most names: as long as nothing comes, goes or
 * changes its name there it is what it was. */
struct vb_top {
    char name[16]; /* "/etc" */
    int fd;        /* O_PATH, of no link's target; -1: the slot is free */
};
struct vb_tops {
    const struct vb_recorder_options *options; /* whom to ask for changes */
    bool watched;
    enum { VB_TOP_UNKNOWN, VB_TOP_MERGED, VB_TOP_APART } merged[2]; /* see is_merged */
    struct vb_top folders[8];
    unsigned next;
};
void vb_tops_init(struct vb_tops *tops, const struct vb_recorder_options *options);
void vb_tops_done(struct vb_tops *tops);
/* A name that the subject gave, and who gave it. */
struct vb_name {
    int root_fd; /* the box's root */
    struct vb_process *process;
    int dirfd;
    const char *text;                 /* as it was given */
    const char *path;                 /* as vb_path_resolve made it */
    bool follow;                      /* a link at its end */
    bool anywhere;                    /* also in folders of the host */
    bool own_usr;                     /* the folders of programs are the subject's user's own */
    const struct vb_folder *programs; /* may be NULL */
    struct vb_tops *tops;             /* of ROOT_FD; may be NULL */
};
struct vb_found {
    char path[VB_PATH_ROOM]; /* "" where it is as named, or not known */
    dev_t device;
    ino_t inode;  /* 0: there is no such file, or it was not looked at */
    bool missing; /* it was looked at */
    mode_t mode;
    struct timespec changed;
};
/* Where a name leads through links of every kind. 0, or a negative errno; -E2BIG: the way is too
 * long to be followed. Names below folders of the host are not followed unless asked for: RET says
 * nothing. */
int vb_path_find(const struct vb_name *name, struct vb_found *ret);

/* --- walk.c --- */

/* The O_PATH descriptor of what NAME leads to. Where its last component does not exist it is the
 * folder's, and RET_MISSING is that component. 0 or a negative errno, -E2BIG as above. */
int vb_walk(const struct vb_name *name, int *ret_fd, char ret_missing[NAME_MAX + 1]);

/* --- interpreter.c --- */

enum vb_script_from { VB_SCRIPT_NONE, VB_SCRIPT_FILE, VB_SCRIPT_INPUT };
struct vb_script {
    enum vb_script_from from; /* NONE: no interpreter, or code among its arguments */
    const char *file;
};
/* What PROGRAM with ARGV runs. Its strings have a NUL at their end. */
struct vb_script vb_script_of(const char *program, const struct vb_str *argv, size_t count);

/* --- script.c --- */

struct vb_relay;
struct vb_call;
struct vb_recorder;
/* Puts a pipe of ours in the place of descriptor 0 of the process that executes PROGRAM. */
VB_CHECKED int vb_script_relay(struct vb_call *call, const char *program, struct vb_error *err);
/* READY is what epoll said of either end of relay number SLOT. */
VB_CHECKED int vb_script_step(struct vb_recorder *recorder, size_t slot, uint32_t ready,
                              struct vb_error *err);
/* Nobody is left: tells of all that came. */
VB_CHECKED int vb_scripts_end(struct vb_recorder *recorder, struct vb_error *err);
void vb_relay_free(struct vb_relay *relay);

/* --- exec_truth.c --- */

/* Where to look at the process's memory for what vb_exec_announce wants of it; 0: nowhere. */
uint64_t vb_exec_random(const struct vb_call *call);
/* The call will execute what was found, with these arguments (CUT: and more); FD is the folder's or
 * the file's. */
void vb_exec_announce(struct vb_call *call, const struct vb_str *argv, size_t count, bool cut,
                      int fd);
/* The process ends: whoever gets its number later announced nothing. */
void vb_exec_forget(struct vb_recorder *recorder, pid_t tgid);
/* At each call of a process: does what was announced run, if anything does? */
VB_CHECKED int vb_exec_check(struct vb_call *call, struct vb_error *err);

/* --- snapshot.c --- */

/* A state of a file that was kept. */
struct vb_kept {
    dev_t device;
    ino_t inode;
    struct timespec changed;
    off_t size;
};
/* Keeps the file PATH (absolute, its folder without links) if the box wrote it; REASON says what is
 * about to happen to it. */
VB_CHECKED int vb_snapshot(struct vb_call *call, const char *path, const char *reason,
                           struct vb_error *err);
/* False: what was found was not written by the box, and need not be kept. */
bool vb_was_written(const struct vb_recorder *recorder, const struct vb_found *found);
/* The same for what is executed through the subject's descriptor FD. */
VB_CHECKED int vb_snapshot_fd(struct vb_call *call, int fd, const char *path, struct vb_error *err);

/* --- one call --- */

struct vb_file_id {
    dev_t device;
    ino_t inode; /* 0: none */
    bool read;   /* and recorded */
};

/* An execution that was announced and has not shown yet. */
struct vb_announced {
    struct vb_file_id program; /* what will run: of a script, its interpreter */
    struct vb_file_id before;  /* what runs when it is announced */
    bool foreign;              /* a program for another machine: nothing is expected */
    bool cut;                  /* there are more arguments */
    char path[VB_PATH_ROOM];
    size_t command_len, image_len;
    char command[4096]; /* the arguments, as /proc/PID/cmdline will show them */
    char image[512];    /* the process's auxv before: its addresses are new with each execution */
};

/* What an execution leaves: see is_image_of. */
struct vb_image {
    struct vb_file_id program;
    uint64_t random_at; /* where the kernel put random bytes for it */
    unsigned char random[16];
    size_t len; /* 0: there is none */
    char bytes[512];
};

/* What was asked last. */
struct vb_probe {
    pid_t tgid;
    const struct vb_syscall *row;
    size_t len;
    char path[PATH_MAX];
};

/* How often a process asked for memory that is written and executed. */
struct vb_code {
    pid_t tgid;
    uint64_t count;
};

/* Variables in which no bait was found, each with its NUL: most programs hand on what they got. */
struct vb_clean {
    size_t len, at; /* where the next one is expected */
    char text[VB_CLEAN_BYTES];
};

/* Why an event is not kept. */
enum vb_recorder_limit { VB_RECORDER_ROOM, VB_RECORDER_LOG, VB_RECORDER_RATE, VB_RECORDER_LIMITS };

struct vb_recorder {
    struct vb_recorder_options options;
    const struct vb_syscall **by_number;
    size_t numbers;
    size_t notif_size, response_size;
    struct seccomp_notif *notif;
    struct seccomp_notif_resp *response;
    int root_fd; /* the box's root */
    struct vb_relay *relays[VB_RELAYS];
    uint64_t scripts_missed;
    struct timespec begin; /* files that changed later are the box's own */
    struct vb_kept kept[64];
    unsigned kept_next, snapshots;
    uint64_t snapshot_bytes, snapshots_missed;
    struct vb_file_id *bait_ids; /* by the index of the bait; once they are learned */
    bool own_usr;                /* see struct vb_name */
    size_t *bait_folders;        /* the lengths of their folders' names */
    uint64_t emitted, dropped;
    uint64_t probes, probes_dropped;      /* counted apart: they push out nothing else */
    uint64_t beyond[VB_VITAL_KINDS];      /* emitted beyond the limits */
    uint64_t full_ns[VB_VITAL_KINDS + 1]; /* see is_too_fast; the last is for all other kinds */
    bool limit_told[VB_RECORDER_LIMITS];
    bool coverage_told;
    struct vb_probe last_probe;
    struct vb_processes processes;
    struct vb_tops tops;
    uint64_t *seen; /* a bit for each process id: whose making was told of */
    bool any_seen;
    bool baits_watched;
    int children[2]; /* lists in /proc: the subject's, and init's; -1: closed */
    struct vb_code code[VB_PROCESSES];
    struct vb_announced announced[VB_PROCESSES];
    pid_t announced_by[VB_PROCESSES]; /* 0: the slot is free */
    unsigned announcements;           /* slots that are not */
    struct vb_state binaries[64];     /* programs that are known to be no scripts */
    struct vb_image images[16];       /* of programs that fork before they execute */
    struct vb_clock clock;
    bool clock_told; /* that it cannot be shown */
    struct vb_rests rests;
    /* room for the call at hand */
    struct vb_memory memory;
    char path[VB_PATH_ROOM], target[VB_PATH_ROOM], text[PATH_MAX];
    struct vb_found found;
    struct vb_clean clean[2]; /* of the execution before, and of the one at hand */
    unsigned clean_used;
    char strings[VB_VECTOR_BYTES];
    struct vb_str argv[VB_ARGV_MAX], environment[VB_ENVIRONMENT_MAX];
    unsigned char sent[VB_SENT_MAX];
};

struct vb_call {
    struct vb_recorder *recorder;
    const struct seccomp_notif *notif;
    const struct vb_syscall *row; /* NULL: unknown */
    const char *name;
    struct vb_process *process;
    int error;      /* what the subject is answered; 0: the kernel goes on */
    bool decided;   /* nothing can change the answer any more: see vb_call_emit */
    int64_t value;  /* what a performed call gives */
    bool performed; /* without an error: somebody did it for the subject, the kernel must not */
    bool answered;  /* it was sent */
    bool kept;      /* it is answered later: rest.h */
    bool gone;      /* the subject died meanwhile: nothing of this counts */
    bool repeats;   /* what is told is known already: a full log has no room for it */
    size_t pieces, bytes; /* that were read of what it sends */
};

/* emit.c. Each returns 0 or an error of our own. */
void vb_call_event(const struct vb_call *call, struct vb_event *event, enum vb_event_kind kind);
/* Passes an event on, or counts it. */
VB_CHECKED int vb_recorder_keep(struct vb_recorder *recorder, struct vb_event *event,
                                struct vb_error *err);
/* Emits EVENT unless the subject has died since the notification. A call that is DECIDED is
 * answered first: the kernel's reply to that says the same, and saves asking. */
VB_CHECKED int vb_call_emit(struct vb_call *call, struct vb_event *event, struct vb_error *err);
/* Answers an open with a copy of FD, close-on-exec as FLAGS say. False: it cannot be given. */
bool vb_call_give(struct vb_call *call, int fd, uint64_t flags);
/* kernel.denied, and the call is answered with NUMBER. */
VB_CHECKED int vb_call_deny(struct vb_call *call, int number, const char *detail,
                            struct vb_error *err);
/* The subject's memory could not be read: NUMBER is what the read said. process.opaque, and the
 * call is refused, so that what was not seen does not happen. */
VB_CHECKED int vb_call_opaque(struct vb_call *call, int number, const char *detail,
                              struct vb_error *err);
/* bait.seen for every bait in DATA. OWN is the name of the variable whose value DATA is, or NULL: a
 * variable's own bait is where it belongs. */
VB_CHECKED int vb_call_search(struct vb_call *call, const void *data, size_t len, const char *where,
                              const char *own, struct vb_error *err);
/* process.wait, if the process asks to wait for NS and has not waited as long before. */
VB_CHECKED int vb_call_tell_wait(struct vb_call *call, uint64_t ns, struct vb_error *err);
/* Answers the call, once. */
VB_CHECKED int vb_call_answer(struct vb_call *call, struct vb_error *err);
/* At the end of a process: how often it wrote code, if more than once. */
VB_CHECKED int vb_call_code_end(struct vb_call *call, struct vb_error *err);
/* The six registers in hexadecimal, for ARGUMENTS; the strings point into TEXT. */
void vb_call_arguments(const struct vb_call *call, struct vb_str items[VB_SYSCALL_ARGS],
                       char text[VB_SYSCALL_ARGS][24]);
/* A process that exits: the next one with its number is another. */
void vb_recorder_forget(struct vb_recorder *recorder, pid_t tgid);
/* Before the first name changes and before a second task can change what is read of a call: what
 * the baits are, whatever they will be called later. Ending the watch costs milliseconds. */
void vb_recorder_watch_baits(struct vb_recorder *recorder);
/* True if PATH is a bait or in a folder with baits in it. */
bool vb_near_bait(const struct vb_recorder *recorder, const char *path);
/* True if no probe is kept any more. */
bool vb_recorder_probes_full(const struct vb_recorder *recorder);
/* True while less than half of what the log takes is used up. */
bool vb_recorder_has_room(const struct vb_recorder *recorder);
/* sandbox.layer, once: the clock of the box is not what it should be. */
VB_CHECKED int vb_recorder_tell_clock(struct vb_recorder *recorder, const char *detail,
                                      struct vb_error *err);
/* Reports what was dropped, once. */
VB_CHECKED int vb_recorder_coverage(struct vb_recorder *recorder, struct vb_error *err);

/* decoders, named in syscalls.def */
int vb_decode_affinity(struct vb_call *call, struct vb_error *err);
int vb_decode_uname(struct vb_call *call, struct vb_error *err);
int vb_decode_address(struct vb_call *call, struct vb_error *err);
int vb_decode_clone3(struct vb_call *call, struct vb_error *err);
int vb_decode_clock(struct vb_call *call, struct vb_error *err);
int vb_decode_code(struct vb_call *call, struct vb_error *err);
int vb_decode_disk(struct vb_call *call, struct vb_error *err);
int vb_decode_denied(struct vb_call *call, struct vb_error *err);
int vb_decode_exec(struct vb_call *call, struct vb_error *err);
/* Variables that are handed on as they stand in ENVIRONMENT tell nothing. */
void vb_exec_given(struct vb_recorder *recorder, char *const *environment);
int vb_decode_exit(struct vb_call *call, struct vb_error *err);
int vb_decode_file(struct vb_call *call, struct vb_error *err);
int vb_decode_futex(struct vb_call *call, struct vb_error *err);
int vb_decode_aio(struct vb_call *call, struct vb_error *err);
int vb_decode_clone(struct vb_call *call, struct vb_error *err);
int vb_decode_ioctl(struct vb_call *call, struct vb_error *err);
int vb_decode_kernel(struct vb_call *call, struct vb_error *err);
int vb_decode_listen(struct vb_call *call, struct vb_error *err);
int vb_decode_others(struct vb_call *call, struct vb_error *err);
int vb_decode_prctl(struct vb_call *call, struct vb_error *err);
int vb_decode_probe(struct vb_call *call, struct vb_error *err);
int vb_decode_sendmmsg(struct vb_call *call, struct vb_error *err);
int vb_decode_sendmsg(struct vb_call *call, struct vb_error *err);
int vb_decode_sendto(struct vb_call *call, struct vb_error *err);
int vb_decode_settle(struct vb_call *call, struct vb_error *err);
int vb_decode_signal(struct vb_call *call, struct vb_error *err);
int vb_decode_sleep(struct vb_call *call, struct vb_error *err);
int vb_decode_socket(struct vb_call *call, struct vb_error *err);
int vb_decode_timer(struct vb_call *call, struct vb_error *err);
int vb_decode_wait(struct vb_call *call, struct vb_error *err);

#endif
