/* semver: versions and ranges as npm reads them. See semver.h. A range is a list of alternatives,
 * each of which is desugared to plain comparisons. */
#include "fetch/semver.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PRE_BYTES = 64, COMPARISONS_MAX = 32, RANGE_BYTES = 512 };

struct version {
    uint64_t n[3];
    unsigned given; /* how many of them are; the rest are wild */
    char pre[PRE_BYTES];
};

enum operation { LESS, LESS_EQUAL, EQUAL, GREATER_EQUAL, GREATER };

struct comparison {
    enum operation operation;
    struct version version;
};

/* All must hold. */
struct alternative {
    struct comparison all[COMPARISONS_MAX];
    size_t count;
    bool broken;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_identifier(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
}

static bool is_wild(char c)
{
    return c == 'x' || c == 'X' || c == '*';
}

/* Reads a version with perhaps fewer than three numbers. Returns what follows it, NULL: it is none.
 */
static const char *read_version(const char *at, struct version *ret)
{
    *ret = (struct version){0};
    at += strspn(at, "=v");
    for (unsigned i = 0; i < 3; i++) {
        if (is_wild(*at)) {
            at++;
        } else if (is_digit(*at)) {
            char *end;
            const uint64_t number = strtoull(at, &end, 10);
            if (end - at > 16)
                return NULL;
            if (ret->given == i)
                ret->n[ret->given++] = number;
            at = end;
        } else {
            return i == 0 ? NULL : at;
        }
        if (*at != '.' || i == 2)
            break;
        at++;
    }
    if (*at == '-' && ret->given == 3) {
        size_t len = 0;
        at++;
        while (is_identifier(at[len]))
            len++;
        if (len == 0 || len >= sizeof(ret->pre))
            return NULL;
        memcpy(ret->pre, at, len);
        at += len;
    }
    if (*at == '+') {
        at++;
        while (is_identifier(*at))
            at++;
    }
    return at;
}

/* Identifiers between dots: numbers as numbers and before words (semver.org, 11.4). */
static int compare_identifier(const char *a, size_t a_len, const char *b, size_t b_len)
{
    const bool a_number = strspn(a, "0123456789") >= a_len;
    const bool b_number = strspn(b, "0123456789") >= b_len;
    if (a_number != b_number)
        return a_number ? -1 : 1;
    if (a_number && a_len != b_len)
        return a_len < b_len ? -1 : 1;
    const int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_pre(const char *a, const char *b)
{
    if (*a == '\0' || *b == '\0')
        return (*a == '\0') - (*b == '\0');
    while (*a != '\0' && *b != '\0') {
        const size_t a_len = strcspn(a, "."), b_len = strcspn(b, ".");
        const int order = compare_identifier(a, a_len, b, b_len);
        if (order != 0)
            return order;
        a += a_len + (a[a_len] == '.');
        b += b_len + (b[b_len] == '.');
    }
    return (*a != '\0') - (*b != '\0');
}

static int compare(const struct version *a, const struct version *b)
{
    for (size_t i = 0; i < 3; i++) {
        if (a->n[i] != b->n[i])
            return a->n[i] < b->n[i] ? -1 : 1;
    }
    return compare_pre(a->pre, b->pre);
}

static bool read_whole(const char *text, struct version *ret)
{
    const char *end = read_version(text, ret);
    return end != NULL && *end == '\0' && ret->given == 3;
}

bool semver_valid(const char *version)
{
    struct version ignored;
    return read_whole(version, &ignored);
}

bool semver_prerelease(const char *version)
{
    struct version read;
    return read_whole(version, &read) && read.pre[0] != '\0';
}

int semver_compare(const char *a, const char *b)
{
    struct version first, second;
    if (!read_whole(a, &first) || !read_whole(b, &second))
        return strcmp(a, b);
    return compare(&first, &second);
}

/* --- ranges --- */

static void add(struct alternative *to, enum operation operation, const struct version *version)
{
    if (to->count == COMPARISONS_MAX) {
        to->broken = true;
        return;
    }
    to->all[to->count].operation = operation;
    to->all[to->count++].version = *version;
}

/* The first version behind all that begin with the first KEPT + 1 numbers, before its own
 * prereleases. */
static struct version behind(const struct version *version, unsigned kept)
{
    struct version next = {.given = 3, .pre = "0"};
    memcpy(next.n, version->n, (kept + 1) * sizeof(next.n[0]));
    next.n[kept]++;
    return next;
}

static void add_caret(struct alternative *to, const struct version *version)
{
    unsigned kept = 0;
    if (version->given == 0)
        return;
    while (kept + 1 < version->given && version->n[kept] == 0)
        kept++;
    const struct version end = behind(version, kept);
    add(to, GREATER_EQUAL, version);
    add(to, LESS, &end);
}

static void add_tilde(struct alternative *to, const struct version *version)
{
    if (version->given == 0)
        return;
    const struct version end = behind(version, version->given == 1 ? 0 : 1);
    add(to, GREATER_EQUAL, version);
    add(to, LESS, &end);
}

/* A comparison with a version that has wild numbers. */
static void add_wild(struct alternative *to, enum operation operation,
                     const struct version *version)
{
    static const struct version zero = {.given = 3}, first = {.given = 3, .pre = "0"};
    if (version->given == 0) {
        if (operation == LESS || operation == GREATER)
            add(to, LESS, &first); /* nothing is */
        else
            add(to, GREATER_EQUAL, &zero);
        return;
    }
    struct version end = behind(version, version->given - 1), begin = *version;
    if (operation == GREATER) {
        end.pre[0] = '\0';
        add(to, GREATER_EQUAL, &end);
        return;
    }
    begin.pre[0] = operation == LESS ? '0' : '\0';
    if (operation == LESS_EQUAL || operation == EQUAL)
        add(to, LESS, &end);
    if (operation != LESS_EQUAL)
        add(to, operation == LESS ? LESS : GREATER_EQUAL, &begin);
}

static void add_plain(struct alternative *to, enum operation operation,
                      const struct version *version)
{
    if (version->given < 3)
        add_wild(to, operation, version);
    else
        add(to, operation, version);
}

/* Reads one comparison of a range; returns what follows. */
static const char *read_comparison(const char *at, struct alternative *to)
{
    static const struct {
        const char *sign;
        enum operation operation;
    } signs[] = {
        {"<=", LESS_EQUAL}, {">=", GREATER_EQUAL}, {"<", LESS}, {">", GREATER}, {"=", EQUAL}};
    struct version version;
    enum operation operation = EQUAL;
    char sugar = '\0';
    if (*at == '^' || *at == '~') {
        sugar = *at++;
        at += *at == '>';
    }
    for (size_t i = 0; sugar == '\0' && i < sizeof(signs) / sizeof(signs[0]); i++) {
        const size_t len = strlen(signs[i].sign);
        if (strncmp(at, signs[i].sign, len) == 0) {
            operation = signs[i].operation;
            at += len;
            break;
        }
    }
    at += strspn(at, " \t");
    const char *end = read_version(at, &version);
    if (end == NULL || (*end != '\0' && *end != ' ' && *end != '\t')) {
        to->broken = true;
        return at + strlen(at);
    }
    if (sugar == '^')
        add_caret(to, &version);
    else if (sugar == '~')
        add_tilde(to, &version);
    else
        add_plain(to, operation, &version);
    return end;
}

/* "A - B", both ends included. */
static bool read_hyphen(const char *text, struct alternative *to)
{
    struct version from, until;
    const char *end = read_version(text, &from);
    if (end == NULL || strncmp(end, " - ", 3) != 0)
        return false;
    end += 3;
    end = read_version(end + strspn(end, " \t"), &until);
    if (end == NULL || end[strspn(end, " \t")] != '\0')
        return false;
    add_plain(to, GREATER_EQUAL, &from);
    add_plain(to, LESS_EQUAL, &until);
    return true;
}

static void read_alternative(const char *text, struct alternative *ret)
{
    ret->count = 0;
    ret->broken = false;
    text += strspn(text, " \t");
    if (read_hyphen(text, ret))
        return;
    ret->count = 0;
    for (const char *at = text; *at != '\0'; at += strspn(at, " \t,"))
        at = read_comparison(at, ret);
}

static bool holds(const struct comparison *comparison, const struct version *version)
{
    const int order = compare(version, &comparison->version);
    switch (comparison->operation) {
    case LESS:
        return order < 0;
    case LESS_EQUAL:
        return order <= 0;
    case EQUAL:
        return order == 0;
    case GREATER_EQUAL:
        return order >= 0;
    case GREATER:
        break;
    }
    return order > 0;
}

/* A prerelease is meant only by who names one of the same three numbers. */
static bool is_meant(const struct alternative *of, const struct version *version)
{
    bool named = version->pre[0] == '\0';
    for (size_t i = 0; !named && i < of->count; i++) {
        const struct version *other = &of->all[i].version;
        named = other->pre[0] != '\0' && memcmp(other->n, version->n, sizeof(other->n)) == 0;
    }
    return named;
}

static bool satisfies(const struct alternative *range, const struct version *version)
{
    for (size_t i = 0; i < range->count; i++) {
        if (!holds(&range->all[i], version))
            return false;
    }
    return !range->broken && is_meant(range, version);
}

/* Calls each alternative; VERSION NULL asks whether all are well-formed. */
static bool any(const char *range, const struct version *version)
{
    struct alternative alternative;
    char text[RANGE_BYTES];
    bool sound = true;
    for (const char *at = range;;) {
        const char *end = strstr(at, "||");
        const size_t len = end == NULL ? strlen(at) : (size_t)(end - at);
        if (len >= sizeof(text))
            return false;
        memcpy(text, at, len);
        text[len] = '\0';
        for (size_t i = len; i > 0 && (text[i - 1] == ' ' || text[i - 1] == '\t'); i--)
            text[i - 1] = '\0';
        read_alternative(text, &alternative);
        sound = sound && !alternative.broken;
        if (version != NULL && satisfies(&alternative, version))
            return true;
        if (end == NULL)
            return version == NULL && sound;
        at = end + 2;
    }
}

bool semver_is_range(const char *range)
{
    return any(range, NULL);
}

bool semver_satisfies(const char *version, const char *range)
{
    struct version read;
    return read_whole(version, &read) && any(range, &read);
}
