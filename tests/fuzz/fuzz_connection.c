/* libs: vb_sandbox */
/* One stream to the world: the first byte says to which port, then come pieces, each behind a byte
 * that says how long it is (0: nothing comes, until patience ends). Whatever comes, it ends, its
 * memory is given back, and what is told of it is sound. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/sink.h"
#include "sandbox/world/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A piece of N bytes in the low half, times this for what has the high bit: so a kilobyte is two
 * bytes of an input. */
enum { LONG_PIECE = 64 };

static const uint16_t ports[] = {80, 443, 25, 22, 53, 853, 4444, 587};

static struct vb_world *world_of(void)
{
    static const unsigned char seed[32] = {1};
    static struct vb_world *world;
    static struct vb_sink sink = {.emit = fuzz_check_event};
    static struct vb_bait_set *baits;
    static struct vb_authority *authority;
    static struct vb_responder *responder;
    struct vb_error err = {0};
    if (world != NULL)
        return world;
    if (vb_bait_set_new("/home/maja", seed, &baits, &err) < 0 ||
        vb_authority_new("Fuzz", 1790000000, &authority, &err) < 0 ||
        vb_responder_new(NULL, seed, "203.0.113.7", &responder, &err) < 0)
        abort();
    const struct vb_world_options options = {
        .baits = baits, .authority = authority, .responder = responder, .sink = &sink};
    if (vb_world_new(&options, &world, &err) < 0)
        abort();
    return world;
}

static struct vb_connection *open_stream(struct vb_world *world, uint16_t port, int *ret_client)
{
    static const union vb_world_address from = {
        .in = {.sin_family = AF_INET, .sin_addr.s_addr = 0x1701a8c0, .sin_port = 0x1027}};
    union vb_world_address to = {.in = {.sin_family = AF_INET, .sin_addr.s_addr = 0x07007bcb}};
    struct vb_error err = {0};
    int ends[2];
    to.in.sin_port = htons(port);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0 ||
        vb_connection_open(world, ends[0], &from, &to, &err) < 0)
        abort();
    *ret_client = ends[1];
    return world->connections[0];
}

static void step(struct vb_world *world, int client)
{
    static char answers[1 << 16];
    struct vb_error err = {0};
    if (vb_world_step(world, &err) < 0)
        abort();
    while (read(client, answers, sizeof(answers)) > 0)
        ;
}

static void play(struct vb_world *world, int client, const uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size && world->connections[0] != NULL) {
        const size_t told = data[at++];
        const size_t wanted = (told & 0x80) != 0 ? (told & 0x7f) * LONG_PIECE : told;
        const size_t len = wanted < size - at ? wanted : size - at;
        if (len == 0)
            world->connections[0]->idle_until_ns = 0;
        else if (send(client, data + at, len, MSG_NOSIGNAL) < 0)
            break;
        at += len;
        step(world, client);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vb_world *world = world_of();
    struct vb_error err = {0};
    int client = -1;
    if (size < 1)
        return 0;
    world->events = 0;
    if (open_stream(world, ports[data[0] % VB_ARRAY_LEN(ports)], &client) == NULL)
        abort();
    play(world, client, data + 1, size - 1);
    close(client);
    for (int i = 0; i < 4 && world->connections[0] != NULL; i++)
        if (vb_world_step(world, &err) < 0)
            abort();
    if (world->connections[0] != NULL && vb_connection_finish(world->connections[0], &err) < 0)
        abort();
    if (world->files != 0)
        abort();
    return 0;
}
