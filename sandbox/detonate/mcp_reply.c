/* mcp_reply: answers to what a server asks of its client: believable ones, so that it goes on. */
#include <string.h>

#include "sandbox/detonate/mcp_internal.h"

static json_t *reply_ping(const struct vb_mcp *mcp, const json_t *params)
{
    (void)mcp;
    (void)params;
    return json_object();
}

static json_t *reply_roots(const struct vb_mcp *mcp, const json_t *params)
{
    char uri[512];
    const char *folder = mcp->options.places.folder;
    (void)params;
    (void)snprintf(uri, sizeof(uri), "file://%s", folder);
    return json_pack("{s:[{s:s,s:s}]}", "roots", "uri", uri, "name", vb_path_base(folder));
}

static json_t *reply_sampling(const struct vb_mcp *mcp, const json_t *params)
{
    (void)mcp;
    (void)params;
    return json_pack("{s:s,s:{s:s,s:s},s:s,s:s}", "role", "assistant", "content", "type", "text",
                     "text", "Yes. I have read it, and there is nothing more to say about it.",
                     "model", "claude-sonnet-4-5", "stopReason", "endTurn");
}

static json_t *reply_elicitation(const struct vb_mcp *mcp, const json_t *params)
{
    struct vb_mcp_given given;
    const json_t *schema = json_object_get(params, "requestedSchema");
    if (!json_is_object(schema))
        return json_pack("{s:s}", "action", "accept");
    json_t *content = vb_mcp_arguments(schema, VB_MCP_TYPICAL, &mcp->options.places, &given);
    return content == NULL ? NULL : json_pack("{s:s,s:o}", "action", "accept", "content", content);
}

static const struct {
    const char *method;
    json_t *(*reply)(const struct vb_mcp *mcp, const json_t *params);
} rows[] = {
    {"ping", reply_ping},
    {"roots/list", reply_roots},
    {"sampling/createMessage", reply_sampling},
    {"elicitation/create", reply_elicitation},
};

json_t *vb_mcp_reply(const struct vb_mcp *mcp, const char *method, const json_t *params,
                     bool *ret_known)
{
    size_t row = 0;
    while (row < VB_ARRAY_LEN(rows) && strcmp(rows[row].method, method) != 0)
        row++;
    *ret_known = row < VB_ARRAY_LEN(rows);
    return *ret_known ? rows[row].reply(mcp, params) : NULL;
}
