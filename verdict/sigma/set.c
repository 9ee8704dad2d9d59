/* What loading fills: tables of fields and atoms, and the list of problems. */
#include <stdarg.h>

#include "verdict/sigma/internal.h"

bool vb_sigma_grow(void *array, size_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return true;
    void *old = NULL;
    memcpy(&old, array, sizeof(old));
    void *bigger = reallocarray(old, count == 0 ? 1 : count * 2, size);
    if (bigger == NULL)
        return false;
    memcpy(array, &bigger, sizeof(bigger));
    return true;
}

/* FNV-1a, mixed. Rules that collide on purpose cost their owner time when they are loaded. */
uint64_t vb_sigma_hash(const void *data, size_t len)
{
    const unsigned char *at = data;
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * 1099511628211u;
    return hash ^ (hash >> 29);
}

uint32_t *vb_sigma_slot(struct table *table, uint64_t hash, const void *key, vb_sigma_same *same,
                        const void *ctx)
{
    if (table->slots == NULL)
        return NULL;
    size_t at = (size_t)hash & (table->size - 1);
    while (table->slots[at] != 0 && !same(ctx, table->slots[at] - 1, key))
        at = (at + 1) & (table->size - 1);
    return &table->slots[at];
}

bool vb_sigma_table_room(struct table *table, uint64_t (*hash_of)(const void *ctx, uint32_t),
                         const void *ctx)
{
    if (table->slots != NULL && table->count * 2 < table->size)
        return true;
    const size_t size = table->size == 0 ? 64 : table->size * 2;
    uint32_t *slots = calloc(size, sizeof(*slots));
    if (slots == NULL)
        return false;
    for (size_t i = 0; table->slots != NULL && i < table->size; i++) {
        if (table->slots[i] == 0)
            continue;
        size_t at = (size_t)hash_of(ctx, table->slots[i] - 1) & (size - 1);
        while (slots[at] != 0)
            at = (at + 1) & (size - 1);
        slots[at] = table->slots[i];
    }
    free(table->slots);
    table->slots = slots;
    table->size = size;
    return true;
}

static bool same_field(const void *ctx, uint32_t position, const void *key)
{
    const struct vb_sigma *sigma = ctx;
    return strcmp(sigma->fields[position], key) == 0;
}

static uint64_t hash_of_field(const void *ctx, uint32_t position)
{
    const struct vb_sigma *sigma = ctx;
    return vb_sigma_hash(sigma->fields[position], strlen(sigma->fields[position]));
}

uint16_t vb_sigma_field(const struct vb_sigma *sigma, const char *name)
{
    struct table table = sigma->field_table;
    const uint32_t *slot =
        vb_sigma_slot(&table, vb_sigma_hash(name, strlen(name)), name, same_field, sigma);
    return slot == NULL || *slot == 0 ? NO_FIELD : (uint16_t)(*slot - 1);
}

uint16_t vb_sigma_intern_field(struct vb_sigma *sigma, const char *name)
{
    const uint16_t old = vb_sigma_field(sigma, name);
    if (old != NO_FIELD || sigma->field_count >= SIGMA_FIELDS)
        return old;
    if (sigma->field_count == 0) { /* the first one is nobody's */
        if (!SIGMA_GROW(sigma, sigma->fields, 0))
            return NO_FIELD;
        sigma->fields[sigma->field_count++] = "";
    }
    if (!vb_sigma_table_room(&sigma->field_table, hash_of_field, sigma) ||
        !SIGMA_GROW(sigma, sigma->fields, sigma->field_count)) {
        sigma->arena.failed = true;
        return NO_FIELD;
    }
    uint32_t *slot = vb_sigma_slot(&sigma->field_table, vb_sigma_hash(name, strlen(name)), name,
                                   same_field, sigma);
    sigma->fields[sigma->field_count] = vb_arena_str(&sigma->arena, name);
    *slot = (uint32_t)++sigma->field_count;
    sigma->field_table.count++;
    return (uint16_t)(sigma->field_count - 1);
}

/* The key of an atom: everything that it is tested by. */
static void key_add(struct vb_buf *key, const void *data, size_t len, bool *ok)
{
    const uint32_t size = (uint32_t)len;
    *ok = *ok && vb_buf_append(key, &size, sizeof(size), NULL) == VB_OK &&
          vb_buf_append(key, data, len, NULL) == VB_OK;
}

static bool make_key(const struct atom *atom, struct vb_buf *key)
{
    bool ok = true;
    const unsigned char head[] = {atom->kind, atom->op, atom->cased};
    key_add(key, head, sizeof(head), &ok);
    key_add(key, &atom->field, sizeof(atom->field), &ok);
    key_add(key, &atom->other, sizeof(atom->other), &ok);
    key_add(key, &atom->number, sizeof(atom->number), &ok);
    key_add(key, atom->pattern.data, atom->pattern.len, &ok);
    for (size_t i = 0; i < atom->literal_count; i++) {
        const unsigned char anchor = (unsigned char)atom->literals[i].anchor;
        key_add(key, &anchor, 1, &ok);
        key_add(key, atom->literals[i].text.data, atom->literals[i].text.len, &ok);
    }
    for (size_t i = 0; i < atom->range_count; i++)
        key_add(key, &atom->ranges[i], sizeof(atom->ranges[i]), &ok);
    return ok;
}

static bool same_atom(const void *ctx, uint32_t position, const void *key)
{
    const struct vb_sigma *sigma = ctx;
    const struct bytes *left = &sigma->atoms[position].key, *right = key;
    return left->len == right->len && memcmp(left->data, right->data, left->len) == 0;
}

static uint64_t hash_of_atom(const void *ctx, uint32_t position)
{
    return ((const struct vb_sigma *)ctx)->atoms[position].hash;
}

uint32_t vb_sigma_intern_atom(struct vb_sigma *sigma, struct atom *atom)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf buf;
    vb_buf_init(&buf, (size_t)64 << 20);
    if (!make_key(atom, &buf) || !vb_sigma_table_room(&sigma->atom_table, hash_of_atom, sigma)) {
        sigma->arena.failed = true;
        return NO_ATOM;
    }
    const struct bytes key = {buf.data, buf.len};
    atom->hash = vb_sigma_hash(key.data, key.len);
    uint32_t *slot = vb_sigma_slot(&sigma->atom_table, atom->hash, &key, same_atom, sigma);
    if (*slot != 0) {
        vb_sigma_regex_free(atom->regex);
        atom->regex = NULL;
        return *slot - 1;
    }
    unsigned char *copy = vb_arena_alloc(&sigma->arena, key.len);
    if (copy == NULL || !SIGMA_GROW(sigma, sigma->atoms, sigma->atom_count)) {
        vb_sigma_regex_free(atom->regex);
        return NO_ATOM;
    }
    memcpy(copy, key.data, key.len);
    atom->key = (struct bytes){copy, key.len};
    sigma->atoms[sigma->atom_count] = *atom;
    *slot = (uint32_t)++sigma->atom_count;
    sigma->atom_table.count++;
    return (uint32_t)(sigma->atom_count - 1);
}

void vb_sigma_note(struct vb_sigma *sigma, enum vb_sigma_gravity gravity, const char *file,
                   size_t line, const char *fmt, ...)
{
    if (sigma->problem_count > SIGMA_PROBLEMS)
        return;
    va_list args;
    va_start(args, fmt);
    const char *text = vb_arena_vprintf(&sigma->arena, fmt, args);
    va_end(args);
    if (sigma->problem_count == SIGMA_PROBLEMS)
        text = "there are more problems than are listed";
    if (!SIGMA_GROW(sigma, sigma->problems, sigma->problem_count))
        return;
    sigma->problems[sigma->problem_count++] =
        (struct vb_sigma_problem){gravity, vb_arena_str(&sigma->arena, file), line, text};
}

void *vb_sigma_refuse(struct load *load, size_t line, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    load->refused = true;
    vb_sigma_note(load->sigma, VB_SIGMA_ERROR, load->file, line, "%s", text);
    return NULL;
}

struct node *vb_sigma_node(struct load *load, enum node_kind kind, size_t room)
{
    load->nodes++;
    struct node *node = vb_arena_alloc(&load->sigma->arena, sizeof(*node));
    if (node == NULL)
        return NULL;
    node->kind = kind;
    node->children =
        room == 0 ? NULL : vb_arena_alloc(&load->sigma->arena, room * sizeof(struct node *));
    return room != 0 && node->children == NULL ? NULL : node;
}

struct node *vb_sigma_atom_node(struct load *load, struct atom *atom)
{
    const uint32_t number = vb_sigma_intern_atom(load->sigma, atom);
    struct node *node = number == NO_ATOM ? NULL : vb_sigma_node(load, NODE_ATOM, 0);
    if (node != NULL)
        node->atom = number;
    return node;
}

struct node *vb_sigma_join(struct load *load, enum node_kind kind, struct node **children,
                           size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (children[i] == NULL)
            return NULL;
    if (count <= 1)
        return count == 0 ? NULL : children[0];
    struct node *node = vb_sigma_node(load, kind, count);
    if (node == NULL)
        return NULL;
    memcpy(node->children, children, count * sizeof(children[0]));
    node->count = count;
    return node;
}

int vb_sigma_new(const struct vb_sigma_options *options, struct vb_sigma **ret,
                 struct vb_error *err)
{
    struct vb_sigma *sigma = calloc(1, sizeof(*sigma));
    if (sigma == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    sigma->all_statuses = options != NULL && options->all_statuses;
    *ret = sigma;
    return VB_OK;
}

static void free_buckets(struct vb_sigma *sigma)
{
    for (size_t i = 0; i < sigma->bucket_count; i++)
        free(sigma->buckets[i].always);
    free(sigma->buckets);
}

void vb_sigma_free(struct vb_sigma *sigma)
{
    if (sigma == NULL)
        return;
    for (size_t i = 0; i < sigma->atom_count; i++)
        vb_sigma_regex_free(sigma->atoms[i].regex);
    for (size_t i = 0; sigma->automata != NULL && i < sigma->field_count + 1; i++)
        vb_sigma_automaton_free(sigma->automata[i]);
    for (size_t i = 0; i < sigma->placeholder_count; i++)
        free(sigma->placeholders[i].values);
    free_buckets(sigma);
    void *const heap[] = {
        sigma->problems,
        sigma->rules,
        sigma->filters,
        sigma->correlations,
        sigma->correlation_order,
        sigma->atoms,
        sigma->fields,
        sigma->placeholders,
        sigma->ops,
        sigma->wakes,
        sigma->first_wake,
        sigma->feeds,
        sigma->automata,
        sigma->atom_table.slots,
        sigma->field_table.slots,
        sigma->name_table.slots,
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(heap); i++)
        free(heap[i]);
    vb_arena_done(&sigma->arena);
    free(sigma);
}

size_t vb_sigma_problem_count(const struct vb_sigma *sigma)
{
    return sigma->problem_count;
}

const struct vb_sigma_problem *vb_sigma_problem(const struct vb_sigma *sigma, size_t index)
{
    return index < sigma->problem_count ? &sigma->problems[index] : NULL;
}

size_t vb_sigma_rule_count(const struct vb_sigma *sigma)
{
    return sigma->rule_count;
}

const struct vb_sigma_rule *vb_sigma_rule(const struct vb_sigma *sigma, size_t index)
{
    return index < sigma->rule_count ? &sigma->rules[index].about : NULL;
}

int vb_sigma_placeholder(struct vb_sigma *sigma, const char *name, const char *value,
                         struct vb_error *err)
{
    size_t at = 0;
    while (at < sigma->placeholder_count && strcmp(sigma->placeholders[at].name, name) != 0)
        at++;
    if (at == sigma->placeholder_count) {
        if (!SIGMA_GROW(sigma, sigma->placeholders, at))
            return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
        sigma->placeholders[at] = (struct placeholder){.name = vb_arena_str(&sigma->arena, name)};
        sigma->placeholder_count++;
    }
    struct placeholder *row = &sigma->placeholders[at];
    if (!SIGMA_GROW(sigma, row->values, row->count))
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    row->values[row->count++] = vb_arena_str(&sigma->arena, value);
    return sigma->arena.failed ? vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules")
                               : VB_OK;
}
