/* Compiling: programs, the rules of each log source, what wakes them, and the automata. */
#include "verdict/sigma/internal.h"

static bool same_source(const struct source_keys *a, const struct source_keys *b)
{
    return strcmp(a->product, b->product) == 0 && strcmp(a->category, b->category) == 0 &&
           strcmp(a->service, b->service) == 0;
}

static bool find_bucket(struct vb_sigma *sigma, struct rule *rule)
{
    for (size_t i = 0; i < sigma->bucket_count; i++) {
        if (!same_source(&sigma->buckets[i].keys, &rule->source))
            continue;
        rule->bucket = (uint32_t)i;
        return true;
    }
    if (sigma->bucket_count >= SIGMA_BUCKETS) {
        rule->tree = NULL;
        vb_sigma_note(sigma, VB_SIGMA_ERROR, rule->about.file, rule->about.line,
                      "the rules have more log sources than may be loaded");
        return true;
    }
    if (!SIGMA_GROW(sigma, sigma->buckets, sigma->bucket_count))
        return false;
    rule->bucket = (uint32_t)sigma->bucket_count;
    sigma->buckets[sigma->bucket_count++] = (struct bucket){.keys = rule->source};
    return true;
}

static void note_keywords(struct vb_sigma *sigma, const struct rule *rule)
{
    for (uint32_t i = rule->first_op; i < rule->end_op; i++) {
        const struct op *op = &sigma->ops[i];
        if ((op->code == OP_ATOM || op->code == OP_MAYBE) &&
            sigma->atoms[op->argument].field == NO_FIELD)
            sigma->buckets[rule->bucket].keywords = true;
    }
}

static bool add_always(struct vb_sigma *sigma, uint32_t number)
{
    struct rule *rule = &sigma->rules[number];
    struct bucket *bucket = &sigma->buckets[rule->bucket];
    rule->always = true;
    if (!SIGMA_GROW(sigma, bucket->always, bucket->always_count))
        return false;
    bucket->always[bucket->always_count++] = number;
    return true;
}

static bool write_rule(struct vb_sigma *sigma, uint32_t number)
{
    struct rule *rule = &sigma->rules[number];
    if (rule->tree == NULL)
        return true;
    if (!find_bucket(sigma, rule))
        return false;
    if (rule->tree == NULL)
        return true;
    if (!vb_sigma_program(sigma, rule))
        return false;
    note_keywords(sigma, rule);
    return true;
}

/* Programs are written: which atoms tell rules apart is known. */
static bool wake_rule(struct vb_sigma *sigma, uint32_t number)
{
    const struct rule *rule = &sigma->rules[number];
    struct atoms triggers;
    if (rule->tree == NULL)
        return true;
    bool ok = vb_sigma_triggers(sigma, rule->tree, &triggers);
    for (size_t i = 0; i < triggers.count && ok; i++) {
        sigma->atoms[triggers.list[i]].used = true;
        ok = SIGMA_GROW(sigma, sigma->wakes, sigma->wake_count);
        if (ok)
            sigma->wakes[sigma->wake_count++] =
                (struct wake){triggers.list[i], number, rule->bucket};
    }
    const bool always = ok && triggers.count == 0;
    free(triggers.list);
    return always ? add_always(sigma, number) : ok;
}

static int compare_wakes(const void *left, const void *right)
{
    const struct wake *a = left, *b = right;
    if (a->atom != b->atom)
        return a->atom < b->atom ? -1 : 1;
    return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static bool sort_wakes(struct vb_sigma *sigma)
{
    sigma->first_wake = calloc(sigma->atom_count + 1, sizeof(*sigma->first_wake));
    if (sigma->first_wake == NULL)
        return false;
    if (sigma->wake_count > 1)
        qsort(sigma->wakes, sigma->wake_count, sizeof(*sigma->wakes), compare_wakes);
    for (size_t i = 0; i < sigma->wake_count; i++)
        sigma->first_wake[sigma->wakes[i].atom + 1]++;
    for (size_t i = 0; i < sigma->atom_count; i++)
        sigma->first_wake[i + 1] += sigma->first_wake[i];
    return true;
}

struct literals {
    struct automaton_literal *list;
    size_t count;
};

static void literals_done(struct literals *literals)
{
    free(literals->list);
}

/* Fields in the order of their numbers, the atoms of each together. */
static bool make_automaton(struct vb_sigma *sigma, uint16_t field, const uint32_t *atoms,
                           size_t count)
{
    VB_CLEANUP(literals_done) struct literals literals = {0};
    for (size_t i = 0; i < count; i++) {
        const struct atom *atom = &sigma->atoms[atoms[i]];
        for (size_t k = 0; k < atom->literal_count; k++) {
            if (!SIGMA_GROW(sigma, literals.list, literals.count))
                return false;
            literals.list[literals.count++] = (struct automaton_literal){
                atom->literals[k].text, atom->literals[k].anchor, atoms[i]};
        }
    }
    if (literals.count == 0)
        return true;
    sigma->automata[field] =
        vb_sigma_automaton_new(literals.list, literals.count, &sigma->output_count);
    return sigma->automata[field] != NULL;
}

static bool make_automata(struct vb_sigma *sigma)
{
    const size_t fields = sigma->field_count + 1;
    VB_CLEANUP_FREE size_t *begins = calloc(fields + 1, sizeof(*begins));
    VB_CLEANUP_FREE uint32_t *sorted = calloc(sigma->atom_count + 1, sizeof(*sorted));
    sigma->automata = calloc(fields, sizeof(*sigma->automata));
    if (begins == NULL || sorted == NULL || sigma->automata == NULL)
        return false;
    for (size_t i = 0; i < sigma->atom_count; i++)
        if (sigma->atoms[i].used && sigma->atoms[i].kind == ATOM_LITERALS)
            begins[sigma->atoms[i].field + 1]++;
    for (size_t i = 0; i < fields; i++)
        begins[i + 1] += begins[i];
    for (uint32_t i = 0; i < sigma->atom_count; i++)
        if (sigma->atoms[i].used && sigma->atoms[i].kind == ATOM_LITERALS)
            sorted[begins[sigma->atoms[i].field]++] = i;
    bool ok = true;
    for (size_t i = 0, begin = 0; i < fields && ok; begin = begins[i], i++)
        ok = make_automaton(sigma, (uint16_t)i, sorted + begin, begins[i] - begin);
    return ok;
}

int vb_sigma_compile(struct vb_sigma *sigma, struct vb_error *err)
{
    if (sigma->compiled)
        return vb_fail(err, VB_E_SOFTWARE, 0, "Sigma rules are compiled once");
    const int status = vb_sigma_resolve(sigma, err);
    if (status < 0)
        return status;
    bool ok = true;
    for (uint32_t i = 0; i < sigma->rule_count && ok; i++)
        ok = write_rule(sigma, i);
    for (uint32_t i = 0; i < sigma->rule_count && ok; i++)
        ok = wake_rule(sigma, i);
    if (!ok || !sort_wakes(sigma) || !make_automata(sigma) || sigma->arena.failed)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    sigma->compiled = true;
    return VB_OK;
}
