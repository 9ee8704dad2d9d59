/* What signature files are made of: DER, public keys, JSON members, DSSE envelopes. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "signatures/der.h"
#include "signatures/dsse.h"
#include "signatures_helper.h"

static struct vb_sig_bytes bytes_of(const void *data, size_t len)
{
    return (struct vb_sig_bytes){.data = data, .len = len};
}

static struct vb_sig_bytes text_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

/* --- DER --- */

static void test_der(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool good;
    } rows[] = {
        {"\x04\x00", 2, true},
        {"\x04\x02xy", 4, true},
        {"\x04\x02x", 3, false},          /* ends too early */
        {"\x04\x01xy", 4, false},         /* something follows */
        {"\x05\x00", 2, false},           /* another tag */
        {"\x04\x81\x02xy", 5, false},     /* not the shortest length */
        {"\x04\x82\x00\x02xy", 6, false}, /* nor this */
        {"\x04\x80xy\x00\x00", 6, false}, /* indefinite */
        {"\x04\xff", 2, false},           /* reserved */
        {"\x04\x84\xff\xff\xff\xff", 6, false},
        {"\x04", 1, false},
        {"", 0, false},
    };
    struct vb_sig_bytes content;
    unsigned char whole[3 + 0x80] = {0x04, 0x81, 0x80};

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (vb_sig_der_whole(bytes_of(rows[i].bytes, rows[i].len), VB_SIG_DER_OCTETS, &content) !=
            rows[i].good)
            fail_msg("row %zu", i);
    }
    assert_true(vb_sig_der_whole(bytes_of(whole, sizeof(whole)), VB_SIG_DER_OCTETS, &content));
    assert_int_equal(content.len, 0x80);
    (void)state;
}

/* --- keys --- */

static EVP_PKEY *make_key(const char *kind)
{
    EVP_PKEY *key = strcmp(kind, "ED25519") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                    : kind[0] == 'P'
                        ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind)
                        : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", strtoul(kind, NULL, 10));
    assert_non_null(key);
    return key;
}

static struct vb_sig_bytes spki_of(EVP_PKEY *key, unsigned char *buffer, size_t size)
{
    unsigned char *end = buffer;

    assert_true((size_t)i2d_PUBKEY(key, NULL) <= size);
    return bytes_of(buffer, (size_t)i2d_PUBKEY(key, &end));
}

static bool accepts(struct vb_sig_bytes der)
{
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;

    assert_int_equal(vb_sig_key_spki(der, &key, NULL), 0);
    return key != NULL;
}

static void test_keys(void **state)
{
    static const struct {
        const char *kind;
        const char *digest;
        bool good;
    } rows[] = {
        {"ED25519", NULL, true},   {"P-256", "SHA256", true}, {"P-384", "SHA384", true},
        {"P-521", "SHA512", true}, {"2048", "SHA256", true},  {"1024", NULL, false},
        {"P-224", NULL, false},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_sig_key_free) EVP_PKEY *made = make_key(rows[i].kind);
        VB_CLEANUP(vb_sig_key_free) EVP_PKEY *read = NULL;
        unsigned char der[VB_SIG_SPKI_MAX + 1];
        struct vb_sig_bytes spki = spki_of(made, der, sizeof(der));

        assert_int_equal(vb_sig_key_spki(spki, &read, NULL), 0);
        assert_int_equal(read != NULL, rows[i].good);
        if (!rows[i].good)
            continue;
        assert_int_equal(EVP_PKEY_eq(made, read), 1);
        const char *digest = vb_sig_key_digest(read);
        assert_true(digest == rows[i].digest || strcmp(digest, rows[i].digest) == 0);
        der[spki.len] = 0; /* a byte too many, then one too few */
        assert_false(accepts(bytes_of(der, spki.len + 1)));
        assert_false(accepts(bytes_of(der, spki.len - 1)));
        for (size_t at = 0; at < 12; at++) {
            der[at] ^= 0x20;
            assert_false(accepts(spki));
            der[at] ^= 0x20;
        }
        assert_true(accepts(spki));
    }
    (void)state;
}

static void test_pem(void **state)
{
    static const char body[] = "MCowBQYDK2VwAyEAeaVh5w7gjNPnVMY+m9a5w1IKHULEzRBN4ud+92o7GFO=\n";
    static const char good[] = "MCowBQYDK2VwAyEAeaVh5w7gjNPnVMY+m9a5w1IKHULEzRBNDeLn72o7GFM=\n";
    static const struct {
        const char *before;
        const char *body;
        const char *after;
        bool good;
    } rows[] = {
        {"-----BEGIN PUBLIC KEY-----\n", good, "-----END PUBLIC KEY-----\n", true},
        {"-----BEGIN PUBLIC KEY-----\r\n", good, "-----END PUBLIC KEY-----", true},
        {"-----BEGIN PUBLIC KEY-----\n", body, "-----END PUBLIC KEY-----\n", false},
        {"\n-----BEGIN PUBLIC KEY-----\n", good, "-----END PUBLIC KEY-----\n", false},
        {"-----BEGIN PUBLIC KEY-----\n", good, "-----END PUBLIC KEY-----\nx", false},
        {"-----BEGIN PUBLIC KEY-----\n", good, "-----END PRIVATE KEY-----\n", false},
        {"-----BEGIN PRIVATE KEY-----\n", good, "-----END PRIVATE KEY-----\n", false},
        {"-----BEGIN PUBLIC KEY-----\nA: b\n\n", good, "-----END PUBLIC KEY-----\n", false},
        {"-----BEGIN PUBLIC KEY-----\n", good, "", false},
    };
    char id[VB_SIG_KEY_ID];

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;
        char text[512];
        snprintf(text, sizeof(text), "%s%s%s", rows[i].before, rows[i].body, rows[i].after);
        assert_int_equal(vb_sig_key_pem(text_of(text), &key, NULL), 0);
        if ((key != NULL) != rows[i].good)
            fail_msg("row %zu", i);
        if (key == NULL)
            continue;
        assert_int_equal(vb_sig_key_id(key, id, NULL), 0);
        assert_int_equal(strlen(id), VB_SIG_KEY_ID - 1);
        assert_memory_equal(id, "sha256:", 7);
    }
    (void)state;
}

static void check_padding(EVP_PKEY *key, const char *message, struct vb_sig_bytes signature,
                          bool pss, bool expected)
{
    unsigned char digest[VB_SIG_DIGEST_MAX];
    bool good = !expected;
    size_t len;

    assert_int_equal(vb_sig_hash("SHA256", text_of(message), digest, &len, NULL), 0);
    const struct vb_sig_hashed hashed = {"SHA256", bytes_of(digest, len)};
    assert_int_equal(vb_sig_check_hash(key, &hashed, signature, pss, &good, NULL), 0);
    assert_int_equal(good, expected);
}

static void test_pss(void **state)
{
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = make_key("2048");
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *other = make_key("P-256");
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx;
    unsigned char signature[256];
    size_t len = sizeof(signature);

    assert_int_equal(EVP_DigestSignInit_ex(ctx, &key_ctx, "SHA256", NULL, NULL, key, NULL), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, RSA_PSS_SALTLEN_DIGEST), 1);
    assert_int_equal(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)"message", 7), 1);
    EVP_MD_CTX_free(ctx);
    check_padding(key, "message", bytes_of(signature, len), true, true);
    check_padding(key, "massage", bytes_of(signature, len), true, false);
    /* One scheme's signature is none of the other's. */
    check_padding(key, "message", bytes_of(signature, len), false, false);
    check_padding(other, "message", bytes_of(signature, len), true, false);
    (void)state;
}

/* --- JSON --- */

static json_t *parse(const char *text)
{
    json_t *json = NULL;
    char why[128];

    assert_int_equal(vb_sig_json_parse(text_of(text), 4096, &json, why, sizeof(why), NULL), 0);
    return json;
}

static void test_json_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "[]",
        "1",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1}x",
        "{\"a\":1}{}",
        "{\"a\":01}",
        "{'a':1}",
        "{\"a\":\"\xff\"}",
        "{\"a\":1,}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{\"a\":\"\\ud800\"}",
        "{",
    };
    char deep[256] = {0};

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_json_free) json_t *json = parse(rows[i]);
        if (json != NULL)
            fail_msg("taken: %s", rows[i]);
    }
    memset(deep, '[', sizeof(deep) - 1);
    memcpy(deep, "{\"a\":", 5);
    assert_null(parse(deep));
    (void)state;
}

static void test_json_int(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } rows[] = {
        {"{\"n\":5}", true, 5},
        {"{\"n\":\"5\"}", true, 5},
        {"{\"n\":\"0\"}", true, 0},
        {"{\"n\":\"-7\"}", true, -7},
        {"{\"n\":\"9223372036854775807\"}", true, INT64_MAX},
        {"{\"n\":\"-9223372036854775808\"}", true, INT64_MIN},
        {"{\"n\":\"9223372036854775808\"}", false, 0},
        {"{\"n\":\"05\"}", false, 0},
        {"{\"n\":\"-0\"}", false, 0},
        {"{\"n\":\"+5\"}", false, 0},
        {"{\"n\":\" 5\"}", false, 0},
        {"{\"n\":\"5 \"}", false, 0},
        {"{\"n\":\"\"}", false, 0},
        {"{\"n\":\"-\"}", false, 0},
        {"{\"n\":5.0}", false, 0},
        {"{\"n\":\"0x5\"}", false, 0},
        {"{\"n\":true}", false, 0},
        {"{\"n\":null}", false, 0},
        {"{}", false, 0},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_json_free) json_t *json = parse(rows[i].text);
        int64_t value = -1;
        assert_non_null(json);
        if (vb_sig_json_int(json, "n", &value) != rows[i].good)
            fail_msg("%s", rows[i].text);
        if (rows[i].good)
            assert_true(value == rows[i].value);
    }
    (void)state;
}

static void test_json_bytes(void **state)
{
    VB_CLEANUP(vb_json_free)
    json_t *json =
        parse("{\"b\":\"AAEC\",\"u\":\"-_8=\",\"h\":\"0001fF\",\"x\":\"00 1ff\","
              "\"z\":\"a\\u0000b\",\"t\":true,\"l\":[1,2,3],\"n\":null,\"loose\":\"AAF=\"}");
    struct vb_sig_bytes text;
    unsigned char out[3];
    bool flag = false;

    assert_non_null(json);
    assert_true(vb_sig_json_base64_exact(json, "b", out, 3));
    assert_memory_equal(out, "\x00\x01\x02", 3);
    assert_false(vb_sig_json_base64_exact(json, "b", out, 2));
    assert_false(vb_sig_json_base64_exact(json, "u", out, 2));
    assert_false(vb_sig_json_base64_exact(json, "loose", out, 2));
    assert_true(vb_sig_json_hex_exact(json, "h", out, 3));
    assert_memory_equal(out, "\x00\x01\xff", 3);
    assert_false(vb_sig_json_hex_exact(json, "x", out, 3));
    assert_false(vb_sig_json_hex_exact(json, "h", out, 2));
    assert_false(vb_sig_json_text(json, "z", &text));
    assert_true(vb_sig_json_bool(json, "t", &flag) && flag);
    assert_false(vb_sig_json_bool(json, "b", &flag));
    assert_non_null(vb_sig_json_array(json, "l", 3));
    assert_null(vb_sig_json_array(json, "l", 2));
    assert_null(vb_sig_json_object(json, "l"));
    assert_false(vb_sig_json_has(json, "n"));
    assert_true(vb_sig_json_is(json, "b", "AAEC"));
    (void)state;
}

/* --- DSSE --- */

static const char *dsse_why(const char *text)
{
    VB_CLEANUP(vb_json_free) json_t *json = parse(text);
    VB_CLEANUP(vb_sig_dsse_done) struct vb_sig_dsse dsse = {0};
    const char *why = NULL;

    assert_non_null(json);
    assert_int_equal(vb_sig_dsse_parse(json, &dsse, &why, NULL), 0);
    return why;
}

static void test_dsse_parse(void **state)
{
    static const struct {
        const char *text;
        const char *why; /* part of it, NULL: good */
    } rows[] = {
        {"{\"payloadType\":\"t\",\"payload\":\"aGk=\",\"signatures\":[{\"sig\":\"AAEC\"}]}", NULL},
        {"{\"payloadType\":\"t\",\"payload\":\"aGk=\",\"signatures\":[{\"sig\":\"AAEC\","
         "\"keyid\":null}]}",
         NULL},
        {"{\"payloadType\":\"t\",\"payload\":\"-_8=\",\"signatures\":[{\"sig\":\"AAEC\"}]}", NULL},
        {"{\"payloadType\":\"t\",\"payload\":\"-/8=\",\"signatures\":[{\"sig\":\"AAEC\"}]}",
         "payload"},
        {"{\"payloadType\":\"t\",\"payload\":\"aGl=\",\"signatures\":[{\"sig\":\"AAEC\"}]}",
         "payload"},
        {"{\"payloadType\":\"t\",\"payload\":\"aGk\",\"signatures\":[{\"sig\":\"AAEC\"}]}",
         "payload"},
        {"{\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"AAEC\"}]}", "payload"},
        {"{\"payload\":\"aGk=\",\"signatures\":[{\"sig\":\"AAEC\"}]}", "payloadType"},
        {"{\"payloadType\":\"t\",\"payload\":\"aGk=\",\"signatures\":[]}", "signatures"},
        {"{\"payloadType\":\"t\",\"payload\":\"aGk=\",\"signatures\":{}}", "signatures"},
        {"{\"payloadType\":\"t\",\"payload\":\"aGk=\",\"signatures\":[{\"sig\":\"\"}]}",
         "signature"},
        {"{\"payloadType\":\"t\",\"payload\":\"aGk=\",\"signatures\":[1]}", "signature"},
        {"{\"payloadType\":\"t\",\"payload\":\"aGk=\",\"signatures\":[{\"sig\":\"AAEC\","
         "\"keyid\":5}]}",
         "key id"},
        {"{\"payloadType\":\"t\",\"payload\":\"aGk=\",\"signatures\":[1,2,3,4,5,6,7,8,9]}",
         "too many"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const char *why = dsse_why(rows[i].text);
        if ((why == NULL) != (rows[i].why == NULL) ||
            (why != NULL && strstr(why, rows[i].why) == NULL))
            fail_msg("row %zu: %s", i, why != NULL ? why : "taken");
    }
    (void)state;
}

/* Signs the encoding of TYPE and BODY, written here once more. */
static size_t sign_pae(EVP_PKEY *key, const char *type, const char *body, unsigned char *ret,
                       size_t size)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    char pae[256];
    size_t len = size;

    const int pae_len =
        snprintf(pae, sizeof(pae), "DSSEv1 %zu %s %zu %s", strlen(type), type, strlen(body), body);
    assert_int_equal(
        EVP_DigestSignInit_ex(ctx, NULL, vb_sig_key_digest(key), NULL, NULL, key, NULL), 1);
    assert_int_equal(EVP_DigestSign(ctx, ret, &len, (const unsigned char *)pae, (size_t)pae_len),
                     1);
    EVP_MD_CTX_free(ctx);
    return len;
}

static void check_dsse(EVP_PKEY *key, EVP_PKEY *signer, const char *type, bool expected)
{
    VB_CLEANUP(vb_sig_dsse_done) struct vb_sig_dsse dsse = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    unsigned char signature[VB_SIG_SIGNATURE_MAX];
    const char *why = NULL;
    bool good = !expected;

    const size_t len = sign_pae(signer, "http://example.com/HelloWorld", "hello world", signature,
                                sizeof(signature));
    vb_buf_init(&text, 4096);
    assert_int_equal(vb_buf_printf(&text, NULL,
                                   "{\"payload\":\"aGVsbG8gd29ybGQ=\","
                                   "\"payloadType\":\"%s\",\"signatures\":[{\"sig\":\"",
                                   type),
                     0);
    assert_int_equal(vb_base64_encode(&text, signature, len, NULL), 0);
    assert_int_equal(vb_buf_append_str(&text, "\"}]}", NULL), 0);
    json = parse((const char *)text.data);
    assert_int_equal(vb_sig_dsse_parse(json, &dsse, &why, NULL), 0);
    assert_null(why);
    assert_int_equal(vb_sig_dsse_check(&dsse, 0, key, &good, NULL), 0);
    assert_int_equal(good, expected);
}

static void test_dsse_check(void **state)
{
    static const char *const kinds[] = {"ED25519", "P-256", "P-384", "P-521", "2048"};

    for (size_t i = 0; i < VB_ARRAY_LEN(kinds); i++) {
        VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = make_key(kinds[i]);
        VB_CLEANUP(vb_sig_key_free) EVP_PKEY *other = make_key(kinds[i]);
        check_dsse(key, key, "http://example.com/HelloWorld", true);
        check_dsse(key, key, "http://example.com/HelloWorle", false);
        check_dsse(key, other, "http://example.com/HelloWorld", false);
    }
    (void)state;
}

/* The example of the protocol's own text. */
static void test_dsse_pae(void **state)
{
    VB_CLEANUP(vb_json_free)
    json_t *json = parse("{\"payload\":\"aGVsbG8gd29ybGQ=\",\"payloadType\":"
                         "\"http://example.com/HelloWorld\",\"signatures\":[{\"sig\":\"AAEC\"}]}");
    VB_CLEANUP(vb_sig_dsse_done) struct vb_sig_dsse dsse = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf pae = {0};
    const char *why = NULL;

    assert_int_equal(vb_sig_dsse_parse(json, &dsse, &why, NULL), 0);
    vb_buf_init(&pae, 1024);
    assert_int_equal(vb_sig_dsse_pae(&dsse, &pae, NULL), 0);
    assert_string_equal((const char *)pae.data,
                        "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_der),          cmocka_unit_test(test_keys),
        cmocka_unit_test(test_pem),          cmocka_unit_test(test_pss),
        cmocka_unit_test(test_json_refused), cmocka_unit_test(test_json_int),
        cmocka_unit_test(test_json_bytes),   cmocka_unit_test(test_dsse_parse),
        cmocka_unit_test(test_dsse_check),   cmocka_unit_test(test_dsse_pae),
    };

    if (vb_signatures_prepare() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
