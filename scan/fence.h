/* Where the code blocks of a Markdown text begin and end: by fences, as CommonMark 0.31.2, 4.5 has
 * it. Lines may stand in quotations and lists, however deep. */
#ifndef VETBOX_SCAN_FENCE_H
#define VETBOX_SCAN_FENCE_H

#include <stdbool.h>
#include <stddef.h>

/* Outside of blocks LENGTH is 0. */
struct vb_fence {
    unsigned char mark; /* ` or ~ */
    size_t length;
};

/* Reads a line, without its end, behind those that FENCE was told of. True: it is a fence itself,
 * and FENCE says whether a block begins or ends with it. Only the mark that began a block, and as
 * many of it, ends that. */
bool vb_fence_see(struct vb_fence *fence, const unsigned char *line, size_t len);

/* The same for lines from the last to the first. */
bool vb_fence_see_back(struct vb_fence *fence, const unsigned char *line, size_t len);

#endif
