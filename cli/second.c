/* second: see second.h. A marker, a setting or a first part that a script leaves changes what it
 * does the next time. */
#include "cli/second.h"

#include <fnmatch.h>
#include <string.h>

#include "cli/session.h"

/* What tools leave by themselves says nothing of the package. */
static bool is_of_tools(const char *path)
{
    static const char *const patterns[] = {
        "*/__pycache__/*",  "*/.npm/*",       "*/.cache/pip/*",       "*/.cache/uv/*",
        "*/node_modules/*", "*/.local/lib/*", "*/.local/share/man/*", "*_history",
        "*/.gnupg/*",       "*/.git/*",       "*/.node-gyp/*",        "*/.cargo/registry/*",
        "*/.wget-hsts",     "*/.lesshst",     "*/.cache/node/*",      "*/.config/configstore/*",
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(patterns); i++) {
        if (fnmatch(patterns[i], path, 0) == 0)
            return true;
    }
    return false;
}

static int second_emit(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct vb_second *second = (struct vb_second *)(void *)base;
    char path[1024];
    const struct vb_str text = vb_event_get_str(event, VB_F_PATH);
    if (event->kind == VB_EV_TRUTH_FILE && !second->left && text.len < sizeof(path) &&
        vb_str_equal(vb_event_get_str(event, VB_F_CHANGE), "created")) {
        memcpy(path, text.text, text.len);
        path[text.len] = '\0';
        second->left = strncmp(path, "/home/", 6) == 0 && strstr(path, "/skills/") == NULL &&
                       !is_of_tools(path);
    }
    return vb_emit(second->next, event, err);
}

void vb_second_init(struct vb_second *second, struct vb_sink *next)
{
    *second = (struct vb_second){.sink.emit = second_emit, .next = next};
}

/* ROW once more, as it is or with stand-ins for MODULES. */
static int run_second(struct vb_runs *runs, const struct vb_detonation *row, char *const *modules,
                      struct vb_sink *sink, struct vb_error *err)
{
    enum { MAX_MS = 10000 };
    const unsigned left = vb_session_left_ms(runs->session) - runs->reserve_ms;
    struct vb_detonation again = *row;
    struct vb_detonation_result result;
    again.id = runs->next_id++;
    again.repeats = row->id;
    again.second = true;
    again.modules = modules;
    again.timeout_ms = left < MAX_MS ? left : MAX_MS;
    const int status = vb_detonate(runs->sandbox, &again, sink, &result, err);
    return status < 0 ? vb_wrap(err, "running %s a second time",
                                row->path != NULL ? row->path : row->reason)
                      : VB_OK;
}

int vb_second_run(struct vb_runs *runs, struct vb_sink *sink, struct vb_error *err)
{
    size_t made = 0;
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < runs->plan->count; i++) {
        const struct vb_detonation *row = &runs->plan->rows[i];
        const struct vb_row_run *run = &runs->rows[i];
        if (!run->left || row->call || row->driver != VB_DRIVER_NONE)
            continue;
        for (size_t way = 0; status == VB_OK && way < vb_runs_ways(runs, i); way++) {
            const bool room =
                made < VB_SECOND_MAX && vb_session_left_ms(runs->session) > runs->reserve_ms;
            made += room;
            runs->calls_missed += !room;
            if (room)
                status = run_second(runs, row, way == 0 ? NULL : run->modules, sink, err);
        }
    }
    return status;
}
