/* Runs every attempt of escape/escape.def in a box of its own, as a user would with `vetbox run`,
 * and prints of each whether the box held it and where the log has it.
 *
 *   escapes VETBOX FOLDER [NAME…]    FOLDER has NAME/NAME for every attempt
 *
 * Status 0: all were contained and recorded; 1: some were not; 77: this machine makes no boxes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/live/escape/escape.h"
#include "tests/live/escape_host.h"
#include "vetbox/core.h"

enum { RUN_MS = 30000, LEAKED_FD = 9, SKIPPED = 77 };

enum outcome { REFUSED, DONE, EITHER };

static const struct escape {
    const char *name;
    enum outcome outcome;
    const char *kind, *text;
} escapes[] = {
#define ESCAPE(...) {__VA_ARGS__},
#include "tests/live/escape/escape.def"
#undef ESCAPE
};

struct test {
    const char *vetbox, *folder;
    struct host host;
    size_t attempts, impossible, contained, recorded;
};

/* Where one run's files are. */
struct run {
    char folder[PATH_MAX], out[PATH_MAX], err[PATH_MAX], evidence[PATH_MAX], log[PATH_MAX];
};

struct result {
    const char *breach; /* NULL: contained */
    long event;         /* number of the event that recorded it; 0: none */
    bool impossible;    /* on this kernel */
};

/* --- running a command --- */

/* Standard output and error go to files, input is the terminal, and one descriptor is left open. */
static _Noreturn void command_main(const struct test *test, char *const *argv,
                                   const struct run *run)
{
    const int out = open(run->out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    const int err = open(run->err, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (dup2(test->host.tty_fd, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(err, STDERR_FILENO) < 0 || dup2(test->host.file_fd, LEAKED_FD) < 0)
        _exit(126);
    execv(argv[0], argv);
    _exit(127);
}

/* The exit status, or -1 where a signal or our patience ended it. */
static int run_command(const struct test *test, char *const *argv, const struct run *run)
{
    int status = 0;
    const pid_t pid = fork();
    if (pid == 0)
        command_main(test, argv, run);
    VB_CLEANUP_FD int pidfd = pid < 0 ? -1 : pidfd_open(pid, 0);
    struct pollfd fd = {.fd = pidfd, .events = POLLIN};
    if (pid > 0 && poll(&fd, 1, RUN_MS) <= 0)
        (void)kill(pid, SIGKILL);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run_in_box(const struct test *test, const struct escape *escape, const struct run *run)
{
    char copy[PATH_MAX], program[128], pid[16], port[16];
    snprintf(copy, sizeof(copy), "%s/%s", test->folder, escape->name);
    snprintf(program, sizeof(program), "./%s", escape->name);
    snprintf(pid, sizeof(pid), "%d", (int)test->host.process);
    snprintf(port, sizeof(port), "%u", test->host.port);
    const char *const argv[] = {test->vetbox,
                                "run",
                                "--timeout",
                                "20",
                                "--evidence",
                                run->evidence,
                                "--copy",
                                copy,
                                "--",
                                program,
                                test->host.file,
                                pid,
                                port,
                                test->host.socket,
                                NULL};
    return run_command(test, (char *const *)argv, run);
}

/* Who reads the log afterwards must find it whole, whatever stands in it. */
static bool log_is_whole(const struct test *test, const struct run *run)
{
    struct run again = *run;
    snprintf(again.out, sizeof(again.out), "%.200s/judge", run->folder);
    snprintf(again.err, sizeof(again.err), "%.200s/judge-err", run->folder);
    const char *const argv[] = {test->vetbox, "judge", "-q", run->evidence, NULL};
    const int status = run_command(test, (char *const *)argv, &again);
    return status >= 0 && status <= 2; /* a verdict */
}

/* --- the record --- */

/* TEXT with {file}, {pid}, {port} and {socket} as the attempt was told. */
static void expand(const struct host *host, const char *text, char *ret, size_t size)
{
    char pid[16], port[16];
    const struct {
        const char *name, *value;
    } words[] = {
        {"{file}", host->file}, {"{pid}", pid}, {"{port}", port}, {"{socket}", host->socket}};
    snprintf(pid, sizeof(pid), "%d", (int)host->process);
    snprintf(port, sizeof(port), "%u", host->port);
    size_t used = 0;
    while (*text != '\0' && used + 1 < size) {
        size_t i = 0;
        while (i < VB_ARRAY_LEN(words) && strncmp(text, words[i].name, strlen(words[i].name)) != 0)
            i++;
        const bool word = i < VB_ARRAY_LEN(words);
        const int put = word ? snprintf(ret + used, size - used, "%s", words[i].value)
                             : snprintf(ret + used, size - used, "%c", *text);
        used += put > 0 ? (size_t)put : 0;
        text += word ? strlen(words[i].name) : 1;
    }
}

/* The number of the first event that records the attempt; 0: there is none. */
static long find_event(const struct host *host, const struct escape *escape, const struct run *run)
{
    char head[128], text[512] = "";
    char *line = NULL;
    size_t room = 0;
    long found = 0;
    const bool truth = strncmp(escape->kind, "truth.", 6) == 0;
    const bool world = strncmp(escape->kind, "world.", 6) == 0;
    snprintf(head, sizeof(head), "\"kind\":\"%s\",\"source\":\"%s\",\"detonation\":1,",
             escape->kind,
             truth   ? "truth"
             : world ? "world"
                     : "syscall");
    expand(host, escape->text, text, sizeof(text));
    FILE *log = fopen(run->log, "re");
    while (log != NULL && found == 0 && getline(&line, &room, log) > 0) {
        if (strstr(line, head) != NULL && strstr(line, text) != NULL)
            found = strtol(line + strlen("{\"seq\":"), NULL, 10);
    }
    free(line);
    if (log != NULL)
        (void)fclose(log);
    return found;
}

/* --- the judgement --- */

static bool holds_escape_byte(const char *path)
{
    bool found = false;
    FILE *file = fopen(path, "re");
    for (int byte = 0; file != NULL && !found && byte != EOF;) {
        byte = getc(file);
        found = byte == '\033' || byte == '\a';
    }
    if (file != NULL)
        (void)fclose(file);
    return found;
}

static const char *find_breach(const struct test *test, const struct escape *escape,
                               const struct run *run, int status)
{
    if (status != ESCAPE_HELD && status != ESCAPE_WORKED)
        return "the attempt was not made";
    if (escape->outcome == REFUSED && status == ESCAPE_WORKED)
        return "it worked";
    if (escape->outcome == DONE && status == ESCAPE_HELD)
        return "it did not do what it wants to hide";
    const char *damage = host_damage(&test->host);
    if (damage != NULL)
        return damage;
    if (host_secret_in(&test->host, run->folder))
        return "the host's secret came out";
    if (holds_escape_byte(run->err))
        return "the report gives orders to a terminal";
    return log_is_whole(test, run) ? NULL : "the log cannot be judged";
}

static void prepare(const struct test *test, const char *name, struct run *ret)
{
    snprintf(ret->folder, sizeof(ret->folder), "%.60s/runs/%.100s", test->host.folder, name);
    snprintf(ret->out, sizeof(ret->out), "%.200s/out", ret->folder);
    snprintf(ret->err, sizeof(ret->err), "%.200s/err", ret->folder);
    snprintf(ret->evidence, sizeof(ret->evidence), "%.200s/evidence", ret->folder);
    snprintf(ret->log, sizeof(ret->log), "%.200s/evidence/events.jsonl", ret->folder);
    (void)mkdir(ret->folder, 0700);
}

static void show_file(const char *path)
{
    char text[600];
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof(text));
    if (got > 0)
        printf("    %.*s\n", (int)got, text);
}

static void report(struct test *test, const struct escape *escape, const struct run *run,
                   const struct result *result)
{
    test->attempts++;
    test->impossible += result->impossible;
    test->contained += !result->impossible && result->breach == NULL;
    test->recorded += !result->impossible && result->event != 0;
    if (result->impossible) {
        printf("%-38s this kernel does not have it\n", escape->name);
        return;
    }
    printf("%-38s %s", escape->name, result->breach == NULL ? "contained" : "NOT CONTAINED");
    if (result->breach != NULL)
        printf(" (%s)", result->breach);
    if (result->event != 0)
        printf(", recorded: event %ld, %s\n", result->event, escape->kind);
    else
        printf(", NOT RECORDED as %s\n", escape->kind);
    if (result->breach == NULL && result->event != 0)
        return;
    show_file(run->out);
    show_file(run->err);
}

static void try_once(struct test *test, const struct escape *escape, struct run *run,
                     struct result *ret)
{
    *ret = (struct result){0};
    prepare(test, escape->name, run);
    const int status = run_in_box(test, escape, run);
    ret->impossible = status == ESCAPE_IMPOSSIBLE;
    if (ret->impossible)
        return;
    ret->breach = find_breach(test, escape, run, status);
    ret->event = find_event(&test->host, escape, run);
}

/* Whether a race is won is chance; one that was not is no attempt, and leaves nothing to record. */
static bool was_lost(const struct escape *escape, const struct run *run)
{
    char text[8] = "";
    VB_CLEANUP_FD int fd = open(run->out, O_RDONLY | O_CLOEXEC);
    return strncmp(escape->name, "race-", 5) == 0 && fd >= 0 &&
           read(fd, text, sizeof(text) - 1) > 0 && strncmp(text, "held", 4) == 0;
}

static void try_escape(struct test *test, const struct escape *escape)
{
    enum { RACES = 6 };
    struct run run;
    struct result result;
    try_once(test, escape, &run, &result);
    for (int i = 1; i < RACES && result.event == 0 && was_lost(escape, &run); i++) {
        host_remove(run.folder);
        try_once(test, escape, &run, &result);
    }
    report(test, escape, &run, &result);
    host_remove(run.folder);
}

static int run_all(struct test *test, char *const *names)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(escapes); i++) {
        if (host_wanted(names, escapes[i].name))
            try_escape(test, &escapes[i]);
    }
    const size_t made = test->attempts - test->impossible;
    printf("%zu attempts as %s, %zu contained, %zu recorded", made,
           geteuid() == 0 ? "root" : "an ordinary user", test->contained, test->recorded);
    printf(test->impossible > 0 ? "; %zu that this kernel does not have\n" : "\n",
           test->impossible);
    return made > 0 && test->contained == made && test->recorded == made ? 0 : 1;
}

/* The terminal's session needs a leader that nobody else has a use for. */
static _Noreturn void leader_main(struct test *test, char *const *names)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int status = 1;
    if (host_init(&test->host))
        status = run_all(test, names);
    else
        printf("making what the host has to lose: %s\n", strerror(errno));
    host_done(&test->host);
    fflush(stdout);
    _exit(status);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: escapes VETBOX FOLDER [NAME…]\n");
        return 64;
    }
    static struct test test;
    const struct run nowhere = {.out = "/dev/null", .err = "/dev/null"};
    const char *const doctor[] = {argv[1], "doctor", "-q", NULL};
    test = (struct test){.vetbox = argv[1], .folder = argv[2]};
    if (run_command(&test, (char *const *)doctor, &nowhere) != 0) {
        printf("SKIPPED: this machine cannot make boxes (vetbox doctor says why)\n");
        return SKIPPED;
    }
    const pid_t leader = fork();
    if (leader == 0)
        leader_main(&test, argv + 3);
    int status = 0;
    if (leader < 0 || waitpid(leader, &status, 0) != leader || !WIFEXITED(status))
        return 1;
    return WEXITSTATUS(status);
}
