/* libs: vb_core vb_signatures */
/* The first byte says what the rest is: what an index told of a package, or a wheel's RECORD. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "signatures/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "/tmp/vetbox-fuzz-registry-XXXXXX";
static struct vb_trust *trust;
static int folder = -1;
static int artifact = -1;

static const char record_path[] = "a-1.dist-info/RECORD";

/* Nobody is trusted here, and no list is a signature. */
static int look(struct vb_sink *sink VB_UNUSED, struct vb_event *event, struct vb_error *err)
{
    const struct vb_str outcome = vb_event_get_str(event, VB_F_OUTCOME);

    if (event->kind == VB_EV_SIGNATURE_RESULT &&
        (vb_str_equal(outcome, "valid-trusted") || vb_str_equal(outcome, "absent") ||
         vb_event_get(event, VB_F_REASON) == NULL))
        abort();
    return vb_event_check(event, err);
}

static void remove_folder(void)
{
    if (folder < 0)
        return;
    (void)unlinkat(folder, record_path, 0);
    (void)unlinkat(folder, "a-1.dist-info", AT_REMOVEDIR);
    (void)unlinkat(folder, "a.py", 0);
    (void)unlinkat(folder, "package.json", 0);
    (void)rmdir(path);
}

static void put(const char *name, const void *data, size_t len)
{
    VB_CLEANUP_FD int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || vb_write_all(fd, data, len, NULL) < 0)
        abort();
}

static void begin(void)
{
    static const char manifest[] = "{\"repository\":\"github:acme/a\"}";

    if (vb_signatures_prepare() < 0 || (trust = calloc(1, sizeof(*trust))) == NULL ||
        mkdtemp(path) == NULL || atexit(remove_folder) != 0)
        abort();
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    artifact = memfd_create("artifact", MFD_CLOEXEC);
    if (folder < 0 || artifact < 0 || mkdirat(folder, "a-1.dist-info", 0700) < 0 ||
        vb_write_all(artifact, "test", 4, NULL) < 0)
        abort();
    put("a.py", "A = 1\n", 6);
    put("package.json", manifest, sizeof(manifest) - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VB_CLEANUP_FD int record = memfd_create("record", MFD_CLOEXEC);
    struct vb_sink sink = {.emit = look};
    struct vb_error err = {0};

    if (folder < 0)
        begin();
    if (size == 0 || size > 256 * 1024 || record < 0)
        return 0;
    const bool wheel = (data[0] & 1) != 0;
    if (vb_write_all(record, data + 1, size - 1, &err) < 0)
        return 0;
    put(record_path, data + 1, wheel ? size - 1 : 0);
    struct vb_verify_job job = {.dirfd = folder,
                                .packages_fd = -1,
                                .beside_fd = -1,
                                .from_index = !wheel,
                                .record_fd = record,
                                .artifact_fd = artifact,
                                .trust = trust};
    snprintf(job.beside_name, sizeof(job.beside_name), "a-1.%s", wheel ? "whl" : "tgz");
    if (vb_verify_job(&job, &sink, &err) < 0)
        abort();
    return 0;
}
