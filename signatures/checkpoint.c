/* Checkpoints: signed notes about the size and root of a log (C2SP signed-note, tlog-checkpoint).
 * Trust boundary: the note is the package's, the key is the user's. */
#include "signatures/tlog.h"

enum { HINT = 4, NOTE_LINES_MAX = 64 };

struct note {
    struct vb_sig_bytes text; /* what is signed, with its last line feed */
    struct vb_sig_bytes origin;
    struct vb_sig_bytes signatures; /* the lines behind the blank one */
};

static bool same_root(struct vb_sig_bytes line, const struct vb_sig_entry *entry)
{
    unsigned char root[VB_SIG_HASH];
    size_t len;

    return vb_sig_base64(line, false, root, sizeof(root), &len) && len == sizeof(root) &&
           vb_sig_same((struct vb_sig_bytes){.data = root, .len = len},
                       (struct vb_sig_bytes){.data = entry->root, .len = VB_SIG_HASH});
}

static bool same_size(struct vb_sig_bytes line, const struct vb_sig_entry *entry)
{
    char size[32];

    snprintf(size, sizeof(size), "%lld", (long long)entry->tree_size);
    return vb_sig_equals(line, size);
}

static const char *parse_note(const struct vb_sig_entry *entry, struct note *ret)
{
    const struct vb_sig_bytes note = entry->checkpoint;
    const unsigned char *end = memmem(note.data, note.len, "\n\n", 2);
    struct vb_sig_bytes size;
    struct vb_sig_bytes root;

    if (end == NULL || memchr(note.data, '\r', note.len) != NULL)
        return "the checkpoint is no signed note";
    ret->text = (struct vb_sig_bytes){.data = note.data, .len = (size_t)(end + 1 - note.data)};
    ret->signatures =
        (struct vb_sig_bytes){.data = end + 2, .len = (size_t)(note.data + note.len - (end + 2))};
    struct vb_sig_bytes lines = ret->text;
    if (!vb_sig_get_line(&lines, &ret->origin) || !vb_sig_get_line(&lines, &size) ||
        !vb_sig_get_line(&lines, &root) || ret->origin.len == 0)
        return "the checkpoint lacks origin, size or root";
    if (!same_size(size, entry) || !same_root(root, entry))
        return "the checkpoint is not of the tree of the inclusion proof";
    return NULL;
}

struct line {
    struct vb_sig_bytes name;
    unsigned char data[HINT + VB_SIG_SIGNATURE_MAX]; /* the key's hint, the signature */
    size_t len;
};

static bool parse_line(struct vb_sig_bytes text, struct line *ret)
{
    if (!vb_sig_skip(&text, "\xe2\x80\x94 "))
        return false;
    const unsigned char *blank = memchr(text.data, ' ', text.len);
    if (blank == NULL || blank == text.data)
        return false;
    ret->name = (struct vb_sig_bytes){.data = text.data, .len = (size_t)(blank - text.data)};
    text.len -= ret->name.len + 1;
    text.data = blank + 1;
    return vb_sig_base64(text, false, ret->data, sizeof(ret->data), &ret->len) && ret->len > HINT;
}

/* A log with an Ed25519 key is named by the digest of its name and key. */
static int names_log(struct vb_sig_bytes name, const struct vb_sig_log *log, bool *ret,
                     struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    unsigned char key[VB_SIG_ED25519_KEY];
    unsigned char digest[VB_SIG_DIGEST_MAX];
    size_t len = sizeof(key);

    if (EVP_PKEY_get_raw_public_key(log->key, key, &len) != 1)
        return vb_fail(err, VB_E_SOFTWARE, 0, "an Ed25519 key without its bytes");
    vb_buf_init(&text, name.len + 64);
    int status = vb_buf_append(&text, name.data, name.len, err);
    if (status == 0)
        status = vb_buf_append(&text, "\n\x01", 2, err);
    if (status == 0)
        status = vb_buf_append(&text, key, len, err);
    if (status == 0)
        status = vb_sig_hash("SHA256", (struct vb_sig_bytes){.data = text.data, .len = text.len},
                             digest, &len, err);
    if (status == 0)
        *ret = memcmp(digest, log->id, VB_SIG_LOG_ID) == 0;
    return status;
}

/* Whether the line is the log's: its hint, and its name, which is also the note's origin (Rekor v1
 * adds the number of its tree to that). */
static int is_ours(const struct note *note, const struct line *line, const struct vb_sig_log *log,
                   bool *ret, struct vb_error *err)
{
    struct vb_sig_bytes rest = note->origin;

    *ret = memcmp(line->data, log->id, HINT) == 0 && rest.len >= line->name.len &&
           memcmp(rest.data, line->name.data, line->name.len) == 0;
    if (!*ret)
        return 0;
    rest.data += line->name.len;
    rest.len -= line->name.len;
    if (EVP_PKEY_get_base_id(log->key) != EVP_PKEY_ED25519) {
        *ret = rest.len == 0 || vb_sig_skip(&rest, " - ");
        return 0;
    }
    *ret = rest.len == 0;
    return *ret ? names_log(line->name, log, ret, err) : 0;
}

int vb_sig_entry_checkpoint(const struct vb_sig_entry *entry, const struct vb_sig_log *log,
                            const char **ret_why, struct vb_error *err)
{
    struct note note = {0};
    struct vb_sig_bytes text;
    const char *why = parse_note(entry, &note);
    size_t count = 0;
    size_t good_count = 0;
    int status = 0;

    while (status == 0 && why == NULL && vb_sig_get_line(&note.signatures, &text)) {
        struct line line = {0};
        bool ours = false;
        bool good = false;
        if (++count > NOTE_LINES_MAX || !parse_line(text, &line))
            why = "a signature line of the checkpoint is malformed";
        else
            status = is_ours(&note, &line, log, &ours, err);
        if (status < 0 || why != NULL || !ours)
            continue;
        status = vb_sig_check(
            log->key, vb_sig_key_digest(log->key), note.text,
            (struct vb_sig_bytes){.data = line.data + HINT, .len = line.len - HINT}, &good, err);
        good_count += good ? 1 : 0;
        if (status == 0 && !good)
            why = "the log's signature is not of this checkpoint";
    }
    if (why == NULL && good_count == 0)
        why = "the checkpoint is not signed by the log";
    if (status == 0 && why != NULL)
        *ret_why = why;
    return status;
}
