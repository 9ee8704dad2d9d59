/* crowd: many files by GET. See crowd.h. */
#include "fetch/crowd.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fetch/carry.h"
#include "fetch/proxy.h"
#include "vetbox/core/courier.h"

enum { CONNECT_MS = 6000, SLOW_BYTES = 10, SLOW_SECONDS = 30, POLL_MS = 1000 };

struct member {
    struct crowd_get get;
    struct crowd *crowd;
    CURL *curl;
    struct curl_slist *headers;
    uint64_t received;
    unsigned hops;
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
    return crowd->multi == NULL ? no_memory(err) : VB_OK;
}

void crowd_close(struct crowd *crowd)
{
    if (crowd->multi != NULL)
        (void)crowd->libcurl.multi_cleanup(crowd->multi);
    crowd->multi = NULL;
}

static void member_free(struct member *member)
{
    if (member == NULL)
        return;
    const struct libcurl *libcurl = &member->crowd->libcurl;
    if (member->curl != NULL) {
        (void)libcurl->multi_remove_handle(member->crowd->multi, member->curl);
        libcurl->easy_cleanup(member->curl);
    }
    libcurl->slist_free_all(member->headers);
    vb_close_fd(&member->get.fd);
    free(member);
}

static void give_up(struct member *member, int status, const char *reason)
{
    member->get.status = status;
    snprintf(member->get.reason, sizeof(member->get.reason), "%s", reason);
}

/* --- what libcurl asks --- */

static size_t on_body(char *data, size_t one, size_t len, void *ctx)
{
    struct member *member = ctx;
    struct vb_error err;
    long code = 0;
    (void)one; /* always 1 */
    (void)member->crowd->libcurl.easy_getinfo(member->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code != 200)
        return len;
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
    if (member->get.fd < 0)
        member->get.fd = memfd_create("vetbox-download", MFD_CLOEXEC);
    if (member->curl == NULL || member->get.fd < 0 || !set_headers(member) || !set_options(member))
        return no_memory(err);
    return libcurl->multi_add_handle(member->crowd->multi, member->curl) != CURLM_OK
               ? no_memory(err)
               : VB_OK;
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
    (void)libcurl->multi_remove_handle(member->crowd->multi, member->curl);
    libcurl->easy_cleanup(vb_steal(member->curl));
    libcurl->slist_free_all(vb_steal(member->headers));
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
    if (member->get.code == 200)
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
    judge(member, code);
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
        if (member->get.status == VB_OK) {
            *ret = member;
            return start(member, err);
        }
        const int status = work->done(work->ctx, &member->get, err);
        member_free(member);
        if (status < 0)
            return status;
    }
}

static int begin_more(struct crowd *crowd, const struct crowd_work *work, struct member **members,
                      size_t *ret_running, struct vb_error *err)
{
    bool more = true;
    int status = VB_OK;
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
        if (!any && crowd->libcurl.multi_poll(crowd->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK) {
            status = vb_fail(err, VB_E_SOFTWARE, 0, "waiting for downloads");
            break;
        }
    }
    for (size_t i = 0; i < CROWD_AT_ONCE; i++)
        member_free(members[i]);
    return status;
}
