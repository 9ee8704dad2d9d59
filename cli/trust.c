/* vetbox trust: whom the user trusts. The folder's own rules are in signatures/store.c. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/listen.h"
#include "cli/places.h"
#include "vetbox/core/json.h"
#include "vetbox/report.h"
#include "vetbox/signatures.h"

enum { KEY_FILE_MAX = 1024 * 1024, DAY_S = 86400, SOON_DAYS = 30 };

/* What is on the way to its end, from best to worst. */
enum state { STATE_GOOD, STATE_SOON, STATE_OLD, STATE_NOT_YET, STATE_OVER, STATE_BROKEN };

static const char *const state_names[] = {[STATE_GOOD] = "good",
                                          [STATE_SOON] = "ends soon",
                                          [STATE_OLD] = "old: a newer vetbox has a newer one",
                                          [STATE_NOT_YET] = "not valid yet",
                                          [STATE_OVER] = "over",
                                          [STATE_BROKEN] = "broken"};

struct show {
    const struct vb_options *options;
    bool as_json;
    struct vb_json_out json;
    int64_t now;
    bool check; /* only what is not good */
    size_t all;
    enum state worst;
};

static enum state state_of(const struct vb_trust_entry *entry, int64_t now)
{
    if (entry->problem != NULL)
        return STATE_BROKEN;
    if (entry->until != 0 && now >= entry->until)
        return STATE_OVER;
    if (entry->from != 0 && now < entry->from)
        return STATE_NOT_YET;
    if (entry->shipped && vb_trust_root_is_old(entry->changed, now))
        return STATE_OLD;
    return entry->until != 0 && now >= entry->until - (int64_t)SOON_DAYS * DAY_S ? STATE_SOON
                                                                                 : STATE_GOOD;
}

static void date_of(int64_t when, char ret[16])
{
    struct tm tm;
    const time_t seconds = (time_t)when;

    if (when == 0 || gmtime_r(&seconds, &tm) == NULL || strftime(ret, 16, "%Y-%m-%d", &tm) == 0)
        snprintf(ret, 16, "-");
}

static void escaped(const char *text)
{
    vb_print_escaped(stdout, (struct vb_str){.text = text, .len = strlen(text)});
}

static void print_text(const struct vb_trust_entry *entry, enum state state, int64_t now)
{
    char from[16], until[16], changed[16];

    date_of(entry->changed, changed);
    date_of(entry->from, from);
    date_of(entry->until, until);
    printf("%-16s  ", entry->kind);
    escaped(entry->name);
    if (entry->id[0] != '\0')
        printf("  %s", entry->id);
    if (entry->from != 0 || entry->until != 0)
        printf("  %s to %s", from, until);
    fputs("  ", stdout);
    escaped(entry->file);
    if (entry->line != 0)
        printf(":%zu", entry->line);
    if (entry->shipped)
        printf(" with vetbox, the newest on %s", changed);
    printf("  %lld days old", (long long)((now - entry->changed) / DAY_S));
    if (entry->detail[0] != '\0') {
        fputs("  ", stdout);
        escaped(entry->detail);
    }
    if (state != STATE_GOOD)
        printf("  %s", state_names[state]);
    if (entry->problem != NULL) {
        fputs(": ", stdout);
        escaped(entry->problem);
    }
    fputc('\n', stdout);
}

static void date_member(struct vb_json_out *out, const char *key, int64_t when)
{
    char date[16];

    date_of(when, date);
    if (when != 0)
        vb_json_member_str(out, key, date);
}

static void print_json(struct vb_json_out *out, const struct vb_trust_entry *entry,
                       enum state state, int64_t now)
{
    vb_json_begin_object(out);
    vb_json_member_str(out, "kind", entry->kind);
    vb_json_member_str(out, "name", entry->name);
    if (entry->id[0] != '\0')
        vb_json_member_str(out, "id", entry->id);
    vb_json_member_str(out, "file", entry->file);
    if (entry->line != 0)
        vb_json_member_int(out, "line", (int64_t)entry->line);
    date_member(out, "from", entry->from);
    date_member(out, "until", entry->until);
    date_member(out, "changed", entry->changed);
    vb_json_member_int(out, "age_days", (now - entry->changed) / DAY_S);
    if (entry->shipped)
        vb_json_member_bool(out, "shipped", true);
    if (entry->detail[0] != '\0')
        vb_json_member_str(out, "detail", entry->detail);
    vb_json_member_str(out, "state", state_names[state]);
    vb_json_member_str(out, "problem", entry->problem);
    vb_json_end_object(out);
}

static int show_entry(void *ctx, const struct vb_trust_entry *entry, struct vb_error *err)
{
    struct show *show = ctx;
    const enum state state = state_of(entry, show->now);

    (void)err;
    show->all += entry->shipped ? 0 : 1;
    if (state > show->worst)
        show->worst = state;
    if (show->check && state == STATE_GOOD)
        return VB_OK;
    if (show->as_json)
        print_json(&show->json, entry, state, show->now);
    else if (!vb_option_given(show->options, VB_OPT_QUIET))
        print_text(entry, state, show->now);
    return VB_OK;
}

static int show_all(struct show *show, const char *dir, struct vb_error *err)
{
    const char *format = show->options->value[VB_OPT_FORMAT];
    int out = STDOUT_FILENO;
    int status;

    if (format != NULL && strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return vb_fail(err, VB_E_USAGE, 0, "--format %s: text and json are known", format);
    show->as_json = format != NULL && strcmp(format, "json") == 0;
    if (show->as_json) {
        vb_json_out_fd(&show->json, &out, true, err);
        vb_json_begin_array(&show->json);
    }
    status = vb_trust_list(dir, show_entry, show, err);
    if (show->as_json) {
        vb_json_end_array(&show->json);
        const int written = vb_json_finish(&show->json);
        status = status < 0 ? status : written;
    }
    return status;
}

static int list(const struct vb_options *options, const char *dir, bool check, struct vb_error *err)
{
    static const int statuses[] = {[STATE_GOOD] = 0,
                                   [STATE_SOON] = VB_EXIT_REVIEW,
                                   [STATE_OLD] = VB_EXIT_REVIEW,
                                   [STATE_NOT_YET] = VB_EXIT_REVIEW,
                                   [STATE_OVER] = VB_EXIT_BLOCK,
                                   [STATE_BROKEN] = VB_EXIT_BLOCK};
    struct show show = {.options = options, .now = (int64_t)time(NULL), .check = check};
    const int status = show_all(&show, dir, err);

    if (status < 0)
        return status;
    if (!show.as_json && !vb_option_given(options, VB_OPT_QUIET) &&
        (show.all == 0 || (check && show.worst == STATE_GOOD)))
        printf("%zu %s in %s\n", show.all, show.all == 1 ? "entry" : "entries",
               dir != NULL ? dir : "no trust folder: vetbox trust add makes one");
    return check ? statuses[show.worst] : 0;
}

static int add(const struct vb_options *options, const char *dir, const char *path,
               struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data;
    struct vb_trust_new what = {.path = path,
                                .name = options->value[VB_OPT_NAME],
                                .principal = options->value[VB_OPT_PRINCIPAL]};
    char file[256];

    vb_buf_init(&data, KEY_FILE_MAX);
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return vb_fail(err, VB_E_NOINPUT, errno, "cannot open %s", path);
    int status = vb_buf_read_fd(&data, fd, err);
    if (status < 0)
        return vb_wrap(err, "%s", path);
    what.data = data.data != NULL ? (const char *)data.data : "";
    what.len = data.len;
    status = vb_trust_add(dir, &what, file, err);
    if (status == VB_OK && !vb_option_given(options, VB_OPT_QUIET))
        printf("added to %s/%s\n", dir, file);
    return status;
}

static int forget(const struct vb_options *options, const char *dir, const char *name,
                  struct vb_error *err)
{
    char file[256];
    const int status = vb_trust_remove(dir, name, file, err);

    if (status == VB_OK && !vb_option_given(options, VB_OPT_QUIET)) {
        printf("removed from %s/", dir);
        escaped(file);
        fputc('\n', stdout);
    }
    return status;
}

int vb_command_trust(const struct vb_options *options, struct vb_error *err)
{
    VB_CLEANUP_FREE char *dir = NULL;
    const char *action = options->operand_count > 0 ? options->operands[0] : "";
    const bool lists = strcmp(action, "list") == 0 || strcmp(action, "check") == 0;
    const bool adds = strcmp(action, "add") == 0;
    const bool given =
        vb_option_given(options, VB_OPT_NAME) || vb_option_given(options, VB_OPT_PRINCIPAL);

    if ((!lists && !adds && strcmp(action, "remove") != 0) ||
        options->operand_count != (lists ? 1 : 2))
        return vb_fail(err, VB_E_USAGE, 0,
                       "vetbox trust list, trust check, trust add FILE, or trust remove NAME");
    if (given && !adds)
        return vb_fail(err, VB_E_USAGE, 0, "--name and --principal are for vetbox trust add");
    if (vb_option_given(options, VB_OPT_NAME) && vb_option_given(options, VB_OPT_PRINCIPAL))
        return vb_fail(err, VB_E_USAGE, 0,
                       "--name or --principal: an OpenSSH key is called by its principal");
    const char *where = options->value[VB_OPT_TRUST];
    const bool checks = strcmp(action, "check") == 0;
    int status = checks || where == NULL ? vb_place_trust(where, &dir, err) : VB_OK;
    if (status == VB_OK && dir == NULL && (where != NULL || !lists))
        status = vb_place_new_trust(where, &dir, err);
    if (status < 0)
        return status;
    if (lists)
        return list(options, dir, checks, err);
    return adds ? add(options, dir, options->operands[1], err)
                : forget(options, dir, options->operands[1], err);
}
