/* beginnings: code is searched for words of a table. At each place only those are compared that
 * begin with the two bytes there. */
#ifndef CORE_BEGINNINGS_H
#define CORE_BEGINNINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BEGINNINGS_HEADS = 4096, BEGINNINGS_WORDS = 512 };

/* Lists of words by a number made of those bytes. Zeroed by who owns it. */
struct beginnings {
    uint16_t heads[BEGINNINGS_HEADS], next[BEGINNINGS_WORDS]; /* index + 1 of a word; 0: the end */
};

/* WORD, of two bytes at least, is number INDEX of the table, below BEGINNINGS_WORDS; it comes
 * before those that were added before it. */
void beginnings_add(struct beginnings *beginnings, const char *word, unsigned index);
/* The first word that may begin at TEXT, which has two bytes at least, by its number + 1; and the
 * one behind WORD. 0: there is none. */
unsigned beginnings_first(const struct beginnings *beginnings, const unsigned char *text);
unsigned beginnings_next(const struct beginnings *beginnings, unsigned word);

/* A byte of a name in code: a word does not begin or end within one. */
bool is_in_word(unsigned char c);
/* The byte at TEXT + AT is within one. */
bool is_within_word(const unsigned char *text, size_t at);

#endif
