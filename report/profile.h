/* What a profile is made of: the honest part of what was observed. Trust boundary: every name comes
 * from a package; what could mean anything else in a profile is left out (profile.c). */
#ifndef REPORT_PROFILE_H
#define REPORT_PROFILE_H

#include "vetbox/report.h"

enum { PROFILE_MAX = 512 };

struct profile_set { /* sorted, unique */
    char *items[PROFILE_MAX];
    size_t count;
    size_t dropped;
};

struct profile {
    const struct vb_verdict *verdict;
    char name[64];               /* of letters, digits, '.', '_', '-' */
    char own[256];               /* the package's folder in the box, "~/…", or "" */
    struct profile_set hosts;    /* names that it reached */
    struct profile_set execs;    /* programs, by their path */
    struct profile_set reads;    /* files of the home that it read, "~/…" */
    struct profile_set writes;   /* files and folders that it wrote */
    struct profile_set secrets;  /* where a user keeps some, and which it does not need */
    struct profile_set calls;    /* system calls that are needed by name */
    struct profile_set left_out; /* in words */
    uint64_t *evidence;          /* events of findings, ascending */
    size_t evidence_count;
    bool seen[VB_EVENT_KIND_COUNT]; /* honest events of this kind */
    bool inet, unix_sockets, listens;
};

VB_CHECKED int vb_profile_gather(const struct vb_verdict *verdict, int log_fd, struct profile **ret,
                                 struct vb_error *err);
void vb_profile_free(struct profile *profile);

/* What stands in a comment, one line after the other: whose it is, what was left out. */
typedef void vb_profile_told(void *ctx, const char *text);
void vb_profile_tell(const struct profile *profile, vb_profile_told *told, void *ctx);

/* profile_calls.def: rows that apply, each with what makes it needed. */
struct profile_calls {
    const char *why;
    const char *names;       /* space-separated */
    enum vb_event_kind kind; /* VB_EVENT_KIND_COUNT: always */
    bool by_name;            /* only those of them that were seen */
};
size_t vb_profile_calls(const struct profile_calls **ret);

int vb_profile_srt(const struct profile *profile, int fd, struct vb_error *err);
int vb_profile_seccomp(const struct profile *profile, int fd, struct vb_error *err);
int vb_profile_apparmor(const struct profile *profile, int fd, struct vb_error *err);
int vb_profile_openclaw(const struct profile *profile, int fd, struct vb_error *err);

#endif
