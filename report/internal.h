/* What the files of report/ share. Trust boundary: every string of a verdict may come from a
 * package; text goes through vb_text_escape, JSON through the JSON writer. */
#ifndef REPORT_INTERNAL_H
#define REPORT_INTERNAL_H

#include "vetbox/report.h"

/* --- page.c: text for people --- */

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_WARN, STYLE_BAD };

/* A page of WIDTH columns. Errors stick; page_finish tells. */
struct page {
    struct vb_buf buf;  /* what was not written yet */
    struct vb_buf safe; /* text being escaped */
    int fd;
    unsigned width;
    bool color;
    int status;
    struct vb_error *err;
};

void vb_page_init(struct page *page, int fd, const struct vb_report_options *options,
                  struct vb_error *err);
int vb_page_finish(struct page *page);
void vb_page_newline(struct page *page);
/* A line of its own. */
void vb_page_heading(struct page *page, const char *text);
/* TEXT from a package or from us, escaped and wrapped: the first line after FIRST (already safe,
 * STYLE applies to it), the others below it. */
void vb_page_item(struct page *page, unsigned indent, const char *first, enum style style,
                  const char *text);

/* How many bytes of TEXT fit into COLUMNS; *ret_columns how many columns they take. */
size_t vb_page_fitting(const char *text, size_t len, unsigned columns, unsigned *ret_columns);
/* The terminal's code that begins STYLE ("" for plain text). */
const char *vb_page_code(enum style style);

/* --- live.c: one event as a person reads it --- */

/* All text is escaped. */
struct live_item {
    uint64_t time_ns;
    enum style style;
    bool tentative;   /* a bait.read or bait.list may follow that says the same better */
    char name[64];    /* whose doing: "curl" */
    char who[80];     /* "curl[123]" */
    char words[2048]; /* "reads ~/.ssh/config" */
    char place[1024]; /* what folds: the folder or the address with what is done there, or "" */
};
/* False if nobody who watches wants to know. Pure. */
bool vb_live_describe(const struct vb_event *event, struct live_item *ret);
/* One line: time, WHO, WORDS. */
VB_CHECKED int vb_live_put(struct vb_buf *out, const struct vb_report_options *options,
                           const struct live_item *item, struct vb_error *err);

/* --- evidence.c: the events behind the findings, in one line each --- */

struct evidence_line {
    uint64_t seq;
    char *text; /* NULL if the log has no such event */
};
struct evidence {
    struct evidence_line *lines; /* ascending */
    size_t count;
};
/* The first events of every finding that weighs, at most a few hundred in all. */
VB_CHECKED int vb_evidence_read(const struct vb_verdict *verdict, int log_fd, struct evidence *ret,
                                struct vb_error *err);
void vb_evidence_done(struct evidence *evidence);
const char *vb_evidence_text(const struct evidence *evidence, uint64_t seq);

/* --- the formats --- */

int vb_report_text(const struct vb_verdict *verdict, int log_fd,
                   const struct vb_report_options *options, int out_fd, struct vb_error *err);
int vb_report_json(const struct vb_verdict *verdict, int log_fd,
                   const struct vb_report_options *options, int out_fd, struct vb_error *err);

#endif
