/* Trust boundary: what an event says is the subject's choice. Two events are held for alike by 64
 * bits of a digest under a key that nobody in a box knows. */
#include "cli/repeats.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { KNOWN_MAX = 32768, SLOTS = 2 * KNOWN_MAX, KEY_BYTES = 16, DIGEST_DIGITS = 16 };

/* Kinds that say all that they have to say the first time. What begins and ends processes is not
 * among them, since other events are told of by their number, nor is what decides. */
static const enum vb_event_kind kinds[] = {
    VB_EV_FILE_OPEN,   VB_EV_FILE_PROBE, VB_EV_NET_SOCKET,   VB_EV_NET_BIND,
    VB_EV_NET_CONNECT, VB_EV_NET_NAME,   VB_EV_WORLD_ANSWER, VB_EV_PROCESS_WAIT,
};

static bool may_be_left_out(enum vb_event_kind kind)
{
    size_t i = 0;
    while (i < VB_ARRAY_LEN(kinds) && kinds[i] != kind)
        i++;
    return i < VB_ARRAY_LEN(kinds);
}

void vb_repeats_done(struct vb_repeats *repeats)
{
    free(repeats->known);
    vb_buf_done(&repeats->buf);
    *repeats = (struct vb_repeats){0};
}

void vb_repeats_clear(struct vb_repeats *repeats)
{
    if (repeats->known_count > 0)
        memset(repeats->known, 0, SLOTS * sizeof(*repeats->known));
    repeats->known_count = repeats->count = 0;
}

/* The room is made when it is first needed, and with it the key. */
static int prepare(struct vb_repeats *repeats, struct vb_error *err)
{
    unsigned char key[KEY_BYTES];
    if (repeats->known != NULL)
        return VB_OK;
    if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
        return vb_fail(err, VB_E_OS, 0, "a random key");
    repeats->known = calloc(SLOTS, sizeof(*repeats->known));
    if (repeats->known == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "the events of a run");
    vb_buf_init(&repeats->buf, KEY_BYTES + VB_EVENT_MAX_BYTES);
    return vb_buf_append(&repeats->buf, key, sizeof(key), err);
}

static int digest(struct vb_repeats *repeats, const struct vb_event *event, uint64_t *ret,
                  struct vb_error *err)
{
    struct vb_event same = *event;
    char hex[VB_SHA256_HEX];
    same.seq = same.time_ns = 0;
    for (size_t i = 0; i < same.value_count; i++) {
        const uint8_t field = same.values[i].field;
        if (field == VB_F_PID || field == VB_F_TID)
            same.values[i].number = 0;
    }
    repeats->buf.len = KEY_BYTES;
    int status = vb_frame_encode(&same, &repeats->buf, err);
    if (status == VB_OK)
        status = vb_sha256_hex(repeats->buf.data, repeats->buf.len, hex, err);
    if (status < 0)
        return status;
    hex[DIGEST_DIGITS] = '\0';
    *ret = strtoull(hex, NULL, 16) | 1; /* 0 is a free slot */
    return VB_OK;
}

int vb_repeats_see(struct vb_repeats *repeats, const struct vb_event *event, struct vb_error *err)
{
    uint64_t mark = 0;
    if (!may_be_left_out(event->kind))
        return 0;
    int status = prepare(repeats, err);
    if (status == VB_OK)
        status = digest(repeats, event, &mark, err);
    if (status < 0)
        return status;
    size_t slot = mark >> 1 & (SLOTS - 1);
    while (repeats->known[slot] != 0 && repeats->known[slot] != mark)
        slot = (slot + 1) % SLOTS;
    if (repeats->known[slot] == mark) {
        repeats->count++;
        return 1;
    }
    if (repeats->known_count < KNOWN_MAX) {
        repeats->known[slot] = mark;
        repeats->known_count++;
    }
    return 0;
}
