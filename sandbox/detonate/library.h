/* library: what calls the functions of code that others are to import. */
#ifndef SANDBOX_DETONATE_LIBRARY_H
#define SANDBOX_DETONATE_LIBRARY_H

#include <stdbool.h>

/* Code for INTERPRETER that imports the file which is its first argument, or takes the code that is
 * its second, and calls the functions and the methods there with values that fit their parameters,
 * all of them twice. NULL: there is none. */
const char *vb_library_caller(const char *interpreter);

/* Whether TEXT, code for INTERPRETER, defines functions and leaves calling them to others. A guess:
 * what is guessed wrong only fails in the box. */
bool vb_library_defines(const char *interpreter, const char *text);

#endif
