/* vetbox doctor: what this machine can and cannot do, and how to mend it. */
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "vetbox/sandbox.h"

static const char *outcome(const struct vb_layer_report *layer)
{
    if (layer->present)
        return "yes";
    return layer->purpose == VB_LAYER_CONTAINMENT ? "MISSING" : "missing";
}

static void print_layer(const struct vb_layer_report *layer)
{
    printf("%-9s %-12s %-22s %s\n", outcome(layer),
           layer->purpose == VB_LAYER_CONTAINMENT ? "containment" : "fidelity", layer->name,
           layer->detail);
    if (!layer->present && layer->fix != NULL)
        printf("          to mend it: %s\n", layer->fix);
}

int vb_command_doctor(const struct vb_options *options, struct vb_error *err)
{
    struct vb_layer_report layers[VB_LAYERS_MAX];
    const int count = vb_layers_probe(layers, err);
    if (count < 0)
        return count;
    size_t missing = 0;
    for (int i = 0; i < count; i++) {
        missing += !layers[i].present && layers[i].purpose == VB_LAYER_CONTAINMENT;
        if (!vb_option_given(options, VB_OPT_QUIET))
            print_layer(&layers[i]);
    }
    if (missing > 0)
        return vb_fail(err, VB_E_UNAVAILABLE, 0,
                       "%zu containment layers are missing: packages cannot be run here", missing);
    if (!vb_option_given(options, VB_OPT_QUIET))
        puts("packages can be run here");
    return 0;
}
