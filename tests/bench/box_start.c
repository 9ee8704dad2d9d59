/* Times a box against bubblewrap, in turn: start to teardown of `true`, everything on. vetbox runs
 * many boxes of one package, so the box alone is timed (vb_detonate: supervisor, namespaces,
 * overlays, network, recorder, what changed); tests/bench/start also times the whole command.
 *
 * usage: bench_box_start ROUNDS [PEER ARGUMENT…] */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vetbox/sandbox.h"

extern char **environ;

static int swallow(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    (void)sink;
    (void)event;
    (void)err;
    return VB_OK;
}

static double milliseconds(uint64_t begin_ns)
{
    return (double)(vb_monotonic_ns() - begin_ns) / 1e6;
}

static double time_box(struct vb_sandbox *sandbox, unsigned id)
{
    char name[] = "true";
    char reason[] = "bench";
    char *argv[] = {name, NULL};
    const struct vb_detonation row = {
        .id = id, .reason = reason, .argv = argv, .timeout_ms = 10000};
    struct vb_sink sink = {.emit = swallow};
    struct vb_detonation_result result;
    struct vb_error err = {0};
    const uint64_t begin = vb_monotonic_ns();
    if (vb_detonate(sandbox, &row, &sink, &result, &err) < 0 || result.exit_status != 0) {
        fprintf(stderr, "box: %s, status %d\n", err.message, result.exit_status);
        exit(1);
    }
    return milliseconds(begin);
}

static double time_peer(char **argv)
{
    pid_t pid;
    int status = 0;
    const uint64_t begin = vb_monotonic_ns();
    if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "%s: %s, status %d\n", argv[0], strerror(errno), status);
        exit(1);
    }
    return milliseconds(begin);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    enum { MAX_ROUNDS = 1000 };
    static double ours[MAX_ROUNDS], theirs[MAX_ROUNDS], ratio[MAX_ROUNDS];
    const long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    if (rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf(stderr, "usage: bench_box_start ROUNDS [PEER ARGUMENT…]\n");
        return 64;
    }
    struct vb_sink sink = {.emit = swallow};
    struct vb_error err = {0};
    struct vb_sandbox *sandbox = NULL;
    struct vb_sandbox_options options = vb_sandbox_default_options;
    options.carries_on = true;
    options.epoch_ns = vb_monotonic_ns();
    const uint64_t begin = vb_monotonic_ns();
    if (vb_sandbox_new(&options, &sink, &sandbox, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        return 69;
    }
    const double once = milliseconds(begin);
    for (long i = -2; i < rounds; i++) { /* two to warm up */
        const double box = time_box(sandbox, (unsigned)(i + 3));
        const double peer = argc > 2 ? time_peer(argv + 2) : 1;
        if (i < 0)
            continue;
        ours[i] = box;
        theirs[i] = peer;
        ratio[i] = box / peer;
    }
    vb_sandbox_free(sandbox);
    qsort(ours, (size_t)rounds, sizeof(*ours), compare);
    qsort(theirs, (size_t)rounds, sizeof(*theirs), compare);
    qsort(ratio, (size_t)rounds, sizeof(*ratio), compare);
    printf("once a package %6.2f ms; a box %6.2f ms (best %.2f)", once, ours[rounds / 2], ours[0]);
    if (argc > 2)
        printf("   peer %6.2f ms (best %.2f)   ratio %.2f", theirs[rounds / 2], theirs[0],
               ratio[rounds / 2]);
    printf("\n");
    return 0;
}
