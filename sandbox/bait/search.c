/* Trust boundary: DATA is hostile; the needles are our own.
 *
 * A secret is looked for by windows of a dozen bytes, so that a copy that was cut into pieces (a
 * DNS label, a wrapped line of base64) still shows. Every window is written in every form once,
 * when the set is made; a search then looks at four bytes at a time against a small bitmap and only
 * compares where that says maybe. */
#include "sandbox/bait/search.h"

#include <stdlib.h>
#include <string.h>

enum {
    WINDOW = 12,     /* bytes of secret in one needle: 60 bits and more */
    WINDOW_HEX = 16, /* of a secret that is hexadecimal */
    WINDOW_MAX = 32, /* of one that is a list of numbers */
    STRIDE = 8,      /* windows overlap: a line break in the anchor of one is not in the next's */
    WINDOWS_MAX = 6, /* of one secret */
    PREFIX_MAX = 12, /* "sk-ant-api03-" and the like tell nothing */
    NEEDLE_MAX = 3 * WINDOW_MAX,
    HASH_BITS = 18,
    ANCHOR = 4 /* bytes that are hashed */
};

struct needle {
    const char *form;
    uint32_t next; /* index + 1 of the next with the same bucket */
    uint16_t bait;
    uint8_t len;
    unsigned char bytes[NEEDLE_MAX];
};

struct vb_searcher {
    const struct vb_bait *baits;
    struct needle *needles;
    size_t count, capacity;
    uint32_t *buckets; /* index + 1 by hash, made small: BUCKETS entries */
    unsigned char bitmap[(1 << HASH_BITS) / 8];
};

enum { BUCKETS = 4096 };

static uint32_t anchor_hash(const unsigned char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof(word));
    return word * 2654435761U >> (32 - HASH_BITS);
}

static int add(struct vb_searcher *s, size_t bait, const char *form, const unsigned char *bytes,
               size_t len)
{
    if (len < ANCHOR || len > NEEDLE_MAX)
        return 0;
    uint32_t hash = anchor_hash(bytes);
    uint32_t *bucket = &s->buckets[hash % BUCKETS];
    for (uint32_t i = s->needles ? *bucket : 0; i; i = s->needles[i - 1].next) {
        const struct needle *n = &s->needles[i - 1];
        if (n->bait == bait && n->len == len && memcmp(n->bytes, bytes, len) == 0)
            return 0; /* the same in another form, such as URL-encoding that changes nothing */
    }
    if (s->count == s->capacity) {
        size_t capacity = s->capacity ? 2 * s->capacity : 1024;
        struct needle *bigger = reallocarray(s->needles, capacity, sizeof(*bigger));
        if (!bigger)
            return -1;
        s->needles = bigger;
        s->capacity = capacity;
    }
    struct needle *n = &s->needles[s->count++];
    *n =
        (struct needle){.form = form, .next = *bucket, .bait = (uint16_t)bait, .len = (uint8_t)len};
    memcpy(n->bytes, bytes, len);
    *bucket = (uint32_t)s->count;
    s->bitmap[hash / 8] |= (unsigned char)(1U << hash % 8);
    return 0;
}

/* --- the forms: each writes the window IN to OUT (NEEDLE_MAX bytes) and returns the length --- */

struct window {
    const unsigned char *bytes;
    size_t len; /* at most WINDOW_MAX */
};

static size_t form_raw(const struct window *in, unsigned char *out, int variant)
{
    (void)variant;
    memcpy(out, in->bytes, in->len);
    return in->len;
}

/* The characters of base64 that do not depend on what stands before and after, with VARIANT % 3
 * bytes in front of the window in its group of three. */
static size_t base64_middle(const struct window *in, unsigned char *out, int variant, bool url)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    unsigned skip_bits = (unsigned)(variant % 3 == 1 ? 4 : variant % 3 == 2 ? 2 : 0);
    size_t n = 0;
    for (unsigned bit = skip_bits; bit + 6 <= 8 * in->len; bit += 6) {
        unsigned pair = (unsigned)in->bytes[bit / 8] << 8;
        if (bit / 8 + 1 < in->len)
            pair |= in->bytes[bit / 8 + 1];
        unsigned value = pair >> (10 - bit % 8) & 63;
        out[n++] = (unsigned char)alphabet[url && value >= 62 ? value + 2 : value];
    }
    return n;
}

static size_t form_base64(const struct window *in, unsigned char *out, int variant)
{
    return base64_middle(in, out, variant, false);
}

static size_t form_base64url(const struct window *in, unsigned char *out, int variant)
{
    return base64_middle(in, out, variant, true);
}

static size_t form_hex(const struct window *in, unsigned char *out, int variant)
{
    const char *digits = variant ? "0123456789ABCDEF" : "0123456789abcdef";
    for (size_t i = 0; i < in->len; i++) {
        out[2 * i] = (unsigned char)digits[in->bytes[i] >> 4];
        out[2 * i + 1] = (unsigned char)digits[in->bytes[i] & 15];
    }
    return 2 * in->len;
}

static bool url_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

/* Variants: needed escapes only with capital and small digits, then every byte escaped, both ways.
 */
static size_t form_url(const struct window *in, unsigned char *out, int variant)
{
    const char *digits = variant & 1 ? "0123456789abcdef" : "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; i < in->len; i++) {
        if (variant < 2 && url_plain(in->bytes[i])) {
            out[n++] = in->bytes[i];
            continue;
        }
        out[n++] = '%';
        out[n++] = (unsigned char)digits[in->bytes[i] >> 4];
        out[n++] = (unsigned char)digits[in->bytes[i] & 15];
    }
    return n;
}

/* JSON strings: what must be escaped, and the slash that PHP escapes too. */
static size_t form_json(const struct window *in, unsigned char *out, int variant)
{
    size_t n = 0;
    for (size_t i = 0; i < in->len; i++) {
        if (in->bytes[i] == '"' || in->bytes[i] == '\\' || (variant && in->bytes[i] == '/'))
            out[n++] = '\\';
        out[n++] = in->bytes[i];
    }
    return n;
}

static size_t reverse(unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len / 2; i++) {
        unsigned char c = bytes[i];
        bytes[i] = bytes[len - 1 - i];
        bytes[len - 1 - i] = c;
    }
    return len;
}

/* Variants: reversed as it is, then its base64 reversed in the three alignments. */
static size_t form_reversed(const struct window *in, unsigned char *out, int variant)
{
    return reverse(out, variant ? form_base64(in, out, variant) : form_raw(in, out, 0));
}

static size_t form_rot13(const struct window *in, unsigned char *out, int variant)
{
    (void)variant;
    for (size_t i = 0; i < in->len; i++) {
        unsigned char c = in->bytes[i], base = c >= 'a' ? 'a' : 'A';
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        out[i] = (unsigned char)(letter ? (c - base + 13) % 26 + base : c);
    }
    return in->len;
}

static size_t form_utf16(const struct window *in, unsigned char *out, int variant)
{
    (void)variant;
    for (size_t i = 0; i < in->len; i++) {
        out[2 * i] = in->bytes[i];
        out[2 * i + 1] = 0;
    }
    return 2 * in->len;
}

static const struct {
    const char *name;
    int variants;
    size_t (*write)(const struct window *in, unsigned char *out, int variant);
} forms[] = {
    {"raw", 1, form_raw},           {"base64", 3, form_base64}, {"base64url", 3, form_base64url},
    {"hex", 2, form_hex},           {"url", 4, form_url},       {"json", 2, form_json},
    {"reversed", 4, form_reversed}, {"rot13", 1, form_rot13},   {"utf16", 1, form_utf16},
};

static int add_window(struct vb_searcher *s, size_t bait, const struct window *window)
{
    for (size_t f = 0; f < VB_ARRAY_LEN(forms); f++) {
        for (int variant = 0; variant < forms[f].variants; variant++) {
            unsigned char bytes[NEEDLE_MAX];
            size_t len = forms[f].write(window, bytes, variant);
            if (add(s, bait, forms[f].name, bytes, len))
                return -1;
        }
    }
    return 0;
}

/* How much of SECRET makes a window that nothing else has. */
static size_t window_len(const char *secret)
{
    if (!secret[strspn(secret, "0123456789,")])
        return WINDOW_MAX;
    return secret[strspn(secret, "0123456789abcdefABCDEF")] ? WINDOW : WINDOW_HEX;
}

/* Windows from the end backwards: secrets begin with what their kind has in common. */
static int add_secret(struct vb_searcher *s, size_t bait, const char *secret)
{
    size_t len = strlen(secret), window = window_len(secret);
    if (window > len)
        window = len;
    size_t spare = len - window;
    /* Short secrets have short prefixes, and need their second window. */
    size_t prefix = spare <= WINDOW ? 0 : spare - WINDOW;
    if (prefix > PREFIX_MAX)
        prefix = PREFIX_MAX;
    for (int i = 0; i < WINDOWS_MAX; i++) {
        size_t back = (size_t)i * STRIDE;
        if (back && (back > spare || spare - back < prefix))
            break;
        const struct window w = {(const unsigned char *)secret + spare - back, window};
        if (add_window(s, bait, &w))
            return -1;
    }
    return 0;
}

int vb_searcher_new(const struct vb_bait *baits, size_t count, struct vb_searcher **ret,
                    struct vb_error *err)
{
    struct vb_searcher *s = calloc(1, sizeof(*s));
    if (s)
        s->buckets = calloc(BUCKETS, sizeof(*s->buckets));
    bool ok = s && s->buckets;
    for (size_t i = 0; ok && i < count; i++)
        ok = !baits[i].secret || add_secret(s, i, baits[i].secret) == 0;
    if (!ok) {
        vb_searcher_free(s);
        return vb_fail(err, VB_E_NOMEM, 0, "preparing the search for baits: out of memory");
    }
    s->baits = baits;
    *ret = s;
    return VB_OK;
}

void vb_searcher_free(struct vb_searcher *searcher)
{
    if (!searcher)
        return;
    free(searcher->needles);
    free(searcher->buckets);
    free(searcher);
}

/* Encoders break their lines (base64 after 76 characters, xxd after 60), so breaks do not count. */
static bool matches(const struct needle *n, const unsigned char *data, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < n->len; i++, at++) {
        while (at < len && i > 0 && (data[at] == '\n' || data[at] == '\r') &&
               n->bytes[i] != data[at])
            at++;
        if (at == len || data[at] != n->bytes[i])
            return false;
    }
    return true;
}

void vb_searcher_run(const struct vb_searcher *s, const unsigned char *data, size_t len,
                     void (*found)(void *ctx, const struct vb_bait *bait, const char *form),
                     void *ctx)
{
    bool seen[VB_BAITS_MAX] = {false};
    for (size_t at = 0; at + ANCHOR <= len; at++) {
        uint32_t hash = anchor_hash(data + at);
        if (!(s->bitmap[hash / 8] >> hash % 8 & 1))
            continue;
        for (uint32_t i = s->buckets[hash % BUCKETS]; i; i = s->needles[i - 1].next) {
            const struct needle *n = &s->needles[i - 1];
            if (seen[n->bait] || !matches(n, data + at, len - at))
                continue;
            seen[n->bait] = true;
            found(ctx, &s->baits[n->bait], n->form);
        }
    }
}
