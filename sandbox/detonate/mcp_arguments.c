/* mcp_arguments: from a JSON Schema that nobody trusts to arguments for a tool. Bounded in depth
 * and in values; what a schema says that is not understood here is passed over, and the server then
 * says that the arguments do not fit. JSON Schema, draft 2020-12. */
#include <string.h>

#include "sandbox/detonate/mcp.h"

enum {
    DEPTH_MAX = 8,
    VALUES_MAX = 500,
    PROPERTIES_MAX = 64,
    ITEMS_MAX = 3,
    REFERENCES_MAX = 4, /* one behind the other */
    LONG_TEXT = 4096,
    STATED_ITEMS = 16, /* of a value that the schema gives */
    STATED_BYTES = 4096,
    NAME_BYTES = 64
};

static const char *const form_names[VB_MCP_FORMS] = {"typical", "edge",   "canary", "canary",
                                                     "bait",    "choice", "choice", "choice"};

const char *vb_mcp_form_name(enum vb_mcp_form form)
{
    return form_names[form];
}

struct maker {
    const json_t *root; /* that references begin at */
    enum vb_mcp_form form;
    const struct vb_mcp_places *places;
    struct vb_mcp_given *given;
    unsigned depth;
    unsigned values;
};

static json_t *make(struct maker *maker, const json_t *schema, const char *name);

static bool with_canary(const struct maker *maker)
{
    return maker->form == VB_MCP_CANARY || maker->form == VB_MCP_CANARY_2;
}

/* Which of COUNT values that are offered; the first, but where others are asked for. */
static size_t choice_of(struct maker *maker, size_t count)
{
    if (count > maker->given->choices)
        maker->given->choices = count;
    if (maker->form == VB_MCP_EDGE)
        return count - 1;
    const size_t wanted = maker->form == VB_MCP_CANARY_2 ? 1
                          : maker->form < VB_MCP_CHOICE  ? 0
                                                         : maker->form - VB_MCP_CHOICE + 1U;
    return wanted < count ? wanted : 0;
}

static const char *text_of(const json_t *schema, const char *key)
{
    return json_string_value(json_object_get(schema, key));
}

/* --- references --- */

/* What "#/$defs/X" stands for, or NULL. */
static const json_t *referred(const struct maker *maker, const char *reference)
{
    const json_t *at = maker->root;
    if (reference[0] != '#')
        return NULL;
    for (reference++; at != NULL && *reference == '/';) {
        char part[NAME_BYTES * 2];
        const size_t len = strcspn(++reference, "/");
        if (len >= sizeof(part))
            return NULL;
        memcpy(part, reference, len);
        part[len] = '\0';
        at = json_object_get(at, part);
        reference += len;
    }
    return at;
}

static const json_t *resolve(const struct maker *maker, const json_t *schema)
{
    for (int i = 0; i < REFERENCES_MAX; i++) {
        const char *reference = text_of(schema, "$ref");
        if (reference == NULL)
            return schema;
        schema = referred(maker, reference);
    }
    return schema;
}

/* --- strings --- */

enum sense { FREE, FILE_PATH, FOLDER_PATH, FIXED };

/* By a word in the name of a parameter. The first row that fits counts. */
static const struct {
    const char *word;
    enum sense sense;
    const char *value;
    const char *host; /* that the value names */
} words[] = {
    {"url", FIXED, "https://example.com/", "example.com"},
    {"uri", FIXED, "https://example.com/", "example.com"},
    {"link", FIXED, "https://example.com/", "example.com"},
    {"website", FIXED, "https://example.com/", "example.com"},
    {"domain", FIXED, "example.com", "example.com"},
    {"host", FIXED, "example.com", "example.com"},
    {"hostname", FIXED, "example.com", "example.com"},
    {"directory", FOLDER_PATH, NULL, NULL},
    {"dir", FOLDER_PATH, NULL, NULL},
    {"folder", FOLDER_PATH, NULL, NULL},
    {"cwd", FOLDER_PATH, NULL, NULL},
    {"root", FOLDER_PATH, NULL, NULL},
    {"workspace", FOLDER_PATH, NULL, NULL},
    {"path", FILE_PATH, NULL, NULL},
    {"paths", FILE_PATH, NULL, NULL},
    {"file", FILE_PATH, NULL, NULL},
    {"files", FILE_PATH, NULL, NULL},
    {"filename", FILE_PATH, NULL, NULL},
    {"filepath", FILE_PATH, NULL, NULL},
    {"source", FILE_PATH, NULL, NULL},
    {"destination", FILE_PATH, NULL, NULL},
    {"email", FIXED, "alex@example.com", NULL},
    {"mail", FIXED, "alex@example.com", NULL},
    {"recipient", FIXED, "alex@example.com", NULL},
    {"date", FIXED, "2026-03-14", NULL},
    {"day", FIXED, "2026-03-14", NULL},
    {"time", FIXED, "2026-03-14T09:26:53Z", NULL},
    {"timezone", FIXED, "Europe/Berlin", NULL},
    {"sql", FIXED, "SELECT 1", NULL},
    {"expression", FIXED, "2 + 2", NULL},
    {"command", FIXED, "echo hello", NULL},
    {"code", FIXED, "print(1)", NULL},
    {"branch", FIXED, "main", NULL},
    {"owner", FIXED, "octocat", NULL},
    {"repo", FIXED, "hello-world", NULL},
    {"repository", FIXED, "octocat/hello-world", NULL},
    {"language", FIXED, "en", NULL},
    {"token", FIXED, "k7Qd2mZx9Vb4Lw8Rt1Yc6Nf3Hs5Jp0Ga", NULL},
    {"password", FIXED, "k7Qd2mZx9Vb4Lw8Rt1Yc6Nf3Hs5Jp0Ga", NULL},
    {"city", FIXED, "Berlin", NULL},
    {"location", FIXED, "Berlin", NULL},
    {"country", FIXED, "DE", NULL},
    {"currency", FIXED, "EUR", NULL},
    {"symbol", FIXED, "AAPL", NULL},
    {"phone", FIXED, "+15550100", NULL},
    {"color", FIXED, "#336699", NULL},
    {"pattern", FIXED, "*", NULL},
    {"regex", FIXED, ".*", NULL},
    {"name", FIXED, "Alex", NULL},
    {"title", FIXED, "Weekly report", NULL},
    {"id", FIXED, "1", NULL},
    {"query", FIXED, "weekly report", NULL},
};

/* JSON Schema, section "format" (draft 2020-12, validation, 7.3). */
static const struct {
    const char *format;
    const char *value;
    const char *host;
} formats[] = {
    {"date-time", "2026-03-14T09:26:53Z", NULL},
    {"date", "2026-03-14", NULL},
    {"time", "09:26:53Z", NULL},
    {"duration", "PT1H", NULL},
    {"email", "alex@example.com", NULL},
    {"hostname", "example.com", "example.com"},
    {"ipv4", "192.0.2.1", NULL},
    {"ipv6", "2001:db8::1", NULL},
    {"uri", "https://example.com/", "example.com"},
    {"url", "https://example.com/", "example.com"},
    {"uuid", "7b0b5c1e-3f52-4c86-9d2b-0d6f6f7c7a11", NULL},
    {"regex", ".*", NULL},
};

static void note_given(struct maker *maker, const char *item)
{
    struct vb_mcp_given *given = maker->given;
    for (size_t i = 0; i < given->count; i++) {
        if (given->items[i] == item)
            return;
    }
    if (given->count < VB_MCP_GIVEN_MAX)
        given->items[given->count++] = item;
}

/* filePath, file_path and file-path have the same two words. */
static bool has_word(const char *name, const char *word)
{
    const size_t len = strlen(word);
    for (const char *at = name; *at != '\0'; at++) {
        const bool begins = at == name || strchr("_-. ", at[-1]) != NULL ||
                            (*at >= 'A' && *at <= 'Z' && !(at[-1] >= 'A' && at[-1] <= 'Z'));
        const char next = begins && strncasecmp(at, word, len) == 0 ? at[len] : 'x';
        if (next == '\0' || strchr("_-. 0123456789", next) != NULL || (next >= 'A' && next <= 'Z'))
            return true;
    }
    return false;
}

static bool speaks_of_a_file(const json_t *schema)
{
    static const char *const signs[] = {"path to", "file path", "absolute path", "filename"};
    const char *about = text_of(schema, "description");
    for (size_t i = 0; about != NULL && i < VB_ARRAY_LEN(signs); i++) {
        if (strcasestr(about, signs[i]) != NULL)
            return true;
    }
    return false;
}

/* What stands at the place of a file that is loaded as code, and of one that is a database. */
static const char *special_file(struct maker *maker, const char *name)
{
    static const char *const modules[] = {"plugin", "module", "extension", "addon"};
    static const char *const databases[] = {"db", "database", "sqlite"};
    const struct vb_mcp_places *places = maker->places;
    for (size_t i = 0; places->plugin != NULL && with_canary(maker) && i < VB_ARRAY_LEN(modules);
         i++) {
        if (!has_word(name, modules[i]))
            continue;
        maker->given->code = true;
        return places->plugin;
    }
    for (size_t i = 0; maker->form == VB_MCP_BAIT && i < VB_ARRAY_LEN(databases); i++) {
        if (has_word(name, databases[i]))
            return places->database;
    }
    return NULL;
}

static json_t *make_place(struct maker *maker, const char *name, bool folder)
{
    const struct vb_mcp_places *places = maker->places;
    const char *special = folder ? NULL : special_file(maker, name);
    const char *path = folder ? places->folder : places->file;
    if (!folder && maker->form == VB_MCP_BAIT && places->bait != NULL)
        path = places->bait;
    path = special != NULL ? special : path;
    maker->given->file |= !folder;
    note_given(maker, path);
    return json_string_nocheck(path);
}

static json_t *make_long(void)
{
    char text[LONG_TEXT];
    memset(text, 'a', sizeof(text));
    return json_stringn_nocheck(text, sizeof(text));
}

/* VALUE, made as long as the schema wants it, or as short. */
static json_t *fit_text(const json_t *schema, const char *value)
{
    char text[LONG_TEXT];
    const json_int_t least = json_integer_value(json_object_get(schema, "minLength"));
    const json_t *most = json_object_get(schema, "maxLength");
    size_t len = strlen(value);
    len = len < sizeof(text) ? len : sizeof(text);
    memcpy(text, value, len);
    while (least > 0 && len < (size_t)least && len < sizeof(text))
        text[len++] = 'a';
    if (json_is_integer(most) && json_integer_value(most) >= 0 &&
        (size_t)json_integer_value(most) < len)
        len = (size_t)json_integer_value(most);
    return json_stringn_nocheck(text, len);
}

static json_t *make_edge_text(const json_t *schema)
{
    const json_t *most = json_object_get(schema, "maxLength");
    if (json_integer_value(json_object_get(schema, "minLength")) > 0)
        return fit_text(schema, "");
    return json_is_integer(most) ? fit_text(schema, "") : make_long();
}

/* By a word in the name of a parameter: what is executed where it is read as code opens a file that
 * is not there. The encoded rows are the same expression, and a pickle that does it. */
static const struct {
    const char *word, *text;
} codes[] = {
    {"encoded", "b3BlbigiL2NhbmFyeS00ZjdhIik="},
    {"base64", "b3BlbigiL2NhbmFyeS00ZjdhIik="},
    {"b64", "b3BlbigiL2NhbmFyeS00ZjdhIik="},
    {"serialized", "Y2J1aWx0aW5zCm9wZW4KKFMnL2NhbmFyeS00ZjdhJwp0Ui4="},
    {"pickle", "Y2J1aWx0aW5zCm9wZW4KKFMnL2NhbmFyeS00ZjdhJwp0Ui4="},
    {"pickled", "Y2J1aWx0aW5zCm9wZW4KKFMnL2NhbmFyeS00ZjdhJwp0Ui4="},
    {"yaml", "!!python/object/apply:builtins.open [\"" VB_CANARY_FILE "\"]"},
    {"code", VB_CANARY_CODE},
    {"expression", VB_CANARY_CODE},
    {"expr", VB_CANARY_CODE},
    {"formula", VB_CANARY_CODE},
    {"python", VB_CANARY_CODE},
    {"script", VB_CANARY_CODE},
    {"lambda", VB_CANARY_CODE},
    {"calculation", VB_CANARY_CODE},
    {"module", VB_CANARY_MODULE},
    {"import", VB_CANARY_MODULE},
};

/* NULL: the parameter is not for code. */
static const char *code_of(const char *name)
{
    if (has_word(name, "path") || has_word(name, "file"))
        return NULL;
    for (size_t i = 0; i < VB_ARRAY_LEN(codes); i++) {
        if (has_word(name, codes[i].word))
            return codes[i].text;
    }
    return NULL;
}

static json_t *make_text(struct maker *maker, const json_t *schema, const char *name)
{
    const char *format = text_of(schema, "format");
    size_t row = 0;
    for (size_t i = 0; format != NULL && i < VB_ARRAY_LEN(formats); i++) {
        if (strcmp(formats[i].format, format) != 0)
            continue;
        if (formats[i].host != NULL)
            note_given(maker, formats[i].host);
        return json_string_nocheck(formats[i].value);
    }
    if (with_canary(maker) && code_of(name) != NULL) {
        maker->given->code = true;
        return fit_text(schema, code_of(name));
    }
    while (row < VB_ARRAY_LEN(words) && !has_word(name, words[row].word))
        row++;
    const bool known = row < VB_ARRAY_LEN(words);
    if (known && words[row].sense == FOLDER_PATH)
        return make_place(maker, name, true);
    if ((known && words[row].sense == FILE_PATH) || (!known && speaks_of_a_file(schema)))
        return make_place(maker, name, false);
    if (known && words[row].host != NULL) {
        note_given(maker, words[row].host);
        return json_string_nocheck(words[row].value);
    }
    if (maker->form == VB_MCP_EDGE)
        return make_edge_text(schema);
    if (with_canary(maker))
        return fit_text(schema, VB_CANARY_TEXT);
    return fit_text(schema, known ? words[row].value : "weekly report");
}

/* --- numbers, lists --- */

static json_t *make_number(const struct maker *maker, const json_t *schema, bool whole)
{
    const json_t *least = json_object_get(schema, "minimum");
    const json_t *most = json_object_get(schema, "maximum");
    double value = maker->form == VB_MCP_EDGE ? 0 : 1;
    if (maker->form == VB_MCP_EDGE && json_is_number(most))
        value = json_number_value(most);
    if (json_is_number(least) && value < json_number_value(least))
        value = json_number_value(least);
    if (json_is_number(most) && value > json_number_value(most))
        value = json_number_value(most);
    if (!(value < 1e15 && value > -1e15))
        value = 1;
    const bool fits = value == (double)(json_int_t)value;
    return whole || fits ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *make_list(struct maker *maker, const json_t *schema, const char *name)
{
    const json_int_t least = json_integer_value(json_object_get(schema, "minItems"));
    const json_t *items = json_object_get(schema, "items");
    json_int_t count = maker->form == VB_MCP_EDGE ? 0 : 1;
    json_t *list = json_array();
    count = least > count ? least : count;
    for (json_int_t i = 0; list != NULL && i < count && i < ITEMS_MAX; i++) {
        json_t *item = make(maker, items, name);
        if (item == NULL || json_array_append_new(list, item) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* --- objects --- */

static bool is_required(const json_t *schema, const char *name)
{
    const json_t *required = json_object_get(schema, "required");
    for (size_t i = 0; i < json_array_size(required); i++) {
        const char *item = json_string_value(json_array_get(required, i));
        if (item != NULL && strcmp(item, name) == 0)
            return true;
    }
    return false;
}

static bool add_properties(struct maker *maker, const json_t *schema, json_t *ret)
{
    json_t *properties = json_object_get(schema, "properties");
    const char *name;
    json_t *property;
    size_t count = 0;
    json_object_foreach(properties, name, property)
    {
        if (count == PROPERTIES_MAX)
            break;
        if (maker->form == VB_MCP_EDGE && !is_required(schema, name))
            continue;
        count++;
        json_t *value = make(maker, property, name);
        if (value == NULL || json_object_set_new_nocheck(ret, name, value) < 0)
            return false;
    }
    return true;
}

static json_t *make_object(struct maker *maker, const json_t *schema)
{
    const json_t *parts = json_object_get(schema, "allOf");
    json_t *object = json_object();
    bool good = object != NULL && add_properties(maker, schema, object);
    for (size_t i = 0; good && i < json_array_size(parts) && i < ITEMS_MAX; i++)
        good = add_properties(maker, resolve(maker, json_array_get(parts, i)), object);
    if (good)
        return object;
    json_decref(object);
    return NULL;
}

/* --- any --- */

/* A value of the schema's own that can be sent on. */
static const json_t *if_small(const json_t *value)
{
    if (json_object_size(value) > STATED_ITEMS || json_array_size(value) > STATED_ITEMS)
        return NULL;
    return json_dumpb(value, NULL, 0, JSON_ENCODE_ANY) <= STATED_BYTES ? value : NULL;
}

/* What the schema itself gives, or NULL. */
static const json_t *stated(struct maker *maker, const json_t *schema)
{
    static const char *const single[] = {"const", "default"};
    const json_t *values = json_object_get(schema, "enum");
    const json_t *examples = json_object_get(schema, "examples");
    const size_t count = json_array_size(values);
    if (json_object_get(schema, "const") == NULL && count > 0)
        (void)choice_of(maker, count);
    for (size_t i = 0; i < VB_ARRAY_LEN(single); i++) {
        const json_t *value = json_object_get(schema, single[i]);
        if (value != NULL && !json_is_null(value) && (i == 0 || maker->form == VB_MCP_TYPICAL))
            return if_small(value);
    }
    if (count > 0)
        return if_small(json_array_get(values, choice_of(maker, count)));
    /* Of examples the first is typical; the others are tried as choices. */
    if (maker->form >= VB_MCP_CHOICE && json_array_size(examples) > 1)
        return if_small(json_array_get(examples, choice_of(maker, json_array_size(examples))));
    if (json_array_size(examples) > 1)
        (void)choice_of(maker, json_array_size(examples));
    return maker->form == VB_MCP_TYPICAL && json_array_size(examples) > 0
               ? if_small(json_array_get(examples, 0))
               : NULL;
}

static const char *type_of(const json_t *schema)
{
    const json_t *type = json_object_get(schema, "type");
    if (json_is_array(type))
        type = json_array_get(type, 0);
    if (json_is_string(type))
        return json_string_value(type);
    if (json_is_object(json_object_get(schema, "properties")) ||
        json_is_array(json_object_get(schema, "allOf")))
        return "object";
    return json_object_get(schema, "items") != NULL ? "array" : "string";
}

/* The first of several schemas that would do. */
static const json_t *alternative(const json_t *schema)
{
    static const char *const keys[] = {"anyOf", "oneOf"};
    for (size_t i = 0; i < VB_ARRAY_LEN(keys); i++) {
        const json_t *first = json_array_get(json_object_get(schema, keys[i]), 0);
        if (first != NULL && json_object_get(schema, "properties") == NULL)
            return first;
    }
    return NULL;
}

static json_t *make_typed(struct maker *maker, const json_t *schema, const char *name)
{
    const char *type = type_of(schema);
    if (strcmp(type, "object") == 0)
        return make_object(maker, schema);
    if (strcmp(type, "array") == 0)
        return make_list(maker, schema, name);
    if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
        return make_number(maker, schema, type[0] == 'i');
    if (strcmp(type, "boolean") == 0)
        return json_boolean(choice_of(maker, 2) == 0);
    return strcmp(type, "null") == 0 ? json_null() : make_text(maker, schema, name);
}

static json_t *make(struct maker *maker, const json_t *schema, const char *name)
{
    if (maker->depth == DEPTH_MAX || maker->values == VALUES_MAX)
        return json_null();
    maker->values++;
    maker->depth++;
    schema = resolve(maker, schema);
    const json_t *value = stated(maker, schema);
    const json_t *other = value == NULL ? alternative(schema) : NULL;
    json_t *made = value != NULL   ? json_incref((json_t *)value)
                   : other != NULL ? make(maker, other, name)
                                   : make_typed(maker, schema, name);
    maker->depth--;
    return made;
}

json_t *vb_mcp_arguments(const json_t *schema, enum vb_mcp_form form,
                         const struct vb_mcp_places *places, struct vb_mcp_given *ret_given)
{
    struct maker maker = {.root = schema, .form = form, .places = places, .given = ret_given};
    *ret_given = (struct vb_mcp_given){.count = 0};
    return make_object(&maker, resolve(&maker, schema));
}
