/* Sigma rules (sigma-specification 2.1), compiled so that one pass over an event finds all rules
 * that match it. Rules are a customer's: bounded, and each document that cannot be loaded is listed
 * with file, line and reason, never left out silently. Events hold the subject's texts: bounded
 * work for each, whatever they say. What the specification leaves open is decided in
 * docs/sigma.md.
 *
 * Life: vb_sigma_new, then vb_sigma_load… as often as needed, vb_sigma_compile once. From then on
 * the rules are constant; any number of matchers, each of one thread, read them and must be freed
 * first. */
#ifndef VERDICT_SIGMA_SIGMA_H
#define VERDICT_SIGMA_SIGMA_H

#include "vetbox/core/buf.h"

/* The folder beside rules that holds their cases. */
#define VB_SIGMA_CASES "tests"

struct vb_sigma;
struct vb_sigma_matcher;

/* What became of a document, or of a whole file. */
enum vb_sigma_gravity {
    VB_SIGMA_ERROR,   /* left out */
    VB_SIGMA_SKIPPED, /* left out because its status is deprecated or unsupported */
    VB_SIGMA_WARNING  /* loaded all the same */
};

struct vb_sigma_problem {
    enum vb_sigma_gravity gravity;
    const char *file; /* as it was named when loading */
    size_t line;      /* 1-based */
    const char *text;
};

enum vb_sigma_level {
    VB_SIGMA_INFORMATIONAL,
    VB_SIGMA_LOW,
    VB_SIGMA_MEDIUM,
    VB_SIGMA_HIGH,
    VB_SIGMA_CRITICAL
};

/* A rule or a correlation. Texts are never NULL, but may be empty. */
struct vb_sigma_rule {
    const char *id;
    const char *name;
    const char *title;
    const char *description;
    const char *author;
    const char *status;
    enum vb_sigma_level level; /* medium where the rule has none */
    const char *const *tags;
    size_t tag_count;
    const char *file;
    size_t line;
    bool correlation;
    bool reported; /* false: it only feeds correlations */
    /* Of the custom field vetbox (docs/sigma.md): its words with one blank between them. */
    const char *finding;    /* id of the finding that a match is, or "" */
    const char *severity;   /* its name, or "" */
    const char *confidence; /* likewise */
    const char *mapping;    /* taxonomy ids beside those of the tags */
    const char *unless;     /* findings that say the same already, where they have the event */
};

struct vb_sigma_options {
    bool all_statuses; /* deprecated and unsupported ones too */
};

/* OPTIONS may be NULL. *RET is the caller's (vb_sigma_free). */
VB_CHECKED int vb_sigma_new(const struct vb_sigma_options *options, struct vb_sigma **ret,
                            struct vb_error *err);
void vb_sigma_free(struct vb_sigma *sigma);

/* Adds VALUE, a Sigma string, to what %NAME% stands for under the modifier expand. */
VB_CHECKED int vb_sigma_placeholder(struct vb_sigma *sigma, const char *name, const char *value,
                                    struct vb_error *err);

/* Loads the documents of TEXT, called NAME in problems. What is wrong with them is a problem and
 * not an error; errors are our own. */
VB_CHECKED int vb_sigma_load(struct vb_sigma *sigma, const char *name, const char *text, size_t len,
                             struct vb_error *err);
/* The same for a file, or for every *.yml and *.yaml below a folder, in the order of their names.
 * Links within are not followed, nor folders of cases. VB_E_CONFIG where PATH itself cannot be
 * read; a file below it that cannot be is a problem. */
VB_CHECKED int vb_sigma_load_path(struct vb_sigma *sigma, const char *path, struct vb_error *err);
/* Resolves references between documents (what fails is a problem still) and builds the automata. */
VB_CHECKED int vb_sigma_compile(struct vb_sigma *sigma, struct vb_error *err);

size_t vb_sigma_problem_count(const struct vb_sigma *sigma);
const struct vb_sigma_problem *vb_sigma_problem(const struct vb_sigma *sigma, size_t index);

/* Rules and correlations in the order in which they were loaded; after vb_sigma_compile. */
size_t vb_sigma_rule_count(const struct vb_sigma *sigma);
const struct vb_sigma_rule *vb_sigma_rule(const struct vb_sigma *sigma, size_t index);

/* The number of a field that rules name, or 0: no rule does, and only keywords look at its value.
 * Names are case-sensitive; a name with dots is one name, and who fills the view walks paths. */
uint16_t vb_sigma_field(const struct vb_sigma *sigma, const char *name);

/* --- events --- */

enum vb_sigma_type {
    VB_SIGMA_NULL, /* there, and nothing: not the same as missing */
    VB_SIGMA_TEXT, /* bytes; UTF-8 is not required */
    VB_SIGMA_INT,
    VB_SIGMA_REAL,
    VB_SIGMA_BOOL,
    VB_SIGMA_LIST, /* any element may match; holds no list itself */
    VB_SIGMA_MAP   /* there, and not to be compared with anything */
};

/* Borrowed until the call that it is given to returns. */
struct vb_sigma_value {
    uint16_t field; /* of vb_sigma_field; of elements it is not read */
    uint8_t type;   /* enum vb_sigma_type */
    bool silent;    /* keywords do not look here: times, process ids, sequence numbers */
    bool cut;       /* the end was lost: a match holds, that something is not there does not */
    union {
        struct {
            const char *text;
            size_t len;
        };
        int64_t number; /* BOOL too */
        double real;
        struct {
            const struct vb_sigma_value *items;
            size_t count;
        };
    };
};

/* One way to look at an event: what a log source of that kind would say. A rule's log source must
 * have the same value for each key that it has. NULL or "": none. */
struct vb_sigma_source {
    const char *product;
    const char *category;
    const char *service;
};

struct vb_sigma_view {
    uint16_t source; /* of vb_sigma_matcher_source */
    const struct vb_sigma_value *values;
    size_t count; /* at most VB_SIGMA_MAX_VALUES; of two of one field the first counts */
};

enum { VB_SIGMA_MAX_VALUES = 4096, VB_SIGMA_MAX_EVIDENCE = 32 };

/* Events come in the order of their times; one that is earlier than the last is taken to be of its
 * time. SEQ is the caller's, and comes back as evidence. */
struct vb_sigma_event {
    uint64_t time_ns;
    uint64_t seq;
    const struct vb_sigma_view *views; /* a rule matches where it does in any */
    size_t view_count;
};

struct vb_sigma_hit {
    uint32_t rule; /* for vb_sigma_rule */
    uint32_t view; /* of the event, where a rule matched; 0 for a correlation */
    uint64_t time_ns;
    const char *group;        /* of a correlation: "name=value, …", else "" */
    const uint64_t *evidence; /* sequence numbers, at most VB_SIGMA_MAX_EVIDENCE */
    size_t evidence_count;
    uint64_t matches; /* how many events a correlation counted, evidence or not; 1 for a rule */
};

/* What was left undone because a limit was reached. All 0: nothing. */
struct vb_sigma_limits {
    uint64_t regex_stopped;   /* regular expressions that gave up; taken for no match */
    uint64_t regex_cut;       /* that saw the beginning of a long value only */
    uint64_t groups_dropped;  /* of correlations: the oldest */
    uint64_t matches_dropped; /* of one group: the oldest */
};

VB_CHECKED int vb_sigma_matcher_new(const struct vb_sigma *sigma, struct vb_sigma_matcher **ret,
                                    struct vb_error *err);
void vb_sigma_matcher_free(struct vb_sigma_matcher *matcher);

/* A number for SOURCE, the same for the same one; at most 1024 of them. */
VB_CHECKED int vb_sigma_matcher_source(struct vb_sigma_matcher *matcher,
                                       const struct vb_sigma_source *source, uint16_t *ret,
                                       struct vb_error *err);

/* What of the rules and correlations that report matches EVENT, rules first and in their order.
 * *RET_HITS is valid until the matcher is used again. */
VB_CHECKED int vb_sigma_match(struct vb_sigma_matcher *matcher, const struct vb_sigma_event *event,
                              const struct vb_sigma_hit **ret_hits, size_t *ret_count,
                              struct vb_error *err);
/* The run is over: windows that are open close now. */
VB_CHECKED int vb_sigma_finish(struct vb_sigma_matcher *matcher,
                               const struct vb_sigma_hit **ret_hits, size_t *ret_count,
                               struct vb_error *err);

const struct vb_sigma_limits *vb_sigma_matcher_limits(const struct vb_sigma_matcher *matcher);

#endif
