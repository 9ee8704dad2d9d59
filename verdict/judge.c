/* The judgement: one pass over the log, then the policy, then fixed order. Pure: nothing but the
 * log and the policy comes in. */
#include "verdict/behaviour.h"
#include "verdict/internal.h"

#include <errno.h>
#include <stdarg.h>

/* The verdict and the memory of all its strings. */
struct owned_verdict {
    struct vb_verdict verdict; /* first: vb_verdict_free gets its address */
    struct arena arena;
};

void vb_judge_fail(struct judge *judge, int status, const char *what)
{
    if (judge->status == VB_OK)
        judge->status = vb_fail(judge->err, status, 0, "judging: %s", what);
}

const char *vb_text_of(struct judge *judge, enum vb_field field)
{
    const struct vb_str text = vb_event_get_str(judge->event, field);
    return text.len == 0 ? "" : vb_arena_copy(&judge->scratch, text.text, text.len);
}

char **vb_list_of(struct judge *judge, enum vb_field field, size_t *ret_count)
{
    const struct vb_value *value = vb_event_get(judge->event, field);
    const size_t count = value != NULL && value->type == VB_T_LIST ? value->list.count : 0;
    char **items = vb_arena_alloc(&judge->scratch, (count + 1) * sizeof(*items));
    *ret_count = items == NULL ? 0 : count;
    for (size_t i = 0; i < *ret_count; i++)
        items[i] =
            vb_arena_copy(&judge->scratch, value->list.items[i].text, value->list.items[i].len);
    return items;
}

bool vb_flag_set(const struct vb_event *event, const char *flag)
{
    const struct vb_value *value = vb_event_get(event, VB_F_FLAGS);
    if (value == NULL || value->type != VB_T_LIST)
        return false;
    for (size_t i = 0; i < value->list.count; i++)
        if (vb_str_equal(value->list.items[i], flag))
            return true;
    return false;
}

void vb_note(struct judge *judge, struct names *names, const char *text)
{
    if (text[0] != '\0')
        (void)vb_names_add(names, judge->keep, vb_arena_cut(&judge->scratch, text, MAX_TEXT), 0,
                           NULL);
}

void vb_note_gap(struct judge *judge, const char *fmt, ...)
{
    va_list args;
    judge->verdict->coverage.gaps++;
    va_start(args, fmt);
    vb_note(judge, &judge->gaps, vb_arena_vprintf(&judge->scratch, fmt, args));
    va_end(args);
}

/* --- findings --- */

static char **mapping_of(struct judge *judge, const char *list)
{
    size_t count = 0;
    for (const char *at = list; *at != '\0'; at += strspn(at, " ")) {
        at += strcspn(at, " ");
        count++;
    }
    char **items = vb_arena_alloc(judge->keep, (count + 1) * sizeof(*items));
    for (size_t i = 0; items != NULL && i < count; i++) {
        list += strspn(list, " ");
        const size_t len = strcspn(list, " ");
        items[i] = vb_arena_copy(judge->keep, list, len);
        list += len;
    }
    return items;
}

static void add_evidence(struct vb_finding *finding, uint64_t seq)
{
    for (size_t i = 0; i < finding->evidence_count; i++)
        if (finding->evidence[i] == seq)
            return;
    if (finding->evidence_count >= MAX_EVIDENCE) {
        finding->evidence_more++;
        return;
    }
    size_t at = finding->evidence_count++;
    for (; at > 0 && finding->evidence[at - 1] > seq; at--)
        finding->evidence[at] = finding->evidence[at - 1];
    finding->evidence[at] = seq;
}

static struct vb_finding *new_finding(struct judge *judge)
{
    struct vb_verdict *verdict = judge->verdict;
    if (verdict->finding_count == judge->finding_capacity) {
        const size_t capacity = judge->finding_capacity == 0 ? 16 : judge->finding_capacity * 2;
        struct vb_finding *bigger =
            realloc(verdict->findings, capacity * sizeof(*verdict->findings));
        if (bigger == NULL) {
            vb_judge_fail(judge, VB_E_NOMEM, "out of memory");
            return NULL;
        }
        verdict->findings = bigger;
        judge->finding_capacity = capacity;
    }
    struct vb_finding *finding = &verdict->findings[verdict->finding_count];
    memset(finding, 0, sizeof(*finding));
    finding->evidence = vb_arena_alloc(judge->keep, MAX_EVIDENCE * sizeof(*finding->evidence));
    if (finding->evidence == NULL)
        return NULL;
    verdict->finding_count++;
    return finding;
}

/* Where a finding lies unless the detector says so: in the entry point that was running. */
static struct found place_of(const struct judge *judge, struct found found)
{
    if (found.path == NULL && judge->run != NULL && !found.anywhere) {
        found.path = judge->run->path;
        found.line = judge->run->line;
    }
    const struct vb_finding_type *type = found.rule == NULL ? vb_finding_type(found.id) : NULL;
    if (type != NULL && !found.graded) {
        found.severity = (int)type->severity;
        found.confidence = (int)type->confidence;
    }
    if (type != NULL) {
        found.rule = type->id;
        found.title = type->title;
        found.mapping = type->mapping;
    }
    return found;
}

/* The key under which findings are one. Beyond the maximum of an id, all of the same grade become
 * one: a flood of small ones can never hide a grave one. */
static const char *key_of(struct judge *judge, const struct found *found, bool *ret_flood)
{
    const char *key =
        vb_arena_printf(&judge->scratch, "%s\x1f%s\x1f%lld\x1f%s\x1f%s", found->rule,
                        found->path ? found->path : "", (long long)found->line,
                        found->host ? found->host : "", found->group ? found->group : "");
    *ret_flood = false;
    if (vb_names_find(&judge->finding_keys, key) != NULL)
        return key;
    struct name *id = vb_names_add(&judge->finding_ids, judge->keep, found->rule, 0, NULL);
    if (id == NULL || id->value >= MAX_FINDINGS_ALIKE) {
        *ret_flood = true;
        return vb_arena_printf(&judge->scratch, "%s\x1f+%d%d%d", found->rule, found->severity,
                               found->confidence, (int)found->row_decision);
    }
    id->value++;
    return key;
}

static void fill_finding(struct judge *judge, struct vb_finding *finding, const struct found *found)
{
    finding->id = vb_arena_str(judge->keep, found->rule);
    finding->title = vb_arena_cut(judge->keep, found->title, MAX_TEXT);
    finding->mapping = mapping_of(judge, found->mapping ? found->mapping : "");
    finding->path = found->path ? vb_arena_cut(judge->keep, found->path, MAX_TEXT) : NULL;
    finding->line = found->line;
    finding->host = found->host ? vb_arena_str(judge->keep, found->host) : NULL;
    if (found->row != NULL) {
        finding->rule = *found->row;
        finding->decision = found->row_decision;
    }
}

/* The graver of two findings that are one gives grade and sentence. */
static void grade_finding(struct judge *judge, struct vb_finding *finding,
                          const struct found *found, const char *detail)
{
    const int rank = found->severity * 8 + found->confidence;
    if (finding->detail != NULL && rank <= (int)finding->severity * 8 + (int)finding->confidence)
        return;
    finding->severity = (enum vb_severity)found->severity;
    finding->confidence = (enum vb_confidence)found->confidence;
    finding->detail = vb_arena_cut(judge->keep, detail, 4 * MAX_TEXT);
}

static struct vb_finding *finding_for(struct judge *judge, const struct found *found)
{
    bool flood = false, fresh = false;
    const char *key = key_of(judge, found, &flood);
    struct name *name = vb_names_add(&judge->finding_keys, judge->keep, key,
                                     (int64_t)judge->verdict->finding_count, &fresh);
    if (name == NULL) {
        judge->findings_dropped++;
        return NULL;
    }
    if (!fresh)
        return &judge->verdict->findings[name->value];
    struct vb_finding *finding = new_finding(judge);
    if (finding == NULL)
        return NULL;
    struct found shown = *found;
    if (flood) {
        shown.path = NULL;
        shown.line = 0;
        shown.host = NULL;
    }
    fill_finding(judge, finding, &shown);
    return finding;
}

void vb_report_found(struct judge *judge, const struct found *given, const char *fmt, ...)
{
    const struct found found = place_of(judge, *given);
    if (!vb_elsewhere_counts(judge, &found))
        return;
    struct vb_finding *finding = finding_for(judge, &found);
    if (finding == NULL)
        return;
    va_list args;
    va_start(args, fmt);
    grade_finding(judge, finding, &found, vb_arena_vprintf(&judge->scratch, fmt, args));
    va_end(args);
    /* What was seen before needs no more evidence from another machine. */
    const bool again =
        judge->run != NULL && judge->run->persona != NULL && finding->occurrences > 0;
    finding->occurrences += !again;
    if (!again)
        add_evidence(finding, judge->event->seq);
    for (size_t i = 0; !again && i < VB_ARRAY_LEN(found.evidence) && found.evidence[i] != 0; i++)
        add_evidence(finding, found.evidence[i]);
    for (size_t i = 0; !again && i < found.more_count; i++)
        add_evidence(finding, found.more[i]);
    vb_found_in_run(judge, &found);
}

/* --- order --- */

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_findings(const void *left, const void *right)
{
    const struct vb_finding *a = left, *b = right;
    if (a->decision != b->decision)
        return a->decision > b->decision ? -1 : 1;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    if (a->confidence != b->confidence)
        return a->confidence > b->confidence ? -1 : 1;
    int order = compare_text(a->id, b->id);
    if (order == 0)
        order = compare_text(a->path, b->path);
    if (order == 0 && a->line != b->line)
        order = a->line < b->line ? -1 : 1;
    if (order == 0)
        order = compare_text(a->host, b->host);
    return order != 0 ? order : compare_text(a->detail, b->detail);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void list_names(struct judge *judge, const struct names *names, struct vb_name_list *ret)
{
    ret->items = vb_arena_alloc(judge->keep, (names->count + 1) * sizeof(*ret->items));
    if (ret->items == NULL)
        return;
    for (size_t i = 0; i < names->count; i++)
        ret->items[i] = names->items[i].text;
    ret->count = names->count;
    ret->dropped = names->dropped;
    qsort(ret->items, ret->count, sizeof(*ret->items), compare_names);
}

static void list_everything(struct judge *judge)
{
    struct vb_verdict *verdict = judge->verdict;
    const struct {
        const struct names *names;
        struct vb_name_list *list;
    } rows[] = {
        {&judge->kinds, &verdict->kinds},
        {&judge->names, &verdict->names},
        {&judge->signers, &verdict->signers},
        {&judge->gaps, &verdict->gaps},
        {&judge->commands, &verdict->commands},
        {&judge->hosts, &verdict->hosts},
        {&judge->files_written, &verdict->files_written},
        {&judge->baits_read, &verdict->baits_read},
        {&judge->declared, &verdict->declared},
        {&judge->undisclosed, &verdict->undisclosed},
        {&judge->made_code, &verdict->made_code},
        {&judge->asked, &verdict->asked},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        list_names(judge, rows[i].names, rows[i].list);
    vb_permissions_list(judge);
}

/* --- the decision --- */

static size_t count_decision(const struct vb_verdict *verdict, enum vb_decision decision)
{
    size_t count = 0;
    for (size_t i = 0; i < verdict->finding_count; i++)
        count += verdict->findings[i].decision == decision;
    return count;
}

static char *why_of(struct judge *judge)
{
    const struct vb_verdict *verdict = judge->verdict;
    if (verdict->doubt != NULL)
        return vb_arena_printf(judge->keep, "Nothing was found that forbids it, but %s.",
                               verdict->doubt);
    if (verdict->decision == VB_DECISION_ALLOW)
        return vb_arena_printf(judge->keep, "%s",
                               verdict->finding_count == 0
                                   ? "Nothing was found against it."
                                   : "Nothing that was found weighs enough to hold it back.");
    const struct vb_finding *worst = &verdict->findings[0];
    const size_t more = count_decision(verdict, verdict->decision) - 1;
    char *first = vb_arena_printf(judge->keep, "%s (%s)", worst->title, worst->id);
    if (more == 0)
        return vb_arena_printf(judge->keep, "%s.", first);
    return vb_arena_printf(judge->keep, "%s, and %zu more finding%s of that weight.", first, more,
                           more == 1 ? "" : "s");
}

static void decide(struct judge *judge)
{
    struct vb_verdict *verdict = judge->verdict;
    verdict->decision = VB_DECISION_ALLOW;
    for (size_t i = 0; i < verdict->finding_count; i++) {
        struct vb_finding *finding = &verdict->findings[i];
        /* The sentence is that of the first. */
        const unsigned long long more = finding->occurrences - 1;
        if (more > 0 && finding->path == NULL && finding->host == NULL)
            finding->detail = vb_arena_printf(judge->keep, "%s There %s %llu more like it.",
                                              finding->detail, more == 1 ? "was" : "were", more);
        const struct policy_case given = {finding, judge->packages, judge->package_count,
                                          verdict->clock};
        finding->decision = vb_policy_decide(judge->policy, &given, judge->keep, &finding->rule,
                                             &finding->policy_reason);
        if (finding->decision > verdict->decision)
            verdict->decision = finding->decision;
    }
    if (verdict->finding_count > 0)
        qsort(verdict->findings, verdict->finding_count, sizeof(*verdict->findings),
              compare_findings);
    verdict->doubt = verdict->decision == VB_DECISION_ALLOW ? vb_minimums_doubt(judge) : NULL;
    if (verdict->doubt != NULL)
        verdict->decision = VB_DECISION_REVIEW;
    verdict->why = why_of(judge);
}

/* --- the pass --- */

static void see(struct judge *judge, const struct vb_event *event)
{
    judge->event = event;
    judge->run = NULL;
    judge->process = NULL;
    judge->of_ours = false;
    if (event->kind == VB_EV_FILE_PROBE) { /* the most frequent, and asking is no deed */
        vb_rules_see(judge);
        return;
    }
    judge->first_contact = false;
    judge->contact = NULL;
    vb_arena_reset(&judge->scratch);
    vb_runs_see(judge);
    vb_facts_see(judge);
    const uint64_t bit = UINT64_C(1) << ((unsigned)event->kind & 63);
    for (size_t i = 0; i < vb_detector_count(); i++)
        if (vb_detectors[i].kinds[event->kind / 64] & bit)
            vb_detectors[i].see(judge);
    vb_rules_see(judge);
    vb_rules_run_over(judge);
    vb_runs_after(judge);
    if (judge->scratch.failed || judge->keep->failed ||
        (judge->run != NULL && judge->run->arena.failed))
        vb_judge_fail(judge, VB_E_NOMEM, "out of memory");
}

static void free_reader(struct vb_log_reader **reader)
{
    vb_log_reader_free(*reader);
}

static void read_log(struct judge *judge, int log_fd)
{
    VB_CLEANUP(free_reader) struct vb_log_reader *reader = NULL;
    judge->status = vb_log_reader_new(log_fd, &reader, judge->err);
    while (judge->status == VB_OK) {
        struct vb_event event;
        const int more = vb_log_reader_next(reader, &event, judge->err);
        if (more == 0)
            return;
        if (more < 0)
            judge->status = more;
        else
            see(judge, &event);
    }
}

static void judge_done(struct judge *judge)
{
    vb_rules_done(judge);
    vb_runs_done(judge);
    vb_facts_done(judge);
    vb_names_done(&judge->finding_keys);
    vb_names_done(&judge->finding_ids);
    vb_arena_done(&judge->scratch);
}

static int run_judge(struct judge *judge, int log_fd)
{
    vb_facts_init(judge);
    vb_names_init(&judge->finding_keys, MAX_FINDINGS);
    vb_names_init(&judge->finding_ids, MAX_FINDINGS);
    judge->status = vb_rules_begin(judge);
    if (judge->status == VB_OK)
        read_log(judge, log_fd);
    if (judge->status == VB_OK)
        vb_rules_end(judge);
    if (judge->status == VB_OK && judge->heard == NULL) {
        vb_dates_end(judge);
        vb_elsewhere_end(judge);
        vb_beacon_end(judge);
        vb_facts_end(judge);
        vb_wanted_end(judge);
        decide(judge);
        list_everything(judge);
    }
    if (judge->keep->failed || judge->scratch.failed)
        vb_judge_fail(judge, VB_E_NOMEM, "out of memory");
    judge_done(judge);
    return judge->status;
}

/* What a log is judged by. */
struct asked {
    const struct vb_policy *policy;
    const struct vb_behaviour *behaviour;
    bool *heard;
};

static int judge_log(int log_fd, const struct asked *given, struct vb_verdict **ret,
                     struct vb_error *err)
{
    struct owned_verdict *owned = calloc(1, sizeof(*owned));
    VB_CLEANUP_FREE struct judge *judge = calloc(1, sizeof(*judge));
    if (owned == NULL || judge == NULL) {
        free(owned);
        return vb_fail(err, VB_E_NOMEM, errno, "judging");
    }
    judge->policy = given->policy;
    judge->behaviour = given->behaviour;
    judge->heard = given->heard;
    judge->verdict = &owned->verdict;
    judge->keep = &owned->arena;
    judge->err = err;
    const int status = run_judge(judge, log_fd);
    if (status < 0)
        vb_verdict_free(&owned->verdict);
    else
        *ret = &owned->verdict;
    return status;
}

int vb_judge(int log_fd, const struct vb_policy *policy, const struct vb_behaviour *behaviour,
             struct vb_verdict **ret, struct vb_error *err)
{
    const struct asked given = {policy, behaviour, NULL};
    return judge_log(log_fd, &given, ret, err);
}

int vb_behaviour_hear(int log_fd, const struct vb_policy *policy,
                      const struct vb_behaviour *behaviour, bool *ret_heard, struct vb_error *err)
{
    const struct asked given = {policy, behaviour, ret_heard};
    struct vb_verdict *verdict = NULL;
    const int status = judge_log(log_fd, &given, &verdict, err);
    vb_verdict_free(verdict);
    return status;
}

void vb_verdict_free(struct vb_verdict *verdict)
{
    if (verdict == NULL)
        return;
    struct owned_verdict *owned = (struct owned_verdict *)(void *)verdict;
    free(verdict->findings);
    vb_arena_done(&owned->arena);
    free(owned);
}
