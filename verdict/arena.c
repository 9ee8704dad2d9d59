/* Arena and string sets. Trusted memory for untrusted strings: everything has a maximum. */
#include "verdict/arena.h"

#include <stdarg.h>

#include "vetbox/core/text.h"

enum { CHUNK_BYTES = 64 * 1024, ALIGNMENT = 16 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used;
    size_t size;
    _Alignas(ALIGNMENT) unsigned char data[];
};

void vb_arena_done(struct arena *arena)
{
    while (arena->chunks != NULL) {
        struct arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        arena->bytes -= chunk->size;
        free(chunk);
    }
}

void vb_arena_reset(struct arena *arena)
{
    while (arena->chunks != NULL && arena->chunks->next != NULL) {
        struct arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        arena->bytes -= chunk->size;
        free(chunk);
    }
    if (arena->chunks != NULL)
        arena->chunks->used = 0;
}

static struct arena_chunk *room(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = arena->chunks;
    if (chunk != NULL && chunk->size - chunk->used >= size)
        return chunk;
    const size_t bytes = size > CHUNK_BYTES ? size : CHUNK_BYTES;
    chunk = malloc(sizeof(*chunk) + bytes);
    if (chunk == NULL)
        return NULL;
    chunk->next = arena->chunks;
    chunk->used = 0;
    chunk->size = bytes;
    arena->bytes += bytes;
    arena->chunks = chunk;
    return chunk;
}

void *vb_arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        size = SIZE_MAX / 2; /* malloc says no to that */
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct arena_chunk *chunk = room(arena, size);
    if (chunk == NULL) {
        arena->failed = true;
        return NULL;
    }
    void *memory = chunk->data + chunk->used;
    chunk->used += size;
    memset(memory, 0, size);
    return memory;
}

/* Bytes that are not UTF-8 become \xNN, so that every text of a verdict can be shown and kept. */
static char *copy_escaped(struct arena *arena, const char *text, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char *copy = vb_arena_alloc(arena, len * 4 + 1), *out = copy;
    if (copy == NULL)
        return arena->nothing;
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        const size_t step = vb_utf8_decode(text + i, len - i, &code);
        if (text[i] == '\0') {
            *out++ = '?';
        } else if (vb_utf8_valid(text + i, step)) {
            memcpy(out, text + i, step);
            out += step;
        } else {
            const unsigned char byte = (unsigned char)text[i];
            const char escape[] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
            memcpy(out, escape, sizeof(escape));
            out += sizeof(escape);
        }
        i += step;
    }
    return copy;
}

char *vb_arena_copy(struct arena *arena, const char *text, size_t len)
{
    if (!vb_utf8_valid(text, len))
        return copy_escaped(arena, text, len);
    char *copy = vb_arena_alloc(arena, len + 1);
    if (copy == NULL)
        return arena->nothing;
    for (size_t i = 0; i < len; i++)
        copy[i] = text[i] == '\0' ? '?' : text[i];
    return copy;
}

char *vb_arena_str(struct arena *arena, const char *text)
{
    return vb_arena_copy(arena, text, strlen(text));
}

char *vb_arena_cut(struct arena *arena, const char *text, size_t max)
{
    size_t len = strlen(text);
    if (len <= max)
        return vb_arena_copy(arena, text, len);
    len = max;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return vb_arena_printf(arena, "%.*s…", (int)len, text);
}

char *vb_arena_vprintf(struct arena *arena, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *text = len < 0 ? NULL : vb_arena_alloc(arena, (size_t)len + 1);
    if (text == NULL) {
        arena->failed = true;
        return arena->nothing;
    }
    (void)vsnprintf(text, (size_t)len + 1, fmt, args);
    return text;
}

char *vb_arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = vb_arena_vprintf(arena, fmt, args);
    va_end(args);
    return text;
}

void vb_names_init(struct names *names, size_t max)
{
    *names = (struct names){.max = max};
}

void vb_names_done(struct names *names)
{
    free(names->items);
    free(names->slots);
    *names = (struct names){0};
}

/* FNV-1a. Collisions made on purpose cost time up to the set's maximum, never memory. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 14695981039346656037u;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return hash ^ (hash >> 32);
}

/* Where TEXT stands or would stand. There is always a free slot. */
static size_t slot_of(const struct names *names, const char *text, uint64_t hash)
{
    size_t slot = (size_t)hash & (names->slot_count - 1);
    while (names->slots[slot] != 0) {
        const struct name *name = &names->items[names->slots[slot] - 1];
        if (name->hash == hash && strcmp(name->text, text) == 0)
            break;
        slot = (slot + 1) & (names->slot_count - 1);
    }
    return slot;
}

struct name *vb_names_find(const struct names *names, const char *text)
{
    if (names->count == 0 || names->slots == NULL)
        return NULL;
    const uint32_t position = names->slots[slot_of(names, text, hash_of(text))];
    return position == 0 ? NULL : &names->items[position - 1];
}

static bool enlarge(struct names *names)
{
    const size_t capacity = names->capacity == 0 ? 16 : names->capacity * 2;
    struct name *items = calloc(capacity, sizeof(*items));
    uint32_t *slots = calloc(capacity * 2, sizeof(*slots));
    if (items == NULL || slots == NULL) {
        free(items);
        free(slots);
        return false;
    }
    if (names->items == NULL)
        names->count = 0;
    else
        memcpy(items, names->items, names->count * sizeof(*items));
    free(names->items);
    free(names->slots);
    names->items = items;
    names->slots = slots;
    names->slot_count = capacity * 2;
    names->capacity = capacity;
    for (size_t i = 0; i < names->count; i++)
        slots[slot_of(names, items[i].text, items[i].hash)] = (uint32_t)i + 1;
    return true;
}

struct name *vb_names_add(struct names *names, struct arena *arena, const char *text, int64_t value,
                          bool *ret_new)
{
    struct name *old = vb_names_find(names, text);
    if (ret_new != NULL)
        *ret_new = old == NULL;
    if (old != NULL)
        return old;
    if (names->count >= names->max) {
        names->dropped++;
        return NULL;
    }
    if ((names->items == NULL || names->count == names->capacity) && !enlarge(names)) {
        arena->failed = true;
        return NULL;
    }
    const uint64_t hash = hash_of(text);
    const size_t slot = slot_of(names, text, hash);
    struct name *name = &names->items[names->count];
    *name = (struct name){vb_arena_str(arena, text), value, hash};
    names->slots[slot] = (uint32_t)++names->count;
    return name;
}
