/* Declared against observed: hosts, programs, files, environment variables and tools, each with who
 * says so and whether a run used it. Disclosure itself is decided where it counts (facts.c); this
 * is the same in one table, and never lets anything in. */
#include <string.h>

#include "verdict/internal.h"

enum { SAID_DECLARED = 1, SAID_DOCUMENTED = 2, LINES_ENOUGH = 80 };

static const char *const use_names[VB_USE_COUNT] = {"hosts", "commands", "files", "env", "tools"};
static const char *const mark_names[VB_USE_MARK_COUNT] = {
    [VB_USE_UNDISCLOSED] = "undisclosed", [VB_USE_UNUSED] = "unused",
    [VB_USE_UNPROVEN] = "unproven",       [VB_USE_DISCLOSED] = "disclosed",
    [VB_USE_ORDINARY] = "ordinary",       [VB_USE_MENTIONED] = "mentioned",
};

const char *vb_use_name(enum vb_use use)
{
    return use_names[use];
}

const char *vb_use_mark_name(enum vb_use_mark mark)
{
    return mark_names[mark];
}

/* --- what it says --- */

static enum vb_use use_of(const char *what)
{
    static const char *const words[VB_USE_COUNT] = {"host", "bin", "path", "env", "tool"};
    unsigned i = 0;
    while (i < VB_USE_COUNT && strcmp(words[i], what) != 0)
        i++;
    return (enum vb_use)i;
}

/* The name under which it is compared; NULL: it names nothing that could be. */
static const char *name_of(struct judge *judge, enum vb_use use, const char *value)
{
    if (use == VB_USE_HOSTS)
        return vb_disclosed_name(judge, value);
    if (use == VB_USE_FILES)
        return vb_home_path(&judge->scratch, value);
    return value[0] == '\0' ? NULL : value;
}

static void say(struct judge *judge, enum vb_use use, const char *value, bool declared)
{
    bool fresh = false;
    const char *name = name_of(judge, use, value);
    if (name == NULL)
        return;
    const char *cut = vb_arena_cut(&judge->scratch, name, MAX_TEXT);
    const char *key = vb_arena_printf(&judge->scratch, "%d %s", (int)use, cut);
    const struct name *entry =
        vb_names_add(&judge->said, judge->keep, key, (int64_t)judge->said.count, &fresh);
    if (entry == NULL)
        return;
    struct said_use *row = &judge->said_rows[entry->value];
    const bool first = declared && (fresh || (row->how & SAID_DECLARED) == 0);
    if (fresh)
        *row = (struct said_use){.use = use, .name = strchr(entry->text, ' ') + 1};
    row->how |= declared ? SAID_DECLARED : SAID_DOCUMENTED;
    if (!fresh && !first)
        return;
    row->seq = judge->event->seq;
    row->path = vb_arena_cut(judge->keep, vb_text_of(judge, VB_F_PATH), MAX_TEXT);
    row->line = vb_event_get_int(judge->event, VB_F_LINE, 0);
    const char *detail = vb_text_of(judge, VB_F_DETAIL);
    row->one_of = vb_ends(detail, "anyBins");
    row->offered = use == VB_USE_TOOLS && vb_word_in("mcp", detail);
}

void vb_uses_see_said(struct judge *judge)
{
    const bool link = judge->event->kind == VB_EV_MANIFEST_LINK;
    const enum vb_use use = link ? VB_USE_HOSTS : use_of(vb_text_of(judge, VB_F_WHAT));
    if (use == VB_USE_COUNT || (link && !vb_link_names_host(judge)))
        return;
    say(judge, use, vb_text_of(judge, link ? VB_F_URL : VB_F_VALUE),
        judge->event->kind == VB_EV_MANIFEST_DECLARES);
}

/* --- what it did --- */

void vb_use(struct judge *judge, enum vb_use use, const char *name, enum vb_use_mark mark)
{
    bool fresh = false;
    if (name[0] == '\0')
        return;
    const char *key = vb_arena_printf(&judge->scratch, "%d %s", (int)use,
                                      vb_arena_cut(&judge->scratch, name, MAX_TEXT));
    const struct name *entry =
        vb_names_add(&judge->used, judge->keep, key, (int64_t)judge->used.count, &fresh);
    if (entry == NULL)
        return;
    struct used_use *row = &judge->used_rows[entry->value];
    if (fresh)
        *row = (struct used_use){use, strchr(entry->text, ' ') + 1, judge->event->seq, mark};
    else if (mark < row->mark) { /* the worst way in which it was used, and the event of that */
        row->mark = mark;
        row->seq = judge->event->seq;
    }
}

/* What any system has, and what runs a package's own code: nobody lists them. */
static const char basic_programs[] =
    "sh bash dash zsh env test [ true false echo printf cat head tail cut tr sed awk gawk mawk "
    "grep "
    "egrep fgrep sort uniq wc tee xargs find ls cp mv rm mkdir rmdir mktemp touch ln readlink "
    "realpath basename dirname pwd cd date sleep seq expr id whoami uname hostname which command "
    "type dd diff cmp comm paste fold fmt nl od hexdump xxd base64 md5sum sha1sum sha256sum cksum "
    "chmod chown chgrp stat file du df kill ps nohup timeout tar gzip gunzip zcat xz bzip2 less "
    "more "
    "clear tput stty getconf locale nproc arch sync yes rev tac shuf split install ldconfig "
    "ldconfig.real getent numfmt nice logname tty users groups printenv cksum join stdbuf setsid";

static bool by_packager(const struct judge *judge, int64_t pid)
{
    for (unsigned steps = 0; steps < 16 && pid != 0; steps++) {
        const struct process *process = vb_process_of(judge->run, pid);
        if (process == NULL)
            return false;
        if (process->command.trusted && (process->command.traits & TRAIT_PACKAGER))
            return true;
        pid = process->ppid;
    }
    return false;
}

void vb_uses_see_exec(struct judge *judge)
{
    const struct run *run = judge->run;
    const char *path = vb_text_of(judge, VB_F_PATH);
    const char *base = vb_path_base(path);
    enum vb_use_mark mark = VB_USE_UNDISCLOSED;
    if (run->own_path != NULL && vb_starts(path, run->own_path))
        return; /* the package's own code */
    const bool started =
        vb_process_of(run, judge->process->ppid) == NULL; /* by the box, as a host does */
    /* Who reads the instructions reads that; what their code calls in turn he does not. */
    const bool read = run->visible && run->text != NULL && vb_find_word(run->text, base) != NULL;
    if ((vb_program_traits(base) & TRAIT_INTERPRETER) || vb_word_in(basic_programs, base) ||
        started || by_packager(judge, judge->process->ppid))
        mark = VB_USE_ORDINARY;
    else if (read)
        say(judge, VB_USE_COMMANDS, base, false);
    vb_use(judge, VB_USE_COMMANDS, base, mark);
}

/* PATH is what FOLDER says, or lies in it, or is what SQLite keeps beside a database of that name.
 */
static bool lies_in(const char *path, const char *folder)
{
    static const char beside[] = "-journal -wal -shm";
    const size_t len = strlen(folder);
    return len > 3 && strncmp(path, folder, len) == 0 &&
           (path[len] == '\0' || path[len] == '/' || folder[len - 1] == '/' ||
            vb_word_in(beside, path + len));
}

void vb_uses_see_file(struct judge *judge, const char *path)
{
    enum vb_use_mark mark = VB_USE_UNDISCLOSED;
    if (by_packager(judge, judge->process->pid))
        mark = VB_USE_ORDINARY;
    for (size_t i = 0; i < judge->declared_paths.count && mark == VB_USE_UNDISCLOSED; i++)
        if (lies_in(path, judge->declared_paths.items[i].text))
            mark = VB_USE_DISCLOSED;
    vb_use(judge, VB_USE_FILES, path, mark);
}

/* Is it one of the files that the package names? Most that is opened is none, and this is asked of
 * every open: only a few names are looked at, and none where nothing is named. */
void vb_uses_see_open(struct judge *judge)
{
    enum { LOOKED_AT = 64 };
    const size_t named = judge->declared_paths.count;
    if (named == 0 || judge->run == NULL || judge->process == NULL)
        return;
    const struct vb_str path = vb_event_get_str(judge->event, VB_F_PATH);
    if (path.len < 7 ||
        (memcmp(path.text, "/home/", 6) != 0 && memcmp(path.text, "/root/", 6) != 0))
        return;
    const char *home = vb_box_path(judge, VB_F_PATH);
    for (size_t i = 0; i < named && i < LOOKED_AT; i++)
        if (lies_in(home, judge->declared_paths.items[i].text)) {
            vb_use(judge, VB_USE_FILES, home, VB_USE_DISCLOSED);
            return;
        }
}

/* A server offers it. What only the server says is new where a manifest lists its tools. */
void vb_uses_see_tool(struct judge *judge)
{
    const char *name = vb_text_of(judge, VB_F_NAME);
    enum vb_use_mark mark = VB_USE_ORDINARY;
    for (size_t i = 0; i < judge->said.count && mark != VB_USE_DISCLOSED; i++) {
        const struct said_use *row = &judge->said_rows[i];
        if (row->use == VB_USE_TOOLS && row->offered)
            mark = strcmp(row->name, name) == 0 ? VB_USE_DISCLOSED : VB_USE_UNDISCLOSED;
    }
    judge->tools_seen = true;
    vb_use(judge, VB_USE_TOOLS, name, mark);
}

/* --- the two together --- */

static bool fits(const struct said_use *said, const struct used_use *used)
{
    if (said->use != used->use)
        return false;
    if (used->use == VB_USE_HOSTS) {
        const char *host = vb_starts(used->name, "www.") ? used->name + 4 : used->name;
        return strcmp(host, said->name) == 0 ||
               (strchr(said->name, '.') != NULL && vb_host_below(host, said->name));
    }
    if (used->use == VB_USE_FILES)
        return lies_in(used->name, said->name);
    return strcmp(used->name, said->name) == 0;
}

/* Why it cannot be said of what was not used that it is not needed; NULL: all of it ran. */
static char *doubt_of(struct judge *judge)
{
    const struct vb_coverage *c = &judge->verdict->coverage;
    size_t missing = 0;
    for (size_t i = 0; i < judge->run_count; i++)
        missing += judge->runs[i]->missing != NULL && !judge->runs[i]->repeated;
    const struct {
        uint64_t part, of;
        const char *words;
    } rows[] = {
        {judge->unexecuted, c->entry_points, "entry points could not be run"},
        {c->timed_out + judge->stopped, c->entry_points, "entry points were stopped"},
        {missing, c->entry_points, "entry points missed a module or a command"},
        {c->calls - c->calls_run, c->calls, "subcommands and functions were not called"},
        {c->tools - c->tools_called, c->tools, "tools were not called"},
        {judge->unread, judge->unread, "places that could execute or instruct were not examined"},
        {c->lines_executed * 100 < c->lines_present * LINES_ENOUGH
             ? c->lines_present - c->lines_executed
             : 0,
         c->lines_present, "lines of its scripts were not executed"},
    };
    if (!c->executed_at_all)
        return vb_arena_printf(judge->keep, "nothing was run");
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        if (rows[i].part > 0)
            return vb_arena_printf(judge->keep, "%llu of %llu %s", (unsigned long long)rows[i].part,
                                   (unsigned long long)rows[i].of, rows[i].words);
    return NULL;
}

/* Nobody sees a program read its environment, and an agent's tools are the agent's to use. */
static enum vb_use_mark mark_unused(const struct judge *judge, const struct said_use *said)
{
    if ((said->how & SAID_DECLARED) == 0 || said->one_of)
        return VB_USE_MENTIONED;
    const bool seen = said->use != VB_USE_ENV && (said->use != VB_USE_TOOLS || said->offered);
    const bool all = judge->verdict->uses_doubt == NULL && judge->said.dropped == 0 &&
                     judge->used.dropped == 0 && (!said->offered || judge->tools_seen);
    return seen && all ? VB_USE_UNUSED : VB_USE_UNPROVEN;
}

static struct vb_use_row row_of_used(struct judge *judge, size_t at)
{
    const struct used_use *used = &judge->used_rows[at];
    struct vb_use_row row = {.use = used->use,
                             .mark = used->mark,
                             .name = vb_arena_str(judge->keep, used->name),
                             .observed = true,
                             .event = used->seq};
    for (size_t i = 0; i < judge->said.count; i++) {
        struct said_use *said = &judge->said_rows[i];
        if (!fits(said, used))
            continue;
        said->met = true;
        row.declared |= (said->how & SAID_DECLARED) != 0;
        row.documented |= (said->how & SAID_DOCUMENTED) != 0;
        if (row.path == NULL) {
            row.path = vb_arena_str(judge->keep, said->path);
            row.line = said->line;
        }
    }
    /* Whatever names a program or a tool discloses it; hosts, files and secrets were judged where
     * they were used. */
    const bool named = row.declared || row.documented;
    if (named && (row.use == VB_USE_COMMANDS || row.use == VB_USE_TOOLS) &&
        row.mark == VB_USE_UNDISCLOSED)
        row.mark = VB_USE_DISCLOSED;
    if (named && row.mark == VB_USE_ORDINARY)
        row.mark = VB_USE_DISCLOSED;
    return row;
}

static struct vb_use_row row_of_said(struct judge *judge, const struct said_use *said)
{
    return (struct vb_use_row){
        .use = said->use,
        .mark = mark_unused(judge, said),
        .name = vb_arena_str(judge->keep, said->name),
        .declared = (said->how & SAID_DECLARED) != 0,
        .documented = (said->how & SAID_DOCUMENTED) != 0,
        .path = vb_arena_str(judge->keep, said->path),
        .line = said->line,
    };
}

static int compare_uses(const void *left, const void *right)
{
    const struct vb_use_row *a = left, *b = right;
    if (a->use != b->use)
        return a->use < b->use ? -1 : 1;
    if (a->mark != b->mark)
        return a->mark < b->mark ? -1 : 1;
    return strcmp(a->name, b->name);
}

void vb_uses_end(struct judge *judge)
{
    struct vb_verdict *verdict = judge->verdict;
    const size_t most = judge->used.count + judge->said.count;
    verdict->uses = vb_arena_alloc(judge->keep, (most + 1) * sizeof(*verdict->uses));
    if (verdict->uses == NULL)
        return;
    verdict->uses_doubt = doubt_of(judge);
    verdict->uses_dropped = judge->used.dropped + judge->said.dropped;
    for (size_t i = 0; i < judge->used.count; i++)
        verdict->uses[verdict->use_count++] = row_of_used(judge, i);
    for (size_t i = 0; i < judge->said.count; i++)
        if (!judge->said_rows[i].met)
            verdict->uses[verdict->use_count++] = row_of_said(judge, &judge->said_rows[i]);
    qsort(verdict->uses, verdict->use_count, sizeof(*verdict->uses), compare_uses);
}
