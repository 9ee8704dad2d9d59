/* Frames: how a child that may be in the hands of an attacker tells the coordinator what it saw.
 * Every length is checked against what is there; nothing is trusted because we wrote it ourselves.
 *
 * frame: u32 length of the rest · u16 kind · u8 source · u8 values · u32 detonation · u64 time
 * value: u8 field · u8 type · STR: u32 length, bytes · INT, BOOL: i64 · LIST: u32 count, strings
 * Little endian; seq is not sent: the log numbers events. */
#include "vetbox/core/event.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { HEAD_BYTES = 16, LENGTH_BYTES = 4, FLUSH_AT = 32 * 1024 };

static int put_u32(struct vb_buf *buf, size_t number, struct vb_error *err)
{
    const uint32_t wire = htole32((uint32_t)number);
    return vb_buf_append(buf, &wire, sizeof(wire), err);
}

static int put_str(struct vb_buf *buf, struct vb_str str, struct vb_error *err)
{
    const int status = put_u32(buf, str.len, err);
    return status < 0 ? status : vb_buf_append(buf, str.text, str.len, err);
}

static int put_value(struct vb_buf *buf, const struct vb_value *value, struct vb_error *err)
{
    const uint8_t head[2] = {value->field, value->type};
    int status = vb_buf_append(buf, head, sizeof(head), err);
    if (status < 0)
        return status;
    if (value->type == VB_T_STR)
        return put_str(buf, value->str, err);
    if (value->type != VB_T_LIST) {
        const uint64_t wire = htole64((uint64_t)value->number);
        return vb_buf_append(buf, &wire, sizeof(wire), err);
    }
    status = put_u32(buf, value->list.count, err);
    for (size_t i = 0; status == VB_OK && i < value->list.count; i++)
        status = put_str(buf, value->list.items[i], err);
    return status;
}

static int put_head(struct vb_buf *buf, const struct vb_event *event, struct vb_error *err)
{
    unsigned char head[LENGTH_BYTES + HEAD_BYTES] = {0}; /* the length is filled in at the end */
    const uint16_t kind = htole16((uint16_t)event->kind);
    const uint32_t detonation = htole32(event->detonation);
    const uint64_t time_ns = htole64(event->time_ns);
    memcpy(head + 4, &kind, sizeof(kind));
    head[6] = (unsigned char)event->source;
    head[7] = event->value_count;
    memcpy(head + 8, &detonation, sizeof(detonation));
    memcpy(head + 12, &time_ns, sizeof(time_ns));
    return vb_buf_append(buf, head, sizeof(head), err);
}

int vb_frame_encode(const struct vb_event *event, struct vb_buf *buf, struct vb_error *err)
{
    int status = vb_event_check(event, err);
    if (status < 0)
        return status;
    const size_t start = buf->len;
    status = put_head(buf, event, err);
    for (unsigned i = 0; status == VB_OK && i < event->value_count; i++)
        status = put_value(buf, &event->values[i], err);
    const size_t length = buf->len - start - LENGTH_BYTES;
    if (status == VB_OK && length > VB_EVENT_MAX_BYTES)
        status = vb_fail(err, VB_E_LIMIT, 0, "an event is larger than a frame");
    if (status < 0) {
        buf->len = start;
        return status;
    }
    const uint32_t wire = htole32((uint32_t)length);
    memcpy(buf->data + start, &wire, sizeof(wire));
    return VB_OK;
}

/* --- reading --- */

enum { READER_BYTES = VB_EVENT_MAX_BYTES + LENGTH_BYTES };

struct vb_frame_reader {
    unsigned char *data;
    size_t start, end; /* what is buffered */
    struct vb_str items[VB_EVENT_MAX_LIST];
    size_t item_count;
};

struct cursor {
    const unsigned char *at;
    size_t left;
};

int vb_frame_reader_new(struct vb_frame_reader **ret, struct vb_error *err)
{
    struct vb_frame_reader *reader = calloc(1, sizeof(*reader));
    if (reader != NULL)
        reader->data = malloc(READER_BYTES);
    if (reader == NULL || reader->data == NULL) {
        vb_frame_reader_free(reader);
        return vb_fail(err, VB_E_NOMEM, errno, "making a frame reader");
    }
    *ret = reader;
    return VB_OK;
}

void vb_frame_reader_free(struct vb_frame_reader *reader)
{
    if (reader == NULL)
        return;
    free(reader->data);
    free(reader);
}

int vb_frame_reader_fill(struct vb_frame_reader *reader, int fd, bool *ret_again,
                         struct vb_error *err)
{
    *ret_again = false;
    if (reader->start > 0) {
        memmove(reader->data, reader->data + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    if (reader->end == READER_BYTES)
        return vb_fail(err, VB_E_PROTOCOL, 0, "a frame is too large");
    for (;;) {
        const ssize_t got = read(fd, reader->data + reader->end, READER_BYTES - reader->end);
        if (got > 0) {
            reader->end += (size_t)got;
            return 1;
        }
        if (got == 0 && reader->end > 0)
            return vb_fail(err, VB_E_PROTOCOL, 0, "the stream ends within a frame");
        if (got == 0)
            return 0;
        if (errno == EAGAIN) {
            *ret_again = true;
            return VB_OK;
        }
        if (errno != EINTR)
            return vb_fail(err, VB_E_IO, errno, "reading frames");
    }
}

static bool take(struct cursor *in, void *ret, size_t len)
{
    if (in->left < len)
        return false;
    memcpy(ret, in->at, len);
    in->at += len;
    in->left -= len;
    return true;
}

static bool take_str(struct cursor *in, struct vb_str *ret)
{
    uint32_t len;
    if (!take(in, &len, sizeof(len)))
        return false;
    len = le32toh(len);
    if (len > in->left || len > VB_EVENT_MAX_STRING)
        return false;
    *ret = (struct vb_str){(const char *)in->at, len};
    in->at += len;
    in->left -= len;
    return true;
}

static bool take_list(struct vb_frame_reader *reader, struct cursor *in, struct vb_value *value)
{
    uint32_t count;
    if (!take(in, &count, sizeof(count)))
        return false;
    count = le32toh(count);
    if (count > VB_EVENT_MAX_LIST - reader->item_count)
        return false;
    value->list.items = reader->items + reader->item_count;
    value->list.count = count;
    for (uint32_t i = 0; i < count; i++) {
        if (!take_str(in, &reader->items[reader->item_count++]))
            return false;
    }
    return true;
}

static bool take_value(struct vb_frame_reader *reader, struct cursor *in, struct vb_value *value)
{
    uint8_t head[2];
    if (!take(in, head, sizeof(head)))
        return false;
    value->field = head[0];
    value->type = head[1];
    if (value->type == VB_T_STR)
        return take_str(in, &value->str);
    if (value->type == VB_T_LIST)
        return take_list(reader, in, value);
    uint64_t wire;
    if (!take(in, &wire, sizeof(wire)))
        return false;
    value->number = (int64_t)le64toh(wire);
    return value->type == VB_T_INT || (value->type == VB_T_BOOL && (uint64_t)value->number <= 1);
}

static bool decode(struct vb_frame_reader *reader, struct cursor *in, struct vb_event *ret)
{
    unsigned char head[HEAD_BYTES];
    uint16_t kind;
    uint32_t detonation;
    uint64_t time_ns;
    if (!take(in, head, sizeof(head)) || head[3] > VB_EVENT_MAX_FIELDS)
        return false;
    memcpy(&kind, head, sizeof(kind));
    memcpy(&detonation, head + 4, sizeof(detonation));
    memcpy(&time_ns, head + 8, sizeof(time_ns));
    vb_event_init(ret, (enum vb_event_kind)le16toh(kind), (enum vb_source)head[2]);
    ret->detonation = le32toh(detonation);
    ret->time_ns = le64toh(time_ns);
    reader->item_count = 0;
    for (unsigned i = 0; i < head[3]; i++) {
        if (!take_value(reader, in, &ret->values[i]))
            return false;
        ret->value_count++;
    }
    return in->left == 0;
}

int vb_frame_reader_next(struct vb_frame_reader *reader, struct vb_event *ret_event,
                         struct vb_error *err)
{
    const size_t have = reader->end - reader->start;
    uint32_t length;
    if (have < sizeof(length))
        return 0;
    memcpy(&length, reader->data + reader->start, sizeof(length));
    length = le32toh(length);
    if (length < HEAD_BYTES || length > VB_EVENT_MAX_BYTES)
        return vb_fail(err, VB_E_PROTOCOL, 0, "a frame of %u bytes", (unsigned)length);
    if (have - sizeof(length) < length)
        return 0;
    struct cursor in = {reader->data + reader->start + sizeof(length), length};
    reader->start += sizeof(length) + length;
    if (!decode(reader, &in, ret_event))
        return vb_fail(err, VB_E_PROTOCOL, 0, "a malformed frame");
    if (vb_event_check(ret_event, err) < 0)
        return vb_fail(err, VB_E_PROTOCOL, 0, "a frame with an event that does not fit its kind");
    return 1;
}

/* --- the sink that writes frames --- */

static int frame_emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct vb_frame_sink *sink = (struct vb_frame_sink *)(void *)base;
    if (event->time_ns == 0)
        event->time_ns = vb_monotonic_ns() - sink->epoch_ns;
    int status = vb_frame_encode(event, &sink->buf, err);
    if (status == VB_OK && (sink->at_once || sink->buf.len >= FLUSH_AT))
        status = vb_frame_sink_flush(sink, err);
    return status;
}

void vb_frame_sink_init(struct vb_frame_sink *sink, int fd, uint64_t epoch_ns)
{
    sink->sink.emit = frame_emit;
    sink->fd = fd;
    sink->at_once = false;
    sink->epoch_ns = epoch_ns;
    vb_buf_init(&sink->buf, 2 * VB_EVENT_MAX_BYTES + FLUSH_AT);
}

int vb_frame_sink_flush(struct vb_frame_sink *sink, struct vb_error *err)
{
    const int status = vb_write_all(sink->fd, sink->buf.data, sink->buf.len, err);
    vb_buf_clear(&sink->buf);
    return status;
}

void vb_frame_sink_done(struct vb_frame_sink *sink)
{
    vb_buf_done(&sink->buf);
}
