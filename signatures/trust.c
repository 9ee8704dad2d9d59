/* The trust folder. Trust boundary: the user's own configuration, read by the coordinator before
 * any package is looked at; everything that is not understood is an error. */
#include "signatures/publishers.h"
#include "signatures/shipped.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { PUB_MAX = 4096, LISTS_MAX = 1024 * 1024, FILES_MAX = 4096 };

void vb_trust_free(struct vb_trust *trust)
{
    if (trust == NULL)
        return;
    for (size_t i = 0; i < trust->key_count; i++)
        free(trust->keys[i].name);
    for (size_t i = 0; i < trust->signer_count; i++) {
        free(trust->signers[i].principals);
        free(trust->signers[i].namespaces);
        free(trust->signers[i].blob);
    }
    vb_publishers_free(trust->publishers);
    vb_sig_trust_roots_done(trust);
    vb_sig_trust_pgp_done(trust);
    free(trust->keys);
    free(trust->signers);
    free(trust);
}

size_t vb_trust_count(const struct vb_trust *trust)
{
    size_t own = 0;

    for (size_t i = 0; trust != NULL && i < trust->trusted_root_count; i++)
        own += trust->trusted_roots[i].as_of == 0;
    return trust == NULL ? 0
                         : trust->key_count + trust->signer_count + trust->pem_count +
                               trust->pgp_count + trust->root_count + trust->clocks.count + own;
}

size_t vb_trust_rules(const struct vb_trust *trust)
{
    return trust == NULL ? 0 : vb_publishers_count(trust->publishers);
}

static void trust_free_ptr(struct vb_trust **trust)
{
    vb_trust_free(*trust);
}

static void close_dir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

/* What people put there by mistake, and where it belongs. */
static const char *pub_hint(struct vb_sig_bytes line)
{
    static const struct {
        const char *prefix;
        const char *hint;
    } hints[] = {
        {"-----BEGIN", "of PEM only a public key belongs here"},
        {"ssh-", "an OpenSSH key goes into allowed_signers"},
        {"ecdsa-", "an OpenSSH key goes into allowed_signers"},
        {"sk-", "an OpenSSH key goes into allowed_signers"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(hints); i++) {
        struct vb_sig_bytes rest = line;
        if (vb_sig_skip(&rest, hints[i].prefix))
            return hints[i].hint;
    }
    return "expected the base64 of 42 bytes that begin with Ed";
}

/* Ids are eight bytes that whoever makes a key chooses: with two keys of one id rules and
 * revocations would mean both. The same key twice is one. */
static int check_id(const struct vb_trust *trust, const char *path, const struct vb_trust_key *key,
                    struct vb_error *err)
{
    char id[17];

    for (size_t i = 0; i < trust->key_count; i++) {
        const struct vb_trust_key *there = &trust->keys[i];
        if (memcmp(there->id, key->id, sizeof(key->id)) != 0 ||
            memcmp(there->key, key->key, sizeof(key->key)) == 0)
            continue;
        vb_sig_show_minisign_id(key->id, id);
        return vb_fail(err, VB_E_CONFIG, 0, "%s: another key, %s, has the id %s too", path,
                       there->name, id);
    }
    return 0;
}

/* Where minisign writes "minisign public key ID", signify writes its comment and "public key". */
static bool is_of_signify(struct vb_sig_bytes comment)
{
    static const char end[] = " public key";
    const size_t len = sizeof(end) - 1;

    return comment.len > len && memcmp(comment.data + comment.len - len, end, len) == 0 &&
           memmem(comment.data, comment.len, "minisign", 8) == NULL;
}

int vb_sig_trust_pub(struct vb_trust *trust, const char *path, const char *name,
                     struct vb_sig_bytes text, struct vb_error *err)
{
    struct vb_trust_key key = {0};
    struct vb_sig_bytes line = {0};
    size_t number = 1;

    struct vb_sig_bytes first = text;
    if (vb_sig_get_line(&first, &line) && vb_sig_skip(&line, "untrusted comment:")) {
        text = first;
        number = 2;
        key.signify = is_of_signify(line);
    }
    if (!vb_sig_get_line(&text, &line) || !vb_sig_parse_pub(line, &key))
        return vb_fail(err, VB_E_CONFIG, 0,
                       "%s, line %zu: not a minisign or signify public key: %s", path, number,
                       pub_hint(line));
    if (text.len != 0)
        return vb_fail(err, VB_E_CONFIG, 0, "%s, line %zu: text after the public key", path,
                       number + 1);
    const int status = check_id(trust, path, &key, err);
    if (status < 0)
        return status;
    struct vb_trust_key *grown = reallocarray(trust->keys, trust->key_count + 1, sizeof(*grown));
    if (grown == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    trust->keys = grown;
    key.name = strdup(name);
    if (key.name == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    trust->keys[trust->key_count++] = key;
    return 0;
}

static int read_file(int dirfd, const char *name, const char *path, struct vb_buf *buf,
                     struct vb_error *err)
{
    /* Not blocking, because it may be a FIFO; links are the user's business. */
    VB_CLEANUP_FD int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0)
        return vb_fail(err, VB_E_CONFIG, errno, "cannot read %s", path);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return vb_fail(err, VB_E_CONFIG, 0, "%s is no regular file", path);
    if ((uint64_t)st.st_size > buf->max)
        return vb_fail(err, VB_E_CONFIG, 0, "%s is larger than %zu bytes", path, buf->max);
    return vb_sig_read_head(fd, buf->max, buf, err);
}

/* --- the files --- */

static int load_signers(struct vb_trust *trust, const char *path, const char *name VB_UNUSED,
                        struct vb_sig_bytes text, struct vb_error *err)
{
    return vb_sig_trust_signers(trust, path, text, err);
}

static int load_publishers(struct vb_trust *trust, const char *path, const char *name VB_UNUSED,
                           struct vb_sig_bytes text, struct vb_error *err)
{
    return vb_publishers_read(path, text.data != NULL ? (const char *)text.data : "", text.len,
                              &trust->publishers, err);
}

static int load_sigstore(struct vb_trust *trust, const char *path, const char *name,
                         struct vb_sig_bytes text, struct vb_error *err)
{
    const bool plain = strcmp(name, "trusted_root.json") == 0;

    return vb_sig_trust_sigstore(trust, path, plain ? "trusted_root" : name, text, err);
}

static bool is_pem_key(struct vb_sig_bytes text)
{
    return vb_sig_skip(&text, "-----BEGIN PUBLIC KEY-----");
}

int vb_sig_trust_x509(struct vb_trust *trust, const char *path, const char *name,
                      struct vb_sig_bytes text, struct vb_error *err)
{
    struct vb_sig_bytes rest = text;

    if (is_pem_key(text))
        return vb_sig_trust_pem_key(trust, path, name, text, err);
    /* A SEQUENCE with a length of two bytes: every certificate's DER. */
    if (vb_sig_skip(&rest, "\x30\x82"))
        return vb_sig_trust_der(trust, path, name, text, err);
    return vb_sig_trust_certs(trust, path, name, text, err);
}

static int load_pub(struct vb_trust *trust, const char *path, const char *name,
                    struct vb_sig_bytes text, struct vb_error *err)
{
    return is_pem_key(text) ? vb_sig_trust_pem_key(trust, path, name, text, err)
                            : vb_sig_trust_pub(trust, path, name, text, err);
}

/* The first row that fits decides: a name, or with a dot an ending behind the signer's name. */
static const struct trust_file {
    const char *name;
    size_t max; /* bytes */
    int (*load)(struct vb_trust *trust, const char *path, const char *name,
                struct vb_sig_bytes text, struct vb_error *err);
} kinds[] = {
    {"allowed_signers", LISTS_MAX, load_signers},
    {"trust.yaml", LISTS_MAX, load_publishers},
    {"trusted_root.json", VB_SIG_ROOT_MAX, load_sigstore},
    {".trusted_root.json", VB_SIG_ROOT_MAX, load_sigstore},
    {".pub", PUB_MAX, load_pub},
    {".tsa.pem", LISTS_MAX, vb_sig_trust_clocks},
    {".tsa.crt", LISTS_MAX, vb_sig_trust_clocks},
    {".tsa.der", LISTS_MAX, vb_sig_trust_clocks},
    {".pem", LISTS_MAX, vb_sig_trust_x509},
    {".crt", LISTS_MAX, vb_sig_trust_x509},
    {".cer", LISTS_MAX, vb_sig_trust_x509},
    {".der", LISTS_MAX, vb_sig_trust_x509},
    {".asc", LISTS_MAX, vb_sig_trust_pgp},
    {".gpg", LISTS_MAX, vb_sig_trust_pgp},
    {".pgp", LISTS_MAX, vb_sig_trust_pgp},
};

static const struct trust_file *kind_of(const char *name, size_t *ret_stem)
{
    const size_t len = strlen(name);

    for (size_t i = 0; i < VB_ARRAY_LEN(kinds); i++) {
        const size_t end = strlen(kinds[i].name);
        *ret_stem = kinds[i].name[0] == '.' ? len - end : len;
        if (kinds[i].name[0] != '.' && strcmp(name, kinds[i].name) == 0)
            return &kinds[i];
        if (kinds[i].name[0] == '.' && len > end && strcmp(name + len - end, kinds[i].name) == 0)
            return &kinds[i];
    }
    return NULL;
}

int vb_sig_trust_file(struct vb_trust *trust, const char *dir, int dirfd, const char *name,
                      bool *ret_known, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    VB_CLEANUP_FREE char *path = NULL;
    size_t stem = 0;
    const struct trust_file *kind = kind_of(name, &stem);

    *ret_known = kind != NULL;
    if (kind == NULL)
        return 0;
    VB_CLEANUP_FREE char *signer = strndup(name, stem);
    if (asprintf(&path, "%s/%s", dir, name) < 0)
        path = NULL;
    if (path == NULL || signer == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    vb_buf_init(&text, kind->max);
    const int status = read_file(dirfd, name, path, &text, err);
    if (status < 0)
        return status;
    return kind->load(trust, path, signer,
                      (struct vb_sig_bytes){.data = text.data, .len = text.len}, err);
}

static int list_files(DIR *dir, const char *path, struct vb_sig_paths *ret, struct vb_error *err)
{
    const struct dirent *entry;
    size_t stem;
    int status = 0;

    errno = 0;
    while (status == 0 && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' && kind_of(entry->d_name, &stem) != NULL)
            status = vb_sig_paths_add(ret, entry->d_name, err);
        if (ret->count > FILES_MAX)
            return vb_fail(err, VB_E_CONFIG, 0, "%s holds more than %d files", path,
                           (int)FILES_MAX);
        errno = 0;
    }
    if (status == 0 && errno != 0)
        return vb_fail(err, VB_E_CONFIG, errno, "cannot read the trust folder %s", path);
    vb_sig_paths_sort(ret);
    return status;
}

int vb_sig_trust_files(const char *dir, int *ret_dirfd, struct vb_sig_paths *ret,
                       struct vb_error *err)
{
    VB_CLEANUP_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP(close_dir) DIR *stream = NULL;

    *ret_dirfd = -1;
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd >= 0)
        stream = opendir(dir);
    if (stream == NULL)
        return vb_fail(err, VB_E_CONFIG, errno, "cannot read the trust folder %s", dir);
    const int status = list_files(stream, dir, ret, err);
    if (status == 0)
        *ret_dirfd = vb_steal_fd(&fd);
    return status;
}

int vb_trust_load(const char *dir, struct vb_trust **ret, struct vb_error *err)
{
    VB_CLEANUP(trust_free_ptr) struct vb_trust *trust = calloc(1, sizeof(*trust));
    VB_CLEANUP(vb_sig_paths_done) struct vb_sig_paths files = {0};
    VB_CLEANUP_FD int dirfd = -1;
    bool known;

    if (trust == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    int status = dir != NULL ? vb_sig_trust_files(dir, &dirfd, &files, err) : 0;
    for (size_t i = 0; status == 0 && i < files.count; i++)
        status = vb_sig_trust_file(trust, dir, dirfd, files.items[i], &known, err);
    if (status == 0 && vb_publishers_ships(trust->publishers))
        status = vb_sig_shipped_add(trust, err);
    if (status == 0)
        status = vb_publishers_hold(trust->publishers, trust, err);
    if (status < 0)
        return status;
    *ret = vb_steal(trust);
    return 0;
}
