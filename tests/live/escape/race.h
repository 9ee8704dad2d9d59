/* One thread makes a system call, the other changes what its argument points to when the call was
 * looked at and before the kernel looks again (CWE-367; "Exploiting Concurrency Vulnerabilities in
 * System Call Wrappers", Watson 2007). The moment shows in /proc: a thread that waits for a seccomp
 * notification's answer is blocked, and when it was answered it is running, though it may not have
 * run yet. */
#ifndef TESTS_LIVE_ESCAPE_RACE_H
#define TESTS_LIVE_ESCAPE_RACE_H

#include <pthread.h>
#include <sched.h>

#include "escape.h"

struct race {
    void *target; /* what the call's argument points to */
    const void *innocent, *real;
    size_t len;
    int state; /* /proc/self/task/TID/syscall of the thread that calls */
    volatile int armed;
    unsigned tries;
};

static bool race_blocked(const struct race *race)
{
    char text[8] = "";
    return pread(race->state, text, sizeof(text) - 1, 0) > 0 && text[0] != 'r';
}

static void *race_swap(void *ctx)
{
    struct race *race = ctx;
    for (;;) {
        while (!race->armed)
            sched_yield();
        while (race->armed && !race_blocked(race))
            ;
        while (race->armed && race_blocked(race))
            ;
        if (race->armed)
            memcpy(race->target, race->real, race->len);
        race->armed = 0;
    }
    return NULL;
}

static inline void race_begin(struct race *race)
{
    pthread_t other;
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)syscall(SYS_gettid));
    race->state = open(path, O_RDONLY | O_CLOEXEC);
    if (race->state < 0 || pthread_create(&other, NULL, race_swap, race) != 0)
        escape_broken("starting a race");
}

static inline void race_arm(struct race *race)
{
    memcpy(race->target, race->innocent, race->len);
    race->armed = 1;
    if (race->tries++ % 2 == 1)
        sched_yield(); /* so that now this thread, now the other has waited longer for the processor
                        */
}

/* After the call: waits until the other thread is done with it. */
static inline void race_disarm(struct race *race)
{
    race->armed = 0;
    sched_yield();
}

#endif
