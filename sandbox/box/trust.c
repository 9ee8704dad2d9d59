/* trust: whom programs in a box trust in TLS. The machine's own certificates, copied, with that of
 * the world's authority among them, as a company's administrators would put theirs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/kernel.h"
#include "sandbox/world/keystore.h"

/* Java's own, wherever it is linked to. */
#define VB_TRUST_JAVA "cacerts"

enum { BUNDLE_MAX = 4 << 20, ENTRIES_MAX = 2000, DEPTH_MAX = 3 };

/* Folders that hold certificates, of one distribution or another. Never one with a private key. */
static const char *const folders[] = {"ssl/certs", "pki/ca-trust/extracted", "pki/tls/certs",
                                      "ca-certificates/extracted"};

/* Files with all of them, to which the authority's is added. */
static const char *const bundles[] = {"ca-certificates.crt", "ca-bundle.crt", "ca-bundle.pem",
                                      "tls-ca-bundle.pem", "ca-bundle.trust.crt"};

static bool is_bundle(const char *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(bundles); i++) {
        if (strcmp(name, bundles[i]) == 0)
            return true;
    }
    return false;
}

static int write_bytes(int folder, const char *name, const void *bytes, size_t len,
                       struct vb_error *err)
{
    VB_CLEANUP_FD int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (fd < 0)
        return vb_fail(err, VB_E_OS, errno, "writing the certificates of a box");
    return vb_write_all(fd, bytes, len, err);
}

/* BYTES of the file NAME become what they are with AUTHORITY among the trusted. */
static int add_to(struct vb_buf *bytes, const char *name, const struct vb_authority *authority,
                  struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf der = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf added = {0};
    if (is_bundle(name))
        return vb_buf_append_str(bytes, vb_authority_pem(authority), err);
    if (strcmp(name, VB_TRUST_JAVA) != 0 || !vb_is_keystore(bytes))
        return VB_OK;
    vb_buf_init(&der, BUNDLE_MAX);
    vb_buf_init(&added, BUNDLE_MAX);
    int status = vb_authority_der(authority, &der, err);
    if (status == VB_OK)
        status = vb_keystore_add(bytes, VB_TRUST_FILE, &der, &added, err);
    vb_buf_clear(bytes);
    return status < 0 ? status : vb_buf_append(bytes, added.data, added.len, err);
}

static int copy_file(int from, int to, const char *name, const struct vb_authority *authority,
                     struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf bytes;
    struct vb_error ignored;
    vb_buf_init(&bytes, BUNDLE_MAX);
    VB_CLEANUP_FD int fd = openat(from, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || vb_buf_read_fd(&bytes, fd, &ignored) < 0)
        return VB_OK; /* not for us, or larger than such a file ever is */
    const int status = authority == NULL ? VB_OK : add_to(&bytes, name, authority, err);
    return status < 0 ? status : write_bytes(to, name, bytes.data, bytes.len, err);
}

static int copy_link(int from, int to, const char *name, struct vb_error *err)
{
    char target[4096];
    const ssize_t len = readlinkat(from, name, target, sizeof(target) - 1);
    if (len < 0)
        return VB_OK;
    target[len] = '\0';
    return symlinkat(target, to, name) < 0
               ? vb_fail(err, VB_E_OS, errno, "linking the certificates of a box")
               : VB_OK;
}

static int copy_folder(int from, int to, const struct vb_authority *authority, unsigned depth,
                       struct vb_error *err);

static int copy_below(int from, int to, const char *name, const struct vb_authority *authority,
                      unsigned depth, struct vb_error *err)
{
    VB_CLEANUP_FD int source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (source < 0 || depth == DEPTH_MAX)
        return VB_OK;
    if (mkdirat(to, name, 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making a folder of certificates of a box");
    VB_CLEANUP_FD int target = openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return target < 0 ? vb_fail(err, VB_E_OS, errno, "opening a folder of certificates of a box")
                      : copy_folder(source, target, authority, depth + 1, err);
}

static int copy_folder(int from, int to, const struct vb_authority *authority, unsigned depth,
                       struct vb_error *err)
{
    const int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    int status = VB_OK;
    for (int n = 0; status == VB_OK && dir != NULL && n < ENTRIES_MAX && (entry = readdir(dir));
         n++) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (entry->d_type == DT_LNK)
            status = copy_link(from, to, name, err);
        else if (entry->d_type == DT_DIR)
            status = copy_below(from, to, name, authority, depth, err);
        else if (entry->d_type == DT_REG)
            status = copy_file(from, to, name, authority, err);
    }
    return status;
}

/* Where OpenSSL and its like look for one certificate by its name's digest. */
static int add_own(const struct vb_authority *authority, int folder, struct vb_error *err)
{
    char hash[32];
    const char *pem = vb_authority_pem(authority);
    const int status = write_bytes(folder, VB_TRUST_FILE, pem, strlen(pem), err);
    snprintf(hash, sizeof(hash), "%08lx.0", vb_authority_hash(authority));
    if (status == VB_OK && symlinkat(VB_TRUST_FILE, folder, hash) < 0 && errno != EEXIST)
        return vb_fail(err, VB_E_OS, errno, "linking the certificates of a box");
    return status;
}

/* The bundle that every box has, whatever its machine has. */
static int complete(const struct vb_authority *authority, int root, struct vb_error *err)
{
    static const char bundle[] = "ca-certificates.crt";
    const char *pem = vb_authority_pem(authority);
    if (vb_mkdir_parents(root, VB_TRUST_BUNDLE + 1) < 0)
        return vb_fail(err, VB_E_OS, errno, "making a folder of certificates of a box");
    VB_CLEANUP_FD int folder = openat(root, "etc/ssl/certs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return vb_fail(err, VB_E_OS, errno, "opening a folder of certificates of a box");
    const int status = add_own(authority, folder, err);
    return status < 0 || faccessat(folder, bundle, F_OK, 0) == 0
               ? status
               : write_bytes(folder, bundle, pem, strlen(pem), err);
}

int vb_trust_build(const struct vb_authority *authority, int root_fd, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(folders); i++) {
        char path[256];
        snprintf(path, sizeof(path), "/etc/%s", folders[i]);
        VB_CLEANUP_FD int from = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (from < 0)
            continue; /* another distribution's */
        if (vb_mkdir_parents(root_fd, path + 1) < 0 || mkdirat(root_fd, path + 1, 0755) < 0)
            return vb_fail(err, VB_E_OS, errno, "making a folder of certificates of a box");
        VB_CLEANUP_FD int to = openat(root_fd, path + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (to < 0)
            return vb_fail(err, VB_E_OS, errno, "opening a folder of certificates of a box");
        status = copy_folder(from, to, authority, 0, err);
    }
    return status < 0 || authority == NULL ? status : complete(authority, root_fd, err);
}
