/* clients: with which arguments a package's documents have a client start its MCP server. */
#ifndef SANDBOX_DETONATE_CLIENTS_H
#define SANDBOX_DETONATE_CLIENTS_H

#include "vetbox/core/manifest.h"

enum { VB_CLIENT_FORMS_MAX = 3 };

struct vb_client_form {
    char **arguments;   /* behind the program's name, NULL-terminated */
    char **environment; /* "?NAME=VALUE", NULL-terminated */
};

/* The forms in which documents have ENTRY, a server's program or file, started, each other than
 * those before it. Settings that a document shows come before lines of a shell, and these before
 * containers. Returns how many; -1: there is no memory. */
int vb_client_forms(const struct vb_manifest *manifest, const struct vb_manifest_entry *entry,
                    struct vb_client_form ret[VB_CLIENT_FORMS_MAX]);
void vb_client_form_done(struct vb_client_form *form);

#endif
