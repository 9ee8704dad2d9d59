/* What the files of verdict/sigma/ share. Trust boundary: rules may be a customer's, events are the
 * subject's; every size has a maximum here. */
#ifndef VERDICT_SIGMA_INTERNAL_H
#define VERDICT_SIGMA_INTERNAL_H

#include "verdict/arena.h"
#include "verdict/sigma/sigma.h"
#include "vetbox/core/yaml.h"

enum {
    SIGMA_FILES = 32768,
    SIGMA_FILE_BYTES = 1024 * 1024,
    SIGMA_FOLDER_DEPTH = 16,
    SIGMA_YAML_DEPTH = 12,
    SIGMA_YAML_NODES = 100000, /* of one file */
    SIGMA_YAML_KEYS = 1024,    /* of one map */
    SIGMA_DOCUMENTS = 1024,    /* of one file */
    SIGMA_RULES = 32768,
    SIGMA_PROBLEMS = 4096,
    SIGMA_FIELDS = 4096,
    SIGMA_LIST = 20000,        /* values of one item; SigmaHQ's longest has 4,432 */
    SIGMA_VALUE_BYTES = 65536, /* of one value, literal */
    SIGMA_GLOB_BYTES = 4096,   /* of one with wildcards inside */
    SIGMA_SEGMENT_BYTES = 256, /* between two '*', where a '?' or a dash is among them */
    SIGMA_REGEX_BYTES = 4096,
    SIGMA_CONDITION_BYTES = 16384,
    SIGMA_CONDITION_DEPTH = 64, /* parentheses */
    SIGMA_NODES = 65536,        /* of the tree of one rule, what its condition repeats included */
    SIGMA_ALL_NODES = 4 << 20,
    SIGMA_LITERAL_BYTES = 32 << 20, /* of all rules */
    SIGMA_EXPANSIONS = 4096,        /* of one value by placeholders */
    SIGMA_BUCKETS = 4096,           /* different log sources of rules */
    SIGMA_SOURCES = 1024,           /* of events */
    SIGMA_CORRELATED = 32,          /* rules of one correlation */
    SIGMA_GROUP_BY = 16,
    SIGMA_CHAIN = 16,             /* correlations that feed one another */
    SIGMA_REGEX_SUBJECT = 8192,   /* bytes of a value that a regular expression sees */
    SIGMA_REGEX_MATCHES = 100000, /* PCRE2's limit of backtracking */
    SIGMA_REGEX_STOPS = 16        /* limits that one may reach before it is not run any more */
};

/* In the bytes of a pattern, what UTF-8 never has: any run, one character, any of five dashes. */
enum { PATTERN_ANY = 0xff, PATTERN_ONE = 0xfe, PATTERN_DASH = 0xfd };
static inline bool pattern_special(unsigned char byte)
{
    return byte >= PATTERN_DASH;
}

struct bytes {
    const unsigned char *data;
    size_t len;
};

/* --- atoms: one test of one field, shared by all rules that have it --- */

enum anchor { ANCHOR_FREE, ANCHOR_START, ANCHOR_END, ANCHOR_WHOLE, ANCHOR_COUNT };

struct literal {
    struct bytes text; /* folded, never empty */
    enum anchor anchor;
};

enum atom_kind {
    ATOM_LITERALS, /* one of the literals is there: the automaton decides */
    ATOM_GLOB,     /* pattern, with wildcards inside or with case */
    ATOM_TOKEN,    /* pattern, no letter, digit or '_' around it */
    ATOM_REGEX,
    ATOM_CIDR,
    ATOM_NUMBER, /* compared with number by op */
    ATOM_DATE,   /* the part op of a date is number */
    ATOM_FIELD,  /* compared with the text of another field by op, enum anchor */
    ATOM_NULL,
    ATOM_EXISTS,  /* op: 1 there, 0 not */
    ATOM_PRESENT, /* any value that has a text */
    ATOM_EMPTY    /* such a one of no bytes */
};

enum number_op { NUMBER_LT, NUMBER_LTE, NUMBER_GT, NUMBER_GTE, NUMBER_EQ, NUMBER_NEQ };
enum date_part { DATE_MINUTE, DATE_HOUR, DATE_DAY, DATE_WEEK, DATE_MONTH, DATE_YEAR };
enum regex_flag { REGEX_CASELESS = 1, REGEX_MULTILINE = 2, REGEX_DOTALL = 4 };

struct range {
    unsigned char family; /* 4 or 6 */
    unsigned char first[16], last[16];
};

enum { NO_FIELD = 0, NO_ATOM = UINT32_MAX };

struct atom {
    uint8_t kind;   /* enum atom_kind */
    uint8_t op;     /* as the kind says; flags of a regular expression */
    bool cased;     /* GLOB, FIELD */
    bool used;      /* by a rule that was loaded */
    uint16_t field; /* NO_FIELD: keywords, so any value */
    uint16_t other; /* FIELD */
    uint32_t uses;  /* in programs of rules */
    uint32_t hint;  /* a LITERALS atom that is true wherever this one is, or NO_ATOM */
    double number;
    struct bytes pattern;
    const struct literal *literals; /* LITERALS */
    size_t literal_count;
    const struct range *ranges; /* CIDR: sorted, without overlaps */
    size_t range_count;
    struct regex *regex;
    struct bytes key; /* what makes it the same as another */
    uint64_t hash;    /* of key */
};

/* A rule that an atom wakes, with what is asked of it first. */
struct wake {
    uint32_t atom, rule, bucket;
};

/* --- the tree of a condition --- */

enum node_kind { NODE_ATOM, NODE_AND, NODE_OR, NODE_NOT, NODE_COUNT };

struct node {
    enum node_kind kind;
    uint32_t atom; /* ATOM */
    uint32_t need; /* COUNT: so many of the children */
    size_t count;
    struct node **children;
};

/* The program that a tree becomes: one truth value, one counter. Conditions need to hold for sure;
 * an atom under an odd number of nots is therefore false only where that is sure (MAYBE). */
enum op_code { OP_ATOM, OP_MAYBE, OP_NOT, OP_JUMP_FALSE, OP_JUMP_TRUE, OP_BEGIN, OP_ADD, OP_FALSE };

struct op {
    uint8_t code;
    uint32_t argument; /* atom, or where to jump to */
    uint32_t need;     /* ADD: jumps with true once so many were true */
};

struct source_keys { /* lower case, "" for none */
    const char *product, *category, *service;
};

struct rule {
    struct vb_sigma_rule about;
    struct source_keys source;
    uint32_t bucket; /* of rules with the same source */
    struct node *tree;
    size_t nodes;
    size_t filters; /* around it: then the tree is an AND of the rule's own and theirs */
    uint32_t first_op, end_op;
    bool always;              /* nothing wakes it */
    int32_t correlated;       /* position of its struct correlation, -1: it is a rule */
    uint32_t feeds, feed_end; /* in sigma->feeds */
};

struct filter {
    const char *file;
    size_t line;
    struct source_keys source;
    bool any;
    const char **rules; /* ids or names */
    size_t rule_count;
    struct node *tree;
    size_t nodes;
};

/* --- correlations --- */

enum correlation_type {
#define SIGMA_CORRELATION(id, name, takes) CORRELATE_##id,
#include "verdict/sigma/correlations.def"
#undef SIGMA_CORRELATION
    CORRELATE_COUNT
};

struct comparison {
    enum number_op op;
    double number;
};

struct correlation {
    enum correlation_type type;
    uint32_t rule; /* its own */
    const char **names;
    size_t *lines;
    uint32_t rules[SIGMA_CORRELATED]; /* resolved */
    size_t count;
    uint64_t span_ns;
    struct comparison conditions[NUMBER_NEQ + 1];
    size_t condition_count;
    const char *group_names[SIGMA_GROUP_BY];
    /* of each rule and group name, the field that it stands for */
    uint16_t group_fields[SIGMA_CORRELATED][SIGMA_GROUP_BY];
    const char *alias_fields[SIGMA_CORRELATED][SIGMA_GROUP_BY]; /* NULL: the name itself */
    size_t group_count;
    const char *value_names[SIGMA_GROUP_BY];
    uint16_t value_fields[SIGMA_GROUP_BY];
    size_t value_count;
    double percentile;
    bool generate;
    bool at_end;    /* its conditions are final only when the window closes */
    unsigned depth; /* correlations below it, itself too */
    bool broken;    /* refers to what was not loaded */
};

/* A rule that feeds a correlation, as which of its rules. */
struct feed {
    uint32_t correlation;
    uint32_t position;
};

/* --- all rules --- */

struct bucket {
    struct source_keys keys;
    uint32_t *always; /* rules */
    size_t always_count;
    bool keywords; /* a rule of it has some */
};

struct placeholder {
    const char *name;
    const char **values;
    size_t count;
};

struct table { /* open addressing: positions + 1 in some array */
    uint32_t *slots;
    size_t size, count;
};

struct vb_sigma {
    struct arena arena;
    bool all_statuses, compiled;
    struct vb_sigma_problem *problems;
    size_t problem_count;
    struct rule *rules;
    size_t rule_count;
    struct filter *filters;
    size_t filter_count;
    struct correlation *correlations;
    size_t correlation_count;
    uint32_t *correlation_order; /* each behind those that feed it */
    struct atom *atoms;
    size_t atom_count;
    struct table atom_table;
    const char **fields; /* [0] is not used */
    size_t field_count;
    struct table field_table;
    struct table name_table; /* ids and names of rules: position * 2, + 1 for a name */
    struct placeholder *placeholders;
    size_t placeholder_count;
    size_t literal_bytes, all_nodes;
    struct op *ops;
    size_t op_count;
    struct wake *wakes; /* by atom */
    size_t wake_count;
    uint32_t *first_wake; /* of each atom, in wakes; one more at the end */
    struct feed *feeds;
    size_t feed_count;
    struct bucket *buckets;
    size_t bucket_count;
    struct automaton **automata; /* of each field; [NO_FIELD] for keywords */
    size_t output_count;         /* of all automata */
    size_t regex_count;
};

/* Makes room for one more in an array that is doubled when it is full. */
bool vb_sigma_grow(void *array, size_t count, size_t size);
#define SIGMA_GROW(sigma, array, count)                          \
    (vb_sigma_grow(&(array), (count), sizeof((array)[0])) ? true \
                                                          : ((sigma)->arena.failed = true, false))
uint64_t vb_sigma_hash(const void *data, size_t len);
/* The slot of HASH for which SAME holds of the position in it, or a free one. NULL: no memory. */
typedef bool vb_sigma_same(const void *ctx, uint32_t position, const void *key);
uint32_t *vb_sigma_slot(struct table *table, uint64_t hash, const void *key, vb_sigma_same *same,
                        const void *ctx);
/* Doubles TABLE when it is half full; HASH_OF gives the hash of a position. */
bool vb_sigma_table_room(struct table *table, uint64_t (*hash_of)(const void *ctx, uint32_t),
                         const void *ctx);
/* The number of a field, a new one if need be; 0: no memory or too many. */
uint16_t vb_sigma_intern_field(struct vb_sigma *sigma, const char *name);
/* The number of ATOM, which is copied if it is new, or NO_ATOM. */
uint32_t vb_sigma_intern_atom(struct vb_sigma *sigma, struct atom *atom);

/* --- loading --- */

struct load {
    struct vb_sigma *sigma;
    const char *file;
    bool refused; /* the document; what comes of it is thrown away */
    size_t nodes; /* made for it */
    size_t bytes; /* of its values, with what modifiers made of them */
};

void vb_sigma_note(struct vb_sigma *sigma, enum vb_sigma_gravity gravity, const char *file,
                   size_t line, const char *fmt, ...) VB_PRINTF(5, 6);
/* Lists an error of the document and marks it. Returns NULL, so that whoever makes a node can
 * return it. NULL without an error is no memory (the arena says so). */
void *vb_sigma_refuse(struct load *load, size_t line, const char *fmt, ...) VB_PRINTF(3, 4);

struct node *vb_sigma_node(struct load *load, enum node_kind kind, size_t room);
struct node *vb_sigma_atom_node(struct load *load, struct atom *atom);
/* CHILD itself where it stands alone. */
struct node *vb_sigma_join(struct load *load, enum node_kind kind, struct node **children,
                           size_t count);

bool vb_sigma_plain_null(const struct vb_yaml_node *node);
bool vb_sigma_plain_bool(const struct vb_yaml_node *node, bool *ret);
/* An integer or a decimal fraction as YAML types it. */
bool vb_sigma_plain_number(const struct vb_yaml_node *node, double *ret);
bool vb_sigma_number(const char *text, size_t len, double *ret);

void vb_sigma_load_rule(struct load *load, const struct vb_yaml_node *top);
void vb_sigma_load_filter(struct load *load, const struct vb_yaml_node *top);
void vb_sigma_load_correlation(struct load *load, const struct vb_yaml_node *top);
/* Reads the custom field vetbox into ABOUT (custom.c). */
void vb_sigma_load_custom(struct load *load, const struct vb_yaml_node *top,
                          struct vb_sigma_rule *about);
/* What rules and correlations both have. False: not to be loaded. */
bool vb_sigma_load_about(struct load *load, const struct vb_yaml_node *top,
                         struct vb_sigma_rule *about);
struct rule *vb_sigma_add_rule(struct load *load, const struct vb_sigma_rule *about);
bool vb_sigma_load_source(struct load *load, const struct vb_yaml_node *top,
                          struct source_keys *ret);
/* The tree of the searches of MAP under its condition; keys of OTHERS are not searches. */
struct node *vb_sigma_load_detection(struct load *load, const struct vb_yaml_node *map,
                                     const char *others);
const char *vb_sigma_text(struct load *load, const struct vb_yaml_node *map, const char *key,
                          const char *otherwise);

/* The tree of one item: KEY is field and modifiers (NULL: keywords), VALUES a scalar or a list of
 * scalars. */
struct node *vb_sigma_load_item(struct load *load, const struct vb_yaml_node *key,
                                const struct vb_yaml_node *values);

struct search {
    const char *name;
    size_t line;
    struct node *tree;
    size_t nodes;
    bool used;
};
struct node *vb_sigma_load_condition(struct load *load, const struct vb_yaml_node *text,
                                     struct search *searches, size_t count);

/* --- patterns (pattern.c, glob.c, fold.c) --- */

/* Reads Sigma's escapes and wildcards. RET has room for LEN bytes. */
size_t vb_sigma_tokenise(const char *text, size_t len, unsigned char *ret);
/* The atom for PATTERN, folded unless CASED. Literals are not joined here. */
struct atom *vb_sigma_pattern_atom(struct load *load, size_t line, uint16_t field,
                                   struct bytes pattern, bool cased);
bool vb_sigma_glob(struct bytes pattern, struct bytes text);
/* Simple case folding, specials of patterns kept. RET has room for vb_sigma_fold_room(LEN). */
size_t vb_sigma_fold(const unsigned char *text, size_t len, bool pattern, unsigned char *ret);
size_t vb_sigma_fold_room(size_t len);
extern const unsigned char vb_sigma_lower[256];

/* --- tests (compare.c, regex.c) --- */

bool vb_sigma_parse_cidr(const char *text, struct range *ret, const char **ret_why);
bool vb_sigma_parse_address(const char *text, size_t len, struct range *ret);
bool vb_sigma_in_ranges(const struct range *ranges, size_t count, const struct range *address);
bool vb_sigma_compare(enum number_op op, double left, double right);
bool vb_sigma_date_part(const char *text, size_t len, enum date_part part, int64_t *ret);

struct regex;
/* NULL with *RET_WHY where it does not compile; *RET_WHY NULL: no memory. */
struct regex *vb_sigma_regex_new(struct bytes text, unsigned flags, char *ret_why, size_t why_size);
void vb_sigma_regex_free(struct regex *regex);
/* Bytes that stand in every text that the expression matches, "" for none, in the expression's own
 * memory. */
struct bytes vb_sigma_regex_literal(struct bytes text, unsigned flags, unsigned char *ret);
struct regex_room;
struct regex_room *vb_sigma_regex_room_new(void);
void vb_sigma_regex_room_free(struct regex_room *room);
enum regex_result { REGEX_NO, REGEX_YES, REGEX_STOPPED };
enum regex_result vb_sigma_regex_match(const struct regex *regex, struct regex_room *room,
                                       const char *text, size_t len, bool cut);

/* --- automaton.c --- */

struct automaton;
struct automaton_literal {
    struct bytes text;
    enum anchor anchor;
    uint32_t atom;
};
/* OUTPUTS is where its outputs are numbered from, and moves on. NULL: no memory. */
struct automaton *vb_sigma_automaton_new(struct automaton_literal *literals, size_t count,
                                         size_t *outputs);
void vb_sigma_automaton_free(struct automaton *automaton);
struct walk {
    uint32_t *seen; /* of each output, the generation in which its free literals were told of */
    uint32_t generation;
    bool cut; /* the text has lost its end */
    void *ctx;
    void (*hit)(void *ctx, uint32_t atom);
};
/* TEXT need not be folded where it is ASCII. False: it is not, and if it was not folded, there may
 * be more to find; what was found holds all the same. */
bool vb_sigma_automaton_walk(const struct automaton *automaton, const unsigned char *text,
                             size_t len, const struct walk *walk);
bool vb_sigma_automaton_walk_both(const struct automaton *const automata[2],
                                  const unsigned char *text, size_t len, const struct walk *walk);

/* --- compile.c, prefilter.c --- */

int vb_sigma_resolve(struct vb_sigma *sigma, struct vb_error *err);
bool vb_sigma_program(struct vb_sigma *sigma, struct rule *rule);
/* The atoms of which one is true wherever TREE is; none: TREE may be true without. All programs are
 * written. False: no memory. */
struct atoms {
    uint32_t *list;
    size_t count;
};
bool vb_sigma_triggers(const struct vb_sigma *sigma, const struct node *tree, struct atoms *ret);

/* --- matching --- */

enum truth { TRUTH_NO, TRUTH_MAYBE, TRUTH_YES };

struct correlator;
struct correlator *vb_sigma_correlator_new(const struct vb_sigma *sigma,
                                           struct vb_sigma_limits *limits);
void vb_sigma_correlator_free(struct correlator *correlator);

struct hits {
    struct vb_sigma_hit *list;
    size_t count;
    struct arena arena; /* of groups and evidence */
};
bool vb_sigma_hit_add(struct hits *hits, const struct vb_sigma_hit *hit);

/* How a correlation gets at the values of a match; BUFFER has 32 bytes. False: none, or null. */
struct match_values {
    const void *ctx;
    bool (*get)(const void *ctx, uint16_t field, char *buffer, struct bytes *ret);
};
bool vb_sigma_correlate(struct correlator *correlator, uint32_t rule,
                        const struct vb_sigma_event *event, const struct match_values *values,
                        struct hits *hits);
/* Windows that end at TIME or before are closed. */
bool vb_sigma_close_windows(struct correlator *correlator, uint64_t time_ns, struct hits *hits);

#endif
