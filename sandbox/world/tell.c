/* tell: what the world says of what came to it. See internal.h. */
#include <arpa/inet.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "sandbox/world/cipher.h"
#include "sandbox/world/internal.h"

uint16_t vb_world_port(const union vb_world_address *address)
{
    return ntohs(address->any.sa_family == AF_INET ? address->in.sin_port : address->in6.sin6_port);
}

void vb_world_put_address(struct vb_event *event, const union vb_world_address *address,
                          char text[INET6_ADDRSTRLEN])
{
    const bool v4 = address->any.sa_family == AF_INET;
    const void *bytes =
        v4 ? (const void *)&address->in.sin_addr : (const void *)&address->in6.sin6_addr;
    text[0] = '\0';
    (void)inet_ntop(address->any.sa_family, bytes, text, INET6_ADDRSTRLEN);
    vb_event_str(event, VB_F_ADDRESS, text);
    vb_event_int(event, VB_F_PORT, vb_world_port(address));
}

int64_t vb_world_now(const struct vb_world *world)
{
    const _Atomic int64_t *ahead = world->options.ahead_s;
    return (int64_t)time(NULL) + (ahead == NULL ? 0 : atomic_load(ahead));
}

void vb_world_date(const struct vb_world *world, char ret[VB_DATE_BYTES])
{
    const time_t now = (time_t)vb_world_now(world);
    struct tm parts;
    ret[0] = '\0';
    if (gmtime_r(&now, &parts) != NULL)
        (void)strftime(ret, VB_DATE_BYTES, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

void vb_world_event(const struct vb_world *world, const struct vb_connection *connection,
                    enum vb_event_kind kind, struct vb_event *ret)
{
    vb_event_init(ret, kind, VB_SOURCE_WORLD);
    ret->detonation = world->options.detonation;
    if (connection == NULL)
        return;
    if (connection->number > 0)
        vb_event_int(ret, VB_F_CONNECTION, connection->number);
    vb_event_str(ret, VB_F_ADDRESS, connection->address);
    vb_event_int(ret, VB_F_PORT, vb_world_port(&connection->to));
    if (connection->name[0] != '\0')
        vb_event_str(ret, VB_F_NAME, connection->name);
}

/* What a flood of anything else must not crowd out. */
static bool is_vital(const struct vb_event *event)
{
    return event->kind == VB_EV_BAIT_SEEN || event->kind == VB_EV_WORLD_SESSION ||
           (event->kind == VB_EV_WORLD_RESPONSE && vb_event_get(event, VB_F_TOKEN) != NULL);
}

int vb_world_emit(struct vb_world *world, struct vb_event *event, struct vb_error *err)
{
    const uint64_t max = is_vital(event) ? 2 * VB_WORLD_EVENTS : VB_WORLD_EVENTS;
    if (world->events >= max) {
        world->unsaid++;
        return VB_OK;
    }
    world->events++;
    return vb_emit(world->options.sink, event, err);
}

int vb_world_tell_came(struct vb_world *world, const struct vb_came *came, struct vb_error *err)
{
    char text[INET6_ADDRSTRLEN];
    struct vb_event event;
    vb_world_event(world, NULL, VB_EV_WORLD_CONNECTION, &event);
    vb_event_str(&event, VB_F_PROTOCOL, came->protocol);
    vb_event_str(&event, VB_F_FAMILY, came->to->any.sa_family == AF_INET ? "inet" : "inet6");
    vb_world_put_address(&event, came->to, text);
    vb_event_int(&event, VB_F_SIZE, (int64_t)came->size);
    if (came->connection != NULL)
        vb_event_int(&event, VB_F_CONNECTION, came->connection->number);
    if (came->shown > 0)
        vb_event_strn(&event, VB_F_TEXT, (const char *)came->bytes, came->shown);
    if (came->size > came->shown)
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    if (came->enciphered > 0)
        vb_event_int(&event, VB_F_ENCIPHERED, (int64_t)came->enciphered);
    return vb_world_emit(world, &event, err);
}

/* --- baits in what leaves --- */

struct sighting {
    struct vb_world *world;
    struct vb_outbound *outbound;
    struct vb_error *err;
    int status;
};

/* True the first time that BAIT, one of the set, is seen on this way. */
static bool is_new(const struct vb_world *world, struct vb_outbound *outbound,
                   const struct vb_bait *bait)
{
    for (size_t i = 0; i < vb_bait_count(world->options.baits); i++) {
        if (vb_bait_at(world->options.baits, i) != bait || i / 8 >= sizeof(outbound->seen))
            continue;
        const unsigned char bit = (unsigned char)(1U << i % 8);
        const bool seen = (outbound->seen[i / 8] & bit) != 0;
        outbound->seen[i / 8] |= bit;
        return !seen;
    }
    return true;
}

static void bait_seen(void *ctx, const struct vb_bait *bait, const char *form)
{
    struct sighting *sighting = ctx;
    struct vb_event event;
    /* With a key that it was given a package may ask a real host, too: it opens nothing. Nor does
     * the name of a machine that there is not. */
    if (!vb_bait_is_free(bait)) {
        sighting->world->baited = true;
        sighting->outbound->baited = true;
    }
    if (sighting->status < 0 || !is_new(sighting->world, sighting->outbound, bait))
        return;
    vb_world_event(sighting->world, sighting->outbound->connection, VB_EV_BAIT_SEEN, &event);
    vb_event_str(&event, VB_F_BAIT, bait->id);
    vb_event_str(&event, VB_F_WHERE, "sent");
    vb_event_str(&event, VB_F_FORM, form);
    vb_event_str(&event, VB_F_NAME, sighting->outbound->domain);
    vb_event_str(&event, VB_F_URL, sighting->outbound->url);
    sighting->status = vb_world_emit(sighting->world, &event, sighting->err);
}

/* What a search returned; more than 0 says that it gave up before the end. */
static int conclude(struct sighting *sighting, int status)
{
    sighting->world->unsearched += status > 0;
    sighting->outbound->unsearched |= status > 0;
    return status < 0 ? status : sighting->status;
}

int vb_world_search(struct vb_world *world, struct vb_outbound *outbound, const void *bytes,
                    size_t len, struct vb_error *err)
{
    struct sighting sighting = {world, outbound, err, VB_OK};
    int status = VB_OK;
    if (world->options.baits == NULL || len == 0)
        return VB_OK;
    if (outbound->stream == NULL)
        status = vb_bait_stream_new(world->options.baits, world->trail, &outbound->stream, err);
    if (status == VB_OK)
        status = vb_bait_stream_feed(outbound->stream, bytes, len, bait_seen, &sighting, err);
    return conclude(&sighting, status);
}

int vb_world_search_end(struct vb_world *world, struct vb_outbound *outbound, struct vb_error *err)
{
    struct sighting sighting = {world, outbound, err, VB_OK};
    if (outbound->stream == NULL)
        return VB_OK;
    const int status = vb_bait_stream_finish(outbound->stream, bait_seen, &sighting, err);
    const size_t unpacked = vb_bait_stream_unpacked(outbound->stream);
    if (__builtin_add_overflow(outbound->unpacked, unpacked, &outbound->unpacked))
        outbound->unpacked = SIZE_MAX;
    return conclude(&sighting, status);
}

void vb_world_put_cipher(struct vb_event *event, const struct vb_outbound *outbound,
                         const struct vb_str *bytes, uint64_t size)
{
    if (bytes->len < size)
        return; /* larger than any secret */
    const size_t enciphered =
        vb_cipher_size((const unsigned char *)bytes->text, bytes->len,
                       outbound->stream != NULL ? outbound->unpacked : SIZE_MAX);
    if (enciphered > 0)
        vb_event_int(event, VB_F_ENCIPHERED, (int64_t)enciphered);
}

int vb_world_search_name(struct vb_world *world, const char *name, struct vb_outbound *outbound,
                         struct vb_error *err)
{
    struct sighting sighting = {world, outbound, err, VB_OK};
    const struct vb_str text = {name, strlen(name)};
    if (world->options.baits == NULL)
        return VB_OK;
    return conclude(&sighting, vb_bait_search_name(world->options.baits, world->trail, text,
                                                   bait_seen, &sighting, err));
}

/* --- evidence and gaps --- */

int vb_world_keep(struct vb_world *world, int fd, const char *hex, struct vb_error *err)
{
    return world->options.keep == NULL ? VB_OK
                                       : world->options.keep(world->options.keep_ctx, fd, hex, err);
}

int vb_world_tell_gap(struct vb_world *world, uint64_t count, const char *what, const char *reason,
                      struct vb_error *err)
{
    struct vb_event event;
    if (count == 0)
        return VB_OK;
    vb_world_event(world, NULL, VB_EV_COVERAGE, &event);
    vb_event_str(&event, VB_F_STAGE, "world");
    vb_event_str(&event, VB_F_WHAT, what);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    return vb_emit(world->options.sink, &event, err);
}
