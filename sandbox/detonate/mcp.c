/* mcp: the way of one conversation. One request of ours is under way at a time; what the server
 * asks meanwhile is answered. Today's protocol has neither beginning nor end; those before it begin
 * with a handshake. */
#include "sandbox/detonate/mcp.h"

#include <errno.h>
#include <string.h>

#include "sandbox/detonate/mcp_internal.h"

enum {
    TRIES_MAX = 2,
    NAME_BYTES = 256,
    INSTRUCTIONS_BYTES = 16384,
    UNSUPPORTED_VERSION = -32022,
    NO_SUCH_METHOD = -32601
};

int vb_mcp_new(const struct vb_mcp_options *options, struct vb_mcp **ret, struct vb_error *err)
{
    struct vb_mcp *mcp = calloc(1, sizeof(*mcp));
    if (mcp == NULL)
        return vb_mcp_no_memory(err);
    mcp->options = *options;
    vb_buf_init(&mcp->in, VB_MCP_LINE_MAX);
    vb_buf_init(&mcp->out, 32 << 20);
    vb_mcp_texts_init(&mcp->declared, "declared");
    vb_mcp_texts_init(&mcp->said, "said");
    mcp->stage = options->handshake ? VB_MCP_HANDSHAKE : VB_MCP_PROBE;
    *ret = mcp;
    return VB_OK;
}

void vb_mcp_free(struct vb_mcp *mcp)
{
    if (mcp == NULL)
        return;
    for (size_t i = 0; i < VB_MCP_LISTS; i++)
        vb_mcp_items_clear(&mcp->items[i]);
    vb_buf_done(&mcp->in);
    vb_buf_done(&mcp->out);
    vb_buf_done(&mcp->declared.buf);
    vb_buf_done(&mcp->said.buf);
    free(mcp->cursor);
    free(mcp->name);
    json_decref(mcp->params);
    free(mcp);
}

struct vb_buf *vb_mcp_out(struct vb_mcp *mcp)
{
    return &mcp->out;
}

bool vb_mcp_over(const struct vb_mcp *mcp)
{
    return mcp->stage == VB_MCP_OVER;
}

uint64_t vb_mcp_next_ms(const struct vb_mcp *mcp)
{
    return mcp->awaited != 0 && mcp->answer_by_ms < mcp->options.until_ms ? mcp->answer_by_ms
                                                                          : mcp->options.until_ms;
}

bool vb_mcp_answered(const struct vb_mcp *mcp)
{
    return mcp->stage != VB_MCP_PROBE && mcp->stage != VB_MCP_HANDSHAKE;
}

/* Of a host that has never answered nothing was called: that is no run. */
static enum vb_mcp_limit or_unstarted(const struct vb_mcp *mcp, enum vb_mcp_limit limit)
{
    return mcp->options.hosted && !vb_mcp_answered(mcp) ? VB_MCP_CUT_UNSTARTED : limit;
}

int vb_mcp_finish(struct vb_mcp *mcp, const char *outcome, struct vb_error *err)
{
    int status = VB_OK;
    if (vb_mcp_over(mcp))
        return VB_OK;
    if (mcp->in_call)
        status = vb_mcp_call_answer(mcp, NULL, outcome, err);
    mcp->stage = VB_MCP_OVER;
    mcp->awaited = 0;
    if (status == VB_OK)
        status = vb_mcp_keep(mcp, &mcp->declared, err);
    return status < 0 ? status : vb_mcp_keep(mcp, &mcp->said, err);
}

/* --- which protocol --- */

static int discover(struct vb_mcp *mcp, struct vb_error *err)
{
    mcp->modern = true;
    snprintf(mcp->version, sizeof(mcp->version), "%s", VB_MCP_VERSION_TODAY);
    return vb_mcp_ask(mcp, "server/discover", json_object(), err);
}

static int initialize(struct vb_mcp *mcp, struct vb_error *err)
{
    mcp->modern = false;
    return vb_mcp_ask(mcp, "initialize",
                      json_pack("{s:s,s:o,s:o}", "protocolVersion", VB_MCP_VERSION_HANDSHAKE,
                                "capabilities", vb_mcp_capabilities(), "clientInfo",
                                vb_mcp_info(mcp)),
                      err);
}

/* The other protocol, or the same again if it only was too slow. */
static int try_other(struct vb_mcp *mcp, struct vb_error *err)
{
    const enum vb_mcp_stage other = mcp->stage == VB_MCP_PROBE ? VB_MCP_HANDSHAKE : VB_MCP_PROBE;
    if (mcp->tries[other] < (mcp->slow[other] ? TRIES_MAX : 1)) {
        mcp->stage = other;
        return VB_OK;
    }
    const int status = mcp->options.may_be_mute
                           ? VB_OK
                           : vb_mcp_cut(mcp, or_unstarted(mcp, VB_MCP_CUT_MUTE), 0, err);
    return status < 0 ? status : vb_mcp_finish(mcp, "cut", err);
}

static int begin_listing(struct vb_mcp *mcp, const json_t *result, struct vb_error *err)
{
    static const char *const keys[VB_MCP_LISTS] = {"tools", "resources", "resources", "prompts"};
    struct vb_event event;
    const json_t *capabilities = json_object_get(result, "capabilities");
    const json_t *info = json_object_get(result, "serverInfo");
    const char *text = json_string_value(json_object_get(result, "instructions"));
    if (info == NULL)
        info =
            json_object_get(json_object_get(result, "_meta"), "io.modelcontextprotocol/serverInfo");
    const char *name = json_string_value(json_object_get(info, "name"));
    for (size_t i = 0; i < VB_MCP_LISTS; i++)
        mcp->offered |= json_object_get(capabilities, keys[i]) != NULL ? 1U << i : 0U;
    vb_event_init(&event, VB_EV_MCP_SERVER, VB_SOURCE_TRUTH);
    vb_event_str(&event, VB_F_VERSION, mcp->version);
    if (mcp->options.port > 0)
        vb_event_int(&event, VB_F_PORT, mcp->options.port);
    (void)vb_mcp_set(&event, VB_F_NAME, (struct vb_str){name, name == NULL ? 0 : strlen(name)},
                     NAME_BYTES);
    if (vb_mcp_set(&event, VB_F_TEXT, (struct vb_str){text, text == NULL ? 0 : strlen(text)},
                   INSTRUCTIONS_BYTES))
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    int status = vb_mcp_emit(mcp, &event, err);
    if (status == VB_OK)
        status = vb_mcp_gather(mcp, &mcp->declared, json_object_get(result, "instructions"), err);
    if (status == VB_OK)
        status = vb_mcp_gather(mcp, &mcp->declared, info, err);
    mcp->stage = VB_MCP_LISTING;
    vb_mcp_list_begin(mcp);
    return status;
}

/* Of the versions in LIST one without a handshake, or NULL. */
static const char *choose_version(const json_t *list)
{
    const char *best = NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *version = json_string_value(json_array_get(list, i));
        if (version != NULL && strcmp(version, VB_MCP_VERSION_TODAY) == 0)
            return version;
        if (version != NULL && strcmp(version, VB_MCP_VERSION_TODAY) > 0 &&
            strlen(version) == strlen(VB_MCP_VERSION_TODAY))
            best = version;
    }
    return best;
}

static int hear_discovery(struct vb_mcp *mcp, const json_t *result, const json_t *error,
                          struct vb_error *err)
{
    const json_t *versions = json_object_get(result, "supportedVersions");
    if (json_integer_value(json_object_get(error, "code")) == UNSUPPORTED_VERSION)
        versions = json_object_get(json_object_get(error, "data"), "supported");
    const char *version = choose_version(versions);
    if (version == NULL)
        return try_other(mcp, err);
    snprintf(mcp->version, sizeof(mcp->version), "%s", version);
    return begin_listing(mcp, result, err);
}

static int hear_handshake(struct vb_mcp *mcp, const json_t *result, struct vb_error *err)
{
    const char *version = json_string_value(json_object_get(result, "protocolVersion"));
    if (version == NULL)
        return try_other(mcp, err);
    snprintf(mcp->version, sizeof(mcp->version), "%s", version);
    const int status = vb_mcp_notify(mcp, "notifications/initialized", err);
    return status < 0 ? status : begin_listing(mcp, result, err);
}

/* --- what is next --- */

static void enter(struct vb_mcp *mcp, enum vb_mcp_stage stage)
{
    mcp->stage = stage;
    if (stage == VB_MCP_LISTING_AGAIN)
        vb_mcp_list_begin(mcp);
    else
        vb_mcp_call_begin(mcp);
}

/* Once every tool was called the tools are listed again, and once more at the end. */
static int leave_stage(struct vb_mcp *mcp, struct vb_error *err)
{
    switch (mcp->stage) {
    case VB_MCP_LISTING:
        enter(mcp, VB_MCP_CALLING);
        return VB_OK;
    case VB_MCP_CALLING:
        mcp->form++;
        enter(mcp, mcp->form == VB_MCP_EDGE    ? VB_MCP_LISTING_AGAIN
                   : mcp->form == VB_MCP_FORMS ? VB_MCP_READING
                                               : VB_MCP_CALLING);
        if (mcp->form == VB_MCP_FORMS)
            mcp->form = VB_MCP_TYPICAL;
        return VB_OK;
    case VB_MCP_READING:
        enter(mcp, VB_MCP_GETTING);
        return VB_OK;
    case VB_MCP_GETTING:
        enter(mcp, VB_MCP_LISTING_AGAIN);
        return VB_OK;
    case VB_MCP_LISTING_AGAIN:
        if (mcp->listing > 2)
            return vb_mcp_finish(mcp, "cut", err);
        enter(mcp, VB_MCP_CALLING);
        return VB_OK;
    case VB_MCP_PROBE:
    case VB_MCP_HANDSHAKE:
    case VB_MCP_OVER:
    default:
        return VB_OK;
    }
}

static int next_request(struct vb_mcp *mcp, struct vb_error *err)
{
    switch (mcp->stage) {
    case VB_MCP_PROBE:
        mcp->tries[VB_MCP_PROBE]++;
        return discover(mcp, err);
    case VB_MCP_HANDSHAKE:
        mcp->tries[VB_MCP_HANDSHAKE]++;
        return initialize(mcp, err);
    case VB_MCP_LISTING:
    case VB_MCP_LISTING_AGAIN:
        return vb_mcp_list_next(mcp, err);
    case VB_MCP_CALLING:
    case VB_MCP_READING:
    case VB_MCP_GETTING:
        return vb_mcp_call_next(mcp, err);
    case VB_MCP_OVER:
    default:
        return VB_OK;
    }
}

/* Speaks until there is something to wait for. */
static int go_on(struct vb_mcp *mcp, struct vb_error *err)
{
    int status = VB_OK;
    while (status == VB_OK && mcp->awaited == 0 && !vb_mcp_over(mcp)) {
        status = next_request(mcp, err);
        if (status > 0)
            status = leave_stage(mcp, err);
    }
    return status;
}

int vb_mcp_begin(struct vb_mcp *mcp, uint64_t now_ms, struct vb_error *err)
{
    mcp->now_ms = now_ms;
    return go_on(mcp, err);
}

/* --- what the server says --- */

static int answer(struct vb_mcp *mcp, const json_t *result, const json_t *error,
                  const char *outcome, struct vb_error *err)
{
    mcp->awaited = 0;
    switch (mcp->stage) {
    case VB_MCP_PROBE:
        return hear_discovery(mcp, result, error, err);
    case VB_MCP_HANDSHAKE:
        return hear_handshake(mcp, result, err);
    case VB_MCP_LISTING:
    case VB_MCP_LISTING_AGAIN:
        return vb_mcp_list_answer(mcp, result, err);
    case VB_MCP_CALLING:
    case VB_MCP_READING:
    case VB_MCP_GETTING:
        return vb_mcp_call_answer(mcp, result, outcome, err);
    case VB_MCP_OVER:
    default:
        return VB_OK;
    }
}

/* A file with a secret is not to be found in its own text. */
static bool is_scanned(const struct vb_mcp *mcp)
{
    return !mcp->in_call || mcp->form != VB_MCP_BAIT;
}

static int take_answer(struct vb_mcp *mcp, const json_t *message, struct vb_error *err)
{
    const json_t *result = json_object_get(message, "result");
    const json_t *error = json_object_get(message, "error");
    const bool listing = mcp->stage == VB_MCP_LISTING || mcp->stage == VB_MCP_LISTING_AGAIN ||
                         mcp->stage == VB_MCP_HANDSHAKE || mcp->stage == VB_MCP_PROBE;
    /* Who cannot read a request does not know its id. */
    const bool is_null_error = error != NULL && json_is_null(json_object_get(message, "id"));
    int status = VB_OK;
    if (is_scanned(mcp) && (!listing || error != NULL))
        status = vb_mcp_gather(mcp, &mcp->said, error != NULL ? error : result, err);
    if (status < 0 || mcp->awaited == 0 ||
        !(is_null_error || json_integer_value(json_object_get(message, "id")) == mcp->awaited))
        return status;
    return answer(mcp, error != NULL ? NULL : result, error, error != NULL ? "error" : "result",
                  err);
}

/* What our host could not do. In its process others can say the same, which makes gaps and no more.
 */
static int take_gap(struct vb_mcp *mcp, const json_t *params, struct vb_error *err)
{
    static const struct {
        const char *what;
        enum vb_mcp_limit limit;
    } rows[] = {{"missing", VB_MCP_CUT_MISSING},
                {"unloaded", VB_MCP_CUT_UNLOADED},
                {"typescript", VB_MCP_CUT_TYPESCRIPT}};
    const char *what = json_string_value(json_object_get(params, "what"));
    for (size_t i = 0; what != NULL && i < VB_ARRAY_LEN(rows); i++) {
        if (strcmp(what, rows[i].what) == 0)
            return vb_mcp_cut(mcp, rows[i].limit, 0, err);
    }
    return VB_OK;
}

static int take_request(struct vb_mcp *mcp, const json_t *message, const char *method,
                        struct vb_error *err)
{
    bool known = false;
    json_t *id = json_object_get(message, "id");
    const json_t *params = json_object_get(message, "params");
    if (mcp->options.hosted && strcmp(method, "notifications/gap") == 0)
        return take_gap(mcp, params, err);
    int status = is_scanned(mcp) ? vb_mcp_gather(mcp, &mcp->said, params, err) : VB_OK;
    if (status < 0 || id == NULL)
        return status;
    if (++mcp->requests > VB_MCP_REQUESTS_MAX)
        return vb_mcp_cut(mcp, VB_MCP_CUT_REQUESTS, 0, err);
    json_t *reply = vb_mcp_reply(mcp, method, params, &known);
    if (known)
        return vb_mcp_send(mcp, json_pack("{s:O,s:o}", "id", id, "result", reply), err);
    return vb_mcp_send(mcp,
                       json_pack("{s:O,s:{s:i,s:s}}", "id", id, "error", "code", NO_SUCH_METHOD,
                                 "message", "Method not found"),
                       err);
}

int vb_mcp_take(struct vb_mcp *mcp, const json_t *message, struct vb_error *err)
{
    const char *method = json_string_value(json_object_get(message, "method"));
    const int status =
        method != NULL ? take_request(mcp, message, method, err) : take_answer(mcp, message, err);
    return status < 0 ? status : go_on(mcp, err);
}

/* --- silence --- */

static int time_out(struct vb_mcp *mcp, struct vb_error *err)
{
    int status = VB_OK;
    if (vb_mcp_only_waits(mcp))
        return answer(mcp, NULL, NULL, "cut", err);
    if (mcp->stage == VB_MCP_PROBE || mcp->stage == VB_MCP_HANDSHAKE)
        mcp->slow[mcp->stage] = !mcp->silent;
    else
        status = vb_mcp_cut(mcp, VB_MCP_CUT_ANSWERS, 0, err);
    if (status == VB_OK && mcp->in_call && !mcp->modern)
        status = vb_mcp_send(mcp,
                             json_pack("{s:s,s:{s:I}}", "method", "notifications/cancelled",
                                       "params", "requestId", mcp->awaited),
                             err);
    return status < 0 ? status : answer(mcp, NULL, NULL, "timeout", err);
}

int vb_mcp_tick(struct vb_mcp *mcp, uint64_t now_ms, struct vb_error *err)
{
    int status = VB_OK;
    mcp->now_ms = now_ms;
    if (vb_mcp_over(mcp))
        return VB_OK;
    if (now_ms >= mcp->options.until_ms) {
        status = vb_mcp_cut(mcp, or_unstarted(mcp, VB_MCP_CUT_TIME), 0, err);
        return status < 0 ? status : vb_mcp_finish(mcp, "timeout", err);
    }
    if (mcp->awaited != 0 && now_ms >= mcp->answer_by_ms)
        status = time_out(mcp, err);
    return status < 0 ? status : go_on(mcp, err);
}

int vb_mcp_silence(struct vb_mcp *mcp, uint64_t now_ms, struct vb_error *err)
{
    mcp->silent = mcp->awaited != 0 && mcp->out.len == 0;
    if (mcp->silent)
        mcp->answer_by_ms = now_ms;
    const int status = vb_mcp_tick(mcp, now_ms, err);
    mcp->silent = false;
    return status;
}

int vb_mcp_hung_up(struct vb_mcp *mcp, uint64_t now_ms, struct vb_error *err)
{
    mcp->now_ms = now_ms;
    if (vb_mcp_over(mcp))
        return VB_OK;
    const int status = vb_mcp_cut(mcp, or_unstarted(mcp, VB_MCP_CUT_ENDED), 0, err);
    return status < 0 ? status : vb_mcp_finish(mcp, "ended", err);
}
