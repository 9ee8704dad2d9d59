/* mcp_http: see mcp_http.h. One request is under way at a time, each in a connection of its own. */
#include "sandbox/detonate/mcp_http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    QUEUE_MAX = 32 << 20,
    SESSION_BYTES = 256,
    PATH_BYTES = 1024,
    VERSION_BYTES = 16,
    CHUNK_LINE = 32
};

/* Where servers listen, the first that answers counts. The last one is only asked for its page. */
static const struct {
    const char *path;
    enum { STREAMABLE, OLDER, PAGE } form;
} places[] = {
    {"/mcp", STREAMABLE}, {"/mcp/", STREAMABLE}, {"/", STREAMABLE}, {"/sse", OLDER}, {"/", PAGE},
};

/* One answer, as far as it has come. */
struct answer {
    struct vb_buf head;
    struct vb_buf body; /* that is no stream of events */
    struct vb_buf line; /* of a stream */
    struct vb_buf data; /* of an event in it */
    char event[16];     /* its name */
    bool in_body, chunked, events, sized, done;
    unsigned status;
    uint64_t left;    /* of the body, or of a chunk */
    bool after_chunk; /* the line feed behind it */
    char size_line[CHUNK_LINE];
    size_t size_len;
};

struct channel {
    bool wanted, open;
    struct vb_buf out;
    struct answer answer;
};

struct vb_mcp_http {
    unsigned port;
    size_t place;
    uint64_t bytes;
    bool found; /* the place has answered */
    bool failed;
    struct vb_buf queue;   /* lines */
    struct vb_buf current; /* the line under way */
    char session[SESSION_BYTES];
    char version[VERSION_BYTES];
    char endpoint[PATH_BYTES]; /* of the older transport; "": not known yet */
    struct channel channels[VB_MCP_CHANNELS];
};

static void answer_init(struct answer *answer)
{
    vb_buf_init(&answer->head, VB_MCP_HEAD_MAX);
    vb_buf_init(&answer->body, VB_MCP_BODY_MAX);
    vb_buf_init(&answer->line, VB_MCP_BODY_MAX);
    vb_buf_init(&answer->data, VB_MCP_BODY_MAX);
}

static void answer_done(struct answer *answer)
{
    vb_buf_done(&answer->head);
    vb_buf_done(&answer->body);
    vb_buf_done(&answer->line);
    vb_buf_done(&answer->data);
    *answer = (struct answer){0};
}

int vb_mcp_http_new(unsigned port, struct vb_mcp_http **ret, struct vb_error *err)
{
    struct vb_mcp_http *http = calloc(1, sizeof(*http));
    if (http == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "talking with an MCP server");
    http->port = port;
    vb_buf_init(&http->queue, QUEUE_MAX);
    vb_buf_init(&http->current, QUEUE_MAX);
    for (size_t i = 0; i < VB_MCP_CHANNELS; i++) {
        vb_buf_init(&http->channels[i].out, QUEUE_MAX + VB_MCP_HEAD_MAX);
        answer_init(&http->channels[i].answer);
    }
    *ret = http;
    return VB_OK;
}

void vb_mcp_http_free(struct vb_mcp_http *http)
{
    if (http == NULL)
        return;
    vb_buf_done(&http->queue);
    vb_buf_done(&http->current);
    for (size_t i = 0; i < VB_MCP_CHANNELS; i++) {
        vb_buf_done(&http->channels[i].out);
        answer_done(&http->channels[i].answer);
    }
    free(http);
}

bool vb_mcp_http_wants(const struct vb_mcp_http *http, enum vb_mcp_channel channel)
{
    return !http->failed && http->channels[channel].wanted && !http->channels[channel].open;
}

void vb_mcp_http_opened(struct vb_mcp_http *http, enum vb_mcp_channel channel)
{
    http->channels[channel].open = true;
}

struct vb_buf *vb_mcp_http_out(struct vb_mcp_http *http, enum vb_mcp_channel channel)
{
    return &http->channels[channel].out;
}

bool vb_mcp_http_done(const struct vb_mcp_http *http, enum vb_mcp_channel channel)
{
    return http->channels[channel].open && http->channels[channel].answer.done;
}

bool vb_mcp_http_failed(const struct vb_mcp_http *http)
{
    return http->failed;
}

/* --- requests --- */

static void begin(struct channel *channel)
{
    vb_buf_clear(&channel->out);
    answer_done(&channel->answer);
    answer_init(&channel->answer);
    channel->wanted = true;
}

static int write_get(struct vb_mcp_http *http, enum vb_mcp_channel which, const char *path,
                     const char *accept, struct vb_error *err)
{
    struct channel *channel = &http->channels[which];
    begin(channel);
    return vb_buf_printf(&channel->out, err,
                         "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: node\r\n"
                         "Accept: %s\r\nConnection: close\r\n\r\n",
                         path, http->port, accept);
}

static int write_post(struct vb_mcp_http *http, const char *path, struct vb_error *err)
{
    struct channel *channel = &http->channels[VB_MCP_CHANNEL_REQUEST];
    begin(channel);
    int status =
        vb_buf_printf(&channel->out, err,
                      "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: node\r\n"
                      "Content-Type: application/json\r\nContent-Length: %zu\r\n"
                      "Accept: application/json, text/event-stream\r\nConnection: close\r\n",
                      path, http->port, http->current.len);
    if (status == VB_OK && http->session[0] != '\0')
        status = vb_buf_printf(&channel->out, err, "Mcp-Session-Id: %s\r\n", http->session);
    if (status == VB_OK && http->version[0] != '\0')
        status = vb_buf_printf(&channel->out, err, "MCP-Protocol-Version: %s\r\n", http->version);
    if (status == VB_OK)
        status = vb_buf_append_str(&channel->out, "\r\n", err);
    return status < 0 ? status
                      : vb_buf_append(&channel->out, http->current.data, http->current.len, err);
}

/* Sends the line under way to the place that is tried, or was found. */
static int write_current(struct vb_mcp_http *http, struct vb_error *err)
{
    switch (places[http->place].form) {
    case OLDER:
        return http->endpoint[0] != '\0'
                   ? write_post(http, http->endpoint, err)
                   : write_get(http, VB_MCP_CHANNEL_STREAM, places[http->place].path,
                               "text/event-stream", err);
    case PAGE:
        return write_get(http, VB_MCP_CHANNEL_REQUEST, places[http->place].path, "*/*", err);
    case STREAMABLE:
    default:
        return write_post(http, places[http->place].path, err);
    }
}

static int next_line(struct vb_mcp_http *http, struct vb_error *err)
{
    struct vb_buf *queue = &http->queue;
    const char *end = queue->len == 0 ? NULL : memchr(queue->data, '\n', queue->len);
    if (http->failed || http->current.len > 0 || end == NULL)
        return VB_OK;
    const size_t len = (size_t)(end - (const char *)queue->data);
    int status = vb_buf_append(&http->current, queue->data, len, err);
    memmove(queue->data, queue->data + len + 1, queue->len - len - 1);
    queue->len -= len + 1;
    return status < 0 ? status : write_current(http, err);
}

int vb_mcp_http_say(struct vb_mcp_http *http, struct vb_buf *lines, struct vb_error *err)
{
    const char *end = lines->len == 0 ? NULL : memrchr(lines->data, '\n', lines->len);
    if (end == NULL)
        return VB_OK;
    const size_t len = (size_t)(end - (const char *)lines->data) + 1;
    const int status = vb_buf_append(&http->queue, lines->data, len, err);
    memmove(lines->data, lines->data + len, lines->len - len);
    lines->len -= len;
    return status < 0 ? status : next_line(http, err);
}

/* --- the head of an answer --- */

/* The value of the header NAME, without spaces around it; false if there is none. */
static bool header(const struct vb_buf *head, const char *name, struct vb_str *ret)
{
    const char *at = (const char *)head->data;
    const char *const end = at + head->len;
    const size_t len = strlen(name);
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        if ((size_t)(end - at) <= len || strncasecmp(at, name, len) != 0 || at[len] != ':')
            continue;
        const char *value = at + len + 1;
        const char *stop = memchr(value, '\n', (size_t)(end - value));
        stop = stop == NULL ? end : stop;
        while (value < stop && (*value == ' ' || *value == '\t'))
            value++;
        while (stop > value && strchr(" \t\r", stop[-1]) != NULL)
            stop--;
        *ret = (struct vb_str){value, (size_t)(stop - value)};
        return true;
    }
    return false;
}

static bool header_has(const struct vb_buf *head, const char *name, const char *word)
{
    struct vb_str value;
    if (!header(head, name, &value))
        return false;
    char text[128];
    const size_t len = value.len < sizeof(text) - 1 ? value.len : sizeof(text) - 1;
    memcpy(text, value.text, len);
    text[len] = '\0';
    return strcasestr(text, word) != NULL;
}

/* A value of the server's that is sent back: visible characters only. */
static void keep_value(struct vb_str value, char *ret, size_t size)
{
    if (value.len == 0 || value.len >= size)
        return;
    for (size_t i = 0; i < value.len; i++) {
        if (value.text[i] < 0x21 || value.text[i] > 0x7e)
            return;
    }
    memcpy(ret, value.text, value.len);
    ret[value.len] = '\0';
}

static uint64_t number_of(struct vb_str text, unsigned base)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = memchr(digits, vb_ascii_lower(text.text[i]), base);
        if (digit == NULL || number > (UINT64_MAX >> 8))
            break;
        number = number * base + (uint64_t)(digit - digits);
    }
    return number;
}

static void read_head(struct vb_mcp_http *http, struct answer *answer)
{
    struct vb_str value;
    const char *text = (const char *)answer->head.data;
    const char *space = memchr(text, ' ', answer->head.len);
    const size_t before = space == NULL ? answer->head.len : (size_t)(space - text) + 1;
    const size_t rest = answer->head.len - before;
    answer->status = (unsigned)number_of((struct vb_str){text + before, rest < 3 ? rest : 3}, 10);
    answer->in_body = true;
    answer->events = header_has(&answer->head, "Content-Type", "text/event-stream");
    answer->chunked = header_has(&answer->head, "Transfer-Encoding", "chunked");
    answer->sized = !answer->chunked && header(&answer->head, "Content-Length", &value);
    if (answer->sized)
        answer->left = number_of(value, 10);
    if (answer->status / 100 == 2 && header(&answer->head, "Mcp-Session-Id", &value))
        keep_value(value, http->session, sizeof(http->session));
    const bool none = answer->status == 204 || answer->status == 202 || answer->status == 304;
    answer->done = (answer->sized && answer->left == 0) || (none && !answer->chunked);
}

/* --- messages --- */

/* The version that the server chose is named in every request that follows. */
static void note_version(struct vb_mcp_http *http, struct vb_str line)
{
    static const char key[] = "\"protocolVersion\"";
    const char *at =
        http->version[0] != '\0' ? NULL : memmem(line.text, line.len, key, sizeof(key) - 1);
    if (at == NULL)
        return;
    at += sizeof(key) - 1;
    const char *end = line.text + line.len;
    while (at < end && strchr(": \"", *at) != NULL)
        at++;
    size_t len = 0;
    while (at + len < end && strchr("0123456789-", at[len]) != NULL)
        len++;
    keep_value((struct vb_str){at, len}, http->version, sizeof(http->version));
}

/* As one line, whatever stood between its parts. */
static int put_line(struct vb_mcp_http *http, const struct vb_buf *message, struct vb_buf *lines,
                    struct vb_error *err)
{
    if (message->len == 0)
        return VB_OK;
    const size_t from = lines->len;
    int status = vb_buf_append(lines, message->data, message->len, err);
    for (size_t i = from; status == VB_OK && i < lines->len; i++) {
        if (lines->data[i] == '\n' || lines->data[i] == '\r')
            lines->data[i] = ' ';
    }
    if (status == VB_OK)
        note_version(http, (struct vb_str){(const char *)lines->data + from, message->len});
    return status < 0 ? status : vb_buf_append_str(lines, "\n", err);
}

static bool is_an_answer(const struct vb_buf *data)
{
    return memmem(data->data, data->len, "\"result\"", 8) != NULL ||
           memmem(data->data, data->len, "\"error\"", 7) != NULL;
}

/* The older transport says first where it wants to be spoken to: a path, or a URL of its own. */
static int take_endpoint(struct vb_mcp_http *http, const struct vb_buf *data, struct vb_error *err)
{
    struct vb_str value = {(const char *)data->data, data->len};
    const char *scheme = memmem(value.text, value.len, "://", 3);
    const char *slash =
        scheme == NULL ? value.text
                       : memchr(scheme + 3, '/', (size_t)(value.text + value.len - scheme - 3));
    if (slash == NULL || http->endpoint[0] != '\0')
        return VB_OK;
    value = (struct vb_str){slash, (size_t)(value.text + value.len - slash)};
    if (value.len > 0 && value.text[0] == '/')
        keep_value(value, http->endpoint, sizeof(http->endpoint));
    http->found = http->endpoint[0] != '\0';
    return http->found && http->current.len > 0 ? write_current(http, err) : VB_OK;
}

static int end_event(struct vb_mcp_http *http, struct answer *answer, struct vb_buf *lines,
                     struct vb_error *err)
{
    int status = VB_OK;
    const bool request = answer == &http->channels[VB_MCP_CHANNEL_REQUEST].answer;
    if (strcmp(answer->event, "endpoint") == 0 && !request)
        status = take_endpoint(http, &answer->data, err);
    else if (answer->status / 100 == 2)
        status = put_line(http, &answer->data, lines, err);
    /* Some servers leave the stream open behind what was asked for. */
    answer->done = answer->done || (request && answer->data.len > 0 && is_an_answer(&answer->data));
    vb_buf_clear(&answer->data);
    answer->event[0] = '\0';
    return status;
}

static int take_event_line(struct vb_mcp_http *http, struct answer *answer, struct vb_buf *lines,
                           struct vb_error *err)
{
    struct vb_buf *line = &answer->line;
    while (line->len > 0 && line->data[line->len - 1] == '\r')
        line->len--;
    const char *text = (const char *)line->data;
    int status = VB_OK;
    if (line->len == 0)
        return end_event(http, answer, lines, err);
    const char *colon = memchr(text, ':', line->len);
    const size_t name = colon == NULL ? line->len : (size_t)(colon - text);
    size_t skip = name + (name < line->len);
    skip += skip < line->len && text[skip] == ' ';
    const struct vb_str value = {text + skip, line->len - skip};
    if (name == 4 && memcmp(text, "data", 4) == 0 &&
        answer->data.len + value.len <= answer->data.max)
        status = vb_buf_append(&answer->data, value.text, value.len, err);
    if (name == 5 && memcmp(text, "event", 5) == 0)
        keep_value(value, answer->event, sizeof(answer->event));
    vb_buf_clear(line);
    return status;
}

static int take_events(struct vb_mcp_http *http, struct answer *answer, struct vb_str text,
                       struct vb_buf *lines, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < text.len; i++) {
        if (text.text[i] == '\n')
            status = take_event_line(http, answer, lines, err);
        else if (answer->line.len < answer->line.max)
            status = vb_buf_append(&answer->line, text.text + i, 1, err);
    }
    return status;
}

static int take_body(struct vb_mcp_http *http, struct answer *answer, struct vb_str text,
                     struct vb_buf *lines, struct vb_error *err)
{
    const size_t room = answer->body.max - answer->body.len;
    if (answer->events)
        return take_events(http, answer, text, lines, err);
    return vb_buf_append(&answer->body, text.text, text.len < room ? text.len : room, err);
}

/* --- the body of an answer --- */

/* One byte of the line that says how long a chunk is. */
static void take_size(struct answer *answer, char byte)
{
    if (answer->after_chunk) {
        answer->after_chunk = byte != '\n';
        return;
    }
    if (byte != '\n') {
        if (answer->size_len < sizeof(answer->size_line))
            answer->size_line[answer->size_len++] = byte;
        return;
    }
    answer->left = number_of((struct vb_str){answer->size_line, answer->size_len}, 16);
    answer->size_len = 0;
    answer->done = answer->left == 0;
}

static int take_some(struct vb_mcp_http *http, struct answer *answer, struct vb_str *text,
                     struct vb_buf *lines, struct vb_error *err)
{
    const bool bounded = answer->chunked || answer->sized;
    const size_t some = bounded && answer->left < text->len ? (size_t)answer->left : text->len;
    const int status = take_body(http, answer, (struct vb_str){text->text, some}, lines, err);
    *text = (struct vb_str){text->text + some, text->len - some};
    if (bounded)
        answer->left -= some;
    if (answer->left == 0 && answer->chunked)
        answer->after_chunk = true;
    answer->done = answer->done || (answer->sized && answer->left == 0);
    return status;
}

static bool is_head_over(const struct vb_buf *head)
{
    return (head->len >= 4 && memcmp(head->data + head->len - 4, "\r\n\r\n", 4) == 0) ||
           (head->len >= 2 && memcmp(head->data + head->len - 2, "\n\n", 2) == 0);
}

static int take_head(struct vb_mcp_http *http, struct answer *answer, struct vb_str *text,
                     struct vb_error *err)
{
    int status = VB_OK;
    while (status == VB_OK && text->len > 0 && !answer->in_body) {
        if (answer->head.len == answer->head.max) {
            answer->done = true; /* no head is so long */
            text->len = 0;
            break;
        }
        status = vb_buf_append(&answer->head, text->text, 1, err);
        *text = (struct vb_str){text->text + 1, text->len - 1};
        if (status == VB_OK && is_head_over(&answer->head))
            read_head(http, answer);
        if (answer->in_body && answer->status / 100 == 1) { /* the real one follows */
            vb_buf_clear(&answer->head);
            answer->in_body = answer->done = false;
        }
    }
    return status;
}

/* --- what an answer means --- */

static int try_next_place(struct vb_mcp_http *http, struct vb_error *err)
{
    http->place++;
    http->failed = http->place == VB_ARRAY_LEN(places);
    return http->failed ? VB_OK : write_current(http, err);
}

static bool is_json(const struct vb_buf *body)
{
    return body->len > 0 && (body->data[0] == '{' || body->data[0] == '[');
}

/* The answer to the line under way is whole, or there is none. */
static int end_request(struct vb_mcp_http *http, const struct answer *answer, struct vb_buf *lines,
                       struct vb_error *err)
{
    const bool json = is_json(&answer->body);
    /* Some web servers have a page for everything. */
    const bool good = answer->in_body && answer->status / 100 == 2 && (json || answer->events) &&
                      places[http->place].form != PAGE;
    if (!http->found && !good)
        return try_next_place(http, err);
    http->found = true;
    int status = json && places[http->place].form == STREAMABLE
                     ? put_line(http, &answer->body, lines, err)
                     : VB_OK;
    vb_buf_clear(&http->current);
    return status < 0 ? status : next_line(http, err);
}

int vb_mcp_http_hear(struct vb_mcp_http *http, enum vb_mcp_channel channel, struct vb_str text,
                     struct vb_buf *lines, struct vb_error *err)
{
    struct answer *answer = &http->channels[channel].answer;
    http->bytes += text.len;
    http->failed = http->failed || http->bytes > VB_MCP_HTTP_MAX;
    int status = take_head(http, answer, &text, err);
    while (status == VB_OK && text.len > 0 && answer->in_body && !answer->done) {
        if (answer->chunked && (answer->left == 0 || answer->after_chunk)) {
            take_size(answer, *text.text);
            text = (struct vb_str){text.text + 1, text.len - 1};
        } else {
            status = take_some(http, answer, &text, lines, err);
        }
    }
    return status;
}

int vb_mcp_http_closed(struct vb_mcp_http *http, enum vb_mcp_channel channel, struct vb_buf *lines,
                       struct vb_error *err)
{
    struct channel *own = &http->channels[channel];
    own->open = own->wanted = false;
    vb_buf_clear(&own->out);
    if (channel == VB_MCP_CHANNEL_REQUEST)
        return http->current.len == 0 ? VB_OK : end_request(http, &own->answer, lines, err);
    if (http->found) { /* nobody answers any more */
        http->failed = true;
        return VB_OK;
    }
    return try_next_place(http, err);
}
