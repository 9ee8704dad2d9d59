/* Paths that a manifest names: cleaned, resolved as node does, and looked up in the tree. */
#include "identify/internal.h"

/* What node and the hosts try when a name has no extension of its own. */
static const char *const tails[] = {"",     ".js",       ".mjs",      ".cjs",
                                    ".ts",  "/index.js", "/index.ts", "/index.mjs",
                                    ".tsx", ".py",       "/index.cjs"};

bool vb_id_clean_path(char ret[VB_ID_PATH_MAX], const char *rel)
{
    size_t len = 0;
    if (rel[0] == '/' || strchr(rel, '\\') != NULL)
        return false;
    while (*rel != '\0') {
        const char *slash = strchr(rel, '/');
        const size_t part = slash == NULL ? strlen(rel) : (size_t)(slash - rel);
        if (part == 2 && rel[0] == '.' && rel[1] == '.') {
            if (len == 0)
                return false;
            while (len > 0 && ret[--len] != '/')
                ;
        } else if (part > 0 && !(part == 1 && rel[0] == '.')) {
            if (len + part + 2 >= VB_ID_PATH_MAX)
                return false;
            if (len > 0)
                ret[len++] = '/';
            memcpy(ret + len, rel, part);
            len += part;
        }
        rel += part + (slash != NULL);
    }
    ret[len] = '\0';
    return len > 0;
}

static const struct vb_id_file *resolve(const struct vb_id *id, const char *root, const char *rel)
{
    char path[VB_ID_PATH_MAX];
    for (size_t i = 0; i < VB_ARRAY_LEN(tails); i++) {
        const int len = snprintf(path, sizeof(path), "%s%s", rel, tails[i]);
        if (len < 0 || len >= VB_ID_PATH_MAX)
            return NULL;
        const struct vb_id_file *file = vb_id_at_root(id, root, path);
        if (file != NULL)
            return file;
    }
    return NULL;
}

const struct vb_id_file *vb_id_file_entry(struct vb_id *id, const char *root, const char *rel,
                                          const struct vb_id_entry *entry)
{
    char path[VB_ID_PATH_MAX];
    char program[64];
    bool script = false;
    if (rel == NULL || rel[0] == '\0')
        return NULL;
    if (!vb_id_clean_path(path, rel)) {
        vb_id_problem(id, entry->at, "path-escapes", "%s: %.300s leaves the package", entry->reason,
                      rel);
        return NULL;
    }
    const struct vb_id_file *file = resolve(id, root, path);
    if (file == NULL) {
        vb_id_problem(id, entry->at, "missing-file", "%s: %.300s is not in the package",
                      entry->reason, rel);
        return NULL;
    }
    const char *interpreter = vb_id_interpreter(id, file, program, &script);
    const struct vb_id_entry found = {.at = {file->path, 0},
                                      .reason = entry->reason,
                                      .when = entry->when,
                                      .interpreter =
                                          interpreter != NULL ? interpreter : entry->interpreter};
    vb_id_entry(id, &found);
    return file;
}

void vb_id_bin_folder(struct vb_id *id, const char *root)
{
    char prefix[VB_ID_PATH_MAX];
    char program[64];
    char reason[300];
    if (!vb_id_join(prefix, root, "bin/"))
        return;
    for (size_t i = vb_id_lower(id, prefix);
         i < id->file_count && vb_id_below(&id->files[i], prefix); i++) {
        const struct vb_id_file *file = &id->files[i];
        const char *name = file->path + strlen(prefix);
        bool script = false;
        if (strchr(name, '/') != NULL)
            continue;
        const char *interpreter = vb_id_interpreter(id, file, program, &script);
        snprintf(reason, sizeof(reason), "bin:%s", name);
        const struct vb_id_entry entry = {{file->path, 0}, reason, "use", NULL, interpreter};
        vb_id_entry(id, &entry);
        if (vb_id_known_command(name, strlen(name)))
            vb_id_problem(id, entry.at, "bin-shadows",
                          "bin/%.200s stands in front of the program of that name", name);
    }
}
