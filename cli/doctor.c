/* vetbox doctor: what this machine can and cannot do, and how to mend it. */
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/command.h"
#include "vetbox/sandbox.h"

static const char row[] = "%-8s %-12s %-24s %-6s %s\n";

static const char *outcome(const struct vb_layer_report *layer)
{
    if (layer->present)
        return "yes";
    return layer->purpose == VB_LAYER_CONTAINMENT ? "MISSING" : "missing";
}

/* ABOVE: how the last missing layer is mended, NULL at first. */
static void print_layer(const struct vb_layer_report *layer, const char *above)
{
    printf(row, outcome(layer), layer->purpose == VB_LAYER_CONTAINMENT ? "containment" : "fidelity",
           layer->name, layer->since, layer->detail);
    if (!layer->present && layer->fix != NULL)
        printf("         to mend it: %s\n",
               above != NULL && strcmp(above, layer->fix) == 0 ? "the same" : layer->fix);
}

static void print_head(void)
{
    struct utsname machine;
    if (uname(&machine) == 0)
        printf("%s %s %s\n", machine.sysname, machine.release, machine.machine);
    printf(row, "present", "purpose", "layer", "since", "what was tried");
}

/* What a box runs packages with, where the machine has it. */
static void print_programs(void)
{
    static const char *const paths[] = {"/usr/bin/esbuild", "/usr/local/bin/esbuild"};
    bool found = false;
    for (size_t i = 0; i < VB_ARRAY_LEN(paths); i++)
        found |= access(paths[i], X_OK) == 0;
    printf(row, found ? "yes" : "missing", "fidelity", "TypeScript", "-",
           "esbuild makes JavaScript of it");
    if (!found)
        puts("         to mend it: apt install esbuild");
}

int vb_command_doctor(const struct vb_options *options, struct vb_error *err)
{
    struct vb_layer_report layers[VB_LAYERS_MAX];
    const int count = vb_layers_probe(layers, err);
    if (count < 0)
        return count;
    size_t missing = 0;
    const char *above = NULL;
    if (!vb_option_given(options, VB_OPT_QUIET))
        print_head();
    for (int i = 0; i < count; i++) {
        missing += !layers[i].present && layers[i].purpose == VB_LAYER_CONTAINMENT;
        if (!vb_option_given(options, VB_OPT_QUIET))
            print_layer(&layers[i], above);
        above = layers[i].present ? above : layers[i].fix;
    }
    if (!vb_option_given(options, VB_OPT_QUIET))
        print_programs();
    if (missing > 0)
        return vb_fail(err, VB_E_UNAVAILABLE, 0,
                       "%zu containment layer%s missing: packages cannot be run here", missing,
                       missing == 1 ? " is" : "s are");
    if (!vb_option_given(options, VB_OPT_QUIET))
        puts("packages can be run here");
    return 0;
}
