/* Runs on other machines: see personas.h. What they show counts by itself; the judge compares them
 * with the runs before. */
#include "cli/personas.h"

#include <string.h>

enum {
    RUNS_MAX = 8,    /* of a package */
    WINDOWS_MAX = 6, /* besides these, of one that speaks of Windows */
    LEAST_MS = 500,  /* of a run */
    MOST_MS = 10000, /* the same */
    VARIABLES_MAX = 64,
    ARGUMENTS_MAX = 128
};

static const struct machine {
    const char *name; /* as detonation.begin says it */
    enum vb_around what;
    enum vb_persona persona, instead; /* where the other runs had the first already */
    /* In the sandbox of the other runs: what is set in their environment, or a terminal. */
    const char *const *environment;
    bool terminal;
} machines[] = {
    {"ci", VB_AROUND_CI, VB_PERSONA_CI, VB_PERSONA_DEVELOPER, NULL, false},
    {"macos", VB_AROUND_PLATFORM, VB_PERSONA_COUNT, VB_PERSONA_COUNT, vb_macos_environment, false},
    {"server", VB_AROUND_USER, VB_PERSONA_SERVER, VB_PERSONA_DEVELOPER, NULL, false},
    {"terminal", VB_AROUND_TERMINAL, VB_PERSONA_COUNT, VB_PERSONA_COUNT, NULL, true},
    {"windows", VB_AROUND_WINDOWS, VB_PERSONA_COUNT, VB_PERSONA_COUNT, vb_windows_environment,
     false},
};
enum { MACHINES = VB_ARRAY_LEN(machines) };

struct hunt {
    struct vb_runs *runs;
    const struct vb_sandbox_options *options;
    struct vb_sandbox **sandbox;
    size_t left;     /* runs that are still to be made */
    size_t windows;  /* of those, as Windows, when they are chosen */
    uint64_t missed; /* that were wanted */
};

/* --- which --- */

static bool wants(const struct vb_runs *runs, size_t i, size_t machine)
{
    const struct vb_row_run *row = &runs->rows[i];
    /* Who is talked with has no terminal. */
    return row->ran && !row->again && row->finished &&
           (row->around >> machines[machine].what & 1) &&
           !(machines[machine].terminal && runs->plan->rows[i].driver != VB_DRIVER_NONE);
}

/* The first row from FROM on that wants MACHINE; the plan's count: none does. */
static size_t next_row(const struct vb_runs *runs, size_t machine, size_t from)
{
    while (from < runs->plan->count && !wants(runs, from, machine))
        from++;
    return from;
}

/* MACHINE takes the next entry point that wants it. False: there is none. */
static bool take_row(struct hunt *hunt, size_t machine, size_t *from)
{
    const struct vb_runs *runs = hunt->runs;
    const size_t row = next_row(runs, machine, *from);
    if (row == runs->plan->count)
        return false;
    *from = row + 1;
    const size_t ways = vb_runs_ways(runs, row);
    const bool windows = machines[machine].environment == vb_windows_environment;
    if (windows ? hunt->windows + ways > WINDOWS_MAX
                : hunt->left - hunt->windows + ways > RUNS_MAX) {
        hunt->missed += ways;
        return true;
    }
    runs->rows[row].elsewhere |= 1U << machine;
    hunt->left += ways;
    hunt->windows += windows ? ways : 0;
    return true;
}

/* One after the other each machine takes one, until there are enough. */
static void choose(struct hunt *hunt)
{
    size_t from[MACHINES] = {0};
    for (bool more = true; more;) {
        more = false;
        for (size_t machine = 0; machine < MACHINES; machine++)
            more |= take_row(hunt, machine, &from[machine]);
    }
}

/* --- running --- */

/* What sets the machine apart comes behind what the row sets. */
static void set_environment(const struct vb_detonation *row, const char *const *more,
                            char *ret[VARIABLES_MAX + 1])
{
    size_t count = 0;
    for (char **at = row->env; at != NULL && *at != NULL && count < VARIABLES_MAX / 2; at++)
        ret[count++] = *at;
    for (size_t i = 0; more[i] != NULL && count < VARIABLES_MAX; i++)
        ret[count++] = (char *)(uintptr_t)more[i];
    ret[count] = NULL;
}

/* What gives a program a terminal, and passes on what is typed and shown. The end of what is typed
 * is typed too, a few times. */
static const char *const on_terminal[] = {
    "python3", "-c",
    "import os, pty, sys\n"
    "ends = [b'\\4'] * 8\n"
    "def typed(fd):\n"
    "    return os.read(fd, 1024) or (ends.pop() if ends else b'')\n"
    "status = pty.spawn(sys.argv[1:], stdin_read=typed)\n"
    "sys.exit(os.waitstatus_to_exitcode(status))\n"};

static void set_terminal(const struct vb_detonation *row, char *ret[ARGUMENTS_MAX + 1])
{
    size_t count = 0;
    for (; count < VB_ARRAY_LEN(on_terminal); count++)
        ret[count] = (char *)(uintptr_t)on_terminal[count];
    for (char **at = row->argv; *at != NULL && count < ARGUMENTS_MAX; at++)
        ret[count++] = *at;
    ret[count] = NULL;
}

/* Milliseconds for the run of ROW; 0: there is no time for what took so long, or no room in the log
 * for what told so much. */
static unsigned share_ms(const struct hunt *hunt, const struct vb_row_run *row)
{
    const unsigned left = vb_runs_left_ms(hunt->runs);
    const unsigned share = left / (unsigned)(hunt->left > 0 ? hunt->left : 1);
    const unsigned least = 2 * row->duration_ms > LEAST_MS ? 2 * row->duration_ms : LEAST_MS;
    if (left < least || !vb_runs_have_room(hunt->runs, row))
        return 0;
    return share < least ? least : share < MOST_MS ? share : MOST_MS;
}

/* What a run there is. */
struct visit {
    size_t row, way;
    const struct machine *machine;
    const char *name;
};

static int run_row(struct hunt *hunt, const struct visit *visit, struct vb_error *err)
{
    const struct machine *machine = visit->machine;
    struct vb_runs *runs = hunt->runs;
    const struct vb_detonation *row = &runs->plan->rows[visit->row];
    char *environment[VARIABLES_MAX + 1], *arguments[ARGUMENTS_MAX + 1];
    const unsigned timeout_ms = share_ms(hunt, &runs->rows[visit->row]);
    hunt->left--;
    hunt->missed += timeout_ms == 0;
    if (timeout_ms == 0)
        return VB_OK;
    if (machine->environment != NULL)
        set_environment(row, machine->environment, environment);
    set_terminal(row, arguments);
    struct vb_detonation again = vb_runs_again(runs, visit->row, visit->way);
    again.timeout_ms = timeout_ms;
    again.persona = visit->name;
    again.macos = machine->environment == vb_macos_environment;
    again.windows = machine->environment == vb_windows_environment;
    again.env = machine->environment != NULL ? environment : row->env;
    again.argv = machine->terminal ? arguments : row->argv;
    again.ours = row->ours + (machine->terminal ? VB_ARRAY_LEN(on_terminal) : 0);
    return vb_runs_make(runs, *hunt->sandbox, &again, "on another machine", err);
}

/* What boxes are like was told when the first ones were made; what is worth stealing is new. */
struct bait_sink {
    struct vb_sink sink;
    struct vb_sink *next;
};

static int pass_baits(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct bait_sink *baits = (struct bait_sink *)(void *)base;
    return event->kind == VB_EV_BAIT_PLACED ? vb_emit(baits->next, event, err) : VB_OK;
}

/* The boxes of the other machine take the place of those before. */
static int change_machine(struct hunt *hunt, enum vb_persona persona, struct vb_error *err)
{
    struct vb_session *session = hunt->runs->session;
    struct vb_sandbox_options options = *hunt->options;
    struct bait_sink baits = {.sink = {.emit = pass_baits}, .next = &session->tee.sink};
    options.persona = persona;
    options.carries_on = false;
    vb_sandbox_free(*hunt->sandbox);
    *hunt->sandbox = NULL;
    vb_session_share(session);
    return vb_sandbox_new(&options, &baits.sink, hunt->sandbox, err);
}

static int run_machine(struct hunt *hunt, size_t i, struct vb_error *err)
{
    const struct machine *machine = &machines[i];
    const struct vb_runs *runs = hunt->runs;
    const bool same = machine->persona == hunt->options->persona;
    const enum vb_persona persona = same ? machine->instead : machine->persona;
    const bool here = machine->environment != NULL || machine->terminal;
    const char *name = here ? machine->name : vb_persona_name(persona);
    bool made = here;
    int status = VB_OK;
    for (size_t row = 0; status == VB_OK && row < runs->plan->count; row++) {
        if ((runs->rows[row].elsewhere >> i & 1) == 0)
            continue;
        if (!made)
            status = change_machine(hunt, persona, err);
        made = true;
        for (size_t way = 0; status == VB_OK && way < vb_runs_ways(runs, row); way++) {
            const struct visit visit = {row, way, machine, name};
            status = run_row(hunt, &visit, err);
        }
    }
    return status;
}

int vb_run_elsewhere(struct vb_runs *runs, const struct vb_sandbox_options *options,
                     struct vb_sandbox **sandbox, struct vb_error *err)
{
    /* First those that are of the same persona, in the same sandbox. */
    static const size_t order[MACHINES] = {1, 4, 3, 0, 2};
    struct hunt hunt = {.runs = runs, .options = options, .sandbox = sandbox};
    int status = VB_OK;
    choose(&hunt);
    for (size_t i = 0; status == VB_OK && i < MACHINES; i++)
        status = run_machine(&hunt, order[i], err);
    return status == VB_OK ? vb_runs_tell_missed(runs, "personas", "runs on another machine",
                                                 "more than 8, or no time is left for them within "
                                                 "--timeout, or no room in the log",
                                                 hunt.missed, err)
                           : status;
}
