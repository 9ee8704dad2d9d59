/* Baits: what a thief's own checks look at must hold, and no copy of a secret may pass unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/bait/bait.h"
#include "vetbox/sandbox.h"

static const char home[] = "/home/maja";

static struct vb_bait_set *make_set(unsigned char fill)
{
    unsigned char seed[32];
    memset(seed, fill, sizeof(seed));
    struct vb_error err = {0};
    struct vb_bait_set *set = NULL;
    if (vb_bait_set_new(home, seed, &set, &err))
        fail_msg("%s", err.message);
    return set;
}

static const struct vb_bait *bait_named(const struct vb_bait_set *set, const char *id)
{
    for (size_t i = 0; i < vb_bait_count(set); i++)
        if (strcmp(vb_bait_at(set, i)->id, id) == 0)
            return vb_bait_at(set, i);
    fail_msg("there is no bait %s", id);
    return NULL;
}

/* --- the set --- */

static void test_set_is_large_and_whole(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(1);
    size_t files = 0, variables = 0;
    for (size_t i = 0; i < vb_bait_count(set); i++) {
        const struct vb_bait *b = vb_bait_at(set, i);
        assert_true(b->content && b->content_len > 0);
        if (b->place == VB_BAIT_FILE) {
            files++;
            assert_memory_equal(b->path, "/home/maja/", 11);
            assert_true(vb_path_safe(b->path + 1));
            assert_true(b->mode == 0600 || b->mode == 0644);
        } else {
            variables++;
            assert_non_null(b->env);
            assert_non_null(b->secret);
            assert_null(strchr((const char *)b->content, '\n'));
        }
        if (b->secret)
            assert_true(strlen(b->secret) >= 16);
    }
    assert_true(files >= 45);
    assert_true(variables >= 20);
    vb_bait_set_free(set);
}

static void test_ids_paths_and_names_are_unique(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(1);
    for (size_t i = 0; i < vb_bait_count(set); i++) {
        const struct vb_bait *a = vb_bait_at(set, i);
        for (size_t j = 0; j < i; j++) {
            const struct vb_bait *b = vb_bait_at(set, j);
            assert_string_not_equal(a->id, b->id);
            if (a->path && b->path)
                assert_string_not_equal(a->path, b->path);
            if (a->env && b->env)
                assert_string_not_equal(a->env, b->env);
            if (a->secret && b->secret)
                assert_string_not_equal(a->secret, b->secret);
        }
    }
    vb_bait_set_free(set);
}

static void test_same_seed_same_set(void **state)
{
    (void)state;
    struct vb_bait_set *a = make_set(7), *b = make_set(7);
    for (size_t i = 0; i < vb_bait_count(a); i++) {
        const struct vb_bait *x = vb_bait_at(a, i), *y = vb_bait_at(b, i);
        assert_int_equal(x->content_len, y->content_len);
        assert_memory_equal(x->content, y->content, x->content_len);
        if (x->path)
            assert_string_equal(x->path, y->path);
    }
    vb_bait_set_free(a);
    vb_bait_set_free(b);
}

struct hits {
    const struct vb_bait *wanted;
    const char *form; /* how WANTED was found */
    size_t count;     /* all baits */
};

static void note_hit(void *ctx, const struct vb_bait *bait, const char *form)
{
    struct hits *hits = ctx;
    hits->count++;
    static char text[96]; /* FORM does not outlive the call */
    if (bait == hits->wanted) {
        snprintf(text, sizeof(text), "%s", form);
        hits->form = text;
    }
}

static struct hits search(const struct vb_bait_set *set, const void *data, size_t len,
                          const struct vb_bait *wanted)
{
    struct hits hits = {.wanted = wanted};
    assert_int_equal(vb_bait_search(set, data, len, note_hit, &hits), 0);
    return hits;
}

static void test_another_run_has_other_secrets(void **state)
{
    (void)state;
    struct vb_bait_set *a = make_set(1), *b = make_set(2);
    for (size_t i = 0; i < vb_bait_count(a); i++) {
        const struct vb_bait *x = vb_bait_at(a, i);
        if (!x->secret)
            continue;
        assert_string_not_equal(x->secret, vb_bait_at(b, i)->secret);
        /* Nothing of it is found by the other run's needles: no needle is a fixed prefix. */
        assert_int_equal(search(b, x->content, x->content_len, NULL).count, 0);
    }
    /* Nor is the company a mark by which the box is known. */
    const struct vb_bait *x = bait_named(a, "gitconfig"), *y = bait_named(b, "gitconfig");
    assert_string_not_equal((const char *)x->content, (const char *)y->content);
    vb_bait_set_free(a);
    vb_bait_set_free(b);
}

static void test_lookup_by_path(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(3);
    for (size_t i = 0; i < vb_bait_count(set); i++) {
        const struct vb_bait *b = vb_bait_at(set, i);
        if (b->path)
            assert_ptr_equal(vb_bait_by_path(set, b->path, strlen(b->path)), b);
    }
    assert_null(vb_bait_by_path(set, "/home/maja/.ssh", 15));
    assert_null(vb_bait_by_path(set, "/home/maja/.ssh/id_rsaX", 23));
    assert_non_null(vb_bait_by_path(set, "/home/maja/.ssh/id_rsaX", 22));
    vb_bait_set_free(set);
}

/* --- formats --- */

static uint32_t crc32_table_free(const char *text, size_t len)
{
    uint32_t crc = 0xffffffffU;
    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned char)text[i];
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320U : crc >> 1;
    }
    return ~crc;
}

static void check_token(const char *token, const char *prefix)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    assert_int_equal(strlen(token), 40);
    assert_memory_equal(token, prefix, 4);
    uint64_t sum = 0;
    for (size_t i = 34; i < 40; i++) {
        const char *at = strchr(digits, token[i]);
        assert_non_null(at);
        sum = sum * 62 + (uint64_t)(at - digits);
    }
    assert_int_equal(sum, crc32_table_free(token + 4, 30));
}

static void test_token_checksums(void **state)
{
    (void)state;
    assert_int_equal(crc32_table_free("123456789", 9), 0xcbf43926U);
    for (unsigned char seed = 1; seed < 40; seed++) {
        struct vb_bait_set *set = make_set(seed);
        check_token(bait_named(set, "env-github")->secret, "ghp_");
        check_token(bait_named(set, "env-npm")->secret, "npm_");
        check_token(bait_named(set, "gh-hosts")->secret, "gho_");
        check_token(bait_named(set, "npmrc")->secret, "npm_");
        vb_bait_set_free(set);
    }
}

static void test_prefixes_and_lengths(void **state)
{
    (void)state;
    static const struct {
        const char *id, *prefix, *suffix;
        size_t len;
    } wanted[] = {
        {"env-anthropic", "sk-ant-api03-", "AA", 108},
        {"env-openai", "sk-proj-", "", 164},
        {"env-google", "AIza", "", 39},
        {"env-aws-key-id", "AKIA", "", 20},
        {"env-aws-secret", "", "", 40},
        {"env-huggingface", "hf_", "", 37},
        {"claude-credentials", "sk-ant-oat01-", "AA", 108},
        {"codex-auth", "", "", 342},
    };
    struct vb_bait_set *set = make_set(5);
    for (size_t i = 0; i < VB_ARRAY_LEN(wanted); i++) {
        const char *secret = bait_named(set, wanted[i].id)->secret;
        size_t len = strlen(secret), end = strlen(wanted[i].suffix);
        assert_int_equal(len, wanted[i].len);
        assert_memory_equal(secret, wanted[i].prefix, strlen(wanted[i].prefix));
        assert_memory_equal(secret + len - end, wanted[i].suffix, end);
    }
    vb_bait_set_free(set);
}

static void decode_base64(const char *text, size_t len, struct vb_buf *out)
{
    vb_buf_init(out, 64 * 1024);
    struct vb_error err = {0};
    if (vb_base64_decode(out, text, len, &err))
        fail_msg("%s", err.message);
}

static size_t be32(const unsigned char *at)
{
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

/* Steps over one length-prefixed string. */
static size_t skip_string(const struct vb_buf *buf, size_t at)
{
    assert_true(at + 4 <= buf->len);
    size_t len = be32(buf->data + at);
    assert_true(len <= buf->len - at - 4);
    return at + 4 + len;
}

static void check_private_section(const struct vb_buf *key, size_t at, int strings)
{
    assert_int_equal(be32(key->data + at), key->len - at - 4);
    at += 4;
    assert_int_equal((key->len - at) % 8, 0);
    assert_memory_equal(key->data + at, key->data + at + 4, 4); /* the check numbers agree */
    at += 8;
    for (int i = 0; i < strings; i++)
        at = skip_string(key, at);
    for (unsigned char pad = 1; at < key->len; at++, pad++)
        assert_int_equal(key->data[at], pad);
}

static void check_openssh_key(const struct vb_bait *bait, int private_strings)
{
    static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
    const char *text = (const char *)bait->content;
    assert_memory_equal(text, begin, strlen(begin));
    const char *end = strstr(text, "-----END OPENSSH PRIVATE KEY-----\n");
    assert_non_null(end);
    struct vb_buf key;
    decode_base64(text + strlen(begin), (size_t)(end - text) - strlen(begin), &key);
    assert_memory_equal(key.data, "openssh-key-v1", 15);
    size_t at = 15;
    for (int i = 0; i < 3; i++) /* cipher, derivation, its options */
        at = skip_string(&key, at);
    assert_int_equal(be32(key.data + at), 1);
    at = skip_string(&key, at + 4);
    check_private_section(&key, at, private_strings);
    vb_buf_done(&key);
    /* The secret stands on one line. */
    assert_non_null(strstr(text, bait->secret));
    assert_null(strchr(bait->secret, '\n'));
}

static void test_openssh_keys(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(11);
    check_openssh_key(bait_named(set, "ssh-ed25519"), 4); /* type, public, private, comment */
    check_openssh_key(bait_named(set, "ssh-rsa"), 8);

    /* The public file belongs to the private one. */
    struct vb_buf private, public;
    const char *text = (const char *)bait_named(set, "ssh-ed25519")->content;
    const char *pub = (const char *)bait_named(set, "ssh-ed25519-pub")->content;
    assert_memory_equal(pub, "ssh-ed25519 ", 12);
    decode_base64(pub + 12, strcspn(pub + 12, " "), &public);
    decode_base64(strchr(text, '\n') + 1,
                  (size_t)(strstr(text, "-----END") - strchr(text, '\n') - 1), &private);
    assert_non_null(memmem(private.data, private.len, public.data, public.len));
    vb_buf_done(&private);
    vb_buf_done(&public);
    vb_bait_set_free(set);
}

static void test_databases_and_json(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(13);
    static const char *const databases[] = {"chrome-logins", "chrome-cookies", "firefox-cookies",
                                            "wallet-bitcoin"};
    for (size_t i = 0; i < VB_ARRAY_LEN(databases); i++) {
        const struct vb_bait *b = bait_named(set, databases[i]);
        assert_int_equal(b->content_len, 2 * 4096);
        assert_memory_equal(b->content, "SQLite format 3", 16);
        assert_int_equal(b->content[100], 0x0d);
        assert_int_equal(b->content[4096], 0x0d);
        assert_non_null(memmem(b->content, b->content_len, b->secret, strlen(b->secret)));
    }
    for (size_t i = 0; i < vb_bait_count(set); i++) {
        const struct vb_bait *b = vb_bait_at(set, i);
        const char *ext = b->path ? vb_path_extension(b->path) : "";
        if (strcmp(ext, "json") != 0)
            continue;
        struct vb_error err = {0};
        json_t *json = NULL;
        if (vb_json_parse((const char *)b->content, b->content_len, 64 * 1024, &json, &err))
            fail_msg("%s: %s", b->path, err.message);
        json_decref(json);
    }
    vb_bait_set_free(set);
}

/* --- personas --- */

static struct vb_bait_set *make_persona(enum vb_persona persona, const char *at)
{
    unsigned char seed[32] = {3};
    const struct vb_bait_choice choice = {.persona = persona, .home = at, .seed = seed};
    struct vb_error err = {0};
    struct vb_bait_set *set = NULL;
    if (vb_bait_set_choose(&choice, &set, &err))
        fail_msg("%s", err.message);
    return set;
}

static void test_a_job_in_ci(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_persona(VB_PERSONA_CI, "/home/runner");
    size_t plain = 0, secrets = 0;
    for (size_t i = 0; i < vb_bait_count(set); i++) {
        const struct vb_bait *a = vb_bait_at(set, i);
        assert_true(a->content && a->content_len > 0);
        for (size_t j = 0; j < i && a->place != VB_BAIT_WORLD; j++) {
            const struct vb_bait *b = vb_bait_at(set, j);
            if (a->env && b->env)
                assert_string_not_equal(a->env, b->env);
        }
        plain += a->place == VB_BAIT_PLAIN;
        secrets += a->place == VB_BAIT_ENV;
        assert_true((a->place == VB_BAIT_PLAIN) <= (a->secret == NULL));
        assert_true(a->place != VB_BAIT_ENV || a->secret != NULL);
    }
    assert_true(plain >= 20 && secrets >= 10);
    check_token(bait_named(set, "ci-github-token")->secret, "ghs_");
    vb_bait_set_free(set);
}

/* What the network gives away, and what a user is asked for, is all that is left. */
static void test_an_empty_home(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_persona(VB_PERSONA_EMPTY, home);
    for (size_t i = 0; i < vb_bait_count(set); i++)
        assert_true(vb_bait_at(set, i)->place == VB_BAIT_WORLD ||
                    vb_bait_at(set, i)->place == VB_BAIT_HANDED);
    vb_bait_set_free(set);
}

/* Two words that stand together in a wallet's stand together elsewhere, too. */
static void test_words_of_a_wallet(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(37);
    const struct vb_bait *b = bait_named(set, "wallet-seed");
    const char *end = b->secret + strlen(b->secret);
    assert_null(search(set, end - 20, 20, b).form);
    assert_non_null(search(set, b->secret, strlen(b->secret), b).form);
    vb_bait_set_free(set);
}

/* --- search --- */

struct message {
    unsigned char bytes[8192];
    size_t len;
};

static void put(struct message *m, const void *data, size_t len)
{
    assert_true(len <= sizeof(m->bytes) - m->len);
    memcpy(m->bytes + m->len, data, len);
    m->len += len;
}

static void write_raw(struct message *m, const char *s, int variant)
{
    (void)variant;
    put(m, s, strlen(s));
}

/* VARIANT bytes stand in front, so that each alignment occurs. */
static void write_base64(struct message *m, const char *s, int variant)
{
    char padded[2048];
    int n = snprintf(padded, sizeof(padded), "%.*s%s?", variant % 3, "ab", s);
    struct vb_buf out;
    vb_buf_init(&out, 8192);
    struct vb_error err;
    assert_int_equal(vb_base64_encode(&out, padded, (size_t)n, &err), 0);
    for (size_t i = 0; variant >= 3 && i < out.len; i++)
        out.data[i] = (unsigned char)(out.data[i] == '+'   ? '-'
                                      : out.data[i] == '/' ? '_'
                                                           : out.data[i]);
    put(m, out.data, out.len);
    vb_buf_done(&out);
}

/* As base64(1) prints it: a line break after each 76 characters. */
static void write_base64_wrapped(struct message *m, const char *s, int variant)
{
    struct message flat = {.len = 0};
    char shifted[2048];
    snprintf(shifted, sizeof(shifted), "%.*s%s", variant * 7 % 60,
             "0123456789012345678901234567890123456789012345678901234567890", s);
    write_base64(&flat, shifted, 0);
    for (size_t i = 0; i < flat.len; i += 76) {
        put(m, flat.bytes + i, flat.len - i < 76 ? flat.len - i : 76);
        put(m, "\n", 1);
    }
}

static void write_hex(struct message *m, const char *s, int variant)
{
    for (; *s; s++) {
        char two[3];
        snprintf(two, sizeof(two), variant ? "%02X" : "%02x", (unsigned char)*s);
        put(m, two, 2);
    }
}

static void write_url(struct message *m, const char *s, int variant)
{
    for (; *s; s++) {
        char three[4];
        bool plain = strchr("-_.~", *s) || (*s >= '0' && *s <= '9') ||
                     ((*s | 32) >= 'a' && (*s | 32) <= 'z');
        if (variant < 2 && plain)
            snprintf(three, sizeof(three), "%c", *s);
        else
            snprintf(three, sizeof(three), variant & 1 ? "%%%02x" : "%%%02X", (unsigned char)*s);
        put(m, three, strlen(three));
    }
}

static void write_json(struct message *m, const char *s, int variant)
{
    for (; *s; s++) {
        if (*s == '"' || *s == '\\' || (variant && *s == '/'))
            put(m, "\\", 1);
        put(m, s, 1);
    }
}

static void write_reversed(struct message *m, const char *s, int variant)
{
    struct message plain = {.len = 0};
    if (variant)
        write_base64(&plain, s, variant - 1);
    else
        write_raw(&plain, s, 0);
    while (plain.len > 0)
        put(m, &plain.bytes[--plain.len], 1);
}

static void write_rot13(struct message *m, const char *s, int variant)
{
    (void)variant;
    static const char from[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char to[] = "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm";
    for (; *s; s++) {
        const char *at = strchr(from, *s);
        put(m, at ? to + (at - from) : s, 1);
    }
}

static void write_utf16(struct message *m, const char *s, int variant)
{
    (void)variant;
    for (; *s; s++) {
        put(m, s, 1);
        put(m, "", 1);
    }
}

static const struct {
    const char *form; /* the name that the search gives; NULL where several are right */
    int variants;
    void (*write)(struct message *m, const char *s, int variant);
} forms[] = {
    {"raw", 1, write_raw},     {NULL, 6, write_base64}, {NULL, 20, write_base64_wrapped},
    {"hex", 2, write_hex},     {NULL, 4, write_url},    {NULL, 2, write_json},
    {NULL, 4, write_reversed}, {NULL, 1, write_rot13},  {"utf16", 1, write_utf16},
};

static void check_form(const struct vb_bait_set *set, const struct vb_bait *bait, size_t f, int v)
{
    struct message m = {.len = 0};
    put(&m, "POST /x HTTP/1.1\r\n\r\nd=", 23);
    forms[f].write(&m, bait->secret, v);
    put(&m, "&end=1", 6);
    struct hits hits = search(set, m.bytes, m.len, bait);
    if (!hits.form)
        fail_msg("bait %s, form %zu variant %d was not found", bait->id, f, v);
    assert_int_equal(hits.count, 1);
    if (forms[f].form)
        assert_string_equal(hits.form, forms[f].form);
}

static void test_every_form_of_every_secret(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(17);
    for (size_t i = 0; i < vb_bait_count(set); i++) {
        const struct vb_bait *bait = vb_bait_at(set, i);
        for (size_t f = 0; bait->secret && f < VB_ARRAY_LEN(forms); f++)
            for (int v = 0; v < forms[f].variants; v++)
                check_form(set, bait, f, v);
    }
    vb_bait_set_free(set);
}

static void test_form_names(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(19);
    const struct vb_bait *rsa = bait_named(set, "ssh-rsa");
    static const struct {
        size_t form;
        int variant;
        const char *name;
    } wanted[] = {{0, 0, "raw"},      {1, 1, "base64"},          {3, 1, "hex"},   {4, 2, "url"},
                  {6, 0, "reversed"}, {6, 2, "base64 reversed"}, {7, 0, "rot13"}, {8, 0, "utf16"}};
    for (size_t i = 0; i < VB_ARRAY_LEN(wanted); i++) {
        struct message m = {.len = 0};
        forms[wanted[i].form].write(&m, rsa->secret, wanted[i].variant);
        struct hits hits = search(set, m.bytes, m.len, rsa);
        assert_string_equal(hits.form ? hits.form : "not found", wanted[i].name);
    }
    vb_bait_set_free(set);
}

/* A whole file that was read and encoded shows its own bait. */
static void test_stolen_files(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(23);
    for (size_t i = 0; i < vb_bait_count(set); i++) {
        const struct vb_bait *b = vb_bait_at(set, i);
        if (!b->secret)
            continue;
        assert_non_null(search(set, b->content, b->content_len, b).form);
        struct vb_buf encoded;
        struct vb_error err;
        vb_buf_init(&encoded, 64 * 1024);
        assert_int_equal(vb_base64_encode(&encoded, b->content, b->content_len, &err), 0);
        assert_non_null(search(set, encoded.data, encoded.len, b).form);
        vb_buf_done(&encoded);
    }
    vb_bait_set_free(set);
}

static void test_pieces_of_a_secret(void **state)
{
    (void)state;
    struct vb_bait_set *set = make_set(29);
    const struct vb_bait *b = bait_named(set, "env-anthropic");
    size_t len = strlen(b->secret);
    assert_non_null(search(set, b->secret + len - 30, 30, b).form);
    assert_non_null(search(set, b->secret + len - 60, 30, b).form);
    assert_null(search(set, b->secret, 13, b).form); /* the prefix of all Anthropic keys */
    vb_bait_set_free(set);
}

static void test_random_bytes_hold_no_secret(void **state)
{
    (void)state;
    enum { LEN = 8 * 1024 * 1024 };
    struct vb_bait_set *set = make_set(31);
    unsigned char *noise = malloc(LEN);
    assert_non_null(noise);
    uint64_t x = 88172645463325252ULL;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int text = 0; text < 2; text++) {
        for (size_t i = 0; i < LEN; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            noise[i] = text ? (unsigned char)alphabet[x & 63] : (unsigned char)(x & 255);
        }
        uint64_t begin = vb_monotonic_ns();
        assert_int_equal(search(set, noise, LEN, NULL).count, 0);
        print_message("search: %.0f MB/s\n",
                      LEN / 1e6 / ((double)(vb_monotonic_ns() - begin) / 1e9));
    }
    /* At the very end of a range, and in ranges that are too short. */
    const struct vb_bait *b = bait_named(set, "env-vercel");
    memcpy(noise + LEN - strlen(b->secret), b->secret, strlen(b->secret));
    assert_non_null(search(set, noise, LEN, b).form);
    assert_null(search(set, noise, LEN - 1 - strlen(b->secret) / 2, b).form);
    for (size_t len = 0; len < 8; len++)
        assert_int_equal(search(set, b->secret, len, NULL).count, 0);
    free(noise);
    vb_bait_set_free(set);
}

static void test_bad_home_is_refused(void **state)
{
    (void)state;
    static const unsigned char seed[32] = {0};
    struct vb_error err = {0};
    struct vb_bait_set *set = NULL;
    assert_int_not_equal(vb_bait_set_new("home/maja", seed, &set, &err), 0);
    assert_int_not_equal(vb_bait_set_new("/home/../etc", seed, &set, &err), 0);
    assert_null(set);
    vb_bait_set_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_is_large_and_whole),
        cmocka_unit_test(test_ids_paths_and_names_are_unique),
        cmocka_unit_test(test_same_seed_same_set),
        cmocka_unit_test(test_another_run_has_other_secrets),
        cmocka_unit_test(test_lookup_by_path),
        cmocka_unit_test(test_token_checksums),
        cmocka_unit_test(test_prefixes_and_lengths),
        cmocka_unit_test(test_openssh_keys),
        cmocka_unit_test(test_databases_and_json),
        cmocka_unit_test(test_every_form_of_every_secret),
        cmocka_unit_test(test_form_names),
        cmocka_unit_test(test_stolen_files),
        cmocka_unit_test(test_pieces_of_a_secret),
        cmocka_unit_test(test_random_bytes_hold_no_secret),
        cmocka_unit_test(test_bad_home_is_refused),
        cmocka_unit_test(test_a_job_in_ci),
        cmocka_unit_test(test_an_empty_home),
        cmocka_unit_test(test_words_of_a_wallet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
