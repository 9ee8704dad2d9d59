#include "unpack/tar_fields.h"

#include <string.h>

/* --- numbers --- */

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '7';
}

/* Digits between blanks and an end; anything else some readers skip, stop at or refuse. */
static enum tar_number read_octal(const unsigned char *p, size_t len, uint64_t *ret)
{
    size_t i = 0;

    while (i < len && p[i] == ' ')
        i++;
    while (i < len && is_digit(p[i]))
        *ret = *ret << 3 | (uint64_t)(p[i++] - '0');
    while (i < len && (p[i] == ' ' || p[i] == '\0'))
        i++;
    return i < len ? TAR_OCTAL_WITH_JUNK : TAR_OCTAL;
}

/* The first bit set: two's complement in base 256 (GNU, star). */
enum tar_number tar_number(const unsigned char *p, size_t len, uint64_t *ret)
{
    *ret = 0;
    if ((p[0] & 0x80) == 0)
        return read_octal(p, len, ret);
    if ((p[0] & 0x40) != 0)
        return TAR_NEGATIVE;
    for (size_t i = 0; i < len; i++) {
        if (*ret >> 55 != 0)
            return TAR_TOO_LARGE;
        *ret = *ret << 8 | (i == 0 ? p[i] & 0x3fu : p[i]);
    }
    return TAR_BINARY;
}

/* --- the header's sum --- */

enum tar_sum tar_sum(const unsigned char *h)
{
    uint64_t want = 0;
    const enum tar_number form = read_octal(h + TAR_SUM, TAR_SUM_LEN, &want);
    int64_t sum = 0;
    int64_t signed_sum = 0;

    for (size_t i = 0; i < TAR_BLOCK; i++) {
        const bool own = i >= TAR_SUM && i < TAR_SUM + TAR_SUM_LEN;

        sum += own ? ' ' : h[i];
        signed_sum += own ? ' ' : (signed char)h[i];
    }
    if ((int64_t)want == sum)
        return form == TAR_OCTAL ? TAR_SUM_FITS : TAR_SUM_WITH_JUNK;
    return (int64_t)want == signed_sum ? TAR_SUM_FITS_SIGNED : TAR_SUM_WRONG;
}

bool tar_is_zero(const unsigned char *block)
{
    static const unsigned char zeros[TAR_BLOCK];

    return memcmp(block, zeros, TAR_BLOCK) == 0;
}

/* --- maps of holes --- */

/* Extents of an honest map stand in order and do not overlap. */
void tar_extents_add(struct tar_extents *list, uint64_t offset, uint64_t size)
{
    uint64_t end;

    if (offset < list->end || __builtin_add_overflow(offset, size, &end) || end >> 62 != 0 ||
        ++list->count > TAR_EXTENTS_MAX)
        list->odd = true;
    else
        list->end = end;
}

void tar_extents_add_fields(struct tar_extents *list, const unsigned char *p, size_t count)
{
    for (size_t i = 0; i < count && p[i * 24] != 0; i++) {
        uint64_t offset = 0;
        uint64_t size = 0;
        const enum tar_number a = tar_number(p + i * 24, TAR_NUMBER_LEN, &offset);
        const enum tar_number b = tar_number(p + i * 24 + TAR_NUMBER_LEN, TAR_NUMBER_LEN, &size);

        list->odd |= (a != TAR_OCTAL && a != TAR_BINARY) || (b != TAR_OCTAL && b != TAR_BINARY);
        tar_extents_add(list, offset, size);
    }
}

/* Decimal numbers divided by single separators of SEPARATORS. */
bool tar_decimal(const char **p, const char *end, const char *separators, uint64_t *ret)
{
    const char *const start = *p;

    *ret = 0;
    for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
        if (__builtin_mul_overflow(*ret, (uint64_t)10, ret) ||
            __builtin_add_overflow(*ret, (uint64_t)(**p - '0'), ret))
            return false;
    }
    if (*p == start)
        return false;
    if (*p < end && strchr(separators, **p) != NULL)
        (*p)++;
    return true;
}

bool tar_extents_text_is_odd(const char *p, const char *end, const char *separators)
{
    struct tar_extents list = {0};
    uint64_t offset;
    uint64_t size;

    while (p < end && !list.odd) {
        if (!tar_decimal(&p, end, separators, &offset) || !tar_decimal(&p, end, separators, &size))
            return true;
        tar_extents_add(&list, offset, size);
    }
    return list.odd;
}

/* --- pax records --- */

bool pax_record_is(const struct pax_record *r, const char *key)
{
    return r->key_len == strlen(key) && memcmp(r->key, key, r->key_len) == 0;
}

bool pax_record_begins(const struct pax_record *r, const char *begin)
{
    return r->key_len >= strlen(begin) && memcmp(r->key, begin, strlen(begin)) == 0;
}

/* "LENGTH KEY=VALUE\n": the length counts all of it. False where that does not come out. */
bool pax_record_next(const char **at, const char *end, struct pax_record *ret)
{
    const char *p = *at;
    const char *equals;
    uint64_t len = 0;

    if (*p == '0' || !tar_decimal(&p, end, "", &len) || p == end || *p != ' ' ||
        len > (uint64_t)(end - *at) || len < (uint64_t)(p - *at) + 4)
        return false;
    ret->key = p + 1;
    end = *at + len;
    if (end[-1] != '\n')
        return false;
    equals = memchr(ret->key, '=', (size_t)(end - ret->key));
    if (equals == NULL || equals == ret->key)
        return false;
    ret->key_len = (size_t)(equals - ret->key);
    ret->value = equals + 1;
    ret->value_len = (size_t)(end - 1 - ret->value);
    *at = end;
    return true;
}
