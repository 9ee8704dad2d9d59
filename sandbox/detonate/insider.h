/* insider: what probes inside an interpreter say (box/probes/): the code that was made while a
 * script ran, and the lines that were executed; and what stand-ins for modules say (box/modules/):
 * what they were asked for. The subject can say whatever it likes there: each message is taken
 * apart by length alone, and what comes out is a claim. */
#ifndef SANDBOX_DETONATE_INSIDER_H
#define SANDBOX_DETONATE_INSIDER_H

#include "vetbox/core.h"

/* Where the subject finds the channel: a socket that keeps messages apart. */
enum { VB_INSIDER_FD = 198, VB_INSIDER_TEXT_MAX = 64 * 1024 };

enum vb_insider_kind {
    VB_INSIDER_CODE,    /* code was made: form, path, line, text */
    VB_INSIDER_LINES,   /* lines of path were executed: text is their numbers */
    VB_INSIDER_PRESENT, /* path has line lines that could be */
    VB_INSIDER_COMMAND, /* a shell executes text, which stands at path and line */
    VB_INSIDER_ASKED,   /* the stand-in for the module path of the interpreter form: for text */
    VB_INSIDER_GIVEN    /* the same was given text */
};

/* What one message says; its strings point into it. PATH is as the interpreter has it, often "". */
struct vb_insider_word {
    enum vb_insider_kind kind;
    const char *form; /* static */
    struct vb_str path, text;
    int64_t line; /* 0: unknown */
};

/* False: it is none. */
bool vb_insider_read(const char *message, size_t len, struct vb_insider_word *ret);

/* Takes the next number, at least 1, of the TEXT of VB_INSIDER_LINES. 0: there is none left. */
int64_t vb_insider_next_line(struct vb_str *text);

/* The code that a command makes, as `set -x` writes it: the argument of eval, or of a shell's -c.
 * False: it makes none. */
VB_CHECKED int vb_insider_shell_code(struct vb_str command, bool *ret_made, struct vb_buf *ret,
                                     struct vb_error *err);

#endif
