/* Files that act without belonging to a package: a host or an editor takes them from the folder it
 * is started in, and an interpreter from its path. They are looked for everywhere in the tree. */
#include "identify/internal.h"

#include <ctype.h>

static void read_tasks(struct vb_id *id, struct vb_id_source source);
static void read_devcontainer(struct vb_id *id, struct vb_id_source source);
static void read_codex_config(struct vb_id *id, struct vb_id_source source);
static void read_requirements(struct vb_id *id, const struct vb_id_file *file);
static void read_pth(struct vb_id *id, const struct vb_id_file *file);
static void read_envrc(struct vb_id *id, const struct vb_id_file *file);
static void read_customize(struct vb_id *id, const struct vb_id_file *file);

/* JSON (or TOML) by the end of its path. */
static const struct {
    const char *tail;
    void (*read)(struct vb_id *id, struct vb_id_source source);
} documents[] = {
    {".claude/settings.json", vb_id_settings},
    {".claude/settings.local.json", vb_id_settings},
    {".gemini/settings.json", vb_id_settings},
    {".claude/hooks/hooks.json", vb_id_hooks},
    {".codex/hooks.json", vb_id_hooks},
    {".codex/config.toml", read_codex_config},
    {".cursor/hooks.json", vb_id_hooks},
    {".cursor/mcp.json", vb_id_mcp_servers},
    {".vscode/mcp.json", vb_id_mcp_servers},
    {".vscode/tasks.json", read_tasks},
    {".mcp.json", vb_id_mcp_servers},
    {"claude_desktop_config.json", vb_id_mcp_servers},
    {".devcontainer/devcontainer.json", read_devcontainer},
    {".devcontainer.json", read_devcontainer},
};

/* Other files by their last component or its extension (when it begins with a dot). */
static const struct {
    const char *name;
    bool extension;
    void (*read)(struct vb_id *id, const struct vb_id_file *file);
} files[] = {
    {"requirements.txt", false, read_requirements},
    {"requirements-dev.txt", false, read_requirements},
    {"sitecustomize.py", false, read_customize},
    {"usercustomize.py", false, read_customize},
    {".envrc", false, read_envrc},
    {"pth", true, read_pth},
};

/* tasks.json: only what opening the folder starts. */
static void read_tasks(struct vb_id *id, struct vb_id_source source)
{
    const json_t *tasks = vb_id_get(source.value, "tasks");
    for (size_t i = 0; i < json_array_size(tasks); i++) {
        const json_t *task = json_array_get(tasks, i);
        const char *run_on = vb_id_str(vb_id_get(task, "runOptions"), "runOn");
        const char *command = vb_id_str(task, "command");
        const char *script = vb_id_str(task, "script");
        VB_CLEANUP(vb_buf_done) struct vb_buf line;
        vb_buf_init(&line, 64 * 1024);
        command = command == NULL ? script : command;
        if (run_on == NULL || strcmp(run_on, "folderOpen") != 0 || command == NULL)
            continue;
        /* A shell task's command is a shell line; its arguments are words. */
        if (vb_buf_append_str(&line, command, NULL) != VB_OK ||
            !vb_id_command_line(&line, NULL, vb_id_get(task, "args")))
            continue;
        const struct vb_id_entry entry = {
            {source.path, vb_id_line_find(id, source.text, "folderOpen")},
            "task:folderOpen",
            "load",
            (const char *)line.data,
            "sh"};
        vb_id_entry(id, &entry);
    }
}

/* A line of a shell, or a program and its arguments. */
static void read_lifecycle(struct vb_id *id, struct vb_id_at at, const char *reason,
                           const json_t *value)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf line;
    vb_buf_init(&line, 64 * 1024);
    const char *command = json_string_value(value);
    if (command == NULL && json_is_string(json_array_get(value, 0)) &&
        vb_id_command_line(&line, NULL, value))
        command = (const char *)line.data;
    const struct vb_id_entry entry = {at, reason, "load", command, "sh"};
    if (command != NULL)
        vb_id_entry(id, &entry);
}

/* Each is a command, or several of them by name, which start together. */
static void read_devcontainer(struct vb_id *id, struct vb_id_source source)
{
    static const char *const keys[] = {"initializeCommand",    "onCreateCommand",
                                       "updateContentCommand", "postCreateCommand",
                                       "postStartCommand",     "postAttachCommand"};
    char reason[64];
    const char *name;
    json_t *item;
    for (size_t i = 0; i < VB_ARRAY_LEN(keys); i++) {
        json_t *value = vb_id_get(source.value, keys[i]);
        snprintf(reason, sizeof(reason), "devcontainer:%s", keys[i]);
        const struct vb_id_at at = {source.path, vb_id_line_find(id, source.text, keys[i])};
        read_lifecycle(id, at, reason, value);
        json_object_foreach(value, name, item)
        {
            read_lifecycle(id, at, reason, item);
        }
    }
}

static void read_codex_config(struct vb_id *id, struct vb_id_source source)
{
    const json_t *config = source.value;
    source.value = vb_id_get(config, "mcp_servers");
    vb_id_mcp_servers(id, source);
    source.value = vb_id_get(config, "hooks");
    vb_id_hooks(id, source);
}

static char *next_line(char *line)
{
    char *end = strchr(line, '\n');
    if (end != NULL)
        *end++ = '\0';
    line[strcspn(line, "\r")] = '\0';
    return end;
}

static void read_requirement(struct vb_id *id, struct vb_id_at at, char *line)
{
    line += strspn(line, " \t");
    char *comment = strstr(line, " #");
    if (comment != NULL)
        *comment = '\0';
    for (size_t len = strlen(line); len > 0 && isspace((unsigned char)line[len - 1]);)
        line[--len] = '\0';
    if (line[0] == '\0' || line[0] == '#')
        return;
    if (line[0] == '-')
        vb_id_declare_url(id, at, line, "requirements.txt");
    if (line[0] == '-' && strncmp(line, "-e", 2) != 0 && strncmp(line, "--editable", 10) != 0)
        return;
    vb_id_declare(id, at, "dependency", line, "requirements.txt");
}

static void read_requirements(struct vb_id *id, const struct vb_id_file *file)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    struct vb_id_at at = {file->path, 0};
    if (!vb_id_read_lines(id, file->path, &text))
        return;
    for (char *line = (char *)text.data, *next; line != NULL && *line != '\0'; line = next) {
        next = next_line(line);
        at.line++;
        read_requirement(id, at, line);
    }
}

/* Lines of a .pth that begin with import run at every start of the interpreter. */
static void read_pth(struct vb_id *id, const struct vb_id_file *file)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    int64_t number = 0;
    if (!vb_id_read_lines(id, file->path, &text))
        return;
    for (char *line = (char *)text.data, *next; line != NULL && *line != '\0'; line = next) {
        next = next_line(line);
        number++;
        if (strncmp(line, "import ", 7) != 0 && strncmp(line, "import\t", 7) != 0)
            continue;
        const struct vb_id_entry entry = {{file->path, number}, "pth", "load", line, NULL};
        vb_id_python_entry(id, &entry);
    }
}

static void read_customize(struct vb_id *id, const struct vb_id_file *file)
{
    const struct vb_id_entry entry = {{file->path, 0}, "sitecustomize", "load", NULL, "python3"};
    vb_id_entry(id, &entry);
}

/* direnv runs it when somebody enters the folder (after he allowed it once). */
static void read_envrc(struct vb_id *id, const struct vb_id_file *file)
{
    const struct vb_id_entry entry = {{file->path, 0}, "envrc", "load", NULL, "bash"};
    vb_id_entry(id, &entry);
}

static bool ends_as(const char *path, const char *tail)
{
    const size_t len = strlen(path);
    const size_t tail_len = strlen(tail);
    if (len < tail_len || strcmp(path + len - tail_len, tail) != 0)
        return false;
    return len == tail_len || path[len - tail_len - 1] == '/';
}

static void read_file(struct vb_id *id, const struct vb_id_file *file)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(documents); i++) {
        if (!ends_as(file->path, documents[i].tail))
            continue;
        const struct vb_id_doc *doc = vb_id_json(id, ".", file->path);
        if (doc != NULL)
            documents[i].read(id, (struct vb_id_source){&doc->text, doc->path, doc->json});
        vb_id_docs_clear(id);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(files); i++) {
        const char *name =
            files[i].extension ? vb_path_extension(file->path) : vb_path_base(file->path);
        if (strcmp(name, files[i].name) == 0)
            files[i].read(id, file);
    }
}

void vb_id_read_repository(struct vb_id *id)
{
    for (size_t i = 0; i < id->file_count && vb_id_ok(id); i++) {
        if (!vb_id_vendored(id->files[i].path))
            read_file(id, &id->files[i]);
    }
}
