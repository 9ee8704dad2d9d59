/* Signed folders: what is good, and every way to change one. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "oms_helper.h"

static const struct recipe by_key = {.key = "P-256"};
static const struct recipe by_certificate = {.key = "P-256", .by_certificate = true};

/* --- what is good --- */

static void test_good(void **state)
{
    static const struct recipe rows[] = {
        {.key = "P-256"},
        {.key = "P-384"},
        {.key = "P-384", .dgst = "-sha256"},
        {.key = "P-521"},
        {.key = "RSA"},
        {.key = "ED25519"},
        {.key = "P-256", .by_certificate = true},
        {.key = "P-384", .by_certificate = true},
        {.key = "P-521", .by_certificate = true},
        {.key = "RSA", .by_certificate = true, .eku = ""},
        {.key = "P-256", .shard_size = 300},
        {.key = "P-256", .hash_type = "blake2b", .algorithm = "BLAKE2B512"},
        {.key = "P-256", .legacy = true},
        {.key = "P-256", .symlinks = true},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
        struct package package;
        oms_make(&package, &rows[i]);
        oms_verify(&package, 0, &result);
        if (result.outcome != VB_SIGNATURE_VALID_TRUSTED)
            fail_msg("row %zu, %s: %s (%s)", i, rows[i].key,
                     vb_signature_outcome_name(result.outcome), result.reason);
        /* An empty file has no shard: that it is here says nobody. */
        assert_int_equal(result.covers.count, rows[i].shard_size != 0 ? 3 : 4);
        assert_string_equal(result.covers.items[0], "skill/SKILL.md");
        assert_string_equal(result.name, rows[i].by_certificate ? "Acme Skills" : "acme");
        assert_string_equal(result.root, rows[i].by_certificate ? "acme-root" : "");
        assert_memory_equal(result.key_id, "sha256:", 7);
        package_done(&package);
    }
    (void)state;
}

static void test_left_out(void **state)
{
    const struct recipe recipe = {.key = "P-256", .ignored = "notes"};
    struct package package;

    oms_make(&package, &recipe);
    put_text(&package, "skill/notes/today", "x");
    put_text(&package, "skill/.git/config", "x");
    put_text(&package, "skill/.gitignore", "x");
    oms_expect(&package, 0, VB_SIGNATURE_VALID_TRUSTED, "");
    put_text(&package, "skill/scripts/.gitignore", "only at the top");
    oms_expect(&package, 0, VB_SIGNATURE_INVALID, "scripts/.gitignore is there and not signed");
    package_done(&package);
    (void)state;
}

/* Among shards an empty file may be there unsigned, but is covered only where it is listed. */
static void test_empty_in_shards(void **state)
{
    static const struct recipe rows[] = {
        {.key = "P-256", .shard_size = 300},
        {.key = "P-256", .shard_size = 300, .extra = "data/empty:0:0"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
        struct package package;
        oms_make(&package, &rows[i]);
        put_text(&package, "skill/scripts/__init__.py", "");
        oms_verify(&package, 0, &result);
        assert_int_equal(result.outcome, VB_SIGNATURE_VALID_TRUSTED);
        assert_int_equal(result.covers.count, 3 + i);
        for (size_t k = 0; k < result.covers.count; k++)
            assert_null(strstr(result.covers.items[k], "__init__"));
        if (i == 1) {
            put_text(&package, "skill/data/empty", "x");
            oms_expect(&package, 0, VB_SIGNATURE_INVALID, "data/empty is not signed in all");
            assert_int_equal(unlinkat(package.fd, "skill/data/empty", 0), 0);
            oms_expect(&package, 0, VB_SIGNATURE_INVALID, "data/empty is signed and not there");
        }
        package_done(&package);
    }
    (void)state;
}

static void test_links(void **state)
{
    const struct recipe recipe = {.key = "P-256", .symlinks = true};
    struct package package;

    oms_make(&package, &recipe);
    assert_int_equal(renameat(package.fd, "skill/scripts/run.sh", package.fd, "skill/data/r"), 0);
    assert_int_equal(symlinkat("../data/r", package.fd, "skill/scripts/run.sh"), 0);
    oms_expect(&package, 0, VB_SIGNATURE_INVALID, "data/r is there and not signed");
    assert_int_equal(renameat(package.fd, "skill/data/r", package.fd, "outside"), 0);
    assert_int_equal(unlinkat(package.fd, "skill/scripts/run.sh", 0), 0);
    assert_int_equal(symlinkat("../../outside", package.fd, "skill/scripts/run.sh"), 0);
    oms_expect(&package, 0, VB_SIGNATURE_INVALID, "link to no file of the folder");
    assert_int_equal(unlinkat(package.fd, "skill/scripts/run.sh", 0), 0);
    assert_int_equal(symlinkat("../SKILL.md", package.fd, "skill/scripts/run.sh"), 0);
    oms_expect(&package, 0, VB_SIGNATURE_INVALID, "differs from its signed digest");
    assert_int_equal(unlinkat(package.fd, "skill/scripts/run.sh", 0), 0);
    assert_int_equal(symlinkat("../.git/r", package.fd, "skill/scripts/run.sh"), 0);
    put_text(&package, "skill/.git/r", "echo hello\n");
    oms_expect(&package, 0, VB_SIGNATURE_VALID_TRUSTED, "");
    package_done(&package);
    (void)state;
}

static void test_link_not_allowed(void **state)
{
    struct package package;

    oms_make(&package, &by_key);
    put_text(&package, "skill/.git/r", "echo hello\n");
    assert_int_equal(unlinkat(package.fd, "skill/scripts/run.sh", 0), 0);
    assert_int_equal(symlinkat("../.git/r", package.fd, "skill/scripts/run.sh"), 0);
    oms_expect(&package, 0, VB_SIGNATURE_INVALID, "is a link");
    package_done(&package);
    (void)state;
}

/* --- who signed --- */

static void test_strangers(void **state)
{
    struct package package;

    oms_make(&package, &by_key);
    struct vb_trust *trust = package.trust;
    package.trust = calloc(1, sizeof(*package.trust));
    oms_expect(&package, 0, VB_SIGNATURE_UNVERIFIABLE, "not in the trust folder");
    vb_trust_free(package.trust);
    package.trust = trust;
    package_done(&package);

    oms_make(&package, &by_certificate);
    trust = package.trust;
    package.trust = calloc(1, sizeof(*package.trust));
    oms_expect(&package, 0, VB_SIGNATURE_VALID_UNTRUSTED, "leads to none in the trust folder");
    vb_trust_free(package.trust);
    package.trust = trust;
    package_done(&package);
    (void)state;
}

/* --- changes --- */

static void flip(const struct package *package, const char *name)
{
    char path[512];
    unsigned char byte;

    snprintf(path, sizeof(path), "%s/%s", package->path, name);
    VB_CLEANUP_FD int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, 3), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 3), 1);
}

static void change_file(struct package *package)
{
    flip(package, "skill/scripts/run.sh");
}

static void change_last_shard(struct package *package)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};
    char path[512];

    snprintf(path, sizeof(path), "%s/skill/scripts/b.py", package->path);
    file_read(path, &data);
    data.data[data.len - 1] ^= 1;
    package_put(package, "skill/scripts/b.py", data.data, data.len);
}

static void longer_file(struct package *package)
{
    char text[1001];

    memset(text, 'x', sizeof(text));
    package_put(package, "skill/scripts/b.py", text, sizeof(text));
}

static void shorter_file(struct package *package)
{
    char text[900];

    memset(text, 'x', sizeof(text));
    package_put(package, "skill/scripts/b.py", text, sizeof(text));
}

static void swap_files(struct package *package)
{
    assert_int_equal(
        renameat(package->fd, "skill/SKILL.md", package->fd, "skill/scripts/run.sh.new"), 0);
    assert_int_equal(renameat(package->fd, "skill/scripts/run.sh", package->fd, "skill/SKILL.md"),
                     0);
    assert_int_equal(
        renameat(package->fd, "skill/scripts/run.sh.new", package->fd, "skill/scripts/run.sh"), 0);
}

static void add_file(struct package *package)
{
    put_text(package, "skill/scripts/a.py", "print(1)\n");
}

static void add_hidden(struct package *package)
{
    put_text(package, "skill/.claude/settings.json", "{}\n");
}

static void add_empty(struct package *package)
{
    put_text(package, "skill/scripts/__init__.py", "");
}

static void remove_file(struct package *package)
{
    assert_int_equal(unlinkat(package->fd, "skill/scripts/b.py", 0), 0);
}

static void remove_last(struct package *package)
{
    assert_int_equal(unlinkat(package->fd, "skill/scripts/run.sh", 0), 0);
}

static void add_fifo(struct package *package)
{
    assert_int_equal(mkfifoat(package->fd, "skill/pipe", 0600), 0);
}

static void other_key(struct package *package)
{
    assert_int_equal(RUN(package, "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                         "ec_paramgen_curve:P-256", "-out", "key.pem"),
                     0);
    oms_sign(package, &by_key);
}

static void other_key_for_certificate(struct package *package)
{
    assert_int_equal(RUN(package, "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                         "ec_paramgen_curve:P-256", "-out", "key.pem"),
                     0);
    oms_sign(package, &by_certificate);
}

/* Changes one character of base64 in the bundle, at the envelope's KEY. */
static void change_text(json_t *object, const char *key, size_t at)
{
    VB_CLEANUP_FREE char *text = strdup(json_string_value(json_object_get(object, key)));

    text[at] = text[at] == 'A' ? 'B' : 'A';
    assert_int_equal(json_object_set_new(object, key, json_string(text)), 0);
}

static void change_payload(struct package *package)
{
    json_t *bundle = oms_read_bundle(package);

    change_text(json_object_get(bundle, "dsseEnvelope"), "payload", 200);
    oms_write_bundle(package, bundle);
}

static void change_signature(struct package *package)
{
    json_t *bundle = oms_read_bundle(package);
    json_t *envelope = json_object_get(bundle, "dsseEnvelope");

    change_text(json_array_get(json_object_get(envelope, "signatures"), 0), "sig", 30);
    oms_write_bundle(package, bundle);
}

static void change_type(struct package *package)
{
    json_t *bundle = oms_read_bundle(package);

    json_object_set_new(json_object_get(bundle, "dsseEnvelope"), "payloadType",
                        json_string("application/vnd.in-toto+jsoN"));
    oms_write_bundle(package, bundle);
}

static void two_signatures(struct package *package)
{
    json_t *bundle = oms_read_bundle(package);
    json_t *signatures = json_object_get(json_object_get(bundle, "dsseEnvelope"), "signatures");

    json_array_append(signatures, json_array_get(signatures, 0));
    oms_write_bundle(package, bundle);
}

static json_t *first_certificate(json_t *bundle)
{
    json_t *chain =
        json_object_get(json_object_get(bundle, "verificationMaterial"), "x509CertificateChain");

    return json_array_get(json_object_get(chain, "certificates"), 0);
}

static void change_certificate(struct package *package)
{
    json_t *bundle = oms_read_bundle(package);
    json_t *certificate = first_certificate(bundle);
    const size_t len = strlen(json_string_value(json_object_get(certificate, "rawBytes")));

    change_text(certificate, "rawBytes", len - 12); /* in the root's signature */
    oms_write_bundle(package, bundle);
}

static void no_certificate(struct package *package)
{
    json_t *bundle = oms_read_bundle(package);

    json_object_del(json_object_get(bundle, "verificationMaterial"), "x509CertificateChain");
    oms_write_bundle(package, bundle);
}

static void key_twice(struct package *package)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    VB_CLEANUP_FREE char *twice = NULL;
    char path[512];

    snprintf(path, sizeof(path), "%s/skill/skill.oms.sig", package->path);
    file_read(path, &text);
    assert_true(asprintf(&twice, "{\"mediaType\":\"x\",%s", (const char *)text.data + 1) > 0);
    put_text(package, "skill/skill.oms.sig", twice);
}

static void cut_off(struct package *package)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/skill/skill.oms.sig", package->path);
    assert_int_equal(truncate(path, 700), 0);
}

static const struct recipe sharded = {.key = "P-256", .shard_size = 300};

static const struct {
    const char *name;
    const struct recipe *recipe;
    void (*change)(struct package *package);
    const char *reason;
} changes[] = {
    {"file", &by_key, change_file, "scripts/run.sh differs"},
    {"last shard", &sharded, change_last_shard, "scripts/b.py differs"},
    {"longer file in shards", &sharded, longer_file, "scripts/b.py is not signed in all"},
    {"shorter file in shards", &sharded, shorter_file, "scripts/b.py is not signed in all"},
    {"swapped files", &by_key, swap_files, "SKILL.md differs"},
    {"one more file", &by_key, add_file, "scripts/a.py is there and not signed"},
    {"one more hidden file", &by_key, add_hidden, ".claude/settings.json is there and not"},
    {"one more empty file", &by_key, add_empty, "scripts/__init__.py is there and not"},
    {"file gone", &by_key, remove_file, "scripts/b.py is signed and not there"},
    {"last file gone", &by_key, remove_last, "scripts/run.sh is signed and not there"},
    {"pipe", &by_key, add_fifo, "pipe is there, and no file"},
    {"other key", &by_key, other_key, "not of the key that the bundle names"},
    {"other key", &by_certificate, other_key_for_certificate, "not of this envelope"},
    {"payload", &by_certificate, change_payload, "not of this envelope"},
    {"signature", &by_certificate, change_signature, "not of this envelope"},
    {"payload type", &by_certificate, change_type, "not of this envelope"},
    {"two signatures", &by_key, two_signatures, "exactly one signature"},
    {"certificate", &by_certificate, change_certificate, "signature failure"},
    {"no certificate", &by_certificate, no_certificate, "names no key"},
    {"JSON key twice", &by_key, key_twice, "duplicate"},
    {"cut off", &by_key, cut_off, "JSON"},
};

static void test_changes(void **state)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(changes); i++) {
        struct package package;
        print_message("%s\n", changes[i].name);
        oms_make(&package, changes[i].recipe);
        oms_expect(&package, 0, VB_SIGNATURE_VALID_TRUSTED, "");
        changes[i].change(&package);
        oms_expect(&package, 0, VB_SIGNATURE_INVALID, changes[i].reason);
        package_done(&package);
    }
    (void)state;
}

/* --- signed, and wrong from the beginning --- */

static void test_wrong(void **state)
{
    static const struct {
        struct recipe recipe;
        enum vb_signature_outcome outcome;
        const char *reason;
    } rows[] = {
        {{.key = "P-256", .extra = "../outside"}, VB_SIGNATURE_INVALID, "none below the folder"},
        {{.key = "P-256", .extra = "/etc/passwd"}, VB_SIGNATURE_INVALID, "none below the folder"},
        {{.key = "P-256", .extra = "scripts/./run.sh"},
         VB_SIGNATURE_INVALID,
         "none below the folder"},
        {{.key = "P-256", .extra = "SKILL.md"}, VB_SIGNATURE_INVALID, "signed twice"},
        {{.key = "P-256", .extra = "absent"}, VB_SIGNATURE_INVALID, "absent is signed and not"},
        {{.key = "P-256", .shard_size = 300, .extra = "SKILL.md:0:1"},
         VB_SIGNATURE_INVALID,
         "signed twice"},
        {{.key = "P-256", .shard_size = 300, .extra = "absent"},
         VB_SIGNATURE_INVALID,
         "does not say which"},
        {{.key = "P-256", .ignored = "."}, VB_SIGNATURE_VALID_TRUSTED, ""},
        {{.key = "P-256", .duplicate = "predicateType"}, VB_SIGNATURE_INVALID, "duplicate"},
        {{.key = "P-256", .predicate_type = "https://example.org/other/v1.0"},
         VB_SIGNATURE_INVALID,
         "no statement about a folder"},
        {{.key = "P-256", .hash_type = "blake3"}, VB_SIGNATURE_UNVERIFIABLE, "not checked"},
        {{.key = "P-256", .hash_type = "md5", .algorithm = "SHA256"},
         VB_SIGNATURE_UNVERIFIABLE,
         "not checked"},
        {{.key = "P-256", .dgst = "-sha1"}, VB_SIGNATURE_INVALID, "not of the key"},
        {{.key = "P-256", .by_certificate = true, .eku = "serverAuth"},
         VB_SIGNATURE_INVALID,
         "not for signing code"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct package package;
        print_message("row %zu\n", i);
        oms_make(&package, &rows[i].recipe);
        oms_expect(&package, 0, rows[i].outcome, rows[i].reason);
        package_done(&package);
    }
    (void)state;
}

static void test_time(void **state)
{
    enum { DAY = 24 * 60 * 60 };
    const int64_t now = (int64_t)time(NULL);
    struct package package;

    oms_make(&package, &by_certificate);
    oms_expect(&package, now + 9 * DAY, VB_SIGNATURE_VALID_TRUSTED, "");
    oms_expect(&package, now + 11 * DAY, VB_SIGNATURE_VALID_UNTRUSTED, "expired");
    oms_expect(&package, now - 2 * DAY, VB_SIGNATURE_VALID_UNTRUSTED, "not yet valid");
    package_done(&package);
    (void)state;
}

/* Any name will do, and a signature of one folder is none of another. */
static void test_other_names(void **state)
{
    VB_CLEANUP(capture_done) struct capture capture;
    struct package package;

    oms_make(&package, &by_key);
    assert_int_equal(renameat(package.fd, "skill/skill.oms.sig", package.fd, "skill/anything.sig"),
                     0);
    expect_one(&package, "oms", "valid-trusted", "");
    assert_int_equal(renameat(package.fd, "skill/anything.sig", package.fd, "skill/model.sig"), 0);
    expect_one(&package, "oms", "valid-trusted", "");
    assert_int_equal(renameat(package.fd, "skill/model.sig", package.fd, "skill/data/model.sig"),
                     0);
    package_verify(&package, &capture);
    assert_int_equal(capture.count, 1);
    assert_string_equal(capture.seen[0].outcome, "invalid");
    package_done(&package);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_empty_in_shards),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_link_not_allowed),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_other_names),
    };

    if (run_tool("/", (const char *const[]){"openssl", "version", NULL}) != 0) {
        printf("skipped: openssl is not installed\n");
        return 77;
    }
    if (vb_signatures_prepare() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
