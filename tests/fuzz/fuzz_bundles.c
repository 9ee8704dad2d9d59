/* libs: vb_core vb_signatures */
/* The first byte says what the rest is: a bundle over a file or a folder, what it signs, or one of
 * the things that it is made of. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "signatures/manifest.h"
#include "signatures/sct.h"
#include "signatures/sigstore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "/tmp/vetbox-fuzz-bundles-XXXXXX";
static struct vb_trust *trust;
static int folder = -1;

static void remove_folder(void)
{
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0)
        (void)unlinkat(fd, "file.txt", 0);
    (void)rmdir(path);
}

/* A folder that holds one signed file, made once. */
static void make_folder(void)
{
    static const char text[] = "signed by an identity\n";

    if (mkdtemp(path) == NULL || atexit(remove_folder) != 0)
        abort();
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int file = openat(folder, "file.txt", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (folder < 0 || file < 0 || vb_write_all(file, text, sizeof(text) - 1, NULL) < 0)
        abort();
}

static void begin(void)
{
    if (folder >= 0)
        return;
    if (vb_signatures_prepare() < 0 || (trust = calloc(1, sizeof(*trust))) == NULL)
        abort();
    make_folder();
}

/* --- bundles --- */

static void verify_as(const char *name, struct vb_sig_bytes data)
{
    VB_CLEANUP(vb_sig_result_done) struct vb_sig_result result = {0};
    VB_CLEANUP_FD int fd = memfd_create("bundle", MFD_CLOEXEC);
    struct vb_error err = {0};
    char subject[4096];
    struct vb_sig_job job = {.dirfd = folder,
                             .trust = trust,
                             .now = 1750000000,
                             .path = name,
                             .fd = fd,
                             .size = data.len,
                             .data = data};

    if (fd < 0 || vb_write_all(fd, data.data, data.len, &err) < 0)
        return;
    if (!vb_sig_recognise(&job, subject, sizeof(subject)))
        return;
    if (vb_sig_examine(&job, &result, &err) < 0 || result.outcome == VB_SIGNATURE_ABSENT ||
        result.reason[0] == '\0')
        abort();
    for (; result.next != 0; job.line++) {
        if (result.next <= job.at || result.next > data.len)
            abort();
        job.at = result.next;
        vb_sig_result_done(&result);
        result = (struct vb_sig_result){0};
        if (vb_sig_examine(&job, &result, &err) < 0 || result.reason[0] == '\0')
            abort();
    }
    /* Nobody is trusted with anything unless a trusted root came before. */
    if (result.outcome == VB_SIGNATURE_VALID_TRUSTED)
        abort();
    if (result.anchored && (result.outcome != VB_SIGNATURE_VALID_UNTRUSTED ||
                            result.name[0] == '\0' || result.issuer[0] == '\0'))
        abort();
}

static void file_bundle(struct vb_sig_bytes data)
{
    verify_as("file.txt.sigstore.json", data);
}

static void older_bundle(struct vb_sig_bytes data)
{
    verify_as("file.txt.bundle", data);
}

static void line_bundles(struct vb_sig_bytes data)
{
    verify_as("file.txt.intoto.jsonl", data);
}

static void folder_bundle(struct vb_sig_bytes data)
{
    verify_as("skill.oms.sig", data);
}

/* A trusted root that is understood is the one for all bundles after it. */
static void trusted_root(struct vb_sig_bytes data)
{
    struct vb_trust *next = calloc(1, sizeof(*next));
    struct vb_error err = {0};

    if (next == NULL)
        return;
    const int status = vb_sig_trust_sigstore(next, "file", "name", data, &err);
    if (status < 0 && (status != VB_E_CONFIG || strstr(err.message, "file: ") == NULL))
        abort();
    if (status < 0) {
        vb_trust_free(next);
        return;
    }
    vb_trust_free(trust);
    trust = next;
}

/* --- what is signed --- */

static void envelope(struct vb_sig_bytes data)
{
    VB_CLEANUP(vb_sig_dsse_done) struct vb_sig_dsse dsse = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf pae = {0};
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    const char *why = NULL;
    char text[128];

    if (vb_sig_json_parse(data, 1024 * 1024, &json, text, sizeof(text), NULL) < 0)
        abort();
    if (json == NULL)
        return;
    if (vb_sig_dsse_parse(json, &dsse, &why, NULL) < 0)
        abort();
    vb_buf_init(&pae, 8 * 1024 * 1024);
    if (why == NULL && (dsse.signature_count == 0 || vb_sig_dsse_pae(&dsse, &pae, NULL) < 0 ||
                        pae.len <= dsse.payload.len + dsse.payload_type.len))
        abort();
}

static void statement(struct vb_sig_bytes data)
{
    static const char type[] = VB_SIG_IN_TOTO;
    VB_CLEANUP(vb_sig_statement_done) struct vb_sig_statement parsed = {0};
    VB_CLEANUP(vb_sig_manifest_done) struct vb_sig_manifest manifest = {0};
    VB_CLEANUP_FD int fd = openat(folder, "file.txt", O_RDONLY | O_CLOEXEC);
    struct vb_sig_artifact artifact = {.fd = fd};
    /* Borrowed, and not freed. */
    const struct vb_sig_dsse dsse = {
        .payload_type = {.data = (const unsigned char *)type, .len = sizeof(type) - 1},
        .payload = {.data = (unsigned char *)(uintptr_t)data.data, .len = data.len},
    };
    const char *wrong = NULL;
    char why[256] = "";
    bool covers;

    if (vb_sig_statement(&dsse, &parsed, why, sizeof(why), NULL) < 0)
        abort();
    if (why[0] != '\0')
        return;
    if (vb_sig_statement_covers(&parsed, &artifact, &covers, NULL) < 0 ||
        vb_sig_manifest(&parsed, &manifest, &wrong, NULL) < 0)
        abort();
    for (size_t i = 0; wrong == NULL && i < manifest.count; i++) {
        if (!vb_path_safe(manifest.resources[i].path))
            abort();
    }
}

/* --- parts --- */

static const struct vb_sig_trusted_root *believed(void)
{
    static const struct vb_sig_trusted_root none;

    return trust->trusted_root_count > 0 ? &trust->trusted_roots[0] : &none;
}

static void certificate(struct vb_sig_bytes data)
{
    VB_CLEANUP(vb_sig_cert_free) X509 *cert = NULL;
    VB_CLEANUP(vb_sig_key_free) EVP_PKEY *key = NULL;
    char name[VB_SIG_NAME_MAX];
    struct vb_sig_facts facts;
    enum vb_sig_logged logged;

    if (vb_sig_cert(data, &cert, NULL) < 0)
        abort();
    if (cert == NULL)
        return;
    if (vb_sig_cert_key(cert, &key, NULL) < 0 ||
        vb_sig_sct(cert, cert, &believed()->ctlogs, &logged, NULL) < 0)
        abort();
    (void)vb_sig_cert_use(cert, true);
    if (vb_sig_cert_identity(cert, name) && !vb_utf8_valid(name, strlen(name)))
        abort();
    vb_sig_cert_subject(cert, name);
    for (size_t i = 0; vb_sig_cert_facts(cert, &facts) && i < VB_SIG_FACTS; i++) {
        if (!vb_utf8_valid(facts.items[i].data, facts.items[i].len))
            abort();
    }
}

static void stamp(struct vb_sig_bytes data)
{
    const struct vb_sig_bytes signature = {.data = (const unsigned char *)"signature", .len = 9};
    struct vb_sig_stamped stamped;

    if (vb_sig_timestamp(data, signature, &believed()->tsas, &stamped, NULL) < 0 ||
        (stamped.stamp != VB_SIG_STAMP_GOOD && stamped.why == NULL))
        abort();
    if (vb_sig_timestamp_token(data, signature, &believed()->tsas, &stamped, NULL) < 0 ||
        (stamped.stamp != VB_SIG_STAMP_GOOD && stamped.why == NULL))
        abort();
}

static void checkpoint(struct vb_sig_bytes data)
{
    const struct vb_sig_entry entry = {.tree_size = 2, .checkpoint = data};
    const char *why = NULL;

    for (size_t i = 0; i < believed()->tlogs.count; i++) {
        const struct vb_sig_log *log = &believed()->tlogs.items[i];
        if (log->key != NULL && vb_sig_entry_checkpoint(&entry, log, &why, NULL) < 0)
            abort();
    }
}

static void pem(struct vb_sig_bytes data)
{
    struct vb_trust *other = calloc(1, sizeof(*other));
    struct vb_error err = {0};

    if (other == NULL)
        return;
    const int key = vb_sig_trust_pem_key(other, "file", "name", data, &err);
    const int certs = vb_sig_trust_certs(other, "file", "name", data, &err);
    if ((key < 0 && key != VB_E_CONFIG) || (certs < 0 && certs != VB_E_CONFIG))
        abort();
    vb_trust_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(struct vb_sig_bytes data) = {
        file_bundle, folder_bundle, trusted_root, envelope,     statement,    certificate,
        stamp,       checkpoint,    pem,          line_bundles, older_bundle,
    };

    if (size == 0)
        return 0;
    begin();
    kinds[data[0] % VB_ARRAY_LEN(kinds)]((struct vb_sig_bytes){.data = data + 1, .len = size - 1});
    return 0;
}
