/* Many events as few lines. What repeats within a second is counted, what floods is left out; the
 * strings are escaped already (live.c). A subject can bring every line to be folded or left out,
 * so serious lines have room of their own, and whatever is not shown is counted on the page. */
#include <string.h>

#include "report/internal.h"

enum { SLOTS = 16, LINES_A_SECOND = 40, STYLES = STYLE_BAD + 1 };
static const uint64_t second_ns = UINT64_C(1000000000);

/* A line that was shown, and how many like it came since. */
struct slot {
    struct live_item item; /* the last of them */
    uint64_t same, near;
    uint64_t since_ns; /* when its count began */
    bool used;
};

struct vb_live {
    struct vb_report_options options;
    struct slot slots[SLOTS];
    struct live_item held; /* a tentative line */
    bool holding;
    uint64_t now_ns;
    uint64_t second;
    unsigned shown[STYLES]; /* in this second */
    uint64_t left_out;
};

int vb_live_new(const struct vb_report_options *options, struct vb_live **ret, struct vb_error *err)
{
    struct vb_live *live = calloc(1, sizeof(*live));
    if (live == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "following the run");
    live->options = *options;
    *ret = live;
    return VB_OK;
}

void vb_live_free(struct vb_live *live)
{
    free(live);
}

static int say(const struct vb_live *live, const char *name, const char *words, struct vb_buf *out,
               struct vb_error *err)
{
    struct live_item item = {.time_ns = live->now_ns, .style = STYLE_DIM};
    snprintf(item.who, sizeof(item.who), "%s", name);
    snprintf(item.words, sizeof(item.words), "%.*s", (int)sizeof(item.words) - 1, words);
    return vb_live_put(out, &live->options, &item, err);
}

/* "… 37 more times: runs sleep 1" */
static int settle(struct vb_live *live, struct slot *slot, struct vb_buf *out, struct vb_error *err)
{
    char words[sizeof(slot->item.words) + 64];
    const struct live_item *item = &slot->item;
    int status = VB_OK;
    if (slot->near > 0)
        snprintf(words, sizeof(words), "… and %llu more: %s",
                 (unsigned long long)(slot->near + slot->same), item->place);
    else if (slot->same == 1)
        snprintf(words, sizeof(words), "… once more: %s", item->words);
    else
        snprintf(words, sizeof(words), "… %llu more times: %s", (unsigned long long)slot->same,
                 item->words);
    if (slot->same + slot->near > 0)
        status = say(live, item->name, words, out, err);
    slot->same = slot->near = 0;
    return status;
}

static int next_second(struct vb_live *live, struct vb_buf *out, struct vb_error *err)
{
    char words[64];
    snprintf(words, sizeof(words), "… %llu lines were left out",
             (unsigned long long)live->left_out);
    const int status = live->left_out > 0 ? say(live, "vetbox", words, out, err) : VB_OK;
    live->left_out = 0;
    live->second = live->now_ns / second_ns;
    memset(live->shown, 0, sizeof(live->shown));
    return status;
}

/* Counts that are a second old are told. */
static int settle_old(struct vb_live *live, struct vb_buf *out, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < SLOTS; i++) {
        struct slot *slot = &live->slots[i];
        if (!slot->used || live->now_ns < slot->since_ns + second_ns)
            continue;
        slot->used = slot->same + slot->near > 0; /* it goes on: its next ones are counted too */
        slot->since_ns = live->now_ns;
        status = settle(live, slot, out, err);
    }
    return status;
}

static bool alike(const struct live_item *a, const struct live_item *b)
{
    if (strcmp(a->name, b->name) != 0)
        return false;
    return strcmp(a->words, b->words) == 0 ||
           (a->place[0] != '\0' && strcmp(a->place, b->place) == 0);
}

/* The slot that ITEM belongs to; a fresh one (used is false) if there is none. */
static struct slot *slot_for(struct vb_live *live, const struct live_item *item)
{
    struct slot *oldest = &live->slots[0];
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &live->slots[i];
        if (slot->used && alike(&slot->item, item))
            return slot;
        if (oldest->used && (!slot->used || slot->since_ns < oldest->since_ns))
            oldest = slot;
    }
    return oldest;
}

static int show(struct vb_live *live, const struct live_item *item, struct vb_buf *out,
                struct vb_error *err)
{
    struct slot *slot = slot_for(live, item);
    if (slot->used && alike(&slot->item, item)) {
        const bool same = strcmp(slot->item.words, item->words) == 0;
        slot->same += same;
        slot->near += !same;
        slot->item = *item;
        return VB_OK;
    }
    const int status = settle(live, slot, out, err);
    if (status < 0)
        return status;
    *slot = (struct slot){.used = true, .item = *item, .since_ns = live->now_ns};
    if (live->shown[item->style]++ >= LINES_A_SECOND) {
        live->left_out++;
        return VB_OK;
    }
    return vb_live_put(out, &live->options, item, err);
}

static int release(struct vb_live *live, const struct vb_event *event, struct vb_buf *out,
                   struct vb_error *err)
{
    if (!live->holding)
        return VB_OK;
    live->holding = false;
    if (event != NULL && (event->kind == VB_EV_BAIT_READ || event->kind == VB_EV_BAIT_LIST))
        return VB_OK; /* it says so itself */
    return show(live, &live->held, out, err);
}

static int settle_all(struct vb_live *live, struct vb_buf *out, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < SLOTS; i++)
        status = settle(live, &live->slots[i], out, err);
    return status;
}

int vb_live_see(struct vb_live *live, const struct vb_event *event, struct vb_buf *out,
                struct vb_error *err)
{
    struct live_item item;
    if (event->time_ns > live->now_ns) /* two sources may differ a little */
        live->now_ns = event->time_ns;
    int status = release(live, event, out, err);
    const bool shown = vb_live_describe(event, &item);
    if (status == VB_OK)
        status = event->kind == VB_EV_DETONATION_END ? settle_all(live, out, err)
                                                     : settle_old(live, out, err);
    if (status == VB_OK && live->now_ns / second_ns > live->second)
        status = next_second(live, out, err);
    if (status < 0 || !shown)
        return status;
    if (!item.tentative)
        return show(live, &item, out, err);
    live->held = item;
    live->holding = true;
    return VB_OK;
}

int vb_live_end(struct vb_live *live, struct vb_buf *out, struct vb_error *err)
{
    int status = release(live, NULL, out, err);
    if (status == VB_OK)
        status = settle_all(live, out, err);
    return status < 0 ? status : next_second(live, out, err);
}
