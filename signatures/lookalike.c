/* Look-alikes of names. Trust boundary: the name is the package's; its length is bounded here. What
 * honest neighbours have in common (a prefix, a suffix, a number at the end) is no likeness. */
#include "signatures/lookalike.h"

enum {
    NAME_MAX_CHARS = 128,
    PARTS_MAX = 8,
    TWO_SLIPS = 11 /* letters of a word in which two slips are one mistake */
};

static const char separators[] = "-_./@ ";

/* --- forms of a name --- */

/* Letters that look like others, as UTF-8 and what they are read as. */
static const struct {
    const char *letter;
    const char *read;
} alike[] = {
    {"а", "a"}, {"в", "b"}, {"с", "c"},  {"ԁ", "d"},  {"е", "e"}, {"һ", "h"}, {"і", "i"},
    {"ј", "j"}, {"к", "k"}, {"ӏ", "l"},  {"м", "m"},  {"о", "o"}, {"р", "p"}, {"ԛ", "q"},
    {"г", "r"}, {"ѕ", "s"}, {"т", "t"},  {"ѵ", "v"},  {"ԝ", "w"}, {"х", "x"}, {"у", "y"},
    {"α", "a"}, {"β", "b"}, {"ε", "e"},  {"ι", "i"},  {"κ", "k"}, {"ν", "v"}, {"ο", "o"},
    {"ρ", "p"}, {"τ", "t"}, {"υ", "u"},  {"χ", "x"},  {"ɑ", "a"}, {"ı", "i"}, {"ł", "l"},
    {"0", "o"}, {"1", "l"}, {"rn", "m"}, {"vv", "w"}, {"‐", "-"}, {"‑", "-"}, {"–", "-"},
};

/* Lower case of ASCII, cut at the limit. */
static void lower(const char *name, char ret[NAME_MAX_CHARS])
{
    size_t len = 0;

    for (; name[len] != '\0' && len + 1 < NAME_MAX_CHARS; len++)
        ret[len] = vb_ascii_lower(name[len]);
    ret[len] = '\0';
}

/* As it is read: every letter that looks like another one as that, fullwidth forms as ASCII, and
 * nothing that is not seen. */
static size_t read_letter(const char *at, size_t left, char *ret, size_t *ret_len)
{
    uint32_t code;

    *ret_len = 1;
    ret[0] = *at;
    if ((unsigned char)*at < 0x80 && strchr("01rv", *at) == NULL)
        return 1; /* what nearly all letters are */
    for (size_t i = 0; i < VB_ARRAY_LEN(alike); i++) {
        const size_t len = strlen(alike[i].letter);
        if (len > left || memcmp(at, alike[i].letter, len) != 0)
            continue;
        ret[0] = alike[i].read[0];
        *ret_len = 1;
        return len;
    }
    const size_t len = vb_utf8_decode(at, left, &code);
    *ret_len = 0;
    if (code >= 0xff01 && code <= 0xff5e) {
        ret[0] = vb_ascii_lower((char)(code - 0xff01 + '!'));
        *ret_len = 1;
    } else if (!vb_code_invisible(code)) {
        memcpy(ret, at, len);
        *ret_len = len;
    }
    return len;
}

static void skeleton(const char *name, char ret[NAME_MAX_CHARS])
{
    const size_t len = strlen(name);
    size_t at = 0, out = 0;

    while (at < len && out + 5 < NAME_MAX_CHARS) {
        size_t written;
        at += read_letter(name + at, len - at, ret + out, &written);
        out += written;
    }
    ret[out] = '\0';
}

static void without_separators(const char *name, char ret[NAME_MAX_CHARS])
{
    size_t len = 0;

    for (; *name != '\0'; name++) {
        if (strchr(separators, *name) == NULL)
            ret[len++] = *name;
    }
    ret[len] = '\0';
}

struct part {
    const char *text;
    size_t len;
};

static size_t split(const char *name, struct part ret[PARTS_MAX])
{
    size_t count = 0;

    while (*name != '\0' && count < PARTS_MAX) {
        name += strspn(name, separators);
        const size_t len = strcspn(name, separators);
        if (len > 0)
            ret[count++] = (struct part){name, len};
        name += len;
    }
    return *name == '\0' ? count : 0;
}

/* --- slips --- */

/* On a keyboard, each row of which is shifted half a key. */
static bool neighbours(char a, char b)
{
    static const char *const rows[] = {"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"};
    int at[2][2] = {{-1, -1}, {-1, -1}};

    for (int row = 0; row < (int)VB_ARRAY_LEN(rows); row++) {
        const char *first = strchr(rows[row], a), *second = strchr(rows[row], b);
        if (first != NULL)
            at[0][0] = row, at[0][1] = (int)(first - rows[row]);
        if (second != NULL)
            at[1][0] = row, at[1][1] = (int)(second - rows[row]);
    }
    if (at[0][0] < 0 || at[1][0] < 0)
        return false;
    const int down = at[1][0] - at[0][0], right = at[1][1] - at[0][1];
    if (down == 0)
        return right == 1 || right == -1;
    return (down == 1 && (right == 0 || right == -1)) || (down == -1 && (right == 0 || right == 1));
}

/* A slip, and the least length of a word in which it is one: shorter words are close to other words
 * that somebody may mean. */
struct slip {
    const char *how; /* NULL: none */
    size_t least;
};

/* One letter more or less, at AT of the longer word; nobody mistakes the first letter. */
static struct slip one_letter(const struct part *longer, size_t at)
{
    const char more = longer->text[at];
    const bool doubled = (at > 0 && longer->text[at - 1] == more) ||
                         (at + 1 < longer->len && longer->text[at + 1] == more);
    const bool plural = at + 1 == longer->len && more == 's';

    if (at == 0)
        return (struct slip){"letters", 10};
    if (doubled)
        return (struct slip){"letters", 5};
    return (struct slip){"letters", plural ? 8 : 6};
}

/* One letter for another: fingers hit a neighbour. */
static struct slip other_letter(char a, char b, size_t at)
{
    if (at == 0)
        return (struct slip){"letters", 10};
    return neighbours(a, b) ? (struct slip){"keyboard", 7} : (struct slip){"letters", 8};
}

static struct slip one_slip(struct part a, struct part b)
{
    static const struct slip none = {NULL, 0};
    const struct part *shorter = a.len <= b.len ? &a : &b, *longer = a.len <= b.len ? &b : &a;
    size_t head = 0, tail = 0;

    if (longer->len - shorter->len > 1)
        return none;
    while (head < shorter->len && a.text[head] == b.text[head])
        head++;
    while (tail < shorter->len - head && a.text[a.len - 1 - tail] == b.text[b.len - 1 - tail])
        tail++;
    const size_t rest = shorter->len - head - tail;
    if (longer->len > shorter->len)
        return rest == 0 ? one_letter(longer, head) : none;
    if (rest == 2 && a.text[head] == b.text[head + 1] && a.text[head + 1] == b.text[head])
        return (struct slip){"swapped", 5};
    return rest == 1 ? other_letter(a.text[head], b.text[head], head) : none;
}

/* Whether the two differ in two slips at most, for long words. Damerau's distance, cut at 2. */
static bool two_slips(struct part a, struct part b)
{
    unsigned char rows[3][NAME_MAX_CHARS];

    for (size_t k = 0; k <= b.len; k++)
        rows[0][k] = (unsigned char)k;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned char *row = rows[i % 3];
        const unsigned char *above = rows[(i + 2) % 3], *twice = rows[(i + 1) % 3];
        row[0] = (unsigned char)i;
        for (size_t k = 1; k <= b.len; k++) {
            const bool same = a.text[i - 1] == b.text[k - 1];
            unsigned best = above[k - 1] + (same ? 0U : 1U);
            if (above[k] + 1U < best)
                best = above[k] + 1U;
            if (row[k - 1] + 1U < best)
                best = row[k - 1] + 1U;
            if (i > 1 && k > 1 && a.text[i - 1] == b.text[k - 2] &&
                a.text[i - 2] == b.text[k - 1] && twice[k - 2] + 1U < best)
                best = twice[k - 2] + 1U;
            row[k] = (unsigned char)best;
        }
    }
    return rows[a.len % 3][b.len] <= 2;
}

static struct part without_number(struct part part)
{
    while (part.len > 0 && part.text[part.len - 1] >= '0' && part.text[part.len - 1] <= '9')
        part.len--;
    return part;
}

static bool equal(struct part a, struct part b)
{
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

/* How part A is mistaken for part B of a name. Another number at the end is another version. */
static const char *slip(struct part a, struct part b)
{
    if (equal(without_number(a), without_number(b)))
        return NULL;
    const struct slip one = one_slip(a, b);
    if (one.how != NULL)
        return b.len >= one.least ? one.how : NULL;
    return b.len >= TWO_SLIPS && a.len + 2 >= b.len && b.len + 2 >= a.len && two_slips(a, b)
               ? "letters"
               : NULL;
}

/* Exactly one part differs, by a slip. */
static const char *parts_slip(const char *name, const char *target)
{
    struct part a[PARTS_MAX], b[PARTS_MAX];
    const size_t count = split(name, a);
    const char *how = NULL;

    if (count == 0 || count != split(target, b))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (equal(a[i], b[i]))
            continue;
        if (how != NULL)
            return NULL;
        how = slip(a[i], b[i]);
        if (how == NULL)
            return NULL;
    }
    return how;
}

/* --- the whole --- */

static const char *likeness(const char *given, const char *wanted, bool strict)
{
    enum { JOINED_MIN = 6 };
    char name[NAME_MAX_CHARS] = "", target[NAME_MAX_CHARS] = "";
    char plain[NAME_MAX_CHARS], other[NAME_MAX_CHARS];

    lower(given, name);
    lower(wanted, target);
    if (strcmp(name, target) == 0)
        return NULL;
    skeleton(name, plain);
    skeleton(target, other);
    if (strcmp(plain, other) == 0)
        return "homoglyph";
    without_separators(name, plain);
    without_separators(target, other);
    if (strlen(other) >= JOINED_MIN && strcmp(plain, other) == 0)
        return (name[0] == '@') != (target[0] == '@') ? "scope" : "separator";
    return strict ? NULL : parts_slip(name, target);
}

const char *vb_name_lookalike(const char *name, const char *target)
{
    return likeness(name, target, false);
}

const char *vb_name_lookalike_strict(const char *name, const char *target)
{
    return likeness(name, target, true);
}

/* --- the list --- */

enum index { NPM, PYPI, SKILL, PUBLISHER, INDEXES };

static const struct {
    enum index index;
    const char *name;
} popular[] = {
#define VB_POPULAR(index, name) {index, name},
#include "signatures/popular.def"
#undef VB_POPULAR
};

/* The first row whose word the kind begins with. */
static enum index index_of(const char *kind)
{
    static const struct {
        const char *begins;
        enum index index;
    } rows[] = {
        {"npm", NPM},   {"mcp-server", NPM},    {"python", PYPI},
        {"pypi", PYPI}, {"agent-skill", SKILL}, {"openclaw-skill", SKILL},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (strncmp(kind, rows[i].begins, strlen(rows[i].begins)) == 0)
            return rows[i].index;
    }
    return INDEXES;
}

/* PEP 503: for Python '-', '_' and '.' are one. */
static void unify(char name[NAME_MAX_CHARS])
{
    for (; *name != '\0'; name++) {
        if (*name == '_' || *name == '.')
            *name = '-';
    }
}

static bool same_name(const char *a, const char *b, bool python)
{
    char first[NAME_MAX_CHARS], second[NAME_MAX_CHARS];

    lower(a, first);
    lower(b, second);
    if (python) {
        unify(first);
        unify(second);
    }
    return strcmp(first, second) == 0;
}

bool vb_name_lookalike_popular(const char *kind, const char *name,
                               struct vb_name_lookalike_found *ret)
{
    const enum index index = index_of(kind);
    struct vb_name_lookalike_found found = {0};

    for (size_t i = 0; i < VB_ARRAY_LEN(popular); i++) {
        if (popular[i].index != index)
            continue;
        if (same_name(name, popular[i].name, index == PYPI))
            return false;
        /* Skills are called by common words, which are close to each other. */
        const char *how = index == SKILL ? vb_name_lookalike_strict(name, popular[i].name)
                                         : vb_name_lookalike(name, popular[i].name);
        if (how != NULL && found.how == NULL)
            found = (struct vb_name_lookalike_found){popular[i].name, how};
    }
    if (found.how != NULL)
        *ret = found;
    return found.how != NULL;
}

/* --- publishers --- */

static bool is_first_name(struct part word)
{
    static const char *const names[] = {
#define VB_FIRST_NAME(name) name,
#include "signatures/firstnames.def"
#undef VB_FIRST_NAME
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        if (strlen(names[i]) == word.len && memcmp(names[i], word.text, word.len) == 0)
            return true;
    }
    return false;
}

/* As parts_slip, but that one first name is not another one. */
static const char *people_slip(const char *name, const char *target)
{
    struct part a[PARTS_MAX], b[PARTS_MAX];
    const char *how = parts_slip(name, target);
    const size_t count = how == NULL ? 0 : split(name, a);

    if (count == 0 || count != split(target, b))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (!equal(a[i], b[i]) && (is_first_name(a[i]) || is_first_name(b[i])))
            return NULL;
    }
    return how;
}

const char *vb_name_publisher_lookalike(const char *name, const char *target, bool *ret_same)
{
    char given[NAME_MAX_CHARS] = "", wanted[NAME_MAX_CHARS] = "";
    char plain[NAME_MAX_CHARS], other[NAME_MAX_CHARS];

    lower(name, given);
    lower(target, wanted);
    without_separators(given, plain);
    without_separators(wanted, other);
    *ret_same = strcmp(plain, other) == 0;
    if (*ret_same)
        return NULL;
    skeleton(given, plain);
    skeleton(wanted, other);
    return strcmp(plain, other) == 0 ? "homoglyph" : people_slip(given, wanted);
}

bool vb_name_publisher(const char *name, struct vb_name_lookalike_found *ret)
{
    bool same = false;

    for (size_t i = 0; !same && i < VB_ARRAY_LEN(popular); i++) {
        if (popular[i].index != PUBLISHER)
            continue;
        const char *how = vb_name_publisher_lookalike(name, popular[i].name, &same);
        if (how != NULL && ret->how == NULL)
            *ret = (struct vb_name_lookalike_found){popular[i].name, how};
    }
    return same;
}
