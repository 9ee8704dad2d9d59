/* Trusted roots that come with vetbox: public ones, which prove whom a certificate names and trust
 * nobody. They are ours, so what is wrong with one is a bug. */
#include "signatures/shipped.h"

static const struct shipped {
    const unsigned char *data;
    const size_t *len;
    const char *name;
    const char *date;
} roots[] = {
#define VB_SHIPPED_ROOT(array, name, date) {array, &array##_len, name, date},
#include "signatures/shipped.def"
#undef VB_SHIPPED_ROOT
};

bool vb_sig_shipped_name(const char *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(roots); i++) {
        if (strcmp(roots[i].name, name) == 0)
            return true;
    }
    return false;
}

static int add(struct vb_trust *trust, const struct shipped *root, struct vb_error *err)
{
    const struct vb_sig_bytes date = {(const unsigned char *)root->date, strlen(root->date)};
    int64_t as_of;

    if (!vb_sig_rfc3339(date, false, &as_of))
        return vb_fail(err, VB_E_SOFTWARE, 0, "the date of the shipped root %s", root->name);
    return vb_sig_trust_root(
        trust, "a shipped root",
        &(struct vb_sig_root_text){root->name, {root->data, *root->len}, as_of}, err);
}

int vb_sig_shipped_add(struct vb_trust *trust, struct vb_error *err)
{
    int status = 0;

    for (size_t i = 0; i < trust->trusted_root_count; i++) {
        if (vb_sig_shipped_name(trust->trusted_roots[i].name))
            return vb_fail(err, VB_E_CONFIG, 0,
                           "a trusted root of the folder is called %s, as the one that vetbox "
                           "ships: rename the file, or leave that one out with shipped_roots: "
                           "false in trust.yaml",
                           trust->trusted_roots[i].name);
    }
    for (size_t i = 0; status == 0 && i < VB_ARRAY_LEN(roots); i++)
        status = add(trust, &roots[i], err);
    return status;
}

bool vb_trust_root_is_old(int64_t as_of, int64_t now)
{
    return now - as_of > (int64_t)VB_TRUST_ROOT_OLD_DAYS * 24 * 60 * 60;
}
