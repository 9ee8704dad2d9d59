/* Files that execute by their shebang, extension or format. Everything of them is listed: an agent
 * may be told to run any. Those in scripts/ and bin/ come first, since they are meant to be. */
#include "identify/internal.h"

#include <ctype.h>

/* interpreter NULL: it executes, but by nothing that stands for itself. */
static const struct {
    const char *extension;
    const char *interpreter;
} extensions[] = {
    {"sh", "bash"},        {"bash", "bash"},
    {"zsh", "zsh"},        {"py", "python3"},
    {"pyw", "python3"},    {"js", "node"},
    {"mjs", "node"},       {"cjs", "node"},
    {"ts", "esbuild"},     {"mts", "esbuild"},
    {"cts", "esbuild"},    {"tsx", "esbuild"},
    {"awk", "awk"},        {"R", "Rscript"},
    {"jsx", NULL},         {"rb", "ruby"},
    {"pl", "perl"},        {"php", "php"},
    {"lua", "lua"},        {"ps1", "pwsh"},
    {"psm1", "pwsh"},      {"bat", "cmd"},
    {"cmd", "cmd"},        {"vbs", "wscript"},
    {"scpt", "osascript"}, {"applescript", "osascript"},
    {"command", "bash"},   {"fish", "fish"},
    {"jar", "java"},       {"exe", NULL},
    {"dll", NULL},         {"so", NULL},
    {"dylib", NULL},       {"node", NULL},
    {"msi", NULL},         {"pyc", "python3"},
    {"wasm", NULL},
};

/* Programs in shebangs under the names that we start them by. */
static const struct {
    const char *prefix;
    const char *interpreter;
} programs[] = {
    {"python", "python3"}, {"nodejs", "node"}, {"uv", "python3"}, {"dash", "sh"}, {"ash", "sh"},
};

static const char *const first_folders[] = {"scripts/", "bin/", "hooks/", "tools/"};
static const char *const last_marks[] = {"test/", "tests/", "__tests__/", ".test.", ".spec."};

enum { HEAD_BYTES = 256 };

static const char *shebang(const struct vb_buf *head, char ret[64])
{
    char line[HEAD_BYTES];
    const char *data = (const char *)head->data;
    if (head->len < 4 || data[0] != '#' || data[1] != '!')
        return NULL;
    const char *end = memchr(data, '\n', head->len);
    const size_t len = (end == NULL ? head->len : (size_t)(end - data)) - 2;
    snprintf(line, sizeof(line), "%.*s", (int)(len < sizeof(line) ? len : sizeof(line) - 1),
             data + 2);
    const char *word = line;
    for (int words = 0; words < 6; words++) {
        word += strspn(word, " \t\r");
        const size_t size = strcspn(word, " \t\r");
        if (size == 0)
            return NULL;
        snprintf(ret, 64, "%.*s", (int)(size < 63 ? size : 63), word);
        const char *base = vb_path_base(ret);
        word += size;
        /* env and its like, options and assignments only lead to the program. */
        if (strcmp(base, "env") == 0 || strcmp(base, "npx") == 0 || strcmp(base, "bunx") == 0 ||
            base[0] == '-' || strchr(base, '=') != NULL)
            continue;
        memmove(ret, base, strlen(base) + 1);
        break;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(programs); i++) {
        if (strncmp(ret, programs[i].prefix, strlen(programs[i].prefix)) == 0)
            return programs[i].interpreter;
    }
    return ret[0] == '\0' ? NULL : ret;
}

static bool is_binary(const struct vb_buf *head)
{
    static const struct {
        const char *magic;
        size_t len;
    } magics[] = {
        {"\x7f"
         "ELF",
         4},
        {"MZ", 2},
        {"\xfe\xed\xfa\xce", 4},
        {"\xfe\xed\xfa\xcf", 4},
        {"\xce\xfa\xed\xfe", 4},
        {"\xcf\xfa\xed\xfe", 4},
        {"\xca\xfe\xba\xbe", 4},
        {"\0asm", 4},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(magics); i++) {
        if (head->len > 64 && memcmp(head->data, magics[i].magic, magics[i].len) == 0)
            return true;
    }
    return false;
}

static bool is_typing(const char *path)
{
    const size_t len = strlen(path);
    return (len > 5 && strcmp(path + len - 5, ".d.ts") == 0) ||
           (len > 6 &&
            (strcmp(path + len - 6, ".d.mts") == 0 || strcmp(path + len - 6, ".d.cts") == 0));
}

const char *vb_id_interpreter(struct vb_id *id, const struct vb_id_file *file, char ret[64],
                              bool *ret_script)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf head = {0};
    *ret_script = false;
    if (!vb_id_peek(id, file->path, HEAD_BYTES, &head))
        return NULL;
    const char *interpreter = head.len == 0 ? NULL : shebang(&head, ret);
    *ret_script = interpreter != NULL || (head.len > 0 && is_binary(&head));
    if (interpreter != NULL)
        return interpreter;
    const char *extension = vb_path_extension(file->path);
    for (size_t i = 0; i < VB_ARRAY_LEN(extensions); i++) {
        if (!vb_ascii_equal(extension, extensions[i].extension))
            continue;
        *ret_script = !is_typing(file->path);
        return extensions[i].interpreter;
    }
    return NULL;
}

static bool has_extension(const char *path)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(extensions); i++) {
        if (vb_ascii_equal(vb_path_extension(path), extensions[i].extension))
            return true;
    }
    return false;
}

static bool has_part(const char *path, const char *part)
{
    const char *hit = strstr(path, part);
    return hit != NULL && (hit == path || hit[-1] == '/' || part[0] == '.');
}

/* 0: meant to be run; 1: anything else; 2: tests. */
static unsigned rank_of(const struct vb_id_file *file)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(last_marks); i++) {
        if (has_part(file->path, last_marks[i]))
            return 2;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(first_folders); i++) {
        if (has_part(file->path, first_folders[i]))
            return 0;
    }
    return (file->mode & 0111) != 0 ? 0 : 1;
}

/* PEP 723: "# /// script" … "# ///" is TOML behind number signs; uv installs what it names before
 * the script runs. */
static void read_inline_metadata(struct vb_id *id, const struct vb_id_file *file)
{
    static const char begin[] = "# /// script";
    VB_CLEANUP(vb_buf_done) struct vb_buf text = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf toml;
    struct vb_id_notes notes = {0};
    vb_buf_init(&toml, VB_ID_PROBE_BYTES);
    if (!vb_id_peek(id, file->path, VB_ID_PROBE_BYTES, &text) || text.len == 0)
        return;
    const char *data = (const char *)text.data;
    const char *block = memmem(data, text.len, begin, sizeof(begin) - 1);
    if (block == NULL || (block != data && block[-1] != '\n'))
        return;
    size_t at = (size_t)(block - data);
    for (at = vb_id_line_at(data, text.len, at).next; at < text.len;) {
        const struct vb_id_line line = vb_id_line_at(data, text.len, at);
        if (line.len == 0 || line.text[0] != '#' ||
            (line.len == 5 && memcmp(line.text, "# ///", 5) == 0))
            break;
        const size_t skip = line.len > 1 && line.text[1] == ' ' ? 2 : 1;
        if (vb_buf_append(&toml, line.text + skip, line.len - skip, NULL) != VB_OK ||
            vb_buf_append(&toml, "\n", 1, NULL) != VB_OK)
            return;
        at = line.next;
    }
    json_t *table = toml.len == 0 ? NULL : vb_id_toml((const char *)toml.data, toml.len, &notes);
    if (notes.nomem)
        vb_id_fail(id, VB_E_NOMEM, "reading a script's dependencies");
    vb_id_dependencies(
        id, (struct vb_id_source){&text, file->path, vb_id_get(table, "dependencies")}, "script");
    json_decref(table);
}

static void list_script(struct vb_id *id, const struct vb_id_file *file, bool tested)
{
    char program[64];
    bool script = false;
    const char *interpreter = vb_id_interpreter(id, file, program, &script);
    if (script && interpreter != NULL && !tested)
        vb_id_usage(id, file, interpreter);
    if (script && interpreter != NULL && !tested)
        vb_id_library(id, file, interpreter);
    if (vb_id_has_file_entry(id, file->path))
        return;
    const struct vb_id_entry entry = {{file->path, 0}, "script", "use", NULL, interpreter};
    if (!script)
        return;
    vb_id_entry(id, &entry);
    if (interpreter != NULL && strcmp(interpreter, "python3") == 0)
        read_inline_metadata(id, file);
}

static bool is_sample_hook(const char *path)
{
    return has_part(path, ".git/") && strcmp(vb_path_extension(path), "sample") == 0;
}

void vb_id_scripts(struct vb_id *id)
{
    size_t vendored = 0;
    for (unsigned rank = 0; rank < 3; rank++) {
        for (size_t i = 0; i < id->file_count && vb_id_ok(id); i++) {
            const struct vb_id_file *file = &id->files[i];
            const bool git_hook = has_part(file->path, ".git/hooks/");
            if (rank_of(file) != rank || is_sample_hook(file->path))
                continue;
            if (vb_id_vendored(file->path) && !git_hook)
                vendored += has_extension(file->path);
            else
                list_script(id, file, rank == 2);
        }
    }
    if (vendored == 0 || !vb_id_ok(id))
        return;
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "identify");
    vb_event_str(&event, VB_F_WHAT, "bundled dependencies");
    vb_event_str(&event, VB_F_REASON, "not listed one by one");
    vb_event_int(&event, VB_F_COUNT, (int64_t)vendored);
    vb_id_emit(id, &event);
}
