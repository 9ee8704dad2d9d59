/* beginnings: see beginnings.h. */
#include "core/beginnings.h"

static unsigned head_of(const unsigned char *text)
{
    return ((unsigned)text[0] << 5 ^ text[1]) % BEGINNINGS_HEADS;
}

void beginnings_add(struct beginnings *beginnings, const char *word, unsigned index)
{
    uint16_t *head = &beginnings->heads[head_of((const unsigned char *)word)];
    beginnings->next[index] = *head;
    *head = (uint16_t)(index + 1);
}

unsigned beginnings_first(const struct beginnings *beginnings, const unsigned char *text)
{
    return beginnings->heads[head_of(text)];
}

unsigned beginnings_next(const struct beginnings *beginnings, unsigned word)
{
    return beginnings->next[word - 1];
}

bool is_in_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_within_word(const unsigned char *text, size_t at)
{
    return at > 0 && is_in_word(text[at]) && is_in_word(text[at - 1]);
}
