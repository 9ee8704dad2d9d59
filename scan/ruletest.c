/* Holds rules against the cases that stand next to them. Rules and cases are the user's own. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "scan/rules_internal.h"

enum { MAX_CASES_BYTES = 4 * 1024 * 1024, MAX_CASE_PATH = 256 };

struct testing {
    const struct vb_rules *rules;
    vb_rule_problem_fn *each;
    void *ctx;
    size_t cases;
    size_t positive, negative; /* of the rule at hand */
};

struct one_case {
    bool positive;
    char path[MAX_CASE_PATH];
    struct vb_str text;
};

static const char mark[] = "=== ";

static int read_cases(const char *dir, const char *rule, struct vb_buf *text, struct vb_error *err)
{
    VB_CLEANUP_FREE char *path = NULL;
    if (asprintf(&path, "%s/tests/%s.txt", dir, rule) < 0)
        return vb_fail(err, VB_E_NOMEM, errno, "cases of a rule");
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        return VB_OK;
    if (fd < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "cannot open the cases %s", path);
    if (vb_buf_read_fd(text, fd, err) < 0)
        return vb_wrap(err, "cases %s", path);
    return VB_OK;
}

/* The case at AT, and where the next one begins; NULL where none is left or this is none. */
static const char *next_case(const char *at, const char *end, struct one_case *ret)
{
    const size_t mark_len = sizeof(mark) - 1;
    const char *line = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    if (line == NULL || (size_t)(line - at) < mark_len + 5 || memcmp(at, mark, mark_len) != 0)
        return NULL;
    at += mark_len;
    ret->positive = memcmp(at, "pos ", 4) == 0;
    if (!ret->positive && memcmp(at, "neg ", 4) != 0)
        return NULL;
    (void)snprintf(ret->path, sizeof(ret->path), "%.*s", (int)(line - at - 4), at + 4);
    const char *begin = line + 1;
    const char *next = memmem(line, (size_t)(end - line), "\n=== ", 5);
    next = next == NULL ? end : next + 1;
    if (next < begin)
        next = begin;
    ret->text = (struct vb_str){begin, (size_t)(next - begin)};
    return next;
}

struct listening {
    struct vb_sink sink;
    const char *rule;
    bool fired;
};

static int hear(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct listening *listening = (struct listening *)sink;
    (void)err;
    if (event->kind == VB_EV_SCAN_MATCH &&
        vb_str_equal(vb_event_get_str(event, VB_F_NAME), listening->rule))
        listening->fired = true;
    return VB_OK;
}

static int test_case(struct testing *testing, const char *rule, const struct one_case *one,
                     struct vb_error *err)
{
    struct listening listening = {.sink = {hear}, .rule = rule};
    const int status = vb_scan_bytes(one->path, one->text, testing->rules, &vb_scan_default_limits,
                                     &listening.sink, err);
    if (status < 0)
        return status;
    testing->cases++;
    testing->positive += one->positive ? 1 : 0;
    testing->negative += one->positive ? 0 : 1;
    if (listening.fired == one->positive)
        return VB_OK;
    char problem[MAX_CASE_PATH + 64];
    (void)snprintf(problem, sizeof(problem), "%s on its %s case %zu (%s)",
                   listening.fired ? "fires" : "is quiet", one->positive ? "positive" : "negative",
                   one->positive ? testing->positive : testing->negative, one->path);
    testing->each(testing->ctx, rule, problem);
    return VB_OK;
}

static int test_rule(struct testing *testing, const char *dir, const char *rule,
                     struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    struct one_case one;
    vb_buf_init(&text, MAX_CASES_BYTES);
    int status = read_cases(dir, rule, &text, err);
    testing->positive = testing->negative = 0;
    const char *at = text.len == 0 ? "" : (const char *)text.data;
    const char *end = at + text.len;
    while (status == 0 && at < end) {
        at = next_case(at, end, &one);
        if (at == NULL) {
            testing->each(testing->ctx, rule, "has cases that cannot be read");
            return VB_OK;
        }
        status = test_case(testing, rule, &one, err);
    }
    if (status == 0 && testing->positive == 0)
        testing->each(testing->ctx, rule, "has no positive case");
    if (status == 0 && testing->negative == 0)
        testing->each(testing->ctx, rule, "has no negative case");
    return status;
}

int vb_rules_test(const struct vb_rules *rules, const char *dir, vb_rule_problem_fn *each,
                  void *ctx, size_t *cases, struct vb_error *err)
{
    struct testing testing = {.rules = rules, .each = each, .ctx = ctx};
    int status = VB_OK;
    for (size_t i = 0; status == 0 && i < rules->count; i++) {
        if (rules->rules[i].reported)
            status = test_rule(&testing, dir, rules->rules[i].name, err);
    }
    *cases = testing.cases;
    return status;
}
