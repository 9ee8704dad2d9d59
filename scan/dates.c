/* Code that looks at the date, or that nobody can read. See dates.h. */
#include "scan/dates.h"

#include <string.h>

#include "scan/layers.h"

enum { MAX_TOLD = 256 };

struct magic {
    const char *bytes;
    size_t len;
};

static bool begins(const struct vb_item *item, const struct magic *magics, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (item->len >= magics[i].len && memcmp(item->data, magics[i].bytes, magics[i].len) == 0)
            return true;
    }
    return false;
}

/* Machine code and bytecode, and bytes of no known sort, which may be made into code. */
static bool is_binary_code(const struct vb_item *item)
{
    static const struct magic code[] = {
        {"\177ELF", 4},
        {"MZ", 2},
        {"\xfe\xed\xfa\xce", 4},
        {"\xfe\xed\xfa\xcf", 4},
        {"\xce\xfa\xed\xfe", 4},
        {"\xcf\xfa\xed\xfe", 4},
        {"\xca\xfe\xba\xbe", 4},
        {"\0asm", 4},
        {"dex\n", 4},
        {"\xe3\0\0\0\0\0\0\0", 8},
        {"\033Lua", 4},
    };
    static const struct magic data[] = {
        {"RIFF", 4}, {"wOFF", 4},         {"wOF2", 4},       {"OTTO", 4},
        {"OggS", 4}, {"ID3", 3},          {"\0\1\0\0\0", 5}, {"\0\0\1\0", 4},
        {"BM", 2},   {"\0\0\0\1Bud1", 8}, {"PAR1", 4},
    };
    if (item->text)
        return false;
    return begins(item, code, VB_ARRAY_LEN(code)) ||
           (!vb_layer_known_magic(item->data, item->len) &&
            !begins(item, data, VB_ARRAY_LEN(data)));
}

static int tell(const struct vb_item *item, const char *what, const char *word, size_t at,
                struct vb_sink *sink, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_SCAN_DATE, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, item->path);
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_TEXT, word);
    if (word != NULL && item->layer[0] == '\0' && vb_item_line(item, at) > 0)
        vb_event_int(&event, VB_F_LINE, (int64_t)vb_item_line(item, at));
    if (item->layer[0] != '\0')
        vb_event_str(&event, VB_F_LAYER, item->layer);
    return vb_emit(sink, &event, err);
}

int vb_note_date(struct vb_date_notes *notes, const struct vb_item *item, struct vb_sink *sink,
                 struct vb_error *err)
{
    static const char *const names[] = {
        [VB_DATE_NONE] = "binary", [VB_DATE_READ] = "read", [VB_DATE_HIDDEN] = "hidden"};
    const char *word = NULL;
    size_t at = 0;
    if (notes->done || notes->told > MAX_TOLD)
        return VB_OK;
    const enum vb_date_sign sign = vb_date_sign(item->data, item->len, &word, &at);
    if (sign == VB_DATE_NONE && !is_binary_code(item))
        return VB_OK;
    notes->done = true;
    const bool last = notes->told++ == MAX_TOLD;
    return tell(item, last ? "many" : names[sign], last ? NULL : word, at, sink, err);
}
