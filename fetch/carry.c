/* carry: what the box asks of a real host, made again by libcurl. The request is the package's, the
 * answer the server's; neither is interpreted beyond HTTP itself. See carry.h. */
#include "fetch/carry.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    HEAD_BYTES = 64 * 1024, /* of an answer's headers */
    BUNDLE_BYTES = 4 * 1024 * 1024,
    REASON_BYTES = 320,
    METHOD_BYTES = 32
};

struct carry {
    struct carrier *carrier;
    uint32_t number, flags;
    int row;
    char method[METHOD_BYTES];
    char url[VB_COURIER_HOST_BYTES + 32]; /* without the path */
    char *target;
    struct curl_slist *headers;
    CURL *curl; /* NULL: it waits */
    uint64_t until_ns;
    int body; /* of the request; -1: none */
    uint64_t body_size, body_sent;
    uint64_t sent_in_vain;      /* of it, before it began again */
    char refused[REASON_BYTES]; /* why an address was not connected to; "" */
    char error[CURL_ERROR_SIZE];
    /* the answer: */
    const char *trouble;  /* NULL: none */
    struct vb_buf head;   /* NAME NUL VALUE NUL … */
    size_t head_count;    /* pairs */
    char connection[256]; /* the value of that header */
    uint64_t stated;      /* by Content-Length */
    int file;             /* -1: no body yet */
    uint64_t received;
};

static int no_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, errno, "no memory for a request");
}

/* --- what all have in common --- */

static const char *find_bundle(const struct libcurl *libcurl)
{
    static const char *const usual[] = {"/etc/ssl/certs/ca-certificates.crt",
                                        "/etc/pki/tls/certs/ca-bundle.crt",
                                        "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
    const curl_version_info_data *info = libcurl->version_info(CURLVERSION_NOW);
    if (info != NULL && info->age >= CURLVERSION_SEVENTH && info->cainfo != NULL &&
        access(info->cainfo, R_OK) == 0)
        return info->cainfo;
    for (size_t i = 0; i < VB_ARRAY_LEN(usual); i++) {
        if (access(usual[i], R_OK) == 0)
            return usual[i];
    }
    return NULL;
}

static int read_certificates(struct carrier *carrier, const char *ca_file, struct vb_error *err)
{
    const char *path = ca_file != NULL ? ca_file : find_bundle(&carrier->libcurl);
    vb_buf_init(&carrier->certificates, BUNDLE_BYTES);
    if (path == NULL)
        return vb_fail(err, VB_E_UNAVAILABLE, 0,
                       "no file of trusted certificates: install ca-certificates, or name one in "
                       "SSL_CERT_FILE");
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return vb_fail(err, VB_E_CONFIG, errno, "the trusted certificates in %s", path);
    const int status = vb_buf_read_fd(&carrier->certificates, fd, err);
    return status < 0 ? vb_wrap(err, "the trusted certificates in %s", path) : VB_OK;
}

int carrier_open(struct carrier *carrier, const char *ca_file, struct vb_error *err)
{
    int status = libcurl_load(&carrier->libcurl, err);
    if (status == VB_OK)
        status = read_certificates(carrier, ca_file, err);
    if (status < 0)
        return status;
    if (carrier->libcurl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return vb_fail(err, VB_E_UNAVAILABLE, 0, "libcurl cannot begin");
    carrier->multi = carrier->libcurl.multi_init();
    return carrier->multi == NULL ? no_memory(err) : VB_OK;
}

void carrier_close(struct carrier *carrier)
{
    if (carrier->multi != NULL)
        (void)carrier->libcurl.multi_cleanup(carrier->multi);
    carrier->multi = NULL;
    vb_buf_done(&carrier->certificates);
}

/* --- one request --- */

void carry_free(struct carry *carry)
{
    if (carry == NULL)
        return;
    const struct libcurl *libcurl = &carry->carrier->libcurl;
    if (carry->curl != NULL) {
        (void)libcurl->multi_remove_handle(carry->carrier->multi, carry->curl);
        libcurl->easy_cleanup(carry->curl);
    }
    libcurl->slist_free_all(carry->headers);
    vb_buf_done(&carry->head);
    vb_close_fd(&carry->body);
    vb_close_fd(&carry->file);
    free(carry->target);
    free(carry);
}

uint32_t carry_number(const struct carry *carry)
{
    return carry->number;
}

int carry_row(const struct carry *carry)
{
    return carry->row;
}

bool carry_started(const struct carry *carry)
{
    return carry->curl != NULL;
}

bool carry_late(const struct carry *carry, uint64_t now_ns)
{
    return now_ns >= carry->until_ns;
}

struct carry *carry_of(const struct carrier *carrier, CURL *curl)
{
    char *ret = NULL;
    (void)carrier->libcurl.easy_getinfo(curl, CURLINFO_PRIVATE, &ret);
    return (struct carry *)(void *)ret;
}

/* A path and a query, as they stand in a request line: nothing in it can end that. */
static bool is_target(const char *text)
{
    if (text[0] != '/')
        return false;
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= 0x20 || *text == 0x7f)
            return false;
    }
    return true;
}

static bool is_method(const char *text)
{
    return vb_courier_token_fits(text) && strlen(text) < METHOD_BYTES &&
           !vb_ascii_equal(text, "connect") && !vb_ascii_equal(text, "trace");
}

static int add_header(struct carry *carry, const char *line, struct vb_error *err)
{
    struct curl_slist *list = carry->carrier->libcurl.slist_append(carry->headers, line);
    if (list == NULL)
        return no_memory(err);
    carry->headers = list;
    return VB_OK;
}

/* As they were sent, but for those that concern the connection. What libcurl would add is left out,
 * unless the client said so itself. */
static int take_headers(struct carry *carry, const struct vb_courier_message *message,
                        struct vb_error *err)
{
    static const char *const added[] = {"Accept", "Content-Type", "User-Agent"};
    const char *connection = NULL;
    bool said[VB_ARRAY_LEN(added)] = {false};
    int status = add_header(carry, "Expect:", err);
    for (size_t i = 3; i + 1 < message->count; i += 2) {
        if (vb_ascii_equal(message->strings[i], "connection"))
            connection = message->strings[i + 1];
    }
    for (size_t i = 3; status == VB_OK && i + 1 < message->count; i += 2) {
        const char *name = message->strings[i], *value = message->strings[i + 1];
        VB_CLEANUP_FREE char *line = NULL;
        if (vb_courier_header_stays(name, connection))
            continue;
        if (!vb_courier_header_fits(name, value))
            return vb_fail(err, VB_E_DATA, 0, "one of its headers is none");
        for (size_t n = 0; n < VB_ARRAY_LEN(added); n++)
            said[n] = said[n] || vb_ascii_equal(name, added[n]);
        if (asprintf(&line, value[0] == '\0' ? "%s;" : "%s: %s", name, value) < 0)
            return no_memory(err);
        status = add_header(carry, line, err);
    }
    for (size_t n = 0; status == VB_OK && n < VB_ARRAY_LEN(added); n++) {
        char line[32];
        snprintf(line, sizeof(line), "%s:", added[n]);
        if (!said[n])
            status = add_header(carry, line, err);
    }
    return status;
}

static int take_request(struct carry *carry, const struct vb_courier_message *message,
                        struct vb_error *err)
{
    const char *method = message->strings[0], *host = message->strings[1];
    const char *target = message->strings[2];
    const bool v6 = strchr(host, ':') != NULL;
    if (message->count % 2 != 1 || message->port == 0 || !is_method(method) || !is_target(target))
        return vb_fail(err, VB_E_DATA, 0, "it is no request that can be passed on");
    snprintf(carry->method, sizeof(carry->method), "%s", method);
    snprintf(carry->url, sizeof(carry->url), "http%s://%s%.255s%s:%u/",
             message->flags & VB_COURIER_TLS ? "s" : "", v6 ? "[" : "", host, v6 ? "]" : "",
             (unsigned)message->port);
    carry->target = strdup(target);
    if (carry->target == NULL)
        return no_memory(err);
    return take_headers(carry, message, err);
}

int carry_new(struct carrier *carrier, struct vb_courier_mail *mail, int row, struct carry **ret,
              struct vb_error *err)
{
    const struct vb_courier_message *message = &mail->message;
    struct carry *carry = calloc(1, sizeof(*carry));
    if (carry == NULL)
        return no_memory(err);
    carry->carrier = carrier;
    carry->number = message->number;
    carry->flags = message->flags;
    carry->row = row;
    carry->file = -1;
    carry->body = message->body > 0 ? vb_steal_fd(&mail->body) : -1;
    carry->body_size = message->body;
    carry->until_ns = vb_monotonic_ns() + carrier->answer_ms * UINT64_C(1000000);
    vb_buf_init(&carry->head, HEAD_BYTES);
    const int status = take_request(carry, message, err);
    if (status < 0) {
        carry_free(carry);
        return status;
    }
    *ret = carry;
    return VB_OK;
}

/* --- on its way --- */

/* The address that is really connected to, whatever the name led to a moment ago. */
static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct carry *carry = ctx;
    const char *refusal = carry->carrier->refusal(&address->addr);
    char text[INET6_ADDRSTRLEN] = "?";
    const bool stream = address->socktype == SOCK_STREAM && purpose == CURLSOCKTYPE_IPCXN;
    if (refusal == NULL && stream)
        return socket(address->family, SOCK_STREAM | SOCK_CLOEXEC, address->protocol);
    const void *bytes =
        address->family == AF_INET
            ? (const void *)&((const struct sockaddr_in *)(const void *)&address->addr)->sin_addr
            : (const void *)&((const struct sockaddr_in6 *)(const void *)&address->addr)->sin6_addr;
    if (address->family == AF_INET || address->family == AF_INET6)
        (void)inet_ntop(address->family, bytes, text, sizeof(text));
    snprintf(carry->refused, sizeof(carry->refused), "its address %s is %s and never reached", text,
             refusal != NULL ? refusal : "no stream");
    return CURL_SOCKET_BAD;
}

static size_t on_read(char *ret, size_t one, size_t max, void *ctx)
{
    struct carry *carry = ctx;
    const uint64_t left = carry->body_size - carry->body_sent;
    const size_t len = left < one * max ? (size_t)left : one * max;
    if (len == 0)
        return 0;
    const ssize_t got = pread(carry->body, ret, len, (off_t)carry->body_sent);
    if (got <= 0) {
        carry->trouble = "what it was to send cannot be read";
        return CURL_READFUNC_ABORT;
    }
    carry->body_sent += (uint64_t)got;
    return (size_t)got;
}

static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct carry *carry = ctx;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > carry->body_size)
        return CURL_SEEKFUNC_FAIL;
    if (carry->body_sent > (uint64_t)offset)
        carry->sent_in_vain += carry->body_sent - (uint64_t)offset;
    carry->body_sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static uint64_t number_of(const char *text)
{
    uint64_t ret = 0;
    for (; *text >= '0' && *text <= '9' && ret < UINT64_MAX / 20; text++)
        ret = 10 * ret + (uint64_t)(*text - '0');
    return ret;
}

/* A pair is kept as it came; one that cannot be passed on is not. */
static bool keep_pair(struct carry *carry, const char *name, const char *value)
{
    struct vb_error ignored;
    if (!vb_courier_header_fits(name, value))
        return true;
    if (vb_ascii_equal(name, "connection"))
        snprintf(carry->connection, sizeof(carry->connection), "%s", value);
    if (vb_ascii_equal(name, "content-length"))
        carry->stated = number_of(value);
    if (vb_courier_header_stays(name, NULL))
        return true;
    if (carry->head_count == VB_COURIER_ANSWER_HEADERS_MAX ||
        vb_buf_append(&carry->head, name, strlen(name) + 1, &ignored) < 0 ||
        vb_buf_append(&carry->head, value, strlen(value) + 1, &ignored) < 0)
        return false;
    carry->head_count++;
    return true;
}

static size_t on_header(char *data, size_t one, size_t len, void *ctx)
{
    enum { LINE_BYTES = 16384 };
    struct carry *carry = ctx;
    char line[LINE_BYTES];
    (void)one; /* always 1 */
    if (carry->received > 0)
        return len; /* a trailer */
    if (len >= sizeof(line)) {
        carry->trouble = "the head of the answer is too large";
        return 0;
    }
    memcpy(line, data, len);
    line[len] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    if (strncmp(line, "HTTP/", 5) == 0) { /* the one before was not the last (1xx) */
        vb_buf_clear(&carry->head);
        carry->head_count = 0;
        carry->connection[0] = '\0';
        carry->stated = 0;
        return len;
    }
    char *colon = strchr(line, ':');
    if (colon == NULL)
        return len;
    *colon = '\0';
    char *value = colon + 1 + strspn(colon + 1, " \t");
    for (size_t end = strlen(value); end > 0 && strchr(" \t", value[end - 1]) != NULL; end--)
        value[end - 1] = '\0';
    if (keep_pair(carry, line, value))
        return len;
    carry->trouble = "the head of the answer is too large";
    return 0;
}

static size_t on_body(char *data, size_t one, size_t len, void *ctx)
{
    struct carry *carry = ctx;
    struct vb_error ignored;
    (void)one; /* always 1 */
    if (carry->received + len > VB_COURIER_BODY_MAX) {
        carry->trouble = "the answer is larger than 32 MiB";
        return 0;
    }
    if (carry->carrier->received + len > carry_received_max) {
        carry->trouble = "the package was sent more than 256 MiB";
        return 0;
    }
    if (carry->file < 0)
        carry->file = memfd_create("answer", MFD_CLOEXEC);
    if (carry->file < 0 || vb_write_all(carry->file, data, len, &ignored) < 0) {
        carry->trouble = "the answer cannot be kept";
        return 0;
    }
    carry->received += len;
    carry->carrier->received += len;
    return len;
}

/* --- libcurl's options --- */

static CURLcode set_numbers(const struct libcurl *libcurl, CURL *curl)
{
    static const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_NETRC, CURL_NETRC_IGNORED},
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_HTTP_CONTENT_DECODING, 0},
        {CURLOPT_FRESH_CONNECT, 1},
        {CURLOPT_FORBID_REUSE, 1},
        {CURLOPT_CONNECTTIMEOUT_MS, CARRY_CONNECT_MS},
        {CURLOPT_QUICK_EXIT, 1}, /* nobody waits for a name that is still asked for */
    };
    CURLcode r = CURLE_OK;
    for (size_t i = 0; r == CURLE_OK && i < VB_ARRAY_LEN(numbers); i++)
        r = libcurl->easy_setopt(curl, numbers[i].option, numbers[i].value);
    return r;
}

static CURLcode set_texts(const struct carry *carry, CURL *curl)
{
    const struct {
        CURLoption option;
        const char *value;
    } texts[] = {
        {CURLOPT_PROTOCOLS_STR, "http,https"},
        {CURLOPT_REDIR_PROTOCOLS_STR, "https"},
        {CURLOPT_PROXY, ""},    /* whatever the environment says: it would be */
        {CURLOPT_NOPROXY, "*"}, /* the one that connects */
        {CURLOPT_URL, carry->url},
        {CURLOPT_REQUEST_TARGET, carry->target},
    };
    CURLcode r = CURLE_OK;
    for (size_t i = 0; r == CURLE_OK && i < VB_ARRAY_LEN(texts); i++)
        r = carry->carrier->libcurl.easy_setopt(curl, texts[i].option, texts[i].value);
    return r;
}

static CURLcode set_method(const struct carry *carry, CURL *curl)
{
    const struct libcurl *libcurl = &carry->carrier->libcurl;
    const bool sends = carry->body_size > 0 || vb_ascii_equal(carry->method, "post") ||
                       vb_ascii_equal(carry->method, "put") ||
                       vb_ascii_equal(carry->method, "patch");
    CURLcode r = CURLE_OK;
    if (strcmp(carry->method, "HEAD") == 0)
        return libcurl->easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (sends)
        r = libcurl->easy_setopt(curl, CURLOPT_POST, 1L);
    if (sends && r == CURLE_OK)
        r = libcurl->easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)carry->body_size);
    return r != CURLE_OK ? r : libcurl->easy_setopt(curl, CURLOPT_CUSTOMREQUEST, carry->method);
}

static CURLcode set_callbacks(struct carry *carry, CURL *curl)
{
    const struct libcurl *libcurl = &carry->carrier->libcurl;
    const struct {
        CURLoption option;
        void *value;
    } pointers[] = {
        {CURLOPT_OPENSOCKETDATA, carry},     {CURLOPT_READDATA, carry},
        {CURLOPT_SEEKDATA, carry},           {CURLOPT_HEADERDATA, carry},
        {CURLOPT_WRITEDATA, carry},          {CURLOPT_PRIVATE, carry},
        {CURLOPT_ERRORBUFFER, carry->error}, {CURLOPT_HTTPHEADER, carry->headers},
    };
    CURLcode r = libcurl->easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    r = r != CURLE_OK ? r : libcurl->easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
    r = r != CURLE_OK ? r : libcurl->easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
    r = r != CURLE_OK ? r : libcurl->easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    r = r != CURLE_OK ? r : libcurl->easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    for (size_t i = 0; r == CURLE_OK && i < VB_ARRAY_LEN(pointers); i++)
        r = libcurl->easy_setopt(curl, pointers[i].option, pointers[i].value);
    return r;
}

static CURLcode set_options(struct carry *carry, CURL *curl)
{
    const struct libcurl *libcurl = &carry->carrier->libcurl;
    const struct curl_blob trusted = {.data = carry->carrier->certificates.data,
                                      .len = carry->carrier->certificates.len,
                                      .flags = CURL_BLOB_NOCOPY};
    const uint64_t now = vb_monotonic_ns();
    const uint64_t left_ms = carry->until_ns > now ? (carry->until_ns - now) / 1000000 + 1 : 1;
    const long version = carry->flags & VB_COURIER_HTTP2 ? (long)CURL_HTTP_VERSION_2TLS
                                                         : (long)CURL_HTTP_VERSION_1_1;
    CURLcode r = set_numbers(libcurl, curl);
    r = r != CURLE_OK ? r : set_texts(carry, curl);
    r = r != CURLE_OK ? r : set_method(carry, curl);
    r = r != CURLE_OK ? r : set_callbacks(carry, curl);
    r = r != CURLE_OK ? r : libcurl->easy_setopt(curl, CURLOPT_CAINFO_BLOB, &trusted);
    r = r != CURLE_OK ? r : libcurl->easy_setopt(curl, CURLOPT_HTTP_VERSION, version);
    return r != CURLE_OK ? r : libcurl->easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left_ms);
}

int carry_start(struct carry *carry, struct vb_error *err)
{
    struct carrier *carrier = carry->carrier;
    if (carrier->requests >= CARRY_REQUESTS_MAX)
        return vb_fail(err, VB_E_LIMIT, 0, "the package asked more than %d times",
                       CARRY_REQUESTS_MAX);
    if (carrier->sent + carry->body_size > carry_sent_max)
        return vb_fail(err, VB_E_LIMIT, 0, "the package sent more than 64 MiB");
    CURL *curl = carrier->libcurl.easy_init();
    if (curl == NULL)
        return no_memory(err);
    const CURLcode r = set_options(carry, curl);
    if (r != CURLE_OK || carrier->libcurl.multi_add_handle(carrier->multi, curl) != CURLM_OK) {
        carrier->libcurl.easy_cleanup(curl);
        return vb_fail(err, VB_E_SOFTWARE, 0, "libcurl: %s", carrier->libcurl.easy_strerror(r));
    }
    carry->curl = curl;
    carrier->requests++;
    carrier->sent += carry->body_size; /* until it is known how much of it was */
    return VB_OK;
}

/* --- what came of it --- */

static const char *why(const struct carry *carry, CURLcode code)
{
    static const struct {
        CURLcode code;
        const char *words;
    } rows[] = {
        {CURLE_COULDNT_RESOLVE_HOST, "its name cannot be resolved"},
        {CURLE_COULDNT_CONNECT, "nobody takes the connection"},
        {CURLE_OPERATION_TIMEDOUT, "no answer in time"},
        {CURLE_PEER_FAILED_VERIFICATION, "its certificate does not hold"},
        {CURLE_PARTIAL_FILE, "the answer ended early"},
        {CURLE_GOT_NOTHING, "no answer"},
    };
    if (carry->trouble != NULL)
        return carry->trouble;
    if (code == CURLE_COULDNT_CONNECT && carry->refused[0] != '\0')
        return carry->refused;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (rows[i].code == code)
            return rows[i].words;
    }
    return carry->error[0] != '\0' ? carry->error : carry->carrier->libcurl.easy_strerror(code);
}

int carry_refuse(uint32_t number, const char *reason, int socket, struct vb_error *err)
{
    const struct vb_courier_message message = {
        .word = VB_COURIER_ANSWER, .number = number, .count = 1, .strings = {reason}};
    return vb_courier_send(socket, &message, -1, err);
}

static int pass_back(const struct carry *carry, long status, int socket, struct vb_error *err)
{
    const char *connection = carry->connection[0] != '\0' ? carry->connection : NULL;
    const char *at = (const char *)carry->head.data;
    struct vb_courier_message message = {.word = VB_COURIER_ANSWER,
                                         .number = carry->number,
                                         .status = (uint16_t)status,
                                         .body = carry->received,
                                         .stated = carry->stated};
    for (size_t i = 0; i < carry->head_count; i++) {
        const char *name = at, *value = at + strlen(at) + 1;
        at = value + strlen(value) + 1;
        if (vb_courier_header_stays(name, connection))
            continue;
        message.strings[message.count++] = name;
        message.strings[message.count++] = value;
    }
    return vb_courier_send(socket, &message, carry->received > 0 ? carry->file : -1, err);
}

/* What left, by libcurl's count of the heads and ours of the body. */
static void add_up(const struct carry *carry, bool answered, struct vb_courier_account *account)
{
    struct carrier *carrier = carry->carrier;
    long head = 0, back = 0;
    (void)carrier->libcurl.easy_getinfo(carry->curl, CURLINFO_REQUEST_SIZE, &head);
    (void)carrier->libcurl.easy_getinfo(carry->curl, CURLINFO_HEADER_SIZE, &back);
    const uint64_t sent = (head > 0 ? (uint64_t)head : 0) + carry->body_sent + carry->sent_in_vain;
    carrier->sent += sent - carry->body_size;
    account->rows[carry->row].requests += head > 0;
    account->rows[carry->row].failed += !answered;
    account->rows[carry->row].sent += sent;
    account->rows[carry->row].received += carry->received + (back > 0 ? (uint64_t)back : 0);
}

void carry_abandon(const struct carry *carry, struct vb_courier_account *account)
{
    if (carry->curl != NULL)
        add_up(carry, false, account);
}

int carry_answer(struct carry *carry, CURLcode code, int socket, struct vb_courier_account *account,
                 struct vb_error *err)
{
    long status = 0;
    (void)carry->carrier->libcurl.easy_getinfo(carry->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && (status < 200 || status > 599))
        carry->trouble = "the answer is none of HTTP";
    const bool answered = code == CURLE_OK && carry->trouble == NULL;
    add_up(carry, answered, account);
    return answered ? pass_back(carry, status, socket, err)
                    : carry_refuse(carry->number, why(carry, code), socket, err);
}
