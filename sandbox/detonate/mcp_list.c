/* mcp_list: what a server says that it has. Tools are told one by one, each time that they are
 * listed: whether one has changed is for the judge to see. */
#include <string.h>

#include "sandbox/detonate/mcp_internal.h"

enum {
    NAME_MAX_BYTES = 512,
    ABOUT_BYTES = 16384,
    SCHEMA_BYTES = 32768,
    LISTING_BYTES = 2 << 20, /* then tools are told in brief */
    BRIEF = 256
};

static const struct {
    const char *method, *key, *name_key, *details_key, *capability;
} lists[VB_MCP_LISTS] = {
    [VB_MCP_TOOLS] = {"tools/list", "tools", "name", "inputSchema", "tools"},
    [VB_MCP_RESOURCES] = {"resources/list", "resources", "uri", NULL, "resources"},
    [VB_MCP_TEMPLATES] = {"resources/templates/list", "resourceTemplates", "uriTemplate", NULL,
                          "resources"},
    [VB_MCP_PROMPTS] = {"prompts/list", "prompts", "name", "arguments", "prompts"},
};

static const char *const list_names[VB_MCP_LISTS] = {"tools", "resources", "templates", "prompts"};

void vb_mcp_items_clear(struct vb_mcp_items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        free(items->rows[i].name);
        json_decref(items->rows[i].details);
    }
    items->count = 0;
}

/* --- one tool --- */

static void free_text(char **text)
{
    free(*text);
}

/* The same for the same name, description and schema, in whatever order its keys stand. */
static int digest(const json_t *tool, char ret[VB_SHA256_HEX], struct vb_error *err)
{
    static const char *const keys[] = {"name", "description", "inputSchema"};
    VB_CLEANUP(vb_json_free) json_t *all = json_object();
    for (size_t i = 0; all != NULL && i < VB_ARRAY_LEN(keys); i++) {
        json_t *value = json_object_get(tool, keys[i]);
        if (value != NULL && json_object_set_nocheck(all, keys[i], value) < 0)
            return vb_mcp_no_memory(err);
    }
    VB_CLEANUP(free_text)
    char *text = all == NULL ? NULL : json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
    return text == NULL ? vb_mcp_no_memory(err) : vb_sha256_hex(text, strlen(text), ret, err);
}

static int tell_tool(struct vb_mcp *mcp, const json_t *tool, const char *name, struct vb_error *err)
{
    char hex[VB_SHA256_HEX];
    struct vb_event event;
    const json_t *schema = json_object_get(tool, "inputSchema");
    const char *about = json_string_value(json_object_get(tool, "description"));
    VB_CLEANUP(free_text)
    char *text = json_is_object(schema) ? json_dumps(schema, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    const int status = digest(tool, hex, err);
    if (status < 0)
        return status;
    /* Each listing is told alike, so that they can be compared. */
    const bool brief = mcp->list_bytes > LISTING_BYTES;
    const struct vb_str words = {about, about == NULL ? 0 : strlen(about)};
    const struct vb_str types = {text, text == NULL ? 0 : strlen(text)};
    vb_event_init(&event, VB_EV_MCP_TOOL, VB_SOURCE_TRUTH);
    (void)vb_mcp_set(&event, VB_F_NAME, (struct vb_str){name, strlen(name)}, NAME_MAX_BYTES);
    vb_event_int(&event, VB_F_NUMBER, mcp->listing);
    vb_event_str(&event, VB_F_SHA256, hex);
    const bool cut = vb_mcp_set(&event, VB_F_DESCRIPTION, words, brief ? BRIEF : ABOUT_BYTES);
    if (vb_mcp_set(&event, VB_F_TEXT, types, brief ? BRIEF : SCHEMA_BYTES) || cut)
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    mcp->list_bytes += words.len + types.len;
    return vb_mcp_emit(mcp, &event, err);
}

static int add_item(struct vb_mcp *mcp, const json_t *item, const char *name, struct vb_error *err)
{
    struct vb_mcp_items *items = &mcp->items[mcp->list];
    const char *key = lists[mcp->list].details_key;
    struct vb_mcp_item *row = &items->rows[items->count];
    if (mcp->listing > 1)
        return VB_OK;
    *row = (struct vb_mcp_item){.name = strdup(name)};
    if (row->name == NULL)
        return vb_mcp_no_memory(err);
    items->count++;
    json_t *details = key == NULL ? NULL : json_object_get(item, key);
    const size_t size = details == NULL ? 0 : json_dumpb(details, NULL, 0, JSON_COMPACT);
    /* As it stands in memory it may be a hundred times as large. */
    if (size > VB_MCP_SCHEMA_MAX || size > VB_MCP_SCHEMAS_MAX - mcp->schema_bytes)
        return vb_mcp_cut(mcp, VB_MCP_CUT_SCHEMA, 0, err);
    mcp->schema_bytes += size;
    row->details = json_incref(details);
    return VB_OK;
}

/* --- one listing --- */

static int tell_list(struct vb_mcp *mcp, const char *outcome, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_MCP_LIST, VB_SOURCE_TRUTH);
    vb_event_str(&event, VB_F_WHAT, list_names[mcp->list]);
    vb_event_int(&event, VB_F_NUMBER, mcp->listing);
    vb_event_int(&event, VB_F_COUNT, (int64_t)mcp->listed);
    vb_event_str(&event, VB_F_OUTCOME, outcome);
    return vb_mcp_emit(mcp, &event, err);
}

static void begin_list(struct vb_mcp *mcp)
{
    mcp->pages = mcp->listed = mcp->list_bytes = 0;
    mcp->list_cut = false;
    free(vb_steal(mcp->cursor));
}

void vb_mcp_list_begin(struct vb_mcp *mcp)
{
    mcp->list = VB_MCP_TOOLS;
    mcp->listing++;
    begin_list(mcp);
}

static bool is_asked(const struct vb_mcp *mcp)
{
    return mcp->list == VB_MCP_TOOLS || (mcp->offered & (1U << mcp->list)) != 0;
}

int vb_mcp_list_next(struct vb_mcp *mcp, struct vb_error *err)
{
    while (mcp->list < VB_MCP_LISTS && !is_asked(mcp))
        mcp->list++;
    if (mcp->list >= (mcp->listing > 1 ? VB_MCP_TOOLS + 1 : VB_MCP_LISTS))
        return 1;
    json_t *params =
        mcp->cursor == NULL ? json_object() : json_pack("{s:s}", "cursor", mcp->cursor);
    mcp->pages++;
    return vb_mcp_ask(mcp, lists[mcp->list].method, params, err);
}

static int end_list(struct vb_mcp *mcp, const char *outcome, struct vb_error *err)
{
    const int status = tell_list(mcp, outcome, err);
    mcp->list++;
    begin_list(mcp);
    return status;
}

static int take_items(struct vb_mcp *mcp, const json_t *items, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < json_array_size(items) && !mcp->list_cut; i++) {
        const json_t *item = json_array_get(items, i);
        const char *name = json_string_value(json_object_get(item, lists[mcp->list].name_key));
        if (name == NULL)
            continue;
        if (mcp->listed == VB_MCP_TOOLS_MAX) {
            mcp->list_cut = true;
            return vb_mcp_cut(mcp, VB_MCP_CUT_ITEMS, 0, err);
        }
        mcp->listed++;
        status = mcp->list == VB_MCP_TOOLS ? tell_tool(mcp, item, name, err) : VB_OK;
        if (status == VB_OK)
            status = add_item(mcp, item, name, err);
    }
    return status;
}

int vb_mcp_list_answer(struct vb_mcp *mcp, const json_t *result, struct vb_error *err)
{
    const json_t *items = json_object_get(result, lists[mcp->list].key);
    const char *cursor = json_string_value(json_object_get(result, "nextCursor"));
    free(vb_steal(mcp->cursor));
    if (!json_is_array(items))
        return end_list(mcp, "failed", err);
    int status = take_items(mcp, items, err);
    if (status == VB_OK)
        status = vb_mcp_gather(mcp, &mcp->declared, result, err);
    if (status == VB_OK && cursor != NULL && cursor[0] != '\0' && !mcp->list_cut) {
        mcp->list_cut = mcp->pages == VB_MCP_PAGES_MAX;
        if (!mcp->list_cut && (mcp->cursor = strdup(cursor)) == NULL)
            return vb_mcp_no_memory(err);
        if (mcp->list_cut)
            status = vb_mcp_cut(
                mcp, mcp->listed < 2 * VB_MCP_PAGES_MAX ? VB_MCP_CUT_CURSOR : VB_MCP_CUT_PAGES, 0,
                err);
    }
    if (status < 0 || mcp->cursor != NULL)
        return status;
    return end_list(mcp, mcp->list_cut ? "cut" : "whole", err);
}
