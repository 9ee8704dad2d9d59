/* Code that looks at where it runs. See surroundings.h. */
#include "scan/surroundings.h"

enum { MAX_TOLD = 256 };

static int tell(const struct vb_item *item, const char *what, const struct vb_around_word *word,
                struct vb_sink *sink, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_SCAN_SURROUNDINGS, VB_SOURCE_STATIC);
    vb_event_str(&event, VB_F_PATH, item->path);
    vb_event_str(&event, VB_F_WHAT, what);
    if (word != NULL)
        vb_event_str(&event, VB_F_TEXT, word->word);
    if (word != NULL && item->layer[0] == '\0' && vb_item_line(item, word->at) > 0)
        vb_event_int(&event, VB_F_LINE, (int64_t)vb_item_line(item, word->at));
    if (item->layer[0] != '\0')
        vb_event_str(&event, VB_F_LAYER, item->layer);
    return vb_emit(sink, &event, err);
}

int vb_note_surroundings(struct vb_around_notes *notes, const struct vb_item *item,
                         struct vb_sink *sink, struct vb_error *err)
{
    const unsigned all = (1U << VB_AROUND_COUNT) - 1;
    struct vb_around_word words[VB_AROUND_COUNT];
    int status = VB_OK;
    if (!item->text || notes->done == all || notes->told > MAX_TOLD)
        return VB_OK;
    const unsigned fresh = vb_surroundings_signs(item->data, item->len, words) & ~notes->done;
    notes->done |= fresh;
    for (unsigned i = 0; status == VB_OK && i < VB_AROUND_COUNT && notes->told <= MAX_TOLD; i++) {
        if ((fresh >> i & 1) == 0)
            continue;
        const bool last = notes->told++ == MAX_TOLD;
        status = tell(item, last ? "many" : vb_around_name((enum vb_around)i),
                      last ? NULL : &words[i], sink, err);
    }
    return status;
}
