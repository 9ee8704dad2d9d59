/* libs: vb_core vb_signatures */
/* The first byte says what the rest is: a signature file of some name, a signed list of digests, or
 * a file of the trust folder. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "signatures/pgp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int swallow(struct vb_sink *sink VB_UNUSED, struct vb_event *event, struct vb_error *err)
{
    return vb_event_check(event, err);
}

static char path[] = "/tmp/vetbox-fuzz-signatures-XXXXXX";

static void remove_folder(void)
{
    static const char *const names[] = {"test", "SHA256SUMS"};
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    for (size_t i = 0; fd >= 0 && i < VB_ARRAY_LEN(names); i++)
        (void)unlinkat(fd, names[i], 0);
    (void)rmdir(path);
}

/* A folder that holds one signed file, made once; -1 where that fails. */
static int make_folder(void)
{
    if (mkdtemp(path) == NULL || atexit(remove_folder) != 0)
        return -1;
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int file = openat(fd, "test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || file < 0 || vb_write_all(file, "test", 4, NULL) < 0)
        return -1;
    return fd;
}

/* The published key of minisign's example, one SSH key and one in PEM. */
static struct vb_trust *make_trust(void)
{
    static const char pub[] = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n";
    static const char signers[] =
        "a@b namespaces=\"file\",valid-after=\"20200101Z\" ssh-ed25519 "
        "AAAAC3NzaC1lZDI1NTE5AAAAIF0XIXyKkIliYAMQWVn7bxmZ7e4kDc5awJ6DIvKQQzNO\n";
    static const char pem[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY6Ya7W++7aUPzvMTrezH6Ycx3c+HOKYCcNGybJZSCJq/"
        "fd7Qa8uuAKtdIkUQtQiEKERhAmE5lMMJhP8OkDOa2g==\n"
        "-----END PUBLIC KEY-----\n";
    struct vb_trust *trust = calloc(1, sizeof(*trust));
    const struct vb_sig_bytes c = {.data = (const unsigned char *)pem, .len = sizeof(pem) - 1};
    const struct vb_sig_bytes a = {.data = (const unsigned char *)pub, .len = sizeof(pub) - 1};
    const struct vb_sig_bytes b = {.data = (const unsigned char *)signers,
                                   .len = sizeof(signers) - 1};

    if (trust == NULL || vb_sig_trust_pub(trust, "pub", "a", a, NULL) < 0 ||
        vb_sig_trust_signers(trust, "signers", b, NULL) < 0 ||
        vb_sig_trust_pem_key(trust, "pem", "c", c, NULL) < 0)
        abort();
    return trust;
}

/* Verifies DATA under every name that picks a format. Valid needs a key; what is malformed has a
 * reason. */
static void verify_as(int folder, const struct vb_trust *trust, const char *name,
                      struct vb_sig_bytes data)
{
    static const char *const namespaces[] = {"file", "git", NULL};
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
    VB_CLEANUP_FD int fd = memfd_create("signature", MFD_CLOEXEC);
    struct vb_sink sink = {.emit = swallow};
    struct vb_error err = {0};
    char subject[4096];
    struct vb_sig_job job = {.dirfd = folder,
                             .trust = trust,
                             .now = 1767225600,
                             .path = name,
                             .fd = fd,
                             .size = data.len,
                             .data = data,
                             .namespaces = namespaces};

    if (fd < 0 || vb_write_all(fd, data.data, data.len, &err) < 0)
        return;
    if (!vb_sig_recognise(&job, subject, sizeof(subject)))
        return;
    if (vb_sig_examine(&job, &result, &err) < 0 || result.outcome == VB_SIGNATURE_ABSENT ||
        vb_sig_result_emit(&job, &result, &sink, &err) < 0)
        abort();
    if (result.outcome == VB_SIGNATURE_VALID_TRUSTED && result.key_id[0] == '\0')
        abort();
    if (result.outcome == VB_SIGNATURE_INVALID && result.reason[0] == '\0')
        abort();
}

static void read_sums(int folder, struct vb_sig_bytes data)
{
    VB_CLEANUP(vb_sig_result_done)
    struct vb_sig_result result = {.outcome = VB_SIGNATURE_VALID_TRUSTED};
    struct vb_error err = {0};
    VB_CLEANUP_FD int fd =
        openat(folder, "SHA256SUMS", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || vb_write_all(fd, data.data, data.len, &err) < 0)
        return;
    if (vb_sig_sums(folder, "SHA256SUMS", &result, &err) < 0)
        abort();
}

/* OpenPGP keys of the trust folder, which are handed on whole. */
static void read_keys(struct vb_sig_bytes data)
{
    struct vb_trust *trust = calloc(1, sizeof(*trust));
    VB_CLEANUP(vb_buf_done) struct vb_buf keyring = {0};
    struct vb_error err = {0};

    if (trust == NULL)
        return;
    const int status = vb_sig_trust_pgp(trust, "file", "name", data, &err);
    vb_buf_init(&keyring, VB_SIG_FILE_MAX);
    if (status < 0 && (status != VB_E_CONFIG || strstr(err.message, "file") == NULL))
        abort();
    if (status == 0 &&
        (trust->pgp_count == 0 || vb_trust_keyring(trust, &keyring, &err) < 0 || keyring.len == 0))
        abort();
    vb_trust_free(trust);
}

static void read_trust(bool signers, struct vb_sig_bytes data)
{
    struct vb_trust *trust = calloc(1, sizeof(*trust));
    struct vb_error err = {0};

    if (trust == NULL)
        return;
    const int status = signers ? vb_sig_trust_signers(trust, "file", data, &err)
                               : vb_sig_trust_pub(trust, "file", "name", data, &err);
    if (status < 0 && (status != VB_E_CONFIG || strstr(err.message, "file, line ") == NULL))
        abort();
    vb_trust_free(trust);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"test.minisig", "test.sig", "skill.oms.sig",
                                        "test.asc",     "test.p7s", "test.mcpb"};
    static const char *const more[] = {"test.dsse",           "test.intoto.json", "test.bundle",
                                       "test.sigstore.jsonl", "test.attestation", "test.sigzip"};
    static struct vb_trust *trust;
    static int folder = -1;

    if (trust == NULL) {
        if (vb_signatures_prepare() < 0 || (folder = make_folder()) < 0)
            abort();
        trust = make_trust();
    }
    if (size == 0 || size > VB_SIG_FILE_MAX + 2)
        return 0;
    const unsigned kind = data[0] % (VB_ARRAY_LEN(names) + 4 + VB_ARRAY_LEN(more));
    const struct vb_sig_bytes rest = {.data = data + 1, .len = size - 1};
    if (kind < VB_ARRAY_LEN(names))
        verify_as(folder, trust, names[kind], rest);
    else if (kind == VB_ARRAY_LEN(names))
        read_sums(folder, rest);
    else if (kind == VB_ARRAY_LEN(names) + 3 + VB_ARRAY_LEN(more))
        read_keys(rest);
    else if (kind >= VB_ARRAY_LEN(names) + 3)
        verify_as(folder, trust, more[kind - VB_ARRAY_LEN(names) - 3], rest);
    else
        read_trust(kind == VB_ARRAY_LEN(names) + 1, rest);
    return 0;
}
