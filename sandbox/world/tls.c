/* tls: OpenSSL between two memory buffers. Whatever a client sends ends at worst in a refusal,
 * which is a fact about the client. See tls.h. */
#include "sandbox/world/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "sandbox/world/certificate.h"

enum { CACHED = 64 }; /* certificates; the oldest one makes room */

struct issued {
    char *host;
    X509 *certificate;
};

struct vb_tls_maker {
    const struct vb_authority *authority;
    SSL_CTX *context;
    EVP_PKEY *key; /* of all servers */
    struct vb_buf *key_log;
    struct issued cache[CACHED];
    size_t next;
};

struct vb_tls {
    struct vb_tls_maker *maker;
    SSL *ssl;
    BIO *from, *to; /* owned by ssl */
    char *host;
    char name[256];
    char alpn[16];
    char refusal[128];
    enum vb_tls_state state;
    bool was_open;
    bool said_no;
};

static int fail(struct vb_error *err)
{
    return vb_fail(err, VB_E_SOFTWARE, 0, "answering TLS: OpenSSL refused");
}

/* --- certificates on demand --- */

static bool is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static X509 *certificate_for(struct vb_tls_maker *maker, const char *host)
{
    struct vb_error ignored;
    for (size_t i = 0; i < CACHED; i++) {
        if (maker->cache[i].host != NULL && strcmp(maker->cache[i].host, host) == 0)
            return maker->cache[i].certificate;
    }
    struct issued issued = {.host = strdup(host)};
    if (issued.host == NULL || vb_authority_issue(maker->authority, host, is_address(host),
                                                  maker->key, &issued.certificate, &ignored) < 0) {
        free(issued.host);
        return NULL;
    }
    struct issued *place = &maker->cache[maker->next++ % CACHED];
    free(place->host);
    X509_free(place->certificate);
    *place = issued;
    return issued.certificate;
}

/* OpenSSL calls it when the client has named whom it wants. */
static int choose_certificate(SSL *ssl, void *ctx)
{
    struct vb_tls *tls = SSL_get_app_data(ssl);
    struct vb_tls_maker *maker = ctx;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name != NULL)
        snprintf(tls->name, sizeof(tls->name), "%s", name);
    X509 *certificate = certificate_for(maker, tls->name[0] != '\0' ? tls->name : tls->host);
    return certificate != NULL && SSL_use_certificate(ssl, certificate) == 1 &&
           SSL_use_PrivateKey(ssl, maker->key) == 1;
}

static int choose_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
                           const unsigned char *offered, unsigned offered_len, void *ctx)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)ctx;
    if (SSL_select_next_proto(&chosen, ret_len, ours, sizeof(ours) - 1, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *ret = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void log_key(const SSL *ssl, const char *line)
{
    const struct vb_tls *tls = SSL_get_app_data(ssl);
    struct vb_error ignored;
    if (vb_buf_append_str(tls->maker->key_log, line, &ignored) == VB_OK)
        (void)!vb_buf_append_str(tls->maker->key_log, "\n", &ignored);
}

/* --- the maker --- */

static bool set_up(struct vb_tls_maker *maker)
{
    SSL_CTX *context = maker->context;
    if (context == NULL || maker->key == NULL)
        return false;
    SSL_CTX_set_cert_cb(context, choose_certificate, maker);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    if (maker->key_log != NULL)
        SSL_CTX_set_keylog_callback(context, log_key);
    /* Nothing is kept for a client, and none can keep us busy with new sessions in an old one. */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    /* Old clients are welcome: this is not about protecting anybody. */
    SSL_CTX_set_security_level(context, 0);
    return SSL_CTX_set_min_proto_version(context, TLS1_VERSION) == 1;
}

int vb_tls_maker_new(const struct vb_authority *authority, struct vb_buf *key_log,
                     struct vb_tls_maker **ret, struct vb_error *err)
{
    struct vb_tls_maker *maker = calloc(1, sizeof(*maker));
    if (maker == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "answering TLS");
    maker->authority = authority;
    maker->key_log = key_log;
    maker->context = SSL_CTX_new(TLS_server_method());
    maker->key = EVP_EC_gen("P-256");
    if (!set_up(maker)) {
        vb_tls_maker_free(maker);
        return fail(err);
    }
    *ret = maker;
    return VB_OK;
}

void vb_tls_maker_free(struct vb_tls_maker *maker)
{
    if (maker == NULL)
        return;
    for (size_t i = 0; i < CACHED; i++) {
        free(maker->cache[i].host);
        X509_free(maker->cache[i].certificate);
    }
    SSL_CTX_free(maker->context);
    EVP_PKEY_free(maker->key);
    free(maker);
}

/* --- a stream --- */

int vb_tls_new(struct vb_tls_maker *maker, const char *host, struct vb_tls **ret,
               struct vb_error *err)
{
    struct vb_tls *tls = calloc(1, sizeof(*tls));
    if (tls == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "answering TLS");
    tls->maker = maker;
    tls->host = strdup(host);
    tls->ssl = SSL_new(maker->context);
    BIO *from = BIO_new(BIO_s_mem());
    BIO *to = BIO_new(BIO_s_mem());
    if (tls->host == NULL || tls->ssl == NULL || from == NULL || to == NULL) {
        BIO_free(from);
        BIO_free(to);
        vb_tls_free(tls);
        return vb_fail(err, VB_E_NOMEM, 0, "answering TLS");
    }
    snprintf(tls->refusal, sizeof(tls->refusal), "it broke off");
    SSL_set_bio(tls->ssl, from, to);
    SSL_set_app_data(tls->ssl, tls);
    SSL_set_accept_state(tls->ssl);
    tls->from = from;
    tls->to = to;
    *ret = tls;
    return VB_OK;
}

void vb_tls_free(struct vb_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    free(tls->host);
    free(tls);
}

static int take_output(struct vb_tls *tls, struct vb_buf *wire, struct vb_error *err)
{
    char *bytes = NULL;
    const long len = BIO_get_mem_data(tls->to, &bytes);
    const int status = len > 0 ? vb_buf_append(wire, bytes, (size_t)len, err) : VB_OK;
    (void)BIO_reset(tls->to);
    return status;
}

/* The reasons behind this one are alerts that the client sent (openssl/sslerr.h). */
static bool is_alert(unsigned long code)
{
    return ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET;
}

static void note_end(struct vb_tls *tls)
{
    const unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);
    if (tls->was_open) {
        tls->state = code == 0 || is_alert(code) ? VB_TLS_ENDED : VB_TLS_BROKEN;
        return;
    }
    if (reason != NULL)
        snprintf(tls->refusal, sizeof(tls->refusal), "%s", reason);
    tls->said_no = is_alert(code);
    tls->state = VB_TLS_REFUSED;
}

/* What SSL_accept or SSL_read, which returned GOT, means. */
static void judge(struct vb_tls *tls, int got)
{
    const int error = SSL_get_error(tls->ssl, got);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return;
    if (error == SSL_ERROR_ZERO_RETURN)
        tls->state = VB_TLS_ENDED;
    else
        note_end(tls);
}

static void greet(struct vb_tls *tls)
{
    const unsigned char *protocol = NULL;
    unsigned len = 0;
    const int got = SSL_accept(tls->ssl);
    if (got != 1) {
        judge(tls, got);
        return;
    }
    tls->state = VB_TLS_OPEN;
    tls->was_open = true;
    SSL_get0_alpn_selected(tls->ssl, &protocol, &len);
    if (protocol != NULL && len < sizeof(tls->alpn))
        memcpy(tls->alpn, protocol, len);
}

int vb_tls_read(struct vb_tls *tls, const void *bytes, size_t len, struct vb_buf *plain,
                struct vb_buf *wire, struct vb_error *err)
{
    unsigned char out[16384];
    int got = 1;
    int status = VB_OK;
    ERR_clear_error();
    if (len > 0 && BIO_write(tls->from, bytes, (int)len) != (int)len)
        return vb_fail(err, VB_E_NOMEM, 0, "answering TLS");
    if (tls->state == VB_TLS_GREETING)
        greet(tls);
    while (status == VB_OK && tls->state == VB_TLS_OPEN && got > 0) {
        got = SSL_read(tls->ssl, out, sizeof(out));
        if (got > 0)
            status = vb_buf_append(plain, out, (size_t)got, err);
        else
            judge(tls, got);
    }
    return status < 0 ? status : take_output(tls, wire, err);
}

int vb_tls_write(struct vb_tls *tls, const void *bytes, size_t len, struct vb_buf *wire,
                 struct vb_error *err)
{
    ERR_clear_error();
    if (tls->state != VB_TLS_OPEN || len == 0)
        return VB_OK; /* nobody listens any more */
    size_t written = 0;
    if (SSL_write_ex(tls->ssl, bytes, len, &written) != 1 || written != len)
        note_end(tls);
    return take_output(tls, wire, err);
}

int vb_tls_close(struct vb_tls *tls, struct vb_buf *wire, struct vb_error *err)
{
    ERR_clear_error();
    if (tls->state == VB_TLS_OPEN || tls->state == VB_TLS_ENDED)
        (void)SSL_shutdown(tls->ssl);
    return take_output(tls, wire, err);
}

enum vb_tls_state vb_tls_state(const struct vb_tls *tls)
{
    return tls->state;
}

bool vb_tls_was_open(const struct vb_tls *tls)
{
    return tls->was_open;
}

const char *vb_tls_name(const struct vb_tls *tls)
{
    return tls->name;
}

const char *vb_tls_alpn(const struct vb_tls *tls)
{
    return tls->alpn;
}

const char *vb_tls_version(const struct vb_tls *tls)
{
    return SSL_get_version(tls->ssl);
}

bool vb_tls_said_no(const struct vb_tls *tls)
{
    return tls->said_no;
}

const char *vb_tls_refusal(const struct vb_tls *tls)
{
    return tls->refusal;
}
