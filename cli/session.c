/* A session: the log, the evidence folder, the deadline. */
#include "cli/session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cli/places.h"
#include "cli/reader.h"
#include "vetbox/sandbox.h"

enum { DEFAULT_TIMEOUT_S = 60, MAX_TIMEOUT_S = 24 * 3600 };

/* The log may grow with the time that the package has, so that judging it (at 20 MB a second in the
 * worst case) stays within the tenth that is kept for what is behind the runs. */
static const uint64_t log_bytes_a_second = UINT64_C(2) << 20;
static const uint64_t min_log_bytes = UINT64_C(16) << 20;
static const uint64_t max_log_bytes = UINT64_C(1) << 30;

/* Shares end an eighth before the end of the log. Three quarters of that are for the few events
 * that no flood may keep out, the rest is for saying that a share is used up. */
enum { LOG_RESERVE = 8, LOG_LAST_RESERVE = 32 };

int vb_session_prepare(struct vb_error *err)
{
    const int status = vb_signatures_prepare();
    return status < 0 ? vb_fail(err, status, 0, "libcrypto lacks an algorithm that vetbox needs")
                      : VB_OK;
}

int vb_toolbox_add_zygote(struct vb_toolbox *toolbox, struct vb_error *err)
{
    toolbox->locale = vb_unpack_locale();
    vb_unpack_prepare();
    return vb_zygote_new(&toolbox->zygote, err);
}

int vb_toolbox_add_reader(struct vb_toolbox *toolbox, struct vb_error *err)
{
    VB_CLEANUP_FREE char *path = NULL;
    const int status = vb_place_reader(&path, err);
    const struct vb_zygote_program program = {
        path, {.name = "unpack", .ctx_bytes = sizeof(struct vb_reader_work)}};
    toolbox->locale = vb_unpack_locale();
    toolbox->executed = true;
    return status < 0 ? status : vb_zygote_execute(&program, &toolbox->zygote, err);
}

int vb_toolbox_open(const struct vb_options *options, struct vb_toolbox *ret, struct vb_error *err)
{
    VB_CLEANUP_FREE char *rules_dir = NULL;
    VB_CLEANUP_FREE char *cache = NULL;
    VB_CLEANUP_FREE char *trust_dir = NULL;
    *ret = (struct vb_toolbox){0};
    int status = vb_session_prepare(err);
    if (status == VB_OK)
        status = vb_place_yara_rules(options->value[VB_OPT_RULES], &rules_dir, err);
    if (status == VB_OK)
        status = vb_place_cache(&cache, err);
    if (status == VB_OK)
        status = vb_rules_load(rules_dir, cache, &ret->rules, err);
    if (status == VB_OK)
        status = vb_place_iocs(options->value[VB_OPT_RULES], ret->rules, err);
    if (status == VB_OK)
        status = vb_place_trust(options->value[VB_OPT_TRUST], &trust_dir, err);
    if (status == VB_OK)
        status = vb_trust_load(trust_dir, &ret->trust, err);
    if (status == VB_OK)
        status = vb_policy_load(options->value[VB_OPT_POLICY], &ret->policy, err);
    if (status == VB_OK)
        status = vb_place_behaviour(options, true, &ret->behaviour, err);
    if (status == VB_OK)
        status = vb_place_baits(options->value[VB_OPT_RULES], &ret->baits, err);
    return status == VB_OK ? vb_toolbox_add_zygote(ret, err) : status;
}

void vb_toolbox_close(struct vb_toolbox *toolbox)
{
    vb_zygote_free(toolbox->zygote);
    if (toolbox->locale != (locale_t)0)
        freelocale(toolbox->locale);
    vb_rules_free(toolbox->rules);
    vb_bait_rules_free(toolbox->baits);
    vb_trust_free(toolbox->trust);
    vb_policy_free(toolbox->policy);
    vb_behaviour_free(toolbox->behaviour);
}

/* What all stages but the last have of the log. */
static uint64_t room_left(const struct vb_log_writer *log)
{
    const uint64_t end = log->max_bytes - log->max_bytes / LOG_RESERVE;
    return log->bytes < end ? end - log->bytes : 0;
}

/* A part of what is left: however many stages flood, the next one has room. What a run left behind
 * is told last and has room of its own. */
enum { STAGE_PART = 4, REPEAT_PART = 2 };

static void new_share(struct vb_tee *tee, uint32_t detonation, unsigned part)
{
    const uint64_t used = tee->log->bytes, share = room_left(tee->log) / part;
    tee->detonation = detonation;
    tee->share_end = used + share;
    tee->plenty_end = used + share / 2;
    tee->truth_end = used + share / 4 * 5;
    tee->own_room = (tee->share_end - used) / 16;
    memset(tee->beyond, 0, sizeof(tee->beyond));
    tee->cut = false;
}

/* What decides has a little room when the share is used up, each kind apart, so that no flood hides
 * what comes after it. NULL: none. */
static uint64_t *beyond_share(struct vb_tee *tee, enum vb_event_kind kind)
{
    static const enum vb_event_kind decisive[VB_TEE_DECISIVE] = {
        VB_EV_PROCESS_EXEC, VB_EV_NET_CONNECT,   VB_EV_NET_NAME,
        VB_EV_NET_BIND,     VB_EV_KERNEL_DENIED, VB_EV_PROCESS_OPAQUE};
    for (size_t i = 0; i < VB_TEE_DECISIVE; i++) {
        if (decisive[i] == kind)
            return &tee->beyond[i];
    }
    return NULL;
}

static bool has_room(struct vb_tee *tee, const struct vb_event *event)
{
    static const enum vb_event_kind vital[] = {
        VB_EV_LOG_BEGIN,     VB_EV_DETONATION_BEGIN, VB_EV_DETONATION_END,
        VB_EV_SANDBOX_LIMIT, VB_EV_EXAMINER_DIED,    VB_EV_BAIT_READ,
        VB_EV_BAIT_SEEN,     VB_EV_LIVE_HOST,        VB_EV_SANDBOX_LAYER};
    const uint64_t max = tee->log->max_bytes;
    if (tee->log->bytes < (event->source == VB_SOURCE_TRUTH ? tee->truth_end : tee->share_end))
        return true;
    const uint64_t *beyond = beyond_share(tee, event->kind);
    bool vitally = beyond != NULL && *beyond < tee->own_room;
    for (size_t i = 0; !vitally && i < VB_ARRAY_LEN(vital); i++)
        vitally = vital[i] == event->kind;
    return vitally && tee->log->bytes < max - max / LOG_LAST_RESERVE;
}

/* Once for each share: what follows is not recorded. */
static int tell_cut(struct vb_tee *tee, struct vb_error *err)
{
    struct vb_event event;
    if (tee->cut)
        return VB_OK;
    tee->cut = true;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, tee->detonation != 0 ? "detonate" : "examine");
    vb_event_str(&event, VB_F_WHAT, "events");
    vb_event_str(&event, VB_F_REASON, "more than the event log takes of one stage");
    event.detonation = tee->detonation;
    const int status = vb_emit(&tee->log->sink, &event, err);
    if (status < 0)
        return status;
    vb_event_init(&event, VB_EV_SANDBOX_LIMIT, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_WHAT, "log");
    vb_event_str(&event, VB_F_DETAIL, "more than the event log takes of one stage");
    event.detonation = tee->detonation;
    return vb_emit(&tee->log->sink, &event, err);
}

/* What the run that ends did again and again. */
static int tell_repeats(struct vb_tee *tee, struct vb_error *err)
{
    struct vb_event event;
    if (tee->repeats.count == 0)
        return VB_OK;
    vb_event_init(&event, VB_EV_LOG_REPEATS, VB_SOURCE_TOOL);
    vb_event_int(&event, VB_F_COUNT, (int64_t)tee->repeats.count);
    event.detonation = tee->detonation;
    vb_repeats_clear(&tee->repeats);
    return vb_emit(&tee->log->sink, &event, err);
}

/* Whether all of them are listed shows in the count. */
static int note_deferred(struct vb_tee *tee, const struct vb_event *event, struct vb_error *err)
{
    const struct vb_str path = vb_event_get_str(event, VB_F_PATH);
    if (tee->deferred_count++ >= VB_DEFERRED_MAX)
        return VB_OK;
    char *copy = strndup(path.text, path.len);
    if (copy == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "noting an archive");
    tee->deferred[tee->deferred_count - 1] = copy;
    return VB_OK;
}

/* True if EVENT says that part of an archive stayed unseen or idle. */
static bool is_about_archives(const struct vb_event *event)
{
    return event->kind == VB_EV_COVERAGE &&
           (vb_str_equal(vb_event_get_str(event, VB_F_STAGE), "unpack") ||
            vb_str_equal(vb_event_get_str(event, VB_F_WHAT), "archive"));
}

static int tee_emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct vb_tee *tee = (struct vb_tee *)(void *)base;
    if (event->detonation != tee->detonation) {
        const int told = tell_repeats(tee, err);
        if (told < 0)
            return told;
        vb_repeats_clear(&tee->repeats);
        new_share(tee, event->detonation,
                  vb_event_get(event, VB_F_REPEATS) != NULL ? REPEAT_PART : STAGE_PART);
    }
    tee->hostile =
        tee->hostile || event->kind == VB_EV_ARCHIVE_HOSTILE || event->kind == VB_EV_EXAMINER_DIED;
    tee->closed = tee->closed || is_about_archives(event);
    vb_deps_see(&tee->wanted, event);
    int status = event->kind == VB_EV_ARCHIVE_DEFERRED ? note_deferred(tee, event, err) : VB_OK;
    if (status == VB_OK)
        status = vb_date_signs_see(&tee->dates, event, err);
    if (status == VB_OK)
        status = vb_around_signs_see(&tee->around, event, err);
    if (status < 0)
        return status;
    if (event->detonation != 0 && tee->log->bytes >= tee->plenty_end) {
        status = vb_repeats_see(&tee->repeats, event, err);
        if (status != 0)
            return status < 0 ? status : VB_OK;
    }
    if (!has_room(tee, event))
        return tell_cut(tee, err);
    const uint64_t before = tee->log->bytes;
    uint64_t *beyond = before < tee->share_end ? NULL : beyond_share(tee, event->kind);
    status = vb_manifest_add(tee->manifest, event, err);
    if (status == VB_OK)
        status = vb_emit(&tee->log->sink, event, err);
    if (beyond != NULL)
        *beyond += tee->log->bytes - before;
    return status;
}

void vb_session_share(struct vb_session *session)
{
    new_share(&session->tee, session->tee.detonation, STAGE_PART);
}

/* SOURCE_DATE_EPOCH fixes the judgement time, for reproducible evidence. */
static int judgement_time(int64_t *ret, struct vb_error *err)
{
    static const int64_t year_10000 = INT64_C(253402300800);
    const char *fixed = getenv("SOURCE_DATE_EPOCH");
    char *end;
    *ret = (int64_t)time(NULL);
    if (fixed == NULL || fixed[0] == '\0')
        return VB_OK;
    *ret = strtoll(fixed, &end, 10);
    if (fixed[0] < '0' || fixed[0] > '9' || *end != '\0' || *ret >= year_10000)
        return vb_fail(err, VB_E_USAGE, 0, "SOURCE_DATE_EPOCH %s: seconds since 1970 are needed",
                       fixed);
    return VB_OK;
}

/* The reference without the user and password of a URL: evidence is handed on. On the heap; NULL
 * when out of memory. */
static char *shown_reference(const char *reference)
{
    static const char scheme[] = "https://";
    const size_t start = sizeof(scheme) - 1;
    if (!vb_ascii_starts(reference, scheme))
        return strdup(reference);
    const char *host = reference + start;
    const char *at = memrchr(host, '@', strcspn(host, "/?#"));
    char *shown = NULL;
    return asprintf(&shown, "%s%s", scheme, at != NULL ? at + 1 : host) < 0 ? NULL : shown;
}

static int write_begin(struct vb_session *session, struct vb_error *err)
{
    struct vb_event event;
    VB_CLEANUP_FREE char *reference = shown_reference(session->reference);
    if (reference == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "beginning the event log");
    int64_t clock = 0;
    int status = judgement_time(&clock, err);
    if (status < 0)
        return status;
    vb_event_init(&event, VB_EV_LOG_BEGIN, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_VERSION, VB_LOG_VERSION);
    vb_event_str(&event, VB_F_TOOL, "vetbox " VETBOX_VERSION);
    vb_event_str(&event, VB_F_REFERENCE, reference);
    vb_event_int(&event, VB_F_CLOCK, clock);
    vb_event_str(&event, VB_F_ACTION, session->action);
    enum vb_persona persona = VB_PERSONA_DEVELOPER;
    const char *named = session->options->value[VB_OPT_PERSONA];
    const bool runs = strcmp(session->action, "vet") == 0 || strcmp(session->action, "run") == 0;
    if (runs && (status = vb_persona_named(named, &persona, err)) < 0)
        return status;
    if (runs)
        vb_event_str(&event, VB_F_PERSONA, vb_persona_name(persona));
    return vb_emit(&session->tee.sink, &event, err);
}

/* The policy that the verdict follows lies beside the log, so that `report` gives the same one. */
static int keep_policy(struct vb_session *session, struct vb_error *err)
{
    enum { POLICY_BYTES = 1024 * 1024 };
    const char *path = session->options->value[VB_OPT_POLICY];
    if (path == NULL)
        return VB_OK;
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    vb_buf_init(&text, POLICY_BYTES);
    const struct vb_policy_profile *profile = vb_policy_profile_named(path);
    VB_CLEANUP_FD int from = profile == NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
    VB_CLEANUP_FD int to =
        openat(session->evidence_fd, "policy.yaml", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if ((profile == NULL && from < 0) || to < 0)
        return vb_fail(err, VB_E_CANTCREAT, errno, "keeping the policy %s", path);
    if (profile != NULL)
        return vb_write_all(to, profile->text, profile->len, err);
    const int status = vb_buf_read_fd(&text, from, err);
    return status < 0 ? vb_wrap(err, "%s", path) : vb_write_all(to, text.data, text.len, err);
}

int vb_session_open_evidence(struct vb_session *session, size_t number, struct vb_error *err)
{
    const char *dir = session->options->value[VB_OPT_EVIDENCE];
    if (dir == NULL)
        return VB_OK;
    VB_CLEANUP_FREE char *numbered = NULL;
    if (number > 0 && asprintf(&numbered, "%s/%zu", dir, number) < 0)
        return vb_fail(err, VB_E_NOMEM, errno, "naming the evidence folder");
    if (number > 0 && mkdir(dir, 0755) < 0 && errno != EEXIST)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot make the folder %s", dir);
    session->evidence_fd = vb_place_new_folder(number > 0 ? numbered : dir, err);
    if (session->evidence_fd < 0)
        return session->evidence_fd;
    session->log_fd =
        openat(session->evidence_fd, "events.jsonl", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (session->log_fd < 0)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot make %s/events.jsonl", dir);
    return keep_policy(session, err);
}

static uint64_t log_limit(unsigned seconds)
{
    const uint64_t bytes = seconds * log_bytes_a_second;
    return bytes < min_log_bytes ? min_log_bytes : bytes > max_log_bytes ? max_log_bytes : bytes;
}

int vb_session_begin(struct vb_session *session, const struct vb_options *options,
                     const char *action, const char *reference, struct vb_error *err)
{
    unsigned seconds = 0;
    session->options = options;
    session->action = action;
    session->reference = reference;
    int status =
        vb_option_number(options, VB_OPT_TIMEOUT, DEFAULT_TIMEOUT_S, MAX_TIMEOUT_S, &seconds, err);
    if (status < 0)
        return status;
    if (session->log_fd < 0)
        session->log_fd = memfd_create("vetbox-log", MFD_CLOEXEC);
    if (session->log_fd < 0)
        return vb_fail(err, VB_E_OS, errno, "making the event log");
    vb_log_writer_init(&session->log, session->log_fd);
    session->log.max_bytes = log_limit(seconds);
    session->log.follower = session->follower;
    session->deadline_ns = session->log.epoch_ns + (uint64_t)seconds * 1000000000U;
    vb_manifest_init(&session->manifest);
    session->tee = (struct vb_tee){
        .sink.emit = tee_emit, .log = &session->log, .manifest = &session->manifest};
    new_share(&session->tee, 0, STAGE_PART);
    return write_begin(session, err);
}

uint64_t vb_session_room(const struct vb_session *session)
{
    return room_left(&session->log) / REPEAT_PART;
}

unsigned vb_session_left_ms(const struct vb_session *session)
{
    const uint64_t now = vb_monotonic_ns();
    if (now + 1000000U >= session->deadline_ns)
        return 1;
    return (unsigned)((session->deadline_ns - now) / 1000000U);
}

static int keep_drops(struct vb_session *session, struct vb_error *err)
{
    static const struct vb_tree_limits limits = {
        .bytes = UINT64_MAX, .file_bytes = UINT64_MAX, .entries = SIZE_MAX, .depth = 8};
    if (mkdirat(session->evidence_fd, "dropped", 0755) < 0)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot make the folder dropped");
    VB_CLEANUP_FD int target =
        openat(session->evidence_fd, "dropped", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (target < 0)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot open the folder dropped");
    return vb_tree_copy(session->drops_fd, target, &limits, &session->tee.sink, NULL, err);
}

int vb_session_end(struct vb_session *session, struct vb_error *err)
{
    int status = VB_OK;
    if (session->evidence_fd >= 0 && session->drops_fd >= 0)
        status = keep_drops(session, err);
    if (status < 0)
        return vb_wrap(err, "keeping the evidence");
    status = tell_repeats(&session->tee, err);
    if (status < 0)
        return status;
    session->ended = true;
    return vb_log_end(&session->log, err);
}

void vb_session_done(struct vb_session *session)
{
    for (size_t i = 0; i < VB_DEFERRED_MAX; i++)
        free(session->tee.deferred[i]);
    vb_date_signs_done(&session->tee.dates);
    vb_around_signs_done(&session->tee.around);
    vb_repeats_done(&session->tee.repeats);
    vb_log_writer_done(&session->log);
    vb_manifest_done(&session->manifest);
    vb_artifact_done(&session->artifact);
    vb_close_fd(&session->original_fd);
    vb_close_fd(&session->record_fd);
    vb_tree_free(session->tree);
    for (size_t i = 0; i < VB_READERS; i++)
        vb_close_fd(&session->beside_fds[i]);
    vb_close_fd(&session->drops_fd);
    vb_deps_done(&session->deps);
    vb_close_fd(&session->log_fd);
    vb_close_fd(&session->evidence_fd);
}
