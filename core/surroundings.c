/* Code that looks at where it is, told by its words: one pass over bytes that nobody trusts. */
#include <string.h>

#include "core/beginnings.h"
#include "vetbox/core/text.h"

enum {
    CI = VB_AROUND_CI,
    PLATFORM = VB_AROUND_PLATFORM,
    USER = VB_AROUND_USER,
    TERMINAL = VB_AROUND_TERMINAL,
    WINDOWS = VB_AROUND_WINDOWS
};

static const struct word {
    const char *text;
    enum vb_around what;
} words[] = {
#define VB_SURROUNDINGS_WORD(text, what) {text, (enum vb_around)what},
#include "core/surroundings.def"
#undef VB_SURROUNDINGS_WORD
};

static const char *const names[VB_AROUND_COUNT] = {[VB_AROUND_CI] = "ci",
                                                   [VB_AROUND_PLATFORM] = "platform",
                                                   [VB_AROUND_USER] = "user",
                                                   [VB_AROUND_TERMINAL] = "terminal",
                                                   [VB_AROUND_WINDOWS] = "windows"};

const char *vb_around_name(enum vb_around what)
{
    return names[what];
}

_Static_assert(VB_ARRAY_LEN(words) <= BEGINNINGS_WORDS, "beginnings has room for the words");

static const struct word *word_at(const struct beginnings *beginnings, const unsigned char *text,
                                  size_t len, size_t at)
{
    for (unsigned i = beginnings_first(beginnings, text + at); i > 0;
         i = beginnings_next(beginnings, i)) {
        const struct word *word = &words[i - 1];
        const size_t size = strlen(word->text);
        if (size <= len - at && memcmp(text + at, word->text, size) == 0 &&
            !is_within_word(text, at) && !(at + size < len && is_within_word(text, at + size)))
            return word;
    }
    return NULL;
}

unsigned vb_surroundings_signs(const void *data, size_t len,
                               struct vb_around_word ret[VB_AROUND_COUNT])
{
    const unsigned all = (1U << VB_AROUND_COUNT) - 1;
    const unsigned char *text = data;
    struct beginnings beginnings = {{0}, {0}};
    unsigned signs = 0;
    for (size_t i = VB_ARRAY_LEN(words); i > 0; i--)
        beginnings_add(&beginnings, words[i - 1].text, (unsigned)i - 1);
    for (size_t i = 0; i + 1 < len && signs != all; i++) {
        const struct word *word = word_at(&beginnings, text, len, i);
        if (word == NULL || (signs >> word->what & 1) != 0)
            continue;
        signs |= 1U << word->what;
        ret[word->what] = (struct vb_around_word){word->text, i};
    }
    return signs;
}
