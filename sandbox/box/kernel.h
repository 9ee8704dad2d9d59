/* kernel: the kernel interfaces that glibc wraps badly or not at all, each as a thin call that
 * returns -1 with errno. Trusted code; nothing in here looks at bytes of a package. */
#ifndef SANDBOX_BOX_KERNEL_H
#define SANDBOX_BOX_KERNEL_H

#include <sys/types.h>

#include "vetbox/core.h"

/* clone3 with FLAGS; *ret_pidfd (may be NULL) gets a pidfd. With CLONE_PARENT the new process is
 * the caller's sibling. Returns as fork does. */
pid_t vb_sys_clone(uint64_t flags, int *ret_pidfd);
/* The same, in the control group CGROUP; -1: in our own. */
pid_t vb_sys_clone_into(int cgroup, uint64_t flags, int *ret_pidfd);

/* --- mounts --- */

enum { VB_MOUNT_READONLY = 1, VB_MOUNT_NOSUID = 2, VB_MOUNT_NODEV = 4, VB_MOUNT_NOEXEC = 8 };

struct vb_mount_option {
    const char *key;
    const char *value; /* NULL: a flag */
};

/* A detached new file system. OPTIONS ends with a NULL key. Returns its O_PATH descriptor. */
int vb_sys_mount_new(const char *type, const struct vb_mount_option *options, unsigned attributes);
/* A detached copy of the mount that holds PATH, with everything mounted below it. */
int vb_sys_mount_copy(int dirfd, const char *path, unsigned attributes);
/* Attaches a detached mount at PATH below DIRFD. */
int vb_sys_mount_attach(int mount_fd, int dirfd, const char *path);
/* Adds ATTRIBUTES to the mount behind MOUNT_FD, and with BELOW to all that is mounted below it. */
int vb_sys_mount_restrict(int mount_fd, unsigned attributes, bool below);
/* Takes the mount whose root is ROOT_FD out of this namespace; descriptors of it stay usable. The
 * working folder becomes "/". */
int vb_sys_mount_detach(int root_fd);
/* Nothing that is mounted from now on is seen elsewhere, and the other way round. */
int vb_sys_mount_private(void);
/* Makes the mount whose root is ROOT_FD the root of this mount namespace and detaches the old one.
 */
int vb_sys_pivot(int root_fd);

/* --- descriptors --- */

/* Closes every descriptor from 3 up that is not in KEEP. */
int vb_sys_close_others(const int *keep, size_t count);
/* One SEQPACKET message with at most one descriptor (FD, -1 for none). */
int vb_sys_send(int socket, const void *data, size_t len, int fd);
/* The same with COUNT descriptors, at most VB_SYS_FDS_MAX. */
enum { VB_SYS_FDS_MAX = 64 };
int vb_sys_send_fds(int socket, const void *data, size_t len, const int *fds, size_t count);
/* Receives one message. Returns its length (0 at the end); *ret_fd gets the descriptor or -1,
 * *ret_pid the sender's pid as we see it where the socket has SO_PASSCRED, else 0. Either may be
 * NULL. */
ssize_t vb_sys_recv(int socket, void *data, size_t len, int *ret_fd, pid_t *ret_pid);
/* The same with any number of descriptors: *ret_count of them, which are the caller's. */
ssize_t vb_sys_recv_fds(int socket, void *data, size_t len, int ret_fds[VB_SYS_FDS_MAX],
                        size_t *ret_count);
/* A memory file that can be sealed and that nobody can execute. */
int vb_sys_memory_file(const char *name);
/* Writes TEXT to the existing file PATH below DIRFD in one write (for /proc). */
int vb_sys_write_file(int dirfd, const char *path, const char *text);
/* Reads at most SIZE - 1 bytes of PATH below DIRFD and terminates them. */
ssize_t vb_sys_read_file(int dirfd, const char *path, char *ret, size_t size);

/* --- privileges --- */

/* Drops every capability from all sets, the bounding set included. */
int vb_sys_drop_capabilities(void);
/* Only the bounding set: for who needs capabilities and makes children that do not. */
void vb_sys_empty_bounding_set(void);
/* The same, but for CAP_NET_BIND_SERVICE: ports below 1024. */
int vb_sys_keep_ports(void);
/* PR_SET_NO_NEW_PRIVS. */
int vb_sys_no_new_privs(void);
/* SIGKILL when the parent dies. Repeated after every change of ids, which forgets it. */
int vb_sys_die_with_parent(void);
/* Writes uid_map and gid_map of the caller's new user namespace: one id each. */
int vb_sys_map_self(uid_t inside_uid, uid_t outside_uid, gid_t inside_gid, gid_t outside_gid);

/* Waits for a child; its wait status, or -1 with errno. */
int vb_sys_reap(pid_t pid, int *ret_status);

#endif
