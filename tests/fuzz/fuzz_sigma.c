/* libs: vb_verdict vb_core */
/* A file of Sigma rules: each document is loaded or told of with a line, and whatever was loaded
 * can be matched. */
#include "verdict/sigma/sigma.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void match(const struct vb_sigma *sigma, struct vb_sigma_matcher *matcher,
                  const uint8_t *data, size_t size)
{
    const struct vb_sigma_hit *hits = NULL;
    size_t count = 0;
    struct vb_error err = {0};
    struct vb_sigma_value values[3] = {
        {.field = vb_sigma_field(sigma, "A"), .type = VB_SIGMA_TEXT},
        {.field = vb_sigma_field(sigma, "B"), .type = VB_SIGMA_INT, .number = (int64_t)size},
        {.field = vb_sigma_field(sigma, "C"), .type = VB_SIGMA_NULL}};
    values[0].text = (const char *)data;
    values[0].len = size < 256 ? size : 256;
    struct vb_sigma_view view = {.values = values, .count = 3};
    const struct vb_sigma_source source = {"p", "c", "s"};
    const struct vb_sigma_event event = {.time_ns = size, .views = &view, .view_count = 1};
    if (vb_sigma_matcher_source(matcher, &source, &view.source, &err) < 0 ||
        vb_sigma_match(matcher, &event, &hits, &count, &err) < 0 ||
        vb_sigma_finish(matcher, &hits, &count, &err) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vb_error err = {0};
    struct vb_sigma *sigma = NULL;
    struct vb_sigma_matcher *matcher = NULL;
    if (vb_sigma_new(NULL, &sigma, &err) < 0 ||
        vb_sigma_load(sigma, "x", (const char *)data, size, &err) < 0 ||
        vb_sigma_compile(sigma, &err) < 0 || vb_sigma_matcher_new(sigma, &matcher, &err) < 0)
        abort();
    if (vb_sigma_rule_count(sigma) == 0 && vb_sigma_problem_count(sigma) == 0 && size > 0 &&
        memmem(data, size, "filter", 6) == NULL)
        abort(); /* left out without a word */
    for (size_t i = 0; i < vb_sigma_problem_count(sigma); i++)
        if (vb_sigma_problem(sigma, i)->line == 0 || vb_sigma_problem(sigma, i)->text[0] == '\0')
            abort();
    match(sigma, matcher, data, size);
    vb_sigma_matcher_free(matcher);
    vb_sigma_free(sigma);
    return 0;
}
