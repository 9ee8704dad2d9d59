/* The table of report formats. */
#include "report/internal.h"

static const struct vb_report_format formats[] = {
    {"text", "for people: the verdict and why on one screen, then everything else", vb_report_text},
    {"json", "for machines: docs/schema/report.schema.json", vb_report_json},
};

size_t vb_report_formats(const struct vb_report_format **ret)
{
    *ret = formats;
    return VB_ARRAY_LEN(formats);
}

const struct vb_report_format *vb_report_format_named(const char *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}
