/* crowd: many files by GET. See crowd.h. */
#include "fetch/crowd.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fetch/carry.h"
#include "fetch/patience.h"
#include "fetch/proxy.h"
#include "vetbox/core/courier.h"

enum { CONNECT_MS = 6000, SLOW_BYTES = 10, SLOW_SECONDS = 30, POLL_MS = 1000, ETAG_BYTES = 128 };
enum { PER_HOST = 6 /* connections: as many as a browser makes */ };

struct member {
    struct crowd_get get;
    struct crowd *crowd;
    CURL *curl;
    struct curl_slist *headers;
    uint64_t received;
    bool heard;            /* some of the body came, in this attempt */
    char etag[ETAG_BYTES]; /* of what came in an attempt before; "": nothing, or it is without */
    unsigned hops, tries;
    uint64_t wait_ns;  /* it is not asked for before */
    bool near;         /* the address may be of this machine or its network */
    const char *proxy; /* it is that one that is connected to; NULL: none is */
    char error[CURL_ERROR_SIZE];
};

static int no_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, errno, "no memory for a download");
}

int crowd_open(struct crowd *crowd, const char *ca_file, unsigned timeout_ms, uint64_t room,
               struct vb_error *err)
{
    crowd->ca_file = ca_file;
    crowd->room = room;
    crowd->deadline_ns = vb_monotonic_ns() + (uint64_t)timeout_ms * 1000000U;
    const int status = libcurl_load(&crowd->libcurl, err);
    if (status < 0)
        return status;
    if (crowd->libcurl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return vb_fail(err, VB_E_UNAVAILABLE, 0, "libcurl cannot begin");
    crowd->multi = crowd->libcurl.multi_init();
    if (crowd->multi == NULL)
        return no_memory(err);
    (void)crowd->libcurl.multi_setopt(crowd->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)PER_HOST);
    return VB_OK;
}

void crowd_close(struct crowd *crowd)
{
    if (crowd->multi != NULL)
        (void)crowd->libcurl.multi_cleanup(crowd->multi);
    crowd->multi = NULL;
}

/* Ends its request; what came of it stays. */
static void hang_up(struct member *member)
{
    const struct libcurl *libcurl = &member->crowd->libcurl;
    if (member->curl != NULL) {
        (void)libcurl->multi_remove_handle(member->crowd->multi, member->curl);
        libcurl->easy_cleanup(vb_steal(member->curl));
    }
    libcurl->slist_free_all(vb_steal(member->headers));
}

static void member_free(struct member *member)
{
    if (member == NULL)
        return;
    hang_up(member);
    vb_close_fd(&member->get.fd);
    free(member);
}

static void give_up(struct member *member, int status, const char *reason)
{
    member->get.status = status;
    snprintf(member->get.reason, sizeof(member->get.reason), "%s", reason);
}

/* --- what libcurl asks --- */

/* A field of the answer's header, LEN bytes at most with its end; false: it has none. */
static bool header_of(const struct member *member, const char *name, char *ret, size_t size)
{
    struct curl_header *header = NULL;
    if (member->crowd->libcurl.easy_header(member->curl, name, 0, CURLH_HEADER, -1, &header) !=
            CURLHE_OK ||
        strlen(header->value) >= size)
        return false;
    snprintf(ret, size, "%s", header->value);
    return true;
}

/* Nothing has come yet. */
static bool start_over(struct member *member)
{
    member->crowd->room += member->received;
    member->received = 0;
    member->etag[0] = '\0';
    return ftruncate(member->get.fd, 0) == 0 && lseek(member->get.fd, 0, SEEK_SET) == 0;
}

/* The first of the body: does it go on where the attempt before ended, or begin again? */
static bool begins_well(struct member *member, long code)
{
    char range[80], wanted[80];
    if (member->received == 0)
        return code == 200;
    if (code == 200)
        return start_over(member);
    snprintf(wanted, sizeof(wanted), "bytes %llu-", (unsigned long long)member->received);
    return header_of(member, "Content-Range", range, sizeof(range)) &&
           vb_ascii_starts(range, wanted);
}

static size_t on_body(char *data, size_t one, size_t len, void *ctx)
{
    struct member *member = ctx;
    struct vb_error err;
    long code = 0;
    (void)one; /* always 1 */
    (void)member->crowd->libcurl.easy_getinfo(member->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code != 200 && (code != 206 || member->etag[0] == '\0'))
        return len;
    if (!member->heard && !begins_well(member, code)) {
        give_up(member, VB_E_UNAVAILABLE, "its server goes on elsewhere than where it stopped");
        return 0;
    }
    member->heard = true;
    if (len > member->get.limit - member->received || len > member->crowd->room) {
        give_up(member, VB_E_LIMIT, "it is too large");
        return 0;
    }
    member->received += len;
    member->crowd->room -= len;
    if (vb_write_all(member->get.fd, data, len, &err) < 0) {
        give_up(member, VB_E_OS, "no room for it");
        return 0;
    }
    return len;
}

static void refuse(struct member *member, const char *why)
{
    char text[160];
    snprintf(text, sizeof(text), "its address is %s: that is not reached for a package", why);
    give_up(member, VB_E_UNAVAILABLE, text);
}

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct member *member = ctx;
    const char *why = member->near || member->proxy != NULL ? NULL : carry_refusal(&address->addr);
    (void)purpose;
    if (why != NULL) {
        refuse(member, why);
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* --- one request --- */

/* URL is at ORIGIN (scheme://host[:port]), which is not empty. */
static bool is_at(const char *url, const char *origin)
{
    const size_t len = strlen(origin);
    return len > 0 && strncmp(url, origin, len) == 0 &&
           (url[len] == '/' || url[len] == '?' || url[len] == '\0');
}

static bool append(struct member *member, const char *header)
{
    struct curl_slist *longer = member->crowd->libcurl.slist_append(member->headers, header);
    if (longer != NULL)
        member->headers = longer;
    return longer != NULL;
}

static bool set_headers(struct member *member)
{
    bool good = append(member, "Accept-Encoding: identity");
    for (size_t i = 0; i < CROWD_HEADERS && member->get.headers[i] != NULL; i++)
        good = good && append(member, member->get.headers[i]);
    if (member->near && member->get.secret[0] != '\0')
        good = good && append(member, member->get.secret);
    if (member->received > 0) {
        char text[ETAG_BYTES + 32];
        snprintf(text, sizeof(text), "Range: bytes=%llu-", (unsigned long long)member->received);
        good = good && append(member, text);
        snprintf(text, sizeof(text), "If-Range: %s", member->etag);
        good = good && append(member, text);
    }
    return good;
}

static bool set_options(struct member *member)
{
    const struct crowd *crowd = member->crowd;
    const struct libcurl *lib = &crowd->libcurl;
    CURL *c = member->curl;
    const char *schemes =
        member->near && vb_ascii_starts(member->get.origin, "http:") ? "http" : "https";
    const uint64_t now = vb_monotonic_ns();
    const long left =
        crowd->deadline_ns > now ? (long)((crowd->deadline_ns - now) / 1000000U) + 1 : 1;
    const struct {
        CURLoption option;
        const char *text;
    } texts[] = {{CURLOPT_URL, member->get.url},
                 {CURLOPT_PROTOCOLS_STR, schemes},
                 {CURLOPT_PROXY, member->proxy == NULL ? "" : member->proxy},
                 {CURLOPT_NOPROXY, ""}, /* it is decided */
                 {CURLOPT_USERAGENT, "vetbox/" VETBOX_VERSION}};
    const struct {
        CURLoption option;
        long number;
    } numbers[] = {{CURLOPT_FOLLOWLOCATION, 0},
                   {CURLOPT_SSL_VERIFYPEER, 1},
                   {CURLOPT_SSL_VERIFYHOST, 2},
                   {CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2},
                   {CURLOPT_NETRC, (long)CURL_NETRC_IGNORED},
                   {CURLOPT_NOSIGNAL, 1},
                   {CURLOPT_PIPEWAIT, 1},
                   {CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS},
                   {CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES},
                   {CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS},
                   {CURLOPT_TIMEOUT_MS, left}};
    const struct {
        CURLoption option;
        void *pointer;
    } pointers[] = {{CURLOPT_WRITEDATA, member},
                    {CURLOPT_OPENSOCKETDATA, member},
                    {CURLOPT_ERRORBUFFER, member->error},
                    {CURLOPT_HTTPHEADER, member->headers},
                    {CURLOPT_PRIVATE, member}};
    CURLcode r = CURLE_OK;
    for (size_t i = 0; r == CURLE_OK && i < VB_ARRAY_LEN(texts); i++)
        r = lib->easy_setopt(c, texts[i].option, texts[i].text);
    for (size_t i = 0; r == CURLE_OK && i < VB_ARRAY_LEN(numbers); i++)
        r = lib->easy_setopt(c, numbers[i].option, numbers[i].number);
    for (size_t i = 0; r == CURLE_OK && i < VB_ARRAY_LEN(pointers); i++)
        r = lib->easy_setopt(c, pointers[i].option, pointers[i].pointer);
    r = r != CURLE_OK ? r : lib->easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    r = r != CURLE_OK ? r : lib->easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    if (r == CURLE_OK && crowd->ca_file != NULL)
        r = lib->easy_setopt(c, CURLOPT_CAINFO, crowd->ca_file);
    return r == CURLE_OK;
}

/* What is in the way of asking for its address is given up for; who connects is decided. */
static void look_at_address(struct member *member)
{
    const struct libcurl *libcurl = &member->crowd->libcurl;
    CURLU *url = libcurl->url();
    char *scheme = NULL, *host = NULL;
    const char *why = "none that can be read";
    member->near = is_at(member->get.url, member->get.origin);
    member->proxy = NULL;
    if (url != NULL && libcurl->url_set(url, CURLUPART_URL, member->get.url, 0) == CURLUE_OK &&
        libcurl->url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        libcurl->url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        why = member->near ? NULL : vb_host_refusal(host);
        host[host[0] == '[' ? strcspn(host, "]") : strlen(host)] = '\0';
        member->proxy = proxy_for(scheme, host + (host[0] == '['));
    }
    libcurl->free(scheme);
    libcurl->free(host);
    libcurl->url_cleanup(url);
    if (why != NULL)
        refuse(member, why);
}

static int start(struct member *member, struct vb_error *err)
{
    const struct libcurl *libcurl = &member->crowd->libcurl;
    member->curl = libcurl->easy_init();
    member->heard = false;
    if (member->get.fd < 0)
        member->get.fd = memfd_create("vetbox-download", MFD_CLOEXEC);
    if (member->curl == NULL || member->get.fd < 0 || !set_headers(member) || !set_options(member))
        return no_memory(err);
    return libcurl->multi_add_handle(member->crowd->multi, member->curl) != CURLM_OK
               ? no_memory(err)
               : VB_OK;
}

/* --- patience --- */

/* When it may be asked for: a time gone by is now. */
static uint64_t due_ns(const struct member *member)
{
    const uint64_t server_ns = patience_until(&member->crowd->servers, member->get.url);
    return member->wait_ns > server_ns ? member->wait_ns : server_ns;
}

static int64_t number_in(const struct member *member, const char *name, const char *other)
{
    char text[32], *end;
    if (!header_of(member, name, text, sizeof(text)) &&
        (other == NULL || !header_of(member, other, text, sizeof(text))))
        return -1;
    errno = 0;
    const long long ret = strtoll(text, &end, 10);
    return errno != 0 || end == text || ret < 0 ? -1 : ret;
}

static struct patience_said said_by(const struct member *member)
{
    curl_off_t retry = 0; /* libcurl reads the date that it may be, too */
    char text[64];
    struct patience_said ret = {
        .retry_after_s = -1,
        .reset_in_s = number_in(member, "RateLimit-Reset", NULL),
        .reset_at_s = number_in(member, "X-RateLimit-Reset", NULL),
        .remaining = number_in(member, "RateLimit-Remaining", "X-RateLimit-Remaining")};
    if (header_of(member, "Retry-After", text, sizeof(text)) &&
        member->crowd->libcurl.easy_getinfo(member->curl, CURLINFO_RETRY_AFTER, &retry) == CURLE_OK)
        ret.retry_after_s = retry;
    return ret;
}

/* A connection that broke may not break again; one that never was is an answer. */
static bool broke(CURLcode code)
{
    static const CURLcode codes[] = {CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING,  CURLE_SEND_ERROR,
                                     CURLE_RECV_ERROR,   CURLE_HTTP2_STREAM, CURLE_HTTP2};
    for (size_t i = 0; i < VB_ARRAY_LEN(codes); i++) {
        if (code == codes[i])
            return true;
    }
    return false;
}

/* Keeps what came where the server can say that it is still the same (RFC 9110 13.1.5). */
static bool keep_part(struct member *member, CURLcode code)
{
    char etag[ETAG_BYTES];
    if (code == CURLE_OK || member->received == 0)
        return start_over(member);
    if (member->etag[0] != '\0')
        return true;
    if (!header_of(member, "ETag", etag, sizeof(etag)) || etag[0] != '"')
        return start_over(member);
    snprintf(member->etag, sizeof(member->etag), "%s", etag);
    return true;
}

/* Asks again later what failed in a way that passes. False: it does not, or there is no time. */
static bool again(struct member *member, CURLcode code)
{
    const struct patience_said said = said_by(member);
    const long answer = code == CURLE_OK ? member->get.code : 0;
    const uint64_t now = vb_monotonic_ns();
    if (member->get.status != VB_OK || (code != CURLE_OK && !broke(code)) ||
        !patience_passes(answer, &said) || ++member->tries >= PATIENCE_TRIES)
        return false;
    const uint64_t ms = patience_ms(&said, member->tries, time(NULL), (uint32_t)now);
    member->wait_ns = now + ms * 1000000U;
    if (member->wait_ns >= member->crowd->deadline_ns) {
        char text[96];
        snprintf(text, sizeof(text), "its server answered %ld, to come again in %llu s", answer,
                 (unsigned long long)(ms + 999) / 1000);
        give_up(member, VB_E_TEMPFAIL, text);
        return false;
    }
    if (answer == 429 || answer == 403 || answer == 503)
        patience_leave(&member->crowd->servers, member->get.url, member->wait_ns);
    const bool kept = keep_part(member, code);
    hang_up(member);
    return kept;
}

/* A server that has answered enough for now says so before it refuses. */
static void obey(struct member *member, CURLcode code)
{
    const struct patience_said said = said_by(member);
    const uint64_t now = vb_monotonic_ns();
    const uint64_t ms = patience_pause_ms(&said, time(NULL), (uint32_t)now);
    if (code == CURLE_OK && ms > 0)
        patience_leave(&member->crowd->servers, member->get.url, now + ms * 1000000U);
}

/* --- what comes --- */

/* Asks the address that an answer names. False: it does not. */
static bool redirected(struct member *member)
{
    const struct libcurl *libcurl = &member->crowd->libcurl;
    char *next = NULL;
    struct vb_error err;
    (void)libcurl->easy_getinfo(member->curl, CURLINFO_REDIRECT_URL, &next);
    if (next == NULL || member->hops++ == CROWD_HOPS || strlen(next) >= sizeof(member->get.url))
        return false;
    memmove(member->get.url, next, strlen(next) + 1);
    hang_up(member);
    look_at_address(member);
    return member->get.status == VB_OK && start(member, &err) == VB_OK;
}

static void judge(struct member *member, CURLcode code)
{
    char text[64];
    if (member->get.status != VB_OK)
        return;
    if (code != CURLE_OK) {
        give_up(member, code == CURLE_OPERATION_TIMEDOUT ? VB_E_TEMPFAIL : VB_E_UNAVAILABLE,
                member->error[0] != '\0' ? member->error
                                         : member->crowd->libcurl.easy_strerror(code));
        return;
    }
    if (member->get.code == 200 || (member->get.code == 206 && member->received > 0))
        return;
    snprintf(text, sizeof(text), "the index answered %ld", member->get.code);
    give_up(member, member->get.code == 404 ? VB_E_NOINPUT : VB_E_UNAVAILABLE, text);
}

/* Returns 1 where it goes on. */
static int ended(const struct crowd_work *work, struct member *member, CURLcode code,
                 struct vb_error *err)
{
    const struct libcurl *libcurl = &member->crowd->libcurl;
    (void)libcurl->easy_getinfo(member->curl, CURLINFO_RESPONSE_CODE, &member->get.code);
    if (code == CURLE_OK && member->get.code / 100 == 3 && redirected(member))
        return 1;
    if (again(member, code))
        return 1;
    judge(member, code);
    obey(member, code);
    return work->done(work->ctx, &member->get, err);
}

static struct member **slot_of(struct member **members, const CURL *curl)
{
    for (size_t i = 0; i < CROWD_AT_ONCE; i++) {
        if (members[i] != NULL && members[i]->curl == curl)
            return &members[i];
    }
    return NULL;
}

static int take_ended(struct crowd *crowd, const struct crowd_work *work, struct member **members,
                      bool *ret_any, struct vb_error *err)
{
    const CURLMsg *message;
    int left, status = VB_OK;
    *ret_any = false;
    while (status == VB_OK &&
           (message = crowd->libcurl.multi_info_read(crowd->multi, &left)) != NULL) {
        struct member **slot = slot_of(members, message->easy_handle);
        if (message->msg != CURLMSG_DONE || slot == NULL)
            continue;
        *ret_any = true;
        status = ended(work, *slot, message->data.result, err);
        if (status != 1)
            member_free(vb_steal(*slot));
        status = status == 1 ? VB_OK : status;
    }
    return status;
}

/* Asks for it now if it may; later otherwise (1), or never, where there is no time for that. */
static int start_when_due(struct member *member, struct vb_error *err)
{
    const uint64_t due = due_ns(member);
    if (member->get.status != VB_OK)
        return VB_OK;
    if (due > member->crowd->deadline_ns) {
        give_up(member, VB_E_TEMPFAIL, "its server wants to be left alone for longer than we wait");
        return VB_OK;
    }
    return due > vb_monotonic_ns() ? 1 : start(member, err);
}

/* *RET is NULL where there is no more. What is refused is over at once. */
static int begin_one(struct crowd *crowd, const struct crowd_work *work, struct member **ret,
                     struct vb_error *err)
{
    for (;;) {
        struct member *member = calloc(1, sizeof(*member));
        if (member == NULL)
            return no_memory(err);
        member->crowd = crowd;
        member->get.fd = -1;
        if (!work->next(work->ctx, &member->get)) {
            free(member);
            return VB_OK;
        }
        look_at_address(member);
        int status = start_when_due(member, err);
        if (member->get.status == VB_OK) {
            *ret = member;
            return status < 0 ? status : VB_OK;
        }
        status = status < 0 ? status : work->done(work->ctx, &member->get, err);
        member_free(member);
        if (status < 0)
            return status;
    }
}

/* Those whose time has come. */
static int wake(const struct crowd_work *work, struct member **members, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status >= 0 && i < CROWD_AT_ONCE; i++) {
        if (members[i] == NULL || members[i]->curl != NULL)
            continue;
        status = start_when_due(members[i], err);
        if (status < 0 || members[i]->get.status == VB_OK)
            continue;
        status = work->done(work->ctx, &members[i]->get, err);
        member_free(vb_steal(members[i]));
    }
    return status < 0 ? status : VB_OK;
}

/* Milliseconds that may be waited for answers: until the next is due. */
static int poll_ms(struct member *const *members)
{
    const uint64_t now = vb_monotonic_ns();
    uint64_t ret = POLL_MS;
    for (size_t i = 0; i < CROWD_AT_ONCE; i++) {
        if (members[i] == NULL || members[i]->curl != NULL)
            continue;
        const uint64_t due = due_ns(members[i]);
        const uint64_t ms = due > now ? (due - now) / 1000000U + 1 : 0;
        ret = ms < ret ? ms : ret;
    }
    return (int)ret;
}

static int begin_more(struct crowd *crowd, const struct crowd_work *work, struct member **members,
                      size_t *ret_running, struct vb_error *err)
{
    bool more = true;
    int status = wake(work, members, err);
    *ret_running = 0;
    for (size_t i = 0; status == VB_OK && i < CROWD_AT_ONCE; i++) {
        if (members[i] == NULL && more) {
            status = begin_one(crowd, work, &members[i], err);
            more = members[i] != NULL;
        }
        *ret_running += members[i] != NULL;
    }
    return status;
}

int crowd_run(struct crowd *crowd, const struct crowd_work *work, struct vb_error *err)
{
    struct member *members[CROWD_AT_ONCE] = {NULL};
    size_t running = 0;
    int status, handles;
    bool any = false;
    while ((status = begin_more(crowd, work, members, &running, err)) == VB_OK && running > 0) {
        (void)crowd->libcurl.multi_perform(crowd->multi, &handles);
        status = take_ended(crowd, work, members, &any, err);
        if (status < 0)
            break;
        if (!any &&
            crowd->libcurl.multi_poll(crowd->multi, NULL, 0, poll_ms(members), NULL) != CURLM_OK) {
            status = vb_fail(err, VB_E_SOFTWARE, 0, "waiting for downloads");
            break;
        }
    }
    for (size_t i = 0; i < CROWD_AT_ONCE; i++)
        member_free(members[i]);
    return status;
}
