/* formed: baits whose form can be checked by who has them: account numbers within AWS key ids,
 * macaroons, keys of wallets with a checksum, dates. Trust boundary: none. See template.h. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sandbox/bait/template.h"

enum { DAY_S = 24 * 3600, DAYS_MAX = 36500 };

/* A stream of its own: the same wherever NAME is asked for in a run. */
static void shared_stream(const struct vb_template *t, const char *name, struct vb_stream *ret)
{
    vb_stream_init(ret, t->stream.seed, name);
}

/* --- AWS --- */

static int draw_account(const struct vb_template *t, const char *owner, uint64_t *ret,
                        struct vb_error *err)
{
    char name[64];
    struct vb_stream stream;
    uint64_t number = 0;
    int status = VB_OK;
    snprintf(name, sizeof(name), "account:%s", owner);
    shared_stream(t, name, &stream);
    for (int digit = 0; status == VB_OK && digit < 12; digit++) {
        unsigned value = 0;
        status = vb_stream_below(&stream, digit == 0 ? 9 : 10, &value, err);
        number = number * 10 + value + (digit == 0);
    }
    if (status == VB_OK)
        *ret = number;
    return status;
}

int vb_formed_account(struct vb_template *t, const char *owner, struct vb_error *err)
{
    uint64_t account = 0;
    const int status = draw_account(t, owner, &account, err);
    return status ? status : vb_buf_printf(&t->out, err, "%012llu", (unsigned long long)account);
}

/* What stands behind AKIA: base32 of a bit that is set, 40 bits of the account and 39 of its own.
 */
int vb_formed_key_id(struct vb_template *t, const char *owner, struct vb_error *err)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint64_t account = 0, own = 0;
    char text[17] = "";
    int status = draw_account(t, owner, &account, err);
    for (int i = 0; !status && i < 5; i++) {
        unsigned char byte = 0;
        status = vb_stream_byte(&t->stream, &byte, err);
        own = own << 8 | byte;
    }
    /* 80 bits: the 41 upper ones end within the ninth digit. */
    const uint64_t upper = UINT64_C(1) << 40 | account;
    for (unsigned i = 0; i < 16; i++) {
        const unsigned bit = 79 - 5 * i; /* the digit's highest */
        unsigned digit = 0;
        for (unsigned at = bit + 1; at-- > bit - 4;)
            digit = digit << 1 | (unsigned)((at >= 39 ? upper >> (at - 39) : own >> at) & 1);
        text[i] = digits[digit];
    }
    return status ? status : vb_buf_append_str(&t->out, text, err);
}

/* --- PyPI --- */

/* A macaroon from behind the place that it is for up to its signature, in base64url: a number, and
 * what it may. Its 87 bytes leave none over. */
int vb_formed_macaroon(struct vb_template *t, const char *arg, struct vb_error *err)
{
    enum { IDENTIFIER = 2, ID_BYTES = 36, MAY_BYTES = 43, SIGNATURE = 6, SIGNATURE_BYTES = 32 };
    const unsigned char number[] = {ID_BYTES};
    const unsigned char may[] = {0, IDENTIFIER, MAY_BYTES};
    const unsigned char end[] = {0, 0, SIGNATURE, SIGNATURE_BYTES};
    const size_t start = t->out.len;
    (void)arg;
    int status = vb_buf_append(&t->out, number, sizeof(number), err);
    if (!status)
        status = vb_template_uuid(t, err);
    if (!status)
        status = vb_buf_append(&t->out, may, sizeof(may), err);
    if (!status)
        status = vb_buf_append_str(&t->out, "[3, \"", err);
    if (!status)
        status = vb_template_uuid(t, err);
    if (!status)
        status = vb_buf_append_str(&t->out, "\"]", err);
    if (!status)
        status = vb_buf_append(&t->out, end, sizeof(end), err);
    return status ? status : vb_template_base64(t, start, true, err);
}

/* --- wallets --- */

enum { EXTENDED = 78, CHECKED = EXTENDED + 4, DIGITS = 112 };

/* The number BYTES in base 58, which has as many digits for all that begin alike. */
static int write_base58(struct vb_template *t, const unsigned char bytes[CHECKED],
                        struct vb_error *err)
{
    static const char digits[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    unsigned char number[DIGITS] = {0};
    char text[DIGITS + 1] = "";
    for (size_t i = 0; i < CHECKED; i++) {
        unsigned carry = bytes[i];
        for (size_t at = DIGITS; at-- > 0;) {
            carry += 256U * number[at];
            number[at] = (unsigned char)(carry % 58);
            carry /= 58;
        }
    }
    size_t first = 0;
    while (first + 1 < DIGITS && number[first] == 0)
        first++;
    for (size_t i = first; i < DIGITS; i++)
        text[i - first] = digits[number[i]];
    return vb_buf_append_str(&t->out, text, err);
}

static int digest(const unsigned char *bytes, size_t len, unsigned char ret[VB_SHA256_BYTES],
                  struct vb_error *err)
{
    char hex[VB_SHA256_HEX];
    const int status = vb_sha256_hex(bytes, len, hex, err);
    for (size_t i = 0; !status && i < VB_SHA256_BYTES; i++) {
        const char byte[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        ret[i] = (unsigned char)strtoul(byte, NULL, 16);
    }
    return status;
}

static int put_checksum(unsigned char bytes[CHECKED], struct vb_error *err)
{
    unsigned char once[VB_SHA256_BYTES], twice[VB_SHA256_BYTES];
    int status = digest(bytes, EXTENDED, once, err);
    if (!status)
        status = digest(once, sizeof(once), twice, err);
    if (!status)
        memcpy(bytes + EXTENDED, twice, CHECKED - EXTENDED);
    return status;
}

/* An extended key (BIP 32, with the prefixes of SLIP 132): zprv or zpub. */
int vb_formed_extended(struct vb_template *t, const char *kind, struct vb_error *err)
{
    const bool secret = strcmp(kind, "zprv") == 0;
    unsigned char bytes[CHECKED] = {0x04, 0xb2, secret ? 0x43 : 0x47, secret ? 0x0c : 0x46};
    /* As many digits as all keys of that depth have alike. */
    enum { PREFIX = 4, CHILD = 9, CHAIN = 13, KEY = 45, ALIKE = 7 };
    int status = VB_OK;
    for (size_t i = PREFIX; !status && i < EXTENDED; i++)
        status = vb_stream_byte(&t->stream, &bytes[i], err);
    bytes[PREFIX] = 1; /* m/0h */
    memcpy(bytes + CHILD, "\x80\0\0\0", CHAIN - CHILD);
    bytes[KEY] = secret ? 0 : (unsigned char)(2 + (bytes[KEY] & 1));
    if (!status)
        status = put_checksum(bytes, err);
    const size_t start = t->out.len;
    if (!status)
        status = write_base58(t, bytes, err);
    if (!status)
        t->fixed = start + ALIKE;
    return status;
}

/* The address of the Ethereum wallet, which is also in its file's name. */
int vb_formed_address(struct vb_template *t, const char *arg, struct vb_error *err)
{
    struct vb_stream stream;
    (void)arg;
    shared_stream(t, "ethereum", &stream);
    return vb_stream_text(&stream, "0123456789abcdef", 40, &t->out, err);
}

/* --- dates --- */

/* "iso:DAYS" and "ms:DAYS" and "s:DAYS": a moment so many days from now. */
int vb_formed_moment(struct vb_template *t, const char *arg, struct vb_error *err)
{
    struct tm parts;
    char text[32] = "";
    unsigned minute = 0;
    const char *colon = strchr(arg, ':');
    const long days = strtol(colon == NULL ? "0" : colon + 1, NULL, 10);
    int status = vb_stream_below(&t->stream, 250, &minute, err);
    const time_t when = time(NULL) / DAY_S * DAY_S +
                        DAY_S * (days > DAYS_MAX || days < -DAYS_MAX ? 0 : days) +
                        61 * (time_t)minute;
    if (status)
        return status;
    if (strncmp(arg, "iso", 3) == 0 && gmtime_r(&when, &parts) != NULL)
        (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
    else
        snprintf(text, sizeof(text), "%lld%s", (long long)when, arg[0] == 'm' ? "512" : "");
    return vb_buf_append_str(&t->out, text, err);
}
