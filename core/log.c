/* The event log: JSON Lines with a first and a last event, so that a cut log is noticed. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/event_json.h"

enum { FLUSH_AT = 64 * 1024, READ_BYTES = 64 * 1024 };

static int write_line(struct vb_log_writer *log, struct vb_event *event, struct vb_error *err)
{
    event->seq = log->count + 1;
    if (event->time_ns == 0 && log->count > 0)
        event->time_ns = vb_monotonic_ns() - log->epoch_ns;
    const size_t before = log->buf.len;
    const int status = vb_event_to_json(event, &log->buf, err);
    if (status < 0)
        return status;
    log->count++;
    log->bytes += log->buf.len - before;
    return log->follower != NULL ? vb_emit(log->follower, event, err) : VB_OK;
}

static int flush(struct vb_log_writer *log, struct vb_error *err)
{
    const int status = vb_write_all(log->fd, log->buf.data, log->buf.len, err);
    vb_buf_clear(&log->buf);
    return status < 0 ? vb_wrap(err, "writing the event log") : VB_OK;
}

static int log_emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct vb_log_writer *log = (struct vb_log_writer *)(void *)base;
    if ((log->count == 0) != (event->kind == VB_EV_LOG_BEGIN))
        return vb_fail(err, VB_E_SOFTWARE, 0, "log.begin must be the first event, once");
    if (log->max_bytes != 0 && log->bytes > log->max_bytes)
        return vb_fail(err, VB_E_LIMIT, 0, "the event log is larger than %llu bytes",
                       (unsigned long long)log->max_bytes);
    int status = vb_event_check(event, err);
    if (status == VB_OK)
        status = write_line(log, event, err);
    if (status == VB_OK && log->buf.len >= FLUSH_AT)
        status = flush(log, err);
    return status;
}

void vb_log_writer_init(struct vb_log_writer *log, int fd)
{
    *log = (struct vb_log_writer){.sink.emit = log_emit, .fd = fd, .epoch_ns = vb_monotonic_ns()};
    vb_buf_init(&log->buf, FLUSH_AT + 2 * (size_t)VB_LINE_MAX_BYTES);
}

int vb_log_end(struct vb_log_writer *log, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_LOG_END, VB_SOURCE_TOOL);
    vb_event_int(&event, VB_F_COUNT, (int64_t)log->count);
    const int status = write_line(log, &event, err);
    return status < 0 ? status : flush(log, err);
}

static int copy_file(int from, int to, struct vb_error *err)
{
    char chunk[READ_BYTES];
    off_t offset = 0;
    for (;;) {
        const ssize_t got = pread(from, chunk, sizeof(chunk), offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vb_fail(err, VB_E_IO, errno, "reading the event log");
        const int status = got == 0 ? VB_OK : vb_write_all(to, chunk, (size_t)got, err);
        if (got == 0 || status < 0)
            return status;
        offset += got;
    }
}

int vb_log_copy(const struct vb_log_writer *log, int fd, struct vb_error *err)
{
    struct vb_log_writer copy = {.fd = fd, .count = log->count, .epoch_ns = log->epoch_ns};
    vb_buf_init(&copy.buf, FLUSH_AT + 2 * (size_t)VB_LINE_MAX_BYTES);
    int status = copy_file(log->fd, fd, err);
    if (status == VB_OK)
        status = vb_buf_append(&copy.buf, log->buf.data, log->buf.len, err);
    if (status == VB_OK)
        status = vb_log_end(&copy, err);
    vb_log_writer_done(&copy);
    return status;
}

void vb_log_writer_done(struct vb_log_writer *log)
{
    vb_buf_done(&log->buf);
}

struct vb_log_reader {
    int fd;
    uint64_t count;
    bool ended;
    size_t start, end;
    off_t offset;
    struct vb_line line;
    char *data; /* one line and what was read behind it */
};

enum { READER_BYTES = VB_LINE_MAX_BYTES };

int vb_log_reader_new(int fd, struct vb_log_reader **ret, struct vb_error *err)
{
    struct vb_log_reader *reader = calloc(1, sizeof(*reader));
    if (reader != NULL)
        reader->data = malloc(READER_BYTES);
    if (reader == NULL || reader->data == NULL) {
        free(reader);
        return vb_fail(err, VB_E_NOMEM, errno, "opening the event log");
    }
    reader->fd = fd;
    vb_line_init(&reader->line);
    *ret = reader;
    return VB_OK;
}

void vb_log_reader_free(struct vb_log_reader *reader)
{
    if (reader == NULL)
        return;
    vb_line_done(&reader->line);
    free(reader->data);
    free(reader);
}

/* Reads on. Returns 1 if bytes came, 0 at the end of the file. */
static int fill(struct vb_log_reader *reader, struct vb_error *err)
{
    if (reader->start > 0) {
        memmove(reader->data, reader->data + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    size_t room = READER_BYTES - reader->end;
    if (room == 0)
        return vb_fail(err, VB_E_DATA, 0, "event log line %llu is too long",
                       (unsigned long long)reader->count + 1);
    if (room > READ_BYTES)
        room = READ_BYTES;
    for (;;) {
        const ssize_t got = pread(reader->fd, reader->data + reader->end, room, reader->offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vb_fail(err, VB_E_IO, errno, "reading the event log");
        reader->end += (size_t)got;
        reader->offset += got;
        return got > 0;
    }
}

/* The next line without its newline. Returns 1, 0 at the end of the file, or an error. */
static int next_line(struct vb_log_reader *reader, struct vb_str *ret, struct vb_error *err)
{
    size_t searched = 0;
    for (;;) {
        const char *from = reader->data + reader->start;
        const size_t have = reader->end - reader->start;
        const char *newline = memchr(from + searched, '\n', have - searched);
        if (newline != NULL) {
            *ret = (struct vb_str){from, (size_t)(newline - from)};
            reader->start += ret->len + 1;
            return 1;
        }
        searched = have;
        const int more = fill(reader, err);
        if (more < 0)
            return more;
        if (more == 0 && have > 0)
            return vb_fail(err, VB_E_DATA, 0, "the event log ends within a line");
        if (more == 0)
            return 0;
    }
}

static int check_place(struct vb_log_reader *reader, const struct vb_event *event,
                       struct vb_error *err)
{
    reader->count++;
    if (event->seq != reader->count)
        return vb_fail(err, VB_E_DATA, 0, "the event has number %llu",
                       (unsigned long long)event->seq);
    if ((reader->count == 1) != (event->kind == VB_EV_LOG_BEGIN))
        return vb_fail(err, VB_E_DATA, 0, "log.begin must be the first event, once");
    if (event->kind == VB_EV_LOG_BEGIN &&
        !vb_str_equal(vb_event_get_str(event, VB_F_VERSION), VB_LOG_VERSION))
        return vb_fail(err, VB_E_DATA, 0,
                       "the log has another format version than " VB_LOG_VERSION);
    if (event->kind != VB_EV_LOG_END)
        return VB_OK;
    reader->ended = true;
    if (vb_event_get_int(event, VB_F_COUNT, -1) != (int64_t)reader->count - 1)
        return vb_fail(err, VB_E_DATA, 0, "log.end counts another number of events");
    return VB_OK;
}

static int after_end(struct vb_log_reader *reader, struct vb_error *err)
{
    struct vb_str line;
    const int more = next_line(reader, &line, err);
    if (more > 0)
        return vb_fail(err, VB_E_DATA, 0, "the event log goes on after log.end");
    return more;
}

int vb_log_reader_next(struct vb_log_reader *reader, struct vb_event *ret_event,
                       struct vb_error *err)
{
    struct vb_str line;
    if (reader->ended)
        return after_end(reader, err);
    int status = next_line(reader, &line, err);
    if (status == 0)
        return vb_fail(err, VB_E_DATA, 0, "the event log is cut off: it has no log.end");
    if (status < 0)
        return status;
    status = vb_event_from_json(line.text, line.len, &reader->line, ret_event, err);
    if (status == VB_OK)
        status = check_place(reader, ret_event, err);
    else
        reader->count++;
    if (status < 0)
        return vb_wrap(err, "event log line %llu", (unsigned long long)reader->count);
    return 1;
}
