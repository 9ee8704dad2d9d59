/* gpgv in a box. Trust boundary: the child that asks has read the package, and so has gpgv: what
 * the first wants is bounded, and what the second prints goes back to a confined child unread. */
#include "cli/gpgv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vetbox/core/digest.h"
#include "vetbox/sandbox.h"

enum { MIB = 1024 * 1024, BOX_MS = 20000, KEYRING_MAX = 32 * MIB, STAGED_INODES = 16 };

/* Where boxes have it: of a machine they show /usr. */
static const char program[] = "/usr/bin/gpgv";

struct vb_gpgv_want {
    char *target; /* NULL: a text behind the signature */
    bool beside;
    uint64_t offset; /* in what the child wrote */
    uint64_t size;
    uint64_t text;
};

static void sandbox_cleanup(struct vb_sandbox **sandbox)
{
    vb_sandbox_free(*sandbox);
}

static void digest_cleanup(struct vb_digest **digest)
{
    vb_digest_free(*digest);
}

/* --- what is wanted --- */

static bool in_bounds(const struct vb_gpgv_want *want)
{
    return want->size > 0 && want->offset <= VB_GPGV_BYTES && want->size <= VB_GPGV_BYTES &&
           want->text <= VB_GPGV_BYTES && want->offset + want->size + want->text <= VB_GPGV_BYTES;
}

static uint64_t number(const struct vb_event *event, enum vb_field field)
{
    const int64_t value = vb_event_get_int(event, field, 0);
    return value < 0 ? UINT64_MAX : (uint64_t)value;
}

static int note_want(struct vb_gpgv *gpgv, const struct vb_event *event, struct vb_error *err)
{
    const struct vb_str target = vb_event_get_str(event, VB_F_TARGET);
    struct vb_gpgv_want want = {.offset = number(event, VB_F_OFFSET),
                                .size = number(event, VB_F_SIZE),
                                .text = number(event, VB_F_COUNT)};
    gpgv->asked = true;
    if (gpgv->count == VB_GPGV_MAX || !in_bounds(&want))
        return VB_OK;
    want.beside = vb_str_equal(vb_event_get_str(event, VB_F_WHERE), "beside");
    if (vb_event_get(event, VB_F_TARGET) != NULL) {
        want.target = vb_str_dup(target);
        if (want.target == NULL)
            return vb_fail(err, VB_E_NOMEM, errno, "noting a signature");
    }
    gpgv->wants[gpgv->count++] = want;
    return VB_OK;
}

static int see(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct vb_gpgv *gpgv = (struct vb_gpgv *)(void *)base;
    const int status =
        event->kind == VB_EV_SIGNATURE_DEFERRED ? note_want(gpgv, event, err) : VB_OK;
    return status < 0 ? status : vb_emit(&gpgv->session->tee.sink, event, err);
}

int vb_gpgv_init(struct vb_gpgv *ret, struct vb_session *session, struct vb_error *err)
{
    *ret = (struct vb_gpgv){.sink.emit = see, .session = session, .asked_fd = -1, .beside_fd = -1};
    ret->wants = calloc(VB_GPGV_MAX, sizeof(*ret->wants));
    return ret->wants == NULL ? vb_fail(err, VB_E_NOMEM, errno, "asking gpgv") : VB_OK;
}

void vb_gpgv_done(struct vb_gpgv *gpgv)
{
    for (size_t i = 0; gpgv->wants != NULL && i < gpgv->count; i++)
        free(gpgv->wants[i].target);
    free(gpgv->wants);
    gpgv->wants = NULL;
    vb_buf_done(&gpgv->keyring);
}

/* --- the folder that the box shows --- */

static int write_file(int dirfd, const char *name, const void *data, size_t len,
                      struct vb_error *err)
{
    VB_CLEANUP_FD int fd =
        openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return vb_fail(err, VB_E_OS, errno, "making a file for gpgv");
    return vb_write_all(fd, data, len, err);
}

/* Bytes of a file: LEN, or as many as there are. */
struct part {
    int fd;
    uint64_t offset;
    uint64_t len;
};

static int copy_bytes(struct part part, int to, struct vb_digest *digest, struct vb_error *err)
{
    unsigned char chunk[65536];
    while (part.len > 0) {
        const size_t wanted = part.len < sizeof(chunk) ? (size_t)part.len : sizeof(chunk);
        const ssize_t got = pread(part.fd, chunk, wanted, (off_t)part.offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vb_fail(err, VB_E_IO, errno, "copying what is signed for gpgv");
        if (got == 0)
            return VB_OK;
        int status = vb_digest_update(digest, chunk, (size_t)got, err);
        if (status == VB_OK)
            status = vb_write_all(to, (const char *)chunk, (size_t)got, err);
        if (status < 0)
            return status;
        part.offset += (uint64_t)got;
        part.len -= (uint64_t)got;
    }
    return VB_OK;
}

/* PART into a new file NAME. RET is the digest. */
static int copy_part(struct part part, int dirfd, const char *name, char ret[VB_SHA256_HEX],
                     struct vb_error *err)
{
    VB_CLEANUP(digest_cleanup) struct vb_digest *digest = NULL;
    VB_CLEANUP_FD int to =
        openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (to < 0)
        return vb_fail(err, VB_E_OS, errno, "making a file for gpgv");
    int status = vb_digest_new(VB_DIGEST_SHA256, &digest, err);
    if (status == VB_OK)
        status = copy_bytes(part, to, digest, err);
    return status < 0 ? status : vb_digest_hex(digest, ret, err);
}

/* A path that a taken over child made up opens nothing, or a file of this package. */
static int open_target(const struct vb_gpgv *gpgv, const struct vb_gpgv_want *want)
{
    const int dirfd = want->beside ? gpgv->beside_fd : gpgv->session->tree->dirfd;
    struct stat st;
    VB_CLEANUP_FD int fd =
        dirfd < 0 ? -1 : vb_open_beneath(dirfd, want->target, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > VB_GPGV_DATA_MAX)
        return -1;
    return vb_steal_fd(&fd);
}

static void failed(struct vb_gpgv_answer *answer, const char *why)
{
    answer->state = VB_GPGV_FAILED;
    const size_t len = strlen(why);
    answer->len = (uint32_t)(len < sizeof(answer->text) ? len : sizeof(answer->text));
    memcpy(answer->text, why, answer->len);
}

/* The names are ours: what the package calls its files is nowhere in the box. */
static int stage(const struct vb_gpgv *gpgv, const struct vb_gpgv_want *want, int *ret_dirfd,
                 struct vb_gpgv_answer *answer, struct vb_error *err)
{
    VB_CLEANUP_FD int dirfd = -1;
    VB_CLEANUP_FD int target = want->target == NULL ? -1 : open_target(gpgv, want);
    const struct part signature = {gpgv->asked_fd, want->offset, want->size};
    struct part data = {gpgv->asked_fd, want->offset + want->size, want->text};
    if (want->target != NULL && target < 0)
        return failed(answer, "the signed file cannot be read"), VB_OK;
    if (target >= 0)
        data = (struct part){target, 0, VB_GPGV_DATA_MAX};
    int status = vb_workspace_new(VB_GPGV_DATA_MAX + 2 * (uint64_t)VB_GPGV_BYTES + KEYRING_MAX,
                                  STAGED_INODES, &dirfd, err);
    if (status == VB_OK)
        status = write_file(dirfd, "keyring", gpgv->keyring.data, gpgv->keyring.len, err);
    if (status == VB_OK)
        status = copy_part(signature, dirfd, "signature", answer->signature, err);
    if (status == VB_OK)
        status = copy_part(data, dirfd, "data", answer->data, err);
    if (status == VB_OK)
        *ret_dirfd = vb_steal_fd(&dirfd);
    return status;
}

/* --- the box --- */

/* Keeps what it prints on standard output, and nothing else of the run. */
struct printed {
    struct vb_sink sink;
    struct vb_gpgv_answer *answer;
    bool more; /* than there is room for */
};

static int keep_printed(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct printed *printed = (struct printed *)(void *)base;
    struct vb_gpgv_answer *answer = printed->answer;
    (void)err;
    if (event->kind != VB_EV_DETONATION_OUTPUT ||
        !vb_str_equal(vb_event_get_str(event, VB_F_STREAM), "stdout"))
        return VB_OK;
    const struct vb_str text = vb_event_get_str(event, VB_F_TEXT);
    const size_t room = sizeof(answer->text) - answer->len;
    printed->more = printed->more || text.len > room || vb_event_get(event, VB_F_TRUNCATED) != NULL;
    if (!printed->more && text.len > 0) {
        memcpy(answer->text + answer->len, text.text, text.len);
        answer->len += (uint32_t)text.len;
    }
    return VB_OK;
}

/* A third of what is left, so that the other stages have time too. */
static unsigned box_ms(const struct vb_session *session)
{
    const unsigned left = vb_session_left_ms(session) / 3 + 1;
    return left < BOX_MS ? left : BOX_MS;
}

static int run(struct vb_session *session, int dirfd, struct printed *printed,
               struct vb_detonation_result *ret, struct vb_error *err)
{
    VB_CLEANUP(sandbox_cleanup) struct vb_sandbox *sandbox = NULL;
    struct vb_sandbox_options options = vb_sandbox_default_options;
    char word[8][32] = {"/usr/bin/gpgv",  "--status-fd",     "1",
                        "--homedir",      "{tree}",          "--keyring",
                        "{tree}/keyring", "{tree}/signature"};
    char data[] = "{tree}/data", reason[] = "gpgv";
    char *argv[VB_ARRAY_LEN(word) + 2] = {0};
    for (size_t i = 0; i < VB_ARRAY_LEN(word); i++)
        argv[i] = word[i];
    argv[VB_ARRAY_LEN(word)] = data;
    struct vb_detonation row = {
        .id = 1, .reason = reason, .argv = argv, .timeout_ms = box_ms(session)};
    options.epoch_ns = session->log.epoch_ns;
    options.name = "gpgv";
    options.tree_fd = dirfd;
    options.offline = true;
    options.persona = VB_PERSONA_EMPTY;
    options.max_output = VB_GPGV_TEXT_MAX;
    int status = vb_sandbox_new(&options, &printed->sink, &sandbox, err);
    if (status == VB_OK)
        status = vb_detonate(sandbox, &row, &printed->sink, ret, err);
    return status;
}

/* Without memory nothing is an answer; anything else that keeps us from asking is one. */
static int ask_one(const struct vb_gpgv *gpgv, int dirfd, struct vb_gpgv_answer *answer,
                   struct vb_error *err)
{
    struct printed printed = {.sink.emit = keep_printed, .answer = answer};
    struct vb_detonation_result result = {0};
    struct vb_error why = {0};
    char text[sizeof(why.message) + 64];
    const int status = run(gpgv->session, dirfd, &printed, &result, &why);
    if (status == VB_E_NOMEM)
        return vb_fail(err, status, 0, "%s", why.message);
    if (status < 0) {
        snprintf(text, sizeof(text), "no box can be made for gpgv: %s", why.message);
        failed(answer, text);
    } else if (result.timed_out || result.lost || !result.finished) {
        failed(answer, "gpgv did not come to its end");
    } else if (printed.more) {
        failed(answer, "gpgv printed too much");
    } else {
        answer->state = VB_GPGV_RAN;
        answer->exit_status = result.exit_status;
    }
    return VB_OK;
}

static int answer_one(const struct vb_gpgv *gpgv, const struct vb_gpgv_want *want,
                      struct vb_gpgv_answer *answer, struct vb_error *err)
{
    VB_CLEANUP_FD int dirfd = -1;
    *answer = (struct vb_gpgv_answer){.state = VB_GPGV_FAILED};
    const int status = stage(gpgv, want, &dirfd, answer, err);
    if (status < 0 || dirfd < 0)
        return status;
    if (access(program, X_OK) < 0)
        return failed(answer, "there is no /usr/bin/gpgv: install the package gpgv"), VB_OK;
    return ask_one(gpgv, dirfd, answer, err);
}

int vb_gpgv_ask(struct vb_gpgv *gpgv, int *ret_fd, struct vb_error *err)
{
    VB_CLEANUP_FREE struct vb_gpgv_answer *answer = malloc(sizeof(*answer));
    VB_CLEANUP_FD int fd = memfd_create("vetbox-gpgv-said", MFD_CLOEXEC);
    if (answer == NULL || fd < 0)
        return vb_fail(err, answer == NULL ? VB_E_NOMEM : VB_E_OS, errno, "asking gpgv");
    const unsigned reserved = vb_session_left_ms(gpgv->session) / 2;
    vb_buf_init(&gpgv->keyring, KEYRING_MAX);
    int status = vb_trust_keyring(gpgv->session->toolbox->trust, &gpgv->keyring, err);
    /* Half of the time is for what comes behind this. */
    for (size_t i = 0;
         status == VB_OK && i < gpgv->count && vb_session_left_ms(gpgv->session) > reserved; i++) {
        status = answer_one(gpgv, &gpgv->wants[i], answer, err);
        if (status == VB_OK)
            status = vb_write_all(fd, (const char *)answer, sizeof(*answer), err);
    }
    if (status == VB_OK)
        *ret_fd = vb_steal_fd(&fd);
    return status;
}
