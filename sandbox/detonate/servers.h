/* servers: which entry points of a package are MCP servers, and how a client would start them. */
#ifndef SANDBOX_DETONATE_SERVERS_H
#define SANDBOX_DETONATE_SERVERS_H

#include "vetbox/core.h"
#include "vetbox/core/manifest.h"

/* True if a client starts ENTRY to talk with it over its standard streams. */
bool vb_is_mcp_server(const struct vb_manifest *manifest, const struct vb_manifest_entry *entry);
/* The command of ENTRY as it is run here, or NULL with *RET_FAILED set without memory: what a
 * client fills in is filled in, and npx or uvx of the package itself is the package's own file.
 * NULL otherwise: it has none, a file is run. */
char *vb_mcp_command(const struct vb_manifest *manifest, const struct vb_manifest_entry *entry,
                     bool *ret_failed);
/* What clients set for a server in the folder ROOT of the package, below the tree (NULL: its top).
 * NULL without memory; freed with vb_mcp_environment_free. */
char **vb_mcp_environment(const char *root);
void vb_mcp_environment_free(char **environment);

#endif
