/* vetbox rules test and the prices of vetbox rules check. See rules_yara.h. */
#include "cli/rules_yara.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"

/* --- test --- */

static void print_problem(void *ctx, const char *rule, const char *problem)
{
    size_t *wrong = ctx;
    ++*wrong;
    printf("%s %s\n", rule, problem);
}

int vb_rules_yara_test(const struct vb_rules *rules, const char *dir, bool quiet,
                       struct vb_error *err)
{
    size_t wrong = 0;
    size_t cases = 0;
    const int status = vb_rules_test(rules, dir, print_problem, &wrong, &cases, err);
    if (status < 0)
        return status;
    if (!quiet)
        printf("%zu rules, %zu cases, %zu problems\n", vb_rules_count(rules), cases, wrong);
    return wrong == 0 ? VB_OK
                      : vb_fail(err, VB_E_CONFIG, 0, "%s: %zu problems of rules with their cases",
                                dir, wrong);
}

/* --- prices --- */

enum { DEAREST = 5 };

struct prices {
    struct vb_rule_price dearest[DEAREST]; /* the slowest first; their names belong to the rules */
    size_t count;
    size_t slow;
};

static void note_price(void *ctx, const struct vb_rule_price *price)
{
    struct prices *prices = ctx;
    prices->slow += price->slow ? 1 : 0;
    if (price->slow)
        printf("%s is slow: %.1f MB/s alone, the set without it about %.1f MB/s\n", price->rule,
               price->alone, price->without);
    size_t at = prices->count;
    while (at > 0 && price->alone > 0 && prices->dearest[at - 1].alone > price->alone)
        at--;
    if (at == DEAREST || price->alone <= 0)
        return;
    const size_t kept = prices->count < DEAREST ? prices->count : DEAREST - 1;
    memmove(&prices->dearest[at + 1], &prices->dearest[at],
            (kept - at) * sizeof(prices->dearest[0]));
    prices->dearest[at] = *price;
    prices->count = kept + 1;
}

int vb_rules_yara_price(const struct vb_rules *rules, const char *dir, bool allow_slow, bool quiet,
                        struct vb_error *err)
{
    struct prices prices = {0};
    double speed = 0;
    const int status = vb_rules_price(rules, dir, note_price, &prices, &speed, err);
    if (status < 0)
        return status;
    if (!quiet)
        printf("the set scans %.0f MB/s on one core; the dearest rules:\n", speed);
    for (size_t i = 0; !quiet && i < prices.count; i++)
        printf("  %-40s %.0f MB/s alone, the set without it about %.0f\n", prices.dearest[i].rule,
               prices.dearest[i].alone, prices.dearest[i].without);
    if (prices.slow == 0 || allow_slow)
        return VB_OK;
    return vb_fail(err, VB_E_CONFIG, 0,
                   "%s: %zu rules make scanning slow: give their expressions fixed words, or pass "
                   "--allow-slow",
                   dir, prices.slow);
}
