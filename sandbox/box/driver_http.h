/* driver_http: a driver's side of a conversation over HTTP. It may connect to nothing: the
 * supervisor makes each connection and hands it over. */
#ifndef SANDBOX_BOX_DRIVER_HTTP_H
#define SANDBOX_BOX_DRIVER_HTTP_H

#include <poll.h>

#include "sandbox/detonate/mcp.h"
#include "sandbox/detonate/mcp_http.h"

/* What driver and supervisor say through their socket: the digest of a text that is to be kept, or
 * that a connection is wanted; and the connection, or that there is none. */
struct vb_driver_message {
    char word[VB_SHA256_HEX];
};
#define VB_DRIVER_CONNECT "connect"

enum { VB_DRIVER_HTTP_FDS = 1 + VB_MCP_CHANNELS };

struct vb_driver_http {
    struct vb_mcp_http *http; /* NULL: the conversation is over standard input and output */
    struct vb_buf lines;
    int control;
    int fds[VB_MCP_CHANNELS];
    int asked; /* the channel for which a connection was asked for; -1: none */
};

VB_CHECKED int vb_driver_http_begin(struct vb_driver_http *driver, unsigned port, int control,
                                    struct vb_error *err);
void vb_driver_http_done(struct vb_driver_http *driver);
/* Takes what MCP wants to say, asks for connections, and sends. */
VB_CHECKED int vb_driver_http_speak(struct vb_driver_http *driver, struct vb_mcp *mcp,
                                    struct vb_error *err);
/* What is to be waited for. */
void vb_driver_http_wait(const struct vb_driver_http *driver,
                         struct pollfd ret[VB_DRIVER_HTTP_FDS]);
/* What has come, after a wait. 1: no MCP is spoken there, or no longer. */
VB_CHECKED int vb_driver_http_listen(struct vb_driver_http *driver,
                                     const struct pollfd fds[VB_DRIVER_HTTP_FDS],
                                     struct vb_mcp *mcp, uint64_t now_ms, struct vb_error *err);

#endif
