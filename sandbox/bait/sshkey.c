/* OpenSSH key files (PROTOCOL.key and PROTOCOL of OpenSSH), with random numbers in place of a key:
 * every length and the outer form are right, so that a reader which parses them goes on.
 * Trust boundary: none. */
#include "sandbox/bait/template.h"

#include <string.h>

enum { KEY_MAX = 8 * 1024, PEM_LINE = 70, FIELDS_MAX = 7, NUMBERS_MAX = 6 };

struct number {
    size_t bytes;
    unsigned char first; /* the leading byte that it needs, 0 for none */
    bool odd;
};

enum field_form {
    FIELD_END,
    FIELD_EXPONENT, /* 65537 */
    FIELD_STRING,   /* a number as it stands */
    FIELD_PAIR,     /* a number and number 0 in one string */
    FIELD_MPINT     /* a positive multiple precision integer */
};

struct field {
    enum field_form form;
    size_t number;
};

static const struct key_type {
    const char *name;
    const char *wire;
    struct number numbers[NUMBERS_MAX];
    struct field public_fields[FIELDS_MAX];
    struct field private_fields[FIELDS_MAX];
    size_t private_from; /* the private field with which the secret begins */
} key_types[] = {
    {"ed25519",
     "ssh-ed25519",
     {{32, 0, false}, {32, 0, false}},
     {{FIELD_STRING, 0}},
     {{FIELD_STRING, 0}, {FIELD_PAIR, 1}},
     1},
    {"rsa",
     "ssh-rsa",
     {{384, 0xc0, true},
      {383, 0x40, true},
      {191, 0x40, false},
      {192, 0xe0, true},
      {192, 0xd0, true}},
     {{FIELD_EXPONENT, 0}, {FIELD_MPINT, 0}},
     {{FIELD_MPINT, 0},
      {FIELD_EXPONENT, 0},
      {FIELD_MPINT, 1},
      {FIELD_MPINT, 2},
      {FIELD_MPINT, 3},
      {FIELD_MPINT, 4}},
     2},
};

struct key {
    const struct key_type *type;
    struct vb_buf numbers; /* all, one after the other */
    unsigned char check[4];
};

/* Where the private bytes stand. */
struct span {
    size_t at, end;
};

static void buf_done(struct vb_buf *buf)
{
    vb_buf_done(buf);
}

static void key_done(struct key *key)
{
    vb_buf_done(&key->numbers);
}

static int key_make(struct key *key, const char *type, const unsigned char *seed,
                    struct vb_error *err)
{
    vb_buf_init(&key->numbers, KEY_MAX);
    for (size_t i = 0; i < VB_ARRAY_LEN(key_types); i++)
        if (strcmp(key_types[i].name, type) == 0)
            key->type = &key_types[i];
    if (!key->type)
        return vb_fail(err, VB_E_SOFTWARE, 0, "there is no SSH key type \"%s\"", type);

    struct vb_stream stream;
    char name[32];
    snprintf(name, sizeof(name), "key:%s", type);
    vb_stream_init(&stream, seed, name);
    int status = VB_OK;
    for (size_t i = 0; !status && i < NUMBERS_MAX && key->type->numbers[i].bytes; i++) {
        const struct number *n = &key->type->numbers[i];
        size_t at = key->numbers.len;
        status = vb_stream_bytes(&stream, n->bytes, &key->numbers, err);
        if (!status && n->first)
            key->numbers.data[at] = n->first;
        if (!status && n->odd)
            key->numbers.data[key->numbers.len - 1] |= 1;
    }
    for (size_t i = 0; !status && i < sizeof(key->check); i++)
        status = vb_stream_byte(&stream, &key->check[i], err);
    return status;
}

static const unsigned char *number_at(const struct key *key, size_t index, size_t *ret_len)
{
    size_t at = 0;
    for (size_t i = 0; i < index; i++)
        at += key->type->numbers[i].bytes;
    *ret_len = key->type->numbers[index].bytes;
    return key->numbers.data + at;
}

static int put_u32(struct vb_buf *out, size_t value, struct vb_error *err)
{
    const unsigned char be[4] = {(unsigned char)(value >> 24 & 0xff),
                                 (unsigned char)(value >> 16 & 0xff),
                                 (unsigned char)(value >> 8 & 0xff), (unsigned char)(value & 0xff)};
    return vb_buf_append(out, be, sizeof(be), err);
}

static int put_string(struct vb_buf *out, const void *data, size_t len, struct vb_error *err)
{
    int status = put_u32(out, len, err);
    return status ? status : vb_buf_append(out, data, len, err);
}

static int put_number(struct vb_buf *out, const struct key *key, const struct field *field,
                      struct vb_error *err)
{
    size_t len, pair_len = 0;
    const unsigned char *data = number_at(key, field->number, &len);
    const unsigned char *pair = data;
    if (field->form == FIELD_PAIR)
        pair = number_at(key, 0, &pair_len);
    /* A positive mpint whose top bit is set needs a zero in front. */
    bool pad = field->form == FIELD_MPINT && (data[0] & 0x80);
    int status = put_u32(out, len + pair_len + (pad ? 1 : 0), err);
    if (!status && pad)
        status = vb_buf_append(out, "", 1, err);
    if (!status)
        status = vb_buf_append(out, data, len, err);
    if (!status)
        status = vb_buf_append(out, pair, pair_len, err);
    return status;
}

static int put_field(struct vb_buf *out, const struct key *key, const struct field *field,
                     struct vb_error *err)
{
    if (field->form == FIELD_EXPONENT)
        return put_string(out, "\x01\x00\x01", 3, err);
    return put_number(out, key, field, err);
}

/* The key's name on the wire, then FIELDS. A private key tells where its secret number stands. */
static int put_fields(struct vb_buf *out, const struct key *key, bool private, struct span *ret,
                      struct vb_error *err)
{
    const struct field *fields = private ? key->type->private_fields : key->type->public_fields;
    int status = put_string(out, key->type->wire, strlen(key->type->wire), err);
    for (size_t i = 0; !status && fields[i].form != FIELD_END; i++) {
        size_t at = out->len + 4;
        status = put_field(out, key, &fields[i], err);
        if (private && i == key->type->private_from)
            *ret = (struct span){at, at + key->type->numbers[fields[i].number].bytes};
    }
    return status;
}

static int put_comment(struct vb_buf *out, const char *home, struct vb_error *err)
{
    char comment[128];
    int n = snprintf(comment, sizeof(comment), "%s@workbench", vb_path_base(home));
    size_t len = n > 0 && (size_t)n < sizeof(comment) ? (size_t)n : 0;
    return put_string(out, comment, len, err);
}

/* The encrypted section's place, here with the cipher "none". */
static int put_private_section(struct vb_buf *out, const struct key *key, const char *home,
                               struct span *ret, struct vb_error *err)
{
    int status = vb_buf_append(out, key->check, sizeof(key->check), err);
    if (!status)
        status = vb_buf_append(out, key->check, sizeof(key->check), err);
    if (!status)
        status = put_fields(out, key, true, ret, err);
    if (!status)
        status = put_comment(out, home, err);
    for (unsigned char pad = 1; !status && out->len % 8; pad++)
        status = vb_buf_append(out, &pad, 1, err);
    return status;
}

static int put_container(struct vb_buf *out, const struct key *key, const char *home,
                         struct span *ret, struct vb_error *err)
{
    VB_CLEANUP(buf_done) struct vb_buf part;
    vb_buf_init(&part, KEY_MAX);
    struct span unused = {0, 0};
    int status = vb_buf_append(out, "openssh-key-v1", 15, err);
    for (int i = 0; !status && i < 2; i++) /* cipher and key derivation */
        status = put_string(out, "none", 4, err);
    if (!status)
        status = put_string(out, "", 0, err);
    if (!status)
        status = put_u32(out, 1, err); /* one key */
    if (!status)
        status = put_fields(&part, key, false, &unused, err);
    if (!status)
        status = put_string(out, part.data, part.len, err);
    if (status)
        return status;
    vb_buf_clear(&part);
    status = put_private_section(&part, key, home, ret, err);
    ret->at += out->len + 4;
    ret->end += out->len + 4;
    return status ? status : put_string(out, part.data, part.len, err);
}

/* Wraps the base64 TEXT into a PEM block. The characters from AT to END tell only private bytes;
 * the secret is what the line that holds most of them has of them. */
static int put_pem(struct vb_template *t, const struct vb_buf *text, size_t at, size_t end,
                   struct vb_error *err)
{
    size_t line_end = (at / PEM_LINE + 1) * PEM_LINE;
    if (line_end < end && line_end - at < end - line_end)
        at = line_end;
    line_end = (at / PEM_LINE + 1) * PEM_LINE;
    if (line_end > end)
        line_end = end;
    vb_buf_clear(&t->secret);
    int status = vb_buf_append(&t->secret, text->data + at, line_end - at, err);
    if (!status)
        status = vb_buf_append_str(&t->out, "-----BEGIN OPENSSH PRIVATE KEY-----\n", err);
    for (size_t i = 0; !status && i < text->len; i += PEM_LINE) {
        size_t len = text->len - i < PEM_LINE ? text->len - i : PEM_LINE;
        status = vb_buf_append(&t->out, text->data + i, len, err);
        if (!status)
            status = vb_buf_append_str(&t->out, "\n", err);
    }
    if (!status)
        status = vb_buf_append_str(&t->out, "-----END OPENSSH PRIVATE KEY-----\n", err);
    return status;
}

int vb_ssh_private(const char *type, struct vb_template *t, struct vb_error *err)
{
    VB_CLEANUP(key_done) struct key key = {.type = NULL};
    VB_CLEANUP(buf_done) struct vb_buf bytes;
    VB_CLEANUP(buf_done) struct vb_buf text;
    vb_buf_init(&bytes, KEY_MAX);
    vb_buf_init(&text, 2 * KEY_MAX);
    struct span private = {0, 0};
    int status = key_make(&key, type, t->stream.seed, err);
    if (!status)
        status = put_container(&bytes, &key, t->home, &private, err);
    if (!status)
        status = vb_base64_encode(&text, bytes.data, bytes.len, err);
    return status ? status : put_pem(t, &text, (private.at + 2) / 3 * 4, private.end / 3 * 4, err);
}

int vb_ssh_public(const char *type, struct vb_template *t, struct vb_error *err)
{
    VB_CLEANUP(key_done) struct key key = {.type = NULL};
    VB_CLEANUP(buf_done) struct vb_buf bytes;
    vb_buf_init(&bytes, KEY_MAX);
    struct span unused = {0, 0};
    int status = key_make(&key, type, t->stream.seed, err);
    if (!status)
        status = put_fields(&bytes, &key, false, &unused, err);
    if (!status)
        status = vb_buf_printf(&t->out, err, "%s ", key.type->wire);
    if (!status)
        status = vb_base64_encode(&t->out, bytes.data, bytes.len, err);
    if (!status)
        status = vb_buf_printf(&t->out, err, " %s@workbench", vb_path_base(t->home));
    return status;
}
