/* chance: counts which letters follow which. In words and names of most languages nine of ten pairs
 * are in the table below, in drawn letters four of ten. See chance.h. */
#include "sandbox/world/chance.h"

#include <stddef.h>
#include <string.h>

enum { SHORTEST = 8, UNSPOKEN = 12 /* letters that nobody can say */, LETTERS = 26 };

/* What often follows each letter. */
static const char *const followers[LETTERS] = {
    "bcdgilmnprstvy",
    "aeiloruybs",
    "aehiklortuc",
    "aeioudrsyg",
    "acdelmnprstvwxy",
    "aefilorut",
    "aeghilnoru",
    "aeiotur",
    "acdeglmnoprstvz",
    "aeou",
    "aeilnsy",
    "adeilostuy",
    "abeimopsu",
    "acdegiknostu",
    "bcdfgklmnoprstuvw",
    "aehilorstup",
    "u",
    "acdeikmnorstuy",
    "acehiklmnopqstuw",
    "aehiorstuwy",
    "abceglmnprst",
    "aeio",
    "aehinors",
    "aeipt",
    "aeimnopst",
    "aeioyz",
};

static int letter(char c)
{
    return c >= 'a' && c <= 'z' ? c - 'a' : c >= 'A' && c <= 'Z' ? c - 'A' : -1;
}

/* Second levels under which names are given away, as in example.co.uk. */
static bool is_given_away(const char *label, size_t len)
{
    static const char *const levels[] = {"co", "com", "net", "org", "ac", "gov", "edu", "or", "ne"};
    for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
        if (strlen(levels[i]) == len && strncmp(levels[i], label, len) == 0)
            return true;
    }
    return false;
}

/* The label before the public suffix; false: NAME has none. */
static bool find_owned(const char *name, const char **ret, size_t *ret_len)
{
    const char *labels[8] = {0};
    size_t lens[8] = {0};
    size_t count = 0;
    while (*name != '\0') {
        const size_t len = strcspn(name, ".");
        if (count == 8) { /* only the last ones matter */
            memmove(labels, labels + 1, 7 * sizeof(*labels));
            memmove(lens, lens + 1, 7 * sizeof(*lens));
            count = 7;
        }
        labels[count] = name;
        lens[count++] = len;
        name += len + (name[len] == '.');
    }
    if (count < 2)
        return false;
    size_t owned = count - 2;
    if (owned > 0 && lens[count - 1] == 2 && is_given_away(labels[owned], lens[owned]))
        owned--;
    *ret = labels[owned];
    *ret_len = lens[owned];
    return true;
}

bool vb_name_looks_drawn(const char *name)
{
    const char *label = NULL;
    size_t len = 0, pairs = 0, common = 0, vowels = 0;
    if (!find_owned(name, &label, &len) || len < SHORTEST)
        return false;
    for (size_t i = 0; i + 1 < len; i++) {
        const int first = letter(label[i]);
        const int second = letter(label[i + 1]);
        if (label[i] == '-' || label[i + 1] == '-')
            continue;
        pairs++;
        vowels += first >= 0 && strchr("aeiouy", 'a' + first) != NULL;
        common += first >= 0 && second >= 0 && strchr(followers[first], 'a' + second) != NULL;
    }
    return pairs >= SHORTEST - 2 && (common * 2 <= pairs || (vowels == 0 && len >= UNSPOKEN));
}
