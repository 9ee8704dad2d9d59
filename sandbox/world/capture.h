/* capture: what was said in the network of a box, as packets in a file that Wireshark opens
 * (pcapng, draft-ietf-opsawg-pcapng). The packets are made from the conversations that the world
 * had, with their true addresses, ports, bytes and times: nothing has to listen in the box's
 * network, where a packet socket could be seen (/proc/net/packet), would need a privilege and a
 * kernel that has it, would lose what its buffer does not hold, and takes 10 to 20 ms to be closed.
 * Borders of segments, sequence numbers and acknowledgements are therefore not the kernel's. */
#ifndef SANDBOX_WORLD_CAPTURE_H
#define SANDBOX_WORLD_CAPTURE_H

#include <netinet/in.h>

#include "vetbox/core.h"

enum {
    VB_CAPTURE_PACKETS_MAX = 64 * 1024 * 1024, /* bytes of packets of one run */
    VB_CAPTURE_SECRETS_MAX = 1024 * 1024,      /* of its TLS sessions */
    VB_CAPTURE_RUN_MAX = VB_CAPTURE_PACKETS_MAX + VB_CAPTURE_SECRETS_MAX + 4096
};

union vb_world_address;
struct vb_capture;
VB_CHECKED int vb_capture_new(struct vb_capture **ret, struct vb_error *err);
void vb_capture_free(struct vb_capture *capture);
/* Where the secrets of TLS sessions go, as lines of NSS's key log. */
struct vb_buf *vb_capture_secrets(struct vb_capture *capture);

/* A stream: who spoke to whom, and how many bytes each said. */
enum vb_side { VB_CLIENT, VB_SERVER };
struct vb_flow {
    const union vb_world_address *ends[2]; /* by enum vb_side */
    uint32_t next[2];                      /* sequence numbers */
};

/* In all of these CAPTURE may be NULL. What there is no room for is counted. */
void vb_capture_datagram(struct vb_capture *capture, const union vb_world_address *from,
                         const union vb_world_address *to, const void *bytes, size_t len);
void vb_capture_open(struct vb_capture *capture, struct vb_flow *flow);
void vb_capture_bytes(struct vb_capture *capture, struct vb_flow *flow, enum vb_side from,
                      const void *bytes, size_t len);
/* FROM says no more. */
void vb_capture_close(struct vb_capture *capture, struct vb_flow *flow, enum vb_side from);
/* FROM breaks off. */
void vb_capture_reset(struct vb_capture *capture, struct vb_flow *flow, enum vb_side from);

/* Packets that were not written. */
uint64_t vb_capture_missed(const struct vb_capture *capture);
/* The file is the bytes of the two: the head with the secrets, which stand before the packets that
 * need them, and the packets. RET[0] is the caller's, RET[1] stays CAPTURE's; both are -1 where
 * nothing was said. RUN is told in the head. */
VB_CHECKED int vb_capture_end(struct vb_capture *capture, uint32_t run, int ret[2],
                              struct vb_error *err);

#endif
