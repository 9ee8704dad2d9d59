/* Rules: what they say of themselves, their log source, their searches. */
#include "verdict/sigma/internal.h"
#include "vetbox/core/text.h"

const char *vb_sigma_text(struct load *load, const struct vb_yaml_node *map, const char *key,
                          const char *otherwise)
{
    const struct vb_yaml_node *node = vb_yaml_get(map, key);
    if (node == NULL || vb_sigma_plain_null(node))
        return otherwise;
    if (node->kind == VB_YAML_SCALAR)
        return vb_arena_copy(&load->sigma->arena, node->text, node->len);
    (void)vb_sigma_refuse(load, node->line, "%s is text", key);
    return otherwise;
}

static const char *const levels[] = {[VB_SIGMA_INFORMATIONAL] = "informational",
                                     [VB_SIGMA_LOW] = "low",
                                     [VB_SIGMA_MEDIUM] = "medium",
                                     [VB_SIGMA_HIGH] = "high",
                                     [VB_SIGMA_CRITICAL] = "critical"};

static enum vb_sigma_level read_level(struct load *load, const struct vb_yaml_node *top)
{
    const char *text = vb_sigma_text(load, top, "level", "medium");
    for (size_t i = 0; i < VB_ARRAY_LEN(levels); i++)
        if (strcmp(levels[i], text) == 0)
            return (enum vb_sigma_level)i;
    (void)vb_sigma_refuse(load, vb_yaml_get(top, "level")->line,
                          "a level is informational, low, medium, high or critical");
    return VB_SIGMA_MEDIUM;
}

static void read_tags(struct load *load, const struct vb_yaml_node *top,
                      struct vb_sigma_rule *about)
{
    const struct vb_yaml_node *list = vb_yaml_get(top, "tags");
    if (list == NULL || vb_sigma_plain_null(list))
        return;
    if (list->kind != VB_YAML_LIST) {
        (void)vb_sigma_refuse(load, list->line, "tags is a list");
        return;
    }
    const char **tags = vb_arena_alloc(&load->sigma->arena, (list->count + 1) * sizeof(char *));
    for (size_t i = 0; tags != NULL && i < list->count; i++) {
        if (list->items[i]->kind != VB_YAML_SCALAR) {
            (void)vb_sigma_refuse(load, list->items[i]->line, "a tag is text");
            return;
        }
        tags[about->tag_count++] = vb_arena_str(&load->sigma->arena, list->items[i]->text);
    }
    about->tags = tags;
}

static bool is_uuid(const char *text)
{
    for (size_t i = 0; i < 36; i++) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : vb_hex_digits[(unsigned char)text[i]] == 0)
            return false; /* the end of the text too */
    }
    return text[36] == '\0';
}

static bool check_status(struct load *load, const struct vb_yaml_node *top,
                         const struct vb_sigma_rule *about)
{
    static const char *const known[] = {"",           "stable",     "test", "experimental",
                                        "deprecated", "unsupported"};
    size_t at = 0;
    while (at < VB_ARRAY_LEN(known) && strcmp(known[at], about->status) != 0)
        at++;
    if (at == VB_ARRAY_LEN(known)) {
        (void)vb_sigma_refuse(load, vb_yaml_get(top, "status")->line, "unknown status \"%.80s\"",
                              about->status);
        return false;
    }
    if (at < 4 || load->sigma->all_statuses)
        return true;
    vb_sigma_note(load->sigma, VB_SIGMA_SKIPPED, load->file, vb_yaml_get(top, "status")->line,
                  "the rule is %s", about->status);
    return false;
}

bool vb_sigma_load_about(struct load *load, const struct vb_yaml_node *top,
                         struct vb_sigma_rule *about)
{
    const struct vb_yaml_node *title = vb_yaml_get(top, "title");
    *about = (struct vb_sigma_rule){.file = load->file,
                                    .line = top->line,
                                    .id = vb_sigma_text(load, top, "id", ""),
                                    .name = vb_sigma_text(load, top, "name", ""),
                                    .title = vb_sigma_text(load, top, "title", ""),
                                    .description = vb_sigma_text(load, top, "description", ""),
                                    .author = vb_sigma_text(load, top, "author", ""),
                                    .status = vb_sigma_text(load, top, "status", ""),
                                    .level = read_level(load, top),
                                    .reported = true};
    if (about->title[0] == '\0')
        (void)vb_sigma_refuse(load, title == NULL ? top->line : title->line,
                              "the title is missing");
    if (title != NULL && strlen(about->title) > 256)
        vb_sigma_note(load->sigma, VB_SIGMA_WARNING, load->file, title->line,
                      "a title has at most 256 characters");
    if (about->id[0] != '\0' && !is_uuid(about->id))
        (void)vb_sigma_refuse(load, vb_yaml_get(top, "id")->line, "an id is a UUID");
    const char *taxonomy = vb_sigma_text(load, top, "taxonomy", "sigma");
    if (strcmp(taxonomy, "sigma") != 0)
        (void)vb_sigma_refuse(load, vb_yaml_get(top, "taxonomy")->line,
                              "unknown taxonomy \"%.80s\"", taxonomy);
    read_tags(load, top, about);
    vb_sigma_load_custom(load, top, about);
    return check_status(load, top, about);
}

/* Lower case, blanks are underscores. */
static const char *source_key(struct load *load, const struct vb_yaml_node *map, const char *key)
{
    char *text = (char *)vb_sigma_text(load, map, key, "");
    for (size_t i = 0; text[i] != '\0'; i++)
        text[i] = text[i] == ' ' ? '_' : vb_ascii_lower(text[i]);
    return text;
}

bool vb_sigma_load_source(struct load *load, const struct vb_yaml_node *top,
                          struct source_keys *ret)
{
    const struct vb_yaml_node *map = vb_yaml_get(top, "logsource");
    if (map == NULL || map->kind != VB_YAML_MAP) {
        (void)vb_sigma_refuse(load, map == NULL ? top->line : map->line,
                              map == NULL ? "the logsource is missing" : "logsource is a map");
        return false;
    }
    *ret = (struct source_keys){source_key(load, map, "product"), source_key(load, map, "category"),
                                source_key(load, map, "service")};
    if (*ret->product != '\0' || *ret->category != '\0' || *ret->service != '\0')
        return true;
    (void)vb_sigma_refuse(load, map->line, "a logsource has a product, a category or a service");
    return false;
}

static struct node *load_map(struct load *load, const struct vb_yaml_node *map)
{
    if (map->count == 0)
        return vb_sigma_refuse(load, map->line, "an empty search");
    struct node *node = vb_sigma_node(load, NODE_AND, map->count);
    bool whole = node != NULL;
    for (size_t i = 0; node != NULL && i < map->count; i++) {
        struct node *item = vb_sigma_load_item(load, map->keys[i], map->items[i]);
        whole = whole && item != NULL; /* and the next item's mistakes are listed too */
        node->children[node->count++] = item;
    }
    if (!whole)
        return NULL;
    return vb_sigma_join(load, NODE_AND, node->children, node->count);
}

static struct node *load_search(struct load *load, const struct vb_yaml_node *search);

static struct node *load_list(struct load *load, const struct vb_yaml_node *list)
{
    size_t scalars = 0;
    for (size_t i = 0; i < list->count; i++) {
        scalars += list->items[i]->kind == VB_YAML_SCALAR;
        if (list->items[i]->kind == VB_YAML_LIST)
            return vb_sigma_refuse(load, list->items[i]->line, "a list within a list");
    }
    if (list->count == 0)
        return vb_sigma_refuse(load, list->line, "an empty search");
    if (scalars == list->count)
        return vb_sigma_load_item(load, NULL, list);
    if (list->count > SIGMA_LIST)
        return vb_sigma_refuse(load, list->line, "a list of more than 20000 values");
    struct node *node = vb_sigma_node(load, NODE_OR, list->count);
    bool whole = node != NULL;
    for (size_t i = 0; node != NULL && i < list->count; i++) {
        struct node *one = load_search(load, list->items[i]);
        whole = whole && one != NULL;
        node->children[node->count++] = one;
    }
    return whole ? vb_sigma_join(load, NODE_OR, node->children, node->count) : NULL;
}

static struct node *load_search(struct load *load, const struct vb_yaml_node *search)
{
    if (search->kind == VB_YAML_MAP)
        return load_map(load, search);
    if (search->kind == VB_YAML_LIST)
        return load_list(load, search);
    if (vb_sigma_plain_null(search))
        return vb_sigma_refuse(load, search->line, "an empty search");
    return vb_sigma_load_item(load, NULL, search);
}

static struct node *load_conditions(struct load *load, const struct vb_yaml_node *condition,
                                    struct search *searches, size_t count)
{
    if (condition->kind != VB_YAML_LIST)
        return vb_sigma_load_condition(load, condition, searches, count);
    if (condition->count == 0)
        return vb_sigma_refuse(load, condition->line, "an empty list of conditions");
    struct node *node = vb_sigma_node(load, NODE_OR, condition->count);
    for (size_t i = 0; node != NULL && i < condition->count; i++) {
        node->children[i] = vb_sigma_load_condition(load, condition->items[i], searches, count);
        if (node->children[i] == NULL)
            return NULL;
        node->count++;
    }
    return node;
}

static bool is_other(const char *others, const char *key)
{
    const char *found = strstr(others, key);
    return found != NULL && (found == others || found[-1] == ' ') &&
           (found[strlen(key)] == ' ' || found[strlen(key)] == '\0');
}

struct node *vb_sigma_load_detection(struct load *load, const struct vb_yaml_node *map,
                                     const char *others)
{
    if (map->kind != VB_YAML_MAP)
        return vb_sigma_refuse(load, map->line, "searches are a map");
    const struct vb_yaml_node *condition = vb_yaml_get(map, "condition");
    struct search *searches =
        vb_arena_alloc(&load->sigma->arena, (map->count + 1) * sizeof(*searches));
    size_t count = 0;
    bool whole = searches != NULL;
    for (size_t i = 0; searches != NULL && i < map->count; i++) {
        const char *name = map->keys[i]->text;
        if (*name == '\0' || is_other(others, name)) {
            if (*name == '\0')
                (void)vb_sigma_refuse(load, map->keys[i]->line, "a search without a name");
            continue;
        }
        const size_t before = load->nodes;
        struct node *tree = load_search(load, map->items[i]);
        whole = whole && tree != NULL;
        searches[count++] = (struct search){.name = vb_arena_str(&load->sigma->arena, name),
                                            .line = map->keys[i]->line,
                                            .tree = tree,
                                            .nodes = load->nodes - before};
    }
    if (condition == NULL)
        return vb_sigma_refuse(load, map->line, "the condition is missing");
    if (whole && count == 0)
        return vb_sigma_refuse(load, map->line, "there is no search");
    load->nodes = 0; /* those of the tree, as often as it has them */
    struct node *tree = searches == NULL ? NULL : load_conditions(load, condition, searches, count);
    for (size_t i = 0; tree != NULL && i < count; i++)
        if (!searches[i].used)
            vb_sigma_note(load->sigma, VB_SIGMA_WARNING, load->file, searches[i].line,
                          "the condition does not use the search \"%.80s\"", searches[i].name);
    if (tree != NULL && load->nodes > SIGMA_NODES)
        return vb_sigma_refuse(load, condition->line, "the condition is too large");
    return whole ? tree : NULL;
}

struct rule *vb_sigma_add_rule(struct load *load, const struct vb_sigma_rule *about)
{
    struct vb_sigma *sigma = load->sigma;
    if (sigma->rule_count >= SIGMA_RULES)
        return vb_sigma_refuse(load, about->line, "more rules than may be loaded");
    if (!SIGMA_GROW(sigma, sigma->rules, sigma->rule_count))
        return NULL;
    struct rule *rule = &sigma->rules[sigma->rule_count++];
    *rule = (struct rule){.about = *about, .correlated = -1};
    return rule;
}

void vb_sigma_load_rule(struct load *load, const struct vb_yaml_node *top)
{
    struct vb_sigma_rule about;
    struct source_keys source;
    if (!vb_sigma_load_about(load, top, &about))
        return;
    const bool sourced = vb_sigma_load_source(load, top, &source);
    struct node *tree =
        vb_sigma_load_detection(load, vb_yaml_get(top, "detection"), "condition timeframe");
    if (!sourced || tree == NULL || load->refused)
        return;
    if (vb_yaml_get(vb_yaml_get(top, "detection"), "timeframe") != NULL)
        vb_sigma_note(load->sigma, VB_SIGMA_WARNING, load->file, top->line,
                      "timeframe means nothing outside a correlation");
    struct vb_sigma *sigma = load->sigma;
    sigma->all_nodes += load->nodes;
    if (sigma->all_nodes > SIGMA_ALL_NODES || sigma->literal_bytes > SIGMA_LITERAL_BYTES) {
        (void)vb_sigma_refuse(load, top->line, "the rules are larger than may be loaded");
        return;
    }
    struct rule *rule = vb_sigma_add_rule(load, &about);
    if (rule == NULL)
        return;
    rule->source = source;
    rule->tree = tree;
    rule->nodes = load->nodes;
}
