/* iocs: hosts, URLs and texts held against the list. A host is compared as a whole or from one of
 * its dots on, never as a part of a word. In texts only those dots are looked at that stand between
 * two letters between which one stands in the list; everything else costs a look at one byte. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "core/iocs_internal.h"
#include "vetbox/core/text.h"

/* --- keys --- */

static bool is_address(const char *host, char key[VB_IOC_KEY])
{
    struct in6_addr six;
    struct in_addr four;
    if (inet_pton(AF_INET6, host, &six) == 1) {
        if (!IN6_IS_ADDR_V4MAPPED(&six))
            return inet_ntop(AF_INET6, &six, key, VB_IOC_KEY) != NULL;
        memcpy(&four, &six.s6_addr[12], sizeof(four));
    } else if (inet_aton(host, &four) == 0) { /* knows octal, hexadecimal and fewer parts, too */
        return false;
    }
    return inet_ntop(AF_INET, &four, key, VB_IOC_KEY) != NULL;
}

/* RFC 3492, section 6.1. */
static uint32_t adapt(uint32_t delta, uint32_t count, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / 700 : delta / 2;
    for (delta += delta / count; delta > 455; k += 36)
        delta /= 35;
    return k + 36 * delta / (delta + 38);
}

struct label {
    uint32_t codes[64];
    uint32_t count;
    char *ret; /* grows */
    size_t left;
};

static bool put(struct label *label, uint32_t byte)
{
    if (label->left < 2)
        return false;
    *label->ret++ = (char)byte;
    label->left--;
    return true;
}

static bool put_number(struct label *label, uint32_t number, uint32_t bias)
{
    for (uint32_t k = 36;; k += 36) {
        const uint32_t least = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        const uint32_t digit = number < least ? number : least + (number - least) % (36 - least);
        if (!put(label, digit < 26 ? 'a' + digit : '0' + digit - 26))
            return false;
        if (number < least)
            return true;
        number = (number - least) / (36 - least);
    }
}

/* RFC 3492, section 6.3; a label has 63 letters at most, so that nothing overflows. */
static bool put_punycode(struct label *label)
{
    uint32_t basic = 0, code = 128, delta = 0, bias = 72;
    bool fits = put(label, 'x') && put(label, 'n') && put(label, '-') && put(label, '-');
    for (uint32_t i = 0; i < label->count; i++)
        if (label->codes[i] < 128) {
            fits = fits && put(label, label->codes[i]);
            basic++;
        }
    fits = fits && (basic == 0 || put(label, '-'));
    for (uint32_t done = basic; fits && done < label->count; delta++, code++) {
        uint32_t least = UINT32_MAX;
        for (uint32_t i = 0; i < label->count; i++)
            if (label->codes[i] >= code && label->codes[i] < least)
                least = label->codes[i];
        delta += (least - code) * (done + 1);
        code = least;
        for (uint32_t i = 0; fits && i < label->count; i++) {
            delta += label->codes[i] < code;
            if (label->codes[i] != code)
                continue;
            fits = put_number(label, delta, bias);
            bias = adapt(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
    return fits;
}

static bool put_label(struct label *label, const char *text, size_t len)
{
    bool plain = true;
    label->count = 0;
    for (size_t at = 0; at < len;) {
        uint32_t code = 0;
        const size_t step = vb_utf8_decode(text + at, len - at, &code);
        if (step == 0 || code > 0x10ffff || label->count == 63)
            return false;
        plain = plain && code < 128;
        label->codes[label->count++] = code < 128 ? (uint32_t)vb_ascii_lower((char)code) : code;
        at += step;
    }
    if (!plain)
        return put_punycode(label);
    for (uint32_t i = 0; i < label->count; i++)
        if (!put(label, label->codes[i]))
            return false;
    return true;
}

bool vb_ioc_host_key(const char *host, size_t len, char key[VB_IOC_KEY])
{
    char plain[VB_IOC_KEY];
    if (len > 0 && host[len - 1] == '.')
        len--;
    if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof(plain))
        return false;
    memcpy(plain, host, len);
    plain[len] = '\0';
    if (strlen(plain) == len && is_address(plain, key))
        return true;
    struct label label = {.ret = key, .left = VB_IOC_KEY};
    for (size_t at = 0; at <= len; at++) {
        const char *dot = memchr(host + at, '.', len - at);
        const size_t end = dot == NULL ? len : (size_t)(dot - host);
        if (end == at || !put_label(&label, host + at, end - at) ||
            (end < len && !put(&label, '.')))
            return false;
        at = end;
    }
    *label.ret = '\0';
    return true;
}

/* --- the table --- */

size_t vb_ioc_slot(const struct vb_iocs *list, const char *key)
{
    uint64_t hash = 14695981039346656037U; /* FNV-1a */
    for (const char *at = key; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * 1099511628211U;
    size_t slot = (size_t)hash & (list->slot_count - 1);
    while (list->slots[slot] != 0 && strcmp(list->rows[list->slots[slot] - 1].key, key) != 0)
        slot = (slot + 1) & (list->slot_count - 1);
    return slot;
}

static unsigned dot_bit(unsigned char before, unsigned char behind)
{
    return (before & 31U) << 5 | (behind & 31U);
}

void vb_ioc_note_dots(struct vb_iocs *list, const char *host)
{
    for (const char *dot = strchr(host, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        if (dot == host)
            continue;
        const unsigned bit = dot_bit((unsigned char)dot[-1], (unsigned char)dot[1]);
        list->dots[bit / 32] |= 1U << bit % 32;
    }
}

/* What stands around a host. */
struct place {
    const char *before; /* the bytes in front of it, back to the text's begin */
    size_t before_len;
    const char *path; /* behind it and its port */
    size_t path_len;
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool fits_path(const struct vb_ioc_row *row, const struct place *place)
{
    size_t len = strlen(row->rest);
    while (len > 1 && row->rest[len - 1] == '/')
        len--;
    return place->path_len >= len && strncasecmp(place->path, row->rest, len) == 0 &&
           (place->path_len == len || !is_word(place->path[len]));
}

static bool fits_mail(const struct vb_ioc_row *row, const struct place *place)
{
    const size_t len = (size_t)(strchr(row->rest, '@') - row->rest) + 1;
    if (place->before_len < len)
        return false;
    const char *begin = place->before + place->before_len - len;
    return strncasecmp(begin, row->rest, len) == 0 &&
           (place->before_len == len || !(is_word(begin[-1]) || begin[-1] == '.'));
}

static bool fits(const struct vb_ioc_row *row, const struct place *place, bool whole)
{
    const enum vb_ioc_kind kind = row->ioc.kind;
    if (kind == VB_IOC_HOST)
        return true;
    return whole && (kind == VB_IOC_ADDRESS || (kind == VB_IOC_URL && fits_path(row, place)) ||
                     (kind == VB_IOC_MAIL && fits_mail(row, place)));
}

static const struct vb_ioc *find_key(const struct vb_iocs *list, const char *key,
                                     const struct place *place)
{
    const char *whole = strncmp(key, "www.", 4) == 0 ? key + 4 : key;
    for (const char *at = key; at != NULL;) {
        uint32_t next = list->slots[vb_ioc_slot(list, at)];
        for (; next != 0; next = list->rows[next - 1].next)
            if (fits(&list->rows[next - 1], place, at == key || at == whole))
                return &list->rows[next - 1].ioc;
        at = strchr(at, '.');
        at += at != NULL;
    }
    return NULL;
}

const struct vb_ioc *vb_iocs_host(const struct vb_iocs *list, const char *host)
{
    static const struct place nowhere = {"", 0, "", 0};
    char key[VB_IOC_KEY];
    return list != NULL && vb_ioc_host_key(host, strlen(host), key) ? find_key(list, key, &nowhere)
                                                                    : NULL;
}

const struct vb_ioc *vb_iocs_digest(const struct vb_iocs *list, const char *sha256)
{
    char key[65];
    if (list == NULL || strlen(sha256) != 64)
        return NULL;
    for (size_t i = 0; i <= 64; i++)
        key[i] = vb_ascii_lower(sha256[i]);
    const uint32_t row = list->slots[vb_ioc_slot(list, key)];
    return row != 0 && list->rows[row - 1].ioc.kind == VB_IOC_SHA256 ? &list->rows[row - 1].ioc
                                                                     : NULL;
}

/* --- URLs --- */

/* Past a port, or past the colon with which git writes a path behind a host. */
static size_t skip_port(const char *text, size_t len)
{
    size_t at = len > 0 && text[0] == ':' ? 1 : 0;
    while (at > 0 && at < len && text[at] >= '0' && text[at] <= '9')
        at++;
    return at;
}

void vb_ioc_split(const char *text, size_t len, const char **ret_host, size_t *ret_host_len,
                  const char **ret_path, size_t *ret_path_len)
{
    size_t end = 0, begin = 0;
    while (end < len && strchr("/?#\\", text[end]) == NULL)
        end++;
    for (size_t i = 0; i < end; i++)
        begin = text[i] == '@' ? i + 1 : begin;
    size_t stop = begin;
    if (stop < end && text[stop] == '[')
        while (stop < end && text[stop] != ']')
            stop++;
    while (stop < end && text[stop] != ':')
        stop++;
    *ret_host = text + begin;
    *ret_host_len = stop - begin;
    *ret_path = text + end;
    *ret_path_len = len - end;
}

const struct vb_ioc *vb_iocs_url(const struct vb_iocs *list, const char *url)
{
    const char *scheme = strstr(url, "://"), *text = scheme == NULL ? url : scheme + 3, *host;
    size_t host_len;
    char key[VB_IOC_KEY];
    struct place place = {"", 0, "", 0};
    vb_ioc_split(text, strlen(text), &host, &host_len, &place.path, &place.path_len);
    return list != NULL && vb_ioc_host_key(host, host_len, key) ? find_key(list, key, &place)
                                                                : NULL;
}

/* --- texts --- */

struct search {
    const struct vb_iocs *list;
    const char *text;
    size_t len;
    vb_ioc_seen *seen;
    void *ctx;
};

static bool is_host_byte(char c)
{
    return is_word(c) || c == '.' || (unsigned char)c >= 0x80;
}

/* A letter that belongs to what hides a character in front of the host: \n or %2F. */
static size_t skip_escape(const struct search *search, size_t begin, size_t dot)
{
    const char before = begin == 0 ? ' ' : search->text[begin - 1];
    const size_t skip = before == '\\' ? 1 : before == '%' ? 2 : 0;
    return begin + skip < dot ? begin + skip : begin;
}

/* The host in [BEGIN, END), if it is listed: *RET_SEEN. */
static int try_host(const struct search *search, size_t begin, size_t end, bool *ret_seen,
                    struct vb_error *err)
{
    char key[VB_IOC_KEY];
    while (end > begin && (search->text[end - 1] == '.' || search->text[end - 1] == '-'))
        end--;
    while (begin < end && (search->text[begin] == '.' || search->text[begin] == '-'))
        begin++;
    if (!vb_ioc_host_key(search->text + begin, end - begin, key))
        return VB_OK;
    size_t path = end + (end < search->len && search->text[end] == ']');
    path += skip_port(search->text + path, search->len - path);
    /* github.com:OWNER/NAME: the path of the list begins with a slash */
    char git[VB_IOC_KEY] = "/";
    struct place place = {search->text, begin, search->text + path, search->len - path};
    if (path == end + 1 && search->text[end] == ':') {
        const size_t take = place.path_len < sizeof(git) - 1 ? place.path_len : sizeof(git) - 1;
        memcpy(git + 1, place.path, take);
        place.path = git;
        place.path_len = take + 1;
    }
    const struct vb_ioc *ioc = find_key(search->list, key, &place);
    *ret_seen = ioc != NULL;
    return ioc == NULL ? VB_OK : search->seen(search->ctx, ioc, begin, end - begin, err);
}

/* The host in [BEGIN, END), or those between its letters beyond ASCII: quotation marks, and words
 * of scripts that part none. */
static int try_hosts(const struct search *search, size_t begin, size_t end, struct vb_error *err)
{
    bool seen = false;
    int status = try_host(search, begin, end, &seen, err);
    for (size_t at = begin, stop; status == VB_OK && !seen && at < end; at = stop + 1) {
        bool part = false;
        for (stop = at; stop < end && (unsigned char)search->text[stop] < 0x80;)
            stop++;
        if (stop > at && stop - at < end - begin)
            status = try_host(search, at, stop, &part, err);
    }
    return status;
}

/* The dot at DOT stands in a host: tries it, and moves *NEXT behind it. */
static int try_dot(const struct search *search, size_t dot, size_t *next, struct vb_error *err)
{
    size_t begin = dot, end = dot + 1;
    while (begin > 0 && dot - begin < VB_IOC_KEY && is_host_byte(search->text[begin - 1]))
        begin--;
    while (end < search->len && end - dot < VB_IOC_KEY && is_host_byte(search->text[end]))
        end++;
    *next = end;
    return try_hosts(search, skip_escape(search, begin, dot), end, err);
}

static bool may_be_listed(const struct search *search, size_t dot)
{
    if (dot == 0 || dot + 1 >= search->len)
        return false;
    const unsigned char before = (unsigned char)search->text[dot - 1];
    const unsigned char behind = (unsigned char)search->text[dot + 1];
    const unsigned bit = dot_bit(before, behind);
    return (search->list->dots[bit / 32] >> bit % 32 & 1U) != 0 || before >= 0x80 || behind >= 0x80;
}

static bool dots_find(const struct search *search, const char *begin, const char *end)
{
    for (const char *at = begin; at < end; at++)
        if (*at == '.' && may_be_listed(search, (size_t)(at - search->text)))
            return true;
    return false;
}

/* Addresses that are written with few dots, or in numbers of another base: behind a scheme only. */
static int try_numbers(const struct search *search, struct vb_error *err)
{
    const char *end = search->text + search->len;
    const char *at = memmem(search->text, search->len, "://", 3);
    for (int status; at != NULL; at = memmem(at, (size_t)(end - at), "://", 3)) {
        at += 3;
        const bool bracket = at < end && *at == '[';
        const char *begin = at + bracket, *stop = begin;
        while (stop < end && stop - begin < VB_IOC_KEY &&
               (is_host_byte(*stop) || (bracket && *stop == ':')))
            stop++;
        char key[VB_IOC_KEY], plain[VB_IOC_KEY];
        const size_t len = (size_t)(stop - begin);
        if (len == 0 || len >= sizeof(plain) || !(bracket || (*begin >= '0' && *begin <= '9')))
            continue;
        memcpy(plain, begin, len);
        plain[len] = '\0';
        if (!is_address(plain, key) || (!bracket && dots_find(search, begin, stop)))
            continue;
        status =
            try_hosts(search, (size_t)(begin - search->text), (size_t)(stop - search->text), err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}

int vb_iocs_text(const struct vb_iocs *list, const unsigned char *data, size_t len,
                 vb_ioc_seen *seen, void *ctx, struct vb_error *err)
{
    const struct search search = {list, (const char *)data, len, seen, ctx};
    int status = VB_OK;
    if (list == NULL || list->count == 0 || len == 0)
        return VB_OK;
    for (size_t at = 0; status == VB_OK && at < len;) {
        const unsigned char *dot = memchr(data + at, '.', len - at);
        if (dot == NULL)
            break;
        at = (size_t)(dot - data) + 1;
        if (may_be_listed(&search, at - 1))
            status = try_dot(&search, at - 1, &at, err);
    }
    return status == VB_OK ? try_numbers(&search, err) : status;
}
