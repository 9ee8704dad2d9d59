/* Code that looks at where it is, told by its words: one pass over bytes that nobody trusts. */
#include <string.h>

#include "vetbox/core/text.h"

enum {
    CI = VB_AROUND_CI,
    PLATFORM = VB_AROUND_PLATFORM,
    USER = VB_AROUND_USER,
    TERMINAL = VB_AROUND_TERMINAL
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
                                                   [VB_AROUND_TERMINAL] = "terminal"};

const char *vb_around_name(enum vb_around what)
{
    return names[what];
}

static bool in_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static const struct word *word_at(const unsigned char *text, size_t len, size_t at)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        const size_t size = strlen(words[i].text), end = at + size;
        if (size <= len - at && memcmp(text + at, words[i].text, size) == 0 &&
            !(at > 0 && in_word(text[at]) && in_word(text[at - 1])) &&
            !(end < len && in_word(text[end - 1]) && in_word(text[end])))
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

unsigned vb_surroundings_signs(const void *data, size_t len,
                               struct vb_around_word ret[VB_AROUND_COUNT])
{
    const unsigned all = (1U << VB_AROUND_COUNT) - 1;
    const unsigned char *text = data;
    struct beginnings beginnings;
    unsigned signs = 0;
    find_beginnings(&beginnings);
    for (size_t i = 0; i + 1 < len && signs != all; i++) {
        const unsigned pair = (unsigned)text[i] << 8 | text[i + 1];
        if ((beginnings.bits[pair / 8] >> pair % 8 & 1) == 0)
            continue;
        const struct word *word = word_at(text, len, i);
        if (word == NULL || (signs >> word->what & 1) != 0)
            continue;
        signs |= 1U << word->what;
        ret[word->what] = (struct vb_around_word){word->text, i};
    }
    return signs;
}
