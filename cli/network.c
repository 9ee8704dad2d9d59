/* network: --net. */
#include "cli/network.h"

#include <string.h>

int vb_network_choose(const struct vb_options *options, struct vb_sandbox_options *ret,
                      struct vb_error *err)
{
    static const char replay[] = "replay:";
    const char *value = options->value[VB_OPT_NET];
    if (value == NULL || strcmp(value, "world") == 0)
        return VB_OK;
    if (strcmp(value, "none") == 0)
        ret->offline = true;
    else if (strncmp(value, replay, sizeof(replay) - 1) == 0 && value[sizeof(replay) - 1] != '\0')
        ret->replay = value + sizeof(replay) - 1;
    else
        return vb_fail(err, VB_E_USAGE, 0, "--net %s: world, none or replay:DIR is needed", value);
    return VB_OK;
}
