/* Undoes long runs of base64, base32 and hexadecimal digits, over line breaks. What is written once
 * in them is found without that, at every alignment (forms.c); this is for what is packed, XORed or
 * encoded a second time. Trust boundary: the bytes are hostile. */
#include "sandbox/bait/layer.h"

enum {
    WRAP_MIN = 32,   /* digits of a line that may be broken */
    PROBE = 24,      /* digits that are looked at to know the alphabet */
    PROBE_BYTES = 8, /* bytes that are decoded to know where a run begins */
    GATHER = 3072    /* bytes fed at once */
};

struct vb_alphabet {
    const char *name;
    unsigned bits;
    unsigned group;              /* digits after which bytes begin anew */
    const unsigned char *values; /* of 256 bytes, one more than the digit's value */
};

#define LETTERS(first, upper, lower)                                                       \
    [upper] = (first), [(upper) + 1] = (first) + 1, [(upper) + 2] = (first) + 2,           \
    [(upper) + 3] = (first) + 3, [(upper) + 4] = (first) + 4,                              \
    [(upper) + 5] = (first) + 5, [lower] = (first), [(lower) + 1] = (first) + 1,           \
    [(lower) + 2] = (first) + 2, [(lower) + 3] = (first) + 3, [(lower) + 4] = (first) + 4, \
    [(lower) + 5] = (first) + 5

static const unsigned char base32_digits[256] = {LETTERS(1, 'A', 'a'),
                                                 LETTERS(7, 'G', 'g'),
                                                 LETTERS(13, 'M', 'm'),
                                                 LETTERS(19, 'S', 's'),
                                                 ['Y'] = 25,
                                                 ['Z'] = 26,
                                                 ['y'] = 25,
                                                 ['z'] = 26,
                                                 ['2'] = 27,
                                                 ['3'] = 28,
                                                 ['4'] = 29,
                                                 ['5'] = 30,
                                                 ['6'] = 31,
                                                 ['7'] = 32};

static const struct vb_alphabet base64 = {"base64", 6, 4, vb_base64_digits};
static const struct vb_alphabet base32 = {"base32", 5, 8, base32_digits};
static const struct vb_alphabet hex = {"hex", 4, 2, vb_hex_digits};

#define YES(first)                                                                    \
    [first] = true, [(first) + 1] = true, [(first) + 2] = true, [(first) + 3] = true, \
    [(first) + 4] = true

const bool vb_is_digit[256] = {
    YES('A'), YES('F'), YES('K'),     YES('P'),     YES('U'),     ['Z'] = true,
    YES('a'), YES('f'), YES('k'),     YES('p'),     YES('u'),     ['z'] = true,
    YES('0'), YES('5'), ['+'] = true, ['/'] = true, ['-'] = true, ['_'] = true};

/* How many of LEN bytes are digits, at most PROBE. */
static size_t digits_at(const struct vb_alphabet *alphabet, const unsigned char *at, size_t len)
{
    const size_t most = len < PROBE ? len : PROBE;
    size_t i = 0;
    while (i < most && alphabet->values[at[i]])
        i++;
    return i;
}

static bool in_one_case(const unsigned char *at, size_t len)
{
    bool upper = false, lower = false;
    for (size_t i = 0; i < len; i++) {
        upper = upper || (at[i] >= 'A' && at[i] <= 'Z');
        lower = lower || (at[i] >= 'a' && at[i] <= 'z');
    }
    return upper != lower;
}

/* The narrowest alphabet that the beginning of a run is written in. */
static const struct vb_alphabet *alphabet_of(const unsigned char *at, size_t len)
{
    const size_t in_hex = digits_at(&hex, at, len);
    if (in_hex == PROBE || in_hex == len || !base64.values[at[in_hex]])
        return &hex;
    const size_t run = digits_at(&base64, at, len);
    return digits_at(&base32, at, run) == run && in_one_case(at, run) ? &base32 : &base64;
}

static size_t decode_pairs(const unsigned char *at, size_t len, unsigned char *out)
{
    const unsigned char *const values = hex.values;
    size_t n = 0;
    for (; 2 * n + 2 <= len && values[at[2 * n]] && values[at[2 * n + 1]]; n++)
        out[n] = (unsigned char)((values[at[2 * n]] - 1) << 4 | (values[at[2 * n + 1]] - 1));
    return n;
}

static size_t decode_some(const struct vb_alphabet *alphabet, const unsigned char *at, size_t len,
                          unsigned char *out)
{
    if (alphabet == &hex)
        return decode_pairs(at, len, out);
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; i < len && alphabet->values[at[i]]; i++) {
        bits = bits << alphabet->bits | (uint32_t)(alphabet->values[at[i]] - 1);
        have += alphabet->bits;
        if (have >= 8)
            out[n++] = (unsigned char)(bits >> (have -= 8));
    }
    return n;
}

static bool is_text(unsigned char byte)
{
    return (byte >= 0x20 && byte < 0x7F) || byte == '\n';
}

/* What an encoder was given, rather than what comes out at a wrong alignment. */
static bool makes_sense(const unsigned char *bytes, size_t len)
{
    bool plain = len >= PROBE_BYTES;
    for (size_t i = 0; i < len && plain; i++)
        plain = is_text(bytes[i]);
    return plain || vb_packed_magic(bytes, len);
}

/* The same by the first byte; of all that is packed only gzip begins with one that no text has. */
static bool may_make_sense(const struct vb_alphabet *alphabet, const unsigned char *at)
{
    const unsigned one = alphabet->values[at[0]], other = alphabet->values[at[1]];
    const unsigned bits = alphabet->bits;
    const unsigned byte = ((one - 1) << bits | (other - 1)) >> (2 * bits - 8) & 0xFF;
    return one && other && (is_text((unsigned char)byte) || byte == 0x1F);
}

/* A run may begin in what only looks like its digits, such as the end of a path. False: it makes no
 * sense wherever it begins. */
static bool find_shift(const struct vb_alphabet *alphabet, const unsigned char *at, size_t len,
                       size_t *ret)
{
    *ret = 0;
    for (size_t shift = 0; shift < alphabet->group && shift + 2 * PROBE_BYTES <= len; shift++) {
        unsigned char bytes[2 * PROBE_BYTES];
        if (!may_make_sense(alphabet, at + shift))
            continue;
        const size_t decoded = decode_some(alphabet, at + shift, 2 * PROBE_BYTES, bytes);
        if (!makes_sense(bytes, decoded))
            continue;
        *ret = shift;
        return true;
    }
    return false;
}

struct gather {
    struct vb_layer *out;
    size_t len;
    unsigned char bytes[GATHER + 8];
};

static int flush(struct gather *gather, struct vb_error *err)
{
    const size_t len = gather->len;
    gather->len = 0;
    return len ? vb_layer_feed(gather->out, gather->bytes, len, err) : VB_OK;
}

/* Whole groups of four digits of base64, until something else comes or GATHER is full. */
static size_t whole_groups(const unsigned char *at, size_t len, struct gather *gather)
{
    const unsigned char *const values = base64.values;
    size_t i = 0, n = gather->len;
    for (; i + 4 <= len && n < GATHER; i += 4, n += 3) {
        const unsigned a = values[at[i]], b = values[at[i + 1]], c = values[at[i + 2]],
                       d = values[at[i + 3]];
        if (!a || !b || !c || !d)
            break;
        const uint32_t bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
        gather->bytes[n] = (unsigned char)(bits >> 16);
        gather->bytes[n + 1] = (unsigned char)(bits >> 8 & 0xFF);
        gather->bytes[n + 2] = (unsigned char)(bits & 0xFF);
    }
    gather->len = n;
    return i;
}

/* Pairs of hexadecimal digits, likewise. */
static size_t whole_pairs(const unsigned char *at, size_t len, struct gather *gather)
{
    const size_t room = 2 * (GATHER - gather->len);
    const size_t n = decode_pairs(at, len < room ? len : room, gather->bytes + gather->len);
    gather->len += n;
    return 2 * n;
}

/* One digit or a byte of a line break; false: the run has ended. */
static bool one_byte(struct vb_digits *state, unsigned char byte, struct gather *gather)
{
    const unsigned char value = state->alphabet->values[byte];
    if (!value) {
        if ((byte != '\n' && byte != '\r') || (state->line < WRAP_MIN && state->line > 0))
            return false;
        state->line = 0;
        return true;
    }
    state->line++;
    state->bits = state->bits << state->alphabet->bits | (uint32_t)(value - 1);
    state->have += state->alphabet->bits;
    if (state->have >= 8)
        gather->bytes[gather->len++] = (unsigned char)(state->bits >> (state->have -= 8) & 0xFF);
    return true;
}

/* Decodes from *AT to the run's or the chunk's end. *RET_ENDED: the run's. */
static int decode(struct vb_digits *state, const struct vb_chunk *chunk, ptrdiff_t *at,
                  bool *ret_ended, struct vb_error *err)
{
    struct gather gather;
    gather.out = state->out;
    gather.len = 0;
    int status = VB_OK;
    const ptrdiff_t len = (ptrdiff_t)chunk->len;
    while (*at < len && !status) {
        if (state->have == 0 && state->alphabet != &base32) {
            const unsigned char *from = chunk->at + *at;
            const size_t left = (size_t)(len - *at);
            const size_t used = state->alphabet == &hex ? whole_pairs(from, left, &gather)
                                                        : whole_groups(from, left, &gather);
            state->line += used;
            *at += (ptrdiff_t)used;
        }
        if (gather.len >= GATHER) {
            status = flush(&gather, err);
            continue;
        }
        if (*at == len)
            break;
        if (!one_byte(state, chunk->at[*at], &gather)) {
            *ret_ended = true;
            break;
        }
        ++*at;
    }
    return status ? status : flush(&gather, err);
}

/* Finds out how the run from *AT on is written, and where it really begins. False: a guess. */
static bool find_beginning(struct vb_digits *state, const struct vb_chunk *chunk, ptrdiff_t *at)
{
    const unsigned char *begin = chunk->at + *at;
    const size_t len = (size_t)((ptrdiff_t)chunk->len - *at);
    size_t shift;
    state->alphabet = alphabet_of(begin, len);
    const bool found = find_shift(state->alphabet, begin, len, &shift);
    if (found)
        *at += (ptrdiff_t)shift;
    return found;
}

/* The run around the group at AT, not before FLOOR; *AT becomes its first digit. */
static int open_run(struct vb_layer *layer, const struct vb_chunk *chunk, ptrdiff_t *at,
                    ptrdiff_t floor, struct vb_error *err)
{
    struct vb_digits *state = &layer->digits;
    while (*at > floor && base64.values[chunk->at[*at - 1]])
        --*at;
    /* Where a message has something in front of it, its digits need not be the run's. */
    if (!find_beginning(state, chunk, at) && *at < 0 && !layer->begun) {
        *at = 0;
        find_beginning(state, chunk, at);
    }
    state->bits = 0;
    state->have = 0;
    state->line = 0;
    return vb_layer_below(layer, state->alphabet->name, &state->out, err);
}

int vb_digits_undo(struct vb_layer *layer, const struct vb_chunk *chunk, struct vb_error *err)
{
    struct vb_digits *state = &layer->digits;
    const ptrdiff_t len = (ptrdiff_t)chunk->len;
    ptrdiff_t at = state->alphabet ? 0 : -(ptrdiff_t)state->unread;
    int status = VB_OK;
    while (!status && at < len) {
        if (!state->alphabet) {
            const size_t from = at <= 0 ? 0 : ((size_t)at + VB_MARK - 1) / VB_MARK * VB_MARK;
            const size_t group = vb_chunk_next(chunk, from, VB_MARK_DIGITS);
            if (group >= chunk->len)
                break;
            ptrdiff_t begin = (ptrdiff_t)group;
            status = open_run(layer, chunk, &begin, at, err);
            at = begin;
        }
        bool ended = false;
        if (!status)
            status = decode(state, chunk, &at, &ended, err);
        if (!ended)
            break;
        state->alphabet = NULL;
        if (!status)
            status = vb_layer_finish(state->out, err);
    }
    if (chunk->last && state->alphabet) {
        state->alphabet = NULL;
        if (!status)
            status = vb_layer_finish(state->out, err);
    }
    const size_t unread = (size_t)(len - (at < len ? at : len));
    state->unread = unread < VB_HISTORY ? unread : VB_HISTORY;
    return status;
}
