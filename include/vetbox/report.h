/* report: events + verdict → bytes. Pure, and all package text is escaped. Includes no stage. */
#ifndef VETBOX_REPORT_H
#define VETBOX_REPORT_H

#include "vetbox/core.h"
#include "vetbox/verdict.h"

struct vb_report_options {
    bool color;
    unsigned width; /* columns of text; 0: 80 */
};

struct vb_report_format {
    const char *name; /* text, json */
    const char *description;
    int (*write)(const struct vb_verdict *verdict, int log_fd,
                 const struct vb_report_options *options, int out_fd, struct vb_error *err);
};

/* NULL for an unknown name. */
const struct vb_report_format *vb_report_format_named(const char *name);
size_t vb_report_formats(const struct vb_report_format **ret);

#endif
