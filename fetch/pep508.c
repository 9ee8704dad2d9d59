/* pep508: requirements and their markers. See pep440.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/pep440.h"
#include "vetbox/core.h"

enum { VALUE_BYTES = 128, NESTING_MAX = 16 };

void pep503_normalise(const char *name, size_t len, char *ret, size_t size)
{
    size_t to = 0;
    bool dashed = false;
    for (size_t i = 0; i < len && to + 1 < size; i++) {
        const bool dash = name[i] == '-' || name[i] == '_' || name[i] == '.';
        if (!dash)
            ret[to++] = vb_ascii_lower(name[i]);
        else if (!dashed)
            ret[to++] = '-';
        dashed = dash;
    }
    ret[to] = '\0';
}

bool wheel_is_of(const char *file, const char *project)
{
    char name[PEP508_NAME_BYTES];
    const size_t len = strcspn(file, "-");
    if (len >= sizeof(name))
        return false;
    pep503_normalise(file, len, name, sizeof(name));
    return strcmp(name, project) == 0;
}

/* --- markers --- */

struct marker {
    const char *at;
    const struct pep508_machine *machine;
    const char *extras;
    bool broken;
    unsigned depth;
};

static void skip_space(struct marker *marker)
{
    marker->at += strspn(marker->at, " \t");
}

static bool take(struct marker *marker, const char *word)
{
    const size_t len = strlen(word);
    skip_space(marker);
    if (strncmp(marker->at, word, len) != 0)
        return false;
    marker->at += len;
    return true;
}

struct value {
    char text[VALUE_BYTES];
    bool extra;   /* it is the variable "extra" */
    bool version; /* it is compared as one */
};

static bool read_variable(struct marker *marker, const char *name, size_t len, struct value *ret)
{
    const struct {
        const char *name, *value;
        bool version;
    } known[] = {{"python_version", marker->machine->python, true},
                 {"python_full_version", marker->machine->python, true},
                 {"implementation_version", marker->machine->python, true},
                 {"os_name", "posix", false},
                 {"sys_platform", "linux", false},
                 {"platform_system", "Linux", false},
                 {"platform_machine", marker->machine->machine, false},
                 {"platform_python_implementation", "CPython", false},
                 {"implementation_name", "cpython", false},
                 {"platform_release", "", false},
                 {"platform_version", "", false}};
    if (len == 5 && strncmp(name, "extra", len) == 0) {
        ret->extra = true;
        return true;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(known); i++) {
        if (strlen(known[i].name) == len && strncmp(known[i].name, name, len) == 0) {
            snprintf(ret->text, sizeof(ret->text), "%s", known[i].value);
            ret->version = known[i].version;
            return true;
        }
    }
    return false;
}

static bool read_value(struct marker *marker, struct value *ret)
{
    *ret = (struct value){.text = ""};
    skip_space(marker);
    const char quote = *marker->at;
    if (quote == '\'' || quote == '"') {
        const char *from = marker->at + 1;
        const char *end = strchr(from, quote);
        if (end == NULL || (size_t)(end - from) >= sizeof(ret->text))
            return false;
        memcpy(ret->text, from, (size_t)(end - from));
        marker->at = end + 1;
        return true;
    }
    const size_t len = strspn(marker->at, "abcdefghijklmnopqrstuvwxyz_");
    const char *name = marker->at;
    marker->at += len;
    return len > 0 && read_variable(marker, name, len, ret);
}

static bool compares(const char *sign, const struct value *left, const struct value *right)
{
    char clause[VALUE_BYTES + 8];
    const int order = strcmp(left->text, right->text);
    if (left->version && strcmp(sign, "===") != 0) {
        snprintf(clause, sizeof(clause), "%s%s", sign, right->text);
        return pep440_satisfies(left->text, clause);
    }
    return strcmp(sign, "==") == 0 || strcmp(sign, "===") == 0 ? order == 0
           : strcmp(sign, "!=") == 0                           ? order != 0
           : strcmp(sign, "<=") == 0                           ? order <= 0
           : strcmp(sign, ">=") == 0                           ? order >= 0
           : strcmp(sign, "<") == 0                            ? order < 0
                                                               : order > 0;
}

/* One of the extras is asked for. */
static bool has_extra(const char *extras, const char *name)
{
    char needle[VALUE_BYTES + 3];
    needle[0] = ',';
    pep503_normalise(name, strlen(name), needle + 1, VALUE_BYTES);
    const size_t len = strlen(needle);
    needle[len] = ',';
    needle[len + 1] = '\0';
    return strstr(extras, needle) != NULL;
}

static bool compare(struct marker *marker)
{
    static const char *const signs[] = {
        "===", "==", "!=", "<=", ">=", "~=", "<", ">", "not in", "in"};
    struct value left, right;
    if (!read_value(marker, &left)) {
        marker->broken = true;
        return false;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(signs); i++) {
        if (!take(marker, signs[i]))
            continue;
        if (!read_value(marker, &right))
            break;
        if (left.extra || right.extra) {
            const bool has = has_extra(marker->extras, left.extra ? right.text : left.text);
            return strcmp(signs[i], "!=") == 0 ? !has : has;
        }
        if (strcmp(signs[i], "in") == 0)
            return strstr(right.text, left.text) != NULL;
        if (strcmp(signs[i], "not in") == 0)
            return strstr(right.text, left.text) == NULL;
        return compares(signs[i], &left, &right);
    }
    marker->broken = true;
    return false;
}

static bool either(struct marker *marker);

static bool one(struct marker *marker)
{
    if (!take(marker, "("))
        return compare(marker);
    if (++marker->depth > NESTING_MAX) {
        marker->broken = true;
        return false;
    }
    const bool holds = either(marker);
    marker->broken = marker->broken || !take(marker, ")");
    marker->depth--;
    return holds;
}

static bool both(struct marker *marker)
{
    bool holds = one(marker);
    while (!marker->broken && take(marker, "and"))
        holds = one(marker) && holds;
    return holds;
}

static bool either(struct marker *marker)
{
    bool holds = both(marker);
    while (!marker->broken && take(marker, "or"))
        holds = both(marker) || holds;
    return holds;
}

/* A marker that cannot be read holds: rather one package too many. */
static bool marker_holds(const char *text, const struct pep508_machine *machine, const char *extras)
{
    struct marker marker = {.at = text, .machine = machine, .extras = extras};
    const bool holds = either(&marker);
    skip_space(&marker);
    return holds || marker.broken || *marker.at != '\0';
}

/* --- requirements --- */

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

static const char *read_extras(const char *at, struct pep508 *ret)
{
    const char *end = strchr(at, ']');
    size_t to = 0;
    if (end == NULL)
        return NULL;
    for (const char *from = at + 1; from < end;) {
        from += strspn(from, " \t,");
        size_t len = 0;
        while (from + len < end && is_name(from[len]))
            len++;
        if (len == 0)
            break;
        if (to + len + 3 >= sizeof(ret->extras))
            return NULL;
        ret->extras[to++] = ',';
        pep503_normalise(from, len, ret->extras + to, sizeof(ret->extras) - to - 1);
        to += strlen(ret->extras + to);
        from += len;
    }
    if (to > 0)
        ret->extras[to] = ',';
    return end + 1;
}

bool pep508_read(const char *requirement, const struct pep508_machine *machine, const char *extras,
                 struct pep508 *ret)
{
    size_t len = 0;
    *ret = (struct pep508){.wanted = true};
    const char *at = requirement + strspn(requirement, " \t");
    while (is_name(at[len]))
        len++;
    if (len == 0 || len >= sizeof(ret->name) || at[0] == '.' || at[0] == '-')
        return false;
    pep503_normalise(at, len, ret->name, sizeof(ret->name));
    at += len;
    at += strspn(at, " \t");
    if (*at == '[' && (at = read_extras(at, ret)) == NULL)
        return false;
    at += strspn(at, " \t");
    const char *marker = strchr(at, ';');
    ret->url = *at == '@';
    if (marker != NULL)
        ret->wanted = marker_holds(marker + 1, machine, extras);
    len = marker != NULL ? (size_t)(marker - at) : strcspn(at, "#\\");
    const char *hash = memmem(at, len, "--hash", 6);
    if (hash != NULL)
        len = (size_t)(hash - at);
    if (len > 0 && *at == '(') {
        const char *close = memchr(at, ')', len);
        at++;
        len = close == NULL ? len - 1 : (size_t)(close - at);
    }
    while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
        len--;
    if (ret->url)
        return true;
    if (len >= sizeof(ret->specifiers) || (len > 0 && strchr("<>=!~", *at) == NULL))
        return false;
    memcpy(ret->specifiers, at, len);
    return true;
}
