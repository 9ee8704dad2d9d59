/* network: --net. */
#include "cli/network.h"

#include <string.h>

int vb_network_choose(const struct vb_options *options, struct vb_sandbox_options *ret,
                      struct vb_error *err)
{
    const char *value = options->value[VB_OPT_NET];
    if (value == NULL || strcmp(value, "world") == 0)
        return VB_OK;
    if (strcmp(value, "none") != 0)
        return vb_fail(err, VB_E_USAGE, 0, "--net %s: world or none is needed", value);
    ret->offline = true;
    return VB_OK;
}
