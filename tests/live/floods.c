/* Runs every flood of flood/flood.def through `vetbox vet`, as a user would, and prints of each how
 * it ended, what was told of it, and whether anything was left of its box. Then kills vetbox
 * itself, without a chance to clean up, at several moments.
 *
 *   floods VETBOX FOLDER [NAME…]    FOLDER has NAME/NAME for every flood
 *
 * Status 0: all ended as they should; 1: some did not; 77: this machine makes no boxes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/live/escape_host.h"
#include "tests/live/leftovers.h"
#include "vetbox/core.h"

enum {
    GRACE_MS = 8000, /* to examine, judge and report */
    STUCK_MS = 60000,
    LEFTOVERS_MS = 5000,
    SKIPPED = 77
};

enum verdict { HELD, ALLOWED, ANY };

static const struct flood {
    const char *name;
    unsigned seconds;
    const char *limit; /* NULL: none */
    enum verdict verdict;
    const char *text; /* NULL: none */
} floods[] = {
#define FLOOD(...) {__VA_ARGS__},
#include "tests/live/flood/flood.def"
#undef FLOOD
};

/* What is being done when vetbox is killed depends on the machine; on each some find a box. */
static const unsigned moments_ms[] = {0, 10, 30, 60, 100, 200, 400, 800, 1500};
static const char *const killed[] = {"fork-bomb", "signal-ignorer", "memfd-bomb"};

struct test {
    const char *vetbox, *programs;
    char folder[PATH_MAX / 4];
    unsigned slowness;
    size_t made, right, boxes_seen;
};

/* Where one run's files are. */
struct run {
    char folder[PATH_MAX / 2], package[PATH_MAX], out[PATH_MAX], err[PATH_MAX];
    char evidence[PATH_MAX], log[PATH_MAX], report[PATH_MAX];
};

struct result {
    const char *wrong; /* NULL: nothing */
    int status;        /* of vetbox; -1: it did not end by itself */
    unsigned took_ms;
};

/* An emulated machine (tests/live/qemu) needs several times as long. */
static unsigned slowness(void)
{
    const char *text = getenv("VETBOX_TEST_SLOWNESS");
    const unsigned long times = text == NULL ? 1 : strtoul(text, NULL, 10);
    return times < 1 ? 1 : times > 100 ? 100 : (unsigned)times;
}

/* --- the package --- */

static bool copy_program(const char *from, const char *to)
{
    struct stat st;
    VB_CLEANUP_FD int in = open(from, O_RDONLY | O_CLOEXEC);
    VB_CLEANUP_FD int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    return in >= 0 && out >= 0 && fstat(in, &st) == 0 &&
           sendfile(out, in, NULL, (size_t)st.st_size) == st.st_size;
}

/* A skill that holds the flood and says nothing of it. */
static bool make_package(const struct test *test, const char *name, const struct run *run)
{
    char from[PATH_MAX], to[PATH_MAX + 64], text[256];
    snprintf(to, sizeof(to), "%s/SKILL.md", run->package);
    const int len =
        snprintf(text, sizeof(text),
                 "---\nname: %s\ndescription: A test of the box.\n---\n\nHello.\n", name);
    VB_CLEANUP_FD int fd =
        mkdir(run->package, 0755) < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, (size_t)len) != len)
        return false;
    snprintf(from, sizeof(from), "%s/%s/%s", test->programs, name, name);
    snprintf(to, sizeof(to), "%s/%s", run->package, name);
    return copy_program(from, to);
}

static bool prepare(const struct test *test, const char *name, struct run *ret)
{
    snprintf(ret->folder, sizeof(ret->folder), "%s/run", test->folder);
    snprintf(ret->package, sizeof(ret->package), "%s/%.64s", ret->folder, name);
    snprintf(ret->out, sizeof(ret->out), "%s/out", ret->folder);
    snprintf(ret->err, sizeof(ret->err), "%s/err", ret->folder);
    snprintf(ret->evidence, sizeof(ret->evidence), "%s/evidence", ret->folder);
    snprintf(ret->log, sizeof(ret->log), "%s/evidence/events.jsonl", ret->folder);
    snprintf(ret->report, sizeof(ret->report), "%s/report.json", ret->folder);
    return mkdir(ret->folder, 0755) == 0 && make_package(test, name, ret);
}

/* --- running --- */

static _Noreturn void vetbox_main(char *const *argv, const struct run *run)
{
    const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int out = open(run->out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    const int err = open(run->err, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
        _exit(126);
    execv(argv[0], argv);
    _exit(127);
}

static pid_t start(const struct test *test, unsigned seconds, const struct run *run)
{
    char timeout[16];
    snprintf(timeout, sizeof(timeout), "%u", seconds * test->slowness);
    const char *const argv[] = {test->vetbox, "vet",         "--timeout",  timeout,
                                "--evidence", run->evidence, "--format",   "json",
                                "-o",         run->report,   run->package, NULL};
    const pid_t pid = fork();
    if (pid == 0)
        vetbox_main((char *const *)argv, run);
    return pid;
}

/* The exit status, or -1 where a signal or our patience ended it. */
static int wait_for(pid_t pid, unsigned patience_ms)
{
    int status = 0;
    VB_CLEANUP_FD int pidfd = pid < 0 ? -1 : pidfd_open(pid, 0);
    struct pollfd fd = {.fd = pidfd, .events = POLLIN};
    if (pid > 0 && poll(&fd, 1, (int)patience_ms) <= 0)
        (void)kill(pid, SIGKILL);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- the judgement --- */

/* A line of the file PATH in which both texts stand. */
static bool has_line(const char *path, const char *first, const char *second)
{
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    VB_CLEANUP_FILE FILE *file = fopen(path, "re");
    while (file != NULL && !found && getline(&line, &room, file) > 0)
        found = strstr(line, first) != NULL && strstr(line, second) != NULL;
    free(line);
    return found;
}

static const char *find_wrong(const struct test *test, const struct flood *flood,
                              const struct run *run, const struct result *result)
{
    static const char limit[] = "\"kind\":\"sandbox.limit\"";
    char what[64];
    if (result->status < 0 || result->took_ms > (flood->seconds * 1000 + GRACE_MS) * test->slowness)
        return "it did not end in time";
    if (result->status > 2)
        return "an error and no verdict";
    if (!has_line(run->log, "\"kind\":\"detonation.end\"", ""))
        return "it was not run";
    snprintf(what, sizeof(what), "\"what\":\"%s\"", flood->limit == NULL ? "" : flood->limit);
    if (flood->limit == NULL && has_line(run->log, limit, ""))
        return "a limit although it ran into none";
    if (flood->limit != NULL && !has_line(run->log, limit, what))
        return "the limit is not told of";
    if ((flood->limit != NULL) != has_line(run->report, "VB-RESOURCE-ABUSE", ""))
        return flood->limit != NULL ? "there is no finding" : "a finding against it";
    if (flood->text != NULL && !has_line(run->log, flood->text, "\"source\":\"syscall\""))
        return "what it did afterwards is not recorded";
    if ((flood->verdict == HELD && result->status == 0) ||
        (flood->verdict == ALLOWED && result->status != 0))
        return "another verdict is due";
    return NULL;
}

static void show_file(const char *path)
{
    char text[600];
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof(text));
    if (got > 0)
        printf("    %.*s\n", (int)got, text);
}

static const char *verdict_name(int status)
{
    static const char *const names[] = {"allow", "block", "review"};
    return status >= 0 && status <= 2 ? names[status] : "none";
}

static void try_flood(struct test *test, const struct flood *flood)
{
    struct run run;
    struct result result = {0};
    const struct leftovers before = leftovers_count();
    if (!prepare(test, flood->name, &run)) {
        result.wrong = "its package cannot be made";
    } else {
        const uint64_t begin = vb_monotonic_ns();
        result.status = wait_for(start(test, flood->seconds, &run), STUCK_MS * 2 * test->slowness);
        result.took_ms = (unsigned)((vb_monotonic_ns() - begin) / 1000000U);
        const char *left = leftovers_wait(&before, LEFTOVERS_MS * test->slowness);
        result.wrong = left != NULL ? left : find_wrong(test, flood, &run, &result);
    }
    test->made++;
    test->right += result.wrong == NULL;
    printf("%-20s %6.1f s of %2u  %-10s  %-6s  %s%s\n", flood->name, result.took_ms / 1000.0,
           flood->seconds * test->slowness, flood->limit == NULL ? "no limit" : flood->limit,
           verdict_name(result.status), result.wrong == NULL ? "nothing left" : "WRONG: ",
           result.wrong == NULL ? "" : result.wrong);
    if (result.wrong != NULL)
        show_file(run.err);
    fflush(stdout);
    host_remove(run.folder);
}

/* --- vetbox itself is killed --- */

static void kill_at(struct test *test, const char *name, unsigned moment_ms)
{
    struct run run;
    const char *left = "its package cannot be made";
    struct leftovers then = {0};
    const struct leftovers before = leftovers_count();
    if (prepare(test, name, &run)) {
        const pid_t pid = start(test, STUCK_MS / 1000, &run);
        (void)usleep(moment_ms * 1000 * test->slowness);
        then = leftovers_count();
        (void)wait_for(pid, 0);
        left = leftovers_wait(&before, LEFTOVERS_MS * test->slowness);
    }
    test->made++;
    test->right += left == NULL;
    test->boxes_seen += then.namespaces > before.namespaces;
    printf("%-20s killed after %4u ms with %3zu processes: %s%s\n", name,
           moment_ms * test->slowness, then.processes - before.processes,
           left == NULL ? "nothing left" : "LEFT: ", left == NULL ? "" : left);
    fflush(stdout);
    host_remove(run.folder);
}

static int run_all(struct test *test, char *const *names)
{
    bool any_killed = false;
    for (size_t i = 0; i < VB_ARRAY_LEN(floods); i++) {
        if (host_wanted(names, floods[i].name))
            try_flood(test, &floods[i]);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(killed) * VB_ARRAY_LEN(moments_ms); i++) {
        const char *name = killed[i / VB_ARRAY_LEN(moments_ms)];
        if (!host_wanted(names, name))
            continue;
        any_killed = true;
        kill_at(test, name, moments_ms[i % VB_ARRAY_LEN(moments_ms)]);
    }
    if (any_killed && test->boxes_seen == 0)
        printf("WRONG: no box was there when vetbox was killed\n");
    printf("%zu runs as %s, %zu ended as they should\n", test->made,
           geteuid() == 0 ? "root" : "an ordinary user", test->right);
    return test->made > 0 && test->right == test->made && (!any_killed || test->boxes_seen > 0) ? 0
                                                                                                : 1;
}

/* Folders of our own for whatever vetbox keeps: what it leaves there is seen. */
static bool make_folders(struct test *test)
{
    static const char *const rows[][2] = {
        {"TMPDIR", "tmp"}, {"HOME", "home"}, {"XDG_CACHE_HOME", "cache"}};
    snprintf(test->folder, sizeof(test->folder), "/tmp/vetbox-floods-XXXXXX");
    bool made = mkdtemp(test->folder) != NULL && chmod(test->folder, 0755) == 0;
    for (size_t i = 0; made && i < VB_ARRAY_LEN(rows); i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "%s/%s", test->folder, rows[i][1]);
        made = mkdir(path, 0755) == 0 && setenv(rows[i][0], path, 1) == 0;
    }
    return made && unsetenv("XDG_CONFIG_HOME") == 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: floods VETBOX FOLDER [NAME…]\n");
        return 64;
    }
    static struct test test;
    const struct run nowhere = {.out = "/dev/null", .err = "/dev/null"};
    const char *const doctor[] = {argv[1], "doctor", "-q", NULL};
    test = (struct test){.vetbox = argv[1], .programs = argv[2], .slowness = slowness()};
    const pid_t pid = fork();
    if (pid == 0)
        vetbox_main((char *const *)doctor, &nowhere);
    if (wait_for(pid, STUCK_MS * test.slowness) != 0) {
        printf("SKIPPED: this machine cannot make boxes (vetbox doctor says why)\n");
        return SKIPPED;
    }
    /* Who loses its parent comes to us and is counted. */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 || !make_folders(&test)) {
        perror("floods");
        return 1;
    }
    const int status = run_all(&test, argv + 3);
    host_remove(test.folder);
    return status;
}
