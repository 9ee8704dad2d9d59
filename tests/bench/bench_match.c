/* Times the search for baits: plain bytes of several kinds, and packed ones against the bare
 * decompression by the same library. Prints one line a figure: KIND MEGABYTES SECONDS BARE, where
 * BARE is 0 for plain bytes; tests/bench/match reads them. */
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>
#include <zstd.h>

#include "sandbox/bait/outbound.h"

enum { BAITS = 400, PIECE = 64 * 1024, SAMPLE = 16 * 1024 * 1024 };

#define BASE62 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static uint64_t seed = 88172645463325252ULL;

static uint64_t draw(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void fill(char *out, size_t len, const char *alphabet)
{
    const size_t letters = strlen(alphabet);
    for (size_t i = 0; i < len; i++)
        out[i] = alphabet[draw() % letters];
    out[len] = '\0';
}

/* Secrets as they are: tokens, keys in base64, hexadecimal ones, passwords. */
static struct vb_bait *make_baits(void)
{
    static const struct {
        const char *prefix, *alphabet;
        size_t len;
    } shapes[] = {{"ghp_", BASE62, 36},
                  {"", BASE62 "+/", 40},
                  {"sk-proj-", BASE62 "-_", 148},
                  {"", "0123456789abcdef", 64},
                  {"", BASE62, 24},
                  {"AKIA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16}};
    struct vb_bait *baits = calloc(BAITS, sizeof(*baits));
    for (size_t i = 0; baits && i < BAITS; i++) {
        char text[256];
        const size_t shape = i % VB_ARRAY_LEN(shapes), fixed = strlen(shapes[shape].prefix);
        snprintf(text, sizeof(text), "%s", shapes[shape].prefix);
        fill(text + fixed, shapes[shape].len, shapes[shape].alphabet);
        baits[i] = (struct vb_bait){.id = "bait", .secret = strdup(text), .fixed = fixed};
    }
    return baits;
}

/* --- what is sent --- */

static void make_random(unsigned char *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (unsigned char)(draw() >> 32 & 255);
}

static void make_base64(unsigned char *out, size_t len)
{
    static const char alphabet[] = BASE62 "+/";
    for (size_t i = 0; i < len; i++)
        out[i] = i % 77 == 76 ? '\n' : (unsigned char)alphabet[draw() >> 32 & 63];
}

static char words[2000][12];

static void make_words(void)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++)
        fill(words[i], 2 + draw() % 9,
             "eeeeeeetttttaaaaaoooooiiiinnnnsssshhhrrrdddlluccmmwfgypbvk");
}

static void make_text(unsigned char *out, size_t len)
{
    for (size_t at = 0; at < len;) {
        /* Few words are most of a text. */
        const uint64_t r = draw();
        const char *word = words[(r & 1) ? r / 2 % 60 : r / 2 % VB_ARRAY_LEN(words)];
        for (; *word && at < len; word++)
            out[at++] = (unsigned char)*word;
        if (at < len)
            out[at++] = r % 91 == 0 ? '\n' : r % 17 == 0 ? ',' : ' ';
    }
}

/* What is written in lines: @w is a word, @d a number, @x eight digits of hexadecimal, @b twenty of
 * base64, @u a letter as JSON escapes it, @p one as a form does, @l one in UTF-8. */
static size_t write_field(char kind, char *out, size_t size)
{
    char digits[21];
    switch (kind) {
    case 'w':
        return (size_t)snprintf(out, size, "%s", words[draw() % VB_ARRAY_LEN(words)]);
    case 'd':
        return (size_t)snprintf(out, size, "%u", (unsigned)(draw() % 100000));
    case 'x':
        return (size_t)snprintf(out, size, "%08x", (unsigned)(draw() >> 32));
    case 'b':
        fill(digits, 20, BASE62 "+/");
        return (size_t)snprintf(out, size, "%s", digits);
    case 'u':
        return (size_t)snprintf(out, size, "\\u%04x", 0x430 + (unsigned)(draw() % 32));
    case 'p':
        return (size_t)snprintf(out, size, "%%D0%%%02X", 0xB0 + (unsigned)(draw() % 16));
    default:
        return (size_t)snprintf(out, size, "\xD0%c", (char)(0xB0 + draw() % 16));
    }
}

static void make_lines(unsigned char *out, size_t len, const char *line)
{
    for (size_t at = 0, i = 0; at < len; i = line[i] ? i : 0) {
        char field[32] = {line[i]};
        const size_t size = line[i] == '@' ? write_field(line[i + 1], field, sizeof(field)) : 1;
        const size_t some = len - at < size ? len - at : size;
        i += line[i] == '@' ? 2 : 1;
        memcpy(out + at, field, some);
        at += some;
    }
}

/* --- time --- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* one thread, and others share the machine */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void on_found(void *ctx, const struct vb_bait *bait, const char *form)
{
    (void)ctx;
    fprintf(stderr, "found %s as %s, which nobody sent\n", bait->id, form);
    exit(1);
}

/* Feeds DATA until TOTAL bytes are through. */
static double search(struct vb_needles *needles, const unsigned char *data, size_t len,
                     size_t total)
{
    struct vb_error err;
    struct vb_bait_stream *stream = NULL;
    if (vb_outbound_new(needles, NULL, &stream, &err))
        exit(1);
    const double begin = now();
    for (size_t done = 0; done < total;) {
        for (size_t at = 0; at < len && done < total; at += PIECE) {
            const size_t some = len - at < PIECE ? len - at : PIECE;
            if (vb_bait_stream_feed(stream, data + at, some, on_found, NULL, &err) < 0)
                exit(1);
            done += some;
        }
        if (vb_bait_stream_finish(stream, on_found, NULL, &err) < 0)
            exit(1);
    }
    const double seconds = now() - begin;
    vb_bait_stream_free(stream);
    return seconds;
}

struct packed {
    const char *name;
    size_t (*pack)(const unsigned char *in, size_t len, unsigned char *out, size_t room);
    void (*unpack)(const unsigned char *in, size_t len);
};

static unsigned char room[PIECE];

static size_t deflate_all(const unsigned char *in, size_t len, unsigned char *out, size_t size,
                          int bits)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)in,
                  .avail_in = (uInt)len,
                  .next_out = out,
                  .avail_out = (uInt)size};
    if (deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&z, Z_FINISH) != Z_STREAM_END)
        exit(1);
    deflateEnd(&z);
    return z.total_out;
}

static void inflate_all(const unsigned char *in, size_t len, int bits)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)in, .avail_in = (uInt)len};
    if (inflateInit2(&z, bits) != Z_OK)
        exit(1);
    int status = Z_OK;
    while (status == Z_OK) {
        z.next_out = room;
        z.avail_out = sizeof(room);
        status = inflate(&z, Z_NO_FLUSH);
    }
    inflateEnd(&z);
    if (status != Z_STREAM_END)
        exit(1);
}

static size_t pack_gzip(const unsigned char *in, size_t len, unsigned char *out, size_t size)
{
    return deflate_all(in, len, out, size, 15 + 16);
}

static void unpack_gzip(const unsigned char *in, size_t len)
{
    inflate_all(in, len, 15 + 16);
}

static size_t pack_deflate(const unsigned char *in, size_t len, unsigned char *out, size_t size)
{
    return deflate_all(in, len, out, size, -15);
}

static void unpack_deflate(const unsigned char *in, size_t len)
{
    inflate_all(in, len, -15);
}

static size_t pack_zip(const unsigned char *in, size_t len, unsigned char *out, size_t size)
{
    static const unsigned char head[31] = {'P', 'K', 3, 4, 20, 0, 8, 0, 8, [26] = 1, [30] = 'f'};
    memcpy(out, head, sizeof(head));
    return sizeof(head) + deflate_all(in, len, out + sizeof(head), size - sizeof(head), -15);
}

static void unpack_zip(const unsigned char *in, size_t len)
{
    inflate_all(in + 31, len - 31, -15);
}

static size_t pack_zstd(const unsigned char *in, size_t len, unsigned char *out, size_t size)
{
    return ZSTD_compress(out, size, in, len, 3);
}

static void unpack_zstd(const unsigned char *in, size_t len)
{
    ZSTD_DStream *d = ZSTD_createDStream();
    ZSTD_inBuffer input = {in, len, 0};
    for (size_t left = 1; left && !ZSTD_isError(left);) {
        ZSTD_outBuffer output = {room, sizeof(room), 0};
        left = ZSTD_decompressStream(d, &output, &input);
    }
    ZSTD_freeDStream(d);
}

static size_t pack_brotli(const unsigned char *in, size_t len, unsigned char *out, size_t size)
{
    if (!BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, len, in, &size, out))
        exit(1);
    return size;
}

static void unpack_brotli(const unsigned char *in, size_t len)
{
    BrotliDecoderState *d = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
        unsigned char *out = room;
        size_t out_len = sizeof(room);
        result = BrotliDecoderDecompressStream(d, &len, &in, &out_len, &out, NULL);
    }
    BrotliDecoderDestroyInstance(d);
}

static const struct packed packings[] = {
    {"gzip", pack_gzip, unpack_gzip},       {"deflate", pack_deflate, unpack_deflate},
    {"zip", pack_zip, unpack_zip},          {"zstd", pack_zstd, unpack_zstd},
    {"brotli", pack_brotli, unpack_brotli},
};

static const struct {
    const char *name;
    void (*make)(unsigned char *out, size_t len);
    const char *line; /* of what is made of these */
    bool packed;      /* these bytes are timed in every packing, too */
} plain[] = {
    {"random", make_random, NULL, false},
    {"text", make_text, NULL, true},
    /* a log with escapes, numbers and digests */
    {"json", NULL,
     "{\"time\":@d@d,\"path\":\"/@w/@w\",\"sha256\":\"@x@x@x@x@x@x@x@x\",\"text\":\"@w @w "
     "\\\"@w\\\" @w\\n\",\"size\":@d}\n",
     true},
    {"base64", make_base64, NULL, false},
    {"escapes", NULL,
     "{\"@w\":\"@u@u@u@u @u@u@u@u@u@u, \\\"@u@u@u\\\" \\u00ab@w\\u00bb\",\"@w\":[@d,@d]},", false},
    {"json-in-json", NULL, "{\\\"@w\\\":\\\"@w @w\\\",\\\"@w\\\":@d,\\\"id\\\":\\\"@x-@x\\\"},",
     false},
    {"form", NULL, "@w=@w+@w%20@w%2C@w&@w=%7B%22@w%22%3A@d%7D&q=@p@p@p@p@p+@p@p&", false},
    {"html", NULL,
     "<p class=\"@w-@w\">@w @w &amp; @w&nbsp;@w <a href=\"/@w?@w=@d&amp;@w=@d\">&lt;@w&gt;</a>\n",
     false},
    {"javascript", NULL,
     "function @w(@w,@w){return @w.@w(@w[@d],\"@w\\n\")&&@w!==@d?@w:@w%@d}var @w=/@w\\.@w/;",
     false},
    {"source", NULL,
     "    if (@w->@w < @d && !@w(@w, \"@w: %s\\n\", @w))\n        return @w_@w_@w; /* @w @w */\n",
     false},
    {"csv", NULL, "@d,@w @w,@d.@d,2026-01-02T03:04:05Z,@x-@x,\"@w, @w\"\n", false},
    {"log", NULL,
     "2026-01-02T03:04:05.678Z INFO @w.@w: GET /@w/@w?@w=@d 200 @dms ip=10.0.0.1 id=@x@x@x@x\n",
     false},
    {"lockfile", NULL,
     "      \"integrity\": \"sha512-@b@b@b@b@b==\",\n      \"node_modules/@w-@w\": "
     "{\"version\": \"1.2.3\"},\n",
     false},
    {"paths", NULL, "./usr/lib/@w-@w/site-packages/@w_@w/@w/@w.py\n", false},
    {"digests", NULL, "@x@x@x@x@x  @w/@w.c\n", false},
    {"keys", NULL, "@b@b\n", false},
    {"hex", NULL, "@x@x@x@x", false},
    {"hexdump", NULL, "000@d: @x @x @x @x  ................\n", false},
    {"utf8", NULL, "@l@l@l@l @l@l@l@l@l@l, @l@l\n", false},
};

static void time_packed(struct vb_needles *needles, const char *content, const unsigned char *data)
{
    unsigned char *out = malloc(2 * SAMPLE);
    for (size_t i = 0; out && i < VB_ARRAY_LEN(packings); i++) {
        const size_t len = packings[i].pack(data, SAMPLE, out, 2 * SAMPLE);
        double bare = 1e9, searched = 1e9;
        for (int round = 0; round < 5; round++) { /* the best of each: others share the machine */
            double begin = now();
            packings[i].unpack(out, len);
            const double once = now() - begin, whole = search(needles, out, len, len);
            bare = once < bare ? once : bare;
            searched = whole < searched ? whole : searched;
        }
        printf("%s-of-%s %.1f %.4f %.4f\n", packings[i].name, content, SAMPLE / 1e6, searched,
               bare);
    }
    free(out);
}

int main(int argc, char **argv)
{
    const size_t total = (argc > 1 ? strtoul(argv[1], NULL, 10) : 200) * 1000 * 1000;
    const char *only = argc > 2 ? argv[2] : NULL;
    struct vb_bait *baits = make_baits();
    struct vb_error err;
    struct vb_needles *needles = NULL;
    unsigned char *data = malloc(SAMPLE);
    make_words();
    double begin = now();
    if (!baits || !data || vb_needles_new(baits, BAITS, &needles, &err))
        return 1;
    printf("prepared 0 %.4f 0\n", now() - begin);
    for (size_t i = 0; i < VB_ARRAY_LEN(plain); i++) {
        if (only && strcmp(only, plain[i].name) != 0)
            continue;
        if (plain[i].make)
            plain[i].make(data, SAMPLE);
        else
            make_lines(data, SAMPLE, plain[i].line);
        printf("%s %.1f %.4f 0\n", plain[i].name, (double)total / 1e6,
               search(needles, data, SAMPLE, total));
        fflush(stdout);
        if (argc < 4 && plain[i].packed)
            time_packed(needles, plain[i].name, data);
    }
    vb_needles_free(needles);
    free(data);
    for (size_t i = 0; i < BAITS; i++)
        free(baits[i].secret);
    free(baits);
    return 0;
}
