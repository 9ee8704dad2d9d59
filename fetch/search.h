/* search: which file of an index a package is. See package.c. */
#ifndef FETCH_SEARCH_H
#define FETCH_SEARCH_H

#include "fetch/closure.h"

enum {
    PAGE_BYTES = 64 << 20,
    NAME_BYTES = 256,
    VERSION_BYTES = 128,
    SEARCH_FACTS = 16,
    SEARCH_FACT_BYTES = 256
};

struct search;
typedef int search_came(struct search *search, struct crowd_get *get, struct vb_error *err);

/* What an answer of HTTP means there, in words; the last row has no code. */
struct search_meaning {
    long code;
    int status;
    const char *text;
};

struct search_fact {
    const char *what;
    char value[SEARCH_FACT_BYTES];
};

struct search {
    const struct vb_indexes *indexes;
    const struct vb_fetch_limits *limits;
    struct crowd crowd;
    struct registry site;                          /* of a site that is an index of its own */
    char name[NAME_BYTES], version[VERSION_BYTES]; /* "": the newest */
    bool foreign;                                  /* files of other projects are offered for it */
    /* what was found: */
    char url[CROWD_URL_BYTES], file[NAME_BYTES];
    char digest[7 + VB_SHA512_HEX]; /* sha512-HEX or sha256-HEX; "": the index gives none of it */
    json_t *told;                   /* the row of the index */
    struct search_fact facts[SEARCH_FACTS];
    size_t fact_count;
    struct intake *intake;
    /* what is under way: */
    const struct crowd_get *asked; /* NULL: it was begun */
    search_came *came;
    search_came *look;                     /* at the file before it is taken; NULL: nobody does */
    const struct search_meaning *meanings; /* NULL: none */
};

/* Asks for GET and waits until it CAME. */
VB_CHECKED int search_ask(struct search *search, const struct crowd_get *get, search_came *came,
                          struct vb_error *err);
/* WHAT, a constant, is said of it besides; NULL and "" are nothing. */
void search_note(struct search *search, const char *what, const char *value);

/* TEXT may stand in an address as it is, and begins with no dot. */
bool search_plain(const char *text, size_t len);

/* A skill or plugin of ClawHub, a repository of GitHub, a skill of a site. */
VB_CHECKED int search_clawhub(struct search *search, struct vb_error *err);
VB_CHECKED int search_github(struct search *search, struct vb_error *err);
VB_CHECKED int search_wellknown(struct search *search, struct vb_error *err);

#endif
