/* Comparing without case: simple folding, one character for one, by Unicode's own mappings. */
#include <utf8proc.h>

#include "verdict/sigma/internal.h"
#include "vetbox/core/text.h"

#define SAME8(n) n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7
#define SAME32(n) SAME8(n), SAME8(n + 8), SAME8(n + 16), SAME8(n + 24)
const unsigned char vb_sigma_lower[256] = {
    SAME32(0), SAME32(32), '@',        'a',         'b',         'c',         'd',        'e',
    'f',       'g',        'h',        'i',         'j',         'k',         'l',        'm',
    'n',       'o',        'p',        'q',         'r',         's',         't',        'u',
    'v',       'w',        'x',        'y',         'z',         '[',         '\\',       ']',
    '^',       '_',        SAME32(96), SAME32(128), SAME32(160), SAME32(192), SAME32(224)};

/* The two letters i of Turkish are the only ones that go to another letter through upper case. */
static uint32_t fold_code(uint32_t code)
{
    if (code == 0x130 || code == 0x131)
        return code;
    return (uint32_t)utf8proc_tolower(utf8proc_toupper((utf8proc_int32_t)code));
}

size_t vb_sigma_fold_room(size_t len)
{
    return len + len / 2 + 4; /* two bytes may become three */
}

static size_t put(uint32_t code, unsigned char *ret)
{
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)code, ret);
}

size_t vb_sigma_fold(const unsigned char *text, size_t len, bool pattern, unsigned char *ret)
{
    size_t out = 0;
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        const size_t step = text[i] < 0x80 ? 1 : vb_utf8_decode(text + i, len - i, &code);
        if (step == 1) /* ASCII, a special, or a byte that is no UTF-8 */
            ret[out++] = pattern && pattern_special(text[i]) ? text[i] : vb_sigma_lower[text[i]];
        else
            out += put(fold_code(code), ret + out);
        i += step;
    }
    return out;
}
