/* Cuts a text into units and passages, as tools/textmodel/features.py does for training, and finds
 * the texts in programs. Memory is a unit and the sums of the last three, whatever the text is. */
#include <string.h>

#include "scan/textmodel.h"

enum {
    WORDS_LEAST = 4, /* of a passage; */
    WORD_MOST = 16,  /* where those of a unit are longer than this on average, it is no language */
    UNIT_MOST = 400, /* from here on a unit ends at a blank, */
    UNIT_HARD = 500, /* and here whatever stands there */
    LITERAL_LEAST = 40, /* shorter strings, and those of fewer words, are no text */
    LITERAL_BLANKS = 4,
    LITERAL_MOST = 64 * 1024,
    DISTINCT_LEAST = 8, /* different words of a passage, of those that are looked at */
    DISTINCT_SLOTS = 256
};

struct unit {
    size_t begin, end; /* in the item */
    size_t bytes;
    struct vb_text_sum sum;
};

struct cutter {
    const struct vb_text_model *model;
    const struct vb_item *item;
    bool escaped;
    char text[VB_UNIT_BYTES]; /* the unit at hand: its lines joined by blanks */
    size_t len;
    size_t begin, end;
    struct unit last[VB_PASSAGE_UNITS]; /* the latest first */
    size_t units;
    struct vb_passage pending; /* the surest of those that overlap; chance 0: none */
    vb_passage_fn each;
    void *ctx;
};

/* --- passages --- */

/* One word over and over, or one without end, says nothing, whatever the model makes of its
 * letters. */
static bool has_words(const struct cutter *cutter, const struct vb_passage *passage)
{
    const unsigned char *text = cutter->item->data + passage->offset;
    bool seen[DISTINCT_SLOTS] = {false};
    unsigned distinct = 0;
    size_t endless = 0;
    for (size_t i = 0; i < passage->length;) {
        unsigned hash = 5381;
        size_t len = 0;
        for (; i + len < passage->length && text[i + len] > ' '; len++)
            hash = hash * 33 ^ text[i + len];
        /* Where words are not parted, the characters are so many: those of other scripts. */
        const unsigned many = text[i] >= 0x80 ? (unsigned)(len / 24) : 0;
        distinct += len > 0 && !seen[hash % DISTINCT_SLOTS] ? 1 + many : 0;
        seen[hash % DISTINCT_SLOTS] |= len > 0;
        endless += text[i] < 0x80 && len > LITERAL_LEAST ? len : 0;
        i += len + 1;
    }
    return distinct >= DISTINCT_LEAST && endless < passage->length / 2;
}

static void flush_pending(struct cutter *cutter)
{
    if (cutter->pending.chance > 0 && has_words(cutter, &cutter->pending))
        cutter->each(cutter->ctx, &cutter->pending);
    cutter->pending.chance = 0;
}

static void weigh(struct cutter *cutter, size_t begin, struct vb_text_sum sum)
{
    const struct vb_passage found = {begin, cutter->last[0].end - begin,
                                     vb_text_model_chance(cutter->model, sum)};
    if (!(found.chance >= cutter->model->threshold))
        return;
    if (cutter->pending.chance > 0 && begin >= cutter->pending.offset + cutter->pending.length)
        flush_pending(cutter);
    if (found.chance > cutter->pending.chance)
        cutter->pending = found;
}

/* The passages that end with the latest unit. */
static void weigh_last(struct cutter *cutter)
{
    struct vb_text_sum sum = {0};
    size_t bytes = 0;
    for (size_t i = 0; i < cutter->units; i++) {
        const struct unit *unit = &cutter->last[i];
        bytes += unit->bytes;
        if (unit->bytes > unit->sum.words * WORD_MOST || (i > 0 && bytes > VB_PASSAGE_MOST))
            return;
        sum.weights += unit->sum.weights;
        sum.count += unit->sum.count;
        sum.words += unit->sum.words;
        if (bytes >= VB_PASSAGE_LEAST && sum.words >= WORDS_LEAST)
            weigh(cutter, unit->begin, sum);
    }
}

/* --- units --- */

static bool blank(char letter)
{
    return letter == ' ' || letter == '\t';
}

static void end_unit(struct cutter *cutter)
{
    const struct vb_str text = {cutter->text, cutter->len};
    if (text.len > 0) {
        memmove(cutter->last + 1, cutter->last, (VB_PASSAGE_UNITS - 1) * sizeof(cutter->last[0]));
        cutter->last[0] = (struct unit){cutter->begin, cutter->end, text.len,
                                        vb_text_model_unit(cutter->model, text, cutter->escaped)};
        cutter->units += cutter->units < VB_PASSAGE_UNITS;
        weigh_last(cutter);
    }
    cutter->len = 0;
}

static void end_text(struct cutter *cutter)
{
    end_unit(cutter);
    cutter->units = 0;
}

static void add(struct cutter *cutter, const char *at, size_t len)
{
    const size_t offset = (size_t)(at - (const char *)cutter->item->data);
    if (cutter->len == 0)
        cutter->begin = offset;
    memcpy(cutter->text + cutter->len, at, len);
    cutter->len += len;
    cutter->end = offset + len;
}

/* How many bytes of a sentence's end stand at AT, 0: none. */
static size_t sentence_end(const char *at, size_t len)
{
    if (*at == '.' || *at == '!' || *at == '?')
        return len == 1 || (at[1] != '\0' && strchr(" \t\"')*`", at[1]) != NULL);
    if (len >= 3 && (memcmp(at, "\xe3\x80\x82", 3) == 0 || memcmp(at, "\xef\xbc\x81", 3) == 0 ||
                     memcmp(at, "\xef\xbc\x9f", 3) == 0))
        return 3;
    return 0;
}

static void add_line(struct cutter *cutter, struct vb_str line)
{
    if (cutter->len >= UNIT_MOST)
        end_unit(cutter);
    if (cutter->len > 0)
        cutter->text[cutter->len++] = ' ';
    for (size_t i = 0; i < line.len;) {
        const size_t stop = sentence_end(line.text + i, line.len - i);
        if (stop > 0 && cutter->len + stop >= VB_UNIT_LEAST) {
            add(cutter, line.text + i, stop);
            end_unit(cutter);
            i += stop;
            continue;
        }
        if (cutter->len >= UNIT_HARD || (cutter->len >= UNIT_MOST && blank(line.text[i])))
            end_unit(cutter);
        if (cutter->len > 0 || !blank(line.text[i]))
            add(cutter, line.text + i, 1);
        i++;
    }
}

/* --- prose: a heading, a list item, a quoted or a table's line begins a unit, as does an empty
 * line --- */

static bool mark(char letter)
{
    return letter != '\0' && strchr("-*+>#|", letter) != NULL;
}

/* The length of "12. " at AT, 0 for anything else. */
static size_t number_mark(const char *at, size_t len)
{
    size_t digits = 0;
    while (digits < len && digits < 3 && at[digits] >= '0' && at[digits] <= '9')
        digits++;
    if (digits == 0 || len - digits < 2 || (at[digits] != '.' && at[digits] != ')') ||
        !blank(at[digits + 1]))
        return 0;
    for (digits += 2; digits < len && blank(at[digits]); digits++)
        continue;
    return digits;
}

static struct vb_str from(struct vb_str line, size_t at)
{
    return (struct vb_str){line.text + at, line.len - at};
}

static void prose_line(struct cutter *cutter, struct vb_str line)
{
    size_t at = 0;
    while (at < line.len && blank(line.text[at]))
        at++;
    line = from(line, at);
    at = 0;
    while (at < line.len && (mark(line.text[at]) || (at > 0 && blank(line.text[at]))))
        at++;
    if (at == 0)
        at = number_mark(line.text, line.len);
    if (at > 0 || line.len == 0)
        end_unit(cutter);
    add_line(cutter, from(line, at));
}

static void cut_prose(struct cutter *cutter, struct vb_str text)
{
    while (text.len > 0) {
        const char *stop = memchr(text.text, '\n', text.len);
        const size_t len = stop == NULL ? text.len : (size_t)(stop - text.text);
        size_t kept = len;
        while (kept > 0 && text.text[kept - 1] == '\r')
            kept--;
        prose_line(cutter, (struct vb_str){text.text, kept});
        text = from(text, stop == NULL ? len : len + 1);
    }
}

/* --- programs: comments and strings --- */

struct piece {
    size_t begin, end; /* of the text in it */
    size_t after;
    bool literal;
};

static bool stands(struct vb_str text, size_t at, const char *word)
{
    const size_t len = strlen(word);
    return text.len - at >= len && memcmp(text.text + at, word, len) == 0;
}

/* The first MARK from AT on, or the end of the text; a backslash hides what follows it. */
static size_t find_mark(struct vb_str text, size_t at, const char *word, bool one_line,
                        size_t *none_until)
{
    const size_t end = text.len - at < LITERAL_MOST ? text.len : at + LITERAL_MOST;
    for (at = *none_until > at ? *none_until : at; at < end && !stands(text, at, word); at++) {
        if (one_line && text.text[at] == '\n')
            break;
        if (text.text[at] == '\\' && at + 1 < end)
            at++;
    }
    if (at < end && stands(text, at, word))
        return at;
    *none_until = at;
    return text.len;
}

/* Up to where each mark was looked for in vain, so that a text full of beginnings without an end is
 * not read once for each. */
struct looked {
    size_t quotes[5];
    size_t comment;
};

static bool literal_at(struct vb_str text, size_t at, struct looked *looked, struct piece *ret)
{
    static const char *const quotes[] = {"\"\"\"", "'''", "\"", "'", "`"};
    for (size_t i = 0; i < VB_ARRAY_LEN(quotes); i++) {
        if (!stands(text, at, quotes[i]))
            continue;
        const size_t len = strlen(quotes[i]), begin = at + len;
        const size_t end =
            find_mark(text, begin, quotes[i], quotes[i][0] != '`' && len == 1, &looked->quotes[i]);
        if (end == text.len)
            return false;
        *ret = (struct piece){begin, end, end + len, true};
        return true;
    }
    return false;
}

static bool comment_at(struct vb_str text, size_t at, struct looked *looked, struct piece *ret)
{
    const bool fresh = at == 0 || (text.text[at - 1] != ':' && text.text[at - 1] != '\\');
    const bool apart = at == 0 || blank(text.text[at - 1]) || text.text[at - 1] == '\n';
    if (stands(text, at, "/*")) {
        const size_t end = find_mark(text, at + 2, "*/", false, &looked->comment);
        *ret = (struct piece){at + 2, end, end == text.len ? end : end + 2, false};
        return end < text.len;
    }
    if (!(stands(text, at, "//") && fresh) && !(text.text[at] == '#' && apart))
        return false;
    const char *stop = memchr(text.text + at, '\n', text.len - at);
    const size_t end = stop == NULL ? text.len : (size_t)(stop - text.text);
    *ret = (struct piece){at + 1 + (text.text[at] == '/'), end, end, false};
    return true;
}

/* Strings that one text is made of stand with nothing between them. */
static bool joined(struct vb_str text, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        if (text.text[i] == '\0' || strchr(" \t\r\n+\\", text.text[i]) == NULL)
            return false;
    return true;
}

static bool worth(struct vb_str text, const struct piece *piece)
{
    size_t blanks = 0;
    if (!piece->literal)
        return true;
    for (size_t i = piece->begin; i < piece->end; i++)
        blanks += blank(text.text[i]) || (text.text[i] & 0x80) != 0;
    return piece->end - piece->begin >= LITERAL_LEAST && blanks >= LITERAL_BLANKS;
}

static void cut_program(struct cutter *cutter, struct vb_str text, bool comments)
{
    size_t last = 0;
    struct looked looked = {0};
    for (size_t at = 0; at < text.len;) {
        struct piece piece;
        if (!(comments && comment_at(text, at, &looked, &piece)) &&
            !literal_at(text, at, &looked, &piece)) {
            at++;
            continue;
        }
        if (worth(text, &piece)) {
            if (!joined(text, last, at))
                end_text(cutter);
            cutter->escaped = piece.literal;
            cut_prose(cutter, (struct vb_str){text.text + piece.begin, piece.end - piece.begin});
            end_unit(cutter);
            last = piece.after;
        }
        at = piece.after;
    }
}

static bool has_extension(const struct vb_item *item, const char *one, const char *other)
{
    const char *extension = vb_path_extension(item->path);
    return vb_ascii_equal(extension, one) || vb_ascii_equal(extension, other);
}

void vb_passages_each(const struct vb_text_model *model, const struct vb_item *item,
                      vb_passage_fn each, void *ctx)
{
    struct cutter cutter = {.model = model, .item = item, .each = each, .ctx = ctx};
    const struct vb_str text = {(const char *)item->data, item->len};
    if (has_extension(item, "svg", "xml"))
        return; /* pictures and tables of numbers */
    if (item->kind == VB_ITEM_PROSE || has_extension(item, "yaml", "yml"))
        cut_prose(&cutter, text);
    else if (item->kind != VB_ITEM_OTHER)
        cut_program(&cutter, text, item->kind == VB_ITEM_CODE);
    end_text(&cutter);
    flush_pending(&cutter);
}
