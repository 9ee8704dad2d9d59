/* Where in a manifest something stands: the key path of a text that was taken out of it, such as
 * metadata.openclaw.requires.bins[0]. Parsed manifests are kept while they are looked at, so that a
 * text is found by its address, and never mistaken for an equal one elsewhere. */
#include "identify/internal.h"

#include <ctype.h>

enum {
    DEPTH_MAX = 64,
    NODES_MAX = 4 * 1024 * 1024 /* that are looked at in all */
};

struct finder {
    struct vb_id *id;
    const char *text;
    char *key; /* VB_ID_KEY_MAX */
    size_t len;
};

static bool append(struct finder *f, const char *format, const char *text, size_t index)
{
    const size_t room = VB_ID_KEY_MAX - f->len;
    const int n = text != NULL ? snprintf(f->key + f->len, room, format, text)
                               : snprintf(f->key + f->len, room, "[%zu]", index);
    if (n < 0 || (size_t)n >= room)
        return false;
    f->len += (size_t)n;
    return true;
}

static bool is_plain(const char *key)
{
    for (; *key != '\0'; key++) {
        if (!isalnum((unsigned char)*key) && *key != '_' && *key != '-')
            return false;
    }
    return true;
}

static bool append_key(struct finder *f, const char *key)
{
    if (!is_plain(key))
        return append(f, "[\"%s\"]", key, 0);
    return append(f, f->len > 0 ? ".%s" : "%s", key, 0);
}

static bool find_below(struct finder *f, const json_t *value, unsigned depth)
{
    const size_t len = f->len;
    const char *key;
    json_t *item;
    if (json_is_string(value))
        return json_string_value(value) == f->text;
    if (depth == DEPTH_MAX || f->id->key_nodes > NODES_MAX)
        return false;
    f->id->key_nodes += json_array_size(value) + json_object_size(value);
    for (size_t i = 0; i < json_array_size(value); i++, f->len = len) {
        if (append(f, NULL, NULL, i) && find_below(f, json_array_get(value, i), depth + 1))
            return true;
    }
    if (!json_is_object(value))
        return false;
    json_object_foreach((json_t *)value, key, item)
    {
        if (append_key(f, key) && (key == f->text || find_below(f, item, depth + 1)))
            return true;
        f->len = len;
    }
    return false;
}

static bool find_in(struct finder *f, const char *prefix, const json_t *value)
{
    f->len = 0;
    return value != NULL && (prefix[0] == '\0' || append_key(f, prefix)) && find_below(f, value, 0);
}

bool vb_id_key_of(struct vb_id *id, const char *path, const char *text, char ret[VB_ID_KEY_MAX])
{
    struct finder finder = {.id = id, .text = text, .key = ret};
    const struct vb_id_front *const front = id->front;
    bool found = false;
    if (front != NULL)
        found = find_in(&finder, "", front->fields) || find_in(&finder, "metadata", front->meta) ||
                find_in(&finder, "", front->lines) ||
                find_in(&finder, "metadata", front->lines_meta);
    for (size_t i = 0; !found && i < id->doc_count; i++)
        found = strcmp(id->docs[i].path, path) == 0 && find_in(&finder, "", id->docs[i].json);
    return found;
}
