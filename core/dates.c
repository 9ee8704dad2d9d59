/* Code that looks at the date, told by its words: one pass over bytes that nobody trusts. */
#include <string.h>

#include "core/beginnings.h"
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

/* `exec(code)`, and neither `pattern.exec(text)` nor `exec("ls")`. */
static bool runs_unread(const unsigned char *text, size_t len, size_t at, size_t end)
{
    return text[end - 1] != '(' ||
           ((at == 0 || text[at - 1] != '.') && end < len && is_in_word(text[end]));
}

_Static_assert(VB_ARRAY_LEN(words) <= BEGINNINGS_WORDS, "beginnings has room for the words");

static const struct word *word_at(const struct beginnings *beginnings, const unsigned char *text,
                                  size_t len, size_t at)
{
    for (unsigned i = beginnings_first(beginnings, text + at); i > 0;
         i = beginnings_next(beginnings, i)) {
        const struct word *word = &words[i - 1];
        const size_t size = strlen(word->text);
        if (size > len - at || memcmp(text + at, word->text, size) != 0 || is_within_word(text, at))
            continue;
        if (word->how == DATE || runs_unread(text, len, at, at + size))
            return word;
    }
    return NULL;
}

enum vb_date_sign vb_date_sign(const void *data, size_t len, const char **ret_word, size_t *ret_at)
{
    const unsigned char *text = data;
    enum vb_date_sign sign = VB_DATE_NONE;
    struct beginnings beginnings = {{0}, {0}};
    for (size_t i = VB_ARRAY_LEN(words); i > 0; i--)
        beginnings_add(&beginnings, words[i - 1].text, (unsigned)i - 1);
    for (size_t i = 0; i + 1 < len && sign != VB_DATE_READ; i++) {
        const struct word *word = word_at(&beginnings, text, len, i);
        if (word == NULL || (word->how == HIDDEN && sign == VB_DATE_HIDDEN))
            continue;
        sign = word->how == DATE ? VB_DATE_READ : VB_DATE_HIDDEN;
        *ret_word = word->text;
        *ret_at = i;
    }
    return sign;
}
