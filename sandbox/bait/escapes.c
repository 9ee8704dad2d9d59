/* Undoes escapes where they stand: what lies around one is fed to a layer of its own, in which it
 * reads as it would without. UTF-16 is undone in the same way.
 * Trust boundary: the bytes are hostile. */
#include "sandbox/bait/layer.h"

enum {
    NEAR = 64,       /* bytes without an escape for which it does not pay to begin anew */
    AROUND = 16,     /* bytes before the first and behind the last escape: longer pieces of a secret
                      * that stand outside are found without that */
    ESCAPE_MAX = 12, /* &#x10FFFF; */
    PACKED_HEAD = 8, /* bytes of something packed, one of which is no text */
    MAGIC_HEAD = 3,  /* bytes of a magic that may be text */
    DIGITS_MIN = 31, /* that a run has to have */
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
    const int value = vb_hex_digits[c] - 1;
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
    if (e->at[1] == 'u')
        return coded(e, 2, 4, 16);
    const unsigned high = vb_hex_digits[e->at[1]];
    if (!high || e->len < 3)
        return high ? INCOMPLETE : 0;
    const unsigned low = vb_hex_digits[e->at[2]];
    e->out[0] = (unsigned char)((high - 1) << 4 | (low - 1));
    e->out_len = low != 0;
    return low ? 3 : 0;
}

static int undo_backslash(struct escape *e)
{
    static const unsigned char characters[256] = {
        ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['\''] = '\'', ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    if (e->len < 2)
        return INCOMPLETE;
    if (e->at[1] == 'u')
        return coded(e, 2, 4, 16);
    if (e->at[1] == 'x')
        return coded(e, 2, 2, 16);
    if (e->at[1] >= '0' && e->at[1] <= '3')
        return coded(e, 1, 3, 8);
    e->out[0] = characters[e->at[1]];
    e->out_len = e->out[0] != 0;
    return e->out_len ? 2 : 0;
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

static const bool begins_entity[256] = {['a'] = true, ['e'] = true, ['g'] = true, ['l'] = true,
                                        ['p'] = true, ['q'] = true, ['s'] = true};

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
    if (!begins_entity[e->at[1]])
        return 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(entities); i++) {
        const char *name = entities[i].name;
        size_t at = 1;
        while (at < e->len && *name && e->at[at] == (unsigned char)*name) {
            name++;
            at++;
        }
        if (*name && at == e->len)
            return INCOMPLETE;
        if (*name)
            continue;
        e->out[e->out_len++] = (unsigned char)entities[i].character;
        return (int)at;
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
    unsigned char bytes[GATHER + AROUND]; /* so much may be copied too much */
};

static int flush(struct gather *gather, struct vb_error *err)
{
    const size_t len = gather->len;
    gather->len = 0;
    return len ? vb_layer_feed(gather->out, gather->bytes, len, err) : VB_OK;
}

static int undo_at(const struct vb_chunk *chunk, ptrdiff_t at, struct escape *ret)
{
    *ret = (struct escape){.at = chunk->at + at, .len = (size_t)((ptrdiff_t)chunk->len - at)};
    const struct escape_kind *kind = &kinds[*ret->at];
    const int len = kind->undo ? kind->undo(ret) : 0;
    return len == INCOMPLETE && chunk->last ? 0 : len;
}

/* The highest bit of each byte of WORD that is C. */
static uint64_t equal(uint64_t word, unsigned char c)
{
    const uint64_t all = 0x0101010101010101ULL, low = 0x7F * all, x = word ^ c * all;
    return ~(((x & low) + low) | x | low);
}

/* Bytes from AT on, at most LEN, that begin no escape. */
static size_t plain_bytes(const unsigned char *at, size_t len)
{
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= len; i += sizeof(uint64_t)) {
        const uint64_t word = vb_load(at + i);
        const uint64_t found = equal(word, '%') | equal(word, '\\') | equal(word, '&');
        if (found)
            return i + (size_t)__builtin_ctzll(found) / 8;
    }
    while (i < len && !special[at[i]])
        i++;
    return i;
}

/* Where bytes that may begin an escape end: with the group AT, if that is marked, or else at AT. */
static ptrdiff_t marked_end(const struct vb_chunk *chunk, ptrdiff_t at)
{
    if (at < 0)
        return 0; /* the history has no marks */
    if (!(chunk->marks[at / VB_MARK] & VB_MARK_ESCAPE))
        return at;
    const ptrdiff_t end = (at / VB_MARK + 1) * VB_MARK;
    return end < (ptrdiff_t)chunk->len ? end : (ptrdiff_t)chunk->len;
}

/* The next escape at or behind AT, also in *RET; the chunk's length if there is none, or if the
 * bytes end in what may be one. */
static ptrdiff_t next_escape(const struct vb_chunk *chunk, ptrdiff_t at, struct escape *ret)
{
    const ptrdiff_t len = (ptrdiff_t)chunk->len;
    while (at < len) {
        const ptrdiff_t end = marked_end(chunk, at);
        at += (ptrdiff_t)plain_bytes(chunk->at + at, (size_t)(end - at));
        if (at < end) {
            const int used = undo_at(chunk, at, ret);
            if (used)
                return used == INCOMPLETE ? len : at;
            at++;
            continue;
        }
        if (at >= 0)
            at = (ptrdiff_t)vb_chunk_next(chunk, ((size_t)at + VB_MARK - 1) / VB_MARK * VB_MARK,
                                          VB_MARK_ESCAPE);
    }
    return len;
}

static bool is_text(const struct escape *escape)
{
    const unsigned char c = escape->out[0];
    return escape->out_len > 1 || (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\r' || c == '\t';
}

/* Whether an escape may be one of the digits that are missing in a run: it is one, a line break in
 * it, or another escape's beginning. */
static bool joins_digits(const struct escape *escape)
{
    const unsigned char c = escape->out[0];
    return escape->out_len == 1 && (vb_is_digit[c] || special[c] || c == '\n' || c == '\r');
}

/* Copies LEN bytes from AT as they are, one at least, up to what may be an escape or until none has
 * come for a while; returns how many. A run of digits that an escape is part of is copied whole. */
static size_t copy_plain(struct vb_escapes *state, const unsigned char *at, size_t len,
                         unsigned char *out)
{
    const size_t most = len < RUN ? len : RUN;
    size_t i = 0;
    for (; state->run && i < most && vb_is_digit[at[i]]; i++)
        out[i] = at[i];
    if (i == most)
        return i;
    state->run = false;
    const size_t digits = i, quiet = AROUND - state->quiet;
    const size_t end = most - i < quiet ? most : i + quiet;
    i += i == 0 ? 1 : 0; /* it may begin like an escape and be none */
    i += plain_bytes(at + i, end - i);
    if (len - digits >= AROUND)
        memcpy(out + digits, at + digits, AROUND); /* of a known size, which is quicker */
    else
        memcpy(out + digits, at + digits, i - digits);
    state->quiet += i - digits;
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
        unsigned char *out = gather.bytes + gather.len;
        const int used = special[chunk->at[*at]] ? undo_at(chunk, *at, &escape) : 0;
        if (used == INCOMPLETE)
            break;
        if (used > 0) {
            for (size_t i = 0; i < escape.out_len; i++)
                out[i] = escape.out[i];
            gather.len += escape.out_len;
            state->quiet = 0;
            *at += used;
            /* Or else its own last digits are those that the run seems to begin with. What is
             * packed may look like one. */
            state->run =
                vb_is_digit[chunk->at[*at - 1]] || joins_digits(&escape) || !is_text(&escape);
        } else {
            const size_t plain = copy_plain(state, chunk->at + *at, (size_t)(len - *at), out);
            gather.len += plain;
            *at += (ptrdiff_t)plain;
        }
        if (gather.len > GATHER - RUN)
            status = flush(&gather, err);
    }
    return status ? status : flush(&gather, err);
}

static size_t unread_of(const struct vb_chunk *chunk, ptrdiff_t from)
{
    const size_t unread = (size_t)((ptrdiff_t)chunk->len - from);
    return unread < VB_HISTORY ? unread : VB_HISTORY;
}

/* Where to begin for the escape at AT, not before FLOOR. */
static ptrdiff_t begin_around(const struct vb_chunk *chunk, ptrdiff_t at, ptrdiff_t floor)
{
    const ptrdiff_t most = at - floor < VB_HISTORY ? floor : at - VB_HISTORY;
    ptrdiff_t begin = at - most < AROUND ? most : at - AROUND;
    while (begin > most && vb_is_digit[chunk->at[begin - 1]])
        begin--;
    return begin;
}

/* Digits that an escape stands behind may be a run whose real beginning does not look like one. */
static int feed_digits(struct vb_layer *out, const unsigned char *at, size_t len,
                       struct vb_error *err)
{
    size_t run = 0;
    while (run < len && vb_is_digit[at[run]])
        run++;
    if (run < DIGITS_MIN)
        return VB_OK;
    const int status = vb_layer_feed(out, at, len, err);
    return status ? status : vb_layer_finish(out, err);
}

/* A view of what is around the escape at AT. It begins behind what stands before that, because a
 * code without a magic can only be told at a beginning; but with what is short or may be one run of
 * digits with it. Another view may have come to rest at FLOOR, within a magic. */
static int open_escapes(struct vb_layer *layer, const struct vb_chunk *chunk,
                        const struct escape *escape, ptrdiff_t at, ptrdiff_t floor,
                        struct vb_error *err)
{
    struct vb_escapes *state = &layer->escapes;
    const ptrdiff_t begin = begin_around(chunk, at, floor);
    const size_t len = (size_t)(at - begin);
    const bool rested = state->open;
    state->open = true;
    state->run = false;
    state->quiet = 0;
    int status = vb_layer_below(layer, kinds[*escape->at].code, &state->out, err);
    if (status)
        return status;
    const unsigned char *const before = chunk->at + begin;
    if (rested && len < AROUND)
        vb_layer_precede(state->out, before - MAGIC_HEAD, MAGIC_HEAD);
    if (len < AROUND || vb_is_digit[chunk->at[at - AROUND]])
        return vb_layer_feed(state->out, before, len, err);
    status = feed_digits(state->out, before, len, err);
    if (!status)
        vb_layer_precede(state->out, before, len);
    return status;
}

/* Whether text begins at AT, and nothing packed, by the escapes that stand there together. */
static bool begins_text(const struct vb_chunk *chunk, ptrdiff_t at)
{
    for (unsigned i = 0; i < PACKED_HEAD && at < (ptrdiff_t)chunk->len; i++) {
        struct escape escape;
        const int used = special[chunk->at[at]] ? undo_at(chunk, at, &escape) : 0;
        if (used == INCOMPLETE || (used > 0 && !is_text(&escape)))
            return false;
        if (used == 0)
            break;
        at += used;
    }
    return true;
}

/* Whether the digits from AT on, of which escapes are some, are as many as a run has to have. */
static bool runs_on(const struct vb_chunk *chunk, ptrdiff_t at)
{
    for (unsigned i = 0; i < DIGITS_MIN && at < (ptrdiff_t)chunk->len; i++) {
        struct escape escape;
        const int used = special[chunk->at[at]] ? undo_at(chunk, at, &escape) : 0;
        if (used == INCOMPLETE)
            break;
        if (used > 0 ? !joins_digits(&escape) : !vb_is_digit[chunk->at[at]])
            return false;
        at += used > 0 ? used : 1;
    }
    return true;
}

/* Whether a run of digits may begin at AT, with ESCAPE, right behind what looks like its digits:
 * that only shows if a view begins there too. What is a run since FLOOR goes on. */
static bool begins_digits(const struct vb_chunk *chunk, const struct escape *escape, ptrdiff_t at,
                          ptrdiff_t floor)
{
    if (!vb_is_digit[escape->out[0]] || at == floor || !vb_is_digit[chunk->at[at - 1]] ||
        !runs_on(chunk, at))
        return false;
    while (at > floor && vb_is_digit[chunk->at[at - 1]])
        at--;
    return at > floor;
}

/* Opens a view for the next escape behind *AT, or goes on with the one that has come to rest there;
 * *AT becomes where the escape is, or stays if there is none. */
static int seek_escape(struct vb_layer *layer, const struct vb_chunk *chunk, ptrdiff_t *at,
                       struct vb_error *err)
{
    struct vb_escapes *state = &layer->escapes;
    struct escape escape;
    const ptrdiff_t floor = *at, from = *at < -ESCAPE_MAX ? -ESCAPE_MAX : *at;
    const ptrdiff_t found = next_escape(chunk, from, &escape);
    const bool none = found == (ptrdiff_t)chunk->len;
    int status = VB_OK;
    if (state->open && !none && found - floor < NEAR && begins_text(chunk, found) &&
        !begins_digits(chunk, &escape, found, floor)) {
        state->quiet = 0;
        *at = found;
        return vb_layer_feed(state->out, chunk->at + floor, (size_t)(found - floor), err);
    }
    if (state->open)
        status = vb_layer_finish(state->out, err);
    if (status || none) {
        state->open = false;
        return status;
    }
    *at = found;
    return open_escapes(layer, chunk, &escape, found, floor, err);
}

int vb_escapes_undo(struct vb_layer *layer, const struct vb_chunk *chunk, struct vb_error *err)
{
    struct vb_escapes *state = &layer->escapes;
    const ptrdiff_t len = (ptrdiff_t)chunk->len;
    ptrdiff_t at = -(ptrdiff_t)state->unread; /* what no view has read begins here */
    int status = VB_OK;
    while (!status && at < len) {
        if (!state->open || state->quiet >= AROUND)
            status = seek_escape(layer, chunk, &at, err);
        if (status || !state->open)
            break;
        status = copy_around(state, chunk, &at, err);
        if (state->quiet < AROUND)
            break; /* the chunk's end */
    }
    state->unread = unread_of(chunk, at);
    if (state->open && (chunk->last || state->quiet >= AROUND)) {
        state->open = false;
        const int finished = vb_layer_finish(state->out, err);
        status = status ? status : finished;
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
        gather.bytes[gather.len++] = pair[state->high];
        if (gather.len == GATHER)
            status = flush(&gather, err);
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
