/* The compiled engine against the plain one: random rules and random events of few letters, so that
 * they meet often, from a seed that is printed where they differ. VETBOX_SEED begins elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "sigma_helper.h"

static uint64_t state_of_random;

static unsigned any(unsigned below)
{
    state_of_random ^= state_of_random << 13;
    state_of_random ^= state_of_random >> 7;
    state_of_random ^= state_of_random << 17;
    return (unsigned)(state_of_random >> 11) % below;
}

#define PICK(list) (list)[any(VB_ARRAY_LEN(list))]

static void put(struct vb_buf *buf, const char *text)
{
    assert_int_equal(vb_buf_append_str(buf, text, NULL), VB_OK);
}

static const char *const letters[] = {"a", "b", "A", "B", "-", "/", " ",
                                      "ä", "Ä", "–", "1", "0", "\\"};

static void put_letters(struct vb_buf *buf, unsigned most, bool wild)
{
    static const char *const wilds[] = {"*", "?", "\\*", "\\\\", "*?"};
    for (unsigned i = any(most + 1); i > 0; i--)
        put(buf, wild && any(5) == 0 ? PICK(wilds) : PICK(letters));
}

enum kind { STRINGS, PLAIN_STRINGS, NUMBERS, ADDRESSES, REGEXES, FIELDS, BOOLEANS, NOTHING };
static const struct {
    const char *chain;
    enum kind values;
} chains[] = {
    {"", STRINGS},
    {"|contains", STRINGS},
    {"|startswith", STRINGS},
    {"|endswith", STRINGS},
    {"|contains|all", STRINGS},
    {"|endswith|all", STRINGS},
    {"|cased", STRINGS},
    {"|contains|cased", STRINGS},
    {"|neq", STRINGS},
    {"|contains|windash", STRINGS},
    {"|windash|startswith", STRINGS},
    {"|contains|all|windash", STRINGS},
    {"|base64offset|contains", PLAIN_STRINGS},
    {"|base64|contains", PLAIN_STRINGS},
    {"|wide|base64offset|contains", PLAIN_STRINGS},
    {"|re", REGEXES},
    {"|re|i", REGEXES},
    {"|re|m", REGEXES},
    {"|lt", NUMBERS},
    {"|gte", NUMBERS},
    {"", NUMBERS},
    {"|cidr", ADDRESSES},
    {"|fieldref", FIELDS},
    {"|fieldref|contains", FIELDS},
    {"|fieldref|endswith|neq", FIELDS},
    {"|exists", BOOLEANS},
    {"", NOTHING},
};

static void put_value(struct vb_buf *buf, enum kind kind)
{
    static const char *const numbers[] = {"0", "1", "10", "-1", "1.5", "007"};
    static const char *const networks[] = {"10.0.0.0/8", "10.1.0.0/16", "1.1.1.1",
                                           "'::/1'",     "0.0.0.0/0",   "'fe80::/10'"};
    static const char *const regexes[] = {"'a'",     "'^a'",   "'b$'",     "'a|b'",  "'[ab]{2,}'",
                                          "'ab?A'",  "'\\w+'", "'(?i)ab'", "'a.*b'", "'(?:a|b)1'",
                                          "'\\bab'", "'ä'",    "'ab'",     "'1+0'"};
    static const char *const names[] = {"A", "B", "C", "D"};
    if (kind == NUMBERS)
        put(buf, PICK(numbers));
    else if (kind == ADDRESSES)
        put(buf, PICK(networks));
    else if (kind == REGEXES)
        put(buf, PICK(regexes));
    else if (kind == FIELDS)
        put(buf, PICK(names));
    else if (kind == BOOLEANS)
        put(buf, any(2) == 0 ? "true" : "false");
    else if (kind == NOTHING)
        put(buf, "null");
    else {
        put(buf, "'");
        if (kind == PLAIN_STRINGS)
            put(buf, "a");
        put_letters(buf, 4, kind == STRINGS);
        put(buf, "'");
    }
}

static void put_list(struct vb_buf *buf, enum kind kind)
{
    const unsigned count = kind == BOOLEANS || kind == NOTHING ? 1 : 1 + any(4);
    if (count == 1) {
        put_value(buf, kind);
        return;
    }
    put(buf, "[");
    for (unsigned i = 0; i < count; i++) {
        put(buf, i == 0 ? "" : ", ");
        put_value(buf, kind);
    }
    put(buf, "]");
}

static void put_map(struct vb_buf *buf)
{
    unsigned used = 0;
    put(buf, "{");
    for (unsigned i = 1 + any(3); i > 0; i--) {
        const unsigned field = any(4), row = any(VB_ARRAY_LEN(chains));
        if ((used & (1u << field)) != 0)
            continue;
        put(buf, used == 0 ? "" : ", ");
        used |= 1u << field;
        assert_int_equal(vb_buf_printf(buf, NULL, "%c%s: ", (char)('A' + field), chains[row].chain),
                         VB_OK);
        put_list(buf, chains[row].values);
    }
    put(buf, "}");
}

static void put_search(struct vb_buf *buf)
{
    const unsigned kind = any(8);
    if (kind == 0) { /* keywords; none is empty */
        put(buf, "['a");
        put_letters(buf, 2, true);
        put(buf, "', 1, 'b?']");
    } else if (kind == 1) {
        put(buf, "{'|all': [a, 'b*']}");
    } else if (kind == 2) {
        put(buf, "[");
        put_map(buf);
        put(buf, ", ");
        put_map(buf);
        put(buf, "]");
    } else {
        put_map(buf);
    }
}

static void put_condition(struct vb_buf *buf, unsigned depth)
{
    static const char *const atoms[] = {"s1",        "s2",        "s3",      "_s4",
                                        "1 of s*",   "all of s*", "2 of s*", "1 of them",
                                        "3 of them", "any of s1*"};
    const unsigned kind = depth == 0 ? 0 : any(5);
    if (kind == 3)
        put(buf, "not ");
    if (kind == 4)
        put(buf, "(");
    if (kind == 1 || kind == 2 || kind == 4) {
        put_condition(buf, depth - 1);
        put(buf, kind == 1 ? " and " : " or ");
        put_condition(buf, depth - 1);
    } else {
        put(buf, PICK(atoms));
    }
    if (kind == 4)
        put(buf, ")");
}

static void put_rule(struct vb_buf *buf)
{
    static const char *const searches[] = {"s1", "s2", "s3", "_s4"};
    vb_buf_clear(buf);
    put(buf, "title: t\nlogsource: {product: test}\ndetection:\n");
    for (size_t i = 0; i < VB_ARRAY_LEN(searches); i++) {
        assert_int_equal(vb_buf_printf(buf, NULL, "  %s: ", searches[i]), VB_OK);
        put_search(buf);
        put(buf, "\n");
    }
    put(buf, "  condition: ");
    put_condition(buf, 3);
    put(buf, "\n");
}

static json_t *random_value(unsigned depth)
{
    static const char *const texts[] = {"10.1.2.3",
                                        "1.1.1.1",
                                        "fe80::1",
                                        "true",
                                        "YWE=",
                                        "xYWEx",
                                        "hYW",
                                        "YQBhA",
                                        "ab\nAB1",
                                        "\xff"
                                        "ab"};
    const unsigned text = any(VB_ARRAY_LEN(texts));
    struct vb_buf buf;
    switch (any(12)) {
    case 0:
        return json_null();
    case 1:
        return json_integer((json_int_t)any(12) - 1);
    case 2:
        return any(2) == 0 ? json_real(1.5) : json_boolean(any(2));
    case 3:
        return json_stringn_nocheck(texts[text], strlen(texts[text]));
    case 4:
        if (depth > 0) {
            json_t *list = json_array();
            for (unsigned i = any(4); i > 0; i--)
                (void)json_array_append_new(list, random_value(0));
            return list;
        }
        return json_string("a");
    default:
        vb_buf_init(&buf, 4096);
        put_letters(&buf, 8, any(6) == 0);
        json_t *made = json_string(buf.data == NULL ? "" : (const char *)buf.data);
        vb_buf_done(&buf);
        return made;
    }
}

static json_t *random_event(void)
{
    static const char *const names[] = {"A", "B", "C", "D", "E"};
    json_t *fields = json_object();
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++)
        if (any(4) != 0)
            (void)json_object_set_new(fields, names[i], random_value(1));
    return fields;
}

enum { RULES = 24, TOGETHER = 60 };

static void compare(uint64_t seed, struct vb_sigma *sigma, struct vb_sigma_matcher *matcher,
                    struct plain *const *plains, size_t *matches)
{
    json_t *fields = random_event();
    const struct sigma_event event = {
        .fields = fields, .sources = {{"test", "x", "y"}}, .source_count = 1};
    const struct vb_sigma_hit *hits = NULL;
    const size_t count = sigma_hits(sigma, matcher, &event, 0, 0, &hits);
    *matches += count;
    for (size_t i = 0, at = 0; i < RULES; i++) {
        const bool hit = at < count && hits[at].rule == i;
        at += hit;
        if (hit == plain_match(plains[i], &event))
            continue;
        char *shown = json_dumps(fields, JSON_COMPACT | JSON_ENCODE_ANY);
        fail_msg("seed %llu: %s says rule %zu matches %s", (unsigned long long)seed,
                 hit ? "only the compiled engine" : "only the plain engine", i,
                 shown == NULL ? "?" : shown);
    }
    json_decref(fields);
}

static void run_seed(uint64_t seed, size_t *matches)
{
    struct vb_error err = {0};
    struct vb_buf text;
    struct vb_sigma *sigma = NULL;
    struct vb_sigma_matcher *matcher = NULL;
    struct plain *plains[RULES];
    state_of_random = seed * 0x9e3779b97f4a7c15u + 1;
    vb_buf_init(&text, 1 << 20);
    assert_int_equal(vb_sigma_new(NULL, &sigma, &err), VB_OK);
    for (size_t i = 0; i < RULES; i++) {
        put_rule(&text);
        assert_int_equal(vb_sigma_load(sigma, "rule", (const char *)text.data, text.len, &err),
                         VB_OK);
        if (vb_sigma_rule_count(sigma) != i + 1)
            fail_msg("seed %llu, rule %zu: %s\n%s", (unsigned long long)seed, i,
                     vb_sigma_problem(sigma, vb_sigma_problem_count(sigma) - 1)->text,
                     (const char *)text.data);
        plains[i] = plain_new("rule", (const char *)text.data, text.len);
        assert_non_null(plains[i]);
        if (getenv("VETBOX_SEED") != NULL)
            print_message("# rule %zu\n%s", i, (const char *)text.data);
    }
    assert_int_equal(vb_sigma_compile(sigma, &err), VB_OK);
    assert_int_equal(vb_sigma_matcher_new(sigma, &matcher, &err), VB_OK);
    for (size_t i = 0; i < TOGETHER; i++)
        compare(seed, sigma, matcher, plains, matches);
    for (size_t i = 0; i < RULES; i++)
        plain_free(plains[i]);
    vb_sigma_matcher_free(matcher);
    vb_sigma_free(sigma);
    vb_buf_done(&text);
}

static void test_both_engines_agree(void **state)
{
    (void)state;
    const char *given = getenv("VETBOX_SEED");
    const uint64_t first = given == NULL ? 1 : strtoul(given, NULL, 10);
    size_t matches = 0, seeds = 0;
    const clock_t begin = clock();
    while (seeds < 40 || (clock() - begin) / CLOCKS_PER_SEC < 2)
        run_seed(first + seeds++, &matches);
    print_message("%zu seeds, %zu matches\n", seeds, matches);
    assert_true(matches > seeds * RULES); /* they do meet */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_both_engines_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
