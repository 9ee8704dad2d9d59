/* UTF-8 and paths. Input here is hostile: every function is total. */
#include "vetbox/core/text.h"

#include <string.h>

enum { REPLACEMENT = 0xFFFD, PATH_BYTES = 4096, COMPONENT_BYTES = 255 };

/* Length and payload bits of a lead byte; length 0 is ill-formed. */
static size_t lead(unsigned char byte, uint32_t *bits)
{
    static const struct {
        unsigned char mask, value, payload;
        size_t length;
    } rows[] = {
        {0x80, 0x00, 0x7F, 1}, {0xE0, 0xC0, 0x1F, 2}, {0xF0, 0xE0, 0x0F, 3}, {0xF8, 0xF0, 0x07, 4}};
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if ((byte & rows[i].mask) == rows[i].value) {
            *bits = byte & rows[i].payload;
            return rows[i].length;
        }
    }
    return 0;
}

size_t vb_utf8_decode(const void *text, size_t len, uint32_t *ret_code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = text;
    uint32_t code = 0;
    *ret_code = REPLACEMENT;
    const size_t length = len == 0 ? 0 : lead(at[0], &code);
    if (length == 0 || length > len)
        return 1;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 1;
        code = (code << 6) | (at[i] & 0x3F);
    }
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (code < least[length] || code > 0x10FFFF || surrogate)
        return 1;
    *ret_code = code;
    return length;
}

bool vb_utf8_valid(const void *text, size_t len)
{
    const unsigned char *at = text;
    size_t i = 0;
    while (i < len) {
        if (at[i] < 0x80) {
            i++;
            continue;
        }
        uint32_t code;
        const size_t used = vb_utf8_decode(at + i, len - i, &code);
        if (used == 1) /* a lone byte above 0x7F */
            return false;
        i += used;
    }
    return true;
}

int vb_utf8_append(struct vb_buf *buf, uint32_t code, struct vb_error *err)
{
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        code = REPLACEMENT;
    unsigned char out[4];
    size_t n = 0;
    if (code < 0x80) {
        out[n++] = (unsigned char)code;
    } else if (code < 0x800) {
        out[n++] = (unsigned char)(0xC0 | (code >> 6));
        out[n++] = (unsigned char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        out[n++] = (unsigned char)(0xE0 | (code >> 12));
        out[n++] = (unsigned char)(0x80 | ((code >> 6) & 0x3F));
        out[n++] = (unsigned char)(0x80 | (code & 0x3F));
    } else {
        out[n++] = (unsigned char)(0xF0 | (code >> 18));
        out[n++] = (unsigned char)(0x80 | ((code >> 12) & 0x3F));
        out[n++] = (unsigned char)(0x80 | ((code >> 6) & 0x3F));
        out[n++] = (unsigned char)(0x80 | (code & 0x3F));
    }
    return vb_buf_append(buf, out, n, err);
}

static uint32_t utf16_unit(const unsigned char *at, bool big)
{
    return big ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
}

int vb_utf16_append(struct vb_buf *buf, const void *text, size_t len, bool big,
                    struct vb_error *err)
{
    const unsigned char *data = text;
    for (size_t i = 0; i + 1 < len; i += 2) {
        uint32_t code = utf16_unit(data + i, big);
        const uint32_t low = i + 3 < len ? utf16_unit(data + i + 2, big) : 0;
        if (code >= 0xD800 && code < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        }
        const int status = vb_utf8_append(buf, code, err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}

struct range {
    uint32_t first, last;
};

static bool in_ranges(const struct range *ranges, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    }
    return false;
}

bool vb_code_bidi_control(uint32_t code)
{
    static const struct range ranges[] = {
        {0x061C, 0x061C}, {0x200E, 0x200F}, {0x202A, 0x202E}, {0x2066, 0x2069}};
    return in_ranges(ranges, VB_ARRAY_LEN(ranges), code);
}

bool vb_code_invisible(uint32_t code)
{
    static const struct range ranges[] = {
        {0x00AD, 0x00AD}, {0x034F, 0x034F}, {0x061C, 0x061C}, {0x115F, 0x1160},
        {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F}, {0x2028, 0x202E},
        {0x2060, 0x206F}, {0x2800, 0x2800}, {0x3164, 0x3164}, {0xFE00, 0xFE0F},
        {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE01EF},
    };
    return in_ranges(ranges, VB_ARRAY_LEN(ranges), code);
}

static int escape_one(struct vb_buf *buf, const unsigned char *at, size_t used, uint32_t code,
                      struct vb_error *err)
{
    if (used == 1 && (code == REPLACEMENT || code < 0x20 || code == 0x7F))
        return vb_buf_printf(buf, err, "\\x%02x", at[0]);
    const bool c1_control = code >= 0x80 && code < 0xA0;
    const bool noncharacter = (code & 0xFFFE) == 0xFFFE;
    if (c1_control || noncharacter || vb_code_invisible(code) || vb_code_bidi_control(code))
        return vb_buf_printf(buf, err, "\\u{%x}", (unsigned)code);
    return vb_buf_append(buf, at, used, err);
}

int vb_text_escape(struct vb_buf *buf, const void *text, size_t len, bool keep_lines,
                   struct vb_error *err)
{
    const unsigned char *at = text;
    size_t i = 0;
    while (i < len) {
        uint32_t code;
        const size_t used = vb_utf8_decode(at + i, len - i, &code);
        const bool line = keep_lines && (code == '\n' || code == '\t');
        const int status =
            line ? vb_buf_append(buf, at + i, 1, err) : escape_one(buf, at + i, used, code, err);
        if (status < 0)
            return status;
        i += used;
    }
    return vb_buf_append(buf, "", 0, err);
}

static bool component_safe(const char *at, size_t len)
{
    if (len == 0 || len > COMPONENT_BYTES)
        return false;
    return !(len == 1 && at[0] == '.') && !(len == 2 && at[0] == '.' && at[1] == '.');
}

bool vb_path_safe(const char *path)
{
    if (path[0] == '\0' || strlen(path) >= PATH_BYTES)
        return false;
    for (;;) {
        const size_t len = strcspn(path, "/");
        if (!component_safe(path, len))
            return false;
        if (path[len] == '\0')
            return true;
        path += len + 1;
    }
}

const char *vb_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

const char *vb_path_extension(const char *path)
{
    const char *base = vb_path_base(path);
    const char *dot = strrchr(base, '.');
    return dot == NULL || dot == base ? "" : dot + 1;
}

size_t vb_line_of(const char *text, size_t len, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset && i < len; i++)
        line += text[i] == '\n';
    return line;
}

char vb_ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool vb_ascii_equal(const char *a, const char *b)
{
    while (*a != '\0' && vb_ascii_lower(*a) == vb_ascii_lower(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

bool vb_ascii_starts(const char *text, const char *prefix)
{
    for (; *prefix != '\0'; text++, prefix++) {
        if (vb_ascii_lower(*text) != vb_ascii_lower(*prefix))
            return false;
    }
    return true;
}

const char *vb_mapping_prefix(const char *id)
{
    static const char *const lists[] = {"AST", "ASI", "LLM", "MCP"};
    for (size_t i = 0; i < VB_ARRAY_LEN(lists); i++) {
        if (strncmp(id, lists[i], 3) == 0 && id[3] >= '0' && id[3] <= '9')
            return "OWASP-";
    }
    return "";
}
