/* mcp_text: what a model would read of a server, kept as a file to be scanned like any other. Texts
 * come once; what is no text (pictures, other bytes) does not come. */
#include <stdlib.h>
#include <string.h>

#include "sandbox/detonate/mcp_internal.h"

enum { SHORTEST = 12, SEEN_MAX = 6000, LEVELS_MAX = VB_JSON_MAX_DEPTH };

void vb_mcp_texts_init(struct vb_mcp_texts *texts, const char *what)
{
    texts->what = what;
    vb_buf_init(&texts->buf, VB_MCP_TEXTS_MAX);
}

/* Returns 1 if TEXT did not come before. */
static int see(struct vb_mcp_texts *texts, const char *text, size_t len, struct vb_error *err)
{
    char hex[VB_SHA256_HEX];
    const int status = vb_sha256_hex(text, len, hex, err);
    if (status < 0)
        return status;
    hex[sizeof(texts->seen[0]) * 2] = '\0';
    const uint64_t digest = strtoull(hex, NULL, 16) | 1;
    size_t slot = digest % VB_ARRAY_LEN(texts->seen);
    while (texts->seen[slot] != 0 && texts->seen[slot] != digest)
        slot = (slot + 1) % VB_ARRAY_LEN(texts->seen);
    const bool fresh = texts->seen[slot] != digest;
    if (fresh && texts->seen_count < SEEN_MAX) {
        texts->seen[slot] = digest;
        texts->seen_count++;
    }
    return fresh;
}

static int add(struct vb_mcp_texts *texts, const char *text, size_t len, struct vb_error *err)
{
    int status = len < SHORTEST ? 0 : see(texts, text, len, err);
    if (status <= 0)
        return status;
    if (len + 2 > texts->buf.max - texts->buf.len) {
        texts->cut = true;
        return VB_OK;
    }
    status = vb_buf_append(&texts->buf, text, len, err);
    return status < 0 ? status : vb_buf_append_str(&texts->buf, "\n\n", err);
}

static bool is_bytes(const char *key)
{
    return key != NULL && (strcmp(key, "data") == 0 || strcmp(key, "blob") == 0);
}

static int gather(struct vb_mcp_texts *texts, const char *key, const json_t *value, unsigned level,
                  struct vb_error *err)
{
    const char *name;
    json_t *item;
    int status = VB_OK;
    if (level == LEVELS_MAX)
        return VB_OK;
    if (json_is_string(value) && !is_bytes(key))
        return add(texts, json_string_value(value), json_string_length(value), err);
    for (size_t i = 0; status == VB_OK && i < json_array_size(value); i++)
        status = gather(texts, key, json_array_get(value, i), level + 1, err);
    if (status < 0 || !json_is_object(value))
        return status;
    json_object_foreach((json_t *)value, name, item)
    {
        status = add(texts, name, strlen(name), err);
        if (status == VB_OK)
            status = gather(texts, name, item, level + 1, err);
        if (status < 0)
            break;
    }
    return status;
}

int vb_mcp_gather(struct vb_mcp *mcp, struct vb_mcp_texts *texts, const json_t *value,
                  struct vb_error *err)
{
    const int status = gather(texts, NULL, value, 0, err);
    return status < 0 || !texts->cut ? status : vb_mcp_cut(mcp, VB_MCP_CUT_TEXTS, 0, err);
}

int vb_mcp_keep(struct vb_mcp *mcp, struct vb_mcp_texts *texts, struct vb_error *err)
{
    char hex[VB_SHA256_HEX];
    struct vb_event event;
    if (texts->buf.len == 0 || mcp->options.keep == NULL)
        return VB_OK;
    int status = vb_sha256_hex(texts->buf.data, texts->buf.len, hex, err);
    if (status == VB_OK)
        status = mcp->options.keep(mcp->options.ctx, texts->buf.data, texts->buf.len, hex, err);
    if (status > 0)
        return vb_mcp_cut(mcp, VB_MCP_CUT_TEXTS, 0, err);
    if (status < 0)
        return status;
    vb_event_init(&event, VB_EV_MCP_TEXT, VB_SOURCE_TRUTH);
    vb_event_str(&event, VB_F_WHAT, texts->what);
    vb_event_str(&event, VB_F_SHA256, hex);
    vb_event_int(&event, VB_F_SIZE, (int64_t)texts->buf.len);
    if (texts->cut)
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    vb_buf_done(&texts->buf);
    return vb_mcp_emit(mcp, &event, err);
}
