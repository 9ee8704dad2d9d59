/* Logs and time stamps of a bundle. Trust boundary: the bundle is the package's, the trusted root
 * is the user's. Whatever contradicts itself or a key of the trusted root is wrong; whatever is
 * only unknown to the trusted root is a doubt. */
#include "signatures/evidence.h"

static void doubt(struct vb_sig_evidence *evidence, const char *why)
{
    if (evidence->doubt == NULL)
        evidence->doubt = why;
}

int64_t vb_sig_evidence_time(const struct vb_sig_evidence *evidence)
{
    int64_t earliest = evidence->time_count > 0 ? evidence->times[0] : 0;

    for (size_t i = 1; i < evidence->time_count; i++)
        earliest = evidence->times[i] < earliest ? evidence->times[i] : earliest;
    return earliest;
}

static int check_timestamps(const struct vb_sig_bundle *bundle,
                            const struct vb_sig_trusted_root *root,
                            struct vb_sig_evidence *evidence, const char **ret_why,
                            struct vb_error *err)
{
    const struct vb_sig_bytes signature = {.data = bundle->signature, .len = bundle->signature_len};

    for (size_t i = 0; i < bundle->timestamp_count; i++) {
        const struct vb_sig_bytes response = {.data = bundle->timestamps[i].data,
                                              .len = bundle->timestamps[i].len};
        struct vb_sig_stamped stamped = {0};
        const int status = vb_sig_timestamp(response, signature, &root->tsas, &stamped, err);
        if (status < 0)
            return status;
        if (stamped.stamp == VB_SIG_STAMP_BAD) {
            *ret_why = stamped.why;
            return 0;
        }
        if (stamped.stamp == VB_SIG_STAMP_UNKNOWN) {
            doubt(evidence, stamped.why);
            evidence->unstamped = stamped.why;
            continue;
        }
        evidence->times[evidence->time_count++] = stamped.time;
        evidence->stamped = true;
    }
    return 0;
}

/* What the version of the bundle demands of an entry. */
static const char *check_form(const struct vb_sig_bundle *bundle, const struct vb_sig_entry *entry)
{
    if (bundle->version == 1)
        return entry->promise_len == 0 ? "a bundle of version 0.1 without the log's promise" : NULL;
    if (!entry->has_proof)
        return "a log entry without an inclusion proof";
    return entry->checkpoint.len == 0 ? "an inclusion proof without a checkpoint" : NULL;
}

/* What the log signed; LOG is the trusted root's. */
static int check_signed(const struct vb_sig_entry *entry, const struct vb_sig_log *log,
                        struct vb_sig_evidence *evidence, const char **ret_why,
                        struct vb_error *err)
{
    const char *why = NULL;
    int status = 0;

    if (entry->promise_len > 0)
        status = vb_sig_entry_promise(entry, log, &why, err);
    if (status == 0 && why == NULL && entry->checkpoint.len > 0)
        status = vb_sig_entry_checkpoint(entry, log, &why, err);
    if (status < 0 || why != NULL) {
        *ret_why = why != NULL ? why : *ret_why;
        return status;
    }
    if (entry->promise_len > 0 && entry->integrated_time > 0) {
        if (!vb_sig_within(&log->period, entry->integrated_time)) {
            doubt(evidence, "the log's key was not valid when it took the entry");
            return 0;
        }
        evidence->times[evidence->time_count++] = entry->integrated_time;
    }
    for (size_t i = 0; i < evidence->time_count; i++) {
        if (!vb_sig_within(&log->period, evidence->times[i])) {
            doubt(evidence, "the log's key was not valid at the time of the signature");
            return 0;
        }
    }
    evidence->logged++;
    return 0;
}

static int check_entry(const struct vb_sig_bundle *bundle, const struct vb_sig_trusted_root *root,
                       const struct vb_sig_entry *entry, struct vb_sig_evidence *evidence,
                       const char **ret_why, struct vb_error *err)
{
    const char *why = check_form(bundle, entry);
    int status = 0;

    if (why == NULL && entry->has_proof)
        status = vb_sig_entry_inclusion(entry, &why, err);
    if (status < 0 || why != NULL) {
        *ret_why = why != NULL ? why : *ret_why;
        return status;
    }
    const struct vb_sig_log *log = vb_sig_log_find(&root->tlogs, entry->log_id);
    if (log != NULL)
        return check_signed(entry, log, evidence, ret_why, err);
    doubt(evidence, "its log entry is of no log that the trusted root names");
    return 0;
}

int vb_sig_evidence(const struct vb_sig_signed *signed_by, const struct vb_sig_trusted_root *root,
                    struct vb_sig_evidence *ret, const char **ret_why, struct vb_error *err)
{
    const struct vb_sig_bundle *bundle = signed_by->bundle;
    const char *why = NULL;
    int status = check_timestamps(bundle, root, ret, &why, err);

    for (size_t i = 0; status == 0 && why == NULL && i < bundle->entry_count; i++) {
        const struct vb_sig_entry *entry = &bundle->entries[i];
        bool known = false;
        status = vb_sig_body(entry, signed_by, &known, &why, err);
        if (status < 0 || why != NULL)
            continue;
        if (known)
            status = check_entry(bundle, root, entry, ret, &why, err);
        else
            doubt(ret, "its log entry is of a kind that is not checked");
    }
    if (why != NULL)
        *ret_why = why;
    return status;
}
