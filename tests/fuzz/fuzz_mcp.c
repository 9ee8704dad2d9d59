/* libs: vb_sandbox */
/* What an MCP server says: whatever comes, the client stays within its limits, tells well-formed
 * events, and comes to an end. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sandbox/detonate/mcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    (void)sink;
    if (vb_event_check(event, err) < 0)
        abort();
    return VB_OK;
}

static int keep(void *ctx, const void *text, size_t len, const char *hex, struct vb_error *err)
{
    (void)ctx;
    (void)text;
    (void)hex;
    (void)err;
    if (len > VB_MCP_TEXTS_MAX)
        abort();
    return VB_OK;
}

static void check(int status)
{
    if (status != VB_OK && status != VB_E_NOMEM)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vb_sink sink = {check_event};
    struct vb_error err = {0};
    struct vb_mcp *mcp = NULL;
    const struct vb_mcp_options options = {
        .client = "claude-code",
        .handshake = size > 0 && (data[0] & 1) != 0,
        .places = {.folder = "/home/alex/Downloads",
                   .file = "/home/alex/Downloads/a.csv",
                   .bait = "/home/alex/.netrc",
                   .plugin = "/home/alex/Downloads/p.py",
                   .database = "/home/alex/a.sqlite"},
        .calls_until_ms = 10000,
        .until_ms = 20000,
        .sink = &sink,
        .keep = keep,
    };
    if (vb_mcp_new(&options, &mcp, &err) < 0)
        return 0;
    check(vb_mcp_begin(mcp, 0, &err));
    for (size_t at = 0; at < size && !vb_mcp_over(mcp);) {
        const size_t part = size - at < 61 ? size - at : 61;
        check(vb_mcp_hear(mcp, data + at, part, at, &err));
        vb_buf_clear(vb_mcp_out(mcp));
        at += part;
    }
    check(vb_mcp_silence(mcp, size, &err));
    check(vb_mcp_hung_up(mcp, size, &err));
    if (!vb_mcp_over(mcp))
        abort();
    vb_mcp_free(mcp);
    return 0;
}
