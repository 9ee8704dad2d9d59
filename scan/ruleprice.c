/* What rules cost: each one alone over a body that is the same on every machine. Only processor
 * time counts. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "scan/rules_internal.h"

enum {
    BODY_BYTES = 512 * 1024,
    ROUNDS = 3,           /* the quickest counts */
    SLOW_NS_PER_BYTE = 25 /* 40 MB/s alone: a rule with words in it costs a tenth */
};

/* --- the body: lines of prose and code, and rarely what rules look for, by a fixed generator ---
 */

static const char *const plain[] = {
    "the ",    "of a ",    "skill ", "reads ",   "file ",   "and ",     "returns ",   "value = ",
    "if ",     "for ",     "in ",    "name",     "(self, ", ") -> ",    "{\"key\": ", "], ",
    "const ",  "= await ", "then ",  "is not ",  "self.",   "list",     "number ",    "12, ",
    "# note ", "- item ",  "error ", "message ", "config ", "\"text\"", "result.",    "    "};

static const char *const rare[] = {"curl -fsSL https://example.org/a ",
                                   "requests.post(url, json=body)",
                                   "## Usage",
                                   "subprocess.run([\"git\", \"status\"])",
                                   "import os",
                                   "const fs = require('fs')",
                                   "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8",
                                   "https://example.net/docs",
                                   "0123456789abcdef0123456789abcdef0123456789abcdef",
                                   "powershell -File build.ps1",
                                   "token = os.environ[\"TOKEN\"]",
                                   "chmod +x run.sh",
                                   "echo \"$HOME\" | sort",
                                   "base64 -d",
                                   "<!-- note -->",
                                   "npm install left-pad",
                                   "~/.config/tool/settings.json",
                                   "await fetch(url)"};

static uint32_t next_number(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525U + 1013904223U;
    return (*state >> 16) % below;
}

static int make_body(struct vb_buf *body, struct vb_error *err)
{
    enum { LINE_WORDS = 9, RARE_LINES = 12 };
    uint32_t state = 1;
    int status = VB_OK;
    while (status == 0 && body->len < BODY_BYTES) {
        for (int i = 0; status == 0 && i < LINE_WORDS; i++) {
            const char *word = plain[next_number(&state, VB_ARRAY_LEN(plain))];
            status = vb_buf_append(body, word, strlen(word), err);
        }
        const char *seen = next_number(&state, RARE_LINES) == 0
                               ? rare[next_number(&state, VB_ARRAY_LEN(rare))]
                               : "";
        if (status == 0)
            status = vb_buf_append(body, seen, strlen(seen), err);
        if (status == 0)
            status = vb_buf_append(body, "\n", 1, err);
    }
    return status;
}

/* --- timing --- */

static int ignore(YR_SCAN_CONTEXT *context, int message, void *data, void *user_data)
{
    (void)context;
    (void)message;
    (void)data;
    (void)user_data;
    return CALLBACK_CONTINUE;
}

static uint64_t processor_ns(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Nanoseconds a byte of RULES over BODY as an item of KIND below LAYER. */
static double cost_of(YR_RULES *rules, const char *kind, const char *layer,
                      const struct vb_buf *body)
{
    static const char *const variables[] = {"kind",     "layer",    "path",
                                            "filepath", "filename", "extension"};
    const char *const values[] = {kind, layer, "a.py", "a.py", "a.py", "py"};
    uint64_t best = UINT64_MAX;
    for (size_t i = 0; i < VB_ARRAY_LEN(variables); i++)
        (void)yr_rules_define_string_variable(rules, variables[i], values[i]);
    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t begin = processor_ns();
        const int flags = SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING;
        if (yr_rules_scan_mem(rules, body->data, body->len, flags, ignore, NULL, 60) !=
            ERROR_SUCCESS)
            return 1e6; /* it ran out of time or matches: dear enough */
        const uint64_t used = processor_ns() - begin;
        best = used < best ? used : best;
    }
    return (double)best / (double)body->len;
}

static double speed_of(double ns_per_byte)
{
    return ns_per_byte <= 0 ? 0 : 1000.0 / ns_per_byte;
}

/* --- one rule of a file --- */

static const struct vb_rule_source *source_of(const struct vb_rule_sources *sources,
                                              const char *name)
{
    for (size_t i = 0; i < sources->count; i++) {
        if (strcmp(sources->items[i].name, name) == 0)
            return &sources->items[i];
    }
    return NULL;
}

static YR_RULES *compile_alone(const char *text)
{
    YR_COMPILER *compiler = NULL;
    YR_RULES *rules = NULL;
    struct vb_error ignored = {0};
    if (yr_compiler_create(&compiler) != ERROR_SUCCESS)
        return NULL;
    if (vb_rules_prepare(compiler, &ignored) == 0 &&
        yr_compiler_add_string(compiler, text, NULL) == 0)
        (void)yr_compiler_get_rules(compiler, &rules);
    yr_compiler_destroy(compiler);
    return rules;
}

/* The rule and the private ones that it may stand on. */
static YR_RULES *alone(const struct vb_rule_sources *sources, const struct vb_rules *rules,
                       size_t which)
{
    const YR_RULE *table = rules->yara->rules_table;
    const struct vb_rule_source *source = source_of(sources, table[which].ns->name);
    if (source == NULL)
        return NULL;
    VB_CLEANUP_FREE char *text = strdup((const char *)source->text.data);
    const size_t len = text == NULL ? 0 : strlen(text);
    for (size_t i = 0; text != NULL && i < rules->count; i++) {
        const bool same = strcmp(table[i].ns->name, table[which].ns->name) == 0;
        if (same && i != which && rules->rules[i].reported)
            vb_rule_blank(sources, rules, i, text, len);
    }
    return text == NULL ? NULL : compile_alone(text);
}

/* MB/s of each set over items of its sort. */
static void speeds_of(const struct vb_rules *rules, const struct vb_buf *body,
                      struct vb_rule_speeds *speeds)
{
    for (unsigned i = 0; i < VB_RULE_SETS; i++) {
        const bool layer = i == VB_RULE_SET_LAYER;
        const enum vb_rule_set kind = layer ? VB_RULE_SET_CODE : (enum vb_rule_set)i;
        speeds->sets[i] = speed_of(
            cost_of(rules->sets[i].yara, vb_rule_set_name(kind), layer ? "base64@0" : "", body));
    }
}

int vb_rules_price(const struct vb_rules *rules, const char *dir, vb_rule_price_fn *each, void *ctx,
                   struct vb_rule_speeds *speeds, struct vb_error *err)
{
    VB_CLEANUP(vb_rule_sources_done) struct vb_rule_sources sources = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf body;
    vb_buf_init(&body, (size_t)2 * BODY_BYTES);
    int status = vb_rule_sources_read(dir, &sources, err);
    if (status == 0)
        status = make_body(&body, err);
    if (status < 0)
        return status;
    const double whole = cost_of(rules->sets[VB_RULE_SET_CODE].yara, "code", "", &body);
    YR_RULES *none = compile_alone("rule nothing { condition: false }");
    const double floor = none == NULL ? 0 : cost_of(none, "code", "", &body);
    if (none != NULL)
        yr_rules_destroy(none);
    speeds_of(rules, &body, speeds);
    speeds->bare = speed_of(floor);
    for (size_t i = 0; i < rules->count; i++) {
        YR_RULES *one = rules->rules[i].reported ? alone(&sources, rules, i) : NULL;
        const double cost = one == NULL ? 0 : cost_of(one, "code", "", &body);
        const double own = cost > floor ? cost - floor : 0;
        if (one != NULL)
            yr_rules_destroy(one);
        const struct vb_rule_price price = {.rule = rules->rules[i].name,
                                            .alone = speed_of(cost),
                                            .without = speed_of(whole > own ? whole - own : whole),
                                            .slow = cost > SLOW_NS_PER_BYTE};
        if (rules->rules[i].reported)
            each(ctx, &price);
    }
    return VB_OK;
}
