/* Licences as manifests state them: SPDX licence expressions, or somebody's own words. Hostile
 * text: read once from left to right, to a small depth. */
#include <string.h>
#include <strings.h>

#include "verdict/policy.h"
#include "verdict/words.h"

enum { MAX_DEPTH = 16, MAX_WORDS = 64, MAX_ID = 100 };

struct reading {
    const struct policy_texts *allowed;
    const char *at;
    unsigned words;
    bool bad;
};

static bool id_fits(const char *pattern, const char *id)
{
    const size_t len = strlen(pattern);
    if (len > 0 && pattern[len - 1] == '*')
        return strncasecmp(pattern, id, len - 1) == 0;
    return strcasecmp(pattern, id) == 0;
}

static bool is_listed(const struct policy_texts *allowed, const char *id)
{
    for (size_t i = 0; i < allowed->count; i++) {
        if (id_fits(allowed->items[i].text, id))
            return true;
    }
    return false;
}

/* The next word, or bracket, without going past it; its length. */
static size_t peek(struct reading *r)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-+:";
    r->at += strspn(r->at, " ");
    if (*r->at == '(' || *r->at == ')')
        return 1;
    const size_t len = strspn(r->at, letters);
    r->bad |= (len == 0 && *r->at != '\0') || len >= MAX_ID;
    return r->bad ? 0 : len;
}

static bool take(struct reading *r, const char *word)
{
    const size_t len = peek(r);
    if (len == 0 || len != strlen(word) || strncasecmp(r->at, word, len) != 0)
        return false;
    r->at += len;
    return true;
}

static void take_id(struct reading *r, char ret[MAX_ID])
{
    const size_t len = peek(r);
    static const char *const words[] = {"AND", "OR", "WITH", "(", ")"};
    ret[0] = '\0';
    r->bad |= len == 0 || ++r->words > MAX_WORDS;
    for (size_t i = 0; i < VB_ARRAY_LEN(words) && !r->bad; i++)
        r->bad = len == strlen(words[i]) && strncasecmp(r->at, words[i], len) == 0;
    if (r->bad)
        return;
    memcpy(ret, r->at, len);
    ret[len] = '\0';
    r->at += len;
}

/* "or later" grants what that version grants, and an exception takes nothing away. */
static bool one_license(struct reading *r)
{
    char id[MAX_ID], exception[MAX_ID];
    take_id(r, id);
    if (take(r, "WITH"))
        take_id(r, exception);
    const size_t len = strlen(id);
    if (is_listed(r->allowed, id))
        return true;
    if (len > 1 && id[len - 1] == '+')
        id[len - 1] = '\0';
    return len > 1 && is_listed(r->allowed, id);
}

static bool any_of(struct reading *r, unsigned depth);

static bool all_of(struct reading *r, unsigned depth)
{
    bool good = true;
    do {
        const bool bracket = take(r, "(");
        r->bad |= bracket && depth >= MAX_DEPTH;
        if (r->bad)
            return false;
        good &= bracket ? any_of(r, depth + 1) : one_license(r);
        if (bracket)
            r->bad |= !take(r, ")");
    } while (!r->bad && take(r, "AND"));
    return good && !r->bad;
}

static bool any_of(struct reading *r, unsigned depth)
{
    bool good = false;
    do {
        good |= all_of(r, depth);
    } while (!r->bad && take(r, "OR"));
    return good && !r->bad;
}

bool vb_license_allowed(const struct policy_texts *allowed, const char *expression)
{
    struct reading r = {.allowed = allowed, .at = expression};
    const bool good = any_of(&r, 0);
    (void)peek(&r);
    if (!r.bad && *r.at == '\0')
        return good;
    for (size_t i = 0; i < allowed->count; i++) { /* no expression: word by word */
        if (strcasecmp(allowed->items[i].text, expression) == 0)
            return true;
    }
    return false;
}

/* In common use, as registries count them; the whole list of SPDX has seven times as many. */
static const char *const known_ids[] = {
    "0BSD",
    "AFL-2.1",
    "AFL-3.0",
    "AGPL-1.0-only",
    "AGPL-1.0-or-later",
    "AGPL-3.0",
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
    "Apache-1.0",
    "Apache-1.1",
    "Apache-2.0",
    "APSL-2.0",
    "Artistic-1.0",
    "Artistic-1.0-Perl",
    "Artistic-2.0",
    "Beerware",
    "BlueOak-1.0.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-2-Clause-Patent",
    "BSD-3-Clause",
    "BSD-3-Clause-Clear",
    "BSD-3-Clause-LBNL",
    "BSD-4-Clause",
    "BSD-Source-Code",
    "BSL-1.0",
    "BUSL-1.1",
    "bzip2-1.0.6",
    "CAL-1.0",
    "CC-BY-1.0",
    "CC-BY-2.0",
    "CC-BY-2.5",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-NC-3.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-ND-4.0",
    "CC-BY-NC-SA-3.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-ND-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDDL-1.0",
    "CDDL-1.1",
    "CECILL-2.1",
    "CECILL-B",
    "CECILL-C",
    "CPAL-1.0",
    "CPL-1.0",
    "curl",
    "ECL-2.0",
    "EFL-2.0",
    "Elastic-2.0",
    "EPL-1.0",
    "EPL-2.0",
    "EUPL-1.1",
    "EUPL-1.2",
    "FSFAP",
    "FSL-1.1-ALv2",
    "FSL-1.1-MIT",
    "FTL",
    "GFDL-1.3",
    "GFDL-1.3-only",
    "GFDL-1.3-or-later",
    "GPL-1.0-only",
    "GPL-1.0-or-later",
    "GPL-2.0",
    "GPL-2.0+",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0",
    "GPL-3.0+",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "HPND",
    "ICU",
    "IJG",
    "IPL-1.0",
    "ISC",
    "JSON",
    "LGPL-2.0-only",
    "LGPL-2.0-or-later",
    "LGPL-2.1",
    "LGPL-2.1-only",
    "LGPL-2.1-or-later",
    "LGPL-3.0",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "Libpng",
    "libtiff",
    "LPPL-1.3c",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "MIT-Modern-Variant",
    "MPL-1.0",
    "MPL-1.1",
    "MPL-2.0",
    "MPL-2.0-no-copyleft-exception",
    "MS-PL",
    "MS-RL",
    "MulanPSL-2.0",
    "NAIST-2003",
    "NCSA",
    "OFL-1.1",
    "OLDAP-2.8",
    "OpenSSL",
    "OSL-2.1",
    "OSL-3.0",
    "PHP-3.01",
    "PolyForm-Noncommercial-1.0.0",
    "PolyForm-Small-Business-1.0.0",
    "PostgreSQL",
    "PSF-2.0",
    "Python-2.0",
    "Python-2.0.1",
    "QPL-1.0",
    "Ruby",
    "SISSL",
    "Sleepycat",
    "SSPL-1.0",
    "TCL",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "UPL-1.0",
    "Vim",
    "W3C",
    "W3C-20150513",
    "WTFPL",
    "X11",
    "Xnet",
    "Zend-2.0",
    "Zlib",
    "ZPL-2.1",
};

bool vb_license_is_known(const char *text)
{
    if (strncmp(text, "LicenseRef-", 11) == 0)
        return true;
    for (size_t i = 0; i < VB_ARRAY_LEN(known_ids); i++)
        if (id_fits(text, known_ids[i]))
            return true;
    return false;
}
