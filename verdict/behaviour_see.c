/* Sigma rules in the judgement. Every event of the package's goes by the rules; what matches is
 * kept until its run is over, and is reported then unless a detector said the same of the same
 * event. Memory: so many matches of one rule in one run, and so many in all; the rest is counted.
 */
#include "verdict/behaviour.h"
#include "verdict/internal.h"
#include "verdict/sigma/views.h"

enum {
    MAX_HITS = 4096,
    MAX_HITS_ALIKE = 8, /* of one rule in one run */
    MAX_LABEL = 300
};

struct hit {
    uint32_t rule;
    uint32_t run;
    int64_t pid; /* 0: unknown */
    uint64_t seq;
    uint64_t matches;
    uint64_t *evidence;
    size_t evidence_count;
    const char *subject;
};

struct behaviour_state {
    struct vb_sigma_matcher *matcher;
    struct vb_sigma_views *views;
    struct hit hits[MAX_HITS];
    size_t count;
    uint64_t dropped;
};

/* --- what the judge knows and no view does --- */

static const char *const everyday =
    "sh bash dash env cat ls cp mv rm mkdir rmdir touch chmod echo printf true false test [ grep "
    "egrep fgrep sed awk gawk mawk cut tr sort uniq head tail wc tee xargs find dirname basename "
    "readlink realpath pwd date sleep uname id whoami which hostname expr seq mktemp ln stat diff "
    "cmp tar gzip gunzip unzip zip timeout nohup yes md5sum sha256sum od file less more";

static const char *truth(bool value)
{
    return value ? "true" : "false";
}

/* The code of the run stands in the instructions, and names it. */
static bool is_in_text(const struct judge *judge, const char *program)
{
    return judge->run != NULL && judge->run->visible && judge->run->text != NULL &&
           vb_find_word(judge->run->text, program) != NULL;
}

static const char *place_of_path(struct judge *judge, const char *text)
{
    const char *path = vb_home_path(&judge->scratch, text);
    if (vb_path_is_own(judge->run, path) || vb_is_given(judge->run, path))
        return "own";
    if (judge->event->kind == VB_EV_FILE_DELETE && judge->run != NULL &&
        (vb_names_find(&judge->run->changed, path) != NULL ||
         vb_names_find(&judge->brought, path) != NULL))
        return "made";
    return path[0] == '~' ? "home" : "system";
}

static const char *business_of(struct judge *judge, const char *id)
{
    static const char *const kinds[SECRET_KIND_COUNT] = {
        [SECRET_PRIVATE] = "private", [SECRET_SERVICE] = "service", [SECRET_CONFIG] = "config",
        [SECRET_COMMON] = "common",   [SECRET_HANDED] = "handed",   [SECRET_MACHINE] = "machine"};
    const struct bait *bait = vb_bait_named(judge, id);
    return bait == NULL ? NULL : kinds[bait->place->kind];
}

static const char *know(void *ctx, enum vb_sigma_fact fact, struct vb_str value)
{
    struct judge *judge = ctx;
    const char *text = vb_arena_copy(&judge->scratch, value.text, value.len);
    switch (fact) {
    case VB_SIGMA_FACT_HOST:
        return truth(vb_host_is_loopback(text) || vb_host_disclosed(judge, text));
    case VB_SIGMA_FACT_PROGRAM:
        text = vb_path_base(text);
        return truth(vb_names_find(&judge->declared_words, text) != NULL ||
                     vb_word_in(everyday, text) || is_in_text(judge, text));
    case VB_SIGMA_FACT_PLACE:
        return place_of_path(judge, text);
    case VB_SIGMA_FACT_BAIT:
        return business_of(judge, text);
    }
    return NULL;
}

/* --- matches --- */

/* What did it, and to what: for people. */
static const char *subject_of(struct judge *judge)
{
    static const enum vb_field objects[] = {VB_F_URL,  VB_F_TARGET,  VB_F_PATH,
                                            VB_F_NAME, VB_F_ADDRESS, VB_F_WHAT};
    const struct vb_event *event = judge->event;
    const char *actor = judge->process != NULL ? vb_process_label(judge, judge->process) : "";
    const char *object = "";
    if (actor[0] == '\0' && event->detonation != 0)
        actor = vb_path_base(vb_text_of(judge, VB_F_EXECUTABLE));
    if (event->kind == VB_EV_PROCESS_EXEC || event->kind == VB_EV_PROCESS_SCRIPT)
        return actor;
    for (size_t i = 0; object[0] == '\0' && i < VB_ARRAY_LEN(objects); i++)
        object = vb_home_path(&judge->scratch, vb_text_of(judge, objects[i]));
    return vb_arena_printf(&judge->scratch, "%s%s%s", actor,
                           actor[0] != '\0' && object[0] != '\0' ? ", " : "", object);
}

static bool is_like(const struct hit *hit, const struct vb_sigma_hit *given, uint32_t run)
{
    return hit->rule == given->rule && hit->run == run;
}

static void keep_hit(struct judge *judge, const struct vb_sigma_hit *given)
{
    struct behaviour_state *state = judge->rules;
    const uint32_t run = judge->event == NULL ? 0 : judge->event->detonation;
    size_t alike = 0;
    for (size_t i = state->count; i > 0 && alike < MAX_HITS_ALIKE; i--)
        alike += is_like(&state->hits[i - 1], given, run);
    if (alike == MAX_HITS_ALIKE || state->count == MAX_HITS) {
        state->dropped += alike < MAX_HITS_ALIKE;
        return;
    }
    const size_t bytes = given->evidence_count * sizeof(uint64_t);
    struct hit hit = {.rule = given->rule,
                      .run = run,
                      .matches = given->matches,
                      .evidence = vb_arena_alloc(judge->keep, bytes + sizeof(uint64_t)),
                      .evidence_count = given->evidence_count,
                      .subject = ""};
    if (hit.evidence == NULL)
        return;
    if (bytes > 0)
        memcpy(hit.evidence, given->evidence, bytes);
    hit.seq = given->evidence_count > 0 ? given->evidence[given->evidence_count - 1] : 0;
    if (judge->event != NULL) {
        hit.seq = judge->event->seq;
        hit.pid = vb_event_get_int(judge->event, VB_F_PID, 0);
        hit.subject = vb_arena_cut(judge->keep, subject_of(judge), MAX_LABEL);
    }
    state->hits[state->count++] = hit;
}

static void keep_hits(struct judge *judge, const struct vb_sigma_hit *hits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (judge->heard != NULL)
            judge->heard[hits[i].rule] = true;
        keep_hit(judge, &hits[i]);
    }
}

void vb_rules_see(struct judge *judge)
{
    struct vb_sigma_event seen;
    const struct vb_sigma_hit *hits = NULL;
    size_t count = 0;
    if (judge->rules == NULL || judge->status < 0)
        return;
    int status = vb_sigma_views_of(judge->rules->views, judge->event, &seen, judge->err);
    if (status == VB_OK && seen.view_count > 0 && !judge->of_ours)
        status = vb_sigma_match(judge->rules->matcher, &seen, &hits, &count, judge->err);
    if (status < 0)
        judge->status = status;
    else
        keep_hits(judge, hits, count);
}

/* --- reporting --- */

static bool is_evidence(const struct vb_finding *finding, const struct hit *hit)
{
    if (finding->evidence_more > 0)
        return true; /* there is no telling which these were */
    for (size_t i = 0; i < finding->evidence_count; i++) {
        if (finding->evidence[i] == hit->seq)
            return true;
        for (size_t k = 0; k < hit->evidence_count; k++)
            if (finding->evidence[i] == hit->evidence[k])
                return true;
    }
    return false;
}

/* A detector, or a rule before this one, said it of one of these events. */
static bool is_told(const struct judge *judge, const struct vb_behaviour_rule *rule,
                    const struct hit *hit)
{
    const struct vb_verdict *verdict = judge->verdict;
    for (size_t i = 0; i < verdict->finding_count; i++) {
        const struct vb_finding *finding = &verdict->findings[i];
        const bool same = strcmp(finding->id, rule->finding) == 0;
        if ((same || vb_word_in(rule->unless, finding->id)) && is_evidence(finding, hit))
            return true;
    }
    return false;
}

static void report_hit(struct judge *judge, const struct hit *hit)
{
    const struct vb_behaviour_rule *rule = vb_behaviour_rule(judge->behaviour, hit->rule);
    const struct vb_event event = {
        .kind = VB_EV_PROCESS_EXEC, .seq = hit->seq, .detonation = hit->run};
    if (is_told(judge, rule, hit))
        return;
    const struct found found = {.rule = rule->finding,
                                .title = rule->title,
                                .mapping = rule->mapping,
                                .graded = true,
                                .anywhere = rule->severity < VB_SEVERITY_MEDIUM,
                                .severity = (int)rule->severity,
                                .confidence = (int)rule->confidence,
                                .group = rule->name,
                                .more = hit->evidence,
                                .more_count = hit->evidence_count};
    judge->event = &event;
    judge->process = vb_process_of(judge->run, hit->pid);
    const char *times = hit->matches > 1 ? vb_arena_printf(&judge->scratch, " (%llu events)",
                                                           (unsigned long long)hit->matches)
                                         : "";
    const char *by =
        rule->foreign ? vb_arena_printf(&judge->scratch, " (a Sigma rule of %s)",
                                        rule->author[0] != '\0' ? rule->author : "somebody unnamed")
                      : "";
    vb_report_found(judge, &found, "%s%s%s%s%s", hit->subject, hit->subject[0] != '\0' ? ": " : "",
                    rule->description, times, by);
    judge->event = NULL;
}

/* Those of RUN, or all. */
static void report_hits(struct judge *judge, const struct run *run)
{
    struct behaviour_state *state = judge->rules;
    const struct vb_event *event = judge->event;
    struct process *process = judge->process;
    size_t left = 0;
    for (size_t i = 0; i < state->count; i++) {
        if (run != NULL && state->hits[i].run != run->id) {
            state->hits[left++] = state->hits[i];
            continue;
        }
        if (run == NULL)
            judge->run = vb_run_named(judge, state->hits[i].run);
        report_hit(judge, &state->hits[i]);
    }
    state->count = left;
    judge->event = event;
    judge->process = process;
}

void vb_rules_run_over(struct judge *judge)
{
    if (judge->rules != NULL && judge->run != NULL && judge->event->kind == VB_EV_DETONATION_END)
        report_hits(judge, judge->run);
}

static void note_limits(struct judge *judge)
{
    const struct vb_sigma_limits *limits = vb_sigma_matcher_limits(judge->rules->matcher);
    if (limits->regex_stopped > 0)
        vb_note_gap(judge, "Sigma rules: regular expressions gave up %llu times",
                    (unsigned long long)limits->regex_stopped);
    if (limits->groups_dropped > 0 || limits->matches_dropped > 0)
        vb_note_gap(judge, "Sigma rules: correlations forgot %llu matches",
                    (unsigned long long)(limits->groups_dropped + limits->matches_dropped));
    if (judge->rules->dropped > 0)
        vb_note_gap(judge, "Sigma rules: %llu more matches than are kept",
                    (unsigned long long)judge->rules->dropped);
}

void vb_rules_end(struct judge *judge)
{
    const struct vb_sigma_hit *hits = NULL;
    size_t count = 0;
    if (judge->rules == NULL)
        return;
    vb_arena_reset(&judge->scratch);
    judge->event = NULL;
    judge->process = NULL;
    const int status = vb_sigma_finish(judge->rules->matcher, &hits, &count, judge->err);
    if (status < 0) {
        judge->status = status;
        return;
    }
    keep_hits(judge, hits, count);
    report_hits(judge, NULL);
    judge->run = NULL;
    note_limits(judge);
}

int vb_rules_begin(struct judge *judge)
{
    if (judge->behaviour == NULL || judge->behaviour->count == 0)
        return VB_OK;
    struct behaviour_state *state = calloc(1, sizeof(*state));
    if (state == NULL)
        return vb_fail(judge->err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    judge->rules = state;
    int status = vb_sigma_matcher_new(judge->behaviour->sigma, &state->matcher, judge->err);
    if (status == VB_OK)
        status =
            vb_sigma_views_new(judge->behaviour->sigma, state->matcher, &state->views, judge->err);
    if (status == VB_OK)
        vb_sigma_views_know(state->views, know, judge);
    return status;
}

void vb_rules_done(struct judge *judge)
{
    if (judge->rules == NULL)
        return;
    vb_sigma_views_free(judge->rules->views);
    vb_sigma_matcher_free(judge->rules->matcher);
    free(judge->rules);
    judge->rules = NULL;
}
