/* libs: vb_sandbox */
/* What a server answers over HTTP: in whatever pieces it comes, only whole lines come out, what is
 * sent has the form of a request, and it ends. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/detonate/mcp_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int status)
{
    if (status != VB_OK && status != VB_E_NOMEM)
        abort();
}

/* A head has no control character but the ends of its lines, whatever the server named. */
static void check_request(struct vb_buf *out)
{
    const char *body = out->len == 0 ? NULL : memmem(out->data, out->len, "\r\n\r\n", 4);
    for (const char *at = (const char *)out->data; body != NULL && at < body; at++) {
        if ((unsigned char)*at < 0x20 && *at != '\r' && *at != '\n')
            abort();
    }
    vb_buf_clear(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vb_error err = {0};
    struct vb_mcp_http *http = NULL;
    struct vb_buf said, lines;
    vb_buf_init(&said, 1 << 20);
    vb_buf_init(&lines, 8 << 20);
    if (size == 0 || vb_mcp_http_new(8080, &http, &err) < 0)
        return 0;
    const size_t step = 1 + data[0] % 61;
    for (int i = 0; i < 8; i++)
        check(vb_buf_append_str(&said, "{\"jsonrpc\":\"2.0\",\"id\":1}\n", &err));
    check(vb_mcp_http_say(http, &said, &err));
    for (size_t at = 1; at < size && !vb_mcp_http_failed(http);) {
        const size_t part = size - at < step ? size - at : step;
        for (int i = 0; i < VB_MCP_CHANNELS; i++) {
            const enum vb_mcp_channel channel = (enum vb_mcp_channel)i;
            check_request(vb_mcp_http_out(http, channel));
            if (vb_mcp_http_wants(http, channel))
                vb_mcp_http_opened(http, channel);
            check(vb_mcp_http_hear(http, channel, (struct vb_str){(const char *)data + at, part},
                                   &lines, &err));
            if (vb_mcp_http_done(http, channel) || (data[at] & 63) == 63)
                check(vb_mcp_http_closed(http, channel, &lines, &err));
        }
        if (lines.len > 0 && lines.data[lines.len - 1] != '\n')
            abort();
        vb_buf_clear(&lines);
        at += part;
    }
    vb_mcp_http_free(http);
    vb_buf_done(&said);
    vb_buf_done(&lines);
    return 0;
}
