/* Undoes escapes where they stand: what lies around one is fed to a layer of its own, in which it
 * reads as it would without. UTF-16 is undone in the same way.
 * Trust boundary: the bytes are hostile. */
#include "sandbox/bait/layer.h"

enum {
    AROUND = 16,     /* bytes before the first and behind the last escape: longer pieces of a secret
                      * that stand outside are found without that */
    ESCAPE_MAX = 12, /* &#x10FFFF; */
    GATHER = 1024,   /* bytes fed at once */
    RUN = 256,       /* bytes copied at once */
    INCOMPLETE = -1
};

/* --- one escape: each returns its length, 0 if it is none, INCOMPLETE if the bytes end in it ---
 */

struct escape {
    const unsigned char *at;
    size_t len; /* bytes from AT */
    unsigned char out[4];
    size_t out_len;
};

static int digit_value(unsigned char c, unsigned base)
{
    int value = -1;
    if (c >= '0' && c <= '9')
        value = c - '0';
    else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        value = (c | 0x20) - 'a' + 10;
    return value < (int)base ? value : -1;
}

/* COUNT digits from FROM; their end or what the caller returns. */
static int number(const struct escape *e, size_t from, size_t count, unsigned base, uint32_t *ret)
{
    uint32_t value = 0;
    for (size_t i = from; i < from + count; i++) {
        if (i >= e->len)
            return INCOMPLETE;
        const int digit = digit_value(e->at[i], base);
        if (digit < 0)
            return 0;
        value = value * base + (uint32_t)digit;
    }
    *ret = value;
    return (int)(from + count);
}

/* A number below 256 is a byte: binary data goes through strings of JavaScript in this way. */
static void put_code(struct escape *e, uint32_t code)
{
    if (code < 0x100)
        e->out[e->out_len++] = (unsigned char)code;
    else if (code < 0x800)
        e->out[e->out_len++] = (unsigned char)(0xC0 | code >> 6);
    else
        e->out[e->out_len++] = (unsigned char)(0xE0 | (code >> 12 & 15));
    if (code >= 0x800)
        e->out[e->out_len++] = (unsigned char)(0x80 | (code >> 6 & 63));
    if (code >= 0x100)
        e->out[e->out_len++] = (unsigned char)(0x80 | (code & 63));
}

static int coded(struct escape *e, size_t from, size_t count, unsigned base)
{
    uint32_t code = 0;
    const int len = number(e, from, count, base, &code);
    if (len > 0)
        put_code(e, code);
    return len;
}

static int undo_percent(struct escape *e)
{
    if (e->len < 2)
        return INCOMPLETE;
    return e->at[1] == 'u' ? coded(e, 2, 4, 16) : coded(e, 1, 2, 16);
}

static int undo_backslash(struct escape *e)
{
    static const char from[] = "\"\\/'bfnrt", to[] = "\"\\/'\b\f\n\r\t";
    if (e->len < 2)
        return INCOMPLETE;
    if (e->at[1] == 'u')
        return coded(e, 2, 4, 16);
    if (e->at[1] == 'x')
        return coded(e, 2, 2, 16);
    if (e->at[1] >= '0' && e->at[1] <= '3')
        return coded(e, 1, 3, 8);
    const char *found = e->at[1] ? strchr(from, e->at[1]) : NULL;
    if (!found)
        return 0;
    e->out[e->out_len++] = (unsigned char)to[found - from];
    return 2;
}

static int undo_number_entity(struct escape *e)
{
    if (e->len < 3)
        return INCOMPLETE;
    const bool hex = (e->at[2] | 0x20) == 'x';
    uint32_t code = 0;
    const size_t from = hex ? 3 : 2;
    for (size_t i = from; i < ESCAPE_MAX; i++) {
        if (i >= e->len)
            return INCOMPLETE;
        const int digit = digit_value(e->at[i], hex ? 16 : 10);
        if (digit < 0 && (e->at[i] != ';' || i == from))
            return 0;
        if (digit < 0) {
            put_code(e, code & 0xFFFF);
            return (int)i + 1;
        }
        code = (code * (hex ? 16 : 10) + (uint32_t)digit) & 0xFFFFFF;
    }
    return 0;
}

static int undo_entity(struct escape *e)
{
    static const struct {
        const char *name;
        char character;
    } entities[] = {{"amp;", '&'},   {"lt;", '<'},  {"gt;", '>'},   {"quot;", '"'},
                    {"apos;", '\''}, {"sol;", '/'}, {"plus;", '+'}, {"equals;", '='}};
    if (e->len < 2)
        return INCOMPLETE;
    if (e->at[1] == '#')
        return undo_number_entity(e);
    if (e->at[1] < 'a' || e->at[1] > 's')
        return 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(entities); i++) {
        const size_t len = strlen(entities[i].name);
        const size_t have = e->len - 1 < len ? e->len - 1 : len;
        if (memcmp(e->at + 1, entities[i].name, have) != 0)
            continue;
        if (have < len)
            return INCOMPLETE;
        e->out[e->out_len++] = (unsigned char)entities[i].character;
        return (int)len + 1;
    }
    return 0;
}

static const struct escape_kind {
    const char *code;
    int (*undo)(struct escape *e);
} kinds[256] = {['%'] = {"url", undo_percent},
                ['\\'] = {"json", undo_backslash},
                ['&'] = {"html", undo_entity}};

static const bool special[256] = {['%'] = true, ['\\'] = true, ['&'] = true};

/* --- the bytes around escapes --- */

struct gather {
    struct vb_layer *out;
    size_t len;
    unsigned char bytes[GATHER];
};

static int flush(struct gather *gather, struct vb_error *err)
{
    const size_t len = gather->len;
    gather->len = 0;
    return len ? vb_layer_feed(gather->out, gather->bytes, len, err) : VB_OK;
}

static int put(struct gather *gather, const unsigned char *bytes, size_t len, struct vb_error *err)
{
    memcpy(gather->bytes + gather->len, bytes, len);
    gather->len += len;
    return gather->len > GATHER - RUN ? flush(gather, err) : VB_OK;
}

static int undo_at(const struct vb_chunk *chunk, ptrdiff_t at, struct escape *ret)
{
    *ret = (struct escape){.at = chunk->at + at, .len = (size_t)((ptrdiff_t)chunk->len - at)};
    const struct escape_kind *kind = &kinds[*ret->at];
    const int len = kind->undo ? kind->undo(ret) : 0;
    return len == INCOMPLETE && chunk->last ? 0 : len;
}

/* The next escape at or behind AT; the chunk's length if there is none. *RET_CUT: the bytes end in
 * what may be one. */
static ptrdiff_t next_escape(const struct vb_chunk *chunk, ptrdiff_t at, bool *ret_cut)
{
    const ptrdiff_t len = (ptrdiff_t)chunk->len;
    for (; at < len; at++) {
        if (at >= 0 && !(chunk->marks[at / VB_MARK] & VB_MARK_ESCAPE)) {
            at =
                (ptrdiff_t)vb_chunk_next(chunk, (size_t)at / VB_MARK * VB_MARK, VB_MARK_ESCAPE) - 1;
            continue;
        }
        if (!special[chunk->at[at]])
            continue;
        struct escape escape;
        const int used = undo_at(chunk, at, &escape);
        *ret_cut = used == INCOMPLETE;
        if (used)
            return *ret_cut ? len : at;
    }
    return len;
}

/* The bytes from AT, one at least, that are copied as they are. A run of digits is copied whole: an
 * escape may be one of the digits that are missing in it. */
static size_t plain_run(struct vb_escapes *state, const unsigned char *at, size_t len)
{
    size_t i = 0;
    do {
        state->run = state->run && vb_is_digit[at[i]];
        state->quiet += state->run ? 0 : 1;
        i++;
    } while (i < len && i < RUN && state->quiet < AROUND && !special[at[i]]);
    return i;
}

/* Copies from *AT until no escape has come for a while; *AT is where that is, or the chunk's end.
 */
static int copy_around(struct vb_escapes *state, const struct vb_chunk *chunk, ptrdiff_t *at,
                       struct vb_error *err)
{
    struct gather gather;
    gather.out = state->out;
    gather.len = 0;
    int status = VB_OK;
    const ptrdiff_t len = (ptrdiff_t)chunk->len;
    while (*at < len && !status && state->quiet < AROUND) {
        struct escape escape;
        const int used = special[chunk->at[*at]] ? undo_at(chunk, *at, &escape) : 0;
        if (used == INCOMPLETE)
            break;
        if (used > 0) {
            status = put(&gather, escape.out, escape.out_len, err);
            state->quiet = 0;
            state->run = true;
            *at += used;
            continue;
        }
        const size_t plain = plain_run(state, chunk->at + *at, (size_t)(len - *at));
        status = put(&gather, chunk->at + *at, plain, err);
        *at += (ptrdiff_t)plain;
    }
    return status ? status : flush(&gather, err);
}

static size_t unread_of(const struct vb_chunk *chunk, ptrdiff_t from)
{
    const size_t unread = (size_t)((ptrdiff_t)chunk->len - from);
    return unread < VB_HISTORY ? unread : VB_HISTORY;
}

static int open_escapes(struct vb_layer *layer, const struct vb_chunk *chunk, ptrdiff_t at,
                        struct vb_error *err)
{
    struct vb_escapes *state = &layer->escapes;
    state->open = true;
    state->run = true;
    state->quiet = 0;
    return vb_layer_below(layer, kinds[chunk->at[at]].code, &state->out, err);
}

/* Where to begin for the escape at AT, not before FLOOR. */
static ptrdiff_t begin_around(const struct vb_chunk *chunk, ptrdiff_t at, ptrdiff_t floor)
{
    ptrdiff_t begin = at;
    while (begin > floor && (at - begin < AROUND || vb_is_digit[chunk->at[begin - 1]]) &&
           at - begin < VB_HISTORY)
        begin--;
    return begin;
}

int vb_escapes_undo(struct vb_layer *layer, const struct vb_chunk *chunk, struct vb_error *err)
{
    struct vb_escapes *state = &layer->escapes;
    const ptrdiff_t len = (ptrdiff_t)chunk->len;
    ptrdiff_t at = -(ptrdiff_t)state->unread; /* what no view has read begins here */
    int status = VB_OK;
    while (!status && at < len) {
        if (!state->open) {
            bool cut = false;
            const ptrdiff_t from = at < -ESCAPE_MAX ? -ESCAPE_MAX : at;
            const ptrdiff_t escape = next_escape(chunk, from, &cut);
            if (escape == len)
                break;
            at = begin_around(chunk, escape, at);
            status = open_escapes(layer, chunk, escape, err);
        }
        if (!status)
            status = copy_around(state, chunk, &at, err);
        if (state->quiet < AROUND)
            break; /* the chunk's end */
        state->open = false;
        if (!status)
            status = vb_layer_finish(state->out, err);
    }
    state->unread = unread_of(chunk, at);
    if (chunk->last && state->open) {
        state->open = false;
        if (!status)
            status = vb_layer_finish(state->out, err);
    }
    return status;
}

/* --- UTF-16 (and any text with a zero byte behind or before each character) --- */

static int copy_wide(struct vb_wide *state, const struct vb_chunk *chunk, ptrdiff_t *at,
                     struct vb_error *err)
{
    struct gather gather;
    gather.out = state->out;
    gather.len = 0;
    int status = VB_OK;
    for (; *at + 1 < (ptrdiff_t)chunk->len && !status; *at += 2) {
        const unsigned char *pair = chunk->at + *at;
        if (pair[1 - state->high] || !pair[state->high]) {
            state->open = false;
            break;
        }
        status = put(&gather, pair + state->high, 1, err);
    }
    return status ? status : flush(&gather, err);
}

/* Where the text around the group at AT begins, not before FLOOR. */
static ptrdiff_t wide_begin(struct vb_wide *state, const struct vb_chunk *chunk, ptrdiff_t at,
                            ptrdiff_t floor)
{
    state->high = chunk->at[at] == 0;
    while (at - 2 >= floor && !chunk->at[at - 1 - (ptrdiff_t)state->high] &&
           chunk->at[at - 2 + (ptrdiff_t)state->high])
        at -= 2;
    return at;
}

int vb_wide_undo(struct vb_layer *layer, const struct vb_chunk *chunk, struct vb_error *err)
{
    struct vb_wide *state = &layer->wide;
    const ptrdiff_t len = (ptrdiff_t)chunk->len;
    ptrdiff_t at = state->open ? 0 : -(ptrdiff_t)state->unread;
    int status = VB_OK;
    while (!status && at < len) {
        if (!state->open) {
            /* Groups begin at multiples of VB_MARK. */
            const size_t from = at <= 0 ? 0 : ((size_t)at + VB_MARK - 1) / VB_MARK * VB_MARK;
            const size_t group = vb_chunk_next(chunk, from, VB_MARK_WIDE);
            if (group >= chunk->len)
                break;
            at = wide_begin(state, chunk, (ptrdiff_t)group, at);
            state->open = true;
            status = vb_layer_below(layer, "utf16", &state->out, err);
        }
        if (!status)
            status = copy_wide(state, chunk, &at, err);
        if (!status && (!state->open || chunk->last)) {
            at += state->open ? len - at : 2; /* the pair that ended it */
            state->open = false;
            status = vb_layer_finish(state->out, err);
        }
        if (state->open)
            break;
    }
    state->unread = unread_of(chunk, at < len ? at : len);
    return status;
}
