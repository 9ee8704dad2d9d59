/* vet --plan-only: the plan, for people and for machines (docs/schema/plan.schema.json). Commands
 * are the package's: what a person reads is escaped. */
#include "cli/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 64 << 20, COLUMN = 4 };

static void plan_cleanup(struct vb_plan **plan)
{
    vb_plan_free(*plan);
}

int vb_session_plan(struct vb_session *session, struct vb_sink *sink, struct vb_plan **ret,
                    struct vb_error *err)
{
    const struct vb_plan_input input = {.manifest = &session->manifest,
                                        .tree = session->tree,
                                        .rootfs = session->options->value[VB_OPT_ROOTFS]};
    return vb_plan_make(&input, sink, ret, err);
}

/* --- what is left out --- */

enum { LEFT_MAX = 4096 };

struct left_out {
    char *what, *reason, *path;
    int64_t line, count;
};

struct collector {
    struct vb_sink sink;
    struct left_out *rows; /* LEFT_MAX */
    size_t count;
};

static char *text_of(const struct vb_event *event, enum vb_field field)
{
    const struct vb_str text = vb_event_get_str(event, field);
    return text.text == NULL ? NULL : strndup(text.text, text.len);
}

static int collect(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct collector *collector = (struct collector *)(void *)base;
    if (collector->count == LEFT_MAX)
        return vb_fail(err, VB_E_LIMIT, 0, "too much is left out of the plan");
    struct left_out *row = &collector->rows[collector->count++];
    row->what = text_of(event, VB_F_WHAT);
    row->reason = text_of(event, VB_F_REASON);
    row->path = text_of(event, VB_F_PATH);
    row->line = vb_event_get_int(event, VB_F_LINE, 0);
    row->count = vb_event_get_int(event, VB_F_COUNT, 0);
    return row->what == NULL || row->reason == NULL
               ? vb_fail(err, VB_E_NOMEM, errno, "planning the detonations")
               : VB_OK;
}

static void collector_done(struct collector *collector)
{
    for (size_t i = 0; i < collector->count; i++) {
        free(collector->rows[i].what);
        free(collector->rows[i].reason);
        free(collector->rows[i].path);
    }
    free(collector->rows);
}

/* --- for machines --- */

static void write_list(struct vb_json_out *out, const char *key, char *const *list)
{
    vb_json_key(out, key);
    vb_json_begin_array(out);
    for (; list != NULL && *list != NULL; list++)
        vb_json_str(out, *list + (**list == '?')); /* where nothing else sets it */
    vb_json_end_array(out);
}

static void write_place(struct vb_json_out *out, const char *path, int64_t line)
{
    vb_json_member_str(out, "path", path);
    if (line > 0)
        vb_json_member_int(out, "line", line);
}

static void write_row(struct vb_json_out *out, const struct vb_detonation *row, unsigned budget_ms)
{
    vb_json_begin_object(out);
    vb_json_member_int(out, "id", row->id);
    vb_json_member_str(out, "reason", row->reason);
    vb_json_member_str(out, "when", row->when);
    write_place(out, row->path, row->line);
    vb_json_member_str(out, "interpreter", row->interpreter);
    write_list(out, "command", row->argv);
    vb_json_member_str(out, "folder", row->cwd == NULL ? "." : row->cwd);
    write_list(out, "environment", row->env);
    vb_json_member_str(out, "input", row->input);
    vb_json_member_str(out, "client", row->client);
    if (row->repeats > 0)
        vb_json_member_int(out, "repeats", row->repeats);
    if (row->days_ahead > 0)
        vb_json_member_int(out, "days_ahead", row->days_ahead);
    vb_json_member_int(out, "budget_ms", budget_ms);
    vb_json_end_object(out);
}

static int write_json(const struct vb_session *session, const struct vb_plan *plan,
                      const struct collector *left, int fd, struct vb_error *err)
{
    struct vb_json_out out;
    const unsigned all_ms = vb_session_left_ms(session);
    vb_json_out_fd(&out, &fd, true, err);
    vb_json_begin_object(&out);
    vb_json_member_str(&out, "format", "vetbox-plan/1");
    vb_json_member_str(&out, "reference", session->reference);
    vb_json_key(&out, "plan");
    vb_json_begin_array(&out);
    for (size_t i = 0; i < plan->count; i++)
        write_row(&out, &plan->rows[i], vb_plan_share_ms(plan, i, all_ms));
    vb_json_end_array(&out);
    vb_json_key(&out, "left_out");
    vb_json_begin_array(&out);
    for (size_t i = 0; i < left->count; i++) {
        const struct left_out *row = &left->rows[i];
        vb_json_begin_object(&out);
        vb_json_member_str(&out, "what", row->what);
        vb_json_member_str(&out, "reason", row->reason);
        write_place(&out, row->path, row->line);
        if (row->count > 0)
            vb_json_member_int(&out, "count", row->count);
        vb_json_end_object(&out);
    }
    vb_json_end_array(&out);
    vb_json_end_object(&out);
    const int status = vb_json_finish(&out);
    return status < 0 ? status : vb_write_all(fd, "\n", 1, err);
}

/* --- for people --- */

/* Errors stick to STATUS. */
struct page {
    struct vb_buf buf;
    int status;
    struct vb_error *err;
};

static void put(struct page *page, const char *text)
{
    if (page->status == VB_OK)
        page->status = vb_buf_append_str(&page->buf, text, page->err);
}

static void put_number(struct page *page, const char *format, unsigned long number)
{
    char text[64];
    snprintf(text, sizeof(text), format, number);
    put(page, text);
}

/* Of the package, in one line, or each line of it behind INDENT. */
static void put_safe(struct page *page, const char *text, bool lines, const char *indent)
{
    for (const char *at = text; page->status == VB_OK; at++) {
        const size_t len = lines ? strcspn(at, "\n") : strlen(at);
        put(page, indent);
        if (page->status == VB_OK)
            page->status = vb_text_escape(&page->buf, at, len, false, page->err);
        at += len;
        if (*at == '\0' || at[1] == '\0')
            break;
        put(page, "\n");
    }
}

static void put_place(struct page *page, const char *path, int64_t line)
{
    if (path == NULL)
        return;
    put_safe(page, path, false, "  ");
    if (line > 0)
        put_number(page, ":%lu", (unsigned long)line);
}

static void put_row(struct page *page, const struct vb_detonation *row, unsigned budget_ms)
{
    put_number(page, "%3lu ", row->id);
    put_safe(page, row->reason, false, "");
    put(page, ", ");
    put(page, row->when);
    put_place(page, row->path, row->line);
    put_number(page, "  (up to %lu s)\n", (budget_ms + 500UL) / 1000);
    if (row->text != NULL) {
        put(page, "      ");
        put(page, row->interpreter == NULL ? "" : row->interpreter);
        put(page, ":\n");
        put_safe(page, row->text, true, "        ");
    } else {
        put(page, "     ");
        for (char **item = row->argv; *item != NULL; item++)
            put_safe(page, *item, false, " ");
    }
    put(page, "\n");
    if (row->cwd != NULL) {
        put_safe(page, row->cwd, false, "      in ");
        put(page, "\n");
    }
    for (char **pair = row->env; pair != NULL && *pair != NULL; pair++) {
        put_safe(page, *pair + (**pair == '?'), false, "      with ");
        put(page, "\n");
    }
    if (row->client != NULL) {
        put_safe(page, row->client, false, "      an MCP client talks with it: ");
        if (row->days_ahead > 0)
            put_number(page, ", %lu days ahead", row->days_ahead);
        put(page, "\n");
    }
    if (row->input != NULL) {
        put(page, "      reads:\n");
        put_safe(page, row->input, true, "        ");
        put(page, "\n");
    }
}

static void put_left_out(struct page *page, const struct left_out *row)
{
    put_safe(page, row->what, false, "    ");
    put_place(page, row->path, row->line);
    if (row->count > 0)
        put_number(page, ": %lu", (unsigned long)row->count);
    put_safe(page, row->reason, false, ": ");
    put(page, "\n");
}

static int write_text(const struct vb_session *session, const struct vb_plan *plan,
                      const struct collector *left, int fd, struct vb_error *err)
{
    struct page page = {.err = err};
    const unsigned all_ms = vb_session_left_ms(session);
    vb_buf_init(&page.buf, TEXT_MAX);
    put_safe(&page, session->reference, false, "");
    put_number(&page, plan->count == 1 ? ": %lu thing to run\n" : ": %lu things to run\n",
               plan->count);
    for (size_t i = 0; i < plan->count; i++)
        put_row(&page, &plan->rows[i], vb_plan_share_ms(plan, i, all_ms));
    if (left->count > 0)
        put(&page, "left out:\n");
    for (size_t i = 0; i < left->count; i++)
        put_left_out(&page, &left->rows[i]);
    if (page.status == VB_OK)
        page.status = vb_write_all(fd, page.buf.data, page.buf.len, err);
    vb_buf_done(&page.buf);
    return page.status;
}

/* --- both --- */

static int write_to(const struct vb_session *session, const struct vb_plan *plan,
                    const struct collector *left, int fd, struct vb_error *err)
{
    const char *format = session->options->value[VB_OPT_FORMAT];
    const bool json = format != NULL && strcmp(format, "json") == 0;
    return json ? write_json(session, plan, left, fd, err)
                : write_text(session, plan, left, fd, err);
}

int vb_session_print_plan(struct vb_session *session, struct vb_error *err)
{
    VB_CLEANUP(plan_cleanup) struct vb_plan *plan = NULL;
    VB_CLEANUP(collector_done)
    struct collector left = {.sink = {.emit = collect},
                             .rows = calloc(LEFT_MAX, sizeof(*left.rows))};
    const struct vb_options *options = session->options;
    const char *path = options->value[VB_OPT_OUTPUT];
    if (left.rows == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "planning the detonations");
    int status = vb_session_plan(session, &left.sink, &plan, err);
    if (status < 0 || (path == NULL && vb_option_given(options, VB_OPT_QUIET)))
        return status;
    if (path == NULL)
        return write_to(session, plan, &left, STDOUT_FILENO, err);
    VB_CLEANUP_FD int fd =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (options->several ? O_APPEND : O_TRUNC), 0644);
    if (fd < 0)
        return vb_fail(err, VB_E_CANTCREAT, errno, "cannot write %s", path);
    return write_to(session, plan, &left, fd, err);
}
