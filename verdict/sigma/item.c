/* Items: values as written, through the modifiers, to atoms. All the literals of one list are one
 * atom, so that thousands of values cost no more than one. */
#include "verdict/sigma/item.h"
#include "vetbox/core/text.h"

bool vb_sigma_plain_null(const struct vb_yaml_node *node)
{
    return node->kind == VB_YAML_SCALAR && !node->quoted &&
           (node->len == 0 || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0 ||
            strcmp(node->text, "Null") == 0 || strcmp(node->text, "NULL") == 0);
}

bool vb_sigma_plain_bool(const struct vb_yaml_node *node, bool *ret)
{
    if (node->kind != VB_YAML_SCALAR || node->quoted)
        return false;
    *ret = vb_ascii_equal(node->text, "true");
    return *ret || vb_ascii_equal(node->text, "false");
}

bool vb_sigma_plain_number(const struct vb_yaml_node *node, double *ret)
{
    return node->kind == VB_YAML_SCALAR && !node->quoted &&
           vb_sigma_number(node->text, node->len, ret);
}

static bool read_value(struct item *item, const struct vb_yaml_node *node)
{
    struct value value = {.kind = V_STRING,
                          .line = node->line,
                          .origin = item->written,
                          .source = {(const unsigned char *)node->text, node->len}};
    if (node->kind != VB_YAML_SCALAR) {
        (void)vb_sigma_refuse(item->load, node->line, "a value is a scalar");
        return false;
    }
    if (node->len > SIGMA_VALUE_BYTES) {
        (void)vb_sigma_refuse(item->load, node->line, "a value of more than 65536 bytes");
        return false;
    }
    struct arena *arena = &item->load->sigma->arena;
    unsigned char *source = vb_arena_alloc(arena, node->len + 1);
    unsigned char *data = vb_arena_alloc(arena, node->len + 1);
    if (source == NULL || data == NULL)
        return false;
    memcpy(source, node->text, node->len);
    value.source.data = source;
    if (vb_sigma_plain_null(node))
        value.kind = V_NULL;
    else if (vb_sigma_plain_bool(node, &value.truth))
        value.kind = V_BOOL;
    else if (vb_sigma_plain_number(node, &value.number))
        value.kind = V_NUMBER;
    value.data = (struct bytes){data, vb_sigma_tokenise(node->text, node->len, data)};
    item->written++;
    return vb_sigma_add_value(item, &value, value.data);
}

static bool read_values(struct item *item, const struct vb_yaml_node *values)
{
    if (values->kind == VB_YAML_SCALAR)
        return read_value(item, values);
    if (values->kind == VB_YAML_MAP || values->count == 0 || values->count > SIGMA_LIST) {
        (void)vb_sigma_refuse(item->load, values->line,
                              values->kind == VB_YAML_MAP ? "a map is no value"
                              : values->count == 0        ? "an empty list"
                                                          : "a list of more than 20000 values");
        return false;
    }
    for (size_t i = 0; i < values->count; i++) {
        if (vb_sigma_plain_null(values->items[i]) && values->count > 1) {
            (void)vb_sigma_refuse(item->load, values->items[i]->line,
                                  "null stands alone and not in a list");
            return false;
        }
        if (!read_value(item, values->items[i]))
            return false;
    }
    return true;
}

static uint16_t field_of(struct item *item, size_t line)
{
    if (item->field == NULL)
        return NO_FIELD;
    const uint16_t field = vb_sigma_intern_field(item->load->sigma, item->field);
    if (field == NO_FIELD && !item->load->sigma->arena.failed)
        (void)vb_sigma_refuse(item->load, line, "the rules name too many fields");
    return field;
}

static struct atom *blank(struct item *item, enum atom_kind kind, uint16_t field)
{
    struct atom *atom = vb_arena_alloc(&item->load->sigma->arena, sizeof(*atom));
    if (atom != NULL)
        *atom = (struct atom){.kind = (uint8_t)kind, .field = field, .hint = NO_ATOM};
    return atom;
}

/* Keywords are looked for anywhere in a value; numbers among them as whole words. */
static struct atom *string_atom(struct item *item, const struct value *value, uint16_t field)
{
    struct bytes pattern = value->data;
    if (value->kind == V_BOOL) {
        const char *text = value->truth ? "true" : "false";
        pattern = (struct bytes){(const unsigned char *)text, strlen(text)};
    }
    if (item->field == NULL) {
        unsigned char *open = vb_arena_alloc(&item->load->sigma->arena, pattern.len + 2);
        if (open == NULL)
            return NULL;
        if (pattern.len == 0)
            return vb_sigma_refuse(item->load, value->line, "an empty keyword");
        open[0] = open[pattern.len + 1] = PATTERN_ANY;
        memcpy(open + 1, pattern.data, pattern.len);
        pattern = (struct bytes){open, pattern.len + 2};
    }
    struct atom *atom =
        vb_sigma_pattern_atom(item->load, value->line, field, pattern, value->cased);
    if (atom == NULL || item->field != NULL || value->kind != V_NUMBER)
        return atom;
    struct atom *token = blank(item, ATOM_TOKEN, field);
    if (token == NULL)
        return NULL;
    token->pattern = (struct bytes){pattern.data + 1, pattern.len - 2};
    token->hint = vb_sigma_intern_atom(item->load->sigma, atom);
    return token;
}

static struct atom *regex_atom(struct item *item, const struct value *value, uint16_t field)
{
    char why[256];
    struct atom *atom = blank(item, ATOM_REGEX, field);
    unsigned char *literal = vb_arena_alloc(&item->load->sigma->arena, value->data.len + 2);
    if (atom == NULL || literal == NULL)
        return NULL;
    atom->op = (uint8_t)value->op;
    atom->pattern = value->data;
    atom->regex = vb_sigma_regex_new(value->data, value->op, why, sizeof(why));
    if (atom->regex == NULL) {
        if (why[0] == '\0')
            item->load->sigma->arena.failed = true;
        return why[0] == '\0' ? NULL
                              : vb_sigma_refuse(item->load, value->line,
                                                "the regular expression does not compile: %s", why);
    }
    const struct bytes needed = vb_sigma_regex_literal(value->data, value->op, literal + 1);
    if (needed.len == 0)
        return atom;
    literal[0] = literal[needed.len + 1] = PATTERN_ANY;
    struct atom *hint = vb_sigma_pattern_atom(item->load, value->line, field,
                                              (struct bytes){literal, needed.len + 2}, false);
    if (hint != NULL && hint->kind == ATOM_LITERALS)
        atom->hint = vb_sigma_intern_atom(item->load->sigma, hint);
    return atom;
}

static struct atom *field_atom(struct item *item, const struct value *value, uint16_t field)
{
    static const enum anchor anchors[] = {ANCHOR_WHOLE, ANCHOR_END, ANCHOR_START, ANCHOR_FREE};
    struct atom *atom = blank(item, ATOM_FIELD, field);
    const char *name =
        vb_arena_copy(&item->load->sigma->arena, (const char *)value->data.data, value->data.len);
    if (atom == NULL)
        return NULL;
    atom->op = (uint8_t)anchors[value->open];
    atom->cased = value->cased;
    atom->other = vb_sigma_intern_field(item->load->sigma, name);
    return atom->other == NO_FIELD
               ? vb_sigma_refuse(item->load, value->line, "the rules name too many fields")
               : atom;
}

static struct atom *other_atom(struct item *item, const struct value *value, uint16_t field)
{
    struct atom *atom = blank(item, ATOM_NULL, field);
    if (atom == NULL)
        return NULL;
    if (value->kind == V_NULL && item->field == NULL)
        return vb_sigma_refuse(item->load, value->line, "null is no keyword");
    if (value->kind == V_EXISTS) {
        atom->kind = ATOM_EXISTS;
        atom->op = value->truth;
    } else if (value->kind == V_COMPARED || value->kind == V_DATE) {
        atom->kind = value->kind == V_DATE ? ATOM_DATE : ATOM_NUMBER;
        atom->op = (uint8_t)value->op;
        atom->number = value->number;
    } else if (value->kind == V_BYTES) {
        return vb_sigma_refuse(item->load, value->line,
                               "wide and utf16 mean nothing without base64 behind them");
    }
    return atom;
}

static struct atom *atom_of(struct item *item, const struct value *value)
{
    const uint16_t field = field_of(item, value->line);
    if (field == NO_FIELD && item->field != NULL)
        return NULL;
    if (value->kind == V_STRING || value->kind == V_NUMBER || value->kind == V_BOOL)
        return string_atom(item, value, field);
    if (value->kind == V_REGEX)
        return regex_atom(item, value, field);
    if (value->kind == V_FIELD)
        return field_atom(item, value, field);
    if (value->kind == V_CIDR) {
        struct atom *atom = blank(item, ATOM_CIDR, field);
        struct range *range = vb_arena_alloc(&item->load->sigma->arena, sizeof(*range));
        if (atom == NULL || range == NULL)
            return NULL;
        memcpy(range, value->data.data, sizeof(*range));
        atom->ranges = range;
        atom->range_count = 1;
        return atom;
    }
    return other_atom(item, value, field);
}

static int compare_literals(const void *left, const void *right)
{
    const struct literal *a = left, *b = right;
    const size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;
    const int order = memcmp(a->text.data, b->text.data, len);
    if (order != 0)
        return order;
    if (a->text.len != b->text.len)
        return a->text.len < b->text.len ? -1 : 1;
    return (int)a->anchor - (int)b->anchor;
}

static int compare_ranges(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct range));
}

/* Sorted, so that the same list in another order is the same atom; ranges that overlap are joined,
 * so that a search by halves finds what there is. */
static size_t join_ranges(struct range *ranges, size_t count)
{
    size_t out = 0;
    qsort(ranges, count, sizeof(*ranges), compare_ranges);
    for (size_t i = 0; i < count; i++) {
        struct range *last = out == 0 ? NULL : &ranges[out - 1];
        if (last == NULL || last->family != ranges[i].family ||
            memcmp(ranges[i].first, last->last, sizeof(last->last)) > 0)
            ranges[out++] = ranges[i];
        else if (memcmp(ranges[i].last, last->last, sizeof(last->last)) > 0)
            memcpy(last->last, ranges[i].last, sizeof(last->last));
    }
    return out;
}

/* The atoms of KIND among LIST become one, the first of them. */
static bool merge(struct item *item, struct atom **list, size_t *count, enum atom_kind kind)
{
    const size_t size = kind == ATOM_CIDR ? sizeof(struct range) : sizeof(struct literal);
    size_t many = 0, out = 0;
    for (size_t i = 0; i < *count; i++)
        many += list[i]->kind == kind;
    if (many < 2)
        return true;
    unsigned char *all = vb_arena_alloc(&item->load->sigma->arena, many * size);
    if (all == NULL)
        return false;
    struct atom *first = NULL;
    size_t at = 0;
    for (size_t i = 0; i < *count; i++) {
        if (list[i]->kind != kind || first == NULL)
            list[out++] = list[i];
        if (list[i]->kind != kind)
            continue;
        if (first == NULL)
            first = list[i];
        memcpy(all + at++ * size,
               kind == ATOM_CIDR ? (const void *)list[i]->ranges : (const void *)list[i]->literals,
               size);
    }
    *count = out;
    if (kind == ATOM_CIDR) {
        first->ranges = (struct range *)(void *)all;
        first->range_count = join_ranges((struct range *)(void *)all, many);
        return true;
    }
    qsort(all, many, size, compare_literals);
    first->literals = (struct literal *)(void *)all;
    first->literal_count = many;
    return true;
}

/* One of the atoms of LIST. */
static struct node *any_of(struct item *item, struct atom **list, size_t count)
{
    struct load *load = item->load;
    if (!merge(item, list, &count, ATOM_LITERALS) || !merge(item, list, &count, ATOM_CIDR))
        return NULL;
    struct node *node = count == 1 ? NULL : vb_sigma_node(load, NODE_OR, count);
    if (count == 1)
        return vb_sigma_atom_node(load, list[0]);
    for (size_t i = 0; node != NULL && i < count; i++) {
        node->children[i] = vb_sigma_atom_node(load, list[i]);
        if (node->children[i] == NULL)
            return NULL;
        node->count++;
    }
    return node;
}

/* For `all`: each value as written, whichever of its forms. Those that modifiers added stand behind
 * the written ones: NEXT leads from each to the next of the same origin. */
static struct node *all_of(struct item *item, struct atom **atoms, struct atom **some)
{
    struct node *node = vb_sigma_node(item->load, NODE_AND, item->written);
    VB_CLEANUP_FREE size_t *next = calloc(item->count * 2 + 1, sizeof(*next));
    if (node == NULL || next == NULL) {
        item->load->sigma->arena.failed = true;
        return NULL;
    }
    size_t *last = next + item->count; /* of each origin; the first is the written one */
    for (size_t i = 0; i < item->count; i++) {
        const size_t origin = item->values[i].origin;
        if (i >= item->written)
            next[last[origin]] = i;
        last[origin] = i;
    }
    for (size_t origin = 0; origin < item->written; origin++) {
        size_t count = 0;
        for (size_t i = origin; i != 0 || count == 0; i = next[i])
            some[count++] = atoms[i];
        node->children[origin] = any_of(item, some, count);
        if (node->children[origin] == NULL)
            return NULL;
        node->count++;
    }
    return node;
}

static struct node *build(struct item *item)
{
    struct arena *arena = &item->load->sigma->arena;
    struct atom **atoms = vb_arena_alloc(arena, item->count * sizeof(struct atom *));
    struct atom **some = vb_arena_alloc(arena, item->count * sizeof(struct atom *));
    if (atoms == NULL || some == NULL)
        return NULL;
    for (size_t i = 0; i < item->count; i++) {
        atoms[i] = atom_of(item, &item->values[i]);
        if (atoms[i] != NULL)
            continue;
        for (size_t k = 0; k < i; k++)
            vb_sigma_regex_free(atoms[k]->regex);
        return NULL;
    }
    struct node *node = item->all && item->written > 1 ? all_of(item, atoms, some)
                                                       : any_of(item, atoms, item->count);
    if (node == NULL || !item->neq)
        return node;
    struct node *not_it = vb_sigma_node(item->load, NODE_NOT, 1);
    if (not_it != NULL)
        not_it->children[not_it->count++] = node;
    return not_it;
}

struct node *vb_sigma_load_item(struct load *load, const struct vb_yaml_node *key,
                                const struct vb_yaml_node *values)
{
    struct item item = {.load = load, .line = key != NULL ? key->line : values->line};
    const char *chain = "";
    if (key != NULL) {
        const size_t len = strcspn(key->text, "|");
        chain = key->text + len;
        if (len > 0)
            item.field = vb_arena_copy(&load->sigma->arena, key->text, len);
        if (len == 0 && *chain == '\0')
            return vb_sigma_refuse(load, key->line, "an item without a field");
    }
    struct node *node = NULL;
    if (read_values(&item, values) && vb_sigma_modify(&item, chain))
        node = build(&item);
    if (node != NULL && item.all && item.written == 1)
        vb_sigma_note(load->sigma, VB_SIGMA_WARNING, load->file, item.line,
                      "all of a single value is that value");
    free(item.values);
    return node;
}
