/* The commands and what they share. Only this folder prints or exits. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/options.h"

enum { VB_EXIT_ALLOW = 0, VB_EXIT_BLOCK = 1, VB_EXIT_REVIEW = 2, VB_EXIT_RUN_FAILED = 125 };

struct vb_command {
    const char *name;
    char letter;          /* in options.def */
    const char *operands; /* for the usage line */
    const char *help;
    /* Returns the exit status, or a negative vb_status with ERR filled. */
    int (*run)(const struct vb_options *options, struct vb_error *err);
};

int vb_command_vet(const struct vb_options *options, struct vb_error *err);
int vb_command_scan(const struct vb_options *options, struct vb_error *err);
int vb_command_verify(const struct vb_options *options, struct vb_error *err);
int vb_command_unpack(const struct vb_options *options, struct vb_error *err);
int vb_command_fetch(const struct vb_options *options, struct vb_error *err);
int vb_command_run(const struct vb_options *options, struct vb_error *err);
int vb_command_judge(const struct vb_options *options, struct vb_error *err);
int vb_command_report(const struct vb_options *options, struct vb_error *err);
int vb_command_rules(const struct vb_options *options, struct vb_error *err);
int vb_command_explain(const struct vb_options *options, struct vb_error *err);
int vb_command_doctor(const struct vb_options *options, struct vb_error *err);
int vb_command_trust(const struct vb_options *options, struct vb_error *err);
int vb_command_policy(const struct vb_options *options, struct vb_error *err);
int vb_command_rootfs(const struct vb_options *options, struct vb_error *err);

/* The event log of EVIDENCE, the folder that --evidence made or the log itself. */
VB_CHECKED int vb_evidence_open(const char *evidence, struct vb_error *err);
/* The policy that lies in it: a path, or the name of one that is built in, owned by the caller;
 * NULL if none does. Who judged by a name gets the same report again. */
VB_CHECKED int vb_evidence_policy(const char *evidence, char **ret, struct vb_error *err);

/* "vetbox: message" on standard error, with every control character escaped. */
void vb_print_error(const struct vb_error *err);

#endif
