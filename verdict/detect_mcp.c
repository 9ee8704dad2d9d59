/* What an MCP server says of itself, and when. Its tools are what its user agreed to: one that says
 * something else later was agreed to by nobody. Dates and numbers in a description are no change,
 * nor are the values that a parameter may have, which are data in honest servers. */
#include <ctype.h>

#include "verdict/internal.h"
#include "vetbox/core/json.h"

enum { LEVELS_MAX = 32, EXCERPT = 160, WORDS_BYTES = 2048 };

/* --- what is the same --- */

/* FNV-1a (RFC 9923): whoever makes two descriptions collide has made a second one that reads like
 * noise, and both are scanned. */
static uint64_t mix(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * UINT64_C(0x100000001b3);
}

/* The letters of a name of the calendar at TEXT, or 0. */
static size_t calendar_word(const char *text)
{
    static const char *const words[] = {
        "January",   "February",  "March",   "April",    "May",      "June",   "July",
        "August",    "September", "October", "November", "December", "Monday", "Tuesday",
        "Wednesday", "Thursday",  "Friday",  "Saturday", "Sunday",   "Jan",    "Feb",
        "Mar",       "Apr",       "Jun",     "Jul",      "Aug",      "Sep",    "Oct",
        "Nov",       "Dec",       "Mon",     "Tue",      "Wed",      "Thu",    "Fri",
        "Sat",       "Sun",
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(words); i++) {
        const size_t len = strlen(words[i]);
        if (strncmp(text, words[i], len) == 0 && !isalpha((unsigned char)text[len]))
            return len;
    }
    return 0;
}

/* Goes on with HASH over TEXT, in which all numbers, dates and spaces are alike. */
static uint64_t mix_text(uint64_t hash, const char *text)
{
    bool letter = false;
    for (const char *at = text; *at != '\0';) {
        const size_t skip = letter ? 0 : calendar_word(at);
        const bool dated = skip > 0 || isdigit((unsigned char)*at);
        const bool space = isspace((unsigned char)*at);
        const unsigned char byte = dated ? '#' : space ? ' ' : (unsigned char)*at;
        letter = isalpha((unsigned char)*at) != 0 && !dated;
        hash = mix(hash, byte);
        at += skip > 0 ? skip : 1;
        while (dated && skip == 0 && isdigit((unsigned char)*at))
            at++;
        while (space && isspace((unsigned char)*at))
            at++;
    }
    return mix(hash, 0xff);
}

/* The same over a schema, without the values that it lists. */
static uint64_t mix_schema(uint64_t hash, const json_t *value, unsigned level)
{
    static const char values[] = "enum default examples const";
    const char *key;
    json_t *item;
    if (level == LEVELS_MAX)
        return hash;
    if (json_is_string(value))
        return mix_text(hash, json_string_value(value));
    for (size_t i = 0; i < json_array_size(value); i++)
        hash = mix_schema(hash, json_array_get(value, i), level + 1);
    json_object_foreach((json_t *)value, key, item)
    {
        if (!json_is_object(item) && vb_word_in(values, key))
            continue;
        hash = mix_schema(mix_text(hash, key), item, level + 1);
    }
    return mix(hash, 0xfe);
}

static uint64_t digest_of(struct judge *judge)
{
    const uint64_t begin = UINT64_C(0xcbf29ce484222325);
    const struct vb_str text = vb_event_get_str(judge->event, VB_F_TEXT);
    VB_CLEANUP(vb_json_free) json_t *schema = NULL;
    struct vb_error ignored;
    const uint64_t hash = mix_text(begin, vb_text_of(judge, VB_F_DESCRIPTION));
    /* One that was cut cannot be read, and is compared by its beginning. */
    if (text.len > 0 && vb_json_parse(text.text, text.len, text.len, &schema, &ignored) == VB_OK)
        return mix_schema(hash, schema, 0);
    return mix_text(hash, vb_text_of(judge, VB_F_TEXT));
}

/* --- tools --- */

/* The first run of the entry point. On another machine a server may have other tools. */
static uint32_t origin_of(const struct run *run)
{
    return run->repeats != 0 && run->persona == NULL ? run->repeats : run->id;
}

static const char *occasion(struct judge *judge, const struct mcp_tool *first)
{
    const struct run *run = judge->run;
    if (first->run == run->id)
        return "after tools of its server had been called";
    return vb_arena_printf(&judge->scratch,
                           "when its server was started again, %lld days later, by the client %s",
                           (long long)run->days_ahead, run->client);
}

static void report_change(struct judge *judge, const struct mcp_tool *first, const char *name)
{
    const char *about = vb_text_of(judge, VB_F_DESCRIPTION);
    const struct found found = {
        .id = FINDING_MCP_RUGPULL,
        .graded = true,
        .severity = VB_SEVERITY_HIGH,
        .confidence = first->run == judge->run->id ? VB_CONFIDENCE_HIGH : VB_CONFIDENCE_MEDIUM,
        .path = judge->run->path,
        .line = judge->run->line,
        .group = name,
        .evidence = {first->seq},
    };
    vb_report_found(judge, &found, "The tool %s was another one %s. It then said: \"%s\".",
                    vb_arena_cut(&judge->scratch, name, 80), occasion(judge, first),
                    vb_arena_cut(&judge->scratch, about, EXCERPT));
}

/* One that was not there before. Servers that add tools are to say so. */
static void report_addition(struct judge *judge, const char *name)
{
    const struct found found = {
        .id = FINDING_MCP_RUGPULL,
        .graded = true,
        .severity = VB_SEVERITY_LOW,
        .confidence = VB_CONFIDENCE_MEDIUM,
        .path = judge->run->path,
        .line = judge->run->line,
        .group = "added",
    };
    vb_report_found(judge, &found,
                    "The tool %s came later, and its server did not tell that its tools change.",
                    vb_arena_cut(&judge->scratch, name, 80));
}

static const char *first_of(const char *text, const char *const words[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = vb_find_text(text, words[i]);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* What is only listed and never called is read by the model all the same: it is told to get what
 * is no tool's business, and to keep that from the user. No honest tool says both. */
static void see_orders(struct judge *judge, const char *name)
{
    static const char *const places[] = {"~/.ssh",     "/.ssh/",           "id_rsa",
                                         "id_ed25519", ".aws/credentials", "~/.gnupg",
                                         "~/.netrc",   ".git-credentials", "wallet.dat",
                                         "~/.kube",    "~/.npmrc",         "/etc/shadow"};
    static const char *const takes[] = {"read", "content", "include", "append", "send", "copy"};
    static const char *const hides[] = {"not tell",
                                        "never tell",
                                        "n't tell",
                                        "not mention",
                                        "never mention",
                                        "n't mention",
                                        "not inform",
                                        "never inform",
                                        "n't inform",
                                        "not notify",
                                        "n't notify",
                                        "without telling",
                                        "without informing",
                                        "without notifying",
                                        "without mentioning",
                                        "hidden from the user",
                                        "secret from the user"};
    const char *text =
        vb_arena_printf(&judge->scratch, "%s %s", vb_text_of(judge, VB_F_DESCRIPTION),
                        vb_text_of(judge, VB_F_TEXT));
    const char *place = first_of(text, places, VB_ARRAY_LEN(places));
    const char *hidden = first_of(text, hides, VB_ARRAY_LEN(hides));
    if (place == NULL || hidden == NULL || vb_find_word(text, "user") == NULL ||
        first_of(text, takes, VB_ARRAY_LEN(takes)) == NULL)
        return;
    const struct found found = {.id = FINDING_MCP_TOOL_THEFT,
                                .path = judge->run->path,
                                .line = judge->run->line,
                                .group = name};
    vb_report_found(judge, &found,
                    "What the tool %s says of itself names %.*s, and wants something kept from the "
                    "user: \"%s\".",
                    vb_arena_cut(&judge->scratch, name, 80), (int)strcspn(place, " \"\n,;)"), place,
                    vb_arena_cut(&judge->scratch, text, EXCERPT));
}

static void see_tool(struct judge *judge)
{
    struct run *run = judge->run;
    bool fresh = false;
    const char *name = vb_text_of(judge, VB_F_NAME);
    const char *key = vb_arena_printf(&judge->scratch, "%u %s", origin_of(run), name);
    const int64_t number = vb_event_get_int(judge->event, VB_F_NUMBER, 1);
    const struct name *entry =
        vb_names_add(&judge->mcp_tools, judge->keep, key, (int64_t)judge->mcp_tools.count, &fresh);
    if (entry == NULL) {
        run->full = true;
        return;
    }
    struct mcp_tool *tool = &judge->mcp_rows[entry->value];
    const uint64_t digest = digest_of(judge);
    if (fresh || tool->digest != digest)
        see_orders(judge, name);
    if (fresh) {
        *tool = (struct mcp_tool){digest, run->id, judge->event->seq, NULL, NULL, NULL};
        tool->name = vb_arena_cut(judge->keep, name, MAX_TEXT);
        tool->about = vb_arena_cut(judge->keep, vb_text_of(judge, VB_F_DESCRIPTION), WORDS_BYTES);
        tool->words = vb_arena_printf(judge->keep, "%s %s %.*s", tool->name, tool->about,
                                      WORDS_BYTES, vb_text_of(judge, VB_F_TEXT));
        if (number > 1 && !run->announced)
            report_addition(judge, name);
        return;
    }
    if (tool->digest != digest)
        report_change(judge, tool, name);
}

/* --- calls --- */

/* What arguments of ours name is the business of who gets them, from then on. */
/* A call that had no answer in its time. Who waits is not let wait for long (the clock of the box
 * is moved), and who reads, writes or asks is seen to: what is left computes. Asked for little
 * twice, first as anybody would ask, it is not for the result. */
static void see_unanswered(struct judge *judge)
{
    enum { BUSY_MS = 4000, BUSY_EVENTS = 16 };
    struct run *run = judge->run;
    const bool typical = strcmp(vb_text_of(judge, VB_F_FORM), "typical") == 0;
    if (run->tool == NULL || strcmp(vb_text_of(judge, VB_F_OUTCOME), "timeout") != 0 ||
        vb_event_get_int(judge->event, VB_F_DURATION, 0) < BUSY_MS ||
        judge->event->seq - run->tool_seq > BUSY_EVENTS)
        return;
    const bool again = run->busy == run->tool;
    if (typical)
        run->busy = run->tool;
    if (typical || !again)
        return;
    const struct found found = {
        .id = FINDING_RESOURCE_ABUSE,
        .graded = true,
        .severity = VB_SEVERITY_HIGH,
        .confidence = VB_CONFIDENCE_MEDIUM,
        .path = run->path,
        .line = run->line,
        .group = vb_arena_printf(&judge->scratch, "busy %s", run->tool->name),
        .evidence = {run->tool_seq, judge->event->seq},
    };
    vb_report_found(judge, &found,
                    "Called with little, the tool %s did nothing but compute, and gave no answer.",
                    vb_arena_cut(&judge->scratch, run->tool->name, 80));
}

static void see_call(struct judge *judge)
{
    struct run *run = judge->run;
    size_t count = 0;
    const bool begins = strcmp(vb_text_of(judge, VB_F_ACTION), "begin") == 0;
    const char *key =
        vb_arena_printf(&judge->scratch, "%u %s", origin_of(run), vb_text_of(judge, VB_F_NAME));
    const struct name *entry = begins && strcmp(vb_text_of(judge, VB_F_METHOD), "tools/call") == 0
                                   ? vb_names_find(&judge->mcp_tools, key)
                                   : NULL;
    if (!begins)
        see_unanswered(judge);
    if (entry != NULL)
        vb_begin_call(judge, &judge->mcp_rows[entry->value]);
    else
        vb_end_call(judge);
    char **items = vb_list_of(judge, VB_F_GIVEN, &count);
    for (size_t i = 0; i < count; i++)
        (void)vb_names_add(&run->given, &run->arena, vb_home_path(&judge->scratch, items[i]), 0,
                           NULL);
}

bool vb_is_given(const struct run *run, const char *item)
{
    if (run == NULL || item == NULL)
        return false;
    for (size_t i = 0; i < run->given.count; i++) {
        const char *given = run->given.items[i].text;
        const size_t len = strlen(given);
        if (strncmp(item, given, len) == 0 && (item[len] == '\0' || item[len] == '/'))
            return true;
    }
    return false;
}

bool vb_is_given_itself(const struct run *run, const char *path)
{
    if (run == NULL || path == NULL)
        return false;
    for (size_t i = 0; i < run->given.count; i++)
        if (strcmp(run->given.items[i].text, path) == 0)
            return true;
    return false;
}

/* --- texts --- */

static void see_text(struct judge *judge)
{
    bool fresh = false;
    const char *digest = vb_text_of(judge, VB_F_SHA256);
    const char *place = judge->run->path == NULL ? judge->run->label : judge->run->path;
    const struct name *entry = vb_names_add(&judge->mcp_texts, judge->keep, digest,
                                            (int64_t)judge->mcp_texts.count, &fresh);
    if (entry != NULL && fresh)
        judge->mcp_places[entry->value] = place;
}

const char *vb_mcp_speaker(const struct judge *judge, const char *path)
{
    static const char folder[] = "dropped/";
    const struct name *entry = vb_starts(path, folder)
                                   ? vb_names_find(&judge->mcp_texts, path + sizeof(folder) - 1)
                                   : NULL;
    return entry == NULL ? NULL : judge->mcp_places[entry->value];
}

void vb_see_mcp(struct judge *judge)
{
    struct run *run = judge->run;
    if (run == NULL || run->ended)
        return;
    if (judge->event->kind == VB_EV_MCP_TOOL)
        see_tool(judge);
    else if (judge->event->kind == VB_EV_MCP_CALL)
        see_call(judge);
    else if (judge->event->kind == VB_EV_MCP_TEXT)
        see_text(judge);
    else if (strcmp(vb_text_of(judge, VB_F_METHOD), "notifications/tools/list_changed") == 0)
        run->announced = true;
}
