/* One command in one box, with the recorder or without, timed: tests/bench/record compares the two.
 * Prints microseconds between the detonation's begin and end, how many events came, the exit
 * status, microseconds of processor time. The package's folder is {tree}. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/recorder/recorder.h"

enum { TIMEOUT_MS = 120000, MAX_EVENTS = 1000000 };

struct clock_sink {
    struct vb_sink sink;
    uint64_t events, begin_ns, end_ns;
};

static int keep_time(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct clock_sink *sink = (struct clock_sink *)(void *)base;
    (void)err;
    sink->events++;
    if (event->kind == VB_EV_DETONATION_BEGIN)
        sink->begin_ns = event->time_ns;
    if (event->kind == VB_EV_DETONATION_END)
        sink->end_ns = event->time_ns;
    return VB_OK;
}

/* Microseconds of the supervisor and of all that it waited for. */
static uint64_t processor_time(void)
{
    struct rusage usage = {0};
    (void)getrusage(RUSAGE_CHILDREN, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000U +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static int run(struct vb_box_setup *setup, char **argv, struct vb_error *err)
{
    char reason[] = "benchmark";
    const struct vb_detonation detonation = {
        .id = 1, .reason = reason, .argv = argv, .timeout_ms = TIMEOUT_MS};
    struct clock_sink sink = {.sink = {.emit = keep_time}};
    struct vb_detonation_result result;
    int status = vb_base_new(setup, &setup->base, err);
    if (status == VB_OK)
        status = vb_box_run(setup, &detonation, &sink.sink, &result, err);
    vb_base_done(&setup->base);
    if (status == VB_OK)
        printf("%" PRIu64 " %" PRIu64 " %d %" PRIu64 "\n", (sink.end_ns - sink.begin_ns) / 1000U,
               sink.events, result.exit_status, processor_time());
    return status;
}

static int usage(void)
{
    fputs("usage: bench_box recorded|bare FOLDER COMMAND [ARGUMENT...]\n", stderr);
    return 64;
}

int main(int argc, char **argv)
{
    static const unsigned char seed[32] = {7};
    struct vb_error err = {0};
    struct vb_box_setup setup = {.options = vb_sandbox_default_options,
                                 .folder = "bench",
                                 .machine_id = "0123456789abcdef0123456789abcdef",
                                 .boot_id = "01234567-89ab-cdef-0123-456789abcdef",
                                 .tree_bytes = 64U << 20,
                                 .tree_entries = 10000,
                                 .staging_fd = -1};
    if (argc < 4)
        return usage();
    vb_base_init(&setup.base);
    vb_cgroups_init(&setup.cgroups);
    const bool recorded = strcmp(argv[1], "recorded") == 0;
    struct vb_bait_set *baits = NULL;
    struct vb_filter *filter = NULL;
    setup.options.epoch_ns = vb_monotonic_ns();
    setup.options.max_events = MAX_EVENTS;
    setup.options.tree_fd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = vb_bait_set_new(VB_PERSONA_HOME, seed, &baits, &err);
    if (status == VB_OK)
        status = vb_filter_new(&filter, &err);
    setup.baits = baits;
    setup.program = status == VB_OK && recorded ? vb_filter_program(filter) : NULL;
    if (status == VB_OK)
        status = run(&setup, argv + 3, &err);
    vb_filter_free(filter);
    vb_bait_set_free(baits);
    if (status < 0)
        fprintf(stderr, "bench_box: %s\n", err.message);
    return status < 0;
}
