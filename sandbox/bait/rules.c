/* rules: baits that a team adds. The files are the user's: trusted, but read strictly, so that a
 * slip is found where it stands and not in a run. docs/baits.md describes the format. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/bait/rows.h"
#include "sandbox/bait/stream.h"
#include "vetbox/core/yaml.h"

enum {
    ID_MAX_CHARS = 48,
    NAME_MAX_CHARS = 64,
    PATH_MAX_CHARS = 512,
    RANDOM_MIN = 12, /* characters of a secret that differ between runs: see needles.c */
    CONTENT_MAX = 60 * 1024
};

static const char checked_home[] = "/home/user";

struct file {
    struct vb_bait_rules *rules;
    const char *name;
};

static int refuse(const struct file *file, const struct vb_yaml_node *node, const char *why,
                  const char *what, struct vb_error *err)
{
    return vb_fail(err, VB_E_CONFIG, 0, "%s:%zu: %s%s%s", file->name, node->line, why,
                   what[0] == '\0' ? "" : " ", what);
}

static int no_memory(struct vb_error *err)
{
    return vb_fail(err, VB_E_NOMEM, errno, "reading the rules for baits");
}

/* --- the parts of a bait --- */

static int read_id(const struct file *file, const struct vb_yaml_node *node,
                   struct vb_bait_row *row, struct vb_error *err)
{
    const bool plain =
        node->len > 0 && node->len <= ID_MAX_CHARS &&
        node->text[strspn(node->text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
    if (!plain)
        return refuse(file, node, "an id has small letters, digits and '-', at most 48", "", err);
    if (vb_bait_rules_have(file->rules, node->text))
        return refuse(file, node, "there is already a bait called", node->text, err);
    for (size_t i = 0; i < vb_bait_row_count; i++) {
        if (strcmp(vb_bait_rows[i].id, node->text) != 0)
            continue;
        if (vb_bait_rows[i].place == VB_BAIT_WORLD)
            return refuse(file, node, "the network gives away the bait", node->text, err);
        if (vb_bait_rows[i].place == VB_BAIT_HANDED)
            return refuse(file, node, "instructions are filled with the bait", node->text, err);
    }
    if (strncmp(node->text, "machine-", 8) == 0)
        return refuse(file, node, "what tells the machine is called that", node->text, err);
    row->id = node->text;
    return VB_OK;
}

static int take_place(const struct file *file, const struct vb_yaml_node *node,
                      enum vb_bait_place place, struct vb_bait_row *row, struct vb_error *err)
{
    if (row->where != NULL)
        return refuse(file, node, "a bait is either a file or a variable", "", err);
    row->place = place;
    row->where = node->text;
    return VB_OK;
}

/* A box has its own /etc and the machine's programs, and nothing else that a bait could lie in. */
static int read_path(const struct file *file, const struct vb_yaml_node *node,
                     struct vb_bait_row *row, struct vb_error *err)
{
    static const char home[] = "~/";
    const char *below = node->text + 2;
    if (strncmp(node->text, home, 2) != 0)
        return refuse(file, node, "a file must lie in the home and begin with ~/, not", node->text,
                      err);
    if (node->len > PATH_MAX_CHARS || strchr(below, '%') != NULL || !vb_path_safe(below))
        return refuse(file, node, "this is no path below the home:", node->text, err);
    return take_place(file, node, VB_BAIT_FILE, row, err);
}

/* What programs need to work at all, or what a box says of itself. */
static bool is_reserved(const char *name)
{
    static const char *const names[] = {"HOME", "USER", "LOGNAME", "SHELL", "PATH",
                                        "PWD",  "LANG", "TERM",    "EDITOR"};
    static const char *const prefixes[] = {"LD_", "XDG_", "SSL_CERT_", "npm_config_"};
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(prefixes); i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return strstr(name, "CA_BUNDLE") != NULL || strstr(name, "_CAINFO") != NULL ||
           strcmp(name, "PIP_CERT") == 0 || strcmp(name, "NODE_EXTRA_CA_CERTS") == 0;
}

static int read_env(const struct file *file, const struct vb_yaml_node *node,
                    struct vb_bait_row *row, struct vb_error *err)
{
    static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    if (node->len == 0 || node->len > NAME_MAX_CHARS || strchr("0123456789", node->text[0]) ||
        node->text[strspn(node->text, usual)] != '\0')
        return refuse(file, node, "this is no name of a variable:", node->text, err);
    if (is_reserved(node->text))
        return refuse(file, node, "the box itself sets", node->text, err);
    return take_place(file, node, VB_BAIT_ENV, row, err);
}

static int read_mode(const struct file *file, const struct vb_yaml_node *node,
                     struct vb_bait_row *row, struct vb_error *err)
{
    char *end = NULL;
    const unsigned long mode = strtoul(node->text, &end, 8);
    if (node->len < 3 || node->len > 4 || *end != '\0' || node->text[0] == '-' ||
        node->text[0] == '+' || mode > 0777)
        return refuse(file, node, "mode must be octal digits such as 0600", "", err);
    row->mode = (uint32_t)mode;
    return VB_OK;
}

static int read_content(const struct file *file, const struct vb_yaml_node *node,
                        struct vb_bait_row *row, struct vb_error *err)
{
    if (row->content != NULL)
        return refuse(file, node, "a bait has one content or value", "", err);
    if (node->len == 0 || node->len > CONTENT_MAX)
        return refuse(file, node, "this is empty or longer than 60 KiB", "", err);
    row->content = node->text;
    return VB_OK;
}

static const struct {
    const char *key;
    int (*read)(const struct file *file, const struct vb_yaml_node *node, struct vb_bait_row *row,
                struct vb_error *err);
} parts[] = {{"id", read_id},     {"file", read_path},       {"env", read_env},
             {"mode", read_mode}, {"content", read_content}, {"value", read_content}};

static int read_personas(const struct file *file, const struct vb_yaml_node *list,
                         struct vb_bait_row *row, struct vb_error *err)
{
    if (list->kind != VB_YAML_LIST || list->count == 0)
        return refuse(file, list, "personas must be a list of developer and ci", "", err);
    row->personas = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct vb_yaml_node *item = list->items[i];
        enum vb_persona persona = VB_PERSONA_EMPTY;
        struct vb_error ignored;
        if (item->kind != VB_YAML_SCALAR || vb_persona_named(item->text, &persona, &ignored) < 0 ||
            persona == VB_PERSONA_EMPTY || persona == VB_PERSONA_SERVER)
            return refuse(file, item, "only developer and ci can have baits", "", err);
        row->personas |= 1U << persona;
    }
    return VB_OK;
}

static int read_part(const struct file *file, const struct vb_yaml_node *key,
                     const struct vb_yaml_node *value, struct vb_bait_row *row,
                     struct vb_error *err)
{
    if (strcmp(key->text, "personas") == 0)
        return read_personas(file, value, row, err);
    for (size_t i = 0; i < VB_ARRAY_LEN(parts); i++) {
        if (strcmp(parts[i].key, key->text) != 0)
            continue;
        if (value->kind != VB_YAML_SCALAR)
            return refuse(file, key, key->text, "must be a text", err);
        return parts[i].read(file, value, row, err);
    }
    return refuse(file, key, "a bait knows no", key->text, err);
}

/* --- what was read, tried --- */

/* Of two runs' secrets. */
static size_t differing(const char *one, const char *other)
{
    size_t count = 0;
    for (size_t i = 0; one[i] != '\0' && other[i] != '\0'; i++)
        count += one[i] != other[i];
    return count;
}

static int check_made(const struct file *file, const struct vb_yaml_node *node,
                      const struct vb_bait *one, const struct vb_bait *other, struct vb_error *err)
{
    if (one->secret != NULL && differing(one->secret, other->secret) < RANDOM_MIN)
        return refuse(file, node, "too little of the secret is random: at least 16 characters of",
                      one->id, err);
    if (one->place == VB_BAIT_ENV && (memchr(one->content, '\0', one->content_len) != NULL ||
                                      memchr(one->content, '\n', one->content_len) != NULL))
        return refuse(file, node, "a variable's value is one line of text", "", err);
    return VB_OK;
}

/* Fills it in twice, as two runs would. */
static int try_row(const struct file *file, const struct vb_yaml_node *node,
                   const struct vb_bait_row *row, struct vb_error *err)
{
    unsigned char seed[VB_SEED_BYTES] = {1};
    struct vb_bait one = {0}, other = {0};
    int status = vb_bait_make(&one, row, checked_home, seed, err);
    seed[0] = 2;
    if (status == VB_OK)
        status = vb_bait_make(&other, row, checked_home, seed, err);
    if (status == VB_E_SOFTWARE || status == VB_E_LIMIT) {
        if (err != NULL)
            err->status = VB_E_CONFIG;
        (void)vb_wrap(err, "%s:%zu", file->name, node->line);
        status = VB_E_CONFIG;
    } else if (status == VB_OK) {
        status = check_made(file, node, &one, &other, err);
    }
    vb_bait_done(&one);
    vb_bait_done(&other);
    return status;
}

/* Whether one is the other, or a folder on its way. */
static bool is_on_way(const char *left, const char *right)
{
    const size_t l = strlen(left), r = strlen(right), len = l < r ? l : r;
    return strncmp(left, right, len) == 0 && (l == r || (l < r ? right : left)[len] == '/');
}

static bool collides(const struct vb_bait_row *row, const struct vb_bait_row *other)
{
    if ((row->personas & other->personas) == 0 || strcmp(row->id, other->id) == 0)
        return false;
    if (row->place == VB_BAIT_ENV)
        return (other->place == VB_BAIT_ENV || other->place == VB_BAIT_PLAIN) &&
               strcmp(row->where, other->where) == 0;
    return other->place == VB_BAIT_FILE && is_on_way(row->where, other->where);
}

static int check_place(const struct file *file, const struct vb_yaml_node *node,
                       const struct vb_bait_row *row, struct vb_error *err)
{
    const struct vb_bait_rules *rules = file->rules;
    for (size_t i = 0; i < vb_bait_row_count + rules->count; i++) {
        const struct vb_bait_row *other =
            i < vb_bait_row_count ? &vb_bait_rows[i] : &rules->rows[i - vb_bait_row_count];
        if (collides(row, other))
            return refuse(file, node, "in its place is already the bait", other->id, err);
    }
    return VB_OK;
}

/* --- files --- */

/* "~/" as templates have it. On the heap, in place of the text that it was. */
static int expand_home(struct vb_bait_row *row, struct vb_error *err)
{
    char *path = NULL;
    if (row->place != VB_BAIT_FILE)
        return VB_OK;
    if (asprintf(&path, "%%{home}%s", row->where + 1) < 0)
        return no_memory(err);
    row->where = path;
    return VB_OK;
}

static int keep_row(struct vb_bait_rules *rules, const struct vb_bait_row *row,
                    struct vb_error *err)
{
    struct vb_bait_row *rows = realloc(rules->rows, (rules->count + 1) * sizeof(*rows));
    if (rows == NULL)
        return no_memory(err);
    rules->rows = rows;
    rows[rules->count++] = *row;
    return VB_OK;
}

/* Where the file does not say: as ours of that name, or wherever there are baits. */
static unsigned usual_personas(const char *id)
{
    for (size_t i = 0; i < vb_bait_row_count; i++) {
        if (strcmp(vb_bait_rows[i].id, id) == 0)
            return vb_bait_rows[i].personas;
    }
    return 1U << VB_PERSONA_DEVELOPER | 1U << VB_PERSONA_CI;
}

static int add_bait(const struct file *file, const struct vb_yaml_node *node, struct vb_error *err)
{
    struct vb_bait_row row = {.mode = 0600};
    if (node->kind != VB_YAML_MAP)
        return refuse(file, node, "a bait must be a map", "", err);
    if (file->rules->count == VB_BAIT_RULES_MAX)
        return refuse(file, node, "there are too many baits: at most 256", "", err);
    for (size_t i = 0; i < node->count; i++) {
        const int status = read_part(file, node->keys[i], node->items[i], &row, err);
        if (status < 0)
            return status;
    }
    if (row.id == NULL || row.where == NULL || row.content == NULL)
        return refuse(file, node, "a bait wants an id, a file or env, and a content or value", "",
                      err);
    row.personas = row.personas != 0 ? row.personas : usual_personas(row.id);
    int status = expand_home(&row, err);
    if (status < 0)
        return status;
    status = check_place(file, node, &row, err);
    if (status == VB_OK)
        status = try_row(file, node, &row, err);
    if (status == VB_OK)
        status = keep_row(file->rules, &row, err);
    if (status < 0 && row.place == VB_BAIT_FILE)
        free((void *)(uintptr_t)row.where);
    return status;
}

static int keep_file(struct vb_bait_rules *rules, struct vb_yaml *yaml, struct vb_error *err)
{
    struct vb_yaml **files =
        realloc(rules->files, (rules->file_count + 1) * sizeof(struct vb_yaml *));
    if (files == NULL) {
        vb_yaml_free(yaml);
        return no_memory(err);
    }
    rules->files = files;
    files[rules->file_count++] = yaml;
    return VB_OK;
}

static int load_file(void *ctx, const char *name, const char *text, size_t len,
                     struct vb_error *err)
{
    const struct file file = {ctx, name};
    struct vb_yaml *yaml = NULL;
    int status = vb_yaml_parse(name, text, len, NULL, &yaml, err);
    if (status == VB_E_DATA && err != NULL)
        err->status = VB_E_CONFIG;
    if (status < 0)
        return status == VB_E_DATA ? VB_E_CONFIG : status;
    status = keep_file(file.rules, yaml, err);
    if (status < 0)
        return status;
    const struct vb_yaml_node *root = vb_yaml_root(yaml);
    const struct vb_yaml_node *baits = vb_yaml_get(root, "baits");
    if (baits == NULL || root->count != 1 || baits->kind != VB_YAML_LIST)
        return refuse(&file, root, "the file must be a map of one list called baits", "", err);
    for (size_t i = 0; i < baits->count && status == VB_OK; i++)
        status = add_bait(&file, baits->items[i], err);
    return status;
}

int vb_bait_rules_load(const char *dir, struct vb_bait_rules **ret, struct vb_error *err)
{
    struct vb_bait_rules *rules = calloc(1, sizeof(*rules));
    if (rules == NULL)
        return no_memory(err);
    const int status = vb_yaml_folder(dir, load_file, rules, err);
    if (status < 0) {
        vb_bait_rules_free(rules);
        return status;
    }
    *ret = rules;
    return VB_OK;
}

void vb_bait_rules_free(struct vb_bait_rules *rules)
{
    if (rules == NULL)
        return;
    for (size_t i = 0; i < rules->count; i++) {
        if (rules->rows[i].place == VB_BAIT_FILE)
            free((void *)(uintptr_t)rules->rows[i].where);
    }
    for (size_t i = 0; i < rules->file_count; i++)
        vb_yaml_free(rules->files[i]);
    free(rules->rows);
    free(rules->files);
    free(rules);
}

bool vb_bait_rules_have(const struct vb_bait_rules *rules, const char *id)
{
    for (size_t i = 0; rules != NULL && i < rules->count; i++) {
        if (strcmp(rules->rows[i].id, id) == 0)
            return true;
    }
    return false;
}
