/* verdict: event log → findings → verdict. Pure: the same log, rules and policy give the same
 * bytes on any machine. Includes no stage. */
#ifndef VETBOX_VERDICT_H
#define VETBOX_VERDICT_H

#include "vetbox/core.h"

enum vb_severity {
    VB_SEVERITY_INFO,
    VB_SEVERITY_LOW,
    VB_SEVERITY_MEDIUM,
    VB_SEVERITY_HIGH,
    VB_SEVERITY_CRITICAL
};
enum vb_confidence { VB_CONFIDENCE_LOW, VB_CONFIDENCE_MEDIUM, VB_CONFIDENCE_HIGH };
enum vb_decision { VB_DECISION_ALLOW, VB_DECISION_REVIEW, VB_DECISION_BLOCK };

const char *vb_severity_name(enum vb_severity severity);
const char *vb_confidence_name(enum vb_confidence confidence);
const char *vb_decision_name(enum vb_decision decision);

/* A row of the policy, or an exception in it. Strings owned. */
struct vb_policy_rule {
    char *policy; /* the last component of its name; NULL: no row of it fits */
    size_t line;  /* 0: it does not say, and what is built in holds */
    char *text;   /* what stands there, in short */
};

/* What is known about the judgement's subject, in fixed order for reports. Strings owned. */
struct vb_finding {
    char *id; /* stable, in words: VB-EXFIL-ATTEMPT */
    char *title;
    enum vb_severity severity;
    enum vb_confidence confidence;
    enum vb_decision decision;  /* what the policy makes of it */
    char *policy_reason;        /* which line of the policy, or which exception */
    struct vb_policy_rule rule; /* the same in its parts */
    char *detail;               /* one sentence with the concrete command, file, host */
    char *path;                 /* NULL if it lies in no file */
    int64_t line;               /* 0 if unknown */
    char *host;                 /* NULL if it concerns none */
    char **mapping;             /* NULL-terminated */
    uint64_t *evidence;         /* event numbers, ascending */
    size_t evidence_count;
    size_t evidence_more; /* event numbers beyond the list's maximum */
    uint64_t occurrences; /* how often it was met; 1 or more */
};

struct vb_name_list { /* sorted, unique */
    char **items;
    size_t count;
    size_t dropped; /* beyond the list's maximum */
};

/* One thing that the package declares it needs, and where it says so. Strings owned. */
struct vb_permission_row {
    enum vb_permission permission;
    char *value;
    char *detail; /* by which field; "" if nothing says */
    char *path;
    int64_t line; /* 0 if unknown */
    char *key;    /* its key path in that manifest; "" if unknown */
};

/* A host of --net live, and what really left to it in all runs. */
struct vb_live_row {
    char *name;        /* as it was listed */
    uint64_t requests; /* that left */
    uint64_t failed;   /* without an answer, whether they left or not */
    uint64_t sent, received;
};

struct vb_coverage {
    uint64_t files;        /* of the tree */
    uint64_t files_unread; /* of them, that an examiner passed over */
    uint64_t reached;      /* files that execute or instruct, and that something leads to */
    uint64_t reached_unread;
    uint64_t entry_points; /* planned detonations */
    uint64_t run;          /* of them */
    uint64_t executed;     /* that ran to an end of their own */
    uint64_t timed_out;
    uint64_t calls, calls_run;    /* of subcommands and functions: found, and made */
    uint64_t tools, tools_called; /* that MCP servers list */
    uint64_t gaps;                /* coverage events that matter: could execute or instruct */
    uint64_t lines_executed;      /* of scripts that ran with probes, each in its best run */
    uint64_t lines_present;       /* that could have been */
    bool executed_at_all;         /* false for a static scan */
};

/* What became of one entry point. The texts are the verdict's. */
struct vb_run_row {
    const char *entry_point; /* "scripts/x.sh:12", or the command */
    const char *outcome;     /* ended, time limit, … in words */
    const char *missing;     /* "the module x", or NULL */
};

/* --- declared against observed --- */

enum vb_use { VB_USE_HOSTS, VB_USE_COMMANDS, VB_USE_FILES, VB_USE_ENV, VB_USE_TOOLS, VB_USE_COUNT };
/* What the difference is, the gravest first. */
enum vb_use_mark {
    VB_USE_UNDISCLOSED, /* used, and nothing that could disclose it does */
    VB_USE_UNUSED,      /* declared and used in no run, although everything ran */
    VB_USE_UNPROVEN,    /* declared and not used, and not enough ran, or nobody could see it */
    VB_USE_DISCLOSED,   /* used as it says */
    VB_USE_ORDINARY,    /* used, and nothing that anybody has to say */
    VB_USE_MENTIONED,   /* the instructions name it, and it was not used; or one of several */
    VB_USE_MARK_COUNT
};
const char *vb_use_name(enum vb_use use);
const char *vb_use_mark_name(enum vb_use_mark mark);

struct vb_use_row {
    enum vb_use use;
    enum vb_use_mark mark;
    char *name;
    bool declared, documented, observed;
    char *path;     /* where it says so; NULL: nowhere */
    int64_t line;   /* 0 if unknown */
    uint64_t event; /* the first that shows the use; 0: none */
};

/* --- what leads to what --- */

/* Legs of the lethal trifecta, and the change of state that the rule of two adds. */
enum vb_leg {
    VB_LEG_UNTRUSTED_INPUT,
    VB_LEG_PRIVATE_DATA,
    VB_LEG_OUTBOUND,
    VB_LEG_STATE_CHANGE,
    VB_LEG_COUNT
};
const char *vb_leg_name(enum vb_leg leg);
enum { VB_LEG_EVENTS = 8 };
struct vb_leg_row {
    bool present;
    bool observed; /* else the package only says so */
    char *text;    /* the first that shows it; NULL if it is not present */
    uint64_t events[VB_LEG_EVENTS];
    size_t event_count;
};

/* A secret on its way. */
struct vb_flow_row {
    const char *kind;   /* private, service, configuration, common, handed */
    const char *secret; /* in words */
    const char *bait;   /* its id */
    const char *name;   /* the file or variable that it lies in */
    const char *how; /* sent, argument, answer (of an MCP server), attempt (opened, then reached) */
    const char *form;        /* raw, base64, …; NULL if nothing says */
    const char *host;        /* NULL: unknown, or the client of a server */
    const char *entry_point; /* NULL if unknown */
    bool disclosed;          /* it is for that host, or the package names both */
    uint64_t event;
};

struct vb_verdict {
    enum vb_decision decision;
    char *why; /* one sentence */
    /* What was not examined, where that alone makes it `review`, and the rule that says so. */
    char *doubt;
    struct vb_policy_rule doubt_rule;
    char *reference;
    char *tool;
    char *action; /* vet, scan, run */
    int64_t clock;
    char *artifact_name;
    char *artifact_sha256;
    struct vb_name_list kinds;   /* package kinds */
    struct vb_name_list names;   /* package names with version */
    struct vb_finding *findings; /* worst first, then by id, path, line */
    size_t finding_count;
    struct vb_coverage coverage;
    struct vb_run_row *runs; /* in their order; the first 512 */
    size_t run_count;
    struct vb_name_list signers;  /* signatures in words: outcome, signer, format, file */
    struct vb_name_list gaps;     /* "what: reason" in words, at most a few dozen */
    struct vb_name_list commands; /* observed: executed command lines */
    struct vb_name_list hosts;    /* observed: names and addresses it tried to reach */
    struct vb_name_list files_written;
    struct vb_name_list baits_read;
    struct vb_name_list declared;          /* "host api.example.com", "bin curl", "env KEY" */
    struct vb_permission_row *permissions; /* by permission, value, path and line */
    size_t permission_count;
    size_t permissions_dropped;      /* beyond the list's maximum */
    struct vb_name_list made_code;   /* observed: "FILE:LINE how: its beginning" */
    struct vb_name_list asked;       /* of modules that are missing, as stand-ins for them say */
    struct vb_name_list undisclosed; /* observed hosts that nothing declares or documents */
    struct vb_live_row *live;        /* all that are listed, in that order */
    size_t live_count;               /* 0: nothing could leave */
    uint64_t live_withheld;          /* requests to these hosts that were not passed on */
    struct vb_use_row *uses;         /* by use, mark and name */
    size_t use_count;
    size_t uses_dropped;
    char *uses_doubt; /* why what was not used may be needed after all; NULL: everything ran */
    struct vb_flow_row *flows; /* in their order */
    size_t flow_count;
    size_t flows_dropped;
    struct vb_leg_row legs[VB_LEG_COUNT];
    bool trifecta_untrusted_input;
    bool trifecta_private_data;
    bool trifecta_outbound;
    bool trifecta;           /* all three */
    bool rule_of_two_broken; /* untrusted input, private data, and a way out or a change of state */
    uint64_t events;
};

/* Policy: rules/policy.yaml in verdict's own form. */
struct vb_policy;

/* The policies that are built in: the same bytes as in rules/. */
struct vb_policy_profile {
    const char *name;
    const char *about;
    const unsigned char *text;
    size_t len;
};
size_t vb_policy_profiles(const struct vb_policy_profile **ret);
/* The one that NAME is; NULL: NAME is a path. */
const struct vb_policy_profile *vb_policy_profile_named(const char *name);

/* NAME is a profile's name or a path; NULL is "default". VB_E_CONFIG with file and line for
 * anything that is not understood. */
VB_CHECKED int vb_policy_load(const char *name, struct vb_policy **ret, struct vb_error *err);

/* Is told TEXT, "FILE:LINE: why", of a mistake (WRONG) or of what is worth a look. */
typedef void vb_policy_told(void *ctx, bool wrong, const char *text);
/* The same, telling all mistakes: *RET stays untouched where there is one, and how many there are
 * is returned. */
VB_CHECKED int vb_policy_check(const char *name, vb_policy_told *told, void *ctx,
                               struct vb_policy **ret, struct vb_error *err);
/* Whether there is a finding with this id, or one that begins so if it ends in '*'; whether
 * packages are of this kind. Either may be NULL. */
struct vb_policy_known {
    bool (*finding)(void *ctx, const char *finding);
    bool (*kind)(const char *kind);
};

/* What is no mistake but hardly meant, as of NOW: rows that are never reached, what has expired,
 * and words that are not KNOWN. Returns how much. */
size_t vb_policy_doubts(const struct vb_policy *policy, int64_t now, struct vb_policy_known known,
                        vb_policy_told *told, void *ctx);
/* What the policy does, in words, as of NOW. */
VB_CHECKED int vb_policy_explain(const struct vb_policy *policy, int64_t now, struct vb_buf *ret,
                                 struct vb_error *err);
/* What it makes of a finding: the chain from it to the verdict. */
VB_CHECKED int vb_policy_explain_finding(const struct vb_policy *policy,
                                         const struct vb_finding *finding, int64_t now,
                                         struct vb_buf *ret, struct vb_error *err);
/* The chains of all that was found, and the verdict. */
VB_CHECKED int vb_policy_explain_verdict(const struct vb_verdict *verdict, struct vb_buf *ret,
                                         struct vb_error *err);
void vb_policy_free(struct vb_policy *policy);

/* --- Sigma rules over what runs do (docs/sigma.md) --- */

struct vb_behaviour;

struct vb_behaviour_options {
    const char *folder;      /* of rules in place of those that are built in; NULL: these */
    const char *const *more; /* further files and folders of rules */
    size_t more_count;
    const char *iocs; /* folder of known-bad things besides those that are built in; NULL: none */
};

/* OPTIONS may be NULL. A document that cannot be loaded is left out and told by
 * vb_behaviour_problems; a path that cannot be read is VB_E_CONFIG. From then on they are constant.
 */
VB_CHECKED int vb_behaviour_load(const struct vb_behaviour_options *options,
                                 struct vb_behaviour **ret, struct vb_error *err);
void vb_behaviour_free(struct vb_behaviour *behaviour);

/* What is known to be bad, with which it judges. */
struct vb_iocs;
const struct vb_iocs *vb_behaviour_iocs(const struct vb_behaviour *behaviour);

enum vb_behaviour_gravity {
    VB_BEHAVIOUR_WRONG,   /* left out */
    VB_BEHAVIOUR_SKIPPED, /* left out because its status is deprecated or unsupported */
    VB_BEHAVIOUR_DOUBT    /* loaded all the same */
};
typedef void vb_behaviour_told(void *ctx, enum vb_behaviour_gravity gravity, const char *file,
                               size_t line, const char *text);
/* Returns how many were left out because they are wrong. */
size_t vb_behaviour_problems(const struct vb_behaviour *behaviour, vb_behaviour_told *told,
                             void *ctx);

/* A rule or a correlation. Texts are never NULL. */
struct vb_behaviour_rule {
    const char *name; /* or its title */
    const char *id;   /* UUID, or "" */
    const char *title, *description, *author;
    const char *finding;
    enum vb_severity severity;
    enum vb_confidence confidence;
    const char *mapping; /* space-separated */
    const char *unless;  /* findings, space-separated */
    const char *file;
    size_t line;
    bool foreign; /* it does not say which finding it is */
    bool correlation;
    bool reported; /* false: it only feeds correlations */
};
size_t vb_behaviour_count(const struct vb_behaviour *behaviour);
const struct vb_behaviour_rule *vb_behaviour_rule(const struct vb_behaviour *behaviour,
                                                  size_t index);

/* Is told what is wrong: a case that comes out otherwise, or a rule that has not both kinds. */
typedef void vb_behaviour_failed(void *ctx, const char *file, size_t line, const char *text);
enum { VB_CASES_MATCH = 1, VB_CASES_NONE = 2 };
struct vb_behaviour_trial {
    vb_behaviour_failed *failed;
    void *ctx;
    size_t cases;       /* grows by how many there were */
    unsigned char *had; /* of each rule, which it had */
};
/* Runs the cases in the YAML files of FOLDER over the rules, and says what failed. */
VB_CHECKED int vb_behaviour_cases(const struct vb_behaviour *behaviour, const char *folder,
                                  struct vb_behaviour_trial *trial, struct vb_error *err);

/* Judges the log in LOG_FD (read from its start). BEHAVIOUR NULL: by no such rules. */
VB_CHECKED int vb_judge(int log_fd, const struct vb_policy *policy,
                        const struct vb_behaviour *behaviour, struct vb_verdict **ret,
                        struct vb_error *err);
void vb_verdict_free(struct vb_verdict *verdict);

/* The rows of findings.def, for `vetbox explain` and for the documentation's test. */
struct vb_finding_type {
    const char *id;
    enum vb_severity severity;
    enum vb_confidence confidence;
    const char *title;
    const char *explanation; /* why it matters and what to do */
    const char *mapping;     /* space-separated */
};
size_t vb_finding_types(const struct vb_finding_type **ret);

/* A code of archive.hostile. */
struct vb_archive_code {
    const char *name;
    const char *meaning;
};
size_t vb_archive_codes(const struct vb_archive_code **ret);
/* The finding that an archive.hostile with CODE makes. */
const struct vb_finding_type *vb_archive_finding(const char *code);

/* What the file PATH ("~/.ssh/id_ed25519") holds, in words for people; NULL if it is known for
 * nothing. */
const char *vb_secret_label(const char *path);

#endif
