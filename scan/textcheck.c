/* Runs the text checks over one item and turns what they note into events. */
#include "scan/textcheck.h"

#include "scan/context.h"

#include <errno.h>
#include <string.h>

#include "scan/textmodel.h"

static const struct {
    const char *name;
    const char *severity;
} codes[] = {
#define VB_TEXT_CODE(id, code, severity, doc) [VB_TEXT_##id] = {code, severity},
#include "scan/textcheck.def"
#undef VB_TEXT_CODE
};

const char *vb_text_code_name(enum vb_text_code code)
{
    return codes[code].name;
}

const char *vb_text_code_severity(enum vb_text_code code)
{
    return codes[code].severity;
}

void vb_text_add(struct vb_textcheck *check, enum vb_text_code code, size_t offset, size_t length,
                 const char *detail)
{
    struct vb_text_list *list = &check->lists[code];
    if (list->total < VB_TEXT_FINDINGS) {
        struct vb_text_finding *finding = &list->items[list->total];
        finding->offset = offset;
        finding->length = length;
        (void)snprintf(finding->detail, sizeof(finding->detail), "%s", detail);
    }
    list->total++;
}

/* What anybody reads may be a quotation; nobody quotes what is not to be seen. */
static bool plain(enum vb_text_code code)
{
    return code == VB_TEXT_INJECTION_PHRASE || code == VB_TEXT_TERMINAL_ESCAPE ||
           code == VB_TEXT_MODEL;
}

static int emit(const struct vb_textcheck *check, enum vb_text_code code,
                const struct vb_text_finding *finding, struct vb_sink *sink, struct vb_error *err)
{
    const struct vb_item *item = check->item;
    const struct vb_str excerpt = vb_item_excerpt(item, finding->offset, finding->length);
    VB_CLEANUP(vb_buf_done) struct vb_buf detail;
    struct vb_event event;
    vb_buf_init(&detail, VB_TEXT_DETAIL * 16);
    const int status =
        vb_text_escape(&detail, finding->detail, strlen(finding->detail), false, err);
    if (status < 0)
        return status;
    vb_event_init(&event, VB_EV_SCAN_TEXT, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_CODE, codes[code].name);
    vb_event_str(&event, VB_F_PATH, item->path);
    vb_event_strn(&event, VB_F_DETAIL, detail.data == NULL ? "" : (const char *)detail.data,
                  detail.len);
    vb_event_int(&event, VB_F_OFFSET, (int64_t)finding->offset);
    vb_event_int(&event, VB_F_COUNT, (int64_t)check->lists[code].total);
    if (item->text)
        vb_event_int(&event, VB_F_LINE, (int64_t)vb_item_line(item, finding->offset));
    const char *around = plain(code) ? vb_context_of(item, finding->offset) : NULL;
    if (around != NULL)
        vb_event_str(&event, VB_F_CONTEXT, around);
    if (excerpt.len > 0)
        vb_event_strn(&event, VB_F_TEXT, excerpt.text, excerpt.len);
    if (item->layer[0] != '\0')
        vb_event_str(&event, VB_F_LAYER, item->layer);
    return vb_emit(sink, &event, err);
}

static int emit_all(const struct vb_textcheck *check, struct vb_sink *sink, struct vb_error *err)
{
    for (size_t code = 0; code < VB_TEXT_CODE_COUNT; code++) {
        const struct vb_text_list *list = &check->lists[code];
        const size_t kept = list->total < VB_TEXT_FINDINGS ? list->total : VB_TEXT_FINDINGS;
        for (size_t i = 0; i < kept; i++) {
            const int status = emit(check, (enum vb_text_code)code, &list->items[i], sink, err);
            if (status < 0)
                return status;
        }
    }
    return VB_OK;
}

/* --- phrases --- */

static bool quote_before(const struct vb_item *item, size_t offset)
{
    static const char *const quotes[] = {
        "\"",           "'",        "`",   "\xe2\x80\x9c", "\xe2\x80\x98",
        "\xe2\x80\x9e", "\xc2\xab", "*\"", "\xe3\x80\x8c", "\"*",
        "(\"",          "[\""};
    for (size_t i = 0; i < VB_ARRAY_LEN(quotes); i++) {
        const size_t len = strlen(quotes[i]);
        if (offset >= len && memcmp(item->data + offset - len, quotes[i], len) == 0)
            return true;
    }
    return false;
}

static bool quote_after(const struct vb_item *item, size_t at)
{
    enum { NEAR = 48 };
    const size_t end = item->len - at < NEAR ? item->len : at + NEAR;
    for (; at < end && item->data[at] != '\n'; at++) {
        if (strchr("\"'`", item->data[at]) != NULL && item->data[at] != '\0')
            return true;
        if (at + 2 < end && (memcmp(item->data + at, "\xe2\x80\x9d", 3) == 0 ||
                             memcmp(item->data + at, "\xe2\x80\x99", 3) == 0))
            return true;
    }
    return false;
}

/* A phrase that stands in quotation marks is mentioned, not said: teaching texts and filters are
 * full of them. */
static bool mentioned(const struct vb_item *item, const struct vb_phrase_hit *hit)
{
    return quote_before(item, hit->offset) && quote_after(item, hit->offset + hit->length);
}

static int phrases_of(struct vb_textcheck *check, struct vb_error *err)
{
    struct vb_phrase_hit hits[VB_PHRASE_HITS];
    const struct vb_item *item = check->item;
    size_t count;
    const struct vb_str text = {(const char *)item->data, item->len};
    const int status = vb_phrases_find(check->phrases, VB_PHRASE_STRONG, text, hits, &count, err);
    if (status < 0)
        return status;
    for (size_t i = 0; i < count; i++) {
        char detail[VB_TEXT_DETAIL];
        if (!hits[i].disguised && mentioned(item, &hits[i]))
            continue;
        (void)snprintf(detail, sizeof(detail), "%s%s", hits[i].doc,
                       hits[i].disguised ? ", spelt with invisible or lookalike characters" : "");
        vb_text_add(check, VB_TEXT_INJECTION_PHRASE, hits[i].offset, hits[i].length, detail);
    }
    return VB_OK;
}

/* Text that was only to be had by decoding is hidden: here an order is enough. */
static int decoded_orders(struct vb_textcheck *check, struct vb_error *err)
{
    const struct vb_item *item = check->item;
    struct vb_phrase_hit hit;
    bool orders;
    char detail[VB_TEXT_DETAIL];
    const int status =
        vb_phrases_instruct(check->phrases, item->data, item->len, &orders, &hit, err);
    if (status < 0 || !orders)
        return status;
    (void)snprintf(detail, sizeof(detail), "in encoded text: %s", hit.doc);
    vb_text_add(check, VB_TEXT_INJECTION_PHRASE, hit.offset, hit.length, detail);
    return VB_OK;
}

/* --- passages --- */

static void on_passage(void *ctx, const struct vb_passage *passage)
{
    char detail[VB_TEXT_DETAIL];
    (void)snprintf(detail, sizeof(detail),
                   "the text model takes this for instructions against the agent's user "
                   "(probability %.3f)",
                   (double)passage->chance);
    vb_text_add(ctx, VB_TEXT_MODEL, passage->offset, passage->length, detail);
}

static int passages_of(struct vb_textcheck *check, struct vb_error *err)
{
    struct vb_text_model model;
    const int status =
        vb_text_model_read(vb_text_model_bytes, vb_text_model_bytes_len, &model, err);
    if (status == 0)
        vb_passages_each(&model, check->item, on_passage, check);
    return status;
}

static int check_file(struct vb_textcheck *check, struct vb_error *err)
{
    vb_text_characters(check);
    vb_text_terminal(check);
    vb_text_homoglyphs(check);
    int status = phrases_of(check, err);
    if (status == 0)
        status = vb_text_far(check, err);
    if (status == 0 && check->item->kind == VB_ITEM_PROSE)
        status = vb_text_markup(check, err);
    return status == 0 ? passages_of(check, err) : status;
}

static int check_layer(struct vb_textcheck *check, struct vb_error *err)
{
    vb_text_characters(check);
    return decoded_orders(check, err);
}

static int new_check(const struct vb_phrases *phrases, const struct vb_item *item,
                     struct vb_textcheck **ret, struct vb_error *err)
{
    *ret = calloc(1, sizeof(**ret));
    if (*ret == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "text checks");
    (*ret)->phrases = phrases;
    (*ret)->item = item;
    return VB_OK;
}

int vb_textcheck(const struct vb_phrases *phrases, const struct vb_item *item, struct vb_sink *sink,
                 struct vb_error *err)
{
    VB_CLEANUP_FREE struct vb_textcheck *check = NULL;
    if (!item->text || item->len == 0)
        return VB_OK;
    int status = new_check(phrases, item, &check, err);
    if (status == 0)
        status = item->depth == 0 ? check_file(check, err) : check_layer(check, err);
    return status == 0 ? emit_all(check, sink, err) : status;
}

int vb_textcheck_path(const char *path, struct vb_sink *sink, struct vb_error *err)
{
    VB_CLEANUP_FREE struct vb_textcheck *check = NULL;
    const char *name = vb_path_base(path); /* the folders were checked under their own names */
    const struct vb_item item = {
        .path = path, .layer = "", .data = (const unsigned char *)name, .len = strlen(name)};
    const int status = new_check(NULL, &item, &check, err);
    if (status < 0)
        return status;
    vb_text_characters(check);
    vb_text_homoglyph_names(check);
    return emit_all(check, sink, err);
}
