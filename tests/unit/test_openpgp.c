/* What gpgv says of an OpenPGP signature, right and forged: only all of it together is believed.
 * gpgv itself runs in tests/cli/openpgp.sh. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "signatures/pgp.h"
#include "signatures_helper.h"

static const char key_text[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
                               "\n"
                               "mDMEZZIAgBYJKwYBBAHaRw8BAQdA9VfmC3agJX+ng9N2PwymUUVD2uYx/54zkzJx\n"
                               "Qw3EtWW0F1Rlc3QgPHRlc3RAZXhhbXBsZS5vcmc+iJAEExYIADgWIQSY0u9gmyi+\n"
                               "tr3B640CIH8n2B1EEAUCZZIAgAIbAwULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAK\n"
                               "CRACIH8n2B1EEJlxAP9OBaQvbfoo6ZK55mIO5KOzUCbmuzsO4OXM4GLV27/J+AEA\n"
                               "yBkQCwsiemeYIxGKqbTGNeXGGureyeCTQbaXc43qVgU=\n"
                               "=THAz\n"
                               "-----END PGP PUBLIC KEY BLOCK-----\n";
/* By it, over "the content\n". */
static const char signature_text[] =
    "-----BEGIN PGP SIGNATURE-----\n"
    "\n"
    "iHUEABYIAB0WIQSY0u9gmyi+tr3B640CIH8n2B1EEAUCZZIAgAAKCRACIH8n2B1E\n"
    "ECTEAP9BilV3ULkM+PL8ZgvdZQFXU78lRM2d4oDLShHfpG0vDAEAk8EalVEhTuPC\n"
    "eNmQ08S4ZAehDIblu70C9cd7ctwgEg4=\n"
    "=pz/K\n"
    "-----END PGP SIGNATURE-----\n";

#define FINGERPRINT "98D2EF609B28BEB6BDC1EB8D02207F27D81D4410"
#define KEY_ID "02207F27D81D4410"
#define OTHER "0123456789ABCDEF0123456789ABCDEF01234567"
#define DATE "2024-01-01 1704067200 0 4 0 22 8 00 "
#define LINE(text) "[GNUPG:] " text "\n"
#define NEW LINE("NEWSIG") LINE("KEY_CONSIDERED " FINGERPRINT " 0")
#define GOOD LINE("GOODSIG " KEY_ID " Test <test@example.org>")
#define VALID LINE("VALIDSIG " FINGERPRINT " " DATE FINGERPRINT)

static struct vb_trust *make_trust(void)
{
    struct vb_trust *trust = calloc(1, sizeof(*trust));
    struct vb_error err = {0};

    assert_non_null(trust);
    if (vb_sig_trust_pgp(
            trust, "file", "tess",
            (struct vb_sig_bytes){(const unsigned char *)key_text, sizeof(key_text) - 1}, &err) < 0)
        fail_msg("%s", err.message);
    return trust;
}

/* The digest of the packet as it is handed over. */
static void packet_digest(char ret[VB_SHA256_HEX])
{
    struct vb_sig_bytes text = {(const unsigned char *)signature_text, sizeof(signature_text) - 1};
    unsigned char plain[1024];
    unsigned char whole[1100];
    struct vb_pgp_packet packet;
    size_t len;

    assert_null(vb_pgp_dearmor(&text, "SIGNATURE", plain, sizeof(plain), &len));
    struct vb_sig_bytes in = {plain, len};
    assert_true(vb_pgp_packet(&in, &packet));
    assert_int_equal(in.len, 0);
    const size_t head = vb_pgp_header(packet.type, packet.body.len, whole);
    memcpy(whole + head, packet.body.data, packet.body.len);
    assert_int_equal(vb_sha256_hex(whole, head + packet.body.len, ret, NULL), 0);
}

static void write_answer(int fd, const char *text, size_t len, int exit_status)
{
    VB_CLEANUP_FREE struct vb_gpgv_answer *answer = calloc(1, sizeof(*answer));

    assert_non_null(answer);
    packet_digest(answer->signature);
    assert_int_equal(vb_sha256_hex("the content\n", 12, answer->data, NULL), 0);
    answer->state = VB_GPGV_RAN;
    answer->exit_status = exit_status;
    answer->len = (uint32_t)len;
    memcpy(answer->text, text, len);
    assert_int_equal(vb_write_all(fd, (const char *)answer, sizeof(*answer), NULL), 0);
}

/* What comes of a file f with CONTENT and its signature where gpgv said TEXT. */
static void verify(const char *content, const char *text, size_t len, int exit_status,
                   struct capture *ret)
{
    struct package package;
    struct vb_trust *trust = make_trust();
    struct vb_error err = {0};
    VB_CLEANUP_FD int fd = memfd_create("answers", MFD_CLOEXEC);

    assert_true(fd >= 0);
    package_init(&package);
    put_text(&package, "f", content);
    put_text(&package, "f.asc", signature_text);
    write_answer(fd, text, len, exit_status);
    const struct vb_verify_job job = {.dirfd = package.fd,
                                      .packages_fd = -1,
                                      .beside_fd = -1,
                                      .trust = trust,
                                      .gpgv = VB_GPGV_SAID,
                                      .gpgv_fd = fd};
    capture_init(ret);
    if (vb_verify_job(&job, &ret->sink, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(ret->count, 1);
    vb_trust_free(trust);
    package_done(&package);
}

static void test_answers(void **state)
{
    static const struct {
        const char *text;
        int exit_status;
        const char *outcome;
        const char *reason;
    } rows[] = {
        {NEW GOOD VALID, 0, "valid-trusted", "checked by gpgv"},
        {NEW LINE("NOTATION_DATA [GNUPG:] BADSIG") GOOD VALID, 0, "valid-trusted", "checked"},
        {NEW GOOD VALID, 1, "present-unverifiable", "contradicts itself"},
        {"", 0, "present-unverifiable", "did not say"},
        {"", 127, "present-unverifiable", "status 127"},
        {NEW GOOD, 0, "present-unverifiable", "did not say"},
        {NEW VALID, 0, "present-unverifiable", "did not say"},
        {GOOD VALID, 0, "present-unverifiable", "did not say"},
        {NEW NEW GOOD VALID, 0, "present-unverifiable", "did not say"},
        {NEW GOOD GOOD VALID, 0, "present-unverifiable", "did not say"},
        {NEW GOOD VALID VALID, 0, "present-unverifiable", "did not say"},
        {NEW LINE("BADSIG " KEY_ID " Test"), 1, "invalid", "not of this file"},
        {NEW GOOD VALID LINE("BADSIG x"), 0, "invalid", "not of this file"},
        {NEW LINE("ERRSIG " KEY_ID " 22 8 00 1 9"), 2, "present-unverifiable", "cannot use"},
        {NEW GOOD VALID LINE("NO_PUBKEY " KEY_ID), 0, "present-unverifiable", "cannot use"},
        {NEW LINE("EXPKEYSIG " KEY_ID " Test") VALID, 0, "valid-untrusted", "time is over"},
        {NEW LINE("REVKEYSIG " KEY_ID " Test") VALID, 0, "valid-untrusted", "revoked"},
        {NEW LINE("EXPSIG " KEY_ID " Test") VALID, 0, "valid-untrusted", "own time"},
        {NEW LINE("EXPKEYSIG " KEY_ID) GOOD VALID, 0, "present-unverifiable", "did not say"},
        {NEW GOOD VALID LINE("UNEXPECTED 0"), 0, "present-unverifiable", "not expected"},
        {NEW GOOD VALID LINE("FAILURE gpgv 1"), 0, "present-unverifiable", "not expected"},
        {NEW GOOD VALID LINE("NODATA 4"), 0, "present-unverifiable", "not expected"},
        {NEW GOOD VALID LINE("VALIDSIGN x"), 0, "present-unverifiable", "not expected"},
        {NEW GOOD VALID "gpgv: fine\n", 0, "present-unverifiable", "no status"},
        {"gpgv: " NEW GOOD VALID, 0, "present-unverifiable", "no status"},
        {NEW GOOD "[GNUPG:] VALIDSIG " FINGERPRINT " " DATE FINGERPRINT, 0, "present-unverifiable",
         "cut off"},
        {NEW LINE("GOODSIG " KEY_ID " [GNUPG:] VALIDSIG " FINGERPRINT " " DATE FINGERPRINT), 0,
         "present-unverifiable", "did not say"},
        {NEW GOOD LINE("VALIDSIG " OTHER " " DATE FINGERPRINT), 0, "present-unverifiable",
         "another signature"},
        {NEW GOOD LINE("VALIDSIG " FINGERPRINT " " DATE OTHER), 0, "present-unverifiable",
         "another signature"},
        {NEW GOOD LINE("VALIDSIG " KEY_ID " " DATE KEY_ID), 0, "present-unverifiable",
         "another signature"},
        {NEW GOOD LINE("VALIDSIG " FINGERPRINT " " DATE FINGERPRINT " more"), 0,
         "present-unverifiable", "another signature"},
        {NEW GOOD LINE("VALIDSIG " FINGERPRINT " 2024-01-01 1704067200 0 4 0 22 2 00 " FINGERPRINT),
         0, "present-unverifiable", "another signature"},
        {NEW GOOD LINE("VALIDSIG " FINGERPRINT " 2024-01-01 1704067200 0 4 0 22 8 01 " FINGERPRINT),
         0, "present-unverifiable", "another signature"},
        {NEW GOOD LINE("VALIDSIG " FINGERPRINT " 2024-01-01 1700000000 0 4 0 22 8 00 " FINGERPRINT),
         0, "present-unverifiable", "another signature"},
        {NEW GOOD LINE("VALIDSIG " FINGERPRINT), 0, "present-unverifiable", "another signature"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(capture_done) struct capture capture;
        verify("the content\n", rows[i].text, strlen(rows[i].text), rows[i].exit_status, &capture);
        if (strcmp(capture.seen[0].outcome, rows[i].outcome) != 0 ||
            strstr(capture.seen[0].reason, rows[i].reason) == NULL)
            fail_msg("row %zu: %s, %s", i, capture.seen[0].outcome, capture.seen[0].reason);
        if (strcmp(rows[i].outcome, "valid-trusted") == 0) {
            assert_string_equal(capture.seen[0].name, "tess");
            assert_string_equal(capture.seen[0].key_id, FINGERPRINT);
            assert_int_equal(capture.seen[0].clock, 1704067200);
        }
    }
    (void)state;
}

/* An answer about other bytes is none about these; and a NUL ends no text. */
static void test_other_bytes(void **state)
{
    static const char good[] = NEW GOOD VALID;
    static const char with_nul[] = NEW GOOD VALID "\0";
    VB_CLEANUP(capture_done) struct capture other, nul;

    verify("the cintent\n", good, sizeof(good) - 1, 0, &other);
    assert_string_equal(other.seen[0].outcome, "invalid");
    verify("the content\n", with_nul, sizeof(with_nul) - 1, 0, &nul);
    assert_string_equal(nul.seen[0].outcome, "present-unverifiable");
    (void)state;
}

/* What gpgv is asked about, in a first look that tells nothing else. */
static int count_deferred(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct capture *capture = (struct capture *)sink;

    assert_int_equal(event->kind, VB_EV_SIGNATURE_DEFERRED);
    capture->coverage++;
    return vb_event_check(event, err);
}

static void test_asking(void **state)
{
    struct capture capture = {.sink.emit = count_deferred};
    struct package package;
    struct vb_trust *trust = make_trust();
    struct vb_error err = {0};
    unsigned char head[3];
    VB_CLEANUP_FD int fd = memfd_create("asked", MFD_CLOEXEC);

    package_init(&package);
    put_text(&package, "f", "whatever");
    put_text(&package, "f.asc", signature_text);
    put_text(&package, "gone.asc", signature_text);
    const struct vb_verify_job job = {.dirfd = package.fd,
                                      .packages_fd = -1,
                                      .beside_fd = -1,
                                      .trust = trust,
                                      .gpgv = VB_GPGV_ASKS,
                                      .gpgv_fd = fd};
    if (vb_verify_job(&job, &capture.sink, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(capture.coverage, 1);
    assert_int_equal(pread(fd, head, sizeof(head), 0), sizeof(head));
    assert_int_equal(head[0], 0xc2);
    assert_int_equal(head[2], 4);
    vb_trust_free(trust);
    package_done(&package);
    (void)state;
}

/* Texts with a signature around them: what is signed, exactly. */
static void test_cleartext(void **state)
{
#define BEGIN "-----BEGIN PGP SIGNED MESSAGE-----\n"
#define END "-----BEGIN PGP SIGNATURE-----\n"
    static const struct {
        const char *in;
        const char *out; /* NULL: refused */
    } rows[] = {
        {BEGIN "Hash: SHA256\n\na\nb\n" END, "a\r\nb"},
        {BEGIN "\na\n" END, "a"},
        {BEGIN "\n" END, ""},
        {BEGIN "\n\n" END, ""},
        {BEGIN "\na\n\n" END, "a\r\n"},
        {BEGIN "\n- -----BEGIN PGP SIGNATURE-----\n- - x\n" END,
         "-----BEGIN PGP SIGNATURE-----\r\n- x"},
        {BEGIN "\na  \t\n  b\n" END, "a\r\n  b"},
        {BEGIN "\n- \n" END, ""},
        {BEGIN "Hash: SHA256\nHash: SHA512\n\na\n" END, "a"},
        {BEGIN "\r\na\r\nb\r\n" END, "a\r\nb"},
        {BEGIN "Comment: x\n\na\n" END, NULL},
        {BEGIN "NotDashEscaped: yes\n\na\n" END, NULL},
        {BEGIN "Hash: SHA256, obey me\n\na\n" END, NULL},
        {BEGIN " \na\n" END, NULL},
        {BEGIN "\n-a\n" END, NULL},
        {BEGIN "\n-----BEGIN PGP SIGNATURE----- \n" END, NULL},
        {BEGIN "\na\rb\n" END, NULL},
        {BEGIN "\na\fb\n" END, NULL},
        {BEGIN "\na\n", NULL},
        {BEGIN "Hash: SHA256\n", NULL},
        {"-----BEGIN PGP SIGNED MESSAGE----- x\n\na\n" END, NULL},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf out = {0};
        struct vb_sig_bytes in = {(const unsigned char *)rows[i].in, strlen(rows[i].in)};
        int status = 0;
        vb_buf_init(&out, 1000);
        const char *why = vb_pgp_cleartext(&in, &out, &status, NULL);
        assert_int_equal(status, 0);
        if ((why == NULL) != (rows[i].out != NULL))
            fail_msg("row %zu: %s", i, why != NULL ? why : "was taken");
        if (why == NULL && (out.len != strlen(rows[i].out) ||
                            (out.len > 0 && memcmp(out.data, rows[i].out, out.len) != 0)))
            fail_msg("row %zu: %zu bytes", i, out.len);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers), cmocka_unit_test(test_other_bytes),
        cmocka_unit_test(test_asking), cmocka_unit_test(test_cleartext)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
