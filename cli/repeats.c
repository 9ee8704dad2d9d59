/* Trust boundary: what an event says is the subject's choice. Two events are held for alike by 64
 * bits of a digest under a key that nobody in a box knows. */
#include "cli/repeats.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { KNOWN_MAX = 32768, SLOTS = 2 * KNOWN_MAX, KEY_BYTES = 16, DIGEST_DIGITS = 16 };

/* What an event can do to those that come. What is in no row does nothing, and is recorded. */
enum role {
    ROLE_NONE,
    ROLE_SAME,   /* says all that it has to say the first time, whoever does it */
    ROLE_DEED,   /* the first time that this process does it, as long as it runs the same program,
                    and as nothing was learnt */
    ROLE_LEARN,  /* of a secret: whoever is reached behind it may be told of it. Recorded. */
    ROLE_PROCESS /* its number stands for another program. Recorded. */
};

static const struct {
    enum vb_event_kind kind;
    enum role role;
} roles[] = {
    {VB_EV_FILE_OPEN, ROLE_SAME},       {VB_EV_FILE_PROBE, ROLE_SAME},
    {VB_EV_NET_SOCKET, ROLE_SAME},      {VB_EV_NET_BIND, ROLE_DEED},
    {VB_EV_NET_CONNECT, ROLE_DEED},     {VB_EV_NET_NAME, ROLE_DEED},
    {VB_EV_WORLD_ANSWER, ROLE_DEED},    {VB_EV_PROCESS_WAIT, ROLE_DEED},
    {VB_EV_BAIT_READ, ROLE_LEARN},      {VB_EV_BAIT_SEEN, ROLE_LEARN},
    {VB_EV_PROCESS_FORK, ROLE_PROCESS}, {VB_EV_PROCESS_EXEC, ROLE_PROCESS},
};

/* Whoever only reads is not asked who it is. */
static bool opens_to_read(const struct vb_event *event)
{
    static const char *const harmless[] = {"read", "directory", "path"};
    const struct vb_value *flags = vb_event_get(event, VB_F_FLAGS);
    size_t found = 0;
    for (size_t i = 0; flags != NULL && i < flags->list.count; i++) {
        for (size_t n = 0; n < VB_ARRAY_LEN(harmless); n++)
            found += vb_str_equal(flags->list.items[i], harmless[n]);
    }
    return flags != NULL && found == flags->list.count;
}

static enum role role_of(const struct vb_event *event)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(roles); i++) {
        if (roles[i].kind != event->kind)
            continue;
        return event->kind != VB_EV_FILE_OPEN || opens_to_read(event) ? roles[i].role : ROLE_DEED;
    }
    return ROLE_NONE;
}

/* How many programs the number of the event's process has stood for, among others perhaps: then
 * more is recorded than need be. */
static uint32_t *programs_of(struct vb_repeats *repeats, const struct vb_event *event)
{
    const uint64_t pid = (uint64_t)vb_event_get_int(event, VB_F_PID, 0);
    return &repeats->programs[pid % VB_ARRAY_LEN(repeats->programs)];
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
    repeats->learnt = 0;
    memset(repeats->programs, 0, sizeof(repeats->programs));
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
    vb_buf_init(&repeats->buf, KEY_BYTES + 2 * sizeof(uint64_t) + VB_EVENT_MAX_BYTES);
    return vb_buf_append(&repeats->buf, key, sizeof(key), err);
}

static int digest(struct vb_repeats *repeats, const struct vb_event *event, enum role role,
                  uint64_t *ret, struct vb_error *err)
{
    struct vb_event same = *event;
    char hex[VB_SHA256_HEX];
    const uint64_t when[] = {role == ROLE_SAME ? 0 : *programs_of(repeats, event),
                             role == ROLE_DEED ? repeats->learnt : 0};
    same.seq = same.time_ns = 0;
    for (size_t i = 0; i < same.value_count; i++) {
        const uint8_t field = same.values[i].field;
        if (field == VB_F_TID || (field == VB_F_PID && role == ROLE_SAME))
            same.values[i].number = 0;
    }
    repeats->buf.len = KEY_BYTES;
    int status = vb_buf_append(&repeats->buf, when, sizeof(when), err);
    if (status == VB_OK)
        status = vb_frame_encode(&same, &repeats->buf, err);
    if (status == VB_OK)
        status = vb_sha256_hex(repeats->buf.data, repeats->buf.len, hex, err);
    if (status < 0)
        return status;
    hex[DIGEST_DIGITS] = '\0';
    *ret = strtoull(hex, NULL, 16) | 1; /* 0 is a free slot */
    return VB_OK;
}

/* Returns true if MARK was known; otherwise it is from now on, while there is room. */
static bool know(struct vb_repeats *repeats, uint64_t mark)
{
    size_t slot = mark >> 1 & (SLOTS - 1);
    while (repeats->known[slot] != 0 && repeats->known[slot] != mark)
        slot = (slot + 1) % SLOTS;
    if (repeats->known[slot] == mark)
        return true;
    if (repeats->known_count < KNOWN_MAX) {
        repeats->known[slot] = mark;
        repeats->known_count++;
    }
    return false;
}

int vb_repeats_see(struct vb_repeats *repeats, const struct vb_event *event, struct vb_error *err)
{
    const enum role role = role_of(event);
    uint64_t mark = 0;
    if (role == ROLE_PROCESS)
        ++*programs_of(repeats, event);
    if (role == ROLE_PROCESS || role == ROLE_NONE)
        return 0;
    int status = prepare(repeats, err);
    if (status == VB_OK)
        status = digest(repeats, event, role, &mark, err);
    if (status < 0)
        return status;
    const bool known = know(repeats, mark);
    if (role == ROLE_LEARN) {
        repeats->learnt += !known;
        return 0;
    }
    repeats->count += known;
    return known;
}
