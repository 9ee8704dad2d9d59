/* What an OpenSSF Model Signing statement says of a folder (ossf/model-signing-spec): each file
 * with its digest, or each shard of it. */
#ifndef VETBOX_SIGNATURES_MANIFEST_H
#define VETBOX_SIGNATURES_MANIFEST_H

#include "signatures/internal.h"
#include "signatures/statement.h"

enum {
    VB_SIG_RESOURCES_MAX = 256 * 1024,
    VB_SIG_IGNORED_MAX = 4096 /* paths */
};

struct vb_sig_resource {
    char *path;
    uint64_t start; /* of a shard, in bytes */
    uint64_t end;   /* behind its last byte; both 0: the whole file */
    unsigned char digest[VB_SIG_DIGEST_MAX];
};

struct vb_sig_manifest {
    const char *algorithm; /* OpenSSL's name; NULL: one that is not checked */
    size_t digest_len;
    uint64_t shard_size;               /* 0: whole files */
    bool symlinks;                     /* are followed within the folder */
    struct vb_sig_resource *resources; /* sorted by path and start, no two the same */
    size_t count;
    struct vb_sig_paths ignored;
};
void vb_sig_manifest_done(struct vb_sig_manifest *manifest); /* for VB_CLEANUP */

/* Fills RET, zeroed, from STATEMENT. *ret_why, a constant text, says what is wrong with it and is
 * left alone otherwise; where RET->algorithm is NULL nothing more was read. */
VB_CHECKED int vb_sig_manifest(const struct vb_sig_statement *statement,
                               struct vb_sig_manifest *ret, const char **ret_why,
                               struct vb_error *err);

#endif
