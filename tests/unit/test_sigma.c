/* Sigma rules by hand: every modifier, every trap of the format, what is refused and where, and
 * correlations over time. The cases are tables in tests/fixtures/sigma/; what the compiled engine
 * says of events is also asked of the plain one. */
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "sigma_helper.h"
#include "vetbox/core/yaml.h"

static const char head[] = "title: t\nlogsource: {product: test}\ndetection:\n";
enum { HEAD_LINES = 3 };

static struct vb_yaml *read_cases(const char *name)
{
    char path[512];
    struct vb_buf text;
    struct vb_error err = {0};
    struct vb_yaml *yaml = NULL;
    (void)snprintf(path, sizeof(path), VB_SOURCE_DIR "/tests/fixtures/sigma/%s", name);
    sigma_read(path, &text);
    if (vb_yaml_parse(path, (const char *)text.data, text.len, NULL, &yaml, &err) < 0)
        fail_msg("%s", err.message);
    vb_buf_done(&text);
    return yaml;
}

static const char *get(const struct vb_yaml_node *map, const char *key)
{
    const struct vb_yaml_node *node = vb_yaml_get(map, key);
    return node == NULL ? NULL : node->text;
}

/* TEXT with each line moved in, below what every rule needs. */
static void wrap(struct vb_buf *buf, const char *text)
{
    vb_buf_init(buf, (size_t)8 << 20);
    assert_int_equal(vb_buf_append_str(buf, head, NULL), VB_OK);
    while (*text != '\0') {
        const size_t len = strcspn(text, "\n");
        assert_int_equal(vb_buf_printf(buf, NULL, "  %.*s\n", (int)len, text), VB_OK);
        text += len + (text[len] == '\n');
    }
}

static struct vb_sigma *load(const char *text)
{
    struct vb_error err = {0};
    struct vb_sigma *sigma = NULL;
    assert_int_equal(vb_sigma_new(NULL, &sigma, &err), VB_OK);
    assert_int_equal(vb_sigma_placeholder(sigma, "admins", "root", &err), VB_OK);
    assert_int_equal(vb_sigma_placeholder(sigma, "admins", "ad?-*", &err), VB_OK);
    assert_int_equal(vb_sigma_placeholder(sigma, "admins", "ad-1", &err), VB_OK);
    assert_int_equal(vb_sigma_load(sigma, "rules.yml", text, strlen(text), &err), VB_OK);
    assert_int_equal(vb_sigma_compile(sigma, &err), VB_OK);
    return sigma;
}

static json_t *parse(const char *text)
{
    struct vb_error err = {0};
    json_t *json = NULL;
    if (vb_json_parse(text, strlen(text), 1 << 20, &json, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    return json;
}

static struct sigma_event event_of(json_t *fields)
{
    return (struct sigma_event){
        .fields = fields, .sources = {{"test", "x", "y"}}, .source_count = 1};
}

/* How many of EVENTS are not judged as WANTED. */
static size_t judge(const char *name, struct vb_sigma *sigma, const struct plain *plain,
                    const struct vb_yaml_node *events, bool wanted)
{
    struct vb_error err = {0};
    struct vb_sigma_matcher *matcher = NULL;
    size_t wrong = 0;
    assert_non_null(events);
    assert_int_equal(vb_sigma_matcher_new(sigma, &matcher, &err), VB_OK);
    for (size_t i = 0; i < events->count; i++) {
        const struct vb_sigma_hit *hits = NULL;
        json_t *fields = parse(events->items[i]->text);
        const struct sigma_event event = event_of(fields);
        const bool found = sigma_hits(sigma, matcher, &event, 0, i, &hits) > 0;
        const bool plainly = plain == NULL ? wanted : plain_match(plain, &event);
        if (found != wanted || plainly != wanted) {
            print_message("%s: %s: compiled %d, plain %d, wanted %d\n", name,
                          events->items[i]->text, found, plainly, wanted);
            wrong++;
        }
        json_decref(fields);
    }
    vb_sigma_matcher_free(matcher);
    return wrong;
}

static void run_cases(const char *file)
{
    struct vb_yaml *yaml = read_cases(file);
    const struct vb_yaml_node *cases = vb_yaml_root(yaml);
    size_t wrong = 0;
    for (size_t i = 0; i < cases->count; i++) {
        const struct vb_yaml_node *one = cases->items[i];
        struct vb_buf text;
        wrap(&text, get(one, "rule"));
        struct vb_sigma *sigma = load((const char *)text.data);
        struct plain *plain =
            get(one, "plain") != NULL ? NULL : plain_new("rule", (const char *)text.data, text.len);
        for (size_t k = 0; k < vb_sigma_problem_count(sigma); k++) {
            if (vb_sigma_problem(sigma, k)->gravity == VB_SIGMA_WARNING)
                continue;
            print_message("%s: %s\n", get(one, "case"), vb_sigma_problem(sigma, k)->text);
            wrong++;
        }
        wrong += judge(get(one, "case"), sigma, plain, vb_yaml_get(one, "yes"), true);
        wrong += judge(get(one, "case"), sigma, plain, vb_yaml_get(one, "no"), false);
        plain_free(plain);
        vb_sigma_free(sigma);
        vb_buf_done(&text);
    }
    vb_yaml_free(yaml);
    assert_int_equal(wrong, 0);
}

static void test_values(void **state)
{
    (void)state;
    run_cases("values.yaml");
}

static void test_modifiers(void **state)
{
    (void)state;
    run_cases("modifiers.yaml");
}

static void test_conditions(void **state)
{
    (void)state;
    run_cases("conditions.yaml");
}

/* --- problems --- */

static bool has_problem(const struct vb_sigma *sigma, enum vb_sigma_gravity gravity, size_t line,
                        const char *text)
{
    for (size_t i = 0; i < vb_sigma_problem_count(sigma); i++) {
        const struct vb_sigma_problem *problem = vb_sigma_problem(sigma, i);
        if (problem->gravity == gravity && problem->line == line &&
            strstr(problem->text, text) != NULL && strcmp(problem->file, "rules.yml") == 0)
            return true;
    }
    return false;
}

static void test_problems_are_told_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        enum vb_sigma_gravity gravity;
    } gravities[] = {
        {"error", VB_SIGMA_ERROR}, {"warning", VB_SIGMA_WARNING}, {"skipped", VB_SIGMA_SKIPPED}};
    struct vb_yaml *yaml = read_cases("problems.yaml");
    const struct vb_yaml_node *cases = vb_yaml_root(yaml);
    size_t wrong = 0;
    for (size_t i = 0; i < cases->count; i++) {
        const struct vb_yaml_node *one = cases->items[i];
        struct vb_buf text = {0};
        size_t line = strtoul(get(one, "line"), NULL, 10), row = 0;
        const char *document = get(one, "document");
        if (document == NULL) {
            wrap(&text, get(one, "rule"));
            document = (const char *)text.data;
            line += HEAD_LINES;
        }
        while (get(one, gravities[row].key) == NULL)
            row++;
        struct vb_sigma *sigma = load(document);
        if (!has_problem(sigma, gravities[row].gravity, line, get(one, gravities[row].key))) {
            print_message("%s: not told in line %zu\n", get(one, "case"), line);
            for (size_t k = 0; k < vb_sigma_problem_count(sigma); k++)
                print_message("  %zu: %s\n", vb_sigma_problem(sigma, k)->line,
                              vb_sigma_problem(sigma, k)->text);
            wrong++;
        }
        vb_sigma_free(sigma);
        vb_buf_done(&text);
    }
    vb_yaml_free(yaml);
    assert_int_equal(wrong, 0);
}

/* --- correlations --- */

static size_t check_hits(const char *name, const struct vb_sigma *sigma,
                         const struct vb_sigma_hit *hits, size_t count,
                         const struct vb_yaml_node *wanted, size_t *at)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct vb_buf text;
        vb_buf_init(&text, 4096);
        assert_int_equal(vb_buf_printf(&text, NULL, "%s at %llu: %s (",
                                       vb_sigma_rule(sigma, hits[i].rule)->title,
                                       (unsigned long long)(hits[i].time_ns / 1000000000u),
                                       hits[i].group),
                         VB_OK);
        for (size_t k = 0; k < hits[i].evidence_count; k++)
            assert_int_equal(vb_buf_printf(&text, NULL, "%s%llu", k == 0 ? "" : " ",
                                           (unsigned long long)hits[i].evidence[k]),
                             VB_OK);
        assert_int_equal(vb_buf_append_str(&text, ")", NULL), VB_OK);
        const char *want = *at < wanted->count ? wanted->items[*at]->text : "nothing";
        ++*at;
        if (strcmp(want, (const char *)text.data) != 0) {
            print_message("%s: %s, wanted %s\n", name, (const char *)text.data, want);
            wrong++;
        }
        vb_buf_done(&text);
    }
    return wrong;
}

static size_t run_story(const struct vb_yaml_node *one)
{
    struct vb_error err = {0};
    struct vb_sigma *sigma = load(get(one, "documents"));
    struct vb_sigma_matcher *matcher = NULL;
    const struct vb_yaml_node *events = vb_yaml_get(one, "events");
    const struct vb_yaml_node *wanted = vb_yaml_get(one, "hits");
    const char *name = get(one, "case");
    const struct vb_sigma_hit *hits = NULL;
    size_t wrong = 0, at = 0, count = 0;
    for (size_t k = 0; k < vb_sigma_problem_count(sigma); k++, wrong++)
        print_message("%s: %s\n", name, vb_sigma_problem(sigma, k)->text);
    assert_int_equal(vb_sigma_matcher_new(sigma, &matcher, &err), VB_OK);
    for (size_t i = 0; i < events->count; i++) {
        char *rest = NULL;
        const uint64_t seconds = strtoul(events->items[i]->text, &rest, 10);
        json_t *fields = parse(rest + 1);
        const struct sigma_event event = event_of(fields);
        count = sigma_hits(sigma, matcher, &event, seconds * 1000000000u, i + 1, &hits);
        wrong += check_hits(name, sigma, hits, count, wanted, &at);
        json_decref(fields);
    }
    assert_int_equal(vb_sigma_finish(matcher, &hits, &count, &err), VB_OK);
    wrong += check_hits(name, sigma, hits, count, wanted, &at);
    if (at < wanted->count) {
        print_message("%s: %zu hits of %zu\n", name, at, wanted->count);
        wrong++;
    }
    vb_sigma_matcher_free(matcher);
    vb_sigma_free(sigma);
    return wrong;
}

static void test_correlations_and_filters(void **state)
{
    (void)state;
    struct vb_yaml *yaml = read_cases("correlations.yaml");
    const struct vb_yaml_node *cases = vb_yaml_root(yaml);
    size_t wrong = 0;
    for (size_t i = 0; i < cases->count; i++)
        wrong += run_story(cases->items[i]);
    vb_yaml_free(yaml);
    assert_int_equal(wrong, 0);
}

/* --- logsources, sizes --- */

static void test_a_rule_applies_where_its_source_fits(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        bool found[4];
    } rows[] = {
        {"{product: linux}", {true, true, false, false}},
        {"{product: Linux, category: Process Creation}", {true, false, false, false}},
        {"{category: process_creation}", {true, false, true, false}},
        {"{service: auditd}", {false, true, false, false}},
        {"{product: linux, service: auditd, category: x}", {false, false, false, false}},
    };
    static const struct vb_sigma_source sources[] = {{"linux", "process_creation", NULL},
                                                     {"linux", NULL, "auditd"},
                                                     {"windows", "process_creation", "sysmon"},
                                                     {NULL, NULL, NULL}};
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        char text[256];
        struct vb_error err = {0};
        struct vb_sigma_matcher *matcher = NULL;
        (void)snprintf(text, sizeof(text),
                       "title: t\nlogsource: %s\ndetection: {s: {A: null}, condition: s}\n",
                       rows[i].rule);
        struct vb_sigma *sigma = load(text);
        assert_int_equal(vb_sigma_rule_count(sigma), 1);
        assert_int_equal(vb_sigma_matcher_new(sigma, &matcher, &err), VB_OK);
        for (size_t k = 0; k < VB_ARRAY_LEN(sources); k++) {
            const struct vb_sigma_hit *hits = NULL;
            json_t *fields = parse("{}");
            struct sigma_event event = {.fields = fields, .source_count = 1};
            event.sources[0] = sources[k];
            assert_int_equal(sigma_hits(sigma, matcher, &event, 0, 0, &hits), rows[i].found[k]);
            json_decref(fields);
        }
        vb_sigma_matcher_free(matcher);
        vb_sigma_free(sigma);
    }
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* One event of one field A. */
static bool match_text(const struct vb_sigma *sigma, struct vb_sigma_matcher *matcher,
                       const char *text, size_t len)
{
    struct vb_error err = {0};
    const struct vb_sigma_hit *hits = NULL;
    size_t count = 0;
    const struct vb_sigma_value value = {
        .field = vb_sigma_field(sigma, "A"), .type = VB_SIGMA_TEXT, .text = text, .len = len};
    struct vb_sigma_view view = {.values = &value, .count = 1};
    const struct vb_sigma_source source = {"test", NULL, NULL};
    assert_int_equal(vb_sigma_matcher_source(matcher, &source, &view.source, &err), VB_OK);
    const struct vb_sigma_event event = {.views = &view, .view_count = 1};
    assert_int_equal(vb_sigma_match(matcher, &event, &hits, &count, &err), VB_OK);
    return count > 0;
}

/* Careless expressions and texts made for them: bounded, told of, and never a match. */
static void test_hostile_texts_take_bounded_time(void **state)
{
    (void)state;
    static const char *const rules[] = {"s: {A|re: '(a+)+$'}", "s: {A|re: '(a|aa)+\\d'}",
                                        "s: {A|re: 'a*a*a*a*a*b'}",
                                        "s: {A: '*a*a*a*a*a*a*a*a*a*a*a*a*b'}",
                                        "s: {A|contains: 'aaaaaaaaaaaaaaaa?aaaaaaaaaaaaaab'}"};
    enum { BYTES = 256 * 1024 };
    static char text[BYTES];
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '!';
    for (size_t i = 0; i < VB_ARRAY_LEN(rules); i++) {
        char rule[256];
        struct vb_buf whole;
        struct vb_error err = {0};
        struct vb_sigma_matcher *matcher = NULL;
        (void)snprintf(rule, sizeof(rule), "%s\ncondition: s", rules[i]);
        wrap(&whole, rule);
        struct vb_sigma *sigma = load((const char *)whole.data);
        assert_int_equal(vb_sigma_rule_count(sigma), 1);
        assert_int_equal(vb_sigma_matcher_new(sigma, &matcher, &err), VB_OK);
        const double begin = cpu_seconds();
        for (int k = 0; k < 20; k++)
            assert_false(match_text(sigma, matcher, text, sizeof(text)));
        const double took = cpu_seconds() - begin;
        if (took > 10)
            fail_msg("%s: %.1f s", rules[i], took);
        if (i < 3)
            assert_true(vb_sigma_matcher_limits(matcher)->regex_cut > 0);
        vb_sigma_matcher_free(matcher);
        vb_sigma_free(sigma);
        vb_buf_done(&whole);
    }
}

/* Thousands of literals, each the end of the next, and a text that holds all of them. */
static void test_long_lists(void **state)
{
    (void)state;
    enum { COUNT = 4432 };
    struct vb_buf text, whole;
    struct vb_error err = {0};
    struct vb_sigma_matcher *matcher = NULL;
    vb_buf_init(&text, (size_t)8 << 20);
    assert_int_equal(vb_buf_append_str(&text, "s:\n  A|contains:\n", &err), VB_OK);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(
            vb_buf_printf(&text, &err, "    - '%.*sb'\n", 1 + i % 200,
                          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                          "aaaaaaaaaaaaaaaaaaaa"),
            VB_OK);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(vb_buf_printf(&text, &err, "    - 'host-%d.example'\n", i), VB_OK);
    assert_int_equal(vb_buf_append_str(&text, "condition: s\n", &err), VB_OK);
    wrap(&whole, (const char *)text.data);
    struct vb_sigma *sigma = load((const char *)whole.data);
    assert_int_equal(vb_sigma_rule_count(sigma), 1);
    assert_int_equal(vb_sigma_matcher_new(sigma, &matcher, &err), VB_OK);
    assert_true(match_text(sigma, matcher, "see HOST-4431.example for", 25));
    assert_false(match_text(sigma, matcher, "see host-4432.example for", 25));
    static char many[256 * 1024];
    memset(many, 'a', sizeof(many));
    const double begin = cpu_seconds();
    for (int i = 0; i < 20; i++)
        assert_false(match_text(sigma, matcher, many, sizeof(many)));
    assert_true(cpu_seconds() - begin < 5);
    many[sizeof(many) / 2] = 'b';
    assert_true(match_text(sigma, matcher, many, sizeof(many)));
    vb_sigma_matcher_free(matcher);
    vb_sigma_free(sigma);
    vb_buf_done(&whole);
    vb_buf_done(&text);
}

/* Of groups there may be as many as the subject likes: memory has a bound, and it is told of. */
static void test_groups_are_bounded(void **state)
{
    (void)state;
    struct vb_error err = {0};
    struct vb_sigma_matcher *matcher = NULL;
    struct vb_sigma *sigma = load(
        "title: a\nname: a\nlogsource: {product: test}\ndetection: {s: {A: '*'}, condition: s}\n"
        "---\ntitle: b\ncorrelation: {type: value_count, rules: a, group-by: [A], timespan: 1d, "
        "condition: {field: A, gt: 1}}\n");
    char text[64];
    assert_int_equal(vb_sigma_problem_count(sigma), 0);
    assert_int_equal(vb_sigma_matcher_new(sigma, &matcher, &err), VB_OK);
    for (int i = 0; i < 200000; i++) {
        const int len = snprintf(text, sizeof(text), "value-%d", i);
        assert_false(match_text(sigma, matcher, text, (size_t)len));
    }
    assert_true(vb_sigma_matcher_limits(matcher)->groups_dropped > 0);
    vb_sigma_matcher_free(matcher);
    vb_sigma_free(sigma);
}

static void test_deep_conditions_are_refused(void **state)
{
    (void)state;
    struct vb_buf text, whole;
    struct vb_error err = {0};
    vb_buf_init(&text, (size_t)1 << 20);
    assert_int_equal(vb_buf_append_str(&text, "s: {A: 1}\ncondition: ", &err), VB_OK);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(vb_buf_append_str(&text, "(", &err), VB_OK);
    wrap(&whole, (const char *)text.data);
    struct vb_sigma *sigma = load((const char *)whole.data);
    assert_int_equal(vb_sigma_rule_count(sigma), 0);
    assert_true(has_problem(sigma, VB_SIGMA_ERROR, 5, "nested too deeply"));
    vb_sigma_free(sigma);
    vb_buf_done(&whole);
    vb_buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_modifiers),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_problems_are_told_with_their_line),
        cmocka_unit_test(test_correlations_and_filters),
        cmocka_unit_test(test_a_rule_applies_where_its_source_fits),
        cmocka_unit_test(test_hostile_texts_take_bounded_time),
        cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_groups_are_bounded),
        cmocka_unit_test(test_deep_conditions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
