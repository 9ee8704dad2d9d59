/* What the log says about the package: its names, what it declares. */
#include "verdict/internal.h"

struct list_row {
    size_t offset;
    size_t max;
};

static const struct list_row lists[] = {
    {offsetof(struct judge, baits), MAX_BAITS},
    {offsetof(struct judge, tree), MAX_TREE},
    {offsetof(struct judge, packed), MAX_TREE},
    {offsetof(struct judge, loose), MAX_TREE},
    {offsetof(struct judge, disclosed), MAX_DISCLOSED},
    {offsetof(struct judge, declared_words), MAX_DISCLOSED},
    {offsetof(struct judge, declared_paths), MAX_DISCLOSED},
    {offsetof(struct judge, documented_files), MAX_DISCLOSED},
    {offsetof(struct judge, permissions), MAX_PERMISSIONS},
    {offsetof(struct judge, answers), MAX_ANSWERS},
    {offsetof(struct judge, own_names), MAX_LIST},
    {offsetof(struct judge, entries), MAX_DISCLOSED},
    {offsetof(struct judge, reached), MAX_TREE},
    {offsetof(struct judge, signature_files), MAX_TREE},
    {offsetof(struct judge, brought), MAX_PATHS},
    {offsetof(struct judge, brought_folders), MAX_GIVEN},
    {offsetof(struct judge, commands), MAX_LIST},
    {offsetof(struct judge, hosts), MAX_LIST},
    {offsetof(struct judge, files_written), MAX_LIST},
    {offsetof(struct judge, baits_read), MAX_LIST},
    {offsetof(struct judge, declared), MAX_LIST},
    {offsetof(struct judge, undisclosed), MAX_LIST},
    {offsetof(struct judge, kinds), MAX_LIST},
    {offsetof(struct judge, names), MAX_LIST},
    {offsetof(struct judge, signers), MAX_LIST},
    {offsetof(struct judge, mcp_tools), MAX_MCP_TOOLS},
    {offsetof(struct judge, mcp_texts), MAX_MCP_TEXTS},
    {offsetof(struct judge, tools_listed), MAX_MCP_TOOLS},
    {offsetof(struct judge, tools_called), MAX_MCP_TOOLS},
    {offsetof(struct judge, files_unread), MAX_TREE},
    {offsetof(struct judge, made), MAX_MADE},
    {offsetof(struct judge, made_code), MAX_LIST},
    {offsetof(struct judge, asked), MAX_LIST},
    {offsetof(struct judge, line_files), MAX_LINE_FILES},
    {offsetof(struct judge, layers), MAX_LAYERS},
    {offsetof(struct judge, looked), MAX_LOOKED},
    {offsetof(struct judge, gaps), MAX_GAPS},
    {offsetof(struct judge, said), MAX_SAID},
    {offsetof(struct judge, used), MAX_USED},
    {offsetof(struct judge, flows), MAX_FLOWS},
};

static struct names *list_at(struct judge *judge, size_t i)
{
    return (struct names *)(void *)((char *)judge + lists[i].offset);
}

void vb_facts_init(struct judge *judge)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(lists); i++)
        vb_names_init(list_at(judge, i), lists[i].max);
}

void vb_facts_done(struct judge *judge)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(lists); i++)
        vb_names_done(list_at(judge, i));
}

/* --- disclosure --- */

const char *vb_disclosed_name(struct judge *judge, const char *text)
{
    const char *host = vb_url_host(&judge->scratch, text);
    if (host == NULL)
        host = vb_url_host(&judge->scratch, vb_arena_printf(&judge->scratch, "any://%s", text));
    if (host == NULL || host[0] == '.' || strchr(host, '.') == NULL)
        return NULL;
    if (vb_starts(host, "www."))
        host += 4;
    return vb_starts(host, "*.") ? host + 2 : host;
}

static void disclose(struct judge *judge, const char *text)
{
    const char *host = vb_disclosed_name(judge, text);
    if (host != NULL)
        (void)vb_names_add(&judge->disclosed, judge->keep, host, 0, NULL);
}

bool vb_host_disclosed(const struct judge *judge, const char *host)
{
    if (vb_host_is_drop(host) || vb_host_is_address(host))
        return false;
    if (vb_is_given(judge->run, host))
        return true;
    if (vb_starts(host, "www."))
        host += 4;
    /* A name under which anybody may have a part is not disclosed by its top: one dot at least. */
    for (const char *at = host; strchr(at, '.') != NULL; at = strchr(at, '.') + 1)
        if (vb_names_find(&judge->disclosed, at) != NULL)
            return true;
    return false;
}

bool vb_path_documented(const struct judge *judge, const char *path)
{
    for (size_t i = 0; i < judge->declared_paths.count; i++) {
        const char *named = judge->declared_paths.items[i].text;
        const size_t len = strlen(named);
        /* "~/.aws" and what lies below; "~" alone would disclose everything and so nothing. */
        if (len > 3 && strncmp(path, named, len) == 0 &&
            (path[len] == '\0' || path[len] == '/' || named[len - 1] == '/'))
            return true;
    }
    return false;
}

bool vb_place_disclosed(const struct judge *judge, const struct bait *bait)
{
    if (bait->place->kind == SECRET_PRIVATE)
        return false;
    if (bait->env != NULL && vb_names_find(&judge->declared_words, bait->env) != NULL)
        return true;
    for (size_t i = 0; i < judge->declared_words.count; i++)
        if (vb_word_in(bait->place->words, judge->declared_words.items[i].text))
            return true;
    return bait->path != NULL && vb_path_documented(judge, bait->path);
}

bool vb_host_serves(const struct judge *judge, const struct bait *bait, const char *host)
{
    if (bait->hosts != NULL && vb_word_in(bait->hosts, host))
        return true; /* a login goes where it is for */
    const char *domains = bait->place->services;
    while (*domains != '\0') {
        char domain[128] = {0};
        const size_t len = strcspn(domains, " ");
        memcpy(domain, domains, len < sizeof(domain) ? len : sizeof(domain) - 1);
        if (vb_host_below(host, domain))
            return true;
        domains += len;
        domains += strspn(domains, " ");
    }
    /* Where it is known whose it is, no text can name somebody else. We can, in arguments. */
    return (bait->place->services[0] == '\0' || vb_is_given(judge->run, host)) &&
           vb_place_disclosed(judge, bait) && vb_host_disclosed(judge, host);
}

/* --- single kinds of events --- */

static void on_log_begin(struct judge *judge)
{
    struct vb_verdict *verdict = judge->verdict;
    verdict->tool = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_TOOL));
    verdict->reference = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_REFERENCE));
    verdict->action = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_ACTION));
    verdict->clock = vb_event_get_int(judge->event, VB_F_CLOCK, 0);
}

static void on_log_end(struct judge *judge)
{
    judge->verdict->events = judge->event->seq;
}

static void on_artifact(struct judge *judge)
{
    struct vb_verdict *verdict = judge->verdict;
    verdict->artifact_name = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_NAME));
    if (vb_event_get(judge->event, VB_F_SHA256) != NULL)
        verdict->artifact_sha256 = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_SHA256));
}

static void on_tree_file(struct judge *judge)
{
    judge->verdict->coverage.files++;
    (void)vb_names_add(&judge->tree, judge->keep, vb_text_of(judge, VB_F_PATH), 0, NULL);
}

static void on_package(struct judge *judge)
{
    const char *name = vb_text_of(judge, VB_F_NAME), *version = vb_text_of(judge, VB_F_VERSION);
    vb_note(judge, &judge->kinds, vb_text_of(judge, VB_F_KIND_OF));
    if (name[0] != '\0') {
        vb_note(judge, &judge->own_names, name);
        vb_note(judge, &judge->names,
                version[0] == '\0' ? name
                                   : vb_arena_printf(&judge->scratch, "%s %s", name, version));
    }
    const char *home = vb_text_of(judge, VB_F_HOMEPAGE);
    if (home[0] != '\0')
        disclose(judge, home);
}

static const char *const tools_that_read[] = {"webfetch", "websearch", "web_fetch", "web_search",
                                              "browser",  "fetch",     "mail",      "gmail"};
static const char *const tools_that_send[] = {"webfetch", "web_fetch", "browser",
                                              "message",  "sendmail",  "send_message"};

static bool names_tool(const char *value, const char *const *tools, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (vb_find_text(value, tools[i]) != NULL)
            return true;
    return false;
}

static void on_declares(struct judge *judge)
{
    const char *what = vb_text_of(judge, VB_F_WHAT), *value = vb_text_of(judge, VB_F_VALUE);
    if (strcmp(what, "host") == 0)
        disclose(judge, value);
    else if (vb_word_in("bin env", what))
        (void)vb_names_add(&judge->declared_words, judge->keep, value, 0, NULL);
    else if (strcmp(what, "path") == 0)
        (void)vb_names_add(&judge->declared_paths, judge->keep,
                           vb_home_path(&judge->scratch, value), 0, NULL);
    else if (strcmp(what, "file") == 0)
        (void)vb_names_add(&judge->documented_files, judge->keep, value, 0, NULL);
    if (judge->event->kind != VB_EV_MANIFEST_DECLARES)
        return;
    vb_note(judge, &judge->declared, vb_arena_printf(&judge->scratch, "%s %s", what, value));
    vb_permissions_see(judge);
    vb_legs_see_declared(judge);
    if (!vb_word_in("tool permission", what))
        return;
    if (names_tool(value, tools_that_read, VB_ARRAY_LEN(tools_that_read)))
        vb_leg_said(judge, VB_LEG_UNTRUSTED_INPUT, "it asks for the tool %s", value);
    if (names_tool(value, tools_that_send, VB_ARRAY_LEN(tools_that_send)))
        vb_leg_said(judge, VB_LEG_OUTBOUND, "it asks for the tool %s", value);
}

/* A link whose text a reader sees names its host as well as prose does. Without a scheme it leads
 * to a file beside the document, and there are domains that are called as files are. */
bool vb_link_names_host(struct judge *judge)
{
    return vb_text_of(judge, VB_F_TEXT)[0] != '\0' &&
           strstr(vb_text_of(judge, VB_F_URL), "://") != NULL;
}

static void on_link(struct judge *judge)
{
    if (vb_link_names_host(judge))
        disclose(judge, vb_text_of(judge, VB_F_URL));
}

static void on_entry(struct judge *judge)
{
    if (judge->event->kind == VB_EV_MANIFEST_CODE &&
        vb_event_get(judge->event, VB_F_INTERPRETER) == NULL)
        return;
    const char *key = vb_arena_printf(&judge->scratch, "%s:%lld", vb_text_of(judge, VB_F_PATH),
                                      (long long)vb_event_get_int(judge->event, VB_F_LINE, 0));
    (void)vb_names_add(&judge->entries, judge->keep, key, 0, NULL);
}

static void on_bait_placed(struct judge *judge)
{
    bool fresh = false;
    const struct name *name = vb_names_add(&judge->baits, judge->keep, vb_text_of(judge, VB_F_BAIT),
                                           (int64_t)judge->baits.count, &fresh);
    if (name == NULL || !fresh)
        return;
    struct bait *bait = &judge->bait_rows[name->value];
    size_t count = 0;
    char **hosts = vb_list_of(judge, VB_F_HOSTS, &count);
    const char *list = "";
    for (size_t i = 0; i < count; i++)
        list = vb_arena_printf(&judge->scratch, "%s%s%s", list, i > 0 ? " " : "", hosts[i]);
    bait->hosts = vb_arena_str(judge->keep, list);
    bait->id = name->text;
    bait->size = vb_event_get_int(judge->event, VB_F_SIZE, 0);
    if (vb_word_in("env world", vb_text_of(judge, VB_F_WHAT))) {
        bait->by_world = strcmp(vb_text_of(judge, VB_F_WHAT), "world") == 0;
        bait->env = vb_arena_str(judge->keep, vb_text_of(judge, VB_F_NAME));
        bait->place = vb_secret_of_env(bait->env);
    } else if (strcmp(vb_text_of(judge, VB_F_WHAT), "instructions") == 0) {
        bait->place = vb_secret_handed();
    } else if (strcmp(vb_text_of(judge, VB_F_WHAT), "machine") == 0) {
        bait->place = vb_secret_machine(bait->id);
    } else {
        bait->path =
            vb_arena_str(judge->keep, vb_home_path(&judge->scratch, vb_text_of(judge, VB_F_PATH)));
        bait->place = vb_secret_of_path(bait->path);
    }
}

/* Where a tool keeps what it fetched, packed in its own way: git's objects, npm's cache. */
static bool is_packed_store(const char *path)
{
    return strstr(path, "/.git/objects/") != NULL || strstr(path, "/_cacache/content-v2/") != NULL;
}

static void on_kept(struct judge *judge)
{
    const char *digest = vb_text_of(judge, VB_F_SHA256);
    struct names *names =
        is_packed_store(vb_text_of(judge, VB_F_PATH)) ? &judge->packed : &judge->loose;
    if (digest[0] != '\0')
        (void)vb_names_add(names, judge->keep, digest, 0, NULL);
}

static bool is_below(const char *path, const char *folder)
{
    const size_t len = strlen(folder);
    return vb_starts(path, folder) && path[len] == '/';
}

static void on_gone(struct judge *judge)
{
    const char *path = vb_box_path(judge, VB_F_PATH);
    const bool moved = judge->event->kind == VB_EV_FILE_RENAME;
    for (size_t i = 0; i < judge->baits.count; i++) {
        struct bait *bait = &judge->bait_rows[i];
        if (bait->path != NULL &&
            (strcmp(bait->path, path) == 0 || (moved && is_below(bait->path, path))))
            bait->gone_seq = judge->event->seq;
    }
}

bool vb_baits_lie_below(const struct judge *judge, const char *folder)
{
    for (size_t i = 0; i < judge->baits.count; i++) {
        const struct bait *bait = &judge->bait_rows[i];
        if (bait->path != NULL && bait->gone_seq == 0 && is_below(bait->path, folder))
            return true;
    }
    return false;
}

unsigned vb_baits_taken(const struct judge *judge)
{
    unsigned taken = 0;
    for (size_t i = 0; i < judge->baits.count; i++)
        taken += judge->bait_rows[i].gone_seq == judge->event->seq;
    return taken;
}

/* A bait that the log never placed is taken at its path, or at its worst. */
const struct bait *vb_bait_named(struct judge *judge, const char *id)
{
    const struct name *name = vb_names_find(&judge->baits, id);
    if (name != NULL)
        return &judge->bait_rows[name->value];
    struct bait *bait = vb_arena_alloc(judge->keep, sizeof(*bait));
    if (bait == NULL)
        return &judge->bait_rows[0];
    bait->id = vb_arena_str(judge->keep, id);
    const bool read = judge->event->kind == VB_EV_BAIT_READ;
    bait->path = read ? vb_arena_str(judge->keep,
                                     vb_home_path(&judge->scratch, vb_text_of(judge, VB_F_PATH)))
                      : NULL;
    bait->place = read ? vb_secret_of_path(bait->path)
                       : vb_secret_of_path(vb_starts(id, "env-") ? "~/.env" : "");
    return bait;
}

/* --- what probes said --- */

/* Its place counts for what the scan finds in it. */
static void on_made_code(struct judge *judge)
{
    bool fresh = false;
    const char *path = vb_text_of(judge, VB_F_PATH), *form = vb_text_of(judge, VB_F_FORM);
    const int64_t line = vb_event_get_int(judge->event, VB_F_LINE, 0);
    const struct name *entry =
        vb_names_add(&judge->made, judge->keep, vb_text_of(judge, VB_F_SHA256),
                     (int64_t)judge->made.count, &fresh);
    if (entry == NULL || !fresh)
        return;
    judge->made_places[entry->value] = (struct made_place){
        .path = path[0] == '\0' ? NULL : vb_arena_str(judge->keep, path), .line = line};
    const char *where =
        line > 0 ? vb_arena_printf(&judge->scratch, "%s:%lld", path, (long long)line) : path;
    vb_note(judge, &judge->made_code,
            vb_arena_printf(&judge->scratch, "%s %s: %s", where, form,
                            vb_arena_cut(&judge->scratch, vb_text_of(judge, VB_F_TEXT), 160)));
}

/* A text for a module that is missing; the run's entry point gave it. */
static void on_given(struct judge *judge)
{
    bool fresh = false;
    const struct name *entry =
        vb_names_add(&judge->made, judge->keep, vb_text_of(judge, VB_F_SHA256),
                     (int64_t)judge->made.count, &fresh);
    if (entry == NULL || !fresh)
        return;
    judge->made_places[entry->value] =
        (struct made_place){.path = judge->run == NULL ? NULL : judge->run->path,
                            .line = judge->run == NULL ? 0 : judge->run->line,
                            .module = vb_arena_cut(judge->keep, vb_text_of(judge, VB_F_NAME), 64)};
}

static void on_asked(struct judge *judge)
{
    const char *at = vb_text_of(judge, VB_F_TEXT);
    while (*at != '\0') {
        const size_t len = strcspn(at, "\n");
        vb_note(judge, &judge->asked,
                vb_arena_cut(&judge->scratch, vb_arena_copy(&judge->scratch, at, len), 160));
        at += len + (at[len] == '\n');
    }
}

static void on_lines(struct judge *judge)
{
    bool fresh = false;
    const int64_t executed = vb_event_get_int(judge->event, VB_F_EXECUTED, 0);
    const struct name *entry =
        vb_names_add(&judge->line_files, judge->keep, vb_text_of(judge, VB_F_PATH),
                     (int64_t)judge->line_files.count, &fresh);
    struct line_row *row = entry == NULL ? NULL : &judge->line_rows[entry->value];
    if (row == NULL || (!fresh && executed <= row->executed))
        return;
    *row = (struct line_row){executed, vb_event_get_int(judge->event, VB_F_PRESENT, 0)};
}

const struct made_place *vb_made_place(const struct judge *judge, const char *path)
{
    static const char folder[] = "dropped/";
    const struct name *entry =
        vb_starts(path, folder) ? vb_names_find(&judge->made, path + sizeof(folder) - 1) : NULL;
    return entry == NULL ? NULL : &judge->made_places[entry->value];
}

/* The network was live: some of what was sent really left. */
static void on_live(struct judge *judge)
{
    struct vb_verdict *verdict = judge->verdict;
    size_t count = 0;
    char **hosts = vb_list_of(judge, VB_F_HOSTS, &count);
    struct vb_live_row *rows = vb_arena_alloc(judge->keep, (count + 1) * sizeof(*rows));
    if (rows == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct vb_live_row){.name = vb_arena_str(judge->keep, hosts[i])};
    verdict->live = rows;
    verdict->live_count = count;
}

static uint64_t count_of(const struct judge *judge, enum vb_field field)
{
    const int64_t number = vb_event_get_int(judge->event, field, 0);
    return number < 0 ? 0 : (uint64_t)number;
}

static void add_to(uint64_t *sum, uint64_t more)
{
    if (__builtin_add_overflow(*sum, more, sum))
        *sum = UINT64_MAX;
}

static void on_live_host(struct judge *judge)
{
    const char *name = vb_text_of(judge, VB_F_NAME);
    for (size_t i = 0; i < judge->verdict->live_count; i++) {
        struct vb_live_row *row = &judge->verdict->live[i];
        if (strcmp(row->name, name) != 0)
            continue;
        add_to(&row->requests, count_of(judge, VB_F_COUNT));
        add_to(&row->failed, count_of(judge, VB_F_FAILED));
        add_to(&row->sent, count_of(judge, VB_F_SIZE));
        add_to(&row->received, count_of(judge, VB_F_RECEIVED));
    }
}

static void on_response(struct judge *judge)
{
    judge->verdict->live_withheld += vb_event_get(judge->event, VB_F_REASON) != NULL &&
                                     strcmp(vb_text_of(judge, VB_F_RULE), "live") != 0;
}

static void on_layer(struct judge *judge)
{
    if (strcmp(vb_text_of(judge, VB_F_NAME), "network") == 0 &&
        strcmp(vb_text_of(judge, VB_F_OUTCOME), "live") == 0)
        on_live(judge);
    vb_note_gap(judge, "sandbox layer %s: %s", vb_text_of(judge, VB_F_NAME),
                vb_text_of(judge, VB_F_OUTCOME));
}

static void on_signature(struct judge *judge)
{
    const char *outcome = vb_text_of(judge, VB_F_OUTCOME), *name = vb_text_of(judge, VB_F_NAME);
    const char *key = vb_text_of(judge, VB_F_KEY_ID), *covers = "", *root = "";
    const uint64_t present = count_of(judge, VB_F_PRESENT);
    if (present > 0)
        covers = vb_arena_printf(&judge->scratch, ", covers %llu of %llu file%s",
                                 (unsigned long long)count_of(judge, VB_F_COUNT),
                                 (unsigned long long)present, present == 1 ? "" : "s");
    if (vb_event_get(judge->event, VB_F_ROOT) != NULL)
        root = vb_arena_printf(&judge->scratch, ", by the shipped root %s, %llu days old",
                               vb_text_of(judge, VB_F_ROOT),
                               (unsigned long long)count_of(judge, VB_F_ROOT_DAYS));
    vb_note(judge, &judge->signers,
            vb_arena_printf(&judge->scratch, "%s: %s (%s%s) in %s%s", outcome,
                            name[0] ? name : (key[0] ? key : "unknown signer"),
                            vb_text_of(judge, VB_F_FORMAT), covers, vb_text_of(judge, VB_F_PATH),
                            root));
}

static const struct {
    enum vb_event_kind kind;
    void (*see)(struct judge *judge);
} rows[] = {
    {VB_EV_LOG_BEGIN, on_log_begin},
    {VB_EV_LOG_END, on_log_end},
    {VB_EV_FETCH_ARTIFACT, on_artifact},
    {VB_EV_TREE_FILE, on_tree_file},
    {VB_EV_MANIFEST_PACKAGE, on_package},
    {VB_EV_MANIFEST_DECLARES, on_declares},
    {VB_EV_MANIFEST_DOCUMENTS, on_declares},
    {VB_EV_MANIFEST_LINK, on_link},
    {VB_EV_MANIFEST_DECLARES, vb_uses_see_said},
    {VB_EV_MANIFEST_DOCUMENTS, vb_uses_see_said},
    {VB_EV_MANIFEST_LINK, vb_uses_see_said},
    {VB_EV_SCAN_LAYER, vb_hidden_see_layer},
    {VB_EV_MANIFEST_CODE, on_entry},
    {VB_EV_MANIFEST_ENTRY, on_entry},
    {VB_EV_MANIFEST_ENTRY, vb_coverage_see_reached},
    {VB_EV_MANIFEST_CODE, vb_coverage_see_reached},
    {VB_EV_MANIFEST_USAGE, vb_coverage_see_reached},
    {VB_EV_MANIFEST_DOCUMENTS, vb_coverage_see_reached},
    {VB_EV_MANIFEST_LINK, vb_coverage_see_reached},
    {VB_EV_MANIFEST_LINK, vb_coverage_see_linked},
    {VB_EV_MANIFEST_DECLARES, vb_coverage_see_reached},
    {VB_EV_FILE_OPEN, vb_coverage_see_opened},
    {VB_EV_FILE_OPEN, vb_uses_see_open},
    {VB_EV_PROCESS_EXEC, vb_coverage_see_opened},
    {VB_EV_BAIT_PLACED, on_bait_placed},
    {VB_EV_COVERAGE, vb_coverage_see_gap},
    {VB_EV_DETONATION_BEGIN, vb_coverage_see_run},
    {VB_EV_MCP_TOOL, vb_coverage_see_tool},
    {VB_EV_MCP_TOOL, vb_uses_see_tool},
    {VB_EV_MCP_CALL, vb_coverage_see_call},
    {VB_EV_TRUTH_FILE, on_kept},
    {VB_EV_FILE_SNAPSHOT, on_kept},
    {VB_EV_SANDBOX_LAYER, on_layer},
    {VB_EV_LIVE_HOST, on_live_host},
    {VB_EV_WORLD_RESPONSE, on_response},
    {VB_EV_SIGNATURE_RESULT, on_signature},
    {VB_EV_INTERPRETER_CODE, on_made_code},
    {VB_EV_INTERPRETER_LINES, on_lines},
    {VB_EV_INTERPRETER_ASKED, on_asked},
    {VB_EV_INTERPRETER_GIVEN, on_given},
    {VB_EV_FILE_DELETE, on_gone},
    {VB_EV_FILE_RENAME, on_gone},
};

void vb_facts_see(struct judge *judge)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        if (rows[i].kind == judge->event->kind)
            rows[i].see(judge);
}

/* Nothing was run: what it names is the best that is known. */
static void legs_unseen(struct judge *judge)
{
    static const struct vb_event none = {.seq = 0};
    if (judge->disclosed.count == 0 || judge->entries.count == 0 || judge->run_count > 0)
        return;
    judge->event = &none;
    vb_leg_said(judge, VB_LEG_UNTRUSTED_INPUT, "it names hosts, %s among them, and was not run",
                judge->disclosed.items[0].text);
    vb_leg_said(judge, VB_LEG_OUTBOUND, "it names hosts, %s among them, and was not run",
                judge->disclosed.items[0].text);
    judge->event = NULL;
}

void vb_facts_end(struct judge *judge)
{
    vb_coverage_end(judge);
    legs_unseen(judge);
    vb_legs_end(judge);
    vb_uses_end(judge);
    vb_flows_end(judge);
}
