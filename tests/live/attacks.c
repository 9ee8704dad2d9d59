/* Runs every attack on the world of attack/attack.def through `vetbox run`, and prints of each how
 * it ended, how much memory the largest process had, and whether it was told of.
 *
 *   attacks VETBOX FOLDER [NAME…]    FOLDER is tests/live/attack
 *
 * VETBOX_TEST_UPLOAD is the size of the upload in bytes (1 GiB). Status 0: all ended as they
 * should; 1: some did not; 77: this machine makes no boxes, or has no Python. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/live/escape_host.h"
#include "vetbox/core.h"

enum { GRACE_MS = 15000, SKIPPED = 77 };

static const struct attack {
    const char *name;
    unsigned seconds;
    long mebibytes;
    const char *first, *second;
} attacks[] = {
#define ATTACK(...) {__VA_ARGS__},
#include "tests/live/attack/attack.def"
#undef ATTACK
};

struct test {
    const char *vetbox, *scripts, *upload;
    char folder[PATH_MAX / 4], evidence[PATH_MAX / 2], log[PATH_MAX], err[PATH_MAX / 2];
    unsigned slowness;
    size_t made, right;
};

struct result {
    int status; /* of the attacker; -1: vetbox did not end by itself */
    long mebibytes;
    unsigned took_ms;
};

/* An emulated machine (tests/live/qemu) needs several times as long. */
static unsigned slowness(void)
{
    const char *text = getenv("VETBOX_TEST_SLOWNESS");
    const unsigned long times = text == NULL ? 1 : strtoul(text, NULL, 10);
    return times < 1 ? 1 : times > 100 ? 100 : (unsigned)times;
}

static pid_t start(const char *const *argv, const char *err)
{
    const pid_t pid = fork();
    if (pid != 0)
        return pid;
    const int in = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int out = open(err, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
        _exit(126);
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

/* The largest of all processes that the run was made of, the world among them, is what the kernel
 * says of a child and of whom it waited for. */
static void wait_for(pid_t pid, unsigned patience_ms, struct result *ret)
{
    int status = 0;
    struct rusage usage = {0};
    VB_CLEANUP_FD int pidfd = pid < 0 ? -1 : pidfd_open(pid, 0);
    struct pollfd fd = {.fd = pidfd, .events = POLLIN};
    if (pid > 0 && poll(&fd, 1, (int)patience_ms) <= 0)
        (void)kill(pid, SIGKILL);
    ret->status = -1;
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return;
    ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    ret->mebibytes = usage.ru_maxrss >> 10;
}

/* A line of the log in which both texts stand. */
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

static const char *find_wrong(const struct test *test, const struct attack *attack,
                              const struct result *result)
{
    if (result->status < 0)
        return "it did not end in time";
    if (result->status != 0)
        return "the world did not answer behind it";
    if (has_line(test->log, "what answered in the network of the box died", ""))
        return "the world died of it";
    if (!has_line(test->log, attack->first, attack->second))
        return "it is not told of";
    return result->mebibytes > attack->mebibytes ? "it took too much memory" : NULL;
}

static void try_attack(struct test *test, const struct attack *attack)
{
    char timeout[16];
    struct result result = {0};
    const unsigned seconds = attack->seconds * test->slowness;
    snprintf(timeout, sizeof(timeout), "%u", seconds);
    const char *const argv[] = {
        test->vetbox,       "run",          "-q",         "--timeout",   timeout,
        "--evidence",       test->evidence, "--copy",     test->scripts, "--",
        "/usr/bin/python3", "attack.py",    attack->name, test->upload,  NULL};
    const uint64_t begin = vb_monotonic_ns();
    wait_for(start(argv, test->err), seconds * 1000 + GRACE_MS, &result);
    result.took_ms = (unsigned)((vb_monotonic_ns() - begin) / 1000000U);
    const char *wrong = find_wrong(test, attack, &result);
    test->made++;
    test->right += wrong == NULL;
    printf("%-28s %6.1f s %4ld MiB  %s%s\n", attack->name, result.took_ms / 1000.0,
           result.mebibytes, wrong == NULL ? "told of" : "WRONG: ", wrong == NULL ? "" : wrong);
    fflush(stdout);
    host_remove(test->evidence);
}

static bool prepare(struct test *test)
{
    const char *upload = getenv("VETBOX_TEST_UPLOAD");
    test->slowness = slowness();
    test->upload = upload != NULL ? upload : "1073741824";
    snprintf(test->folder, sizeof(test->folder), "/tmp/vetbox-attacks-XXXXXX");
    if (mkdtemp(test->folder) == NULL)
        return false;
    snprintf(test->evidence, sizeof(test->evidence), "%s/evidence", test->folder);
    snprintf(test->log, sizeof(test->log), "%s/events.jsonl", test->evidence);
    snprintf(test->err, sizeof(test->err), "%s/err", test->folder);
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: attacks VETBOX FOLDER [NAME…]\n");
        return 64;
    }
    static struct test test;
    struct result doctor = {0};
    const char *const ask[] = {argv[1], "doctor", "-q", NULL};
    test = (struct test){.vetbox = argv[1], .scripts = argv[2]};
    wait_for(start(ask, "/dev/null"), 60000, &doctor);
    if (doctor.status != 0 || access("/usr/bin/python3", X_OK) < 0) {
        printf(
            "SKIPPED: this machine cannot make boxes (vetbox doctor says why), or has no Python\n");
        return SKIPPED;
    }
    if (!prepare(&test)) {
        perror("attacks");
        return 1;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(attacks); i++) {
        if (host_wanted(argv + 3, attacks[i].name))
            try_attack(&test, &attacks[i]);
    }
    host_remove(test.folder);
    printf("%zu attacks, %zu ended as they should\n", test.made, test.right);
    return test.made > 0 && test.right == test.made ? 0 : 1;
}
