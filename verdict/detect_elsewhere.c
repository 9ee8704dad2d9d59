/* Runs of one entry point on several machines: what it does in CI, on a Mac or on a server and on
 * no run before. Programs that honestly differ from machine to machine do so in what they install
 * and print: only what is grave by itself is compared, and only that is told of such a run. */
#include "verdict/internal.h"

static bool is_grave(int severity)
{
    return severity >= VB_SEVERITY_HIGH;
}

/* Where nothing lies in the home, libraries ask the machine itself for a login. */
static bool is_for_want(const struct run *run, const char *rule)
{
    return strcmp(run->persona, "server") == 0 && strcmp(rule, "VB-CLOUD-METADATA") == 0;
}

bool vb_elsewhere_counts(const struct judge *judge, const struct found *found)
{
    const struct run *run = judge->run;
    return run == NULL || run->persona == NULL ||
           (is_grave(found->severity) && !is_for_want(run, found->rule));
}

/* Everything that the package did on the one machine counts: its other entry points may have left
 * nothing to do. */
static bool done_before(const struct judge *judge, const char *key)
{
    for (size_t i = 0; i < judge->run_count; i++) {
        const struct run *run = judge->runs[i];
        if (run->persona == NULL && vb_names_find(&run->deeds, key) != NULL)
            return true;
    }
    return false;
}

/* What was not seen before may have been done all the same. */
static bool is_known(const struct run *before)
{
    return before->finished && !before->dropped && before->deeds.dropped == 0;
}

static const struct run *run_before(const struct judge *judge, const struct run *run)
{
    for (size_t i = 0; i < judge->run_count; i++) {
        if (judge->runs[i]->id == run->repeats && judge->runs[i]->persona == NULL)
            return judge->runs[i];
    }
    return NULL;
}

static const struct {
    const char *persona, *words;
    enum finding_id id;
} places[] = {
    {"ci", "In a job of CI", FINDING_EVADE_ENVIRONMENT},
    {"macos", "On what looks like a Mac", FINDING_EVADE_PLATFORM},
    {"windows", "On what looks like Windows", FINDING_EVADE_PLATFORM},
    {"terminal", "At a terminal", FINDING_EVADE_ENVIRONMENT},
    {"server", "On a server where nothing lies in the home", FINDING_EVADE_ENVIRONMENT},
    {"", "On a developer's machine", FINDING_EVADE_ENVIRONMENT}, /* any other */
};

static size_t place_of(const struct run *run)
{
    size_t i = 0;
    while (i + 1 < VB_ARRAY_LEN(places) && strcmp(places[i].persona, run->persona) != 0)
        i++;
    return i;
}

enum { MAX_NEW = 6 };

struct news {
    const char *text;
    size_t count;
    uint64_t evidence[2];
    int grade;
};

static void add(struct judge *judge, const struct run *run, const struct name *entry,
                struct news *news)
{
    const struct deed *deed = &run->deed_rows[entry->value];
    if (deed->grade > news->grade) {
        news->grade = deed->grade;
        news->evidence[0] = deed->seq;
    } else if (news->evidence[1] == 0) {
        news->evidence[1] = deed->seq;
    }
    if (news->count++ < MAX_NEW)
        news->text =
            vb_arena_printf(&judge->scratch, "%s%s%s", news->text,
                            news->text[0] == '\0' ? "" : ", ", strchr(entry->text, ' ') + 1);
}

static void report(struct judge *judge, const struct run *before, const struct run *run,
                   const struct news *news)
{
    const size_t place = place_of(run);
    const struct vb_event event = {.kind = VB_EV_DETONATION_BEGIN, .seq = run->begin_seq};
    const struct found found = {
        .id = places[place].id,
        .path = before->path,
        .line = before->line,
        .group = before->path == NULL ? before->label : NULL,
        .evidence = {news->evidence[0], news->evidence[1]},
    };
    judge->event = &event;
    vb_report_found(judge, &found, "%s it does what it did on no run before: %s%s.",
                    places[place].words, news->text, news->count > MAX_NEW ? ", and more" : "");
    judge->event = NULL;
}

static void compare(struct judge *judge, const struct run *before, const struct run *run)
{
    struct news news = {.text = "", .grade = -1};
    for (size_t i = 0; i < run->deeds.count; i++) {
        const struct name *entry = &run->deeds.items[i];
        const struct deed *deed = &run->deed_rows[entry->value];
        if (deed->kind == DEED_FINDING && is_grave(deed->grade / 8) &&
            !done_before(judge, entry->text))
            add(judge, run, entry, &news);
    }
    if (news.count > 0)
        report(judge, before, run, &news);
}

void vb_elsewhere_end(struct judge *judge)
{
    judge->run = NULL;
    judge->process = NULL;
    for (size_t i = 0; i < judge->run_count; i++) {
        const struct run *run = judge->runs[i];
        const struct run *before = run->persona == NULL ? NULL : run_before(judge, run);
        vb_arena_reset(&judge->scratch);
        if (before != NULL && is_known(before))
            compare(judge, before, run);
    }
}
