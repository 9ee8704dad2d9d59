/* The report for machines. Members stand in the order of docs/schema/report.schema.json. */
#include "report/internal.h"

static void write_count(struct vb_json_out *out, const char *key, uint64_t count)
{
    vb_json_key(out, key);
    vb_json_uint(out, count);
}

static void write_names(struct vb_json_out *out, const char *key, const struct vb_name_list *list)
{
    vb_json_key(out, key);
    vb_json_begin_object(out);
    vb_json_key(out, "items");
    vb_json_begin_array(out);
    for (size_t i = 0; i < list->count; i++)
        vb_json_str(out, list->items[i]);
    vb_json_end_array(out);
    write_count(out, "dropped", list->dropped);
    vb_json_end_object(out);
}

static void write_place(struct vb_json_out *out, const struct vb_finding *finding)
{
    vb_json_member_str(out, "path", finding->path);
    if (finding->path != NULL && finding->line > 0)
        vb_json_member_int(out, "line", finding->line);
    vb_json_member_str(out, "host", finding->host);
}

static const char *explanation_of(const char *id)
{
    const struct vb_finding_type *types = NULL;
    const size_t count = vb_finding_types(&types);
    for (size_t i = 0; i < count; i++)
        if (strcmp(types[i].id, id) == 0)
            return types[i].explanation;
    return NULL;
}

/* Where the policy says so; the object is left out where no row of it does. */
static void write_rule(struct vb_json_out *out, const struct vb_policy_rule *rule)
{
    if (rule->policy == NULL)
        return;
    vb_json_key(out, "rule");
    vb_json_begin_object(out);
    vb_json_member_str(out, "policy", rule->policy);
    if (rule->line > 0)
        vb_json_member_int(out, "line", (int64_t)rule->line);
    vb_json_member_str(out, "text", rule->text);
    vb_json_end_object(out);
}

static void write_finding(struct vb_json_out *out, const struct vb_finding *finding)
{
    vb_json_begin_object(out);
    vb_json_member_str(out, "id", finding->id);
    vb_json_member_str(out, "title", finding->title);
    vb_json_member_str(out, "severity", vb_severity_name(finding->severity));
    vb_json_member_str(out, "confidence", vb_confidence_name(finding->confidence));
    vb_json_member_str(out, "decision", vb_decision_name(finding->decision));
    vb_json_member_str(out, "policy", finding->policy_reason);
    write_rule(out, &finding->rule);
    vb_json_member_str(out, "detail", finding->detail);
    vb_json_member_str(out, "explanation", explanation_of(finding->id));
    write_place(out, finding);
    vb_json_key(out, "mapping");
    vb_json_begin_array(out);
    for (char **tag = finding->mapping; *tag != NULL; tag++)
        vb_json_str(out, *tag);
    vb_json_end_array(out);
    write_count(out, "occurrences", finding->occurrences);
    vb_json_key(out, "evidence");
    vb_json_begin_array(out);
    for (size_t i = 0; i < finding->evidence_count; i++)
        vb_json_uint(out, finding->evidence[i]);
    vb_json_end_array(out);
    write_count(out, "evidence_more", finding->evidence_more);
    vb_json_end_object(out);
}

/* From what was found to the verdict: a link for each finding, or for what was not examined, that
 * weighs as much as the verdict does. */
static void write_chain(struct vb_json_out *out, const struct vb_verdict *verdict)
{
    vb_json_key(out, "chain");
    vb_json_begin_array(out);
    for (size_t i = 0; i < verdict->finding_count; i++) {
        const struct vb_finding *finding = &verdict->findings[i];
        if (verdict->decision == VB_DECISION_ALLOW || finding->decision != verdict->decision)
            continue;
        vb_json_begin_object(out);
        vb_json_member_str(out, "finding", finding->id);
        write_place(out, finding);
        write_rule(out, &finding->rule);
        vb_json_member_str(out, "decision", vb_decision_name(finding->decision));
        vb_json_end_object(out);
    }
    if (verdict->doubt != NULL) {
        vb_json_begin_object(out);
        vb_json_member_str(out, "coverage", verdict->doubt);
        write_rule(out, &verdict->doubt_rule);
        vb_json_member_str(out, "decision", vb_decision_name(verdict->decision));
        vb_json_end_object(out);
    }
    vb_json_end_array(out);
}

static void write_subject(struct vb_json_out *out, const struct vb_verdict *verdict)
{
    vb_json_key(out, "artifact");
    vb_json_begin_object(out);
    vb_json_member_str(out, "name", verdict->artifact_name);
    vb_json_member_str(out, "sha256", verdict->artifact_sha256);
    vb_json_end_object(out);
    write_names(out, "kinds", &verdict->kinds);
    write_names(out, "names", &verdict->names);
    write_names(out, "signers", &verdict->signers);
}

static void write_coverage(struct vb_json_out *out, const struct vb_verdict *verdict)
{
    const struct vb_coverage *coverage = &verdict->coverage;
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {{"files", coverage->files},
                  {"files_unread", coverage->files_unread},
                  {"reached", coverage->reached},
                  {"reached_unread", coverage->reached_unread},
                  {"entry_points", coverage->entry_points},
                  {"run", coverage->run},
                  {"executed", coverage->executed},
                  {"timed_out", coverage->timed_out},
                  {"calls", coverage->calls},
                  {"calls_run", coverage->calls_run},
                  {"tools", coverage->tools},
                  {"tools_called", coverage->tools_called},
                  {"gaps", coverage->gaps}};
    vb_json_key(out, "coverage");
    vb_json_begin_object(out);
    vb_json_member_bool(out, "executed_at_all", coverage->executed_at_all);
    for (size_t i = 0; i < VB_ARRAY_LEN(counts); i++)
        write_count(out, counts[i].key, counts[i].value);
    vb_json_key(out, "runs");
    vb_json_begin_array(out);
    for (size_t i = 0; i < verdict->run_count; i++) {
        vb_json_begin_object(out);
        vb_json_member_str(out, "entry_point", verdict->runs[i].entry_point);
        vb_json_member_str(out, "outcome", verdict->runs[i].outcome);
        vb_json_member_str(out, "missing", verdict->runs[i].missing);
        vb_json_end_object(out);
    }
    vb_json_end_array(out);
    if (coverage->lines_present > 0) {
        write_count(out, "lines_executed", coverage->lines_executed);
        write_count(out, "lines_present", coverage->lines_present);
    }
    write_names(out, "not_covered", &verdict->gaps);
    vb_json_end_object(out);
}

/* Only where something could leave. */
static void write_live(struct vb_json_out *out, const struct vb_verdict *verdict)
{
    if (verdict->live_count == 0)
        return;
    vb_json_key(out, "live");
    vb_json_begin_object(out);
    vb_json_key(out, "hosts");
    vb_json_begin_array(out);
    for (size_t i = 0; i < verdict->live_count; i++) {
        const struct vb_live_row *row = &verdict->live[i];
        vb_json_begin_object(out);
        vb_json_member_str(out, "name", row->name);
        write_count(out, "requests", row->requests);
        write_count(out, "failed", row->failed);
        write_count(out, "bytes_sent", row->sent);
        write_count(out, "bytes_received", row->received);
        vb_json_end_object(out);
    }
    vb_json_end_array(out);
    write_count(out, "withheld", verdict->live_withheld);
    vb_json_end_object(out);
}

static void write_permission(struct vb_json_out *out, const struct vb_permission_row *row)
{
    vb_json_begin_object(out);
    vb_json_member_str(out, "value", row->value);
    vb_json_member_str(out, "path", row->path);
    if (row->line > 0)
        vb_json_member_int(out, "line", row->line);
    if (row->key[0] != '\0')
        vb_json_member_str(out, "key", row->key);
    if (row->detail[0] != '\0')
        vb_json_member_str(out, "detail", row->detail);
    vb_json_end_object(out);
}

static void write_permissions(struct vb_json_out *out, const struct vb_verdict *verdict)
{
    vb_json_key(out, "permissions");
    vb_json_begin_object(out);
    size_t at = 0;
    for (unsigned i = 0; i < VB_PERMISSION_COUNT; i++) {
        vb_json_key(out, vb_permission_name((enum vb_permission)i));
        vb_json_begin_array(out);
        for (; at < verdict->permission_count && verdict->permissions[at].permission == i; at++)
            write_permission(out, &verdict->permissions[at]);
        vb_json_end_array(out);
    }
    write_count(out, "dropped", verdict->permissions_dropped);
    vb_json_end_object(out);
}

static void write_use(struct vb_json_out *out, const struct vb_use_row *row)
{
    vb_json_begin_object(out);
    vb_json_member_str(out, "name", row->name);
    vb_json_member_str(out, "mark", vb_use_mark_name(row->mark));
    vb_json_member_bool(out, "declared", row->declared);
    vb_json_member_bool(out, "documented", row->documented);
    vb_json_member_bool(out, "observed", row->observed);
    vb_json_member_str(out, "path", row->path);
    if (row->path != NULL && row->line > 0)
        vb_json_member_int(out, "line", row->line);
    if (row->event > 0)
        write_count(out, "event", row->event);
    vb_json_end_object(out);
}

/* Declared against observed, in one table. */
static void write_uses(struct vb_json_out *out, const struct vb_verdict *verdict)
{
    size_t at = 0;
    vb_json_key(out, "uses");
    vb_json_begin_object(out);
    for (unsigned i = 0; i < VB_USE_COUNT; i++) {
        vb_json_key(out, vb_use_name((enum vb_use)i));
        vb_json_begin_array(out);
        for (; at < verdict->use_count && verdict->uses[at].use == i; at++)
            write_use(out, &verdict->uses[at]);
        vb_json_end_array(out);
    }
    vb_json_member_bool(out, "everything_ran", verdict->uses_doubt == NULL);
    vb_json_member_str(out, "doubt", verdict->uses_doubt);
    write_count(out, "dropped", verdict->uses_dropped);
    vb_json_end_object(out);
}

static void write_leg(struct vb_json_out *out, enum vb_leg leg, const struct vb_leg_row *row)
{
    vb_json_begin_object(out);
    vb_json_member_str(out, "leg", vb_leg_name(leg));
    vb_json_member_str(out, "how", row->observed ? "observed" : "said");
    vb_json_member_str(out, "what", row->text);
    vb_json_key(out, "events");
    vb_json_begin_array(out);
    for (size_t i = 0; i < row->event_count; i++)
        if (row->events[i] > 0)
            vb_json_uint(out, row->events[i]);
    vb_json_end_array(out);
    vb_json_end_object(out);
}

static void write_trifecta(struct vb_json_out *out, const struct vb_verdict *verdict)
{
    vb_json_key(out, "trifecta");
    vb_json_begin_object(out);
    vb_json_member_bool(out, "untrusted_input", verdict->trifecta_untrusted_input);
    vb_json_member_bool(out, "private_data", verdict->trifecta_private_data);
    vb_json_member_bool(out, "outbound", verdict->trifecta_outbound);
    vb_json_member_bool(out, "state_change", verdict->legs[VB_LEG_STATE_CHANGE].present);
    vb_json_member_bool(out, "complete", verdict->trifecta);
    vb_json_member_bool(out, "rule_of_two", !verdict->rule_of_two_broken);
    vb_json_key(out, "legs");
    vb_json_begin_array(out);
    for (unsigned i = 0; i < VB_LEG_COUNT; i++)
        if (verdict->legs[i].present)
            write_leg(out, (enum vb_leg)i, &verdict->legs[i]);
    vb_json_end_array(out);
    vb_json_end_object(out);
}

static void write_flow(struct vb_json_out *out, const struct vb_flow_row *row)
{
    vb_json_begin_object(out);
    vb_json_member_str(out, "kind", row->kind);
    vb_json_member_str(out, "secret", row->secret);
    vb_json_member_str(out, "bait", row->bait);
    vb_json_member_str(out, "name", row->name);
    vb_json_member_str(out, "how", row->how);
    vb_json_member_str(out, "form", row->form);
    vb_json_member_str(out, "host", row->host);
    vb_json_member_bool(out, "disclosed", row->disclosed);
    vb_json_member_str(out, "entry_point", row->entry_point);
    write_count(out, "event", row->event);
    vb_json_end_object(out);
}

/* Which secrets went to whom, and through what. */
static void write_flows(struct vb_json_out *out, const struct vb_verdict *verdict)
{
    vb_json_key(out, "flows");
    vb_json_begin_object(out);
    vb_json_key(out, "items");
    vb_json_begin_array(out);
    for (size_t i = 0; i < verdict->flow_count; i++)
        write_flow(out, &verdict->flows[i]);
    vb_json_end_array(out);
    write_count(out, "dropped", verdict->flows_dropped);
    vb_json_end_object(out);
}

static void write_behaviour(struct vb_json_out *out, const struct vb_verdict *verdict)
{
    write_trifecta(out, verdict);
    write_uses(out, verdict);
    write_flows(out, verdict);
    write_names(out, "declared", &verdict->declared);
    write_permissions(out, verdict);
    vb_json_key(out, "observed");
    vb_json_begin_object(out);
    write_names(out, "commands", &verdict->commands);
    write_names(out, "hosts", &verdict->hosts);
    write_names(out, "undisclosed_hosts", &verdict->undisclosed);
    if (verdict->made_code.count > 0)
        write_names(out, "made_code", &verdict->made_code);
    if (verdict->asked.count > 0)
        write_names(out, "asked_of_modules", &verdict->asked);
    write_names(out, "files_written", &verdict->files_written);
    write_names(out, "baits_read", &verdict->baits_read);
    vb_json_end_object(out);
}

int vb_report_json(const struct vb_verdict *verdict, int log_fd,
                   const struct vb_report_options *options, int out_fd, struct vb_error *err)
{
    (void)log_fd;
    struct vb_json_out out;
    vb_json_out_fd(&out, &out_fd, options == NULL || !options->one_line, err);
    vb_json_begin_object(&out);
    vb_json_member_str(&out, "format", "vetbox-report/1");
    vb_json_member_str(&out, "tool", verdict->tool);
    vb_json_member_str(&out, "reference", verdict->reference);
    vb_json_member_str(&out, "action", verdict->action);
    vb_json_member_int(&out, "clock", verdict->clock);
    vb_json_member_str(&out, "verdict", vb_decision_name(verdict->decision));
    vb_json_member_str(&out, "why", verdict->why);
    write_chain(&out, verdict);
    write_subject(&out, verdict);
    vb_json_key(&out, "findings");
    vb_json_begin_array(&out);
    for (size_t i = 0; i < verdict->finding_count; i++)
        write_finding(&out, &verdict->findings[i]);
    vb_json_end_array(&out);
    write_coverage(&out, verdict);
    write_live(&out, verdict);
    write_behaviour(&out, verdict);
    vb_json_key(&out, "events");
    vb_json_uint(&out, verdict->events);
    vb_json_end_object(&out);
    if (vb_json_finish(&out) < 0)
        return vb_wrap(err, "writing the report");
    return vb_write_all(out_fd, "\n", 1, err);
}
