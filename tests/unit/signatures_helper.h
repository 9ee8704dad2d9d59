/* A package in a temporary folder, and what vb_verify says about it. */
#ifndef VETBOX_TESTS_SIGNATURES_HELPER_H
#define VETBOX_TESTS_SIGNATURES_HELPER_H

#include "signatures/internal.h"

#define FIXTURES VB_SOURCE_DIR "/tests/fixtures/signatures"

struct seen {
    char *format;
    char *outcome;
    char *path;
    char *name;
    char *key_id;
    char *reason;
    char *covers; /* joined with ',' */
    int64_t clock;
};

enum { SEEN_MAX = 80 };

/* A sink that keeps every signature.result and counts coverage events. */
struct capture {
    struct vb_sink sink;
    struct seen seen[SEEN_MAX];
    size_t count;
    size_t coverage;
};
void capture_init(struct capture *capture);
void capture_done(struct capture *capture);

struct package {
    char path[64];
    int fd;
    struct vb_trust *trust;
};
/* A fresh folder; trust is that of the fixtures. */
void package_init(struct package *package);
void package_done(struct package *package); /* removes the folder */
void package_put(const struct package *package, const char *name, const void *data, size_t len);
void package_copy(const struct package *package, const char *fixture, const char *name);
/* The bytes of a file below the fixtures' package folder. */
void fixture_read(const char *name, struct vb_buf *ret);
void file_read(const char *path, struct vb_buf *ret);

void put_text(const struct package *package, const char *name, const char *text);
/* For cmocka: *state is a package of its own for each test. */
int package_setup(void **state);
int package_teardown(void **state);

/* vb_verify over PACKAGE; fails the test where it fails. */
void package_verify(const struct package *package, struct capture *ret);
/* The same for a package in which exactly one signature is expected. */
void expect_one(const struct package *package, const char *format, const char *outcome,
                const char *reason_part);

/* Runs ARGV in FOLDER with standard input from /dev/null. Returns the exit status, 127 where there
 * is no such program. */
int run_tool(const char *folder, const char *const *argv);
#define RUN(package, ...) run_tool((package)->path, (const char *const[]){__VA_ARGS__, NULL})

/* The folder of the published vectors, or NULL where it is absent. */
const char *vectors_folder(char *ret, size_t size);

#endif
