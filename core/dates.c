/* Code that looks at the date, told by its words: one pass over bytes that nobody trusts. */
#include <string.h>

#include "vetbox/core/text.h"

enum how { DATE, HIDDEN };

static const struct word {
    const char *text;
    enum how how;
} words[] = {
#define VB_DATE_WORD(text, how) {text, how},
#include "core/dates.def"
#undef VB_DATE_WORD
};

static bool in_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* `exec(code)`, and neither `pattern.exec(text)` nor `exec("ls")`. */
static bool runs_unread(const unsigned char *text, size_t len, size_t at, size_t end)
{
    return text[end - 1] != '(' ||
           ((at == 0 || text[at - 1] != '.') && end < len && in_word(text[end]));
}

static const struct word *word_at(const unsigned char *text, size_t len, size_t at)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        const size_t size = strlen(words[i].text);
        if (size > len - at || memcmp(text + at, words[i].text, size) != 0 ||
            (at > 0 && in_word(text[at]) && in_word(text[at - 1])))
            continue;
        if (words[i].how == DATE || runs_unread(text, len, at, at + size))
            return &words[i];
    }
    return NULL;
}

/* A bit for each pair of bytes that a word begins with: most of a text is passed over by them. */
struct beginnings {
    unsigned char bits[65536 / 8];
};

static void find_beginnings(struct beginnings *ret)
{
    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        const unsigned char *word = (const unsigned char *)words[i].text;
        const unsigned pair = (unsigned)word[0] << 8 | word[1];
        ret->bits[pair / 8] |= (unsigned char)(1U << pair % 8);
    }
}

enum vb_date_sign vb_date_sign(const void *data, size_t len, const char **ret_word, size_t *ret_at)
{
    const unsigned char *text = data;
    enum vb_date_sign sign = VB_DATE_NONE;
    struct beginnings beginnings;
    find_beginnings(&beginnings);
    for (size_t i = 0; i + 1 < len && sign != VB_DATE_READ; i++) {
        const unsigned pair = (unsigned)text[i] << 8 | text[i + 1];
        if ((beginnings.bits[pair / 8] >> pair % 8 & 1) == 0)
            continue;
        const struct word *word = word_at(text, len, i);
        if (word == NULL || (word->how == HIDDEN && sign == VB_DATE_HIDDEN))
            continue;
        sign = word->how == DATE ? VB_DATE_READ : VB_DATE_HIDDEN;
        *ret_word = word->text;
        *ret_at = i;
    }
    return sign;
}
