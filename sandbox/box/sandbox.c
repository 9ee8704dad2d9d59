/* sandbox: what the boxes of one package share, and the files that each left: fetched, under their
 * digests. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/closure.h"
#include "sandbox/box/courier_child.h"
#include "sandbox/box/inventory.h"
#include "sandbox/box/layers.h"
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
    MAX_DROPS = 1024
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
    static const char *const places[] = {[VB_BAIT_FILE] = "file",
                                         [VB_BAIT_ENV] = "env",
                                         [VB_BAIT_WORLD] = "world",
                                         [VB_BAIT_HANDED] = "instructions",
                                         [VB_BAIT_MACHINE] = "machine"};
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < vb_bait_count(baits); i++) {
        const struct vb_bait *bait = vb_bait_at(baits, i);
        const bool file = bait->place == VB_BAIT_FILE;
        if (bait->place == VB_BAIT_PLAIN)
            continue;
        struct vb_event event;
        vb_event_init(&event, VB_EV_BAIT_PLACED, VB_SOURCE_TOOL);
        vb_event_str(&event, VB_F_BAIT, bait->id);
        vb_event_str(&event, VB_F_WHAT, places[bait->place]);
        vb_event_str(&event, file ? VB_F_PATH : VB_F_NAME, file ? bait->path : bait->env);
        if (file)
            vb_event_int(&event, VB_F_SIZE, (int64_t)bait->content_len);
        struct vb_str hosts[HOSTS];
        const char *content = bait->content != NULL ? (const char *)bait->content : "";
        const size_t count = hosts_in(content, strnlen(content, bait->content_len), hosts);
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
    const struct vb_persona_traits *traits = vb_persona_traits(options->persona);
    const struct vb_bait_fact facts[] = {
        {"machine-host", "the machine's name", traits->host},
        {"machine-home", "the user's home", traits->home},
        {"machine-id", "the machine's id", sandbox->setup.machine_id},
        {"machine-address", "the machine's public address", PUBLIC_ADDRESS}};
    const struct vb_bait_choice choice = {.persona = options->persona,
                                          .home = traits->home,
                                          .seed = seed,
                                          .rules = options->baits,
                                          .facts = facts,
                                          .fact_count = VB_ARRAY_LEN(facts)};
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
        vb_box_changed(&sandbox->changes, detonation->path))
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
