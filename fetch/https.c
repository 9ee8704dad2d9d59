/* An https:// URL → bytes. Runs in a child that has the network and nothing else. The server may be
 * the attacker: what it sends is counted, digested and never interpreted beyond HTTP itself. */
#include "fetch/internal.h"
#include "fetch/libcurl.h"

enum {
    CONNECT_MS = 15000,
    SLOW_BYTES = 10, /* a second, for SLOW_SECONDS: a connection that only pretends to be alive */
    SLOW_SECONDS = 30,
    NAME_MAX_BYTES = 255
};

static struct libcurl libcurl;

struct transfer {
    CURL *curl;
    CURLU *url;
    struct curl_slist *headers;
    struct intake intake;
    const struct vb_fetch_limits *limits;
    uint64_t deadline_ns;
    struct vb_sink *sink;
    struct vb_error *err;
    int status;  /* of our own write callback */
    char *shown; /* the URL without user, password and fragment */
    char reason[CURL_ERROR_SIZE];
};

static void transfer_done(struct transfer *t)
{
    if (libcurl.handle == NULL)
        return;
    libcurl.slist_free_all(t->headers);
    libcurl.easy_cleanup(t->curl);
    libcurl.url_cleanup(t->url);
    libcurl.free(t->shown);
    intake_done(&t->intake);
}

static void free_url(CURLU **url)
{
    libcurl.url_cleanup(*url);
}

/* The body of a redirect or an error page is not the artifact. */
static size_t on_body(char *data, size_t one, size_t len, void *ctx)
{
    struct transfer *const t = ctx;
    long code = 0;

    (void)one; /* always 1 */
    (void)libcurl.easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code != 200)
        return len;
    t->status = intake_add(&t->intake, data, len, t->err);
    return t->status == 0 ? len : 0;
}

/* Takes URL (absolute) as the next address; https only, whatever a server says. */
static int set_url(struct transfer *t, const char *url, int bad_status)
{
    VB_CLEANUP(free_url) CURLU *bare = NULL;
    char *scheme = NULL;
    char *shown = NULL;
    bool https;

    if (libcurl.url_set(t->url, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        libcurl.url_get(t->url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return vb_fail(t->err, bad_status, 0, "not a URL that vetbox can read");
    https = vb_ascii_equal(scheme, "https");
    libcurl.free(scheme);
    if (!https)
        return vb_fail(t->err, bad_status, 0, "it leads to an address that is not https");
    bare = libcurl.url_dup(t->url);
    if (bare == NULL || libcurl.url_set(bare, CURLUPART_USER, NULL, 0) != CURLUE_OK ||
        libcurl.url_set(bare, CURLUPART_PASSWORD, NULL, 0) != CURLUE_OK ||
        libcurl.url_set(bare, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK ||
        libcurl.url_get(bare, CURLUPART_URL, &shown, 0) != CURLUE_OK)
        return vb_fail(t->err, VB_E_NOMEM, 0, "no memory for the URL");
    libcurl.free(t->shown);
    t->shown = shown;
    return 0;
}

static int set_options(struct transfer *t, const char *ca_file)
{
    CURL *const c = t->curl;
    CURLcode r = CURLE_OK;

    t->headers = libcurl.slist_append(NULL, "Accept-Encoding: identity");
    if (t->headers == NULL)
        return vb_fail(t->err, VB_E_NOMEM, 0, "no memory for the request");
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    r = r != CURLE_OK ? r
                      : libcurl.easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_USERAGENT, "vetbox/" VETBOX_VERSION);
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
    r = r != CURLE_OK
            ? r
            : libcurl.easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->limits->bytes);
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_ERRORBUFFER, t->reason);
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_WRITEDATA, t);
    r = r != CURLE_OK ? r : libcurl.easy_setopt(c, CURLOPT_CURLU, t->url);
    if (r == CURLE_OK && ca_file != NULL)
        r = libcurl.easy_setopt(c, CURLOPT_CAINFO, ca_file);
    if (r == CURLE_OK && ca_file != NULL)
        r = libcurl.easy_setopt(c, CURLOPT_CAPATH, NULL);
    return r == CURLE_OK
               ? 0
               : vb_fail(t->err, VB_E_SOFTWARE, 0, "libcurl: %s", libcurl.easy_strerror(r));
}

struct failure {
    CURLcode code;
    int status;
    const char *advice;
};

static const struct failure failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, VB_E_NOHOST, "; check the name and the network"},
    {CURLE_COULDNT_RESOLVE_PROXY, VB_E_NOHOST, "; check the proxy setting"},
    {CURLE_COULDNT_CONNECT, VB_E_UNAVAILABLE, "; the server is down or a firewall is in the way"},
    {CURLE_PEER_FAILED_VERIFICATION, VB_E_UNAVAILABLE,
     "; the server cannot prove who it is, so nothing was read from it"},
    {CURLE_SSL_CACERT_BADFILE, VB_E_CONFIG, "; check the file of certificates"},
    {CURLE_FILESIZE_EXCEEDED, VB_E_LIMIT, "; raise the size limit if that is meant"},
    {CURLE_URL_MALFORMAT, VB_E_USAGE, ""},
    {CURLE_OUT_OF_MEMORY, VB_E_NOMEM, ""},
};

static int curl_failed(struct transfer *t, CURLcode code)
{
    const char *const reason = t->reason[0] != '\0' ? t->reason : libcurl.easy_strerror(code);

    if (t->status != 0)
        return t->status;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return vb_fail(t->err, VB_E_TEMPFAIL, 0,
                       "timed out after %g s; try again or give it more time (%s)",
                       (double)t->limits->timeout_ms / 1000.0, reason);
    for (size_t i = 0; i < VB_ARRAY_LEN(failures); i++) {
        if (failures[i].code == code)
            return vb_fail(t->err, failures[i].status, 0, "%s%s", reason, failures[i].advice);
    }
    return vb_fail(t->err, VB_E_UNAVAILABLE, 0, "%s", reason);
}

/* One request. *ret_code is the HTTP status. */
static int request(struct transfer *t, long *ret_code)
{
    const uint64_t now = vb_monotonic_ns();
    CURLcode r = CURLE_OPERATION_TIMEDOUT;

    t->reason[0] = '\0';
    if (t->deadline_ns > now + 1000000u) {
        r = libcurl.easy_setopt(t->curl, CURLOPT_TIMEOUT_MS,
                                (long)((t->deadline_ns - now) / 1000000u));
        if (r == CURLE_OK)
            r = libcurl.easy_perform(t->curl);
    }
    if (r != CURLE_OK)
        return curl_failed(t, r);
    (void)libcurl.easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, ret_code);
    return 0;
}

static int follow(struct transfer *t, long code)
{
    struct vb_event event;
    char *next = NULL;
    int status;

    (void)libcurl.easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &next);
    if (next == NULL)
        return vb_fail(t->err, VB_E_UNAVAILABLE, 0, "the server answered %ld without an address",
                       code);
    status = set_url(t, next, VB_E_UNAVAILABLE);
    if (status != 0)
        return vb_wrap(t->err, "a redirect (%ld) was refused", code);
    vb_event_init(&event, VB_EV_FETCH_REDIRECT, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_URL, t->shown);
    vb_event_int(&event, VB_F_STATUS, code);
    return vb_emit(t->sink, &event, t->err);
}

static bool is_redirect(long code)
{
    return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

static int download(struct transfer *t)
{
    long code = 0;
    int status = request(t, &code);

    for (unsigned hops = 0; status == 0 && is_redirect(code); hops++) {
        if (hops >= t->limits->redirects)
            return vb_fail(t->err, VB_E_UNAVAILABLE, 0, "more than %u redirects",
                           t->limits->redirects);
        status = follow(t, code);
        if (status == 0)
            status = request(t, &code);
    }
    if (status != 0)
        return status;
    if (code == 404 || code == 410)
        return vb_fail(t->err, VB_E_NOINPUT, 0, "the server answered %ld: there is no such file",
                       code);
    if (code != 200)
        return vb_fail(t->err, VB_E_UNAVAILABLE, 0, "the server answered %ld", code);
    if (t->intake.size == 0)
        return vb_fail(t->err, VB_E_DATA, 0, "the server sent an empty file");
    return 0;
}

static bool is_plain_name(const char *name)
{
    const size_t len = strlen(name);

    if (len == 0 || len > NAME_MAX_BYTES || !vb_path_safe(name) || strchr(name, '/') != NULL ||
        !vb_utf8_valid(name, len))
        return false;
    for (const char *p = name; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '\\')
            return false;
    }
    return true;
}

/* The last component of the path that the user asked for; the host if that is no file name. On the
 * heap, NULL when out of memory. */
static char *name_of(CURLU *url)
{
    char *path = NULL;
    char *host = NULL;
    char *name = NULL;

    if (libcurl.url_get(url, CURLUPART_PATH, &path, CURLU_URLDECODE) == CURLUE_OK &&
        is_plain_name(vb_path_base(path)))
        name = strdup(vb_path_base(path));
    else if (libcurl.url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK)
        name = strdup(is_plain_name(host) ? host : "artifact");
    libcurl.free(path);
    libcurl.free(host);
    return name;
}

static int fetch(struct transfer *t, const char *url, int target_fd, const char *ca_file)
{
    VB_CLEANUP_FREE char *name = NULL;
    int status;

    t->url = libcurl.url();
    t->curl = libcurl.easy_init();
    if (t->url == NULL || t->curl == NULL)
        return vb_fail(t->err, VB_E_NOMEM, 0, "no memory for libcurl");
    status = set_url(t, url, VB_E_USAGE);
    if (status == 0)
        status = intake_open(&t->intake, target_fd, t->limits, t->err);
    if (status == 0)
        status = set_options(t, ca_file);
    if (status != 0)
        return status;
    name = name_of(t->url);
    if (name == NULL)
        return vb_fail(t->err, VB_E_NOMEM, 0, "no memory for the name");
    status = download(t);
    return status != 0 ? status : intake_report(&t->intake, name, t->shown, t->sink, t->err);
}

int vb_fetch_https(const char *url, int target_fd, const char *ca_file,
                   const struct vb_fetch_limits *limits, struct vb_sink *sink, struct vb_error *err)
{
    VB_CLEANUP(transfer_done)
    struct transfer t = {.limits = limits, .sink = sink, .err = err, .intake = {.fd = -1}};
    int status;

    t.deadline_ns = vb_monotonic_ns() + (uint64_t)limits->timeout_ms * 1000000u;
    status = libcurl_load(&libcurl, err);
    if (status == 0)
        status = fetch(&t, url, target_fd, ca_file);
    if (status != 0)
        return vb_wrap(err, "fetching %s", t.shown != NULL ? t.shown : "the URL");
    return 0;
}
