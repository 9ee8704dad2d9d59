/* The manifest: what the package says and holds, collected from manifest.* events in the
 * coordinator. Stages after identify read it; the verdict reads the events themselves. */
#ifndef VETBOX_CORE_MANIFEST_H
#define VETBOX_CORE_MANIFEST_H

#include "vetbox/core/event.h"

enum vb_permission {
#define VB_PERMISSION(id, name, what, meaning) VB_PERMISSION_##id,
#include "vetbox/core/permissions.def"
#undef VB_PERMISSION
    VB_PERMISSION_COUNT
};
const char *vb_permission_name(enum vb_permission permission);
/* The permission that a manifest.declares event of this "what" is about; VB_PERMISSION_COUNT for
 * none. */
enum vb_permission vb_permission_of(const char *what);

struct vb_manifest_package {
    char *kind; /* agent-skill, openclaw-skill, npm, … (identify.h lists them) */
    char *root; /* below the tree, "." for the top */
    char *name;
    char *version;
    char *author; /* as the manifest has him; NULL: it names none */
};

struct vb_manifest_code {
    char *path;
    char *form; /* fence, inline, substitution */
    char *language;
    char *interpreter; /* NULL where it cannot be run */
    char *text;        /* with its placeholders filled */
    size_t text_len;
    int64_t line;
};

struct vb_manifest_entry {
    char *path;
    char *reason;
    char *when;
    char *command;     /* NULL: run the file itself */
    char *interpreter; /* NULL: none known */
    int64_t line;
};

/* A way to call a script, or to start a server. */
struct vb_manifest_usage {
    char *path;
    char *reason;
    char **argv;        /* the arguments, NULL-terminated */
    char **environment; /* NAME=VALUE, NULL-terminated */
};

/* Another package that it says it needs. */
struct vb_manifest_dependency {
    char *path;   /* where it says so */
    char *value;  /* its name, or a whole requirement */
    char *detail; /* which versions, and the list that names it */
};
enum { VB_MANIFEST_DEPENDENCIES_MAX = 4096, VB_MANIFEST_VARIABLES_MAX = 64 }; /* no more are kept */

struct vb_manifest {
    struct vb_manifest_package *packages;
    size_t package_count;
    struct vb_manifest_code *codes;
    size_t code_count;
    struct vb_manifest_entry *entries;
    size_t entry_count;
    struct vb_manifest_usage *usages;
    size_t usage_count;
    struct vb_manifest_dependency *dependencies;
    size_t dependency_count;
    char *variables[VB_MANIFEST_VARIABLES_MAX]; /* names that it declares or documents, each once */
    size_t variable_count;
};

void vb_manifest_init(struct vb_manifest *manifest);
void vb_manifest_done(struct vb_manifest *manifest);
/* Keeps what EVENT says if it is a manifest.* event; others are ignored. */
VB_CHECKED int vb_manifest_add(struct vb_manifest *manifest, const struct vb_event *event,
                               struct vb_error *err);

#endif
