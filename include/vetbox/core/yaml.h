/* YAML 1.1 by libyaml's event API, made strict and bounded: plain data only, and one document
 * unless the limits say otherwise. Aliases, anchors, tags, duplicate keys, keys that are not
 * scalars, a further document, and anything beyond the limits are refused with the line, so that no
 * text can mean two things or grow. */
#ifndef VETBOX_CORE_YAML_H
#define VETBOX_CORE_YAML_H

#include "vetbox/core/error.h"

enum vb_yaml_kind { VB_YAML_SCALAR, VB_YAML_LIST, VB_YAML_MAP };

struct vb_yaml_node {
    enum vb_yaml_kind kind;
    size_t line;      /* 1-based, in the text given */
    const char *text; /* SCALAR: NUL-terminated, holds no NUL itself */
    size_t len;
    bool quoted;                 /* SCALAR: written with quotes or as a block, so always a string */
    size_t count;                /* LIST: items; MAP: pairs */
    struct vb_yaml_node **keys;  /* MAP only: scalars */
    struct vb_yaml_node **items; /* LIST: items; MAP: values */
};

struct vb_yaml_limits {
    size_t bytes;
    size_t depth;
    size_t nodes;
    size_t keys;      /* of one map; 0: as many as there are nodes */
    size_t documents; /* 0: one */
};

extern const struct vb_yaml_limits vb_yaml_default_limits;

struct vb_yaml;

/* Parses TEXT, called NAME in messages ("NAME:LINE: …"). LIMITS NULL takes the defaults. An empty
 * document, ill-formed YAML and everything refused above is VB_E_DATA. */
VB_CHECKED int vb_yaml_parse(const char *name, const char *text, size_t len,
                             const struct vb_yaml_limits *limits, struct vb_yaml **ret,
                             struct vb_error *err);
void vb_yaml_free(struct vb_yaml *yaml);

/* What is done with a file called NAME in messages. */
typedef int vb_yaml_file(void *ctx, const char *name, const char *text, size_t len,
                         struct vb_error *err);
/* Calls EACH for every *.yaml file of DIR (at most 256, of 1 MiB), in the order of their names,
 * until it fails. A folder or file that cannot be read is VB_E_CONFIG. */
VB_CHECKED int vb_yaml_folder(const char *dir, vb_yaml_file *each, void *ctx, struct vb_error *err);
/* The same for files with another EXTENSION. */
VB_CHECKED int vb_text_folder(const char *dir, const char *extension, vb_yaml_file *each, void *ctx,
                              struct vb_error *err);

/* The first document's top node; never NULL. Nodes belong to YAML. */
const struct vb_yaml_node *vb_yaml_root(const struct vb_yaml *yaml);
/* How many documents there are, at least one, and the top node of each, NULL behind the last. */
size_t vb_yaml_document_count(const struct vb_yaml *yaml);
const struct vb_yaml_node *vb_yaml_document(const struct vb_yaml *yaml, size_t index);

/* The value of KEY, or NULL if MAP is no map or has no such key. */
const struct vb_yaml_node *vb_yaml_get(const struct vb_yaml_node *map, const char *key);

#endif
