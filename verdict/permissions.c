/* The permission model: what the package declares that it needs, whatever its host calls it, each
 * with the place where it stands. Documented names are no part of it. */
#include "verdict/internal.h"

void vb_permissions_see(struct judge *judge)
{
    bool fresh = false;
    const enum vb_permission permission = vb_permission_of(vb_text_of(judge, VB_F_WHAT));
    if (permission == VB_PERMISSION_COUNT)
        return;
    const struct vb_permission_row row = {
        .permission = permission,
        .value = vb_arena_cut(&judge->scratch, vb_text_of(judge, VB_F_VALUE), MAX_TEXT),
        .detail = vb_arena_cut(&judge->scratch, vb_text_of(judge, VB_F_DETAIL), MAX_TEXT),
        .path = vb_arena_cut(&judge->scratch, vb_text_of(judge, VB_F_PATH), MAX_TEXT),
        .line = vb_event_get_int(judge->event, VB_F_LINE, 0),
        .key = vb_arena_cut(&judge->scratch, vb_text_of(judge, VB_F_KEY), MAX_TEXT),
    };
    const char *key =
        vb_arena_printf(&judge->scratch, "%d\n%s\n%s\n%s\n%lld\n%s", (int)permission, row.value,
                        row.detail, row.path, (long long)row.line, row.key);
    struct name *name = vb_names_add(&judge->permissions, judge->keep, key,
                                     (int64_t)judge->permissions.count, &fresh);
    if (name == NULL || !fresh)
        return;
    struct vb_permission_row *kept = &judge->permission_rows[name->value];
    *kept = row;
    kept->value = vb_arena_str(judge->keep, row.value);
    kept->detail = vb_arena_str(judge->keep, row.detail);
    kept->path = vb_arena_str(judge->keep, row.path);
    kept->key = vb_arena_str(judge->keep, row.key);
}

static int compare_rows(const void *left, const void *right)
{
    const struct vb_permission_row *a = left, *b = right;
    if (a->permission != b->permission)
        return a->permission < b->permission ? -1 : 1;
    int order = strcmp(a->value, b->value);
    if (order == 0)
        order = strcmp(a->path, b->path);
    if (order == 0 && a->line != b->line)
        order = a->line < b->line ? -1 : 1;
    if (order == 0)
        order = strcmp(a->detail, b->detail);
    return order != 0 ? order : strcmp(a->key, b->key);
}

void vb_permissions_list(struct judge *judge)
{
    struct vb_verdict *verdict = judge->verdict;
    const size_t count = judge->permissions.count;
    verdict->permissions = vb_arena_alloc(judge->keep, (count + 1) * sizeof(*verdict->permissions));
    if (verdict->permissions == NULL)
        return;
    memcpy(verdict->permissions, judge->permission_rows, count * sizeof(*verdict->permissions));
    verdict->permission_count = count;
    verdict->permissions_dropped = judge->permissions.dropped;
    qsort(verdict->permissions, count, sizeof(*verdict->permissions), compare_rows);
}
