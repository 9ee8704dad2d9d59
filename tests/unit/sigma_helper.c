/* Events for Sigma rules out of JSON. */
#include "sigma_helper.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct filling {
    const struct vb_sigma *sigma;
    struct vb_sigma_value values[SIGMA_EVENT_VALUES];
    struct vb_sigma_value items[SIGMA_EVENT_VALUES];
    char names[SIGMA_EVENT_VALUES][128];
    size_t count, item_count;
};

static struct vb_sigma_value value_of(json_t *json)
{
    struct vb_sigma_value value = {.type = VB_SIGMA_NULL};
    if (json_is_string(json)) {
        value.type = VB_SIGMA_TEXT;
        value.text = json_string_value(json);
        value.len = json_string_length(json);
    } else if (json_is_integer(json)) {
        value.type = VB_SIGMA_INT;
        value.number = json_integer_value(json);
    } else if (json_is_real(json)) {
        value.type = VB_SIGMA_REAL;
        value.real = json_real_value(json);
    } else if (json_is_boolean(json)) {
        value.type = VB_SIGMA_BOOL;
        value.number = json_is_true(json);
    } else if (json_is_object(json)) {
        value.type = VB_SIGMA_MAP;
    }
    return value;
}

static void fill_list(struct filling *filling, json_t *json, struct vb_sigma_value *value)
{
    value->type = VB_SIGMA_LIST;
    value->items = &filling->items[filling->item_count];
    value->count = json_array_size(json);
    assert_true(filling->item_count + value->count <= SIGMA_EVENT_VALUES);
    for (size_t i = 0; i < value->count; i++)
        filling->items[filling->item_count++] = value_of(json_array_get(json, i));
}

/* A name that begins with '!' is a value that was cut, one with '~' one that keywords do not see.
 */
static void fill(struct filling *filling, const char *prefix, json_t *fields)
{
    const char *key = NULL;
    json_t *json = NULL;
    json_object_foreach(fields, key, json)
    {
        char path[128];
        const bool cut = *key == '!', silent = *key == '~';
        assert_true(snprintf(path, sizeof(path), "%s%s", prefix, key + (cut || silent)) <
                    (int)sizeof(path));
        assert_true(filling->count < SIGMA_EVENT_VALUES);
        struct vb_sigma_value value = value_of(json);
        if (json_is_array(json))
            fill_list(filling, json, &value);
        value.field = vb_sigma_field(filling->sigma, path);
        value.cut = cut;
        value.silent = silent;
        filling->values[filling->count++] = value;
        if (!json_is_object(json))
            continue;
        char below[130];
        (void)snprintf(below, sizeof(below), "%s.", path);
        fill(filling, below, json);
    }
}

size_t sigma_hits(const struct vb_sigma *sigma, struct vb_sigma_matcher *matcher,
                  const struct sigma_event *event, uint64_t time_ns, uint64_t seq,
                  const struct vb_sigma_hit **ret)
{
    static struct filling filling;
    struct vb_error err = {0};
    struct vb_sigma_view views[SIGMA_EVENT_SOURCES];
    size_t count = 0;
    filling.sigma = sigma;
    filling.count = filling.item_count = 0;
    fill(&filling, "", event->fields);
    for (size_t i = 0; i < event->source_count; i++) {
        views[i] = (struct vb_sigma_view){.values = filling.values, .count = filling.count};
        assert_int_equal(
            vb_sigma_matcher_source(matcher, &event->sources[i], &views[i].source, &err), VB_OK);
    }
    const struct vb_sigma_event given = {time_ns, seq, views, event->source_count};
    assert_int_equal(vb_sigma_match(matcher, &given, ret, &count, &err), VB_OK);
    return count;
}

const char *sigma_vectors(void)
{
    static char path[512];
    const char *root = getenv("VETBOX_VECTORS");
    if (root == NULL)
        return NULL;
    (void)snprintf(path, sizeof(path), "%s/sigma", root);
    return access(path, R_OK) == 0 ? path : NULL;
}

void sigma_read(const char *path, struct vb_buf *buf)
{
    struct vb_error err = {0};
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    vb_buf_init(buf, (size_t)16 << 20);
    assert_int_equal(vb_buf_read_fd(buf, fd, &err), VB_OK);
}
