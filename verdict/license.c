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
