/* Events, each fact once and each class of them within its cap, so that a package cannot flood the
 * log: what is beyond the cap is counted and reported as coverage at the end. */
#include "identify/internal.h"

#include <stdarg.h>

struct vb_id_fact {
    char *what, *value, *path;
    int64_t line;
    const char *where;
};

/* Caps that the caller cannot choose; codes and packages come from vb_identify_limits. */
static const struct {
    const char *what;
    size_t max;
} classes[VB_ID_CLASS_COUNT] = {
    [VB_ID_CODE] = {"code", 0},
    [VB_ID_LINK] = {"link", 2048},
    [VB_ID_ENTRY] = {"entry", 4096},
    [VB_ID_DECLARE] = {"declaration", 2048},
    [VB_ID_DOCUMENT] = {"document", 1024},
    [VB_ID_PROBLEM] = {"problem", 512},
    [VB_ID_PACKAGE] = {"package", 0},
    [VB_ID_FILE] = {"file", VB_ID_ENTRIES_MAX},
    [VB_ID_UNKNOWN] = {"unknown field", 256},
    [VB_ID_USAGE] = {"call of a script", 256},
};

/* How visible a mention is to a reader of the package, the most visible first. */
static const char *const places[] = {"prose", "link", "code"};

bool vb_id_ok(const struct vb_id *id)
{
    return id->status == VB_OK;
}

void vb_id_fail(struct vb_id *id, int status, const char *what)
{
    if (vb_id_ok(id))
        id->status = vb_fail(id->err, status, 0, "%s: %s", what, vb_status_text(status));
}

void vb_id_emit(struct vb_id *id, struct vb_event *event)
{
    if (vb_id_ok(id))
        id->status = vb_emit(id->sink, event, id->err);
}

static size_t class_max(const struct vb_id *id, enum vb_id_class class)
{
    if (class == VB_ID_CODE)
        return id->limits->codes;
    return class == VB_ID_PACKAGE ? id->limits->packages : classes[class].max;
}

bool vb_id_take(struct vb_id *id, enum vb_id_class class)
{
    if (!vb_id_ok(id))
        return false;
    if (id->used[class] >= class_max(id, class)) {
        id->dropped[class]++;
        return false;
    }
    id->used[class]++;
    return true;
}

/* Remembers PARTS. True the first time that they are seen together. */
static bool first_time(struct vb_id *id, const char *const parts[], size_t count)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf key;
    vb_buf_init(&key, VB_EVENT_MAX_BYTES);
    int status = VB_OK;
    for (size_t i = 0; i < count && status == VB_OK; i++) {
        status = vb_buf_append_str(&key, parts[i] == NULL ? "" : parts[i], NULL);
        if (status == VB_OK)
            status = vb_buf_append(&key, "\x1f", 1, NULL);
    }
    if (status == VB_E_LIMIT) /* too long to remember: it may be said twice */
        return true;
    const char *text = (const char *)key.data;
    if (status == VB_OK && json_object_get(id->seen, text) != NULL)
        return false;
    if (status != VB_OK || json_object_set_new_nocheck(id->seen, text, json_true()) != 0)
        vb_id_fail(id, VB_E_NOMEM, "remembering an event");
    return vb_id_ok(id);
}

/* Takes one from CLASS's cap if PARTS are new. What is beyond the cap is not remembered either, so
 * that memory stays bounded. */
static bool take_new(struct vb_id *id, enum vb_id_class class, const char *const parts[],
                     size_t count)
{
    if (vb_id_ok(id) && id->used[class] >= class_max(id, class)) {
        id->dropped[class]++;
        return false;
    }
    return vb_id_ok(id) && first_time(id, parts, count) && vb_id_take(id, class);
}

bool vb_id_once(struct vb_id *id, const char *path, const char *text)
{
    const char *const parts[] = {"text", path, text};
    return first_time(id, parts, VB_ARRAY_LEN(parts));
}

static void set_place(struct vb_event *event, struct vb_id_at at)
{
    vb_event_str(event, VB_F_PATH, at.path);
    if (at.line > 0)
        vb_event_int(event, VB_F_LINE, at.line);
}

void vb_id_coverage(struct vb_id *id, const char *path, const char *what, const char *reason,
                    const char *detail)
{
    const char *const parts[] = {"coverage", path, what, reason};
    if (!take_new(id, VB_ID_PROBLEM, parts, VB_ARRAY_LEN(parts)))
        return;
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "identify");
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_str(&event, VB_F_PATH, path);
    vb_event_str(&event, VB_F_DETAIL, detail);
    vb_id_emit(id, &event);
}

void vb_id_problem(struct vb_id *id, struct vb_id_at at, const char *code, const char *fmt, ...)
{
    char detail[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(detail, sizeof(detail), fmt, args);
    va_end(args);
    const char *const parts[] = {"problem", at.path, code, detail};
    if (!take_new(id, VB_ID_PROBLEM, parts, VB_ARRAY_LEN(parts)))
        return;
    struct vb_event event;
    vb_event_init(&event, VB_EV_MANIFEST_PROBLEM, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_CODE, code);
    vb_event_str(&event, VB_F_DETAIL, detail);
    set_place(&event, at);
    vb_id_emit(id, &event);
}

void vb_id_declare(struct vb_id *id, struct vb_id_at at, const char *what, const char *value,
                   const char *detail)
{
    if (value == NULL || value[0] == '\0')
        return;
    const char *const parts[] = {"declares", at.path, what, value, detail};
    if (!take_new(id, VB_ID_DECLARE, parts, VB_ARRAY_LEN(parts)))
        return;
    const char *origin = id->origin != NULL ? id->origin : value;
    char key[VB_ID_KEY_MAX];
    struct vb_event event;
    vb_event_init(&event, VB_EV_MANIFEST_DECLARES, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_VALUE, value);
    vb_event_str(&event, VB_F_DETAIL, detail);
    set_place(&event, at);
    if (vb_id_key_of(id, at.path, origin, key))
        vb_event_str(&event, VB_F_KEY, key);
    vb_id_emit(id, &event);
}

const char *vb_id_origin(struct vb_id *id, const char *text)
{
    const char *before = id->origin;
    if (before == NULL)
        id->origin = text;
    return before;
}

void vb_id_unknown(struct vb_id *id, struct vb_id_at at, const char *key, const char *value)
{
    const char *const parts[] = {"unknown", at.path, key};
    if (!take_new(id, VB_ID_UNKNOWN, parts, VB_ARRAY_LEN(parts)))
        return;
    struct vb_event event;
    vb_event_init(&event, VB_EV_MANIFEST_UNKNOWN, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_KEY, key);
    vb_event_str(&event, VB_F_VALUE, value);
    set_place(&event, at);
    vb_id_emit(id, &event);
}

void vb_id_mark_file(struct vb_id *id, const char *path)
{
    const char *const parts[] = {"file-entry", path};
    (void)first_time(id, parts, VB_ARRAY_LEN(parts));
}

bool vb_id_has_file_entry(const struct vb_id *id, const char *path)
{
    char key[VB_ID_PATH_MAX + 16];
    const int len = snprintf(key, sizeof(key), "file-entry\x1f%s\x1f", path);
    return len > 0 && (size_t)len < sizeof(key) && json_object_get(id->seen, key) != NULL;
}

void vb_id_entry(struct vb_id *id, const struct vb_id_entry *entry)
{
    const char *const parts[] = {"entry", entry->at.path, entry->reason, entry->command};
    if (!take_new(id, VB_ID_ENTRY, parts, VB_ARRAY_LEN(parts)))
        return;
    if (entry->command == NULL)
        vb_id_mark_file(id, entry->at.path);
    struct vb_event event;
    vb_event_init(&event, VB_EV_MANIFEST_ENTRY, VB_SOURCE_STATIC);
    set_place(&event, entry->at);
    vb_event_str(&event, VB_F_REASON, entry->reason);
    vb_event_str(&event, VB_F_WHEN, entry->when);
    vb_event_str(&event, VB_F_COMMAND, entry->command);
    vb_event_str(&event, VB_F_INTERPRETER, entry->interpreter);
    vb_id_emit(id, &event);
}

void vb_id_code(struct vb_id *id, const struct vb_id_code *code)
{
    if (code->len == 0 || !vb_id_take(id, VB_ID_CODE))
        return;
    if (code->len > VB_EVENT_MAX_STRING)
        vb_id_coverage(id, code->at.path, "code", "too large", "the block is cut");
    struct vb_event event;
    vb_event_init(&event, VB_EV_MANIFEST_CODE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, code->at.path);
    vb_event_int(&event, VB_F_LINE, code->at.line);
    vb_event_str(&event, VB_F_FORM, code->form);
    vb_event_str(&event, VB_F_LANGUAGE, code->language);
    vb_event_strn(&event, VB_F_TEXT, code->text, code->len);
    vb_event_str(&event, VB_F_INTERPRETER, code->interpreter);
    VB_CLEANUP(vb_buf_done) struct vb_buf filled;
    vb_buf_init(&filled, VB_EVENT_MAX_STRING);
    if (code->interpreter != NULL && vb_id_fill(id, code, &filled))
        vb_event_strn(&event, VB_F_FILLED, (const char *)filled.data, filled.len);
    vb_id_emit(id, &event);
}

void vb_id_link(struct vb_id *id, struct vb_id_at at, struct vb_str url, struct vb_str text)
{
    char brief[1024];
    if (url.len == 0)
        return;
    snprintf(brief, sizeof(brief), "%.*s", (int)(url.len > 1000 ? 1000 : url.len), url.text);
    const char *const parts[] = {"link", at.path, brief};
    if (!take_new(id, VB_ID_LINK, parts, VB_ARRAY_LEN(parts)))
        return;
    struct vb_event event;
    vb_event_init(&event, VB_EV_MANIFEST_LINK, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, at.path);
    vb_event_int(&event, VB_F_LINE, at.line);
    vb_event_strn(&event, VB_F_URL, url.text, url.len);
    if (text.len > 0)
        vb_event_strn(&event, VB_F_TEXT, text.text, text.len > 512 ? 512 : text.len);
    vb_id_emit(id, &event);
}

static size_t place_rank(const char *where)
{
    size_t rank = 0;
    while (rank + 1 < VB_ARRAY_LEN(places) && strcmp(places[rank], where) != 0)
        rank++;
    return rank;
}

static void fact_set_place(struct vb_id *id, struct vb_id_fact *fact, struct vb_id_at at,
                           const char *where)
{
    char *path = strdup(at.path);
    if (path == NULL) {
        vb_id_fail(id, VB_E_NOMEM, "keeping a name");
        return;
    }
    free(fact->path);
    fact->path = path;
    fact->line = at.line;
    fact->where = places[place_rank(where)];
}

static void fact_add(struct vb_id *id, const char *what, const char *key, struct vb_id_at at)
{
    if (!vb_id_take(id, VB_ID_DOCUMENT))
        return;
    if (id->facts == NULL)
        id->facts = calloc(classes[VB_ID_DOCUMENT].max, sizeof(*id->facts));
    char *value = strdup(key + strlen(what) + 1);
    char *kind = strdup(what);
    char *path = strdup(at.path);
    if (id->facts == NULL || value == NULL || kind == NULL || path == NULL ||
        json_object_set_new_nocheck(id->fact_index, key,
                                    json_integer((json_int_t)id->fact_count))) {
        free(value);
        free(kind);
        free(path);
        vb_id_fail(id, VB_E_NOMEM, "keeping a name");
        return;
    }
    id->facts[id->fact_count++] =
        (struct vb_id_fact){.what = kind, .value = value, .path = path, .line = at.line};
}

void vb_id_document(struct vb_id *id, struct vb_id_at at, const char *what, struct vb_str value,
                    const char *where)
{
    char key[512];
    if (value.len == 0 || value.len > 300 || !vb_id_ok(id))
        return;
    snprintf(key, sizeof(key), "%s %.*s", what, (int)value.len, value.text);
    const json_t *known = json_object_get(id->fact_index, key);
    const size_t before = id->fact_count;
    if (known == NULL) {
        fact_add(id, what, key, at);
        if (id->fact_count > before)
            id->facts[before].where = places[place_rank(where)];
        return;
    }
    struct vb_id_fact *fact = &id->facts[json_integer_value(known)];
    if (place_rank(where) < place_rank(fact->where))
        fact_set_place(id, fact, at, where);
}

static void emit_fact(struct vb_id *id, const struct vb_id_fact *fact)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_MANIFEST_DOCUMENTS, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_WHAT, fact->what);
    vb_event_str(&event, VB_F_VALUE, fact->value);
    vb_event_str(&event, VB_F_WHERE, fact->where);
    set_place(&event, (struct vb_id_at){fact->path, fact->line});
    vb_id_emit(id, &event);
}

static void emit_dropped(struct vb_id *id, enum vb_id_class class)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "identify");
    vb_event_str(&event, VB_F_WHAT, classes[class].what);
    vb_event_str(&event, VB_F_REASON, "too many");
    vb_event_int(&event, VB_F_COUNT, (int64_t)id->dropped[class]);
    vb_id_emit(id, &event);
}

void vb_id_finish(struct vb_id *id)
{
    for (size_t i = 0; i < id->fact_count; i++)
        emit_fact(id, &id->facts[i]);
    for (unsigned class = 0; class < VB_ID_CLASS_COUNT; class ++) {
        if (id->dropped[class] > 0)
            emit_dropped(id, (enum vb_id_class) class);
    }
}

void vb_id_emit_done(struct vb_id *id)
{
    for (size_t i = 0; i < id->fact_count; i++) {
        free(id->facts[i].what);
        free(id->facts[i].value);
        free(id->facts[i].path);
    }
    free(id->facts);
    json_decref(id->seen);
    json_decref(id->pages);
    json_decref(id->skills);
    json_decref(id->read);
    json_decref(id->fact_index);
}
