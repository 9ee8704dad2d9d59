/* box: one subject in one box. Three processes of ours stand around it:
 *   supervisor  outside, forked from the coordinator, as the user who owns the box's user
 * namespace; fills the box, receives what the recorder sees, measures, stops, takes stock init pid
 * 1 inside: builds the root, starts the subject, reaps (inside.c) subject     the child of init
 * that executes what is examined (subject.c) Only the subject runs hostile code; init and
 * supervisor never parse a byte of it. */
#ifndef SANDBOX_BOX_BOX_H
#define SANDBOX_BOX_BOX_H

#include <linux/filter.h>
#include <sys/types.h>
#include <time.h>

#include "sandbox/bait/bait.h"
#include "sandbox/box/cgroup.h"
#include "sandbox/box/confine.h"
#include "sandbox/box/net.h"
#include "sandbox/world/authority.h"
#include "sandbox/world/replay.h"
#include "sandbox/world/respond.h"

/* Who the subject believes to be (persona.c). */
#define VB_PERSONA_USER "alex"
#define VB_PERSONA_HOME "/home/" VB_PERSONA_USER
#define VB_PERSONA_SKILLS VB_PERSONA_HOME VB_SKILLS
#define VB_SKILLS "/.openclaw/workspace/skills"
struct vb_persona_traits {
    const char *name;
    const char *user, *full_name;
    const char *home;
    const char *host;
};
const struct vb_persona_traits *vb_persona_traits(enum vb_persona persona);
/* Where a box keeps the certificate of the world's authority, alone and among all others. */
#define VB_TRUST_FILE "netsec-inspection-ca.pem"
#define VB_TRUST_ONE "/etc/ssl/certs/" VB_TRUST_FILE
#define VB_TRUST_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define VB_PERSONA_RUNTIME "/run/user/1000"
/* What was said in the network of the boxes, in the folder of evidence. */
#define VB_NETWORK_FILE "network.pcapng"
enum { VB_PERSONA_UID = 1000, VB_PERSONA_GID = 1000 };
enum { VB_BOX_OPEN_FILES = 1024 }; /* that each process may have */

/* What every box of a package starts from (base.c), kept by descriptors: three namespaces, a fourth
 * with the far end of the network's interface, and the sockets that everything caught in the
 * network comes to. In the mount namespace the base stands at VB_BASE, a folder that every system
 * has and no box needs. */
enum {
    VB_BASE_USER,
    VB_BASE_MOUNT,
    VB_BASE_NET,
    VB_BASE_FAR,
    VB_BASE_SOCKET,
    VB_BASE_FDS = VB_BASE_SOCKET + VB_NET_SOCKETS
};
struct vb_courier_child;
struct vb_base {
    int fds[VB_BASE_FDS];   /* -1: none */
    int net_errno;          /* why nothing catches what is sent, so that listeners are made on
                               demand; 0: it is caught */
    struct timespec filled; /* when the last file was put there */
    bool overlay; /* boxes lay an overlay over it; otherwise each fills a root of its own */
};
#define VB_BASE "/tmp"
#define VB_BASE_ROOT VB_BASE "/root"       /* the lower layer of a box's root */
#define VB_BASE_USR VB_BASE "/usr"         /* what lies over the machine's /usr */
#define VB_BASE_MACHINE VB_BASE "/machine" /* what stands in for files of /proc */
#define VB_BASE_BOX VB_BASE "/box"         /* where a box attaches what can be written */

enum { VB_CHANGED_MAX = 256 };

/* The files of the package that runs have changed, below its folder. */
struct vb_changes {
    char *paths[VB_CHANGED_MAX];
    size_t count;
    bool more; /* than there is room for */
};

/* Everything that is the same for all boxes of one package. */
struct vb_box_setup {
    struct vb_sandbox_options options;
    struct vb_base base;
    const struct vb_bait_set *baits;      /* may be NULL */
    const struct vb_authority *authority; /* of certificates in the world; NULL: no TLS */
    struct vb_replay *replay;             /* answers that were captured; NULL: none */
    struct vb_courier_child *courier;     /* carries requests to real hosts; NULL: nobody does */
    int live_fd; /* in a supervisor: to the courier, for the world; -1: it is gone */
    struct vb_responder *responder;   /* answers requests there; NULL: nobody does */
    uint64_t name_key;                /* of the addresses of names there */
    const struct sock_fprog *program; /* NULL only in tests of the box alone: no recorder */
    char folder[64];                  /* the package's folder name, one safe component */
    char machine_id[33];
    char boot_id[37];
    uint64_t tree_bytes;
    uint64_t tree_entries;
    uint64_t closure_bytes; /* of what it depends on */
    uint64_t closure_entries;
    int staging_fd; /* where the supervisor keeps changed files, -1: nowhere */
    struct vb_cgroups cgroups;
    struct vb_cgroup cgroup;    /* in a supervisor: its box's */
    struct vb_changes *changes; /* to files of the package, in the coordinator; NULL: nobody asks */
    bool carries_on; /* a box starts from what the one before it left, and leaves it to the next */
};

/* Runs DETONATION in a box and emits all that happened to SINK, which reaches the coordinator. In
 * the forked supervisor, after its descriptors were cut down. */
VB_CHECKED int vb_supervise(const struct vb_box_setup *setup,
                            const struct vb_detonation *detonation, struct vb_frame_sink *frames,
                            struct vb_error *err);

/* Forks a supervisor for DETONATION and relays what it says (box/run.c). */
VB_CHECKED int vb_box_run(const struct vb_box_setup *setup, const struct vb_detonation *detonation,
                          struct vb_sink *sink, struct vb_detonation_result *ret,
                          struct vb_error *err);

/* Whether a run changed the package's file at PATH, below its folder, or may have. */
bool vb_box_changed(const struct vb_changes *changes, const char *path);

/* The package's folder inside the box, or the home where there is no package. */
void vb_box_folder(const struct vb_box_setup *setup, char *ret, size_t size);

/* --- between supervisor, init and subject --- */

enum vb_box_word {
    VB_BOX_FAILED = 1, /* our own failure: status, text */
    VB_BOX_MISSING,    /* a fidelity layer is missing: text is its name, a line feed, why */
    VB_BOX_WRITABLE,   /* init → supervisor: the file system that holds what can be written */
    VB_BOX_BELOW,    /* with what lies below the layer number, where boxes before have changed it */
    VB_BOX_PROC,     /* init → supervisor: the box's /proc, as a descriptor */
    VB_BOX_SEGMENTS, /* with the box's list of System V shared memory */
    VB_BOX_READY,    /* init → supervisor: everything stands */
    VB_BOX_GO,       /* supervisor → init: start the subject */
    VB_BOX_LISTENER, /* subject → supervisor: number is the listener's descriptor there */
    VB_BOX_TAKEN,    /* supervisor → subject: the listener was taken */
    VB_BOX_NOT_RUN,  /* subject → supervisor: exec failed with errno number */
    VB_BOX_ENDED,    /* init → supervisor: number is the subject's wait status */
    VB_BOX_TERMINATE, /* supervisor → init: SIGTERM for everything */
    VB_BOX_MOVE,      /* supervisor → init: rename a folder; text is two paths, each with its NUL,
                               number whether an empty folder may be replaced */
    VB_BOX_MOVED      /* init → supervisor: number is 0 or an errno */
};

struct vb_box_message {
    int32_t word; /* enum vb_box_word */
    int32_t status;
    int32_t number;
    char text[VB_ERROR_MESSAGE_MAX];
};

/* Sends one word. Returns 0, or -1 with errno. */
int vb_box_say(int socket, enum vb_box_word word, int number, int fd);
/* Sends VB_BOX_FAILED with what ERR says. */
int vb_box_say_failed(int socket, const struct vb_error *err);

/* What init and subject are given. */
struct vb_inside {
    const struct vb_box_setup *setup;
    const struct vb_detonation *detonation;
    char *const *argv; /* with the package's folder filled in */
    char *const *envp;
    const char *cwd;
    const char *folder; /* where cwd does not exist */
    uid_t uid;          /* outside */
    gid_t gid;
    int control;   /* to the supervisor, for init */
    int start;     /* to the supervisor, for the subject until it executes */
    int input;     /* read end of standard input; -1: nothing */
    int output[2]; /* write ends of standard output and error */
    int probes;    /* where probes in its interpreters tell what they see; -1: there are none */
};

/* In init. */
_Noreturn void vb_inside_main(struct vb_inside *inside);
/* In the subject. */
_Noreturn void vb_subject_main(const struct vb_inside *inside);

/* Makes the base of SETUP's boxes. */
void vb_base_init(struct vb_base *base);
VB_CHECKED int vb_base_new(const struct vb_box_setup *setup, struct vb_base *ret,
                           struct vb_error *err);
void vb_base_done(struct vb_base *base);
/* In a supervisor: enters the namespaces of BASE, closes their descriptors (not those of the
 * sockets) and gives up every capability that this brought; but for that of low ports, where
 * listeners are made on demand. */
VB_CHECKED int vb_base_enter(struct vb_base *base, struct vb_error *err);
/* Everything that a box's root holds but mounts, written to the empty folder ROOT_FD. Runs with the
 * capabilities of a user namespace of our own. */
VB_CHECKED int vb_base_fill(const struct vb_box_setup *setup, int root_fd, struct vb_error *err);

/* A file system, limited to what so many BOXES may write and the package in it, that is attached
 * nowhere (root.c). Returns its descriptor. */
VB_CHECKED int vb_writable_new(const struct vb_box_setup *setup, unsigned boxes,
                               struct vb_error *err);
/* Builds the root file system and changes into it (root.c). */
VB_CHECKED int vb_root_build(struct vb_inside *inside, struct vb_error *err);
/* The places of devices, and of programs outside /usr, in a root that is being filled (root.c). */
VB_CHECKED int vb_devices_build(int root_fd, struct vb_error *err);
VB_CHECKED int vb_programs_build(int root_fd, struct vb_error *err);
/* Fills /etc (etc.c). */
/* The certificates that programs in the box trust, below ROOT_FD: the machine's, and AUTHORITY's
 * (NULL: none) wherever they are looked for (trust.c). */
VB_CHECKED int vb_trust_build(const struct vb_authority *authority, int root_fd,
                              struct vb_error *err);
VB_CHECKED int vb_etc_build(const struct vb_box_setup *setup, int root_fd, struct vb_error *err);
/* What stands in for commands that are missing, written to USR, which boxes lay over /usr; and by
 * which bit of a set the one at PATH is known, 0: none of ours (commands.c). */
enum { VB_COMMANDS_MAX = 64 };
VB_CHECKED int vb_commands_build(int usr, struct vb_error *err);
/* The same of what loads plugins and extensions (hosts.c). */
VB_CHECKED int vb_hosts_build(int usr, struct vb_error *err);
/* Below USR, FOLDER with COUNT FILES, in itself or its folders bin and python, and closed
 * (another_system.c). */
struct vb_system_file {
    const char *path;
    unsigned mode;
    const char *text;
};
VB_CHECKED int vb_system_build(int usr, const char *folder, const struct vb_system_file *files,
                               size_t count, struct vb_error *err);
/* What makes a box look like a Mac in the runs that are to be on one: below USR, what commands and
 * interpreters are pointed at, and the words of uname (macos.c). */
struct utsname;
VB_CHECKED int vb_macos_build(int usr, struct vb_error *err);
void vb_macos_name(struct utsname *name);

/* The folder where files and texts of the run are kept; -1: none are, for they may hold what we
 * told it. */
int vb_box_keeps(const struct vb_box_setup *setup, const struct vb_detonation *detonation);

/* What makes a box look like Windows, in the same way (windows.c). */
VB_CHECKED int vb_windows_build(int usr, struct vb_error *err);
void vb_windows_name(struct utsname *name);
uint64_t vb_command_bit(const char *rootfs, struct vb_str path);
const char *vb_command_name(unsigned bit);
/* What lies about on a machine that is used (used.c). */
VB_CHECKED int vb_used_build(const struct vb_box_setup *setup, int root_fd, struct vb_error *err);
/* Gives all below FOLDER, and FOLDER itself, times in the past (age.c). */
VB_CHECKED int vb_age(const struct vb_box_setup *setup, int folder, struct vb_error *err);
/* Mounts what /etc shows of the host's (etc.c). */
VB_CHECKED int vb_etc_mount(int root_fd, struct vb_error *err);
/* In a child of init: renames a folder of the base, which the overlay refuses. 0 or an errno
 * (move.c). */
int vb_move_folder(const char *from, const char *to, bool replace);

/* The environment of the subject, NULL-terminated; freed with vb_strings_free (persona.c). */
VB_CHECKED int vb_persona_environment(const struct vb_box_setup *setup, const char *cwd,
                                      char ***ret, struct vb_error *err);
/* Home, baits and package, written into a root that is being filled (persona.c). */
VB_CHECKED int vb_persona_fill(const struct vb_box_setup *setup, int root_fd, struct vb_error *err);
void vb_strings_free(char **strings);

#endif
