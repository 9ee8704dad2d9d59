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

static const struct word *word_at(const unsigned char *text, size_t len, size_t at)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        const size_t size = strlen(words[i].text);
        if (size > len - at || memcmp(text + at, words[i].text, size) != 0 ||
            (at > 0 && is_in_word(text[at]) && is_in_word(text[at - 1])))
            continue;
        if (words[i].how == DATE || runs_unread(text, len, at, at + size))
            return &words[i];
    }
    return NULL;
}

enum vb_date_sign vb_date_sign(const void *data, size_t len, const char **ret_word, size_t *ret_at)
{
    const unsigned char *text = data;
    enum vb_date_sign sign = VB_DATE_NONE;
    struct beginnings beginnings = {{0}};
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++)
        beginnings_add(&beginnings, words[i].text);
    for (size_t i = 0; i + 1 < len && sign != VB_DATE_READ; i++) {
        if (!beginnings_has(&beginnings, text + i))
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
