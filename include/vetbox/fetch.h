/* fetch: reference → artifact. The only user of libcurl; the network side of vetbox. */
#ifndef VETBOX_FETCH_H
#define VETBOX_FETCH_H

#include "vetbox/core.h"
#include "vetbox/core/courier.h"

enum vb_reference_kind {
    VB_REFERENCE_PATH,
    VB_REFERENCE_HTTPS,
    VB_REFERENCE_PACKAGE /* of an index: npm:NAME[@VERSION or tag], pypi:NAME[@VERSION],
                            clawhub:[OWNER/]SLUG[@VERSION] or @SCOPE/NAME,
                            github:OWNER/REPO[/PATH][@REF],
                            skills:HOST[/PATH][@NAME] */
};

enum vb_index { VB_INDEX_NPM, VB_INDEX_PYPI, VB_INDEX_CLAWHUB, VB_INDEX_GITHUB, VB_INDEX_SKILLS };
/* As references name it. */
const char *vb_index_name(enum vb_index index);

struct vb_fetch_limits {
    uint64_t bytes;      /* of the artifact */
    size_t entries;      /* of a folder */
    unsigned timeout_ms; /* for the whole transfer */
    unsigned redirects;  /* at most, to https only */
    bool undigested;     /* nobody asks for the digests of a file */
};

enum { VB_REFERENCE_NAME_BYTES = 512 };
struct vb_reference {
    enum vb_reference_kind kind;
    enum vb_index
        index; /* of a package, as is NAME: NAME, NAME@VERSION; of PyPI NAME==VERSION, too */
    char name[VB_REFERENCE_NAME_BYTES];
};
/* What REFERENCE is, by its form alone: npm:NAME and the package URL pkg:npm/NAME are the same.
 * VB_E_USAGE for schemes that vetbox does not know. */
VB_CHECKED int vb_reference_read(const char *reference, struct vb_reference *ret,
                                 struct vb_error *err);
/* The folder of the artifact that REFERENCE means, PATH of github:OWNER/REPO/PATH, in RET; "" is
 * all of it. False: the artifact is what is meant, as it is; otherwise it has one folder at its
 * top, which is not counted. */
bool vb_reference_folder(const struct vb_reference *reference, char *ret, size_t size);

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

/* --- package indexes --- */

/* Where the user's own npm and pip get packages from, with the secrets that it takes: from the
 * environment, .npmrc and pip.conf, else from what the tools say (which takes a second); and
 * ClawHub and GitHub (CLAWHUB_REGISTRY, GITHUB_API_URL and GITHUB_TOKEN, else the public ones).
 * WANTED is a set of VB_WANT_…. Runs in the coordinator, before a fetcher. */
enum { VB_WANT_NPM = 1 << VB_INDEX_NPM, VB_WANT_PYPI = 1 << VB_INDEX_PYPI };
struct vb_indexes;
VB_CHECKED int vb_indexes_new(unsigned wanted, struct vb_indexes **ret, struct vb_error *err);
void vb_indexes_free(struct vb_indexes *indexes);
/* The address of one, "" where none is known. It may name what is not everybody's business. */
const char *vb_indexes_base(const struct vb_indexes *indexes, enum vb_index index);

/* A package by its reference. */
struct vb_package_reference {
    enum vb_index index;
    const char *name; /* as in struct vb_reference */
    const struct vb_indexes *indexes;
    const char *ca_file; /* as below */
    int record_fd;       /* an empty anonymous file for what the index says of it: digests,
                            signatures, keys, attestations (docs/registry-signatures.md); -1: nobody
                            asks */
};
/* Downloads the file that the index has of it into TARGET_FD, an empty anonymous file: of PyPI the
 * wheel that would be installed here, else the source. Emits fetch.artifact. One whose digest is
 * not what the index says is VB_E_DATA, and fetch.digest. Runs in a fetcher child. */
VB_CHECKED int vb_fetch_package(const struct vb_package_reference *reference, int target_fd,
                                const struct vb_fetch_limits *limits, struct vb_sink *sink,
                                struct vb_error *err);

/* A package that is asked for: of npm by NAME and RANGE ("^1.2", a tag, ""); of PyPI a whole
 * requirement (PEP 508) in NAME. The package under examination may have said both. */
struct vb_closure_want {
    enum vb_index index;
    const char *name, *range;
};

/* A file that need not be fetched. */
struct vb_closure_held {
    const char *digest; /* sha512-HEX or sha256-HEX */
    uint64_t size;
};

struct vb_closure_request {
    const struct vb_indexes *indexes;
    const struct vb_closure_want *wants;
    size_t want_count;
    char python[16];     /* the version of the box's Python, "3.11"; "": a usual one */
    const char *ca_file; /* NULL: that of the settings, or the system's */
    const struct vb_closure_held *held; /* sorted by their digests */
    size_t held_count;
    unsigned timeout_ms;
    uint64_t bytes; /* of all that is fetched, and of the closure's files that are held */
};

/* Resolves what the wants need, all the way down, without running or reading anything of a package
 * but its row in the index; fetches it and checks its digests. Runs in a fetcher child. Emits
 * fetch.dependency for each file, which says where in DATA_FD, an empty anonymous file, it lies; so
 * do those of the form "index", which are files of the closure too (closure.json and packuments:
 * docs/dependencies.md). What cannot be had is a row of closure.json's "missing". */
VB_CHECKED int vb_closure_fetch(const struct vb_closure_request *request, int data_fd,
                                struct vb_sink *sink, struct vb_error *err);

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
