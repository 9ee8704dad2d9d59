/* bait: secrets worth stealing, made for one run, and the search for them in outbound bytes.
 * Every secret is unique to the run, valid in its format and carries no mark. */
#ifndef SANDBOX_BAIT_BAIT_H
#define SANDBOX_BAIT_BAIT_H

#include "vetbox/core.h"

enum vb_bait_place { VB_BAIT_FILE, VB_BAIT_ENV };

struct vb_bait {
    const char *id; /* ssh-ed25519, aws-credentials, env-openai, … */
    enum vb_bait_place place;
    char *path;             /* absolute path inside the box (FILE) */
    const char *env;        /* variable name (ENV) */
    unsigned char *content; /* of the file, or the variable's value */
    size_t content_len;
    uint32_t mode;
    char *secret; /* the part that is searched for, at least 16 bytes; NULL: only reading counts */
};

struct vb_bait_set;

/* Makes all baits for the user whose home inside the box is HOME (its last component is his name)
 * from SEED. The same seed gives the same set. */
VB_CHECKED int vb_bait_set_new(const char *home, const unsigned char seed[32],
                               struct vb_bait_set **ret, struct vb_error *err);
void vb_bait_set_free(struct vb_bait_set *set);
size_t vb_bait_count(const struct vb_bait_set *set);
const struct vb_bait *vb_bait_at(const struct vb_bait_set *set, size_t index);
/* The bait whose file has this absolute path, or NULL. */
const struct vb_bait *vb_bait_by_path(const struct vb_bait_set *set, const char *path, size_t len);

/* Calls FOUND for each bait whose secret stands in DATA, at most once a bait; FORM says how it was
 * written: raw, base64, base64url, hex, url, json, reversed, rot13, utf16. */
void vb_bait_search(const struct vb_bait_set *set, const void *data, size_t len,
                    void (*found)(void *ctx, const struct vb_bait *bait, const char *form),
                    void *ctx);

#endif
