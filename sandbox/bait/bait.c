/* The set of baits: the rows of a persona (rows.h), filled in for one run.
 * Trust boundary: the makers are our own; the set is later searched in bytes that nobody trusts. */
#include "sandbox/bait/bait.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/bait/outbound.h"
#include "sandbox/bait/rows.h"

struct by_path {
    const char *path;
    size_t len;
    size_t index;
};

struct vb_bait_set {
    struct vb_bait *baits;
    size_t count;
    struct by_path *paths; /* sorted */
    size_t path_count;
    struct vb_needles *needles; /* the set's only part that changes: the index grows with its use */
};

static int compare_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_paths(const void *a, const void *b)
{
    const struct by_path *x = a, *y = b;
    return compare_text(x->path, x->len, y->path, y->len);
}

static void index_paths(struct vb_bait_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const char *path = set->baits[i].path;
        if (path)
            set->paths[set->path_count++] = (struct by_path){path, strlen(path), i};
    }
    qsort(set->paths, set->path_count, sizeof(set->paths[0]), compare_paths);
}

/* Those of COUNT rows that CHOICE has; one of a team's stands in place of ours. */
static int add_rows(struct vb_bait_set *set, const struct vb_bait_choice *choice,
                    const struct vb_bait_row *rows, size_t count, struct vb_error *err)
{
    const bool own = rows == vb_bait_rows;
    int status = VB_OK;
    for (size_t i = 0; !status && i < count; i++) {
        if (!(rows[i].personas >> choice->persona & 1) ||
            (own && vb_bait_rules_have(choice->rules, rows[i].id)))
            continue;
        status = vb_bait_make(&set->baits[set->count++], &rows[i], choice->home, choice->seed, err);
    }
    return status;
}

/* What is searched for of a machine is no template's. */
static int add_facts(struct vb_bait_set *set, const struct vb_bait_choice *choice,
                     struct vb_error *err)
{
    for (size_t i = 0; i < choice->fact_count && i < VB_BAIT_FACTS_MAX; i++) {
        const struct vb_bait_fact *fact = &choice->facts[i];
        struct vb_bait *bait = &set->baits[set->count++];
        *bait = (struct vb_bait){.id = fact->id, .place = VB_BAIT_MACHINE, .env = fact->name};
        bait->secret = vb_str_dup((struct vb_str){fact->text, strlen(fact->text)});
        if (bait->secret == NULL)
            return vb_fail(err, VB_E_NOMEM, 0, "making baits: out of memory");
    }
    return VB_OK;
}

static int fill(struct vb_bait_set *set, const struct vb_bait_choice *choice, struct vb_error *err)
{
    const struct vb_bait_rules *rules = choice->rules;
    int status = add_rows(set, choice, vb_bait_rows, vb_bait_row_count, err);
    if (!status && rules)
        status = add_rows(set, choice, rules->rows, rules->count, err);
    if (!status)
        status = add_facts(set, choice, err);
    if (!status)
        status = vb_needles_new(set->baits, set->count, &set->needles, err);
    index_paths(set);
    return status;
}

int vb_bait_set_choose(const struct vb_bait_choice *choice, struct vb_bait_set **ret,
                       struct vb_error *err)
{
    const char *home = choice->home;
    if (home[0] != '/' || !vb_path_safe(home + 1))
        return vb_fail(err, VB_E_SOFTWARE, 0, "the baits' home \"%s\" is not an absolute path",
                       home);
    const size_t most =
        vb_bait_row_count + (choice->rules ? choice->rules->count : 0) + VB_BAIT_FACTS_MAX;
    if (most > VB_BAITS_MAX)
        return vb_fail(err, VB_E_SOFTWARE, 0, "a search keeps one flag for each bait: too many");
    struct vb_bait_set *set = calloc(1, sizeof(*set));
    if (set) {
        set->baits = calloc(most, sizeof(*set->baits));
        set->paths = calloc(most, sizeof(*set->paths));
    }
    int status = set && set->baits && set->paths
                     ? fill(set, choice, err)
                     : vb_fail(err, VB_E_NOMEM, 0, "making baits: out of memory");
    if (status) {
        vb_bait_set_free(set);
        return status;
    }
    *ret = set;
    return VB_OK;
}

int vb_bait_set_new(const char *home, const unsigned char seed[32], struct vb_bait_set **ret,
                    struct vb_error *err)
{
    const struct vb_bait_choice choice = {.home = home, .seed = seed};
    return vb_bait_set_choose(&choice, ret, err);
}

void vb_bait_set_free(struct vb_bait_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->count; i++)
        vb_bait_done(&set->baits[i]);
    vb_needles_free(set->needles);
    free(set->baits);
    free(set->paths);
    free(set);
}

const char *vb_bait_handed(const struct vb_bait_set *set)
{
    for (size_t i = 0; set && i < set->count; i++) {
        if (set->baits[i].place == VB_BAIT_HANDED)
            return set->baits[i].secret;
    }
    return NULL;
}

size_t vb_bait_count(const struct vb_bait_set *set)
{
    return set->count;
}

const struct vb_bait *vb_bait_at(const struct vb_bait_set *set, size_t index)
{
    return index < set->count ? &set->baits[index] : NULL;
}

const struct vb_bait *vb_bait_by_path(const struct vb_bait_set *set, const char *path, size_t len)
{
    size_t low = 0, high = set->path_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct by_path *row = &set->paths[middle];
        int order = compare_text(path, len, row->path, row->len);
        if (order == 0)
            return &set->baits[row->index];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

struct vb_needles *vb_bait_needles(const struct vb_bait_set *set)
{
    return set->needles;
}
