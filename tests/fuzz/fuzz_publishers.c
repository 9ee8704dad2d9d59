/* libs: vb_core vb_signatures */
/* trust.yaml up to the first NUL, refused with its line or a table that can be asked about the
 * package whose name is the rest: hostile, as names are. */
#include "signatures/lookalike.h"
#include "signatures/publishers.h"
#include "signatures/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int look(void *ctx VB_UNUSED, const struct vb_publishers_row *row, struct vb_error *err)
{
    if (row->line == 0 || row->signer == NULL)
        return vb_fail(err, VB_E_SOFTWARE, 0, "a row without a line or a signer");
    return 0;
}

static void ask(const struct vb_publishers *publishers, const char *name)
{
    static const char *const kinds[] = {"npm", "python", "skill"};

    for (size_t i = 0; i < VB_ARRAY_LEN(kinds); i++) {
        const struct vb_sig_package package = {.kind = kinds[i], .name = name, .root = "."};
        const struct vb_sig_result result = {.outcome = VB_SIGNATURE_VALID_UNTRUSTED,
                                             .format = "sigstore",
                                             .name = "https://forge.example/a",
                                             .issuer = "https://issuer.example",
                                             .anchored = true};
        struct vb_name_lookalike_found found;
        struct vb_sig_why why = {0};
        const char *target = NULL;
        const bool claimed = vb_publishers_claim(publishers, &package);
        if (vb_publishers_require(publishers, &package, 1750000000) != 0 && !claimed)
            abort();
        if (vb_publishers_accept(publishers, &package, 1, 1750000000, &result, &why) &&
            (why.code != NULL || !claimed))
            abort();
        if (!claimed && vb_publishers_lookalike(publishers, &package, &target) != NULL &&
            target == NULL)
            abort();
        (void)vb_name_lookalike_popular(kinds[i], name, &found);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    const size_t len = end != NULL ? (size_t)(end - data) : size;
    struct vb_publishers *publishers = NULL;
    struct vb_error err = {0};
    char repository[256];
    char name[512] = "";

    if (end != NULL) {
        const size_t rest = size - len - 1 < sizeof(name) ? size - len - 1 : sizeof(name) - 1;
        memcpy(name, end + 1, rest);
        vb_sig_repository((struct vb_sig_bytes){.data = end + 1, .len = rest}, repository,
                          sizeof(repository));
    }
    const int status = vb_publishers_read("trust.yaml", (const char *)data, len, &publishers, &err);
    if (status < 0 && ((status != VB_E_CONFIG && status != VB_E_LIMIT) ||
                       strstr(err.message, "trust.yaml") == NULL || publishers != NULL))
        abort();
    if (status == 0 && vb_utf8_valid(name, strlen(name)))
        ask(publishers, name);
    if (status == 0 && vb_publishers_walk(publishers, look, NULL, &err) < 0)
        abort();
    vb_publishers_free(publishers);
    return 0;
}
