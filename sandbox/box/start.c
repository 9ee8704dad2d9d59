/* start: from nothing to a running subject, seen from the supervisor. Init and subject are our own
 * code up to exec; what they say is still taken as bounded messages only. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sandbox/box/hearsay.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/machine.h"
#include "sandbox/box/modules.h"
#include "sandbox/box/supervisor.h"

enum { ITEM_MAX = 1 << 20 };

/* --- what the subject is given --- */

static void free_strings(char ***strings)
{
    vb_strings_free(*strings);
}

static size_t count_strings(char *const *strings)
{
    size_t count = 0;
    while (strings != NULL && strings[count] != NULL)
        count++;
    return count;
}

/* ITEM with what is known here: the package's folder for %{tree} anywhere, and for {tree} at the
 * start of its part from FROM on, the home for %{home}, and for %{key} what a user has in the place
 * of a key. NULL without memory. */
static char *fill_in(const struct vb_supervisor *box, const char *item, size_t from)
{
    const char *key = vb_bait_handed(box->setup->baits);
    const struct {
        const char *mark, *value;
        bool anywhere;
    } rows[] = {{"{tree}", box->folder, false},
                {"%{tree}", box->folder, true},
                {"%{home}", vb_persona_traits(box->setup->options.persona)->home, true},
                {"%{key}", key == NULL ? "k7Qd2mZx9Vb4Lw8Rt1Yc6Nf3Hs5Jp0Ga" : key, true}};
    VB_CLEANUP(vb_buf_done) struct vb_buf made;
    vb_buf_init(&made, ITEM_MAX);
    int status = vb_buf_append(&made, "", 0, NULL);
    for (const char *at = item; status == VB_OK && *at != '\0';) {
        size_t row = 0;
        while (row < VB_ARRAY_LEN(rows) &&
               ((!rows[row].anywhere && at != item + from) ||
                strncmp(at, rows[row].mark, strlen(rows[row].mark)) != 0))
            row++;
        const bool found = row < VB_ARRAY_LEN(rows);
        const char *text = found ? rows[row].value : at;
        status = vb_buf_append(&made, text, found ? strlen(text) : 1, NULL);
        at += found ? strlen(rows[row].mark) : 1;
    }
    return status < 0 ? NULL : strdup(made.len == 0 ? "" : (const char *)made.data);
}

int vb_start_argv(struct vb_supervisor *box, struct vb_error *err)
{
    const size_t count = count_strings(box->detonation->argv);
    if (count == 0)
        return vb_fail(err, VB_E_SOFTWARE, 0, "a detonation without a command");
    VB_CLEANUP(free_strings) char **argv = calloc(count + 1, sizeof(*argv));
    for (size_t i = 0; argv != NULL && i < count; i++) {
        argv[i] = fill_in(box, box->detonation->argv[i], 0);
        if (argv[i] == NULL)
            return vb_fail(err, VB_E_NOMEM, errno, "making the command line of a box");
    }
    if (argv == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "making the command line of a box");
    box->argv = vb_steal(argv);
    return VB_OK;
}

/* Where NAME=… of PAIR stands in STRINGS, or would: at their end. */
static size_t place_of(char *const *strings, const char *pair)
{
    const size_t name = strcspn(pair, "=") + 1;
    size_t i = 0;
    while (strings[i] != NULL && strncmp(strings[i], pair, name) != 0)
        i++;
    return i;
}

/* What is set for the detonation comes to what the persona has, or takes its place; behind a
 * question mark only where the persona has none. MORE NULL: nothing. */
static int set_variables(struct vb_supervisor *box, char *const *more, struct vb_error *err)
{
    const size_t count = count_strings(box->envp) + count_strings(more);
    if (count_strings(more) == 0)
        return VB_OK;
    char **envp = reallocarray(box->envp, count + 1, sizeof(*envp));
    if (envp == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "making the environment of a box");
    box->envp = envp;
    for (; *more != NULL; more++) {
        const bool weak = **more == '?';
        const char *text = *more + weak;
        const size_t at = place_of(envp, text);
        if (weak && envp[at] != NULL)
            continue;
        char *pair = strchr(text, '=') == NULL ? NULL : fill_in(box, text, strcspn(text, "=") + 1);
        if (pair == NULL)
            return vb_fail(err, VB_E_NOMEM, errno, "making the environment of a box");
        if (envp[at] == NULL)
            envp[at + 1] = NULL;
        free(envp[at]);
        envp[at] = pair;
    }
    return VB_OK;
}

/* And what it reads. */
int vb_start_environment(struct vb_supervisor *box, struct vb_error *err)
{
    const char *input = box->detonation->input;
    box->given = input == NULL ? NULL : fill_in(box, input, strlen(input));
    if (input != NULL && box->given == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "making the standard input of a box");
    const int status = set_variables(box, box->detonation->env, err);
    return status < 0 || !box->detonation->probed
               ? status
               : set_variables(box, vb_probes_environment(box->detonation->interpreter), err);
}

/* Appends what PAIRS, or NULL, are in the box to the COUNT strings in RET. Returns how many there
 * are. */
static size_t list_variables(const struct vb_supervisor *box, char *const *pairs,
                             struct vb_str ret[VB_EVENT_MAX_LIST], size_t count)
{
    for (; pairs != NULL && *pairs != NULL && count < VB_EVENT_MAX_LIST; pairs++) {
        const bool weak = **pairs == '?';
        const char *text = *pairs + weak, *made = box->envp[place_of(box->envp, text)];
        if (!weak || strcmp(made, text) == 0 || strstr(text, "%{") != NULL)
            ret[count++] = (struct vb_str){made, strlen(made)};
    }
    return count;
}

/* Why it is run once more; NULL: it is not. */
static const char *reason_of(const struct vb_detonation *detonation)
{
    return detonation->probed ? "with probes in its interpreters"
           : detonation->other_day
               ? (detonation->days_ahead > 0 ? "on another day" : "on the same day")
           : detonation->persona != NULL ? "on another machine"
           : detonation->unasked         ? "unasked where it listens"
           : detonation->driver != VB_DRIVER_NONE && detonation->days_ahead > 0
               ? "as another client, on another day"
           : detonation->second                 ? "a second time, with what the first one left"
           : detonation->guess != VB_GUESS_DATA ? "with program text for an answer"
           : detonation->every_name             ? "with every host name that it asks for"
                                                : NULL;
}

static const char *detail_of(const struct vb_detonation *detonation, char *ret, size_t size)
{
    static const char stood_in[] = "with stand-ins for modules that it misses";
    const char *reason = reason_of(detonation);
    const bool plain = detonation->modules == NULL || detonation->repeats == 0;
    if (plain || reason == NULL)
        return plain ? reason : stood_in;
    snprintf(ret, size, "%s, %s", reason, stood_in);
    return ret;
}

int vb_box_keeps(const struct vb_box_setup *setup, const struct vb_detonation *detonation)
{
    return detonation->guess == VB_GUESS_DATA ? setup->staging_fd : -1;
}

int vb_start_tell(struct vb_supervisor *box, struct vb_error *err)
{
    const struct vb_detonation *detonation = box->detonation;
    struct vb_str items[VB_EVENT_MAX_LIST];
    size_t count = 0;
    for (; count < VB_EVENT_MAX_LIST && box->argv[count] != NULL; count++)
        items[count] = (struct vb_str){box->argv[count], strlen(box->argv[count])};
    struct vb_event event;
    vb_event_init(&event, VB_EV_DETONATION_BEGIN, VB_SOURCE_TOOL);
    vb_event_list(&event, VB_F_ARGV, items, count);
    if (detonation->ours > 0)
        vb_event_int(&event, VB_F_OURS, (int64_t)detonation->ours);
    vb_event_str(&event, VB_F_REASON, detonation->reason);
    vb_event_str(&event, VB_F_PATH, detonation->path);
    if (detonation->line > 0)
        vb_event_int(&event, VB_F_LINE, detonation->line);
    vb_event_str(&event, VB_F_INTERPRETER, detonation->interpreter);
    vb_event_str(&event, VB_F_CWD, box->cwd);
    vb_event_str(&event, VB_F_TEXT, detonation->text);
    struct vb_str set[VB_EVENT_MAX_LIST];
    size_t set_count = list_variables(box, detonation->env, set, 0);
    if (detonation->probed)
        set_count =
            list_variables(box, vb_probes_environment(detonation->interpreter), set, set_count);
    if (set_count > 0)
        vb_event_list(&event, VB_F_ENVIRONMENT, set, set_count);
    vb_event_str(&event, VB_F_INPUT, box->given);
    if (detonation->call)
        vb_event_bool(&event, VB_F_CALL, true);
    vb_event_str(&event, VB_F_WHEN, detonation->when);
    vb_event_str(&event, VB_F_CLIENT, detonation->client);
    char detail[128];
    vb_event_str(&event, VB_F_DETAIL, detail_of(detonation, detail, sizeof(detail)));
    if (detonation->days_ahead > 0 || detonation->other_day)
        vb_event_int(&event, VB_F_DAYS_AHEAD, detonation->days_ahead);
    if (detonation->repeats > 0)
        vb_event_int(&event, VB_F_REPEATS, detonation->repeats);
    vb_event_str(&event, VB_F_PERSONA, detonation->persona);
    return vb_supervisor_emit(box, &event, err);
}

/* --- starting the box --- */

/* One notification round trip costs 2 µs on one processor and 100 µs across two of a virtual
 * machine; the subject inherits this. */
static void pin_to_one_processor(void)
{
    cpu_set_t set;
    const int processor = sched_getcpu();
    if (processor < 0 || processor >= CPU_SETSIZE)
        return;
    CPU_ZERO(&set);
    CPU_SET((size_t)processor, &set);
    (void)sched_setaffinity(0, sizeof(set), &set);
}

/* The two sockets and two pipes between us and the box; index 0 is ours, 1 the box's. */
struct ends {
    int control[2], start[2], output[2], error[2];
};

static void close_ends(struct ends *ends)
{
    for (int i = 0; i < 2; i++) {
        vb_close_fd(&ends->control[i]);
        vb_close_fd(&ends->start[i]);
        vb_close_fd(&ends->output[i]);
        vb_close_fd(&ends->error[i]);
    }
}

static int open_ends(struct ends *ends, struct vb_error *err)
{
    const int type = SOCK_SEQPACKET | SOCK_CLOEXEC;
    const int on = 1;
    if (socketpair(AF_UNIX, type, 0, ends->control) < 0 ||
        socketpair(AF_UNIX, type, 0, ends->start) < 0 ||
        /* The kernel then says with each message which process sent it. */
        setsockopt(ends->start[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
        pipe2(ends->output, O_CLOEXEC) < 0 || pipe2(ends->error, O_CLOEXEC) < 0 ||
        fcntl(ends->output[0], F_SETFL, O_NONBLOCK) < 0 ||
        fcntl(ends->error[0], F_SETFL, O_NONBLOCK) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the pipes of a box");
    return VB_OK;
}

static int start_driver(struct vb_supervisor *box, struct vb_error *err)
{
    const int status =
        vb_driver_child_new(box->setup, box->detonation, box->sink, &box->driver, err);
    if (status == VB_OK)
        box->input.reader = vb_driver_child_take_input(box->driver);
    return status;
}

static int start_hearsay(struct vb_supervisor *box, struct vb_error *err)
{
    const struct vb_hearsay_source source = {box->setup, box->detonation, box->folder, box->cwd};
    const bool heard = box->detonation->probed || vb_modules_any(box->setup, box->detonation);
    return heard ? vb_hearsay_new(&source, &box->hearsay, err) : VB_OK;
}

/* Each message of a conversation counts, and is an event of its own besides. */
static size_t output_max(const struct vb_supervisor *box)
{
    enum { TALKERS = 16 };
    return box->setup->options.max_output * (box->driver != NULL ? TALKERS : 1);
}

int vb_start_init(struct vb_supervisor *box, struct vb_error *err)
{
    const uint64_t flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
    VB_CLEANUP(close_ends)
    struct ends ends = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
    const struct vb_sandbox_options *options = &box->setup->options;
    int status = open_ends(&ends, err);
    if (status == VB_OK && options->input_fd >= 0)
        status = vb_input_new(options->input_fd, &box->input, err);
    else if (status == VB_OK && box->detonation->driver != VB_DRIVER_NONE)
        status = start_driver(box, err);
    else if (status == VB_OK && box->given != NULL)
        status = vb_input_text(box->given, &box->input, err);
    else if (status == VB_OK && options->answers)
        status = vb_input_open(&box->input, &box->prompt.writer, err);
    box->prompt.key = vb_bait_handed(box->setup->baits);
    if (status == VB_OK)
        status = start_hearsay(box, err);
    if (status < 0)
        return status;
    struct vb_inside inside = {
        .setup = box->setup,
        .detonation = box->detonation,
        .argv = box->argv,
        .envp = box->envp,
        .cwd = box->cwd,
        .folder = box->folder,
        .uid = geteuid(),
        .gid = getegid(),
        .control = ends.control[1],
        .start = ends.start[1],
        .input = box->input.reader,
        .output = {ends.output[1], ends.error[1]},
        .probes = box->hearsay != NULL ? vb_hearsay_end(box->hearsay) : -1,
    };
    pin_to_one_processor();
    box->init = vb_sys_clone_into(box->setup->cgroup.dir, flags, &box->init_pidfd);
    if (box->init < 0)
        return vb_fail_namespaces(err, errno, "making the namespaces of a box");
    if (box->init == 0)
        vb_inside_main(&inside);
    vb_close_fd(&box->input.reader);
    box->control = vb_steal_fd(&ends.control[0]);
    box->start = vb_steal_fd(&ends.start[0]);
    vb_output_init(&box->outputs[0], "stdout", vb_steal_fd(&ends.output[0]), output_max(box),
                   options->output_fds[0]);
    if (box->driver != NULL) {
        box->outputs[0].pass = vb_driver_child_hear;
        box->outputs[0].pass_ctx = box->driver;
    }
    vb_output_init(&box->outputs[1], "stderr", vb_steal_fd(&ends.error[0]), options->max_output,
                   options->output_fds[1]);
    return VB_OK;
}

int vb_start_fail(const struct vb_box_message *message, struct vb_error *err)
{
    const bool known = message->status < 0 && message->status > -VB_STATUS_COUNT;
    const int status =
        vb_fail(err, known ? message->status : VB_E_SOFTWARE, 0, "%s", message->text);
    err->system_errno = message->number;
    return status;
}

static int tell_missing_layer(struct vb_supervisor *box, const char *text, struct vb_error *err)
{
    const size_t len = strcspn(text, "\n");
    struct vb_event event;
    vb_event_init(&event, VB_EV_SANDBOX_LAYER, VB_SOURCE_TOOL);
    vb_event_strn(&event, VB_F_NAME, text, len);
    vb_event_str(&event, VB_F_OUTCOME, "missing");
    vb_event_str(&event, VB_F_DETAIL, text + len + (text[len] == '\n'));
    return vb_supervisor_emit(box, &event, err);
}

/* The descriptor that came may only be used for paths; this one can be listed. */
static int reopen(int *fd)
{
    VB_CLEANUP_FD int path = vb_steal_fd(fd);
    return path < 0 ? -1 : openat(path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Where no box has changed it, that is the base. */
static int open_below(struct vb_supervisor *box, struct vb_error *err)
{
    for (size_t i = 0; i < VB_LAYER_COUNT; i++) {
        if (box->below_fds[i] < 0)
            box->below_fds[i] = open(vb_layer_rows[i].base, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (box->below_fds[i] < 0)
            return vb_fail(err, VB_E_OS, errno, "opening %s below a box", vb_layer_rows[i].base);
    }
    return VB_OK;
}

/* Follows init through its setup. */
int vb_start_accompany(struct vb_supervisor *box, struct vb_error *err)
{
    for (;;) {
        struct vb_box_message message;
        VB_CLEANUP_FD int fd = -1;
        int status = VB_OK;
        const ssize_t got = vb_sys_recv(box->control, &message, sizeof(message), &fd, NULL);
        if (got != (ssize_t)sizeof(message))
            return vb_fail(err, VB_E_OS, got < 0 ? errno : 0, "a box ended while it was set up");
        message.text[sizeof(message.text) - 1] = '\0';
        if (message.word == VB_BOX_FAILED)
            status = vb_start_fail(&message, err);
        else if (message.word == VB_BOX_MISSING)
            status = tell_missing_layer(box, message.text, err);
        else if (message.word == VB_BOX_WRITABLE)
            box->writable_fd = reopen(&fd);
        else if (message.word == VB_BOX_BELOW && message.number >= 0 &&
                 message.number < VB_LAYER_COUNT)
            box->below_fds[message.number] = vb_steal_fd(&fd);
        else if (message.word == VB_BOX_PROC)
            box->proc_fd = reopen(&fd);
        else if (message.word == VB_BOX_SEGMENTS)
            box->segments_fd = vb_steal_fd(&fd);
        if (status < 0)
            return status;
        if (message.word == VB_BOX_READY)
            return open_below(box, err);
    }
}

/* --- starting the subject --- */

static int stand_in(const void *ctx, const char *path, pid_t tgid, pid_t tid)
{
    const struct vb_supervisor *box = ctx;
    const struct vb_machine_asker asker = {.proc_fd = box->proc_fd, .tgid = tgid, .tid = tid};
    return vb_machine_open(path, &asker);
}

static void name_kernel(const void *ctx, struct utsname *name)
{
    const struct vb_supervisor *box = ctx;
    (void)vb_machine_kernel(name);
    snprintf(name->nodename, sizeof(name->nodename), "%s",
             vb_persona_traits(box->setup->options.persona)->host);
    if (box->detonation->macos)
        vb_macos_name(name);
    if (box->detonation->windows)
        vb_windows_name(name);
}

/* Takes the listener out of the subject, which waits. */
static int take_listener(struct vb_supervisor *box, pid_t subject, int number, struct vb_error *err)
{
    VB_CLEANUP_FD int pidfd = pidfd_open(subject, 0);
    VB_CLEANUP_FD int listener = pidfd < 0 ? -1 : pidfd_getfd(pidfd, number, 0);
    if (listener < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, errno,
                       "taking the recorder's listener out of the subject: the kernel must allow "
                       "pidfd_getfd to the parent (sysctl kernel.yama.ptrace_scope below 3; in a "
                       "container a seccomp profile that allows it)");
    const struct vb_recorder_options options = {
        .listener = vb_steal_fd(&listener),
        .epoll = box->epoll,
        .first_tag = VB_WAIT_RECORDER,
        .baits = box->setup->baits,
        .environment = box->envp,
        .detonation = box->detonation->id,
        .rename = box->setup->base.overlay ? vb_supervisor_rename : NULL,
        .splits = box->setup->base.overlay ? vb_supervisor_splits : NULL,
        .reach = box->demand != NULL ? vb_supervisor_reach : NULL,
        .yield = box->demand != NULL ? vb_supervisor_yield : NULL,
        .serves = vb_supervisor_serves,
        .watch_bait = box->setup->baits != NULL ? vb_supervisor_watch_bait : NULL,
        .watch_root = box->setup->baits != NULL ? vb_supervisor_watch_root : NULL,
        .root_changed = vb_supervisor_root_changed,
        .catch_up = vb_supervisor_catch_up,
        .busy = vb_supervisor_busy,
        .ctx = box,
        .proc_fd = box->proc_fd,
        .days_ahead = box->detonation->days_ahead,
        .awaits_input = box->setup->options.input_fd >= 0,
        .filled = box->setup->base.overlay ? box->setup->base.filled : box->filled,
        .stand_in = stand_in,
        .name = name_kernel,
        .disk = vb_machine_disk,
        .owner = VB_PERSONA_UID,
        .cpus = VB_MACHINE_CPUS,
        .max_events = box->setup->options.max_events,
        .events_at_once = box->setup->options.events_at_once,
        .events_a_second = box->setup->options.events_a_second,
        .keep_fd = vb_box_keeps(box->setup, box->detonation),
        .sink = box->sink,
    };
    const int status = vb_recorder_new(&options, &box->recorder, err);
    if (status < 0)
        return status;
    box->recording = true;
    if (vb_box_say(box->start, VB_BOX_TAKEN, 0, -1) < 0)
        return vb_fail(err, VB_E_OS, errno, "starting the subject");
    return VB_OK;
}

static int tell_not_run(struct vb_supervisor *box, int system_errno, struct vb_error *err)
{
    char reason[256];
    snprintf(reason, sizeof(reason), "cannot be executed: %s", strerror(system_errno));
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, box->argv[0]);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_str(&event, VB_F_PATH, box->detonation->path);
    return vb_supervisor_emit(box, &event, err);
}

int vb_start_hear(struct vb_supervisor *box, struct vb_error *err)
{
    struct vb_box_message message;
    pid_t subject = 0;
    const ssize_t got = vb_sys_recv(box->start, &message, sizeof(message), NULL, &subject);
    if (got != (ssize_t)sizeof(message)) {
        vb_close_fd(&box->start);
        return VB_OK;
    }
    message.text[sizeof(message.text) - 1] = '\0';
    if (message.word == VB_BOX_FAILED)
        return vb_start_fail(&message, err);
    if (message.word == VB_BOX_NOT_RUN)
        return tell_not_run(box, message.number, err);
    if (message.word == VB_BOX_LISTENER)
        return take_listener(box, subject, message.number, err);
    return vb_fail(err, VB_E_SOFTWARE, 0, "an unknown word from the subject");
}

static int start_world(struct vb_supervisor *box, struct vb_error *err)
{
    const int status = vb_world_child_new(box->setup, box->detonation, box->sink, &box->world, err);
    return status < 0 || box->setup->base.net_errno == 0
               ? status
               : vb_demand_new(box->world, box->setup->options.offline, &box->demand, err);
}

int vb_start_subject(struct vb_supervisor *box, struct vb_error *err)
{
    int status = start_world(box, err);
    if (status == VB_OK && box->setup->baits != NULL)
        status = vb_witness_new(box->setup->baits, &box->witness, err);
    if (status < 0)
        return status;
    const struct vb_watch watch = {.proc_fd = box->proc_fd,
                                   .writable_fd = box->writable_fd,
                                   .segments_fd = box->segments_fd,
                                   .cgroup = &box->setup->cgroup,
                                   .memory_limit = box->setup->options.memory_bytes};
    vb_watch_init(&box->watch, &watch);
    if (box->writable_fd < 0 || box->proc_fd < 0)
        return vb_fail(err, VB_E_OS, errno, "opening the files of a box");
    if (!box->setup->base.overlay)
        vb_truth_let_clock_pass(&box->filled);
    box->begin_ns = vb_monotonic_ns();
    box->stop_ns = box->begin_ns + vb_ms(box->detonation->timeout_ms);
    if (vb_box_say(box->control, VB_BOX_GO, 0, -1) < 0)
        return vb_fail(err, VB_E_OS, errno, "starting the subject");
    status = vb_start_hear(box, err);
    if (status == VB_OK && box->setup->program != NULL && box->recorder == NULL)
        return vb_fail(err, VB_E_OS, 0, "the subject ended before it was recorded");
    return status;
}
