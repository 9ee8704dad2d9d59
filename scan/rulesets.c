/* One compiled set for each sort of items. libyara looks for the strings of all rules of a set in
 * every byte, so that a rule costs wherever its set is used, even where its condition cannot hold.
 * A rule says with the meta kinds where it can. */
#include <errno.h>
#include <string.h>

#include "scan/rules_internal.h"

static const char *const names[VB_RULE_SETS] = {[VB_RULE_SET_OTHER] = "other",
                                                [VB_RULE_SET_PROSE] = "prose",
                                                [VB_RULE_SET_CODE] = "code",
                                                [VB_RULE_SET_CONFIG] = "config",
                                                [VB_RULE_SET_LAYER] = "layer"};

const char *vb_rule_set_name(enum vb_rule_set set)
{
    return names[set];
}

unsigned vb_rule_sets_named(const char *kinds)
{
    unsigned sets = 0;
    const char *at = kinds + strspn(kinds, " ");
    while (*at != '\0') {
        const size_t len = strcspn(at, " ");
        unsigned known = 0;
        for (unsigned i = 0; i < VB_RULE_SETS; i++)
            known |= strncmp(names[i], at, len) == 0 && names[i][len] == '\0' ? 1U << i : 0;
        if (known == 0)
            return 0;
        sets |= known;
        at += len;
        at += strspn(at, " ");
    }
    return sets;
}

enum vb_rule_set vb_rule_set_of(const struct vb_item *item)
{
    static const enum vb_rule_set of_kind[] = {[VB_ITEM_OTHER] = VB_RULE_SET_OTHER,
                                               [VB_ITEM_PROSE] = VB_RULE_SET_PROSE,
                                               [VB_ITEM_CODE] = VB_RULE_SET_CODE,
                                               [VB_ITEM_CONFIG] = VB_RULE_SET_CONFIG};
    const bool decoded = item->layer[0] != '\0' && strcmp(item->layer, "fence") != 0;
    return decoded ? VB_RULE_SET_LAYER : of_kind[item->kind];
}

/* --- sources without some of their rules --- */

/* The offset of the beginning of LINE, 1 the first. */
static size_t offset_of(const char *text, size_t len, size_t line)
{
    const char *at = text;
    for (; line > 1; line--) {
        const char *end = memchr(at, '\n', len - (size_t)(at - text));
        if (end == NULL)
            return len;
        at = end + 1;
    }
    return (size_t)(at - text);
}

void vb_rule_blank(const struct vb_rule_sources *sources, const struct vb_rules *rules,
                   size_t which, char *text, size_t len)
{
    const YR_RULE *table = rules->yara->rules_table;
    const char *file = table[which].ns->name;
    const size_t line = vb_rule_source_line(sources, file, "rule", table[which].identifier);
    const bool last = which + 1 == rules->count || strcmp(table[which + 1].ns->name, file) != 0;
    const size_t next =
        last ? 0 : vb_rule_source_line(sources, file, "rule", table[which + 1].identifier);
    const size_t begin = offset_of(text, len, line);
    const size_t end = last ? len : offset_of(text, len, next);
    for (size_t i = begin; line > 0 && i < end; i++)
        text[i] = text[i] == '\n' ? '\n' : ' ';
}

/* Adds the rules of SOURCE that are in SET, if there are any: what a file imports is loaded only
 * with them. */
static int add_source(YR_COMPILER *compiler, const struct vb_rule_sources *sources,
                      const struct vb_rules *rules, const struct vb_rule_source *source,
                      enum vb_rule_set set)
{
    const YR_RULE *table = rules->yara->rules_table;
    VB_CLEANUP_FREE char *text =
        strdup(source->text.data == NULL ? "" : (const char *)source->text.data);
    const size_t len = text == NULL ? 0 : strlen(text);
    size_t kept = 0;
    for (size_t i = 0; text != NULL && i < rules->count; i++) {
        if (strcmp(table[i].ns->name, source->name) != 0)
            continue;
        if ((rules->rules[i].sets & 1U << set) != 0)
            kept++;
        else
            vb_rule_blank(sources, rules, i, text, len);
    }
    if (text == NULL)
        return VB_E_NOMEM;
    return kept == 0 || yr_compiler_add_string(compiler, text, source->name) == 0 ? VB_OK
                                                                                  : VB_E_CONFIG;
}

static YR_RULES *compile_set(const struct vb_rule_sources *sources, const struct vb_rules *rules,
                             enum vb_rule_set set)
{
    YR_COMPILER *compiler = NULL;
    YR_RULES *ret = NULL;
    struct vb_error ignored = {0};
    if (yr_compiler_create(&compiler) != ERROR_SUCCESS)
        return NULL;
    int status = vb_rules_prepare(compiler, &ignored);
    for (size_t i = 0; status == 0 && i < sources->count; i++)
        status = add_source(compiler, sources, rules, &sources->items[i], set);
    if (status == 0)
        (void)yr_compiler_get_rules(compiler, &ret);
    yr_compiler_destroy(compiler);
    return ret;
}

/* --- one set --- */

/* Fills the index of SET; false where its rules are not those of the whole that belong to it. */
static bool fits(const struct vb_rules *rules, enum vb_rule_set which, struct vb_rule_table *set)
{
    const YR_RULE *all = rules->yara->rules_table;
    const YR_RULE *mine = set->yara->rules_table;
    size_t count = 0;
    for (size_t i = 0; i < rules->count; i++) {
        if ((rules->rules[i].sets & 1U << which) == 0)
            continue;
        if (count == set->yara->num_rules ||
            strcmp(mine[count].identifier, all[i].identifier) != 0 ||
            strcmp(mine[count].ns->name, all[i].ns->name) != 0 ||
            RULE_IS_PRIVATE(&mine[count]) != RULE_IS_PRIVATE(&all[i]))
            return false;
        set->index[count++] = i;
    }
    return count == set->yara->num_rules;
}

/* The whole set is right for every item, only slower. */
static void take_whole(const struct vb_rules *rules, struct vb_rule_table *set)
{
    if (set->yara != NULL)
        yr_rules_destroy(set->yara);
    set->yara = rules->yara;
    for (size_t i = 0; i < rules->count; i++)
        set->index[i] = i;
}

static bool has_all(const struct vb_rules *rules, enum vb_rule_set set)
{
    for (size_t i = 0; i < rules->count; i++) {
        if ((rules->rules[i].sets & 1U << set) == 0)
            return false;
    }
    return true;
}

static int load_set(const struct vb_rule_sources *sources, const char *cache_dir,
                    struct vb_rules *rules, enum vb_rule_set which, struct vb_error *err)
{
    struct vb_rule_table *set = &rules->sets[which];
    char key[VB_SHA256_HEX + 16];
    set->index = calloc(rules->count + 1, sizeof(*set->index));
    if (set->index == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "rule table");
    (void)snprintf(key, sizeof(key), "%s-%s", sources->key, names[which]);
    const bool whole = has_all(rules, which);
    if (!whole && cache_dir != NULL)
        set->yara = vb_rule_cache_load(cache_dir, key);
    const bool cached = set->yara != NULL;
    if (!whole && !cached)
        set->yara = compile_set(sources, rules, which);
    if (set->yara == NULL || !fits(rules, which, set))
        take_whole(rules, set);
    else if (!cached && cache_dir != NULL)
        vb_rule_cache_store(cache_dir, key, set->yara);
    return VB_OK;
}

int vb_rule_sets_load(const struct vb_rule_sources *sources, const char *cache_dir,
                      struct vb_rules *rules, struct vb_error *err)
{
    int status = VB_OK;
    for (unsigned i = 0; status == 0 && i < VB_RULE_SETS; i++)
        status = load_set(sources, cache_dir, rules, (enum vb_rule_set)i, err);
    return status;
}

void vb_rule_sets_done(struct vb_rules *rules)
{
    for (size_t i = 0; i < VB_RULE_SETS; i++) {
        struct vb_rule_table *set = &rules->sets[i];
        if (set->yara != NULL && set->yara != rules->yara)
            yr_rules_destroy(set->yara);
        free(set->index);
    }
}
