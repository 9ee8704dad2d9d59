/* trust.yaml: who may publish which packages, and who may no more. Read once by the coordinator,
 * asked by the child that verifies. docs/trust-folder.md describes the file. */
#ifndef VETBOX_SIGNATURES_PUBLISHERS_H
#define VETBOX_SIGNATURES_PUBLISHERS_H

#include "signatures/internal.h"

struct vb_sig_why {
    const char *code; /* of signature.result, NULL where it is accepted */
    char text[480];   /* "" where trust.yaml has nothing to say */
};

/* What a package calls itself. */
struct vb_sig_package {
    const char *kind;
    const char *name; /* "" where it has none */
    const char *root; /* below the tree, "." for the top */
};

struct vb_publishers;

/* TEXT is the file, PATH for messages. Whatever is not understood is VB_E_CONFIG with its line. */
VB_CHECKED int vb_publishers_read(const char *path, const char *text, size_t len,
                                  struct vb_publishers **ret, struct vb_error *err);
/* Whether PUBLISHERS, which may be NULL, names roots that TRUST has, and says of which an identity
 * is where the user has several; otherwise VB_E_CONFIG. Where he has one, or none and vetbox ships
 * one, identities of rows that name none are henceforth of that one. */
VB_CHECKED int vb_publishers_hold(struct vb_publishers *publishers, const struct vb_trust *trust,
                                  struct vb_error *err);
void vb_publishers_free(struct vb_publishers *publishers);
/* False where the user wants no trusted root that vetbox ships. PUBLISHERS may be NULL. */
bool vb_publishers_ships(const struct vb_publishers *publishers);
size_t vb_publishers_count(const struct vb_publishers *publishers);

/* A row has a pattern for PACKAGE's name. */
bool vb_publishers_claim(const struct vb_publishers *publishers,
                         const struct vb_sig_package *package);
/* The line of the row that wants PACKAGE to be signed today; 0: none does. */
size_t vb_publishers_require(const struct vb_publishers *publishers,
                             const struct vb_sig_package *package, int64_t now);
/* Whether RESULT, a signature that holds, is of somebody who may sign the COUNT packages of one
 * root, and WHY. What is trusted in general and of no concern to trust.yaml stays trusted. */
bool vb_publishers_accept(const struct vb_publishers *publishers,
                          const struct vb_sig_package *packages, size_t count, int64_t now,
                          const struct vb_sig_result *result, struct vb_sig_why *ret_why);

/* How the name of PACKAGE, which no row claims, looks like one that a row has: *RET_TARGET is that
 * name, or a scope such as "@acme". NULL: like none. */
const char *vb_publishers_lookalike(const struct vb_publishers *publishers,
                                    const struct vb_sig_package *package, const char **ret_target);

/* KIND is one that packages have. */
bool vb_publishers_kind(const char *kind);

/* One signer of one row, or one who is revoked, for `vetbox trust`. */
struct vb_publishers_row {
    size_t line;
    const char *package; /* the first pattern; NULL: he is revoked */
    const char *reason;  /* where he is revoked */
    const char *signer;
    bool is_key;
    int64_t from;
    int64_t until;
};
typedef int vb_publishers_each(void *ctx, const struct vb_publishers_row *row,
                               struct vb_error *err);
VB_CHECKED int vb_publishers_walk(const struct vb_publishers *publishers, vb_publishers_each *each,
                                  void *ctx, struct vb_error *err);
/* Ids in hexadecimal are written in either case. */
bool vb_sig_id_equal(const char *a, const char *b);

#endif
