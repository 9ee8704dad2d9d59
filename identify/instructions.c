/* Everything in a package that tells an agent or its user what to do, in the order in which they
 * meet it: skills, commands and agents, each with the documents that it sends its reader to behind
 * it, other pages, the README last. */
#include "identify/internal.h"

enum {
    FOLLOWED_DEPTH = 3, /* documents that documents name */
    FOLLOWED_MAX = 64,
};

enum rank { RANK_SKILL, RANK_COMMAND, RANK_PAGE, RANK_README, RANK_COUNT };

/* Files that a host puts into the prompt by their name. */
static const char *const context_names[] = {"HOOK.md",
                                            "CLAW.md",
                                            "CLAUDE.md",
                                            "AGENTS.md",
                                            "GEMINI.md",
                                            "CLAUDE.local.md",
                                            ".cursorrules",
                                            ".windsurfrules",
                                            ".clinerules",
                                            "SOUL.md",
                                            "BOOT.md",
                                            "HEARTBEAT.md",
                                            "copilot-instructions.md"};
static const char *const extensions[] = {"md", "mdc", "markdown"};

static bool has_folder(const char *path, const char *folder)
{
    const char *hit = strstr(path, folder);
    return hit != NULL && (hit == path || hit[-1] == '/');
}

static bool is_context(const char *base)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(context_names); i++) {
        if (vb_ascii_equal(base, context_names[i]))
            return true;
    }
    return false;
}

static bool is_page(const char *path)
{
    const char *extension = vb_path_extension(path);
    for (size_t i = 0; i < VB_ARRAY_LEN(extensions); i++) {
        if (vb_ascii_equal(extension, extensions[i]))
            return true;
    }
    return is_context(vb_path_base(path));
}

static enum rank rank_of(const struct vb_id *id, const char *path)
{
    if (json_object_get(id->pages, path) != NULL && !vb_id_is_skill_name(vb_path_base(path)))
        return RANK_COMMAND;
    const char *base = vb_path_base(path);
    if (vb_id_is_skill_name(base))
        return RANK_SKILL;
    if (is_context(base) || has_folder(path, "commands/") || has_folder(path, "agents/") ||
        vb_ascii_equal(vb_path_extension(path), "mdc"))
        return RANK_COMMAND;
    return vb_ascii_starts(base, "readme") ? RANK_README : RANK_PAGE;
}

/* The fields of the frontmatter that a model reads. */
static void read_front_prose(struct vb_id *id, struct vb_id_page page, const struct vb_buf *text,
                             const struct vb_id_front *front)
{
    static const char *const keys[] = {"description", "when_to_use", "compatibility"};
    for (size_t i = 0; i < VB_ARRAY_LEN(keys); i++) {
        const char *value = vb_id_str(front->fields, keys[i]);
        if (value == NULL)
            continue;
        page.text = value;
        page.len = strlen(value);
        page.body = 0;
        page.first_line = vb_id_front_line(front, text, keys[i]);
        vb_id_markdown(id, &page);
    }
    const char *const home = vb_id_str(front->fields, "homepage");
    if (home != NULL)
        vb_id_prose(id, (struct vb_id_at){page.path, vb_id_front_line(front, text, "homepage")},
                    (struct vb_str){home, strlen(home)}, "prose");
}

/* Whose fields the frontmatter of a page has. */
static const char *form_of(const char *path, enum rank rank)
{
    static const struct {
        const char *base, *form;
    } named[] = {{"HOOK.md", "hook"}, {"CLAW.md", "claw"}};
    for (size_t i = 0; i < VB_ARRAY_LEN(named); i++) {
        if (strcmp(vb_path_base(path), named[i].base) == 0)
            return named[i].form;
    }
    if (rank == RANK_SKILL)
        return "skill";
    if (has_folder(path, "agents/"))
        return "agent";
    return has_folder(path, "commands/") ? "command" : "any";
}

static bool executes(const struct vb_id *id, const char *path, enum rank rank)
{
    return rank == RANK_SKILL || has_folder(path, "commands/") ||
           json_is_true(json_object_get(id->pages, path));
}

static void read_text(struct vb_id *id, const char *path, enum rank rank,
                      const struct vb_buf *text_of)
{
    const struct vb_buf text = *text_of;
    struct vb_id_front front = {.line = 1};
    if (rank <= RANK_COMMAND)
        vb_id_front_read(id, path, &text, rank == RANK_SKILL, &front);
    const char *shell = vb_id_str(front.fields, "shell");
    const struct vb_id_page page = {
        .path = path,
        .text = (const char *)text.data,
        .len = text.len,
        .body = front.body,
        .first_line = 1,
        .kind = executes(id, path, rank) ? VB_ID_PAGE_EXECUTES : VB_ID_PAGE_TEXT,
        .powershell = shell != NULL && vb_ascii_equal(shell, "powershell"),
    };
    if (front.fields != NULL) {
        vb_id_front_declare(id, path, &text, &front);
        vb_id_fields(id, (struct vb_id_source){&text, path, front.fields}, form_of(path, rank), "");
        if (front.meta != NULL)
            vb_id_fields(id, (struct vb_id_source){&text, path, front.meta}, "metadata",
                         "metadata");
        read_front_prose(id, page, &text, &front);
    }
    if (page.kind == VB_ID_PAGE_EXECUTES)
        vb_id_substitutions(id, &page);
    vb_id_markdown(id, &page);
    vb_id_front_done(&front);
}

/* True the first time that the page at PATH is read. */
static bool begin_page(struct vb_id *id, const char *path)
{
    if (json_object_get(id->read, path) != NULL)
        return false;
    if (json_object_set_new_nocheck(id->read, path, json_true()) != 0)
        vb_id_fail(id, VB_E_NOMEM, "remembering a page");
    return vb_id_ok(id);
}

/* Reads the page at PATH, unless it was, and then what it sends its reader to. */
static void read_page(struct vb_id *id, const char *path, enum rank rank, unsigned depth,
                      unsigned *followed)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    if (!begin_page(id, path) || !vb_id_read(id, path, id->limits->file_bytes, &text) ||
        text.len == 0)
        return;
    read_text(id, path, rank, &text);
    if (rank > RANK_COMMAND && depth == 0)
        return;
    const struct vb_id_file *file;
    for (size_t at = 0;
         vb_id_ok(id) && (file = vb_id_next_document(id, path, &text, &at)) != NULL;) {
        const bool more = depth < FOLLOWED_DEPTH && *followed < FOLLOWED_MAX;
        if (json_object_get(id->read, file->path) != NULL)
            continue;
        if (!more && !is_page(file->path)) /* those are read by themselves */
            vb_id_coverage(id, path, "linked documents", "too many or too deep", NULL);
        if (!more)
            continue;
        (*followed)++;
        read_page(id, file->path, rank_of(id, file->path), depth + 1, followed);
    }
}

static void name_file(struct vb_id *id, const char *path, bool runs)
{
    if (!json_is_true(json_object_get(id->pages, path)) &&
        json_object_set_new_nocheck(id->pages, path, json_boolean(runs)) != 0)
        vb_id_fail(id, VB_E_NOMEM, "remembering a page");
}

void vb_id_name_page(struct vb_id *id, const struct vb_id_named_page *named, const char *rel)
{
    char clean[VB_ID_PATH_MAX];
    char prefix[VB_ID_PATH_MAX];
    bool found = false;
    if (strcmp(rel, ".") == 0 || strcmp(rel, "./") == 0)
        return; /* the root itself: its pages are found by their names */
    if (!vb_id_clean_path(clean, rel)) {
        vb_id_problem(id, named->at, "path-escapes", "%.300s leaves the package", rel);
        return;
    }
    const struct vb_id_file *file = vb_id_at_root(id, named->root, clean);
    if (file != NULL) {
        name_file(id, file->path, named->executes);
        return;
    }
    if (!vb_id_join(prefix, named->root, clean) || strlen(prefix) + 2 > sizeof(prefix))
        return;
    memcpy(prefix + strlen(prefix), "/", 2);
    for (size_t i = vb_id_lower(id, prefix);
         i < id->file_count && vb_id_below(&id->files[i], prefix); i++) {
        found = true;
        if (is_page(id->files[i].path))
            name_file(id, id->files[i].path, named->executes);
    }
    if (!found)
        vb_id_problem(id, named->at, "missing-file", "%.300s is not in the package", rel);
}

void vb_id_text(struct vb_id *id, struct vb_id_at at, const char *text)
{
    const struct vb_id_page page = {
        .path = at.path,
        .text = text,
        .len = text == NULL ? 0 : strlen(text),
        .first_line = at.line > 0 ? at.line : 1,
        .kind = VB_ID_PAGE_TEXT,
        .hidden = true,
    };
    if (text != NULL && vb_id_once(id, at.path, text))
        vb_id_markdown(id, &page);
}

void vb_id_instructions(struct vb_id *id)
{
    unsigned followed = 0;
    for (unsigned rank = 0; rank < RANK_COUNT; rank++) {
        for (size_t i = 0; i < id->file_count && vb_id_ok(id); i++) {
            const char *path = id->files[i].path;
            if ((is_page(path) || json_object_get(id->pages, path) != NULL) &&
                !vb_id_vendored(path) && rank_of(id, path) == rank)
                read_page(id, path, (enum rank)rank, 0, &followed);
        }
    }
}
