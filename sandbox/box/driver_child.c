/* driver_child: starts the driver behind its walls, and takes what it says. What it reads is
 * hostile; what it sends is checked like any child's (relay.c). See driver_child.h. */
#include "sandbox/box/driver_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/box/busy.h"
#include "sandbox/box/driver_http.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/relay.h"
#include "sandbox/box/truth.h"
#include "sandbox/detonate/mcp.h"

enum {
    OPEN_FILES = 64,
    CHUNK = 65536,
    PIECE = 4096,        /* a pipe that can be written takes so much without blocking (pipe(7)) */
    PATIENCE_MS = 3000,  /* for the driver to read, and for its end */
    WAKE_MS = 100,       /* between two looks at the box's clock */
    MOVE_MS = 40,        /* that a move of the box's clock counts for, in the driver's; */
    MOVES_SHARE = 4,     /* all of them for so many times what really passed, at most */
    ACCEPT_MS = 100,     /* between the call that listens and the first that is accepted */
    MUTE_MS = 1500,      /* for who listens to say something through its streams */
    LAST_WORDS_MS = 1500 /* of a run, in which the subject is to end by itself */
};
#ifndef VB_SANITIZED
static const uint64_t memory_bytes = 768U << 20;
#endif

/* What the supervisor sees of the box. */
struct vb_driver_signs {
    _Atomic uint64_t moves;    /* of its clock */
    _Atomic uint64_t silences; /* in which nobody did anything */
    _Atomic unsigned port;     /* at which it listens; 0: at none */
};

struct vb_driver_child {
    const struct vb_box_setup *setup;
    const struct vb_detonation *detonation;
    struct vb_sink *sink;
    struct vb_relay relay;
    struct vb_process process;
    struct vb_relay_state *listening;
    int epoll;   /* on what it says */
    int control; /* from it */
    int input;   /* the subject's end */
    int to;      /* what the subject printed */
    bool done;
    bool deaf;  /* it does not read what the subject printed */
    bool asked; /* where the subject listens */
    uint64_t not_kept;
    const struct vb_served *served; /* where the subject listens; NULL: nowhere */
    struct vb_driver_signs *signs;  /* for the child too */
    struct vb_busy busy;
    int status; /* of hearing */
    struct vb_error failure;
};

static int fail(struct vb_error *err)
{
    return vb_fail(err, VB_E_OS, errno, "the driver of an MCP server");
}

/* --- in the child --- */

struct inside {
    const struct vb_driver_child *driver;
    struct vb_mcp *mcp;
    struct vb_mcp_options options;
    struct vb_driver_http http;
    struct vb_frame_sink frames;
    int control, to_subject, from_subject;
    uint64_t begin_ns;
    uint64_t silences;  /* that were heard of */
    uint64_t served_ms; /* since when it is known to listen */
    bool turned;        /* to its port */
};

/* Where arguments lead, below the home. */
static const struct {
    enum vb_persona persona;
    const char *folder, *file;
    const char *plugin; /* NULL: there is none */
} places[VB_PERSONA_COUNT] = {
    {VB_PERSONA_DEVELOPER, "Downloads", "Downloads/orders-export.csv",
     "Downloads/report_plugin.py"},
    {VB_PERSONA_CI, "actions-runner/_work/storefront/storefront/src",
     "actions-runner/_work/storefront/storefront/src/index.js", NULL},
    {VB_PERSONA_EMPTY, ".local/share", ".profile", NULL},
    {VB_PERSONA_SERVER, ".local/share", ".profile", NULL},
};

/* Baits that are files and that few ask for by themselves. */
static const char *const asked_baits[] = {"netrc", "pgpass", "git-credentials"};
static const char *const asked_databases[] = {"firefox-cookies"};

/* The path of the first of COUNT that there is, or NULL. */
static const char *find_bait(const struct vb_bait_set *baits, const char *const *ids, size_t count)
{
    for (size_t row = 0; row < count; row++) {
        for (size_t i = 0; baits != NULL && i < vb_bait_count(baits); i++) {
            const struct vb_bait *bait = vb_bait_at(baits, i);
            if (bait->place == VB_BAIT_FILE && strcmp(bait->id, ids[row]) == 0)
                return bait->path;
        }
    }
    return NULL;
}

/* By its own clock, in which waiting for a box that skips its time is waiting too: who only ever
 * waits does not get far ahead. */
static uint64_t now_ms(const struct inside *inside)
{
    const uint64_t real = (vb_monotonic_ns() - inside->begin_ns) / 1000000U;
    const uint64_t moved = atomic_load(&inside->driver->signs->moves) * MOVE_MS;
    return real + (moved < MOVES_SHARE * real ? moved : MOVES_SHARE * real);
}

static int keep(void *ctx, const void *text, size_t len, const char *hex, struct vb_error *err)
{
    struct inside *inside = ctx;
    struct vb_driver_message message;
    VB_CLEANUP_FD int fd = memfd_create("text", MFD_CLOEXEC);
    int status = fd < 0 ? fail(err) : vb_write_all(fd, text, len, err);
    memcpy(message.word, hex, sizeof(message.word));
    if (status == VB_OK)
        status = vb_frame_sink_flush(&inside->frames, err);
    if (status < 0 || vb_sys_send(inside->control, &message, sizeof(message), fd) == 0)
        return status;
    return errno == ETOOMANYREFS || errno == ENOBUFS || errno == EMFILE ? 1 : fail(err);
}

/* What cannot be written nobody reads; the conversation then ends for want of answers. */
static void speak(struct inside *inside)
{
    struct vb_buf *out = vb_mcp_out(inside->mcp);
    const ssize_t some =
        out->len == 0 ? 0
                      : write(inside->to_subject, out->data, out->len < CHUNK ? out->len : CHUNK);
    if (some < 0 && errno != EAGAIN && errno != EINTR)
        vb_buf_clear(out);
    if (some <= 0)
        return;
    memmove(out->data, out->data + some, out->len - (size_t)some);
    out->len -= (size_t)some;
}

static int listen_once(struct inside *inside, struct vb_error *err)
{
    static char chunk[CHUNK];
    const ssize_t got = read(inside->from_subject, chunk, sizeof(chunk));
    if (got > 0 && inside->http.http != NULL)
        return VB_OK; /* it was printed, and nobody listens there */
    if (got > 0)
        return vb_mcp_hear(inside->mcp, chunk, (size_t)got, now_ms(inside), err);
    return got < 0 && (errno == EAGAIN || errno == EINTR)
               ? VB_OK
               : vb_mcp_hung_up(inside->mcp, now_ms(inside), err);
}

/* Begins anew, at PORT, or (0) through the streams. */
static int begin_again(struct inside *inside, unsigned port, struct vb_error *err)
{
    vb_mcp_free(vb_steal(inside->mcp));
    vb_driver_http_done(&inside->http);
    inside->options.handshake = true;
    inside->options.port = port;
    int status = port > 0 ? vb_driver_http_begin(&inside->http, port, inside->control, err) : VB_OK;
    if (status == VB_OK)
        status = vb_mcp_new(&inside->options, &inside->mcp, err);
    return status < 0 ? status : vb_mcp_begin(inside->mcp, now_ms(inside), err);
}

static int listen_at_port(struct inside *inside, const struct pollfd *fds, struct vb_error *err)
{
    const int status = vb_driver_http_listen(&inside->http, fds, inside->mcp, now_ms(inside), err);
    if (status <= 0)
        return status;
    /* It may only have been slow to speak otherwise. */
    return vb_mcp_answered(inside->mcp) ? vb_mcp_hung_up(inside->mcp, now_ms(inside), err)
                                        : begin_again(inside, 0, err);
}

/* Who listens at a port and says nothing through its streams is talked with there. */
static int turn_to_port(struct inside *inside, bool silent, struct vb_error *err)
{
    const unsigned port = atomic_load(&inside->driver->signs->port);
    const uint64_t now = now_ms(inside);
    if (port == 0 || inside->turned || inside->options.hosted ||
        inside->driver->detonation->unasked || vb_mcp_answered(inside->mcp))
        return VB_OK;
    if (inside->served_ms == 0)
        inside->served_ms = now;
    if (now - inside->served_ms < (silent ? ACCEPT_MS : MUTE_MS))
        return VB_OK;
    inside->turned = true;
    return begin_again(inside, port, err);
}

static int pass_time(struct inside *inside, bool heard, struct vb_error *err)
{
    const uint64_t silences = atomic_load(&inside->driver->signs->silences);
    const bool silent = silences != inside->silences && !heard;
    inside->silences = silences;
    const int status = turn_to_port(inside, silent, err);
    if (status < 0)
        return status;
    return silent ? vb_mcp_silence(inside->mcp, now_ms(inside), err)
                  : vb_mcp_tick(inside->mcp, now_ms(inside), err);
}

static bool has_come(const struct pollfd *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((fds[i].revents & ~POLLOUT) != 0)
            return true;
    }
    return false;
}

static int talk(struct inside *inside, struct vb_error *err)
{
    int status = vb_mcp_begin(inside->mcp, now_ms(inside), err);
    while (status == VB_OK && !vb_mcp_over(inside->mcp)) {
        const bool speaking = vb_mcp_out(inside->mcp)->len > 0;
        const uint64_t now = now_ms(inside), next = vb_mcp_next_ms(inside->mcp);
        const uint64_t left = next > now ? next - now : 0;
        struct pollfd fds[2 + VB_DRIVER_HTTP_FDS] = {{.fd = inside->from_subject, .events = POLLIN},
                                                     {.fd = -1, .events = POLLOUT}};
        if (inside->http.http != NULL) {
            status = vb_driver_http_speak(&inside->http, inside->mcp, err);
        } else if (speaking) {
            speak(inside);
            fds[1].fd = vb_mcp_out(inside->mcp)->len > 0 ? inside->to_subject : -1;
        }
        if (status < 0)
            return status;
        vb_driver_http_wait(&inside->http, fds + 2);
        if (poll(fds, VB_ARRAY_LEN(fds), (int)(left < WAKE_MS ? left : WAKE_MS)) < 0 &&
            errno != EINTR)
            return fail(err);
        if (fds[0].revents != 0)
            status = listen_once(inside, err);
        if (status == VB_OK && inside->http.http != NULL)
            status = listen_at_port(inside, fds + 2, err);
        if (status == VB_OK)
            status = pass_time(inside, has_come(fds, VB_ARRAY_LEN(fds)), err);
    }
    return status;
}

static int confine(struct vb_error *err)
{
    const struct vb_limit_row limits[] = {
        {RLIMIT_CORE, 1},
        {RLIMIT_NOFILE, OPEN_FILES},
        {RLIMIT_NPROC, 0},
        {RLIMIT_MEMLOCK, 0},
        {RLIMIT_MSGQUEUE, 0},
#ifndef VB_SANITIZED
        {RLIMIT_DATA, memory_bytes},
#endif
    };
    struct sock_fprog filter = {0};
    int status = vb_limits_set(limits, VB_ARRAY_LEN(limits), err);
    if (status == VB_OK)
        status = vb_driver_filter_new(&filter, err);
    if (status == VB_OK && (vb_sys_drop_capabilities() < 0 || vb_sys_die_with_parent() < 0 ||
                            vb_sys_no_new_privs() < 0))
        status = fail(err);
    if (status == VB_OK)
        status = vb_landlock_confine(NULL, 0, true, err);
    if (status == VB_OK)
        status = vb_examiner_filter_load(&filter, err);
    vb_program_done(&filter);
    return status;
}

/* What is done on first use and would need more than is left: a digest, the seed of jansson's
 * tables. */
static int prepare(struct vb_error *err)
{
    char hex[VB_SHA256_HEX];
    json_object_seed(0);
    return vb_sha256_hex("", 0, hex, err);
}

static int run(struct inside *inside, struct vb_error *err)
{
    char folder[512], file[512], plugin[512];
    const struct vb_driver_child *driver = inside->driver;
    const struct vb_sandbox_options *box = &driver->setup->options;
    const struct vb_bait_set *baits = driver->setup->baits;
    const char *home = vb_persona_traits(box->persona)->home;
    const unsigned all_ms = driver->detonation->timeout_ms;
    const uint64_t until_ms = all_ms > 2 * LAST_WORDS_MS ? all_ms - LAST_WORDS_MS : all_ms / 2;
    (void)snprintf(folder, sizeof(folder), "%s/%s", home, places[box->persona].folder);
    (void)snprintf(file, sizeof(file), "%s/%s", home, places[box->persona].file);
    const char *module = places[box->persona].plugin;
    (void)snprintf(plugin, sizeof(plugin), "%s/%s", home, module == NULL ? "" : module);
    inside->options = (struct vb_mcp_options){
        .client = driver->detonation->client == NULL ? "claude-code" : driver->detonation->client,
        .handshake =
            driver->detonation->driver == VB_DRIVER_MCP_HANDSHAKE || driver->detonation->hosted,
        .may_be_mute = driver->detonation->unasked,
        .hosted = driver->detonation->hosted,
        .places = {.folder = folder,
                   .file = file,
                   .bait = find_bait(baits, asked_baits, VB_ARRAY_LEN(asked_baits)),
                   .plugin = module == NULL ? NULL : plugin,
                   .database = find_bait(baits, asked_databases, VB_ARRAY_LEN(asked_databases))},
        .calls_until_ms = until_ms * 3 / 4,
        .until_ms = until_ms,
        .sink = &inside->frames.sink,
        .keep = vb_box_keeps(driver->setup, driver->detonation) < 0 ? NULL : keep,
        .ctx = inside,
    };
    int status = prepare(err);
    if (status == VB_OK)
        status = vb_mcp_new(&inside->options, &inside->mcp, err);
    if (status == VB_OK)
        status = confine(err);
    return status < 0 ? status : talk(inside, err);
}

static _Noreturn void child_main(struct inside *inside, const struct vb_pipes *pipes)
{
    struct vb_error err = {0};
    const int keep_fds[] = {pipes->frames[1], pipes->report[1], inside->control, inside->to_subject,
                            inside->from_subject};
    vb_frame_sink_init(&inside->frames, pipes->frames[1], inside->driver->setup->options.epoch_ns);
    /* What the subject does because of a message must not be heard of before it. */
    inside->frames.at_once = true;
    inside->begin_ns = vb_monotonic_ns();
    int status = vb_sys_close_others(keep_fds, VB_ARRAY_LEN(keep_fds)) < 0 ? fail(&err) : VB_OK;
    if (status == VB_OK)
        status = run(inside, &err);
    vb_report_write(pipes->report[1], status, &err);
    _exit(0);
}

/* --- in the supervisor --- */

/* Index 0 is read, 1 written; of the control socket 0 is ours. */
struct ends {
    int input[2], printed[2], control[2];
};

static void close_ends(struct ends *ends)
{
    for (int i = 0; i < 2; i++) {
        vb_close_fd(&ends->input[i]);
        vb_close_fd(&ends->printed[i]);
        vb_close_fd(&ends->control[i]);
    }
}

static int open_ends(struct ends *ends, struct vb_error *err)
{
    if (pipe2(ends->input, O_CLOEXEC) < 0 || pipe2(ends->printed, O_CLOEXEC) < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends->control) < 0 ||
        fcntl(ends->input[1], F_SETFL, O_NONBLOCK) < 0 ||
        fcntl(ends->printed[0], F_SETFL, O_NONBLOCK) < 0 ||
        fcntl(ends->printed[1], F_SETFL, O_NONBLOCK) < 0)
        return fail(err);
    return VB_OK;
}

static int watch(struct vb_driver_child *driver, int fd, struct vb_error *err)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(driver->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? fail(err) : VB_OK;
}

static int share_signs(struct vb_driver_child *driver, struct vb_error *err)
{
    void *shared = mmap(NULL, sizeof(*driver->signs), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return fail(err);
    driver->signs = shared;
    return VB_OK;
}

static int begin_listening(struct vb_driver_child *driver, struct vb_error *err)
{
    driver->relay = (struct vb_relay){.role = VB_ROLE_DRIVER,
                                      .name = "driver",
                                      .detonation = driver->detonation->id,
                                      .epoch_ns = driver->setup->options.epoch_ns,
                                      .timeout_ms = PATIENCE_MS};
    int status = vb_relay_listen_new(&driver->relay, &driver->process, driver->sink,
                                     &driver->listening, err);
    if (status == VB_OK)
        status = watch(driver, driver->process.frames, err);
    return status < 0 ? status : watch(driver, driver->control, err);
}

static int start(struct vb_driver_child *driver, struct vb_error *err)
{
    VB_CLEANUP(vb_pipes_done) struct vb_pipes pipes = {{-1, -1}, {-1, -1}};
    VB_CLEANUP(close_ends) struct ends ends = {{-1, -1}, {-1, -1}, {-1, -1}};
    int status = vb_pipes_new(&pipes, err);
    if (status == VB_OK)
        status = open_ends(&ends, err);
    if (status == VB_OK)
        status = share_signs(driver, err);
    if (status < 0)
        return status;
    driver->process.pid = fork();
    if (driver->process.pid < 0)
        return fail(err);
    if (driver->process.pid == 0) {
        struct inside inside = {.driver = driver,
                                .control = ends.control[1],
                                .to_subject = ends.input[1],
                                .from_subject = ends.printed[0]};
        child_main(&inside, &pipes);
    }
    driver->input = vb_steal_fd(&ends.input[0]);
    driver->to = vb_steal_fd(&ends.printed[1]);
    driver->control = vb_steal_fd(&ends.control[0]);
    driver->process.frames = vb_steal_fd(&pipes.frames[0]);
    driver->process.report = vb_steal_fd(&pipes.report[0]);
    driver->process.pidfd = pidfd_open(driver->process.pid, 0);
    return driver->process.pidfd < 0 ? fail(err) : begin_listening(driver, err);
}

int vb_driver_child_new(const struct vb_box_setup *setup, const struct vb_detonation *detonation,
                        struct vb_sink *sink, struct vb_driver_child **ret, struct vb_error *err)
{
    struct vb_driver_child *driver = calloc(1, sizeof(*driver));
    if (driver == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "the driver of an MCP server");
    *driver = (struct vb_driver_child){.setup = setup,
                                       .detonation = detonation,
                                       .sink = sink,
                                       .epoll = epoll_create1(EPOLL_CLOEXEC),
                                       .control = -1,
                                       .input = -1,
                                       .to = -1,
                                       .process = {-1, -1, -1, -1}};
    const int status = driver->epoll < 0 ? fail(err) : start(driver, err);
    if (status < 0) {
        vb_driver_child_free(driver);
        return status;
    }
    *ret = driver;
    return VB_OK;
}

void vb_driver_child_free(struct vb_driver_child *driver)
{
    if (driver == NULL)
        return;
    vb_process_done(&driver->process);
    vb_relay_listen_free(driver->listening);
    vb_close_fd(&driver->control);
    vb_close_fd(&driver->input);
    vb_close_fd(&driver->to);
    vb_close_fd(&driver->epoll);
    if (driver->signs != NULL)
        (void)munmap(driver->signs, sizeof(*driver->signs));
    free(driver);
}

int vb_driver_child_take_input(struct vb_driver_child *driver)
{
    return vb_steal_fd(&driver->input);
}

int vb_driver_child_fd(const struct vb_driver_child *driver)
{
    return driver->epoll;
}

/* --- what it says --- */

/* Answers with a connection, or without: then there is none. */
static int connect_driver(struct vb_driver_child *driver, struct vb_error *err)
{
    const struct vb_driver_message message = {VB_DRIVER_CONNECT};
    VB_CLEANUP_FD int fd = driver->served == NULL ? -1 : vb_served_connect(driver->served, 0);
    if (vb_sys_send(driver->control, &message, sizeof(message), fd) < 0)
        vb_close_fd(&driver->control);
    if (driver->asked || fd < 0)
        return VB_OK;
    struct vb_event event;
    vb_event_init(&event, VB_EV_DETONATION_PROBE, VB_SOURCE_TOOL);
    event.detonation = driver->detonation->id;
    vb_event_int(&event, VB_F_PORT, vb_served_port(driver->served, 0));
    vb_event_str(&event, VB_F_TEXT, "MCP over HTTP");
    driver->asked = true;
    return vb_emit(driver->sink, &event, err);
}

/* One text that is to be kept, if there is one. False: there is none now. */
static bool take_text(struct vb_driver_child *driver, int *ret_status, struct vb_error *err)
{
    struct vb_driver_message message;
    VB_CLEANUP_FD int fd = -1;
    struct pollfd ready = {.fd = driver->control, .events = POLLIN};
    if (driver->control < 0 || poll(&ready, 1, 0) <= 0)
        return false;
    if (vb_sys_recv(driver->control, &message, sizeof(message), &fd, NULL) !=
        (ssize_t)sizeof(message)) {
        vb_close_fd(&driver->control);
        return false;
    }
    message.word[sizeof(message.word) - 1] = '\0';
    if (strcmp(message.word, VB_DRIVER_CONNECT) == 0)
        return (*ret_status = connect_driver(driver, err)) == VB_OK;
    if (fd < 0 || strspn(message.word, "0123456789abcdef") != VB_SHA256_HEX - 1)
        return true;
    *ret_status = vb_keep_copy(fd, driver->setup->staging_fd, message.word, err);
    driver->not_kept += *ret_status > 0;
    *ret_status = *ret_status < 0 ? *ret_status : VB_OK;
    return *ret_status == VB_OK;
}

int vb_driver_child_step(struct vb_driver_child *driver, struct vb_error *err)
{
    int status = driver->status;
    if (status < 0) {
        *err = driver->failure;
        return status;
    }
    /* Texts first: one is kept before the event that names it. */
    while (take_text(driver, &status, err))
        ;
    if (status < 0 || driver->done)
        return status;
    if (vb_relay_listen_step(driver->listening, err, &status) || status < 0)
        return status;
    driver->done = true;
    vb_close_fd(&driver->to);
    (void)epoll_ctl(driver->epoll, EPOLL_CTL_DEL, driver->process.frames, NULL);
    return VB_OK;
}

bool vb_driver_child_done(const struct vb_driver_child *driver)
{
    return driver->done;
}

/* Waits until the driver reads, and hears it meanwhile: neither may wait for the other. False: it
 * does not. */
static bool wait_for_room(struct vb_driver_child *driver)
{
    const uint64_t until_ns = vb_monotonic_ns() + PATIENCE_MS * UINT64_C(1000000);
    while (driver->to >= 0 && driver->status == VB_OK && vb_monotonic_ns() < until_ns) {
        struct pollfd fds[2] = {{.fd = driver->to, .events = POLLOUT},
                                {.fd = driver->epoll, .events = POLLIN}};
        if (poll(fds, VB_ARRAY_LEN(fds), PATIENCE_MS) < 0 && errno != EINTR)
            return false;
        if (fds[1].revents != 0)
            driver->status = vb_driver_child_step(driver, &driver->failure);
        if (fds[0].revents != 0)
            return true;
    }
    return false;
}

void vb_driver_child_hear(void *ctx, const void *data, size_t len)
{
    struct vb_driver_child *driver = ctx;
    const char *at = data;
    while (len > 0 && driver->to >= 0 && driver->status == VB_OK) {
        const ssize_t some = write(driver->to, at, len < PIECE ? len : PIECE);
        if (some > 0) {
            at += some;
            len -= (size_t)some;
        } else if (errno != EINTR && (errno != EAGAIN || !wait_for_room(driver))) {
            driver->deaf = driver->to >= 0 && errno != EPIPE;
            vb_close_fd(&driver->to);
        }
    }
}

void vb_driver_child_serves(struct vb_driver_child *driver, const struct vb_served *served)
{
    driver->served = served;
    atomic_store(&driver->signs->port, vb_served_port(served, 0));
}

void vb_driver_child_hang_up(struct vb_driver_child *driver)
{
    vb_close_fd(&driver->to);
}

bool vb_driver_child_busy(struct vb_driver_child *driver)
{
    return !driver->done && vb_busy_look(&driver->busy, driver->process.pid);
}

bool vb_driver_child_waits(const struct vb_driver_child *driver)
{
    return !driver->done && driver->process.pid > 0 && vb_is_waiting(driver->process.pid);
}

void vb_driver_child_moved(struct vb_driver_child *driver)
{
    atomic_fetch_add(&driver->signs->moves, 1);
}

void vb_driver_child_silence(struct vb_driver_child *driver)
{
    atomic_fetch_add(&driver->signs->silences, 1);
}

/* --- its end --- */

static int tell_gap(struct vb_driver_child *driver, const char *what, const char *reason,
                    const char *detail, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    event.detonation = driver->detonation->id;
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_str(&event, VB_F_DETAIL, detail);
    return vb_emit(driver->sink, &event, err);
}

int vb_driver_child_end(struct vb_driver_child *driver, struct vb_error *err)
{
    struct vb_death death = {0};
    const uint64_t until_ns = vb_monotonic_ns() + PATIENCE_MS * UINT64_C(1000000);
    vb_driver_child_hang_up(driver);
    int status = vb_driver_child_step(driver, err);
    while (status == VB_OK && !driver->done && vb_monotonic_ns() < until_ns) {
        struct pollfd fd = {.fd = driver->epoll, .events = POLLIN};
        (void)poll(&fd, 1, PATIENCE_MS);
        status = vb_driver_child_step(driver, err);
    }
    if (status == VB_OK)
        status = vb_relay_listen_finish(driver->listening, &death, err);
    if (status == VB_OK && death.died)
        status =
            tell_gap(driver, death.reason,
                     "what talked with the MCP server died: not all was tried", death.detail, err);
    if (status == VB_OK && driver->deaf)
        status = tell_gap(driver, "the rest of what the MCP server says",
                          "more than its client reads in time", NULL, err);
    if (status == VB_OK && driver->not_kept > 0)
        status = tell_gap(driver, "texts of the MCP server", "too many bytes of all runs to keep",
                          NULL, err);
    return status;
}
