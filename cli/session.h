/* One package on its way through the house: the log that all stages append to, and what they hand
 * to each other. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <locale.h>

#include "cli/command.h"
#include "cli/dates.h"
#include "cli/deps.h"
#include "cli/repeats.h"
#include "cli/surroundings.h"
#include "vetbox/scan.h"
#include "vetbox/signatures.h"
#include "vetbox/verdict.h"

/* Makes libcrypto ready for children that may open nothing; to be called before anything uses it.
 */
VB_CHECKED int vb_session_prepare(struct vb_error *err);

/* What all references of one command share. */
struct vb_toolbox {
    struct vb_rules *rules;
    struct vb_trust *trust;
    struct vb_policy *policy;
    struct vb_behaviour *behaviour;
    struct vb_bait_rules *baits; /* NULL: none but ours */
    locale_t locale;             /* of names in archives */
    struct vb_zygote *zygote;    /* made last: its children have the others */
    bool executed;               /* it is vetbox-reader: they have nothing of this */
};
/* The last two, for commands that need no more. */
VB_CHECKED int vb_toolbox_add_zygote(struct vb_toolbox *toolbox, struct vb_error *err);
/* The same for who only unpacks: the zygote is vetbox-reader. */
VB_CHECKED int vb_toolbox_add_reader(struct vb_toolbox *toolbox, struct vb_error *err);
VB_CHECKED int vb_toolbox_open(const struct vb_options *options, struct vb_toolbox *ret,
                               struct vb_error *err);
void vb_toolbox_close(struct vb_toolbox *toolbox);

/* Archives within the package are unpacked beside it: the usual formats by one child, those with
 * risky parsers by another, which cannot touch what the first wrote. */
enum { VB_READER_USUAL, VB_READER_SECOND, VB_READERS };

/* Passes events on to the log and keeps the manifest on the way. Each stage and each detonation has
 * a share of the log: one that floods it hides what itself did, never what the others do. */
enum { VB_TEE_DECISIVE = 6, VB_DEFERRED_MAX = 16 };

struct vb_tee {
    struct vb_sink sink;
    struct vb_log_writer *log;
    struct vb_manifest *manifest;
    uint32_t detonation;              /* whose share this is */
    uint64_t share_end;               /* in bytes of the log */
    uint64_t truth_end;               /* the same for what a run left behind */
    uint64_t own_room;                /* bytes of each decisive kind beyond the share */
    uint64_t beyond[VB_TEE_DECISIVE]; /* of them in use */
    bool cut;                         /* the share is used up, which the log says */
    uint64_t plenty_end;              /* until here also what repeats is recorded */
    struct vb_repeats repeats;
    bool hostile; /* the archive was hostile, or a child was killed by what it read */
    bool closed;  /* an archive was not read, or what it holds is not run */
    char *deferred[VB_DEFERRED_MAX]; /* paths of the archives that wait for the second reader */
    size_t deferred_count;           /* all of them, listed or not */
    struct vb_date_signs dates;
    struct vb_deps_wanted wanted;
    struct vb_around_signs around;
};

struct vb_session {
    const struct vb_options *options;
    const struct vb_toolbox *toolbox;
    const char *action; /* vet, scan, run, … as the log says */
    const char *reference;
    int evidence_fd; /* -1: none kept */
    int log_fd;      /* evidence/events.jsonl, or an anonymous file */
    struct vb_log_writer log;
    struct vb_tee tee;        /* where every stage emits to */
    struct vb_sink *follower; /* of the log, or NULL */
    uint64_t deadline_ns;
    struct vb_artifact artifact;
    int original_fd; /* the artifact once more, where it is a file; or -1 (cli/beside.h) */
    int record_fd;   /* what an index told of the artifact (vb_fetch_package), or -1 */
    struct vb_tree *tree;
    int beside_fds[VB_READERS]; /* what each reader unpacked beside the tree, or -1 */
    bool undigested;            /* nobody asks for the digests of the artifact */
    int *spare_fd; /* where a workspace that nothing was written to waits for the next session, or
                      -1; NULL: none is kept */
    struct vb_manifest manifest;
    int drops_fd;
    struct vb_deps deps;
    bool ended; /* the log has its log.end */
};

/* A session that holds nothing yet. */
#define VB_SESSION_CLOSED                                                                       \
    .evidence_fd = -1, .log_fd = -1, .drops_fd = -1, .beside_fds = {-1, -1}, .artifact.fd = -1, \
    .original_fd = -1, .record_fd = -1, .deps = VB_DEPS_NONE

/* Opens the log (and the evidence folder, named by --evidence; NUMBER, if not 0, names a folder in
 * it) and writes log.begin. The session must be ended with vb_session_done in any case. */
VB_CHECKED int vb_session_begin(struct vb_session *session, const struct vb_options *options,
                                const char *action, const char *reference, struct vb_error *err);
VB_CHECKED int vb_session_open_evidence(struct vb_session *session, size_t number,
                                        struct vb_error *err);
/* Writes log.end and what the evidence folder keeps besides the log. */
VB_CHECKED int vb_session_end(struct vb_session *session, struct vb_error *err);
void vb_session_done(struct vb_session *session);

/* A new share of the log for the stage that begins. */
void vb_session_share(struct vb_session *session);

/* Bytes that the log would have for the events of a run that is repeated now. */
uint64_t vb_session_room(const struct vb_session *session);

/* Milliseconds until the session's deadline, at least 1. */
unsigned vb_session_left_ms(const struct vb_session *session);

/* The static stages in their order: fetch, unpack, seal, identify, verify, scan. */
VB_CHECKED int vb_examine(struct vb_session *session, struct vb_error *err);
/* Only the first of them, for the commands that need no more. */
VB_CHECKED int vb_examine_fetch(struct vb_session *session, struct vb_error *err);
VB_CHECKED int vb_examine_unpack(struct vb_session *session, struct vb_error *err);
/* What the whole of a package may be: beyond that it is not sealed, and not copied. */
extern const struct vb_tree_limits vb_examine_limits;
/* The same without sealing what was unpacked, which is in *RET_DIRFD, the caller's in any case. It
 * is set before anything is unpacked: who follows the session can copy what archive.extracted tells
 * of. */
VB_CHECKED int vb_examine_extract(struct vb_session *session, int *ret_dirfd, struct vb_error *err);
/* Behind that: a workspace that the first reader left as it was is kept for the next session. */
void vb_examine_spare(struct vb_session *session);
/* Who looks for signatures alone wants to know what the package is called, whatever it is. */
VB_CHECKED int vb_examine_identify(struct vb_session *session, struct vb_error *err);
VB_CHECKED int vb_examine_verify(struct vb_session *session, struct vb_error *err);
/* YARA and the text checks over the files below DIRFD, reported with PREFIX in front. What is of a
 * dependency (VB_DEPS_PREFIX, or a file that one of them holds) is told of as such. */
VB_CHECKED int vb_examine_scan(struct vb_session *session, int dirfd, const char *prefix,
                               struct vb_error *err);

/* Runs the detonation plan, then scans what the runs left behind. */
VB_CHECKED int vb_session_detonate(struct vb_session *session, struct vb_error *err);

/* Whether the options that vb_conclude will follow make sense: to be asked before the work. */
VB_CHECKED int vb_conclude_check(const struct vb_options *options, struct vb_error *err);

/* Where the report goes that no option sends elsewhere. */
struct vb_outlet {
    int fd;
    bool stream; /* the events went there already: the report is the last line */
};

/* Judges the log in LOG_FD and writes the reports that OPTIONS ask for. Returns the exit status for
 * the verdict, or an error. */
VB_CHECKED int vb_conclude(int log_fd, const struct vb_options *options,
                           const struct vb_policy *policy, const struct vb_behaviour *behaviour,
                           const struct vb_outlet *outlet, struct vb_error *err);

/* Whether what goes to FD may be coloured, by --color, NO_COLOR and what FD is. */
bool vb_wants_color(const struct vb_options *options, int fd);

#endif
