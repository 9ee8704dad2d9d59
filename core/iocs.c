/* iocs: the list of known-bad things. One entry a line: KIND VALUE DATE WORDS. */
#include "core/iocs_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vetbox/core/text.h"
#include "vetbox/core/yaml.h"

enum { MAX_ROWS = 1000000 };

static const char *const kind_names[VB_IOC_KINDS] = {
    [VB_IOC_HOST] = "host", [VB_IOC_URL] = "url",       [VB_IOC_ADDRESS] = "address",
    [VB_IOC_MAIL] = "mail", [VB_IOC_SHA256] = "sha256",
};

const char *vb_ioc_kind_name(enum vb_ioc_kind kind)
{
    return kind_names[kind];
}

/* --- the values of each kind: what is wrong with one, or NULL --- */

static const char *read_host(struct vb_ioc_row *row)
{
    const char *value = row->ioc.value;
    if (strpbrk(value, "/@") != NULL || strchr(value, '.') == NULL ||
        !vb_ioc_host_key(value, strlen(value), row->key))
        return "is no host name";
    /* Whatever ends in a number is an address, if anything. */
    const char last = row->key[strlen(row->key) - 1];
    return (last >= '0' && last <= '9') || strchr(row->key, ':') != NULL ? "is no host name" : NULL;
}

/* In its usual notation; it is found in all others. */
static const char *read_address(struct vb_ioc_row *row)
{
    const char *value = row->ioc.value;
    unsigned char bytes[sizeof(struct in6_addr)];
    if (inet_pton(strchr(value, ':') != NULL ? AF_INET6 : AF_INET, value, bytes) != 1 ||
        !vb_ioc_host_key(value, strlen(value), row->key))
        return "is no address of IPv4 or IPv6";
    return NULL;
}

static const char *read_url(struct vb_ioc_row *row)
{
    const char *text = strstr(row->ioc.value, "://");
    const char *host, *path;
    size_t host_len, path_len;
    if (text == NULL)
        return "is no URL with a scheme";
    vb_ioc_split(text + 3, strlen(text + 3), &host, &host_len, &path, &path_len);
    if (!vb_ioc_host_key(host, host_len, row->key))
        return "is no URL with a host";
    if (path_len < 2 || path[0] != '/')
        return "is a URL without a path: list its host";
    row->rest = path;
    return NULL;
}

static const char *read_mail(struct vb_ioc_row *row)
{
    const char *at = strchr(row->ioc.value, '@');
    if (at == NULL || at == row->ioc.value || strchr(at, '.') == NULL ||
        !vb_ioc_host_key(at + 1, strlen(at + 1), row->key))
        return "is no mailbox";
    row->rest = row->ioc.value;
    return NULL;
}

static const char *read_sha256(struct vb_ioc_row *row)
{
    const char *value = row->ioc.value;
    if (strlen(value) != 64 || strspn(value, "0123456789abcdefABCDEF") != 64)
        return "is no SHA-256 of 64 hexadecimal digits";
    for (size_t i = 0; i <= 64; i++)
        row->key[i] = vb_ascii_lower(value[i]);
    return NULL;
}

static const char *(*const readers[VB_IOC_KINDS])(struct vb_ioc_row *row) = {
    [VB_IOC_HOST] = read_host, [VB_IOC_URL] = read_url,       [VB_IOC_ADDRESS] = read_address,
    [VB_IOC_MAIL] = read_mail, [VB_IOC_SHA256] = read_sha256,
};

/* --- lines --- */

/* YYYY, YYYY-MM, YYYY-MM-DD or "-". */
static bool is_date(const char *text)
{
    static const char form[] = "dddd-dd-dd";
    const size_t len = strlen(text);
    for (size_t i = 0; i < len && i < sizeof(form) - 1; i++) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !digit : text[i] != '-')
            return strcmp(text, "-") == 0;
    }
    return len == 4 || len == 7 || len == 10;
}

/* The next word of *AT, ended by a NUL; "" where there is none. */
static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " \t");
    char *end = word + strcspn(word, " \t");
    *at = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

static int add_row(struct vb_iocs *list, const struct vb_ioc_row *row, struct vb_error *err)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        struct vb_ioc_row *rows = reallocarray(list->rows, capacity, sizeof(*rows));
        if (rows == NULL)
            return vb_fail(err, VB_E_NOMEM, errno, "known-bad things");
        list->rows = rows;
        list->capacity = capacity;
    }
    if (list->count == MAX_ROWS)
        return vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: more than %d entries", row->ioc.file,
                       row->ioc.line, MAX_ROWS);
    list->rows[list->count++] = *row;
    return VB_OK;
}

static int read_line(struct vb_iocs *list, const char *file, size_t number, char *line,
                     struct vb_error *err)
{
    line[strcspn(line, "\r")] = '\0';
    char *kind = next_word(&line);
    if (kind[0] == '\0' || kind[0] == '#')
        return VB_OK;
    struct vb_ioc_row row = {.ioc = {.kind = VB_IOC_KINDS, .file = file, .line = number},
                             .rest = ""};
    for (unsigned i = 0; i < VB_IOC_KINDS; i++)
        if (strcmp(kind_names[i], kind) == 0)
            row.ioc.kind = (enum vb_ioc_kind)i;
    row.ioc.value = next_word(&line);
    row.ioc.date = next_word(&line);
    row.ioc.words = line + strspn(line, " \t");
    if (row.ioc.kind == VB_IOC_KINDS)
        return vb_fail(err, VB_E_CONFIG, 0,
                       "%s:%zu: unknown kind %s (host, url, address, mail and sha256 are known)",
                       file, number, kind);
    if (!is_date(row.ioc.date))
        return vb_fail(err, VB_E_CONFIG, 0,
                       "%s:%zu: \"%s\" is no date: YYYY-MM-DD, YYYY-MM, YYYY or - stands behind "
                       "the value",
                       file, number, row.ioc.date);
    if (row.ioc.words[0] == '\0')
        return vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: say behind the date where it is known from",
                       file, number);
    const char *wrong = readers[row.ioc.kind](&row);
    return wrong == NULL ? add_row(list, &row, err)
                         : vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: \"%s\" %s", file, number,
                                   row.ioc.value, wrong);
}

/* Keeps TEXT as the list's own; NULL: no memory. */
static char *keep_text(struct vb_iocs *list, const char *text, size_t len)
{
    char **texts = reallocarray(list->texts, list->text_count + 1, sizeof(*texts));
    if (texts == NULL)
        return NULL;
    list->texts = texts;
    char *copy = strndup(text, len);
    if (copy != NULL)
        list->texts[list->text_count++] = copy;
    return copy;
}

static int read_file(void *ctx, const char *name, const char *text, size_t len,
                     struct vb_error *err)
{
    struct vb_iocs *list = ctx;
    if (memchr(text, '\0', len) != NULL || !vb_utf8_valid(text, len))
        return vb_fail(err, VB_E_CONFIG, 0, "%s:1: not a text file", name);
    const char *file = keep_text(list, name, strlen(name));
    char *at = file == NULL ? NULL : keep_text(list, text, len);
    if (at == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "known-bad things");
    int status = VB_OK;
    for (size_t number = 1; status == VB_OK && *at != '\0'; number++) {
        char *line = at;
        at += strcspn(at, "\n");
        if (*at != '\0')
            *at++ = '\0';
        status = read_line(list, file, number, line, err);
    }
    return status;
}

/* --- the list --- */

static int make_slots(struct vb_iocs *list, struct vb_error *err)
{
    for (list->slot_count = 64; list->slot_count < 2 * list->count;)
        list->slot_count *= 2;
    list->slots = calloc(list->slot_count, sizeof(*list->slots));
    if (list->slots == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "known-bad things");
    for (size_t i = 0; i < list->count; i++) {
        struct vb_ioc_row *row = &list->rows[i];
        uint32_t *slot = &list->slots[vb_ioc_slot(list, row->key)];
        row->next = *slot;
        *slot = (uint32_t)i + 1;
        if (row->ioc.kind == VB_IOC_SHA256)
            continue;
        vb_ioc_note_dots(list, row->key);
        vb_ioc_note_dots(list, row->ioc.value); /* letters beyond ASCII are others there */
    }
    return VB_OK;
}

int vb_iocs_load(const char *folder, struct vb_iocs **ret, struct vb_error *err)
{
    struct vb_iocs *list = calloc(1, sizeof(*list));
    if (list == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "known-bad things");
    int status = read_file(list, "rules/iocs/known.txt", (const char *)vb_iocs_known,
                           vb_iocs_known_len, err);
    if (status == VB_OK && folder != NULL)
        status = vb_text_folder(folder, "txt", read_file, list, err);
    if (status == VB_OK)
        status = make_slots(list, err);
    if (status < 0)
        vb_iocs_free(list);
    else
        *ret = list;
    return status;
}

void vb_iocs_free(struct vb_iocs *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; i < list->text_count; i++)
        free(list->texts[i]);
    free(list->texts);
    free(list->rows);
    free(list->slots);
    free(list);
}

size_t vb_iocs_count(const struct vb_iocs *list)
{
    return list == NULL ? 0 : list->count;
}

const struct vb_ioc *vb_iocs_at(const struct vb_iocs *list, size_t index)
{
    return &list->rows[index].ioc;
}
