/* Following a run: see follow.h. */
#include "cli/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINES_BYTES = 1024 * 1024, LINES_PATIENCE_MS = 1000, STREAM_PATIENCE_MS = 5000 };

static unsigned columns_of(int fd)
{
    struct winsize size = {0};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Writes all of BUF, in pieces that a pipe takes whole once it is writable (pipe(7), PIPE_BUF). The
 * supervisor waits for who reads its events, so a reader that sleeps would put the time limit of
 * the box to sleep: after PATIENCE_MS without a byte taken, *RET_STALLED is set. Returns VB_OK or
 * VB_E_IO with errno. */
static int write_patiently(int fd, const struct vb_buf *buf, int patience_ms, bool *ret_stalled)
{
    size_t done = 0;
    *ret_stalled = false;
    while (done < buf->len) {
        const size_t left = buf->len - done;
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        const int count = poll(&ready, 1, patience_ms);
        *ret_stalled = count == 0;
        if (count == 0)
            return VB_OK;
        const ssize_t some =
            count < 0 ? -1 : write(fd, buf->data + done, left < PIPE_BUF ? left : PIPE_BUF);
        if (some < 0 && errno != EINTR && errno != EAGAIN)
            return VB_E_IO;
        done += some > 0 ? (size_t)some : 0;
    }
    return VB_OK;
}

/* A closed standard error ends the lines, not the run; a terminal that was stopped misses some. */
static void write_lines(struct vb_follower *follower)
{
    const int patience = follower->stalled ? 0 : LINES_PATIENCE_MS;
    if (follower->lines_fd >= 0 &&
        write_patiently(follower->lines_fd, &follower->buf, patience, &follower->stalled) < 0)
        follower->lines_fd = -1;
    vb_buf_clear(&follower->buf);
}

static int follow_lines(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct vb_follower *follower = (struct vb_follower *)(void *)sink;
    const int status = vb_live_see(follower->live, event, &follower->buf, err);
    write_lines(follower);
    return status;
}

static int follow_stream(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct vb_follower *follower = (struct vb_follower *)(void *)sink;
    vb_buf_clear(&follower->buf);
    bool stalled = false;
    const unsigned left = vb_session_left_ms(follower->session);
    int status = vb_event_to_json(event, &follower->buf, err);
    if (status < 0)
        return status;
    status = write_patiently(follower->stream_fd, &follower->buf,
                             left > STREAM_PATIENCE_MS ? (int)left : STREAM_PATIENCE_MS, &stalled);
    if (status < 0)
        return vb_fail(err, status, errno, "streaming the events");
    return stalled ? vb_fail(err, VB_E_IO, 0, "nobody reads the stream of events") : VB_OK;
}

static int open_stream(struct vb_follower *follower, const char *path, struct vb_error *err)
{
    vb_buf_init(&follower->buf, 16 * (size_t)VB_EVENT_MAX_BYTES);
    follower->sink.emit = follow_stream;
    follower->stream_fd = STDOUT_FILENO;
    if (path == NULL)
        return VB_OK;
    follower->file_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    follower->stream_fd = follower->file_fd;
    return follower->file_fd >= 0 ? VB_OK
                                  : vb_fail(err, VB_E_CANTCREAT, errno, "cannot write %s", path);
}

static int open_lines(struct vb_follower *follower, const struct vb_options *options,
                      struct vb_error *err)
{
    const struct vb_report_options how = {.color = vb_wants_color(options, STDERR_FILENO),
                                          .width = columns_of(STDERR_FILENO)};
    vb_buf_init(&follower->buf, LINES_BYTES);
    follower->sink.emit = follow_lines;
    follower->lines_fd = STDERR_FILENO;
    return vb_live_new(&how, &follower->live, err);
}

int vb_follower_open(struct vb_follower *follower, const struct vb_session *session,
                     struct vb_error *err)
{
    const struct vb_options *options = session->options;
    const char *format = options->value[VB_OPT_FORMAT];
    const char *path = options->value[VB_OPT_OUTPUT];
    const bool quiet = vb_option_given(options, VB_OPT_QUIET);
    *follower =
        (struct vb_follower){.session = session, .lines_fd = -1, .stream_fd = -1, .file_fd = -1};
    if (format != NULL && strcmp(format, "json") == 0 && (path != NULL || !quiet))
        return open_stream(follower, path, err);
    return quiet ? VB_OK : open_lines(follower, options, err);
}

int vb_follower_end(struct vb_follower *follower, struct vb_error *err)
{
    if (follower->live == NULL)
        return VB_OK;
    const int status = vb_live_end(follower->live, &follower->buf, err);
    write_lines(follower);
    return status;
}

void vb_follower_done(struct vb_follower *follower)
{
    vb_live_free(follower->live);
    vb_buf_done(&follower->buf);
    vb_close_fd(&follower->file_fd);
}
