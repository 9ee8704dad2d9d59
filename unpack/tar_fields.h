/* The fields of tar headers: numbers, sums, pax records and maps of holes, as strict as the formats
 * are and as lenient as readers are. Pure functions of bytes. */
#ifndef VETBOX_UNPACK_TAR_FIELDS_H
#define VETBOX_UNPACK_TAR_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAR_BLOCK = 512 };

/* Offsets within a header. */
enum {
    TAR_NAME = 0,
    TAR_SIZE = 124,
    TAR_SUM = 148,
    TAR_TYPE = 156,
    TAR_MAGIC = 257,
    TAR_PREFIX = 345,
    TAR_SPARSE = 386,
    TAR_SPARSE_MORE = 482
};
enum { TAR_NAME_LEN = 100, TAR_NUMBER_LEN = 12, TAR_SUM_LEN = 8, TAR_PREFIX_LEN = 155 };

/* --- numbers --- */

enum tar_number { TAR_OCTAL, TAR_OCTAL_WITH_JUNK, TAR_BINARY, TAR_NEGATIVE, TAR_TOO_LARGE };

/* Octal digits between blanks and an end, or, where the first bit is set, two's complement in base
 * 256 (GNU, star). */
enum tar_number tar_number(const unsigned char *p, size_t len, uint64_t *ret);

enum tar_sum { TAR_SUM_WRONG, TAR_SUM_FITS, TAR_SUM_FITS_SIGNED, TAR_SUM_WITH_JUNK };

/* The sum of a header with blanks in its place; some old writers summed signed bytes. */
enum tar_sum tar_sum(const unsigned char *h);
bool tar_is_zero(const unsigned char *block);

/* Decimal digits at *P, which moves behind them and behind one of SEPARATORS. False for no digits
 * or too many. */
bool tar_decimal(const char **p, const char *end, const char *separators, uint64_t *ret);

/* --- maps of holes --- */

enum { TAR_EXTENTS_MAX = 10000 };

struct tar_extents {
    uint64_t end; /* of what was mapped so far */
    size_t count;
    bool odd; /* they overlap, go backwards, are too many or no numbers */
};
void tar_extents_add(struct tar_extents *list, uint64_t offset, uint64_t size);
/* COUNT pairs of header fields, or as many as there are. */
void tar_extents_add_fields(struct tar_extents *list, const unsigned char *p, size_t count);
/* Pairs of decimal numbers. */
bool tar_extents_text_is_odd(const char *p, const char *end, const char *separators);

/* --- pax records --- */

struct pax_record {
    const char *key;
    size_t key_len;
    const char *value;
    size_t value_len;
};

/* "LENGTH KEY=VALUE\n": the length counts all of it. False where that does not come out. */
bool pax_record_next(const char **at, const char *end, struct pax_record *ret);
bool pax_record_is(const struct pax_record *record, const char *key);
bool pax_record_begins(const struct pax_record *record, const char *begin);

#endif
