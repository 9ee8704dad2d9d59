/* The rules folder: each rule fires on its positive cases and stays quiet on its negative ones,
 * what honest packages hold raises no alarm, and broken or poisoned input is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/scan_helper.h"

#define RULES_DIR VB_SOURCE_DIR "/rules/yara"
#define CASES_DIR RULES_DIR "/tests"
#define HONEST_DIR VB_SOURCE_DIR "/tests/fixtures/rules"

/* --- the cases: "=== pos PATH" or "=== neg PATH", then the file's text --- */

static char *read_cases(const char *dir, const char *name)
{
    char path[512];
    struct vb_buf text;
    vb_buf_init(&text, 1024 * 1024);
    (void)snprintf(path, sizeof(path), "%s/%s.txt", dir, name);
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    assert_int_equal(vb_buf_read_fd(&text, fd, NULL), 0);
    return (char *)text.data;
}

struct one_case {
    bool positive;
    char path[128];
    const char *text;
    size_t len;
};

static const char *next_case(const char *at, struct one_case *ret)
{
    static const char mark[] = "=== ";
    if (at == NULL || strncmp(at, mark, sizeof(mark) - 1) != 0)
        return NULL;
    char kind[4];
    assert_int_equal(sscanf(at + sizeof(mark) - 1, "%3s %127s", kind, ret->path), 2);
    assert_true(strcmp(kind, "pos") == 0 || strcmp(kind, "neg") == 0);
    ret->positive = strcmp(kind, "pos") == 0;
    ret->text = strchr(at, '\n') + 1;
    const char *next = strstr(ret->text, "\n=== ");
    ret->len = next == NULL ? strlen(ret->text) : (size_t)(next + 1 - ret->text);
    return next == NULL ? "" : next + 1;
}

static void scan_case(const struct vb_rules *rules, const struct one_case *one,
                      struct scan_log *log)
{
    char *tree = scan_tree_new();
    scan_tree_write(tree, one->path, one->text, one->len);
    scan_log_init(log);
    scan_tree_scan(tree, rules, &vb_scan_default_limits, log);
    scan_tree_remove(tree);
}

struct state {
    struct vb_rules *rules;
    struct scan_log log;
    size_t checked;
    size_t wrong;
};

static int setup(void **ret)
{
    struct state *state = calloc(1, sizeof(*state));
    struct vb_error err = {0};
    if (state == NULL)
        return -1;
    if (vb_rules_load(RULES_DIR, NULL, &state->rules, &err) < 0)
        fail_msg("%s", err.message);
    *ret = state;
    return 0;
}

static int teardown(void **ret)
{
    struct state *state = *ret;
    vb_rules_free(state->rules);
    free(state);
    return 0;
}

static void check_rule(void *ctx, const struct vb_rule_said *rule)
{
    struct state *state = ctx;
    const char *name = rule->name, *description = rule->description;
    size_t positive = 0;
    size_t negative = 0;
    VB_CLEANUP_FREE char *cases = read_cases(CASES_DIR, name);
    if (cases == NULL)
        fail_msg("rule %s has no cases in %s", name, CASES_DIR);
    assert_int_equal(strncmp(rule->id, "VB-", 3), 0);
    assert_true(strlen(rule->severity) > 0 && strlen(rule->title) > 0 && rule->mapping_count > 0 &&
                description[strlen(description) - 1] == '.');
    struct one_case one;
    for (const char *at = next_case(cases, &one); at != NULL; at = next_case(at, &one)) {
        scan_case(state->rules, &one, &state->log);
        const bool fired = scan_log_find(&state->log, VB_EV_SCAN_MATCH, name) != NULL;
        if (fired != one.positive && ++state->wrong > 0)
            print_error("rule %s %s on its %s case %zu (%s)\n", name, fired ? "fires" : "is quiet",
                        one.positive ? "positive" : "negative", positive + negative + 1, one.path);
        positive += one.positive ? 1 : 0;
        negative += one.positive ? 0 : 1;
        scan_log_done(&state->log);
    }
    if (positive == 0 || negative == 0)
        fail_msg("rule %s lacks a %s case", name, positive == 0 ? "positive" : "negative");
    state->checked++;
}

static void test_each_rule(void **ret)
{
    struct state *state = *ret;
    vb_rules_each(state->rules, check_rule, state);
    assert_int_equal(state->wrong, 0);
    assert_true(state->checked >= 40);
    assert_int_equal(state->checked, vb_rules_count(state->rules));
}

static void is_known(void *ctx, const struct vb_rule_said *rule)
{
    const char **wanted = ctx;
    if (*wanted != NULL && strcmp(*wanted, rule->name) == 0)
        *wanted = NULL;
}

/* A case file without a rule is a rule that was renamed or lost. */
static void test_no_orphan_cases(void **ret)
{
    struct state *state = *ret;
    DIR *dir = opendir(CASES_DIR);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char name[300];
        (void)snprintf(name, sizeof(name), "%.255s", entry->d_name);
        char *dot = strstr(name, ".txt");
        if (name[0] == '.' || dot == NULL)
            continue;
        *dot = '\0';
        const char *wanted = name;
        vb_rules_each(state->rules, is_known, &wanted);
        if (wanted != NULL)
            fail_msg("%s.txt belongs to no rule", name);
    }
    closedir(dir);
}

static void test_honest_packages(void **ret)
{
    struct state *state = *ret;
    VB_CLEANUP_FREE char *cases = read_cases(HONEST_DIR, "benign");
    assert_non_null(cases);
    struct one_case one;
    size_t count = 0;
    for (const char *at = next_case(cases, &one); at != NULL; at = next_case(at, &one), count++) {
        scan_case(state->rules, &one, &state->log);
        for (size_t i = 0; i < state->log.count; i++) {
            const struct scan_event *event = &state->log.events[i];
            if (event->kind == VB_EV_SCAN_MATCH &&
                (strcmp(event->severity, "high") == 0 || strcmp(event->severity, "critical") == 0))
                fail_msg("%s fires on %s", event->name, one.path);
            if (event->kind == VB_EV_SCAN_TEXT)
                fail_msg("%s (%s) on %s", event->code, event->detail, one.path);
        }
        scan_log_done(&state->log);
    }
    assert_true(count >= 10);
}

/* --- refusals --- */

#define META                                                                            \
    "meta: id = \"VB-TEST-ONE\" title = \"T\" description = \"D.\" severity = \"low\" " \
    "confidence = \"high\" mapping = \"CWE-506\" "

static void expect_refusal(const char *file, const char *text, const char *place, const char *why)
{
    char *dir = scan_tree_new();
    struct vb_rules *rules = NULL;
    struct vb_error err = {0};
    scan_tree_text(dir, "good.yar", "rule good { " META "condition: true }\n");
    scan_tree_text(dir, file, text);
    const int status = vb_rules_load(dir, NULL, &rules, &err);
    scan_tree_remove(dir);
    assert_null(rules);
    assert_int_equal(status, VB_E_CONFIG);
    if (strstr(err.message, place) == NULL || strstr(err.message, why) == NULL)
        fail_msg("\"%s\" lacks \"%s\" or \"%s\"", err.message, place, why);
}

static void test_refusals(void **ret)
{
    (void)ret;
    expect_refusal("bad.yar", "rule a {\n condition:\n  true or\n}\n", "/bad.yar:4:", "syntax");
    expect_refusal("open.yar", "rule a {\n condition:\n  true\n",
                   "/open.yar:3:", "ends within a rule");
    expect_refusal("bad.yara", "\n\ninclude \"good.yar\"\n", "/bad.yara:3:", "include");
    expect_refusal("pe.yar", "// one\nimport \"pe\"\nrule a { " META "condition: true }",
                   "/pe.yar:2:", "module pe");
    expect_refusal("dex.yar", "import \"dex\"\nrule a { " META "condition: true }",
                   "/dex.yar:1:", "module dex");
    expect_refusal("magic.yar", "import \"magic\"\nrule a { " META "condition: true }",
                   "/magic.yar:1:", "module magic");
    expect_refusal("time.yar", "import \"time\"\nrule a { " META "condition: true }",
                   "/time.yar:1:", "module time");
    expect_refusal("meta.yar", "\nrule ab { condition: true }\nrule a { condition: true }",
                   "/meta.yar:2:", "has no meta id");
    expect_refusal("meta.yar", "rule a { meta: id = \"lower\" condition: true }",
                   "/meta.yar:1:", "id =");
    expect_refusal(
        "meta.yar",
        "rule a { meta: id = \"VB-A-B\" title = \"t\" description = \"d\" "
        "severity = \"grave\" confidence = \"high\" mapping = \"CWE-1\" condition: true }",
        "/meta.yar:1:", "severity");
    expect_refusal("meta.yar",
                   "rule a { meta: id = \"VB-A-B\" title = \"t\" description = \"d\" "
                   "severity = \"low\" confidence = \"high\" mapping = \" \" condition: true }",
                   "/meta.yar:1:", "mapping");
    expect_refusal("meta.yar", "rule a { " META "kinds = \"code text\" condition: true }",
                   "/meta.yar:1:", "kinds");
    expect_refusal("meta.yar", "rule a { " META "kinds = \"\" condition: true }",
                   "/meta.yar:1:", "kinds");
}

static void test_folders(void **ret)
{
    (void)ret;
    struct vb_rules *rules = NULL;
    struct vb_error err = {0};
    char *dir = scan_tree_new();
    assert_int_equal(vb_rules_load(dir, NULL, &rules, &err), VB_E_CONFIG);
    assert_int_equal(vb_rules_load("/nonexistent/rules", NULL, &rules, &err), VB_E_NOINPUT);
    /* private rules need no metadata and are not counted; equal names in two files are fine */
    scan_tree_text(dir, "a.yar",
                   "private rule p { condition: true }\n"
                   "rule same { " META "condition: p }\n");
    scan_tree_text(dir, "b.yara",
                   "import \"math\"\nrule same { " META "condition: filesize > 0 }\n");
    scan_tree_text(dir, "notes.txt", "not a rule");
    assert_int_equal(vb_rules_load(dir, NULL, &rules, &err), 0);
    assert_int_equal(vb_rules_count(rules), 2);
    vb_rules_free(rules);
    scan_tree_remove(dir);
}

/* --- the cache --- */

static char *only_file(const char *dir)
{
    char *found = NULL;
    DIR *handle = opendir(dir);
    assert_non_null(handle);
    for (const struct dirent *entry = readdir(handle); entry != NULL; entry = readdir(handle)) {
        if (entry->d_name[0] == '.')
            continue;
        assert_null(found);
        assert_true(asprintf(&found, "%s/%s", dir, entry->d_name) > 0);
    }
    closedir(handle);
    return found;
}

static ino_t inode(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_ino;
}

/* Loads with the cache and checks that the rules work. Returns the inode of the cached file. */
static ino_t load_and_match(const char *rules_dir, const char *cache)
{
    struct vb_rules *rules = NULL;
    struct vb_error err = {0};
    struct scan_log *log = calloc(1, sizeof(*log));
    assert_non_null(log);
    if (vb_rules_load(rules_dir, cache, &rules, &err) < 0)
        fail_msg("%s", err.message);
    char *tree = scan_tree_new();
    scan_tree_text(tree, "a.txt", "one needle here");
    scan_log_init(log);
    scan_tree_scan(tree, rules, &vb_scan_default_limits, log);
    assert_non_null(scan_log_find(log, VB_EV_SCAN_MATCH, "cached"));
    scan_log_done(log);
    free(log);
    scan_tree_remove(tree);
    vb_rules_free(rules);
    VB_CLEANUP_FREE char *file = only_file(cache);
    return file == NULL ? 0 : inode(file);
}

static void overwrite_tail(const char *path)
{
    VB_CLEANUP_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
    struct stat st;
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(pwrite(fd, "\xff\xff\xff\xff", 4, st.st_size / 2), 4);
}

static void test_cache(void **ret)
{
    (void)ret;
    char *rules_dir = scan_tree_new();
    char *base = scan_tree_new();
    char cache[512];
    (void)snprintf(cache, sizeof(cache), "%s/cache", base);
    scan_tree_text(rules_dir, "c.yar",
                   "rule cached { " META "strings: $a = \"needle\" condition: $a }");
    const ino_t first = load_and_match(rules_dir, cache); /* made, with its folder */
    assert_true(first != 0);
    assert_int_equal(load_and_match(rules_dir, cache), first); /* taken */
    VB_CLEANUP_FREE char *file = only_file(cache);

    overwrite_tail(file); /* damaged: compiled and written again */
    const ino_t second = load_and_match(rules_dir, cache);
    assert_true(second != first);

    assert_int_equal(chmod(file, 0666), 0); /* others may write it: not trusted */
    const ino_t third = load_and_match(rules_dir, cache);
    assert_true(third != second);

    assert_int_equal(chmod(cache, 0777), 0); /* nor anything in a folder of everybody's */
    const ino_t fourth = load_and_match(rules_dir, cache);
    assert_int_equal(fourth, third); /* neither read nor replaced: compiled without it */
    assert_int_equal(chmod(cache, 0700), 0);

    if (geteuid() == 0) { /* somebody else's file */
        assert_int_equal(chown(file, 65534, 65534), 0);
        assert_true(load_and_match(rules_dir, cache) != fourth);
    }
    assert_int_equal(unlink(file), 0); /* a link to a file of ours elsewhere */
    VB_CLEANUP_FREE char *elsewhere = NULL;
    assert_true(asprintf(&elsewhere, "%s/elsewhere", base) > 0);
    scan_tree_text(base, "elsewhere", "junk");
    assert_int_equal(symlink(elsewhere, file), 0);
    (void)load_and_match(rules_dir, cache);
    struct stat st;
    assert_int_equal(lstat(file, &st), 0);
    assert_true(S_ISREG(st.st_mode));

    scan_tree_text(rules_dir, "c.yar", /* other sources, other name */
                   "rule cached { " META "strings: $a = \"needle\" nocase condition: $a }");
    assert_int_equal(unlink(file), 0);
    (void)load_and_match(rules_dir, cache);
    VB_CLEANUP_FREE char *other = only_file(cache);
    assert_string_not_equal(other, file);
    scan_tree_remove(rules_dir);
    scan_tree_remove(base);
}

/* --- sets --- */

struct names {
    struct vb_sink sink;
    char text[8192];
};

static int note_name(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct names *names = (struct names *)sink;
    (void)err;
    const size_t len = strlen(names->text);
    if (event->kind != VB_EV_SCAN_MATCH)
        return VB_OK;
    const struct vb_str name = vb_event_get_str(event, VB_F_NAME);
    const struct vb_str layer = vb_event_get_str(event, VB_F_LAYER);
    (void)snprintf(names->text + len, sizeof(names->text) - len, "%.*s %.*s\n", (int)name.len,
                   name.text, (int)layer.len, layer.len == 0 ? "" : layer.text);
    return VB_OK;
}

static void names_of(const struct vb_rules *rules, const struct one_case *one, struct names *ret)
{
    struct vb_error err = {0};
    *ret = (struct names){.sink = {note_name}};
    const struct vb_str text = {one->text, one->len};
    if (vb_scan_bytes(one->path, text, rules, &vb_scan_default_limits, &ret->sink, &err) < 0)
        fail_msg("%s", err.message);
}

/* The shipped rules in a folder of their own, none of which says its kinds. */
static char *rules_without_kinds(void)
{
    char *to = scan_tree_new();
    DIR *dir = opendir(RULES_DIR);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strstr(entry->d_name, ".yar") == NULL)
            continue;
        char path[512];
        struct vb_buf text;
        vb_buf_init(&text, 1024 * 1024);
        (void)snprintf(path, sizeof(path), "%s/%s", RULES_DIR, entry->d_name);
        VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0 && vb_buf_read_fd(&text, fd, NULL) == 0);
        for (char *at = (char *)text.data; (at = strstr(at, "        kinds = ")) != NULL; at += 8)
            memcpy(at, "        sorts", 13);
        scan_tree_write(to, entry->d_name, text.data, text.len);
        vb_buf_done(&text);
    }
    closedir(dir);
    return to;
}

struct comparison {
    const struct vb_rules *one, *other;
    size_t compared, matched;
};

static void compare_cases(void *ctx, const struct vb_rule_said *rule)
{
    struct comparison *comparison = ctx;
    VB_CLEANUP_FREE char *cases = read_cases(CASES_DIR, rule->name);
    struct one_case one;
    for (const char *at = next_case(cases, &one); at != NULL; at = next_case(at, &one)) {
        static struct names left, right;
        names_of(comparison->one, &one, &left);
        names_of(comparison->other, &one, &right);
        assert_string_equal(left.text, right.text);
        comparison->compared++;
        comparison->matched += left.text[0] != '\0' ? 1 : 0;
    }
}

/* What a rule says of its kinds takes nothing from what it finds. */
static void test_kinds_lose_nothing(void **ret)
{
    struct state *state = *ret;
    struct vb_rules *whole = NULL;
    struct vb_error err = {0};
    char *dir = rules_without_kinds();
    if (vb_rules_load(dir, NULL, &whole, &err) < 0)
        fail_msg("%s", err.message);
    struct comparison comparison = {.one = state->rules, .other = whole};
    vb_rules_each(state->rules, compare_cases, &comparison);
    assert_true(comparison.compared > 400 && comparison.matched > 200);
    vb_rules_free(whole);
    scan_tree_remove(dir);
}

static bool fires(const struct vb_rules *rules, const char *path, const char *text,
                  const char *wanted)
{
    static struct names names;
    const struct one_case one = {.text = text, .len = strlen(text)};
    struct one_case at = one;
    (void)snprintf(at.path, sizeof(at.path), "%s", path);
    names_of(rules, &at, &names);
    return strstr(names.text, wanted) != NULL;
}

/* Each set holds the rules that say so, those that say nothing, and what others stand on; where
 * leaving a rule out breaks another one, nothing is left out. */
static void test_sets(void **ret)
{
    (void)ret;
    struct vb_rules *rules = NULL;
    struct vb_error err = {0};
    char *dir = scan_tree_new();
    scan_tree_text(dir, "a.yar",
                   "private rule word { strings: $a = \"needle\" condition: $a }\n"
                   "rule in_code { " META "kinds = \"code\" condition: word }\n"
                   "rule in_prose { " META "kinds = \"prose layer\" condition: word }\n"
                   "rule anywhere { " META "condition: word }\n");
    assert_int_equal(vb_rules_load(dir, NULL, &rules, &err), 0);
    assert_true(fires(rules, "a.py", "needle", "in_code"));
    assert_false(fires(rules, "a.py", "needle", "in_prose"));
    assert_true(fires(rules, "a.py", "needle", "anywhere"));
    assert_true(fires(rules, "a.md", "needle", "in_prose"));
    assert_false(fires(rules, "a.md", "needle", "in_code"));
    assert_true(fires(rules, "a.md", "```sh\nneedle\n```\n", "in_code fence"));
    assert_true(fires(rules, "a.py",
                      "x = 'bmVlZGxlIG5lZWRsZSBuZWVkbGUgbmVlZGxlIG5lZWRsZSBuZWVkbGU='",
                      "in_prose base64"));
    vb_rules_free(rules);
    scan_tree_text(dir, "a.yar",
                   "rule base { " META "kinds = \"code\" strings: $a = \"needle\" condition: $a }\n"
                   "rule top { " META "condition: base }\n");
    assert_int_equal(vb_rules_load(dir, NULL, &rules, &err), 0);
    assert_true(fires(rules, "a.md", "needle", "top"));
    vb_rules_free(rules);
    scan_tree_remove(dir);
}

/* A cache that cannot be written is no reason to fail. */
static void test_cache_unwritable(void **ret)
{
    (void)ret;
    struct vb_rules *rules = NULL;
    struct vb_error err = {0};
    assert_int_equal(vb_rules_load(RULES_DIR, "/proc/nowhere/cache", &rules, &err), 0);
    vb_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_orphan_cases, setup, teardown),
        cmocka_unit_test_setup_teardown(test_honest_packages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kinds_lose_nothing, setup, teardown),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_cache_unwritable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
