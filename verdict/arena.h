/* Memory that goes all at once, and sets of strings in it. Running out of memory sticks: the arena
 * then hands out a shared empty string, and whoever owns it fails before anything is concluded. */
#ifndef VERDICT_ARENA_H
#define VERDICT_ARENA_H

#include "vetbox/core.h"

struct arena_chunk;
struct arena {
    struct arena_chunk *chunks;
    size_t bytes; /* of all chunks */
    bool failed;
    char nothing[1]; /* handed out when memory is gone; nobody writes to it */
};

void vb_arena_done(struct arena *arena);
/* Forgets everything but the first chunk. */
void vb_arena_reset(struct arena *arena);
/* Zeroed; NULL when out of memory. */
void *vb_arena_alloc(struct arena *arena, size_t size);
/* Copies with NUL; an inner NUL becomes '?', bytes that are not UTF-8 become \xNN. Never NULL. */
char *vb_arena_copy(struct arena *arena, const char *text, size_t len);
char *vb_arena_str(struct arena *arena, const char *text);
/* At most MAX bytes, cut at a character, with "…" where it was cut. */
char *vb_arena_cut(struct arena *arena, const char *text, size_t max);
char *vb_arena_printf(struct arena *arena, const char *fmt, ...) VB_PRINTF(2, 3);
char *vb_arena_vprintf(struct arena *arena, const char *fmt, va_list args);

/* A set of strings in the order in which they came, each with a number, at most MAX of them. */
struct name {
    char *text;
    int64_t value;
    uint64_t hash;
};
struct names {
    struct name *items;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* position + 1; 0 is free */
    size_t slot_count;
    size_t max;
    size_t dropped; /* how often something did not fit */
};

void vb_names_init(struct names *names, size_t max);
void vb_names_done(struct names *names);
/* The entry of TEXT, or NULL. */
struct name *vb_names_find(const struct names *names, const char *text);
/* The entry of TEXT, made with VALUE if it is new (*ret_new may be NULL); NULL if it did not fit or
 * memory ran out (then the arena's flag is set). */
struct name *vb_names_add(struct names *names, struct arena *arena, const char *text, int64_t value,
                          bool *ret_new);

#endif
