/* Eight boxes at once, hundreds of runs: nothing of a box may outlast it. A box that leaks one
 * descriptor or mount is not seen in any other test, and stops a server after a day.
 * usage: concurrency [RUNS [WORKERS]] */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/live/leftovers.h"
#include "vetbox/core.h"
#include "vetbox/sandbox.h"

enum { RUNS = 500, WORKERS = 8, MAX_WORKERS = 64, SKIPPED = 77, RUN_MS = 60000 };

/* --- the runs --- */

struct counter {
    struct vb_sink sink;
    size_t events, execs, ends;
};

static int count_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct counter *counter = (struct counter *)(void *)sink;
    (void)err;
    counter->events++;
    counter->execs += event->kind == VB_EV_PROCESS_EXEC;
    counter->ends += event->kind == VB_EV_DETONATION_END;
    return VB_OK;
}

static int one_run(struct vb_sandbox *sandbox, size_t number, struct counter *counter,
                   struct vb_error *err)
{
    static char reason[] = "command", sh[] = "sh", c[] = "-c", true_name[] = "true";
    /* One in three leaves something running, and one writes: what a box has to clear away. */
    static char orphan[] = "setsid sleep 1000 >/dev/null 2>&1 & exit 0";
    static char file[] = "mkdir -p ~/a/b && echo x >~/a/b/c && true";
    char *const scripts[] = {orphan, file};
    char *plain[] = {true_name, NULL};
    char *script[] = {sh, c, number % 3 == 0 ? NULL : scripts[number % 3 - 1], NULL};
    struct vb_detonation row = {.id = (uint32_t)number + 1,
                                .reason = reason,
                                .argv = number % 3 == 0 ? plain : script,
                                .timeout_ms = RUN_MS};
    struct vb_detonation_result result = {0};
    const struct counter before = *counter;
    const int status = vb_detonate(sandbox, &row, &counter->sink, &result, err);
    if (status < 0)
        return status;
    if (result.exit_status != 0 || counter->ends != before.ends + 1 ||
        counter->execs == before.execs)
        return vb_fail(err, VB_E_SOFTWARE, 0, "run %zu ended with %d", number, result.exit_status);
    return VB_OK;
}

/* Every WORKERS-th run in a process that lives as long as they take. Returns its exit status. */
static int work(size_t first, size_t step, size_t runs)
{
    struct vb_sandbox_options options = vb_sandbox_default_options;
    struct counter counter = {.sink.emit = count_event};
    struct vb_sandbox *sandbox = NULL;
    struct vb_error err = {0};
    options.epoch_ns = vb_monotonic_ns();
    options.name = "run";
    options.drops_fd = options.tree_fd = options.input_fd = -1;
    options.output_fds[0] = options.output_fds[1] = -1;
    int status = vb_sandbox_new(&options, &counter.sink, &sandbox, &err);
    const size_t before = leftovers_entries("/proc/self/fd");
    for (size_t i = first; status == VB_OK && i < runs; i += step)
        status = one_run(sandbox, i, &counter, &err);
    const size_t after = leftovers_entries("/proc/self/fd");
    vb_sandbox_free(sandbox);
    if (status == VB_E_UNAVAILABLE)
        return SKIPPED;
    if (status < 0)
        fprintf(stderr, "worker %zu: %s\n", first, err.message);
    if (before != after)
        fprintf(stderr, "worker %zu: %zu descriptors before its runs, %zu after\n", first, before,
                after);
    return status == VB_OK && before == after ? 0 : 1;
}

static int run_all(size_t runs, size_t workers)
{
    pid_t pids[MAX_WORKERS];
    int worst = 0;
    for (size_t i = 0; i < workers; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            exit(work(i, workers, runs));
        worst = pids[i] < 0 ? 1 : worst;
    }
    for (size_t i = 0; i < workers; i++) {
        int status = 0;
        if (pids[i] < 0 || waitpid(pids[i], &status, 0) != pids[i] || !WIFEXITED(status))
            worst = 1;
        else if (worst == 0)
            worst = WEXITSTATUS(status);
    }
    return worst;
}

static size_t number(const char *text, size_t fallback, size_t max)
{
    const unsigned long value = text == NULL ? fallback : strtoul(text, NULL, 10);
    return value < 1 ? 1 : value > max ? max : (size_t)value;
}

int main(int argc, char **argv)
{
    const size_t runs = number(argc > 1 ? argv[1] : NULL, RUNS, 1000000);
    const size_t workers = number(argc > 2 ? argv[2] : NULL, WORKERS, MAX_WORKERS);
    char folder[] = "/tmp/vetbox-concurrency-XXXXXX";
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 || mkdtemp(folder) == NULL ||
        setenv("TMPDIR", folder, 1) < 0) {
        perror("concurrency");
        return 1;
    }
    const struct leftovers before = leftovers_count();
    const uint64_t start = vb_monotonic_ns();
    const int outcome = run_all(runs, workers);
    const uint64_t took_ms = (vb_monotonic_ns() - start) / 1000000U;
    usleep(200000); /* the kernel takes namespaces down behind us; a leak stays */
    const struct leftovers after = leftovers_count();
    const bool same = leftovers_show(&before, &after);
    (void)rmdir(folder);
    if (outcome == SKIPPED) {
        puts("SKIPPED: this machine cannot make boxes");
        return SKIPPED;
    }
    printf("%zu runs in %zu boxes at once, %llu ms\n", runs, workers, (unsigned long long)took_ms);
    return outcome == 0 && same ? 0 : 1;
}
