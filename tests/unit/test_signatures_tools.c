/* Signatures made by the real tools in this very run, with fresh keys. Tools that are missing are
 * said to be; without any of them the program is skipped. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "signatures/timestamp.h"
#include "signatures_helper.h"

static bool have(const char *program, const char *argument)
{
    const bool found = run_tool("/", (const char *const[]){program, argument, NULL}) != 127;

    if (!found)
        printf("skipped in part: %s is not installed\n", program);
    return found;
}

/* A package with one file to sign; trust is read again from its folder "trust". */
static void begin(struct package *package)
{
    package_init(package);
    vb_trust_free(package->trust);
    package->trust = NULL;
    package_put(package, "trust/README", "", 0);
    package_put(package, "SKILL.md", "# signed just now\n", 18);
}

static void load_trust(struct package *package)
{
    struct vb_error err = {0};
    char path[128];

    vb_trust_free(package->trust);
    package->trust = NULL;
    snprintf(path, sizeof(path), "%s/trust", package->path);
    if (vb_trust_load(path, &package->trust, &err) < 0)
        fail_msg("%s", err.message);
}

static void damage_and_expect(struct package *package, const char *format)
{
    package_put(package, "SKILL.md", "# signed just naw\n", 18);
    expect_one(package, format, "invalid", "not of this file");
    package_done(package);
}

/* --- ssh-keygen --- */

static void trust_ssh_key(struct package *package, const char *options)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf key = {0};
    char path[128];
    char line[4096];

    snprintf(path, sizeof(path), "%s/key.pub", package->path);
    file_read(path, &key);
    snprintf(line, sizeof(line), "me@example.org %s %s", options, (const char *)key.data);
    package_put(package, "trust/allowed_signers", line, strlen(line));
    load_trust(package);
}

static void ssh_round(const char *type, const char *bits, const char *hash)
{
    struct package package;

    begin(&package);
    assert_int_equal(
        RUN(&package, "ssh-keygen", "-q", "-t", type, "-b", bits, "-N", "", "-C", "c", "-f", "key"),
        0);
    assert_int_equal(RUN(&package, "ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-O", hash, "-f",
                         "key", "SKILL.md"),
                     0);
    load_trust(&package);
    expect_one(&package, "sshsig", "valid-untrusted", "not in the trust folder");
    trust_ssh_key(&package, "namespaces=\"file\",valid-after=\"20200101\"");
    expect_one(&package, "sshsig", "valid-trusted", "namespace file");
    trust_ssh_key(&package, "valid-before=\"20200101\"");
    expect_one(&package, "sshsig", "valid-untrusted", "expired");
    trust_ssh_key(&package, "valid-after=\"20990101Z\"");
    expect_one(&package, "sshsig", "valid-untrusted", "not valid yet");
    trust_ssh_key(&package, "cert-authority");
    expect_one(&package, "sshsig", "valid-untrusted", "certificates only");
    trust_ssh_key(&package, "");
    damage_and_expect(&package, "sshsig");
}

static void test_ssh_keygen(void **state)
{
    static const char *const rows[][3] = {
        {"ed25519", "256", "hashalg=sha512"}, {"ed25519", "256", "hashalg=sha256"},
        {"ecdsa", "256", "hashalg=sha512"},   {"ecdsa", "384", "hashalg=sha512"},
        {"ecdsa", "521", "hashalg=sha256"},   {"rsa", "2048", "hashalg=sha512"},
        {"rsa", "3072", "hashalg=sha256"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        ssh_round(rows[i][0], rows[i][1], rows[i][2]);
    (void)state;
}

static void test_ssh_weak_key(void **state)
{
    struct package package;

    begin(&package);
    const bool made =
        RUN(&package, "ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", "key") == 0 &&
        RUN(&package, "ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", "key", "SKILL.md") == 0;
    if (made) {
        trust_ssh_key(&package, "");
        expect_one(&package, "sshsig", "invalid", "too weak");
    }
    package_done(&package);
    if (!made) {
        print_message("skipped: this ssh-keygen makes no RSA key of 1024 bits\n");
        skip();
    }
    (void)state;
}

/* A signature by a certificate is neither good nor bad to us. */
static void test_ssh_certificate(void **state)
{
    struct package package;

    begin(&package);
    assert_int_equal(
        RUN(&package, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "c", "-f", "ca"), 0);
    assert_int_equal(
        RUN(&package, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "c", "-f", "key"), 0);
    assert_int_equal(
        RUN(&package, "ssh-keygen", "-q", "-s", "ca", "-I", "id", "-n", "me", "key.pub"), 0);
    assert_int_equal(RUN(&package, "ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f",
                         "key-cert.pub", "SKILL.md"),
                     0);
    load_trust(&package);
    expect_one(&package, "sshsig", "present-unverifiable", "-cert-v01@openssh.com");
    package_done(&package);
    (void)state;
}

/* --- minisign and signify --- */

static void minisign_round(const char *option)
{
    struct package package;

    begin(&package);
    assert_int_equal(RUN(&package, "minisign", "-G", "-W", "-p", "trust/me.pub", "-s", "secret"),
                     0);
    assert_int_equal(RUN(&package, "minisign", "-S", option, "-s", "secret", "-m", "SKILL.md"), 0);
    expect_one(&package, "minisign", "present-unverifiable", "not in the trust folder");
    load_trust(&package);
    expect_one(&package, "minisign", "valid-trusted", "file:SKILL.md");
    damage_and_expect(&package, "minisign");
}

static void test_minisign(void **state)
{
    if (!have("minisign", "-v"))
        skip();
    minisign_round("-H");
    minisign_round("-l");
    (void)state;
}

static const char *signify_program(void)
{
    static const char *const names[] = {"signify-openbsd", "signify"};

    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        if (have(names[i], "-h"))
            return names[i];
    }
    return NULL;
}

static void test_signify(void **state)
{
    const char *program = signify_program();
    struct package package;

    if (program == NULL)
        skip();
    begin(&package);
    assert_int_equal(RUN(&package, program, "-G", "-n", "-p", "trust/me.pub", "-s", "me.sec"), 0);
    assert_int_equal(RUN(&package, program, "-S", "-s", "me.sec", "-m", "SKILL.md"), 0);
    load_trust(&package);
    expect_one(&package, "signify", "valid-trusted", "");
    /* The message inside the signature is refused, never half read. */
    assert_int_equal(RUN(&package, program, "-S", "-e", "-s", "me.sec", "-m", "SKILL.md"), 0);
    expect_one(&package, "signify", "invalid", "bytes follow");
    assert_int_equal(RUN(&package, program, "-S", "-s", "me.sec", "-m", "SKILL.md"), 0);
    damage_and_expect(&package, "signify");
    (void)state;
}

/* --- openssl ts --- */

static json_t *certificate_in(const struct package *package, const char *name)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf der = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", package->path, name);
    file_read(path, &der);
    vb_buf_init(&text, 1024 * 1024);
    assert_int_equal(vb_base64_encode(&text, der.data, der.len, NULL), 0);
    return json_pack("{s:s%}", "rawBytes", text.data, text.len);
}

/* An authority and its clock: root.der, clock.der, clock.pem and clock.key. */
static void make_clock(const struct package *package)
{
    put_text(package, "ext",
             "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
             "extendedKeyUsage=critical,timeStamping\n");
    put_text(package, "ts.cnf",
             "[tsa]\nserial=serial\ndefault_policy=1.2.3.4\ndigests=sha256,sha512,sha1\n"
             "signer_digest=sha256\n");
    put_text(package, "serial", "01\n");
    assert_int_equal(RUN(package, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:P-256", "-nodes", "-keyout", "root.key", "-out",
                         "root.pem", "-subj", "/CN=root", "-days", "30"),
                     0);
    assert_int_equal(RUN(package, "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:P-256", "-nodes", "-keyout", "clock.key", "-out", "csr",
                         "-subj", "/CN=clock"),
                     0);
    assert_int_equal(RUN(package, "openssl", "x509", "-req", "-in", "csr", "-CA", "root.pem",
                         "-CAkey", "root.key", "-set_serial", "7", "-days", "10", "-extfile", "ext",
                         "-out", "clock.pem"),
                     0);
    static const char *const names[][2] = {{"root.pem", "root.der"}, {"clock.pem", "clock.der"}};
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++)
        assert_int_equal(RUN(package, "openssl", "x509", "-in", names[i][0], "-outform", "DER",
                             "-out", names[i][1]),
                         0);
}

static enum vb_sig_stamp stamp_of(const struct package *package, const char *digest,
                                  const char *signature)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf response = {0};
    struct vb_trust *trust = calloc(1, sizeof(*trust));
    struct vb_sig_stamped stamped = {0};
    struct vb_error err = {0};
    char path[128];

    assert_int_equal(RUN(package, "openssl", "ts", "-query", "-data", "SKILL.md", digest, "-cert",
                         "-out", "query"),
                     0);
    assert_int_equal(RUN(package, "openssl", "ts", "-reply", "-config", "ts.cnf", "-section", "tsa",
                         "-queryfile", "query", "-signer", "clock.pem", "-inkey", "clock.key",
                         "-out", "reply"),
                     0);
    json_t *root =
        json_pack("{s:s,s:[],s:[],s:[],s:[{s:{s:[o,o]},s:{s:s}}]}", "mediaType",
                  "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs", "ctlogs",
                  "certificateAuthorities", "timestampAuthorities", "certChain", "certificates",
                  certificate_in(package, "clock.der"), certificate_in(package, "root.der"),
                  "validFor", "start", "2020-01-01T00:00:00Z");
    VB_CLEANUP_FREE char *text = json_dumps(root, 0);
    json_decref(root);
    if (vb_sig_trust_sigstore(
            trust, "root", "root",
            (struct vb_sig_bytes){.data = (const unsigned char *)text, .len = strlen(text)},
            &err) < 0)
        fail_msg("%s", err.message);
    snprintf(path, sizeof(path), "%s/reply", package->path);
    file_read(path, &response);
    assert_int_equal(
        vb_sig_timestamp((struct vb_sig_bytes){.data = response.data, .len = response.len},
                         (struct vb_sig_bytes){.data = (const unsigned char *)signature,
                                               .len = strlen(signature)},
                         &trust->trusted_roots[0].tsas, &stamped, NULL),
        0);
    vb_trust_free(trust);
    return stamped.stamp;
}

/* What is stamped is the file here: to the clock it is bytes as a signature's. */
static void test_openssl_ts(void **state)
{
    static const char signature[] = "# signed just now\n";
    struct package package;

    begin(&package);
    make_clock(&package);
    assert_int_equal(stamp_of(&package, "-sha256", signature), VB_SIG_STAMP_GOOD);
    assert_int_equal(stamp_of(&package, "-sha512", signature), VB_SIG_STAMP_GOOD);
    assert_int_equal(stamp_of(&package, "-sha1", signature), VB_SIG_STAMP_BAD);
    assert_int_equal(stamp_of(&package, "-sha256", "another signature"), VB_SIG_STAMP_BAD);
    /* The reply of a clock that is none of the trusted root's. */
    assert_int_equal(RUN(&package, "openssl", "x509", "-req", "-in", "csr", "-signkey", "clock.key",
                         "-set_serial", "8", "-days", "10", "-extfile", "ext", "-out", "clock.pem"),
                     0);
    assert_int_equal(stamp_of(&package, "-sha256", signature), VB_SIG_STAMP_UNKNOWN);
    package_done(&package);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest openssl[] = {cmocka_unit_test(test_openssl_ts)};
    const struct CMUnitTest ssh[] = {
        cmocka_unit_test(test_ssh_keygen),
        cmocka_unit_test(test_ssh_weak_key),
        cmocka_unit_test(test_ssh_certificate),
    };
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_minisign),
        cmocka_unit_test(test_signify),
    };
    const bool with_ssh = have("ssh-keygen", "-?");
    const bool with_others = have("minisign", "-v") || signify_program() != NULL;
    const bool with_openssl = have("openssl", "version");
    int failed = 0;

    if (vb_signatures_prepare() < 0)
        return 1;
    if (with_openssl)
        failed += cmocka_run_group_tests_name("openssl", openssl, NULL, NULL);
    if (with_ssh)
        failed += cmocka_run_group_tests_name("ssh-keygen", ssh, NULL, NULL);
    if (with_others)
        failed += cmocka_run_group_tests_name("minisign and signify", others, NULL, NULL);
    if (!with_openssl && !with_ssh && !with_others) {
        printf("skipped: none of openssl, ssh-keygen, minisign and signify is installed\n");
        return 77;
    }
    return failed;
}
