/* Core types that stages hand to each other: artifact and tree. */
#ifndef VETBOX_CORE_TREE_H
#define VETBOX_CORE_TREE_H

#include "vetbox/core/digest.h"
#include "vetbox/core/event.h"

enum vb_artifact_form { VB_ARTIFACT_FILE, VB_ARTIFACT_FOLDER };

/* The bytes that were fetched. A file is a read-only descriptor; a folder was copied once below a
 * directory descriptor that nobody else can write. */
struct vb_artifact {
    enum vb_artifact_form form;
    char *name; /* last component of the reference, for people and for the kind of a bare file */
    int fd;     /* owned */
    uint64_t size;
};
void vb_artifact_done(struct vb_artifact *artifact);

struct vb_tree_file {
    char *path; /* relative, vb_path_safe */
    uint64_t size;
    uint32_t mode;
    char sha256[VB_SHA256_HEX];
};

/* The unpacked files: a sealed folder and its list, sorted by path (bytewise). */
struct vb_tree {
    int dirfd; /* owned; read only by everybody from now on */
    struct vb_tree_file *files;
    size_t count;
    uint64_t bytes;
};

struct vb_tree_limits {
    uint64_t bytes;
    uint64_t file_bytes;
    size_t entries;
    unsigned depth;
    bool leave_out; /* what lies beyond is left out with a coverage event; otherwise VB_E_LIMIT */
};

/* Walks DIRFD (owned by the tree afterwards, closed on failure), hashes every regular file and
 * emits tree.file and tree.link. Runs in the coordinator: it reads bytes but parses none. */
VB_CHECKED int vb_tree_seal(int dirfd, const struct vb_tree_limits *limits, struct vb_sink *sink,
                            struct vb_tree **ret, struct vb_error *err);
void vb_tree_free(struct vb_tree *tree);
const struct vb_tree_file *vb_tree_find(const struct vb_tree *tree, const char *path);

/* openat2 beneath DIRFD, no symlinks, no magic links, O_CLOEXEC. Returns the descriptor or -1 with
 * errno. */
int vb_open_beneath(int dirfd, const char *path, int flags, uint32_t mode);

/* Makes the parent directories of PATH below DIRFD (0755). Returns 0, or -1 with errno. */
int vb_mkdir_parents(int dirfd, const char *path);

/* The regular files that a copy made. */
struct vb_tree_sum {
    size_t files;
    uint64_t bytes;
};

/* Copies the regular files and directories below SOURCE_FD to TARGET_FD, never following a link;
 * symbolic links are copied as links, anything else emits archive.hostile's relative, coverage.
 * What LIMITS say of whatever lies beyond them holds. SUM may be NULL; otherwise it is what was
 * copied ahead, if anything was, and becomes what was copied in all. */
VB_CHECKED int vb_tree_copy(int source_fd, int target_fd, const struct vb_tree_limits *limits,
                            struct vb_sink *sink, struct vb_tree_sum *sum, struct vb_error *err);

/* Copies the regular file PATH ahead of the rest, which vb_tree_copy then leaves out. PATH may be
 * made up: what is no regular file, or larger than LIMITS let one be, is left to that. They must
 * not leave anything out: nothing is told here. */
VB_CHECKED int vb_tree_copy_ahead(int source_fd, const char *path, int target_fd,
                                  const struct vb_tree_limits *limits, struct vb_tree_sum *sum,
                                  struct vb_error *err);

#endif
