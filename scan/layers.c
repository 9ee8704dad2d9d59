/* Decoded layers: base64, hexadecimal and UTF-16 runs. Input is hostile: each decoder passes over
 * it once, and what comes out is bounded by the budget. A run is kept only if the result makes
 * sense, since nearly every long word is well-formed base64. */
#include "scan/layers.h"

#include <string.h>

enum {
    BASE64_MIN = 24,  /* characters of a run */
    HEX_MIN = 32,     /* digits of a run */
    WRAP_MIN = 32,    /* a line of wrapped base64 or hex has at least this many */
    JOIN_MIN = 4,     /* so has a piece of a concatenated string */
    GAP_MAX = 48,     /* bytes between two pieces */
    PROBE_CHARS = 64, /* decoded first, to see whether the rest is worth it */
    TEXT_MIN = 12,    /* bytes of a text layer */
    SURE_TEXT = 32    /* below this many bytes a text layer must be plain ASCII */
};

/* --- what is worth keeping --- */

size_t vb_layer_text_prefix(const unsigned char *data, size_t len)
{
    size_t i = 0;
    while (i < len) {
        const unsigned char byte = data[i];
        if (byte < 0x80) {
            if (byte == 0x7F || (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' &&
                                 byte != '\f' && byte != 0x1B))
                return i;
            i++;
            continue;
        }
        uint32_t code;
        const size_t used = vb_utf8_decode(data + i, len - i, &code);
        if (used == 1 || (code >= 0x80 && code < 0xA0))
            return i;
        i += used;
    }
    return i;
}

bool vb_layer_known_magic(const unsigned char *data, size_t len)
{
    static const struct {
        const char *bytes;
        size_t len;
    } magics[] = {
        {"\x7f"
         "ELF",
         4},
        {"MZ\x90\0", 4},
        {"\xfe\xed\xfa\xce", 4},
        {"\xfe\xed\xfa\xcf", 4},
        {"\xce\xfa\xed\xfe", 4},
        {"\xcf\xfa\xed\xfe", 4},
        {"\xca\xfe\xba\xbe", 4},
        {"PK\3\4", 4},
        {"\x1f\x8b\x08", 3},
        {"BZh9", 4},
        {"\xfd"
         "7zXZ\0",
         6},
        {"7z\xbc\xaf\x27\x1c", 6},
        {"\x28\xb5\x2f\xfd", 4},
        {"Rar!\x1a\x07", 6},
        {"%PDF-", 5},
        {"\x89PNG\r\n\x1a\n", 8},
        {"\xff\xd8\xff", 3},
        {"GIF8", 4},
        {"\0asm", 4},
        {"SQLite format 3", 15},
        {"dex\n", 4},
        {"\xe3\0\0\0\0\0\0\0", 8},
        {"\x78\x9c", 2},
        {"\x78\xda", 2},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(magics); i++) {
        if (len >= magics[i].len && memcmp(data, magics[i].bytes, magics[i].len) == 0)
            return true;
    }
    return false;
}

static bool ascii_only(const unsigned char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] >= 0x80)
            return false;
    }
    return true;
}

/* UTF-16LE as PowerShell's -EncodedCommand takes it: every other byte is zero. */
static bool looks_utf16(const unsigned char *data, size_t len)
{
    const size_t pairs = (len < 256 ? len : 256) / 2;
    size_t plain = 0;
    for (size_t i = 0; i < pairs; i++) {
        const unsigned char low = data[2 * i];
        const bool printable =
            (low >= 0x20 && low < 0x7F) || low == '\n' || low == '\r' || low == '\t';
        plain += printable && data[2 * i + 1] == 0 ? 1 : 0;
    }
    return pairs >= 8 && plain * 10 >= pairs * 9;
}

/* How much of DATA to keep: all of a known format, the readable beginning of a text. */
static size_t worth(const unsigned char *data, size_t len)
{
    if (vb_layer_known_magic(data, len) || looks_utf16(data, len))
        return len;
    const size_t text = vb_layer_text_prefix(data, len);
    if (text < TEXT_MIN || (text < SURE_TEXT && !ascii_only(data, text)))
        return 0;
    return text;
}

int vb_layer_found(struct vb_layer_walk *walk, const char *kind, size_t offset,
                   const unsigned char *data, size_t len, struct vb_error *err)
{
    struct vb_layer_budget *budget = walk->budget;
    if (budget->count == 0 || budget->bytes == 0) {
        budget->cut = true;
        return VB_OK;
    }
    if (len > budget->bytes) {
        budget->cut = true;
        len = budget->bytes;
    }
    budget->count--;
    budget->bytes -= len;
    const struct vb_layer layer = {kind, offset, data, len};
    return walk->each(walk->ctx, &layer, err);
}

/* --- runs of base64 or hexadecimal digits, over line wraps and joined string literals --- */

struct run_kind {
    const char *name;
    size_t min;
    const unsigned char *digits;                        /* by byte, 0 for what is none */
    size_t (*decode)(unsigned char *chars, size_t len); /* in place; returns the bytes */
    size_t unit;                                        /* digits that belong together */
};

static size_t decode_base64(unsigned char *chars, size_t len)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        bits = (bits << 6 | (uint32_t)(vb_base64_digits[chars[i]] - 1)) & 0xFFFFFF;
        have += 6;
        if (have >= 8) {
            have -= 8;
            chars[out++] = (unsigned char)(bits >> have & 0xFF);
        }
    }
    return out;
}

static size_t decode_hex(unsigned char *chars, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        chars[i / 2] =
            (unsigned char)((vb_hex_digits[chars[i]] - 1) << 4 | (vb_hex_digits[chars[i + 1]] - 1));
    return len / 2;
}

static const struct run_kind run_kinds[] = {
    {"base64", BASE64_MIN, vb_base64_digits, decode_base64, 4},
    {"hex", HEX_MIN, vb_hex_digits, decode_hex, 2},
};

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_quote(unsigned char c)
{
    return c == '"' || c == '\'' || c == '`';
}

/* If digits go on after the gap at AT, returns where, else 0. A gap is a line wrap (also one
 * written \n, or with a comment or quotation mark before the next line) behind a long piece, or the
 * end of one string literal and the beginning of the next. */
static size_t after_gap(const struct vb_layer_walk *walk, const struct run_kind *kind, size_t at,
                        size_t piece)
{
    const unsigned char *data = walk->data;
    const size_t limit = walk->len - at < GAP_MAX ? walk->len : at + GAP_MAX;
    size_t i = at;
    size_t quotes = 0;
    bool newline = false;
    /* '+' joins two literals, and is a digit of base64 anywhere else. */
    for (; i < limit && (kind->digits[data[i]] == 0 || (data[i] == '+' && quotes > 0)); i++) {
        if (data[i] == '\\' && i + 1 < limit && data[i + 1] == 'n') {
            newline = true;
            i++;
            continue;
        }
        newline = newline || data[i] == '\n';
        quotes += is_quote(data[i]) ? 1 : 0;
        if (!is_space(data[i]) && !is_quote(data[i]) && strchr("+.,&\\>#*", data[i]) == NULL)
            return 0;
    }
    if (i >= limit || i == at)
        return 0;
    const bool wrapped = newline && quotes == 0 && piece >= WRAP_MIN;
    const bool joined =
        quotes >= 2 && piece >= JOIN_MIN && is_quote(data[i - 1]) && is_quote(data[at]);
    return wrapped || joined ? i : 0;
}

static size_t digits_end(const struct vb_layer_walk *walk, const struct run_kind *kind, size_t at,
                         size_t end)
{
    while (at < end && kind->digits[walk->data[at]] != 0)
        at++;
    return at;
}

/* Decodes a copy of the digits and keeps the result if it makes sense. */
static int try_digits(struct vb_layer_walk *walk, const struct run_kind *kind, size_t offset,
                      const struct vb_buf *digits, bool *ret_kept, struct vb_error *err)
{
    unsigned char probe[PROBE_CHARS];
    for (size_t shift = 0; shift < kind->unit && digits->len >= kind->min + shift; shift++) {
        const size_t left = digits->len - shift;
        const size_t probed = left < PROBE_CHARS ? left : PROBE_CHARS;
        memcpy(probe, digits->data + shift, probed);
        const size_t bytes = kind->decode(probe, probed);
        const bool text = worth(probe, bytes) > bytes / 2 && !vb_layer_known_magic(probe, bytes);
        if (!text && (shift > 0 || worth(probe, bytes) == 0))
            continue;
        VB_CLEANUP(vb_buf_done) struct vb_buf whole;
        vb_buf_init(&whole, left);
        int status = vb_buf_append(&whole, digits->data + shift, left, err);
        if (status < 0)
            return status;
        const size_t keep = worth(whole.data, kind->decode(whole.data, left));
        if (keep == 0)
            continue;
        *ret_kept = true;
        return vb_layer_found(walk, kind->name, offset + shift, whole.data, keep, err);
    }
    return VB_OK;
}

/* The pieces of [BEGIN, END) one by one, where together they made no sense. */
static int try_pieces(struct vb_layer_walk *walk, const struct run_kind *kind, size_t begin,
                      size_t end, struct vb_error *err)
{
    for (size_t at = begin; at < end;) {
        const size_t stop = digits_end(walk, kind, at, end);
        if (stop == at) {
            at++;
            continue;
        }
        if (stop - at >= kind->min) {
            struct vb_buf piece = {.data = (unsigned char *)(uintptr_t)walk->data + at,
                                   .len = stop - at}; /* only read */
            bool kept = false;
            const int status = try_digits(walk, kind, at, &piece, &kept, err);
            if (status < 0)
                return status;
        }
        at = stop;
    }
    return VB_OK;
}

/* A run of digits, joined from the pieces that it is written in. */
struct digit_run {
    struct vb_buf digits;
    size_t end; /* of its last piece in the text */
    size_t pieces;
};

static void digit_run_done(struct digit_run *run)
{
    vb_buf_done(&run->digits);
}

/* Gathers the run that begins at AT. */
static int gather(const struct vb_layer_walk *walk, const struct run_kind *kind, size_t at,
                  struct digit_run *ret, struct vb_error *err)
{
    vb_buf_clear(&ret->digits);
    ret->pieces = 0;
    for (;;) {
        const size_t stop = digits_end(walk, kind, at, walk->len);
        const int status = vb_buf_append(&ret->digits, walk->data + at, stop - at, err);
        if (status < 0)
            return status;
        ret->pieces++;
        ret->end = stop;
        const size_t next = stop == walk->len ? 0 : after_gap(walk, kind, stop, stop - at);
        if (next == 0)
            return VB_OK;
        at = next;
    }
}

/* Ordinary words end here: too short by themselves, and no string literal that could go on. */
static bool worth_gathering(const struct vb_layer_walk *walk, const struct run_kind *kind,
                            size_t at, size_t stop)
{
    const size_t piece = stop - at;
    return piece >= kind->min ||
           (piece >= JOIN_MIN && stop < walk->len && is_quote(walk->data[stop]));
}

/* The run that begins at AT. */
static int one_run(struct vb_layer_walk *walk, const struct run_kind *kind, size_t at,
                   struct digit_run *run, struct vb_error *err)
{
    bool kept = false;
    int status = gather(walk, kind, at, run, err);
    if (status == 0 && run->digits.len >= kind->min)
        status = try_digits(walk, kind, at, &run->digits, &kept, err);
    if (status == 0 && !kept && run->pieces > 1)
        status = try_pieces(walk, kind, at, run->end, err);
    return status;
}

static int runs_of(struct vb_layer_walk *walk, const struct run_kind *kind, struct vb_error *err)
{
    VB_CLEANUP(digit_run_done) struct digit_run run = {.end = 0};
    vb_buf_init(&run.digits, walk->len + 1);
    for (size_t at = 0; at < walk->len;) {
        if (kind->digits[walk->data[at]] == 0) {
            at++;
            continue;
        }
        size_t end = digits_end(walk, kind, at, walk->len);
        if (worth_gathering(walk, kind, at, end)) {
            const int status = one_run(walk, kind, at, &run, err);
            if (status < 0)
                return status;
            end = run.end;
        }
        at = end;
    }
    return VB_OK;
}

static int runs(struct vb_layer_walk *walk, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(run_kinds); i++) {
        const int status = runs_of(walk, &run_kinds[i], err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}

/* --- UTF-16 --- */

static int utf16(struct vb_layer_walk *walk, struct vb_error *err)
{
    const unsigned char *data = walk->data;
    const bool little = walk->len >= 4 && data[0] == 0xFF && data[1] == 0xFE;
    const bool big = walk->len >= 4 && data[0] == 0xFE && data[1] == 0xFF;
    if (!little && !big && !looks_utf16(data, walk->len))
        return VB_OK;
    VB_CLEANUP(vb_buf_done) struct vb_buf out;
    vb_buf_init(&out, walk->len * 2 + 4);
    const size_t skip = little || big ? 2 : 0;
    const int status = vb_utf16_append(&out, data + skip, walk->len - skip, big, err);
    if (status < 0 || out.len == 0)
        return status;
    return vb_layer_found(walk, "utf16", 0, out.data, out.len, err);
}

int vb_layers_each(const unsigned char *data, size_t len, struct vb_layer_budget *budget,
                   vb_layer_fn *each, void *ctx, struct vb_error *err)
{
    static int (*const decoders[])(struct vb_layer_walk * walk, struct vb_error * err) = {
        utf16, vb_layers_inflate, runs, vb_layers_numbers, vb_layers_escapes};
    struct vb_layer_walk walk = {data, len, budget, each, ctx};
    for (size_t i = 0; i < VB_ARRAY_LEN(decoders); i++) {
        const int status = decoders[i](&walk, err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}
