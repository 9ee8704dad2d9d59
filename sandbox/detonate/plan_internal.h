/* What the files of the plan share: one plan in the making. */
#ifndef SANDBOX_DETONATE_PLAN_INTERNAL_H
#define SANDBOX_DETONATE_PLAN_INTERNAL_H

#include "sandbox/detonate/interpreter.h"
#include "vetbox/sandbox.h"

enum {
    VB_PLAN_MAX_ROWS = 256,
    VB_PLAN_MAX_REPEATED = 16,
    VB_PLAN_MAX_REASONS = 64,
    VB_PLAN_REASON_BYTES = 128
};

struct vb_hosted;
struct vb_client_form;

/* Something that runs, before it is known whether there is room for it. */
struct vb_candidate {
    const char *reason;
    const char *path;
    int64_t line;
    const char *interpreter; /* as the package wants it; NULL: the file is a program itself */
    const char *text;        /* code; NULL: run the file */
    const char *when;        /* NULL: nobody says, so whoever uses the package runs it */
    char *const *arguments;  /* for the file; NULL: none */
    const struct vb_client_form *form; /* as which a document has the server started, or NULL */
    bool call;                         /* one more way to run what runs anyway */
    const char *caller;                /* code that calls the functions of the file; NULL: none */
    const char *input;                 /* as in struct vb_detonation */
    enum vb_driver driver;
    bool by_agent;                /* in its shell, which finds the package's bin/ first */
    const struct vb_hosted *host; /* loads the file; NULL: it runs by itself */
};

struct vb_left_out {
    char reason[VB_PLAN_REASON_BYTES];
    uint64_t count;
};

struct vb_planner {
    const struct vb_manifest *manifest;
    const struct vb_tree *tree;
    const char *rootfs;
    struct vb_sink *sink;
    struct vb_plan *plan;
    struct vb_left_out left_out[VB_PLAN_MAX_REASONS];
    size_t reason_count;
};

/* --- plan_left_out.c --- */

/* The coverage event of WHAT, or of COUNT like it. */
VB_CHECKED int vb_plan_emit_coverage(struct vb_planner *planner, const struct vb_candidate *what,
                                     const char *reason, uint64_t count, struct vb_error *err);
/* The same, but after many of one REASON it is only counted. */
VB_CHECKED int vb_plan_leave_out(struct vb_planner *planner, const struct vb_candidate *what,
                                 const char *reason, struct vb_error *err);
/* What was only counted. */
VB_CHECKED int vb_plan_tell_left_out(struct vb_planner *planner, struct vb_error *err);
/* Why the interpreter NAME does not run anything. */
void vb_plan_missing_interpreter(const char *name, char ret[VB_PLAN_REASON_BYTES]);
/* Of code for another system what has no like here is left out. */
VB_CHECKED int vb_plan_tell_translated(struct vb_planner *planner, const struct vb_candidate *what,
                                       const struct vb_interpreter *interpreter,
                                       struct vb_error *err);

/* --- plan_rows.c --- */

/* The row that runs the same. NULL: there is none yet. */
struct vb_detonation *vb_plan_find(const struct vb_planner *planner,
                                   const struct vb_candidate *what, const char *interpreter);
/* What is a server among other things is one. */
void vb_plan_talk_with(struct vb_detonation *row, enum vb_driver driver);
/* What runs in several phases counts as of the first. */
void vb_plan_move_forward(struct vb_detonation *row, const char *when);
/* The innermost package that holds PATH, and of several there the first. NULL: none does. */
const struct vb_manifest_package *vb_plan_package_of(const struct vb_manifest *manifest,
                                                     const char *path);
/* Its folder. NULL: the top of the tree. */
const char *vb_plan_package_folder(const struct vb_manifest *manifest, const char *path);
/* A target of a build file, of which nobody says that it is run. */
bool vb_plan_is_build_call(const char *reason);
/* There must be room. INTERPRETER is NULL for a program. */
VB_CHECKED int vb_plan_add_row(struct vb_planner *planner, const struct vb_candidate *what,
                               const struct vb_interpreter *interpreter, struct vb_error *err);
/* What is installed comes before what is loaded, and that before what is used. */
void vb_plan_order(struct vb_plan *plan);
/* Each server once more, right behind its first run. */
VB_CHECKED int vb_plan_repeat_servers(struct vb_planner *planner, struct vb_error *err);
void vb_plan_number_rows(struct vb_plan *plan);

/* --- plan_candidates.c --- */

/* The instructions' code; what manifests name, servers first; scripts that neither names; then the
 * ways to call scripts. */
VB_CHECKED int vb_plan_codes(struct vb_planner *planner, const struct vb_manifest *manifest,
                             struct vb_error *err);
VB_CHECKED int vb_plan_entries(struct vb_planner *planner, const struct vb_manifest *manifest,
                               struct vb_error *err);
VB_CHECKED int vb_plan_scripts(struct vb_planner *planner, struct vb_error *err);
VB_CHECKED int vb_plan_usages(struct vb_planner *planner, const struct vb_manifest *manifest,
                              struct vb_error *err);

#endif
