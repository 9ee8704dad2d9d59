/* Matches the phrases over a stream of normalised words. The text is hostile: memory is eight bytes
 * a word, matching backtracks within one sentence at most, and the table bounds how far. */
#include "scan/phrases.h"

#include <errno.h>
#include <string.h>

#include "scan/fold.h"

enum {
    WORD_BYTES = 24, /* longer words are in no phrase */
    VOCABULARY = 2048,
    MAX_ELEMENTS = 24,
    MAX_ALTERNATIVES = 4096,
    MAX_PATTERNS = 128,
    WORD_BREAK = 0xFFFF, /* the end of a sentence */
    SHORT_GAP = 3,
    LONG_GAP = 8
};

struct element {
    uint16_t first; /* alternatives, indices into phrases->alternatives */
    uint16_t count;
    uint8_t gap; /* this many words of any sort may be skipped; then there are no alternatives */
    bool optional;
    bool stop; /* the end of a sentence */
};

struct pattern {
    struct element elements[MAX_ELEMENTS];
    size_t length;
    unsigned phrase_class;
    const char *doc;
};

struct word_slot {
    char text[WORD_BYTES];
    uint16_t id; /* 0: free */
};

struct vb_phrases {
    struct word_slot vocabulary[VOCABULARY];
    uint16_t words;
    uint16_t alternatives[MAX_ALTERNATIVES];
    size_t alternative_count;
    struct pattern patterns[MAX_PATTERNS];
    size_t pattern_count;
    bool *starts;               /* starts[word * MAX_PATTERNS + pattern] */
    bool negations[VOCABULARY]; /* by word */
};

static const struct {
    unsigned phrase_class;
    const char *pattern;
    const char *doc;
} rows[] = {
#define VB_PHRASE(class, pattern, doc) {VB_PHRASE_##class, pattern, doc},
#include "scan/phrases.def"
#undef VB_PHRASE
};

/* FNV-1a, over the bytes of a word one by one. */
enum { HASH_BEGIN = 0x811C9DC5U & 0x7FFFFFFF };

static uint32_t hash_step(uint32_t hash, unsigned char byte)
{
    return (hash ^ byte) * 16777619U;
}

static size_t slot_of(const struct vb_phrases *phrases, const char *word, uint32_t hash)
{
    size_t slot = hash % VOCABULARY;
    while (phrases->vocabulary[slot].id != 0 && strcmp(phrases->vocabulary[slot].text, word) != 0)
        slot = (slot + 1) % VOCABULARY;
    return slot;
}

/* --- compiling the table: our own text, but every bound is checked --- */

static int add_word(struct vb_phrases *phrases, const char *text, size_t len, struct vb_error *err)
{
    char word[WORD_BYTES];
    if (len == 0 || len >= sizeof(word) || phrases->words >= VOCABULARY / 2 ||
        phrases->alternative_count == MAX_ALTERNATIVES)
        return vb_fail(err, VB_E_SOFTWARE, 0, "phrase table: word %.*s", (int)len, text);
    memcpy(word, text, len);
    word[len] = '\0';
    uint32_t hash = HASH_BEGIN;
    for (size_t i = 0; i < len; i++)
        hash = hash_step(hash, (unsigned char)word[i]);
    struct word_slot *slot = &phrases->vocabulary[slot_of(phrases, word, hash)];
    if (slot->id == 0) {
        memcpy(slot->text, word, len + 1);
        slot->id = ++phrases->words;
    }
    phrases->alternatives[phrases->alternative_count++] = slot->id;
    return VB_OK;
}

static int add_element(struct vb_phrases *phrases, struct pattern *pattern, const char *text,
                       size_t len, struct vb_error *err)
{
    if (pattern->length == MAX_ELEMENTS)
        return vb_fail(err, VB_E_SOFTWARE, 0, "phrase table: phrase too long");
    struct element *element = &pattern->elements[pattern->length++];
    *element = (struct element){.first = (uint16_t)phrases->alternative_count};
    if (text[0] == '*') {
        element->gap = len == 2 ? LONG_GAP : SHORT_GAP;
        return VB_OK;
    }
    if (text[0] == '.') {
        element->stop = true;
        return VB_OK;
    }
    element->optional = text[len - 1] == '?';
    len -= element->optional ? 1 : 0;
    for (size_t at = 0; at <= len;) {
        size_t stop = at;
        while (stop < len && text[stop] != '|')
            stop++;
        const int status = add_word(phrases, text + at, stop - at, err);
        if (status < 0)
            return status;
        element->count++;
        at = stop + 1;
    }
    return VB_OK;
}

static int add_pattern(struct vb_phrases *phrases, size_t row, struct vb_error *err)
{
    if (phrases->pattern_count == MAX_PATTERNS)
        return vb_fail(err, VB_E_SOFTWARE, 0, "phrase table: too many phrases");
    struct pattern *pattern = &phrases->patterns[phrases->pattern_count++];
    pattern->phrase_class = rows[row].phrase_class;
    pattern->doc = rows[row].doc;
    for (const char *at = rows[row].pattern; *at != '\0';) {
        const size_t len = strcspn(at, " ");
        const int status = add_element(phrases, pattern, at, len, err);
        if (status < 0)
            return status;
        at += len;
        at += strspn(at, " ");
    }
    return VB_OK;
}

static int add_negations(struct vb_phrases *phrases, struct vb_error *err)
{
    static const char *const words[] = {
        "than",    "not",      "never",   "cannot",   "avoid",  "prevent", "without", "no",
        "against", "detect",   "detects", "wont",     "doesnt", "didnt",   "cant",    "would",
        "could",   "prevents", "blocks",  "attempts", "if",     "whether"};
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        const int status = add_word(phrases, words[i], strlen(words[i]), err);
        if (status < 0)
            return status;
        phrases->negations[phrases->alternatives[phrases->alternative_count - 1]] = true;
    }
    return VB_OK;
}

/* A phrase may begin with its first word, and with those behind leading words that may be missing.
 */
static void index_pattern(struct vb_phrases *phrases, size_t index)
{
    const struct pattern *pattern = &phrases->patterns[index];
    bool optional = true;
    for (size_t e = 0; e < pattern->length && optional; e++) {
        const struct element *element = &pattern->elements[e];
        for (size_t k = 0; k < element->count; k++) {
            const uint16_t word = phrases->alternatives[element->first + k];
            phrases->starts[word * MAX_PATTERNS + index] = true;
        }
        optional = element->optional;
    }
}

static int index_starts(struct vb_phrases *phrases, struct vb_error *err)
{
    phrases->starts = calloc((size_t)phrases->words + 1, MAX_PATTERNS);
    if (phrases->starts == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "phrase table");
    for (size_t i = 0; i < phrases->pattern_count; i++)
        index_pattern(phrases, i);
    return VB_OK;
}

int vb_phrases_new(struct vb_phrases **ret, struct vb_error *err)
{
    struct vb_phrases *phrases = calloc(1, sizeof(*phrases));
    if (phrases == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "phrase table");
    int status = VB_OK;
    for (size_t i = 0; status == 0 && i < VB_ARRAY_LEN(rows); i++)
        status = add_pattern(phrases, i, err);
    if (status == 0)
        status = add_negations(phrases, err);
    if (status == 0)
        status = index_starts(phrases, err);
    if (status < 0)
        vb_phrases_free(phrases);
    else
        *ret = phrases;
    return status;
}

void vb_phrases_free(struct vb_phrases *phrases)
{
    if (phrases == NULL)
        return;
    free(phrases->starts);
    free(phrases);
}

/* --- words --- */

struct word {
    uint32_t offset;
    uint16_t id;    /* 0: in no phrase */
    uint8_t length; /* bytes in the original, 255 for more */
    bool disguised;
};

struct words {
    const struct vb_phrases *phrases;
    struct vb_buf list; /* of struct word */
    /* the word being read */
    char text[WORD_BYTES];
    size_t length; /* may exceed WORD_BYTES */
    uint32_t hash;
    size_t offset;
    bool disguised;
    unsigned newlines; /* since the last word */
};

static int push(struct words *words, const struct word *word, struct vb_error *err)
{
    return vb_buf_append(&words->list, word, sizeof(*word), err);
}

static int end_word(struct words *words, size_t at, struct vb_error *err)
{
    if (words->length == 0)
        return VB_OK;
    struct word word = {.offset = (uint32_t)words->offset, .disguised = words->disguised};
    const size_t bytes = at - words->offset;
    word.length = bytes > 255 ? 255 : (uint8_t)bytes;
    if (words->length < WORD_BYTES) {
        words->text[words->length] = '\0';
        word.id = words->phrases->vocabulary[slot_of(words->phrases, words->text, words->hash)].id;
    }
    words->length = 0;
    words->disguised = false;
    words->newlines = 0;
    return push(words, &word, err);
}

static int end_sentence(struct words *words, size_t at, struct vb_error *err)
{
    const struct word word = {.offset = (uint32_t)at, .id = WORD_BREAK};
    const int status = end_word(words, at, err);
    return status < 0 ? status : push(words, &word, err);
}

static void add_byte(struct words *words, unsigned char byte)
{
    if (words->length < WORD_BYTES)
        words->text[words->length] = (char)byte;
    words->length++;
    words->hash = hash_step(words->hash, byte);
}

static void begin_word(struct words *words, size_t at)
{
    if (words->length > 0)
        return;
    words->offset = at;
    words->hash = HASH_BEGIN;
}

static void add_letter(struct words *words, uint32_t code, size_t at)
{
    begin_word(words, at);
    unsigned char bytes[4];
    size_t count = 1;
    bytes[0] = (unsigned char)code;
    if (code >= 0x800) {
        const bool three = code < 0x10000;
        count = three ? 3 : 4;
        bytes[0] = (unsigned char)(three ? 0xE0 | code >> 12 : 0xF0 | code >> 18);
        for (size_t i = 1; i < count; i++)
            bytes[i] = (unsigned char)(0x80 | (code >> 6 * (count - 1 - i) & 0x3F));
    } else if (code >= 0x80) {
        count = 2;
        bytes[0] = (unsigned char)(0xC0 | code >> 6);
        bytes[1] = (unsigned char)(0x80 | (code & 0x3F));
    }
    for (size_t i = 0; i < count; i++)
        add_byte(words, bytes[i]);
}

static bool ascii_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The letters of plain ASCII from AT on: most of any text. Returns their end. */
static size_t add_ascii(struct words *words, const unsigned char *text, size_t len, size_t at)
{
    begin_word(words, at);
    for (; at < len && ascii_letter(text[at]); at++) {
        const unsigned char c = text[at];
        add_byte(words, c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c);
    }
    return at;
}

static bool cjk(uint32_t code)
{
    return (code >= 0x3040 && code <= 0x30FF) || (code >= 0x3400 && code <= 0x9FFF);
}

static bool word_letter(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9') || code == '_' ||
           (code >= 0xC0 && !(code >= 0x2000 && code <= 0x2BFF) &&
            !(code >= 0x3000 && code <= 0x303F) && !(code >= 0xFF00 && code <= 0xFF20));
}

/* One folded code point at AT, whose original is ORIGINAL and ends at NEXT. */
static int take(struct words *words, uint32_t code, uint32_t original, size_t at,
                struct vb_error *err)
{
    if (word_letter(code)) {
        int status = cjk(code) ? end_word(words, at, err) : VB_OK;
        add_letter(words, code, at);
        words->disguised =
            words->disguised || (original >= 0x80 && code < 0x80 && vb_lookalike(original) != 0);
        return status;
    }
    if (code == '\'' || code == 0x2019)
        return VB_OK;
    int status = end_word(words, at, err);
    words->newlines += code == '\n' ? 1 : 0;
    const bool stop = code == '!' || code == '?' || code == ';' || code == '.' || code == 0x3002;
    if (status == 0 && (stop || (code == '\n' && words->newlines == 2)))
        status = end_sentence(words, at, err);
    return status;
}

static bool plain_dot(const unsigned char *text, size_t len, size_t at)
{
    return text[at] == '.' && at + 1 < len && text[at + 1] > ' ' && text[at + 1] != '"' &&
           text[at + 1] != '\'';
}

static int take_code(struct words *words, const unsigned char *text, size_t len, size_t at,
                     size_t *ret_used, struct vb_error *err)
{
    uint32_t code = text[at];
    *ret_used = 1;
    if (code >= 0x80)
        *ret_used = vb_utf8_decode(text + at, len - at, &code);
    if (plain_dot(text, len, at)) /* MEMORY.md is two words of one sentence */
        code = ' ';
    uint32_t folded[VB_FOLD_MAX];
    const size_t count = vb_fold(code, folded);
    if (count == 0 && words->length > 0)
        words->disguised = true;
    for (size_t i = 0; i < count; i++) {
        const int status = take(words, folded[i], code, at, err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}

static int read_words(struct words *words, const unsigned char *text, size_t len,
                      struct vb_error *err)
{
    for (size_t at = 0; at < len;) {
        if (ascii_letter(text[at])) {
            at = add_ascii(words, text, len, at);
            continue;
        }
        size_t used;
        const int status = take_code(words, text, len, at, &used, err);
        if (status < 0)
            return status;
        at += used;
    }
    return end_word(words, len, err);
}

/* --- matching --- */

struct matching {
    const struct vb_phrases *phrases;
    const struct pattern *pattern;
    const struct word *words;
    size_t count;
    unsigned steps; /* left: backtracking cannot run away */
};

static bool any_of(const struct matching *m, const struct element *element, uint16_t id)
{
    for (size_t i = 0; i < element->count; i++) {
        if (m->phrases->alternatives[element->first + i] == id)
            return true;
    }
    return false;
}

/* Matches the elements from E on at word W. Returns the index behind the last word, 0 if none. The
 * depth is the phrase's length. */
static size_t match_from(struct matching *m, size_t e, size_t w)
{
    if (e == m->pattern->length)
        return w;
    if (m->steps == 0)
        return 0;
    m->steps--;
    const struct element *element = &m->pattern->elements[e];
    const size_t most = element->gap > 0 ? element->gap : 0;
    if (element->gap > 0) {
        for (size_t skipped = 0; skipped <= most; skipped++) {
            const size_t end = match_from(m, e + 1, w + skipped);
            if (end != 0)
                return end;
            if (w + skipped >= m->count || m->words[w + skipped].id == WORD_BREAK)
                return 0;
        }
        return 0;
    }
    if (element->stop)
        return w == m->count || m->words[w].id == WORD_BREAK ? match_from(m, e + 1, w) : 0;
    if (w < m->count && m->words[w].id != 0 && any_of(m, element, m->words[w].id)) {
        const size_t end = match_from(m, e + 1, w + 1);
        if (end != 0)
            return end;
    }
    return element->optional ? match_from(m, e + 1, w) : 0;
}

static struct vb_phrase_hit make_hit(const struct matching *m, size_t begin, size_t end)
{
    const struct word *last = &m->words[end - 1];
    struct vb_phrase_hit hit = {.offset = m->words[begin].offset,
                                .length = last->offset + last->length - m->words[begin].offset,
                                .phrase_class = m->pattern->phrase_class,
                                .doc = m->pattern->doc};
    for (size_t i = begin; i < end; i++)
        hit.disguised = hit.disguised || (m->words[i].disguised && m->words[i].id != 0);
    return hit;
}

/* "rather than silently sending", "never exfiltrate": the opposite is meant. */
static bool negated(const struct matching *m, size_t w)
{
    return w > 0 && m->words[w - 1].id != 0 && m->words[w - 1].id != WORD_BREAK &&
           m->phrases->negations[m->words[w - 1].id];
}

static size_t match_word(struct matching *m, unsigned classes, size_t w, struct vb_phrase_hit *hit)
{
    enum { STEPS = 4000 };
    const bool *starts = &m->phrases->starts[m->words[w].id * MAX_PATTERNS];
    for (size_t i = 0; i < m->phrases->pattern_count; i++) {
        m->pattern = &m->phrases->patterns[i];
        if (!starts[i] || (m->pattern->phrase_class & classes) == 0 || negated(m, w))
            continue;
        m->steps = STEPS;
        const size_t end = match_from(m, 0, w);
        if (end > w) {
            *hit = make_hit(m, w, end);
            return end;
        }
    }
    return 0;
}

int vb_phrases_find(const struct vb_phrases *phrases, unsigned classes, struct vb_str text,
                    struct vb_phrase_hit hits[VB_PHRASE_HITS], size_t *ret_count,
                    struct vb_error *err)
{
    struct words words = {.phrases = phrases};
    const size_t len = text.len < UINT32_MAX ? text.len : UINT32_MAX;
    *ret_count = 0;
    vb_buf_init(&words.list, (len + 2) * 2 * sizeof(struct word));
    const int status = read_words(&words, (const unsigned char *)text.text, len, err);
    struct matching m = {.phrases = phrases,
                         .words = (const struct word *)(const void *)words.list.data,
                         .count = words.list.len / sizeof(struct word)};
    for (size_t w = 0; status == 0 && w < m.count && *ret_count < VB_PHRASE_HITS;) {
        const uint16_t id = m.words[w].id;
        const size_t end =
            id == 0 || id == WORD_BREAK ? 0 : match_word(&m, classes, w, &hits[*ret_count]);
        *ret_count += end > 0 ? 1 : 0;
        w = end > 0 ? end : w + 1;
    }
    vb_buf_done(&words.list);
    return status;
}

/* One class at a time: "you must run" and "run … to https" overlap. */
int vb_phrases_instruct(const struct vb_phrases *phrases, const unsigned char *text, size_t len,
                        bool *ret_instructs, struct vb_phrase_hit *ret_hit, struct vb_error *err)
{
    static const unsigned order[] = {VB_PHRASE_STRONG, VB_PHRASE_ADDRESS, VB_PHRASE_HARM};
    const struct vb_str whole = {(const char *)text, len};
    struct vb_phrase_hit hits[VB_PHRASE_HITS];
    bool address = false;
    *ret_instructs = false;
    for (size_t i = 0; i < VB_ARRAY_LEN(order); i++) {
        size_t count;
        const int status = vb_phrases_find(phrases, order[i], whole, hits, &count, err);
        if (status < 0)
            return status;
        address = address || (count > 0 && order[i] == VB_PHRASE_ADDRESS);
        const bool enough = order[i] == VB_PHRASE_STRONG || (order[i] == VB_PHRASE_HARM && address);
        if (count > 0 && enough) {
            *ret_instructs = true;
            *ret_hit = hits[0];
            return VB_OK;
        }
    }
    return VB_OK;
}
