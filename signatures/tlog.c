/* Log entries. Trust boundary: everything is the package's but the log's key. */
#include "signatures/tlog.h"

void vb_sig_entry_done(struct vb_sig_entry *entry)
{
    vb_buf_done(&entry->body);
}

/* --- reading --- */

static bool parse_hashes(const json_t *proof, struct vb_sig_entry *ret)
{
    const json_t *hashes = vb_sig_json_array(proof, "hashes", VB_SIG_HASHES_MAX);

    /* A tree of one leaf needs none, and protobuf leaves out what is empty. */
    if (hashes == NULL && vb_sig_json_has(proof, "hashes"))
        return false;
    for (size_t i = 0; i < json_array_size(hashes); i++) {
        const json_t *hash = json_array_get(hashes, i);
        const struct vb_sig_bytes text = {.data = (const unsigned char *)json_string_value(hash),
                                          .len = json_string_length(hash)};
        size_t len;
        if (!json_is_string(hash) ||
            !vb_sig_base64(text, false, ret->hashes[i], VB_SIG_HASH, &len) || len != VB_SIG_HASH)
            return false;
    }
    ret->hash_count = json_array_size(hashes);
    return true;
}

/* protobuf leaves out a number that is 0. */
static bool get_index(const json_t *json, const char *key, int64_t *ret)
{
    *ret = 0;
    return !vb_sig_json_has(json, key) || (vb_sig_json_int(json, key, ret) && *ret >= 0);
}

static const char *parse_proof(const json_t *json, struct vb_sig_entry *ret)
{
    const json_t *proof = vb_sig_json_object(json, "inclusionProof");
    const json_t *checkpoint = vb_sig_json_object(proof, "checkpoint");

    if (proof == NULL)
        return vb_sig_json_has(json, "inclusionProof") ? "an inclusion proof is no object" : NULL;
    ret->has_proof = true;
    if (!get_index(proof, "logIndex", &ret->proof_index) ||
        !vb_sig_json_int(proof, "treeSize", &ret->tree_size) ||
        ret->proof_index >= ret->tree_size ||
        !vb_sig_json_base64_exact(proof, "rootHash", ret->root, VB_SIG_HASH) ||
        !parse_hashes(proof, ret))
        return "an inclusion proof is malformed";
    if (vb_sig_json_has(proof, "checkpoint") &&
        (!vb_sig_json_text(checkpoint, "envelope", &ret->checkpoint) ||
         ret->checkpoint.len > VB_SIG_CHECKPOINT_MAX))
        return "a checkpoint is malformed";
    return NULL;
}

static const char *parse_fields(const json_t *json, struct vb_sig_entry *ret)
{
    const json_t *kind = vb_sig_json_object(json, "kindVersion");
    const json_t *promise = vb_sig_json_object(json, "inclusionPromise");

    if (!get_index(json, "logIndex", &ret->log_index))
        return "the index of a log entry is negative or no number";
    if (!vb_sig_json_base64_exact(vb_sig_json_object(json, "logId"), "keyId", ret->log_id,
                                  VB_SIG_LOG_ID))
        return "the log of a log entry is not named by 32 bytes";
    if (!vb_sig_json_text(kind, "kind", &ret->kind) ||
        !vb_sig_json_text(kind, "version", &ret->version))
        return "a log entry does not say of which kind it is";
    if (!get_index(json, "integratedTime", &ret->integrated_time))
        return "the time of a log entry is negative or no number";
    if (vb_sig_json_has(json, "inclusionPromise") &&
        (!vb_sig_json_base64(promise, "signedEntryTimestamp", ret->promise, sizeof(ret->promise),
                             &ret->promise_len) ||
         ret->promise_len == 0))
        return "the promise of a log entry is malformed";
    return parse_proof(json, ret);
}

int vb_sig_entry_parse(const json_t *json, struct vb_sig_entry *ret, const char **ret_why,
                       struct vb_error *err)
{
    const char *why = parse_fields(json, ret);
    bool good = false;
    int status = 0;

    vb_buf_init(&ret->body, VB_SIG_BODY_MAX);
    if (why == NULL && vb_sig_json_text(json, "canonicalizedBody", &ret->body_text))
        status = vb_sig_base64_append(ret->body_text, &ret->body, &good, err);
    if (why == NULL && !good)
        why = "a log entry has no body in base64";
    if (why != NULL)
        *ret_why = why;
    return status;
}

/* --- the promise --- */

int vb_sig_entry_promise(const struct vb_sig_entry *entry, const struct vb_sig_log *log,
                         const char **ret_why, struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    char id[2 * VB_SIG_LOG_ID + 1];
    bool good = false;

    vb_sig_hex((struct vb_sig_bytes){.data = entry->log_id, .len = VB_SIG_LOG_ID}, id);
    vb_buf_init(&text, entry->body_text.len + 256);
    int status = vb_buf_append_str(&text, "{\"body\":\"", err);
    if (status == 0)
        status = vb_buf_append(&text, entry->body_text.data, entry->body_text.len, err);
    if (status == 0)
        status = vb_buf_printf(&text, err,
                               "\",\"integratedTime\":%lld,\"logID\":\"%s\",\"logIndex\":%lld}",
                               (long long)entry->integrated_time, id, (long long)entry->log_index);
    if (status == 0)
        status = vb_sig_check(
            log->key, vb_sig_key_digest(log->key),
            (struct vb_sig_bytes){.data = text.data, .len = text.len},
            (struct vb_sig_bytes){.data = entry->promise, .len = entry->promise_len}, &good, err);
    if (status == 0 && !good)
        *ret_why = "the log's promise is not of this entry";
    return status;
}

/* --- inclusion --- */

static int hash_leaf(const struct vb_buf *body, unsigned char ret[VB_SIG_DIGEST_MAX],
                     struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf leaf = {0};
    size_t len;

    vb_buf_init(&leaf, body->len + 1);
    int status = vb_buf_append(&leaf, "\0", 1, err);
    if (status == 0)
        status = vb_buf_append(&leaf, body->data, body->len, err);
    if (status < 0)
        return status;
    return vb_sig_hash("SHA256", (struct vb_sig_bytes){.data = leaf.data, .len = leaf.len}, ret,
                       &len, err);
}

static int hash_node(const unsigned char *left, const unsigned char *right,
                     unsigned char ret[VB_SIG_DIGEST_MAX], struct vb_error *err)
{
    unsigned char node[1 + 2 * VB_SIG_HASH] = {1};
    size_t len;

    memcpy(node + 1, left, VB_SIG_HASH);
    memcpy(node + 1 + VB_SIG_HASH, right, VB_SIG_HASH);
    return vb_sig_hash("SHA256", (struct vb_sig_bytes){.data = node, .len = sizeof(node)}, ret,
                       &len, err);
}

/* One step towards the root: AT and LAST are the places of our node and of the last one in its row.
 */
static int climb(unsigned char hash[VB_SIG_DIGEST_MAX], const unsigned char *sibling, uint64_t *at,
                 uint64_t *last, struct vb_error *err)
{
    const bool right = (*at & 1) != 0 || *at == *last;
    const int status =
        right ? hash_node(sibling, hash, hash, err) : hash_node(hash, sibling, hash, err);

    while (right && *at != 0 && (*at & 1) == 0) {
        *at >>= 1;
        *last >>= 1;
    }
    *at >>= 1;
    *last >>= 1;
    return status;
}

int vb_sig_entry_inclusion(const struct vb_sig_entry *entry, const char **ret_why,
                           struct vb_error *err)
{
    unsigned char hash[VB_SIG_DIGEST_MAX];
    uint64_t at = (uint64_t)entry->proof_index;
    uint64_t last = (uint64_t)entry->tree_size - 1;
    bool good = true;

    int status = hash_leaf(&entry->body, hash, err);
    for (size_t i = 0; status == 0 && good && i < entry->hash_count; i++) {
        good = last != 0;
        status = climb(hash, entry->hashes[i], &at, &last, err);
    }
    good = good && last == 0 &&
           vb_sig_same((struct vb_sig_bytes){.data = hash, .len = VB_SIG_HASH},
                       (struct vb_sig_bytes){.data = entry->root, .len = VB_SIG_HASH});
    if (status == 0 && !good)
        *ret_why = "the inclusion proof does not lead from the entry to the log's root";
    return status;
}
