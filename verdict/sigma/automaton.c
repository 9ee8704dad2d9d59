/* All literals of one field in one automaton (Aho and Corasick, 1975), walked once over each value.
 * States stand in the order of their depth; the first ones, where texts spend their time, have a
 * row of next states, the others an ordered list of edges and the state to fall back to, so that
 * many thousand literals stay small. Work is linear in the text whatever the literals are: an
 * output's free literals are told of once a generation, prefixes only where the text began,
 * suffixes only where it ends. */
#include "verdict/sigma/internal.h"

enum { DENSE_ENTRIES = 256 * 1024 };
#define HAS_OUTPUT ((uint32_t)1 << 31)

/* Where a walk is: a state's row, as an offset into dense, or behind all rows the number of a state
 * that has none. */

struct edge {
    uint32_t target;
    unsigned char class;
};

struct output {
    uint32_t first[ANCHOR_COUNT + 1]; /* of each anchor, in atoms */
    uint32_t link;                    /* the next shorter one that ends at the same place, + 1 */
    uint32_t free; /* itself or the next shorter one that has free literals, + 1 */
    uint32_t depth;
};

struct automaton {
    unsigned char classes[256];
    uint32_t class_count;
    uint32_t state_count, dense_count;
    uint32_t *dense;      /* rows of dense_count states: cursors, with HAS_OUTPUT where one ends */
    uint32_t entries;     /* in dense */
    uint32_t *fail;       /* of each state */
    uint32_t *first_edge; /* of each state, one more at the end */
    struct edge *edges;
    uint32_t *output_of; /* of each state: its own or the longest that it ends with, + 1 */
    struct output *outputs;
    uint32_t *atoms;
    uint32_t output_count;
    size_t seen_base;
};

/* While it is built: a tree with a list of children, in the order in which they came. */
struct tree_node {
    uint32_t child, sibling; /* 0: none */
    uint32_t output;         /* + 1 */
    unsigned char class;
};

struct builder {
    struct tree_node *nodes;
    size_t count;
    uint32_t *order;  /* BFS: tree node of each state */
    uint32_t *number; /* state of each tree node */
    uint32_t *depth;  /* of each state */
};

static void builder_done(struct builder *builder)
{
    free(builder->nodes);
    free(builder->order);
    free(builder->number);
    free(builder->depth);
}

void vb_sigma_automaton_free(struct automaton *automaton)
{
    if (automaton == NULL)
        return;
    free(automaton->dense);
    free(automaton->fail);
    free(automaton->first_edge);
    free(automaton->edges);
    free(automaton->output_of);
    free(automaton->outputs);
    free(automaton->atoms);
    free(automaton);
}

static int compare_literals(const void *left, const void *right)
{
    const struct automaton_literal *a = left, *b = right;
    const size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;
    const int order = memcmp(a->text.data, b->text.data, len);
    if (order != 0)
        return order;
    if (a->text.len != b->text.len)
        return a->text.len < b->text.len ? -1 : 1;
    if (a->anchor != b->anchor)
        return (int)a->anchor - (int)b->anchor;
    return a->atom < b->atom ? -1 : a->atom > b->atom;
}

static void make_classes(struct automaton *automaton, const struct automaton_literal *literals,
                         size_t count)
{
    automaton->class_count = 1; /* 0: in no literal */
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < literals[i].text.len; k++) {
            unsigned char *class = &automaton->classes[literals[i].text.data[k]];
            if (*class == 0)
                *class = (unsigned char)automaton->class_count++;
        }
    }
    for (unsigned upper = 'A'; upper <= 'Z'; upper++)
        automaton->classes[upper] = automaton->classes[vb_sigma_lower[upper]];
}

/* Literals are sorted, so a child that is there already is the first in its list. */
static uint32_t child_of(struct builder *builder, uint32_t parent, unsigned char class)
{
    struct tree_node *node = &builder->nodes[parent];
    if (node->child != 0 && builder->nodes[node->child].class == class)
        return node->child;
    const uint32_t child = (uint32_t)builder->count++;
    builder->nodes[child] = (struct tree_node){.class = class, .sibling = node->child};
    node->child = child;
    return child;
}

static void grow_tree(struct automaton *automaton, struct builder *builder,
                      const struct automaton_literal *literals, size_t count)
{
    builder->count = 1;
    for (size_t i = 0; i < count; i++) {
        uint32_t at = 0;
        for (size_t k = 0; k < literals[i].text.len; k++)
            at = child_of(builder, at, automaton->classes[literals[i].text.data[k]]);
        if (builder->nodes[at].output == 0) {
            struct output *output = &automaton->outputs[automaton->output_count++];
            output->depth = (uint32_t)literals[i].text.len;
            for (size_t k = 0; k <= ANCHOR_COUNT; k++)
                output->first[k] = (uint32_t)i;
            builder->nodes[at].output = automaton->output_count;
        }
        struct output *output = &automaton->outputs[builder->nodes[at].output - 1];
        for (size_t k = (size_t)literals[i].anchor + 1; k <= ANCHOR_COUNT; k++)
            output->first[k] = (uint32_t)i + 1;
        automaton->atoms[i] = literals[i].atom;
    }
}

static void number_states(struct automaton *automaton, struct builder *builder)
{
    uint32_t tail = 1, edge = 0;
    for (uint32_t head = 0; head < tail; head++) {
        const uint32_t node = builder->order[head];
        automaton->first_edge[head] = edge;
        for (uint32_t at = builder->nodes[node].child; at != 0; at = builder->nodes[at].sibling) {
            builder->order[tail] = at;
            builder->number[at] = tail;
            builder->depth[tail] = builder->depth[head] + 1;
            automaton->edges[edge++] = (struct edge){tail++, builder->nodes[at].class};
        }
    }
    automaton->state_count = tail;
    automaton->first_edge[tail] = edge;
}

/* Of a state without a row; 0 where it has no such edge (nothing leads back to the root). */
static uint32_t edge_of(const struct automaton *automaton, uint32_t state, unsigned char class)
{
    for (uint32_t i = automaton->first_edge[state]; i < automaton->first_edge[state + 1]; i++)
        if (automaton->edges[i].class == class)
            return automaton->edges[i].target;
    return 0;
}

static bool has(const struct output *output, enum anchor anchor)
{
    return output->first[anchor] != output->first[anchor + 1];
}

static void link_output(struct automaton *automaton, uint32_t own, uint32_t behind)
{
    struct output *output = &automaton->outputs[own - 1];
    output->link = behind;
    output->free = own;
    if (!has(output, ANCHOR_FREE))
        output->free = behind == 0 ? 0 : automaton->outputs[behind - 1].free;
}

/* Something is to be done at STATE before the text has ended. */
static bool is_marked(const struct automaton *automaton, uint32_t state)
{
    const uint32_t number = automaton->output_of[state];
    return number != 0 && (automaton->outputs[number - 1].free != 0 ||
                           has(&automaton->outputs[number - 1], ANCHOR_START));
}

static uint32_t cursor_of(const struct automaton *automaton, uint32_t state)
{
    return state < automaton->dense_count ? state * automaton->class_count
                                          : automaton->entries + state;
}

static uint32_t state_at(const struct automaton *automaton, uint32_t cursor)
{
    return cursor < automaton->entries ? cursor / automaton->class_count
                                       : cursor - automaton->entries;
}

/* The next cursor from a state, marked if an output ends there. */
static uint32_t next_of(const struct automaton *automaton, uint32_t state, unsigned char class)
{
    while (state >= automaton->dense_count) {
        const uint32_t target = edge_of(automaton, state, class);
        if (target != 0)
            return cursor_of(automaton, target) | (is_marked(automaton, target) ? HAS_OUTPUT : 0);
        state = automaton->fail[state];
    }
    return automaton->dense[(size_t)state * automaton->class_count + class];
}

static void fill_row(struct automaton *automaton, uint32_t state)
{
    const size_t width = automaton->class_count;
    uint32_t *row = automaton->dense + state * width;
    if (state != 0)
        memcpy(row, automaton->dense + automaton->fail[state] * width, width * sizeof(*row));
    for (uint32_t i = automaton->first_edge[state]; i < automaton->first_edge[state + 1]; i++)
        row[automaton->edges[i].class] = cursor_of(automaton, automaton->edges[i].target);
}

/* By depth: a state's fallback is nearer to the root and ready. */
static void link_states(struct automaton *automaton, const struct builder *builder)
{
    for (uint32_t state = 0; state < automaton->state_count; state++) {
        const uint32_t own = builder->nodes[builder->order[state]].output;
        const uint32_t behind = state == 0 ? 0 : automaton->output_of[automaton->fail[state]];
        automaton->output_of[state] = own != 0 ? own : behind;
        if (own != 0)
            link_output(automaton, own, behind);
        for (uint32_t i = automaton->first_edge[state]; i < automaton->first_edge[state + 1]; i++) {
            const struct edge *edge = &automaton->edges[i];
            automaton->fail[edge->target] =
                state == 0
                    ? 0
                    : state_at(automaton, next_of(automaton, automaton->fail[state], edge->class) &
                                              ~HAS_OUTPUT);
        }
        if (state < automaton->dense_count)
            fill_row(automaton, state);
    }
}

static void mark_outputs(struct automaton *automaton)
{
    for (size_t i = 0; i < automaton->entries; i++)
        if (is_marked(automaton, state_at(automaton, automaton->dense[i])))
            automaton->dense[i] |= HAS_OUTPUT;
}

static bool make_room(struct automaton *automaton, struct builder *builder, size_t states)
{
    const size_t most = DENSE_ENTRIES / automaton->class_count;
    automaton->dense_count = (uint32_t)(states < most ? states : most);
    automaton->entries = automaton->dense_count * automaton->class_count;
    automaton->dense = calloc((size_t)automaton->entries + 1, sizeof(*automaton->dense));
    automaton->fail = calloc(states, sizeof(*automaton->fail));
    automaton->first_edge = calloc(states + 1, sizeof(*automaton->first_edge));
    automaton->edges = calloc(states, sizeof(*automaton->edges));
    automaton->output_of = calloc(states, sizeof(*automaton->output_of));
    builder->order = calloc(states, sizeof(*builder->order));
    builder->number = calloc(states, sizeof(*builder->number));
    builder->depth = calloc(states, sizeof(*builder->depth));
    return automaton->dense != NULL && automaton->fail != NULL && automaton->first_edge != NULL &&
           automaton->edges != NULL && automaton->output_of != NULL && builder->order != NULL &&
           builder->number != NULL && builder->depth != NULL;
}

struct automaton *vb_sigma_automaton_new(struct automaton_literal *literals, size_t count,
                                         size_t *outputs)
{
    struct automaton *automaton = calloc(1, sizeof(*automaton));
    VB_CLEANUP(builder_done) struct builder builder = {0};
    size_t states = 1;
    for (size_t i = 0; i < count; i++)
        states += literals[i].text.len;
    qsort(literals, count, sizeof(*literals), compare_literals);
    builder.nodes = calloc(states, sizeof(*builder.nodes));
    if (automaton == NULL || builder.nodes == NULL) {
        vb_sigma_automaton_free(automaton);
        return NULL;
    }
    make_classes(automaton, literals, count);
    automaton->outputs = calloc(count + 1, sizeof(*automaton->outputs));
    automaton->atoms = calloc(count + 1, sizeof(*automaton->atoms));
    if (automaton->outputs != NULL && automaton->atoms != NULL)
        grow_tree(automaton, &builder, literals, count);
    if (automaton->outputs == NULL || automaton->atoms == NULL ||
        !make_room(automaton, &builder, builder.count)) {
        vb_sigma_automaton_free(automaton);
        return NULL;
    }
    number_states(automaton, &builder);
    link_states(automaton, &builder);
    mark_outputs(automaton);
    automaton->seen_base = *outputs;
    *outputs += automaton->output_count;
    return automaton;
}

static void tell(const struct automaton *automaton, const struct output *output, enum anchor anchor,
                 const struct walk *walk)
{
    for (uint32_t i = output->first[anchor]; i < output->first[anchor + 1]; i++)
        walk->hit(walk->ctx, automaton->atoms[i]);
}

static void on_output(const struct automaton *automaton, uint32_t state, size_t end,
                      const struct walk *walk)
{
    const struct output *output = &automaton->outputs[automaton->output_of[state] - 1];
    if (output->depth == end)
        tell(automaton, output, ANCHOR_START, walk);
    uint32_t *seen = walk->seen + automaton->seen_base;
    uint32_t number = output->free;
    while (number != 0 && seen[number - 1] != walk->generation) {
        seen[number - 1] = walk->generation;
        output = &automaton->outputs[number - 1];
        tell(automaton, output, ANCHOR_FREE, walk);
        number = output->link == 0 ? 0 : automaton->outputs[output->link - 1].free;
    }
}

static void on_end(const struct automaton *automaton, uint32_t state, size_t len,
                   const struct walk *walk)
{
    for (uint32_t number = automaton->output_of[state]; number != 0;) {
        const struct output *output = &automaton->outputs[number - 1];
        tell(automaton, output, ANCHOR_END, walk);
        if (output->depth == len)
            tell(automaton, output, ANCHOR_WHOLE, walk);
        number = output->link;
    }
}

/* What every step needs, where the compiler can keep it in registers. */
struct rows {
    const struct automaton *automaton;
    const unsigned char *classes;
    const uint32_t *dense;
    uint32_t entries;
};

static struct rows rows_of(const struct automaton *automaton)
{
    return (struct rows){automaton, automaton->classes, automaton->dense, automaton->entries};
}

static inline uint32_t step(const struct rows *rows, uint32_t cursor, unsigned char byte)
{
    const unsigned char class = rows->classes[byte];
    return cursor < rows->entries ? rows->dense[cursor + class]
                                  : next_of(rows->automaton, cursor - rows->entries, class);
}

bool vb_sigma_automaton_walk(const struct automaton *automaton, const unsigned char *text,
                             size_t len, const struct walk *walk)
{
    const struct rows rows = rows_of(automaton);
    uint32_t cursor = 0;
    unsigned char high = 0;
    for (size_t i = 0; i < len; i++) {
        cursor = step(&rows, cursor, text[i]);
        high |= text[i];
        if ((cursor & HAS_OUTPUT) != 0) {
            cursor &= ~HAS_OUTPUT;
            on_output(automaton, state_at(automaton, cursor), i + 1, walk);
        }
    }
    if (!walk->cut)
        on_end(automaton, state_at(automaton, cursor), len, walk);
    return high < 0x80;
}

/* Each step waits for the memory that the one before it asked for, so two walks take hardly longer
 * than one. */
bool vb_sigma_automaton_walk_both(const struct automaton *const automata[2],
                                  const unsigned char *text, size_t len, const struct walk *walk)
{
    const struct automaton *a = automata[0], *b = automata[1];
    const struct rows rows_a = rows_of(a), rows_b = rows_of(b);
    uint32_t at_a = 0, at_b = 0;
    unsigned char high = 0;
    for (size_t i = 0; i < len; i++) {
        at_a = step(&rows_a, at_a, text[i]);
        at_b = step(&rows_b, at_b, text[i]);
        high |= text[i];
        if (((at_a | at_b) & HAS_OUTPUT) == 0)
            continue;
        if ((at_a & HAS_OUTPUT) != 0)
            on_output(a, state_at(a, at_a & ~HAS_OUTPUT), i + 1, walk);
        if ((at_b & HAS_OUTPUT) != 0)
            on_output(b, state_at(b, at_b & ~HAS_OUTPUT), i + 1, walk);
        at_a &= ~HAS_OUTPUT;
        at_b &= ~HAS_OUTPUT;
    }
    if (!walk->cut) {
        on_end(a, state_at(a, at_a), len, walk);
        on_end(b, state_at(b, at_b), len, walk);
    }
    return high < 0x80;
}
