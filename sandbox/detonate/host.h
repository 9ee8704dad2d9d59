/* host: what an agent's host gives to what it runs: variables, and the event that a hook reads. */
#ifndef SANDBOX_DETONATE_HOST_H
#define SANDBOX_DETONATE_HOST_H

#include "vetbox/core.h"

enum { VB_HOST_VARIABLES_MAX = 6, VB_HOST_EVENTS_MAX = 4 };

/* The kind of a folder whose .claude/settings.json says what an agent in it starts. */
#define VB_HOST_CLAUDE_PROJECT "claude-project"

/* What a host sets for code of the package ROOT ("." for the top) of this KIND, as NAME=VALUE in
 * the heap, NULL-terminated; the caller frees the strings. BIN: its programs are
 * found before all others. Returns false without memory. */
bool vb_host_environment(const char *kind, const char *root, bool bin,
                         char *ret[VB_HOST_VARIABLES_MAX + 1]);
/* The agent's commands find the bin/ of packages of this KIND before everything else. */
bool vb_host_shows_bin(const char *kind);

/* The events that a hook with this REASON ("hook:PreToolUse") is tried with, or what an editor says
 * to a language server ("lsp-server:go"): texts in the heap for its standard input, in RET. Returns
 * how many; 0 where REASON is of neither, -1 without memory. */
int vb_host_events(const char *reason, char *ret[VB_HOST_EVENTS_MAX]);

#endif
