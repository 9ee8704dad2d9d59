/* The packets of a box's network: whatever was said, the file can be read. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/world/internal.h"

enum { SECTION = 0x0a0d0d0a, INTERFACE = 1, PACKET = 6, SECRETS = 10, FRAME = 28 };

static const union vb_world_address client = {
    .in = {.sin_family = AF_INET, .sin_port = 0x3412, .sin_addr.s_addr = 0x1701a8c0}};
static const union vb_world_address server = {
    .in = {.sin_family = AF_INET, .sin_port = 0xbb01, .sin_addr.s_addr = 0x07643314}};
static const union vb_world_address client6 = {
    .in6 = {.sin6_family = AF_INET6, .sin6_port = 0x3412, .sin6_addr.s6_addr = {0xfd, 0, 0, 1}}};
static const union vb_world_address server6 = {
    .in6 = {.sin6_family = AF_INET6, .sin6_port = 0x3500, .sin6_addr.s6_addr = {0x26, 6}}};

static struct vb_capture *capture_of(void)
{
    struct vb_capture *capture = NULL;
    assert_int_equal(vb_capture_new(&capture, NULL), VB_OK);
    return capture;
}

/* All bytes of the file that is handed over. */
static unsigned char *bytes_of(struct vb_capture *capture, size_t *ret_len)
{
    int parts[2];
    struct stat st[2];
    assert_int_equal(vb_capture_end(capture, 7, parts, NULL), VB_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fstat(parts[i], &st[i]), 0);
    *ret_len = (size_t)(st[0].st_size + st[1].st_size);
    assert_true(*ret_len <= VB_CAPTURE_RUN_MAX);
    unsigned char *bytes = malloc(*ret_len);
    assert_non_null(bytes);
    assert_int_equal(pread(parts[0], bytes, (size_t)st[0].st_size, 0), st[0].st_size);
    assert_int_equal(pread(parts[1], bytes + st[0].st_size, (size_t)st[1].st_size, 0),
                     st[1].st_size);
    close(parts[0]);
    return bytes;
}

static uint32_t number_at(const unsigned char *at)
{
    uint32_t ret;
    memcpy(&ret, at, sizeof(ret));
    return ret;
}

/* The block at *AT, whose two lengths agree; *AT is then behind it. */
static const unsigned char *next_block(const unsigned char *bytes, size_t len, size_t *at)
{
    const unsigned char *block = bytes + *at;
    assert_true(*at + 12 <= len);
    const uint32_t size = number_at(block + 4);
    assert_true(size >= 12 && size % 4 == 0 && size <= len - *at);
    assert_int_equal(number_at(block + size - 4), size);
    *at += size;
    return block;
}

static uint32_t sum_of(const unsigned char *bytes, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

/* RFC 1071: a checksum with what it covers gives all ones. */
static void assert_sums(const unsigned char *ip, size_t len)
{
    unsigned char covered[70000];
    const bool v4 = ip[0] >> 4 == 4;
    const size_t head = v4 ? 20 : 40;
    const size_t addresses = v4 ? 8 : 32;
    const size_t payload = len - head;
    if (v4)
        assert_int_equal(sum_of(ip, head), 0xffff);
    memcpy(covered, ip + head - addresses, addresses);
    const unsigned char rest[4] = {0, v4 ? ip[9] : ip[6], (unsigned char)(payload >> 8),
                                   (unsigned char)payload};
    memcpy(covered + addresses, rest, sizeof(rest));
    memcpy(covered + addresses + sizeof(rest), ip + head, payload);
    assert_int_equal(sum_of(covered, addresses + sizeof(rest) + payload), 0xffff);
}

static void test_conversations(void **state)
{
    (void)state;
    struct vb_capture *capture = capture_of();
    struct vb_flow flow = {.ends = {&client, &server}};
    struct vb_error err;
    size_t len = 0;
    size_t at = 0;
    size_t packets = 0;
    vb_capture_open(capture, &flow);
    vb_capture_bytes(capture, &flow, VB_CLIENT, "GET", 3);
    vb_capture_bytes(capture, &flow, VB_SERVER, "200 OK", 6);
    vb_capture_close(capture, &flow, VB_CLIENT);
    vb_capture_reset(capture, &flow, VB_SERVER);
    vb_capture_datagram(capture, &client6, &server6, "query", 5);
    vb_capture_datagram(capture, &client, &server, "", 0);
    assert_int_equal(vb_buf_append_str(vb_capture_secrets(capture), "CLIENT_RANDOM 00 11\n", &err),
                     VB_OK);
    unsigned char *bytes = bytes_of(capture, &len);
    assert_int_equal(number_at(next_block(bytes, len, &at)), SECTION);
    assert_int_equal(number_at(next_block(bytes, len, &at)), INTERFACE);
    const unsigned char *secrets = next_block(bytes, len, &at);
    assert_int_equal(number_at(secrets), SECRETS);
    assert_memory_equal(secrets + 16, "CLIENT_RANDOM 00 11\n", 20);
    while (at < len) {
        const unsigned char *block = next_block(bytes, len, &at);
        assert_int_equal(number_at(block), PACKET);
        assert_sums(block + FRAME, number_at(block + 20));
        packets++;
    }
    assert_int_equal(packets, 3 + 2 + 2 + 1 + 2);
    assert_int_equal(vb_capture_missed(capture), 0);
    free(bytes);
    vb_capture_free(capture);
}

static void test_silence(void **state)
{
    (void)state;
    struct vb_capture *capture = capture_of();
    int parts[2] = {7, 7};
    assert_int_equal(vb_capture_end(capture, 1, parts, NULL), VB_OK);
    assert_int_equal(parts[0], -1);
    assert_int_equal(parts[1], -1);
    vb_capture_free(capture);
    struct vb_flow flow = {.ends = {&client, &server}};
    vb_capture_open(NULL, &flow); /* who records nothing says so by NULL */
    vb_capture_bytes(NULL, &flow, VB_CLIENT, "x", 1);
    vb_capture_close(NULL, &flow, VB_SERVER);
    vb_capture_datagram(NULL, &client, &server, "x", 1);
}

/* A flood ends in a whole file and a count, and what is too large for a packet in the count. */
static void test_bounds(void **state)
{
    enum { PIECE = 1 << 20, PIECES = 80 };
    (void)state;
    struct vb_capture *capture = capture_of();
    struct vb_flow flow = {.ends = {&client, &server}};
    unsigned char *piece = calloc(1, PIECE);
    size_t len = 0;
    size_t at = 0;
    size_t packets = 0;
    assert_non_null(piece);
    vb_capture_datagram(capture, &client, &server, piece, 65508);
    assert_int_equal(vb_capture_missed(capture), 1);
    vb_capture_datagram(capture, &client, &server, piece, 65507);
    assert_int_equal(vb_capture_missed(capture), 1);
    vb_capture_datagram(capture, &client, &server6, piece, 1);
    assert_int_equal(vb_capture_missed(capture), 2);
    for (int i = 0; i < PIECES; i++)
        vb_capture_bytes(capture, &flow, VB_CLIENT, piece, PIECE);
    unsigned char *bytes = bytes_of(capture, &len);
    while (at < len)
        packets += number_at(next_block(bytes, len, &at)) == PACKET;
    const size_t sent = 3 + PIECES * (PIECE / 32768);
    assert_int_equal(packets + vb_capture_missed(capture), sent);
    assert_true(packets > sent / 2 && packets < sent);
    free(bytes);
    free(piece);
    vb_capture_free(capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
