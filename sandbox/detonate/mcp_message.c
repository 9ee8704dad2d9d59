/* mcp_message: lines of a server that are JSON-RPC 2.0 messages, or are not; and ours. Trust
 * boundary: every byte is the subject's. A line is parsed once it is whole, by core's strict
 * parser. */
#include <errno.h>
#include <string.h>

#include "sandbox/detonate/mcp_internal.h"

enum {
    MESSAGE_TEXT = 8192,
    SHORT_TEXT = 256,
    TOLD_MAX = 4 << 20, /* bytes of messages; from then on they are told in short */
    OUT_MAX = 16 << 20
};

int vb_mcp_no_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, ENOMEM, "talking with an MCP server");
}

/* --- telling --- */

/* What was cut, and why, in the words of a coverage event. UNREAD is what a model would have read.
 */
static const struct {
    const char *what, *reason;
    bool unread;
} cuts[VB_MCP_CUTS] = {
    [VB_MCP_CUT_LINE] = {"a message of the MCP server", "longer than 4 MiB", true},
    [VB_MCP_CUT_BYTES] = {"the rest of what the MCP server says", "more than 64 MiB", true},
    [VB_MCP_CUT_ENDLESS] = {"the rest of what the MCP server says", VB_FLOOD_LINE, true},
    [VB_MCP_CUT_MESSAGES] = {"the rest of what the MCP server says", "more than 4000 messages",
                             true},
    [VB_MCP_CUT_INVALID] = {"the rest of what the MCP server says",
                            "more than 200 lines that are no messages", true},
    [VB_MCP_CUT_NOT_JSON] = {"a line of the MCP server",
                             "not a message: no JSON, or nested too deeply"},
    [VB_MCP_CUT_PAGES] = {"the rest of a listing of the MCP server", "more than 20 pages", true},
    [VB_MCP_CUT_CURSOR] = {"the rest of a listing of the MCP server", VB_FLOOD_LISTING, true},
    [VB_MCP_CUT_ITEMS] = {"the rest of a listing of the MCP server", "more than 256 of a sort",
                          true},
    [VB_MCP_CUT_SCHEMA] = {"parameters of the MCP server's tools",
                           "longer than 128 KiB, or 2 MiB of all: called without arguments"},
    [VB_MCP_CUT_REQUESTS] = {"requests of the MCP server", "more than 200 are not answered"},
    [VB_MCP_CUT_ROUNDS] = {"a call of the MCP server", "it asks for more in more than 5 rounds"},
    [VB_MCP_CUT_TEXTS] = {"texts of the MCP server", "too many bytes to keep and scan", true},
    [VB_MCP_CUT_ANSWERS] = {"calls of the MCP server", "it did not answer in time"},
    [VB_MCP_CUT_TIME] = {"calls of the MCP server", "no time is left for them"},
    [VB_MCP_CUT_ENDED] = {"the rest of the MCP server", "it ended before everything was tried"},
    [VB_MCP_CUT_MUTE] = {"the MCP server", "it speaks no protocol of MCP that we know"},
    [VB_MCP_CUT_MISSING] = {"modules that the code imports", "not installed: a stand-in answered"},
    [VB_MCP_CUT_UNLOADED] = {"code that a host loads", "it failed while it was loaded"},
    [VB_MCP_CUT_TYPESCRIPT] = {"code that a host loads",
                               "cannot be executed: this node takes no TypeScript"},
    [VB_MCP_CUT_UNSTARTED] = {"code that a host loads",
                              "cannot be executed: its host ended, or did not answer"},
};

int vb_mcp_emit(struct vb_mcp *mcp, struct vb_event *event, struct vb_error *err)
{
    return vb_emit(mcp->options.sink, event, err);
}

int vb_mcp_cut(struct vb_mcp *mcp, enum vb_mcp_limit limit, uint64_t count, struct vb_error *err)
{
    struct vb_event event;
    if ((mcp->told & (1U << limit)) != 0)
        return VB_OK;
    mcp->told |= 1U << limit;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, cuts[limit].unread ? "mcp" : "detonate");
    vb_event_str(&event, VB_F_WHAT, cuts[limit].what);
    vb_event_str(&event, VB_F_REASON, cuts[limit].reason);
    if (count > 0)
        vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    return vb_mcp_emit(mcp, &event, err);
}

bool vb_mcp_set(struct vb_event *event, enum vb_field field, struct vb_str text, size_t most)
{
    size_t len = text.len < most ? text.len : most;
    while (len < text.len && len > 0 && ((unsigned char)text.text[len] & 0xc0) == 0x80)
        len--;
    if (text.text != NULL)
        vb_event_strn(event, field, text.text, len);
    return len < text.len;
}

static struct vb_str str_of(const char *text)
{
    return (struct vb_str){text, text == NULL ? 0 : strlen(text)};
}

static int tell(struct vb_mcp *mcp, bool ours, const char *form, const char *method,
                struct vb_str text, struct vb_error *err)
{
    const size_t most = mcp->told_bytes < TOLD_MAX ? MESSAGE_TEXT : SHORT_TEXT;
    struct vb_event event;
    vb_event_init(&event, VB_EV_MCP_MESSAGE, ours ? VB_SOURCE_TOOL : VB_SOURCE_TRUTH);
    vb_event_str(&event, VB_F_SENDER, ours ? "client" : "server");
    vb_event_str(&event, VB_F_FORM, form);
    vb_event_int(&event, VB_F_SIZE, (int64_t)text.len);
    const bool cut = vb_mcp_set(&event, VB_F_TEXT, text, most);
    mcp->told_bytes += text.len < most ? text.len : most;
    (void)vb_mcp_set(&event, VB_F_METHOD, str_of(method), SHORT_TEXT);
    if (cut)
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    return vb_mcp_emit(mcp, &event, err);
}

/* --- ours --- */

static void free_text(char **text)
{
    free(*text);
}

static const char *form_of(const json_t *message)
{
    if (json_is_string(json_object_get(message, "method")))
        return json_object_get(message, "id") != NULL ? "request" : "notification";
    return json_object_get(message, "error") != NULL    ? "error"
           : json_object_get(message, "result") != NULL ? "result"
                                                        : "invalid";
}

int vb_mcp_send(struct vb_mcp *mcp, json_t *message, struct vb_error *err)
{
    VB_CLEANUP(vb_json_free) json_t *body = message;
    VB_CLEANUP(vb_json_free) json_t *owned = json_pack("{s:s}", "jsonrpc", "2.0");
    VB_CLEANUP(free_text)
    char *text = body == NULL || owned == NULL || json_object_update(owned, body) < 0
                     ? NULL
                     : json_dumps(owned, JSON_COMPACT);
    if (text == NULL)
        return vb_mcp_no_memory(err);
    const size_t len = strlen(text);
    /* Who reads nothing is not sent more. */
    if (len + 1 > OUT_MAX - mcp->out.len)
        return VB_OK;
    int status =
        tell(mcp, true, form_of(owned), json_string_value(json_object_get(owned, "method")),
             (struct vb_str){text, len}, err);
    if (status == VB_OK)
        status = vb_buf_append(&mcp->out, text, len, err);
    return status < 0 ? status : vb_buf_append_str(&mcp->out, "\n", err);
}

json_t *vb_mcp_capabilities(void)
{
    return json_pack("{s:{s:b},s:{},s:{}}", "roots", "listChanged", 1, "sampling", "elicitation");
}

json_t *vb_mcp_info(const struct vb_mcp *mcp)
{
    return json_pack("{s:s,s:s}", "name", mcp->options.client, "version", "2.1.4");
}

/* What each request of today's protocol carries. */
static json_t *meta(const struct vb_mcp *mcp)
{
    return json_pack("{s:s,s:o,s:o}", "io.modelcontextprotocol/protocolVersion", mcp->version,
                     "io.modelcontextprotocol/clientCapabilities", vb_mcp_capabilities(),
                     "io.modelcontextprotocol/clientInfo", vb_mcp_info(mcp));
}

bool vb_mcp_only_waits(const struct vb_mcp *mcp)
{
    return mcp->options.hosted && mcp->name != NULL && strcmp(mcp->name, "host:wait") == 0;
}

static unsigned patience_ms(const struct vb_mcp *mcp)
{
    if (vb_mcp_only_waits(mcp))
        return VB_MCP_WAIT_MS;
    return mcp->stage == VB_MCP_PROBE ? VB_MCP_PROBE_MS : VB_MCP_ANSWER_MS;
}

int vb_mcp_ask(struct vb_mcp *mcp, const char *method, json_t *params, struct vb_error *err)
{
    VB_CLEANUP(vb_json_free) json_t *owned = params == NULL ? json_object() : params;
    if (owned == NULL ||
        (mcp->modern && json_object_set_new_nocheck(owned, "_meta", meta(mcp)) < 0))
        return vb_mcp_no_memory(err);
    mcp->awaited = ++mcp->last_id;
    mcp->sent_ms = mcp->now_ms;
    mcp->answer_by_ms = mcp->now_ms + patience_ms(mcp);
    return vb_mcp_send(
        mcp, json_pack("{s:I,s:s,s:O}", "id", mcp->awaited, "method", method, "params", owned),
        err);
}

int vb_mcp_notify(struct vb_mcp *mcp, const char *method, struct vb_error *err)
{
    return vb_mcp_send(mcp, json_pack("{s:s}", "method", method), err);
}

/* --- the server's --- */

static int stop(struct vb_mcp *mcp, enum vb_mcp_limit limit, struct vb_error *err)
{
    const int status = vb_mcp_cut(mcp, limit, 0, err);
    return status < 0 ? status : vb_mcp_finish(mcp, "cut", err);
}

static int take_invalid(struct vb_mcp *mcp, struct vb_str line, struct vb_error *err)
{
    int status = tell(mcp, false, "invalid", NULL, line, err);
    if (status == VB_OK)
        status = vb_mcp_cut(mcp, VB_MCP_CUT_NOT_JSON, 0, err);
    if (status == VB_OK && ++mcp->invalid > VB_MCP_INVALID_MAX)
        status = stop(mcp, VB_MCP_CUT_INVALID, err);
    return status;
}

static int take_one(struct vb_mcp *mcp, const json_t *message, struct vb_str line,
                    struct vb_error *err)
{
    const char *form = form_of(message);
    if (++mcp->messages > VB_MCP_MESSAGES_MAX)
        return stop(mcp, VB_MCP_CUT_MESSAGES, err);
    if (strcmp(form, "invalid") == 0)
        return take_invalid(mcp, line, err);
    const int status =
        tell(mcp, false, form, json_string_value(json_object_get(message, "method")), line, err);
    return status < 0 ? status : vb_mcp_take(mcp, message, err);
}

/* The protocol of 2025-03-26 has batches. */
static int take_line(struct vb_mcp *mcp, const char *text, size_t len, struct vb_error *err)
{
    VB_CLEANUP(vb_json_free) json_t *message = NULL;
    struct vb_error broken = {0};
    struct vb_str line = {text, len};
    if (len > 0 && text[len - 1] == '\r')
        line.len--;
    if (line.len == 0)
        return VB_OK;
    const int parsed = vb_json_parse(line.text, line.len, VB_MCP_LINE_MAX, &message, &broken);
    if (parsed == VB_E_NOMEM)
        return vb_mcp_no_memory(err);
    if (parsed < 0)
        return take_invalid(mcp, line, err);
    if (!json_is_array(message))
        return take_one(mcp, message, line, err);
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < json_array_size(message) && !vb_mcp_over(mcp); i++)
        status = take_one(mcp, json_array_get(message, i), line, err);
    return status;
}

/* Puts what has no end yet behind what came before. */
static int keep_beginning(struct vb_mcp *mcp, const char *text, size_t len, struct vb_error *err)
{
    if (mcp->skipping)
        mcp->skipped += len;
    if (mcp->skipping || len == 0)
        return VB_OK;
    if (len <= mcp->in.max - mcp->in.len)
        return vb_buf_append(&mcp->in, text, len, err);
    mcp->skipping = true;
    mcp->skipped = mcp->in.len + len;
    vb_buf_clear(&mcp->in);
    return vb_mcp_cut(mcp, VB_MCP_CUT_LINE, 0, err);
}

static int end_line(struct vb_mcp *mcp, const char *text, size_t len, struct vb_error *err)
{
    int status = VB_OK;
    if (!mcp->skipping && mcp->in.len == 0 && len <= VB_MCP_LINE_MAX)
        return take_line(mcp, text, len, err);
    status = keep_beginning(mcp, text, len, err);
    if (status == VB_OK && !mcp->skipping)
        status = take_line(mcp, (const char *)mcp->in.data, mcp->in.len, err);
    mcp->skipping = false;
    vb_buf_clear(&mcp->in);
    return status;
}

int vb_mcp_hear(struct vb_mcp *mcp, const void *data, size_t len, uint64_t now_ms,
                struct vb_error *err)
{
    const char *at = data;
    int status = VB_OK;
    mcp->now_ms = now_ms;
    mcp->bytes += len;
    while (status == VB_OK && len > 0 && !vb_mcp_over(mcp)) {
        const char *end = memchr(at, '\n', len);
        const size_t part = end == NULL ? len : (size_t)(end - at);
        status = end == NULL ? keep_beginning(mcp, at, part, err) : end_line(mcp, at, part, err);
        at += part + (end != NULL);
        len -= part + (end != NULL);
    }
    if (status == VB_OK && mcp->bytes > VB_MCP_BYTES_MAX && !vb_mcp_over(mcp))
        status = stop(mcp,
                      mcp->skipping && mcp->skipped > VB_MCP_BYTES_MAX / 2 ? VB_MCP_CUT_ENDLESS
                                                                           : VB_MCP_CUT_BYTES,
                      err);
    return status;
}
