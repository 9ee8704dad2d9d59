/* beginnings: code is searched for words of a table. Most of it is passed over by the pairs of
 * bytes that the words begin with. */
#ifndef CORE_BEGINNINGS_H
#define CORE_BEGINNINGS_H

#include <stdbool.h>

/* A bit for each pair. Zeroed by who owns it. */
struct beginnings {
    unsigned char bits[65536 / 8];
};

/* WORD has two bytes at least. */
void beginnings_add(struct beginnings *beginnings, const char *word);
/* Some word may begin at TEXT, which has two bytes at least. */
bool beginnings_has(const struct beginnings *beginnings, const unsigned char *text);

/* A byte of a name in code: a word does not begin or end within one. */
bool is_in_word(unsigned char c);

#endif
