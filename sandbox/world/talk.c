/* talk: protocols of lines and sessions: mail is taken, a shell that waits for commands is given
 * some, a store of keys is empty, and everything else is listened to. See internal.h. */
#include <string.h>
#include <strings.h>

#include "sandbox/world/internal.h"

enum { KEPT_BYTES = 65536, IDLE_MS = 1000, PATIENT_MS = 10000 };

/* What was said so far. */
struct talk {
    struct vb_buf said;
    uint64_t size;
    size_t line;  /* where the line begins that is not complete */
    bool in_data; /* mail: the message itself comes */
    unsigned step;
};

static int begin_talk(struct vb_connection *connection, struct vb_error *err)
{
    struct talk *talk = calloc(1, sizeof(*talk));
    if (talk == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "answering in the network of a box");
    vb_buf_init(&talk->said, KEPT_BYTES);
    connection->state = talk;
    return VB_OK;
}

static void free_talk(struct vb_connection *connection)
{
    struct talk *talk = connection->state;
    if (talk == NULL)
        return;
    vb_buf_done(&talk->said);
    free(talk);
}

static int hear(struct vb_connection *connection, const unsigned char *bytes, size_t len,
                struct vb_error *err)
{
    struct talk *talk = connection->state;
    const size_t room = talk->said.max - talk->said.len;
    talk->size += len;
    const int status =
        room == 0 ? VB_OK : vb_buf_append(&talk->said, bytes, len < room ? len : room, err);
    return status < 0 ? status
                      : vb_world_search(connection->world, &connection->outbound, bytes, len, err);
}

static int tell_session(struct vb_connection *connection, const char *protocol,
                        struct vb_error *err)
{
    const struct talk *talk = connection->state;
    struct vb_event event;
    if (talk->size == 0)
        return VB_OK;
    vb_world_event(connection->world, connection, VB_EV_WORLD_SESSION, &event);
    vb_event_str(&event, VB_F_PROTOCOL, protocol);
    vb_event_strn(&event, VB_F_TEXT, (const char *)talk->said.data, talk->said.len);
    vb_event_int(&event, VB_F_SIZE, (int64_t)talk->size);
    const struct vb_str said = {(const char *)talk->said.data, talk->said.len};
    if (strcmp(protocol, "ssh") != 0 && strcmp(protocol, "tls") != 0)
        vb_world_put_cipher(&event, &connection->outbound, &said, talk->size);
    if (talk->size > talk->said.len)
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    return vb_world_emit(connection->world, &event, err);
}

/* --- mail (RFC 5321) --- */

#define EXTENSIONS "250-AUTH PLAIN LOGIN\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"

static const struct {
    const char *verb, *reply;
    bool data, quit;
} verbs[] = {
    {"EHLO", "250-mx1.mail.net\r\n250-SIZE 35882577\r\n" EXTENSIONS, false, false},
    {"HELO", "250 mx1.mail.net\r\n", false, false},
    {"MAIL", "250 2.1.0 Ok\r\n", false, false},
    {"RCPT", "250 2.1.5 Ok\r\n", false, false},
    {"DATA", "354 End data with <CR><LF>.<CR><LF>\r\n", true, false},
    {"RSET", "250 2.0.0 Ok\r\n", false, false},
    {"NOOP", "250 2.0.0 Ok\r\n", false, false},
    {"VRFY", "252 2.0.0 Ok\r\n", false, false},
    {"QUIT", "221 2.0.0 Bye\r\n", false, true},
    {"STARTTLS", "454 4.7.0 TLS not available\r\n", false, false},
};

static int begin_mail(struct vb_connection *connection, struct vb_error *err)
{
    const int status = begin_talk(connection, err);
    return status < 0 ? status
                      : vb_connection_say(connection, "220 mx1.mail.net ESMTP Postfix\r\n", err);
}

/* AUTH PLAIN with its argument is one line; otherwise two more are asked for (RFC 4954). */
static const char *reply_to_auth(struct talk *talk, const char *line)
{
    const bool login = strncasecmp(line, "AUTH LOGIN", 10) == 0;
    const bool complete = strlen(line) > 13 && !login;
    talk->step = complete ? 0 : login ? 2 : 1;
    return complete ? "235 2.7.0 Authentication successful\r\n"
           : login  ? "334 VXNlcm5hbWU6\r\n"
                    : "334 \r\n";
}

static bool can_encrypt(const struct vb_connection *connection)
{
    return connection->tls == NULL && connection->world->tls != NULL;
}

/* What is said where TLS can begin (RFC 3207), instead of the table's replies. NULL: as there. */
static const char *reply_with_tls(struct vb_connection *connection, const char *line)
{
    if (!can_encrypt(connection))
        return NULL;
    if (strncasecmp(line, "EHLO", 4) == 0)
        return "250-mx1.mail.net\r\n250-SIZE 35882577\r\n250-STARTTLS\r\n" EXTENSIONS;
    if (strcasecmp(line, "STARTTLS") != 0)
        return NULL;
    connection->decided = false; /* the next bytes show whether the client means it */
    return "220 2.0.0 Ready to start TLS\r\n";
}

static const char *reply_to(struct vb_connection *connection, const char *line)
{
    struct talk *talk = connection->state;
    if (talk->step > 0) {
        talk->step--;
        return talk->step > 0 ? "334 UGFzc3dvcmQ6\r\n" : "235 2.7.0 Authentication successful\r\n";
    }
    if (strncasecmp(line, "AUTH ", 5) == 0)
        return reply_to_auth(talk, line);
    const char *reply = reply_with_tls(connection, line);
    if (reply != NULL)
        return reply;
    for (size_t i = 0; i < VB_ARRAY_LEN(verbs); i++) {
        if (strncasecmp(line, verbs[i].verb, strlen(verbs[i].verb)) != 0)
            continue;
        talk->in_data = verbs[i].data;
        connection->closing = connection->closing || verbs[i].quit;
        return verbs[i].reply;
    }
    return "500 5.5.2 Error: command not recognized\r\n";
}

static int take_line(struct vb_connection *connection, const char *line, struct vb_error *err)
{
    struct talk *talk = connection->state;
    if (!talk->in_data)
        return vb_connection_say(connection, reply_to(connection, line), err);
    if (strcmp(line, ".") != 0)
        return VB_OK;
    talk->in_data = false;
    return vb_connection_say(connection, "250 2.0.0 Ok: queued as 4XkQ2d1vbGz9s\r\n", err);
}

static int input_mail(struct vb_connection *connection, const unsigned char *bytes, size_t len,
                      struct vb_error *err)
{
    struct talk *talk = connection->state;
    int status = hear(connection, bytes, len, err);
    while (status == VB_OK && talk->line < talk->said.len) {
        char line[1024];
        const unsigned char *at = talk->said.data + talk->line;
        const unsigned char *end = memchr(at, '\n', talk->said.len - talk->line);
        if (end == NULL)
            break;
        size_t size = (size_t)(end - at);
        talk->line += size + 1;
        size = size > 0 && at[size - 1] == '\r' ? size - 1 : size;
        snprintf(line, sizeof(line), "%.*s", (int)(size < sizeof(line) ? size : sizeof(line) - 1),
                 (const char *)at);
        status = take_line(connection, line, err);
    }
    /* A message longer than what is kept ends when its client says no more. */
    if (talk->said.len == talk->said.max && talk->in_data && len >= 5 &&
        memcmp(bytes + len - 5, "\r\n.\r\n", 5) == 0)
        status = take_line(connection, ".", err);
    return status;
}

static int end_mail(struct vb_connection *connection, struct vb_error *err)
{
    return tell_session(connection, "smtp", err);
}

const struct vb_protocol vb_protocol_smtp = {.name = "smtp",
                                             .idle_ms = PATIENT_MS,
                                             .begin = begin_mail,
                                             .input = input_mail,
                                             .end = end_mail,
                                             .free = free_talk};

/* --- a secure shell (RFC 4253): only its greeting --- */

static int begin_ssh(struct vb_connection *connection, struct vb_error *err)
{
    const int status = begin_talk(connection, err);
    return status < 0
               ? status
               : vb_connection_say(connection, "SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13.5\r\n", err);
}

static int end_ssh(struct vb_connection *connection, struct vb_error *err)
{
    return tell_session(connection, "ssh", err);
}

const struct vb_protocol vb_protocol_ssh = {.name = "ssh",
                                            .idle_ms = IDLE_MS,
                                            .begin = begin_ssh,
                                            .input = hear,
                                            .end = end_ssh,
                                            .free = free_talk};

/* --- a shell at the other end, that waits for somebody to type --- */

static const char *const commands[] = {"id\n", "uname -a\n", "exit\n"};

static int type_next(struct vb_connection *connection, struct vb_error *err)
{
    struct talk *talk = connection->state;
    return talk->step == VB_ARRAY_LEN(commands)
               ? VB_OK
               : vb_connection_say(connection, commands[talk->step++], err);
}

static int begin_shell(struct vb_connection *connection, struct vb_error *err)
{
    const int status = begin_talk(connection, err);
    return status < 0 ? status : type_next(connection, err);
}

static int input_shell(struct vb_connection *connection, const unsigned char *bytes, size_t len,
                       struct vb_error *err)
{
    const struct talk *talk = connection->state;
    int status = hear(connection, bytes, len, err);
    /* The answer to `id` shows that it is one. */
    if (status == VB_OK && memmem(talk->said.data, talk->said.len, "uid=", 4) != NULL)
        status = type_next(connection, err);
    return status;
}

static int end_shell(struct vb_connection *connection, struct vb_error *err)
{
    const struct talk *talk = connection->state;
    const bool answered =
        talk->said.len > 0 && memmem(talk->said.data, talk->said.len, "uid=", 4) != NULL;
    return tell_session(connection, answered ? "shell" : "unknown", err);
}

const struct vb_protocol vb_protocol_shell = {.name = "shell",
                                              .idle_ms = IDLE_MS,
                                              .begin = begin_shell,
                                              .input = input_shell,
                                              .end = end_shell,
                                              .free = free_talk};

/* --- a store of keys and values (RESP2, redis.io/docs/latest/develop/reference/protocol-spec) ---
 */

enum { WORDS_MAX = 1024 };

/* It is empty, and takes what it is given. */
static const struct {
    const char *command, *reply;
} replies[] = {
    {"PING", "+PONG\r\n"},
    {"HELLO", "-ERR unknown command 'HELLO'\r\n"},
    {"INFO", "$79\r\n# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nrole:master\r\n"
             "loading:0\r\n\r\n"},
    {"GET", "$-1\r\n"},
    {"HGET", "$-1\r\n"},
    {"GETDEL", "$-1\r\n"},
    {"LPOP", "$-1\r\n"},
    {"RPOP", "$-1\r\n"},
    {"KEYS", "*0\r\n"},
    {"MGET", "*0\r\n"},
    {"HGETALL", "*0\r\n"},
    {"SMEMBERS", "*0\r\n"},
    {"LRANGE", "*0\r\n"},
    {"ZRANGE", "*0\r\n"},
    {"COMMAND", "*0\r\n"},
    {"SCAN", "*2\r\n$1\r\n0\r\n*0\r\n"},
    {"TYPE", "+none\r\n"},
    {"DBSIZE", ":0\r\n"},
    {"EXISTS", ":0\r\n"},
    {"LLEN", ":0\r\n"},
    {"TTL", ":-2\r\n"},
    {"DEL", ":1\r\n"},
    {"EXPIRE", ":1\r\n"},
    {"HSET", ":1\r\n"},
    {"INCR", ":1\r\n"},
    {"LPUSH", ":1\r\n"},
    {"RPUSH", ":1\r\n"},
    {"SADD", ":1\r\n"},
    {"PUBLISH", ":0\r\n"},
    {"", "+OK\r\n"},
};

static const char *reply_to_command(const unsigned char *word, size_t len)
{
    size_t row = 0;
    while (row + 1 < VB_ARRAY_LEN(replies) &&
           (strlen(replies[row].command) != len ||
            strncasecmp(replies[row].command, (const char *)word, len) != 0))
        row++;
    return replies[row].reply;
}

/* The number of the line at *AT that begins with MARK; *AT moves behind the line. -1: it is not
 * there as a whole, or no such line. */
static long take_number(const struct vb_buf *said, size_t *at, char mark)
{
    long number = 0;
    size_t i = *at;
    if (i >= said->len || said->data[i++] != (unsigned char)mark)
        return -1;
    const size_t first = i;
    for (; i < said->len && said->data[i] >= '0' && said->data[i] <= '9' && i - first < 8; i++)
        number = number * 10 + (said->data[i] - '0');
    if (i == first || i + 2 > said->len || memcmp(said->data + i, "\r\n", 2) != 0)
        return -1;
    *at = i + 2;
    return number;
}

/* The command at *AT, an array of its words; *AT moves behind it. NULL: it is not there as a whole,
 * and never will be if it is none or has too many words. */
static const char *take_command(const struct vb_buf *said, size_t *at)
{
    size_t to = *at;
    const char *reply = NULL;
    const long count = take_number(said, &to, '*');
    for (long i = 0; i < count && count <= WORDS_MAX; i++) {
        const long len = take_number(said, &to, '$');
        if (len < 0 || said->len - to < (size_t)len + 2)
            return NULL;
        reply = reply == NULL ? reply_to_command(said->data + to, (size_t)len) : reply;
        to += (size_t)len + 2;
    }
    if (reply != NULL)
        *at = to;
    return reply;
}

static int input_store(struct vb_connection *connection, const unsigned char *bytes, size_t len,
                       struct vb_error *err)
{
    struct talk *talk = connection->state;
    int status = hear(connection, bytes, len, err);
    const char *reply;
    while (status == VB_OK && (reply = take_command(&talk->said, &talk->line)) != NULL)
        status = vb_connection_say(connection, reply, err);
    return status;
}

static int end_store(struct vb_connection *connection, struct vb_error *err)
{
    return tell_session(connection, "redis", err);
}

const struct vb_protocol vb_protocol_redis = {.name = "redis",
                                              .idle_ms = PATIENT_MS,
                                              .begin = begin_talk,
                                              .input = input_store,
                                              .end = end_store,
                                              .free = free_talk};

/* --- anything else --- */

/* First bytes that tell a protocol which is only listened to. */
static const struct {
    const char *bytes;
    size_t len, offset;
    const char *name;
} guesses[] = {
    {"*", 1, 0, "redis"}, /* that is none to the end */
    {"\x00\x03\x00\x00", 4, 4, "postgresql"},
    {"\x10", 1, 0, "mqtt"},
    {"NICK ", 5, 0, "irc"},
    {"USER ", 5, 0, "ftp"},
    {"\x05\x01", 2, 0, "socks5"},
    {"\x04\x01", 2, 0, "socks4"},
    {"{\"id\":", 6, 0, "stratum"},
    {"{\"method\":", 10, 0, "stratum"},
    {"{\"jsonrpc\"", 10, 0, "json-rpc"},
    {"\x13"
     "BitTorrent",
     11, 0, "bittorrent"},
    {"<?xml", 5, 0, "xmpp"},
    {"\x16\x03", 2, 0, "tls"},
};

static const char *guess(const struct vb_buf *said)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(guesses); i++) {
        if (said->len >= guesses[i].offset + guesses[i].len &&
            memcmp(said->data + guesses[i].offset, guesses[i].bytes, guesses[i].len) == 0)
            return guesses[i].name;
    }
    return "unknown";
}

static int end_raw(struct vb_connection *connection, struct vb_error *err)
{
    const struct talk *talk = connection->state;
    return tell_session(connection, guess(&talk->said), err);
}

const struct vb_protocol vb_protocol_raw = {.name = "raw",
                                            .idle_ms = IDLE_MS,
                                            .begin = begin_talk,
                                            .input = hear,
                                            .end = end_raw,
                                            .free = free_talk};
