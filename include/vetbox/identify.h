/* identify: tree → manifest.* events. The only user of libyaml and md4c. Runs in a confined child
 * that can only read the tree. */
#ifndef VETBOX_IDENTIFY_H
#define VETBOX_IDENTIFY_H

#include "vetbox/core.h"

struct vb_identify_limits {
    size_t file_bytes; /* a manifest or instruction file larger than this is a coverage event */
    size_t frontmatter_bytes;
    size_t packages;
    size_t codes; /* code blocks and inline commands in all */
};

extern const struct vb_identify_limits vb_identify_default_limits;

/* Recognises every package kind below DIRFD (all that match), reads their manifests and
 * instructions and emits manifest.* and coverage events. NAME is the artifact's name (a skill's
 * folder name matters to its host).
 *
 * Kinds, the deciding one of a root first: openclaw-plugin openclaw-hook-pack openclaw-claw
 * codex-plugin cursor-plugin claude-plugin claude-marketplace agent-plugin gemini-extension mcpb
 * vscode-extension python-wheel python-sdist mcp-registry-server openclaw-skill agent-skill
 * mcp-server npm python-project claude-bundle skills-repository, and files for anything else.
 *
 * manifest.entry: reason is script, main, import, mcp-server, extension, setup-entry, activation,
 * main-module, setup.py, pth, sitecustomize, envrc, pnpmfile, or one of these with a name behind a
 * colon: npm hook mcp-server mcp-headers lsp-server monitor bin console-script build-backend
 * settings task devcontainer npmrc yarnrc bunfig marketplace-source. when is install, load or use.
 * A command is a shell line for interpreter sh, to be run in the folder of the innermost package
 * that holds path; without a command the file itself is run by interpreter (none: nothing that is
 * known to us).
 *
 * manifest.code: hosts, programs and links inside HTML comments are not documented (nobody sees
 * them), but code in them is listed like any other. */
VB_CHECKED int vb_identify(int dirfd, const char *name, const struct vb_identify_limits *limits,
                           struct vb_sink *sink, struct vb_error *err);
/* Whether NAME is one of these kinds. */
bool vb_identify_is_kind(const char *name);

/* For a package that runs nothing of its own: one coverage event for each archive within it whose
 * contents could execute or instruct, with their number. DIRFD has what was unpacked beside the
 * package (ARCHIVE!/PATH). Counted are scripts and programs as vb_identify lists them, and the
 * manifests and instructions that hosts of agents go by. */
VB_CHECKED int vb_identify_beside(int dirfd, const struct vb_identify_limits *limits,
                                  struct vb_sink *sink, struct vb_error *err);

#endif
