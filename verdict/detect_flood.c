/* What is too large to be meant for anybody. Large packages are honest: only what leaves no doubt
 * is told; the rest is a gap in coverage and no more. */
#include "verdict/internal.h"

enum { BLOCKS = 2048 }; /* of code to run, in one file */

static void see_code(struct judge *judge)
{
    const char *path = vb_text_of(judge, VB_F_PATH);
    if (vb_event_get(judge->event, VB_F_INTERPRETER) == NULL)
        return;
    if (judge->flood_path == NULL || strcmp(judge->flood_path, path) != 0) {
        judge->flood_path = vb_arena_str(judge->keep, path);
        judge->flood_count = 0;
    }
    if (++judge->flood_count != BLOCKS)
        return;
    const struct found found = {.id = FINDING_EVADE_FLOOD, .path = judge->flood_path};
    vb_report_found(judge, &found, "It holds %d blocks of code to run, or more, in one file.",
                    BLOCKS);
}

/* Instructions that are longer than a megabyte. */
static bool is_unreadable(struct judge *judge)
{
    return strcmp(vb_text_of(judge, VB_F_STAGE), "identify") == 0 &&
           strcmp(vb_text_of(judge, VB_F_WHAT), "file") == 0 &&
           strcmp(vb_text_of(judge, VB_F_REASON), "too large") == 0 &&
           strcmp(vb_path_base(vb_text_of(judge, VB_F_PATH)), "SKILL.md") == 0;
}

void vb_see_flood(struct judge *judge)
{
    struct found found = {.id = FINDING_EVADE_FLOOD};
    if (judge->event->kind == VB_EV_MANIFEST_CODE) {
        see_code(judge);
        return;
    }
    const char *reason = vb_text_of(judge, VB_F_REASON);
    if (is_unreadable(judge)) {
        found.path = vb_text_of(judge, VB_F_PATH);
        vb_report_found(judge, &found, "Its instructions are longer than any agent could read.");
    } else if (strcmp(reason, VB_FLOOD_LINE) == 0) {
        found.group = "line";
        vb_report_found(judge, &found, "Its MCP server sends %s.", reason);
    } else if (strcmp(reason, VB_FLOOD_LISTING) == 0) {
        found.group = "listing";
        vb_report_found(judge, &found, "Its MCP server lists %s, and goes on.", reason);
    }
}
