/* The finding table and the names of its scales. */
#include "verdict/internal.h"

static const struct vb_finding_type types[] = {
#define VB_FINDING(id, name, severity, confidence, title, mapping, explanation) \
    {name, VB_SEVERITY_##severity, VB_CONFIDENCE_##confidence, title, explanation, mapping},
#include "verdict/findings.def"
#undef VB_FINDING
};

size_t vb_finding_types(const struct vb_finding_type **ret)
{
    *ret = types;
    return VB_ARRAY_LEN(types);
}

const struct vb_finding_type *vb_finding_type(enum finding_id id)
{
    return &types[id];
}

static const char *const severities[] = {"info", "low", "medium", "high", "critical"};
static const char *const confidences[] = {"low", "medium", "high"};
static const char *const decisions[] = {"allow", "review", "block"};

const char *vb_severity_name(enum vb_severity severity)
{
    return (size_t)severity < VB_ARRAY_LEN(severities) ? severities[severity] : "unknown";
}

const char *vb_confidence_name(enum vb_confidence confidence)
{
    return (size_t)confidence < VB_ARRAY_LEN(confidences) ? confidences[confidence] : "unknown";
}

const char *vb_decision_name(enum vb_decision decision)
{
    return (size_t)decision < VB_ARRAY_LEN(decisions) ? decisions[decision] : "unknown";
}

static int position(const char *const *names, size_t count, const char *text, size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i]) == len && memcmp(names[i], text, len) == 0)
            return (int)i;
    return -1;
}

int vb_severity_named(const char *text, size_t len)
{
    return position(severities, VB_ARRAY_LEN(severities), text, len);
}

int vb_confidence_named(const char *text, size_t len)
{
    return position(confidences, VB_ARRAY_LEN(confidences), text, len);
}

int vb_decision_named(const char *text, size_t len)
{
    return position(decisions, VB_ARRAY_LEN(decisions), text, len);
}
