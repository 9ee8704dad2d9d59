/* coverage: how much of the package was looked at, and what was not and why. A part of the facts.
 */
#include <string.h>

#include "verdict/internal.h"

enum {
    MAX_RUN_ROWS = 512,
    /* A count that a fallen examiner made up must not become small again. */
    MAX_WEIGHT = 1000000
};

void vb_coverage_see_gap(struct judge *judge)
{
    const char *stage = vb_text_of(judge, VB_F_STAGE), *what = vb_text_of(judge, VB_F_WHAT);
    const char *reason = vb_text_of(judge, VB_F_REASON), *path = vb_text_of(judge, VB_F_PATH);
    const int64_t line = vb_event_get_int(judge->event, VB_F_LINE, 0);
    const int64_t count = vb_event_get_int(judge->event, VB_F_COUNT, 1);
    const uint64_t weight = count <= 0 ? 1 : count < MAX_WEIGHT ? (uint64_t)count : MAX_WEIGHT;
    const bool once_more = vb_word_in("answers dates personas probes", stage);
    const bool running = vb_word_in("plan sandbox detonate box", stage);
    /* Whatever needs one shows that by failing. */
    const bool dependency = strcmp(stage, VB_STAGE_DEPENDENCY) == 0;
    /* Of a run only lost events matter; the rest concerns what it left behind. */
    const bool lost = vb_word_in("events", what) || strcmp(what, "opened baits") == 0 ||
                      strstr(reason, "not fully recorded") != NULL;
    if (judge->run != NULL && judge->run->persona != NULL && !lost)
        return; /* of a run that came before */
    if (running && strcmp(what, VB_CALLS_NOT_RUN) == 0)
        judge->calls_missed += weight; /* the script itself ran */
    else if (running && strcmp(what, VB_TRANSLATED) == 0)
        ; /* so did what has a like here */
    else if (running && judge->run == NULL)
        judge->unexecuted += weight;
    else if (running && vb_starts(reason, "cannot be executed"))
        judge->run->not_run = true;
    else if (!once_more && !dependency && (!running || lost))
        judge->unread++;
    if (!running && !once_more && !dependency && path[0] != '\0' &&
        vb_names_find(&judge->tree, path) != NULL)
        (void)vb_names_add(&judge->files_unread, judge->keep, path, 0, NULL);
    judge->undated += strcmp(what, "a run on any other day") == 0 && once_more;
    const char *where =
        line > 0 ? vb_arena_printf(&judge->scratch, "%s:%lld", path, (long long)line) : path;
    vb_note_gap(judge, "%s%s%s: %s%s", what, where[0] != '\0' ? " " : "", where, reason,
                count > 1 ? vb_arena_printf(&judge->scratch, " (%lld)", (long long)count) : "");
}

/* Tables of ours that were too small are gaps like any other. */
static void own_limits(struct judge *judge)
{
    size_t full = judge->tree.dropped + judge->disclosed.dropped + judge->declared_words.dropped +
                  judge->declared_paths.dropped + judge->baits.dropped + judge->layers.dropped +
                  judge->looked.dropped + judge->packages_dropped;
    for (size_t i = 0; i < judge->run_count; i++)
        full += judge->runs[i]->full;
    if (full == 0)
        return;
    judge->unread++;
    vb_note_gap(judge, "judgement: the log holds more than can be followed at once");
}

/* --- what was reached --- */

/* PATH without "." and ".."; "" if it leads out. */
static const char *plain_path(struct arena *arena, const char *path)
{
    char *plain = vb_arena_str(arena, path);
    size_t used = 0;
    if (arena->failed)
        return "";
    for (const char *at = path; *at != '\0';) {
        at += strspn(at, "/");
        const size_t len = strcspn(at, "/");
        if (len == 2 && memcmp(at, "..", 2) == 0) {
            if (used == 0)
                return "";
            while (used > 0 && plain[--used] != '/')
                ;
        } else if (len > 0 && (len != 1 || *at != '.')) {
            if (used > 0)
                plain[used++] = '/';
            memmove(plain + used, at, len);
            used += len;
        }
        at += len;
    }
    plain[used] = '\0';
    return plain;
}

static void note_reached(struct judge *judge, const char *path)
{
    const struct name *file = vb_names_find(&judge->tree, path);
    if (file != NULL)
        (void)vb_names_add(&judge->reached, judge->keep, file->text, 0, NULL);
}

void vb_coverage_see_reached(struct judge *judge)
{
    note_reached(judge, vb_text_of(judge, VB_F_PATH));
}

/* A link to a file of the package, from the document that holds it. */
void vb_coverage_see_linked(struct judge *judge)
{
    const char *url = vb_text_of(judge, VB_F_URL), *path = vb_text_of(judge, VB_F_PATH);
    const size_t len = strcspn(url, "?#");
    if (len == 0 || url[0] == '/' || memchr(url, ':', len) != NULL)
        return;
    const char *base = strrchr(path, '/');
    const char *joined = vb_arena_printf(
        &judge->scratch, "%.*s/%.*s", base == NULL ? 0 : (int)(base - path), path, (int)len, url);
    note_reached(judge, plain_path(&judge->scratch, joined));
}

/* A file of the package's own folder in the box. Most that is opened is none. */
void vb_coverage_see_opened(struct judge *judge)
{
    const char *own = judge->run == NULL ? NULL : judge->run->own_path;
    const struct vb_str path = vb_event_get_str(judge->event, VB_F_PATH);
    const size_t len = own == NULL ? 0 : strlen(own);
    if (len > 0 && path.len > len && memcmp(path.text, own, len) == 0)
        note_reached(judge, vb_text_of(judge, VB_F_PATH) + len);
}

/* Tools of a server that is started anew for another client are the same ones. */
static void note_tool(struct judge *judge, struct names *names)
{
    const struct run *run = judge->run;
    if (run == NULL)
        return;
    (void)vb_names_add(names, judge->keep,
                       vb_arena_printf(&judge->scratch, "%s %s", run->path == NULL ? "" : run->path,
                                       vb_text_of(judge, VB_F_NAME)),
                       0, NULL);
}

void vb_coverage_see_tool(struct judge *judge)
{
    note_tool(judge, &judge->tools_listed);
}

void vb_coverage_see_call(struct judge *judge)
{
    if (strcmp(vb_text_of(judge, VB_F_METHOD), "tools/call") == 0)
        note_tool(judge, &judge->tools_called);
}

/* A subcommand, or a function of a library. */
void vb_coverage_see_run(struct judge *judge)
{
    judge->calls_run +=
        vb_event_get(judge->event, VB_F_CALL) != NULL && vb_text_of(judge, VB_F_PERSONA)[0] == '\0';
}

/* Of the tools that a server lists; a call may be of another. */
static uint64_t count_called(const struct judge *judge)
{
    uint64_t count = 0;
    for (size_t i = 0; i < judge->tools_listed.count; i++)
        count += vb_names_find(&judge->tools_called, judge->tools_listed.items[i].text) != NULL;
    return count;
}

/* --- the end --- */

static const char *outcome_of(const struct run *run)
{
    return run->not_run           ? "could not be executed"
           : run->timed_out       ? "time limit"
           : run->stopped         ? (run->limit != NULL ? run->limit : "stopped")
           : run->missing != NULL ? "ended, without something that it needs"
           : run->finished        ? "ended"
                                  : "unknown";
}

/* Calls are those of files that are run anyway. Where nothing else is, as in a package that holds
 * build files alone, they are what it holds. */
static bool is_own(const struct run *run, bool calls)
{
    return !run->repeated || (calls && run->called);
}

static void list_runs(struct judge *judge, bool calls)
{
    struct vb_verdict *verdict = judge->verdict;
    verdict->runs = vb_arena_alloc(judge->keep, MAX_RUN_ROWS * sizeof(*verdict->runs));
    for (size_t i = 0; verdict->runs != NULL && i < judge->run_count; i++) {
        const struct run *run = judge->runs[i];
        if (!is_own(run, calls) || verdict->run_count == MAX_RUN_ROWS)
            continue;
        verdict->runs[verdict->run_count++] = (struct vb_run_row){
            .entry_point = run->label,
            .outcome = outcome_of(run),
            .missing = run->missing,
        };
    }
}

void vb_coverage_end(struct judge *judge)
{
    struct vb_coverage *coverage = &judge->verdict->coverage;
    bool calls = judge->unexecuted == 0;
    own_limits(judge);
    coverage->entry_points = judge->unexecuted;
    for (size_t i = 0; calls && i < judge->run_count; i++)
        calls = judge->runs[i]->repeated;
    for (size_t i = 0; i < judge->run_count; i++) {
        const struct run *run = judge->runs[i];
        if (!is_own(run, calls))
            continue; /* its entry point counts once */
        coverage->entry_points++;
        coverage->executed += run->finished && !run->not_run;
        coverage->timed_out += run->timed_out;
        judge->stopped += run->stopped;
        coverage->executed_at_all |= !run->not_run;
        judge->unexecuted += run->not_run;
    }
    for (size_t i = 0; i < judge->line_files.count; i++) {
        coverage->lines_executed += (uint64_t)judge->line_rows[i].executed;
        coverage->lines_present += (uint64_t)judge->line_rows[i].present;
    }
    if (coverage->entry_points == 0)
        coverage->entry_points = judge->entries.count;
    coverage->files_unread = judge->files_unread.count;
    coverage->reached = judge->reached.count;
    for (size_t i = 0; i < judge->reached.count; i++)
        coverage->reached_unread +=
            vb_names_find(&judge->files_unread, judge->reached.items[i].text) != NULL;
    coverage->run = coverage->executed_at_all ? coverage->entry_points - judge->unexecuted : 0;
    coverage->calls = judge->calls_run + judge->calls_missed;
    coverage->calls_run = judge->calls_run;
    coverage->tools = judge->tools_listed.count;
    coverage->tools_called = count_called(judge);
    list_runs(judge, calls);
}
