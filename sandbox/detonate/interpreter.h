/* interpreter: which programs can run a package's code, and which of them a box has. */
#ifndef SANDBOX_DETONATE_INTERPRETER_H
#define SANDBOX_DETONATE_INTERPRETER_H

#include "vetbox/core.h"

/* One program that executes text or files. */
struct vb_interpreter {
    const char *name;
    const char *text_option; /* before code given as an argument; NULL: takes files only */
    const char *instead;     /* what runs its code nearly as well where it is not installed */
    const char *program;     /* what is started, NULL: NAME */
    const char *words[3];    /* before the option or the file */
};

/* NULL for a name that nobody knows, and for NULL. */
const struct vb_interpreter *vb_interpreter_named(const char *name);

/* The interpreter that runs NAME's code in a box: itself or its substitute; NULL if neither is
 * installed where a box can see it, in the root file system ROOTFS or (NULL) on this machine. */
const struct vb_interpreter *vb_interpreter_installed(const char *rootfs, const char *name);

/* INTERPRETER, which may be NULL, only translates code for another system, as far as it can. */
bool vb_interpreter_translates(const struct vb_interpreter *interpreter);
/* A run by the interpreter NAME that ended so did not do all that the code says: something in it
 * has no like here. Whoever has his translator killed is taken for one of these. */
bool vb_interpreter_left_out(const char *name, int wait_status);

/* The package of the machine that NAME's code wants for want of NAME itself; NULL: none that helps.
 */
const char *vb_interpreter_package(const char *name);

/* The interpreter's name for the file at PATH by its extension, or NULL: files of types alone run
 * nothing. */
const char *vb_interpreter_of_path(const char *path);

/* NAME, which a manifest gives for the file at PATH, or, as node takes no TypeScript everywhere,
 * what runs that. */
const char *vb_interpreter_for(const char *name, const char *path);

/* The interpreter's name in a "#!" line at the start of HEAD, written to RET; false if there is
 * none. "env", npx and their like, options and assignments are passed over; versions stay
 * (python3.11). */
bool vb_interpreter_of_shebang(const char *head, size_t len, char *ret, size_t size);

#endif
