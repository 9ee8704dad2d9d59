/* sandbox: confined children for the examiners, and boxes in which packages are run and recorded.
 * The only user of libseccomp and of the kernel's namespaces. */
#ifndef VETBOX_SANDBOX_H
#define VETBOX_SANDBOX_H

#include "vetbox/core.h"
#include "vetbox/core/courier.h"

/* --- what this machine can do --- */

enum vb_layer_purpose { VB_LAYER_CONTAINMENT, VB_LAYER_FIDELITY };

struct vb_layer_report {
    const char *name;
    enum vb_layer_purpose purpose;
    const char *since; /* the least kernel version that has it */
    bool present;
    char detail[256]; /* what was tried and what the kernel said */
    const char *fix;  /* what to change, NULL if present */
};

enum { VB_LAYERS_MAX = 32 };

/* Tries every layer for real, in children. Returns how many rows of RET were filled, or an error.
 */
VB_CHECKED int vb_layers_probe(struct vb_layer_report ret[VB_LAYERS_MAX], struct vb_error *err);

/* The folder that everything below happens in: an empty tmpfs of our own, limited in bytes and
 * inodes, that has no path anywhere and goes with its last descriptor. Root makes it owned by the
 * sandbox user. */
VB_CHECKED int vb_workspace_new(uint64_t bytes, uint64_t inodes, int *ret_dirfd,
                                struct vb_error *err);

/* --- confined children --- */

/* The process that examiners are forked from, already behind most of their walls. It is a copy of
 * the caller as it was when the zygote was made: what was in memory then (compiled rules, trusted
 * keys) the children find at the same place. One question is asked at a time. */
struct vb_zygote;
VB_CHECKED int vb_zygote_new(struct vb_zygote **ret, struct vb_error *err);
void vb_zygote_free(struct vb_zygote *zygote);

/* What all children of a zygote do that is a program of its own. */
struct vb_zygote_work {
    const char *name; /* for messages */
    int (*run)(void *ctx, struct vb_sink *sink, struct vb_error *err);
    size_t ctx_bytes; /* of CTX */
};
/* Such a program, seen from here. */
struct vb_zygote_program {
    const char *path;
    struct vb_zygote_work work; /* without RUN: what is done stands there */
};
/* The same, but nothing of the caller is in it: neither memory nor libraries nor addresses. What
 * its children get are descriptors and the ctx_bytes of their CTX. A path where no such program is,
 * and one of another version, are VB_E_CONFIG. */
VB_CHECKED int vb_zygote_execute(const struct vb_zygote_program *program, struct vb_zygote **ret,
                                 struct vb_error *err);
/* All that such a program does. It keeps the locale of the calling thread. */
_Noreturn void vb_zygote_main(const struct vb_zygote_work *work);

/* vb_workspace_new, made by the zygote, which has a namespace to mount it in. For its children to
 * write: root itself can only read there. */
VB_CHECKED int vb_zygote_workspace(struct vb_zygote *zygote, uint64_t bytes, uint64_t inodes,
                                   int *ret_dirfd, struct vb_error *err);

enum vb_confinement {
    VB_CONFINE_EXAMINER, /* no network, no exec, no path outside its descriptors, syscall allow-list
                          */
    VB_CONFINE_FETCHER   /* keeps the network and the root file system, drops privileges */
};

struct vb_child {
    enum vb_role role; /* which events it may send */
    const char *name;  /* for messages: unpack, identify, … */
    enum vb_confinement confinement;
    struct vb_zygote *zygote; /* of an examiner; NULL: one is made for it alone */
    int (*run)(void *ctx, struct vb_sink *sink, struct vb_error *err);
    void *ctx;
    size_t ctx_bytes; /* of CTX to be handed over; its pointers may only point to what was there
                         when the zygote was made. 0: CTX itself was there */
    const int *fds; /* the only descriptors it gets besides its own pipe; they keep their numbers */
    size_t fd_count;
    bool reads_only; /* what is below its folders it cannot change, where the kernel has Landlock */
    bool at_once;    /* what it tells comes before anything else that it does */
    unsigned timeout_ms;
    bool hurried; /* that is the rest of our own time: to run out of it is nobody's fault */
    uint64_t memory_bytes; /* address space */
};

/* Forks, confines, runs CHILD and passes its events on to SINK after checking role and form.
 * Returns 0 when it finished; the child's own error when it reported one (VB_E_DATA, …). A child
 * that was killed, timed out or broke the protocol is hostile input: examiner.died is emitted and
 * VB_OK returned with *ret_died set. If it was hurried and timed out, it is a coverage event
 * instead. EPOCH_NS is the log's beginning. */
VB_CHECKED int vb_child_run(const struct vb_child *child, uint64_t epoch_ns, struct vb_sink *sink,
                            bool *ret_died, struct vb_error *err);

/* --- personas and baits --- */

/* Whose machine the subject believes to be on: a developer's who works with agents, that of a job
 * in CI, or a new user's or a server, where nothing is worth stealing. */
enum vb_persona {
    VB_PERSONA_DEVELOPER,
    VB_PERSONA_CI,
    VB_PERSONA_EMPTY,
    VB_PERSONA_SERVER,
    VB_PERSONA_COUNT
};
const char *vb_persona_name(enum vb_persona persona);
/* NAME NULL: the developer. An unknown one is VB_E_USAGE. */
VB_CHECKED int vb_persona_named(const char *name, enum vb_persona *ret, struct vb_error *err);

/* What is set in the environment of a run that is to be on a Mac, NULL-terminated, as in struct
 * vb_detonation. */
extern const char *const vb_macos_environment[];
/* The same of one that is to be on Windows. */
extern const char *const vb_windows_environment[];

/* Baits that a team adds: the *.yaml files of DIR (docs/baits.md). What is wrong in one of them is
 * VB_E_CONFIG with its line. */
struct vb_bait_rules;
VB_CHECKED int vb_bait_rules_load(const char *dir, struct vb_bait_rules **ret,
                                  struct vb_error *err);
void vb_bait_rules_free(struct vb_bait_rules *rules);

/* --- detonation --- */

/* Who talks with what is run. */
enum vb_driver {
    VB_DRIVER_NONE,
    VB_DRIVER_MCP,          /* an MCP client: the protocol of today first, then its handshake */
    VB_DRIVER_MCP_HANDSHAKE /* the other way round */
};

/* What the world answers where no rule knows the service. */
enum vb_guess {
    VB_GUESS_DATA,        /* what such a request hopes for */
    VB_GUESS_CODE,        /* a text that is a program in each of the languages of scripts */
    VB_GUESS_CODE_JSON,   /* an object whose members are that */
    VB_GUESS_CODE_BASE64, /* the text, encoded */
    VB_GUESS_CODE_JSON_BASE64,
    VB_GUESS_COUNT
};

/* One row of the plan. Strings are owned by the plan. */
struct vb_detonation {
    uint32_t id;       /* 1, 2, 3 … */
    char *reason;      /* why it executes: "fenced block", "script", … */
    char *path;        /* the file it stands in, below the tree */
    int64_t line;      /* 0: the whole file */
    char *interpreter; /* bash, python3, node, … */
    char **argv; /* NULL-terminated; {tree} at the start of an item, and %{tree} anywhere, stand
                    for the package's folder inside the box, %{home} for the user's */
    size_t ours; /* words at the beginning of argv that are ours and run the rest */
    char *text;  /* the code itself where argv carries it, for the event; may be NULL */
    char **env;  /* NAME=VALUE besides the persona's, NULL-terminated; behind a question mark only
                    where the persona has none; {tree} at the start of a value as in argv; NULL:
                    none */
    char *input; /* what it reads from standard input, at most VB_INPUT_MAX bytes; NULL: none */
    char *cwd;   /* the folder it runs in, below the tree; NULL: the tree's top */
    const char *when; /* the phase: install, load or use; static; NULL: none (vetbox run) */
    unsigned timeout_ms;
    bool every_name;     /* host names that look drawn by chance exist in the network too */
    unsigned days_ahead; /* of today: what the box's wall clock says when the run begins */
    uint32_t repeats;    /* the detonation whose entry point this one runs once more; 0: none */
    bool call;           /* runs a script that ran before, with arguments */
    bool second;         /* runs what ran before, for it left something behind */
    bool forgets;        /* leaves nothing to the runs after it */
    bool unasked;        /* nobody asks anything where it listens */
    enum vb_driver driver;
    const char *client;   /* as which a driver presents itself; static */
    char *const *modules; /* that are stood in for, NULL-terminated: one of the words below and a
                              name; the caller's. NULL: none */
    bool probed;         /* its interpreters tell of the code that they make and the lines that they
                            execute; where boxes have an overlay */
    bool hosted;         /* loaded by what stands in for an application, which is talked with */
    bool other_day;      /* to compare days; with no days ahead it is today's once more */
    const char *persona; /* run once more on this machine, other than the row's; static; NULL: no */
    bool macos;          /* what the machine is asked for its system, it answers as a Mac does */
    bool windows;        /* the same, as Windows does */
    enum vb_guess guess; /* to see whether an answer is executed */
};

#define VB_MODULE_PYTHON "python3 "
#define VB_MODULE_NODE "node "
#define VB_MODULE_EXPORT "export " /* and what the module before it exports */

enum { VB_INPUT_MAX = 64 * 1024 }; /* what a pipe holds without a reader */

struct vb_plan {
    struct vb_detonation *rows;
    size_t count;
};

struct vb_plan_input {
    const struct vb_manifest *manifest;
    const struct vb_tree *tree; /* used to look at shebangs and sizes only */
    const char *rootfs;         /* where interpreters are looked for, NULL: on this machine */
};

/* Every runnable code block and inline command, in the order in which the instructions give them,
 * the entry points of the manifest, scripts that neither names, and scripts once more in the ways
 * that they can be called; and of these what is installed
 * before what is loaded before what is used. What is left out is a coverage event. */
VB_CHECKED int vb_plan_make(const struct vb_plan_input *input, struct vb_sink *sink,
                            struct vb_plan **ret, struct vb_error *err);
void vb_plan_free(struct vb_plan *plan);
/* The milliseconds that row number ROW (from 0) may take when LEFT_MS are left for it and all rows
 * behind it: the time that a row does not use is passed on. */
unsigned vb_plan_share_ms(const struct vb_plan *plan, size_t row, unsigned left_ms);

struct vb_sandbox_options {
    uint64_t epoch_ns;   /* the log's beginning */
    const char *name;    /* the package's name: names its folder inside the box */
    int tree_fd;         /* the package's files, copied into each box; -1 for none */
    int drops_fd;        /* a folder in which files that runs left behind are kept, each under its
                            SHA-256; -1: not kept */
    int evidence_fd;     /* a folder in which network.pcapng is made when a run sends something, if
                            there is a drops_fd; -1: no packets are kept */
    int input_fd;        /* what the subject reads as its standard input, through a pipe of ours
                            (vetbox run); -1: nothing */
    bool answers;        /* a run that asks its user something and waits is answered */
    int output_fds[2];   /* where standard output and standard error of the subject go besides the
                            log (vetbox run); -1 */
    int stop_fd;         /* once it can be read, the run is stopped; -1: only its time limit does */
    uint64_t disk_bytes; /* what one box may write */
    uint64_t memory_bytes;
    unsigned processes;
    uint64_t max_events;      /* of one detonation */
    uint64_t events_at_once;  /* how many a quiet subject may cause in a moment */
    uint64_t events_a_second; /* what a busy one may cause on the long run; 0: any number */
    size_t max_output;        /* bytes of stdout and of stderr that are kept */
    const char *rootfs; /* a root file system whose /usr, /bin, /lib and /etc the boxes show instead
                           of this machine's; NULL: this machine's */
    enum vb_persona persona;
    const struct vb_bait_rules *baits; /* besides ours; NULL: none. They outlive the sandbox */
    const char *replay; /* a folder of captured answers for what runs ask over HTTP; NULL: none */
    const struct vb_courier_work *live; /* who carries what runs ask of its hosts over HTTP to the
                                           real ones; NULL: nobody, nothing leaves. It outlives the
                                           sandbox */
    const char *world_rules; /* a folder with rules for what the world answers, before the built-in
                                ones (docs/world.md); NULL: none */
    int closure_fd;   /* what the package depends on, as its indexes gave it (docs/dependencies.md):
                         those of the network serve exactly that; -1: they make something up */
    int libraries_fd; /* the same as vb_unpack_closure laid it down: boxes have it, read-only, where
                         node and python3 look for it; -1: none */
    bool carries_on;  /* a box begins with the files that those before it left, where boxes have an
                         overlay; there is one at a time, then */
    bool offline;     /* the box's network leads nowhere, and no name can be resolved there */
    bool no_overlay;  /* as on a kernel whose tmpfs has no extended attributes (before 6.6) */
    bool no_tproxy;   /* as on a kernel without nf_tables: listeners are made on demand */
    bool no_cgroup;   /* as where no control group is delegated to us */
};

extern const struct vb_sandbox_options vb_sandbox_default_options;

/* Everything that the boxes of one package share: the syscall filter, the persona, the baits with
 * secrets made for this run. Emits bait.placed and sandbox.layer. A missing containment layer is
 * VB_E_UNAVAILABLE and says which kernel setting to change. Where a control group is delegated to
 * us, this process is in one of its own below it until vb_sandbox_free. */
struct vb_sandbox;
VB_CHECKED int vb_sandbox_new(const struct vb_sandbox_options *options, struct vb_sink *sink,
                              struct vb_sandbox **ret, struct vb_error *err);
void vb_sandbox_free(struct vb_sandbox *sandbox);
/* Whether a detonation can be probed. */
bool vb_sandbox_probes(const struct vb_sandbox *sandbox);

struct vb_detonation_result {
    bool timed_out;
    bool lost;         /* our supervisor died: nothing of this run or one before it is carried on */
    bool finished;     /* ran to an end of its own */
    int exit_status;   /* as a shell would say it: 128 + signal */
    bool name_doubted; /* it asked for a name that looks drawn by chance, and was told that there is
                          none */
    bool asked;        /* something was asked where it listened */
    bool guessed;      /* the world guessed what to answer it, with text */
    unsigned duration_ms;
};

/* Runs one detonation in a box of its own and emits all that happened, between detonation.begin and
 * detonation.end. Whatever the subject does is an event; only our own failure is an error. When it
 * returns nothing of the box is left: no process, no mount, no namespace. */
VB_CHECKED int vb_detonate(struct vb_sandbox *sandbox, const struct vb_detonation *detonation,
                           struct vb_sink *sink, struct vb_detonation_result *ret,
                           struct vb_error *err);

#endif
