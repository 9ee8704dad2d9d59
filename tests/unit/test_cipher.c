/* What looks enciphered among what is sent, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/world/cipher.h"
#include "vetbox/core.h"

enum { ROOM = 1 << 16 };

struct message {
    unsigned char at[ROOM];
    size_t len;
};

static uint64_t seed = 88172645463325252ULL;

static unsigned char draw(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned char)(seed >> 32 & 255);
}

static void put(struct message *m, const void *data, size_t len)
{
    assert_true(len <= sizeof(m->at) - m->len);
    memcpy(m->at + m->len, data, len);
    m->len += len;
}

static void put_text(struct message *m, const char *text)
{
    put(m, text, strlen(text));
}

static void put_drawn(struct message *m, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char byte = draw();
        put(m, &byte, 1);
    }
}

/* LEN drawn bytes, in lines of WIDTH digits with END behind each. */
static void put_digits(struct message *m, size_t len, unsigned bits, size_t width, const char *end)
{
    static const char *const alphabets[] = {
        [4] = "0123456789abcdef",
        [5] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        [6] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"};
    const size_t digits = (len * 8 + bits - 1) / bits;
    for (size_t i = 0; i < digits; i++) {
        put(m, &alphabets[bits][draw() & ((1U << bits) - 1)], 1);
        if (width > 0 && i % width == width - 1 && i + 1 < digits)
            put_text(m, end);
    }
}

static size_t size_of(const struct message *m, size_t unpacked)
{
    /* In memory of its own, so that a read beyond it shows. */
    unsigned char *copy = malloc(m->len + 1);
    assert_non_null(copy);
    memcpy(copy, m->at, m->len);
    const size_t size = vb_cipher_size(copy, m->len, unpacked);
    free(copy);
    return size;
}

static void test_enciphered(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        size_t drawn;
        unsigned bits; /* 8: as it is */
        size_t width;
        const char *end, *after;
        size_t want;
    } rows[] = {
        {"", 411, 8, 0, "", "", 411},
        {"", 50, 8, 0, "", "", 50},
        {"", 40000, 8, 0, "", "", 40000},
        {"Salted__", 424, 8, 0, "", "", 432},
        {"age-encryption.org/v1\n-> scrypt AAAA 18\nBBBB\n--- CCCC\n", 443, 8, 0, "", "", 497},
        {"", 411, 6, 0, "", "=", 411},
        {"", 411, 6, 64, "\n", "\n", 411},
        {"", 411, 6, 76, "\r\n", "\r\n", 411},
        {"", 411, 4, 0, "", "", 411},
        {"", 410, 5, 0, "", "======", 410},
        {"{\"iv\":\"00112233445566778899aabb\",\"data\":\"", 411, 6, 0, "", "\"}", 411},
        {"{\"data\":\"", 411, 6, 64, "\\n", "\"}", 411},
        {"d=", 411, 6, 0, "", "%3D&x=1", 411},
        {"-----BEGIN PGP MESSAGE-----\n\n", 411, 6, 64, "\n",
         "\n=AbCd\n-----END PGP MESSAGE-----\n", 411},
        {"--xyz\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n", 411, 8, 0,
         "", "\r\n--xyz--\r\n", 411},
    };
    static struct message m;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        for (unsigned round = 0; round < 20; round++) {
            m.len = 0;
            put_text(&m, rows[i].before);
            if (rows[i].bits == 8)
                put_drawn(&m, rows[i].drawn);
            else
                put_digits(&m, rows[i].drawn, rows[i].bits, rows[i].width, rows[i].end);
            put_text(&m, rows[i].after);
            const size_t got = size_of(&m, 0);
            if (got != rows[i].want)
                fail_msg("row %zu: %zu", i, got);
        }
    }
}

/* An encrypted zip says so itself. */
static void test_an_encrypted_zip(void **state)
{
    (void)state;
    static struct message m;
    unsigned char head[30] = {'P', 'K', 3, 4, 20, 0, 1, 0, 8};
    put(&m, head, sizeof(head));
    put_drawn(&m, 400);
    assert_int_equal(size_of(&m, 0), 430);
    m.at[6] = 0;
    assert_int_equal(size_of(&m, 0), 0);
}

static void test_honest(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        size_t len; /* of BEFORE where it holds a NUL, otherwise 0 */
        size_t drawn;
        unsigned bits;
        const char *after;
    } rows[] = {
        {"", 0, 40, 8, ""},
        {"\x89PNG\r\n\x1a\n", 0, 600, 8, ""},
        {"PK\3\4\x14\0\0\0\x08\0", 10, 600, 8, ""},
        {"\xff\xd8\xff\xe0", 0, 600, 8, ""},
        {"GGUF", 0, 600, 8, ""},
        {"\x16\x03\x01\x02\0", 5, 500, 8, ""},
        {"SSH-2.0-OpenSSH_9.6\r\n", 0, 500, 8, ""},
        {"\xc3\0\0\0\1", 5, 1195, 8, ""},
        {"00000094 refs/heads/main\0 report-status0000PACK\0\0\0\2", 51, 600, 8, ""},
        {"{\"t\":\"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtYWphIiwiaWF0IjoxNzY3MjI1NjAwfQ.", 0, 256, 6,
         "\"}"},
        {"{\"integrity\":\"sha512-", 0, 64, 6, "==\"}"},
        {"{\"sha256\":\"", 0, 32, 4, "\"}"},
        {"{\"id\":\"550e8400-e29b-41d4-a716-446655440000\",\"trace\":\"", 0, 16, 4, "\"}"},
        {"--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhello\r\n--xyz\r\nA: b\r\n\r\n"
         "\x89PNG\r\n\x1a\n",
         0, 700, 8, "\r\n--xyz--\r\n"},
    };
    static struct message m;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        m.len = 0;
        put(&m, rows[i].before, rows[i].len > 0 ? rows[i].len : strlen(rows[i].before));
        if (rows[i].bits == 8)
            put_drawn(&m, rows[i].drawn);
        else
            put_digits(&m, rows[i].drawn, rows[i].bits, 0, "");
        put_text(&m, rows[i].after);
        const size_t got = size_of(&m, 0);
        if (got != 0)
            fail_msg("row %zu: %zu", i, got);
    }
}

/* Texts, records of numbers and whatever has a shape are not drawn by chance. */
static void test_shapes(void **state)
{
    (void)state;
    static struct message m;
    m.len = 0;
    for (size_t i = 0; i < 400; i++)
        put_text(&m, &"the quick brown fox jumps over the lazy dog "[i % 44]);
    assert_int_equal(size_of(&m, 0), 0);
    m.len = 0;
    for (uint32_t i = 0; i < 300; i++) {
        const uint32_t record[3] = {i, 1767225600 + i * 60, (uint32_t)draw()};
        put(&m, record, sizeof(record));
    }
    assert_int_equal(size_of(&m, 0), 0);
    m.len = 0;
    for (size_t i = 0; i < 500; i++) {
        const float weight = (float)draw() / 300 - 0.4F;
        put(&m, &weight, sizeof(weight));
    }
    assert_int_equal(size_of(&m, 0), 0);
}

/* What could be unpacked is packed, whatever it looks like; and what only says that it is, is not.
 */
static void test_packed(void **state)
{
    (void)state;
    static struct message m;
    m.len = 0;
    put_drawn(&m, 500);
    assert_int_equal(size_of(&m, 480), 0);
    assert_int_equal(size_of(&m, 20), 500);
    m.len = 0;
    put(&m, "\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
    put_drawn(&m, 500);
    assert_int_equal(size_of(&m, 510), 0);
    assert_int_equal(size_of(&m, SIZE_MAX), 0);
    assert_int_equal(size_of(&m, 0), 510);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t want;
    } rows[] = {
        {"53616c7465645f5fa91d05ada4c4901f4dfc864c73cd3d5ea9a39794bf6b.0.t.example.com", 30},
        {"kr6g2zlsnfzwk3tbmrsxe5dimvzgk2lt.t.example.com", 20},
        {"www.example.com", 0},
        {"a-very-long-name-of-some-department-in-2026.example.com", 0},
        {"internationalization-services.example.com", 0},
        {"d111111abcdef8.cloudfront.net", 0},
        {"1234567890123456.example.com", 0},
        {"", 0},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (vb_cipher_size_in_name(rows[i].name) != rows[i].want)
            fail_msg("%s: %zu", rows[i].name, vb_cipher_size_in_name(rows[i].name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enciphered), cmocka_unit_test(test_an_encrypted_zip),
        cmocka_unit_test(test_honest),     cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_packed),     cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
