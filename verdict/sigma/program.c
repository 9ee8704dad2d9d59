/* From the tree of a rule to its program: what is cheap stands first, and what decides ends it. */
#include "verdict/sigma/internal.h"

static unsigned atom_cost(const struct atom *atom)
{
    static const unsigned char costs[] = {
        [ATOM_LITERALS] = 0, [ATOM_NULL] = 1,   [ATOM_EXISTS] = 1, [ATOM_PRESENT] = 1,
        [ATOM_EMPTY] = 1,    [ATOM_NUMBER] = 2, [ATOM_DATE] = 3,   [ATOM_GLOB] = 4,
        [ATOM_TOKEN] = 4,    [ATOM_FIELD] = 4,  [ATOM_CIDR] = 5,   [ATOM_REGEX] = 8,
    };
    return costs[atom->kind];
}

static unsigned cost(const struct vb_sigma *sigma, const struct node *node)
{
    if (node->kind == NODE_ATOM)
        return atom_cost(&sigma->atoms[node->atom]);
    unsigned most = 0;
    for (size_t i = 0; i < node->count; i++) {
        const unsigned one = cost(sigma, node->children[i]);
        most = one > most ? one : most;
    }
    return most;
}

struct writer {
    struct vb_sigma *sigma;
    bool negative; /* an odd number of nots around */
};

static bool emit(struct writer *writer, enum op_code code, uint32_t argument, uint32_t need)
{
    struct vb_sigma *sigma = writer->sigma;
    if (!SIGMA_GROW(sigma, sigma->ops, sigma->op_count))
        return false;
    sigma->ops[sigma->op_count++] =
        (struct op){.code = (uint8_t)code, .argument = argument, .need = need};
    return true;
}

static bool write_node(struct writer *writer, const struct node *node);

struct priced {
    const struct node *node;
    unsigned cost;
    size_t position;
};

static int compare_priced(const void *left, const void *right)
{
    const struct priced *a = left, *b = right;
    if (a->cost != b->cost)
        return a->cost < b->cost ? -1 : 1;
    return a->position < b->position ? -1 : 1;
}

static bool write_children(struct writer *writer, const struct node *node, enum op_code between)
{
    VB_CLEANUP_FREE struct priced *list = calloc(node->count, sizeof(*list));
    VB_CLEANUP_FREE size_t *jumps = calloc(node->count, sizeof(*jumps));
    struct vb_sigma *sigma = writer->sigma;
    if (list == NULL || jumps == NULL)
        return false;
    for (size_t i = 0; i < node->count; i++)
        list[i] = (struct priced){node->children[i], cost(sigma, node->children[i]), i};
    qsort(list, node->count, sizeof(*list), compare_priced);
    for (size_t i = 0; i < node->count; i++) {
        const bool last = i + 1 == node->count && between != OP_ADD;
        if (!write_node(writer, list[i].node))
            return false;
        jumps[i] = sigma->op_count;
        if (!last && !emit(writer, between, NO_ATOM, node->need))
            return false;
    }
    if (between == OP_ADD && !emit(writer, OP_FALSE, 0, 0))
        return false;
    for (size_t i = 0; i < node->count; i++)
        if (jumps[i] < sigma->op_count && (i + 1 < node->count || between == OP_ADD))
            sigma->ops[jumps[i]].argument = (uint32_t)sigma->op_count;
    return true;
}

static bool write_node(struct writer *writer, const struct node *node)
{
    if (node->kind == NODE_ATOM) {
        struct atom *atom = &writer->sigma->atoms[node->atom];
        atom->used = true;
        atom->uses++;
        if (atom->hint != NO_ATOM)
            writer->sigma->atoms[atom->hint].used = true;
        return emit(writer, writer->negative ? OP_MAYBE : OP_ATOM, node->atom, 0);
    }
    if (node->kind == NODE_AND)
        return write_children(writer, node, OP_JUMP_FALSE);
    if (node->kind == NODE_OR)
        return write_children(writer, node, OP_JUMP_TRUE);
    if (node->kind == NODE_COUNT)
        return emit(writer, OP_BEGIN, 0, 0) && write_children(writer, node, OP_ADD);
    writer->negative = !writer->negative;
    const bool written = write_node(writer, node->children[0]) && emit(writer, OP_NOT, 0, 0);
    writer->negative = !writer->negative;
    return written;
}

bool vb_sigma_program(struct vb_sigma *sigma, struct rule *rule)
{
    struct writer writer = {.sigma = sigma};
    rule->first_op = (uint32_t)sigma->op_count;
    const bool written = write_node(&writer, rule->tree);
    rule->end_op = (uint32_t)sigma->op_count;
    return written;
}
