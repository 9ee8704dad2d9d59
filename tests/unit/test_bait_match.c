/* What leaves is searched for baits: every encoding, alone and within others, in any pieces; and
 * nothing is found in what nobody stole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "sandbox/bait/layer.h"
#include "sandbox/bait/outbound.h"
#include "tests/unit/bait_encoders.h"

static struct vb_bait_set *make_set(unsigned char first)
{
    const unsigned char seed[32] = {first};
    struct vb_error err = {0};
    struct vb_bait_set *set = NULL;
    if (vb_bait_set_new("/home/maja", seed, &set, &err))
        fail_msg("%s", err.message);
    return set;
}

static const struct vb_bait *bait_named(const struct vb_bait_set *set, const char *id)
{
    for (size_t i = 0; i < vb_bait_count(set); i++) {
        if (strcmp(vb_bait_at(set, i)->id, id) == 0)
            return vb_bait_at(set, i);
    }
    fail_msg("no bait %s", id);
    return NULL;
}

struct hits {
    const struct vb_bait *want;
    unsigned count, others;
    char form[96];
};

static void on_found(void *ctx, const struct vb_bait *bait, const char *form)
{
    struct hits *hits = ctx;
    if (bait != hits->want) {
        hits->others++;
        return;
    }
    hits->count++;
    snprintf(hits->form, sizeof(hits->form), "%s", form);
}

/* Feeds DATA in pieces of PIECE bytes. */
static int feed(struct vb_bait_stream *stream, const void *data, size_t len, size_t piece,
                struct hits *hits)
{
    struct vb_error err = {0};
    int status = 0;
    for (size_t at = 0; at < len && status >= 0; at += piece) {
        const size_t some = len - at < piece ? len - at : piece;
        /* In memory of its own, so that a read beyond it shows. */
        unsigned char *copy = malloc(some);
        assert_non_null(copy);
        memcpy(copy, (const unsigned char *)data + at, some);
        const int fed = vb_bait_stream_feed(stream, copy, some, on_found, hits, &err);
        status = fed ? fed : status;
        free(copy);
    }
    const int finished = vb_bait_stream_finish(stream, on_found, hits, &err);
    assert_true(status >= 0 && finished >= 0);
    return status | finished;
}

static struct vb_bait_stream *make_stream(const struct vb_bait_set *set,
                                          struct vb_bait_trail *trail)
{
    struct vb_error err = {0};
    struct vb_bait_stream *stream = NULL;
    assert_int_equal(vb_bait_stream_new(set, trail, &stream, &err), 0);
    return stream;
}

static struct hits search(const struct vb_bait_set *set, const struct bytes *b, size_t piece,
                          const struct vb_bait *want)
{
    struct hits hits = {.want = want};
    struct vb_bait_stream *stream = make_stream(set, NULL);
    feed(stream, b->at, b->len, piece, &hits);
    vb_bait_stream_free(stream);
    return hits;
}

/* --- every encoding --- */

static const struct {
    const char *form;
    encoder *encode;
    unsigned variants;
    unsigned first;
    bool apart; /* nothing else may stand in the same bytes */
} encodings[] = {
    {"raw", enc_raw, 1, 0, false},           {"rot13", enc_rot13, 1, 0, false},
    {"reversed", enc_reversed, 1, 0, false}, {"xor", enc_xor, 255, 1, false},
    {"base64", enc_base64, 1, 0, false},     {"base64", enc_base64_lines, 1, 0, false},
    {"hex", enc_hex, 2, 0, false},           {"base32", enc_base32, 2, 0, false},
    {"url", enc_url, 6, 0, false},           {"json", enc_json, 6, 0, false},
    {"html", enc_html, 6, 0, false},         {"utf16", enc_utf16, 2, 0, false},
    {"gzip", enc_gzip, 1, 0, false},         {"deflate", enc_deflate, 1, 0, false},
    {"deflate", enc_deflate, 1, 1, true},    {"zip", enc_zip, 1, 0, false},
    {"zstd", enc_zstd, 1, 0, false},         {"brotli", enc_brotli, 2, 0, true},
};

/* What a thief sends is seldom the secret alone. */
static void wrap(const struct vb_bait *bait, size_t before, struct bytes *out)
{
    static const char text[] = "see what I have got from there: user=maja token=";
    out->len = 0;
    put(out, text + sizeof(text) - 1 - before, before);
    put(out, bait->secret, strlen(bait->secret));
    put(out, " and more of it\n", 16);
}

static void expect(const struct vb_bait_set *set, const struct bytes *message,
                   const struct vb_bait *bait, const char *form)
{
    static const size_t pieces[] = {ROOM, 1, 7, 100, 4096};
    for (size_t i = 0; i < VB_ARRAY_LEN(pieces); i++) {
        const struct hits hits = search(set, message, pieces[i], bait);
        if (hits.count != 1 || hits.others || strcmp(hits.form, form) != 0)
            fail_msg("%s of %zu bytes in pieces of %zu: %u times \"%s\", %u others, not \"%s\"",
                     bait->id, message->len, pieces[i], hits.count, hits.form, hits.others, form);
    }
}

static void test_every_encoding(void **state)
{
    (void)state;
    static struct bytes plain, message;
    static const char *const ids[] = {"env-github", "env-aws-secret", "ssh-rsa", "openclaw-config"};
    struct vb_bait_set *set = make_set(1);
    for (size_t i = 0; i < VB_ARRAY_LEN(encodings); i++) {
        const size_t variants = encodings[i].variants > 20 ? 20 : encodings[i].variants;
        for (size_t v = 0; v < variants * VB_ARRAY_LEN(ids); v++) {
            const struct vb_bait *bait = bait_named(set, ids[v % VB_ARRAY_LEN(ids)]);
            const unsigned variant =
                encodings[i].first +
                (unsigned)(v / VB_ARRAY_LEN(ids) * (encodings[i].variants / variants));
            wrap(bait, v % 30, &plain);
            message.len = 0;
            if (!encodings[i].apart)
                put(&message, "POST /x HTTP/1.1\r\n\r\nd=", 23);
            encodings[i].encode(&plain, &message, variant);
            expect(set, &message, bait, encodings[i].form);
        }
    }
    vb_bait_set_free(set);
}

static const struct vb_bait_fact facts[] = {
    {"machine-host", "its name", "alex-thinkpad"},
    {"machine-home", "the home", "/home/alex"},
    {"machine-id", "its id", "0f3c5a7e9b1d42688c6ae0d2f4b61357"},
    {"machine-address", "its address", "73.162.41.118"},
};

static struct vb_bait_set *make_machine(void)
{
    const unsigned char seed[32] = {5};
    const struct vb_bait_choice choice = {
        .home = "/home/alex", .seed = seed, .facts = facts, .fact_count = VB_ARRAY_LEN(facts)};
    struct vb_error err = {0};
    struct vb_bait_set *set = NULL;
    assert_int_equal(vb_bait_set_choose(&choice, &set, &err), 0);
    return set;
}

/* What tells a machine is shorter than any secret and drawn by nobody. */
static void test_a_machine_in_every_encoding(void **state)
{
    (void)state;
    static struct bytes plain, message;
    for (size_t i = 0; i < VB_ARRAY_LEN(encodings); i++) {
        /* A set of its own: past a megabyte a text of ten bytes is not seen everywhere. */
        struct vb_bait_set *set = make_machine();
        for (size_t f = 0; f < 30 * VB_ARRAY_LEN(facts); f++) {
            const struct vb_bait *bait = bait_named(set, facts[f % VB_ARRAY_LEN(facts)].id);
            assert_int_equal(bait->place, VB_BAIT_MACHINE);
            wrap(bait, f / VB_ARRAY_LEN(facts), &plain);
            message.len = 0;
            if (!encodings[i].apart)
                put(&message, "POST /x HTTP/1.1\r\n\r\nd=", 23);
            encodings[i].encode(&plain, &message, encodings[i].first);
            const struct hits hits = search(set, &message, ROOM, bait);
            if (hits.count != 1 || hits.others)
                fail_msg("%s as %s: %u times \"%s\", %u others", bait->id, encodings[i].form,
                         hits.count, hits.form, hits.others);
        }
        vb_bait_set_free(set);
    }
}

/* An id that leaves in halves has left; one half alone is nobody's. */
static void test_a_machine_in_halves(void **state)
{
    (void)state;
    static encoder *const encoders[] = {enc_raw, enc_hex, enc_base32, enc_base64, enc_gzip};
    static struct bytes piece, message;
    struct vb_bait_set *set = make_machine();
    const struct vb_bait *bait = bait_named(set, "machine-id");
    struct vb_error err = {0};
    for (size_t i = 0; i < VB_ARRAY_LEN(encoders); i++) {
        struct vb_bait_trail *trail = NULL;
        assert_int_equal(vb_bait_trail_new(set, &trail, &err), 0);
        struct hits hits = {.want = bait};
        for (size_t half = 0; half < 3; half++) { /* the second one twice: the same is no more */
            piece.len = message.len = 0;
            put(&piece, bait->secret + (half < 2 ? 16 : 0), 16);
            encoders[i](&piece, &message, 0);
            put(&message, "!", 1);
            struct vb_bait_stream *stream = make_stream(set, trail);
            feed(stream, message.at, message.len, ROOM, &hits);
            vb_bait_stream_free(stream);
            if (hits.count != (half == 2) || hits.others)
                fail_msg("encoder %zu, message %zu: %u times, %u others", i, half, hits.count,
                         hits.others);
        }
        assert_memory_equal(hits.form, "split", 5);
        vb_bait_trail_free(trail);
    }
    vb_bait_set_free(set);
}

/* The name of the machine is, after any number of bytes. */
static void test_a_machine_after_a_megabyte(void **state)
{
    (void)state;
    static struct bytes message;
    struct vb_bait_set *set = make_machine();
    const struct vb_bait *bait = bait_named(set, "machine-host");
    struct hits hits = {.want = bait};
    struct vb_bait_stream *stream = make_stream(set, NULL);
    unsigned char *much = calloc(1, 3 << 20);
    assert_non_null(much);
    feed(stream, much, 3 << 20, 3 << 20, &hits);
    free(much);
    for (size_t before = 0; before < 16; before++) {
        wrap(bait, before, &message);
        feed(stream, message.at, message.len, ROOM, &hits);
        assert_int_equal(hits.count, before + 1);
    }
    assert_int_equal(hits.others, 0);
    vb_bait_stream_free(stream);
    vb_bait_set_free(set);
}

static void test_a_machine_in_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned hits;
    } rows[] = {
        {"lib.1.0.alex-thinkpad.collector.example", 1},
        {"616c65782d7468696e6b706164.collector.example", 1},
        {"616c65782d7468.696e6b706164.collector.example", 1},
        {"mfwgk6bnorugs3tlobqwi.collector.example", 1},
        {"alex.thinkpad.collector.example", 0},
        {"alex-thinkpa.collector.example", 0},
        {"thinkpad.alex.example", 0},
    };
    struct vb_bait_set *set = make_machine();
    struct vb_error err = {0};
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct hits hits = {.want = bait_named(set, "machine-host")};
        const struct vb_str name = {rows[i].name, strlen(rows[i].name)};
        assert_int_equal(vb_bait_search_name(set, NULL, name, on_found, &hits, &err), 0);
        if (hits.count != rows[i].hits || hits.others)
            fail_msg("%s: %u times, %u others", rows[i].name, hits.count, hits.others);
    }
    vb_bait_set_free(set);
}

/* Half a name is nobody's, and others have such names, too. */
static void test_other_machines(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "host=alex-think pad=1 /home/ale alex /home/bob alex's thinkpad ALEX-THINK",
        "user=alex&dir=/home/alice/x&ip=73.162.41.11.8&id=0f3c5a7e9b1d4268",
        "73.162.41.1 73.162.4.118 /home/al ex YWxleA== 616c6578",
    };
    struct vb_bait_set *set = make_machine();
    static struct bytes message;
    for (size_t i = 0; i < VB_ARRAY_LEN(texts); i++) {
        message.len = 0;
        put(&message, texts[i], strlen(texts[i]));
        const struct hits hits = search(set, &message, ROOM, bait_named(set, "machine-host"));
        if (hits.count + hits.others > 0)
            fail_msg("\"%s\": %u and %u", texts[i], hits.count, hits.others);
    }
    vb_bait_set_free(set);
}

static void test_other_alphabet_and_case(void **state)
{
    (void)state;
    static struct bytes plain, message;
    struct vb_bait_set *set = make_set(2);
    const struct vb_bait *bait = bait_named(set, "env-github");
    static const struct {
        encoder *encode;
        unsigned variant;
        const char *form;
    } wanted[] = {
        {enc_case, 0, "case-folded"}, {enc_case, 1, "case-folded"}, {enc_case, 2, "case-folded"}};
    for (size_t i = 0; i < VB_ARRAY_LEN(wanted); i++) {
        wrap(bait, 9, &plain);
        message.len = 0;
        wanted[i].encode(&plain, &message, wanted[i].variant);
        expect(set, &message, bait, wanted[i].form);
    }
    /* A byte of each that is written with the last two digits. */
    const struct vb_bait *bytes = bait_named(set, "password-store");
    for (size_t before = 0; before < 3; before++) {
        wrap(bytes, before, &plain);
        message.len = 0;
        enc_base64(&plain, &message, 1);
        expect(set, &message, bytes, "base64url");
    }
    vb_bait_set_free(set);
}

/* --- marks --- */

/* The marks of a chunk that holds PAIR at AT and nothing else. */
static unsigned char marks_of_pair(const char *pair, size_t at)
{
    unsigned char bytes[80], marks[VB_BLOCK_LARGE / VB_MARK] = {0};
    memset(bytes, ' ', sizeof(bytes));
    memcpy(bytes + at, pair, 2);
    struct vb_chunk chunk = {.at = bytes, .len = sizeof(bytes)};
    vb_chunk_mark(&chunk, marks);
    assert_int_equal(chunk.all_marks & marks[at / VB_MARK], marks[at / VB_MARK]);
    return marks[at / VB_MARK];
}

static void test_every_beginning_is_marked(void **state)
{
    (void)state;
    static const char *const escapes[] = {"%4",  "%f",  "%A",  "%u",  "\\u", "\\x",  "\\0",  "\\3",
                                          "\\n", "\\r", "\\t", "\\b", "\\f", "\\\"", "\\\\", "\\/",
                                          "\\'", "&#",  "&a",  "&l",  "&g",  "&q",   "&s"};
    static const char *const packed[] = {"\x1f\x8b", "\x28\xb5", "PK",      "\x78\x01",
                                         "\x78\x5e", "\x78\x9c", "\x78\xda"};
    static const char *const neither[] = {"% ", "%\xff", "\x1f ", "Pk", "x ", "\x8b\x1f"};
    for (size_t at = 0; at < 79; at++) {
        for (size_t i = 0; i < VB_ARRAY_LEN(escapes); i++)
            assert_int_equal(marks_of_pair(escapes[i], at), VB_MARK_ESCAPE);
        for (size_t i = 0; i < VB_ARRAY_LEN(packed); i++)
            assert_int_equal(marks_of_pair(packed[i], at), VB_MARK_PACKED);
        for (size_t i = 0; i < VB_ARRAY_LEN(neither); i++)
            assert_int_equal(marks_of_pair(neither[i], at), 0);
    }
}

/* A group is marked for what all of it or every other byte is, and for nothing less. */
static void test_digits_and_zeros_are_marked(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        unsigned char bytes[70], marks[VB_BLOCK_LARGE / VB_MARK] = {0};
        memset(bytes, 'a', sizeof(bytes));
        bytes[21] = (unsigned char)byte;
        for (size_t i = 32; i < 64; i += 2)
            bytes[i] = 0;
        struct vb_chunk chunk = {.at = bytes, .len = sizeof(bytes)};
        vb_chunk_mark(&chunk, marks);
        assert_int_equal(marks[0], VB_MARK_DIGITS);
        assert_int_equal(marks[1] & VB_MARK_DIGITS, vb_is_digit[byte] ? VB_MARK_DIGITS : 0);
        assert_int_equal(marks[2], VB_MARK_WIDE);
        assert_int_equal(marks[3], VB_MARK_WIDE);
        assert_int_equal(marks[4], 0);
    }
}

/* The only secret whose every piece is short: one escape leaves eight bytes on either side. */
static void test_one_escape_in_a_short_secret(void **state)
{
    (void)state;
    static struct bytes message;
    struct vb_bait_set *set = make_set(19);
    const struct vb_bait *bait = bait_named(set, "env-aws-key-id");
    const size_t len = strlen(bait->secret), half = bait->fixed + (len - bait->fixed) / 2;
    for (size_t before = 0; before < 40; before++) {
        static const char text[] = "{\"of\": \"me, all\", \"where\": \"eu\", \"id\": \"";
        char escape[8];
        message.len = 0;
        put(&message, text + sizeof(text) - 1 - before, before);
        put(&message, bait->secret, half);
        put(&message, escape,
            (size_t)snprintf(escape, sizeof(escape), "\\u%04x", bait->secret[half]));
        put(&message, bait->secret + half + 1, len - half - 1);
        const struct hits hits = search(set, &message, ROOM, bait);
        if (hits.count != 1)
            fail_msg("behind %zu bytes it is not found", before);
    }
    vb_bait_set_free(set);
}

/* --- codes within codes --- */

static void test_nested(void **state)
{
    (void)state;
    static const struct {
        const char *form;
        struct {
            encoder *encode;
            unsigned variant;
        } steps[4]; /* the first is applied first */
    } chains[] = {
        {"hex in gzip", {{enc_hex, 0}, {enc_gzip, 0}}},
        {"gzip in base64", {{enc_gzip, 0}, {enc_base64, 0}}},
        {"gzip in base64", {{enc_gzip, 0}, {enc_base64, 1}}},
        {"gzip in base64", {{enc_gzip, 0}, {enc_base64_lines, 0}}},
        {"deflate in base64", {{enc_deflate, 0}, {enc_base64, 0}}},
        {"deflate in base64", {{enc_deflate, 1}, {enc_base64, 0}}},
        {"zstd in hex", {{enc_zstd, 0}, {enc_hex, 1}}},
        {"brotli in base64", {{enc_brotli, 0}, {enc_base64, 0}}},
        {"gzip in base32", {{enc_gzip, 0}, {enc_base32, 1}}},
        {"base64 in base64", {{enc_base64, 0}, {enc_base64, 0}}},
        {"base64 in base64 in base64", {{enc_base64, 0}, {enc_base64, 0}, {enc_base64_lines, 0}}},
        {"utf16 in base64", {{enc_utf16, 0}, {enc_base64, 0}}},
        {"xor in base64", {{enc_xor, 77}, {enc_base64, 0}}},
        {"base64 in xor", {{enc_base64, 0}, {enc_xor, 77}}},
        {"xor in hex", {{enc_xor, 200}, {enc_hex, 0}}},
        {"reversed in base64", {{enc_reversed, 0}, {enc_base64, 0}}},
        {"base64 reversed", {{enc_base64, 0}, {enc_reversed, 0}}},
        {"hex reversed", {{enc_hex, 0}, {enc_reversed, 0}}},
        {"gzip in gzip in gzip", {{enc_gzip, 0}, {enc_gzip, 0}, {enc_gzip, 0}}},
        {"zip in zstd in brotli", {{enc_zip, 0}, {enc_zstd, 0}, {enc_brotli, 0}}},
        {"gzip in zip in base64", {{enc_gzip, 0}, {enc_zip, 0}, {enc_base64, 0}}},
        {"gzip in base64 in url", {{enc_gzip, 0}, {enc_base64, 0}, {enc_url, 8}}},
        {"url in gzip in hex in utf16",
         {{enc_url, 0}, {enc_gzip, 0}, {enc_hex, 0}, {enc_utf16, 0}}},
        {"url in url", {{enc_url, 0}, {enc_url, 0}}},
        {"gzip in url", {{enc_gzip, 0}, {enc_url, 0}}},
        {"base32 in zip", {{enc_base32, 0}, {enc_zip, 0}}},
    };
    static struct bytes one, two;
    struct vb_bait_set *set = make_set(3);
    static const char *const ids[] = {"env-github", "ssh-ed25519", "env-openai"};
    for (size_t i = 0; i < VB_ARRAY_LEN(chains) * VB_ARRAY_LEN(ids); i++) {
        const size_t chain = i / VB_ARRAY_LEN(ids);
        const struct vb_bait *bait = bait_named(set, ids[i % VB_ARRAY_LEN(ids)]);
        wrap(bait, i % 40, &one);
        for (size_t s = 0; s < 4 && chains[chain].steps[s].encode; s++) {
            two.len = 0;
            chains[chain].steps[s].encode(&one, &two, chains[chain].steps[s].variant);
            one = two;
        }
        expect(set, &one, bait, chains[chain].form);
    }
    vb_bait_set_free(set);
}

/* A zip entry with a name as long as what stands quietly between two escapes. */
static void enc_named_zip(const struct bytes *in, struct bytes *out, unsigned variant)
{
    enum { HEAD = 30, NAME_LEN = 26, SHORT_NAME = 4 };
    static const char name[] = "credentials-of-maja";
    static struct bytes zip;
    (void)variant;
    zip.len = 0;
    enc_zip(in, &zip, 0);
    zip.at[NAME_LEN] = sizeof(name) - 1;
    put(out, zip.at, HEAD);
    put(out, name, sizeof(name) - 1);
    put(out, zip.at + HEAD + SHORT_NAME, zip.len - HEAD - SHORT_NAME);
}

/* Only what is no text is escaped, or has a meaning in HTML. */
static void enc_html_binary(const struct bytes *in, struct bytes *out, unsigned variant)
{
    (void)variant;
    for (size_t i = 0; i < in->len; i++) {
        const unsigned char c = in->at[i];
        const struct bytes one = {.at = {c}, .len = 1};
        if ((c < 0x20 && c != '\n') || c > 0x7E || strchr("&<>\"'+/=", c))
            enc_html(&one, out, 0);
        else
            put(out, &c, 1);
    }
}

/* What stands in front of an escape or between two is no part of what begins there, or is. */
static void test_beginnings_around_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *before, *form;
        struct {
            encoder *encode;
            unsigned variant;
        } steps[3]; /* the first is applied first */
    } rows[] = {
        /* digits that are none of the run's, and 16 bytes without an escape */
        {"got from there: user=maja token",
         "gzip in base64 in json",
         {{enc_gzip, 0}, {enc_base64, 0}, {enc_json, 5}}},
        {"got from there: user=maja token",
         "utf16 in base64 in json",
         {{enc_utf16, 0}, {enc_base64, 0}, {enc_json, 5}}},
        {"got from there: user=maja token",
         "rot13 in hex in json",
         {{enc_rot13, 0}, {enc_hex, 0}, {enc_json, 4}}},
        /* and an escape before those */
        {"Tom &amp; Jerry from there: user=maja token",
         "zip in base64 in html",
         {{enc_zip, 0}, {enc_base64, 1}, {enc_html, 0}}},
        /* digits that are the run's, behind a line break */
        {"",
         "zstd in base64 in html",
         {{enc_zstd, 0}, {enc_base64_lines, 0}, {enc_html_binary, 0}}},
        /* in something packed, what looks like a run */
        {"", "zip in html", {{enc_named_zip, 0}, {enc_html_binary, 0}}},
        {"from there: ", "zip in html", {{enc_named_zip, 0}, {enc_html_binary, 0}}},
        /* a view comes to rest within a magic */
        {"user&equals;maja t56789abcd", "zip in html", {{enc_zip, 0}, {enc_html_binary, 0}}},
    };
    static struct bytes one, two;
    struct vb_bait_set *set = make_set(20);
    static const char *const ids[] = {"env-github", "ssh-ed25519", "env-openai"};
    for (size_t i = 0; i < VB_ARRAY_LEN(rows) * VB_ARRAY_LEN(ids); i++) {
        const size_t row = i / VB_ARRAY_LEN(ids);
        const struct vb_bait *bait = bait_named(set, ids[i % VB_ARRAY_LEN(ids)]);
        wrap(bait, i % 40, &one);
        for (size_t s = 0; s < 3 && rows[row].steps[s].encode; s++) {
            two.len = 0;
            if (s == 2 || !rows[row].steps[s + 1].encode)
                put(&two, rows[row].before, strlen(rows[row].before));
            rows[row].steps[s].encode(&one, &two, rows[row].steps[s].variant);
            one = two;
        }
        const struct hits hits = search(set, &one, ROOM, bait);
        if (hits.count != 1 || hits.others || strcmp(hits.form, rows[row].form) != 0)
            fail_msg("row %zu, %s: %u times \"%s\", not \"%s\"", row, bait->id, hits.count,
                     hits.form, rows[row].form);
    }
    vb_bait_set_free(set);
}

/* In a picture, a tar or anything else the bytes lie as they are, and what is packed begins
 * anywhere. */
static void test_packed_anywhere(void **state)
{
    (void)state;
    static struct bytes plain, message;
    struct vb_bait_set *set = make_set(4);
    const struct vb_bait *bait = bait_named(set, "env-stripe");
    for (size_t before = 4080; before < 4110; before++) { /* around the end of a block */
        static const unsigned char noise[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        message.len = 0;
        while (message.len < before)
            put(&message, &noise[message.len % sizeof(noise)], 1);
        wrap(bait, 7, &plain);
        enc_gzip(&plain, &message, 0);
        put(&message, "behind it", 9);
        const struct hits hits = search(set, &message, before % 2 ? ROOM : 61, bait);
        assert_int_equal(hits.count, 1);
        assert_string_equal(hits.form, "gzip");
    }
    vb_bait_set_free(set);
}

/* What looks like the beginning of something packed does not hide what is behind. */
static void test_decoys(void **state)
{
    (void)state;
    static struct bytes plain, message;
    struct vb_bait_set *set = make_set(5);
    const struct vb_bait *bait = bait_named(set, "env-stripe");
    static const char *const decoys[] = {"\x1f\x8b\x08 no", "x\x9c no", "PK\3\4 no",
                                         "(\xb5/\xfd no"};
    for (size_t i = 0; i < VB_ARRAY_LEN(decoys); i++) {
        message.len = 0;
        put(&message, decoys[i], strlen(decoys[i]));
        if (i == 2) /* a local header ends somewhere */
            put(&message, "......................................................", 50);
        wrap(bait, 7, &plain);
        enc_gzip(&plain, &message, 0);
        const struct hits hits = search(set, &message, ROOM, bait);
        if (hits.count != 1)
            fail_msg("decoy %zu hides it", i);
    }
    vb_bait_set_free(set);
}

static void test_bombs_say_so(void **state)
{
    (void)state;
    enum { ZEROS = 200 * 1024 * 1024 };
    struct vb_bait_set *set = make_set(6);
    const struct vb_bait *bait = bait_named(set, "env-stripe");
    unsigned char *zeros = calloc(1, ZEROS);
    static unsigned char packed[512 * 1024];
    assert_non_null(zeros);
    z_stream z = {
        .next_in = zeros, .avail_in = ZEROS, .next_out = packed, .avail_out = sizeof(packed)};
    assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    deflate(&z, Z_FINISH);
    deflateEnd(&z);
    assert_true(z.total_out > 100000);
    struct vb_bait_stream *stream = make_stream(set, NULL);
    struct hits hits = {.want = bait};
    struct vb_error err = {0};
    int status = vb_bait_stream_feed(stream, packed, 400000, on_found, &hits, &err);
    assert_int_equal(status, 1);
    assert_int_equal(hits.count, 0);
    /* The rest of the message is searched all the same. */
    status = feed(stream, bait->secret, strlen(bait->secret), ROOM, &hits);
    assert_int_equal(status, 1);
    assert_int_equal(hits.count, 1);
    /* And the next is no bomb. */
    assert_int_equal(feed(stream, "nothing", 7, ROOM, &hits), 0);
    /* A window of 2 GiB is not given either. */
    assert_int_equal(feed(stream, "\x28\xb5\x2f\xfd\0\xa8\1\0\0........", 17, ROOM, &hits), 1);
    vb_bait_stream_free(stream);
    free(zeros);
    vb_bait_set_free(set);
}

/* Many small ones are one large one: a run has a share, and what is beyond it says so. */
static void test_many_small_bombs_say_so(void **state)
{
    (void)state;
    enum { ATTEMPTS = 300 * 1024 };
    static struct bytes packed, plain;
    struct vb_bait_set *set = make_set(17);
    const struct vb_bait *bait = bait_named(set, "env-stripe");
    struct vb_error err = {0};
    struct vb_bait_trail *trail = NULL;
    struct hits hits = {.want = bait};
    assert_int_equal(vb_bait_trail_new(set, &trail, &err), 0);
    struct vb_share *share = vb_bait_trail_share(trail);
    struct vb_bait_stream *stream = make_stream(set, trail);
    plain.len = packed.len = 0;
    wrap(bait, 7, &plain);
    memset(plain.at + plain.len, '.', ROOM - plain.len);
    plain.len = ROOM;
    enc_gzip(&plain, &packed, 0);
    /* Within the share nothing is cut, and all of it counts. */
    assert_int_equal(feed(stream, packed.at, packed.len, ROOM, &hits), 0);
    assert_int_equal(hits.count, 1);
    assert_in_range(share->bytes, ROOM + packed.len, ROOM + 2 * packed.len);
    assert_int_equal(vb_bait_stream_unpacked(stream), packed.len);
    /* It ends within one message and is gone in the next; what is plain is searched all the same.
     */
    share->bytes = (2ULL << 30) - ROOM / 2;
    assert_int_equal(feed(stream, packed.at, packed.len, ROOM, &hits), 1);
    assert_int_equal(vb_bait_trail_refused(trail), 1);
    assert_true(vb_bait_stream_unpacked(stream) == SIZE_MAX);
    assert_int_equal(feed(stream, packed.at, packed.len, ROOM, &hits), 1);
    assert_int_equal(vb_bait_trail_refused(trail), 2);
    assert_int_equal(hits.count, 2); /* the first half of the second message had it */
    feed(stream, bait->secret, strlen(bait->secret), ROOM, &hits);
    assert_int_equal(hits.count, 3);
    vb_bait_stream_free(stream);
    vb_bait_trail_free(trail);
    /* Attempts count too. */
    assert_int_equal(vb_bait_trail_new(set, &trail, &err), 0);
    stream = make_stream(set, trail);
    int status = 0;
    for (size_t i = 0; i < ATTEMPTS / 1024; i++) {
        packed.len = 0;
        for (size_t j = 0; j < 1024; j++)
            put(&packed, "x\x9c\xff.", 4);
        status = feed(stream, packed.at, packed.len, ROOM, &hits);
    }
    assert_int_equal(status, 1);
    assert_true(vb_bait_trail_refused(trail) > 1 && vb_bait_trail_refused(trail) < 60);
    assert_int_equal(hits.others, 0);
    vb_bait_stream_free(stream);
    vb_bait_trail_free(trail);
    vb_bait_set_free(set);
}

/* The process that watches a box searches too, and hands nothing hostile to a library. */
static void test_the_plain_search_unpacks_nothing(void **state)
{
    (void)state;
    static struct bytes plain, once, twice;
    struct vb_bait_set *set = make_set(16);
    const struct vb_bait *bait = bait_named(set, "env-stripe");
    struct hits hits = {.want = bait};
    plain.len = once.len = twice.len = 0;
    wrap(bait, 7, &plain);
    enc_gzip(&plain, &once, 0);
    assert_int_equal(vb_bait_search(set, once.at, once.len, on_found, &hits), 0);
    assert_int_equal(hits.count, 0);
    once.len = 0;
    enc_base64(&plain, &once, 0);
    enc_base64(&once, &twice, 0);
    assert_int_equal(vb_bait_search(set, twice.at, twice.len, on_found, &hits), 0);
    assert_int_equal(hits.count, 1);
    assert_string_equal(hits.form, "base64 in base64");
    vb_bait_set_free(set);
}

/* --- pieces --- */

static void test_split_over_messages(void **state)
{
    (void)state;
    static encoder *const encoders[] = {enc_raw, enc_hex, enc_base32, enc_base64, enc_gzip};
    static const char *const ids[] = {"env-anthropic", "env-github", "ssh-rsa", "env-vercel"};
    struct vb_bait_set *set = make_set(7);
    struct vb_error err = {0};
    static struct bytes piece, message;
    for (size_t i = 0; i < VB_ARRAY_LEN(encoders) * VB_ARRAY_LEN(ids); i++) {
        const struct vb_bait *bait = bait_named(set, ids[i / VB_ARRAY_LEN(encoders)]);
        const size_t all = strlen(bait->secret), size = 12 + i % 3;
        const size_t parts = all / size < 16 ? all / size : 16;
        struct vb_bait_trail *trail = NULL;
        assert_int_equal(vb_bait_trail_new(set, &trail, &err), 0);
        struct hits hits = {.want = bait};
        for (size_t part = 0; part < parts; part++) {
            /* In another order, each on a connection of its own. 7 is prime to all counts here. */
            const size_t which = parts % 7 ? part * 7 % parts : part;
            piece.len = message.len = 0;
            put(&piece, bait->secret + all - (which + 1) * size, size);
            encoders[i % VB_ARRAY_LEN(encoders)](&piece, &message, 0);
            put(&message, "!", 1);
            struct vb_bait_stream *stream = make_stream(set, trail);
            feed(stream, message.at, message.len, ROOM, &hits);
            vb_bait_stream_free(stream);
        }
        if (!hits.count)
            fail_msg("%s in %zu pieces of %zu, encoder %zu: not found", bait->id, parts, size,
                     i % VB_ARRAY_LEN(encoders));
        vb_bait_trail_free(trail);
    }
    vb_bait_set_free(set);
}

static void test_a_small_piece_is_no_proof(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(8);
    const struct vb_bait *bait = bait_named(set, "env-anthropic");
    const size_t len = strlen(bait->secret);
    struct bytes *message = calloc(1, sizeof(*message));
    assert_non_null(message);
    put(message, bait->secret + len - 12, 12);
    put(message, " and ", 5);
    assert_int_equal(search(set, message, ROOM, bait).count, 0);
    put(message, bait->secret + len - 12, 12); /* the same again is no more */
    assert_int_equal(search(set, message, ROOM, bait).count, 0);
    put(message, " and ", 5);
    put(message, bait->secret + len - 40, 12);
    const struct hits hits = search(set, message, ROOM, bait);
    assert_int_equal(hits.count, 1);
    assert_string_equal(hits.form, "split");
    /* Eleven bytes are none, however many of them come. */
    message->len = 0;
    for (size_t at = 0; at + 11 <= len; at += 11) {
        put(message, bait->secret + at, 11);
        put(message, " ", 1);
    }
    assert_int_equal(search(set, message, ROOM, bait).count, 0);
    /* Nor is what all such keys begin with. */
    message->len = 0;
    put(message, bait->secret, bait->fixed);
    assert_true(bait->fixed >= 12);
    put(message, "AbCdEf", 6);
    assert_int_equal(search(set, message, ROOM, bait).count, 0);
    free(message);
    vb_bait_set_free(set);
}

static void test_near_misses(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(9);
    static struct bytes message;
    for (size_t i = 0; i < vb_bait_count(set); i++) {
        const struct vb_bait *bait = vb_bait_at(set, i);
        if (!bait->secret)
            continue;
        assert_true(strlen(bait->secret) - bait->fixed >= 12);
        message.len = 0;
        for (size_t at = 0; bait->secret[at]; at++) { /* every tenth byte is another */
            const char c = (char)(at % 10 ? bait->secret[at] : bait->secret[at] ^ 1);
            put(&message, &c, 1);
        }
        assert_int_equal(search(set, &message, ROOM, bait).count, 0);
    }
    vb_bait_set_free(set);
}

/* --- names --- */

static void test_names(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(10);
    const struct vb_bait *bait = bait_named(set, "env-github");
    struct vb_error err = {0};
    static const struct {
        encoder *encode;
        unsigned variant;
        size_t label; /* bytes each */
        const char *form;
    } wanted[] = {
        {enc_base32, 0, 63, "base32 in name"}, {enc_base32, 1, 63, "base32 in name"},
        {enc_base32, 1, 10, "base32 in name"}, {enc_hex, 0, 63, "hex in name"},
        {enc_hex, 1, 8, "hex in name"},        {enc_base64, 1, 63, "base64 in name"},
        {enc_base64, 1, 20, "base64 in name"}, {enc_raw, 0, 63, "raw in name"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(wanted); i++) {
        static struct bytes plain, coded, name;
        plain.len = coded.len = name.len = 0;
        put(&plain, bait->secret, strlen(bait->secret));
        wanted[i].encode(&plain, &coded, wanted[i].variant);
        for (size_t at = 0; at < coded.len; at += wanted[i].label) {
            put(&name, coded.at + at,
                coded.len - at < wanted[i].label ? coded.len - at : wanted[i].label);
            put(&name, ".", 1);
        }
        put(&name, "t1.example.net", 14);
        struct hits hits = {.want = bait};
        const struct vb_str text = {(const char *)name.at, name.len};
        assert_int_equal(vb_bait_search_name(set, NULL, text, on_found, &hits, &err), 0);
        if (hits.count != 1 || strcmp(hits.form, wanted[i].form) != 0)
            fail_msg("name %zu: %u times \"%s\"", i, hits.count, hits.form);
    }
    vb_bait_set_free(set);
}

static void test_a_secret_in_several_names(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(11);
    const struct vb_bait *bait = bait_named(set, "env-anthropic");
    struct vb_error err = {0};
    struct vb_bait_trail *trail = NULL;
    assert_int_equal(vb_bait_trail_new(set, &trail, &err), 0);
    struct hits hits = {.want = bait};
    const size_t len = strlen(bait->secret);
    for (size_t part = 0; part < 3; part++) {
        static struct bytes plain, name;
        plain.len = name.len = 0;
        put(&plain, bait->secret + len - 15 * (part + 1), 15);
        enc_base32(&plain, &name, part & 1);
        put(&name, ".evil.example", 13);
        const struct vb_str text = {(const char *)name.at, name.len};
        assert_int_equal(vb_bait_search_name(set, trail, text, on_found, &hits, &err), 0);
    }
    assert_true(hits.count > 0);
    assert_string_equal(hits.form, "split in name");
    vb_bait_trail_free(trail);
    vb_bait_set_free(set);
}

/* --- nothing --- */

static void test_baits_of_another_run_are_none(void **state)
{
    (void)state;
    static struct bytes plain, message;
    struct vb_bait_set *set = make_set(12), *other = make_set(13);
    for (size_t i = 0; i < vb_bait_count(other); i++) {
        const struct vb_bait *bait = vb_bait_at(other, i);
        for (size_t e = 0; bait->secret && e < VB_ARRAY_LEN(encodings); e++) {
            wrap(bait, 5, &plain);
            message.len = 0;
            encodings[e].encode(&plain, &message, encodings[e].first);
            const struct hits hits = search(set, &message, ROOM, NULL);
            assert_int_equal(hits.count + hits.others, 0);
        }
        if (bait->content && bait->content_len < ROOM) {
            message.len = 0;
            put(&message, bait->content, bait->content_len);
            assert_int_equal(search(set, &message, ROOM, NULL).others, 0);
        }
    }
    vb_bait_set_free(set);
    vb_bait_set_free(other);
}

static void test_noise_holds_nothing(void **state)
{
    (void)state;
    enum { LEN = 10 * 1024 * 1024 };
    static const char *const alphabets[] = {
        NULL, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        "0123456789abcdef", "0123456789,", "etaoin shrdlu%2f\\n&#x41;\"{}:"};
    struct vb_bait_set *set = make_set(14);
    unsigned char *noise = malloc(LEN);
    assert_non_null(noise);
    uint64_t x = 88172645463325252ULL;
    for (size_t a = 0; a < VB_ARRAY_LEN(alphabets); a++) {
        const size_t letters = alphabets[a] ? strlen(alphabets[a]) : 0;
        for (size_t i = 0; i < LEN; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            noise[i] = letters ? (unsigned char)alphabets[a][(x >> 20) % letters]
                               : (unsigned char)(x >> 20 & 255);
        }
        struct hits hits = {.want = NULL};
        struct vb_bait_stream *stream = make_stream(set, NULL);
        struct vb_error err = {0};
        assert_int_equal(vb_bait_stream_feed(stream, noise, LEN, on_found, &hits, &err), 0);
        assert_int_equal(vb_bait_stream_finish(stream, on_found, &hits, &err), 0);
        assert_int_equal(hits.others, 0);
        vb_bait_stream_free(stream);
    }
    free(noise);
    vb_bait_set_free(set);
}

/* Behind a long upload the quick index is in use: it finds what the small one does. */
static void test_both_indexes_find_the_same(void **state)
{
    (void)state;
    static struct bytes plain, message;
    struct vb_bait_set *set = make_set(15);
    struct vb_bait_stream *stream = make_stream(set, NULL);
    struct vb_error err = {0};
    static const char filler[4096];
    struct hits hits = {.want = NULL};
    for (size_t i = 0; i < 600; i++)
        assert_int_equal(vb_bait_stream_feed(stream, filler, sizeof(filler), on_found, &hits, &err),
                         0);
    vb_bait_stream_free(stream);
    static encoder *const encoders[] = {enc_raw, enc_base64, enc_base32, enc_hex, enc_reversed};
    for (size_t i = 0; i < vb_bait_count(set); i++) {
        const struct vb_bait *bait = vb_bait_at(set, i);
        for (size_t at = 0; bait->secret && at < 8 * VB_ARRAY_LEN(encoders); at++) {
            plain.len = message.len = 0;
            put(&plain, bait->secret, strlen(bait->secret));
            put(&message, "::::::::", at % 8);
            encoders[at / 8](&plain, &message, 0);
            const struct hits found = search(set, &message, ROOM, bait);
            if (found.count != 1)
                fail_msg("%s, encoder %zu, at %zu: not found", bait->id, at / 8, at % 8);
        }
    }
    vb_bait_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_encoding),
        cmocka_unit_test(test_a_machine_in_every_encoding),
        cmocka_unit_test(test_a_machine_in_halves),
        cmocka_unit_test(test_a_machine_after_a_megabyte),
        cmocka_unit_test(test_a_machine_in_names),
        cmocka_unit_test(test_other_machines),
        cmocka_unit_test(test_other_alphabet_and_case),
        cmocka_unit_test(test_every_beginning_is_marked),
        cmocka_unit_test(test_digits_and_zeros_are_marked),
        cmocka_unit_test(test_one_escape_in_a_short_secret),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_beginnings_around_escapes),
        cmocka_unit_test(test_packed_anywhere),
        cmocka_unit_test(test_decoys),
        cmocka_unit_test(test_bombs_say_so),
        cmocka_unit_test(test_many_small_bombs_say_so),
        cmocka_unit_test(test_the_plain_search_unpacks_nothing),
        cmocka_unit_test(test_split_over_messages),
        cmocka_unit_test(test_a_small_piece_is_no_proof),
        cmocka_unit_test(test_near_misses),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_a_secret_in_several_names),
        cmocka_unit_test(test_baits_of_another_run_are_none),
        cmocka_unit_test(test_noise_holds_nothing),
        cmocka_unit_test(test_both_indexes_find_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
