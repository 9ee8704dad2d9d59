#include "identify_helper.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "vetbox/core.h"

enum { LISTING_MAX = 64 * 1024 * 1024 };

/* The fields of a line that stand without their names, in this order. */
static const enum vb_field bare[] = {VB_F_KIND_OF, VB_F_CODE,   VB_F_FORM,
                                     VB_F_WHAT,    VB_F_REASON, VB_F_VALUE};

static bool is_bare(uint8_t field)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(bare); i++) {
        if (bare[i] == field)
            return true;
    }
    return field == VB_F_PATH || field == VB_F_LINE || field == VB_F_STAGE;
}

static void add(struct listing *listing, const char *text, size_t len)
{
    struct vb_error err = {0};
    if (vb_buf_append(&listing->text, text, len, &err) < 0)
        fail_msg("%s", err.message);
}

static void add_value(struct listing *listing, struct vb_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        const char c = value.text[i];
        if (c == '\n')
            add(listing, "\\n", 2);
        else
            add(listing, &c, 1);
    }
}

static int emit(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct listing *listing = (struct listing *)sink;
    char number[32];
    if (vb_event_check(event, err) < 0)
        fail_msg("a wrong event: %s", err->message);
    if (++listing->events == listing->fail_at)
        return vb_fail(err, VB_E_IO, 0, "the sink is full");
    const char *name = vb_event_type(event->kind)->name;
    const char *dot = strchr(name, '.');
    add(listing, dot == NULL ? name : dot + 1, strlen(dot == NULL ? name : dot + 1));
    for (size_t i = 0; i < VB_ARRAY_LEN(bare); i++) {
        const struct vb_str value = vb_event_get_str(event, bare[i]);
        if (vb_event_get(event, bare[i]) == NULL)
            continue;
        add(listing, " ", 1);
        add_value(listing, value);
    }
    add(listing, " @", 2);
    add_value(listing, vb_event_get_str(event, VB_F_PATH));
    if (vb_event_get(event, VB_F_LINE) != NULL) {
        snprintf(number, sizeof(number), ":%lld", (long long)vb_event_get_int(event, VB_F_LINE, 0));
        add(listing, number, strlen(number));
    }
    for (size_t i = 0; i < event->value_count; i++) {
        const struct vb_value *value = &event->values[i];
        if (is_bare(value->field) ||
            (value->field == VB_F_KEY && !listing->keys && event->kind == VB_EV_MANIFEST_DECLARES))
            continue;
        add(listing, " | ", 3);
        add(listing, vb_field_name(value->field), strlen(vb_field_name(value->field)));
        add(listing, "=", 1);
        if (value->type == VB_T_STR) {
            add_value(listing, value->str);
        } else if (value->type == VB_T_LIST) {
            for (size_t j = 0; j < value->list.count; j++) {
                add(listing, " ", j > 0 ? 1 : 0);
                add_value(listing, value->list.items[j]);
            }
        } else {
            snprintf(number, sizeof(number), "%lld", (long long)value->number);
            add(listing, number, strlen(number));
        }
    }
    add(listing, "\n", 1);
    return VB_OK;
}

void listing_init(struct listing *listing)
{
    *listing = (struct listing){.sink = {emit}};
    vb_buf_init(&listing->text, LISTING_MAX);
}

void listing_done(struct listing *listing)
{
    vb_buf_done(&listing->text);
}

const char *listing_text(const struct listing *listing)
{
    return listing->text.len == 0 ? "" : (const char *)listing->text.data;
}

int identify_folder(const char *path, const struct vb_identify_limits *limits,
                    struct listing *listing, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("cannot open %s", path);
    return vb_identify(fd, "sample", limits, &listing->sink, err);
}

void write_made(const char *folder, const char *path, const void *text, size_t len)
{
    struct vb_error err = {0};
    VB_CLEANUP_FD int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(root >= 0);
    assert_int_equal(vb_mkdir_parents(root, path), 0);
    VB_CLEANUP_FD int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        fail_msg("cannot write %s", path);
    assert_int_equal(vb_write_all(fd, text, len, &err), 0);
}

char *make_tree(const struct made_file *files, size_t count)
{
    char *folder = strdup("/tmp/vetbox-identify-XXXXXX");
    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < count; i++)
        write_made(folder, files[i].path, files[i].text, strlen(files[i].text));
    return folder;
}

static int remove_one(const char *path, VB_UNUSED const struct stat *status, VB_UNUSED int type,
                      VB_UNUSED struct FTW *walk)
{
    return remove(path);
}

void remove_tree(char *folder)
{
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

void identify_skill(const char *text, size_t len, struct listing *listing)
{
    struct vb_error err = {0};
    char *folder = make_tree(NULL, 0);
    write_made(folder, "SKILL.md", text, len);
    const int status = identify_folder(folder, NULL, listing, &err);
    remove_tree(folder);
    if (status < 0)
        fail_msg("vb_identify failed: %s", err.message);
}

void assert_line(const char *text, const char *line)
{
    const size_t len = strlen(line);
    for (const char *at = text; (at = strstr(at, line)) != NULL; at += len) {
        if ((at == text || at[-1] == '\n') && at[len] == '\n')
            return;
    }
    fail_msg("no line\n  %s\nin\n%s", line, text);
}

void assert_no_text(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" stands in\n%s", part, text);
}
