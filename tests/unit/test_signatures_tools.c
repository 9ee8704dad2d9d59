/* Signatures made by the real tools in this very run, with fresh keys. Tools that are missing are
 * said to be; without any of them the program is skipped. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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

int main(void)
{
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
    int failed = 0;

    if (vb_signatures_prepare() < 0)
        return 1;
    if (with_ssh)
        failed += cmocka_run_group_tests_name("ssh-keygen", ssh, NULL, NULL);
    if (with_others)
        failed += cmocka_run_group_tests_name("minisign and signify", others, NULL, NULL);
    if (!with_ssh && !with_others) {
        printf("skipped: none of ssh-keygen, minisign and signify is installed\n");
        return 77;
    }
    return failed;
}
