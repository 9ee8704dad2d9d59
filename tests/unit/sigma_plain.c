/* Sigma as one would write it down from the specification, to hold the compiled engine against: a
 * rule is kept as YAML and gone through for each event, one value after another, wildcards by
 * trying everything, forms of windash and base64offset one by one. Nothing of verdict/sigma/ is
 * used. It takes only rules that are in order: what is refused is for other tests. */
#include <arpa/inet.h>
#include <regex.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <utf8proc.h>

#include "sigma_helper.h"
#include "vetbox/core/text.h"
#include "vetbox/core/yaml.h"

struct plain {
    struct vb_yaml *yaml;
    const struct vb_yaml_node *top, *detection;
};

/* One character: a code point, or a byte that is none; with a meaning for '*' and '?'. */
enum { STAR = 0x200000, ANYONE = 0x200001, BYTE = 0x300000 };
struct chars {
    uint32_t list[4096];
    size_t count;
};

static uint32_t fold(uint32_t code)
{
    if (code == 0x130 || code == 0x131 || code >= 0x110000)
        return code;
    return (uint32_t)utf8proc_tolower(utf8proc_toupper((utf8proc_int32_t)code));
}

static void read_chars(struct chars *chars, const char *text, size_t len)
{
    chars->count = 0;
    for (size_t i = 0; i < len && chars->count < 4096;) {
        uint32_t code = 0;
        const size_t step = vb_utf8_decode(text + i, len - i, &code);
        if (step == 1)
            code = (unsigned char)text[i] < 0x80 ? (unsigned char)text[i]
                                                 : BYTE + (unsigned char)text[i];
        chars->list[chars->count++] = code;
        i += step;
    }
}

static void read_pattern(struct chars *chars, const char *text, size_t len)
{
    struct chars raw;
    read_chars(&raw, text, len);
    chars->count = 0;
    for (size_t i = 0; i < raw.count; i++) {
        uint32_t code = raw.list[i];
        const uint32_t next = i + 1 < raw.count ? raw.list[i + 1] : 0;
        if (code == '\\' && (next == '\\' || next == '*' || next == '?'))
            code = raw.list[++i];
        else if (code == '*')
            code = STAR;
        else if (code == '?')
            code = ANYONE;
        chars->list[chars->count++] = code;
    }
}

static void insert(struct chars *chars, size_t at, uint32_t code)
{
    for (size_t i = chars->count; i > at; i--)
        chars->list[i] = chars->list[i - 1];
    chars->list[at] = code;
    chars->count++;
}

/* match[i][j] by rows: the first i of PATTERN match the first j of TEXT. */
static bool like(const struct chars *pattern, const struct chars *text, bool cased)
{
    static bool row[4097], above[4097];
    for (size_t j = 0; j <= text->count; j++)
        row[j] = j == 0;
    for (size_t i = 1; i <= pattern->count; i++) {
        memcpy(above, row, sizeof(row));
        const uint32_t code = pattern->list[i - 1];
        row[0] = above[0] && code == STAR;
        for (size_t j = 1; j <= text->count; j++) {
            const uint32_t other = text->list[j - 1];
            if (code == STAR)
                row[j] = above[j] || row[j - 1];
            else
                row[j] = above[j - 1] &&
                         (code == ANYONE || code == other || (!cased && fold(code) == fold(other)));
        }
    }
    return row[text->count];
}

/* --- modifiers of a key --- */

struct key {
    char field[128];
    char mods[16][16];
    size_t count;
};

static void read_key(struct key *key, const char *text)
{
    key->count = 0;
    size_t len = strcspn(text, "|");
    (void)snprintf(key->field, sizeof(key->field), "%.*s", (int)len, text);
    for (text += len; *text == '|'; text += len) {
        len = strcspn(++text, "|");
        (void)snprintf(key->mods[key->count++], 16, "%.*s", (int)len, text);
    }
}

static bool has(const struct key *key, const char *mod)
{
    for (size_t i = 0; i < key->count; i++)
        if (strcmp(key->mods[i], mod) == 0)
            return true;
    return false;
}

/* --- the values of an event --- */

/* The text of a JSON value; false where it has none. */
static bool text_of(json_t *json, char *buffer, const char **ret, size_t *ret_len)
{
    *ret = buffer;
    if (json_is_string(json)) {
        *ret = json_string_value(json);
        *ret_len = json_string_length(json);
        return true;
    }
    if (json_is_integer(json))
        (void)snprintf(buffer, 64, "%lld", (long long)json_integer_value(json));
    else if (json_is_real(json))
        (void)snprintf(buffer, 64, "%.15g", json_real_value(json));
    else if (json_is_boolean(json))
        (void)snprintf(buffer, 64, "%s", json_is_true(json) ? "true" : "false");
    else
        return false;
    *ret_len = strlen(buffer);
    return true;
}

static json_t *get(json_t *fields, const char *name)
{
    json_t *flat = json_object_get(fields, name);
    const char *dot = strchr(name, '.');
    if (flat != NULL || dot == NULL)
        return flat;
    char head[128];
    (void)snprintf(head, sizeof(head), "%.*s", (int)(dot - name), name);
    json_t *below = json_object_get(fields, head);
    return json_is_object(below) ? get(below, dot + 1) : NULL;
}

/* --- one value of a rule against one text --- */

static bool number_of(const char *text, size_t len, double *ret)
{
    regex_t shape;
    char copy[64];
    (void)snprintf(copy, sizeof(copy), "%.*s", (int)(len < 63 ? len : 63), text);
    if (regcomp(&shape, "^[-+]?[0-9]+(\\.[0-9]+)?$", REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    const bool fits = len < 63 && strlen(copy) == len && regexec(&shape, copy, 0, NULL, 0) == 0;
    regfree(&shape);
    *ret = fits ? strtod(copy, NULL) : 0;
    return fits;
}

static bool search_regex(const struct key *key, const char *pattern, const char *text, size_t len)
{
    int error = 0;
    PCRE2_SIZE where = 0;
    uint32_t flags = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
    flags |= has(key, "i") || has(key, "ignorecase") ? PCRE2_CASELESS : 0;
    flags |= has(key, "m") || has(key, "multiline") ? PCRE2_MULTILINE : 0;
    flags |= has(key, "s") || has(key, "dotall") ? PCRE2_DOTALL : 0;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern), flags, &error, &where, NULL);
    if (code == NULL)
        return false;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    const int result = pcre2_match(code, (PCRE2_SPTR)text, len, 0, 0, data, NULL);
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    return result >= 0;
}

static bool in_network(const char *network, const char *text, size_t len)
{
    char address[64], given[64];
    unsigned char a[16] = {0}, b[16] = {0};
    const char *slash = strchr(network, '/');
    (void)snprintf(address, sizeof(address), "%.*s",
                   (int)(slash == NULL ? strlen(network) : (size_t)(slash - network)), network);
    (void)snprintf(given, sizeof(given), "%.*s", (int)(len < 63 ? len : 63), text);
    if (strlen(given) != len)
        return false;
    const int family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
    if (inet_pton(family, address, a) != 1 || inet_pton(family, given, b) != 1)
        return false;
    const unsigned bits =
        slash == NULL ? (family == AF_INET ? 32 : 128) : (unsigned)strtoul(slash + 1, NULL, 10);
    for (unsigned i = 0; i < bits; i++)
        if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) != 0)
            return false;
    return true;
}

static bool compares(const struct key *key, double left, double right)
{
    if (has(key, "lt"))
        return left < right;
    if (has(key, "lte"))
        return left <= right;
    return has(key, "gt") ? left > right : left >= right;
}

static bool word(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
           (code >= 'A' && code <= 'Z') || code == '_' || (code >= 0x80 && code < STAR);
}

static const uint32_t dashes[] = {'-', '/', 0x2013, 0x2014, 0x2015};
static bool is_dash(uint32_t code)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(dashes); i++)
        if (code == dashes[i])
            return true;
    return false;
}

typedef bool each_form(void *ctx, const struct chars *form);

/* Every way to write the flags from AT on. */
static bool each_dash(struct chars *chars, size_t at, each_form *each, void *ctx)
{
    for (; at < chars->count; at++) {
        const bool before = at > 0 && word(chars->list[at - 1]) && !is_dash(chars->list[at - 1]);
        const bool behind =
            at + 1 < chars->count && word(chars->list[at + 1]) && !is_dash(chars->list[at + 1]);
        if (!is_dash(chars->list[at]) || before || !behind)
            continue;
        const uint32_t own = chars->list[at];
        bool found = false;
        for (size_t i = 0; i < VB_ARRAY_LEN(dashes) && !found; i++) {
            chars->list[at] = dashes[i];
            found = each_dash(chars, at + 1, each, ctx);
        }
        chars->list[at] = own;
        return found;
    }
    return each(ctx, chars);
}

struct comparison {
    const struct chars *text;
    bool cased, start, end;
};

static bool compare_form(void *ctx, const struct chars *form)
{
    const struct comparison *comparison = ctx;
    struct chars pattern = *form;
    if (comparison->start)
        insert(&pattern, 0, STAR);
    if (comparison->end)
        insert(&pattern, pattern.count, STAR);
    return like(&pattern, comparison->text, comparison->cased);
}

/* PATTERN's characters as bytes, wide or not. */
static size_t bytes_of(const struct key *key, const struct chars *pattern, unsigned char *ret)
{
    size_t len = 0;
    const bool big = has(key, "utf16be"), mark = has(key, "utf16");
    const bool wide = big || mark || has(key, "wide") || has(key, "utf16le");
    if (mark) {
        ret[len++] = 0xff;
        ret[len++] = 0xfe;
    }
    for (size_t i = 0; i < pattern->count; i++) {
        const uint32_t code = pattern->list[i];
        if (!wide) {
            len += (size_t)utf8proc_encode_char((utf8proc_int32_t)code, ret + len);
            continue;
        }
        uint32_t units[2] = {code, 0};
        const size_t many = code > 0xffff ? 2 : 1;
        if (many == 2) {
            units[0] = 0xd800 + ((code - 0x10000) >> 10);
            units[1] = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        for (size_t k = 0; k < many; k++) {
            ret[len++] = (unsigned char)(big ? units[k] >> 8 : units[k] & 255);
            ret[len++] = (unsigned char)(big ? units[k] & 255 : units[k] >> 8);
        }
    }
    return len;
}

static bool compare_base64(const struct key *key, const struct chars *pattern,
                           struct comparison *comparison)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static unsigned char bytes[20000];
    const bool offsets = has(key, "base64offset");
    for (size_t filler = 0; filler < (offsets ? 3 : 1); filler++) {
        struct chars form = {.count = 0};
        memset(bytes, 0, sizeof(bytes));
        const size_t len = filler + bytes_of(key, pattern, bytes + filler);
        for (size_t bit = 0; bit < (len * 8 + 5) / 6 * 6; bit += 6) {
            const size_t at = bit / 8;
            const unsigned pair = (unsigned)bytes[at] << 8 | bytes[at + 1];
            form.list[form.count++] = (unsigned char)digits[(pair >> (10 - bit % 8)) & 63];
        }
        if (offsets && (len * 8) % 6 != 0)
            form.count--; /* the digit that the next byte touches */
        while (!offsets && form.count % 4 != 0)
            form.list[form.count++] = '=';
        const size_t skip = filler == 0 ? 0 : filler + 1;
        memmove(form.list, form.list + skip, (form.count - skip) * sizeof(form.list[0]));
        form.count -= skip;
        if (compare_form(comparison, &form))
            return true;
    }
    return false;
}

static bool token_in(const struct chars *text, const struct chars *token)
{
    for (size_t i = 0; i + token->count <= text->count; i++) {
        size_t k = 0;
        while (k < token->count && token->list[k] == text->list[i + k])
            k++;
        const bool before = i > 0 && (word(text->list[i - 1]) || text->list[i - 1] >= BYTE);
        const bool behind =
            i + k < text->count && (word(text->list[i + k]) || text->list[i + k] >= BYTE);
        if (k == token->count && !before && !behind)
            return true;
    }
    return false;
}

static bool is_number(const struct vb_yaml_node *node)
{
    double number = 0;
    return !node->quoted && number_of(node->text, node->len, &number);
}

static bool value_matches(const struct key *key, const struct vb_yaml_node *value, const char *text,
                          size_t len, bool number)
{
    static struct chars pattern, chars;
    double left = 0, right = 0;
    if (has(key, "re"))
        return search_regex(key, value->text, text, len);
    if (has(key, "cidr"))
        return in_network(value->text, text, len);
    if (has(key, "lt") || has(key, "lte") || has(key, "gt") || has(key, "gte"))
        return number && number_of(text, len, &left) &&
               number_of(value->text, value->len, &right) && compares(key, left, right);
    read_chars(&chars, text, len);
    read_pattern(&pattern, value->text, value->len);
    if (!value->quoted &&
        (vb_ascii_equal(value->text, "true") || vb_ascii_equal(value->text, "false")))
        read_pattern(&pattern, vb_ascii_equal(value->text, "true") ? "true" : "false",
                     vb_ascii_equal(value->text, "true") ? 4 : 5);
    const bool keyword = key->field[0] == '\0';
    if (keyword && is_number(value) && key->count == has(key, "all"))
        return token_in(&chars, &pattern);
    struct comparison comparison = {&chars, has(key, "cased"),
                                    keyword || has(key, "contains") || has(key, "endswith"),
                                    keyword || has(key, "contains") || has(key, "startswith")};
    if (has(key, "base64") || has(key, "base64offset"))
        return compare_base64(key, &pattern, &comparison);
    if (has(key, "windash"))
        return each_dash(&pattern, 0, compare_form, &comparison);
    return compare_form(&comparison, &pattern);
}

static bool any_element(const struct key *key, const struct vb_yaml_node *value, json_t *json)
{
    char buffer[64];
    const char *text = NULL;
    size_t len = 0, index = 0;
    json_t *item = NULL;
    if (json_is_array(json)) {
        json_array_foreach(json, index, item) if (!json_is_array(item) &&
                                                  any_element(key, value, item)) return true;
        return false;
    }
    return text_of(json, buffer, &text, &len) &&
           value_matches(key, value, text, len, !json_is_boolean(json));
}

/* Keywords look at every value of the event. */
static bool any_value(const struct key *key, const struct vb_yaml_node *value, json_t *fields)
{
    const char *name = NULL;
    json_t *json = NULL;
    json_object_foreach(fields, name, json) if (json_is_object(json)
                                                    ? any_value(key, value, json)
                                                    : any_element(key, value, json)) return true;
    return false;
}

static bool fields_agree(const struct key *key, json_t *left, json_t *right)
{
    static struct chars pattern, chars;
    char buffers[2][64];
    const char *texts[2];
    size_t lens[2], index = 0;
    json_t *item = NULL;
    if (json_is_array(left)) {
        json_array_foreach(left, index, item) if (fields_agree(key, item, right)) return true;
        return false;
    }
    if (json_is_array(right)) {
        json_array_foreach(right, index, item) if (fields_agree(key, left, item)) return true;
        return false;
    }
    if (!text_of(left, buffers[0], &texts[0], &lens[0]) ||
        !text_of(right, buffers[1], &texts[1], &lens[1]))
        return false;
    read_chars(&chars, texts[0], lens[0]);
    read_chars(&pattern, texts[1], lens[1]);
    struct comparison comparison = {&chars, has(key, "cased"),
                                    has(key, "contains") || has(key, "endswith"),
                                    has(key, "contains") || has(key, "startswith")};
    return compare_form(&comparison, &pattern);
}

static bool one_value(const struct key *key, const struct vb_yaml_node *value, json_t *fields)
{
    json_t *json = get(fields, key->field);
    if (has(key, "exists"))
        return (json != NULL) == vb_ascii_equal(value->text, "true");
    const bool null = !value->quoted && (value->len == 0 || strcmp(value->text, "~") == 0 ||
                                         vb_ascii_equal(value->text, "null"));
    if (null)
        return json == NULL || json_is_null(json);
    if (key->field[0] == '\0')
        return any_value(key, value, fields);
    if (json == NULL)
        return false;
    if (has(key, "fieldref")) {
        json_t *other = get(fields, value->text);
        return other != NULL && fields_agree(key, json, other);
    }
    return any_element(key, value, json);
}

static bool item_matches(const struct key *key, const struct vb_yaml_node *values, json_t *fields)
{
    bool result = false;
    if (values->kind == VB_YAML_SCALAR) {
        result = one_value(key, values, fields);
    } else {
        const bool all = has(key, "all");
        result = all;
        for (size_t i = 0; i < values->count; i++) {
            const bool one = one_value(key, values->items[i], fields);
            result = all ? result && one : result || one;
        }
    }
    return has(key, "neq") ? !result : result;
}

static bool search_matches(const struct vb_yaml_node *search, json_t *fields)
{
    struct key key;
    if (search->kind == VB_YAML_MAP) {
        for (size_t i = 0; i < search->count; i++) {
            read_key(&key, search->keys[i]->text);
            if (!item_matches(&key, search->items[i], fields))
                return false;
        }
        return true;
    }
    read_key(&key, "");
    if (search->kind == VB_YAML_SCALAR)
        return item_matches(&key, search, fields);
    for (size_t i = 0; i < search->count; i++)
        if (search_matches(search->items[i], fields))
            return true;
    return false;
}

/* --- the condition, read anew for each event --- */

struct reading {
    const struct vb_yaml_node *detection;
    json_t *fields;
    const char *at;
};

static size_t next_word(struct reading *reading)
{
    reading->at += strspn(reading->at, " \t\n");
    return strspn(reading->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-*");
}

static bool take(struct reading *reading, const char *keyword)
{
    const size_t len = next_word(reading);
    char word_text[64];
    (void)snprintf(word_text, sizeof(word_text), "%.*s", (int)len, reading->at);
    if (!vb_ascii_equal(word_text, keyword))
        return false;
    reading->at += len;
    return true;
}

static bool named(const char *pattern, size_t len, const char *name)
{
    if (len == 0)
        return *name == '\0';
    if (*pattern == '*')
        return named(pattern + 1, len - 1, name) ||
               (*name != '\0' && named(pattern, len, name + 1));
    return *name == *pattern && named(pattern + 1, len - 1, name + 1);
}

static bool read_or(struct reading *reading);

static bool read_of(struct reading *reading, const char *quantity)
{
    size_t total = 0, many = 0;
    const size_t len = next_word(reading);
    const bool them = len == 4 && strncasecmp(reading->at, "them", 4) == 0;
    for (size_t i = 0; i < reading->detection->count; i++) {
        const char *name = reading->detection->keys[i]->text;
        if (strcmp(name, "condition") == 0 || strcmp(name, "timeframe") == 0 || *name == '_' ||
            (!them && !named(reading->at, len, name)))
            continue;
        total++;
        many += search_matches(reading->detection->items[i], reading->fields);
    }
    reading->at += len;
    if (vb_ascii_equal(quantity, "all"))
        return many == total;
    return many >= (vb_ascii_equal(quantity, "any") ? 1 : strtoul(quantity, NULL, 10));
}

static bool read_atom(struct reading *reading)
{
    size_t len = next_word(reading);
    if (*reading->at == '(') {
        reading->at++;
        const bool inner = read_or(reading);
        (void)next_word(reading);
        reading->at++; /* ) */
        return inner;
    }
    char name[64];
    (void)snprintf(name, sizeof(name), "%.*s", (int)len, reading->at);
    reading->at += len;
    const bool quantity = vb_ascii_equal(name, "all") || vb_ascii_equal(name, "any") ||
                          strspn(name, "0123456789") == strlen(name);
    if (quantity && take(reading, "of"))
        return read_of(reading, name);
    return search_matches(vb_yaml_get(reading->detection, name), reading->fields);
}

static bool read_not(struct reading *reading)
{
    if (take(reading, "not"))
        return !read_not(reading);
    return read_atom(reading);
}

static bool read_and(struct reading *reading)
{
    bool all = read_not(reading);
    while (take(reading, "and"))
        all = read_not(reading) && all;
    return all;
}

static bool read_or(struct reading *reading)
{
    bool any = read_and(reading);
    while (take(reading, "or"))
        any = read_and(reading) || any;
    return any;
}

/* --- rules --- */

static bool key_fits(const struct vb_yaml_node *source, const char *key, const char *have)
{
    const struct vb_yaml_node *want = vb_yaml_get(source, key);
    return want == NULL || want->len == 0 || (have != NULL && vb_ascii_equal(want->text, have));
}

bool plain_match(const struct plain *plain, const struct sigma_event *event)
{
    const struct vb_yaml_node *source = vb_yaml_get(plain->top, "logsource");
    const struct vb_yaml_node *condition = vb_yaml_get(plain->detection, "condition");
    bool applies = false;
    for (size_t i = 0; i < event->source_count; i++)
        applies = applies || (key_fits(source, "product", event->sources[i].product) &&
                              key_fits(source, "category", event->sources[i].category) &&
                              key_fits(source, "service", event->sources[i].service));
    const size_t count = condition->kind == VB_YAML_LIST ? condition->count : 1;
    for (size_t i = 0; applies && i < count; i++) {
        const struct vb_yaml_node *one =
            condition->kind == VB_YAML_LIST ? condition->items[i] : condition;
        struct reading reading = {plain->detection, event->fields, one->text};
        if (read_or(&reading))
            return true;
    }
    return false;
}

struct plain *plain_new(const char *name, const char *text, size_t len)
{
    struct vb_error err = {0};
    const struct vb_yaml_limits limits = {(size_t)1 << 20, 16, 100000, 0, 1};
    struct plain *plain = calloc(1, sizeof(*plain));
    if (plain == NULL || vb_yaml_parse(name, text, len, &limits, &plain->yaml, &err) < 0) {
        free(plain);
        return NULL;
    }
    plain->top = vb_yaml_root(plain->yaml);
    plain->detection = vb_yaml_get(plain->top, "detection");
    return plain;
}

void plain_free(struct plain *plain)
{
    if (plain != NULL)
        vb_yaml_free(plain->yaml);
    free(plain);
}
