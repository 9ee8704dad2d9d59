/* What a JSON report holds of the chain from findings to the verdict, for `policy explain`. */
#ifndef CLI_EXPLAINED_H
#define CLI_EXPLAINED_H

#include "vetbox/core/json.h"
#include "vetbox/verdict.h"

/* The report in the file PATH; *RET stays NULL if it is none. */
VB_CHECKED int vb_explained_open(const char *path, json_t **ret, struct vb_error *err);
/* The chains that REPORT tells, under POLICY, or under the one that it was judged by (NULL). */
VB_CHECKED int vb_explained_say(const json_t *report, const struct vb_policy *policy,
                                struct vb_buf *buf, struct vb_error *err);

#endif
