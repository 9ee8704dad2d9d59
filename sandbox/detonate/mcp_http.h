/* mcp_http: MCP over HTTP, as a client speaks it: lines in, requests out; answers in, lines out.
 * Pure: who opens connections is told that one is wanted. Everything that comes from the server is
 * hostile and bounded.
 * Specification: modelcontextprotocol.io/specification, 2025-11-25, transports; 2024-11-05, HTTP
 * with SSE; RFC 9112; html.spec.whatwg.org, server-sent events. */
#ifndef SANDBOX_DETONATE_MCP_HTTP_H
#define SANDBOX_DETONATE_MCP_HTTP_H

#include "vetbox/core.h"

/* Connections: one for each request, and the stream of the older transport. */
enum vb_mcp_channel { VB_MCP_CHANNEL_REQUEST, VB_MCP_CHANNEL_STREAM, VB_MCP_CHANNELS };

enum {
    VB_MCP_HEAD_MAX = 16 << 10, /* bytes of the head of an answer */
    VB_MCP_BODY_MAX = 4 << 20,  /* of one message in it */
    VB_MCP_HTTP_MAX = 128 << 20 /* of everything: then it is over */
};

struct vb_mcp_http;
/* For a server that listens at PORT. */
VB_CHECKED int vb_mcp_http_new(unsigned port, struct vb_mcp_http **ret, struct vb_error *err);
void vb_mcp_http_free(struct vb_mcp_http *http);
/* Takes the whole lines off the front of LINES. */
VB_CHECKED int vb_mcp_http_say(struct vb_mcp_http *http, struct vb_buf *lines,
                               struct vb_error *err);
/* CHANNEL is wanted, and there is no connection for it. */
bool vb_mcp_http_wants(const struct vb_mcp_http *http, enum vb_mcp_channel channel);
/* There is one now. */
void vb_mcp_http_opened(struct vb_mcp_http *http, enum vb_mcp_channel channel);
/* What is to be sent through it. */
struct vb_buf *vb_mcp_http_out(struct vb_mcp_http *http, enum vb_mcp_channel channel);
/* The server said this there; messages are put behind LINES, each with a line feed. */
VB_CHECKED int vb_mcp_http_hear(struct vb_mcp_http *http, enum vb_mcp_channel channel,
                                struct vb_str text, struct vb_buf *lines, struct vb_error *err);
/* It has an end, or could not be opened. */
VB_CHECKED int vb_mcp_http_closed(struct vb_mcp_http *http, enum vb_mcp_channel channel,
                                  struct vb_buf *lines, struct vb_error *err);
/* The answer is whole: the connection is to be closed. */
bool vb_mcp_http_done(const struct vb_mcp_http *http, enum vb_mcp_channel channel);
/* It speaks no MCP at any path that we know. */
bool vb_mcp_http_failed(const struct vb_mcp_http *http);

#endif
