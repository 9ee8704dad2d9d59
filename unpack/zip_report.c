/* What the checker says: events with exact codes, each telling both readings, and the list of what
 * other readers would extract. */
#include <stdarg.h>

#include "unpack/zip_internal.h"

enum { DETAIL_MAX = 256 };

/* What a code means for the extraction. */
enum effect {
    NOTE,   /* everything is extracted all the same */
    UNREAD, /* some reader would extract what is not: coverage says so */
    REFUSE, /* the entry is not extracted */
    MISSING /* there is nothing that could be */
};

static const struct {
    const char *name;
    enum effect effect;
} codes[] = {
    [ZIP_CODE_NAME] = {"ambiguous-name", REFUSE},
    [ZIP_CODE_UNICODE_NAME] = {"ambiguous-unicode-name", REFUSE},
    [ZIP_CODE_NUL_NAME] = {"ambiguous-nul-name", REFUSE},
    [ZIP_CODE_ENCODING] = {"ambiguous-encoding", NOTE},
    [ZIP_CODE_METHOD] = {"ambiguous-method", REFUSE},
    [ZIP_CODE_SIZE] = {"ambiguous-size", UNREAD},
    [ZIP_CODE_CRC] = {"ambiguous-crc", NOTE},
    [ZIP_CODE_FLAGS] = {"ambiguous-flags", UNREAD},
    [ZIP_CODE_TYPE] = {"ambiguous-type", NOTE},
    [ZIP_CODE_EXTRA] = {"ambiguous-extra", NOTE},
    [ZIP_CODE_ZIP64] = {"ambiguous-zip64", UNREAD},
    [ZIP_CODE_DISK] = {"ambiguous-disk", UNREAD},
    [ZIP_CODE_DESCRIPTOR] = {"ambiguous-descriptor", UNREAD},
    [ZIP_CODE_ORDER] = {"ambiguous-order", NOTE},
    [ZIP_CODE_END] = {"ambiguous-end", UNREAD},
    [ZIP_CODE_COMMENT] = {"ambiguous-comment", UNREAD},
    [ZIP_CODE_COUNT] = {"ambiguous-count", UNREAD},
    [ZIP_CODE_DIRECTORY] = {"ambiguous-directory", UNREAD},
    [ZIP_CODE_HEADER_MISSING] = {"header-missing", MISSING},
    [ZIP_CODE_OVERLAP] = {"overlap", REFUSE},
    [ZIP_CODE_HIDDEN_ENTRY] = {"hidden-entry", UNREAD},
    [ZIP_CODE_GAP_DATA] = {"gap-data", UNREAD},
    [ZIP_CODE_ENCRYPTION] = {"encrypted-strong", UNREAD},
};

const char *const zip_reader_names[] = {
    [ZIP_BY_DIRECTORY] = "directory",    [ZIP_BY_LOCAL_HEADER] = "local-header",
    [ZIP_FORWARD] = "forward",           [ZIP_OTHER_END] = "other-end-record",
    [ZIP_UNICODE_NAME] = "unicode-name", [ZIP_NUL_NAME] = "name-to-nul",
    [ZIP_UNENCRYPTED] = "unencrypted",
};

static void emit(struct zip_check *c, enum zip_code code, struct vb_str path, const char *target,
                 const char *detail)
{
    const char *const name = codes[code].name;
    const enum effect effect = codes[code].effect;
    const bool refused = effect >= REFUSE || code == ZIP_CODE_HIDDEN_ENTRY;
    const struct hostile what = {name, path, target, detail, refused ? FATE_REFUSED : FATE_OPEN};

    if (report_entry(c->u, &what) == 0 && (effect == UNREAD || effect == MISSING))
        c->u->status = report_coverage(c->u, effect == MISSING ? "file" : "archive", name, path);
}

static struct vb_str name_at(struct zip_check *c, uint64_t at, uint16_t len)
{
    const unsigned char *const p = zip_view_in(c, &c->names, at, len);

    return (struct vb_str){(const char *)p, p != NULL ? len : 0};
}

/* By the local header; by the directory's record if there is none. */
static struct vb_str name_of(struct zip_check *c, const struct zip_entry *entry)
{
    const unsigned char *p;

    if (entry->data_at != 0)
        return name_at(c, entry->name_at, entry->name_len);
    p = zip_view_in(c, &c->names, entry->record_at, ZIP_CENTRAL_SIZE);
    return p == NULL ? str_of("") : name_at(c, entry->record_at + ZIP_CENTRAL_SIZE, le16(p + 28));
}

void zip_report(struct zip_check *c, enum zip_code code, const char *format, ...)
{
    char detail[DETAIL_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    emit(c, code, str_of("."), NULL, detail);
}

static void note(struct zip_entry *entry, enum zip_code code)
{
    entry->told |= UINT32_C(1) << code;
    if (codes[code].effect >= REFUSE && entry->code == NULL)
        entry->code = codes[code].name;
}

void zip_report_entry(struct zip_check *c, struct zip_entry *entry, enum zip_code code,
                      const char *format, ...)
{
    char detail[DETAIL_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    note(entry, code);
    emit(c, code, name_of(c, entry), NULL, detail);
}

void zip_report_names(struct zip_check *c, struct zip_entry *entry, enum zip_code code,
                      struct vb_str other, const char *detail)
{
    char target[UNPACK_PATH_MAX + 1];
    const size_t len = other.len < UNPACK_PATH_MAX ? other.len : (size_t)UNPACK_PATH_MAX;

    memcpy(target, other.text, len);
    target[len] = '\0';
    note(entry, code);
    emit(c, code, name_of(c, entry), target, detail);
}

void zip_report_hidden(struct zip_check *c, const struct zip_reading *reading, uint64_t at)
{
    char detail[DETAIL_MAX];

    (void)snprintf(detail, sizeof(detail),
                   "its local header at byte %llu is read from front to back; the directory does "
                   "not list it",
                   (unsigned long long)at);
    emit(c, ZIP_CODE_HIDDEN_ENTRY, name_at(c, reading->name_at, reading->name_len), NULL, detail);
}

void zip_add_reading(struct zip_check *c, enum zip_reader reader, const struct zip_reading *reading)
{
    struct zip_directory *const d = c->d;
    struct zip_reading *added;

    if (d->reading_count >= c->u->limits->entries || reading->data_at == 0 ||
        reading->data_at > c->u->size)
        return;
    if (d->reading_count == c->readings_room) {
        const size_t room = c->readings_room != 0 ? 2 * c->readings_room : 8;
        struct zip_reading *const readings = reallocarray(d->readings, room, sizeof(*d->readings));

        if (readings == NULL) {
            c->u->status = vb_fail(c->u->err, VB_E_NOMEM, 0, "no memory to read %s", c->u->name);
            return;
        }
        d->readings = readings;
        c->readings_room = room;
    }
    added = &d->readings[d->reading_count++];
    *added = *reading;
    added->reader = zip_reader_names[reader];
    if (added->compressed > c->u->size - added->data_at)
        added->compressed = c->u->size - added->data_at;
}

/* Libarchive's words for data that is not what the headers say. */
static const struct {
    const char *text;
    enum zip_code code;
} damages[] = {
    {"data is wrong size", ZIP_CODE_SIZE},
    {"ZIP bad CRC", ZIP_CODE_CRC},
    {"Inconsistent CRC32", ZIP_CODE_CRC},
};

const char *zip_damage_code(const struct zip_entry *entry, const char *text)
{
    const uint32_t told = entry != NULL ? entry->told : 0;

    for (size_t i = 0; text != NULL && i < VB_ARRAY_LEN(damages); i++) {
        if (strstr(text, damages[i].text) != NULL)
            return (told >> damages[i].code & 1) == 0 ? codes[damages[i].code].name : NULL;
    }
    return NULL;
}

static const struct {
    unsigned long method;
    const char *name;
} undecoded[] = {
    {1, "shrink"},      {2, "reduce"},     {3, "reduce"},     {4, "reduce"},
    {5, "reduce"},      {6, "implode"},    {7, "tokenize"},   {9, "deflate64"},
    {10, "PKWARE DCL"}, {16, "IBM CMPSC"}, {18, "IBM TERSE"}, {19, "IBM LZ77"},
    {92, "base64"},     {94, "MP3"},       {96, "JPEG"},      {97, "WavPack"},
};

const char *zip_method_name(unsigned long method)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(undecoded); i++) {
        if (undecoded[i].method == method)
            return undecoded[i].name;
    }
    return NULL;
}
