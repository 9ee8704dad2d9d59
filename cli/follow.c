/* Following a run: see follow.h. */
#include "cli/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINES_BYTES = 1024 * 1024 };

static unsigned columns_of(int fd)
{
    struct winsize size = {0};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* A closed standard error ends the lines, not the run. */
static void write_lines(struct vb_follower *follower)
{
    if (follower->lines_fd >= 0 && follower->buf.len > 0 &&
        vb_write_all(follower->lines_fd, follower->buf.data, follower->buf.len, NULL) < 0)
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
    int status = vb_event_to_json(event, &follower->buf, err);
    if (status == VB_OK)
        status = vb_write_all(follower->stream_fd, follower->buf.data, follower->buf.len, err);
    return status < 0 ? vb_wrap(err, "streaming the events") : VB_OK;
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

int vb_follower_open(struct vb_follower *follower, const struct vb_options *options,
                     struct vb_error *err)
{
    const char *format = options->value[VB_OPT_FORMAT];
    const char *path = options->value[VB_OPT_OUTPUT];
    const bool quiet = vb_option_given(options, VB_OPT_QUIET);
    *follower = (struct vb_follower){.lines_fd = -1, .stream_fd = -1, .file_fd = -1};
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
