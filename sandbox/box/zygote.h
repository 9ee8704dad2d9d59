/* zygote: the process that examiners are forked from. It has made their namespaces, their empty
 * root and their syscall filter, and it never sees a byte of a package. */
#ifndef SANDBOX_BOX_ZYGOTE_H
#define SANDBOX_BOX_ZYGOTE_H

#include "sandbox/box/confine.h"

/* Descriptors that a child may keep, its pipes not counted. */
enum { VB_CHILD_FDS_MAX = 32 };

/* Starts CHILD behind the zygote's walls, as a child of the caller, in a pid namespace of its own.
 * The caller keeps its ends of PIPES. */
VB_CHECKED int vb_zygote_fork(struct vb_zygote *zygote, const struct vb_child *child,
                              const struct vb_pipes *pipes, uint64_t epoch_ns, pid_t *ret_pid,
                              struct vb_error *err);

/* child.c: what every child finds: no handlers, nothing ignored but SIGPIPE, nothing blocked. */
void vb_child_default_signals(void);

/* child.c: the rest of a child's walls, its work and its end. FILTER is NULL for the fetcher. */
_Noreturn void vb_child_main(const struct vb_child *child, const struct vb_pipes *pipes,
                             uint64_t epoch_ns, const struct sock_fprog *filter);

/* workspace.c: mounts one for the ids UID and GID of the caller's user namespace; its descriptor,
 * or -1. */
int vb_workspace_mount(uint64_t bytes, uint64_t inodes, uid_t uid, gid_t gid);

#endif
