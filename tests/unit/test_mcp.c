/* The MCP client, against conversations written down here: no process, no clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/detonate/mcp.h"
#include "sandbox/detonate/servers.h"

static const struct vb_mcp_places places = {.folder = "/home/alex/Downloads",
                                            .file = "/home/alex/Downloads/a.csv",
                                            .bait = "/home/alex/.netrc",
                                            .plugin = "/home/alex/Downloads/p.py",
                                            .database = "/home/alex/a.sqlite"};

/* --- arguments --- */

static json_t *arguments(const char *schema, enum vb_mcp_form form, struct vb_mcp_given *given)
{
    struct vb_error err = {0};
    VB_CLEANUP(vb_json_free) json_t *parsed = NULL;
    assert_int_equal(vb_json_parse(schema, strlen(schema), 1 << 20, &parsed, &err), VB_OK);
    json_t *made = vb_mcp_arguments(parsed, form, &places, given);
    assert_non_null(made);
    return made;
}

static void expect_arguments(const char *schema, enum vb_mcp_form form, const char *wanted)
{
    struct vb_mcp_given given;
    json_t *made = arguments(schema, form, &given);
    char *text = json_dumps(made, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, wanted);
    free(text);
    json_decref(made);
}

static void arguments_fit_their_schema(void **state)
{
    (void)state;
    expect_arguments("{\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":5},\"on\":{\"type\":"
                     "\"boolean\"},\"how\":{\"enum\":[\"fast\",\"slow\"]},\"mail\":{\"type\":"
                     "\"string\",\"format\":\"email\"}}}",
                     VB_MCP_TYPICAL,
                     "{\"how\":\"fast\",\"mail\":\"alex@example.com\",\"n\":5,\"on\":true}");
    expect_arguments("{\"properties\":{\"on\":{\"type\":\"boolean\"},\"how\":{\"enum\":[\"fast\","
                     "\"slow\",\"safe\"]}}}",
                     VB_MCP_CHOICE, "{\"how\":\"slow\",\"on\":false}");
    expect_arguments("{\"properties\":{\"on\":{\"type\":\"boolean\"},\"how\":{\"enum\":[\"fast\","
                     "\"slow\",\"safe\"]}}}",
                     VB_MCP_CHOICE_3, "{\"how\":\"safe\",\"on\":true}");
    expect_arguments("{\"properties\":{\"a\":{\"type\":\"number\",\"maximum\":7},\"b\":{\"type\":"
                     "\"string\"}},\"required\":[\"a\"]}",
                     VB_MCP_EDGE, "{\"a\":7}");
    expect_arguments("{\"properties\":{\"list\":{\"type\":\"array\",\"minItems\":2,\"items\":{"
                     "\"$ref\":\"#/$defs/row\"}}},\"$defs\":{\"row\":{\"properties\":{\"city\":{"
                     "\"type\":\"string\"}}}}}",
                     VB_MCP_TYPICAL, "{\"list\":[{\"city\":\"Berlin\"},{\"city\":\"Berlin\"}]}");
    expect_arguments("{\"properties\":{\"x\":{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\"}"
                     "]}}}",
                     VB_MCP_TYPICAL, "{\"x\":null}");
    expect_arguments("{\"properties\":{\"name\":{\"type\":\"string\",\"maxLength\":2}}}",
                     VB_MCP_TYPICAL, "{\"name\":\"Al\"}");
    expect_arguments("{}", VB_MCP_TYPICAL, "{}");
}

static void schemas_without_an_end_do_no_harm(void **state)
{
    struct vb_mcp_given given;
    (void)state;
    json_decref(arguments("{\"properties\":{\"a\":{\"$ref\":\"#\"},\"b\":{\"$ref\":\"#\"},\"c\":{"
                          "\"$ref\":\"#\"},\"d\":{\"$ref\":\"#\"}}}",
                          VB_MCP_TYPICAL, &given));
    json_decref(arguments("{\"properties\":{\"a\":{\"$ref\":\"#/properties/a\"}}}", VB_MCP_TYPICAL,
                          &given));
    json_decref(arguments("{\"properties\":{\"a\":{\"type\":\"array\",\"minItems\":99999999}}}",
                          VB_MCP_TYPICAL, &given));
    json_decref(
        arguments("{\"properties\":{\"a\":{\"minLength\":99999999999}}}", VB_MCP_TYPICAL, &given));
    json_decref(
        arguments("{\"properties\":7,\"required\":\"x\",\"allOf\":[1,2]}", VB_MCP_EDGE, &given));
}

static void paths_lead_to_places_of_ours(void **state)
{
    static const char *const files[] = {"path", "filePath", "input_file", "File", "source"};
    struct vb_mcp_given given;
    char schema[256];
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(files); i++) {
        snprintf(schema, sizeof(schema), "{\"properties\":{\"%s\":{\"type\":\"string\"}}}",
                 files[i]);
        json_t *made = arguments(schema, VB_MCP_BAIT, &given);
        assert_string_equal(json_string_value(json_object_get(made, files[i])), places.bait);
        assert_true(given.file);
        assert_int_equal(given.count, 1);
        json_decref(made);
        made = arguments(schema, VB_MCP_CANARY, &given);
        assert_string_equal(json_string_value(json_object_get(made, files[i])), places.file);
        json_decref(made);
    }
    json_t *made = arguments("{\"properties\":{\"profile\":{\"type\":\"string\"},\"cwd\":{\"type\":"
                             "\"string\"},\"where\":{\"type\":\"string\",\"description\":"
                             "\"Absolute path to it\"}}}",
                             VB_MCP_BAIT, &given);
    assert_string_equal(json_string_value(json_object_get(made, "cwd")), places.folder);
    assert_string_equal(json_string_value(json_object_get(made, "where")), places.bait);
    assert_null(strchr(json_string_value(json_object_get(made, "profile")), '/'));
    json_decref(made);
}

/* What is loaded as code says so, both ways where yes and no decide how; a database has a secret.
 */
static void special_files_are_what_their_names_say(void **state)
{
    struct vb_mcp_given given;
    (void)state;
    expect_arguments("{\"properties\":{\"plugin_path\":{\"type\":\"string\"},\"module_name\":{"
                     "\"type\":\"string\"}}}",
                     VB_MCP_CANARY,
                     "{\"module_name\":\"" VB_CANARY_MODULE
                     "\",\"plugin_path\":\"/home/alex/Downloads/p.py\"}");
    expect_arguments("{\"properties\":{\"plugin_path\":{\"type\":\"string\"},\"db_path\":{"
                     "\"type\":\"string\"}}}",
                     VB_MCP_BAIT,
                     "{\"db_path\":\"/home/alex/a.sqlite\",\"plugin_path\":\"/home/alex/.netrc\"}");
    expect_arguments("{\"properties\":{\"db_path\":{\"type\":\"string\"}}}", VB_MCP_TYPICAL,
                     "{\"db_path\":\"/home/alex/Downloads/a.csv\"}");
    expect_arguments("{\"properties\":{\"code\":{\"type\":\"string\",\"maxLength\":4},\"safe\":{"
                     "\"type\":\"boolean\",\"default\":true}}}",
                     VB_MCP_CANARY_2, "{\"code\":\"open\",\"safe\":false}");
    json_decref(
        arguments("{\"properties\":{\"code\":{\"type\":\"string\"}}}", VB_MCP_CANARY_2, &given));
    assert_true(given.code);
    json_decref(
        arguments("{\"properties\":{\"text\":{\"type\":\"string\"}}}", VB_MCP_CANARY_2, &given));
    assert_false(given.code);
}

/* --- conversations --- */

struct room {
    struct vb_sink sink;
    struct vb_mcp *mcp;
    struct vb_buf log;   /* events, one a line */
    struct vb_buf texts; /* that were kept */
    uint64_t now_ms;
};

static int note_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct room *room = (struct room *)(void *)sink;
    const int status = vb_event_check(event, err);
    return status < 0 ? status : vb_event_to_json(event, &room->log, err);
}

static int keep_text(void *ctx, const void *text, size_t len, const char *hex, struct vb_error *err)
{
    struct room *room = ctx;
    assert_int_equal(strlen(hex), VB_SHA256_HEX - 1);
    return vb_buf_append(&room->texts, text, len, err);
}

static void open_room_of(struct room *room, bool handshake, bool hosted)
{
    struct vb_error err = {0};
    *room = (struct room){.sink.emit = note_event};
    vb_buf_init(&room->log, 64 << 20);
    vb_buf_init(&room->texts, 64 << 20);
    const struct vb_mcp_options options = {.client = "claude-code",
                                           .handshake = handshake,
                                           .hosted = hosted,
                                           .places = places,
                                           .calls_until_ms = 40000,
                                           .until_ms = 60000,
                                           .sink = &room->sink,
                                           .keep = keep_text,
                                           .ctx = room};
    assert_int_equal(vb_mcp_new(&options, &room->mcp, &err), VB_OK);
    assert_int_equal(vb_mcp_begin(room->mcp, 0, &err), VB_OK);
}

static void open_room(struct room *room, bool handshake)
{
    open_room_of(room, handshake, false);
}

static void close_room(struct room *room)
{
    vb_mcp_free(room->mcp);
    vb_buf_done(&room->log);
    vb_buf_done(&room->texts);
}

static void hear(struct room *room, const char *text)
{
    struct vb_error err = {0};
    assert_int_equal(vb_mcp_hear(room->mcp, text, strlen(text), ++room->now_ms, &err), VB_OK);
}

/* The one line that the client has said since the last time. */
static json_t *listen(struct room *room)
{
    struct vb_error err = {0};
    struct vb_buf *out = vb_mcp_out(room->mcp);
    json_t *message = NULL;
    assert_true(out->len > 0);
    const char *end = memchr(out->data, '\n', out->len);
    assert_non_null(end);
    assert_ptr_equal(end, out->data + out->len - 1);
    assert_int_equal(vb_json_parse((const char *)out->data, out->len - 1, 1 << 20, &message, &err),
                     VB_OK);
    vb_buf_clear(out);
    return message;
}

/* Answers what the client asked last with RESULT, after checking that it asked for METHOD. */
static void answer(struct room *room, const char *method, const char *result)
{
    char line[8192];
    json_t *request = listen(room);
    assert_string_equal(json_string_value(json_object_get(request, "method")), method);
    snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%lld,%s}\n",
             (long long)json_integer_value(json_object_get(request, "id")), result);
    json_decref(request);
    hear(room, line);
}

static void expect_logged(const struct room *room, const char *text)
{
    if (memmem(room->log.data, room->log.len, text, strlen(text)) == NULL)
        fail_msg("not in the log: %s\n%s", text, (const char *)room->log.data);
}

#define DISCOVERED                                                                    \
    "\"result\":{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\"]," \
    "\"capabilities\":{\"tools\":{}},\"instructions\":\"Use it with great care.\"}"
#define TOOL                                                                                  \
    "\"result\":{\"tools\":[{\"name\":\"peek\",\"description\":\"Looks at a file for you.\"," \
    "\"inputSchema\":{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"}}}}]}"
#define SAID "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"what stands in there\"}]}"

static void the_protocol_of_today(void **state)
{
    struct room room;
    (void)state;
    open_room(&room, false);
    answer(&room, "server/discover", DISCOVERED);
    answer(&room, "tools/list", TOOL);
    answer(&room, "tools/call", SAID); /* typical */
    answer(&room, "tools/list", TOOL);
    /* It offers no values to choose from. */
    for (int form = 1; form < VB_MCP_CHOICE; form++) {
        if (form != VB_MCP_CANARY_2)
            answer(&room, "tools/call", SAID);
    }
    answer(&room, "tools/list", TOOL);
    assert_true(vb_mcp_over(room.mcp));
    assert_int_equal(vb_mcp_out(room.mcp)->len, 0);
    expect_logged(&room, "\"form\":\"bait\",\"text\":\"{\\\"path\\\":\\\"/home/alex/.netrc\\\"}\"");
    expect_logged(&room, "\"number\":3,\"count\":1,\"outcome\":\"whole\"");
    assert_non_null(strstr((const char *)room.texts.data, "Use it with great care."));
    assert_non_null(strstr((const char *)room.texts.data, "Looks at a file for you."));
    assert_non_null(strstr((const char *)room.texts.data, "what stands in there"));
    close_room(&room);
}

static void the_handshake_comes_second(void **state)
{
    struct room room;
    struct vb_error err = {0};
    (void)state;
    open_room(&room, false);
    answer(&room, "server/discover", "\"error\":{\"code\":-32601,\"message\":\"no such method\"}");
    json_t *request = listen(&room);
    assert_string_equal(json_string_value(json_object_get(request, "method")), "initialize");
    assert_null(json_object_get(json_object_get(request, "params"), "_meta"));
    json_decref(request);
    hear(&room, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"protocolVersion\":\"2024-11-05\","
                "\"capabilities\":{\"prompts\":{}},\"serverInfo\":{\"name\":\"old\"}}}\n");
    /* Its notification and the next request. */
    assert_non_null(strstr((const char *)vb_mcp_out(room.mcp)->data, "notifications/initialized"));
    vb_buf_clear(vb_mcp_out(room.mcp));
    hear(&room,
         "{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":-32601,\"message\":\"none\"}}\n");
    answer(&room, "prompts/list",
           "\"result\":{\"prompts\":[{\"name\":\"hi\",\"arguments\":[{\"name\":\"city\"}]}]}");
    answer(&room, "tools/list", "\"result\":{\"tools\":[]}");
    request = listen(&room);
    assert_string_equal(json_string_value(json_object_get(request, "method")), "prompts/get");
    const json_t *given = json_object_get(json_object_get(request, "params"), "arguments");
    assert_string_equal(json_string_value(json_object_get(given, "city")), "Berlin");
    json_decref(request);
    expect_logged(&room, "\"version\":\"2024-11-05\",\"name\":\"old\"");
    expect_logged(&room, "\"what\":\"tools\",\"number\":1,\"count\":0,\"outcome\":\"failed\"");
    /* Its end ends what was under way. */
    assert_int_equal(vb_mcp_hung_up(room.mcp, 99, &err), VB_OK);
    assert_true(vb_mcp_over(room.mcp));
    expect_logged(&room, "\"outcome\":\"ended\"");
    expect_logged(&room, "it ended before everything was tried");
    close_room(&room);
}

static void a_host_says_what_it_could_not_do(void **state)
{
    static const char gap[] = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/gap\",\"params\":"
                              "{\"what\":\"missing\",\"name\":\"zod\"}}\n";
    (void)state;
    for (int hosted = 0; hosted < 2; hosted++) {
        struct room room;
        open_room_of(&room, true, hosted == 1);
        answer(&room, "initialize",
               "\"result\":{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{}}");
        vb_buf_clear(vb_mcp_out(room.mcp));
        hear(&room, gap);
        hear(&room, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/gap\",\"params\":7}\n");
        assert_int_equal(strstr((const char *)room.log.data, "a stand-in answered") != NULL,
                         hosted == 1);
        close_room(&room);
    }
}

/* What waits for its time may never have it: that is no failure. */
static void a_host_waits_without_an_end(void **state)
{
    struct room room;
    struct vb_error err = {0};
    (void)state;
    open_room_of(&room, true, true);
    answer(&room, "initialize",
           "\"result\":{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{}}}");
    vb_buf_clear(vb_mcp_out(room.mcp));
    hear(&room,
         "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"tools\":[{\"name\":\"host:wait\"}]}}\n");
    expect_logged(&room, "\"name\":\"host:wait\"");
    vb_buf_clear(vb_mcp_out(room.mcp));
    assert_int_equal(vb_mcp_tick(room.mcp, room.now_ms + VB_MCP_WAIT_MS, &err), VB_OK);
    expect_logged(&room, "\"outcome\":\"cut\"");
    assert_null(strstr((const char *)room.log.data, "it did not answer in time"));
    close_room(&room);
}

static void what_a_server_asks_is_answered(void **state)
{
    static const struct {
        const char *request, *answer;
    } rows[] = {
        {"\"method\":\"ping\"", "\"result\":{}"},
        {"\"method\":\"roots/list\"", "file:///home/alex/Downloads"},
        {"\"method\":\"sampling/createMessage\",\"params\":{}", "\"role\":\"assistant\""},
        {"\"method\":\"elicitation/create\",\"params\":{\"requestedSchema\":{\"properties\":{"
         "\"city\":{\"type\":\"string\"}}}}",
         "\"content\":{\"city\":\"Berlin\"}"},
        {"\"method\":\"no/such\"", "-32601"},
    };
    struct room room;
    (void)state;
    open_room(&room, false);
    vb_buf_clear(vb_mcp_out(room.mcp));
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        char line[512];
        snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":\"q\",%s}\n", rows[i].request);
        hear(&room, line);
        const char *said = (const char *)vb_mcp_out(room.mcp)->data;
        assert_non_null(strstr(said, "\"id\":\"q\""));
        if (strstr(said, rows[i].answer) == NULL)
            fail_msg("%s was answered %s", rows[i].request, said);
        vb_buf_clear(vb_mcp_out(room.mcp));
    }
    for (int i = 0; i < VB_MCP_REQUESTS_MAX; i++)
        hear(&room, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n");
    vb_buf_clear(vb_mcp_out(room.mcp));
    hear(&room, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n");
    assert_int_equal(vb_mcp_out(room.mcp)->len, 0);
    expect_logged(&room, "more than 200 are not answered");
    close_room(&room);
}

static void a_result_may_ask_too(void **state)
{
    static const char more[] =
        "\"result\":{\"resultType\":\"input_required\",\"requestState\":\"S\",\"inputRequests\":{"
        "\"r\":{\"method\":\"roots/list\",\"params\":{}}}}";
    struct room room;
    (void)state;
    open_room(&room, false);
    answer(&room, "server/discover", DISCOVERED);
    answer(&room, "tools/list", TOOL);
    answer(&room, "tools/call", more);
    json_t *request = listen(&room);
    const json_t *params = json_object_get(request, "params");
    assert_string_equal(json_string_value(json_object_get(params, "requestState")), "S");
    assert_non_null(json_object_get(json_object_get(params, "inputResponses"), "r"));
    assert_string_equal(json_string_value(json_object_get(params, "name")), "peek");
    json_decref(request);
    for (int id = 4; id < 4 + VB_MCP_ROUNDS_MAX; id++) {
        char line[512];
        vb_buf_clear(vb_mcp_out(room.mcp));
        snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%d,%s}\n", id, more);
        hear(&room, line);
    }
    expect_logged(&room, "it asks for more in more than 5 rounds");
    close_room(&room);
}

/* --- bad servers --- */

static void silence_is_not_waited_for_for_ever(void **state)
{
    struct room room;
    struct vb_error err = {0};
    (void)state;
    open_room(&room, false);
    for (int i = 0; i < 20 && !vb_mcp_over(room.mcp); i++)
        assert_int_equal(vb_mcp_tick(room.mcp, vb_mcp_next_ms(room.mcp), &err), VB_OK);
    assert_true(vb_mcp_over(room.mcp));
    expect_logged(&room, "it speaks no protocol of MCP that we know");
    close_room(&room);
    /* Told that nobody does anything, it needs no time at all. */
    open_room(&room, false);
    for (int i = 0; i < 2; i++) {
        vb_buf_clear(vb_mcp_out(room.mcp));
        assert_int_equal(vb_mcp_silence(room.mcp, 1, &err), VB_OK);
    }
    assert_true(vb_mcp_over(room.mcp));
    close_room(&room);
}

static void a_tool_that_never_answers(void **state)
{
    struct room room;
    struct vb_error err = {0};
    (void)state;
    open_room(&room, false);
    answer(&room, "server/discover", DISCOVERED);
    answer(&room, "tools/list", TOOL);
    for (int i = 0; i < 50 && !vb_mcp_over(room.mcp); i++) {
        vb_buf_clear(vb_mcp_out(room.mcp));
        assert_int_equal(vb_mcp_tick(room.mcp, vb_mcp_next_ms(room.mcp), &err), VB_OK);
    }
    assert_true(vb_mcp_over(room.mcp));
    expect_logged(&room, "\"outcome\":\"timeout\"");
    expect_logged(&room, "it did not answer in time");
    close_room(&room);
}

static void lines_that_are_none(void **state)
{
    struct room room;
    (void)state;
    open_room(&room, false);
    hear(&room, "not json\n\n{\"a\":1}\n[1,2]\n");
    for (int i = 0; i < VB_MCP_INVALID_MAX && !vb_mcp_over(room.mcp); i++)
        hear(&room, "[[[[\n");
    assert_true(vb_mcp_over(room.mcp));
    expect_logged(&room, "\"form\":\"invalid\"");
    expect_logged(&room, "\"stage\":\"mcp\",\"what\":\"the rest of what the MCP server says\","
                         "\"reason\":\"more than 200 lines");
    close_room(&room);
}

static void one_line_without_an_end(void **state)
{
    enum { PART = 1 << 20 };
    struct room room;
    struct vb_error err = {0};
    char *part = malloc(PART);
    (void)state;
    assert_non_null(part);
    memset(part, 'a', PART);
    open_room(&room, false);
    vb_buf_clear(vb_mcp_out(room.mcp));
    for (int i = 0; i < 6; i++)
        assert_int_equal(vb_mcp_hear(room.mcp, part, PART, 1, &err), VB_OK);
    expect_logged(&room, "longer than 4 MiB");
    hear(&room, "\n{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}\n"); /* and goes on */
    assert_true(vb_mcp_out(room.mcp)->len > 0);
    for (int i = 0; i < 70 && !vb_mcp_over(room.mcp); i++)
        assert_int_equal(vb_mcp_hear(room.mcp, part, PART, 1, &err), VB_OK);
    assert_true(vb_mcp_over(room.mcp));
    expect_logged(&room, "a line of more than 32 MiB without an end");
    free(part);
    close_room(&room);
}

static void cursors_without_an_end(void **state)
{
    struct room room;
    (void)state;
    open_room(&room, false);
    answer(&room, "server/discover", DISCOVERED);
    for (int i = 0; i < VB_MCP_PAGES_MAX; i++)
        answer(&room, "tools/list", "\"result\":{\"tools\":[],\"nextCursor\":\"x\"}");
    expect_logged(&room, "more than 20 pages");
    expect_logged(&room, "\"what\":\"tools\",\"number\":1,\"count\":0,\"outcome\":\"cut\"");
    close_room(&room);
}

static void large_schemas(void **state)
{
    struct room room;
    struct vb_error err = {0};
    struct vb_buf line;
    (void)state;
    vb_buf_init(&line, 4 << 20);
    open_room(&room, false);
    answer(&room, "server/discover", DISCOVERED);
    vb_buf_clear(vb_mcp_out(room.mcp));
    assert_int_equal(
        vb_buf_append_str(
            &line, "{\"id\":2,\"result\":{\"tools\":[{\"name\":\"x\",\"inputSchema\":{\"enum\":[0",
            &err),
        VB_OK);
    for (int i = 0; i < 500000; i++)
        assert_int_equal(vb_buf_append(&line, ",0", 2, &err), VB_OK);
    assert_int_equal(vb_buf_append_str(&line, "]}}]}}\n", &err), VB_OK);
    hear(&room, (const char *)line.data);
    json_t *request = listen(&room);
    const json_t *params = json_object_get(request, "params");
    assert_int_equal(json_object_size(json_object_get(params, "arguments")), 0);
    json_decref(request);
    expect_logged(&room, "longer than 128 KiB");
    vb_buf_done(&line);
    close_room(&room);
}

/* A name longer than what is told of it, of characters of several bytes. */
static void long_names(void **state)
{
    enum { LEN = 3000 };
    struct room room;
    struct vb_error err = {0};
    struct vb_buf line;
    (void)state;
    vb_buf_init(&line, 1 << 20);
    open_room(&room, false);
    answer(
        &room, "server/discover",
        "\"result\":{\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{\"resources\":{}}}");
    assert_int_equal(vb_buf_append_str(&line, "\"result\":{\"tools\":[{\"name\":\"x", &err), VB_OK);
    for (int i = 0; i < LEN / 3; i++)
        assert_int_equal(vb_buf_append_str(&line, "\xe2\x82\xac", &err), VB_OK);
    assert_int_equal(vb_buf_append_str(&line, "\"}]}", &err), VB_OK);
    answer(&room, "tools/list", (const char *)line.data);
    answer(&room, "resources/list", "\"result\":{\"resources\":[]}");
    answer(&room, "resources/templates/list",
           "\"result\":{\"resourceTemplates\":[{\"uriTemplate\":\"a://{b}/\xe2\x82\xac{\"}]}");
    answer(&room, "tools/call", SAID);
    answer(&room, "tools/list", TOOL);
    answer(&room, "tools/call", SAID);
    answer(&room, "tools/call", SAID);
    json_t *request = listen(&room);
    const char *uri = json_string_value(json_object_get(json_object_get(request, "params"), "uri"));
    assert_string_equal(uri, "a://1/\xe2\x82\xac{");
    json_decref(request);
    assert_null(memmem(room.log.data, room.log.len, "base64", 6));
    vb_buf_done(&line);
    close_room(&room);
}

static void messages_in_pieces(void **state)
{
    static const char line[] = "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}\r\n";
    struct room room;
    struct vb_error err = {0};
    (void)state;
    open_room(&room, true);
    vb_buf_clear(vb_mcp_out(room.mcp));
    for (size_t i = 0; i + 1 < sizeof(line); i++)
        assert_int_equal(vb_mcp_hear(room.mcp, line + i, 1, 1, &err), VB_OK);
    json_t *said = listen(&room);
    assert_int_equal(json_integer_value(json_object_get(said, "id")), 7);
    json_decref(said);
    hear(&room, "[{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"ping\"}]\n"); /* a batch */
    assert_true(vb_mcp_out(room.mcp)->len > 0);
    close_room(&room);
}

/* --- commands --- */

static void commands_of_the_package_itself(void **state)
{
    static const struct {
        const char *command, *wanted;
    } rows[] = {
        {"npx -y @acme/notes-mcp@latest /data", "node \"%{tree}/dist/index.js\" /data"},
        {"npx --package @acme/notes-mcp notes-mcp --stdio",
         "node \"%{tree}/dist/index.js\" --stdio"},
        {"npx -y @acme/other", "npx -y @acme/other"},
        {"uvx notes_mcp==1.0", "uvx notes_mcp==1.0"},
        {"node \"${__dirname}${/}server.js\" \"${user_config.dir}\"",
         "node \"%{tree}/server.js\" \"%{home}/Downloads\""},
        {"npx", "npx"},
        {"npx -y", "npx -y"},
        {"npx 'unfinished", "npx 'unfinished"},
    };
    static char kinds[][16] = {"npm", "mcp-server"};
    static char root[] = ".", name[] = "@acme/notes-mcp", program[] = "dist/index.js";
    static char reason[] = "bin:notes-mcp", when[] = "use", node[] = "node";
    static char place[] = ".mcp.json", server[] = "mcp-server:notes";
    struct vb_manifest_package package = {.kind = kinds[0], .root = root, .name = name};
    struct vb_manifest_entry entries[] = {
        {.path = program, .reason = reason, .when = when, .interpreter = node},
        {.path = place, .reason = server, .when = when}};
    const struct vb_manifest manifest = {.packages = &package,
                                         .package_count = 1,
                                         .entries = entries,
                                         .entry_count = VB_ARRAY_LEN(entries)};
    (void)state;
    assert_false(vb_is_mcp_server(&manifest, &entries[0]));
    assert_true(vb_is_mcp_server(&manifest, &entries[1]));
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        char command[128];
        bool failed = true;
        snprintf(command, sizeof(command), "%s", rows[i].command);
        entries[1].command = command;
        char *made = vb_mcp_command(&manifest, &entries[1], NULL, &failed);
        assert_false(failed);
        assert_string_equal(made, rows[i].wanted);
        free(made);
    }
    package.kind = kinds[1];
    assert_true(vb_is_mcp_server(&manifest, &entries[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_fit_their_schema),
        cmocka_unit_test(schemas_without_an_end_do_no_harm),
        cmocka_unit_test(paths_lead_to_places_of_ours),
        cmocka_unit_test(special_files_are_what_their_names_say),
        cmocka_unit_test(the_protocol_of_today),
        cmocka_unit_test(the_handshake_comes_second),
        cmocka_unit_test(a_host_says_what_it_could_not_do),
        cmocka_unit_test(a_host_waits_without_an_end),
        cmocka_unit_test(what_a_server_asks_is_answered),
        cmocka_unit_test(a_result_may_ask_too),
        cmocka_unit_test(silence_is_not_waited_for_for_ever),
        cmocka_unit_test(a_tool_that_never_answers),
        cmocka_unit_test(lines_that_are_none),
        cmocka_unit_test(one_line_without_an_end),
        cmocka_unit_test(cursors_without_an_end),
        cmocka_unit_test(large_schemas),
        cmocka_unit_test(long_names),
        cmocka_unit_test(messages_in_pieces),
        cmocka_unit_test(commands_of_the_package_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
