/* Filters: searches of an organisation's own that surround rules of others. */
#include "verdict/sigma/internal.h"

static bool read_rules(struct load *load, const struct vb_yaml_node *map, struct filter *filter)
{
    const struct vb_yaml_node *rules = vb_yaml_get(map, "rules");
    if (rules == NULL) {
        (void)vb_sigma_refuse(load, map->line, "the filter misses its rules");
        return false;
    }
    const bool one = rules->kind == VB_YAML_SCALAR;
    if (one && strcmp(rules->text, "any") == 0) {
        filter->any = true;
        return true;
    }
    const size_t count = one ? 1 : rules->count;
    filter->rules = vb_arena_alloc(&load->sigma->arena, (count + 1) * sizeof(char *));
    if (rules->kind == VB_YAML_MAP || count == 0) {
        (void)vb_sigma_refuse(load, rules->line, "rules of a filter are a list, or any");
        return false;
    }
    for (size_t i = 0; filter->rules != NULL && i < count; i++) {
        const struct vb_yaml_node *name = one ? rules : rules->items[i];
        if (name->kind != VB_YAML_SCALAR || name->len == 0) {
            (void)vb_sigma_refuse(load, name->line, "a rule is named by its id or name");
            return false;
        }
        filter->rules[filter->rule_count++] = vb_arena_str(&load->sigma->arena, name->text);
    }
    return filter->rules != NULL;
}

void vb_sigma_load_filter(struct load *load, const struct vb_yaml_node *top)
{
    struct vb_sigma *sigma = load->sigma;
    struct vb_sigma_rule about;
    struct filter filter = {.file = load->file, .line = top->line};
    const struct vb_yaml_node *map = vb_yaml_get(top, "filter");
    if (!vb_sigma_load_about(load, top, &about))
        return;
    if (map->kind != VB_YAML_MAP) {
        (void)vb_sigma_refuse(load, map->line, "a filter is a map");
        return;
    }
    const bool sourced = vb_sigma_load_source(load, top, &filter.source);
    const bool named = read_rules(load, map, &filter);
    filter.tree = vb_sigma_load_detection(load, map, "condition rules");
    filter.nodes = load->nodes;
    if (!sourced || !named || filter.tree == NULL || load->refused)
        return;
    if (!SIGMA_GROW(sigma, sigma->filters, sigma->filter_count))
        return;
    sigma->filters[sigma->filter_count++] = filter;
}
