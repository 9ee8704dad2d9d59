/* Runs vb_identify over a folder, or over files made for one test, and writes what it emits as one
 * line per event, so that tests compare texts. */
#ifndef VETBOX_TESTS_IDENTIFY_HELPER_H
#define VETBOX_TESTS_IDENTIFY_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "vetbox/identify.h"

struct listing {
    struct vb_sink sink;
    struct vb_buf text;
    size_t events;
    size_t fail_at; /* emitting fails at this event; 0 never */
    bool keys;      /* declarations with their key paths */
};

struct made_file {
    const char *path;
    const char *text;
};

void listing_init(struct listing *listing);
void listing_done(struct listing *listing);
const char *listing_text(const struct listing *listing);

/* vb_identify over the folder PATH; the artifact is called "sample". */
int identify_folder(const char *path, const struct vb_identify_limits *limits,
                    struct listing *listing, struct vb_error *err);

/* A folder of its own below /tmp; remove_tree takes it away with everything in it. */
char *make_tree(const struct made_file *files, size_t count);
void write_made(const char *folder, const char *path, const void *text, size_t len);
void remove_tree(char *folder);

/* vb_identify over one SKILL.md with this text; fails the test on an error of ours. */
void identify_skill(const char *text, size_t len, struct listing *listing);

/* Fails the test unless TEXT has LINE (without its newline) as one of its lines. */
void assert_line(const char *text, const char *line);
void assert_no_text(const char *text, const char *part);

#endif
