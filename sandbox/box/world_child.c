/* world_child: starts the world behind its walls, tells it of sockets, takes what it says. What it
 * reads is hostile; what it sends is checked like any child's (relay.c). See world_child.h. */
#include "sandbox/box/world_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/box/busy.h"
#include "sandbox/box/courier_child.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/known.h"
#include "sandbox/box/relay.h"
#include "sandbox/box/truth.h"
#include "sandbox/world/wants.h"
#include "sandbox/world/world.h"

enum {
    STEP_MS = 50,        /* between two looks at the time, for whoever is silent */
    EAGER_MS = 10,       /* while it is our turn to speak: less than QUIET_NS */
    PATIENCE_MS = 10000, /* for an answer of the child, and for its end */
    OPEN_FILES = 1024,
    KNOWN_BYTES = 32 << 20
};
#ifndef VB_SANITIZED
static const uint64_t memory_bytes = 768U << 20;
#endif

enum word { ADD, REMOVE, REMOVED, KEEP, PACKETS };

struct message {
    int32_t word; /* enum word */
    int32_t id;   /* of a socket: its number in the supervisor */
    char hex[VB_SHA256_HEX];
};

struct vb_world_child {
    const struct vb_box_setup *setup;
    const struct vb_detonation *detonation;
    struct vb_sink *sink;
    int epoll;                     /* on the sockets until it runs, then on what it says */
    int sockets[VB_WORLD_SOCKETS]; /* -1: none */
    bool running;
    struct vb_relay relay;
    struct vb_process process;
    struct vb_relay_state *listening;
    int control; /* to it */
    bool removed;
    struct vb_buf known; /* the package's bytes */
    uint64_t not_kept;
    bool packets_lost;
    uint64_t moved_ns;        /* how far the box's clock was moved */
    _Atomic int64_t *ahead_s; /* that and the days, for the child too; NULL until it runs */
    struct vb_busy busy;
};

static int fail(struct vb_error *err)
{
    return vb_fail(err, VB_E_OS, errno, "the network of a box");
}

/* --- in the child --- */

struct inside {
    struct vb_world *world;
    struct vb_frame_sink frames;
    struct vb_capture *capture; /* NULL: nobody keeps it */
    int control;
    struct {
        int id, fd;
    } given[VB_WORLD_SOCKETS]; /* fd 0: none */
};

static int keep_only(const struct vb_world_child *world, const struct vb_pipes *pipes, int control,
                     struct vb_error *err)
{
    int keep[VB_WORLD_SOCKETS + VB_NET_RESOLVERS + 4] = {pipes->frames[1], pipes->report[1],
                                                         control, world->setup->live_fd};
    const int *resolvers = world->setup->base.fds + VB_BASE_SOCKET + VB_NET_CATCHERS;
    memcpy(keep + 4, resolvers, VB_NET_RESOLVERS * sizeof(*keep));
    memcpy(keep + 4 + VB_NET_RESOLVERS, world->sockets, sizeof(world->sockets));
    return vb_sys_close_others(keep, VB_ARRAY_LEN(keep)) < 0 ? fail(err) : VB_OK;
}

/* It has no path to anything, no way to another process, and no more memory than this. */
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
        status = vb_world_filter_new(&filter, err);
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

/* 1: it cannot be handed over. How many descriptors may be under way is counted for a user, and the
 * subject, who is the same one, has used them up. */
static int send_file(const struct inside *inside, const struct message *message, int fd,
                     struct vb_error *err)
{
    if (vb_sys_send(inside->control, message, sizeof(*message), fd) == 0)
        return VB_OK;
    return errno == ETOOMANYREFS || errno == ENOBUFS || errno == EMFILE ? 1 : fail(err);
}

static int hand_over(void *ctx, int fd, const char *hex, struct vb_error *err)
{
    struct inside *inside = ctx;
    struct message message = {.word = KEEP};
    memcpy(message.hex, hex, sizeof(message.hex));
    const int status = vb_frame_sink_flush(&inside->frames, err);
    return status < 0 ? status : send_file(inside, &message, fd, err);
}

static int tell_packets_lost(struct inside *inside, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_WORLD);
    vb_event_str(&event, VB_F_STAGE, "world");
    vb_event_str(&event, VB_F_WHAT, "packets");
    vb_event_str(&event, VB_F_REASON, "they could not be handed over to be kept");
    return vb_emit(&inside->frames.sink, &event, err);
}

/* The capture is what these bytes are, one behind the other. */
static int hand_over_packets(struct inside *inside, uint32_t run, struct vb_error *err)
{
    const struct message message = {.word = PACKETS};
    int parts[2] = {-1, -1};
    if (inside->capture == NULL)
        return VB_OK;
    int status = vb_capture_end(inside->capture, run, parts, err);
    for (int i = 0; status == VB_OK && i < 2 && parts[i] >= 0; i++)
        status = send_file(inside, &message, parts[i], err);
    vb_close_fd(&parts[0]);
    return status > 0 ? tell_packets_lost(inside, err) : status;
}

static int take_socket(struct inside *inside, int id, int fd, struct vb_error *err)
{
    for (size_t i = 0; i < VB_WORLD_SOCKETS; i++) {
        if (inside->given[i].fd != 0)
            continue;
        inside->given[i].id = id;
        inside->given[i].fd = fd;
        return vb_world_add(inside->world, fd, err);
    }
    return vb_fail(err, VB_E_SOFTWARE, 0, "too many sockets in the network of a box");
}

static int give_back(struct inside *inside, int id, struct vb_error *err)
{
    const struct message done = {.word = REMOVED, .id = id};
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_WORLD_SOCKETS; i++) {
        if (inside->given[i].fd == 0 || inside->given[i].id != id)
            continue;
        status = vb_world_remove(inside->world, inside->given[i].fd, err);
        close(inside->given[i].fd);
        inside->given[i].fd = 0;
    }
    if (status == VB_OK)
        status = vb_frame_sink_flush(&inside->frames, err);
    if (status == VB_OK && vb_sys_send(inside->control, &done, sizeof(done), -1) < 0)
        status = fail(err);
    return status;
}

/* One word of the supervisor's. 1: it has no more. */
static int hear(struct inside *inside, struct vb_error *err)
{
    struct message message;
    int fd = -1;
    const ssize_t got = vb_sys_recv(inside->control, &message, sizeof(message), &fd, NULL);
    if (got != (ssize_t)sizeof(message))
        return 1;
    if (message.word == ADD && fd >= 0)
        return take_socket(inside, message.id, fd, err);
    return message.word == REMOVE ? give_back(inside, message.id, err) : VB_OK;
}

static int serve(struct inside *inside, struct vb_error *err)
{
    int status = VB_OK;
    while (status == VB_OK) {
        struct pollfd fds[2] = {{.fd = vb_world_fd(inside->world), .events = POLLIN},
                                {.fd = inside->control, .events = POLLIN}};
        const int wait_ms = vb_world_owes_a_word(inside->world) ? EAGER_MS : STEP_MS;
        if (poll(fds, VB_ARRAY_LEN(fds), wait_ms) < 0 && errno != EINTR)
            return fail(err);
        status = vb_world_step(inside->world, err);
        if (status == VB_OK && fds[1].revents != 0)
            status = hear(inside, err);
    }
    return status < 0 ? status : VB_OK;
}

static int run(const struct vb_world_child *world, struct inside *inside, struct vb_error *err)
{
    const struct vb_box_setup *setup = world->setup;
    int status = VB_OK;
    if (setup->responder != NULL)
        vb_responder_guess(setup->responder, world->detonation->guess);
    if (setup->staging_fd >= 0 && setup->options.evidence_fd >= 0)
        status = vb_capture_new(&inside->capture, err);
    const struct vb_world_options options = {
        .resolvers = setup->base.fds + VB_BASE_SOCKET + VB_NET_CATCHERS,
        .baits = setup->baits,
        .authority = setup->authority,
        .capture = inside->capture,
        .offline = setup->options.offline,
        .ahead_s = world->ahead_s,
        .replay = setup->replay,
        .live_hosts = setup->courier == NULL ? NULL : vb_courier_child_hosts(setup->courier),
        .live_fd = setup->live_fd,
        .responder = setup->responder,
        .name_key = setup->name_key,
        .known = world->detonation->every_name ? NULL : &world->known,
        .keep = setup->staging_fd < 0 ? NULL : hand_over,
        .keep_ctx = inside,
        .detonation = world->detonation->id,
        .sink = &inside->frames.sink,
    };
    if (status == VB_OK)
        status = vb_world_new(&options, &inside->world, err);
    /* Everything that reads files or makes threads was done in there. */
    if (status == VB_OK)
        status = confine(err);
    if (status == VB_OK && setup->responder != NULL)
        status = vb_wants_find(world->known.data, world->known.len, setup->responder, err);
    for (size_t i = 0; status == VB_OK && i < VB_WORLD_SOCKETS; i++) {
        if (world->sockets[i] >= 0)
            status = take_socket(inside, world->sockets[i], world->sockets[i], err);
    }
    if (status == VB_OK)
        status = serve(inside, err);
    if (status == VB_OK)
        status = vb_world_end(inside->world, err);
    return status < 0 ? status : hand_over_packets(inside, options.detonation, err);
}

/* The box and its supervisor share a processor; what they hear from here need not wait for it. */
static void leave_processor(void)
{
    cpu_set_t all;
    CPU_ZERO(&all);
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        CPU_SET(i, &all);
    (void)sched_setaffinity(0, sizeof(all), &all);
}

static _Noreturn void child_main(const struct vb_world_child *world, const struct vb_pipes *pipes,
                                 int control)
{
    struct vb_error err = {0};
    struct inside inside = {.control = control};
    vb_frame_sink_init(&inside.frames, pipes->frames[1], world->setup->options.epoch_ns);
    /* Whoever acts on an answer must not be heard of before it. */
    inside.frames.at_once = true;
    leave_processor();
    int status = keep_only(world, pipes, control, &err);
    if (status == VB_OK)
        status = run(world, &inside, &err);
    vb_report_write(pipes->report[1], status, &err);
    _exit(0);
}

/* --- in the supervisor --- */

static int watch(struct vb_world_child *world, int fd, struct vb_error *err)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(world->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? fail(err) : VB_OK;
}

void vb_world_child_moved(struct vb_world_child *world, uint64_t ns)
{
    enum { DAY_S = 24 * 3600, NS_A_SECOND = 1000000000 };
    const int64_t days_s = (int64_t)world->detonation->days_ahead * DAY_S;
    world->moved_ns = ns;
    if (world->ahead_s != NULL)
        atomic_store(world->ahead_s, days_s + (int64_t)(ns / NS_A_SECOND));
}

static int share_clock(struct vb_world_child *world, struct vb_error *err)
{
    void *shared = mmap(NULL, sizeof(*world->ahead_s), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return fail(err);
    world->ahead_s = shared;
    vb_world_child_moved(world, world->moved_ns);
    return VB_OK;
}

static int start(struct vb_world_child *world, struct vb_error *err)
{
    VB_CLEANUP(vb_pipes_done) struct vb_pipes pipes = {{-1, -1}, {-1, -1}};
    int ends[2];
    int status = vb_pipes_new(&pipes, err);
    if (status < 0)
        return status;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fail(err);
    world->control = ends[0];
    VB_CLEANUP_FD int far = ends[1];
    status = share_clock(world, err);
    if (status == VB_OK)
        status = vb_known_gather(world->setup, world->detonation, &world->known, err);
    if (status < 0)
        return status;
    world->process.pid = fork();
    if (world->process.pid < 0)
        return fail(err);
    if (world->process.pid == 0)
        child_main(world, &pipes, far);
    vb_buf_done(&world->known);
    world->process.frames = vb_steal_fd(&pipes.frames[0]);
    world->process.report = vb_steal_fd(&pipes.report[0]);
    world->process.pidfd = pidfd_open(world->process.pid, 0);
    world->running = true;
    for (size_t i = 0; i < VB_WORLD_SOCKETS; i++) {
        if (world->sockets[i] >= 0)
            (void)epoll_ctl(world->epoll, EPOLL_CTL_DEL, world->sockets[i], NULL);
    }
    if (world->process.pidfd < 0)
        return fail(err);
    world->relay = (struct vb_relay){.role = VB_ROLE_WORLD,
                                     .name = "world",
                                     .detonation = world->detonation->id,
                                     .epoch_ns = world->setup->options.epoch_ns,
                                     .timeout_ms = PATIENCE_MS};
    status =
        vb_relay_listen_new(&world->relay, &world->process, world->sink, &world->listening, err);
    if (status == VB_OK)
        status = watch(world, world->process.frames, err);
    return status < 0 ? status : watch(world, world->control, err);
}

static int keep_body(struct vb_world_child *world, int fd, const char *hex, struct vb_error *err)
{
    if (fd < 0 || strspn(hex, "0123456789abcdef") != VB_SHA256_HEX - 1)
        return VB_OK;
    const int status = vb_keep_copy(fd, world->setup->staging_fd, hex, err);
    world->not_kept += status > 0;
    return status < 0 ? status : VB_OK;
}

static int keep_packets(struct vb_world_child *world, int fd, struct vb_error *err)
{
    if (fd < 0 || world->setup->options.evidence_fd < 0)
        return VB_OK;
    const int status =
        vb_keep_more(fd, world->setup->staging_fd, VB_NETWORK_FILE, VB_CAPTURE_RUN_MAX, err);
    world->packets_lost = world->packets_lost || status > 0;
    return status < 0 ? status : VB_OK;
}

/* One word of the child's, if there is one. False: it says nothing now. */
static bool hear_child(struct vb_world_child *world, struct vb_error *err, int *ret_status)
{
    struct message message;
    VB_CLEANUP_FD int fd = -1;
    struct pollfd ready = {.fd = world->control, .events = POLLIN};
    if (world->control < 0 || poll(&ready, 1, 0) <= 0)
        return false;
    if (vb_sys_recv(world->control, &message, sizeof(message), &fd, NULL) !=
        (ssize_t)sizeof(message)) {
        vb_close_fd(&world->control);
        return false;
    }
    message.hex[sizeof(message.hex) - 1] = '\0';
    if (message.word == REMOVED)
        world->removed = true;
    if (message.word == KEEP)
        *ret_status = keep_body(world, fd, message.hex, err);
    if (message.word == PACKETS)
        *ret_status = keep_packets(world, fd, err);
    return *ret_status == VB_OK;
}

/* Passes on whatever is there. */
static int listen_once(struct vb_world_child *world, struct vb_error *err)
{
    int status = VB_OK;
    /* Its words first: a file is kept before the event that names it. */
    while (hear_child(world, err, &status))
        ;
    if (status == VB_OK && !vb_relay_listen_step(world->listening, err, &status) &&
        world->process.frames >= 0)
        (void)epoll_ctl(world->epoll, EPOLL_CTL_DEL, world->process.frames, NULL);
    return status;
}

int vb_world_child_step(struct vb_world_child *world, struct vb_error *err)
{
    struct epoll_event event;
    if (!world->running)
        return epoll_wait(world->epoll, &event, 1, 0) <= 0 ? VB_OK : start(world, err);
    return listen_once(world, err);
}

/* The place of the socket FD (-1: a free place), or VB_WORLD_SOCKETS. */
static size_t place_of(const struct vb_world_child *world, int fd)
{
    size_t place = 0;
    while (place < VB_WORLD_SOCKETS && world->sockets[place] != fd)
        place++;
    return place;
}

int vb_world_child_add(struct vb_world_child *world, int fd, struct vb_error *err)
{
    const struct message message = {.word = ADD, .id = fd};
    const size_t place = place_of(world, -1);
    if (place == VB_WORLD_SOCKETS)
        return vb_fail(err, VB_E_SOFTWARE, 0, "too many sockets in the network of a box");
    world->sockets[place] = fd;
    if (!world->running)
        return watch(world, fd, err);
    /* A child that is gone listens nowhere; its end is told of in the end. */
    if (world->control >= 0)
        (void)vb_sys_send(world->control, &message, sizeof(message), fd);
    return VB_OK;
}

/* Until the child has let go of the socket, so that its port is free. */
static int await_removal(struct vb_world_child *world, struct vb_error *err)
{
    const uint64_t until_ns = vb_monotonic_ns() + PATIENCE_MS * UINT64_C(1000000);
    int status = VB_OK;
    world->removed = false;
    while (status == VB_OK && !world->removed && world->control >= 0 &&
           vb_monotonic_ns() < until_ns) {
        struct pollfd fds[2] = {{.fd = world->control, .events = POLLIN},
                                {.fd = world->process.frames, .events = POLLIN}};
        (void)poll(fds, VB_ARRAY_LEN(fds), STEP_MS);
        status = listen_once(world, err);
    }
    return status;
}

int vb_world_child_remove(struct vb_world_child *world, int fd, struct vb_error *err)
{
    const struct message message = {.word = REMOVE, .id = fd};
    const size_t place = place_of(world, fd);
    int status = VB_OK;
    if (place == VB_WORLD_SOCKETS)
        return VB_OK;
    /* Something may have come that nobody has looked at yet. */
    if (!world->running)
        status = vb_world_child_step(world, err);
    world->sockets[place] = -1;
    if (status < 0)
        return status;
    if (!world->running)
        return epoll_ctl(world->epoll, EPOLL_CTL_DEL, fd, NULL) < 0 ? fail(err) : VB_OK;
    if (world->control < 0 || vb_sys_send(world->control, &message, sizeof(message), -1) < 0)
        return VB_OK;
    return await_removal(world, err);
}

int vb_world_child_fd(const struct vb_world_child *world)
{
    return world->epoll;
}

bool vb_world_child_busy(struct vb_world_child *world)
{
    struct epoll_event event;
    if (!world->running)
        return epoll_wait(world->epoll, &event, 1, 0) > 0;
    return vb_busy_look(&world->busy, world->process.pid);
}

int vb_world_child_new(const struct vb_box_setup *setup, const struct vb_detonation *detonation,
                       struct vb_sink *sink, struct vb_world_child **ret, struct vb_error *err)
{
    struct vb_world_child *world = calloc(1, sizeof(*world));
    if (world == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "the network of a box");
    *world = (struct vb_world_child){.setup = setup,
                                     .detonation = detonation,
                                     .sink = sink,
                                     .epoll = epoll_create1(EPOLL_CLOEXEC),
                                     .control = -1,
                                     .process = {-1, -1, -1, -1}};
    vb_buf_init(&world->known, KNOWN_BYTES);
    for (size_t i = 0; i < VB_WORLD_SOCKETS; i++)
        world->sockets[i] = -1;
    int status = world->epoll < 0 ? fail(err) : VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_NET_CATCHERS; i++) {
        const int fd = setup->base.fds[VB_BASE_SOCKET + i];
        if (fd >= 0)
            status = vb_world_child_add(world, fd, err);
    }
    if (status < 0) {
        vb_world_child_free(world);
        return status;
    }
    *ret = world;
    return VB_OK;
}

void vb_world_child_free(struct vb_world_child *world)
{
    if (world == NULL)
        return;
    vb_process_done(&world->process);
    vb_relay_listen_free(world->listening);
    vb_buf_done(&world->known);
    vb_close_fd(&world->control);
    vb_close_fd(&world->epoll);
    if (world->ahead_s != NULL)
        (void)munmap(world->ahead_s, sizeof(*world->ahead_s));
    free(world);
}

/* --- its end --- */

static int tell_gap(struct vb_world_child *world, const char *what, const char *reason,
                    const char *detail, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    event.detonation = world->detonation->id;
    vb_event_str(&event, VB_F_STAGE, "world");
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, reason);
    if (detail != NULL)
        vb_event_str(&event, VB_F_DETAIL, detail);
    if (world->not_kept > 0 && detail == NULL)
        vb_event_int(&event, VB_F_COUNT, (int64_t)world->not_kept);
    return vb_emit(world->sink, &event, err);
}

/* What it hands over while it ends has to be taken, or it waits for ever. */
static int hear_to_the_end(struct vb_world_child *world, struct vb_error *err)
{
    const uint64_t until_ns = vb_monotonic_ns() + PATIENCE_MS * UINT64_C(1000000);
    int status = VB_OK;
    while (status == VB_OK && world->control >= 0 && vb_monotonic_ns() < until_ns) {
        struct pollfd fds[2] = {{.fd = world->control, .events = POLLIN},
                                {.fd = world->process.frames, .events = POLLIN}};
        (void)poll(fds, VB_ARRAY_LEN(fds), STEP_MS);
        status = listen_once(world, err);
    }
    return status;
}

int vb_world_child_end(struct vb_world_child *world, struct vb_error *err)
{
    struct vb_death death = {0};
    int status = vb_world_child_step(world, err);
    if (status < 0 || !world->running)
        return status;
    if (world->control >= 0)
        (void)shutdown(world->control, SHUT_WR);
    status = hear_to_the_end(world, err);
    if (status == VB_OK)
        status = vb_relay_listen_finish(world->listening, &death, err);
    if (status == VB_OK && death.died)
        status = tell_gap(world, death.reason,
                          "what answered in the network of the box died: not all is recorded",
                          death.detail, err);
    if (status == VB_OK && world->not_kept > 0)
        status =
            tell_gap(world, "bodies of requests", "too many bytes of all runs to keep", NULL, err);
    if (status == VB_OK && world->packets_lost)
        status =
            tell_gap(world, "packets", "too many bytes of all runs to keep", "network.pcapng", err);
    return status;
}
