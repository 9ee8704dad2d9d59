/* Characters that nobody sees, or that reorder, overwrite or recolour what is seen. What ordinary
 * text needs (emoji, right-to-left scripts, Indic joiners, soft hyphens) is no finding. */
#include <string.h>

#include "scan/fold.h"
#include "scan/textcheck.h"

enum {
    SHOWN_BYTES = 200, /* of a decoded secret text */
    IN_WORD_MIN = 3,   /* single invisible characters inside words */
    SELECTOR_MIN = 4,  /* single variation selectors behind plain letters */
    FLAG_TAGS = 8      /* tags of an emoji flag: at most six and the cancel tag */
};

enum class {
    CLASS_SEEN,
    CLASS_TAG,
    CLASS_SELECTOR,
    CLASS_BIDI,      /* embeddings, overrides, isolates */
    CLASS_ZERO_WIDTH /* also fillers */
};

static enum class classify(uint32_t code) {
    if (code >= 0xE0001 && code <= 0xE007F) return CLASS_TAG;
    if ((code >= 0xFE00 && code <= 0xFE0F) ||
        (code >= 0xE0100 && code <= 0xE01EF)) return CLASS_SELECTOR;
    if ((code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069)) return CLASS_BIDI;
    /* Braille blanks are drawn in progress bars; line separators are seen. */
    if (code == 0x2800 || code == 0x2028 || code == 0x2029) return CLASS_SEEN;
    return vb_code_invisible(code) ? CLASS_ZERO_WIDTH : CLASS_SEEN;
}

struct reading {
    struct vb_textcheck *check;
    uint32_t before; /* the last character that is seen, 0 at the beginning */
    size_t in_word;  /* single invisible characters between letters */
    size_t in_word_at;
    size_t selectors; /* single selectors behind plain letters */
    size_t selectors_at;
};

struct run {
    enum class class;
    size_t begin, end;
    size_t count;
    uint32_t before, after;
    char shown[SHOWN_BYTES + 1]; /* what tags and selectors spell */
    size_t shown_len;
};

static void show(struct run *run, uint32_t byte)
{
    if (run->shown_len < SHOWN_BYTES)
        run->shown[run->shown_len++] = byte >= 0x20 && byte < 0x7F ? (char)byte : '.';
    run->shown[run->shown_len] = '\0';
}

static void add_to_run(struct run *run, uint32_t code)
{
    run->count++;
    if (run->class == CLASS_TAG)
        show(run, code - 0xE0000);
    else if (run->class == CLASS_SELECTOR)
        show(run, code >= 0xE0100 ? code - 0xE0100 + 16 : code - 0xFE00);
}

static bool letter_or_digit(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
           (code >= '0' && code <= '9');
}

static void found(struct reading *reading, enum vb_text_code code, const struct run *run,
                  const char *what)
{
    char detail[VB_TEXT_DETAIL];
    (void)snprintf(detail, sizeof(detail), "%zu %s%s%s", run->count, what,
                   run->shown_len > 0 ? ", decoded: " : "", run->shown);
    vb_text_add(reading->check, code, run->begin, run->end - run->begin, detail);
}

static void tags(struct reading *reading, const struct run *run)
{
    const bool flag = run->before == 0x1F3F4 && run->count <= FLAG_TAGS;
    if (!flag)
        found(reading, VB_TEXT_INVISIBLE_TAGS, run, "tag characters");
}

static void selectors(struct reading *reading, const struct run *run)
{
    if (run->count >= 2) {
        found(reading, VB_TEXT_VARIATION_SMUGGLING, run, "variation selectors in a row");
        return;
    }
    const bool letter = letter_or_digit(run->before) && run->after != 0x20E3 &&
                        !(run->before >= '0' && run->before <= '9');
    if (letter && reading->selectors++ == 0)
        reading->selectors_at = run->begin;
}

static void zero_width(struct reading *reading, const struct run *run)
{
    const bool spelling = vb_code_takes_joiner(run->before) || vb_code_takes_joiner(run->after);
    const bool mark_at_start = run->begin == 0; /* byte order mark */
    if (run->count >= 3 || (run->count == 2 && !spelling && !mark_at_start)) {
        found(reading, VB_TEXT_INVISIBLE_RUN, run, "invisible characters in a row");
        return;
    }
    const bool between = letter_or_digit(run->before) && letter_or_digit(run->after);
    const uint32_t soft_hyphen = 0xC2; /* its first byte: U+00AD is spelling, too */
    if (between && reading->check->item->data[run->begin] != soft_hyphen && reading->in_word++ == 0)
        reading->in_word_at = run->begin;
}

static bool line_has_rtl(const struct vb_item *item, size_t at)
{
    size_t begin = at;
    while (begin > 0 && at - begin < 2000 && item->data[begin - 1] != '\n')
        begin--;
    for (size_t i = begin; i < item->len && item->data[i] != '\n' && i - begin < 4000;) {
        uint32_t code;
        i += vb_utf8_decode(item->data + i, item->len - i, &code);
        if (vb_code_rtl(code))
            return true;
    }
    return false;
}

static void bidi(struct reading *reading, const struct run *run)
{
    const struct vb_item *item = reading->check->item;
    if (item->kind == VB_ITEM_CODE || !line_has_rtl(item, run->begin))
        found(reading, VB_TEXT_BIDI_CONTROL, run, "bidirectional controls");
}

static void end_run(struct reading *reading, const struct run *run)
{
    static void (*const judges[])(struct reading *,
                                  const struct run *) = {[CLASS_TAG] = tags,
                                                         [CLASS_SELECTOR] = selectors,
                                                         [CLASS_BIDI] = bidi,
                                                         [CLASS_ZERO_WIDTH] = zero_width};
    if (run->count > 0)
        judges[run->class](reading, run);
}

static size_t plain_end(const struct vb_item *item, size_t at)
{
    while (at < item->len && item->data[at] < 0x80)
        at++;
    return at;
}

static void read_all(struct reading *reading)
{
    const struct vb_item *item = reading->check->item;
    struct run run = {0};
    for (size_t at = 0; at < item->len;) {
        if (run.count == 0 && item->data[at] < 0x80) { /* most text, at a gallop */
            at = plain_end(item, at);
            reading->before = item->data[at - 1];
            continue;
        }
        uint32_t code;
        const size_t used = vb_utf8_decode(item->data + at, item->len - at, &code);
        const enum class class = code < 0x80 ? CLASS_SEEN : classify(code);
        if (class != run.class || class == CLASS_SEEN) {
            run.after = code;
            run.end = at;
            end_run(reading, &run);
            run = (struct run){.class = class, .begin = at, .before = reading->before};
        }
        if (class == CLASS_SEEN)
            reading->before = code;
        else
            add_to_run(&run, code);
        at += used;
    }
    run.after = 0;
    run.end = item->len;
    end_run(reading, &run);
}

void vb_text_characters(struct vb_textcheck *check)
{
    struct reading reading = {.check = check};
    char detail[VB_TEXT_DETAIL];
    read_all(&reading);
    if (reading.in_word >= IN_WORD_MIN) {
        (void)snprintf(detail, sizeof(detail), "invisible characters inside %zu words",
                       reading.in_word);
        vb_text_add(check, VB_TEXT_INVISIBLE_RUN, reading.in_word_at, 3, detail);
    }
    if (reading.selectors >= SELECTOR_MIN) {
        (void)snprintf(detail, sizeof(detail), "variation selectors behind %zu plain letters",
                       reading.selectors);
        vb_text_add(check, VB_TEXT_VARIATION_SMUGGLING, reading.selectors_at, 3, detail);
    }
}

/* --- terminal sequences --- */

/* What an escape sequence does; NULL for colours and the like, which logs and tests are full of. */
static const char *sequence(const unsigned char *text, size_t len)
{
    if (len < 3)
        return NULL;
    if (text[1] == ']')
        return text[2] == '8'   ? "a terminal hyperlink (OSC 8)"
               : text[2] == '5' ? "a terminal command that reaches the clipboard (OSC 52)"
                                : "an operating system command to the terminal";
    if (text[1] == 'P' || text[1] == '_' || text[1] == '^')
        return "a device control string";
    if (text[1] != '[')
        return text[1] == 'c' ? "a terminal reset" : NULL;
    size_t i = 2;
    while (i < len && i < 24 &&
           (text[i] == ';' || text[i] == '?' || (text[i] >= '0' && text[i] <= '9')))
        i++;
    if (i == len || i == 24)
        return NULL;
    if (text[i] == 'm')
        return i == 3 && text[2] == '8' ? "text set to be concealed" : NULL;
    return strchr("ABCDEFGHJKST", text[i]) != NULL && text[i] != '\0' ? "cursor movement or erasure"
                                                                      : NULL;
}

static void escapes(struct vb_textcheck *check)
{
    const struct vb_item *item = check->item;
    for (size_t at = 0; at < item->len; at++) {
        const unsigned char *esc = memchr(item->data + at, 0x1B, item->len - at);
        if (esc == NULL)
            return;
        at = (size_t)(esc - item->data);
        const char *what = sequence(esc, item->len - at);
        if (what != NULL)
            vb_text_add(check, VB_TEXT_TERMINAL_ESCAPE, at, 8, what);
    }
}

/* A lone carriage return lets the rest of the line be printed over its beginning. */
static void overwrites(struct vb_textcheck *check)
{
    const struct vb_item *item = check->item;
    if (memchr(item->data, '\n', item->len) == NULL)
        return; /* line ends of old Macs */
    for (size_t at = 0; at + 1 < item->len; at++) {
        const unsigned char *found_at = memchr(item->data + at, '\r', item->len - at);
        if (found_at == NULL)
            return;
        at = (size_t)(found_at - item->data);
        if (at + 1 >= item->len || at == 0)
            return;
        const unsigned char next = found_at[1];
        const unsigned char before = found_at[-1];
        if (next > ' ' && next != 0x7F && before > ' ')
            vb_text_add(check, VB_TEXT_TERMINAL_ESCAPE, at, 8,
                        "a carriage return that overwrites its line");
    }
}

void vb_text_terminal(struct vb_textcheck *check)
{
    escapes(check);
    overwrites(check);
}
