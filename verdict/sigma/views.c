/* Views of events. Trust boundary: the log is well-formed, its texts are the subject's; what is
 * kept from event to event has a maximum. */
#include "verdict/sigma/views.h"

#include "verdict/sigma/internal.h"
#include "vetbox/core/text.h"

enum {
    VIEWS_OF_ONE = 4,
    VALUES_OF_ONE = 64,
    ARGUMENTS = 48,   /* of a command line that are fields of their own */
    PROCESSES = 4096, /* slots: a later process takes the place of an earlier one */
    HOST_SETS = 128,  /* of addresses: the earliest of a set makes room */
    HOSTS_OF_SET = 8,
    LINE_BYTES = 65536, /* of a command line */
    KEPT_BYTES = 2048,  /* of one that is remembered for its children */
    TOOL_BYTES = 256    /* of the name of a tool */
};

/* Fields that every view has. */
enum { COMMON_DETONATION, COMMON_TOOL, COMMON_GIVEN, COMMON_COUNT };
static const char *const common_names[] = {"Detonation", "McpTool", "McpGiven"};

enum { URI_STEM, URI_QUERY, URI_EXTENSION, URI_HOST };
enum { HEADER_USER_AGENT, HEADER_COOKIE, HEADER_REFERER };
static const char *const headers[] = {"user-agent", "cookie", "referer"};

/* What tells the events of one category of our own apart. */
#define SIGMA_WORDS                    \
    SIGMA_WORD(BEGIN, "begin")         \
    SIGMA_WORD(END, "end")             \
    SIGMA_WORD(READ, "read")           \
    SIGMA_WORD(LIST, "list")           \
    SIGMA_WORD(SEEN, "seen")           \
    SIGMA_WORD(OPENED, "opened")       \
    SIGMA_WORD(SCRIPT, "script")       \
    SIGMA_WORD(SERVER, "server")       \
    SIGMA_WORD(TOOL, "tool")           \
    SIGMA_WORD(CALL, "call")           \
    SIGMA_WORD(MESSAGE, "message")     \
    SIGMA_WORD(GAP, "gap")             \
    SIGMA_WORD(LIMIT, "limit")         \
    SIGMA_WORD(DIED, "died")           \
    SIGMA_WORD(OPAQUE, "opaque")       \
    SIGMA_WORD(FORMAT, "format")       \
    SIGMA_WORD(HOSTILE, "hostile")     \
    SIGMA_WORD(DAMAGED, "damaged")     \
    SIGMA_WORD(RESULT, "result")       \
    SIGMA_WORD(EXPECTED, "expected")   \
    SIGMA_WORD(LOOKALIKE, "lookalike") \
    SIGMA_WORD(TEXT, "text")           \
    SIGMA_WORD(MATCH, "match")         \
    SIGMA_WORD(LAYER, "layer")         \
    SIGMA_WORD(DECLARES, "declares")   \
    SIGMA_WORD(DOCUMENTS, "documents") \
    SIGMA_WORD(PACKAGE, "package")     \
    SIGMA_WORD(ENTRY, "entry")

enum {
    TEXT_EXECVE,
    TEXT_SYSCALL,
    TEXT_PATH,
    TEXT_CALL_EXECVE,
    TEXT_CONNECT,
    TEXT_CREATE,
    TEXT_DELETE,
    TEXT_NORMAL,
    TEXT_UNKNOWN,
    TEXT_TRUE,
    TEXT_NETWORK_KEY,
    TEXT_OWN_FIRST,
#define SIGMA_WORD(id, word) TEXT_OWN_##id,
    SIGMA_WORDS
#undef SIGMA_WORD
};
static const char *const texts[] = {
    "EXECVE",   "SYSCALL", "PATH",    "execve", "connect",           "CREATE",
    "DELETE",   "NORMAL",  "UNKNOWN", "true",   "network_connect_4", "",
#define SIGMA_WORD(id, word) word,
    SIGMA_WORDS
#undef SIGMA_WORD
};

struct process {
    int64_t pid;
    bool cut;
    size_t len;
    char *line; /* heap */
};

struct host {
    char address[48];
    char name[256];
};

struct vb_sigma_views {
    uint32_t detonation;
    uint16_t *sources;                                   /* of each view of the table */
    uint16_t *fields;                                    /* of each field of it */
    uint16_t of_kind[VB_EVENT_KIND_COUNT][VIEWS_OF_ONE]; /* where its views stand in it, + 1 */
    uint16_t argument_fields[ARGUMENTS];
    struct process processes[PROCESSES];
    struct host hosts[HOST_SETS][HOSTS_OF_SET]; /* the latest first */
    char *replaced;                             /* a process's line that a view may still show */
    struct vb_buf line;                         /* of the event's command */
    bool line_made, line_cut;
    vb_sigma_ask *ask; /* or NULL */
    void *ask_ctx;
    uint16_t common_fields[COMMON_COUNT];
    char tool[TOOL_BYTES]; /* of an MCP server that is being called, or "" */
    bool given;            /* its arguments name a path or a host */
    struct vb_sigma_view views[VIEWS_OF_ONE];
    struct vb_sigma_value values[VIEWS_OF_ONE][VALUES_OF_ONE];
    bool failed;
};

/* --- what a field is made of; true where it is there --- */

struct making {
    struct vb_sigma_views *views;
    const struct vb_event *event;
    struct vb_sigma_view *view;
};

static bool text(struct vb_sigma_value *ret, const char *bytes, size_t len)
{
    ret->type = VB_SIGMA_TEXT;
    ret->text = bytes;
    ret->len = len;
    return true;
}

/* A value of VB_EVENT_MAX_STRING bytes has lost the rest. */
static bool field(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    const struct vb_value *value = vb_event_get(making->event, (enum vb_field)argument);
    if (value == NULL || value->type != VB_T_STR)
        return false;
    ret->cut = value->str.len >= VB_EVENT_MAX_STRING;
    return text(ret, value->str.text, value->str.len);
}

static bool number(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    const struct vb_value *value = vb_event_get(making->event, (enum vb_field)argument);
    if (value == NULL || value->type != VB_T_INT)
        return false;
    ret->type = VB_SIGMA_INT;
    ret->number = value->number;
    ret->silent = true;
    return true;
}

static bool constant(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    (void)making;
    return text(ret, texts[argument], strlen(texts[argument]));
}

/* Of what is behind links where the event says so. */
static bool real_path(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    (void)argument;
    return field(making, VB_F_TARGET, ret) || field(making, VB_F_PATH, ret);
}

static const struct vb_value *argv_of(const struct vb_event *event)
{
    const struct vb_value *argv = vb_event_get(event, VB_F_ARGV);
    return argv != NULL && argv->type == VB_T_LIST ? argv : NULL;
}

/* One blank between arguments and no quotes, as Sysmon for Linux has it. */
static bool make_line(struct vb_sigma_views *views, const struct vb_event *event)
{
    const struct vb_value *argv = argv_of(event);
    const struct vb_value *cut = vb_event_get(event, VB_F_TRUNCATED);
    if (views->line_made || argv == NULL)
        return argv != NULL;
    views->line_made = true;
    views->line_cut = cut != NULL && cut->number != 0;
    vb_buf_clear(&views->line);
    for (size_t i = 0; i < argv->list.count; i++) {
        const size_t blank = i > 0, room = LINE_BYTES - views->line.len;
        const struct vb_str *item = &argv->list.items[i];
        const size_t len = item->len + blank <= room ? item->len : room - (room > 0 && blank);
        if ((blank && room > 0 && vb_buf_append(&views->line, " ", 1, NULL) < 0) ||
            vb_buf_append(&views->line, item->text, len, NULL) < 0) {
            views->failed = true;
            return false;
        }
        views->line_cut = views->line_cut || len < item->len;
        if (len < item->len)
            break;
    }
    return true;
}

static bool command_line(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    (void)argument;
    struct vb_sigma_views *views = making->views;
    if (!make_line(views, making->event))
        return false;
    ret->cut = views->line_cut;
    return text(ret, views->line.data == NULL ? "" : (const char *)views->line.data,
                views->line.len);
}

static struct process *process_at(struct vb_sigma_views *views, int64_t pid)
{
    return &views->processes[(uint64_t)pid % PROCESSES];
}

/* Before it calls execve a process is what its parent was. */
static bool parent_command_line(const struct making *making, int argument,
                                struct vb_sigma_value *ret)
{
    (void)argument;
    static const enum vb_field who[] = {VB_F_PID, VB_F_PPID};
    for (size_t i = 0; i < VB_ARRAY_LEN(who); i++) {
        const int64_t pid = vb_event_get_int(making->event, who[i], -1);
        const struct process *process = process_at(making->views, pid);
        if (pid < 0 || process->line == NULL || process->pid != pid)
            continue;
        ret->cut = process->cut;
        return text(ret, process->line, process->len);
    }
    return false;
}

static bool argument_count(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    (void)argument;
    const struct vb_value *argv = argv_of(making->event);
    if (argv == NULL)
        return false;
    ret->type = VB_SIGMA_INT;
    ret->number = (int64_t)argv->list.count;
    ret->silent = true;
    return true;
}

/* a0, a1, …: all but the last one are put where they belong here. */
static bool arguments(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    (void)argument;
    const struct vb_value *argv = argv_of(making->event);
    const size_t count = argv == NULL ? 0 : argv->list.count;
    for (size_t i = 0; i < count && i < ARGUMENTS; i++) {
        struct vb_sigma_value value = {.field = making->views->argument_fields[i]};
        value.cut = argv->list.items[i].len >= VB_EVENT_MAX_STRING;
        (void)text(&value, argv->list.items[i].text, argv->list.items[i].len);
        if (i + 1 == count || i + 1 == ARGUMENTS) {
            *ret = value;
            return true;
        }
        making->views->values[making->view - making->views->views][making->view->count++] = value;
    }
    return false;
}

static bool command_name(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    struct vb_sigma_value path = {0};
    enum { COMM = 15 };
    if (!real_path(making, argument, &path))
        return false;
    const char *slash = memrchr(path.text, '/', path.len);
    const size_t skip = slash == NULL ? 0 : (size_t)(slash - path.text) + 1;
    const size_t len = path.len - skip;
    return text(ret, path.text + skip, len < COMM ? len : COMM);
}

static bool has_flag(const struct vb_event *event, const char *flag)
{
    const struct vb_value *flags = vb_event_get(event, VB_F_FLAGS);
    for (size_t i = 0; flags != NULL && i < flags->list.count; i++)
        if (vb_str_equal(flags->list.items[i], flag))
            return true;
    return false;
}

static bool name_type(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    (void)argument;
    const struct vb_value *missing = vb_event_get(making->event, VB_F_MISSING);
    const bool was_there = missing == NULL || missing->number == 0;
    const int normal = was_there ? TEXT_NORMAL : TEXT_UNKNOWN;
    return constant(making, !was_there && has_flag(making->event, "create") ? TEXT_CREATE : normal,
                    ret);
}

static struct host *set_of(struct vb_sigma_views *views, struct vb_str address)
{
    return views->hosts[vb_sigma_hash(address.text, address.len) % HOST_SETS];
}

static struct host *host_at(struct vb_sigma_views *views, struct vb_str address)
{
    struct host *set = set_of(views, address);
    for (size_t i = 0; address.len > 0 && i < HOSTS_OF_SET; i++)
        if (vb_str_equal(address, set[i].address))
            return &set[i];
    return NULL;
}

static bool host_name(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    (void)argument;
    const struct vb_str address = vb_event_get_str(making->event, VB_F_ADDRESS);
    const struct host *host = host_at(making->views, address);
    return host != NULL && host->name[0] != '\0' && text(ret, host->name, strlen(host->name));
}

static bool header(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    const struct vb_value *list = vb_event_get(making->event, VB_F_HEADERS);
    const char *name = headers[argument];
    const size_t len = strlen(name);
    for (size_t i = 0; list != NULL && i < list->list.count; i++) {
        const struct vb_str *line = &list->list.items[i];
        size_t at = 0;
        while (at < len && at < line->len && vb_ascii_lower(line->text[at]) == name[at])
            at++;
        if (at < len || at >= line->len || line->text[at] != ':')
            continue;
        for (at++; at < line->len && line->text[at] == ' ';)
            at++;
        return text(ret, line->text + at, line->len - at);
    }
    return false;
}

static bool uri_part(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    const struct vb_str url = vb_event_get_str(making->event, VB_F_URL);
    const char *end = url.text + url.len;
    const char *colon = url.len == 0 ? NULL : memmem(url.text, url.len, "://", 3);
    const char *host = colon == NULL ? url.text : colon + 3;
    const char *path = host == NULL ? NULL : memchr(host, '/', (size_t)(end - host));
    path = path == NULL ? end : path;
    const char *query = path == NULL ? NULL : memchr(path, '?', (size_t)(end - path));
    const char *stop = query == NULL ? end : query;
    if (url.len == 0)
        return false;
    if (argument == URI_HOST) {
        const char *port = memrchr(host, ':', (size_t)(path - host));
        const bool v6 = port != NULL && memchr(port, ']', (size_t)(path - port)) != NULL;
        return colon != NULL &&
               text(ret, host, (size_t)((port == NULL || v6 ? path : port) - host));
    }
    if (argument == URI_STEM)
        return text(ret, path, (size_t)(stop - path));
    if (argument == URI_QUERY)
        return query != NULL && text(ret, query + 1, (size_t)(end - query - 1));
    const char *slash = memrchr(path, '/', (size_t)(stop - path));
    const char *base = slash == NULL ? path : slash;
    const char *dot = memrchr(base, '.', (size_t)(stop - base));
    return dot != NULL && text(ret, dot + 1, (size_t)(stop - dot - 1));
}

static bool said(const struct making *making, enum vb_sigma_fact fact, struct vb_str value,
                 struct vb_sigma_value *ret)
{
    const struct vb_sigma_views *views = making->views;
    const char *answer =
        views->ask == NULL || value.len == 0 ? NULL : views->ask(views->ask_ctx, fact, value);
    return answer != NULL && text(ret, answer, strlen(answer));
}

static bool fact_of(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    enum { HERE = 8 }; /* the field, and the fact in the bits below it */
    return said(making, (enum vb_sigma_fact)(argument % HERE),
                vb_event_get_str(making->event, (enum vb_field)(argument / HERE)), ret);
}

static bool fact_of_path(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    struct vb_sigma_value path = {0};
    return real_path(making, 0, &path) &&
           said(making, (enum vb_sigma_fact)argument, (struct vb_str){path.text, path.len}, ret);
}

/* The name behind an address, or the address itself. */
static bool fact_of_address(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    struct vb_sigma_value name = {0};
    const struct vb_str address = vb_event_get_str(making->event, VB_F_ADDRESS);
    return said(making, (enum vb_sigma_fact)argument,
                host_name(making, 0, &name) ? (struct vb_str){name.text, name.len} : address, ret);
}

static bool fact_of_uri(const struct making *making, int argument, struct vb_sigma_value *ret)
{
    struct vb_sigma_value host = {0};
    return uri_part(making, URI_HOST, &host) &&
           said(making, (enum vb_sigma_fact)argument, (struct vb_str){host.text, host.len}, ret);
}

/* --- when a view is there --- */

static bool always(const struct vb_event *event)
{
    (void)event;
    return true;
}

static bool writes(const struct vb_event *event)
{
    return has_flag(event, "write") || has_flag(event, "create") || has_flag(event, "append") ||
           has_flag(event, "truncate");
}

static bool internet_4(const struct vb_event *event)
{
    return vb_str_equal(vb_event_get_str(event, VB_F_FAMILY), "inet");
}

static bool internet(const struct vb_event *event)
{
    return internet_4(event) || vb_str_equal(vb_event_get_str(event, VB_F_FAMILY), "inet6");
}

/* --- the table --- */

static const struct row {
    enum vb_event_kind kind; /* VB_EV_NONE: a field of the view above */
    bool (*when)(const struct vb_event *event);
    const char *product, *category, *service;
    const char *name;
    bool (*get)(const struct making *making, int argument, struct vb_sigma_value *ret);
    int argument;
} rows[] = {
#define SIGMA_VIEW(event, condition, its_category, its_service) \
    {.kind = VB_EV_##event,                                     \
     .when = condition,                                         \
     .product = "linux",                                        \
     .category = its_category,                                  \
     .service = its_service},
#define SIGMA_OWN(event, condition, its_category) \
    {.kind = VB_EV_##event,                       \
     .when = condition,                           \
     .product = "vetbox",                         \
     .category = its_category,                    \
     .service = ""},
#define SIGMA_FIELD(its_name, getter, its_argument) \
    {.name = its_name, .get = getter, .argument = its_argument},
#include "verdict/sigma/views.def"
#undef SIGMA_VIEW
#undef SIGMA_OWN
#undef SIGMA_FIELD
};

static void note_view(struct vb_sigma_views *views, size_t at)
{
    uint16_t *places = views->of_kind[rows[at].kind];
    for (size_t i = 0; i < VIEWS_OF_ONE; i++) {
        if (places[i] != 0)
            continue;
        places[i] = (uint16_t)(at + 1);
        return;
    }
}

static int look_up(struct vb_sigma_views *views, const struct vb_sigma *sigma,
                   struct vb_sigma_matcher *matcher, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct vb_sigma_source source = {rows[i].product, rows[i].category, rows[i].service};
        if (rows[i].kind == VB_EV_NONE) {
            views->fields[i] = vb_sigma_field(sigma, rows[i].name);
            continue;
        }
        note_view(views, i);
        const int status = vb_sigma_matcher_source(matcher, &source, &views->sources[i], err);
        if (status < 0)
            return status;
    }
    for (size_t i = 0; i < COMMON_COUNT; i++)
        views->common_fields[i] = vb_sigma_field(sigma, common_names[i]);
    for (size_t i = 0; i < ARGUMENTS; i++) {
        char name[8];
        (void)snprintf(name, sizeof(name), "a%zu", i);
        views->argument_fields[i] = vb_sigma_field(sigma, name);
    }
    return VB_OK;
}

int vb_sigma_views_new(const struct vb_sigma *sigma, struct vb_sigma_matcher *matcher,
                       struct vb_sigma_views **ret, struct vb_error *err)
{
    struct vb_sigma_views *views = calloc(1, sizeof(*views));
    if (views == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules");
    views->sources = calloc(VB_ARRAY_LEN(rows), sizeof(*views->sources));
    views->fields = calloc(VB_ARRAY_LEN(rows), sizeof(*views->fields));
    vb_buf_init(&views->line, LINE_BYTES + 1);
    int status = views->sources == NULL || views->fields == NULL
                     ? vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules")
                     : look_up(views, sigma, matcher, err);
    if (status < 0)
        vb_sigma_views_free(views);
    else
        *ret = views;
    return status;
}

static void forget(struct vb_sigma_views *views)
{
    for (size_t i = 0; i < PROCESSES; i++)
        free(views->processes[i].line);
    memset(views->processes, 0, sizeof(views->processes));
    memset(views->hosts, 0, sizeof(views->hosts));
    views->tool[0] = '\0';
}

void vb_sigma_views_know(struct vb_sigma_views *views, vb_sigma_ask *ask, void *ctx)
{
    views->ask = ask;
    views->ask_ctx = ctx;
}

void vb_sigma_views_free(struct vb_sigma_views *views)
{
    if (views == NULL)
        return;
    forget(views);
    free(views->replaced);
    free(views->sources);
    free(views->fields);
    vb_buf_done(&views->line);
    free(views);
}

/* --- what later events are told of --- */

static void remember_line(struct vb_sigma_views *views, int64_t pid, const char *line, size_t len,
                          bool cut)
{
    struct process *process = process_at(views, pid);
    const size_t kept = len < KEPT_BYTES ? len : KEPT_BYTES;
    char *copy = malloc(kept + 1);
    if (copy == NULL) {
        views->failed = true;
        return;
    }
    memcpy(copy, line, kept);
    free(views->replaced);
    views->replaced = process->line;
    *process = (struct process){.pid = pid, .cut = cut || kept < len, .len = kept, .line = copy};
}

static void remember_name(struct vb_sigma_views *views, const struct vb_event *event)
{
    const struct vb_str address = vb_event_get_str(event, VB_F_ADDRESS);
    const struct vb_str name = vb_event_get_str(event, VB_F_NAME);
    struct host *host = host_at(views, address);
    if (address.len == 0 || address.len >= sizeof(host->address) || name.len >= sizeof(host->name))
        return;
    if (host == NULL) {
        host = set_of(views, address);
        memmove(host + 1, host, (HOSTS_OF_SET - 1) * sizeof(*host));
    }
    *host = (struct host){0};
    memcpy(host->address, address.text, address.len);
    memcpy(host->name, name.text, name.len);
}

/* Between the begin and the end of a call the server does what the tool is called for. */
static void remember_call(struct vb_sigma_views *views, const struct vb_event *event)
{
    const struct vb_str name = vb_event_get_str(event, VB_F_NAME);
    const bool begins = vb_str_equal(vb_event_get_str(event, VB_F_ACTION), "begin");
    const size_t len = begins && name.len < TOOL_BYTES ? name.len : 0;
    if (len > 0)
        memcpy(views->tool, name.text, len);
    views->tool[len] = '\0';
    const struct vb_value *given = vb_event_get(event, VB_F_GIVEN);
    views->given = given != NULL && given->list.count > 0;
}

static void remember(struct vb_sigma_views *views, const struct vb_event *event)
{
    const int64_t pid = vb_event_get_int(event, VB_F_PID, -1);
    if (event->kind == VB_EV_PROCESS_EXEC && make_line(views, event))
        remember_line(views, pid, views->line.data == NULL ? "" : (const char *)views->line.data,
                      views->line.len, views->line_cut);
    if (event->kind == VB_EV_PROCESS_FORK) {
        const int64_t ppid = vb_event_get_int(event, VB_F_PPID, -1);
        const struct process *parent = process_at(views, ppid);
        if (parent->line != NULL && parent->pid == ppid && parent != process_at(views, pid))
            remember_line(views, pid, parent->line, parent->len, parent->cut);
    }
    if (event->kind == VB_EV_WORLD_ANSWER)
        remember_name(views, event);
    if (event->kind == VB_EV_MCP_CALL)
        remember_call(views, event);
}

static void fill_common(const struct vb_sigma_views *views, const struct vb_event *event,
                        struct vb_sigma_value *values, size_t *count)
{
    if (event->detonation != 0)
        values[(*count)++] =
            (struct vb_sigma_value){.field = views->common_fields[COMMON_DETONATION],
                                    .type = VB_SIGMA_INT,
                                    .silent = true,
                                    .number = event->detonation};
    if (views->tool[0] != '\0') {
        struct vb_sigma_value value = {.field = views->common_fields[COMMON_TOOL], .silent = true};
        (void)text(&value, views->tool, strlen(views->tool));
        values[(*count)++] = value;
        value.field = views->common_fields[COMMON_GIVEN];
        const char *given = views->given ? "true" : "false";
        (void)text(&value, given, strlen(given));
        values[(*count)++] = value;
    }
}

static void fill_view(struct vb_sigma_views *views, const struct vb_event *event, size_t at,
                      struct vb_sigma_view *view)
{
    const size_t number_of_view = (size_t)(view - views->views);
    struct vb_sigma_value *values = views->values[number_of_view];
    const struct making making = {views, event, view};
    *view = (struct vb_sigma_view){.source = views->sources[at], .values = values};
    for (at++; at < VB_ARRAY_LEN(rows) && rows[at].kind == VB_EV_NONE; at++) {
        struct vb_sigma_value value = {.field = views->fields[at]};
        if (rows[at].get(&making, rows[at].argument, &value))
            values[view->count++] = value;
    }
    fill_common(views, event, values, &view->count);
}

int vb_sigma_views_of(struct vb_sigma_views *views, const struct vb_event *event,
                      struct vb_sigma_event *ret, struct vb_error *err)
{
    size_t count = 0;
    if (event->detonation != views->detonation)
        forget(views);
    views->detonation = event->detonation;
    views->line_made = false;
    const uint16_t *places = views->of_kind[event->kind];
    for (size_t i = 0; i < VIEWS_OF_ONE && places[i] != 0; i++)
        if (rows[places[i] - 1].when(event))
            fill_view(views, event, places[i] - 1u, &views->views[count++]);
    remember(views, event);
    *ret = (struct vb_sigma_event){
        .time_ns = event->time_ns, .seq = event->seq, .views = views->views, .view_count = count};
    return views->failed ? vb_fail(err, VB_E_NOMEM, 0, "out of memory for Sigma rules") : VB_OK;
}
