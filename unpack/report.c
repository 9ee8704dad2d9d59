/* Events about the archive, and the limits. A hostile archive must not fill the log either: after
 * UNPACK_REPORTS_MAX events the rest is only counted, but for the first of each code. */
#include <inttypes.h>

#include "unpack/internal.h"

struct vb_str str_of(const char *text)
{
    return (struct vb_str){text, strlen(text)};
}

static int send_event(struct unpack *u, struct vb_event *event)
{
    if (u->status != 0)
        return u->status;
    u->status = vb_emit(u->sink, event, u->err);
    return u->status;
}

/* True if one more event may be sent. */
static bool may_report(struct unpack *u)
{
    if (u->reports < UNPACK_REPORTS_MAX) {
        u->reports++;
        return true;
    }
    u->unreported++;
    return false;
}

/* PATH of an entry as people are told it, with the archives around it. "." is the archive itself.
 * *RET_OWNED is the caller's to free. */
static struct vb_str shown(struct unpack *u, struct vb_str path, char **ret_owned)
{
    const size_t prefix_len = strlen(u->prefix);

    *ret_owned = NULL;
    if (path.len == 0 || (path.len == 1 && path.text[0] == '.'))
        return str_of(u->place);
    if (prefix_len == 0)
        return path;
    *ret_owned = malloc(prefix_len + path.len);
    if (*ret_owned == NULL) {
        u->status = vb_fail(u->err, VB_E_NOMEM, 0, "no memory to name an entry");
        return path;
    }
    memcpy(*ret_owned, u->prefix, prefix_len);
    memcpy(*ret_owned + prefix_len, path.text, path.len);
    return (struct vb_str){*ret_owned, prefix_len + path.len};
}

static const char *const fates[] = {
    [FATE_OPEN] = NULL,
    [FATE_EXTRACTED] = "extracted",
    [FATE_CUT] = "cut",
    [FATE_REFUSED] = "refused",
};

/* The same for one with CODE. The first few of each code have room of their own: many of one kind
 * hide none of another. Codes are constants. */
static bool may_report_code(struct unpack *u, const char *code)
{
    struct told *told = u->told;

    if (told == NULL)
        return may_report(u);
    while (told < u->told + UNPACK_CODES_MAX - 1 && told->code != NULL &&
           strcmp(told->code, code) != 0)
        told++;
    told->code = code; /* beyond the table they share its last row */
    return told->count++ < UNPACK_REPORTS_OF_CODE && u->reports >= UNPACK_REPORTS_MAX
               ? true
               : may_report(u);
}

int report_entry(struct unpack *u, const struct hostile *what)
{
    VB_CLEANUP_FREE char *owned = NULL;
    struct vb_event event;
    struct vb_str path;

    u->hostile++;
    if (!may_report_code(u, what->code))
        return u->status;
    path = shown(u, what->path, &owned);
    vb_event_init(&event, VB_EV_ARCHIVE_HOSTILE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_CODE, what->code);
    vb_event_strn(&event, VB_F_PATH, path.text, path.len);
    vb_event_str(&event, VB_F_TARGET, what->target);
    vb_event_str(&event, VB_F_DETAIL, what->detail);
    vb_event_str(&event, VB_F_OUTCOME, fates[what->fate]);
    return send_event(u, &event);
}

int report_hostile(struct unpack *u, const char *code, struct vb_str path, const char *target,
                   const char *detail)
{
    return report_entry(
        u, &(const struct hostile){.code = code, .path = path, .target = target, .detail = detail});
}

int report_damaged(struct unpack *u, struct vb_str path, const char *detail)
{
    VB_CLEANUP_FREE char *owned = NULL;
    struct vb_event event;

    if (!may_report(u))
        return u->status;
    path = shown(u, path, &owned);
    vb_event_init(&event, VB_EV_ARCHIVE_DAMAGED, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_DETAIL, detail != NULL && detail[0] != '\0' ? detail : "damaged");
    vb_event_strn(&event, VB_F_PATH, path.text, path.len);
    return send_event(u, &event);
}

int report_coverage(struct unpack *u, const char *what, const char *reason, struct vb_str path)
{
    VB_CLEANUP_FREE char *owned = NULL;
    struct vb_event event;

    if (!may_report(u))
        return u->status;
    path = shown(u, path, &owned);
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "unpack");
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_strn(&event, VB_F_PATH, path.text, path.len);
    return send_event(u, &event);
}

int report_format(struct unpack *u, const char *format)
{
    struct vb_event event;

    if (u->depth > 0 && !may_report(u))
        return u->status;
    vb_event_init(&event, VB_EV_ARCHIVE_FORMAT, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_FORMAT, format);
    if (u->depth > 0)
        vb_event_str(&event, VB_F_PATH, u->place);
    vb_event_int(&event, VB_F_COUNT, (int64_t)(u->entries - u->entries_before));
    vb_event_int(&event, VB_F_SIZE, (int64_t)(u->written - u->written_before));
    if (u->second)
        vb_event_str(&event, VB_F_ROLE, "second reader");
    return send_event(u, &event);
}

int report_deferred(struct unpack *u, const char *format, struct vb_str path)
{
    VB_CLEANUP_FREE char *owned = NULL;
    struct vb_event event;

    u->deferred++;
    if (!may_report(u))
        return u->status;
    path = shown(u, path, &owned);
    vb_event_init(&event, VB_EV_ARCHIVE_DEFERRED, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_FORMAT, format);
    vb_event_strn(&event, VB_F_PATH, path.text, path.len);
    return send_event(u, &event);
}

/* What the last megabyte went to. A small archive has no time to win by that. */
static const uint64_t fresh_bytes = (uint64_t)1 << 20;

static int tell_fresh(struct unpack *u)
{
    struct fresh *const fresh = u->fresh;
    struct vb_event event;

    vb_event_init(&event, VB_EV_ARCHIVE_EXTRACTED, VB_SOURCE_STATIC);
    vb_event_list(&event, VB_F_PATHS, fresh->paths, fresh->count);
    fresh->count = 0;
    fresh->len = 0;
    fresh->bytes = 0;
    return send_event(u, &event);
}

int report_extracted(struct unpack *u, const char *path, uint64_t size)
{
    struct fresh *const fresh = u->fresh;
    const size_t len = strlen(path);

    if (fresh == NULL || u->area != AREA_PACKAGE)
        return u->status;
    memcpy(fresh->text + fresh->len, path, len);
    fresh->paths[fresh->count++] = (struct vb_str){fresh->text + fresh->len, len};
    fresh->len += len;
    fresh->bytes += size;
    return fresh->bytes >= fresh_bytes || fresh->count == FRESH_MAX ||
                   fresh->len + UNPACK_PATH_MAX > FRESH_TEXT
               ? tell_fresh(u)
               : u->status;
}

static int report_unreported(struct unpack *u)
{
    struct vb_event event;

    if (u->unreported == 0 || u->depth > 0)
        return u->status;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "unpack");
    vb_event_str(&event, VB_F_WHAT, "archive");
    vb_event_str(&event, VB_F_REASON, "too many hostile or damaged entries to list");
    vb_event_int(&event, VB_F_COUNT, (int64_t)u->unreported);
    u->unreported = 0;
    return send_event(u, &event);
}

int report_end(struct unpack *u, struct vb_str where)
{
    int status = 0;

    if (u->stop != NULL && !u->stop_told) {
        u->stop_told = true;
        /* The end is told even if the cap on events was reached before. */
        u->reports = 0;
        status = report_entry(u, &(const struct hostile){.code = u->stop,
                                                         .path = where,
                                                         .detail = "the rest was not extracted",
                                                         .fate = FATE_CUT});
        if (status == 0)
            status = report_coverage(u, "archive", u->stop, where);
    }
    return status == 0 ? report_unreported(u) : status;
}

bool limits_in_time(struct unpack *u)
{
    if (u->stop == NULL && u->deadline_ns != 0 && vb_monotonic_ns() > u->deadline_ns)
        u->stop = "limit-time";
    return u->stop == NULL;
}

static bool is_bomb(const struct unpack *u, uint64_t out)
{
    /* Entries of a zip may overlap, so that its bytes are read many times over: they count once. */
    const uint64_t in = u->consumed < u->input_size ? u->consumed : u->input_size;
    uint64_t most;

    if (u->limits->ratio == 0 || out < u->limits->ratio_floor)
        return false;
    return !__builtin_mul_overflow(in, (uint64_t)u->limits->ratio, &most) && out > most;
}

bool limits_allow(struct unpack *u, uint64_t count)
{
    uint64_t total;

    if (u->stop != NULL)
        return false;
    if (__builtin_add_overflow(u->written, count, &total) || total > u->limits->bytes)
        u->stop = "limit-bytes";
    else if (is_bomb(u, total))
        u->stop = "bomb-ratio";
    else
        u->written = total;
    return u->stop == NULL && limits_in_time(u);
}

bool limits_allow_decoded(struct unpack *u, uint64_t count)
{
    if (__builtin_add_overflow(u->decoded, count, &u->decoded) || is_bomb(u, u->decoded))
        u->stop = u->stop != NULL ? u->stop : "bomb-ratio";
    return u->stop == NULL && limits_in_time(u);
}
