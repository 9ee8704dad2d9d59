/* Python: what runs when a project is built, when its interpreter starts, on import and on call. */
#include "identify/internal.h"

#include <ctype.h>

/* Build backends from the index; they run none of the package's own code. Anything else does. */
static const char *const known_backends[] = {
    "setuptools.build_meta",
    "setuptools.build_meta:__legacy__",
    "hatchling.build",
    "flit_core.buildapi",
    "poetry.core.masonry.api",
    "pdm.backend",
    "uv_build",
    "maturin",
    "mesonpy",
    "scikit_build_core.build",
    "flit.buildapi",
    "poetry.masonry.api",
};

static bool identifier(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '_' && text[i] != '.')
            return false;
    }
    return len > 0;
}

/* "module:function" as installers write it into a script. */
static void console_script(struct vb_id *id, struct vb_id_at at, const char *name,
                           const char *target)
{
    char reason[160];
    char command[512];
    const char *colon = strchr(target, ':');
    const size_t module = colon == NULL ? 0 : (size_t)(colon - target);
    size_t function = colon == NULL ? 0 : strcspn(colon + 1, " \t\r\n[");
    while (function > 0 && isspace((unsigned char)colon[function]))
        function--;
    if (module == 0 || module > 200 || function > 200 || !identifier(target, module) ||
        !identifier(colon + 1, function)) {
        vb_id_problem(id, at, "script-unclear", "%.100s = %.200s", name, target);
        return;
    }
    snprintf(reason, sizeof(reason), "console-script:%s", name);
    snprintf(command, sizeof(command), "import sys; import %.*s as m; sys.exit(m.%.*s())",
             (int)module, target, (int)function, colon + 1);
    const struct vb_id_entry entry = {at, reason, "use", command, NULL};
    vb_id_python_entry(id, &entry);
}

static void read_script_table(struct vb_id *id, const struct vb_id_doc *doc, const json_t *scripts)
{
    const char *name;
    json_t *target;
    if (!json_is_object(scripts))
        return;
    json_object_foreach((json_t *)scripts, name, target)
    {
        const char *text = json_is_string(target) ? json_string_value(target) : "";
        if (text[0] != '\0')
            console_script(id, (struct vb_id_at){doc->path, vb_id_line_find(id, &doc->text, text)},
                           name, text);
    }
}

static void read_backend(struct vb_id *id, const char *root, const struct vb_id_doc *doc)
{
    char reason[160];
    char rel[VB_ID_PATH_MAX];
    const json_t *system = vb_id_get(doc->json, "build-system");
    const char *backend = vb_id_str(system, "build-backend");
    const json_t *path = vb_id_get(system, "backend-path");
    const struct vb_id_at at = {doc->path, vb_id_line_find(id, &doc->text, "build-backend")};
    vb_id_dependencies(id,
                       (struct vb_id_source){&doc->text, doc->path, vb_id_get(system, "requires")},
                       "build-system");
    for (size_t i = 0; backend != NULL && path == NULL && i < VB_ARRAY_LEN(known_backends); i++) {
        if (strcmp(backend, known_backends[i]) == 0)
            return;
    }
    if (backend == NULL)
        return;
    snprintf(reason, sizeof(reason), "build-backend:%s", backend);
    const char *folder =
        json_is_string(json_array_get(path, 0)) ? json_string_value(json_array_get(path, 0)) : NULL;
    const int len = snprintf(rel, sizeof(rel), "%s/%.*s", folder == NULL ? "." : folder,
                             (int)strcspn(backend, ":"), backend);
    for (char *dot = rel + (folder == NULL ? 2 : strlen(folder) + 1); *dot != '\0'; dot++)
        *dot = *dot == '.' ? '/' : *dot;
    const struct vb_id_entry entry = {at, reason, "install", NULL, "python3"};
    if (len > 0 && len < VB_ID_PATH_MAX && folder != NULL)
        (void)vb_id_file_entry(id, root, rel, &entry);
    else
        vb_id_declare(id, at, "dependency", backend, "build-backend");
}

static void read_pyproject(struct vb_id *id, const char *root)
{
    static const char *const tables[] = {"scripts", "gui-scripts"};
    const char *extra;
    json_t *list;
    const struct vb_id_doc *doc = vb_id_json(id, root, "pyproject.toml");
    if (doc == NULL)
        return;
    const json_t *project = vb_id_get(doc->json, "project");
    const json_t *poetry = vb_id_get(vb_id_get(doc->json, "tool"), "poetry");
    struct vb_id_source source = {&doc->text, doc->path, vb_id_get(project, "dependencies")};
    read_backend(id, root, doc);
    vb_id_dependencies(id, source, "project");
    source.value = vb_id_get(poetry, "dependencies");
    vb_id_dependencies(id, source, "poetry");
    json_t *extras = vb_id_get(project, "optional-dependencies");
    json_object_foreach(extras, extra, list)
    {
        source.value = list;
        vb_id_dependencies(id, source, "optional");
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(tables); i++) {
        read_script_table(id, doc, vb_id_get(project, tables[i]));
        read_script_table(id, doc, vb_id_get(poetry, tables[i]));
    }
}

static void read_setup(struct vb_id *id, const char *root)
{
    const struct vb_id_file *setup = vb_id_at_root(id, root, "setup.py");
    if (setup == NULL)
        return;
    /* For the user, as pip does where the system's folder is closed. With a root nothing is
     * fetched, as pip has it when it makes a wheel, and so what stands behind `install.run(self)`
     * runs. */
    const struct vb_id_entry entry = {
        {setup->path, 0}, "setup.py", "install", "python3 setup.py install --user --root=/", "sh"};
    vb_id_entry(id, &entry);
    vb_id_mark_file(id, setup->path);
}

/* Folders of a project that are not what it installs. */
static bool is_side_folder(const char *name, size_t len)
{
    static const char *const names[] = {"tests",   "test",  "docs", "doc",    "examples",
                                        "scripts", "build", "dist", "example"};
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        if (strlen(names[i]) == len && memcmp(name, names[i], len) == 0)
            return true;
    }
    return false;
}

static void import_entry(struct vb_id *id, const struct vb_id_file *file, struct vb_str module,
                         bool in_src)
{
    char command[512];
    if (module.len == 0 || module.len > 200 || !identifier(module.text, module.len))
        return;
    snprintf(command, sizeof(command), "%simport %.*s",
             in_src ? "import sys; sys.path.insert(0, 'src'); " : "", (int)module.len, module.text);
    const struct vb_id_entry entry = {{file->path, 0}, "import", "load", command, NULL};
    vb_id_python_entry(id, &entry);
    vb_id_mark_file(id, file->path);
}

/* REL is a file below the root (or below its src folder): a package's beginning or a module. */
static void read_module(struct vb_id *id, const struct vb_id_file *file, const char *rel,
                        bool in_src)
{
    static const char *const tools[] = {"setup.py",      "conftest.py",      "noxfile.py",
                                        "versioneer.py", "sitecustomize.py", "usercustomize.py"};
    const char *slash = strchr(rel, '/');
    if (slash != NULL) {
        const size_t len = (size_t)(slash - rel);
        if (is_side_folder(rel, len))
            return;
        if (strcmp(slash, "/__init__.py") == 0)
            import_entry(id, file, (struct vb_str){rel, len}, in_src);
        return;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(tools); i++) {
        if (strcmp(rel, tools[i]) == 0)
            return;
    }
    const size_t len = strlen(rel);
    if (len > 3 && strcmp(rel + len - 3, ".py") == 0)
        import_entry(id, file, (struct vb_str){rel, len - 3}, in_src);
}

static void read_modules(struct vb_id *id, const char *root)
{
    char prefix[VB_ID_PATH_MAX];
    if (!vb_id_prefix(prefix, root))
        return;
    for (size_t i = vb_id_lower(id, prefix);
         i < id->file_count && vb_id_below(&id->files[i], prefix); i++) {
        const char *rel = id->files[i].path + strlen(prefix);
        const bool in_src = strncmp(rel, "src/", 4) == 0;
        read_module(id, &id->files[i], in_src ? rel + 4 : rel, in_src);
        const size_t len = strlen(rel);
        const char *tail = "/__main__.py";
        const struct vb_id_entry entry = {
            {id->files[i].path, 0}, "main-module", "use", NULL, "python3"};
        if (len > strlen(tail) && strcmp(rel + len - strlen(tail), tail) == 0 &&
            !vb_id_vendored(rel))
            vb_id_entry(id, &entry);
    }
}

/* [console_scripts] and [gui_scripts] of entry_points.txt: "name = module:function". */
static void read_entry_points(struct vb_id *id, const struct vb_id_file *file)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    bool scripts = false;
    int64_t number = 0;
    if (!vb_id_read_lines(id, file->path, &text))
        return;
    for (char *rest = (char *)text.data, *line; (line = vb_id_take_line(&rest)) != NULL;) {
        number++;
        if (line[0] == '[')
            scripts = strncmp(line, "[console_scripts]", 17) == 0 ||
                      strncmp(line, "[gui_scripts]", 13) == 0;
        char *equals = strchr(line, '=');
        if (!scripts || equals == NULL || equals == line)
            continue;
        char *end = equals;
        while (end > line && isspace((unsigned char)end[-1]))
            end--;
        *end = '\0';
        const char *target = equals + 1 + strspn(equals + 1, " \t");
        console_script(id, (struct vb_id_at){file->path, number}, line, target);
    }
}

static bool ends_with(const char *text, const char *tail)
{
    const size_t len = strlen(text);
    const size_t tail_len = strlen(tail);
    return len > tail_len && strcmp(text + len - tail_len, tail) == 0;
}

/* NAME-VERSION.data/scripts/FILE is installed as a command. */
static void read_data_script(struct vb_id *id, const struct vb_id_file *file, const char *rel)
{
    static const char folder[] = ".data/scripts/";
    char reason[160];
    char program[64];
    bool script = false;
    const char *hit = strstr(rel, folder);
    if (hit == NULL || memchr(rel, '/', (size_t)(hit - rel)) != NULL ||
        strchr(hit + sizeof(folder) - 1, '/') != NULL)
        return;
    snprintf(reason, sizeof(reason), "bin:%.150s", hit + sizeof(folder) - 1);
    const char *interpreter = vb_id_interpreter(id, file, program, &script);
    const struct vb_id_entry entry = {{file->path, 0}, reason, "use", NULL, interpreter};
    vb_id_entry(id, &entry);
}

void vb_id_read_wheel(struct vb_id *id, const char *root)
{
    char prefix[VB_ID_PATH_MAX];
    if (!vb_id_prefix(prefix, root))
        return;
    for (size_t i = vb_id_lower(id, prefix);
         i < id->file_count && vb_id_below(&id->files[i], prefix); i++) {
        const char *path = id->files[i].path;
        read_data_script(id, &id->files[i], path + strlen(prefix));
        if (ends_with(path, ".dist-info/entry_points.txt"))
            read_entry_points(id, &id->files[i]);
        else if (ends_with(path, ".dist-info/RECORD"))
            vb_id_wheel_record(id, prefix, path);
    }
    read_modules(id, root);
}

/* --- setup.cfg --- */

/* Keys of setup.cfg whose indented lines name what is depended on. */
static bool is_requirement_key(const char *line)
{
    static const char *const keys[] = {"install_requires", "setup_requires", "tests_require"};
    for (size_t i = 0; i < VB_ARRAY_LEN(keys); i++) {
        const size_t len = strlen(keys[i]);
        if (strncmp(line, keys[i], len) == 0 && line[len + strspn(line + len, " \t")] == '=')
            return true;
    }
    return false;
}

static void setup_item(struct vb_id *id, struct vb_id_at at, char *item, bool script)
{
    item += strspn(item, " \t=");
    for (size_t len = strlen(item); len > 0 && isspace((unsigned char)item[len - 1]);)
        item[--len] = '\0';
    char *equals = script ? strchr(item, '=') : NULL;
    if (item[0] == '\0' || item[0] == '#')
        return;
    if (!script) {
        vb_id_declare(id, at, "dependency", item, "setup.cfg");
        vb_id_declare_url(id, at, item, "setup.cfg");
    }
    if (equals == NULL || equals == item)
        return;
    const char *target = equals + 1 + strspn(equals + 1, " \t");
    while (equals > item && isspace((unsigned char)equals[-1]))
        equals--;
    *equals = '\0';
    console_script(id, at, item, target);
}

/* The indented lines below console_scripts and the requirement keys. */
static void read_setup_cfg(struct vb_id *id, const char *root)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    const struct vb_id_file *file = vb_id_at_root(id, root, "setup.cfg");
    bool scripts = false;
    bool needs = false;
    if (file == NULL || !vb_id_read_lines(id, file->path, &text))
        return;
    struct vb_id_at at = {file->path, 0};
    for (char *rest = (char *)text.data, *line; (line = vb_id_take_line(&rest)) != NULL;) {
        at.line++;
        const bool inside = line[0] == ' ' || line[0] == '\t';
        if (!inside && line[0] != '\0') {
            scripts =
                strncmp(line, "console_scripts", 15) == 0 || strncmp(line, "gui_scripts", 11) == 0;
            needs = is_requirement_key(line);
            line = scripts || needs ? strchr(line, '=') : NULL;
        }
        if (line != NULL && (scripts || needs))
            setup_item(id, at, line, scripts);
    }
}

void vb_id_read_python(struct vb_id *id, const char *root)
{
    read_setup(id, root);
    read_setup_cfg(id, root);
    read_pyproject(id, root);
    read_modules(id, root);
}
