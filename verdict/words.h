/* Reading of command lines, paths and addresses as a thief-catcher reads them. All text is hostile;
 * nothing here allocates beyond the arena that it is given. */
#ifndef VERDICT_WORDS_H
#define VERDICT_WORDS_H

#include "verdict/arena.h"

/* '*' matches within a path component, '**' across components, '?' one byte of a component. */
bool vb_glob_match(const char *pattern, const char *text);

/* '*' and '?' stand for anything, '/' too; case makes no difference. */
bool vb_name_match(const char *pattern, const char *name);
/* The same of a package of KIND: in Python '-', '_' and '.' are one. */
bool vb_package_match(const char *pattern, const char *kind, const char *name);

/* True if WORD is one of the space-separated LIST; an item that ends in '*' is a prefix. */
bool vb_word_in(const char *list, const char *word);
bool vb_starts(const char *text, const char *prefix);
bool vb_ends(const char *text, const char *suffix);
/* strcasestr for ASCII that is not locale dependent. */
const char *vb_find_text(const char *text, const char *part);
/* PART stands in TEXT with no letter, digit or '_' on either side. */
const char *vb_find_word(const char *text, const char *part);

/* "~/x" for a path in a home folder (/home/NAME/x, /root/x), else PATH itself. */
const char *vb_home_path(struct arena *arena, const char *path);

enum trait {
    TRAIT_SHELL = 1,       /* sh, bash, … */
    TRAIT_INTERPRETER = 2, /* a shell, python, node, … */
    TRAIT_STDIN = 4,       /* interpreter that reads its program from standard input */
    TRAIT_DOWNLOAD = 8,    /* curl, wget, … */
    TRAIT_NETWORK = 16,    /* sends what it is given: download tools, nc, ssh, … */
    TRAIT_DECODE = 32,     /* base64 -d and its like */
    TRAIT_SWEEP = 64,      /* find, grep -r, …: touches everything without wanting it */
    TRAIT_PACKAGER = 128,  /* pip, npm, cargo, …: has business with registries */
    TRAIT_DISCARD = 256,   /* downloads to standard output are not what it does: -I, --version */
};

/* A command as executed. */
struct command {
    const char *program; /* base name; for an interpreter with a script its name: pip, npm, x.py */
    const char *script;  /* the interpreter's script as given, or NULL */
    const char *code;    /* of -c or -e, or NULL */
    const char *module;  /* of -m, or NULL; PROGRAM is it */
    unsigned traits;
    bool trusted; /* lies in the system's folders, so its name can be believed */
};

/* PATH, in one of the system's folders, leads to something there: a name of there can be believed.
 */
bool vb_path_is_system(const char *path);
/* Traits that a program's name alone gives. */
unsigned vb_program_traits(const char *program);
/* PATH is what was executed, ARGV[0..COUNT) its arguments. */
struct command vb_command_read(struct arena *arena, const char *path, char *const *argv,
                               size_t count);

/* The host in an URL, in lower case and without port; NULL if TEXT does not begin with SCHEME://.
 */
const char *vb_url_host(struct arena *arena, const char *text);
/* The host that a network tool was pointed at by its arguments, or NULL. */
const char *vb_argv_host(struct arena *arena, const struct command *command, char *const *argv,
                         size_t count);
/* The host of the first URL anywhere in TEXT, or NULL. */
const char *vb_text_host(struct arena *arena, const char *text);

bool vb_host_is_address(const char *host);  /* an IP address */
bool vb_host_is_loopback(const char *host); /* of this machine */
bool vb_host_is_private(const char *host);  /* of the local network, as an address */
/* HOST is DOMAIN or lies below it. */
bool vb_host_below(const char *host, const char *domain);
/* Places where anybody can leave data or fetch code without a name: naming them discloses nothing.
 */
bool vb_host_is_drop(const char *host);

/* The arguments in one line, quoted where needed, at most MAX bytes. */
char *vb_command_line(struct arena *arena, char *const *argv, size_t count, size_t max);

#endif
