/* hosted: entry points that are no programs: an application loads them into itself, and calls what
 * they register with it. */
#ifndef SANDBOX_DETONATE_HOSTED_H
#define SANDBOX_DETONATE_HOSTED_H

#include "vetbox/core.h"
#include "vetbox/core/manifest.h"

/* Where what stands in for the applications lies in a box (box/hosts.c). */
#define VB_HOST_OPENCLAW "/usr/local/lib/node_modules/openclaw/dist/gateway.mjs"
#define VB_HOST_VSCODE "/usr/local/lib/code/out/extension-host.mjs"

struct vb_hosted {
    const char *program; /* loads the file, and is a server of MCP */
    const char *sort;    /* plugin, hook or extension */
    const char *events;  /* for which a hook is, with commas between them; "" otherwise */
};

/* True if ENTRY is the file of such code. */
bool vb_hosted(const struct vb_manifest_entry *entry, struct vb_hosted *ret);

#endif
