/* cgroup: control groups (version 2) of our own for boxes, where they are delegated to us: the
 * kernel then counts and bounds a whole box. Where they are not, nothing here happens, and rlimits
 * and the watch hold a box as before. Delegation is found by trying, never by a version. */
#ifndef SANDBOX_BOX_CGROUP_H
#define SANDBOX_BOX_CGROUP_H

#include <sys/types.h>

#include "vetbox/core.h"

/* Where the groups of one package's boxes are made:
 *   BASE/vetbox-PID-N/         ours, locked while we live: without its lock it is swept by the next
 *   BASE/vetbox-PID-N/vetbox   where we are ourselves while it stands, and every supervisor
 *   BASE/vetbox-PID-N/box-ID   a box
 * BASE is the group that we were started in, if nobody but us and our children is in it (systemd's
 * Delegate=yes, the first process of a container): we all move. Or it is the one above, if ours is
 * called vetbox (DelegateSubgroup=). */
struct vb_cgroups {
    int home, base, top; /* -1: none; HOME is where we came from */
    char name[48];       /* of TOP, below BASE */
    bool moved;          /* we are in it */
    bool switched_on;    /* the controllers of BASE, by us */
};

void vb_cgroups_init(struct vb_cgroups *groups);
/* Makes them and moves this process there. VB_E_UNAVAILABLE and what is in the way, with nothing
 * changed, where no controller that we need is delegated to us. */
VB_CHECKED int vb_cgroups_new(struct vb_cgroups *ret, struct vb_error *err);
/* Moves this process back and leaves everything as it was found. */
void vb_cgroups_done(struct vb_cgroups *groups);

/* The group of one box. */
struct vb_cgroup {
    int dir;  /* -1: there is none */
    int kill; /* cgroup.kill, opened while we may */
};

struct vb_cgroup_limits {
    uint32_t id;
    uint64_t memory_bytes; /* all that the kernel counts, files in memory too */
    unsigned processes;    /* and threads */
};

/* Makes the group of a box; none where GROUPS are none. A controller that is not delegated sets no
 * limit. Whoever runs as the sandbox user may then start processes in it from where we are. */
VB_CHECKED int vb_cgroup_new(const struct vb_cgroups *groups, const struct vb_cgroup_limits *limits,
                             struct vb_cgroup *ret, struct vb_error *err);
/* Kills whoever is in it. */
void vb_cgroup_kill(const struct vb_cgroup *group);
/* The number behind KEY in FILE of the group, or the one that FILE is (KEY NULL). -1: there is
 * none, or it is "max". */
int64_t vb_cgroup_read(const struct vb_cgroup *group, const char *file, const char *key);
/* Kills whoever is left and removes the group of the box ID. */
void vb_cgroup_done(const struct vb_cgroups *groups, uint32_t id, struct vb_cgroup *group);

#endif
