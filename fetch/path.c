/* A file or folder of this machine → artifact. Its owner may change it while vetbox works, so that
 * it is read exactly once: a file into sealed memory, a folder into a copy that only we write. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "fetch/internal.h"
#include "vetbox/core/text.h"

enum { FOLDER_DEPTH = 64, BLOCK = 64 * 1024 };

/* The last component of PATH, without slashes at its end; for "." and the like that of the folder
 * it stands for. On the heap, NULL when out of memory. */
static char *name_of(const char *path)
{
    size_t len = strlen(path);
    size_t start;
    char *real;
    char *name;

    while (len > 1 && path[len - 1] == '/')
        len--;
    for (start = len; start > 0 && path[start - 1] != '/';)
        start--;
    name = strndup(path + start, len - start);
    if (name == NULL || (name[0] != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0))
        return name;
    free(name);
    real = realpath(path, NULL);
    name = strdup(real != NULL && vb_path_base(real)[0] != '\0' ? vb_path_base(real) : "root");
    free(real);
    return name;
}

static int copy_file(int in, struct intake *intake, struct vb_error *err)
{
    VB_CLEANUP_FREE unsigned char *block = malloc(BLOCK);
    int status = 0;

    if (block == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "no memory to read it");
    while (status == 0) {
        const ssize_t n = read(in, block, BLOCK);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vb_fail(err, VB_E_NOINPUT, errno, "cannot read it");
        if (n == 0)
            break;
        status = intake_add(intake, block, (size_t)n, err);
    }
    if (status == 0 && intake->size == 0)
        return vb_fail(err, VB_E_DATA, 0, "the file is empty");
    return status;
}

/* Nobody can change the bytes from here on, not even us. */
static int seal(int fd, struct vb_error *err)
{
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

    if (fcntl(fd, F_ADD_SEALS, seals) != 0 || lseek(fd, 0, SEEK_SET) < 0)
        return vb_fail(err, VB_E_OS, errno, "cannot seal the copy");
    return 0;
}

static int fetch_file(int in, const struct vb_fetch_limits *limits, struct vb_sink *sink,
                      struct vb_artifact *artifact, struct vb_error *err)
{
    VB_CLEANUP(intake_done) struct intake intake = {.fd = -1};
    int status;

    artifact->form = VB_ARTIFACT_FILE;
    artifact->fd = memfd_create("vetbox-artifact", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (artifact->fd < 0)
        return vb_fail(err, VB_E_OS, errno, "cannot make an anonymous file");
    status = intake_open(&intake, artifact->fd, limits, err);
    if (status == 0)
        status = copy_file(in, &intake, err);
    if (status == 0)
        status = seal(artifact->fd, err);
    if (status != 0)
        return status;
    artifact->size = intake.size;
    return intake_report(&intake, artifact->name, NULL, sink, err);
}

/* Takes the links of a sealed folder into a digest of their own: path, NUL, target, NUL. */
struct link_sink {
    struct vb_sink sink; /* first */
    struct vb_digest *digest;
    size_t count;
};

static int digest_link(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct link_sink *const sink = (struct link_sink *)base;
    const struct vb_str parts[] = {vb_event_get_str(event, VB_F_PATH),
                                   vb_event_get_str(event, VB_F_TARGET)};
    int status = 0;

    if (event->kind != VB_EV_TREE_LINK)
        return 0;
    sink->count++;
    for (size_t i = 0; status == 0 && i < VB_ARRAY_LEN(parts); i++) {
        status = vb_digest_update(sink->digest, parts[i].text, parts[i].len, err);
        if (status == 0)
            status = vb_digest_update(sink->digest, "", 1, err);
    }
    return status;
}

static void link_sink_done(struct link_sink *sink)
{
    vb_digest_free(sink->digest);
}

static void free_tree(struct vb_tree **tree)
{
    vb_tree_free(*tree);
}

/* One line of the list. A path with a newline or a backslash is written as sha256sum does it, or
 * one file's name could look like the lines of two files. */
static int digest_line(struct vb_digest *digest, const struct vb_tree_file *file,
                       struct vb_error *err)
{
    const bool escaped = strpbrk(file->path, "\\\n\r") != NULL;
    int status = vb_digest_update(digest, "\\", escaped ? 1 : 0, err);

    if (status == 0)
        status = vb_digest_update(digest, file->sha256, strlen(file->sha256), err);
    if (status == 0)
        status = vb_digest_update(digest, "  ", 2, err);
    for (const char *at = file->path; status == 0 && *at != '\0'; at++) {
        const char *const special = *at == '\\' ? "\\\\" : *at == '\n' ? "\\n" : "\\r";
        const bool plain = *at != '\\' && *at != '\n' && *at != '\r';

        status = vb_digest_update(digest, plain ? at : special, plain ? 1 : 2, err);
    }
    return status == 0 ? vb_digest_update(digest, "\n", 1, err) : status;
}

/* One more line for a folder that has links, so that adding one changes the folder's digest. */
static int digest_links(struct vb_digest *digest, const struct link_sink *links,
                        struct vb_error *err)
{
    static const char name[] = "  (symbolic links)\n";
    char hex[VB_SHA256_HEX];
    int status = 0;

    if (links->count == 0)
        return 0;
    status = vb_digest_hex(links->digest, hex, err);
    if (status == 0)
        status = vb_digest_update(digest, hex, strlen(hex), err);
    return status == 0 ? vb_digest_update(digest, name, strlen(name), err) : status;
}

/* The folder's digest: SHA-256 of its list "digest, two spaces, path, newline", sorted by path, as
 * sha256sum prints it, and a line for its links if it has any. */
static int digest_list(const struct vb_tree *tree, const struct link_sink *links,
                       char ret_hex[VB_SHA256_HEX], struct vb_error *err)
{
    struct vb_digest *digest = NULL;
    int status = vb_digest_new(VB_DIGEST_SHA256, &digest, err);

    for (size_t i = 0; status == 0 && i < tree->count; i++)
        status = digest_line(digest, &tree->files[i], err);
    if (status == 0)
        status = digest_links(digest, links, err);
    if (status == 0)
        status = vb_digest_hex(digest, ret_hex, err);
    vb_digest_free(digest);
    return status;
}

static int report_folder(const struct vb_artifact *artifact, const char *sha256,
                         struct vb_sink *sink, struct vb_error *err)
{
    struct vb_event event;

    vb_event_init(&event, VB_EV_FETCH_ARTIFACT, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_NAME, artifact->name);
    vb_event_str(&event, VB_F_FORM, "folder");
    vb_event_int(&event, VB_F_SIZE, (int64_t)artifact->size);
    vb_event_str(&event, VB_F_SHA256, sha256);
    return vb_emit(sink, &event, err);
}

static int fetch_folder(int in, int target_fd, const struct vb_fetch_limits *limits,
                        struct vb_sink *sink, struct vb_artifact *artifact, struct vb_error *err)
{
    const struct vb_tree_limits tree_limits = {.leave_out = true,
                                               .bytes = limits->bytes,
                                               .file_bytes = limits->bytes,
                                               .entries = limits->entries,
                                               .depth = FOLDER_DEPTH};
    struct vb_tree_limits seal_limits = tree_limits;
    VB_CLEANUP(link_sink_done) struct link_sink links = {.sink.emit = digest_link};
    VB_CLEANUP(free_tree) struct vb_tree *tree = NULL;
    char sha256[VB_SHA256_HEX];
    int walk_fd;
    int status;

    seal_limits.depth++; /* the copy has the folders whose contents were left out */
    artifact->form = VB_ARTIFACT_FOLDER;
    status = vb_digest_new(VB_DIGEST_SHA256, &links.digest, err);
    if (status == 0)
        status = vb_tree_copy(in, target_fd, &tree_limits, sink, NULL, err);
    if (status != 0)
        return status;
    artifact->fd = fcntl(target_fd, F_DUPFD_CLOEXEC, 3);
    walk_fd = fcntl(target_fd, F_DUPFD_CLOEXEC, 3);
    if (artifact->fd < 0 || walk_fd < 0) {
        vb_close_fd(&walk_fd);
        return vb_fail(err, VB_E_OS, errno, "cannot keep the copy open");
    }
    status = vb_tree_seal(walk_fd, &seal_limits, &links.sink, &tree, err);
    if (status != 0)
        return status;
    if (tree->count == 0)
        return vb_fail(err, VB_E_DATA, 0, "the folder holds no files");
    artifact->size = tree->bytes;
    status = digest_list(tree, &links, sha256, err);
    return status != 0 ? status : report_folder(artifact, sha256, sink, err);
}

int vb_fetch_path(const char *path, int target_fd, const struct vb_fetch_limits *limits,
                  struct vb_sink *sink, struct vb_artifact *ret, struct vb_error *err)
{
    /* O_NONBLOCK: a FIFO must not make us wait. A link that the user names is followed. */
    VB_CLEANUP_FD int in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    VB_CLEANUP(vb_artifact_done) struct vb_artifact artifact = {.fd = -1};
    struct stat st;
    int status;

    if (in < 0 || fstat(in, &st) != 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "cannot open %s", path);
    artifact.name = name_of(path);
    if (artifact.name == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "no memory to read %s", path);
    if (S_ISREG(st.st_mode))
        status = fetch_file(in, limits, sink, &artifact, err);
    else if (S_ISDIR(st.st_mode) && target_fd < 0)
        return vb_fail(err, VB_E_NOINPUT, 0, "%s became a folder while it was read", path);
    else if (S_ISDIR(st.st_mode))
        status = fetch_folder(in, target_fd, limits, sink, &artifact, err);
    else
        return vb_fail(err, VB_E_NOINPUT, 0, "%s is neither a file nor a folder", path);
    if (status != 0)
        return vb_wrap(err, "fetching %s", path);
    *ret = artifact;
    artifact = (struct vb_artifact){.fd = -1};
    return 0;
}
