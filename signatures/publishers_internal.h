/* The rows of trust.yaml: read by publishers_read.c, asked by publishers.c. */
#ifndef VETBOX_SIGNATURES_PUBLISHERS_INTERNAL_H
#define VETBOX_SIGNATURES_PUBLISHERS_INTERNAL_H

#include "signatures/publishers.h"
#include "vetbox/core/yaml.h"

/* Exactly one of key, identity and root is there, but that an identity may have a root. */
struct signer {
    size_t line;
    const char *key;
    const char *identity;
    const char *issuer; /* with identity */
    const char *root;   /* with identity: the trusted root that vouches for the issuer */
};

struct revoked {
    struct signer signer;
    int64_t since;
    const char *since_text;
    const char *reason;
};

struct row {
    size_t line;
    const struct vb_yaml_node *packages;
    const struct vb_yaml_node *kinds; /* NULL: any */
    const char *registry;             /* an address; NULL: any */
    const char *publisher;            /* what he is called; NULL: that is not said */
    struct signer *signers;
    size_t signer_count;
    struct revoked *revoked;
    size_t revoked_count;
    int64_t from;  /* 0: no limit */
    int64_t until; /* the first second after it; 0: no limit */
    const char *from_text, *until_text;
    bool required;
};

struct vb_publishers {
    char *path;
    struct vb_yaml *yaml; /* owns every text */
    struct row *rows;
    size_t row_count;
    struct revoked *revoked;
    size_t revoked_count;
    bool no_shipped_roots;
    char *usual_root; /* whose word an identity of a row is that names no root; NULL: any one's */
};

#endif
