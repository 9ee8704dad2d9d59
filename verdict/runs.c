/* Detonations and their processes, as far as the detectors need to know them. */
#include "verdict/internal.h"

/* --- runs --- */

struct run *vb_run_named(const struct judge *judge, uint32_t id)
{
    if (judge->last_run != NULL && judge->last_run->id == id)
        return judge->last_run;
    for (size_t i = judge->run_count; i > 0; i--)
        if (judge->runs[i - 1]->id == id)
            return judge->runs[i - 1];
    return NULL;
}

static void free_tables(struct run *run)
{
    free(run->processes);
    free(run->slots);
    run->processes = NULL;
    run->slots = NULL;
    run->process_count = run->process_capacity = run->slot_count = 0;
    vb_names_done(&run->changed);
    vb_names_done(&run->moved);
    vb_names_done(&run->left);
    vb_names_done(&run->placed);
    vb_names_done(&run->attempted);
    vb_names_done(&run->baits_seen);
    vb_names_done(&run->opened);
    vb_names_done(&run->replaced);
    vb_names_done(&run->baits_opened);
    vb_names_done(&run->reached);
    vb_names_done(&run->sent);
    vb_names_done(&run->told);
    vb_names_done(&run->mark_tokens);
    vb_names_done(&run->download_tokens);
    vb_names_done(&run->indexes);
    vb_names_done(&run->send_hosts);
    vb_names_done(&run->spelt);
    vb_names_done(&run->given);
    vb_names_done(&run->named);
    free(run->sendings);
    run->sendings = NULL;
    run->sending_count = 0;
    free(run->marks);
    free(run->downloads);
    run->marks = NULL;
    run->downloads = NULL;
    vb_arena_done(&run->arena);
    run->read_count = 0;
    run->world_host = run->send_host = NULL;
    run->world_pid = 0;
    run->mark_count = run->download_count = 0;
}

static struct run *new_run(struct judge *judge, uint32_t id)
{
    if (judge->run_count >= MAX_RUNS) {
        judge->runs[0]->full = true;
        return NULL;
    }
    struct run **bigger = realloc(judge->runs, (judge->run_count + 1) * sizeof(struct run *));
    struct run *run = bigger == NULL ? NULL : calloc(1, sizeof(*run));
    if (bigger != NULL)
        judge->runs = bigger;
    if (run == NULL) {
        vb_judge_fail(judge, VB_E_NOMEM, "out of memory");
        return NULL;
    }
    run->id = id;
    run->label = "";
    vb_names_init(&run->changed, MAX_PATHS);
    vb_names_init(&run->moved, 1024);
    vb_names_init(&run->left, MAX_PATHS);
    vb_names_init(&run->placed, MAX_PLACED);
    vb_names_init(&run->attempted, MAX_PATHS);
    vb_names_init(&run->baits_seen, MAX_BAITS);
    vb_names_init(&run->opened, MAX_PATHS);
    vb_names_init(&run->replaced, MAX_BAITS);
    vb_names_init(&run->baits_opened, MAX_BAITS);
    vb_names_init(&run->reached, MAX_PATHS);
    vb_names_init(&run->sent, MAX_PATHS);
    vb_names_init(&run->told, MAX_SENDINGS);
    vb_names_init(&run->mark_tokens, MAX_MARKS);
    vb_names_init(&run->download_tokens, MAX_DOWNLOADS);
    vb_names_init(&run->indexes, MAX_LIST);
    vb_names_init(&run->deeds, MAX_DEEDS);
    vb_names_init(&run->send_hosts, MAX_SENDINGS);
    vb_names_init(&run->spelt, MAX_PATHS);
    vb_names_init(&run->given, MAX_GIVEN);
    vb_names_init(&run->named, MAX_GIVEN);
    judge->runs[judge->run_count++] = run;
    return run;
}

void vb_runs_done(struct judge *judge)
{
    for (size_t i = 0; i < judge->run_count; i++) {
        free_tables(judge->runs[i]);
        vb_names_done(&judge->runs[i]->deeds);
        free(judge->runs[i]);
    }
    free(judge->runs);
    judge->runs = NULL;
    judge->run_count = 0;
}

/* Takes "/home/…/skills/NAME" out of a path in it. */
static void find_own(struct judge *judge, struct run *run, const char *path)
{
    const char *skills = strstr(path, "/skills/");
    if (path[0] != '/' || skills == NULL || skills[8] == '\0')
        return;
    const size_t len = (size_t)(skills + 8 - path) + strcspn(skills + 8, "/");
    const char *folder = vb_arena_copy(judge->keep, path, len);
    run->own = vb_arena_str(judge->keep, vb_home_path(&judge->scratch, folder));
    run->own_path = vb_arena_printf(judge->keep, "%s/", folder);
}

/* Hosts of ours in the addresses that a program is started with (sandbox/detonate/setting.c,
 * identify/client.c). */
static void give_hosts(struct judge *judge, struct run *run, enum vb_field field)
{
    size_t count = 0;
    char **items = vb_list_of(judge, field, &count);
    for (size_t i = 0; i < count; i++) {
        const char *host = vb_text_host(&judge->scratch, items[i]);
        const char *value = strchr(items[i], '=');
        if (host == NULL)
            host = value == NULL ? items[i] : value + 1;
        if (vb_host_below(host, "example.com"))
            (void)vb_names_add(&run->given, &run->arena, host, 0, NULL);
    }
}

/* Who calls a command or a function asks for something. */
static enum phase phase_of(struct judge *judge)
{
    const char *when = vb_text_of(judge, VB_F_WHEN);
    if (strcmp(when, "install") == 0)
        return PHASE_INSTALL;
    return strcmp(when, "load") == 0 && vb_event_get(judge->event, VB_F_CALL) == NULL &&
                   strcmp(vb_text_of(judge, VB_F_REASON), VB_FUNCTIONS) != 0
               ? PHASE_LOAD
               : PHASE_USE;
}

static void begin_run(struct judge *judge, struct run *run)
{
    size_t count = 0;
    char **argv = vb_list_of(judge, VB_F_ARGV, &count);
    const char *path = vb_text_of(judge, VB_F_PATH), *text = vb_text_of(judge, VB_F_TEXT);
    run->line = vb_event_get_int(judge->event, VB_F_LINE, 0);
    run->repeats = (uint32_t)vb_event_get_int(judge->event, VB_F_REPEATS, 0);
    run->other_day = vb_event_get(judge->event, VB_F_DAYS_AHEAD) != NULL;
    run->days_ahead = vb_event_get_int(judge->event, VB_F_DAYS_AHEAD, 0);
    const char *persona = vb_text_of(judge, VB_F_PERSONA);
    run->persona = persona[0] == '\0' ? NULL : vb_arena_str(judge->keep, persona);
    run->begin_seq = judge->event->seq;
    const bool again = vb_event_get(judge->event, VB_F_DETAIL) != NULL || run->repeats > 0 ||
                       vb_starts(vb_text_of(judge, VB_F_REASON), "planted:");
    run->installs = strcmp(vb_text_of(judge, VB_F_WHEN), "install") == 0;
    run->called = !again && vb_event_get(judge->event, VB_F_CALL) != NULL;
    run->repeated = again || run->called;
    run->phase = phase_of(judge);
    run->functions = strcmp(vb_text_of(judge, VB_F_REASON), VB_FUNCTIONS) == 0;
    /* The host in the values that functions are called with (sandbox/detonate/libraries). */
    if (run->functions)
        (void)vb_names_add(&run->given, &run->arena, "example.com", 0, NULL);
    const char *client = vb_text_of(judge, VB_F_CLIENT);
    run->client = client[0] == '\0' ? NULL : vb_arena_str(judge->keep, client);
    if (run->client != NULL)
        give_hosts(judge, run, VB_F_ARGV);
    give_hosts(judge, run, VB_F_ENVIRONMENT);
    if (path[0] != '\0')
        run->path = vb_arena_str(judge->keep, path);
    if (text[0] != '\0')
        run->text = vb_arena_cut(judge->keep, text, MAX_FED_TEXT);
    if (path[0] == '\0')
        run->label = vb_command_line(judge->keep, argv, count, 80);
    else if (run->line > 0)
        run->label = vb_arena_printf(judge->keep, "%s:%lld", path, (long long)run->line);
    else
        run->label = run->path;
    if (run->days_ahead > 0)
        run->label = vb_arena_printf(judge->keep, "%s, %lld days ahead", run->label,
                                     (long long)run->days_ahead);
    if (run->persona != NULL)
        run->label = vb_arena_printf(judge->keep, "%s, as %s", run->label, run->persona);
    run->probed = vb_starts(vb_text_of(judge, VB_F_DETAIL), "with probes");
    run->stood_in = strstr(vb_text_of(judge, VB_F_DETAIL), "with stand-ins") != NULL;
    if (run->probed)
        run->label = vb_arena_printf(judge->keep, "%s, with probes", run->label);
    run->visible = run->text != NULL &&
                   (vb_ends(path, ".md") || vb_ends(path, ".mdx") || vb_ends(path, ".MD"));
    find_own(judge, run, vb_text_of(judge, VB_F_CWD));
    for (size_t i = 0; run->own == NULL && i < count; i++)
        find_own(judge, run, argv[i]);
    vb_ours_begin(judge, run, argv, count);
}

static void end_run(struct judge *judge, struct run *run)
{
    const char *outcome = vb_text_of(judge, VB_F_OUTCOME);
    run->ended = true;
    run->finished = vb_word_in("exit signal", outcome);
    if (run->persona != NULL)
        return; /* it was seen before: what is missing here is no gap */
    run->timed_out = strcmp(outcome, "timeout") == 0;
    const bool limit = strcmp(outcome, "limit") == 0;
    run->stopped = limit || strcmp(outcome, "stopped") == 0;
    if (run->stopped && !limit)
        vb_note_gap(judge, "run of %s: stopped before its end", run->label);
    else if (run->timed_out && vb_longest_wait(run) > 0)
        vb_note_gap(judge, "run of %s: stopped at the time limit; it waits for %lld seconds",
                    run->label, (long long)vb_longest_wait(run));
    else if (run->timed_out)
        vb_note_gap(judge, "run of %s: stopped at the time limit", run->label);
    else if (limit && run->limit != NULL)
        vb_note_gap(judge, "run of %s: ended by the limit of %s", run->label, run->limit);
    else if (!run->finished)
        vb_note_gap(judge, "run of %s: ended by %s", run->label, outcome);
    else if (run->missing != NULL && !run->repeated) /* once is enough */
        vb_note_gap(judge, "run of %s: %s is not there in the box", run->label, run->missing);
}

/* --- processes --- */

static size_t slot_of(const struct run *run, int64_t pid)
{
    size_t slot = ((uint64_t)pid * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (run->slot_count - 1);
    while (run->slots[slot] != 0 && run->processes[run->slots[slot] - 1].pid != pid)
        slot = (slot + 1) & (run->slot_count - 1);
    return slot;
}

struct process *vb_process_of(const struct run *run, int64_t pid)
{
    if (run == NULL || run->process_count == 0)
        return NULL;
    const uint32_t position = run->slots[slot_of(run, pid)];
    return position == 0 ? NULL : &run->processes[position - 1];
}

static bool enlarge(struct run *run)
{
    const size_t capacity = run->process_capacity == 0 ? 32 : run->process_capacity * 2;
    struct process *processes = calloc(capacity, sizeof(*processes));
    uint32_t *slots = calloc(capacity * 2, sizeof(*slots));
    if (processes == NULL || slots == NULL) {
        free(processes);
        free(slots);
        return false;
    }
    if (run->processes != NULL)
        memcpy(processes, run->processes, run->process_count * sizeof(*processes));
    free(run->processes);
    free(run->slots);
    run->processes = processes;
    run->slots = slots;
    run->slot_count = (uint32_t)capacity * 2;
    run->process_capacity = capacity;
    for (size_t i = 0; i < run->process_count; i++)
        slots[slot_of(run, processes[i].pid)] = (uint32_t)i + 1;
    return true;
}

/* The process of the event; one that was never seen to execute anything is known by its program. */
static struct process *take_process(struct judge *judge, struct run *run, int64_t pid)
{
    struct process *process = vb_process_of(run, pid);
    if (process != NULL)
        return process;
    if (run->process_count >= MAX_PROCESSES) {
        run->full = true;
        return NULL;
    }
    if ((run->processes == NULL || run->process_count == run->process_capacity) && !enlarge(run)) {
        vb_judge_fail(judge, VB_E_NOMEM, "out of memory");
        return NULL;
    }
    const size_t slot = slot_of(run, pid);
    process = &run->processes[run->process_count++];
    run->slots[slot] = (uint32_t)run->process_count;
    *process = (struct process){.pid = pid};
    const char *executable = vb_arena_str(&run->arena, vb_text_of(judge, VB_F_EXECUTABLE));
    process->command = vb_command_read(&run->arena, executable, NULL, 0);
    process->command.traits &= ~(unsigned)TRAIT_STDIN;
    return process;
}

/* What the process keeps of its command: copies of bounded length. */
static void keep_command(struct judge *judge, struct run *run, struct process *process)
{
    if (run->arena.bytes > MAX_RUN_BYTES) {
        run->full = true;
        return;
    }
    struct command command = judge->command;
    command.program = vb_arena_cut(&run->arena, command.program, 128);
    command.script =
        command.script == NULL ? NULL : vb_arena_cut(&run->arena, command.script, MAX_TEXT);
    command.code = command.code == NULL ? NULL : vb_arena_cut(&run->arena, command.code, MAX_TEXT);
    command.module = command.module == NULL ? NULL : command.program;
    process->command = command;
    process->line = vb_arena_str(&run->arena, judge->line);
    process->last_word = judge->argc > 1 && strlen(judge->line) > LABEL_BYTES
                             ? vb_arena_cut(&run->arena, judge->argv[judge->argc - 1], LABEL_BYTES)
                             : NULL;
    process->host = judge->host == NULL ? NULL : vb_arena_str(&run->arena, judge->host);
}

/* The kernel opens what it is asked to execute, also a key that is none of its business. */
static void note_executed(struct judge *judge, struct run *run)
{
    static const enum vb_field fields[] = {VB_F_PATH, VB_F_TARGET};
    for (size_t i = 0; i < VB_ARRAY_LEN(fields); i++) {
        const char *path = vb_box_path(judge, fields[i]);
        if (path[0] == '~')
            (void)vb_names_add(&run->opened, &run->arena, path, (int64_t)judge->event->seq, NULL);
    }
}

/* Code of the module NAME: NAME.py, NAME.cpython-311.pyc, or a file of the package NAME. */
static bool is_code_of(const char *path, const char *name)
{
    const size_t len = strlen(name);
    if (!vb_ends(path, ".py") && !vb_ends(path, ".pyc") && !vb_ends(path, ".so"))
        return false;
    for (const char *at = path; (at = strchr(at, '/')) != NULL;) {
        at++;
        if (strncmp(at, name, len) == 0 && (at[len] == '.' || at[len] == '/'))
            return true;
    }
    return false;
}

/* "python3 -m pip" is the machine's pip unless there is another one in the folder. */
static void see_module(struct judge *judge, struct run *run, struct process *process)
{
    const char *target = vb_text_of(judge, VB_F_TARGET);
    const char *path = target[0] != '\0' ? target : vb_text_of(judge, VB_F_PATH);
    const char *module = process->command.module;
    if (module == NULL || !process->command.trusted || vb_path_is_system(path) ||
        vb_event_get(judge->event, VB_F_MISSING) != NULL || vb_flag_set(judge->event, "write") ||
        !is_code_of(path, module))
        return;
    process->command.trusted = false;
    if (vb_names_add(&run->replaced, &run->arena, module, process->pid, NULL) == NULL)
        run->full = true;
}

static void see_exec(struct judge *judge, struct run *run, struct process *process)
{
    judge->argv = vb_list_of(judge, VB_F_ARGV, &judge->argc);
    judge->command =
        vb_command_read(&judge->scratch, vb_text_of(judge, VB_F_PATH), judge->argv, judge->argc);
    /* The path is as it was written. A ".." behind a link of the system's leads anywhere. */
    const char *target = vb_text_of(judge, VB_F_TARGET);
    judge->command.trusted &= target[0] == '\0' || vb_path_is_system(target);
    if (judge->command.module != NULL && vb_names_find(&run->replaced, judge->command.module))
        judge->command.trusted = false;
    judge->line = vb_command_line(&judge->scratch, judge->argv, judge->argc, MAX_TEXT);
    judge->host = (judge->command.traits & TRAIT_NETWORK)
                      ? vb_argv_host(&judge->scratch, &judge->command, judge->argv, judge->argc)
                      : NULL;
    keep_command(judge, run, process);
    note_executed(judge, run);
    process->exec_seq = judge->event->seq;
    process->exited = false;
    const int64_t ppid = vb_event_get_int(judge->event, VB_F_PPID, 0);
    if (ppid != 0)
        process->ppid = ppid;
    judge->of_ours = vb_is_ours(judge, run, process);
    if (!judge->of_ours) {
        vb_note(judge, &judge->commands, judge->line);
        vb_uses_see_exec(judge);
    }
    if (judge->host != NULL && !vb_host_is_loopback(judge->host))
        process->network_seq = judge->event->seq;
}

/* Sets the first attempt of a process to reach anything outside of its machine. */
static void see_net(struct judge *judge, struct run *run, struct process *process)
{
    const struct vb_event *event = judge->event;
    const bool name = event->kind == VB_EV_NET_NAME;
    const char *host = name || judge->contact == NULL
                           ? vb_text_of(judge, name ? VB_F_NAME : VB_F_ADDRESS)
                           : judge->contact;
    const int64_t port = vb_event_get_int(event, VB_F_PORT, name ? 1 : 0);
    const char *family = vb_text_of(judge, VB_F_FAMILY);
    if (vb_host_is_loopback(host) || (!name && (!vb_word_in("inet inet6", family) || port == 0)))
        return;
    if (!name && port == 53)
        return; /* asking for names; net.name says which */
    run->names_asked |= name;
    if (name)
        run->asked_pid = process->pid;
    if (process->network_seq == 0)
        process->network_seq = event->seq;
    if (run->arena.bytes > MAX_RUN_BYTES)
        run->full = true;
    else if (process->host == NULL || name)
        process->host = vb_arena_str(&run->arena, host);
    if (run->network_seq == 0)
        run->network_seq = event->seq;
}

/* "198.51.100.7 443" of an event with an internet address, or NULL. An IPv4 address in IPv6's form
 * (RFC 4291, 2.5.5.2) is the IPv4 address, and the unspecified address is this machine. */
static const char *endpoint_of(struct judge *judge)
{
    static const char mapped[] = "::ffff:";
    const char *address = vb_text_of(judge, VB_F_ADDRESS);
    const int64_t port = vb_event_get_int(judge->event, VB_F_PORT, 0);
    const bool internet = judge->event->source == VB_SOURCE_WORLD ||
                          vb_word_in("inet inet6", vb_text_of(judge, VB_F_FAMILY));
    if (!internet || address[0] == '\0' || port == 0)
        return NULL;
    if (vb_starts(address, mapped) && strchr(address, '.') != NULL)
        address += sizeof(mapped) - 1;
    if (strcmp(address, "0.0.0.0") == 0)
        address = "127.0.0.1";
    if (strcmp(address, "::") == 0)
        address = "::1";
    return vb_arena_printf(&judge->scratch, "%s %lld", address, (long long)port);
}

/* An address that the world gave a name is that name. */
const char *vb_endpoint_host(struct judge *judge, const char *endpoint, int64_t *ret_port)
{
    const size_t len = strcspn(endpoint, " ");
    *ret_port = strtoll(endpoint + len, NULL, 10);
    const char *address = vb_arena_copy(&judge->scratch, endpoint, len);
    const struct name *answer = vb_names_find(&judge->answers, address);
    return answer != NULL ? judge->answered[answer->value] : address;
}

/* What was tried, and what came of it: compared when the run is over. */
static void see_endpoint(struct judge *judge, struct run *run, int64_t pid)
{
    const char *endpoint = endpoint_of(judge);
    int64_t port = 0;
    if (endpoint == NULL)
        return;
    judge->contact = vb_endpoint_host(judge, endpoint, &port);
    if (run->arena.bytes > MAX_RUN_BYTES ||
        vb_names_add(&run->attempted, &run->arena, endpoint, pid, &judge->first_contact) == NULL)
        run->full = true;
    if (judge->event->kind != VB_EV_NET_SEND)
        return;
    const bool again = run->send_host != NULL && strcmp(run->send_host, judge->contact) == 0;
    run->send_pid = pid;
    if (!again)
        run->send_host = run->full ? NULL : vb_arena_str(&run->arena, judge->contact);
}

/* Whom an event of the world is about. A log of before the world answered has it in the
 * world.connection alone. */
static void see_partner(struct judge *judge, struct run *run)
{
    int64_t port = 0;
    const char *endpoint = endpoint_of(judge);
    if (endpoint == NULL)
        return;
    if (run->arena.bytes > MAX_RUN_BYTES) {
        run->full = true;
        run->world_host = NULL;
        run->world_pid = 0;
        return;
    }
    const struct name *attempt = vb_names_find(&run->attempted, endpoint);
    run->world_host = vb_arena_str(&run->arena, vb_endpoint_host(judge, endpoint, &port));
    run->world_pid = attempt != NULL ? attempt->value : 0;
    run->world_seq = judge->event->kind == VB_EV_WORLD_CONNECTION ? judge->event->seq : 0;
}

static void see_world(struct judge *judge, struct run *run)
{
    const char *endpoint = endpoint_of(judge);
    const struct name *reached = NULL;
    if (endpoint != NULL && run->arena.bytes <= MAX_RUN_BYTES)
        reached =
            vb_names_add(&run->reached, &run->arena, endpoint, (int64_t)judge->event->seq, NULL);
    if (reached == NULL) {
        run->full |= endpoint != NULL;
    }
}

bool vb_is_below_any(const struct names *folders, const char *path)
{
    for (size_t i = 0; i < folders->count; i++) {
        const char *folder = folders->items[i].text;
        const size_t len = strlen(folder);
        if (vb_starts(path, folder) && (path[len] == '/' || path[len] == '\0'))
            return true;
    }
    return false;
}

/* What the package made, and put elsewhere, is its own there. Onto a folder that is not empty no
 * folder can be moved (rename(2)): what lies there is still the user's. */
static void see_rename(struct judge *judge, const struct run *run, const char *to)
{
    const char *from = vb_box_path(judge, VB_F_PATH);
    if (vb_starts(to, "~/") && !vb_baits_lie_below(judge, to) &&
        (vb_path_is_own(run, from) || vb_names_find(&judge->brought, from) != NULL ||
         vb_is_below_any(&judge->brought_folders, from)))
        (void)vb_names_add(&judge->brought_folders, judge->keep, to, 0, NULL);
}

static void see_change(struct judge *judge, struct run *run, int64_t pid)
{
    const struct vb_event *event = judge->event;
    const bool open = event->kind == VB_EV_FILE_OPEN;
    if (open && !vb_flag_set(event, "write") && !vb_flag_set(event, "create") &&
        !vb_flag_set(event, "append") && !vb_flag_set(event, "truncate"))
        return;
    const enum vb_field field = event->kind == VB_EV_FILE_RENAME ? VB_F_TARGET : VB_F_PATH;
    const char *path = vb_box_path(judge, field);
    if (vb_starts(path, "/dev/") || vb_starts(path, "/proc/"))
        return;
    bool fresh = false;
    if (run->arena.bytes > MAX_RUN_BYTES ||
        vb_names_add(&run->changed, &run->arena, path, pid, &fresh) == NULL) {
        run->full = true;
        return;
    }
    if (open)
        (void)vb_names_add(&run->opened, &run->arena, path, pid, NULL);
    if (open && vb_text_of(judge, VB_F_TARGET)[0] != '\0')
        (void)vb_names_add(&run->opened, &run->arena, vb_box_path(judge, VB_F_TARGET), pid, NULL);
    if (event->kind == VB_EV_FILE_LINK && strcmp(vb_text_of(judge, VB_F_FORM), "hard") == 0)
        /* its target's inode changed too */
        (void)vb_names_add(&run->changed, &run->arena, vb_box_path(judge, VB_F_TARGET), pid, NULL);
    if (event->kind == VB_EV_FILE_RENAME) {
        see_rename(judge, run, path);
        (void)vb_names_add(&run->moved, &run->arena, path, pid, NULL);
    }
    if (fresh && event->kind != VB_EV_FILE_ATTRIBUTE && vb_starts(path, "~/"))
        vb_note(judge, &judge->brought, path);
    if (fresh && event->kind != VB_EV_FILE_MKDIR && event->kind != VB_EV_FILE_ATTRIBUTE)
        vb_note(judge, &judge->files_written, path);
    if (!fresh || vb_path_is_own(run, path))
        return;
    vb_deed(judge, DEED_FILE, path, 0);
    if (event->kind == VB_EV_FILE_MKDIR || event->kind == VB_EV_FILE_ATTRIBUTE)
        return;
    vb_uses_see_file(judge, path);
    vb_leg_seen(judge, VB_LEG_STATE_CHANGE, "%s writes %s", vb_program_label(judge->process), path);
}

static const char *const missing_signs[] = {
    "ModuleNotFoundError: No module named ",
    "ImportError: No module named ",
    "Cannot find module ",
    "Cannot find package ",
};

/* "bash: line 1: foo: command not found": the word before the sign. */
static void see_missing_command(struct judge *judge, struct run *run, const char *text)
{
    const char *sign = strstr(text, ": command not found");
    if (sign == NULL || run->missing != NULL)
        return;
    const char *word = sign;
    while (word > text && word[-1] != ' ' && word[-1] != '\n')
        word--;
    const char *name = vb_arena_copy(&judge->scratch, word, (size_t)(sign - word));
    run->missing =
        vb_arena_printf(judge->keep, "the command %s", vb_arena_cut(&judge->scratch, name, 60));
}

/* Packages need modules and commands that the box does not have: normal, and worth saying. */
static void see_output(struct judge *judge, struct run *run)
{
    const char *text = vb_text_of(judge, VB_F_TEXT);
    for (size_t i = 0; i < VB_ARRAY_LEN(missing_signs) && run->missing == NULL; i++) {
        const char *at = strstr(text, missing_signs[i]);
        if (at == NULL)
            continue;
        at += strlen(missing_signs[i]);
        at += strspn(at, "'\"");
        const char *name = vb_arena_copy(&judge->scratch, at, strcspn(at, "'\"\n ;"));
        run->missing =
            vb_arena_printf(judge->keep, "the module %s", vb_arena_cut(&judge->scratch, name, 60));
    }
    see_missing_command(judge, run, text);
}

/* Whose address it is that is contacted later. */
static void see_answer(struct judge *judge)
{
    const char *address = vb_text_of(judge, VB_F_ADDRESS);
    bool fresh = false;
    if (!vb_word_in("A AAAA ANY", vb_text_of(judge, VB_F_WHAT)) || address[0] == '\0')
        return;
    const struct name *answer =
        vb_names_add(&judge->answers, judge->keep, address, (int64_t)judge->answers.count, &fresh);
    if (answer == NULL)
        return;
    /* Each run has its own names: the latest one counts. */
    if (fresh || strcmp(judge->answered[answer->value], vb_text_of(judge, VB_F_NAME)) != 0)
        judge->answered[answer->value] = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_NAME));
}

/* The others only keep something from being recorded, or refuse it. */
static bool ends_runs(const char *what)
{
    return vb_word_in("memory disk cpu", what);
}

/* From here on, or somewhere before, not all that happened was kept. */
static bool is_dropping(struct judge *judge)
{
    const char *what = vb_text_of(judge, VB_F_WHAT);
    if (judge->event->kind == VB_EV_COVERAGE)
        return strcmp(what, "events") == 0;
    return judge->event->kind == VB_EV_SANDBOX_LIMIT &&
           (strcmp(what, "log") == 0 || strcmp(what, "rate") == 0);
}

void vb_runs_see(struct judge *judge)
{
    const struct vb_event *event = judge->event;
    if (event->detonation == 0)
        return;
    struct run *run = vb_run_named(judge, event->detonation);
    if (run == NULL)
        run = new_run(judge, event->detonation);
    judge->run = run;
    if (run == NULL)
        return;
    judge->last_run = run;
    if (event->kind == VB_EV_DETONATION_BEGIN)
        begin_run(judge, run);
    if (event->kind == VB_EV_DETONATION_OUTPUT)
        see_output(judge, run);
    if (event->kind == VB_EV_SANDBOX_LIMIT && ends_runs(vb_text_of(judge, VB_F_WHAT)))
        run->limit = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_WHAT));
    if (is_dropping(judge))
        run->dropped = true;
    if (event->kind == VB_EV_WORLD_ANSWER)
        see_answer(judge);
    if (event->source == VB_SOURCE_WORLD && !run->ended)
        see_partner(judge, run);
    if (event->kind == VB_EV_WORLD_CONNECTION && !run->ended)
        see_world(judge, run);
    const struct vb_value *pid = vb_event_get(event, VB_F_PID);
    if (pid == NULL || run->ended)
        return;
    judge->process = take_process(judge, run, pid->number);
    if (judge->process == NULL)
        return;
    if (event->kind == VB_EV_PROCESS_FORK)
        judge->process->ppid = vb_event_get_int(event, VB_F_PPID, 0);
    if (event->kind == VB_EV_PROCESS_EXEC)
        see_exec(judge, run, judge->process);
    if (event->kind == VB_EV_FILE_OPEN)
        see_module(judge, run, judge->process);
    if (event->kind == VB_EV_PROCESS_EXIT)
        judge->process->exited = true;
    if (event->kind == VB_EV_NET_CONNECT || event->kind == VB_EV_NET_SEND)
        see_endpoint(judge, run, pid->number);
    if (event->kind == VB_EV_NET_NAME || event->kind == VB_EV_NET_CONNECT || judge->first_contact)
        see_net(judge, run, judge->process);
    if (event->kind == VB_EV_FILE_OPEN || event->kind == VB_EV_FILE_RENAME ||
        event->kind == VB_EV_FILE_LINK || event->kind == VB_EV_FILE_MKDIR ||
        event->kind == VB_EV_FILE_ATTRIBUTE)
        see_change(judge, run, pid->number);
}

void vb_runs_after(struct judge *judge)
{
    if (judge->run == NULL || judge->event->kind != VB_EV_DETONATION_END)
        return;
    end_run(judge, judge->run);
    if (judge->run->arena.failed)
        vb_judge_fail(judge, VB_E_NOMEM, "out of memory");
    judge->process = NULL;
    free_tables(judge->run);
}
