/* The trust folder, and the strict decoders below it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "signatures_helper.h"

#define MINISIGN_KEY "RWTPdQr6HUW3eEgln+mEzCO53Ws6xgQk43RGLkJb2Eh8YWhmNLvbZnCt"
#define SSH_KEY "AAAAC3NzaC1lZDI1NTE5AAAAIF0XIXyKkIliYAMQWVn7bxmZ7e4kDc5awJ6DIvKQQzNO"

static struct vb_sig_bytes bytes(const char *text)
{
    return (struct vb_sig_bytes){.data = (const unsigned char *)text, .len = strlen(text)};
}

static void free_trust(struct vb_trust **trust)
{
    vb_trust_free(*trust);
}

static void test_fixture_folder(void **state)
{
    VB_CLEANUP(free_trust) struct vb_trust *trust = NULL;
    struct vb_error err = {0};

    assert_int_equal(vb_trust_load(FIXTURES "/trust", &trust, &err), 0);
    assert_int_equal(vb_trust_count(trust), 7);
    assert_string_equal(trust->keys[0].name, "alice");
    assert_string_equal(trust->keys[1].name, "bob");
    assert_string_equal(trust->signers[1].principals, "dave@example.org,dave@example.net");
    assert_string_equal(trust->signers[1].namespaces, "file");
    assert_int_equal(trust->signers[2].after, 1704067200);
    assert_int_equal(trust->signers[3].before, 1609459200);
    (void)state;
}

static void test_missing_folder_is_an_empty_store(void **state)
{
    static const char *const folders[] = {NULL, FIXTURES "/no-such-folder"};

    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++) {
        VB_CLEANUP(free_trust) struct vb_trust *trust = NULL;
        struct vb_error err = {0};
        assert_int_equal(vb_trust_load(folders[i], &trust, &err), 0);
        assert_non_null(trust);
        assert_int_equal(vb_trust_count(trust), 0);
    }
    assert_int_equal(vb_trust_count(NULL), 0);
    (void)state;
}

static void expect_config_error(const char *dir, const char *part)
{
    VB_CLEANUP(free_trust) struct vb_trust *trust = NULL;
    struct vb_error err = {0};

    assert_int_equal(vb_trust_load(dir, &trust, &err), VB_E_CONFIG);
    assert_null(trust);
    if (strstr(err.message, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.message, part);
}

static void test_malformed_folder(void **state)
{
    struct package package;

    package_init(&package);
    expect_config_error(FIXTURES "/trust/alice.pub", "cannot read the trust folder");
    package_put(&package, "README", "anything", 8);
    package_put(&package, "key.pub", "untrusted comment: x\nnonsense\n", 30);
    expect_config_error(package.path, "key.pub, line 2: not a minisign or signify public key");
    package_put(&package, "key.pub", "ssh-ed25519 AAAA\n", 17);
    expect_config_error(package.path, "an OpenSSH key goes into allowed_signers");
    package_put(&package, "key.pub", MINISIGN_KEY "\nmore\n", strlen(MINISIGN_KEY) + 6);
    expect_config_error(package.path, "key.pub, line 2: text after the public key");
    package_put(&package, "key.pub", "", 0);
    expect_config_error(package.path, "key.pub, line 1");
    package_put(&package, "key.pub", MINISIGN_KEY, strlen(MINISIGN_KEY));
    package_put(&package, "allowed_signers", "# x\n\na@b nonsense\n", 18);
    expect_config_error(package.path, "allowed_signers, line 3: ");
    assert_int_equal(unlinkat(package.fd, "allowed_signers", 0), 0);
    assert_int_equal(mkdirat(package.fd, "allowed_signers", 0755), 0);
    expect_config_error(package.path, "allowed_signers is no regular file");
    package_done(&package);
    (void)state;
}

/* Whoever makes a key chooses its id. */
static void test_one_id_twice(void **state)
{
    /* The id of MINISIGN_KEY, and another key. */
    static const char other[] = "RWTPdQr6HUW3eEgln+mEzCO53Ws7xgQk43RGLkJb2Eh8YWhmNLvbZnCt";
    struct package package;

    package_init(&package);
    package_put(&package, "a.pub", MINISIGN_KEY, strlen(MINISIGN_KEY));
    package_put(&package, "b.pub", MINISIGN_KEY, strlen(MINISIGN_KEY));
    {
        VB_CLEANUP(free_trust) struct vb_trust *trust = NULL;
        assert_int_equal(vb_trust_load(package.path, &trust, NULL), 0);
        assert_int_equal(vb_trust_count(trust), 2);
    }
    package_put(&package, "b.pub", other, strlen(MINISIGN_KEY));
    expect_config_error(package.path, "b.pub: another key, a, has the id 78B7451DFA0A75CF too");
    package_done(&package);
    (void)state;
}

/* --- the roots that vetbox ships --- */

static void root_text(struct vb_buf *ret)
{
    file_read(VB_SOURCE_DIR "/rules/roots/sigstore-public.trusted_root.json", ret);
}

static void test_shipped_roots(void **state)
{
    static const char none[] = "version: 1\nshipped_roots: false\n";
    static const char maybe[] = "version: 1\nshipped_roots: maybe\n";
    VB_CLEANUP(free_trust) struct vb_trust *trust = NULL;
    VB_CLEANUP(free_trust) struct vb_trust *without = NULL;
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    struct package package;

    package_init(&package);
    root_text(&text);
    package_put(&package, "zz.trusted_root.json", text.data, text.len);
    assert_int_equal(vb_trust_load(package.path, &trust, NULL), 0);
    assert_int_equal(vb_trust_count(trust), 1);
    assert_int_equal(trust->trusted_root_count, 2);
    assert_string_equal(trust->trusted_roots[0].name, "zz");
    assert_int_equal(trust->trusted_roots[0].as_of, 0);
    assert_string_equal(trust->trusted_roots[1].name, "sigstore-public");
    assert_true(trust->trusted_roots[1].as_of > 1755000000);
    assert_true(trust->trusted_roots[1].tlogs.count >= 2);
    /* One of a call stands before it too. */
    assert_int_equal(
        vb_sig_trust_sigstore(trust, "f", "call", (struct vb_sig_bytes){text.data, text.len}, NULL),
        0);
    assert_string_equal(trust->trusted_roots[1].name, "call");
    assert_string_equal(trust->trusted_roots[2].name, "sigstore-public");

    package_put(&package, "trust.yaml", none, sizeof(none) - 1);
    assert_int_equal(vb_trust_load(package.path, &without, NULL), 0);
    assert_int_equal(without->trusted_root_count, 1);
    package_put(&package, "sigstore-public.trusted_root.json", text.data, text.len);
    package_put(&package, "trust.yaml", maybe, sizeof(maybe) - 1);
    expect_config_error(package.path, "trust.yaml:2: shipped_roots is true or false");
    assert_int_equal(unlinkat(package.fd, "trust.yaml", 0), 0);
    expect_config_error(package.path, "is called sigstore-public, as the one that vetbox ships");
    package_done(&package);
    (void)state;
}

static void test_old_root(void **state)
{
    const int64_t day = 86400, as_of = 1787000000;

    assert_false(vb_trust_root_is_old(as_of, as_of - day));
    assert_false(vb_trust_root_is_old(as_of, as_of + VB_TRUST_ROOT_OLD_DAYS * day));
    assert_true(vb_trust_root_is_old(as_of, as_of + VB_TRUST_ROOT_OLD_DAYS * day + 1));
    (void)state;
}

static int expect_root(struct vb_sink *sink VB_UNUSED, struct vb_event *event, struct vb_error *err)
{
    assert_true(vb_str_equal(vb_event_get_str(event, VB_F_ROOT), "public"));
    assert_int_equal(vb_event_get_int(event, VB_F_ROOT_DATE, 0), 1787000000);
    assert_int_equal(vb_event_get_int(event, VB_F_ROOT_DAYS, 0), 200);
    return vb_event_check(event, err);
}

/* Whoever reads the event learns how old the root was when it was asked. */
static void test_result_tells_the_root(void **state)
{
    static char name[] = "public";
    const struct vb_sig_trusted_root root = {.name = name, .as_of = 1787000000};
    const struct vb_sig_job job = {.path = "a.sigstore", .now = 1787000000 + 200 * 86400 + 5};
    const struct vb_sig_result result = {
        .format = "sigstore", .outcome = VB_SIGNATURE_VALID_UNTRUSTED, .shipped = &root};
    struct vb_sink sink = {.emit = expect_root};

    assert_int_equal(vb_sig_result_emit(&job, &result, &sink, NULL), 0);
    (void)state;
}

static void test_bare_key_line(void **state)
{
    VB_CLEANUP(free_trust) struct vb_trust *trust = calloc(1, sizeof(*trust));

    assert_int_equal(vb_sig_trust_pub(trust, "p", "n", bytes(MINISIGN_KEY "\n"), NULL), 0);
    assert_int_equal(vb_trust_count(trust), 1);
    assert_memory_equal(trust->keys[0].id, "\xcf\x75\x0a\xfa\x1d\x45\xb7\x78", 8);
    (void)state;
}

static void test_allowed_signers_lines(void **state)
{
    static const struct {
        const char *line;
        const char *error; /* NULL: accepted */
    } rows[] = {
        {"a@b ssh-ed25519 " SSH_KEY, NULL},
        {"a@b\tssh-ed25519\t" SSH_KEY "\tcomment here", NULL},
        {"\"a b,c\" ssh-ed25519 " SSH_KEY, NULL},
        {"a@b cert-authority ssh-ed25519 " SSH_KEY, NULL},
        {"a@b NameSpaces=\"git,fi*\",Valid-After=\"20240229\" ssh-ed25519 " SSH_KEY, NULL},
        {"a@b valid-before=\"20380119031408Z\" ssh-ed25519 " SSH_KEY, NULL},
        {"a@b valid-before=\"203801190314Z\" ssh-ed25519 " SSH_KEY, NULL},
        {"a@b", "option or key type"},
        {"a@b ssh-ed25519", "no key after its type"},
        {"a@b ssh-ed25519 AAAA!", "not base64"},
        {"a@b ssh-rsa " SSH_KEY, "not of the type"},
        {"a@b ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF0XIXyKkIliYAMQ", "cut off"},
        {"a@b unknown-option ssh-ed25519 " SSH_KEY, "unknown option"},
        {"a@b namespaces=git ssh-ed25519 " SSH_KEY, "double quotes"},
        {"a@b namespaces=\"\" ssh-ed25519 " SSH_KEY, "empty"},
        {"a@b namespaces=\"a\",namespaces=\"b\" ssh-ed25519 " SSH_KEY, "twice"},
        {"a@b valid-after=\"20230229\" ssh-ed25519 " SSH_KEY, "no time"},
        {"a@b valid-after=\"2023011\" ssh-ed25519 " SSH_KEY, "no time"},
        {"a@b valid-after=\"202301012460\" ssh-ed25519 " SSH_KEY, "no time"},
        {"a@b valid-after=\"2023010112x0\" ssh-ed25519 " SSH_KEY, "no time"},
        {"a@b valid-after=\"20240101Z\",valid-before=\"20240101Z\" ssh-ed25519 " SSH_KEY,
         "not after"},
        {"a@b namespaces=\"git\"ssh-ed25519 " SSH_KEY, "no key after"},
        {"\"a@b ssh-ed25519 " SSH_KEY, "do not end"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(free_trust) struct vb_trust *trust = calloc(1, sizeof(*trust));
        struct vb_error err = {0};
        const int status = vb_sig_trust_signers(trust, "file", bytes(rows[i].line), &err);
        if (rows[i].error == NULL && status < 0)
            fail_msg("row %zu: %s", i, err.message);
        if (rows[i].error == NULL)
            continue;
        if (status != VB_E_CONFIG || strstr(err.message, rows[i].error) == NULL ||
            strncmp(err.message, "file, line 1: ", 14) != 0)
            fail_msg("row %zu: status %d, %s", i, status, err.message);
    }
    (void)state;
}

static void test_pattern_lists(void **state)
{
    static const struct {
        const char *patterns;
        const char *text;
        bool matches;
    } rows[] = {
        {"git", "git", true},       {"git", "gi", false},       {"gi?", "git", true},
        {"*", "file", true},        {"g*t,file", "file", true}, {"!file,*", "file", false},
        {"*,!file", "file", false}, {"!git,*", "file", true},   {"!git", "file", false},
        {"*i*e", "file", true},     {"f*i*l*e*", "file", true}, {"f*x", "file", false},
        {"", "file", false},        {"file,", "file", true},    {"a*a*a*a*b", "aaaaaaaa", false},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (vb_sig_match_list(bytes(rows[i].text), rows[i].patterns) != rows[i].matches)
            fail_msg("%s against %s", rows[i].text, rows[i].patterns);
    }
    (void)state;
}

static void test_base64_is_strict(void **state)
{
    static const struct {
        const char *text;
        bool newlines;
        int len; /* -1: refused */
    } rows[] = {
        {"", false, 0},         {"QUJD", false, 3},      {"QUI=", false, 2},
        {"QQ==", false, 1},     {"QQ=", false, -1},      {"QQ", false, -1},
        {"Q===", false, -1},    {"====", false, -1},     {"QR==", false, -1},
        {"QUJ=", false, -1},    {"QQ==QQ==", false, -1}, {"QUJ D", false, -1},
        {"QU\nJD", false, -1},  {"QU\nJD", true, 3},     {"QU\r\nJD", true, 3},
        {"QU\rJD", true, -1},   {"QQ==\n", true, 1},     {"QUJD-_", false, -1},
        {"QU-_", false, -1},    {"QQ=A", false, -1},     {"QUJDQUJDQUJD", false, -1},
        {"QUJDQUI=", false, 5}, {"QUJDQUJD", false, 6},  {"\xc3\xa4QQ", false, -1},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        unsigned char out[8];
        size_t len = 99;
        const bool good = vb_sig_base64(bytes(rows[i].text), rows[i].newlines, out, 8, &len);
        if (good != (rows[i].len >= 0) || (good && len != (size_t)rows[i].len))
            fail_msg("row %zu: %s", i, rows[i].text);
    }
    (void)state;
}

static void test_mpint_is_strict(void **state)
{
    static const struct {
        const char *wire;
        size_t size;
        int len; /* -1: refused */
    } rows[] = {
        {"\0\0\0\1\x7f", 5, 1},    {"\0\0\0\2\0\x80", 6, 1},    {"\0\0\0\1\x80", 5, -1},
        {"\0\0\0\2\0\x7f", 6, -1}, {"\0\0\0\1\0", 5, -1},       {"\0\0\0\0", 4, -1},
        {"\0\0\0\2\x01", 5, -1},   {"\xff\xff\xff\xff", 4, -1}, {"\0\0\0", 3, -1},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_sig_bytes in = {.data = (const unsigned char *)rows[i].wire, .len = rows[i].size};
        struct vb_sig_bytes out = {0};
        const bool good = vb_sig_get_mpint(&in, &out);
        if (good != (rows[i].len >= 0) || (good && out.len != (size_t)rows[i].len))
            fail_msg("row %zu", i);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixture_folder),
        cmocka_unit_test(test_missing_folder_is_an_empty_store),
        cmocka_unit_test(test_malformed_folder),
        cmocka_unit_test(test_bare_key_line),
        cmocka_unit_test(test_shipped_roots),
        cmocka_unit_test(test_old_root),
        cmocka_unit_test(test_result_tells_the_root),
        cmocka_unit_test(test_one_id_twice),
        cmocka_unit_test(test_allowed_signers_lines),
        cmocka_unit_test(test_pattern_lists),
        cmocka_unit_test(test_base64_is_strict),
        cmocka_unit_test(test_mpint_is_strict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
