/* Where the code blocks of a Markdown text begin and end: by fences, as CommonMark 0.31.2, 4.5 has
 * it. Lines may stand in quotations and lists, however deep. Where fences do not balance, a block
 * is rather seen than not: an agent reads the text, and no page that is made of it. */
#ifndef VETBOX_SCAN_FENCE_H
#define VETBOX_SCAN_FENCE_H

#include <stdbool.h>
#include <stddef.h>

/* Of the block that a line stands in. Outside of blocks LENGTH is 0. */
struct vb_fence {
    unsigned char mark; /* ` or ~ */
    size_t length;
    size_t quotes; /* ">" in front of it: its block ends with that quotation */
    size_t indent; /* columns in front of it */
    size_t info;   /* bytes of its line up to what says the language */
    bool strayed;  /* a line stood further left: if the fence is a list's, the block ended there */
};

enum vb_fence_is {
    VB_FENCE_NONE, /* a line of a block or of the text */
    VB_FENCE_BEGINS,
    VB_FENCE_AGAIN, /* says a language within a block: an example of a fence, or the end was left
                       out */
    VB_FENCE_ENDS,
};

/* Reads a line, without its end, behind those that FENCE was told of. Only the mark that began a
 * block, and as many of it, ends that. */
enum vb_fence_is vb_fence_see(struct vb_fence *fence, const unsigned char *line, size_t len);

/* The same for lines from the last to the first, of which it is only said whether they are fences.
 */
bool vb_fence_see_back(struct vb_fence *fence, const unsigned char *line, size_t len);

#endif
