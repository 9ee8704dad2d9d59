/* MCP over HTTP: which requests are made, and what becomes of answers, in whatever pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/detonate/mcp_http.h"

#define REQUEST "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}"
#define ANSWER "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":\"2025-06-18\"}}"

struct room {
    struct vb_mcp_http *http;
    struct vb_buf lines;
};

static void say(struct room *room, const char *line)
{
    struct vb_error err = {0};
    struct vb_buf out;
    vb_buf_init(&out, 1 << 20);
    assert_int_equal(vb_buf_printf(&out, &err, "%s\n", line), VB_OK);
    assert_int_equal(vb_mcp_http_say(room->http, &out, &err), VB_OK);
    assert_int_equal(out.len, 0);
    vb_buf_done(&out);
}

static void open_room(struct room *room)
{
    struct vb_error err = {0};
    vb_buf_init(&room->lines, 8 << 20);
    assert_int_equal(vb_mcp_http_new(8123, &room->http, &err), VB_OK);
    say(room, REQUEST);
}

static void close_room(struct room *room)
{
    vb_mcp_http_free(room->http);
    vb_buf_done(&room->lines);
}

/* The request that is to be made through CHANNEL begins with WANTED and has HEADER. */
static void expect_request(struct room *room, enum vb_mcp_channel channel, const char *wanted,
                           const char *has)
{
    struct vb_buf *out = vb_mcp_http_out(room->http, channel);
    assert_true(vb_mcp_http_wants(room->http, channel));
    vb_mcp_http_opened(room->http, channel);
    assert_true(out->len > strlen(wanted));
    assert_memory_equal(out->data, wanted, strlen(wanted));
    assert_non_null(strstr((const char *)out->data, has));
    vb_buf_clear(out);
}

static void hang_up(struct room *room, enum vb_mcp_channel channel)
{
    struct vb_error err = {0};
    assert_int_equal(vb_mcp_http_closed(room->http, channel, &room->lines, &err), VB_OK);
}

/* TEXT comes in pieces of STEP bytes; the connection is closed once the answer is whole. */
static void answer(struct room *room, enum vb_mcp_channel channel, const char *text, size_t step)
{
    struct vb_error err = {0};
    const size_t len = strlen(text);
    for (size_t at = 0; at < len; at += step) {
        const size_t part = len - at < step ? len - at : step;
        assert_int_equal(vb_mcp_http_hear(room->http, channel, (struct vb_str){text + at, part},
                                          &room->lines, &err),
                         VB_OK);
    }
    if (vb_mcp_http_done(room->http, channel))
        hang_up(room, channel);
}

static void expect_lines(struct room *room, const char *wanted)
{
    assert_string_equal(room->lines.len == 0 ? "" : (const char *)room->lines.data, wanted);
    vb_buf_clear(&room->lines);
}

static const char refusal[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone";

static void an_answer_in_pieces(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nMCP-Session-ID:  s-1 \r\n"
        "Content-Length: 66\r\n\r\n" ANSWER,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nMcp-Session-Id: s-1\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
        "12;x=y\r\n: hello\nid: 7\ndata\r\n46\r\n: " ANSWER "\r\n\r\n1\r\n\n\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nContent-Type: text/event-stream\n"
        "Mcp-Session-Id: s-1\n\nevent: message\ndata:" ANSWER "\n\n",
    };
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(answers); i++) {
        for (size_t step = 1; step < 200; step += 7) {
            struct room room;
            open_room(&room);
            expect_request(&room, VB_MCP_CHANNEL_REQUEST, "POST /mcp HTTP/1.1\r\n", REQUEST);
            answer(&room, VB_MCP_CHANNEL_REQUEST, answers[i], step);
            expect_lines(&room, ANSWER "\n");
            assert_false(vb_mcp_http_wants(room.http, VB_MCP_CHANNEL_REQUEST));
            say(&room, "{\"method\":\"x\"}");
            expect_request(&room, VB_MCP_CHANNEL_REQUEST, "POST /mcp HTTP/1.1\r\n",
                           "Mcp-Session-Id: s-1\r\nMCP-Protocol-Version: 2025-06-18\r\n");
            close_room(&room);
        }
    }
}

static void other_places_are_tried(void **state)
{
    struct room room;
    (void)state;
    open_room(&room);
    expect_request(&room, VB_MCP_CHANNEL_REQUEST, "POST /mcp HTTP/1.1\r\n", "127.0.0.1:8123");
    answer(&room, VB_MCP_CHANNEL_REQUEST, refusal, 5);
    expect_request(&room, VB_MCP_CHANNEL_REQUEST, "POST /mcp/ HTTP/1.1\r\n", REQUEST);
    /* A page for everything is no answer. */
    answer(&room, VB_MCP_CHANNEL_REQUEST, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n<p>", 5);
    expect_request(&room, VB_MCP_CHANNEL_REQUEST, "POST / HTTP/1.1\r\n", REQUEST);
    hang_up(&room, VB_MCP_CHANNEL_REQUEST);
    expect_request(&room, VB_MCP_CHANNEL_STREAM, "GET /sse HTTP/1.1\r\n", "text/event-stream");
    answer(&room, VB_MCP_CHANNEL_STREAM, refusal, 5);
    expect_request(&room, VB_MCP_CHANNEL_REQUEST, "GET / HTTP/1.1\r\n", "Accept: */*");
    assert_false(vb_mcp_http_failed(room.http));
    answer(&room, VB_MCP_CHANNEL_REQUEST, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 5);
    expect_lines(&room, "");
    assert_true(vb_mcp_http_failed(room.http));
    close_room(&room);
}

static void the_older_transport(void **state)
{
    struct room room;
    (void)state;
    open_room(&room);
    for (int i = 0; i < 3; i++) {
        vb_mcp_http_opened(room.http, VB_MCP_CHANNEL_REQUEST);
        answer(&room, VB_MCP_CHANNEL_REQUEST, refusal, 100);
    }
    expect_request(&room, VB_MCP_CHANNEL_STREAM, "GET /sse HTTP/1.1\r\n", "text/event-stream");
    /* Wherever it says that it is, it is asked at its own port. */
    answer(&room, VB_MCP_CHANNEL_STREAM,
           "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: endpoint\r\n"
           "data: http://elsewhere.example:1/messages?s=1\r\n\r\n",
           3);
    expect_request(&room, VB_MCP_CHANNEL_REQUEST, "POST /messages?s=1 HTTP/1.1\r\n",
                   "Host: 127.0.0.1:8123");
    answer(&room, VB_MCP_CHANNEL_REQUEST, "HTTP/1.1 202 Accepted\r\n\r\n", 9);
    expect_lines(&room, "");
    answer(&room, VB_MCP_CHANNEL_STREAM, "event: message\ndata: " ANSWER "\n\n", 9);
    expect_lines(&room, ANSWER "\n");
    hang_up(&room, VB_MCP_CHANNEL_STREAM);
    assert_true(vb_mcp_http_failed(room.http));
    close_room(&room);
}

static void hostile_answers(void **state)
{
    struct room room;
    struct vb_error err = {0};
    static char much[64 << 10];
    (void)state;
    /* What would change the next request is not sent back. */
    open_room(&room);
    expect_request(&room, VB_MCP_CHANNEL_REQUEST, "POST /mcp", REQUEST);
    answer(&room, VB_MCP_CHANNEL_REQUEST,
           "HTTP/1.1 200 OK\r\nMcp-Session-Id: a\rX: b\r\nContent-Type: application/json\r\n"
           "Content-Length: 2\r\n\r\n{}",
           100);
    say(&room, "{}");
    assert_null(strstr((const char *)vb_mcp_http_out(room.http, VB_MCP_CHANNEL_REQUEST)->data,
                       "Mcp-Session-Id"));
    close_room(&room);
    /* No head is so long. */
    open_room(&room);
    expect_request(&room, VB_MCP_CHANNEL_REQUEST, "POST /mcp ", REQUEST);
    memset(much, 'a', sizeof(much) - 1);
    answer(&room, VB_MCP_CHANNEL_REQUEST, much, 4096);
    expect_request(&room, VB_MCP_CHANNEL_REQUEST, "POST /mcp/ ", REQUEST);
    /* No stream without an end. */
    answer(&room, VB_MCP_CHANNEL_REQUEST,
           "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: ", 100);
    for (size_t i = 0; i <= VB_MCP_HTTP_MAX / (sizeof(much) - 1); i++) {
        assert_int_equal(vb_mcp_http_hear(room.http, VB_MCP_CHANNEL_REQUEST,
                                          (struct vb_str){much, sizeof(much) - 1}, &room.lines,
                                          &err),
                         VB_OK);
    }
    assert_true(vb_mcp_http_failed(room.http));
    expect_lines(&room, "");
    close_room(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_in_pieces),
        cmocka_unit_test(other_places_are_tried),
        cmocka_unit_test(the_older_transport),
        cmocka_unit_test(hostile_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
