/* Compiles the user's YARA rules and holds them to our metadata. Runs in the coordinator; the
 * examiner inherits the result. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "scan/rules_internal.h"

enum { PROBE_TIMEOUT_S = 10, MAX_MAPPING = 64, MAX_META_BYTES = 4096 };

/* External variables that a condition may use. path and filepath, and the extension, are there for
 * the many public rules that expect these names. */
static const char *const externals[] = {"layer",    "path",     "kind",
                                        "filename", "filepath", "extension"};

/* Modules that a rule may import. The rest parse whole executables with a history of memory errors
 * (pe, dotnet, dex, macho), need files or reports that the examiner has not (magic, cuckoo), print
 * (console) or make a verdict depend on the day (time). */
static const char *const allowed_modules[] = {"elf", "hash", "math"};

/* --- compiling --- */

struct compiling {
    const struct vb_rule_sources *sources;
    const struct vb_rule_source *file;
    struct vb_error *err;
    bool failed;
};

static void on_compiler_message(int level, const char *file_name, int line, const YR_RULE *rule,
                                const char *message, void *user_data)
{
    (void)file_name;
    (void)rule;
    struct compiling *state = user_data;
    if (level != YARA_ERROR_LEVEL_ERROR || state->failed)
        return;
    state->failed = true;
    /* libyara calls the end of a file line 0. */
    const struct vb_buf *text = &state->file->text;
    const size_t last =
        text->len == 0 ? 1 : vb_line_of((const char *)text->data, text->len, text->len - 1);
    (void)vb_fail(state->err, VB_E_CONFIG, 0, "%s/%s:%zu: %s%s", state->sources->dir,
                  state->file->name, line <= 0 ? last : (size_t)line, message,
                  line <= 0 ? ": the file ends within a rule" : "");
}

static int prepare_compiler(YR_COMPILER *compiler, struct compiling *state, struct vb_error *err)
{
    yr_compiler_set_callback(compiler, on_compiler_message, state);
    return vb_rules_prepare(compiler, err);
}

int vb_rules_prepare(YR_COMPILER *compiler, struct vb_error *err)
{
    yr_compiler_set_include_callback(compiler, NULL, NULL, NULL); /* include is refused */
    for (size_t i = 0; i < VB_ARRAY_LEN(externals); i++) {
        if (yr_compiler_define_string_variable(compiler, externals[i], "") != ERROR_SUCCESS)
            return vb_fail(err, VB_E_NOMEM, 0, "cannot prepare the YARA compiler");
    }
    return VB_OK;
}

static void destroy_compiler(YR_COMPILER **compiler)
{
    if (*compiler != NULL)
        yr_compiler_destroy(*compiler);
}

static int compile(const struct vb_rule_sources *sources, YR_RULES **ret, struct vb_error *err)
{
    VB_CLEANUP(destroy_compiler) YR_COMPILER *compiler = NULL;
    struct compiling state = {.sources = sources, .err = err};
    if (yr_compiler_create(&compiler) != ERROR_SUCCESS)
        return vb_fail(err, VB_E_NOMEM, 0, "cannot start the YARA compiler");
    const int status = prepare_compiler(compiler, &state, err);
    if (status < 0)
        return status;
    for (size_t i = 0; i < sources->count; i++) {
        const struct vb_rule_source *source = &sources->items[i];
        state.file = source;
        const char *text = source->text.data == NULL ? "" : (const char *)source->text.data;
        const int errors = yr_compiler_add_string(compiler, text, source->name);
        if (errors != 0 && !state.failed)
            return vb_fail(err, VB_E_CONFIG, 0, "%s/%s:1: libyara refused the file (error %d)",
                           sources->dir, source->name, compiler->last_error);
        if (errors != 0)
            return VB_E_CONFIG;
    }
    if (yr_compiler_get_rules(compiler, ret) != ERROR_SUCCESS)
        return vb_fail(err, VB_E_NOMEM, 0, "cannot compile the rules of %s", sources->dir);
    return VB_OK;
}

/* --- imports --- */

struct probing {
    const struct vb_rule_sources *sources;
    char module[64];
};

static bool module_allowed(const char *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(allowed_modules); i++) {
        if (strcmp(allowed_modules[i], name) == 0)
            return true;
    }
    return false;
}

static int on_probe(YR_SCAN_CONTEXT *context, int message, void *data, void *user_data)
{
    (void)context;
    struct probing *state = user_data;
    if (message != CALLBACK_MSG_IMPORT_MODULE)
        return CALLBACK_CONTINUE;
    const YR_MODULE_IMPORT *import = data;
    if (module_allowed(import->module_name))
        return CALLBACK_CONTINUE;
    (void)snprintf(state->module, sizeof(state->module), "%s", import->module_name);
    return CALLBACK_ABORT;
}

static int refuse_module(const struct probing *state, struct vb_error *err)
{
    const struct vb_rule_sources *sources = state->sources;
    for (size_t i = 0; i < sources->count; i++) {
        const char *file = sources->items[i].name;
        const size_t line = vb_rule_source_line(sources, file, "import", state->module);
        if (line != 0)
            return vb_fail(err, VB_E_CONFIG, 0,
                           "%s/%s:%zu: import of the module %s is not allowed (elf, hash and math "
                           "are)",
                           sources->dir, file, line, state->module);
    }
    return vb_fail(err, VB_E_CONFIG, 0, "%s: import of the module %s is not allowed", sources->dir,
                   state->module);
}

/* Scanning nothing at all makes libyara say which modules the rules load. */
static int check_imports(const struct vb_rule_sources *sources, YR_RULES *rules,
                         struct vb_error *err)
{
    struct probing state = {.sources = sources};
    static const uint8_t nothing[1] = {0};
    const int flags = SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING;
    const int error =
        yr_rules_scan_mem(rules, nothing, 0, flags, on_probe, &state, PROBE_TIMEOUT_S);
    if (state.module[0] != '\0')
        return refuse_module(&state, err);
    if (error != ERROR_SUCCESS)
        return vb_fail(err, VB_E_CONFIG, 0, "%s: the rules cannot run (libyara error %d)",
                       sources->dir, error);
    return VB_OK;
}

/* --- metadata --- */

static bool one_of(const char *value, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(value, words[i]) == 0)
            return true;
    }
    return false;
}

static bool valid_severity(const char *value)
{
    static const char *const words[] = {"info", "low", "medium", "high", "critical"};
    return one_of(value, words, VB_ARRAY_LEN(words));
}

static bool valid_confidence(const char *value)
{
    static const char *const words[] = {"low", "medium", "high"};
    return one_of(value, words, VB_ARRAY_LEN(words));
}

/* VB-EXFIL-WEBHOOK: two or more upper-case words. */
static bool valid_id(const char *value)
{
    size_t words = 1;
    if (!isupper((unsigned char)value[0]))
        return false;
    for (const char *at = value; *at != '\0'; at++) {
        const bool dash = *at == '-';
        if (dash && !isalnum((unsigned char)at[1]))
            return false;
        if (!dash && !isupper((unsigned char)*at) && !isdigit((unsigned char)*at))
            return false;
        words += dash ? 1 : 0;
    }
    return words >= 2 && strlen(value) <= 64;
}

static bool valid_text(const char *value)
{
    return value[0] != '\0' && strlen(value) <= MAX_META_BYTES &&
           vb_utf8_valid(value, strlen(value));
}

/* "AST01 ASI05 ATTACK-T1105 CWE-506" */
static bool valid_mapping(const char *value)
{
    size_t words = 0;
    for (const char *at = value; *at != '\0'; at++) {
        const bool allowed = isalnum((unsigned char)*at) || strchr("-.: ", *at) != NULL;
        if (!allowed)
            return false;
        words += *at != ' ' && (at[1] == ' ' || at[1] == '\0') ? 1 : 0;
    }
    return words >= 1 && words <= MAX_MAPPING;
}

struct meta_row {
    const char *name;
    bool (*valid)(const char *value);
    const char *expected;
};

enum { META_ID, META_TITLE, META_DESCRIPTION, META_SEVERITY, META_CONFIDENCE, META_MAPPING };

static const struct meta_row meta_rows[] = {
    [META_ID] = {"id", valid_id, "upper-case words such as \"VB-EXFIL-WEBHOOK\""},
    [META_TITLE] = {"title", valid_text, "a short title"},
    [META_DESCRIPTION] = {"description", valid_text, "one sentence"},
    [META_SEVERITY] = {"severity", valid_severity, "info, low, medium, high or critical"},
    [META_CONFIDENCE] = {"confidence", valid_confidence, "low, medium or high"},
    [META_MAPPING] = {"mapping", valid_mapping, "taxonomy ids such as \"AST01 ATTACK-T1105\""},
};

static const char *meta_string(const YR_RULE *rule, const char *name)
{
    const YR_META *meta;
    yr_rule_metas_foreach(rule, meta)
    {
        if (meta->type == META_TYPE_STRING && strcmp(meta->identifier, name) == 0)
            return meta->string;
    }
    return NULL;
}

static int bad_meta(const struct vb_rule_sources *sources, const YR_RULE *rule,
                    const struct meta_row *row, const char *value, struct vb_error *err)
{
    const char *file = rule->ns->name;
    size_t line = vb_rule_source_line(sources, file, "rule", rule->identifier);
    if (line == 0)
        line = 1;
    if (value == NULL)
        return vb_fail(err, VB_E_CONFIG, 0, "%s/%s:%zu: rule %s has no meta %s: write %s",
                       sources->dir, file, line, rule->identifier, row->name, row->expected);
    return vb_fail(err, VB_E_CONFIG, 0, "%s/%s:%zu: rule %s has the meta %s = \"%.100s\": write %s",
                   sources->dir, file, line, rule->identifier, row->name, value, row->expected);
}

static int split_mapping(const char *text, struct vb_rule *rule, struct vb_error *err)
{
    rule->mapping = calloc(MAX_MAPPING, sizeof(*rule->mapping));
    if (rule->mapping == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "rule table");
    while (*text != '\0') {
        const size_t len = strcspn(text, " ");
        if (len > 0)
            rule->mapping[rule->mapping_count++] = (struct vb_str){text, len};
        text += len;
        text += strspn(text, " ");
    }
    return VB_OK;
}

static int fill_rule(const struct vb_rule_sources *sources, const YR_RULE *yara,
                     struct vb_rule *rule, struct vb_error *err)
{
    const char *values[VB_ARRAY_LEN(meta_rows)];
    rule->name = yara->identifier;
    rule->reported = !RULE_IS_PRIVATE(yara);
    if (!rule->reported)
        return VB_OK;
    for (size_t i = 0; i < VB_ARRAY_LEN(meta_rows); i++) {
        values[i] = meta_string(yara, meta_rows[i].name);
        if (values[i] == NULL || !meta_rows[i].valid(values[i]))
            return bad_meta(sources, yara, &meta_rows[i], values[i], err);
    }
    rule->id = values[META_ID];
    rule->title = values[META_TITLE];
    rule->description = values[META_DESCRIPTION];
    rule->severity = values[META_SEVERITY];
    rule->confidence = values[META_CONFIDENCE];
    return split_mapping(values[META_MAPPING], rule, err);
}

/* A rule that does not say where it can hold is in every set, and so are those that others stand on
 * or that hold back all others. */
static int fill_sets(const struct vb_rule_sources *sources, const YR_RULE *yara,
                     struct vb_rule *rule, struct vb_error *err)
{
    static const struct meta_row row = {"kinds", NULL,
                                        "words of other, prose, code, config and layer"};
    const char *kinds = meta_string(yara, row.name);
    rule->sets = (1U << VB_RULE_SETS) - 1;
    if (kinds == NULL || RULE_IS_PRIVATE(yara) || RULE_IS_GLOBAL(yara))
        return VB_OK;
    rule->sets = vb_rule_sets_named(kinds);
    return rule->sets != 0 ? VB_OK : bad_meta(sources, yara, &row, kinds, err);
}

static int fill_table(const struct vb_rule_sources *sources, struct vb_rules *rules,
                      struct vb_error *err)
{
    rules->count = rules->yara->num_rules;
    rules->rules = calloc(rules->count + 1, sizeof(*rules->rules));
    if (rules->rules == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "rule table");
    for (size_t i = 0; i < rules->count; i++) {
        const YR_RULE *yara = &rules->yara->rules_table[i];
        int status = fill_rule(sources, yara, &rules->rules[i], err);
        if (status == 0)
            status = fill_sets(sources, yara, &rules->rules[i], err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}

/* --- loading --- */

static int check(const struct vb_rule_sources *sources, struct vb_rules *rules,
                 struct vb_error *err)
{
    const int status = check_imports(sources, rules->yara, err);
    return status < 0 ? status : fill_table(sources, rules, err);
}

static int load_whole(const struct vb_rule_sources *sources, const char *cache_dir,
                      struct vb_rules *rules, struct vb_error *err)
{
    if (cache_dir != NULL)
        rules->yara = vb_rule_cache_load(cache_dir, sources->key);
    if (rules->yara != NULL)
        return check(sources, rules, err);
    int status = compile(sources, &rules->yara, err);
    if (status == 0)
        status = check(sources, rules, err);
    if (status == 0 && cache_dir != NULL)
        vb_rule_cache_store(cache_dir, sources->key, rules->yara);
    return status;
}

static int load(const struct vb_rule_sources *sources, const char *cache_dir,
                struct vb_rules *rules, struct vb_error *err)
{
    if (yr_initialize() != ERROR_SUCCESS)
        return vb_fail(err, VB_E_NOMEM, 0, "cannot start libyara");
    rules->initialized = true;
    const int status = load_whole(sources, cache_dir, rules, err);
    return status < 0 ? status : vb_rule_sets_load(sources, cache_dir, rules, err);
}

int vb_rules_load(const char *dir, const char *cache_dir, struct vb_rules **ret,
                  struct vb_error *err)
{
    VB_CLEANUP(vb_rule_sources_done) struct vb_rule_sources sources = {0};
    int status = vb_rule_sources_read(dir, &sources, err);
    if (status < 0)
        return status;
    struct vb_rules *rules = calloc(1, sizeof(*rules));
    if (rules == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "rules");
    status = load(&sources, cache_dir, rules, err);
    if (status == VB_OK)
        status = vb_iocs_load(NULL, &rules->iocs, err);
    if (status < 0)
        vb_rules_free(rules);
    else
        *ret = rules;
    return status;
}

int vb_rules_take_iocs(struct vb_rules *rules, const char *folder, struct vb_error *err)
{
    struct vb_iocs *list = NULL;
    const int status = vb_iocs_load(folder, &list, err);
    if (status < 0)
        return status;
    vb_iocs_free(rules->iocs);
    rules->iocs = list;
    return VB_OK;
}

void vb_rules_free(struct vb_rules *rules)
{
    if (rules == NULL)
        return;
    vb_iocs_free(rules->iocs);
    for (size_t i = 0; rules->rules != NULL && i < rules->count; i++)
        free(rules->rules[i].mapping);
    free(rules->rules);
    vb_rule_sets_done(rules);
    if (rules->yara != NULL)
        yr_rules_destroy(rules->yara);
    if (rules->initialized)
        yr_finalize();
    free(rules);
}

size_t vb_rules_count(const struct vb_rules *rules)
{
    size_t count = 0;
    for (size_t i = 0; i < rules->count; i++)
        count += rules->rules[i].reported ? 1 : 0;
    return count;
}

void vb_rules_each(const struct vb_rules *rules,
                   void (*each)(void *ctx, const struct vb_rule_said *rule), void *ctx)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct vb_rule *rule = &rules->rules[i];
        const struct vb_rule_said said = {.name = rule->name,
                                          .id = rule->id,
                                          .title = rule->title,
                                          .description = rule->description,
                                          .severity = rule->severity,
                                          .confidence = rule->confidence,
                                          .mapping = rule->mapping,
                                          .mapping_count = rule->mapping_count};
        if (rule->reported)
            each(ctx, &said);
    }
}
