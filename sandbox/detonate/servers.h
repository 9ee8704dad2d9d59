/* servers: which entry points of a package are MCP servers, and how a client would start them. */
#ifndef SANDBOX_DETONATE_SERVERS_H
#define SANDBOX_DETONATE_SERVERS_H

#include "vetbox/core.h"
#include "vetbox/core/manifest.h"

/* True if a client starts ENTRY to talk with it over its standard streams. */
bool vb_is_mcp_server(const struct vb_manifest *manifest, const struct vb_manifest_entry *entry);
/* The command of ENTRY, of the package in ROOT below the tree (NULL: its top), as it is run here:
 * what a client fills in is filled in, and npx or uvx of the package itself is the package's own
 * file. NULL with *RET_FAILED set: there is no memory. NULL otherwise: it has none, a file is run.
 */
char *vb_mcp_command(const struct vb_manifest *manifest, const struct vb_manifest_entry *entry,
                     const char *root, bool *ret_failed);

#endif
