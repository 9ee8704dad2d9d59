/* settings: where the user's own npm and pip look for packages. */
#ifndef FETCH_SETTINGS_H
#define FETCH_SETTINGS_H

#include "fetch/crowd.h"

enum { SETTINGS_ROWS = 32, SETTINGS_URL_BYTES = 512, SETTINGS_SECRET_BYTES = 512 };

/* One place to look. */
struct registry {
    char scope[96];                /* "@scope"; "": all others */
    char base[SETTINGS_URL_BYTES]; /* ends with a slash; "": none is known */
};

struct vb_indexes {
    struct registry npm[SETTINGS_ROWS]; /* the first is for no scope */
    size_t npm_count;
    struct registry python; /* without user and password */
    struct registry clawhub, github;
    struct {
        char prefix[SETTINGS_URL_BYTES]; /* "//host/path/" */
        char header[SETTINGS_SECRET_BYTES];
    } secrets[SETTINGS_ROWS];
    size_t secret_count;
    char ca_file[SETTINGS_URL_BYTES]; /* "": the system's */
};

/* Lines of an .npmrc; TEXT is changed. */
void settings_read_npmrc(struct vb_indexes *indexes, char *text);
/* Lines of a pip.conf; TEXT is changed. */
void settings_read_pip(struct vb_indexes *indexes, char *text);
/* Sets PyPI's place, and its user and password as a header. */
void settings_set_pypi(struct vb_indexes *indexes, const char *url);

/* Makes GET ask for PATH below REGISTRY. False: it is too long. */
bool settings_ask(const struct vb_indexes *indexes, const struct registry *registry,
                  const char *path, struct crowd_get *get);
/* Makes GET ask for URL, which an index has named; REGISTRY is that index. */
bool settings_ask_url(const struct vb_indexes *indexes, const struct registry *registry,
                      const char *url, struct crowd_get *get);
/* Whom the package NAME is asked of; its base may be "". */
const struct registry *settings_registry(const struct vb_indexes *indexes, enum vb_index index,
                                         const char *name);
const struct registry *settings_npm(const struct vb_indexes *indexes, const char *name);

#endif
