/* Eight boxes at once, hundreds of runs: nothing of a box may outlast it. A box that leaks one
 * descriptor or mount is not seen in any other test, and stops a server after a day.
 * usage: concurrency [RUNS [WORKERS]] */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vetbox/core.h"
#include "vetbox/sandbox.h"

enum { RUNS = 500, WORKERS = 8, MAX_WORKERS = 64, SKIPPED = 77, MAX_PIDS = 65536, RUN_MS = 60000 };

/* --- what a leak would show in --- */

static const char *const namespaces[] = {"user", "mnt", "pid",    "net",
                                         "ipc",  "uts", "cgroup", "time"};

struct counts {
    size_t processes; /* below this one: it adopts whatever loses its parent */
    size_t namespaces;
    size_t mounts, tmpfs;
    size_t cgroups; /* below the one that this process is in */
    size_t descriptors;
    size_t files; /* in the folder for temporary files */
};

static size_t entries(const char *path)
{
    size_t count = 0;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return 0;
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* The parent of PID, or -1. */
static pid_t parent_of(pid_t pid)
{
    char path[64], text[1024] = "";
    int parent = -1;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    VB_CLEANUP_FILE FILE *file = fopen(path, "re");
    if (file != NULL && fgets(text, sizeof(text), file) != NULL && strrchr(text, ')') != NULL)
        (void)sscanf(strrchr(text, ')') + 1, " %*c %d", &parent);
    return parent;
}

static bool is_below(pid_t pid, pid_t ancestor)
{
    for (int steps = 0; steps < 64 && pid > 1; steps++) {
        pid = parent_of(pid);
        if (pid == ancestor)
            return true;
    }
    return false;
}

/* How many of PID's namespaces are not this process's own. */
static size_t foreign_namespaces(pid_t pid)
{
    size_t count = 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(namespaces); i++) {
        char path[64], own[64] = "", other[64] = "";
        snprintf(path, sizeof(path), "/proc/self/ns/%s", namespaces[i]);
        const ssize_t own_len = readlink(path, own, sizeof(own) - 1);
        snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, namespaces[i]);
        const ssize_t len = readlink(path, other, sizeof(other) - 1);
        count += len > 0 && own_len > 0 && strcmp(own, other) != 0;
    }
    return count;
}

static void count_processes(struct counts *ret)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry = NULL;
    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0 || !is_below(pid, getpid()))
            continue;
        ret->processes++;
        ret->namespaces += foreign_namespaces(pid);
    }
    if (proc != NULL)
        closedir(proc);
}

static void count_mounts(struct counts *ret)
{
    char line[4096];
    VB_CLEANUP_FILE FILE *file = fopen("/proc/self/mountinfo", "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        ret->mounts++;
        ret->tmpfs += strstr(line, " - tmpfs ") != NULL;
    }
}

/* The folders below PATH. */
static size_t folders(const char *path, unsigned depth)
{
    size_t count = 0;
    DIR *dir = depth == 0 ? NULL : opendir(path);
    const struct dirent *entry = NULL;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char below[4096];
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        const int len = snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (len < 0 || (size_t)len >= sizeof(below))
            continue;
        count += 1 + folders(below, depth - 1);
    }
    if (dir != NULL)
        closedir(dir);
    return count;
}

static size_t count_cgroups(void)
{
    char line[2048], path[4096];
    size_t count = 0;
    VB_CLEANUP_FILE FILE *file = fopen("/proc/self/cgroup", "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::", 3) != 0)
            continue;
        snprintf(path, sizeof(path), "/sys/fs/cgroup%s", line + 3);
        count = folders(path, 16);
    }
    return count;
}

static struct counts count_all(void)
{
    struct counts counts = {.cgroups = count_cgroups(), .descriptors = entries("/proc/self/fd")};
    count_processes(&counts);
    count_mounts(&counts);
    counts.files = entries(getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    return counts;
}

/* Says both; true if they are the same. FILES of a shared folder are nobody's. */
static bool compare(const struct counts *before, const struct counts *after)
{
    const struct {
        const char *what;
        size_t before, after;
    } rows[] = {
        {"processes", before->processes, after->processes},
        {"namespaces", before->namespaces, after->namespaces},
        {"mounts", before->mounts, after->mounts},
        {"tmpfs mounts", before->tmpfs, after->tmpfs},
        {"cgroups", before->cgroups, after->cgroups},
        {"descriptors", before->descriptors, after->descriptors},
        {"files in TMPDIR", before->files, after->files},
    };
    bool same = true;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        printf("%-16s %4zu before, %4zu after\n", rows[i].what, rows[i].before, rows[i].after);
        same = same && rows[i].before == rows[i].after;
    }
    return same;
}

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
    const size_t before = entries("/proc/self/fd");
    for (size_t i = first; status == VB_OK && i < runs; i += step)
        status = one_run(sandbox, i, &counter, &err);
    const size_t after = entries("/proc/self/fd");
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
    const struct counts before = count_all();
    const uint64_t start = vb_monotonic_ns();
    const int outcome = run_all(runs, workers);
    const uint64_t took_ms = (vb_monotonic_ns() - start) / 1000000U;
    usleep(200000); /* the kernel takes namespaces down behind us; a leak stays */
    const struct counts after = count_all();
    const bool same = compare(&before, &after);
    (void)rmdir(folder);
    if (outcome == SKIPPED) {
        puts("SKIPPED: this machine cannot make boxes");
        return SKIPPED;
    }
    printf("%zu runs in %zu boxes at once, %llu ms\n", runs, workers, (unsigned long long)took_ms);
    return outcome == 0 && same ? 0 : 1;
}
