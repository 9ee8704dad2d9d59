/* library: what calls the functions of a file that others are to import. */
#ifndef SANDBOX_DETONATE_LIBRARY_H
#define SANDBOX_DETONATE_LIBRARY_H

/* Code for INTERPRETER that imports the file which is its first argument, and calls its functions
 * with values that fit their parameters, all of them twice. NULL: there is none. */
const char *vb_library_caller(const char *interpreter);

#endif
