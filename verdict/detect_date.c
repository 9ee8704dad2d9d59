/* Runs of one entry point on several days: what it does on another day and not today. Kinds of
 * deeds and names of hosts, programs and secrets are compared, never arguments: timestamps and
 * temporary names differ from run to run in honest programs. What differs between two runs of today
 * is chance and says nothing about days. */
#include "verdict/internal.h"

/* --- deeds --- */

static const char *key_of(struct judge *judge, enum deed_kind kind, const char *name)
{
    return vb_arena_printf(&judge->scratch, "%d %s", (int)kind,
                           vb_arena_cut(&judge->scratch, name, 200));
}

/* Named besides, and no finding by themselves: these leave room for the others. */
static bool is_remark(enum deed_kind kind)
{
    return kind == DEED_PROGRAM || kind == DEED_FILE;
}

void vb_deed(struct judge *judge, enum deed_kind kind, const char *name, int grade)
{
    struct run *run = judge->run;
    bool fresh = false;
    if (run == NULL || (is_remark(kind) && run->deeds.count >= MAX_DEEDS / 2))
        return;
    if (judge->deed_bytes > MAX_DEED_BYTES) {
        run->deeds.dropped++;
        return;
    }
    const char *key = key_of(judge, kind, name);
    const struct name *entry =
        vb_names_add(&run->deeds, judge->keep, key, (int64_t)run->deeds.count, &fresh);
    if (entry == NULL)
        return;
    struct deed *deed = &run->deed_rows[entry->value];
    if (fresh) {
        judge->deed_bytes += strlen(key) + sizeof(*deed);
        *deed = (struct deed){kind, grade, judge->event->seq};
    }
    deed->grade = grade > deed->grade ? grade : deed->grade;
}

const struct deed *vb_deed_of(struct judge *judge, const struct run *run, enum deed_kind kind,
                              const char *name)
{
    const struct name *entry = vb_names_find(&run->deeds, key_of(judge, kind, name));
    return entry == NULL ? NULL : &run->deed_rows[entry->value];
}

/* --- the runs of one entry point --- */

enum { MAX_DAYS = 32 };

struct days {
    const struct run
        *today[MAX_DAYS]; /* the first; in the network of all later ones; once more … */
    size_t count;
    size_t controls;                   /* how many of these were made to compare */
    const struct run *later[MAX_DAYS]; /* the nearest first */
    size_t later_count;
};

static void add_later(struct days *days, const struct run *run)
{
    if (days->later_count == MAX_DAYS)
        return;
    size_t at = days->later_count++;
    for (; at > 0 && days->later[at - 1]->days_ahead > run->days_ahead; at--)
        days->later[at] = days->later[at - 1];
    days->later[at] = run;
}

/* What an MCP server does for another client only is no matter of days. */
static bool same_client(const struct run *a, const struct run *b)
{
    return a->client == NULL || b->client == NULL || strcmp(a->client, b->client) == 0;
}

static struct days days_of(const struct judge *judge, const struct run *first)
{
    struct days days = {.today = {first}, .count = 1};
    for (size_t i = 0; i < judge->run_count; i++) {
        const struct run *run = judge->runs[i];
        if (run->repeats != first->id || run->repeats == 0 || run->persona != NULL ||
            !same_client(run, first))
            continue;
        if (run->other_day && run->days_ahead > 0)
            add_later(&days, run);
        else if (days.count < MAX_DAYS) {
            days.today[days.count++] = run;
            days.controls += run->other_day;
        }
    }
    return days;
}

static bool did(const struct run *run, const char *key)
{
    return vb_names_find(&run->deeds, key) != NULL;
}

static bool done_today(const struct days *days, const char *key)
{
    for (size_t i = 0; i < days->count; i++) {
        if (did(days->today[i], key))
            return true;
    }
    return false;
}

/* Everything of KIND that RUN did OTHER did too. */
static bool is_within(const struct run *run, const struct run *other, enum deed_kind kind)
{
    for (size_t i = 0; i < run->deeds.count; i++) {
        const struct name *entry = &run->deeds.items[i];
        if (run->deed_rows[entry->value].kind == kind && !did(other, entry->text))
            return false;
    }
    return true;
}

/* The run of today that RUN, one more of today, is compared with: the last one that was made before
 * ran in the same network; and with stand-ins for modules where RUN did. */
static const struct run *partner_of(const struct days *days, const struct run *run)
{
    const size_t first = days->count - days->controls;
    for (size_t i = first; i > 0; i--) {
        if (days->today[i - 1]->stood_in == run->stood_in)
            return days->today[i - 1];
    }
    return days->today[first - 1];
}

/* Runs of today did the same of this kind. */
static bool is_steady(const struct days *days, enum deed_kind kind)
{
    for (size_t i = days->count - days->controls; i < days->count; i++) {
        const struct run *run = days->today[i], *partner = partner_of(days, run);
        if (!is_within(run, partner, kind) || (run->finished && !is_within(partner, run, kind)))
            return false;
    }
    return true;
}

/* Among hosts that are drawn by lot a new one turns up on any day: one that is there for a reason
 * stays. */
static bool stays(const struct days *days, size_t day, const char *key)
{
    const bool stood_in = days->later[day]->stood_in;
    for (; day < days->later_count; day++) {
        if (days->later[day]->stood_in == stood_in && !did(days->later[day], key))
            return false;
    }
    return true;
}

/* --- what is new --- */

enum { MAX_NEW = 6 };

struct novelty {
    const struct run *run; /* the first that did something of weight that is new */
    int grade;             /* of the gravest */
    uint64_t evidence[3];
    size_t count;
    const char *text; /* all, in words */
};

static const char *verb_of(enum deed_kind kind)
{
    static const char *const verbs[DEED_OTHER] = {[DEED_FINDING] = "",
                                                  [DEED_SECRET] = "it opens ",
                                                  [DEED_HOST] = "it tries to reach ",
                                                  [DEED_PROGRAM] = "it runs ",
                                                  [DEED_FILE] = "it writes "};
    return verbs[kind];
}

static void add_new(struct judge *judge, struct novelty *novelty, const struct run *run,
                    const struct name *entry)
{
    const struct deed *deed = &run->deed_rows[entry->value];
    const char *name = strchr(entry->text, ' ') + 1;
    if (is_remark(deed->kind) && novelty->run != run)
        return;
    if (!is_remark(deed->kind) && novelty->run == NULL)
        novelty->run = run;
    if (!is_remark(deed->kind) && deed->grade > novelty->grade) {
        novelty->grade = deed->grade;
        novelty->evidence[0] = deed->seq;
    } else if (!is_remark(deed->kind)) {
        novelty->evidence[1] = deed->seq;
    }
    if (novelty->count++ >= MAX_NEW)
        return;
    novelty->text =
        vb_arena_printf(&judge->scratch, "%s%s%s%s", novelty->text,
                        novelty->text[0] == '\0' ? "" : ", ", verb_of(deed->kind), name);
}

static bool is_new(const struct days *days, size_t day, const struct name *entry)
{
    const struct run *run = days->later[day];
    if (done_today(days, entry->text))
        return false;
    for (size_t before = 0; before < day; before++) {
        if (did(days->later[before], entry->text))
            return false; /* it was told of */
    }
    return run->deed_rows[entry->value].kind != DEED_HOST || stays(days, day, entry->text);
}

/* The deeds of KIND in the order of days, each once. */
static void find_new(struct judge *judge, const struct days *days, enum deed_kind kind,
                     struct novelty *novelty)
{
    for (size_t day = 0; day < days->later_count && is_steady(days, kind); day++) {
        const struct run *run = days->later[day];
        for (size_t i = 0; i < run->deeds.count; i++) {
            const struct name *entry = &run->deeds.items[i];
            if (run->deed_rows[entry->value].kind == kind && is_new(days, day, entry))
                add_new(judge, novelty, run, entry);
        }
    }
}

/* Without more runs of today it may be chance. */
static int confidence_of(const struct days *days, const struct novelty *novelty)
{
    const int confidence = novelty->grade % 8;
    if (days->controls > 0 || confidence == VB_CONFIDENCE_LOW)
        return confidence;
    return confidence - 1;
}

static void report_gate(struct judge *judge, const struct days *days, const struct novelty *novelty)
{
    const struct run *today = days->today[0];
    const struct vb_event event = {.kind = VB_EV_DETONATION_BEGIN, .seq = novelty->run->begin_seq};
    const struct found found = {
        .id = FINDING_DATE_GATE,
        .graded = true,
        .severity = novelty->grade / 8,
        .confidence = confidence_of(days, novelty),
        .path = today->path,
        .line = today->line,
        .group = today->path == NULL ? today->label : NULL,
        .evidence = {novelty->evidence[0], novelty->evidence[1]},
    };
    judge->event = &event;
    vb_report_found(judge, &found,
                    "With the clock %lld days ahead it does what it does not do today: %s%s.",
                    (long long)novelty->run->days_ahead, novelty->text,
                    novelty->count > MAX_NEW ? ", and more" : "");
    judge->event = NULL;
}

/* What was not seen today may have been done all the same. */
static bool is_known(const struct days *days)
{
    for (size_t i = 0; i < days->count - days->controls; i++) {
        const struct run *run = days->today[i];
        if (!run->finished || run->dropped || run->deeds.dropped > 0)
            return false;
    }
    return true;
}

static void compare(struct judge *judge, const struct run *today)
{
    const struct days days = days_of(judge, today);
    struct novelty novelty = {.text = ""};
    if (days.later_count == 0)
        return;
    if (!is_known(&days)) {
        vb_note_gap(judge, "run of %s: not seen to its end, so that other days cannot be compared",
                    today->label);
        return;
    }
    for (int kind = 0; kind < DEED_OTHER; kind++)
        find_new(judge, &days, (enum deed_kind)kind, &novelty);
    if (novelty.run != NULL)
        report_gate(judge, &days, &novelty);
}

void vb_dates_end(struct judge *judge)
{
    judge->run = NULL;
    judge->process = NULL;
    judge->event = NULL;
    for (size_t i = 0; i < judge->run_count; i++) {
        vb_arena_reset(&judge->scratch);
        if (judge->runs[i]->repeats == 0)
            compare(judge, judge->runs[i]);
    }
}
