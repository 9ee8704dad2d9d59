/* When it does what it does: only after a long wait. */
#include "verdict/internal.h"

/* --- long waits --- */

enum { LONG_S = 60 };

/* Seconds of "10m", "2h", "1d", "90"; infinity counts as a day. */
static int64_t seconds_of(const char *text)
{
    if (vb_word_in("infinity inf", text))
        return 86400;
    char *end = NULL;
    const double number = strtod(text, &end);
    if (end == text || !(number > 0) || number > 1e9)
        return 0;
    const int64_t unit = *end == 'm' ? 60 : (*end == 'h' ? 3600 : (*end == 'd' ? 86400 : 1));
    return (int64_t)number * unit;
}

/* Waiting alone is what every service does: it counts once something comes after it. */
static void note_wait(struct judge *judge, int64_t seconds)
{
    struct run *run = judge->run;
    if (seconds <= LONG_S)
        return;
    for (size_t i = 0; i < run->wait_count; i++) {
        struct wait *wait = &run->waits[i];
        if (wait->pid != judge->process->pid)
            continue;
        wait->seconds = seconds > wait->seconds ? seconds : wait->seconds;
        return;
    }
    if (run->wait_count == MAX_WAITS)
        return; /* the first ones say enough */
    run->waits[run->wait_count++] = (struct wait){judge->process->pid, seconds, judge->event->seq};
}

/* A log of a run that the recorder could not follow has the command line alone. */
static void see_sleep(struct judge *judge)
{
    if (strcmp(judge->command.program, "sleep") == 0 && judge->argc >= 2)
        note_wait(judge, seconds_of(judge->argv[1]));
}

void vb_see_wait(struct judge *judge)
{
    if (judge->run == NULL || judge->process == NULL)
        return;
    if (judge->event->kind == VB_EV_PROCESS_EXEC)
        see_sleep(judge);
    else
        note_wait(judge, (vb_event_get_int(judge->event, VB_F_DURATION, 0) + 500) / 1000);
}

int64_t vb_longest_wait(const struct run *run)
{
    int64_t longest = 0;
    for (size_t i = 0; i < run->wait_count; i++)
        longest = run->waits[i].seconds > longest ? run->waits[i].seconds : longest;
    return longest;
}

/* True if ACTOR does what it does because WAIT is over: it waited itself, or whoever waited for it
 * is gone, or started it afterwards. */
static bool is_over(const struct run *run, const struct wait *wait, const struct process *actor)
{
    const struct process *waiter = vb_process_of(run, wait->pid);
    if (waiter == NULL || waiter == actor)
        return waiter == actor;
    if (waiter->exited && vb_processes_related(run, wait->pid, actor->pid))
        return true;
    return actor->exec_seq > wait->seq && vb_process_is_below(run, actor->pid, wait->pid);
}

/* Whose deed it is that the event shows. */
static const struct process *actor_of(const struct judge *judge)
{
    return judge->process != NULL ? judge->process
                                  : vb_process_of(judge->run, judge->run->world_pid);
}

/* A race that is won one time and not another, and hosts, which are deeds of their own, are not
 * compared with other days. */
static enum deed_kind kind_of(const char *rule)
{
    return vb_word_in("VB-EVASION VB-OPAQUE VB-NET-UNDISCLOSED", rule) ? DEED_OTHER : DEED_FINDING;
}

/* FOUND was found just now. */
static void see_after_wait(struct judge *judge, const struct found *found)
{
    const struct process *actor = actor_of(judge);
    const struct run *run = judge->run;
    for (size_t i = 0; actor != NULL && i < run->wait_count; i++) {
        const struct wait *wait = &run->waits[i];
        const struct deed *before = vb_deed_of(judge, run, kind_of(found->rule), found->rule);
        if (!is_over(run, wait, actor) || (before != NULL && before->seq < wait->seq))
            continue;
        const struct found late = {
            .id = FINDING_DELAY,
            .graded = true,
            .severity = found->severity >= VB_SEVERITY_HIGH ? VB_SEVERITY_HIGH : VB_SEVERITY_LOW,
            .confidence = VB_CONFIDENCE_MEDIUM,
            .evidence = {wait->seq}};
        vb_report_found(judge, &late, "%s waits for %lld seconds before this: %s (%s).",
                        vb_process_label(judge, vb_process_of(run, wait->pid)),
                        (long long)wait->seconds, found->title, found->rule);
        return;
    }
}

/* --- what was found in a run --- */

/* They tell of time itself, or of the machine. */
static bool is_beside(const char *rule)
{
    return vb_word_in("VB-DELAY VB-DATE-GATE VB-RESOURCE-ABUSE VB-EXAMINER-DIED", rule);
}

void vb_found_in_run(struct judge *judge, const struct found *found)
{
    if (judge->run == NULL || found->severity < VB_SEVERITY_MEDIUM || is_beside(found->rule))
        return;
    see_after_wait(judge, found);
    vb_deed(judge, kind_of(found->rule), found->rule, found->severity * 8 + found->confidence);
}
