/* The policy: the file, or one of those that are built in. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "verdict/internal.h"

enum { POLICY_MAX_BYTES = 1024 * 1024 };

const struct policy_coverage_key vb_policy_coverage_keys[POLICY_COVERAGE_COUNT] = {
#define VB_COVERAGE_RULE(id, key, max, value, scan, meaning) \
    [POLICY_COVERAGE_##id] = {key, max, value, scan, meaning},
#include "verdict/coverage.def"
#undef VB_COVERAGE_RULE
};

const struct vb_policy_profile *vb_policy_profile_named(const char *name)
{
    const struct vb_policy_profile *rows = NULL;
    const size_t count = vb_policy_profiles(&rows);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name == NULL ? "default" : name) == 0)
            return &rows[i];
    }
    return NULL;
}

static int open_file(const char *path, struct vb_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && errno == ENOENT && strchr(path, '/') == NULL)
        return vb_fail(err, VB_E_NOINPUT, errno,
                       "cannot open the policy %s, and it is none of those that are built in "
                       "(default, strict, ci, research)",
                       path);
    return fd >= 0 ? fd : vb_fail(err, VB_E_NOINPUT, errno, "cannot open the policy %s", path);
}

static int read_file(const char *path, struct vb_buf *buf, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = open_file(path, err);
    if (fd < 0)
        return fd;
    const int status = vb_buf_read_fd(buf, fd, err);
    return status < 0 ? vb_wrap(err, "reading the policy %s", path) : VB_OK;
}

/* How many mistakes there are, or an error. */
static int parse_policy(struct vb_policy *policy, const char *text, size_t len,
                        vb_policy_told *told, void *ctx, struct vb_error *err)
{
    struct vb_yaml *yaml = NULL;
    struct vb_error bad = {0};
    const int status = vb_yaml_parse(policy->name, text, len, NULL, &yaml, &bad);
    if (status == VB_E_DATA) {
        told(ctx, true, bad.message);
        return 1;
    }
    if (status < 0) {
        if (err != NULL)
            *err = bad;
        return status;
    }
    const size_t mistakes = vb_policy_read(policy, vb_yaml_root(yaml), told, ctx);
    vb_yaml_free(yaml);
    if (policy->arena.failed)
        return vb_fail(err, VB_E_NOMEM, 0, "reading %s", policy->name);
    return (int)mistakes;
}

static struct vb_policy *new_policy(const char *name, const struct vb_policy_profile *profile)
{
    struct vb_policy *policy = calloc(1, sizeof(*policy));
    if (policy == NULL)
        return NULL;
    policy->name = profile == NULL ? vb_arena_str(&policy->arena, name)
                   : strcmp(profile->name, "default") == 0
                       ? vb_arena_str(&policy->arena, "built-in policy")
                       : vb_arena_printf(&policy->arena, "built-in policy %s", profile->name);
    for (size_t i = 0; i < POLICY_ACTIONS; i++)
        for (size_t k = 0; k < POLICY_COVERAGE_COUNT; k++)
            policy->coverage[i].rules[k].value = vb_policy_coverage_keys[k].value;
    return policy;
}

int vb_policy_check(const char *name, vb_policy_told *told, void *ctx, struct vb_policy **ret,
                    struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf buf;
    const struct vb_policy_profile *profile = vb_policy_profile_named(name);
    vb_buf_init(&buf, POLICY_MAX_BYTES);
    int status = profile == NULL ? read_file(name, &buf, err) : VB_OK;
    if (status < 0)
        return status;
    struct vb_policy *policy = new_policy(name, profile);
    if (policy == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "reading the policy");
    const unsigned char *text = profile != NULL ? profile->text : buf.data;
    status = parse_policy(policy, text != NULL ? (const char *)text : "",
                          profile != NULL ? profile->len : buf.len, told, ctx, err);
    if (status != 0)
        vb_policy_free(policy);
    else
        *ret = policy;
    return status;
}

struct first_mistake {
    char text[VB_ERROR_MESSAGE_MAX / 2];
};

static void keep_first(void *ctx, bool wrong, const char *text)
{
    struct first_mistake *first = ctx;
    if (wrong && first->text[0] == '\0')
        (void)snprintf(first->text, sizeof(first->text), "%s", text);
}

int vb_policy_load(const char *name, struct vb_policy **ret, struct vb_error *err)
{
    struct first_mistake first = {{0}};
    const int status = vb_policy_check(name, keep_first, &first, ret, err);
    if (status <= 0)
        return status;
    if (status == 1)
        return vb_fail(err, VB_E_CONFIG, 0, "%s", first.text);
    return vb_fail(err, VB_E_CONFIG, 0, "%s; and %d more: vetbox policy check %s lists them",
                   first.text, status - 1, name);
}

void vb_policy_free(struct vb_policy *policy)
{
    if (policy == NULL)
        return;
    struct arena arena = policy->arena;
    free(policy);
    vb_arena_done(&arena);
}
