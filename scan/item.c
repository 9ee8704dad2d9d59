/* What sort of bytes an item is. The bytes are hostile: only bounded looking at them happens here.
 */
#include "scan/item.h"

#include <string.h>

enum { SNIFF_BYTES = 64 * 1024, MAX_STRAY_PERCENT = 2 };

static const char *const prose_extensions[] = {"md",  "mdx",  "markdown", "mdc", "txt",  "rst",
                                               "htm", "html", "xhtml",    "svg", "adoc", "prompt"};

static const char *const code_extensions[] = {
    "sh",  "bash", "zsh",  "fish",        "ksh",     "py",    "pyw",        "pth",   "js", "mjs",
    "cjs", "ts",   "mts",  "cts",         "jsx",     "tsx",   "rb",         "pl",    "pm", "php",
    "ps1", "psm1", "bat",  "cmd",         "vbs",     "go",    "rs",         "c",     "h",  "cc",
    "cpp", "hpp",  "cs",   "java",        "kt",      "lua",   "r",          "swift", "mk", "awk",
    "ex",  "exs",  "scpt", "applescript", "service", "timer", "dockerfile", "gyp"};

static const char *const config_extensions[] = {"json", "jsonc", "json5", "yaml",  "yml",
                                                "toml", "ini",   "cfg",   "conf",  "plist",
                                                "xml",  "env",   "lock",  "npmrc", "properties"};

static const char *const code_names[] = {"makefile", "dockerfile", "justfile",   "rakefile",
                                         "gemfile",  ".envrc",     ".bashrc",    ".zshrc",
                                         ".profile", "procfile",   "vagrantfile"};

static bool listed(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (vb_ascii_equal(names[i], name))
            return true;
    }
    return false;
}

static enum vb_item_kind kind_by_name(const char *path)
{
    const char *extension = vb_path_extension(path);
    if (listed(prose_extensions, VB_ARRAY_LEN(prose_extensions), extension))
        return VB_ITEM_PROSE;
    if (listed(code_extensions, VB_ARRAY_LEN(code_extensions), extension))
        return VB_ITEM_CODE;
    if (listed(config_extensions, VB_ARRAY_LEN(config_extensions), extension))
        return VB_ITEM_CONFIG;
    if (listed(code_names, VB_ARRAY_LEN(code_names), vb_path_base(path)))
        return VB_ITEM_CODE;
    return VB_ITEM_OTHER;
}

/* The first two bytes that are no blanks, or the last two, read backwards. */
static void ends_of(const struct vb_item *item, bool last, unsigned char ret[2])
{
    size_t count = 0;
    for (size_t i = 0; i < item->len && count < 2; i++) {
        const unsigned char byte = item->data[last ? item->len - 1 - i : i];
        if (strchr(" \t\r\n", byte) == NULL || byte == '\0')
            ret[count++] = byte;
    }
}

/* Answers of services are kept without an extension; their strings are texts, and they are none. */
static bool is_json(const struct vb_item *item)
{
    unsigned char first[2] = {0}, last[2] = {0};
    ends_of(item, false, first);
    ends_of(item, true, last);
    return (first[0] == '{' && strchr("\"}", first[1]) != NULL && last[0] == '}') ||
           (first[0] == '[' && strchr("{[\"", first[1]) != NULL && last[0] == ']');
}

/* The scripts of this world are often extensionless; README and LICENSE are prose. */
static enum vb_item_kind kind_by_content(const struct vb_item *item)
{
    if (item->len >= 2 && memcmp(item->data, "#!", 2) == 0)
        return VB_ITEM_CODE;
    if (is_json(item))
        return VB_ITEM_CONFIG;
    const char *extension = vb_path_extension(item->path);
    return extension[0] == '\0' ? VB_ITEM_PROSE : VB_ITEM_OTHER;
}

void vb_item_classify(struct vb_item *item)
{
    const bool utf16 = item->len >= 2 && ((item->data[0] == 0xFF && item->data[1] == 0xFE) ||
                                          (item->data[0] == 0xFE && item->data[1] == 0xFF));
    item->text = !utf16 && vb_bytes_are_text(item->data, item->len);
    item->kind = kind_by_name(item->path);
    if (item->kind == VB_ITEM_OTHER && item->text)
        item->kind = kind_by_content(item);
}

const char *vb_item_kind_name(enum vb_item_kind kind)
{
    static const char *const names[] = {[VB_ITEM_OTHER] = "other",
                                        [VB_ITEM_PROSE] = "prose",
                                        [VB_ITEM_CODE] = "code",
                                        [VB_ITEM_CONFIG] = "config"};
    return names[kind];
}

static bool control(unsigned char byte)
{
    return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != '\f' &&
            byte != '\a' && byte != '\b' && byte != 0x1B) ||
           byte == 0x7F;
}

bool vb_bytes_are_text(const unsigned char *data, size_t len)
{
    const size_t end = len < SNIFF_BYTES ? len : SNIFF_BYTES;
    size_t stray = 0;
    size_t i = 0;
    while (i < end) {
        if (data[i] == 0)
            return false;
        if (data[i] < 0x80) {
            stray += control(data[i]) ? 1 : 0;
            i++;
            continue;
        }
        uint32_t code;
        const size_t used = vb_utf8_decode(data + i, len - i, &code);
        stray += used == 1 ? 1 : 0;
        i += used;
    }
    return stray * 100 <= end * MAX_STRAY_PERCENT;
}

static bool continuation(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

struct vb_str vb_item_excerpt(const struct vb_item *item, size_t offset, size_t length)
{
    enum { BEFORE = 60 };
    if (offset > item->len)
        offset = item->len;
    if (length > item->len - offset)
        length = item->len - offset;
    size_t begin = offset;
    while (begin > 0 && offset - begin < BEFORE && item->data[begin - 1] != '\n')
        begin--;
    while (begin < offset && continuation(item->data[begin]))
        begin++;
    size_t end = begin;
    while (end < item->len && end - begin < VB_SCAN_EXCERPT &&
           (end < offset + length || item->data[end] != '\n'))
        end++;
    while (end > begin && end < item->len && continuation(item->data[end]))
        end--;
    return (struct vb_str){(const char *)item->data + begin, end - begin};
}

size_t vb_item_line(const struct vb_item *item, size_t offset)
{
    return item->text ? vb_line_of((const char *)item->data, item->len, offset) : 0;
}

int vb_scan_coverage(struct vb_sink *sink, const char *path, const char *what, const char *reason,
                     const char *detail, struct vb_error *err)
{
    struct vb_event event;
    vb_event_init(&event, VB_EV_COVERAGE, VB_SOURCE_TOOL);
    vb_event_str(&event, VB_F_STAGE, "scan");
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_str(&event, VB_F_PATH, path);
    vb_event_str(&event, VB_F_DETAIL, detail);
    return vb_emit(sink, &event, err);
}
