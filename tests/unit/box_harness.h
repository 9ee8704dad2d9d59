/* Runs a command in a box without the recorder and keeps what is said of it. */
#ifndef TESTS_UNIT_BOX_HARNESS_H
#define TESTS_UNIT_BOX_HARNESS_H

#include "sandbox/box/box.h"

/* Keeps the whole log as JSON Lines, and what was printed. */
struct catcher {
    struct vb_sink sink;
    struct vb_buf log;
    struct vb_buf output, errors; /* at the end the errors stand behind the output */
    unsigned count;
    enum vb_event_kind first, last;
    uint32_t strays; /* events that do not carry the detonation's number */
};

struct run {
    struct vb_box_setup setup;
    struct catcher caught;
    struct vb_detonation_result result;
    struct vb_error err;
    int status;
};

/* As on an older kernel: the second round of the tests that look at files. */
extern bool without_overlay;
/* As where no control group is delegated. */
extern bool without_cgroup;

/* Prints a reason and returns false where the kernel forbids boxes. */
bool boxes_available(void);
void run_init(struct run *run);
void run_done(struct run *run);
void run_argv(struct run *run, char **argv, unsigned timeout_ms);
void run_shell(struct run *run, const char *script, unsigned timeout_ms);
/* True if TEXT stands in the log. */
bool logged(const struct run *run, const char *text);
/* What was printed: standard output, then standard error. */
const char *output(const struct run *run);
/* True if the log says that the file PATH was left so: created, modified, … */
bool changed(const struct run *run, const char *path, const char *change);

/* Runs SCRIPT and returns what it printed, which the caller compares. */
#define SHELL(name, script)               \
    VB_CLEANUP(run_done) struct run name; \
    run_init(&name);                      \
    run_shell(&name, script, 10000);      \
    assert_int_equal(name.status, VB_OK)

#endif
