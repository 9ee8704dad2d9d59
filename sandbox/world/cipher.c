/* cipher: counts bytes and their halves; of what is enciphered none is more frequent than another.
 * Nothing is copied: a message is walked over, and what it stands for is only counted. See
 * cipher.h. Trust boundary: the bytes are hostile. */
#include "sandbox/world/cipher.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sandbox/world/chance.h"
#include "vetbox/core.h"

enum {
    HEAD = 32,        /* bytes in which a format shows */
    WRAP_MIN = 32,    /* digits of a line that may be broken */
    LABEL_HEX = 16,   /* digits of a label that may carry something */
    LABEL_OTHER = 20, /* letters of one */
    LABEL_MAX = 63
};

/* The chi-square statistic of bytes drawn by chance is above these once in a million messages. */
static const double halves_limit = 56;   /* 15 degrees of freedom */
static const double bytes_limit = 375;   /* 255 */
static const size_t bytes_enough = 1280; /* five of each */

/* --- counting --- */

struct tally {
    uint32_t counts[256];
    size_t n;
    unsigned char head[HEAD];
};

static void count(struct tally *tally, unsigned char byte)
{
    if (tally->n < HEAD)
        tally->head[tally->n] = byte;
    tally->counts[byte]++;
    tally->n++;
}

static double chi_square(const size_t *counts, size_t kinds, size_t n)
{
    const double expected = (double)n / (double)kinds;
    double sum = 0;
    for (size_t i = 0; i < kinds; i++) {
        const double off = (double)counts[i] - expected;
        sum += off * off / expected;
    }
    return sum;
}

static bool looks_drawn(const struct tally *tally)
{
    size_t bytes[256], high[16] = {0}, low[16] = {0};
    for (size_t i = 0; i < 256; i++) {
        bytes[i] = tally->counts[i];
        high[i / 16] += bytes[i];
        low[i % 16] += bytes[i];
    }
    return tally->n >= VB_CIPHER_MIN && chi_square(high, 16, tally->n) < halves_limit &&
           chi_square(low, 16, tally->n) < halves_limit &&
           (tally->n < bytes_enough || chi_square(bytes, 256, tally->n) < bytes_limit);
}

/* --- formats --- */

enum meaning {
    UNKNOWN,
    KNOWN,     /* not enciphered, or not by the subject */
    PACKED,    /* so it says; the search unpacks it, or it is none */
    ENCIPHERED /* so it says */
};

static enum meaning meaning_of(const unsigned char *at, size_t len)
{
    static const struct {
        const char *bytes;
        size_t len, offset;
        enum meaning meaning;
    } formats[] = {
        {"Salted__", 8, 0, ENCIPHERED},
        {"age-encryption.org/", 19, 0, ENCIPHERED},
        {"\x1f\x8b\x08", 3, 0, PACKED},
        {"\x28\xb5\x2f\xfd", 4, 0, PACKED},
        {"PK\3\4", 4, 0, KNOWN},
        {"BZh", 3, 0, KNOWN},
        {"\xfd"
         "7zXZ\0",
         6, 0, KNOWN},
        {"\x5d\0\0", 3, 0, KNOWN}, /* lzma */
        {"7z\xbc\xaf\x27\x1c", 6, 0, KNOWN},
        {"Rar!\x1a\x07", 6, 0, KNOWN},
        {"\x04\x22\x4d\x18", 4, 0, KNOWN}, /* lz4 */
        {"\xff\x06\0\0sNaPpY", 10, 0, KNOWN},
        {"\x89PNG\r\n\x1a\n", 8, 0, KNOWN},
        {"\xff\xd8\xff", 3, 0, KNOWN},
        {"GIF8", 4, 0, KNOWN},
        {"RIFF", 4, 0, KNOWN}, /* webp, wave, avi */
        {"ID3", 3, 0, KNOWN},
        {"\xff\xfb", 2, 0, KNOWN},
        {"OggS", 4, 0, KNOWN},
        {"fLaC", 4, 0, KNOWN},
        {"ftyp", 4, 4, KNOWN}, /* mp4, heic, avif */
        {"\x1a\x45\xdf\xa3", 4, 0, KNOWN},
        {"\0\0\0\x0cJXL ", 8, 0, KNOWN},
        {"%PDF-", 5, 0, KNOWN},
        {"wOF2", 4, 0, KNOWN},
        {"wOFF", 4, 0, KNOWN},
        {"PACK\0\0\0", 7, 0, KNOWN}, /* git */
        {"GGUF", 4, 0, KNOWN},
        {"\x89HDF\r\n", 6, 0, KNOWN},
        {"\x93NUMPY", 6, 0, KNOWN},
        {"PAR1", 4, 0, KNOWN},
        {"SSH-", 4, 0, KNOWN},
        {"\x16\x03", 2, 0, KNOWN}, /* TLS: a handshake, and data */
        {"\x17\x03\x03", 3, 0, KNOWN},
        {"\x16\xfe\xfd", 3, 0, KNOWN}, /* DTLS */
        {"\x16\xfe\xff", 3, 0, KNOWN},
        {"\0\0\0\1", 4, 1, KNOWN}, /* QUIC: version 1 behind the first byte; WireGuard */
        {"\x6b\x33\x43\xcf", 4, 1, KNOWN},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(formats); i++) {
        if (len < formats[i].offset + formats[i].len ||
            memcmp(at + formats[i].offset, formats[i].bytes, formats[i].len) != 0)
            continue;
        /* Bit 0 of the flags: encrypted (APPNOTE 4.4.4). */
        return memcmp(at, "PK", 2) == 0 && (at[6] & 1) ? ENCIPHERED : formats[i].meaning;
    }
    /* A zlib stream: RFC 1950, 2.2. */
    return len > 1 && at[0] == 0x78 && ((unsigned)at[0] << 8 | at[1]) % 31 == 0 ? PACKED : UNKNOWN;
}

static size_t conclude(const struct tally *tally, size_t unpacked)
{
    const size_t head = tally->n < HEAD ? tally->n : HEAD;
    if (tally->n < VB_CIPHER_MIN)
        return 0;
    switch (meaning_of(tally->head, head)) {
    case KNOWN:
        return 0;
    case ENCIPHERED:
        return tally->n;
    case PACKED:
        if (unpacked == SIZE_MAX)
            return 0;
        break;
    case UNKNOWN:
        break;
    }
    if (unpacked != SIZE_MAX && unpacked / 3 >= tally->n / 4)
        return 0;
    return looks_drawn(tally) ? tally->n : 0;
}

/* --- runs of digits in a text --- */

struct run {
    const unsigned char *at, *end;
    size_t line; /* digits since the last line break */
};

static bool is_digit(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '+' ||
           c == '/' || c == '-' || c == '_';
}

/* The bytes of a line break at AT, as it is or as JSON has it. */
static size_t line_break(const unsigned char *at, const unsigned char *end)
{
    if (*at == '\n' || *at == '\r')
        return 1;
    return end - at > 1 && at[0] == '\\' && (at[1] == 'n' || at[1] == 'r') ? 2 : 0;
}

/* The next digit of the run, or 0 at its end. URLs escape some of them, and JSON may. */
static unsigned char next_digit(struct run *run)
{
    static const struct {
        const char *text;
        unsigned char digit;
    } escapes[] = {{"%2B", '+'}, {"%2b", '+'}, {"%2F", '/'}, {"%2f", '/'}, {"\\/", '/'}};
    const unsigned char *at = run->at;
    size_t gap = 0;
    while (at < run->end && run->line >= WRAP_MIN && (gap = line_break(at, run->end)) > 0)
        at += gap;
    if (at == run->end)
        return 0;
    run->line = at == run->at ? run->line + 1 : 1;
    if (is_digit(*at)) {
        run->at = at + 1;
        return *at;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(escapes); i++) {
        const size_t len = strlen(escapes[i].text);
        if ((size_t)(run->end - at) < len || memcmp(at, escapes[i].text, len) != 0)
            continue;
        run->at = at + len;
        return escapes[i].digit;
    }
    return 0;
}

/* What a run is written in. */
struct shape {
    size_t digits;
    bool hex, base32; /* every digit is one of those */
};

static struct shape shape_of(struct run *run)
{
    struct shape shape = {0, true, true};
    for (unsigned char c = 0; (c = next_digit(run)) != 0; shape.digits++) {
        const unsigned char lower = c | 0x20;
        shape.hex = shape.hex && ((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'f'));
        shape.base32 = shape.base32 && ((c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7'));
    }
    return shape;
}

/* Digests and signatures that everybody sends: SHA-256 to SHA-512 and Ed25519, and "sha512-…". */
static bool is_digest(const struct shape *shape)
{
    static const size_t in_hex[] = {64, 96, 128}, others[] = {64, 71, 86, 93};
    const size_t *sizes = shape->hex ? in_hex : others;
    const size_t count = shape->hex ? VB_ARRAY_LEN(in_hex) : VB_ARRAY_LEN(others);
    for (size_t i = 0; i < count; i++) {
        if (sizes[i] == shape->digits)
            return true;
    }
    return false;
}

static unsigned value_of(unsigned char c, unsigned bits)
{
    if (bits == 4)
        return c <= '9' ? c - (unsigned)'0' : (c | 0x20U) - 'a' + 10;
    if (bits == 5)
        return c <= '7' ? c - '2' + 26U : c - (unsigned)'A';
    return vb_base64_digits[c] - 1U;
}

static void count_decoded(struct run run, const struct shape *shape, struct tally *tally)
{
    const unsigned bits = shape->hex ? 4 : shape->base32 ? 5 : 6;
    uint32_t word = 0;
    unsigned have = 0;
    for (unsigned char c = 0; (c = next_digit(&run)) != 0;) {
        word = word << bits | value_of(c, bits);
        have += bits;
        if (have >= 8)
            count(tally, (unsigned char)(word >> (have -= 8) & 0xFF));
    }
}

/* The longest run; the parts of a JSON Web Token (RFC 7519: {"… in base64, joined by dots) are
 * none.
 */
static struct shape longest_run(const unsigned char *bytes, size_t len, struct run *ret)
{
    struct shape longest = {0, false, false};
    bool in_token = false;
    struct run run = {bytes, bytes + len, 0};
    while (run.at < run.end) {
        const struct run begin = {run.at, run.end, 0};
        run.line = 0;
        const struct shape shape = shape_of(&run);
        const bool joined = begin.at > bytes && begin.at[-1] == '.';
        if (shape.digits > 0)
            in_token =
                (in_token && joined) || (shape.digits > 3 && memcmp(begin.at, "eyJ", 3) == 0);
        if (shape.digits > longest.digits && !in_token && !is_digest(&shape)) {
            longest = shape;
            *ret = begin;
        }
        run.at += run.at < run.end;
    }
    return longest;
}

/* --- a message --- */

static bool is_text(const unsigned char *bytes, size_t len)
{
    size_t others = 0;
    for (size_t i = 0; i < len; i++)
        others += bytes[i] >= 0x80 || (bytes[i] < 0x20 && (bytes[i] < '\t' || bytes[i] > '\r'));
    return others <= len / 16;
}

/* The largest part of a body in parts (RFC 2046, 5.1): behind its head, before the next boundary.
 */
static struct vb_str largest_part(const unsigned char *bytes, size_t len)
{
    struct vb_str largest = {(const char *)bytes, len};
    const unsigned char *line = len > 4 ? memchr(bytes, '\r', len < 80 ? len : 80) : NULL;
    if (line == NULL || memcmp(bytes, "--", 2) != 0)
        return largest;
    const size_t boundary = (size_t)(line - bytes);
    const unsigned char *at = line, *end = bytes + len;
    largest.len = 0;
    while (at < end) {
        const unsigned char *head = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
        if (head == NULL)
            break;
        const unsigned char *from = head + 4;
        const unsigned char *next = memmem(from, (size_t)(end - from), bytes, boundary);
        const unsigned char *to = next == NULL ? end : next - 2 < from ? from : next - 2;
        if ((size_t)(to - from) > largest.len)
            largest = (struct vb_str){(const char *)from, (size_t)(to - from)};
        at = next == NULL ? end : next + boundary;
    }
    return largest;
}

/* What git pushes stands behind lines that say where to (gitprotocol-pack). */
static bool is_push(const unsigned char *bytes, size_t len)
{
    return memmem(bytes, len < 4096 ? len : 4096, "PACK\0\0\0\2", 8) != NULL;
}

/* The lines of ASCII armour before the base64; its length, or 0. */
static size_t armour(const unsigned char *bytes, size_t len)
{
    static const char *const begins[] = {"-----BEGIN PGP MESSAGE-----",
                                         "-----BEGIN AGE ENCRYPTED FILE-----"};
    for (size_t i = 0; i < VB_ARRAY_LEN(begins); i++) {
        const size_t head = strlen(begins[i]);
        if (len > head && memcmp(bytes, begins[i], head) == 0)
            return head;
    }
    return 0;
}

size_t vb_cipher_size(const unsigned char *bytes, size_t len, size_t unpacked)
{
    struct tally tally = {.n = 0};
    const struct vb_str part = largest_part(bytes, len);
    const unsigned char *at = (const unsigned char *)part.text;
    if (part.len < VB_CIPHER_MIN || is_push(at, part.len))
        return 0;
    if (!is_text(at, part.len) || meaning_of(at, part.len) == ENCIPHERED) {
        for (size_t i = 0; i < part.len; i++)
            count(&tally, at[i]);
        return conclude(&tally, unpacked);
    }
    const size_t armoured = armour(at, part.len);
    struct run run = {at, at, 0};
    const struct shape shape = longest_run(at + armoured, part.len - armoured, &run);
    count_decoded(run, &shape, &tally);
    return armoured > 0 ? tally.n : conclude(&tally, unpacked);
}

/* --- a name --- */

static size_t size_in_label(const char *label, size_t len)
{
    char text[LABEL_MAX + sizeof(".invalid")];
    struct run run = {(const unsigned char *)label, (const unsigned char *)label + len, 0};
    struct shape shape = {0, true, true};
    bool numbers = false, letters = false, narrow = true;
    if (len < LABEL_HEX || len > LABEL_MAX)
        return 0;
    shape = shape_of(&run);
    for (size_t i = 0; i < len; i++) {
        const char lower = (char)(label[i] | 0x20);
        numbers = numbers || (label[i] >= '0' && label[i] <= '9');
        letters = letters || (lower >= 'a' && lower <= 'z');
        narrow = narrow && ((lower >= 'a' && lower <= 'z') || (label[i] >= '2' && label[i] <= '7'));
    }
    if (shape.digits < len || !numbers || !letters)
        return 0;
    if (shape.hex)
        return len / 2;
    snprintf(text, sizeof(text), "%.*s.invalid", (int)len, label);
    return len >= LABEL_OTHER && vb_name_looks_drawn(text) ? len * (narrow ? 5 : 6) / 8 : 0;
}

size_t vb_cipher_size_in_name(const char *name)
{
    size_t size = 0;
    while (*name != '\0') {
        const size_t len = strcspn(name, ".");
        size += size_in_label(name, len);
        name += len + (name[len] == '.');
    }
    return size;
}
