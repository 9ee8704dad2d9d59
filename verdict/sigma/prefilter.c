/* Which literals must be there for a rule to match at all: only rules of which one was seen are
 * looked at. Of what must hold together the best is chosen, of alternatives all are needed. */
#include "verdict/sigma/internal.h"

enum { NO_SCORE = 0, MANY = 100000 };

/* The literals atom that is true wherever ATOM is. */
static uint32_t trigger_of(const struct vb_sigma *sigma, uint32_t atom)
{
    return sigma->atoms[atom].kind == ATOM_LITERALS ? atom : sigma->atoms[atom].hint;
}

/* How seldom a hit is to be expected: bytes of the shortest literal, those of anchors count more,
 * those of a whole value most. What many rules ask for, such as a type, is what many events have.
 */
static size_t atom_score(const struct atom *atom)
{
    static const unsigned char more[ANCHOR_COUNT] = {0, 3, 3, 12};
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < atom->literal_count; i++) {
        const struct literal *literal = &atom->literals[i];
        const size_t score = literal->text.len * 2 + more[literal->anchor];
        best = score < best ? score : best;
    }
    if (best == SIZE_MAX)
        return NO_SCORE;
    return 1 + best / (atom->uses > 0 ? atom->uses : 1);
}

/* NO_SCORE: nothing needs to be there. */
static size_t score(const struct vb_sigma *sigma, const struct node *node)
{
    if (node->kind == NODE_NOT)
        return NO_SCORE;
    if (node->kind == NODE_ATOM) {
        const uint32_t trigger = trigger_of(sigma, node->atom);
        return trigger == NO_ATOM ? NO_SCORE : atom_score(&sigma->atoms[trigger]);
    }
    size_t best = node->kind == NODE_AND ? NO_SCORE : MANY;
    for (size_t i = 0; i < node->count; i++) {
        const size_t one = score(sigma, node->children[i]);
        if (node->kind == NODE_AND ? one > best : one < best)
            best = one;
    }
    return best;
}

static bool add(struct atoms *atoms, uint32_t atom)
{
    if (!vb_sigma_grow(&atoms->list, atoms->count, sizeof(*atoms->list)))
        return false;
    atoms->list[atoms->count++] = atom;
    return true;
}

static bool collect(const struct vb_sigma *sigma, const struct node *node, struct atoms *ret)
{
    if (node->kind == NODE_ATOM)
        return add(ret, trigger_of(sigma, node->atom));
    if (node->kind == NODE_AND) {
        const struct node *best = NULL;
        size_t most = NO_SCORE;
        for (size_t i = 0; i < node->count; i++) {
            const size_t one = score(sigma, node->children[i]);
            if (one <= most)
                continue;
            most = one;
            best = node->children[i];
        }
        return best == NULL || collect(sigma, best, ret);
    }
    for (size_t i = 0; i < node->count; i++)
        if (!collect(sigma, node->children[i], ret))
            return false;
    return true;
}

bool vb_sigma_triggers(const struct vb_sigma *sigma, const struct node *tree, struct atoms *ret)
{
    *ret = (struct atoms){0};
    return score(sigma, tree) == NO_SCORE || collect(sigma, tree, ret);
}
