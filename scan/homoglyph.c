/* Names that read as Latin and are not: in paths, hosts, the package's own name and commands. Prose
 * is left alone: people who write in two scripts mistype. */
#include <string.h>

#include "scan/fold.h"
#include "scan/textcheck.h"

enum { MAX_WORD = 128 };

struct mixture {
    size_t latin;
    size_t lookalike; /* Cyrillic, Greek, … that look Latin */
    size_t other;     /* letters that look like themselves only */
    char reads_as[MAX_WORD + 1];
    size_t length;
};

static void add(struct mixture *mixture, uint32_t code)
{
    const char latin = vb_lookalike(code);
    const enum vb_script script = vb_code_script(code);
    char shown = '?';
    if (script == VB_SCRIPT_LATIN) { /* dotless i and long s are letters of their languages */
        mixture->latin++;
        shown = code < 0x80 ? (char)code : '?';
    } else if (latin != 0 && script != VB_SCRIPT_LATIN && !vb_code_mathematical(code)) {
        mixture->lookalike++;
        shown = latin;
    } else if (code >= 0x80) {
        mixture->other++;
    } else {
        shown = (char)code;
    }
    if (mixture->length < MAX_WORD)
        mixture->reads_as[mixture->length++] = shown;
    mixture->reads_as[mixture->length] = '\0';
}

static bool deceptive(const struct mixture *mixture)
{
    return mixture->lookalike > 0 && mixture->other == 0 && mixture->latin >= 2 &&
           mixture->latin >= mixture->lookalike;
}

/* True if the line around AT has Cyrillic or Greek letters that look like no Latin one: then it is
 * written in that language, and a mixed word in it is a slip of the keyboard. */
static bool native_line(const struct vb_item *item, size_t at)
{
    enum { MOST = 2000 };
    size_t begin = at;
    while (begin > 0 && at - begin < MOST && item->data[begin - 1] != '\n')
        begin--;
    size_t native = 0;
    for (size_t i = begin; i < item->len && item->data[i] != '\n' && i - begin < 2 * MOST;) {
        uint32_t code;
        i += vb_utf8_decode(item->data + i, item->len - i, &code);
        const enum vb_script script = vb_code_script(code);
        native +=
            (script == VB_SCRIPT_CYRILLIC || script == VB_SCRIPT_GREEK) && vb_lookalike(code) == 0
                ? 1
                : 0;
    }
    return native >= 3;
}

static void report(struct vb_textcheck *check, const char *what, size_t begin, size_t end,
                   const struct mixture *mixture)
{
    char detail[VB_TEXT_DETAIL];
    if (native_line(check->item, begin))
        return;
    (void)snprintf(detail, sizeof(detail),
                   "%s that reads as \"%s\" but has %zu letters of another "
                   "script",
                   what, mixture->reads_as, mixture->lookalike);
    vb_text_add(check, VB_TEXT_HOMOGLYPH, begin, end - begin, detail);
}

static bool word_code(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
           (code >= '0' && code <= '9') || code == '-' || code >= 0xC0;
}

/* Checks each word of [BEGIN, END). */
static void words(struct vb_textcheck *check, const char *what, size_t begin, size_t end)
{
    const unsigned char *data = check->item->data;
    struct mixture mixture = {0};
    size_t word = begin;
    for (size_t at = begin; at < end;) {
        uint32_t code;
        const size_t used = vb_utf8_decode(data + at, end - at, &code);
        if (word_code(code)) {
            add(&mixture, code);
        } else {
            if (deceptive(&mixture))
                report(check, what, word, at, &mixture);
            mixture = (struct mixture){0};
            word = at + used;
        }
        at += used;
    }
    if (deceptive(&mixture))
        report(check, what, word, end, &mixture);
}

/* A host whose every letter is a lookalike, under a Latin top-level domain, deceives as well. */
static void host(struct vb_textcheck *check, size_t begin, size_t end)
{
    const unsigned char *data = check->item->data;
    struct mixture name = {0};
    size_t last_dot = begin;
    for (size_t at = begin; at < end; at++)
        last_dot = data[at] == '.' ? at : last_dot;
    for (size_t at = begin; at < last_dot;) {
        uint32_t code;
        at += vb_utf8_decode(data + at, last_dot - at, &code);
        add(&name, code);
    }
    struct mixture top = {0};
    for (size_t at = last_dot + 1; at < end; at++)
        add(&top, data[at]);
    const bool whole = name.lookalike >= 3 && name.other == 0 && name.latin == 0;
    if (whole && last_dot > begin && top.latin > 0 && top.other == 0)
        report(check, "a host", begin, end, &name);
    else
        words(check, "a host", begin, end);
}

static void hosts(struct vb_textcheck *check)
{
    const struct vb_item *item = check->item;
    for (size_t at = 0; at + 3 < item->len;) {
        const unsigned char *found = memmem(item->data + at, item->len - at, "://", 3);
        if (found == NULL)
            return;
        const size_t begin = (size_t)(found - item->data) + 3;
        size_t end = begin;
        while (end < item->len && end - begin < 256 && item->data[end] > ' ' &&
               strchr("/\"'`<>()[]{}|\\,;?#", item->data[end]) == NULL)
            end++;
        host(check, begin, end);
        at = end > begin ? end : begin;
    }
}

static size_t line_end(const struct vb_item *item, size_t at)
{
    const unsigned char *newline = memchr(item->data + at, '\n', item->len - at);
    return newline == NULL ? item->len : (size_t)(newline - item->data);
}

static bool starts(const struct vb_item *item, size_t at, const char *text)
{
    const size_t len = strlen(text);
    return item->len - at >= len && memcmp(item->data + at, text, len) == 0;
}

/* Names and commands of a Markdown file: "name:" lines of the front matter, and fenced code. */
static void prose_lines(struct vb_textcheck *check)
{
    const struct vb_item *item = check->item;
    const bool front = starts(item, 0, "---");
    bool in_front = front;
    struct vb_fence fence = {.length = 0};
    for (size_t at = 0; at < item->len;) {
        const size_t end = line_end(item, at);
        if (at > 0 && starts(item, at, "---"))
            in_front = false;
        if (vb_fence_see(&fence, item->data + at, end - at) == VB_FENCE_NONE && fence.length > 0)
            words(check, "a word in code", at, end);
        else if (fence.length == 0 && in_front && starts(item, at, "name:"))
            words(check, "a package name", at + 5, end);
        at = end + 1;
    }
}

static bool has_other_scripts(const struct vb_item *item)
{
    for (size_t i = 0; i < item->len; i++) {
        if (item->data[i] >= 0xC4)
            return true;
    }
    return false;
}

void vb_text_homoglyphs(struct vb_textcheck *check)
{
    if (!has_other_scripts(check->item))
        return;
    hosts(check);
    if (check->item->kind == VB_ITEM_PROSE)
        prose_lines(check);
    else if (check->item->kind == VB_ITEM_CODE)
        words(check, "a word in code", 0, check->item->len);
}

void vb_text_homoglyph_names(struct vb_textcheck *check)
{
    words(check, "a file name", 0, check->item->len);
}
