/* libs: vb_verdict vb_core */
/* A policy file: refused with a message that names it, or a policy that can decide. */
#include <sys/mman.h>

#include "verdict/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void explain(const struct vb_policy *policy)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    struct vb_error err = {0};
    vb_buf_init(&text, 64 * 1024 * 1024);
    if (vb_policy_explain(policy, 1767225600, &text, &err) < 0)
        abort();
    (void)vb_license_allowed(&policy->licenses.allowed, "(MIT OR A) AND B+ WITH C");
}

static void decide(const struct vb_policy *policy)
{
    explain(policy);
    struct arena arena = {0};
    for (int severity = 0; severity <= VB_SEVERITY_CRITICAL; severity++) {
        const struct vb_finding finding = {.id = (char *)"VB-SECRET-READ",
                                           .severity = (enum vb_severity)severity,
                                           .confidence = VB_CONFIDENCE_HIGH,
                                           .path = (char *)"a/b.sh",
                                           .host = (char *)"example.com"};
        static const struct policy_package package = {"npm", "@a/b", ".", "MIT", 1, false};
        const struct policy_case given = {&finding, &package, 1, 1767225600};
        struct vb_policy_rule rule;
        char *reason = NULL;
        if (vb_policy_decide(policy, &given, &arena, &rule, &reason) > VB_DECISION_BLOCK ||
            reason == NULL || rule.text == NULL)
            abort();
    }
    vb_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct vb_error err = {0};
    struct vb_policy *policy = NULL;
    VB_CLEANUP_FD int fd = memfd_create("policy", MFD_CLOEXEC);
    if (fd < 0 || vb_write_all(fd, data, size, &err) < 0)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const int status = vb_policy_load(path, &policy, &err);
    if (status == VB_OK)
        decide(policy);
    else if (status != VB_E_LIMIT && strstr(err.message, path) == NULL)
        abort();
    vb_policy_free(policy);
    return 0;
}
