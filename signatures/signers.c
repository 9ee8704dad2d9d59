/* The user's allowed_signers file (ssh-keygen(1), ALLOWED SIGNERS). Trust boundary: the user's own
 * configuration; a line that is not understood is an error, never skipped. */
#include "signatures/internal.h"

#include <ctype.h>
#include <strings.h>

enum { BLOB_MAX = 16 * 1024 };

/* The one complaint that is not about the file. */
static const char out_of_memory[] = "out of memory";

/* Iterative: one point to return to is enough, so no pattern is slow. */
static bool match_pattern(struct vb_sig_bytes text, struct vb_sig_bytes pattern)
{
    size_t t = 0;
    size_t p = 0;
    size_t star = SIZE_MAX;
    size_t resume = 0;

    while (t < text.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.len && (pattern.data[p] == '?' || pattern.data[p] == text.data[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '*')
        p++;
    return p == pattern.len;
}

bool vb_sig_match_pattern(const char *text, const char *pattern)
{
    return match_pattern((struct vb_sig_bytes){(const unsigned char *)text, strlen(text)},
                         (struct vb_sig_bytes){(const unsigned char *)pattern, strlen(pattern)});
}

bool vb_sig_match_list(struct vb_sig_bytes text, const char *patterns)
{
    bool matched = false;

    while (*patterns != '\0') {
        const char *end = strchrnul(patterns, ',');
        const bool negated = *patterns == '!';
        const char *start = patterns + (negated ? 1 : 0);
        const struct vb_sig_bytes one = {.data = (const unsigned char *)start,
                                         .len = (size_t)(end - start)};
        if (match_pattern(text, one)) {
            if (negated)
                return false;
            matched = true;
        }
        patterns = *end == ',' ? end + 1 : end;
    }
    return matched;
}

/* --- times --- */

static bool two_digits(const unsigned char *text, int *ret)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *ret = (text[0] - '0') * 10 + (text[1] - '0');
    return true;
}

bool vb_sig_parse_time(struct vb_sig_bytes text, int64_t *ret)
{
    enum { PARTS = 7 };
    int part[PARTS] = {0};
    const bool utc = text.len > 0 && text.data[text.len - 1] == 'Z';

    if (utc)
        text.len--;
    if (text.len != 8 && text.len != 12 && text.len != 14)
        return false;
    for (size_t i = 0; i < text.len / 2; i++) {
        if (!two_digits(text.data + 2 * i, &part[i]))
            return false;
    }
    struct tm tm = {.tm_year = part[0] * 100 + part[1] - 1900,
                    .tm_mon = part[2] - 1,
                    .tm_mday = part[3],
                    .tm_hour = part[4],
                    .tm_min = part[5],
                    .tm_sec = part[6],
                    .tm_isdst = -1};
    const struct tm asked = tm;
    const time_t when = utc ? timegm(&tm) : mktime(&tm);
    /* 31 February would silently become March. */
    if (tm.tm_year != asked.tm_year || tm.tm_mon != asked.tm_mon || tm.tm_mday != asked.tm_mday)
        return false;
    if (asked.tm_hour > 23 || asked.tm_min > 59 || asked.tm_sec > 59 || when <= 0)
        return false;
    *ret = (int64_t)when;
    return true;
}

/* --- options --- */

struct option {
    const char *name;
    bool has_value;
    const char *(*set)(struct vb_trust_signer *line, struct vb_sig_bytes value);
};

static const char *set_authority(struct vb_trust_signer *line, struct vb_sig_bytes value VB_UNUSED)
{
    if (line->authority)
        return "cert-authority stands twice";
    line->authority = true;
    return NULL;
}

static const char *set_namespaces(struct vb_trust_signer *line, struct vb_sig_bytes value)
{
    if (line->namespaces != NULL)
        return "namespaces stands twice";
    if (value.len == 0)
        return "namespaces is empty";
    line->namespaces = strndup((const char *)value.data, value.len);
    return line->namespaces == NULL ? out_of_memory : NULL;
}

static const char *set_after(struct vb_trust_signer *line, struct vb_sig_bytes value)
{
    if (line->after != 0)
        return "valid-after stands twice";
    return vb_sig_parse_time(value, &line->after)
               ? NULL
               : "valid-after is no time (YYYYMMDD[HHMM[SS]][Z])";
}

static const char *set_before(struct vb_trust_signer *line, struct vb_sig_bytes value)
{
    if (line->before != 0)
        return "valid-before stands twice";
    return vb_sig_parse_time(value, &line->before)
               ? NULL
               : "valid-before is no time (YYYYMMDD[HHMM[SS]][Z])";
}

static const struct option options[] = {
    {"cert-authority", false, set_authority},
    {"namespaces", true, set_namespaces},
    {"valid-after", true, set_after},
    {"valid-before", true, set_before},
};

/* Takes "value" with its quotes off IN. A backslash keeps the character after it, as in OpenSSH,
 * but no option's value needs one: it is refused. */
static bool take_quoted(struct vb_sig_bytes *in, struct vb_sig_bytes *ret)
{
    if (!vb_sig_skip(in, "\""))
        return false;
    const unsigned char *end = memchr(in->data, '"', in->len);
    if (end == NULL)
        return false;
    *ret = (struct vb_sig_bytes){.data = in->data, .len = (size_t)(end - in->data)};
    in->len -= ret->len + 1;
    in->data = end + 1;
    return memchr(ret->data, '\\', ret->len) == NULL;
}

static bool name_is(struct vb_sig_bytes name, const char *expected)
{
    return name.len == strlen(expected) &&
           strncasecmp((const char *)name.data, expected, name.len) == 0;
}

static const char *parse_option(struct vb_sig_bytes *in, struct vb_trust_signer *line)
{
    size_t len = 0;

    while (len < in->len && (isalpha(in->data[len]) || in->data[len] == '-'))
        len++;
    const struct vb_sig_bytes name = {.data = in->data, .len = len};
    in->data += len;
    in->len -= len;
    for (size_t i = 0; i < VB_ARRAY_LEN(options); i++) {
        struct vb_sig_bytes value = {0};
        if (!name_is(name, options[i].name))
            continue;
        if (options[i].has_value && (!vb_sig_skip(in, "=") || !take_quoted(in, &value)))
            return "an option's value must stand in double quotes";
        return options[i].set(line, value);
    }
    return "unknown option or key type";
}

static const char *parse_options(struct vb_sig_bytes *in, struct vb_trust_signer *line)
{
    do {
        const char *why = parse_option(in, line);
        if (why != NULL)
            return why;
    } while (vb_sig_skip(in, ","));
    if (in->len == 0 || (in->data[0] != ' ' && in->data[0] != '\t'))
        return "no key after the options";
    if (line->after != 0 && line->before != 0 && line->after >= line->before)
        return "valid-before is not after valid-after";
    return NULL;
}

/* --- the line --- */

static void skip_blanks(struct vb_sig_bytes *in)
{
    while (in->len > 0 && (in->data[0] == ' ' || in->data[0] == '\t')) {
        in->data++;
        in->len--;
    }
}

static struct vb_sig_bytes take_word(struct vb_sig_bytes *in)
{
    struct vb_sig_bytes word = {.data = in->data};

    while (word.len < in->len && in->data[word.len] != ' ' && in->data[word.len] != '\t')
        word.len++;
    in->data += word.len;
    in->len -= word.len;
    return word;
}

/* Every key type of OpenSSH begins with one of these and no option does. */
static bool is_key_type(struct vb_sig_bytes in)
{
    static const char *const prefixes[] = {"ssh-", "ecdsa-", "sk-", "rsa-", "webauthn-"};

    for (size_t i = 0; i < VB_ARRAY_LEN(prefixes); i++) {
        struct vb_sig_bytes rest = in;
        if (vb_sig_skip(&rest, prefixes[i]))
            return true;
    }
    return false;
}

static const char *parse_key(struct vb_sig_bytes *in, struct vb_trust_signer *line)
{
    const struct vb_sig_bytes type = take_word(in);
    struct vb_sig_bytes inner;

    skip_blanks(in);
    const struct vb_sig_bytes base64 = take_word(in);
    if (base64.len == 0)
        return "no key after its type";
    line->blob = malloc(BLOB_MAX);
    if (line->blob == NULL)
        return out_of_memory;
    if (!vb_sig_base64(base64, false, line->blob, BLOB_MAX, &line->blob_len))
        return "the key is not base64";
    struct vb_sig_bytes blob = {.data = line->blob, .len = line->blob_len};
    if (!vb_sig_get_string(&blob, &inner) || inner.len != type.len ||
        memcmp(inner.data, type.data, type.len) != 0)
        return "the key is not of the type that stands before it";
    /* All key types are a row of strings, so a key that lost its end in copying shows here. */
    do {
        if (!vb_sig_get_string(&blob, &inner))
            return "the key is cut off";
    } while (blob.len > 0);
    return NULL;
}

static const char *parse_line(struct vb_sig_bytes in, struct vb_trust_signer *line)
{
    struct vb_sig_bytes principals;

    if (in.data[0] == '"') {
        if (!take_quoted(&in, &principals))
            return "the quoted principals do not end";
        if (in.len > 0 && in.data[0] != ' ' && in.data[0] != '\t')
            return "no blank after the principals";
    } else {
        principals = take_word(&in);
    }
    if (principals.len == 0)
        return "no principals";
    line->principals = strndup((const char *)principals.data, principals.len);
    if (line->principals == NULL)
        return out_of_memory;
    skip_blanks(&in);
    if (!is_key_type(in)) {
        const char *why = parse_options(&in, line);
        if (why != NULL)
            return why;
        skip_blanks(&in);
    }
    return is_key_type(in) ? parse_key(&in, line) : "no key";
}

static int add_line(struct vb_trust *trust, const char *path, size_t number,
                    struct vb_sig_bytes line, struct vb_error *err)
{
    struct vb_trust_signer *grown =
        reallocarray(trust->signers, trust->signer_count + 1, sizeof(*grown));

    if (grown == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    trust->signers = grown;
    struct vb_trust_signer *signer = &grown[trust->signer_count++];
    *signer = (struct vb_trust_signer){.line = number};
    const char *why = parse_line(line, signer);
    if (why == NULL)
        return 0;
    if (why == out_of_memory)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for the trust store");
    return vb_fail(err, VB_E_CONFIG, 0,
                   "%s, line %zu: %s; the form is: PRINCIPALS [OPTIONS] KEYTYPE KEY", path, number,
                   why);
}

int vb_sig_trust_signers(struct vb_trust *trust, const char *path, struct vb_sig_bytes text,
                         struct vb_error *err)
{
    struct vb_sig_bytes line;
    int status = 0;

    for (size_t number = 1; status == 0 && vb_sig_get_line(&text, &line); number++) {
        skip_blanks(&line);
        if (line.len == 0 || line.data[0] == '#')
            continue;
        if (memchr(line.data, '\0', line.len) != NULL)
            return vb_fail(err, VB_E_CONFIG, 0, "%s, line %zu: a NUL byte", path, number);
        status = add_line(trust, path, number, line, err);
    }
    return status;
}
