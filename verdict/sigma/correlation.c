/* Correlations as they are written. */
#include "verdict/sigma/internal.h"

enum { COUNT_MOST = 65536 }; /* of what one group keeps, so of what can be counted */

enum takes { TAKES_EVENTS, TAKES_VALUES, TAKES_RULES, TAKES_NUMBERS };

static const struct {
    const char *name;
    enum takes takes;
} types[] = {
#define SIGMA_CORRELATION(id, name, takes) [CORRELATE_##id] = {name, TAKES_##takes},
#include "verdict/sigma/correlations.def"
#undef SIGMA_CORRELATION
};

static bool read_type(struct load *load, const struct vb_yaml_node *map, struct correlation *ret)
{
    const char *text = vb_sigma_text(load, map, "type", "");
    for (size_t i = 0; i < VB_ARRAY_LEN(types); i++) {
        if (strcmp(types[i].name, text) != 0)
            continue;
        ret->type = (enum correlation_type)i;
        return true;
    }
    const struct vb_yaml_node *type = vb_yaml_get(map, "type");
    (void)vb_sigma_refuse(load, type == NULL ? map->line : type->line,
                          type == NULL ? "the correlation misses its type"
                                       : "unknown type of correlation \"%.80s\"",
                          text);
    return false;
}

/* A list of names, or one alone; at most MOST. Returns how many, 0 where it was refused. */
static size_t read_names(struct load *load, const struct vb_yaml_node *list, const char *what,
                         size_t most, const char **ret, size_t *ret_lines)
{
    const bool one = list->kind == VB_YAML_SCALAR;
    const size_t count = one ? 1 : list->count;
    if (list->kind == VB_YAML_MAP || count == 0 || count > most) {
        (void)vb_sigma_refuse(load, list->line, "%s is a list of 1 to %zu names", what, most);
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        const struct vb_yaml_node *name = one ? list : list->items[i];
        if (name->kind != VB_YAML_SCALAR || name->len == 0) {
            (void)vb_sigma_refuse(load, name->line, "%s is a list of names", what);
            return 0;
        }
        ret[i] = vb_arena_str(&load->sigma->arena, name->text);
        if (ret_lines != NULL)
            ret_lines[i] = name->line;
    }
    return count;
}

static bool read_rules(struct load *load, const struct vb_yaml_node *map, struct correlation *ret)
{
    const struct vb_yaml_node *rules = vb_yaml_get(map, "rules");
    const size_t most = ret->type == CORRELATE_TEMPORAL_ORDERED ? 16 : SIGMA_CORRELATED;
    ret->names = vb_arena_alloc(&load->sigma->arena, SIGMA_CORRELATED * sizeof(char *));
    ret->lines = vb_arena_alloc(&load->sigma->arena, SIGMA_CORRELATED * sizeof(size_t));
    if (ret->names == NULL || ret->lines == NULL)
        return false;
    if (rules == NULL) {
        (void)vb_sigma_refuse(load, map->line, "the correlation misses its rules");
        return false;
    }
    ret->count = read_names(load, rules, "rules", most, ret->names, ret->lines);
    return ret->count > 0;
}

static bool read_span(struct load *load, const struct vb_yaml_node *map, struct correlation *ret)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'s', 1},      {'m', 60},      {'h', 3600},    {'d', 86400},
                 {'w', 604800}, {'M', 2592000}, {'y', 31536000}};
    const struct vb_yaml_node *node = vb_yaml_get(map, "timespan");
    const char *text = vb_sigma_text(load, map, "timespan", "");
    const size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; digits > 0 && digits < 8 && i < VB_ARRAY_LEN(units); i++) {
        if (text[digits] != units[i].unit || text[digits + 1] != '\0')
            continue;
        const uint64_t seconds = strtoul(text, NULL, 10) * units[i].seconds;
        ret->span_ns = seconds < UINT64_C(9000000000) ? seconds * 1000000000u : 0;
    }
    if (ret->span_ns != 0)
        return true;
    (void)vb_sigma_refuse(load, node == NULL ? map->line : node->line,
                          node == NULL ? "the correlation misses its timespan"
                                       : "a timespan is a number and s, m, h or d: \"%.80s\"",
                          text);
    return false;
}

static bool is_count(const struct correlation *correlation)
{
    return types[correlation->type].takes != TAKES_NUMBERS;
}

static bool add_condition(struct load *load, const struct vb_yaml_node *value, enum number_op op,
                          struct correlation *ret)
{
    double number = 0;
    if (!vb_sigma_plain_number(value, &number)) {
        (void)vb_sigma_refuse(load, value->line, "a correlation is compared with a number");
        return false;
    }
    if (is_count(ret) && (number < 0 || number > COUNT_MOST - 1)) {
        (void)vb_sigma_refuse(load, value->line, "no more than %d are counted", COUNT_MOST - 1);
        return false;
    }
    ret->conditions[ret->condition_count++] = (struct comparison){op, number};
    ret->at_end = ret->at_end || (op != NUMBER_GT && op != NUMBER_GTE);
    return true;
}

static bool read_key(struct load *load, const struct vb_yaml_node *key,
                     const struct vb_yaml_node *value, struct correlation *ret)
{
    static const char *const names[] = {"lt", "lte", "gt", "gte", "eq", "neq"};
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++)
        if (strcmp(names[i], key->text) == 0)
            return add_condition(load, value, (enum number_op)i, ret);
    if (strcmp(key->text, "field") == 0) {
        ret->value_count = read_names(load, value, "field", SIGMA_GROUP_BY, ret->value_names, NULL);
        return ret->value_count > 0;
    }
    if (strcmp(key->text, "percentile") == 0) {
        if (vb_sigma_plain_number(value, &ret->percentile) && ret->percentile >= 0 &&
            ret->percentile <= 100)
            return true;
        (void)vb_sigma_refuse(load, value->line, "a percentile is a number from 0 to 100");
        return false;
    }
    (void)vb_sigma_refuse(load, key->line, "a correlation's condition has no key \"%.80s\"",
                          key->text);
    return false;
}

static bool check_condition(struct load *load, size_t line, struct correlation *ret)
{
    const enum takes takes = types[ret->type].takes;
    const char *why = NULL;
    const bool valued = takes == TAKES_VALUES || takes == TAKES_NUMBERS;
    if (ret->condition_count == 0 && takes == TAKES_RULES)
        ret->conditions[ret->condition_count++] =
            (struct comparison){NUMBER_GTE, (double)ret->count};
    if (ret->condition_count == 0)
        why = "the correlation's condition compares with nothing";
    else if (valued && ret->value_count == 0)
        why = "the correlation's condition misses its field";
    else if (!valued && ret->value_count > 0)
        why = "such a correlation has no field";
    else if (takes == TAKES_NUMBERS && ret->value_count > 1)
        why = "such a correlation has one field";
    else if (ret->type == CORRELATE_TEMPORAL_ORDERED && ret->at_end)
        why = "temporal_ordered is compared by gt and gte only";
    if (why != NULL)
        (void)vb_sigma_refuse(load, line, "%s", why);
    return why == NULL;
}

static bool read_condition(struct load *load, const struct vb_yaml_node *map,
                           struct correlation *ret)
{
    const struct vb_yaml_node *condition = vb_yaml_get(map, "condition");
    if (condition == NULL)
        return check_condition(load, map->line, ret);
    if (condition->kind != VB_YAML_MAP) {
        (void)vb_sigma_refuse(load, condition->line, "a correlation's condition is a map");
        return false;
    }
    for (size_t i = 0; i < condition->count; i++)
        if (!read_key(load, condition->keys[i], condition->items[i], ret))
            return false;
    return check_condition(load, condition->line, ret);
}

static bool read_alias(struct load *load, const struct vb_yaml_node *fields, size_t group,
                       struct correlation *ret)
{
    if (fields->kind != VB_YAML_MAP) {
        (void)vb_sigma_refuse(load, fields->line, "an alias is a map from rules to fields");
        return false;
    }
    for (size_t i = 0; i < fields->count; i++) {
        size_t at = 0;
        while (at < ret->count && strcmp(ret->names[at], fields->keys[i]->text) != 0)
            at++;
        if (at == ret->count || fields->items[i]->kind != VB_YAML_SCALAR) {
            (void)vb_sigma_refuse(load, fields->keys[i]->line,
                                  "\"%.80s\" is none of the correlation's rules, or no field",
                                  fields->keys[i]->text);
            return false;
        }
        ret->alias_fields[at][group] = vb_arena_str(&load->sigma->arena, fields->items[i]->text);
    }
    return true;
}

static bool read_aliases(struct load *load, const struct vb_yaml_node *map, struct correlation *ret)
{
    const struct vb_yaml_node *aliases = vb_yaml_get(map, "aliases");
    if (aliases == NULL)
        return true;
    if (aliases->kind != VB_YAML_MAP) {
        (void)vb_sigma_refuse(load, aliases->line, "aliases is a map");
        return false;
    }
    for (size_t i = 0; i < aliases->count; i++) {
        size_t group = 0;
        while (group < ret->group_count &&
               strcmp(ret->group_names[group], aliases->keys[i]->text) != 0)
            group++;
        if (group == ret->group_count) {
            (void)vb_sigma_refuse(load, aliases->keys[i]->line,
                                  "the alias \"%.80s\" is not among group-by",
                                  aliases->keys[i]->text);
            return false;
        }
        if (!read_alias(load, aliases->items[i], group, ret))
            return false;
    }
    return true;
}

static bool read_groups(struct load *load, const struct vb_yaml_node *map, struct correlation *ret)
{
    const struct vb_yaml_node *groups = vb_yaml_get(map, "group-by");
    if (groups == NULL || vb_sigma_plain_null(groups))
        return true;
    ret->group_count = read_names(load, groups, "group-by", SIGMA_GROUP_BY, ret->group_names, NULL);
    return ret->group_count > 0;
}

static bool read_generate(struct load *load, const struct vb_yaml_node *top,
                          const struct vb_yaml_node *map, struct correlation *ret)
{
    const struct vb_yaml_node *places[] = {vb_yaml_get(top, "generate"),
                                           vb_yaml_get(map, "generate")};
    for (size_t i = 0; i < VB_ARRAY_LEN(places); i++) {
        bool truth = false;
        if (places[i] == NULL)
            continue;
        if (!vb_sigma_plain_bool(places[i], &truth)) {
            (void)vb_sigma_refuse(load, places[i]->line, "generate is true or false");
            return false;
        }
        ret->generate = ret->generate || truth;
    }
    return true;
}

static bool check_keys(struct load *load, const struct vb_yaml_node *map)
{
    static const char *const known[] = {"type",      "rules",   "group-by", "timespan",
                                        "condition", "aliases", "generate"};
    for (size_t i = 0; i < map->count; i++) {
        size_t at = 0;
        while (at < VB_ARRAY_LEN(known) && strcmp(known[at], map->keys[i]->text) != 0)
            at++;
        if (at < VB_ARRAY_LEN(known))
            continue;
        (void)vb_sigma_refuse(load, map->keys[i]->line, "a correlation has no key \"%.80s\"",
                              map->keys[i]->text);
        return false;
    }
    return true;
}

static bool intern_fields(struct load *load, size_t line, struct correlation *ret)
{
    bool ok = true;
    for (size_t i = 0; i < ret->count; i++) {
        for (size_t k = 0; k < ret->group_count; k++) {
            const char *alias = ret->alias_fields[i][k];
            ret->group_fields[i][k] =
                vb_sigma_intern_field(load->sigma, alias != NULL ? alias : ret->group_names[k]);
            ok = ok && ret->group_fields[i][k] != NO_FIELD;
        }
    }
    for (size_t i = 0; i < ret->value_count; i++) {
        ret->value_fields[i] = vb_sigma_intern_field(load->sigma, ret->value_names[i]);
        ok = ok && ret->value_fields[i] != NO_FIELD;
    }
    if (!ok && !load->sigma->arena.failed)
        (void)vb_sigma_refuse(load, line, "the rules name too many fields");
    return ok;
}

void vb_sigma_load_correlation(struct load *load, const struct vb_yaml_node *top)
{
    struct vb_sigma *sigma = load->sigma;
    const struct vb_yaml_node *map = vb_yaml_get(top, "correlation");
    struct vb_sigma_rule about;
    VB_CLEANUP_FREE struct correlation *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        sigma->arena.failed = true;
        return;
    }
    made->percentile = 95;
    if (!vb_sigma_load_about(load, top, &about))
        return;
    if (map->kind != VB_YAML_MAP) {
        (void)vb_sigma_refuse(load, map->line, "a correlation is a map");
        return;
    }
    if (!check_keys(load, map) || !read_type(load, map, made) || !read_rules(load, map, made) ||
        !read_span(load, map, made) || !read_groups(load, map, made) ||
        !read_aliases(load, map, made) || !read_condition(load, map, made) ||
        !read_generate(load, top, map, made) || !intern_fields(load, map->line, made) ||
        load->refused)
        return;
    about.correlation = true;
    struct rule *rule = vb_sigma_add_rule(load, &about);
    if (rule == NULL || !SIGMA_GROW(sigma, sigma->correlations, sigma->correlation_count))
        return;
    rule->source = (struct source_keys){"", "", ""};
    rule->correlated = (int32_t)sigma->correlation_count;
    made->rule = (uint32_t)(sigma->rule_count - 1);
    sigma->correlations[sigma->correlation_count++] = *made;
}
