/* rows: what a set of baits is made from. Ours stand in *.def, a team's in files (rules.c). */
#ifndef SANDBOX_BAIT_ROWS_H
#define SANDBOX_BAIT_ROWS_H

#include "sandbox/bait/bait.h"
#include "vetbox/sandbox.h"

enum vb_bait_form { VB_BAIT_TEXT, VB_BAIT_JSON, VB_BAIT_SQLITE };

struct vb_bait_row {
    const char *id;
    unsigned personas; /* bits: 1 << enum vb_persona */
    enum vb_bait_place place;
    uint32_t mode;
    enum vb_bait_form form;
    const char *where; /* path template, or the variable's name */
    const char *served;
    const char *content;
};

extern const struct vb_bait_row vb_bait_rows[];
extern const size_t vb_bait_row_count;

/* Fills in ROW, which must outlive *RET, for the user whose home is HOME. *RET is to be ended with
 * vb_bait_done in any case. */
VB_CHECKED int vb_bait_make(struct vb_bait *ret, const struct vb_bait_row *row, const char *home,
                            const unsigned char *seed, struct vb_error *err);
void vb_bait_done(struct vb_bait *bait);

/* A team's rows (rules.c). */
struct vb_yaml;
struct vb_bait_rules {
    struct vb_bait_row *rows;
    size_t count;
    struct vb_yaml **files; /* which the rows point into */
    size_t file_count;
};
enum { VB_BAIT_RULES_MAX = 256 };

/* Whether RULES (NULL: none) have a bait of this id, which then stands in place of ours. */
bool vb_bait_rules_have(const struct vb_bait_rules *rules, const char *id);

#endif
