/* Trust boundary: none; the templates are our own tables (*.def) or the user's (rules.c). */
#include "sandbox/bait/template.h"

#include <stdlib.h>
#include <string.h>

enum {
    TEMPLATE_OUT_MAX = 64 * 1024,
    NEST_MAX = 4,
    FIXED_MIN = 4 /* characters between random ones that a search may not take for secret */
};

#define BASE62 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

void vb_template_init(struct vb_template *t, const unsigned char seed[VB_SEED_BYTES],
                      const char *id, const char *home)
{
    *t = (struct vb_template){.home = home};
    vb_stream_init(&t->stream, seed, id);
    vb_buf_init(&t->out, TEMPLATE_OUT_MAX);
    vb_buf_init(&t->secret, TEMPLATE_OUT_MAX);
}

void vb_template_done(struct vb_template *t)
{
    vb_buf_done(&t->out);
    vb_buf_done(&t->secret);
}

static size_t count_of(const char *arg)
{
    return (size_t)strtoul(arg, NULL, 10);
}

static bool is_count(const char *arg)
{
    return arg[0] >= '1' && arg[0] <= '9' && strlen(arg) <= 5 && arg[strspn(arg, DIGITS)] == '\0';
}

static uint32_t crc32_of(const unsigned char *data, size_t len)
{
    uint32_t crc = 0xffffffffU;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320U & (0U - (crc & 1U)));
    }
    return ~crc;
}

static int gen_crc(struct vb_template *t, const char *arg, struct vb_error *err)
{
    size_t n = count_of(arg);
    if (n > t->out.len)
        return vb_fail(err, VB_E_SOFTWARE, 0, "a bait's checksum covers more than the bait");
    uint32_t crc = crc32_of(t->out.data + t->out.len - n, n);
    char text[7] = "000000";
    for (int i = 5; i >= 0; i--, crc /= 62)
        text[i] = BASE62[crc % 62];
    return vb_buf_append(&t->out, text, 6, err);
}

static int gen_home(struct vb_template *t, const char *arg, struct vb_error *err)
{
    (void)arg;
    return vb_buf_append_str(&t->out, t->home, err);
}

static int gen_user(struct vb_template *t, const char *arg, struct vb_error *err)
{
    (void)arg;
    return vb_buf_append_str(&t->out, vb_path_base(t->home), err);
}

/* The same for all baits of a run, another in the next: a name that never changed would be a mark
 * by which a box is known. */
static int draw(const struct vb_template *t, const char *what, unsigned bound, unsigned *ret,
                struct vb_error *err)
{
    struct vb_stream stream;
    vb_stream_init(&stream, t->stream.seed, what);
    return vb_stream_below(&stream, bound, ret, err);
}

/* The company: also the name of its accounts elsewhere. */
static int gen_org(struct vb_template *t, const char *arg, struct vb_error *err)
{
    static const char *const first[] = {
        "alder",   "birch",  "brook",  "cedar",   "copper", "crane",   "dover",   "ember",
        "fennel",  "garnet", "harrow", "hazel",   "heron",  "juniper", "kestrel", "larch",
        "linden",  "marlow", "mosaic", "oakmere", "osprey", "pebble",  "quarry",  "rowan",
        "saffron", "sorrel", "tamar",  "thistle", "umber",  "verdant", "willow",  "yarrow",
    };
    static const char *const second[] = {"labs", "works", "systems", "data",
                                         "soft", "cloud", "digital", "group"};
    (void)arg;
    unsigned a = 0, b = 0;
    int status = draw(t, "org:first", VB_ARRAY_LEN(first), &a, err);
    if (!status)
        status = draw(t, "org:second", VB_ARRAY_LEN(second), &b, err);
    return status ? status : vb_buf_printf(&t->out, err, "%s-%s", first[a], second[b]);
}

static int gen_domain(struct vb_template *t, const char *arg, struct vb_error *err)
{
    static const char *const ends[] = {"dev", "io", "net", "tech", "app"};
    unsigned end = 0;
    int status = gen_org(t, arg, err);
    if (!status)
        status = draw(t, "org:end", VB_ARRAY_LEN(ends), &end, err);
    return status ? status : vb_buf_printf(&t->out, err, ".%s", ends[end]);
}

static int gen_mail(struct vb_template *t, const char *arg, struct vb_error *err)
{
    int status = vb_buf_printf(&t->out, err, "%s@", vb_path_base(t->home));
    return status ? status : gen_domain(t, arg, err);
}

/* The name of the Firefox profile. */
static int gen_profile(struct vb_template *t, const char *arg, struct vb_error *err)
{
    (void)arg;
    struct vb_stream stream;
    vb_stream_init(&stream, t->stream.seed, "profile");
    return vb_stream_text(&stream, LOWER DIGITS, 8, &t->out, err);
}

static int gen_bytes(struct vb_template *t, const char *arg, struct vb_error *err)
{
    for (size_t n = count_of(arg); n > 0; n--) {
        unsigned value;
        int status = vb_stream_below(&t->stream, 255, &value, err);
        unsigned char byte = (unsigned char)(value + 1);
        if (!status)
            status = vb_buf_append(&t->out, &byte, 1, err);
        if (status)
            return status;
    }
    return VB_OK;
}

static int gen_ints(struct vb_template *t, const char *arg, struct vb_error *err)
{
    size_t count = count_of(arg);
    for (size_t i = 0; i < count; i++) {
        unsigned char byte;
        int status = vb_stream_byte(&t->stream, &byte, err);
        if (!status)
            status = vb_buf_printf(&t->out, err, i ? ",%u" : "%u", (unsigned)byte);
        if (status)
            return status;
    }
    return VB_OK;
}

int vb_template_uuid(struct vb_template *t, struct vb_error *err)
{
    unsigned char b[16];
    for (size_t i = 0; i < sizeof(b); i++) {
        int status = vb_stream_byte(&t->stream, &b[i], err);
        if (status)
            return status;
    }
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    return vb_buf_printf(&t->out, err,
                         "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                         b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                         b[12], b[13], b[14], b[15]);
}

static int gen_uuid(struct vb_template *t, const char *arg, struct vb_error *err)
{
    (void)arg;
    return vb_template_uuid(t, err);
}

static int gen_ssh(struct vb_template *t, const char *arg, struct vb_error *err)
{
    return vb_ssh_private(arg, t, err);
}

static int gen_sshpub(struct vb_template *t, const char *arg, struct vb_error *err)
{
    return vb_ssh_public(arg, t, err);
}

static int gen_mnemonic(struct vb_template *t, const char *arg, struct vb_error *err)
{
    (void)arg;
    return vb_mnemonic_write(t, err);
}

enum argument { NONE, COUNT, WORD };

static const struct {
    const char *name;
    enum argument argument;
    const char *alphabet; /* NULL: MAKE does it */
    int (*make)(struct vb_template *t, const char *arg, struct vb_error *err);
} generators[] = {
    {"home", NONE, NULL, gen_home},
    {"user", NONE, NULL, gen_user},
    {"mail", NONE, NULL, gen_mail},
    {"org", NONE, NULL, gen_org},
    {"domain", NONE, NULL, gen_domain},
    {"profile", NONE, NULL, gen_profile},
    {"b62", COUNT, BASE62, NULL},
    {"b64", COUNT, UPPER LOWER DIGITS "+/", NULL},
    {"b64u", COUNT, UPPER LOWER DIGITS "-_", NULL},
    {"b32", COUNT, UPPER "234567", NULL},
    {"hex", COUNT, DIGITS "abcdef", NULL},
    {"HEX", COUNT, DIGITS "ABCDEF", NULL},
    {"dig", COUNT, DIGITS, NULL},
    {"low", COUNT, LOWER DIGITS, NULL},
    {"abc", COUNT, UPPER LOWER, NULL},
    {"a2p", COUNT, "ABCDEFGHIJKLMNOP", NULL},  /* of base64: four bits behind 00 */
    {"b64e", COUNT, "AEIMQUYcgkosw048", NULL}, /* and before 00, at the end of 32 bytes */
    {"bytes", COUNT, NULL, gen_bytes},
    {"ints", COUNT, NULL, gen_ints},
    {"uuid", NONE, NULL, gen_uuid},
    {"account", WORD, NULL, vb_formed_account},
    {"akid", WORD, NULL, vb_formed_key_id},
    {"macaroon", NONE, NULL, vb_formed_macaroon},
    {"extended", WORD, NULL, vb_formed_extended},
    {"ether", NONE, NULL, vb_formed_address},
    {"moment", WORD, NULL, vb_formed_moment},
    {"crc", COUNT, NULL, gen_crc},
    {"ssh", WORD, NULL, gen_ssh},
    {"sshpub", WORD, NULL, gen_sshpub},
    {"mnemonic", NONE, NULL, gen_mnemonic},
};

/* Secrets as their services write them. */
static const struct {
    const char *name, *text;
} written[] = {
    {"github_token", "ghp_%{b62:30}%{crc:30}"},
    {"github_oauth", "gho_%{b62:30}%{crc:30}"},
    {"github_job_token", "ghs_%{b62:30}%{crc:30}"},
    {"npm_token", "npm_%{b62:30}%{crc:30}"},
    {"gitlab_token", "glpat-%{b64u:20}"},
    {"anthropic_key", "sk-ant-api03-%{b64u:93}AA"},
    {"openai_key", "sk-proj-%{b64u:74}T3BlbkFJ%{b64u:74}"},
    {"aws_key_id", "AKIA%{akid:team}"},
    {"aws_secret", "%{b64:40}"},
    {"slack_token", "xoxb-%{dig:12}-%{dig:13}-%{b62:24}"},
    {"stripe_key", "sk_live_51%{b62:97}"},
    {"pypi_token", "pypi-AgEIcHlwaS5vcmcC%{macaroon}%<%{b64u:42}%>%{b64e:1}"},
    /* RFC 8410: the key's frame is 21 digits and two bits */
    {"pem", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI%{a2p:1}%<%{b64:42}%>\n"
            "-----END PRIVATE KEY-----\n"},
};

struct nesting {
    size_t start[NEST_MAX];
    size_t depth;
};

static int expand_text(struct vb_template *t, const char *text, struct nesting *nest,
                       struct vb_error *err);

static int check_argument(const char *name, enum argument wanted, const char *arg,
                          struct vb_error *err)
{
    if (wanted == COUNT && (arg == NULL || !is_count(arg)))
        return vb_fail(err, VB_E_SOFTWARE, 0, "%%{%s:N} wants a number of at most five digits",
                       name);
    if (wanted == WORD && (arg == NULL || arg[0] == '\0'))
        return vb_fail(err, VB_E_SOFTWARE, 0, "%%{%s:…} wants a word behind its colon", name);
    if (wanted == NONE && arg != NULL)
        return vb_fail(err, VB_E_SOFTWARE, 0, "%%{%s} has nothing behind a colon", name);
    return VB_OK;
}

static int expand_named(struct vb_template *t, const char *name, const char *arg,
                        struct nesting *nest, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(generators); i++) {
        if (strcmp(name, generators[i].name) != 0)
            continue;
        const int status = check_argument(name, generators[i].argument, arg, err);
        if (status)
            return status;
        if (generators[i].alphabet)
            return vb_stream_text(&t->stream, generators[i].alphabet, count_of(arg ? arg : ""),
                                  &t->out, err);
        return generators[i].make(t, arg ? arg : "", err);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(written) && arg == NULL; i++) {
        if (strcmp(name, written[i].name) == 0)
            return expand_text(t, written[i].text, nest, err);
    }
    return vb_fail(err, VB_E_SOFTWARE, 0, "a bait's template names \"%s\", which is unknown", name);
}

/* TEXT stands behind "%{"; *RET_LEN says how much of it was used, with the brace. */
static int expand_generator(struct vb_template *t, const char *text, struct nesting *nest,
                            size_t *ret_len, struct vb_error *err)
{
    char name[32];
    const char *end = strchr(text, '}');
    if (!end || (size_t)(end - text) >= sizeof(name))
        return vb_fail(err, VB_E_SOFTWARE, 0, "a bait's template has an unclosed placeholder");
    memcpy(name, text, (size_t)(end - text));
    name[end - text] = '\0';
    char *arg = strchr(name, ':');
    if (arg)
        *arg++ = '\0';
    *ret_len = (size_t)(end - text) + 1;
    return expand_named(t, name, arg, nest, err);
}

/* Replaces what was written since START by its base64. */
int vb_template_base64(struct vb_template *t, size_t start, bool url, struct vb_error *err)
{
    struct vb_buf encoded;
    vb_buf_init(&encoded, TEMPLATE_OUT_MAX);
    int status = vb_base64_encode(&encoded, t->out.data + start, t->out.len - start, err);
    for (size_t i = 0; !status && url && i < encoded.len; i++) {
        unsigned char *c = encoded.data + i;
        *c = (unsigned char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
    }
    while (!status && url && encoded.len && encoded.data[encoded.len - 1] == '=')
        encoded.len--;
    if (!status) {
        t->out.len = start;
        status = vb_buf_append(&t->out, encoded.data, encoded.len, err);
    }
    vb_buf_done(&encoded);
    return status;
}

/* One of the marks that stand behind a per cent sign. */
static int expand_mark(struct vb_template *t, char mark, struct nesting *nest, struct vb_error *err)
{
    if (mark == '%')
        return vb_buf_append(&t->out, "%", 1, err);
    if (strchr("<([", mark)) {
        if (nest->depth == NEST_MAX)
            return vb_fail(err, VB_E_SOFTWARE, 0, "a bait's template is nested too deep");
        nest->start[nest->depth++] = t->out.len;
        return VB_OK;
    }
    if (!strchr(">)]", mark) || nest->depth == 0)
        return vb_fail(err, VB_E_SOFTWARE, 0, "a bait's template has a stray mark");
    size_t start = nest->start[--nest->depth];
    if (mark != '>') {
        const bool fixed = t->fixed > start;
        int status = vb_template_base64(t, start, mark == ']', err);
        if (fixed) /* and where in the code that text ends is not worth knowing */
            t->fixed = t->out.len;
        return status;
    }
    t->secret_fixed = t->fixed > start ? t->fixed - start : 0;
    vb_buf_clear(&t->secret);
    return vb_buf_append(&t->secret, t->out.data + start, t->out.len - start, err);
}

static int expand_text(struct vb_template *t, const char *text, struct nesting *nest,
                       struct vb_error *err)
{
    int status = VB_OK;
    while (*text && !status) {
        size_t plain = strcspn(text, t->json ? "%'" : "%");
        const size_t start = nest->depth ? nest->start[nest->depth - 1] : 0;
        const bool first = t->out.len == start;
        status = vb_buf_append(&t->out, text, plain, err);
        if (plain && (first || plain >= FIXED_MIN))
            t->fixed = t->out.len;
        text += plain;
        if (status || !*text)
            break;
        if (*text == '\'') {
            status = vb_buf_append(&t->out, "\"", 1, err);
            text++;
        } else if (text[1] == '{') {
            size_t used = 0;
            status = expand_generator(t, text + 2, nest, &used, err);
            text += 2 + used;
        } else if (text[1]) {
            status = expand_mark(t, text[1], nest, err);
            text += 2;
        } else {
            return vb_fail(err, VB_E_SOFTWARE, 0, "a bait's template ends in a mark");
        }
    }
    return status;
}

int vb_template_expand(struct vb_template *t, const char *text, struct vb_error *err)
{
    struct nesting nest = {.depth = 0};
    const int status = expand_text(t, text, &nest, err);
    if (!status && nest.depth)
        return vb_fail(err, VB_E_SOFTWARE, 0, "a bait's template leaves a mark open");
    return status;
}
