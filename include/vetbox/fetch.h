/* fetch: reference → artifact. The only user of libcurl; the network side of vetbox. */
#ifndef VETBOX_FETCH_H
#define VETBOX_FETCH_H

#include "vetbox/core.h"
#include "vetbox/core/courier.h"

enum vb_reference_kind { VB_REFERENCE_PATH, VB_REFERENCE_HTTPS };

struct vb_fetch_limits {
    uint64_t bytes;      /* of the artifact */
    size_t entries;      /* of a folder */
    unsigned timeout_ms; /* for the whole transfer */
    unsigned redirects;  /* at most, to https only */
    bool undigested;     /* nobody asks for the digests of a file */
};

/* What REFERENCE is, by its form alone; VB_E_USAGE for schemes that vetbox does not know. */
VB_CHECKED int vb_reference_kind(const char *reference, enum vb_reference_kind *ret,
                                 struct vb_error *err);

/* Opens a file (read-only, digested while it is copied to an anonymous file) or copies a folder
 * once below TARGET_FD, an empty directory descriptor that ret_artifact does not own but
 * duplicates; -1 where PATH is no folder. Emits fetch.artifact. Empty folders, devices, unreadable
 * files: VB_E_NOINPUT or VB_E_DATA. */
VB_CHECKED int vb_fetch_path(const char *path, int target_fd, const struct vb_fetch_limits *limits,
                             struct vb_sink *sink, struct vb_artifact *ret, struct vb_error *err);

/* Downloads URL into TARGET_FD, an empty anonymous file; digests while streaming; emits
 * fetch.redirect and fetch.artifact. Runs in a fetcher child of the coordinator.
 * CA_FILE, if not NULL, replaces the system's certificate bundle. */
VB_CHECKED int vb_fetch_https(const char *url, int target_fd, const char *ca_file,
                              const struct vb_fetch_limits *limits, struct vb_sink *sink,
                              struct vb_error *err);

/* The courier (vetbox/core/courier.h): carries requests to real hosts. */
struct vb_courier_options {
    struct vb_courier_hosts hosts; /* the only ones that it reaches */
    const char *ca_file;           /* NULL: the system's certificates */
    /* For tests: */
    const char *(*refusal)(const struct sockaddr *address); /* NULL: its own */
    unsigned answer_ms;                                     /* 0: 20 seconds */
};
struct vb_courier;
VB_CHECKED int vb_courier_new(const struct vb_courier_options *options, struct vb_courier **ret,
                              struct vb_error *err);
void vb_courier_free(struct vb_courier *courier);
/* Both with a struct vb_courier, in a child of its own: a row of struct vb_courier_work. */
VB_CHECKED int vb_courier_prepare(void *courier, struct vb_error *err);
VB_CHECKED int vb_courier_serve(void *courier, int control, struct vb_error *err);

#endif
