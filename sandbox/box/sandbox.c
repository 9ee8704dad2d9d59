/* sandbox: what the boxes of one package share, and the coordinator's side of each: fork a
 * supervisor, check every frame, fetch the files that were left. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/closure.h"
#include "sandbox/box/courier_child.h"
#include "sandbox/box/inventory.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/layers.h"
#include "sandbox/box/relay.h"
#include "sandbox/box/truth.h"
#include "sandbox/recorder/recorder.h"
#include "sandbox/world/capture.h"
#include "sandbox/world/shelf.h"

enum {
    LARGE_BYTES = 128 * 1024, /* malloc's own threshold at first */
    SEED_BYTES = 32,
    MAX_TREE_ENTRIES = 500000,
    TREE_DEPTH = 128,
    STAGING_INODES = 1024,
    MAX_DROPS = 1024,
    MAX_CHANGED = 256,
    /* What a supervisor may need beyond the subject's time: setting up, a last look at the files.
     */
    SUPERVISOR_EXTRA_MS = 60000,
    EXIT_LOST = 137 /* 128 + SIGKILL */
};

/* By which the box is known outside, as services that tell one's own address say. */
#define PUBLIC_ADDRESS "73.162.41.118"

/* What truth.c, the recorder's snapshots and the world may keep of one run, together. */
static const uint64_t staging_bytes = (160U << 20) + VB_CAPTURE_RUN_MAX;
static const uint64_t all_packets = 512U << 20; /* of all runs */

const struct vb_sandbox_options vb_sandbox_default_options = {
    .name = "package",
    .tree_fd = -1,
    .drops_fd = -1,
    .evidence_fd = -1,
    .input_fd = -1,
    .output_fds = {-1, -1},
    .stop_fd = -1,
    .closure_fd = -1,
    .libraries_fd = -1,
    .disk_bytes = 256U << 20,
    .memory_bytes = 1024U << 20,
    .processes = 128,
    .max_events = 200000,
    /* Opening each file of a system once is no flood, nor is a script that does nothing but start
     * programs; and what a flood leaves of a log's share lasts for most of its time. */
    .events_at_once = 75000,
    .events_a_second = 1000,
    .max_output = 256 * 1024,
};

/* The files of the package that runs have changed, below its folder. */
struct vb_changes {
    char *paths[MAX_CHANGED];
    size_t count;
    bool more; /* than there is room for */
};

struct vb_sandbox {
    struct vb_box_setup setup;
    struct vb_changes changes;
    struct vb_bait_set *baits;
    struct vb_filter *filter;
    struct vb_authority *authority;
    struct vb_responder *responder;
    struct vb_replay *replay;
    struct vb_shelf *shelf;
    struct vb_courier_child *courier;
    int drops_fd; /* not owned */
};

/* --- making one --- */

/* One component that is harmless everywhere: the name comes from the package. */
static void choose_folder(const char *name, char *ret, size_t size)
{
    size_t len = 0;
    for (const char *at = name == NULL ? "" : name; *at != '\0' && len + 1 < size; at++) {
        const bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                           (*at >= '0' && *at <= '9') || *at == '-' || *at == '_' ||
                           (*at == '.' && len > 0);
        ret[len++] = plain ? *at : '-';
    }
    ret[len] = '\0';
    if (strspn(ret, "-") == len)
        snprintf(ret, size, "package");
}

static int fill_random(void *ret, size_t len, struct vb_error *err)
{
    if (getrandom(ret, len, 0) != (ssize_t)len)
        return vb_fail(err, VB_E_OS, errno, "getting random bytes");
    return VB_OK;
}

static int choose_ids(struct vb_box_setup *setup, struct vb_error *err)
{
    unsigned char bytes[32];
    const int status = fill_random(bytes, sizeof(bytes), err);
    if (status < 0)
        return status;
    for (size_t i = 0; i < 16; i++)
        snprintf(setup->machine_id + 2 * i, 3, "%02x", bytes[i]);
    bytes[22] = (unsigned char)((bytes[22] & 0x0f) | 0x40); /* version 4 (RFC 9562) */
    bytes[24] = (unsigned char)((bytes[24] & 0x3f) | 0x80);
    char *at = setup->boot_id;
    for (size_t i = 16; i < 32; i++) {
        if (i == 20 || i == 22 || i == 24 || i == 26)
            *at++ = '-';
        snprintf(at, 3, "%02x", bytes[i]);
        at += 2;
    }
    return VB_OK;
}

/* How much room the package itself takes in a box. */
static int measure_tree(struct vb_box_setup *setup, struct vb_error *err)
{
    const struct vb_inventory_limits limits = {.entries = MAX_TREE_ENTRIES, .depth = TREE_DEPTH};
    VB_CLEANUP(vb_inventory_done) struct vb_inventory inventory = {0};
    if (setup->options.tree_fd < 0)
        return VB_OK;
    const int status = vb_inventory_take(setup->options.tree_fd, &limits, &inventory, err);
    if (status < 0)
        return status;
    if (inventory.missed > 0)
        return vb_fail(err, VB_E_LIMIT, 0, "the package has too many or too deep folders");
    setup->tree_entries = inventory.count;
    /* tmpfs gives whole pages, also to small files and folders. */
    setup->tree_bytes = inventory.bytes + (inventory.count + 1) * 4096U;
    return VB_OK;
}

enum { HOSTS = 8 };

static const char host_letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

/* The hosts that stand in the LEN bytes at TEXT behind "//" and, it may be, who logs in there. */
static size_t hosts_in(const char *text, size_t len, struct vb_str ret[HOSTS])
{
    const char *end = text + len;
    size_t count = 0;
    while (count < HOSTS && (text = memmem(text, (size_t)(end - text), "//", 2)) != NULL) {
        text += 2;
        size_t host = strspn(text, host_letters);
        const size_t login = strcspn(text, "@/\"' \n");
        if (text[login] == '@') {
            text += login + 1;
            host = strspn(text, host_letters);
        }
        if (host > 3 && memchr(text, '.', host) != NULL)
            ret[count++] = (struct vb_str){text, host};
    }
    return count;
}

static int tell_baits(const struct vb_bait_set *baits, struct vb_sink *sink, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < vb_bait_count(baits); i++) {
        const struct vb_bait *bait = vb_bait_at(baits, i);
        const bool file = bait->place == VB_BAIT_FILE;
        if (bait->place == VB_BAIT_PLAIN)
            continue;
        struct vb_event event;
        vb_event_init(&event, VB_EV_BAIT_PLACED, VB_SOURCE_TOOL);
        vb_event_str(&event, VB_F_BAIT, bait->id);
        const bool served = bait->place == VB_BAIT_WORLD, handed = bait->place == VB_BAIT_HANDED;
        vb_event_str(&event, VB_F_WHAT,
                     file     ? "file"
                     : served ? "world"
                     : handed ? "instructions"
                              : "env");
        vb_event_str(&event, file ? VB_F_PATH : VB_F_NAME, file ? bait->path : bait->env);
        if (file)
            vb_event_int(&event, VB_F_SIZE, (int64_t)bait->content_len);
        struct vb_str hosts[HOSTS];
        const size_t count =
            hosts_in((const char *)bait->content,
                     strnlen((const char *)bait->content, bait->content_len), hosts);
        if (count > 0)
            vb_event_list(&event, VB_F_HOSTS, hosts, count);
        status = vb_emit(sink, &event, err);
    }
    return status;
}

static int tell_layer(const char *name, const char *outcome, const char *detail,
                      struct vb_sink *sink, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_SANDBOX_LAYER, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_NAME, name);
    vb_event_str(&event, VB_F_OUTCOME, outcome);
    vb_event_str(&event, VB_F_DETAIL, detail);
    return vb_emit(sink, &event, err);
}

static int tell_live(const struct vb_courier_hosts *hosts, struct vb_sink *sink,
                     struct vb_error *err)
{
    struct vb_str names[VB_COURIER_HOSTS_MAX];
    struct vb_event event;
    for (size_t i = 0; i < hosts->count; i++)
        names[i] = (struct vb_str){hosts->names[i], strlen(hosts->names[i])};
    vb_event_init(&event, VB_EV_SANDBOX_LAYER, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_NAME, "network");
    vb_event_str(&event, VB_F_OUTCOME, "live");
    vb_event_str(&event, VB_F_DETAIL, "as asked for: what is sent to these hosts really leaves");
    vb_event_list(&event, VB_F_HOSTS, names, hosts->count);
    return vb_emit(sink, &event, err);
}

/* Fidelity layers that all boxes of this package lack. */
static int tell_layers(const struct vb_box_setup *setup, struct vb_sink *sink, struct vb_error *err)
{
    char detail[128];
    const int reason = setup->base.net_errno;
    int status = VB_OK;
    if (setup->options.persona == VB_PERSONA_EMPTY || setup->options.persona == VB_PERSONA_SERVER)
        status = tell_layer("baits", "none", "as asked for: nothing in the home is worth stealing",
                            sink, err);
    if (status == VB_OK && setup->options.offline)
        status = tell_layer("network", "none", "as asked for: everything is refused", sink, err);
    if (status == VB_OK && setup->replay != NULL) {
        snprintf(detail, sizeof(detail), "%zu captured answers, %zu that cannot be given",
                 vb_replay_count(setup->replay), vb_replay_skipped(setup->replay));
        status = tell_layer("network", "replay", detail, sink, err);
    }
    if (status == VB_OK && setup->courier != NULL)
        status = tell_live(vb_courier_child_hosts(setup->courier), sink, err);
    if (status < 0 || reason == 0)
        return status;
    snprintf(detail, sizeof(detail), "%s; a listener is made for each port when it is tried",
             strerror(reason));
    return tell_layer("caught network", "replaced", detail, sink, err);
}

static int check_options(const struct vb_sandbox_options *options, struct vb_error *err)
{
    if (options->disk_bytes < 1 << 20 || options->memory_bytes < 1 << 20 ||
        options->processes < 2 || options->max_output < 1 ||
        (unsigned)options->persona >= VB_PERSONA_COUNT)
        return vb_fail(err, VB_E_USAGE, 0,
                       "a box needs at least 1 MiB of disk and of memory, 2 processes, 1 byte of "
                       "output and a persona");
    return VB_OK;
}

static int make_baits(struct vb_sandbox *sandbox, struct vb_error *err)
{
    unsigned char seed[SEED_BYTES];
    const struct vb_sandbox_options *options = &sandbox->setup.options;
    const struct vb_bait_choice choice = {.persona = options->persona,
                                          .home = vb_persona_traits(options->persona)->home,
                                          .seed = seed,
                                          .rules = options->baits};
    int status = fill_random(seed, sizeof(seed), err);
    if (status == VB_OK)
        status = vb_bait_set_choose(&choice, &sandbox->baits, err);
    explicit_bzero(seed, sizeof(seed));
    return status;
}

/* What answers in the network of the boxes: who signs for it, and what it says. */
static int make_world(struct vb_sandbox *sandbox, struct vb_error *err)
{
    static const char *const companies[] = {"Brightwater Systems",   "Halden Logistics",
                                            "Meridian Health Group", "Northfield Insurance",
                                            "Orchard Robotics",      "Pinecrest Software",
                                            "Redstone Analytics",    "Summit Freight"};
    unsigned char seed[SEED_BYTES];
    int status = fill_random(seed, sizeof(seed), err);
    if (status == VB_OK)
        status = vb_authority_new(companies[seed[0] % VB_ARRAY_LEN(companies)], (int64_t)time(NULL),
                                  &sandbox->authority, err);
    if (status == VB_OK)
        status = vb_responder_new(sandbox->setup.options.world_rules, seed, PUBLIC_ADDRESS,
                                  &sandbox->responder, err);
    memcpy(&sandbox->setup.name_key, seed + sizeof(seed) - sizeof(uint64_t), sizeof(uint64_t));
    explicit_bzero(seed, sizeof(seed));
    if (status == VB_OK && sandbox->setup.options.replay != NULL)
        status = vb_replay_new(sandbox->setup.options.replay, &sandbox->replay, err);
    if (status == VB_OK && sandbox->setup.options.closure_fd >= 0)
        status = vb_shelf_new(sandbox->setup.options.closure_fd, &sandbox->shelf, err);
    if (status == VB_OK)
        vb_responder_serve(sandbox->responder, sandbox->shelf);
    for (size_t i = 0; status == VB_OK && i < vb_bait_count(sandbox->baits); i++) {
        const struct vb_bait *bait = vb_bait_at(sandbox->baits, i);
        if (bait->place == VB_BAIT_WORLD)
            status = vb_responder_set_bait(sandbox->responder, bait->served,
                                           (const char *)bait->content, err);
    }
    sandbox->setup.authority = sandbox->authority;
    sandbox->setup.responder = sandbox->responder;
    sandbox->setup.replay = sandbox->replay;
    return status;
}

static void free_sandbox(struct vb_sandbox **sandbox)
{
    vb_sandbox_free(*sandbox);
}

int vb_sandbox_new(const struct vb_sandbox_options *options, struct vb_sink *sink,
                   struct vb_sandbox **ret, struct vb_error *err)
{
    struct vb_error ignored;
    int status = check_options(options, err);
    if (status == VB_OK)
        status = vb_layers_require(err);
    if (status < 0)
        return status;
    /* malloc would begin to keep large buffers in the heap, which every supervisor then copies,
     * page by page, only to clear what it takes for its own. */
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    VB_CLEANUP(free_sandbox) struct vb_sandbox *sandbox = calloc(1, sizeof(*sandbox));
    if (sandbox == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "making a sandbox");
    struct vb_box_setup *setup = &sandbox->setup;
    setup->options = *options;
    setup->staging_fd = -1;
    vb_base_init(&setup->base);
    vb_cgroups_init(&setup->cgroups);
    sandbox->drops_fd = options->drops_fd;
    setup->live_fd = -1;
    choose_folder(options->name, setup->folder, sizeof(setup->folder));
    setup->options.name = setup->folder;
    /* First, so that it has no copy of the baits and of what else is made below. */
    if (options->live != NULL)
        status = vb_courier_child_new(options->live, &sandbox->courier, err);
    setup->courier = sandbox->courier;
    if (status == VB_OK)
        status = choose_ids(setup, err);
    if (status == VB_OK)
        status = measure_tree(setup, err);
    if (status == VB_OK)
        status = vb_closure_measure(setup, err);
    if (status == VB_OK)
        status = make_baits(sandbox, err);
    if (status == VB_OK)
        status = make_world(sandbox, err);
    if (status == VB_OK)
        status = vb_filter_new(&sandbox->filter, err);
    /* A supervisor reads hostile memory: it writes to a file system of its own, never to the user's
     * folder. */
    if (status == VB_OK && options->drops_fd >= 0)
        status = vb_workspace_new(staging_bytes, STAGING_INODES, &setup->staging_fd, err);
    setup->baits = sandbox->baits;
    if (status == VB_OK && !options->no_cgroup && vb_cgroups_new(&setup->cgroups, &ignored) < 0)
        vb_cgroups_init(&setup->cgroups); /* rlimits and the watch hold the boxes */
    if (status == VB_OK)
        status = vb_base_new(setup, &setup->base, err);
    setup->carries_on = options->carries_on && setup->base.overlay;
    setup->changes = setup->carries_on ? &sandbox->changes : NULL;
    if (status == VB_OK)
        status = tell_baits(sandbox->baits, sink, err);
    if (status == VB_OK)
        status = tell_layers(setup, sink, err);
    if (status < 0)
        return vb_layers_explain(vb_wrap(err, "preparing the sandbox"), err);
    setup->program = vb_filter_program(sandbox->filter);
    *ret = vb_steal(sandbox);
    return VB_OK;
}

void vb_sandbox_free(struct vb_sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    vb_close_fd(&sandbox->setup.staging_fd);
    vb_base_done(&sandbox->setup.base);
    vb_cgroups_done(&sandbox->setup.cgroups);
    vb_filter_free(sandbox->filter);
    vb_authority_free(sandbox->authority);
    vb_responder_free(sandbox->responder);
    vb_replay_free(sandbox->replay);
    vb_shelf_free(sandbox->shelf);
    vb_courier_child_free(sandbox->courier);
    vb_bait_set_free(sandbox->baits);
    for (size_t i = 0; i < sandbox->changes.count; i++)
        free(sandbox->changes.paths[i]);
    free(sandbox);
}

bool vb_sandbox_probes(const struct vb_sandbox *sandbox)
{
    return sandbox->setup.base.overlay;
}

/* --- in the supervisor --- */

static bool parent_is_gone(int frames_fd)
{
    struct pollfd fd = {.fd = frames_fd, .events = 0};
    return poll(&fd, 1, 0) > 0 && (fd.revents & POLLERR) != 0;
}

/* The subject's streams may be our own, whose numbers are about to be /dev/null. */
static void move_away(int *fd)
{
    *fd = *fd < 0 ? -1 : fcntl(*fd, F_DUPFD_CLOEXEC, 3);
}

static int settle(struct vb_box_setup *setup, const struct vb_pipes *pipes, struct vb_error *err)
{
    static const struct vb_limit_row limits[] = {{RLIMIT_CORE, 1}};
    vb_ignore_terminal_signals();
    int status = vb_drop_to_sandbox_user(err);
    if (status == VB_OK)
        status = vb_base_enter(&setup->base, err);
    if (status < 0)
        return status;
    if (vb_sys_die_with_parent() < 0 || vb_sys_no_new_privs() < 0)
        return vb_fail(err, VB_E_OS, errno, "tying a supervisor to its parent");
    if (parent_is_gone(pipes->frames[1]))
        _exit(1);
    struct vb_sandbox_options *options = &setup->options;
    move_away(&options->input_fd);
    move_away(&options->output_fds[0]);
    move_away(&options->output_fds[1]);
    int keep[11 + VB_NET_SOCKETS] = {
        pipes->frames[1],  pipes->report[1],       options->tree_fd,       options->input_fd,
        setup->staging_fd, options->output_fds[0], options->output_fds[1], options->stop_fd,
        setup->cgroup.dir, setup->cgroup.kill,     setup->live_fd};
    memcpy(keep + 11, setup->base.fds + VB_BASE_SOCKET, VB_NET_SOCKETS * sizeof(*keep));
    if (vb_sys_close_others(keep, VB_ARRAY_LEN(keep)) < 0)
        return vb_fail(err, VB_E_OS, errno, "closing inherited descriptors");
#ifdef VB_SANITIZED
    status = vb_null_stdio(true, err); /* the sanitizers' reports go there */
#else
    status = vb_null_stdio(false, err);
#endif
    return status < 0 ? status : vb_limits_set(limits, VB_ARRAY_LEN(limits), err);
}

static _Noreturn void supervisor_main(const struct vb_box_setup *shared,
                                      const struct vb_detonation *detonation,
                                      const struct vb_pipes *pipes)
{
    struct vb_error err = {0};
    struct vb_box_setup setup = *shared;
    struct vb_frame_sink frames;
    vb_frame_sink_init(&frames, pipes->frames[1], setup.options.epoch_ns);
    int status = settle(&setup, pipes, &err);
    if (status == VB_OK)
        status = vb_supervise(&setup, detonation, &frames, &err);
    struct vb_error flush_error = {0};
    const int flushed = vb_frame_sink_flush(&frames, &flush_error);
    vb_frame_sink_done(&frames);
    if (status == VB_OK && flushed < 0) {
        status = flushed;
        err = flush_error;
    }
    vb_report_write(pipes->report[1], status, &err);
    _exit(0);
}

/* --- in the coordinator --- */

static int start_supervisor(const struct vb_box_setup *setup,
                            const struct vb_detonation *detonation, struct vb_process *process,
                            struct vb_error *err)
{
    VB_CLEANUP(vb_pipes_done) struct vb_pipes pipes = {{-1, -1}, {-1, -1}};
    const int status = vb_pipes_new(&pipes, err);
    if (status < 0)
        return status;
    process->pid = fork();
    if (process->pid < 0)
        return vb_fail(err, VB_E_OS, errno, "forking a supervisor");
    if (process->pid == 0)
        supervisor_main(setup, detonation, &pipes);
    process->frames = vb_steal_fd(&pipes.frames[0]);
    process->report = vb_steal_fd(&pipes.report[0]);
    process->pidfd = pidfd_open(process->pid, 0);
    if (process->pidfd < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, errno, "pidfd_open: use a kernel of 5.19 or later");
    return VB_OK;
}

/* Reads the result off the events that pass. */
struct end_watch {
    struct vb_sink sink;
    struct vb_sink *next;
    const struct vb_box_setup *setup;
    uint64_t stand_ins; /* commands of ours that ran */
    struct vb_detonation_result result;
};

static bool is_changed(const struct vb_changes *changes, const char *path)
{
    for (size_t i = 0; i < changes->count; i++) {
        if (strcmp(changes->paths[i], path) == 0)
            return true;
    }
    return changes->more;
}

static int note_change(const struct vb_box_setup *setup, struct vb_str path, struct vb_error *err)
{
    char folder[256];
    struct vb_changes *changes = setup->changes;
    vb_box_folder(setup, folder, sizeof(folder));
    const size_t len = strlen(folder);
    if (path.len <= len + 1 || memcmp(path.text, folder, len) != 0 || path.text[len] != '/')
        return VB_OK;
    VB_CLEANUP_FREE char *below = strndup(path.text + len + 1, path.len - len - 1);
    if (below == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "noting what a run changed");
    if (is_changed(changes, below))
        return VB_OK;
    if (changes->count == MAX_CHANGED)
        changes->more = true;
    else
        changes->paths[changes->count++] = vb_steal(below);
    return VB_OK;
}

static int watch_emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct end_watch *watch = (struct end_watch *)(void *)base;
    if (event->kind == VB_EV_DETONATION_END) {
        const int64_t number = vb_event_get_int(event, VB_F_SIGNAL, 0);
        const int64_t exited = vb_event_get_int(event, VB_F_STATUS, 0);
        const struct vb_str outcome = vb_event_get_str(event, VB_F_OUTCOME);
        watch->result.timed_out = vb_str_equal(outcome, "timeout");
        watch->result.finished = vb_str_equal(outcome, "exit") || vb_str_equal(outcome, "signal");
        watch->result.exit_status = (int)((number > 0 ? 128 + number : exited) & 0xff);
        watch->result.duration_ms = (unsigned)vb_event_get_int(event, VB_F_DURATION, 0);
    }
    watch->result.asked |= event->kind == VB_EV_DETONATION_PROBE;
    if (event->kind == VB_EV_WORLD_ANSWER &&
        vb_str_equal(vb_event_get_str(event, VB_F_OUTCOME), "doubted"))
        watch->result.name_doubted = true;
    if (event->kind == VB_EV_PROCESS_EXEC && watch->setup->base.overlay)
        watch->stand_ins |=
            vb_command_bit(watch->setup->options.rootfs, vb_event_get_str(event, VB_F_PATH));
    if (event->kind == VB_EV_TRUTH_FILE && watch->setup->changes != NULL &&
        (vb_str_equal(vb_event_get_str(event, VB_F_CHANGE), "modified") ||
         vb_str_equal(vb_event_get_str(event, VB_F_CHANGE), "metadata"))) {
        const int status = note_change(watch->setup, vb_event_get_str(event, VB_F_PATH), err);
        if (status < 0)
            return status;
    }
    return vb_emit(watch->next, event, err);
}

static int tell_lost(const struct vb_relay *relay, const struct vb_detonation *detonation,
                     const struct vb_death *death, struct vb_sink *sink, struct vb_error *err)
{
    const int status = vb_emit_death(relay, death, sink, err);
    if (status < 0)
        return status;
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    event.detonation = relay->detonation;
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, detonation->reason);
    vb_event_str(&event, VB_F_REASON,
                 "the supervisor of the box died: the run is not fully recorded");
    vb_event_str(&event, VB_F_PATH, detonation->path);
    if (detonation->line > 0)
        vb_event_int(&event, VB_F_LINE, detonation->line);
    return vb_emit(sink, &event, err);
}

static int tell_stand_ins(const struct vb_detonation *detonation, uint64_t bits,
                          struct vb_sink *sink, struct vb_error *err)
{
    int status = VB_OK;
    for (unsigned i = 0; status == VB_OK && i < VB_COMMANDS_MAX; i++) {
        struct vb_event event;
        if ((bits >> i & 1) == 0)
            continue;
        vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
        event.detonation = detonation->id;
        vb_event_str(&event, VB_F_STAGE, "detonate");
        vb_event_str(&event, VB_F_WHAT, vb_command_name(i));
        vb_event_str(&event, VB_F_REASON, "not installed: a stand-in answered");
        vb_event_str(&event, VB_F_PATH, detonation->path);
        status = vb_emit(sink, &event, err);
    }
    return status;
}

static int run_box(const struct vb_box_setup *setup, const struct vb_detonation *detonation,
                   struct vb_sink *sink, struct vb_detonation_result *ret, struct vb_error *err)
{
    const struct vb_relay relay = {
        .role = VB_ROLE_BOX,
        .name = "box",
        .detonation = detonation->id,
        .epoch_ns = setup->options.epoch_ns,
        .timeout_ms = detonation->timeout_ms + SUPERVISOR_EXTRA_MS,
    };
    VB_CLEANUP(vb_process_done)
    struct vb_process process = {.pid = -1, .pidfd = -1, .frames = -1, .report = -1};
    struct end_watch watch = {.sink = {.emit = watch_emit},
                              .next = sink,
                              .setup = setup,
                              .result = {.exit_status = EXIT_LOST}};
    int status = start_supervisor(setup, detonation, &process, err);
    if (status < 0)
        return status;
    struct vb_death death;
    status = vb_relay_run(&relay, &process, &watch.sink, &death, err);
    watch.result.lost = death.died;
    if (status == VB_OK && death.died)
        status = tell_lost(&relay, detonation, &death, sink, err);
    if (status == VB_OK)
        status = tell_stand_ins(detonation, watch.stand_ins, sink, err);
    if (status == VB_OK)
        *ret = watch.result;
    return status;
}

int vb_box_run(const struct vb_box_setup *setup, const struct vb_detonation *detonation,
               struct vb_sink *sink, struct vb_detonation_result *ret, struct vb_error *err)
{
    /* What the box may write lies in memory as well. The watch is the one to say when its memory is
     * used up; this is the wall behind it. */
    const struct vb_cgroup_limits limits = {
        .id = detonation->id,
        .memory_bytes = setup->options.memory_bytes +
                        (setup->carries_on ? 2 : 1) * setup->options.disk_bytes + setup->tree_bytes,
        .processes = setup->options.processes,
    };
    struct vb_box_setup own = *setup;
    int status = vb_cgroup_new(&setup->cgroups, &limits, &own.cgroup, err);
    if (status < 0)
        return status;
    if (setup->courier != NULL)
        status = vb_courier_child_begin(setup->courier, &own.live_fd, err);
    if (status == VB_OK)
        status = run_box(&own, detonation, sink, ret, err);
    if (setup->courier != NULL)
        vb_close_fd(&own.live_fd);
    if (status == VB_OK && setup->courier != NULL)
        status = vb_courier_child_end(setup->courier, detonation->id, sink, err);
    vb_cgroup_done(&setup->cgroups, detonation->id, &own.cgroup);
    return status;
}

/* --- the files that were left --- */

static bool is_digest(const char *name)
{
    return strlen(name) == VB_SHA256_HEX - 1 &&
           strspn(name, "0123456789abcdef") == VB_SHA256_HEX - 1;
}

static int fetch_drop(int staging, const char *name, int drops, struct vb_error *err)
{
    char hex[VB_SHA256_HEX];
    struct stat st;
    VB_CLEANUP_FD int fd = vb_open_beneath(staging, name, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return vb_fail(err, VB_E_IO, errno, "reading a file that a run left");
    const int status = vb_sha256_fd(fd, hex, err);
    if (status < 0)
        return status;
    /* A supervisor that was taken over could put anything under any name. */
    if (strcmp(hex, name) != 0)
        return vb_fail(err, VB_E_PROTOCOL, 0, "a kept file does not have the digest of its name");
    return vb_keep_copy(fd, drops, name, err);
}

/* 1: there is no room for it. */
static int fetch_packets(const struct vb_sandbox *sandbox, struct vb_error *err)
{
    const int staging = sandbox->setup.staging_fd;
    struct stat st;
    VB_CLEANUP_FD int fd =
        staging < 0 ? -1 : vb_open_beneath(staging, VB_NETWORK_FILE, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0)
        return VB_OK; /* nothing was sent */
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return vb_fail(err, VB_E_IO, errno, "reading what a run sent");
    const int status =
        vb_keep_more(fd, sandbox->setup.options.evidence_fd, VB_NETWORK_FILE, all_packets, err);
    if (unlinkat(staging, VB_NETWORK_FILE, 0) < 0 && status >= 0)
        return vb_fail(err, VB_E_IO, errno, "removing what a run sent");
    return status;
}

static int tell_no_room(const char *what, uint64_t count, uint32_t detonation, struct vb_sink *sink,
                        struct vb_error *err)
{
    struct vb_event event;
    if (count == 0)
        return VB_OK;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    event.detonation = detonation;
    vb_event_str(&event, VB_F_STAGE, "detonate");
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, "too many bytes of all runs to keep");
    vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    return vb_emit(sink, &event, err);
}

static int fetch_drops(const struct vb_sandbox *sandbox, uint64_t *ret_missed, struct vb_error *err)
{
    const int staging = sandbox->setup.staging_fd;
    if (staging < 0)
        return VB_OK;
    const int copy = openat(staging, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir == NULL)
        return vb_fail(err, VB_E_IO, errno, "reading the files that a run left");
    const struct dirent *entry;
    int status = VB_OK;
    for (int i = 0; i < MAX_DROPS && status >= 0 && (entry = readdir(dir)) != NULL; i++) {
        if (!is_digest(entry->d_name))
            continue;
        status = fetch_drop(staging, entry->d_name, sandbox->drops_fd, err);
        *ret_missed += status > 0;
        if (unlinkat(staging, entry->d_name, 0) < 0 && status >= 0)
            status = vb_fail(err, VB_E_IO, errno, "removing a file that a run left");
    }
    return status < 0 ? status : VB_OK;
}

int vb_detonate(struct vb_sandbox *sandbox, const struct vb_detonation *detonation,
                struct vb_sink *sink, struct vb_detonation_result *ret, struct vb_error *err)
{
    struct vb_detonation_result result;
    struct vb_box_setup setup = sandbox->setup;
    /* It runs as it was shipped, whatever another made of it. */
    if (detonation->path != NULL && detonation->text == NULL &&
        is_changed(&sandbox->changes, detonation->path))
        setup.carries_on = false;
    int status = vb_box_run(&setup, detonation, sink, &result, err);
    if (status == VB_OK && result.lost)
        sandbox->setup.carries_on = false; /* in what state the files are nobody knows */
    uint64_t missed = 0;
    if (status == VB_OK)
        status = fetch_drops(sandbox, &missed, err);
    if (status == VB_OK)
        status = tell_no_room("changed files", missed, detonation->id, sink, err);
    if (status == VB_OK)
        status = fetch_packets(sandbox, err);
    if (status > 0)
        status = tell_no_room(VB_NETWORK_FILE, 1, detonation->id, sink, err);
    if (status < 0)
        return vb_layers_explain(vb_wrap(err, "detonation %u", (unsigned)detonation->id), err);
    *ret = result;
    return VB_OK;
}
