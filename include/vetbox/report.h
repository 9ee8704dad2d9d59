/* report: events + verdict → bytes. Pure, and all package text is escaped. Includes no stage. */
#ifndef VETBOX_REPORT_H
#define VETBOX_REPORT_H

#include "vetbox/core.h"
#include "vetbox/verdict.h"

struct vb_report_options {
    bool color;
    unsigned width; /* columns of text; 0: 80, or whole lines where events are followed */
    bool one_line;  /* JSON in a single line */
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

/* --- profiles: the least privilege that the observed honest behaviour needs --- */

struct vb_profile_format {
    const char *name; /* srt, seccomp, … */
    const char *description;
};
size_t vb_profile_formats(const struct vb_profile_format **ret);
bool vb_profile_known(const char *format);
/* Writes the profile of FORMAT. VB_E_CONFIG for a package that is block, or of which nothing was
 * run: there is none. What findings name is left out and listed in a comment. */
VB_CHECKED int vb_profile_write(const struct vb_verdict *verdict, int log_fd, const char *format,
                                int out_fd, struct vb_error *err);

/* --- live: a run as somebody watches it --- */

/* Appends to OUT the line for one event: seconds since the start, program and process, and what it
 * does in words; nothing for what nobody wants to know (forks, probes, the system's own files). All
 * text is escaped, and the line is cut to the width. Pure. */
VB_CHECKED int vb_live_line(const struct vb_event *event, const struct vb_report_options *options,
                            struct vb_buf *out, struct vb_error *err);

/* The same for a whole run: what repeats is said once, then counted; a flood is cut to a few dozen
 * lines a second, and says so. */
struct vb_live;
VB_CHECKED int vb_live_new(const struct vb_report_options *options, struct vb_live **ret,
                           struct vb_error *err);
void vb_live_free(struct vb_live *live);
/* Appends to OUT the lines that this event brings. Events come in the order of their time. */
VB_CHECKED int vb_live_see(struct vb_live *live, const struct vb_event *event, struct vb_buf *out,
                           struct vb_error *err);
/* What is still counted. */
VB_CHECKED int vb_live_end(struct vb_live *live, struct vb_buf *out, struct vb_error *err);

#endif
