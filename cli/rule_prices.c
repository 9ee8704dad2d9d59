/* The prices of vetbox rules check. */
#include "cli/rule_prices.h"

#include <stdio.h>
#include <string.h>

enum { DEAREST = 5 };

struct prices {
    struct vb_rule_price dearest[DEAREST]; /* the slowest first; their names belong to the rules */
    size_t count;
    size_t slow;
    bool quiet;
};

static void note_price(void *ctx, const struct vb_rule_price *price)
{
    struct prices *prices = ctx;
    prices->slow += price->slow ? 1 : 0;
    if (price->slow && !prices->quiet)
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

int vb_rule_prices_print(const struct vb_rules *rules, const char *dir, bool quiet,
                         size_t *ret_slow, struct vb_error *err)
{
    struct prices prices = {.quiet = quiet};
    struct vb_rule_speeds speeds = {0};
    const int status = vb_rules_price(rules, dir, note_price, &prices, &speeds, err);
    if (status < 0)
        return status;
    for (unsigned i = 0; !quiet && i < VB_RULE_SETS; i++)
        printf("YARA scans %.0f MB/s on one core, items of %s\n", speeds.sets[i],
               vb_rule_set_name((enum vb_rule_set)i));
    if (!quiet)
        printf(
            "libyara with no string to look for: %.0f MB/s; the dearest rules, each over code:\n",
            speeds.bare);
    for (size_t i = 0; !quiet && i < prices.count; i++)
        printf("  %-40s %.0f MB/s alone, the set without it about %.0f\n", prices.dearest[i].rule,
               prices.dearest[i].alone, prices.dearest[i].without);
    *ret_slow = prices.slow;
    return VB_OK;
}
