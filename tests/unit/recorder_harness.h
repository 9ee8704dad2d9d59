/* Runs a function under the subject's filter and keeps what the recorder says of it. */
#ifndef TESTS_UNIT_RECORDER_HARNESS_H
#define TESTS_UNIT_RECORDER_HARNESS_H

#include <stdatomic.h>

#include "sandbox/recorder/recorder.h"

struct recording {
    struct vb_sink sink;
    struct vb_event *events; /* deep copies */
    size_t count, capacity;
    uint64_t emitted;  /* also those that COUNT_ONLY leaves out */
    bool count_only;   /* for floods */
    unsigned delay_us; /* the sink takes its time: the subject waits for its answer */
    atomic_int *told; /* shared with the subject, may be NULL: the sink adds one at an execution and
                         waits until the subject has added one too */
    size_t fail_after; /* make the sink fail at this event, 0 for never */
    int exit_status;   /* of the subject; 128 + signal */
    uint64_t dropped;
    int step_status; /* what ended the loop: 0, or the recorder's own error */
    struct vb_error err;
};

struct subject {
    int (*run)(void *arg); /* in the subject; its result is the exit status */
    void *arg;
    const struct vb_bait_set *baits;
    uint64_t max_events;                      /* 0: a million */
    uint64_t events_at_once, events_a_second; /* 0: any number */
    int keep_fd;                              /* 0: nowhere */
};

void recording_init(struct recording *recording);
void recording_done(struct recording *recording);
/* Prints a reason and returns false where the kernel forbids it. */
bool recorder_available(void);
void record(const struct subject *subject, struct recording *recording);

/* The INDEXth event (from 0) of KIND whose FIELD is TEXT (NULL: any). NULL if there is none. */
const struct vb_event *find_event(const struct recording *recording, enum vb_event_kind kind,
                                  enum vb_field field, const char *text, size_t index);
size_t count_events(const struct recording *recording, enum vb_event_kind kind, enum vb_field field,
                    const char *text);
/* The items of a list with blanks between, in a static buffer. */
const char *list_text(const struct vb_event *event, enum vb_field field);
/* --- for tests: each fails the test if it is not as it should be --- */

/* record() without baits or limits. */
void run(struct recording *recording, int (*function)(void *), void *arg);
const struct vb_event *must_find(const struct recording *recording, enum vb_event_kind kind,
                                 enum vb_field field, const char *text);
void assert_field(const struct vb_event *event, enum vb_field field, const char *text);
/* The result of a system call, negative errno for a failure. */
long raw(long number, long a, long b, long c, long d);
/* Runs the script ARG with bash, in the test's folder where it has one. */
int do_shell(void *arg);
/* Records a script, which must succeed. */
#define SHELL(r, script)                               \
    struct recording r;                                \
    run(&r, do_shell, (void *)(uintptr_t)("" script)); \
    if (r.exit_status)                                 \
    fail_msg("%s: status %d", script, r.exit_status)
/* Baits for /home/maja. */
struct vb_bait_set *make_baits(void);
const struct vb_bait *bait_named(const struct vb_bait_set *set, const char *id);

/* A test's own folder, empty at first. */
int make_folder(void **state);
int remove_folder(void **state);
const char *test_folder(void);
const char *in_folder(const char *name); /* one of a few static buffers */
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

/* All events on standard output, for a failing test. */
void recording_print(const struct recording *recording);

#endif
