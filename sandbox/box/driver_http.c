/* driver_http: see driver_http.h. What comes through the connections is hostile; the supervisor is
 * not. */
#include "sandbox/box/driver_http.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/box/kernel.h"

enum { CHUNK = 65536, LINES_MAX = 8 << 20 };

int vb_driver_http_begin(struct vb_driver_http *driver, unsigned port, int control,
                         struct vb_error *err)
{
    *driver = (struct vb_driver_http){.control = control, .fds = {-1, -1}, .asked = -1};
    vb_buf_init(&driver->lines, LINES_MAX);
    return vb_mcp_http_new(port, &driver->http, err);
}

void vb_driver_http_done(struct vb_driver_http *driver)
{
    for (size_t i = 0; driver->http != NULL && i < VB_MCP_CHANNELS; i++)
        vb_close_fd(&driver->fds[i]);
    vb_buf_done(&driver->lines);
    vb_mcp_http_free(driver->http);
    driver->http = NULL;
}

/* One connection is asked for at a time. */
static int ask(struct vb_driver_http *driver, struct vb_error *err)
{
    const struct vb_driver_message message = {VB_DRIVER_CONNECT};
    for (int i = 0; driver->asked < 0 && i < VB_MCP_CHANNELS; i++) {
        if (!vb_mcp_http_wants(driver->http, (enum vb_mcp_channel)i))
            continue;
        if (vb_sys_send(driver->control, &message, sizeof(message), -1) < 0)
            return vb_fail(err, VB_E_OS, errno, "the driver of an MCP server");
        driver->asked = i;
    }
    return VB_OK;
}

static void send_some(struct vb_driver_http *driver, enum vb_mcp_channel channel)
{
    struct vb_buf *out = vb_mcp_http_out(driver->http, channel);
    const ssize_t some =
        driver->fds[channel] < 0 || out->len == 0
            ? 0
            : write(driver->fds[channel], out->data, out->len < CHUNK ? out->len : CHUNK);
    if (some < 0 && errno != EAGAIN && errno != EINTR)
        vb_buf_clear(out); /* the end is read then */
    if (some <= 0)
        return;
    memmove(out->data, out->data + some, out->len - (size_t)some);
    out->len -= (size_t)some;
}

int vb_driver_http_speak(struct vb_driver_http *driver, struct vb_mcp *mcp, struct vb_error *err)
{
    int status = vb_mcp_http_say(driver->http, vb_mcp_out(mcp), err);
    if (status == VB_OK)
        status = ask(driver, err);
    for (int i = 0; status == VB_OK && i < VB_MCP_CHANNELS; i++)
        send_some(driver, (enum vb_mcp_channel)i);
    return status;
}

void vb_driver_http_wait(const struct vb_driver_http *driver, struct pollfd ret[VB_DRIVER_HTTP_FDS])
{
    ret[0] = (struct pollfd){.fd = driver->http == NULL ? -1 : driver->control, .events = POLLIN};
    for (int i = 0; i < VB_MCP_CHANNELS; i++) {
        const bool open = driver->http != NULL && driver->fds[i] >= 0;
        const bool speaks = open && vb_mcp_http_out(driver->http, (enum vb_mcp_channel)i)->len > 0;
        ret[1 + i] = (struct pollfd){.fd = open ? driver->fds[i] : -1,
                                     .events = (short)(POLLIN | (speaks ? POLLOUT : 0))};
    }
}

/* The connection that was asked for, or word that there is none. */
static int take_connection(struct vb_driver_http *driver, struct vb_error *err)
{
    struct vb_driver_message message;
    VB_CLEANUP_FD int fd = -1;
    if (vb_sys_recv(driver->control, &message, sizeof(message), &fd, NULL) !=
            (ssize_t)sizeof(message) ||
        driver->asked < 0)
        return vb_fail(err, VB_E_OS, errno, "the driver of an MCP server");
    const enum vb_mcp_channel channel = (enum vb_mcp_channel)driver->asked;
    driver->asked = -1;
    if (fd < 0)
        return vb_mcp_http_closed(driver->http, channel, &driver->lines, err);
    driver->fds[channel] = vb_steal_fd(&fd);
    vb_mcp_http_opened(driver->http, channel);
    return VB_OK;
}

static int close_channel(struct vb_driver_http *driver, enum vb_mcp_channel channel,
                         struct vb_error *err)
{
    vb_close_fd(&driver->fds[channel]);
    return vb_mcp_http_closed(driver->http, channel, &driver->lines, err);
}

static int read_some(struct vb_driver_http *driver, enum vb_mcp_channel channel,
                     struct vb_error *err)
{
    static char chunk[CHUNK];
    const ssize_t got = read(driver->fds[channel], chunk, sizeof(chunk));
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return VB_OK;
    if (got <= 0)
        return close_channel(driver, channel, err);
    const int status = vb_mcp_http_hear(driver->http, channel, (struct vb_str){chunk, (size_t)got},
                                        &driver->lines, err);
    return status == VB_OK && vb_mcp_http_done(driver->http, channel)
               ? close_channel(driver, channel, err)
               : status;
}

int vb_driver_http_listen(struct vb_driver_http *driver,
                          const struct pollfd fds[VB_DRIVER_HTTP_FDS], struct vb_mcp *mcp,
                          uint64_t now_ms, struct vb_error *err)
{
    int status = fds[0].revents != 0 ? take_connection(driver, err) : VB_OK;
    for (int i = 0; status == VB_OK && i < VB_MCP_CHANNELS; i++) {
        if (driver->fds[i] >= 0 && (fds[1 + i].revents & ~POLLOUT) != 0)
            status = read_some(driver, (enum vb_mcp_channel)i, err);
    }
    if (status == VB_OK && driver->lines.len > 0)
        status = vb_mcp_hear(mcp, driver->lines.data, driver->lines.len, now_ms, err);
    vb_buf_clear(&driver->lines);
    return status == VB_OK ? vb_mcp_http_failed(driver->http) : status;
}
