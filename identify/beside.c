/* What lies in archives within the package: none of it is the package's own, so nothing of it is
 * planned to run. Where the package runs nothing of its own either, its archives are what it is,
 * and that much of it was not run. Trust boundary: names and heads of files come from the package.
 */
#include "identify/internal.h"

enum { ARCHIVES_TOLD_MAX = 20 };

/* Files that hosts of agents and installers go by, whatever folder they stand in. */
static const char *const manifests[] = {
    "skill.md",
    "skills.md",
    "claude.md",
    "agents.md",
    "gemini.md",
    "hook.md",
    "claw.md",
    "plugin.json",
    "marketplace.json",
    ".mcp.json",
    "mcp.json",
    "hooks.json",
    "package.json",
    "pyproject.toml",
    "openclaw.plugin.json",
    "extension.vsixmanifest",
    "gemini-extension.json",
};

static bool is_manifest(const char *path)
{
    const char *base = vb_path_base(path);
    for (size_t i = 0; i < VB_ARRAY_LEN(manifests); i++) {
        if (vb_ascii_equal(base, manifests[i]))
            return true;
    }
    return false;
}

static bool counts(struct vb_id *id, const struct vb_id_file *file)
{
    char program[64];
    bool script = false;
    if (is_manifest(file->path))
        return true;
    (void)vb_id_interpreter(id, file, program, &script);
    return script;
}

/* Length of the path of the archive that PATH was read out of: what stands before the last '!' of
 * the first folder that has one ("lib/a.zip!/x", "setup.bin!payload/x"). 0: the artifact itself. */
static size_t archive_len(const char *path)
{
    for (const char *part = path; part != NULL;) {
        const char *end = strchr(part, '/');
        const char *mark = end == NULL ? NULL : memrchr(part, '!', (size_t)(end - part));
        if (mark != NULL)
            return (size_t)(mark - path);
        part = end == NULL ? NULL : end + 1;
    }
    return 0;
}

static void tell(struct vb_id *id, struct vb_str archive, size_t count)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "identify");
    vb_event_str(&event, VB_F_WHAT, "archive");
    vb_event_str(&event, VB_F_REASON, "what it holds could execute or instruct, and is not run");
    vb_event_strn(&event, VB_F_PATH, archive.text, archive.len);
    vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    vb_id_emit(id, &event);
}

/* The files from FIRST on that were read out of the same archive: how many count. *RET_NEXT is
 * behind the last of them. */
static size_t count_archive(struct vb_id *id, size_t first, size_t *ret_next)
{
    const char *path = id->files[first].path;
    const size_t len = archive_len(path);
    size_t count = 0;
    size_t i = first;
    for (; i < id->file_count && vb_id_ok(id); i++) {
        const struct vb_id_file *file = &id->files[i];
        if (archive_len(file->path) != len || memcmp(file->path, path, len) != 0)
            break;
        count += counts(id, file);
    }
    *ret_next = i;
    return count;
}

void vb_id_beside(struct vb_id *id)
{
    size_t told = 0;
    size_t rest = 0;
    for (size_t i = 0, next; i < id->file_count && vb_id_ok(id); i = next) {
        const char *path = id->files[i].path;
        const size_t len = archive_len(path);
        const size_t count = count_archive(id, i, &next);
        if (count > 0 && told == ARCHIVES_TOLD_MAX)
            rest += count;
        else if (count > 0)
            tell(id, len > 0 ? (struct vb_str){path, len} : (struct vb_str){".", 1}, count);
        told += count > 0 && told < ARCHIVES_TOLD_MAX;
    }
    if (rest > 0 && vb_id_ok(id))
        tell(id, (struct vb_str){"further archives", strlen("further archives")}, rest);
}
