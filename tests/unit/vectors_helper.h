/* Published vectors: where they are, and the table of what became of each suite. */
#ifndef VETBOX_TESTS_VECTORS_HELPER_H
#define VETBOX_TESTS_VECTORS_HELPER_H

#include "signatures_helper.h"

struct vectors_suite {
    const char *name;
    size_t expected; /* cases that it has: one that vanished is a failure */
    size_t total;
    size_t passed;       /* answered as the suite wants it */
    size_t unverifiable; /* of these: the right answer is that it cannot be checked here */
    size_t either;       /* of these: the suite takes both answers ("acceptable") */
    size_t unchecked;    /* something else is missing */
};

/* A path below the vectors' folder. */
void vectors_path(char ret[1024], const char *fmt, ...) VB_PRINTF(2, 3);
/* Reads the file there; false where there is none. */
bool vectors_read_if_there(const char *path, struct vb_buf *ret);
/* Adds a row to the table that vectors_print prints, and fails where not all passed. */
void vectors_told(const struct vectors_suite *suite);
void vectors_print(void);

/* Tests of the other files, for cmocka. */
void test_conformance(void **state);
void test_oms(void **state);

#endif
