/* policy explain of a JSON report. Trust boundary: the report may be anybody's file; it is read as
 * JSON, within bounds, and its texts are printed escaped. */
#include "cli/explained.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REPORT_MAX = 64 * 1024 * 1024, FINDINGS_MAX = 8192 };

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* A member of a const structure that has no const of its own. */
static char *borrowed(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return (char *)(uintptr_t)text;
}

int vb_explained_open(const char *path, json_t **ret, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    struct vb_error none = {0};
    struct stat st;
    vb_buf_init(&text, REPORT_MAX);
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > REPORT_MAX)
        return VB_OK; /* who reads it next says why */
    const int status = vb_buf_read_fd(&text, fd, err);
    if (status < 0)
        return status;
    if (text.len == 0 || text.data[0] != '{' ||
        vb_json_parse((const char *)text.data, text.len, REPORT_MAX, &json, &none) < 0 ||
        strcmp(text_of(json, "format"), "vetbox-report/1") != 0)
        return VB_OK;
    *ret = vb_steal(json);
    return VB_OK;
}

static int named(const char *text, const char *(*name)(unsigned), unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(name(i), text) == 0)
            return (int)i;
    return -1;
}

static const char *severity(unsigned i)
{
    return vb_severity_name((enum vb_severity)i);
}

static const char *confidence(unsigned i)
{
    return vb_confidence_name((enum vb_confidence)i);
}

static const char *decision(unsigned i)
{
    return vb_decision_name((enum vb_decision)i);
}

static int no_report(struct vb_error *err)
{
    return vb_fail(err, VB_E_DATA, 0, "this is no whole report of vetbox");
}

/* The strings stay the report's. */
static int read_finding(const json_t *row, struct vb_finding *ret, struct vb_error *err)
{
    const int grave = named(text_of(row, "severity"), severity, VB_SEVERITY_CRITICAL + 1);
    const int sure = named(text_of(row, "confidence"), confidence, VB_CONFIDENCE_HIGH + 1);
    const int decided = named(text_of(row, "decision"), decision, VB_DECISION_BLOCK + 1);
    if (text_of(row, "id")[0] == '\0' || grave < 0 || sure < 0 || decided < 0)
        return no_report(err);
    const char *reason = text_of(row, "policy");
    *ret = (struct vb_finding){
        .id = borrowed(row, "id"),
        .severity = (enum vb_severity)grave,
        .confidence = (enum vb_confidence)sure,
        .decision = (enum vb_decision)decided,
        .policy_reason = reason[0] != '\0' ? borrowed(row, "policy") : borrowed(row, "decision"),
        .path = borrowed(row, "path"),
        .line = json_integer_value(json_object_get(row, "line")),
        .host = borrowed(row, "host"),
    };
    return VB_OK;
}

/* Coverage that decided, as the chain tells it. */
static void read_doubt(const json_t *report, struct vb_verdict *verdict)
{
    size_t i = 0;
    const json_t *link = NULL;
    json_array_foreach(json_object_get(report, "chain"), i, link)
    {
        const json_t *rule = json_object_get(link, "rule");
        if (text_of(link, "coverage")[0] == '\0')
            continue;
        verdict->doubt = borrowed(link, "coverage");
        if (text_of(rule, "policy")[0] != '\0' && text_of(rule, "text")[0] != '\0')
            verdict->doubt_rule = (struct vb_policy_rule){
                borrowed(rule, "policy"), (size_t)json_integer_value(json_object_get(rule, "line")),
                borrowed(rule, "text")};
    }
}

static int say_anew(const struct vb_verdict *verdict, const struct vb_policy *policy,
                    struct vb_buf *buf, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; i < verdict->finding_count && status == VB_OK; i++)
        status = vb_policy_explain_finding(policy, &verdict->findings[i], verdict->clock, buf, err);
    return status < 0 ? status
                      : vb_buf_append_str(buf,
                                          "A report holds neither packages nor the counts of what "
                                          "was not examined: judge the evidence for the verdict.\n",
                                          err);
}

int vb_explained_say(const json_t *report, const struct vb_policy *policy, struct vb_buf *buf,
                     struct vb_error *err)
{
    const json_t *rows = json_object_get(report, "findings");
    const size_t count = json_array_size(rows);
    const int decided = named(text_of(report, "verdict"), decision, VB_DECISION_BLOCK + 1);
    if (!json_is_array(rows) || decided < 0 || count > FINDINGS_MAX ||
        text_of(report, "why")[0] == '\0')
        return no_report(err);
    VB_CLEANUP_FREE struct vb_finding *findings = calloc(count + 1, sizeof(*findings));
    if (findings == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "reading the report");
    struct vb_verdict verdict = {.decision = (enum vb_decision)decided,
                                 .why = borrowed(report, "why"),
                                 .clock = json_integer_value(json_object_get(report, "clock")),
                                 .findings = findings,
                                 .finding_count = count};
    int status = VB_OK;
    for (size_t i = 0; i < count && status == VB_OK; i++)
        status = read_finding(json_array_get(rows, i), &findings[i], err);
    if (status < 0)
        return status;
    read_doubt(report, &verdict);
    return policy != NULL ? say_anew(&verdict, policy, buf, err)
                          : vb_policy_explain_verdict(&verdict, buf, err);
}
