/* world: what answers in the network of a box. Every name that is asked for has an address, every
 * address and port is answered in the protocol that the client speaks, under TLS if it wants that,
 * and everything that is sent is searched for baits. Bytes that come in are hostile. */
#ifndef SANDBOX_WORLD_WORLD_H
#define SANDBOX_WORLD_WORLD_H

#include "sandbox/bait/bait.h"
#include "sandbox/world/authority.h"
#include "sandbox/world/capture.h"
#include "sandbox/world/replay.h"
#include "sandbox/world/respond.h"
#include "vetbox/core.h"
#include "vetbox/core/courier.h"

enum { VB_WORLD_SOCKETS = 264 };

struct vb_world_options {
    const int *sockets; /* of box/net.h, COUNT of them, -1 for none; not owned */
    size_t count;
    const int *resolvers; /* two sockets that answers to questions for names are sent from, for IPv4
                             and IPv6 (-1: from where they were asked); NULL: none; not owned */
    const struct vb_bait_set *baits;      /* may be NULL */
    const struct vb_authority *authority; /* NULL: no TLS */
    struct vb_capture *capture;           /* of the packets; NULL: none; not owned */
    uint64_t name_key; /* by which names have their addresses: the same for all runs of a package */
    const struct vb_buf *known; /* bytes in which names stand that exist although they look drawn by
                                   chance; NULL: every name exists */
    bool offline;               /* no name can be resolved */
    const _Atomic int64_t *ahead_s; /* how far the box's clock is ahead of ours, as somebody else
                                       writes it there; NULL: not at all */
    struct vb_replay *replay;       /* answers those that it knows; may be NULL */
    const struct vb_courier_hosts *live_hosts; /* who is really asked; NULL: nobody */
    int live_fd; /* to who does that (vetbox/core/courier.h); -1: it is gone; not owned */
    struct vb_responder *responder; /* answers other requests; NULL: nobody does any */
    /* Keeps the bytes of FD (the callee's for the call), whose SHA-256 is HEX; NULL: they are not
     * kept. */
    int (*keep)(void *ctx, int fd, const char *hex, struct vb_error *err);
    void *keep_ctx;
    uint32_t detonation;
    struct vb_sink *sink;
};

struct vb_world;
VB_CHECKED int vb_world_new(const struct vb_world_options *options, struct vb_world **ret,
                            struct vb_error *err);
void vb_world_free(struct vb_world *world);
/* Listens at one socket more, which stays the caller's. */
VB_CHECKED int vb_world_add(struct vb_world *world, int fd, struct vb_error *err);
/* Takes what is left in the socket and listens there no more. */
VB_CHECKED int vb_world_remove(struct vb_world *world, int fd, struct vb_error *err);
/* The descriptor to poll for POLLIN. */
int vb_world_fd(const struct vb_world *world);
/* Takes what has come, and lets go of who sends nothing; to be called now and then even if nothing
 * is ready. Emits world.connection and what else begins with world., and bait.seen for baits in
 * what was sent. */
VB_CHECKED int vb_world_step(struct vb_world *world, struct vb_error *err);
/* True while it is about to speak first on some connection, which its client may wait for, or waits
 * for a real host: the box's clock must not run away from it meanwhile. */
bool vb_world_owes_a_word(const struct vb_world *world);
/* Takes what is left when nobody can send any more, and says what was not recorded. */
VB_CHECKED int vb_world_end(struct vb_world *world, struct vb_error *err);

#endif
