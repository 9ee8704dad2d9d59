/* pep440: versions, specifiers and wheel names. See pep440.h. */
#include "fetch/pep440.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vetbox/core.h"

enum { NUMBERS_MAX = 8, LOCAL_BYTES = 64, CLAUSE_BYTES = 96 };

/* The ranks of what is before, at and behind a release. */
enum { RANK_NONE = 0, PRE_A = 1, PRE_B, PRE_RC, PRE_FINAL };

struct version {
    uint64_t epoch;
    uint64_t n[NUMBERS_MAX];
    size_t count;
    unsigned pre; /* PRE_FINAL: it is none */
    uint64_t pre_number;
    bool is_post, is_dev;
    uint64_t post, dev;
    char local[LOCAL_BYTES];
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_separator(char c)
{
    return c == '.' || c == '-' || c == '_';
}

static bool read_number(const char **at, uint64_t *ret)
{
    char *end;
    if (!is_digit(**at))
        return false;
    *ret = strtoull(*at, &end, 10);
    const bool fits = end - *at <= 18;
    *at = end;
    return fits;
}

/* Takes one of the words, and a number behind it, 0 where none is. */
static bool read_word(const char **at, const char *const *words, uint64_t *ret)
{
    const char *from = *at + is_separator(**at);
    for (size_t i = 0; words[i] != NULL; i++) {
        if (!vb_ascii_starts(from, words[i]))
            continue;
        from += strlen(words[i]);
        if (is_separator(*from) && is_digit(from[1]))
            from++;
        *ret = 0;
        if (is_digit(*from) && !read_number(&from, ret))
            return false;
        *at = from;
        return true;
    }
    return false;
}

static void read_pre(const char **at, struct version *ret)
{
    static const char *const words[][5] = {
        {"alpha", "a", NULL}, {"beta", "b", NULL}, {"rc", "c", "preview", "pre", NULL}};
    ret->pre = PRE_FINAL;
    for (unsigned i = 0; i < 3; i++) {
        if (read_word(at, words[i], &ret->pre_number)) {
            ret->pre = PRE_A + i;
            return;
        }
    }
}

/* Returns what follows the version, NULL: there is none. */
static const char *read_version(const char *at, struct version *ret)
{
    static const char *const posts[] = {"post", "rev", "r", NULL}, *const devs[] = {"dev", NULL};
    *ret = (struct version){0};
    at += *at == 'v' || *at == 'V';
    do {
        if (ret->count == NUMBERS_MAX || !read_number(&at, &ret->n[ret->count++]))
            return NULL;
        if (*at == '!' && ret->count == 1) {
            ret->epoch = ret->n[0];
            ret->count = 0;
            at++;
        } else if (*at == '.' && is_digit(at[1])) {
            at++;
        } else {
            break;
        }
    } while (true);
    read_pre(&at, ret);
    ret->is_post = read_word(&at, posts, &ret->post);
    if (!ret->is_post && *at == '-' && is_digit(at[1])) {
        at++;
        ret->is_post = read_number(&at, &ret->post);
    }
    ret->is_dev = read_word(&at, devs, &ret->dev);
    if (*at == '+') {
        const size_t len = strcspn(at + 1, " \t,;)");
        if (len >= sizeof(ret->local))
            return NULL;
        memcpy(ret->local, at + 1, len);
        at += len + 1;
    }
    return at;
}

static bool read_whole(const char *text, struct version *ret)
{
    const char *end = read_version(text + strspn(text, " \t"), ret);
    return end != NULL && end[strspn(end, " \t")] == '\0';
}

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* A release of development alone is before everything of its numbers (PEP 440, summary of sorting).
 */
static unsigned rank(const struct version *version)
{
    return version->pre == PRE_FINAL && !version->is_post && version->is_dev ? RANK_NONE
                                                                             : version->pre;
}

static int compare_release(const struct version *a, const struct version *b)
{
    int found = order(a->epoch, b->epoch);
    for (size_t i = 0; found == 0 && i < NUMBERS_MAX; i++)
        found = order(a->n[i], b->n[i]);
    return found;
}

static int compare(const struct version *a, const struct version *b, bool local)
{
    int found = compare_release(a, b);
    if (found == 0)
        found = order(rank(a), rank(b));
    if (found == 0)
        found = order(a->pre_number, b->pre_number);
    if (found == 0)
        found = order(a->is_post ? a->post + 1 : 0, b->is_post ? b->post + 1 : 0);
    if (found == 0)
        found = order(a->is_dev ? a->dev : UINT64_MAX, b->is_dev ? b->dev : UINT64_MAX);
    return found != 0 || !local ? found : strcmp(a->local, b->local);
}

bool pep440_valid(const char *version)
{
    struct version ignored;
    return read_whole(version, &ignored);
}

int pep440_compare(const char *a, const char *b)
{
    struct version first, second;
    if (!read_whole(a, &first) || !read_whole(b, &second))
        return strcmp(a, b);
    return compare(&first, &second, true);
}

static bool is_prerelease(const struct version *version)
{
    return version->pre != PRE_FINAL || version->is_dev;
}

bool pep440_prerelease(const char *version)
{
    struct version read;
    return read_whole(version, &read) && is_prerelease(&read);
}

/* --- specifiers --- */

static bool begins_with(const struct version *version, const struct version *prefix)
{
    bool same = version->epoch == prefix->epoch;
    for (size_t i = 0; same && i < prefix->count; i++)
        same = version->n[i] == prefix->n[i];
    return same;
}

/* "~= 2.2" is ">= 2.2, == 2.*". */
static bool is_compatible(const struct version *version, const struct version *with)
{
    struct version prefix = *with;
    if (prefix.count < 2)
        return false;
    prefix.count--;
    return compare(version, with, false) >= 0 && begins_with(version, &prefix);
}

static bool is_equal(const struct version *version, const struct version *to, bool wild)
{
    return wild ? begins_with(version, to) : compare(version, to, to->local[0] != '\0') == 0;
}

/* "< 3" leaves out the prereleases of 3, "> 3" its postreleases and local versions. */
static bool is_before(const struct version *version, const struct version *than)
{
    return compare(version, than, false) < 0 &&
           (is_prerelease(than) || !is_prerelease(version) || compare_release(version, than) != 0);
}

static bool is_behind(const struct version *version, const struct version *than)
{
    return compare(version, than, false) > 0 &&
           (than->is_post || !version->is_post || compare_release(version, than) != 0);
}

static bool clause_holds(const struct version *version, const char *clause)
{
    const size_t sign = strspn(clause, "<>=!~");
    const char *text = clause + sign + strspn(clause + sign, " \t");
    struct version other;
    const char *end = read_version(text, &other);
    const bool wild = end != NULL && strncmp(end, ".*", 2) == 0;
    if (end == NULL || (end[wild ? 2 : 0] != '\0'))
        return false;
    if (strncmp(clause, "==", 2) == 0)
        return is_equal(version, &other, wild);
    if (strncmp(clause, "!=", 2) == 0)
        return !is_equal(version, &other, wild);
    if (strncmp(clause, "~=", 2) == 0)
        return is_compatible(version, &other);
    if (strncmp(clause, "<=", 2) == 0)
        return compare(version, &other, false) <= 0;
    if (strncmp(clause, ">=", 2) == 0)
        return compare(version, &other, false) >= 0;
    return clause[0] == '<'   ? is_before(version, &other)
           : clause[0] == '>' ? is_behind(version, &other)
                              : false;
}

/* Calls HOLDS for each clause until one does not. */
static bool every(const char *specifiers, const struct version *version,
                  bool (*holds)(const struct version *version, const char *clause))
{
    char clause[CLAUSE_BYTES];
    for (const char *at = specifiers; *at != '\0';) {
        at += strspn(at, " \t,");
        size_t len = strcspn(at, ",");
        const char *next = at + len;
        while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
            len--;
        if (len >= sizeof(clause))
            return false;
        memcpy(clause, at, len);
        clause[len] = '\0';
        if (len > 0 && !holds(version, clause))
            return false;
        at = next;
    }
    return true;
}

bool pep440_satisfies(const char *version, const char *specifiers)
{
    struct version read;
    return read_whole(version, &read) && every(specifiers, &read, clause_holds);
}

static bool names_release(const struct version *ignored, const char *clause)
{
    const size_t sign = strspn(clause, "<>=!~ \t");
    struct version version;
    (void)ignored;
    return read_version(clause + sign, &version) == NULL || !is_prerelease(&version);
}

bool pep440_names_prerelease(const char *specifiers)
{
    return !every(specifiers, NULL, names_release);
}

/* --- wheels --- */

/* PART is one of those in TAGS, which has dots between them. */
static bool has_tag(const char *tags, size_t len, bool (*fits)(const char *tag, const void *ctx),
                    const void *ctx)
{
    char tag[64];
    for (size_t at = 0; at < len;) {
        size_t end = at;
        while (end < len && tags[end] != '.')
            end++;
        if (end - at < sizeof(tag)) {
            memcpy(tag, tags + at, end - at);
            tag[end - at] = '\0';
            if (fits(tag, ctx))
                return true;
        }
        at = end + 1;
    }
    return false;
}

static unsigned minor_of(const char *python)
{
    const char *dot = strchr(python, '.');
    return dot == NULL ? 0 : (unsigned)strtoul(dot + 1, NULL, 10);
}

static bool is_any_python(const char *tag, const void *ctx)
{
    const struct pep508_machine *machine = ctx;
    return strcmp(tag, "py3") == 0 ||
           (strncmp(tag, "py3", 3) == 0 && strtoul(tag + 3, NULL, 10) <= minor_of(machine->python));
}

static bool is_own_python(const char *tag, const void *ctx)
{
    const struct pep508_machine *machine = ctx;
    return strncmp(tag, "cp3", 3) == 0 && strtoul(tag + 3, NULL, 10) == minor_of(machine->python);
}

static bool is_older_python(const char *tag, const void *ctx)
{
    const struct pep508_machine *machine = ctx;
    return strncmp(tag, "cp3", 3) == 0 && strtoul(tag + 3, NULL, 10) <= minor_of(machine->python);
}

static bool is_equal_tag(const char *tag, const void *ctx)
{
    return strcmp(tag, ctx) == 0;
}

static bool is_own_platform(const char *tag, const void *ctx)
{
    const struct pep508_machine *machine = ctx;
    const size_t len = strlen(tag), own = strlen(machine->machine);
    return (strncmp(tag, "manylinux", 9) == 0 || strncmp(tag, "linux_", 6) == 0) && len > own &&
           strcmp(tag + len - own, machine->machine) == 0;
}

/* NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl */
unsigned wheel_fits(const char *file, const struct pep508_machine *machine, char *ret, size_t size)
{
    enum { PARTS = 6 };
    const char *parts[PARTS];
    size_t lens[PARTS], count = 0;
    const size_t len = strlen(file);
    if (len < 5 || strcmp(file + len - 4, ".whl") != 0)
        return 0;
    for (const char *at = file; count < PARTS; at += lens[count - 1] + 1) {
        parts[count] = at;
        lens[count] = strcspn(at, "-");
        if (at + lens[count] >= file + len)
            lens[count] = (size_t)(file + len - 4 - at);
        count++;
        if (at + lens[count - 1] >= file + len - 4)
            break;
    }
    if (count < 5 || lens[1] >= size)
        return 0;
    memcpy(ret, parts[1], lens[1]);
    ret[lens[1]] = '\0';
    const char *const *tag = parts + count - 3;
    const size_t *tag_len = lens + count - 3;
    const bool anywhere = has_tag(tag[2], tag_len[2], is_equal_tag, "any");
    if (!anywhere && !has_tag(tag[2], tag_len[2], is_own_platform, machine))
        return 0;
    if (has_tag(tag[0], tag_len[0], is_own_python, machine) &&
        (has_tag(tag[1], tag_len[1], is_own_python, machine) ||
         has_tag(tag[1], tag_len[1], is_equal_tag, "none")))
        return 4;
    if (has_tag(tag[1], tag_len[1], is_equal_tag, "abi3") &&
        has_tag(tag[0], tag_len[0], is_older_python, machine))
        return 3;
    if (has_tag(tag[0], tag_len[0], is_any_python, machine) &&
        has_tag(tag[1], tag_len[1], is_equal_tag, "none"))
        return anywhere ? 1 : 2;
    return 0;
}
