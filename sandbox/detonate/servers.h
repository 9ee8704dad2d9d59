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

/* --- command lines --- */

enum { VB_WORD_BYTES = 512 };

/* REASON is that of a program that a package installs. */
bool vb_is_program(const char *reason);
/* The next word of the line at *AT, without its quotes; false at the end, or where it is too long.
 */
bool vb_next_word(const char **at, char ret[VB_WORD_BYTES]);
/* The package that npx, uvx or the like runs by the line; *RET_REST is what stands behind it. */
bool vb_named_package(const char *line, char ret[VB_WORD_BYTES], const char **ret_rest);
/* Takes the version off NAME. */
void vb_cut_version(char *name);
/* PEP 503: my_server and my-server are one. */
bool vb_same_name(const char *a, const char *b);

#endif
