/* beginnings: see beginnings.h. */
#include "core/beginnings.h"

static unsigned pair_of(const unsigned char *text)
{
    return (unsigned)text[0] << 8 | text[1];
}

void beginnings_add(struct beginnings *beginnings, const char *word)
{
    const unsigned pair = pair_of((const unsigned char *)word);
    beginnings->bits[pair / 8] |= (unsigned char)(1U << pair % 8);
}

bool beginnings_has(const struct beginnings *beginnings, const unsigned char *text)
{
    const unsigned pair = pair_of(text);
    return (beginnings->bits[pair / 8] >> pair % 8 & 1) != 0;
}

bool is_in_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
