/* The trust folder as people keep it: what comes in, what goes. Trust boundary: the user's own
 * files; a file to be added is looked at as strictly as one that is there. */
#include "signatures/publishers.h"
#include "signatures/shipped.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_CHARS_MAX = 100, LIST_MAX = 1024 * 1024 };

static const char signers_name[] = "allowed_signers";

static void trust_free(struct vb_trust **trust)
{
    vb_trust_free(*trust);
}

/* --- what comes in --- */

/* What a file is by its first bytes. The first row that fits decides. */
static const struct form {
    const char *begins;
    const char *ending; /* of its name in the folder; NULL: a line of allowed_signers */
    const char *refusal;
} forms[] = {
    {"untrusted comment: minisign encrypted secret key", NULL, "a secret key"},
    {"untrusted comment: signify secret key", NULL, "a secret key"},
    {"untrusted comment: signature from", NULL, "a signature, not a key"},
    {"untrusted comment:", ".pub", NULL},
    {"RW", ".pub", NULL}, /* the base64 of a minisign key alone */
    {"ssh-", NULL, NULL},
    {"ecdsa-", NULL, NULL},
    {"sk-", NULL, NULL},
    {"-----BEGIN PUBLIC KEY-----", ".pub", NULL},
    {"-----BEGIN CERTIFICATE-----", ".pem", NULL},
    {"\x30\x82", ".der", NULL},
    {"{", ".trusted_root.json", NULL},
    {"-----BEGIN PRIVATE KEY-----", NULL, "a secret key"},
    {"-----BEGIN ENCRYPTED PRIVATE KEY-----", NULL, "a secret key"},
    {"-----BEGIN EC PRIVATE KEY-----", NULL, "a secret key"},
    {"-----BEGIN RSA PRIVATE KEY-----", NULL, "a secret key"},
    {"-----BEGIN OPENSSH PRIVATE KEY-----", NULL, "a secret key"},
    {"-----BEGIN PGP PUBLIC KEY BLOCK-----", ".asc", NULL},
    {"-----BEGIN PGP PRIVATE KEY BLOCK-----", NULL, "a secret key"},
    {"-----BEGIN PGP ", NULL, "OpenPGP, but no key"},
    {"\x98", ".gpg", NULL}, /* a packet with a public key: of up to 255 bytes, of more, or new */
    {"\x99", ".gpg", NULL},
    {"\xc6", ".gpg", NULL},
    {"\x94", NULL, "a secret key"}, /* the same with a secret one */
    {"\x95", NULL, "a secret key"},
    {"\xc5", NULL, "a secret key"},
    {"-----BEGIN SSH SIGNATURE-----", NULL, "a signature, not a key"},
};

static const struct form *form_of(struct vb_sig_bytes data)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(forms); i++) {
        struct vb_sig_bytes rest = data;
        if (vb_sig_skip(&rest, forms[i].begins))
            return &forms[i];
    }
    return NULL;
}

/* Letters, digits and "._@+-", and no dot in front: nothing that could lead elsewhere. */
static bool name_is_plain(const char *name)
{
    const size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789._@+-");

    return len > 0 && len <= NAME_CHARS_MAX && name[len] == '\0' && name[0] != '.' &&
           name[0] != '-';
}

static int make_folder(const char *dir, struct vb_error *err)
{
    VB_CLEANUP_FREE char *path = strdup(dir);

    if (path == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for a path");
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const bool failed = mkdir(path, 0755) < 0 && errno != EEXIST && errno != EROFS;
        if (failed)
            return vb_fail(err, VB_E_CANTCREAT, errno, "cannot make the folder %s", path);
        *slash = '/';
    }
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot make the folder %s", dir);
    return 0;
}

/* Opens the folder, which nobody else changes by this program until it is closed. */
static int open_folder(const char *dir, int *ret, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return vb_fail(err, errno == ENOENT ? VB_E_NOINPUT : VB_E_CONFIG, errno,
                       "cannot open the trust folder %s", dir);
    if (flock(fd, LOCK_EX) < 0 && errno != EWOULDBLOCK && errno != ENOLCK)
        return vb_fail(err, VB_E_OS, errno, "cannot lock the trust folder %s", dir);
    *ret = vb_steal_fd(&fd);
    return 0;
}

static const char scratch_name[] = ".vetbox-new";

/* A new file beside the others, whole and on the disk, that no reader takes for one of them. */
static int write_scratch(int dirfd, const char *dir, struct vb_sig_bytes data, struct vb_error *err)
{
    /* One that was left behind is nobody's: we hold the lock. */
    unlinkat(dirfd, scratch_name, 0);
    VB_CLEANUP_FD int fd =
        openat(dirfd, scratch_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot write to the trust folder %s", dir);
    int status = vb_write_all(fd, data.data, data.len, err);
    if (status == 0 && fsync(fd) < 0)
        status = vb_fail(err, VB_E_IO, errno, "cannot write to the trust folder %s", dir);
    if (status < 0)
        unlinkat(dirfd, scratch_name, 0);
    return status;
}

/* Puts the new file where it belongs; with REPLACE over one that is there. */
static int put(int dirfd, const char *dir, const char *name, struct vb_sig_bytes data, bool replace,
               struct vb_error *err)
{
    const int status = write_scratch(dirfd, dir, data, err);

    if (status < 0)
        return status;
    const unsigned flags = replace ? 0 : RENAME_NOREPLACE;
    if (renameat2(dirfd, scratch_name, dirfd, name, flags) == 0)
        return fsync(dirfd) == 0 || errno == EINVAL
                   ? 0
                   : vb_fail(err, VB_E_IO, errno, "cannot write to the trust folder %s", dir);
    const int failed = errno;
    unlinkat(dirfd, scratch_name, 0);
    if (failed == EEXIST)
        return vb_fail(err, VB_E_CANTCREAT, 0,
                       "%s/%s is there already: remove it first, or choose another --name", dir,
                       name);
    return vb_fail(err, VB_E_CANTCREAT, failed, "cannot make %s/%s", dir, name);
}

/* Reads a file of the folder; none is an empty one. */
static int read_there(int dirfd, const char *dir, const char *name, struct vb_buf *ret,
                      struct vb_error *err)
{
    VB_CLEANUP_FD int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    vb_buf_init(ret, LIST_MAX);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return vb_fail(err, VB_E_CONFIG, errno, "cannot read %s/%s", dir, name);
    return vb_buf_read_fd(ret, fd, err);
}

/* A line that no reader takes for two. */
static bool principal_is_plain(const char *principal)
{
    return principal[0] != '\0' && principal[0] != '#' &&
           principal[strcspn(principal, " \t\r\n\"\\,*?!")] == '\0' &&
           vb_utf8_valid(principal, strlen(principal));
}

static bool has_signer(const struct vb_trust *trust, const struct vb_trust_signer *signer)
{
    for (size_t i = 0; i < trust->signer_count; i++) {
        const struct vb_trust_signer *line = &trust->signers[i];
        if (strcmp(line->principals, signer->principals) == 0 &&
            line->blob_len == signer->blob_len &&
            memcmp(line->blob, signer->blob, line->blob_len) == 0)
            return true;
    }
    return false;
}

/* A key of OpenSSH becomes one more line; what stands there must be readable, so that nobody adds
 * to a file that is not believed. */
static int add_signer(int dirfd, const char *dir, const struct vb_trust_new *what,
                      struct vb_error *err)
{
    VB_CLEANUP(trust_free) struct vb_trust *there = calloc(1, sizeof(*there));
    VB_CLEANUP(trust_free) struct vb_trust *line = calloc(1, sizeof(*line));
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf added = {0};
    struct vb_sig_bytes rest = {what->data, what->len}, key;

    if (there == NULL || line == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    if (!vb_sig_get_line(&rest, &key) || rest.len != 0)
        return vb_fail(err, VB_E_DATA, 0, "%s holds more than one key", what->path);
    vb_buf_init(&added, LIST_MAX);
    int status = vb_buf_printf(&added, err, "%s namespaces=\"file\" %.*s\n", what->principal,
                               (int)key.len, (const char *)key.data);
    if (status == 0)
        status = vb_sig_trust_signers(line, what->path,
                                      (struct vb_sig_bytes){added.data, added.len}, err);
    if (status < 0)
        return status;
    status = read_there(dirfd, dir, signers_name, &text, err);
    if (status == 0)
        status = vb_sig_trust_signers(there, signers_name,
                                      (struct vb_sig_bytes){text.data, text.len}, err);
    if (status == 0 && line->signer_count == 1 && has_signer(there, &line->signers[0]))
        return vb_fail(err, VB_E_CANTCREAT, 0, "%s has this key already, in %s/%s", what->principal,
                       dir, signers_name);
    if (status == 0 && text.len > 0 && text.data[text.len - 1] != '\n')
        status = vb_buf_append_str(&text, "\n", err);
    if (status == 0)
        status = vb_buf_append(&text, added.data, added.len, err);
    return status < 0 ? status
                      : put(dirfd, dir, signers_name, (struct vb_sig_bytes){text.data, text.len},
                            true, err);
}

static int load_form(struct vb_trust *trust, const struct form *form, const char *path,
                     const char *name, struct vb_sig_bytes data, struct vb_error *err)
{
    if (form->begins[0] == '{')
        return vb_sig_trust_sigstore(trust, path, name, data, err);
    if (form->ending != NULL &&
        (strcmp(form->ending, ".asc") == 0 || strcmp(form->ending, ".gpg") == 0))
        return vb_sig_trust_pgp(trust, path, name, data, err);
    if (form->begins[0] == '-' || form->begins[0] == '\x30')
        return vb_sig_trust_x509(trust, path, name, data, err);
    return vb_sig_trust_pub(trust, path, name, data, err);
}

/* Whether the readers of the folder would take it, before it is there. */
static int try_file(const struct vb_trust_new *what, const char *name, struct vb_error *err)
{
    VB_CLEANUP(trust_free) struct vb_trust *trust = calloc(1, sizeof(*trust));
    const struct vb_sig_bytes data = {what->data, what->len};
    const struct form *form = form_of(data);

    if (trust == NULL || form == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    const int status = load_form(trust, form, what->path, name, data, err);
    if (status == VB_E_CONFIG && err != NULL)
        err->status = VB_E_DATA;
    return status == VB_E_CONFIG ? VB_E_DATA : status;
}

/* Whether WHAT, a key of minisign, signify or OpenPGP, could stand beside the keys that are there.
 * Files that are malformed are told of elsewhere. */
static int try_beside(const char *dir, const struct vb_trust_new *what, const struct form *form,
                      struct vb_error *err)
{
    VB_CLEANUP(vb_sig_paths_done) struct vb_sig_paths files = {0};
    VB_CLEANUP_FD int dirfd = -1;
    bool known;
    int status = vb_sig_trust_files(dir, &dirfd, &files, err);

    for (size_t i = 0; status == 0 && i < files.count; i++) {
        VB_CLEANUP(trust_free) struct vb_trust *trust = calloc(1, sizeof(*trust));
        struct vb_error why = {0};
        if (trust == NULL)
            return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
        const int there = vb_sig_trust_file(trust, dir, dirfd, files.items[i], &known, &why);
        if (there < 0 && there != VB_E_CONFIG)
            return vb_fail(err, there, 0, "%s", why.message);
        if (trust->key_count > 0 || trust->pgp_count > 0)
            status = load_form(trust, form, what->path, "new",
                               (struct vb_sig_bytes){what->data, what->len}, err);
    }
    return status;
}

/* The file's own name without its ending, unless another was given. */
static int choose_name(const struct vb_trust_new *what, const struct form *form, char ret[256],
                       struct vb_error *err)
{
    const char *base = vb_path_base(what->path);
    const size_t len = strlen(base), whole = strlen(form->ending);
    const size_t last = strlen(vb_path_extension(base));
    size_t ending = last > 0 ? last + 1 : 0;
    char name[NAME_CHARS_MAX + 2];

    if (what->name == NULL && strcmp(base, form->ending + 1) == 0) {
        snprintf(ret, 256, "%s", base);
        return 0;
    }
    if (len > whole && strcmp(base + len - whole, form->ending) == 0)
        ending = whole;
    if (what->name != NULL)
        snprintf(name, sizeof(name), "%s", what->name);
    else
        snprintf(name, sizeof(name), "%.*s", (int)(len - ending), base);
    if (!name_is_plain(name))
        return vb_fail(err, VB_E_USAGE, 0,
                       "\"%s\" cannot be a signer's name: give one with --name, of letters, digits "
                       "and . _ @ + -",
                       name);
    if (form->begins[0] == '{' && vb_sig_shipped_name(name))
        return vb_fail(err, VB_E_USAGE, 0,
                       "the root that vetbox ships is called %s: give another name with --name",
                       name);
    snprintf(ret, 256, "%s%s", name, form->ending);
    return 0;
}

int vb_trust_add(const char *dir, const struct vb_trust_new *what, char ret_file[256],
                 struct vb_error *err)
{
    const struct form *form = form_of((struct vb_sig_bytes){what->data, what->len});
    VB_CLEANUP_FD int dirfd = -1;

    if (form == NULL || form->refusal != NULL)
        return vb_fail(err, VB_E_DATA, 0, "%s is %s: a public key or a certificate is needed",
                       what->path, form != NULL ? form->refusal : "nothing that can be trusted");
    if (form->ending == NULL && (what->principal == NULL || !principal_is_plain(what->principal)))
        return vb_fail(err, VB_E_USAGE, 0,
                       "%s is an OpenSSH key: say whose with --principal, such as a mail address, "
                       "one and without spaces, quotes and patterns",
                       what->path);
    if (form->ending != NULL && what->principal != NULL)
        return vb_fail(err, VB_E_USAGE, 0, "--principal is for OpenSSH keys, and %s is none",
                       what->path);
    int status = form->ending != NULL ? choose_name(what, form, ret_file, err) : 0;
    if (status == 0 && form->ending != NULL)
        status = try_file(what, ret_file, err);
    if (status == 0)
        status = make_folder(dir, err);
    if (status == 0)
        status = open_folder(dir, &dirfd, err);
    if (status < 0)
        return status;
    if (form->ending != NULL)
        status = try_beside(dir, what, form, err);
    if (status < 0)
        return status;
    if (form->ending != NULL)
        return put(dirfd, dir, ret_file, (struct vb_sig_bytes){what->data, what->len}, false, err);
    snprintf(ret_file, 256, "%s", signers_name);
    return add_signer(dirfd, dir, what, err);
}

/* A key of one call, which is in no folder. */
int vb_trust_add_key(struct vb_trust *trust, const char *path, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    VB_CLEANUP(vb_buf_done) struct vb_buf line;
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    vb_buf_init(&text, LIST_MAX);
    vb_buf_init(&line, LIST_MAX);
    if (fd < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "cannot open the key %s", path);
    int status = vb_buf_read_fd(&text, fd, err);
    if (status < 0)
        return vb_wrap(err, "the key %s", path);
    const struct vb_sig_bytes data = {text.data, text.len};
    const struct form *form = form_of(data);
    if (form == NULL || form->refusal != NULL)
        return vb_fail(err, VB_E_CONFIG, 0, "%s is %s: a public key or a certificate is needed",
                       path, form != NULL ? form->refusal : "no key");
    if (form->ending != NULL) {
        status = load_form(trust, form, path, vb_path_base(path), data, err);
        return status < 0 ? status : vb_publishers_hold(trust->publishers, trust, err);
    }
    status = vb_buf_printf(&line, err, "\"%s\" ", vb_path_base(path));
    if (status == 0)
        status = vb_buf_append(&line, text.data, text.len, err);
    return status < 0
               ? status
               : vb_sig_trust_signers(trust, path, (struct vb_sig_bytes){line.data, line.len}, err);
}

/* --- what goes --- */

struct sought {
    const char *name;
    char file[256];
    size_t files; /* how many different ones */
};

static int seek(void *ctx, const struct vb_trust_entry *entry, struct vb_error *err VB_UNUSED)
{
    struct sought *sought = ctx;

    if (strcmp(entry->kind, "rule") == 0 || entry->shipped ||
        (strcmp(entry->name, sought->name) != 0 && strcmp(entry->file, sought->name) != 0))
        return 0;
    if (sought->files == 0 || strcmp(sought->file, entry->file) != 0)
        sought->files++;
    snprintf(sought->file, sizeof(sought->file), "%s", entry->file);
    return 0;
}

/* Copies allowed_signers without the lines whose principals are NAME. */
static int without_signer(const struct vb_trust *trust, struct vb_sig_bytes text, const char *name,
                          struct vb_buf *ret, struct vb_error *err)
{
    struct vb_sig_bytes line;
    int status = 0;

    vb_buf_init(ret, LIST_MAX);
    for (size_t number = 1; status == 0 && text.len > 0; number++) {
        const unsigned char *start = text.data;
        bool gone = false;
        if (!vb_sig_get_line(&text, &line))
            break;
        for (size_t i = 0; !gone && i < trust->signer_count; i++)
            gone =
                trust->signers[i].line == number && strcmp(trust->signers[i].principals, name) == 0;
        if (!gone)
            status = vb_buf_append(ret, start, (size_t)(text.data - start), err);
    }
    return status;
}

static int remove_signer(int dirfd, const char *dir, const char *name, struct vb_error *err)
{
    VB_CLEANUP(trust_free) struct vb_trust *trust = calloc(1, sizeof(*trust));
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf left = {0};

    if (trust == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    int status = read_there(dirfd, dir, signers_name, &text, err);
    const struct vb_sig_bytes bytes = {text.data, text.len};
    if (status == 0)
        status = vb_sig_trust_signers(trust, signers_name, bytes, err);
    if (status == 0)
        status = without_signer(trust, bytes, name, &left, err);
    return status < 0 ? status
                      : put(dirfd, dir, signers_name, (struct vb_sig_bytes){left.data, left.len},
                            true, err);
}

int vb_trust_remove(const char *dir, const char *name, char ret_file[256], struct vb_error *err)
{
    struct sought sought = {.name = name};
    VB_CLEANUP_FD int dirfd = -1;
    int status = open_folder(dir, &dirfd, err);

    if (status == 0)
        status = vb_trust_list(dir, seek, &sought, err);
    if (status < 0)
        return status;
    if (sought.files == 0 && vb_sig_shipped_name(name))
        return vb_fail(err, VB_E_USAGE, 0,
                       "%s is part of vetbox: leave it out with shipped_roots: false in "
                       "%s/trust.yaml",
                       name, dir);
    if (sought.files == 0)
        return vb_fail(err, VB_E_NOINPUT, 0, "nothing in %s is called %s: see vetbox trust list",
                       dir, name);
    if (sought.files > 1)
        return vb_fail(err, VB_E_USAGE, 0, "several things in %s are called %s: name the file, %s",
                       dir, name, sought.file);
    snprintf(ret_file, 256, "%s", sought.file);
    if (strcmp(sought.file, signers_name) == 0 && strcmp(name, signers_name) != 0)
        return remove_signer(dirfd, dir, name, err);
    if (unlinkat(dirfd, sought.file, 0) < 0)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot remove %s/%s", dir, sought.file);
    return 0;
}
