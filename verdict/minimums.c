/* Whether enough of the package was examined, by the policy's minimums of coverage. */
#include <string.h>

#include "verdict/internal.h"

/* COUNT of its entry points, in words. */
static const char *share_of(struct judge *judge, uint64_t count)
{
    const uint64_t points = judge->verdict->coverage.entry_points;
    return points == 1 ? "its entry point"
                       : vb_arena_printf(judge->keep, "%llu of its %llu entry points",
                                         (unsigned long long)count, (unsigned long long)points);
}

/* PART of OF, in percent. */
static int64_t percent(uint64_t part, uint64_t of)
{
    return of == 0 ? 0 : (int64_t)(part * 100 / of);
}

static int64_t minimum(const struct judge *judge, enum policy_coverage_id id)
{
    return vb_policy_coverage(judge->policy, judge->verdict->action)->rules[id].value;
}

/* Why `allow` may not stand although no finding forbids it: one for each minimum of the policy, in
 * words; NULL if it is met. */

static const char *not_run(struct judge *judge)
{
    const struct vb_coverage *coverage = &judge->verdict->coverage;
    const unsigned long long points = coverage->entry_points;
    if (coverage->executed_at_all || points == 0 ||
        minimum(judge, POLICY_COVERAGE_STATIC) == VB_DECISION_ALLOW)
        return NULL;
    return vb_arena_printf(judge->keep,
                           "it was not run, and it holds %llu entry point%s that would execute",
                           points, points == 1 ? "" : "s");
}

static const char *unread(struct judge *judge)
{
    if ((int64_t)judge->unread <= minimum(judge, POLICY_COVERAGE_UNREAD))
        return NULL;
    return vb_arena_printf(judge->keep,
                           "%llu place%s that could execute or instruct could not be examined",
                           (unsigned long long)judge->unread, judge->unread == 1 ? "" : "s");
}

static const char *little_read(struct judge *judge)
{
    const struct vb_coverage *coverage = &judge->verdict->coverage;
    const uint64_t read = coverage->reached - coverage->reached_unread;
    if (coverage->reached == 0 ||
        percent(read, coverage->reached) >= minimum(judge, POLICY_COVERAGE_LEAST_READ))
        return NULL;
    return vb_arena_printf(judge->keep,
                           "only %llu of %llu files were read that execute or instruct and that "
                           "something reaches",
                           (unsigned long long)read, (unsigned long long)coverage->reached);
}

static const char *unexecuted(struct judge *judge)
{
    const uint64_t points = judge->verdict->coverage.entry_points;
    const int64_t most = minimum(judge, POLICY_COVERAGE_UNEXECUTED);
    if (percent(judge->unexecuted, points) > most)
        return vb_arena_printf(judge->keep, "%s could not be run",
                               share_of(judge, judge->unexecuted));
    if (percent(judge->undated, points) > most)
        return vb_arena_printf(judge->keep,
                               "%s may act by the date, and there was no time to run it on another "
                               "day",
                               share_of(judge, judge->undated));
    return NULL;
}

/* Of what was run, how much did not come to its end? What was not run at all says nothing about
 * that, and must not make the share smaller. */
static const char *cut_short(struct judge *judge)
{
    const struct vb_coverage *coverage = &judge->verdict->coverage;
    const unsigned long long points = coverage->entry_points, missed = judge->unexecuted;
    const unsigned long long cut = coverage->timed_out + judge->stopped;
    if (points <= missed ||
        percent(cut, points - missed) <= minimum(judge, POLICY_COVERAGE_TIMED_OUT))
        return NULL;
    const char *what = judge->stopped == 0 ? "ran into the time limit"
                       : cut == 1          ? "was stopped before its end"
                                           : "were stopped before their end";
    const char *text = vb_arena_printf(judge->keep, "%s %s", share_of(judge, cut), what);
    return missed == 0
               ? text
               : vb_arena_printf(judge->keep, "%s, and %llu could not be run", text, missed);
}

static const char *too_few(struct judge *judge, enum policy_coverage_id id,
                           const uint64_t done_of[2], const char *words)
{
    if (done_of[1] == 0 || percent(done_of[0], done_of[1]) >= minimum(judge, id))
        return NULL;
    return vb_arena_printf(judge->keep, "only %llu of its %llu %s", (unsigned long long)done_of[0],
                           (unsigned long long)done_of[1], words);
}

static const char *few_ended(struct judge *judge)
{
    const struct vb_coverage *coverage = &judge->verdict->coverage;
    return too_few(judge, POLICY_COVERAGE_LEAST_ENDED,
                   (const uint64_t[]){coverage->executed, coverage->entry_points},
                   "entry points came to an end of their own");
}

static const char *few_tools(struct judge *judge)
{
    const struct vb_coverage *coverage = &judge->verdict->coverage;
    return too_few(judge, POLICY_COVERAGE_LEAST_TOOLS,
                   (const uint64_t[]){coverage->tools_called, coverage->tools},
                   "tools were called");
}

static const struct {
    enum policy_coverage_id id;
    const char *(*doubt)(struct judge *judge);
} minimums[] = {{POLICY_COVERAGE_STATIC, not_run},        {POLICY_COVERAGE_UNREAD, unread},
                {POLICY_COVERAGE_UNEXECUTED, unexecuted}, {POLICY_COVERAGE_TIMED_OUT, cut_short},
                {POLICY_COVERAGE_LEAST_ENDED, few_ended}, {POLICY_COVERAGE_LEAST_TOOLS, few_tools},
                {POLICY_COVERAGE_LEAST_READ, little_read}};

/* Of a scan only what concerns reading is asked. */
char *vb_minimums_doubt(struct judge *judge)
{
    const bool scan = judge->verdict->action != NULL && strcmp(judge->verdict->action, "scan") == 0;
    if (judge->findings_dropped > 0)
        return vb_arena_printf(judge->keep, "%llu findings did not fit into the verdict",
                               (unsigned long long)judge->findings_dropped);
    for (size_t i = 0; i < VB_ARRAY_LEN(minimums); i++) {
        if (scan && !vb_policy_coverage_keys[minimums[i].id].scan)
            continue;
        const char *text = minimums[i].doubt(judge);
        if (text == NULL)
            continue;
        judge->verdict->doubt_rule = vb_policy_coverage_rule(
            judge->policy, judge->keep, judge->verdict->action, minimums[i].id);
        return vb_arena_str(judge->keep, text);
    }
    return NULL;
}
