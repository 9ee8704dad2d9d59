/* One item of a search: a field, modifiers and values, while the modifiers work on them. */
#ifndef VERDICT_SIGMA_ITEM_H
#define VERDICT_SIGMA_ITEM_H

#include "verdict/sigma/internal.h"

enum value_kind {
    V_STRING = 1, /* data is a pattern */
    V_BYTES = 2,  /* data is UTF-16, which only base64 makes text of */
    V_NUMBER = 4, /* data is its text as written */
    V_BOOL = 8,
    V_NULL = 16,
    V_REGEX = 32,
    V_CIDR = 64,
    V_FIELD = 128,
    V_COMPARED = 256,
    V_DATE = 512,
    V_EXISTS = 1024,
    V_ANY = 2047
};

enum { OPEN_START = 1, OPEN_END = 2 };
enum { LIST_ALL, LIST_NEQ };
enum { UTF16_LE, UTF16_BE, UTF16_MARKED };

struct value {
    unsigned kind;
    size_t line;
    size_t origin; /* of the values as written, which one it comes from */
    struct bytes data;
    struct bytes source; /* as written */
    size_t done;         /* bytes of data in which placeholders are replaced */
    unsigned open;       /* FIELD */
    unsigned op;         /* COMPARED, DATE; flags of a REGEX */
    double number;
    bool truth;
    bool cased;
};

struct item {
    struct load *load;
    const char *field; /* NULL: keywords */
    size_t line;
    struct value *values;
    size_t count;
    size_t written; /* values in the rule */
    bool all, neq;
};

/* Reads the modifiers of KEY ("|a|b" or "") and applies them. */
bool vb_sigma_modify(struct item *item, const char *modifiers);
/* One more value that is like LIKE but for its data. */
bool vb_sigma_add_value(struct item *item, const struct value *like, struct bytes data);

#endif
