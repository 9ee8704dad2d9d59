/* The report for people: verdict and reasons on the first screen, then everything else. */
#include "report/internal.h"

#include <stdarg.h>

enum { REASONS = 3, LIST_MAX = 20, TEXT_MAX = 8192 };

struct writer {
    struct page page;
    const struct vb_verdict *verdict;
    struct evidence evidence;
    char text[TEXT_MAX];
};

static const char *format(struct writer *w, const char *fmt, ...) VB_PRINTF(2, 3);
static const char *format(struct writer *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(w->text, sizeof(w->text), fmt, args);
    va_end(args);
    return w->text;
}

static enum style decision_style(enum vb_decision decision)
{
    static const enum style styles[] = {[VB_DECISION_ALLOW] = STYLE_GOOD,
                                        [VB_DECISION_REVIEW] = STYLE_WARN,
                                        [VB_DECISION_BLOCK] = STYLE_BAD};
    return styles[decision];
}

static const char *shouted(enum vb_decision decision)
{
    static const char *const words[] = {[VB_DECISION_ALLOW] = "ALLOW",
                                        [VB_DECISION_REVIEW] = "REVIEW",
                                        [VB_DECISION_BLOCK] = "BLOCK"};
    return words[decision];
}

/* "a, b and 3 more" out of a list. */
static const char *joined(struct writer *w, const struct vb_name_list *list, size_t max)
{
    size_t used = 0;
    w->text[0] = '\0';
    for (size_t i = 0; i < list->count && i < max; i++) {
        const int more = snprintf(w->text + used, sizeof(w->text) - used, "%s%s",
                                  i == 0 ? "" : ", ", list->items[i]);
        if (more < 0 || (size_t)more >= sizeof(w->text) - used)
            break;
        used += (size_t)more;
    }
    const size_t left = list->count > max ? list->count - max + list->dropped : list->dropped;
    if (left > 0)
        (void)snprintf(w->text + used, sizeof(w->text) - used, " and %zu more", left);
    return w->text;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* Appends to the writer's text, as long as there is room. */
static void add_text(struct writer *w, const char *fmt, ...) VB_PRINTF(2, 3);
static void add_text(struct writer *w, const char *fmt, ...)
{
    const size_t used = strlen(w->text);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(w->text + used, sizeof(w->text) - used, fmt, args);
    va_end(args);
}

/* "api.example.com 3 requests, 812 bytes sent, 4096 received; …" */
static void network(struct writer *w)
{
    const struct vb_verdict *v = w->verdict;
    if (v->live_count == 0)
        return;
    w->text[0] = '\0';
    for (size_t i = 0; i < v->live_count; i++) {
        const struct vb_live_row *row = &v->live[i];
        add_text(w, "%s%s %llu request%s", i == 0 ? "" : "; ", row->name,
                 (unsigned long long)row->requests, plural(row->requests));
        if (row->requests > 0)
            add_text(w, ", %llu bytes sent, %llu received", (unsigned long long)row->sent,
                     (unsigned long long)row->received);
        if (row->failed > 0)
            add_text(w, ", %llu unanswered", (unsigned long long)row->failed);
    }
    if (v->live_withheld > 0)
        add_text(w, "; %llu request%s not passed on", (unsigned long long)v->live_withheld,
                 plural(v->live_withheld));
    vb_page_item(&w->page, 0, "LIVE      ", STYLE_BAD, "what was sent to these hosts really left");
    vb_page_item(&w->page, 10, "", STYLE_PLAIN, w->text);
}

/* The chain from what was found, through the policy, to what it makes of the verdict. */
static void chain(struct writer *w, unsigned indent, const char *reason, enum vb_decision decision)
{
    vb_page_item(&w->page, indent, "policy: ", STYLE_DIM,
                 format(w, "%s -> %s", reason, vb_decision_name(decision)));
}

/* No finding did it: what was not examined. */
static void doubt(struct writer *w)
{
    const struct vb_verdict *v = w->verdict;
    const struct vb_policy_rule *rule = &v->doubt_rule;
    char place[512] = "built in";
    if (v->doubt == NULL || rule->policy == NULL)
        return;
    if (rule->line > 0)
        (void)snprintf(place, sizeof(place), "%s:%zu", rule->policy, rule->line);
    vb_page_item(&w->page, 0, "policy: ", STYLE_DIM,
                 format(w, "%s: %s -> %s", place, rule->text, vb_decision_name(v->decision)));
}

static void head(struct writer *w)
{
    const struct vb_verdict *v = w->verdict;
    struct vb_name_list subject = v->names;
    char *fallback = v->artifact_name != NULL ? v->artifact_name : v->reference;
    if (subject.count == 0)
        subject = (struct vb_name_list){.items = &fallback, .count = fallback != NULL};
    vb_page_item(&w->page, 0, "Package   ", STYLE_DIM, joined(w, &subject, 3));
    if (v->kinds.count > 0)
        vb_page_item(&w->page, 0, "Kind      ", STYLE_DIM, joined(w, &v->kinds, 5));
    vb_page_item(&w->page, 0, "Reference ", STYLE_DIM, v->reference ? v->reference : "");
    if (v->artifact_sha256 != NULL)
        vb_page_item(&w->page, 0, "SHA-256   ", STYLE_DIM, v->artifact_sha256);
    network(w);
    vb_page_newline(&w->page);
    vb_page_item(&w->page, 0, shouted(v->decision), decision_style(v->decision), "");
    vb_page_item(&w->page, 0, "", STYLE_PLAIN, v->why ? v->why : "");
    doubt(w);
}

static const char *place_of(struct writer *w, const struct vb_finding *finding)
{
    const char *grade = vb_severity_name(finding->severity);
    const char *confidence = vb_confidence_name(finding->confidence);
    if (finding->path == NULL)
        return format(w, "%s, %s severity, %s confidence", finding->id, grade, confidence);
    if (finding->line == 0)
        return format(w, "%s, %s severity, %s confidence, in %s", finding->id, grade, confidence,
                      finding->path);
    return format(w, "%s, %s severity, %s confidence, in %s:%lld", finding->id, grade, confidence,
                  finding->path, (long long)finding->line);
}

static void events_of(struct writer *w, const struct vb_finding *finding, unsigned indent)
{
    size_t shown = 0;
    for (size_t i = 0; i < finding->evidence_count && shown < REASONS; i++) {
        const char *text = vb_evidence_text(&w->evidence, finding->evidence[i]);
        if (text == NULL)
            continue;
        char first[32];
        (void)snprintf(first, sizeof(first), "event %llu  ",
                       (unsigned long long)finding->evidence[i]);
        vb_page_item(&w->page, indent, first, STYLE_DIM, text);
        shown++;
    }
}

/* The findings that weigh most, each id once as long as there are others. */
static size_t strongest(const struct vb_verdict *v, const struct vb_finding *ret[REASONS])
{
    size_t count = 0;
    for (int again = 0; again < 2; again++)
        for (size_t i = 0; i < v->finding_count && count < REASONS; i++) {
            const struct vb_finding *finding = &v->findings[i];
            bool taken = finding->decision == VB_DECISION_ALLOW;
            for (size_t j = 0; j < count && !taken; j++)
                taken = ret[j] == finding || (again == 0 && strcmp(ret[j]->id, finding->id) == 0);
            if (!taken)
                ret[count++] = finding;
        }
    return count;
}

static void reasons(struct writer *w)
{
    const struct vb_finding *shown[REASONS];
    const size_t count = strongest(w->verdict, shown);
    if (count > 0)
        vb_page_heading(&w->page, "Why");
    for (size_t i = 0; i < count; i++) {
        char number[32];
        (void)snprintf(number, sizeof(number), "%zu. ", i + 1);
        vb_page_item(&w->page, 2, number, decision_style(shown[i]->decision), shown[i]->title);
        vb_page_item(&w->page, 5, "", STYLE_PLAIN, shown[i]->detail);
        vb_page_item(&w->page, 5, "", STYLE_DIM, place_of(w, shown[i]));
        if (shown[i]->policy_reason != NULL)
            chain(w, 5, shown[i]->policy_reason, shown[i]->decision);
        events_of(w, shown[i], 5);
    }
}

static const char *yes(bool value)
{
    return value ? "yes" : "no";
}

/* How much of it was looked at. */
static void coverage(struct writer *w)
{
    const struct vb_coverage *c = &w->verdict->coverage;
    char runs[160];
    if (c->executed_at_all)
        (void)snprintf(runs, sizeof(runs),
                       "%llu of %llu entry point%s ran to %s end, %llu stopped at the time limit",
                       (unsigned long long)c->executed, (unsigned long long)c->entry_points,
                       plural(c->entry_points), c->entry_points == 1 ? "its" : "their",
                       (unsigned long long)c->timed_out);
    else
        (void)snprintf(runs, sizeof(runs), "static: nothing was run, %llu entry point%s",
                       (unsigned long long)c->entry_points, plural(c->entry_points));
    vb_page_item(&w->page, 0, "Coverage  ", STYLE_DIM,
                 format(w, "%s; %llu file%s; %llu gap%s", runs, (unsigned long long)c->files,
                        plural(c->files), (unsigned long long)c->gaps, plural(c->gaps)));
}

/* A leg that stands, and the events that show it. */
static void one_leg(struct writer *w, enum vb_leg leg)
{
    static const char *const titles[VB_LEG_COUNT] = {"untrusted input  ", "private data     ",
                                                     "way out          ", "changes state    "};
    const struct vb_leg_row *row = &w->verdict->legs[leg];
    if (!row->present)
        return;
    (void)format(w, "%s", row->text);
    for (size_t i = 0, shown = 0; i < row->event_count && shown < REASONS; i++)
        if (row->events[i] > 0)
            add_text(w, "%s%llu", shown++ == 0 ? " (event " : ", ",
                     (unsigned long long)row->events[i]);
    add_text(w, "%s", row->event_count > 0 && row->events[0] > 0 ? ")" : "");
    vb_page_item(&w->page, 10, titles[leg], STYLE_DIM, w->text);
}

static void facts(struct writer *w)
{
    const struct vb_verdict *v = w->verdict;
    vb_page_newline(&w->page);
    vb_page_item(&w->page, 0, "Trifecta  ", STYLE_DIM,
                 format(w, "untrusted input %s, private data %s, way out %s%s",
                        yes(v->trifecta_untrusted_input), yes(v->trifecta_private_data),
                        yes(v->trifecta_outbound),
                        v->rule_of_two_broken ? "; breaks the rule of two" : ""));
    for (unsigned i = 0; v->rule_of_two_broken && i < VB_LEG_COUNT; i++)
        one_leg(w, (enum vb_leg)i);
    vb_page_item(&w->page, 0, "Signed    ", STYLE_DIM,
                 v->signers.count == 0 ? "by nobody" : joined(w, &v->signers, 4));
    coverage(w);
}

static void one_finding(struct writer *w, const struct vb_finding *f)
{
    char first[16];
    (void)snprintf(first, sizeof(first), "%-7s", vb_decision_name(f->decision));
    vb_page_item(&w->page, 2, first, decision_style(f->decision), f->title);
    vb_page_item(&w->page, 9, "", STYLE_PLAIN, place_of(w, f));
    vb_page_item(&w->page, 9, "", STYLE_PLAIN, f->detail);
    if (f->policy_reason != NULL)
        chain(w, 9, f->policy_reason, f->decision);
    if (f->evidence_count > 0) {
        size_t used = 0;
        for (size_t i = 0; i < f->evidence_count && i < 12; i++)
            used += (size_t)snprintf(w->text + used, sizeof(w->text) - used, "%s%llu",
                                     i == 0 ? "" : ", ", (unsigned long long)f->evidence[i]);
        const size_t more =
            f->evidence_more + (f->evidence_count > 12 ? f->evidence_count - 12 : 0);
        if (more > 0)
            (void)snprintf(w->text + used, sizeof(w->text) - used, " and %zu more", more);
        vb_page_item(&w->page, 9, "events: ", STYLE_DIM, w->text);
    }
}

static void findings(struct writer *w)
{
    const struct vb_verdict *v = w->verdict;
    if (v->finding_count == 0)
        return;
    vb_page_heading(&w->page, "Findings");
    for (size_t i = 0; i < v->finding_count; i++)
        one_finding(w, &v->findings[i]);
}

static void list(struct writer *w, const char *label, const struct vb_name_list *names)
{
    if (names->count == 0)
        return;
    vb_page_item(&w->page, 2, label, STYLE_BOLD, "");
    for (size_t i = 0; i < names->count && i < LIST_MAX; i++)
        vb_page_item(&w->page, 4, "", STYLE_PLAIN, names->items[i]);
    const size_t more = names->dropped + (names->count > LIST_MAX ? names->count - LIST_MAX : 0);
    if (more > 0)
        vb_page_item(&w->page, 4, "", STYLE_DIM,
                     format(w, "… and %zu more, all in the event log", more));
}

/* --- declared against observed --- */

/* In the text, what is no difference is one line for all. */
static bool is_together(enum vb_use_mark mark)
{
    return mark == VB_USE_ORDINARY || mark == VB_USE_MENTIONED;
}

static const char *remark(const struct vb_use_row *row)
{
    static const char *const words[VB_USE_MARK_COUNT] = {
        [VB_USE_UNDISCLOSED] = "USED, AND DISCLOSED NOWHERE",
        [VB_USE_UNUSED] = "asked for, and never used",
        [VB_USE_UNPROVEN] = "not used in what was run",
        [VB_USE_DISCLOSED] = "",
        [VB_USE_ORDINARY] = "nothing to disclose",
        [VB_USE_MENTIONED] = "only mentioned",
    };
    if (row->mark == VB_USE_UNDISCLOSED && (row->declared || row->documented))
        return "USED, and no text can disclose that";
    if (row->mark == VB_USE_UNPROVEN && row->use == VB_USE_ENV)
        return "reading it leaves no trace";
    if (row->mark == VB_USE_UNPROVEN && row->use == VB_USE_TOOLS)
        return "the agent's to use";
    return words[row->mark];
}

static enum style mark_style(enum vb_use_mark mark)
{
    return mark == VB_USE_UNDISCLOSED ? STYLE_BAD
           : mark == VB_USE_UNUSED    ? STYLE_WARN
           : is_together(mark)        ? STYLE_DIM
                                      : STYLE_PLAIN;
}

/* The columns stand first, so that names of any length wrap behind them. */
static void use_line(struct writer *w, const struct vb_use_row *row, const char *names)
{
    char columns[48];
    char line[TEXT_MAX];
    const char *why = remark(row);
    const bool unsure = row->mark == VB_USE_UNPROVEN;
    (void)snprintf(columns, sizeof(columns), "%-10s%-12s%-10s", row->declared ? "yes" : "-",
                   row->documented ? "yes" : "-", row->observed ? "yes" : (unsure ? "?" : "-"));
    (void)snprintf(line, sizeof(line), "%s%s%s", names, why[0] != '\0' ? ": " : "", why);
    vb_page_item(&w->page, 4, columns, mark_style(row->mark), line);
}

/* The rows from FIRST that have its mark and columns, in one line. */
static size_t together(struct writer *w, size_t first)
{
    const struct vb_verdict *v = w->verdict;
    const struct vb_use_row *row = &v->uses[first];
    size_t at = first, shown = 0;
    w->text[0] = '\0';
    for (; at < v->use_count && v->uses[at].use == row->use && v->uses[at].mark == row->mark; at++)
        if (shown < LIST_MAX && ++shown > 0)
            add_text(w, "%s%.200s", shown == 1 ? "" : ", ", v->uses[at].name);
    if (at - first > shown)
        add_text(w, " and %zu more", at - first - shown);
    /* Some of these may be declared as one of several; the columns are those of most. */
    const struct vb_use_row shared = {.use = row->use,
                                      .mark = row->mark,
                                      .documented = row->mark == VB_USE_MENTIONED,
                                      .observed = row->observed};
    use_line(w, &shared, w->text);
    return at;
}

static size_t uses_of(struct writer *w, size_t first)
{
    static const char *const titles[VB_USE_COUNT] = {"Hosts", "Programs", "Files", "Environment",
                                                     "Tools"};
    const struct vb_verdict *v = w->verdict;
    const enum vb_use use = v->uses[first].use;
    size_t at = first, shown = 0, hidden = 0;
    vb_page_item(&w->page, 2, titles[use], STYLE_BOLD, "");
    while (at < v->use_count && v->uses[at].use == use) {
        if (is_together(v->uses[at].mark)) {
            at = together(w, at);
            continue;
        }
        if (shown < LIST_MAX) {
            use_line(w, &v->uses[at], v->uses[at].name);
            shown++;
        } else {
            hidden++;
        }
        at++;
    }
    if (hidden > 0)
        vb_page_item(&w->page, 36, "", STYLE_DIM,
                     format(w, "… and %zu more, all in the JSON report", hidden));
    return at;
}

static void uses(struct writer *w)
{
    const struct vb_verdict *v = w->verdict;
    bool unproven = false;
    if (v->use_count == 0)
        return;
    vb_page_heading(&w->page, "What it says and what it does");
    vb_page_item(&w->page, 4, "declared  documented  observed", STYLE_DIM, "");
    for (size_t at = 0; at < v->use_count;)
        at = uses_of(w, at);
    for (size_t i = 0; i < v->use_count; i++)
        unproven |= v->uses[i].mark == VB_USE_UNPROVEN && v->uses[i].use <= VB_USE_FILES;
    if (unproven && v->uses_doubt != NULL)
        vb_page_item(&w->page, 2, "? ", STYLE_DIM,
                     format(w, "It may be needed all the same: %s.", v->uses_doubt));
    if (v->uses_dropped > 0)
        vb_page_item(&w->page, 2, "", STYLE_DIM,
                     format(w, "… and %zu that the table does not hold", v->uses_dropped));
}

/* Which secrets went where: what a review of the posture asks first. */
static void flows(struct writer *w)
{
    const struct vb_verdict *v = w->verdict;
    if (v->flow_count == 0)
        return;
    vb_page_heading(&w->page, "Secrets on their way");
    for (size_t i = 0; i < v->flow_count && i < LIST_MAX; i++) {
        const struct vb_flow_row *row = &v->flows[i];
        const bool answer = strcmp(row->how, "answer") == 0;
        const bool attempt = strcmp(row->how, "attempt") == 0;
        (void)format(w, "%s (%s)%s%s %s %s", row->secret, row->name, row->form ? ", " : "",
                     row->form ? row->form : "", attempt ? "opened, then reached:" : "->",
                     answer      ? "the client's model"
                     : row->host ? row->host
                                 : "an unknown host");
        add_text(w, "%s%s, %s (event %llu)", row->entry_point ? ", by " : "",
                 row->entry_point ? row->entry_point : "",
                 row->disclosed ? "disclosed" : "NOT DISCLOSED", (unsigned long long)row->event);
        vb_page_item(&w->page, 2, "", STYLE_PLAIN, w->text);
    }
    const size_t more =
        v->flows_dropped + (v->flow_count > LIST_MAX ? v->flow_count - LIST_MAX : 0);
    if (more > 0)
        vb_page_item(&w->page, 2, "", STYLE_DIM,
                     format(w, "… and %zu more, all in the event log", more));
}

/* What the table above does not hold: hooks, installs, … */
static void declared(struct writer *w)
{
    const struct vb_name_list *all = &w->verdict->declared;
    static const char *const in_table[] = {"host ", "bin ", "path ", "env ", "tool "};
    struct vb_name_list rest = {.items = calloc(all->count + 1, sizeof(*rest.items)),
                                .dropped = all->dropped};
    if (rest.items == NULL) {
        w->page.status = vb_fail(w->page.err, VB_E_NOMEM, 0, "writing the report");
        return;
    }
    for (size_t i = 0; i < all->count; i++) {
        bool taken = false;
        for (size_t k = 0; k < VB_ARRAY_LEN(in_table); k++)
            taken |= strncmp(all->items[i], in_table[k], strlen(in_table[k])) == 0;
        if (!taken)
            rest.items[rest.count++] = all->items[i];
    }
    list(w, "Also declared", &rest);
    free(rest.items);
}

static void behaviour(struct writer *w)
{
    const struct vb_verdict *v = w->verdict;
    uses(w);
    declared(w);
    flows(w);
    if (v->commands.count + v->hosts.count + v->files_written.count + v->baits_read.count +
            v->made_code.count + v->asked.count ==
        0)
        return;
    vb_page_heading(&w->page, "What it did");
    list(w, "Commands", &v->commands);
    list(w, "Hosts that it tried to reach", &v->hosts);
    list(w, "Hosts that it names nowhere", &v->undisclosed);
    list(w, "Code that it made", &v->made_code);
    list(w, "Asked of modules that are missing", &v->asked);
    list(w, "Files written", &v->files_written);
    list(w, "Baits opened", &v->baits_read);
}

static void counted(struct writer *w, const char *label, const char *text)
{
    vb_page_item(&w->page, 2, label, STYLE_BOLD, text);
}

/* The numbers, and what stopped the runs that did not come to their end. */
static void examined(struct writer *w)
{
    const struct vb_verdict *v = w->verdict;
    const struct vb_coverage *c = &v->coverage;
    if (!c->executed_at_all)
        return;
    vb_page_heading(&w->page, "What was examined");
    counted(w, "Files         ",
            format(w, "%llu of %llu read", (unsigned long long)(c->files - c->files_unread),
                   (unsigned long long)c->files));
    counted(w, "Entry points  ",
            format(w, "%llu found, %llu run, %llu to their end",
                   (unsigned long long)c->entry_points, (unsigned long long)c->run,
                   (unsigned long long)c->executed));
    if (c->calls > 0)
        counted(w, "Calls         ",
                format(w, "%llu of %llu made, of subcommands and functions",
                       (unsigned long long)c->calls_run, (unsigned long long)c->calls));
    if (c->tools > 0)
        counted(w, "Tools         ",
                format(w, "%llu of %llu called", (unsigned long long)c->tools_called,
                       (unsigned long long)c->tools));
    if (c->lines_present > 0)
        counted(w, "Lines         ",
                format(w, "%llu of %llu executed, of scripts that were probed",
                       (unsigned long long)c->lines_executed,
                       (unsigned long long)c->lines_present));
    size_t shown = 0;
    for (size_t i = 0; i < v->run_count && shown < LIST_MAX; i++) {
        if (strcmp(v->runs[i].outcome, "ended") == 0)
            continue;
        vb_page_item(&w->page, 4, "", STYLE_PLAIN,
                     format(w, "%s: %s%s%s", v->runs[i].entry_point, v->runs[i].outcome,
                            v->runs[i].missing != NULL ? ": " : "",
                            v->runs[i].missing != NULL ? v->runs[i].missing : ""));
        shown++;
    }
}

static void not_covered(struct writer *w)
{
    if (w->verdict->gaps.count == 0)
        return;
    vb_page_heading(&w->page, "What was not covered");
    for (size_t i = 0; i < w->verdict->gaps.count; i++)
        vb_page_item(&w->page, 2, "", STYLE_PLAIN, w->verdict->gaps.items[i]);
    if (w->verdict->gaps.dropped > 0)
        vb_page_item(&w->page, 2, "", STYLE_DIM,
                     format(w, "… and %zu more, all in the event log", w->verdict->gaps.dropped));
}

int vb_report_text(const struct vb_verdict *verdict, int log_fd,
                   const struct vb_report_options *options, int out_fd, struct vb_error *err)
{
    VB_CLEANUP_FREE struct writer *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "writing the report");
    const int status = vb_evidence_read(verdict, log_fd, &w->evidence, err);
    if (status < 0)
        return status;
    w->verdict = verdict;
    vb_page_init(&w->page, out_fd, options, err);
    head(w);
    reasons(w);
    facts(w);
    findings(w);
    behaviour(w);
    examined(w);
    not_covered(w);
    vb_evidence_done(&w->evidence);
    return vb_page_finish(&w->page);
}
