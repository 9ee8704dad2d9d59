#include "recorder_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    abort();
}

/* --- keeping events --- */

static void copy_value(struct vb_value *value)
{
    if (value->type == VB_T_STR) {
        value->str.text = vb_str_dup(value->str);
        if (!value->str.text)
            die("copying an event");
    }
    if (value->type != VB_T_LIST)
        return;
    struct vb_str *items = calloc(value->list.count + 1, sizeof(*items));
    if (!items)
        die("copying an event");
    for (size_t i = 0; i < value->list.count; i++)
        items[i] = (struct vb_str){vb_str_dup(value->list.items[i]), value->list.items[i].len};
    value->list.items = items;
}

static void free_value(struct vb_value *value)
{
    if (value->type == VB_T_STR)
        free((void *)(uintptr_t)value->str.text);
    if (value->type != VB_T_LIST)
        return;
    for (size_t i = 0; i < value->list.count; i++)
        free((void *)(uintptr_t)value->list.items[i].text);
    free((void *)(uintptr_t)value->list.items);
}

static int keep(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct recording *r = (struct recording *)(void *)sink;
    r->emitted++;
    if (r->told && event->kind == VB_EV_PROCESS_EXEC) {
        const int before = atomic_fetch_add(r->told, 1);
        for (int i = 0; i < 20000 && atomic_load(r->told) < before + 2; i++)
            usleep(1000);
    }
    if (r->delay_us)
        usleep(r->delay_us);
    if (r->fail_after && r->emitted >= r->fail_after)
        return vb_fail(err, VB_E_IO, ENOSPC, "the sink is full");
    int status = vb_event_check(event, err); /* every event must be one that the log takes */
    if (status || r->count_only)
        return status;
    if (r->count == r->capacity) {
        r->capacity = r->capacity ? 2 * r->capacity : 256;
        r->events = reallocarray(r->events, r->capacity, sizeof(*r->events));
        if (!r->events)
            die("keeping events");
    }
    struct vb_event *copy = &r->events[r->count++];
    *copy = *event;
    for (size_t i = 0; i < copy->value_count; i++)
        copy_value(&copy->values[i]);
    return VB_OK;
}

void recording_init(struct recording *recording)
{
    *recording = (struct recording){.sink = {.emit = keep}};
}

void recording_done(struct recording *recording)
{
    for (size_t i = 0; i < recording->count; i++)
        for (size_t j = 0; j < recording->events[i].value_count; j++)
            free_value(&recording->events[i].values[j]);
    free(recording->events);
}

/* --- running --- */

static _Noreturn void be_subject(const struct subject *subject, const struct sock_fprog *program,
                                 int out, int in)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _exit(120);
    int listener = vb_filter_load(program);
    char go;
    if (write(out, &listener, sizeof(listener)) != sizeof(listener) || listener < 0)
        _exit(121);
    if (read(in, &go, 1) != 1)
        _exit(122);
    (void)signal(SIGPIPE, SIG_DFL);
    close(listener);
    close(in);
    close(out);
    _exit(subject->run(subject->arg));
}

static int take_listener(pid_t pid, int from)
{
    int number = -1;
    if (read(from, &number, sizeof(number)) != sizeof(number) || number < 0)
        return -1;
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    int listener = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
    close(pidfd);
    return listener;
}

enum { RUNNING = -1 };

/* Waits for something to happen. Before Linux 6.11 a filter lives until its last process is reaped,
 * and only then does the listener hang up. */
static void wait_for_event(int epoll, struct epoll_event *ret, pid_t pid, int *status)
{
    enum { PATIENCE_MS = 20000, SLICE_MS = 100 };
    for (int waited = 0; epoll_wait(epoll, ret, 1, SLICE_MS) <= 0; waited += SLICE_MS) {
        if (*status == RUNNING && waitpid(pid, status, WNOHANG) != pid)
            *status = RUNNING;
        if (waited >= PATIENCE_MS) {
            fputs("the subject hangs\n", stderr);
            abort();
        }
    }
}

/* *STATUS is RUNNING at first, and the wait status of PID if it was reaped here. */
static void supervise(const struct subject *subject, int listener, struct recording *recording,
                      pid_t pid, int *status)
{
    struct timespec begin;
    if (clock_gettime(CLOCK_REALTIME_COARSE, &begin) < 0)
        die("the clock");
    const struct vb_recorder_options options = {
        .listener = listener,
        .epoll = epoll_create1(EPOLL_CLOEXEC),
        .baits = subject->baits,
        .detonation = 7,
        .max_events = subject->max_events ? subject->max_events : 1000000,
        .events_at_once = subject->events_at_once,
        .events_a_second = subject->events_a_second,
        .filled = begin,
        .keep_fd = subject->keep_fd ? subject->keep_fd : -1,
        .sink = &recording->sink,
    };
    struct vb_recorder *recorder = NULL;
    (void)signal(SIGPIPE, SIG_IGN);
    if (vb_recorder_new(&options, &recorder, &recording->err))
        die(recording->err.message);
    do {
        struct epoll_event event;
        wait_for_event(options.epoll, &event, pid, status);
        recording->step_status =
            vb_recorder_step(recorder, event.data.u32, event.events, &recording->err);
    } while (recording->step_status == 1);
    recording->dropped = vb_recorder_dropped(recorder);
    vb_recorder_free(recorder);
    close(options.epoll);
}

void record(const struct subject *subject, struct recording *recording)
{
    struct vb_filter *filter = NULL;
    if (vb_filter_new(&filter, &recording->err))
        die(recording->err.message);
    int out[2], in[2];
    if (pipe(out) || pipe(in))
        die("pipe");
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0)
        be_subject(subject, vb_filter_program(filter), out[1], in[0]);
    close(out[1]);
    close(in[0]);
    int listener = take_listener(pid, out[0]);
    if (listener < 0 || write(in[1], "g", 1) != 1)
        die("taking the listener");
    int status = RUNNING;
    supervise(subject, listener, recording, pid, &status);
    close(out[0]);
    close(in[1]);
    if (status == RUNNING && waitpid(pid, &status, 0) != pid)
        die("waitpid");
    recording->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    vb_filter_free(filter);
}

static int do_nothing(void *arg)
{
    (void)arg;
    return 0;
}

bool recorder_available(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct recording r;
        recording_init(&r);
        struct subject s = {.run = do_nothing};
        record(&s, &r);
        _exit(r.exit_status || r.step_status ? 1 : 0);
    }
    int status;
    if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status))
        return true;
    puts("skipped: this kernel or container allows no seccomp notifications");
    return false;
}

/* --- looking --- */

const struct vb_event *find_event(const struct recording *recording, enum vb_event_kind kind,
                                  enum vb_field field, const char *text, size_t index)
{
    for (size_t i = 0; i < recording->count; i++) {
        const struct vb_event *e = &recording->events[i];
        if (e->kind == kind && (!text || vb_str_equal(vb_event_get_str(e, field), text)) &&
            index-- == 0)
            return e;
    }
    return NULL;
}

size_t count_events(const struct recording *recording, enum vb_event_kind kind, enum vb_field field,
                    const char *text)
{
    size_t n = 0;
    while (find_event(recording, kind, field, text, n))
        n++;
    return n;
}

const char *list_text(const struct vb_event *event, enum vb_field field)
{
    static char text[4096];
    size_t len = 0;
    const struct vb_value *value = event ? vb_event_get(event, field) : NULL;
    text[0] = '\0';
    for (size_t i = 0; value && i < value->list.count && len < sizeof(text); i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, i ? " %.*s" : "%.*s",
                                (int)value->list.items[i].len, value->list.items[i].text);
    return text;
}

void recording_print(const struct recording *recording)
{
    for (size_t i = 0; i < recording->count; i++) {
        struct vb_buf line;
        struct vb_error err;
        vb_buf_init(&line, VB_EVENT_MAX_BYTES);
        if (vb_event_to_json(&recording->events[i], &line, &err) == 0)
            fwrite(line.data, 1, line.len, stdout);
        vb_buf_done(&line);
    }
}

/* --- for tests --- */

static char folder[64];

void run(struct recording *r, int (*function)(void *), void *arg)
{
    recording_init(r);
    const struct subject subject = {.run = function, .arg = arg};
    record(&subject, r);
    if (r->step_status)
        fail_msg("%s", r->err.message);
}

const char *test_folder(void)
{
    return folder;
}

const char *in_folder(const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

const struct vb_event *must_find(const struct recording *r, enum vb_event_kind kind,
                                 enum vb_field field, const char *text)
{
    const struct vb_event *e = find_event(r, kind, field, text, 0);
    if (!e) {
        recording_print(r);
        fail_msg("no %s event with %s", vb_event_type(kind)->name, text);
    }
    return e;
}

void assert_field(const struct vb_event *e, enum vb_field field, const char *text)
{
    struct vb_str s = vb_event_get_str(e, field);
    if (!vb_str_equal(s, text))
        fail_msg("%s is \"%.*s\", not \"%s\"", vb_field_name(field), (int)s.len, s.text, text);
}

long raw(long number, long a, long b, long c, long d)
{
    long result = syscall(number, a, b, c, d, 0L, 0L);
    return result < 0 ? -errno : result;
}

int do_shell(void *arg)
{
    if (test_folder()[0] && chdir(test_folder())) /* where the test has one */
        return 126;
    execl("/usr/bin/bash", "bash", "-c", (const char *)arg, (char *)NULL);
    return 127;
}

struct vb_bait_set *make_baits(void)
{
    static const unsigned char seed[32] = {42};
    struct vb_bait_set *baits = NULL;
    struct vb_error err;
    assert_int_equal(vb_bait_set_new("/home/maja", seed, &baits, &err), 0);
    return baits;
}

const struct vb_bait *bait_named(const struct vb_bait_set *set, const char *id)
{
    for (size_t i = 0; i < vb_bait_count(set); i++)
        if (strcmp(vb_bait_at(set, i)->id, id) == 0)
            return vb_bait_at(set, i);
    fail_msg("there is no bait %s", id);
    return NULL;
}

int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/vetbox-recorder-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

int remove_folder(void **state)
{
    (void)state;
    char *const argv[] = {(char *)"rm", (char *)"-rf", folder, NULL};
    pid_t pid = fork();
    if (pid == 0) {
        execv("/bin/rm", argv);
        _exit(1);
    }
    int status;
    return waitpid(pid, &status, 0) == pid && !status ? 0 : -1;
}
