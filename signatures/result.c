/* What was found out about one signature file, and the signed file next to it. Trust boundary:
 * paths and bytes are the package's. */
#include "signatures/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

const char *vb_signature_outcome_name(enum vb_signature_outcome outcome)
{
    static const char *const names[] = {
#define VB_SIGNATURE_ROW(id, name, doc) [VB_SIGNATURE_##id] = (name),
        VB_SIGNATURE_OUTCOMES(VB_SIGNATURE_ROW)
#undef VB_SIGNATURE_ROW
    };
    return names[outcome];
}

int vb_sig_conclude(struct vb_sig_result *result, enum vb_signature_outcome outcome,
                    const char *fmt, ...)
{
    va_list args;

    result->outcome = outcome;
    va_start(args, fmt);
    vsnprintf(result->reason, sizeof(result->reason), fmt, args);
    va_end(args);
    return 0;
}

int vb_sig_cut(struct vb_sig_bytes text, size_t max)
{
    size_t len = text.len < max ? text.len : max;

    while (len > 0 && len < text.len && (text.data[len] & 0xc0) == 0x80)
        len--;
    return (int)len;
}

void vb_sig_result_done(struct vb_sig_result *result)
{
    vb_sig_paths_done(&result->covers);
    vb_sig_paths_done(&result->facts);
}

int vb_sig_result_facts(struct vb_sig_result *result, const struct vb_sig_facts *facts,
                        struct vb_error *err)
{
    enum { FACT_MAX = 1024 };
    int status = 0;

    for (size_t i = 0; status == 0 && i < VB_SIG_FACTS; i++) {
        const char *name = vb_sig_fact_name(i);
        char fact[FACT_MAX];
        if (name == NULL || facts->items[i].len == 0)
            continue;
        snprintf(fact, sizeof(fact), "%s=%.*s", name, vb_sig_cut(facts->items[i], 900),
                 (const char *)facts->items[i].data);
        status = vb_sig_paths_add(&result->facts, fact, err);
    }
    return status;
}

/* Identity and issuer, whole. Returns whether they are there; else it has concluded. */
static bool name_identity(struct vb_sig_result *result, const X509 *cert,
                          const struct vb_sig_facts *facts)
{
    const struct vb_sig_bytes issuer = vb_sig_facts_issuer(facts);
    const enum vb_sig_identity identity = vb_sig_cert_identity(cert, result->name);

    if (identity == VB_SIG_IDENTITY_NONE)
        vb_sig_conclude(result, VB_SIGNATURE_INVALID, "the certificate does not name one identity");
    else if (issuer.len == 0)
        vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                        "the certificate does not say who vouched for its identity");
    else if (identity == VB_SIG_IDENTITY_TOO_LONG || issuer.len >= sizeof(result->issuer))
        vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                        "the identity in its certificate, or the issuer, is longer than %d bytes",
                        VB_SIG_NAME_MAX - 1);
    if (result->outcome != VB_SIGNATURE_ABSENT) {
        result->name[0] = '\0';
        return false;
    }
    memcpy(result->issuer, issuer.data, issuer.len);
    result->issuer[issuer.len] = '\0';
    return true;
}

static int malformed_facts(struct vb_sig_result *result)
{
    return vb_sig_conclude(result, VB_SIGNATURE_INVALID,
                           "the certificate does not name one identity: what Sigstore writes into "
                           "it is malformed");
}

int vb_sig_result_identity(struct vb_sig_result *result, const X509 *cert, const char *root,
                           struct vb_error *err)
{
    struct vb_sig_facts facts;

    snprintf(result->root, sizeof(result->root), "%s", root);
    result->by_instance = true;
    if (!vb_sig_cert_facts(cert, &facts))
        return malformed_facts(result);
    return name_identity(result, cert, &facts) ? vb_sig_result_facts(result, &facts, err) : 0;
}

int vb_sig_result_signer(struct vb_sig_result *result, const X509 *cert, const char *root,
                         struct vb_error *err)
{
    struct vb_sig_facts facts;

    snprintf(result->root, sizeof(result->root), "%s", root);
    result->issuer[0] = '\0';
    if (!vb_sig_cert_facts(cert, &facts))
        return malformed_facts(result);
    /* Who is revoked as an identity must be known as one, whatever its chain ends in. */
    if (vb_sig_facts_issuer(&facts).len > 0)
        return name_identity(result, cert, &facts) ? vb_sig_result_facts(result, &facts, err) : 0;
    const enum vb_sig_identity identity = vb_sig_cert_identity(cert, result->name);
    if (identity == VB_SIG_IDENTITY_NONE)
        vb_sig_cert_subject(cert, result->name);
    return identity != VB_SIG_IDENTITY_TOO_LONG
               ? 0
               : vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                                 "the name in its certificate is longer than %d bytes",
                                 VB_SIG_NAME_MAX - 1);
}

static size_t list_facts(const struct vb_sig_result *result, struct vb_str ret[VB_SIG_FACTS])
{
    size_t count = 0;

    for (; count < result->facts.count && count < VB_SIG_FACTS; count++)
        ret[count] = (struct vb_str){.text = result->facts.items[count],
                                     .len = strlen(result->facts.items[count])};
    return count;
}

/* Emits the event with the paths from FIRST on that fit into one; returns how many in
 * *ret_count. */
static int emit_part(const struct vb_sig_job *job, const struct vb_sig_result *result, size_t first,
                     size_t *ret_count, struct vb_sink *sink, struct vb_error *err)
{
    enum { PART_PATHS = 1000, PART_BYTES = 128 * 1024, DAY_S = 86400 };
    struct vb_str items[PART_PATHS];
    struct vb_str facts[VB_SIG_FACTS];
    struct vb_event event;
    size_t count = 0;
    size_t bytes = 0;

    while (count < PART_PATHS && first + count < result->covers.count && bytes < PART_BYTES) {
        const char *path = result->covers.items[first + count];
        items[count] = (struct vb_str){.text = path, .len = strlen(path)};
        bytes += items[count++].len;
    }
    vb_event_init(&event, VB_EV_SIGNATURE_RESULT, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_FORMAT, result->format);
    vb_event_str(&event, VB_F_OUTCOME, vb_signature_outcome_name(result->outcome));
    vb_event_str(&event, VB_F_PATH, job->path);
    if (result->name[0] != '\0')
        vb_event_str(&event, VB_F_NAME, result->name);
    if (result->key_id[0] != '\0')
        vb_event_str(&event, VB_F_KEY_ID, result->key_id);
    if (count > 0)
        vb_event_list(&event, VB_F_COVERS, items, count);
    if (result->reason[0] != '\0')
        vb_event_str(&event, VB_F_REASON, result->reason);
    if (result->code != NULL)
        vb_event_str(&event, VB_F_CODE, result->code);
    if (result->issuer[0] != '\0')
        vb_event_str(&event, VB_F_ISSUER, result->issuer);
    if (result->facts.count > 0)
        vb_event_list(&event, VB_F_FACTS, facts, list_facts(result, facts));
    if (result->clock != 0)
        vb_event_int(&event, VB_F_CLOCK, result->clock);
    if (result->clock_source != NULL)
        vb_event_str(&event, VB_F_CLOCK_SOURCE, result->clock_source);
    if (result->shipped != NULL) {
        vb_event_str(&event, VB_F_ROOT, result->shipped->name);
        vb_event_int(&event, VB_F_ROOT_DATE, result->shipped->as_of);
        vb_event_int(&event, VB_F_ROOT_DAYS, (job->now - result->shipped->as_of) / DAY_S);
    }
    if (result->from_index)
        vb_event_str(&event, VB_F_WHERE, "index");
    if (result->present != 0) {
        vb_event_int(&event, VB_F_COUNT, (int64_t)result->count);
        vb_event_int(&event, VB_F_PRESENT, (int64_t)result->present);
    }
    *ret_count = count;
    return vb_emit(sink, &event, err);
}

int vb_sig_result_emit(const struct vb_sig_job *job, const struct vb_sig_result *result,
                       struct vb_sink *sink, struct vb_error *err)
{
    size_t done = 0;

    do {
        size_t count;
        const int status = emit_part(job, result, done, &count, sink, err);
        if (status < 0)
            return status;
        done += count;
    } while (done < result->covers.count);
    return 0;
}

int vb_sig_open_regular(int dirfd, const char *path, uint64_t *ret_size, const char **ret_why)
{
    /* Not blocking, because the name may be a FIFO's. */
    VB_CLEANUP_FD int fd = vb_open_beneath(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    struct stat st;

    if (fd < 0) {
        *ret_why = errno == ENOENT ? "it is not there" : "it cannot be opened";
        if (errno == ELOOP || errno == EXDEV)
            *ret_why = "it is or lies behind a symbolic link";
        return -1;
    }
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        *ret_why = "it is no regular file";
        return -1;
    }
    *ret_size = (uint64_t)st.st_size;
    return vb_steal_fd(&fd);
}

int vb_sig_open_subject(const struct vb_sig_job *job, struct vb_sig_result *result, int *ret_fd,
                        uint64_t *ret_size, struct vb_error *err)
{
    const char *why = NULL;

    *ret_fd = -1;
    if (job->subject == NULL)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE,
                               "the file's name does not say what it signs");
    VB_CLEANUP_FD int fd = vb_sig_open_regular(job->dirfd, job->subject, ret_size, &why);
    if (fd < 0)
        return vb_sig_conclude(result, VB_SIGNATURE_UNVERIFIABLE, "cannot read %.200s: %s",
                               job->subject, why);
    const int status = vb_sig_paths_add(&result->covers, job->subject, err);
    if (status < 0)
        return status;
    *ret_fd = vb_steal_fd(&fd);
    return 0;
}

int vb_sig_read_at(int fd, uint64_t at, size_t max, struct vb_buf *buf, struct vb_error *err)
{
    unsigned char block[16384];

    while (buf->len < max) {
        const size_t left = max - buf->len;
        const size_t want = left < sizeof(block) ? left : sizeof(block);
        const ssize_t n = pread(fd, block, want, (off_t)(at + buf->len));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vb_fail(err, VB_E_IO, errno, "cannot read a file of the package");
        if (n == 0)
            return 0;
        const int status = vb_buf_append(buf, block, (size_t)n, err);
        if (status < 0)
            return status;
    }
    return 0;
}

int vb_sig_read_head(int fd, size_t max, struct vb_buf *buf, struct vb_error *err)
{
    return vb_sig_read_at(fd, 0, max, buf, err);
}
