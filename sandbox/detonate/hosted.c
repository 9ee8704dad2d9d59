/* hosted: see hosted.h. Reasons are those of identify; events are the package's words, which only
 * its host reads. */
#include "sandbox/detonate/hosted.h"

#include <string.h>

static const struct {
    const char *reason;
    bool events; /* follow the reason */
    const char *sort, *program;
} rows[] = {
    {"extension", false, "plugin", VB_HOST_OPENCLAW},
    {"setup-entry", false, "plugin", VB_HOST_OPENCLAW},
    {"hook:", true, "hook", VB_HOST_OPENCLAW},
    {"activation", false, "extension", VB_HOST_VSCODE},
};

/* JavaScript, or what the host makes it of. */
static bool is_for_node(const struct vb_manifest_entry *entry)
{
    static const char *const extensions[] = {"ts", "mts", "cts"};
    if (entry->interpreter != NULL && strcmp(entry->interpreter, "node") == 0)
        return true;
    for (size_t i = 0; entry->path != NULL && i < VB_ARRAY_LEN(extensions); i++) {
        if (strcmp(vb_path_extension(entry->path), extensions[i]) == 0)
            return true;
    }
    return false;
}

bool vb_hosted(const struct vb_manifest_entry *entry, struct vb_hosted *ret)
{
    if (entry->command != NULL || !is_for_node(entry))
        return false;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const size_t len = strlen(rows[i].reason);
        if (strncmp(entry->reason, rows[i].reason, len) != 0 ||
            (!rows[i].events && entry->reason[len] != '\0'))
            continue;
        *ret = (struct vb_hosted){rows[i].program, rows[i].sort, entry->reason + len};
        return true;
    }
    return false;
}
