/* One event as a line for somebody who watches. Trust boundary: every text in an event is the
 * subject's; what leaves this file went through vb_text_escape. */
#include <fnmatch.h>
#include <string.h>

#include "report/internal.h"
#include "vetbox/core/text.h"

/* --- raw text of bounded length: what does not fit is cut off --- */

enum { RAW_BYTES = 1024 };

struct raw {
    char text[RAW_BYTES];
    size_t len;
};

static void add(struct raw *raw, const char *text, size_t len)
{
    const size_t room = sizeof(raw->text) - raw->len;
    const size_t some = len < room ? len : room;
    memcpy(raw->text + raw->len, text, some);
    raw->len += some;
}

static void add_str(struct raw *raw, const char *text)
{
    add(raw, text, strlen(text));
}

static bool begins(struct vb_str text, const char *prefix)
{
    const size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.text, prefix, len) == 0;
}

/* "/home/alex/x" as "~/x". */
static void add_path(struct raw *raw, struct vb_str path)
{
    const size_t skip = begins(path, "/home/") ? 6 : 0;
    const char *rest = skip == 0 ? NULL : memchr(path.text + skip, '/', path.len - skip);
    const size_t home = begins(path, "/root/") ? 5 : rest != NULL ? (size_t)(rest - path.text) : 0;
    if (home > 0 || (skip > 0 && rest == NULL))
        add_str(raw, "~");
    if (skip == 0 || rest != NULL)
        add(raw, path.text + home, path.len - home);
}

/* As a shell would need it. */
static void add_argument(struct raw *raw, struct vb_str argument)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./:=@%+,^~";
    bool quote = argument.len == 0;
    for (size_t i = 0; i < argument.len && !quote; i++)
        quote = (argument.text[i] & 0x80) == 0 && memchr(plain, argument.text[i], 73) == NULL;
    if (!quote) {
        add(raw, argument.text, argument.len);
        return;
    }
    add_str(raw, "'");
    for (size_t i = 0; i < argument.len && raw->len < sizeof(raw->text); i++) {
        const bool mark = argument.text[i] == '\'';
        add(raw, mark ? "'\\''" : argument.text + i, mark ? 4 : 1);
    }
    add_str(raw, "'");
}

static void add_list(struct raw *raw, const struct vb_value *value)
{
    for (size_t i = 0; i < value->list.count; i++) {
        add_str(raw, i == 0 ? "" : " ");
        add_argument(raw, value->list.items[i]);
    }
}

static void add_number(struct raw *raw, int64_t number)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)number);
    add_str(raw, text);
}

/* RFC 5952, section 6: an IPv6 address before a port stands in brackets. */
static void add_address(struct raw *raw, const struct vb_event *event, struct vb_str address)
{
    const bool brackets = vb_event_get(event, VB_F_PORT) != NULL && address.len > 0 &&
                          memchr(address.text, ':', address.len) != NULL;
    add_str(raw, brackets ? "[" : "");
    add(raw, address.text, address.len);
    add_str(raw, brackets ? "]" : "");
}

/* --- templates: "{field}" is its value, "[…]" stands only if all fields in it are there --- */

/* What the file of the event is known for, or NULL. */
static const char *secret_of(const struct vb_event *event)
{
    struct raw path = {.len = 0};
    add_path(&path, vb_event_get_str(event, VB_F_PATH));
    if (path.len == sizeof(path.text))
        return NULL;
    path.text[path.len] = '\0';
    return vb_secret_label(path.text);
}

/* The last component of the event's path. */
static bool add_base(struct raw *raw, const struct vb_event *event)
{
    const struct vb_str path = vb_event_get_str(event, VB_F_PATH);
    const char *slash = path.len == 0 ? NULL : memrchr(path.text, '/', path.len);
    const size_t skip = slash == NULL ? 0 : (size_t)(slash - path.text) + 1;
    add(raw, path.text + skip, path.len - skip);
    return path.len > 0;
}

/* False if the event has no such field. SECRET, BASE and BYTES are words of our own. */
static bool add_field(struct raw *raw, const struct vb_event *event, const char *name)
{
    if (strcmp(name, "base") == 0)
        return add_base(raw, event);
    if (strcmp(name, "secret") == 0) {
        const char *label = secret_of(event);
        add_str(raw, label != NULL ? label : "");
        return label != NULL;
    }
    const enum vb_field field = vb_field_named(strcmp(name, "bytes") == 0 ? "size" : name);
    const struct vb_value *value = vb_event_get(event, field);
    if (value == NULL)
        return false;
    if (value->type == VB_T_LIST)
        add_list(raw, value);
    else if (value->type != VB_T_STR)
        add_number(raw, value->number);
    else if (field == VB_F_ADDRESS)
        add_address(raw, event, value->str);
    else if (field == VB_F_PATH || field == VB_F_TARGET)
        add_path(raw, value->str);
    else
        add(raw, value->str.text, value->str.len);
    if (strcmp(name, "bytes") == 0)
        add_str(raw, value->number == 1 ? " byte" : " bytes");
    return true;
}

/* Expands WORDS up to END. False if a field was missing. */
static bool expand(struct raw *raw, const struct vb_event *event, const char *words,
                   const char *end)
{
    bool whole = true;
    while (words < end) {
        const char *close = words[0] == '{' ? strchr(words, '}') : NULL;
        char name[24] = "";
        if (close == NULL) {
            add(raw, words++, 1);
            continue;
        }
        memcpy(name, words + 1, (size_t)(close - words - 1));
        whole = add_field(raw, event, name) && whole;
        words = close + 1;
    }
    return whole;
}

static void fill(struct raw *raw, const struct vb_event *event, const char *words)
{
    while (words[0] != '\0') {
        const bool option = words[0] == '[';
        const char *part = words + option;
        const char *end = part + strcspn(part, option ? "]" : "[");
        const size_t before = raw->len;
        if (!expand(raw, event, part, end) && option)
            raw->len = before;
        words = end + (option && end[0] == ']');
    }
}

/* --- who wants to know --- */

static bool has_flag(const struct vb_event *event, const char *flag)
{
    const struct vb_value *value = vb_event_get(event, VB_F_FLAGS);
    for (size_t i = 0; value != NULL && i < value->list.count; i++)
        if (vb_str_equal(value->list.items[i], flag))
            return true;
    return false;
}

static bool path_fits(const struct vb_event *event, const char *const *patterns, size_t count)
{
    char path[512];
    const struct vb_str text = vb_event_get_str(event, VB_F_PATH);
    snprintf(path, sizeof(path), "%.*s", (int)(text.len < 511 ? text.len : 511), text.text);
    for (size_t i = 0; i < count; i++)
        if (fnmatch(patterns[i], path, 0) == 0)
            return true;
    return false;
}

/* Everybody writes to these. */
static const char *const devices[] = {
    "/dev/null", "/dev/tty*", "/dev/pts/*", "/dev/ptmx",    "/dev/fd/*",
    "/dev/std*", "/dev/zero", "/dev/full",  "/proc/self/*", "/proc/thread-self/*"};

static bool writes(const struct vb_event *event)
{
    return (has_flag(event, "write") || has_flag(event, "create") || has_flag(event, "append") ||
            has_flag(event, "truncate") || has_flag(event, "temporary")) &&
           !path_fits(event, devices, VB_ARRAY_LEN(devices));
}

/* The rest is the system's own: libraries, locales, settings. */
static const char *const personal[] = {"/home/*",
                                       "/root/*",
                                       "/tmp/*",
                                       "/var/tmp/*",
                                       "/dev/shm/*",
                                       "/mnt/*",
                                       "/media/*",
                                       "/etc/shadow*",
                                       "/etc/sudoers*",
                                       "/proc/*/environ",
                                       "/proc/*/mem",
                                       "/proc/1/*",
                                       "/var/run/secrets/*",
                                       "/run/secrets/*"};

static bool reads(const struct vb_event *event)
{
    return has_flag(event, "read") && !has_flag(event, "directory") &&
           path_fits(event, personal, VB_ARRAY_LEN(personal));
}

static bool lists(const struct vb_event *event)
{
    return has_flag(event, "directory") && !has_flag(event, "path") &&
           path_fits(event, personal, VB_ARRAY_LEN(personal));
}

/* An attempt that nothing can come of. */
static bool misses(const struct vb_event *event)
{
    return vb_event_get(event, VB_F_MISSING) != NULL;
}

static bool seeks(const struct vb_event *event)
{
    return misses(event) && (writes(event) || reads(event) || lists(event));
}

static bool is_internet(const struct vb_event *event)
{
    return begins(vb_event_get_str(event, VB_F_FAMILY), "inet");
}

/* Questions to the box's own resolver: net.name says what was asked. */
static bool is_resolver(const struct vb_event *event)
{
    const struct vb_str address = vb_event_get_str(event, VB_F_ADDRESS);
    return vb_event_get_int(event, VB_F_PORT, 0) == 53 &&
           (begins(address, "127.") || vb_str_equal(address, "::1") ||
            vb_str_equal(address, "192.168.1.1"));
}

static bool has_address(const struct vb_event *event)
{
    return vb_event_get_str(event, VB_F_ADDRESS).len > 0;
}

static bool has_reason(const struct vb_event *event)
{
    return vb_event_get_str(event, VB_F_REASON).len > 0;
}

static bool connects(const struct vb_event *event)
{
    const struct vb_str address = vb_event_get_str(event, VB_F_ADDRESS);
    const bool cache = vb_str_equal(address, "/var/run/nscd/socket"); /* of the C library's */
    return address.len > 0 && !cache && !is_resolver(event) &&
           (!is_internet(event) || vb_event_get_int(event, VB_F_PORT, 0) != 0);
}

static bool sends(const struct vb_event *event)
{
    return is_internet(event) && !is_resolver(event);
}

/* Not where the kernel chooses the port, nor what only talks to the kernel. */
static bool serves(const struct vb_event *event)
{
    return is_internet(event) ? vb_event_get_int(event, VB_F_PORT, 0) != 0
                              : vb_str_equal(vb_event_get_str(event, VB_F_FAMILY), "unix");
}

static bool is_raw(const struct vb_event *event)
{
    return vb_str_equal(vb_event_get_str(event, VB_F_PROTOCOL), "raw");
}

static bool got_bytes(const struct vb_event *event)
{
    return vb_event_get_int(event, VB_F_SIZE, 0) > 0 && vb_event_get_int(event, VB_F_PORT, 0) != 53;
}

static bool changes(const struct vb_event *event)
{
    return !vb_str_equal(vb_event_get_str(event, VB_F_ACTION), "utime") &&
           !path_fits(event, devices, VB_ARRAY_LEN(devices));
}

/* --- the table --- */

enum fold { FOLD_SAME, FOLD_FOLDER, FOLD_ADDRESS };

/* The first row that fits says it. */
static const struct row {
    enum vb_event_kind kind;
    enum vb_field field; /* must have this value, if set */
    const char *value;
    bool (*wanted)(const struct vb_event *event);
    const char *words;
    enum style style;
    enum fold fold;
} rows[] = {
    {VB_EV_PROCESS_EXEC, 0, NULL, misses, "looks for the program {base}", STYLE_DIM, FOLD_SAME},
    {VB_EV_PROCESS_EXEC, 0, NULL, NULL, "runs {argv}[ (refused: {errno})]", STYLE_BOLD, FOLD_SAME},
    {VB_EV_PROCESS_SIGNAL, 0, NULL, NULL, "sends signal {signal} to {target}", STYLE_PLAIN,
     FOLD_SAME},
    {VB_EV_PROCESS_WAIT, 0, NULL, NULL, "waits for {duration_ms} ms", STYLE_DIM, FOLD_SAME},
    {VB_EV_PROCESS_OPAQUE, 0, NULL, NULL, "hides the arguments of {syscall}[: {detail}]", STYLE_BAD,
     FOLD_SAME},
    {VB_EV_FILE_OPEN, 0, NULL, seeks, "looks for {path}[ ({secret})]", STYLE_PLAIN, FOLD_FOLDER},
    {VB_EV_FILE_OPEN, 0, NULL, writes, "writes {path}[ ({secret})][ (refused: {errno})]",
     STYLE_PLAIN, FOLD_FOLDER},
    {VB_EV_FILE_OPEN, 0, NULL, reads, "reads {path}[ ({secret})][ (refused: {errno})]", STYLE_PLAIN,
     FOLD_FOLDER},
    {VB_EV_FILE_OPEN, 0, NULL, lists, "lists {path}[ (refused: {errno})]", STYLE_DIM, FOLD_FOLDER},
    {VB_EV_FILE_DELETE, 0, NULL, misses, "looks for {path}, to delete it", STYLE_PLAIN,
     FOLD_FOLDER},
    {VB_EV_FILE_DELETE, 0, NULL, NULL, "deletes {path}[ (refused: {errno})]", STYLE_PLAIN,
     FOLD_FOLDER},
    {VB_EV_FILE_RENAME, 0, NULL, misses, "looks for {path}, to rename it to {target}", STYLE_PLAIN,
     FOLD_FOLDER},
    {VB_EV_FILE_RENAME, 0, NULL, NULL, "renames {path} to {target}[ (refused: {errno})]",
     STYLE_PLAIN, FOLD_FOLDER},
    {VB_EV_FILE_LINK, 0, NULL, NULL, "links {path} to {target}[ (refused: {errno})]", STYLE_PLAIN,
     FOLD_FOLDER},
    {VB_EV_FILE_MKDIR, 0, NULL, NULL, "makes {path}[ (refused: {errno})]", STYLE_PLAIN,
     FOLD_FOLDER},
    {VB_EV_FILE_ATTRIBUTE, 0, NULL, misses, "looks for {path}, to change it ({action})",
     STYLE_PLAIN, FOLD_FOLDER},
    {VB_EV_FILE_ATTRIBUTE, 0, NULL, changes, "changes {path} ({action})[ (refused: {errno})]",
     STYLE_PLAIN, FOLD_FOLDER},
    {VB_EV_NET_SOCKET, 0, NULL, is_raw, "opens a raw socket[ (refused: {errno})]", STYLE_WARN,
     FOLD_SAME},
    {VB_EV_NET_CONNECT, 0, NULL, connects, "connects to {address}[:{port}][ (refused: {errno})]",
     STYLE_WARN, FOLD_ADDRESS},
    {VB_EV_NET_BIND, 0, NULL, serves, "listens on {address}[:{port}][ (refused: {errno})]",
     STYLE_PLAIN, FOLD_SAME},
    {VB_EV_NET_SEND, 0, NULL, sends, "sends {bytes} to {address}[:{port}]", STYLE_WARN,
     FOLD_ADDRESS},
    {VB_EV_NET_NAME, 0, NULL, NULL, "asks where {name} is", STYLE_WARN, FOLD_SAME},
    {VB_EV_WORLD_ANSWER, 0, NULL, has_address, "{name} is {address}", STYLE_DIM, FOLD_SAME},
    {VB_EV_WORLD_CONNECTION, 0, NULL, got_bytes, "{address}:{port} was sent {bytes}", STYLE_WARN,
     FOLD_ADDRESS},
    {VB_EV_WORLD_REQUEST, 0, NULL, NULL, "{method} {url}", STYLE_WARN, FOLD_SAME},
    {VB_EV_WORLD_RESPONSE, VB_F_RULE, "live", has_reason,
     "the real host gave no answer: {url} ({reason})", STYLE_WARN, FOLD_SAME},
    {VB_EV_WORLD_RESPONSE, VB_F_RULE, "live", NULL, "the real host answered {status}: {url}",
     STYLE_BAD, FOLD_SAME},
    {VB_EV_WORLD_RESPONSE, 0, NULL, has_reason, "the real host was not asked: {url} ({reason})",
     STYLE_WARN, FOLD_SAME},
    {VB_EV_LIVE_HOST, 0, NULL, NULL,
     "{count} requests really went to {name}, {bytes} sent[, {failed} unanswered]", STYLE_BAD,
     FOLD_SAME},
    {VB_EV_WORLD_TLS, VB_F_OUTCOME, "refused", NULL, "{address}:{port} is not trusted[: {detail}]",
     STYLE_WARN, FOLD_SAME},
    {VB_EV_WORLD_SESSION, VB_F_PROTOCOL, "shell", NULL, "a shell obeys {address}:{port}", STYLE_BAD,
     FOLD_SAME},
    {VB_EV_KERNEL_DENIED, 0, NULL, NULL, "denied: {syscall}[, {detail}]", STYLE_BAD, FOLD_SAME},
    {VB_EV_BAIT_READ, 0, NULL, NULL, "reads {path} (bait {bait}[: {secret}])", STYLE_BAD,
     FOLD_SAME},
    {VB_EV_BAIT_LIST, 0, NULL, NULL, "looks into {path} (baits in it: {count})", STYLE_PLAIN,
     FOLD_FOLDER},
    {VB_EV_BAIT_SEEN, VB_F_WHERE, "sent", NULL, "the bait {bait} was sent[, {form}]", STYLE_BAD,
     FOLD_SAME},
    {VB_EV_BAIT_SEEN, VB_F_WHERE, "argv", NULL, "the bait {bait} is in its arguments[, {form}]",
     STYLE_BAD, FOLD_SAME},
    {VB_EV_BAIT_SEEN, VB_F_WHERE, "file", NULL, "the bait {bait} is in a file[, {path}]", STYLE_BAD,
     FOLD_SAME},
    {VB_EV_BAIT_SEEN, VB_F_WHERE, "output", NULL, "the bait {bait} was printed[, {form}]",
     STYLE_BAD, FOLD_SAME},
    {VB_EV_SANDBOX_LIMIT, VB_F_WHAT, "time", NULL, "limit: {what}[, {detail}]", STYLE_BAD,
     FOLD_SAME},
    {VB_EV_SANDBOX_LIMIT, 0, NULL, NULL, "limit: {what}[, {detail}][: {count}]", STYLE_BAD,
     FOLD_SAME},
    {VB_EV_SANDBOX_LAYER, VB_F_OUTCOME, "live", NULL,
     "LIVE NETWORK: what is sent to these hosts really leaves: {hosts}", STYLE_BAD, FOLD_SAME},
    {VB_EV_SANDBOX_LAYER, 0, NULL, NULL, "missing in this box: {name}, {outcome}", STYLE_DIM,
     FOLD_SAME},
    {VB_EV_COVERAGE, 0, NULL, NULL, "not examined: {what}, {reason}", STYLE_DIM, FOLD_SAME},
    {VB_EV_EXAMINER_DIED, 0, NULL, NULL, "the {role} reader ended: {reason}", STYLE_BAD, FOLD_SAME},
    {VB_EV_DETONATION_END, VB_F_OUTCOME, "exit", NULL,
     "ended with status {status} after {duration_ms} ms", STYLE_DIM, FOLD_SAME},
    {VB_EV_DETONATION_END, VB_F_OUTCOME, "signal", NULL,
     "ended by signal {signal} after {duration_ms} ms", STYLE_DIM, FOLD_SAME},
    {VB_EV_DETONATION_END, VB_F_OUTCOME, "stopped", NULL,
     "stopped after {duration_ms} ms, before its end", STYLE_BAD, FOLD_SAME},
    {VB_EV_DETONATION_END, 0, NULL, NULL, "stopped after {duration_ms} ms: {outcome}", STYLE_BAD,
     FOLD_SAME},
};

static const struct row *row_of(const struct vb_event *event)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        if (row->kind == event->kind &&
            (row->value == NULL || vb_str_equal(vb_event_get_str(event, row->field), row->value)) &&
            (row->wanted == NULL || row->wanted(event)))
            return row;
    }
    return NULL;
}

/* --- the line --- */

/* Escapes RAW into ROOM; what does not fit is cut off behind a whole character. */
static void escape(const struct raw *raw, char *room, size_t size)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf safe;
    vb_buf_init(&safe, 16 * RAW_BYTES);
    room[0] = '\0';
    if (vb_text_escape(&safe, raw->text, raw->len, false, NULL) < 0)
        return;
    size_t len = safe.len < size ? safe.len : size - 1;
    while (len > 0 && len < safe.len && (safe.data[len] & 0xc0) == 0x80)
        len--;
    memcpy(room, safe.data, len);
    room[len] = '\0';
}

static void name_it(const struct vb_event *event, struct live_item *ret)
{
    static const char *const others[] = {[VB_SOURCE_STATIC] = "vetbox",
                                         [VB_SOURCE_SYSCALL] = "a process",
                                         [VB_SOURCE_WORLD] = "network",
                                         [VB_SOURCE_TRUTH] = "box",
                                         [VB_SOURCE_TOOL] = "vetbox"};
    enum { NAME_BYTES = 20 };
    const struct vb_value *pid = vb_event_get(event, VB_F_PID);
    const struct vb_str path = vb_event_get_str(event, VB_F_EXECUTABLE);
    const char *slash = path.len == 0 ? NULL : memrchr(path.text, '/', path.len);
    const size_t skip = slash == NULL ? 0 : (size_t)(slash - path.text) + 1;
    const size_t len = path.len - skip;
    struct raw name = {.len = 0};
    if (len > 0)
        add(&name, path.text + skip, len < NAME_BYTES ? len : NAME_BYTES);
    else
        add_str(&name, others[event->source]);
    escape(&name, ret->name, sizeof(ret->name));
    if (pid == NULL)
        snprintf(ret->who, sizeof(ret->who), "%s", ret->name);
    else
        snprintf(ret->who, sizeof(ret->who), "%.50s[%lld]", ret->name, (long long)pid->number);
}

/* Lines with the same name and place fold into one. */
static void place_it(const struct row *row, const struct vb_event *event, struct live_item *ret)
{
    struct raw place = {.len = 0};
    ret->place[0] = '\0';
    if (row->fold == FOLD_SAME)
        return;
    add(&place, row->words, strcspn(row->words, "{"));
    if (row->fold == FOLD_ADDRESS) {
        add_field(&place, event, "address");
    } else {
        struct vb_str path = vb_event_get_str(event, VB_F_PATH);
        const char *slash = path.len == 0 ? NULL : memrchr(path.text, '/', path.len);
        path.len = slash == NULL ? 0 : (size_t)(slash - path.text) + 1;
        add_path(&place, path);
    }
    escape(&place, ret->place, sizeof(ret->place));
}

bool vb_live_describe(const struct vb_event *event, struct live_item *ret)
{
    const struct row *row = row_of(event);
    struct raw raw = {.len = 0};
    if (row == NULL)
        return false;
    ret->time_ns = event->time_ns;
    ret->style = row->style;
    ret->tentative = row->wanted == lists || (row->wanted == reads && secret_of(event) != NULL);
    fill(&raw, event, row->words);
    escape(&raw, ret->words, sizeof(ret->words));
    name_it(event, ret);
    place_it(row, event, ret);
    return true;
}

/* Appends TEXT in STYLE, as far as it fits; *LEFT columns are left on the line. */
static int put(struct vb_buf *out, const struct vb_report_options *options, enum style style,
               const char *text, unsigned *left, struct vb_error *err)
{
    unsigned columns = 0;
    const size_t len = strlen(text);
    const bool color = options->color && style != STYLE_PLAIN;
    size_t some = vb_page_fitting(text, len, *left, &columns);
    const bool cut = some<len && * left> 0;
    if (cut)
        some = vb_page_fitting(text, len, *left - 1, &columns);
    *left = cut ? 0 : *left - columns;
    return vb_buf_printf(out, err, "%s%.*s%s%s", color ? vb_page_code(style) : "", (int)some, text,
                         cut ? "…" : "", color ? "\x1b[0m" : "");
}

int vb_live_put(struct vb_buf *out, const struct vb_report_options *options,
                const struct live_item *item, struct vb_error *err)
{
    char text[128];
    unsigned left = options->width != 0 ? options->width : UINT32_MAX;
    const unsigned long long ms = item->time_ns / 1000000U;
    snprintf(text, sizeof(text), "%4llu.%03llu ", ms / 1000, ms % 1000);
    int status = put(out, options, STYLE_DIM, text, &left, err);
    snprintf(text, sizeof(text), "%-14s ", item->who);
    if (status == VB_OK)
        status = put(out, options, STYLE_PLAIN, text, &left, err);
    if (status == VB_OK)
        status = put(out, options, item->style, item->words, &left, err);
    return status == VB_OK ? vb_buf_append(out, "\n", 1, err) : status;
}

int vb_live_line(const struct vb_event *event, const struct vb_report_options *options,
                 struct vb_buf *out, struct vb_error *err)
{
    struct live_item item;
    return vb_live_describe(event, &item) ? vb_live_put(out, options, &item, err) : VB_OK;
}
