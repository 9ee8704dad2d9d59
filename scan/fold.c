/* Unicode knowledge of the scan room beyond core's. The lookalikes are our own selection of letters
 * that common fonts draw like a Latin one. */
#include "scan/fold.h"

#include <utf8proc.h>

struct lookalike {
    uint32_t code;
    char latin;
};

/* Sorted by code point. */
static const struct lookalike lookalikes[] = {
    {0x0131, 'i'}, {0x017F, 's'}, {0x0251, 'a'}, {0x0261, 'g'}, {0x0269, 'i'}, {0x026A, 'i'},
    {0x028B, 'v'}, {0x028F, 'y'}, {0x0391, 'a'}, {0x0392, 'b'}, {0x0395, 'e'}, {0x0396, 'z'},
    {0x0397, 'h'}, {0x0399, 'i'}, {0x039A, 'k'}, {0x039C, 'm'}, {0x039D, 'n'}, {0x039F, 'o'},
    {0x03A1, 'p'}, {0x03A4, 't'}, {0x03A5, 'y'}, {0x03A7, 'x'}, {0x03B1, 'a'}, {0x03B3, 'y'},
    {0x03B9, 'i'}, {0x03BA, 'k'}, {0x03BD, 'v'}, {0x03BF, 'o'}, {0x03C1, 'p'}, {0x03C3, 'o'},
    {0x03C5, 'u'}, {0x03F2, 'c'}, {0x03F3, 'j'}, {0x0405, 's'}, {0x0406, 'i'}, {0x0407, 'i'},
    {0x0408, 'j'}, {0x0410, 'a'}, {0x0412, 'b'}, {0x0415, 'e'}, {0x0417, '3'}, {0x041A, 'k'},
    {0x041C, 'm'}, {0x041D, 'h'}, {0x041E, 'o'}, {0x0420, 'p'}, {0x0421, 'c'}, {0x0422, 't'},
    {0x0423, 'y'}, {0x0425, 'x'}, {0x0430, 'a'}, {0x0432, 'b'}, {0x0433, 'r'}, {0x0435, 'e'},
    {0x043A, 'k'}, {0x043C, 'm'}, {0x043D, 'h'}, {0x043E, 'o'}, {0x043F, 'n'}, {0x0440, 'p'},
    {0x0441, 'c'}, {0x0442, 't'}, {0x0443, 'y'}, {0x0445, 'x'}, {0x0455, 's'}, {0x0456, 'i'},
    {0x0457, 'i'}, {0x0458, 'j'}, {0x0475, 'v'}, {0x04AE, 'y'}, {0x04BB, 'h'}, {0x04BD, 'e'},
    {0x04C0, 'l'}, {0x04CF, 'l'}, {0x0501, 'd'}, {0x051B, 'q'}, {0x051D, 'w'}, {0x0555, 'o'},
    {0x0561, 'w'}, {0x0563, 'q'}, {0x0566, 'q'}, {0x0570, 'h'}, {0x0578, 'n'}, {0x057C, 'n'},
    {0x057D, 'u'}, {0x0581, 'g'}, {0x0584, 'f'}, {0x0585, 'o'}, {0x13A0, 'd'}, {0x13A1, 'r'},
    {0x13A2, 't'}, {0x13A5, 'i'}, {0x13A9, 'y'}, {0x13AA, 'a'}, {0x13AB, 'j'}, {0x13AC, 'e'},
    {0x13B3, 'w'}, {0x13B7, 'm'}, {0x13BB, 'h'}, {0x13C0, 'g'}, {0x13C2, 'h'}, {0x13C3, 'z'},
    {0x13CF, 'b'}, {0x13D2, 'r'}, {0x13D4, 'w'}, {0x13D5, 's'}, {0x13D9, 'v'}, {0x13DA, 's'},
    {0x13DE, 'l'}, {0x13DF, 'c'}, {0x13E2, 'p'}, {0x13E6, 'k'}, {0x13E7, 'd'}, {0x1D04, 'c'},
    {0x1D0F, 'o'}, {0x1D1C, 'u'}, {0x1D20, 'v'}, {0x1D21, 'w'}, {0x1D22, 'z'}, {0x2C9F, 'o'},
    {0xA4D0, 'b'}, {0xA4D1, 'p'}, {0xA4D2, 'd'}, {0xA4D6, 'g'}, {0xA4D7, 'k'}, {0xA4D9, 'j'},
    {0xA4DA, 'c'}, {0xA4DC, 'z'}, {0xA4DD, 'f'}, {0xA4DF, 'm'}, {0xA4E0, 'n'}, {0xA4E1, 'l'},
    {0xA4E2, 's'}, {0xA4E3, 'r'}, {0xA4E6, 'v'}, {0xA4E7, 'h'}, {0xA4EA, 'w'}, {0xA4EB, 'x'},
    {0xA4EC, 'y'}, {0xA4EE, 'a'}, {0xA4F0, 'e'}, {0xA4F2, 'i'}, {0xA4F3, 'o'}, {0xA4F4, 'u'},
};

char vb_lookalike(uint32_t code)
{
    size_t low = 0;
    size_t high = VB_ARRAY_LEN(lookalikes);
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (lookalikes[middle].code == code)
            return lookalikes[middle].latin;
        if (lookalikes[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

bool vb_code_mathematical(uint32_t code)
{
    return (code >= 0x03B1 && code <= 0x03C9 && code != 0x03BF) || code == 0x00B5;
}

enum vb_script vb_code_script(uint32_t code)
{
    if ((code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z'))
        return VB_SCRIPT_LATIN;
    if (code < 0xC0)
        return VB_SCRIPT_OTHER;
    if (code <= 0x024F && code != 0xD7 && code != 0xF7)
        return VB_SCRIPT_LATIN;
    if ((code >= 0x0370 && code <= 0x03FF) || (code >= 0x1F00 && code <= 0x1FFF))
        return VB_SCRIPT_GREEK;
    return code >= 0x0400 && code <= 0x052F ? VB_SCRIPT_CYRILLIC : VB_SCRIPT_OTHER;
}

bool vb_code_rtl(uint32_t code)
{
    return (code >= 0x0590 && code <= 0x08FF && code != 0x061C) ||
           (code >= 0xFB1D && code <= 0xFDFF) || (code >= 0xFE70 && code <= 0xFEFE) ||
           (code >= 0x10800 && code <= 0x10FFF) || (code >= 0x1E800 && code <= 0x1EFFF);
}

bool vb_code_takes_joiner(uint32_t code)
{
    return vb_code_rtl(code) || (code >= 0x0900 && code <= 0x0DFF) || /* Indic */
           (code >= 0x0E00 && code <= 0x109F) ||                      /* Thai to Myanmar */
           (code >= 0x1780 && code <= 0x18AF) ||                      /* Khmer, Mongolian */
           (code >= 0x2190 && code <= 0x2BFF) ||                      /* symbols, dingbats */
           (code >= 0x1F000 && code <= 0x1FAFF) || code == 0xFE0F ||  /* emoji */
           code == 0x20E3 || code == 0xA9 || code == 0xAE;
}

size_t vb_fold(uint32_t code, uint32_t ret[VB_FOLD_MAX])
{
    if (code < 0x80) {
        ret[0] = code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code;
        return 1;
    }
    if (vb_code_invisible(code))
        return 0;
    utf8proc_int32_t folded[VB_FOLD_MAX];
    int boundary = 0;
    const utf8proc_ssize_t count =
        utf8proc_decompose_char((utf8proc_int32_t)code, folded, VB_FOLD_MAX,
                                UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD |
                                    UTF8PROC_STRIPMARK | UTF8PROC_IGNORE,
                                &boundary);
    if (count < 0 || count > VB_FOLD_MAX) { /* longer than anything in our phrases */
        ret[0] = code;
        return 1;
    }
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        const uint32_t one = (uint32_t)folded[i];
        const char latin = vb_lookalike(one);
        ret[i] = latin != 0 ? (uint32_t)(unsigned char)latin : one;
    }
    return (size_t)count;
}
