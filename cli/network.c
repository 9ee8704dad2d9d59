/* network: --net. */
#include "cli/network.h"

#include <stdlib.h>
#include <string.h>

static int choose_none(const char *rest, struct vb_network *network, struct vb_sandbox_options *ret,
                       struct vb_error *err)
{
    (void)rest;
    (void)network;
    (void)err;
    ret->offline = true;
    return VB_OK;
}

static int choose_world(const char *rest, struct vb_network *network,
                        struct vb_sandbox_options *ret, struct vb_error *err)
{
    (void)rest;
    (void)network;
    (void)ret;
    (void)err;
    return VB_OK;
}

static int choose_replay(const char *rest, struct vb_network *network,
                         struct vb_sandbox_options *ret, struct vb_error *err)
{
    (void)network;
    (void)err;
    ret->replay = rest;
    return VB_OK;
}

static int choose_live(const char *rest, struct vb_network *network, struct vb_sandbox_options *ret,
                       struct vb_error *err)
{
    struct vb_courier_options options = {
        .ca_file = getenv("SSL_CERT_FILE"), /* as for what vetbox fetches */
    };
    const int status = vb_courier_hosts_parse(rest, &options.hosts, err);
    if (status < 0)
        return vb_wrap(err, "--net live:%s", rest);
    if (network == NULL)
        return VB_OK;
    network->work = (struct vb_courier_work){
        .hosts = options.hosts, .prepare = vb_courier_prepare, .serve = vb_courier_serve};
    const int made = vb_courier_new(&options, &network->courier, err);
    network->work.ctx = network->courier;
    ret->live = &network->work;
    return made;
}

static const struct {
    const char *word; /* one that ends with a colon has more behind it */
    int (*choose)(const char *rest, struct vb_network *network, struct vb_sandbox_options *ret,
                  struct vb_error *err);
} networks[] = {
    {"world", choose_world},
    {"none", choose_none},
    {"replay:", choose_replay},
    {"live:", choose_live},
};

int vb_network_choose(const struct vb_options *options, struct vb_network *network,
                      struct vb_sandbox_options *ret, struct vb_error *err)
{
    const char *value = options->value[VB_OPT_NET];
    if (value == NULL)
        return VB_OK;
    for (size_t i = 0; i < VB_ARRAY_LEN(networks); i++) {
        const size_t len = strlen(networks[i].word);
        const bool more = networks[i].word[len - 1] == ':';
        if (strncmp(value, networks[i].word, len) == 0 && (value[len] != '\0') == more)
            return networks[i].choose(value + len, network, ret, err);
    }
    return vb_fail(err, VB_E_USAGE, 0, "--net %s: world, none, replay:DIR or live:HOST,… is needed",
                   value);
}

void vb_network_done(struct vb_network *network)
{
    vb_courier_free(vb_steal(network->courier));
}
