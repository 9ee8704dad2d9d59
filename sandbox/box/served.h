/* served: ports at which the subject listens. Nobody outside would ask there, and what its handlers
 * do would not be seen: the supervisor, which lives in the network of the box, asks a little by
 * itself, and makes the connections of a driver. It parses nothing that it is answered. */
#ifndef SANDBOX_BOX_SERVED_H
#define SANDBOX_BOX_SERVED_H

#include "sandbox/box/net.h"
#include "vetbox/core.h"

enum { VB_SERVED_MAX = 8 };

struct vb_served {
    union vb_net_address at[VB_SERVED_MAX];
    size_t count;
    uint64_t listened_ns; /* the latest of them */
    size_t place;         /* that is asked */
    size_t request;       /* of ours, there */
    int fd;               /* of that request; -1: none is under way */
    size_t sent, got;
    uint64_t until_ns;
    bool left_alone;  /* nobody asks there */
    bool over;        /* everything was asked */
    uint64_t over_ns; /* and since when; */
    unsigned moves;   /* how often the clock had been moved then */
};

void vb_served_init(struct vb_served *served);
void vb_served_done(struct vb_served *served);
/* The subject is about to listen with a stream socket that is bound to ADDRESS. */
void vb_served_note(struct vb_served *served, const struct sockaddr *address);
/* 0: the address is none of the internet's. */
unsigned vb_served_port(const struct vb_served *served, size_t place);
/* A connection to PLACE that does not block, perhaps still being made; -1 with errno. */
int vb_served_connect(const struct vb_served *served, size_t place);
/* Asks what is next to be asked, at each tick, and tells of it. */
VB_CHECKED int vb_served_step(struct vb_served *served, uint32_t detonation, struct vb_sink *sink,
                              struct vb_error *err);
/* True if who listens has had its turn: everything was asked, and since then it was IDLE for a
 * moment, or only looked around again and again while the clock of its box, which was moved MOVES
 * times in all, passed days. Who computes has not. */
bool vb_served_had_its_turn(struct vb_served *served, bool idle, unsigned moves);
/* What was asked last and is not answered yet is told of too. */
VB_CHECKED int vb_served_end(struct vb_served *served, uint32_t detonation, struct vb_sink *sink,
                             struct vb_error *err);

#endif
