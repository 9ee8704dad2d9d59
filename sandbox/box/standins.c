/* standins: see standins.h. Trust boundary: the lines are the subject's. They are bounded and told,
 * and nobody acts by them. */
#include "sandbox/box/standins.h"

#include <string.h>

enum { BYTES_MAX = 4096, LINE_BYTES_MAX = 1024 };

void vb_standins_done(struct vb_standins *standins)
{
    for (size_t i = 0; i < standins->count; i++)
        vb_buf_done(&standins->modules[i].list);
}

static struct vb_standin *module_of(struct vb_standins *standins, const char *module)
{
    for (size_t i = 0; i < standins->count; i++) {
        if (standins->modules[i].module == module)
            return &standins->modules[i];
    }
    if (standins->count == VB_STANDINS_MAX)
        return NULL;
    struct vb_standin *made = &standins->modules[standins->count++];
    made->module = module;
    vb_buf_init(&made->list, BYTES_MAX);
    return made;
}

static bool has_line(const struct vb_buf *list, const char *line, size_t len)
{
    const char *at = (const char *)list->data, *end = at + list->len;
    while (at < end) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        if (feed == NULL || ((size_t)(feed - at) == len && memcmp(at, line, len) == 0))
            return feed != NULL;
        at = feed + 1;
    }
    return false;
}

/* Several processes may have a stand-in each, and these say the same. */
bool vb_standins_hear(struct vb_standins *standins, const char *module, struct vb_str text)
{
    static const char more[] = "\xe2\x80\xa6"; /* it is asked on, and does not say for what */
    char line[LINE_BYTES_MAX];
    struct vb_error ignored;
    struct vb_standin *about = text.len == 0 ? NULL : module_of(standins, module);
    const size_t len = text.len < sizeof(line) ? text.len : sizeof(line) - 1;
    if (about == NULL)
        return false;
    for (size_t i = 0; i < len; i++)
        line[i] = text.text[i] == '\n' || text.text[i] == '\0' ? ' ' : text.text[i];
    if (has_line(&about->list, line, len))
        return true;
    const bool room = !vb_str_equal(text, more) && len < about->list.max - about->list.len;
    about->cut = about->cut || !room;
    line[len] = '\n';
    return !room || vb_buf_append(&about->list, line, len + 1, &ignored) == VB_OK;
}

/* "python3 NAME" and its like. */
void vb_standins_name(const char *module, struct vb_event *event)
{
    const size_t len = strcspn(module, " ");
    vb_event_strn(event, VB_F_INTERPRETER, module, len);
    vb_event_str(event, VB_F_NAME, module + len + 1);
}

static int tell(const struct vb_standin *about, uint32_t detonation, struct vb_sink *sink,
                struct vb_error *err)
{
    struct vb_event event;
    const size_t len = about->list.len;
    size_t lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += about->list.data[i] == '\n';
    vb_event_init(&event, VB_EV_INTERPRETER_ASKED, VB_SOURCE_TRUTH);
    event.detonation = detonation;
    vb_standins_name(about->module, &event);
    vb_event_int(&event, VB_F_COUNT, (int64_t)lines);
    vb_event_strn(&event, VB_F_TEXT, len > 0 ? (const char *)about->list.data : "",
                  len > 0 ? len - 1 : 0);
    if (about->cut)
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    return vb_emit(sink, &event, err);
}

int vb_standins_tell(const struct vb_standins *standins, uint32_t detonation, struct vb_sink *sink,
                     struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < standins->count; i++)
        status = tell(&standins->modules[i], detonation, sink, err);
    return status;
}
