/* JSON of signature files. Trust boundary: the text is the package's; its size, depth and keys are
 * checked before anything is taken from it, and nothing is taken in a form that was not asked
 * for. */
#include "signatures/json.h"

#include "signatures/internal.h"

int vb_sig_json_parse(struct vb_sig_bytes text, size_t max, json_t **ret, char *why,
                      size_t why_size, struct vb_error *err)
{
    VB_CLEANUP(vb_json_free) json_t *json = NULL;
    struct vb_error parse_error = {0};

    const int status = vb_json_parse((const char *)text.data, text.len, max, &json, &parse_error);
    if (status == VB_E_DATA || status == VB_E_LIMIT) {
        const struct vb_sig_bytes message = {.data = (const unsigned char *)parse_error.message,
                                             .len = strlen(parse_error.message)};
        snprintf(why, why_size, "%.*s", vb_sig_cut(message, why_size - 1), parse_error.message);
        return 0;
    }
    if (status < 0) {
        if (err != NULL)
            *err = parse_error;
        return status;
    }
    if (!json_is_object(json)) {
        snprintf(why, why_size, "the JSON is no object");
        return 0;
    }
    *ret = vb_steal(json);
    return 0;
}

const json_t *vb_sig_json_object(const json_t *parent, const char *key)
{
    const json_t *member = json_object_get(parent, key);

    return json_is_object(member) ? member : NULL;
}

const json_t *vb_sig_json_array(const json_t *parent, const char *key, size_t max)
{
    const json_t *member = json_object_get(parent, key);

    return json_is_array(member) && json_array_size(member) <= max ? member : NULL;
}

bool vb_sig_json_has(const json_t *parent, const char *key)
{
    const json_t *member = json_object_get(parent, key);

    return member != NULL && !json_is_null(member);
}

bool vb_sig_json_text(const json_t *parent, const char *key, struct vb_sig_bytes *ret)
{
    const json_t *member = json_object_get(parent, key);

    if (!json_is_string(member))
        return false;
    const struct vb_sig_bytes text = {.data = (const unsigned char *)json_string_value(member),
                                      .len = json_string_length(member)};
    if (memchr(text.data, '\0', text.len) != NULL)
        return false;
    *ret = text;
    return true;
}

bool vb_sig_json_is(const json_t *parent, const char *key, const char *text)
{
    struct vb_sig_bytes member;

    return vb_sig_json_text(parent, key, &member) && vb_sig_equals(member, text);
}

bool vb_sig_json_base64(const json_t *parent, const char *key, unsigned char *ret, size_t max,
                        size_t *ret_len)
{
    struct vb_sig_bytes text;

    return vb_sig_json_text(parent, key, &text) && vb_sig_base64(text, false, ret, max, ret_len);
}

bool vb_sig_json_base64_exact(const json_t *parent, const char *key, unsigned char *ret, size_t len)
{
    size_t got;

    return vb_sig_json_base64(parent, key, ret, len, &got) && got == len;
}

bool vb_sig_unhex(struct vb_sig_bytes text, unsigned char *ret, size_t len)
{
    if (text.len != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        const unsigned high = vb_hex_digits[text.data[2 * i]];
        const unsigned low = vb_hex_digits[text.data[2 * i + 1]];
        if (high == 0 || low == 0)
            return false;
        ret[i] = (unsigned char)((high - 1) << 4 | (low - 1));
    }
    return true;
}

bool vb_sig_json_hex_exact(const json_t *parent, const char *key, unsigned char *ret, size_t len)
{
    struct vb_sig_bytes text;

    return vb_sig_json_text(parent, key, &text) && vb_sig_unhex(text, ret, len);
}

int vb_sig_base64_append(struct vb_sig_bytes text, struct vb_buf *ret, bool *ret_good,
                         struct vb_error *err)
{
    const size_t max = text.len / 4 * 3;
    size_t len = 0;

    *ret_good = false;
    if (max > ret->max - ret->len)
        return 0;
    const int status = vb_buf_reserve(ret, max, err);
    if (status < 0)
        return status;
    *ret_good = vb_sig_base64(text, false, ret->data + ret->len, max, &len);
    if (*ret_good)
        ret->len += len;
    ret->data[ret->len] = '\0';
    return 0;
}

int vb_sig_json_decode(const json_t *parent, const char *key, struct vb_buf *ret, bool *ret_good,
                       struct vb_error *err)
{
    struct vb_sig_bytes text;

    *ret_good = false;
    if (!vb_sig_json_text(parent, key, &text))
        return 0;
    return vb_sig_base64_append(text, ret, ret_good, err);
}

/* Decimal digits as a number's shortest form. */
static bool parse_int(struct vb_sig_bytes text, int64_t *ret)
{
    const bool negative = vb_sig_skip(&text, "-");
    int64_t value = 0;

    if (text.len == 0 || (text.data[0] == '0' && (text.len > 1 || negative)))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const int digit = text.data[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *ret = negative ? value : -value;
    return true;
}

bool vb_sig_json_int(const json_t *parent, const char *key, int64_t *ret)
{
    const json_t *member = json_object_get(parent, key);
    struct vb_sig_bytes text;

    if (json_is_integer(member)) {
        *ret = json_integer_value(member);
        return true;
    }
    return vb_sig_json_text(parent, key, &text) && parse_int(text, ret);
}

bool vb_sig_json_bool(const json_t *parent, const char *key, bool *ret)
{
    const json_t *member = json_object_get(parent, key);

    if (!json_is_boolean(member))
        return false;
    *ret = json_is_true(member);
    return true;
}
