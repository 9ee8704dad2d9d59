/* What a tool of an MCP server does while it is called, beside what it says that it does. Its user
 * agrees to a name and a description; a deed of which neither speaks is nobody's wish. Only deeds
 * that tools like it have no business with are held against it, and nothing that an argument of
 * ours named. */
#include <ctype.h>

#include "verdict/internal.h"

/* --- what it says --- */

/* Words that speak of the network: a tool that uses one may go where it likes. So may one that uses
 * one of the things below, unless its name says that it only looks whether such a thing is valid.
 */
static const char *const network_words[] = {
    "http",    "web",      "site",      "online",   "internet", "network",  "fetch",    "download",
    "upload",  "api",      "remote",    "server",   "cloud",    "service",  "send",     "post",
    "sync",    "search",   "query",     "lookup",   "look up",  "request",  "endpoint", "dns",
    "scrape",  "crawl",    "browse ",   "browsing", "call",     "hook",     "notify",   "notif",
    "weather", "forecast", "price",     "stock",    "currenc",  "exchange", "translat", "geocod",
    "news",    "repo",     "issue",     "publish",  "subscri",  "connect",  "ping",     "share",
    "chat",    "channel",  "ticket",    "payment",  "account",  "login",    "auth",     "token",
    "stream",  "feed",     "video",     "music",    "package",  "install",  "update",   "release",
    "registr", "market",   "trade",     "order",    "book",     "flight",   "page",     "wiki",
    "generat", "model",    "llm",       "ai ",      "embed",    "transcri", "speech",   "submit",
    "report",  "track",    "sentiment", "summar",   "database", "bucket",
};

static const char *const thing_words[] = {"email", "e-mail", "mail",    "address", "url",
                                          "uri",   "link",   "message", "domain",  "host"};

/* What is asked for with one of these may come from anywhere, unless it is here already. */
static const char *const asking_words[] = {"get", "list", "retriev", "find", "creat"};
static const char *const local_words[] = {
    "sum",    "number",  "length",   "size",      "file",   "folder",  "director",
    "path",   "text",    "string",   "line",      "word",   "charac",  "letter",
    "digit",  "hash",    "checksum", "random",    "uuid",   "average", "mean",
    "median", "maximum", "minimum",  "remainder", "square",
};

/* Of tools that are there to run what they are given: in the name, and in one sentence of the
 * description both what is run and that it is. */
static const char *const run_words[] = {"run", "execut", "invok", "spawn", "evaluat", "launch"};
static const char *const code_words[] = {"command", "cmd",    "shell",     "bash",       "terminal",
                                         "console", "script", "code",      "powershell", "exec",
                                         "program", "python", "javascript"};

static const char *const log_words[] = {"log", "journal", "audit", "diagnos", "troubleshoot"};
static const char *const process_words[] = {"environ", "debug", "inspect"};

/* A word of TEXT begins with START; imageUrl has two words. */
static bool has_start(const char *text, const char *start)
{
    for (const char *at = text; (at = vb_find_text(at, start)) != NULL; at++) {
        const bool inside = at > text && isalpha((unsigned char)at[-1]);
        if (!inside || (isupper((unsigned char)at[0]) && islower((unsigned char)at[-1])))
            return true;
    }
    return false;
}

static bool speaks_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (has_start(text, words[i]))
            return true;
    }
    return false;
}

static bool speaks_of_network(const struct mcp_tool *tool)
{
    return speaks_of(tool->words, network_words, VB_ARRAY_LEN(network_words)) ||
           (speaks_of(tool->words, thing_words, VB_ARRAY_LEN(thing_words)) &&
            !has_start(tool->name, "valid"));
}

/* Words that English has, and hardly another language. */
static const char *const english_words[] = {
    "the",   "and",     "of",     "with",  "from",    "this",    "that",   "your",     "you",
    "are",   "which",   "into",   "given", "two",     "by",      "or",     "its",      "them",
    "up",    "returns", "return", "adds",  "add",     "gets",    "get",    "lists",    "list",
    "reads", "read",    "writes", "write", "numbers", "number",  "texts",  "sorts",    "sort",
    "makes", "make",    "checks", "check", "counts",  "count",   "rounds", "converts", "convert",
    "finds", "find",    "using",  "lines", "words",   "between", "value",  "values",   "calculates",
};

static bool is_letter(unsigned char byte)
{
    return byte >= 0x80 || isalpha(byte);
}

/* How many letters of another script or with a mark the LEN bytes of WORD have. U+2000 to U+2BFF,
 * U+3000 to U+303F and what is beyond U+EFFF are dashes, quotes, arrows and pictures. */
static size_t foreign_letters(const unsigned char *word, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        const bool sign = word[i] < 0xC3 || word[i] >= 0xEF ||
                          (word[i] == 0xE2 && i + 1 < len && word[i + 1] < 0xB0) ||
                          (word[i] == 0xE3 && i + 1 < len && word[i + 1] == 0x80);
        count += !sign;
    }
    return count;
}

/* Whether its words can be read at all: too few, or another language than ours, say anything. One
 * letter of another language makes none. */
static bool is_plain(const char *about)
{
    enum { WORDS_LEAST = 12, LETTERS_LEAST = 3, SCRIPT_LETTERS = 2 };
    size_t english = 0, foreign = 0, at = 0;
    const unsigned char *text = (const unsigned char *)about;
    while (text[at] != '\0') {
        size_t len = 0;
        while (is_letter(text[at + len]))
            len++;
        const size_t marked = foreign_letters(text + at, len);
        const char *word = about + at;
        if (marked > 0 && len > LETTERS_LEAST)
            foreign += 1 + marked / SCRIPT_LETTERS;
        for (size_t i = 0; marked == 0 && i < VB_ARRAY_LEN(english_words); i++)
            english +=
                strlen(english_words[i]) == len && strncasecmp(english_words[i], word, len) == 0;
        at += len + (text[at + len] != '\0');
    }
    return at >= WORDS_LEAST && foreign <= 2 * english;
}

/* "Get the sum of …" asks for what is here; "Get the profile of …" may ask anybody. */
static bool asks_around(const char *about)
{
    enum { REACH = 40 /* bytes in which that stands of which it speaks */ };
    char object[REACH + 1];
    for (size_t i = 0; i < VB_ARRAY_LEN(asking_words); i++) {
        const char *at = about;
        while ((at = vb_find_text(at, asking_words[i])) != NULL) {
            const bool begins = at == about || !isalpha((unsigned char)at[-1]);
            at += strlen(asking_words[i]);
            const size_t skip = strcspn(at, " .,;:");
            snprintf(object, sizeof(object), "%.*s", (int)strcspn(at + skip, ".\n"), at + skip);
            if (begins && at[skip] == ' ' &&
                !speaks_of(object, local_words, VB_ARRAY_LEN(local_words)))
                return true;
        }
    }
    return false;
}

static bool may_go_out(const struct mcp_tool *tool)
{
    return !is_plain(tool->about) || speaks_of_network(tool) || asks_around(tool->about);
}

/* To run what it is given is what its name and its description offer. */
static bool is_runner(const struct mcp_tool *tool)
{
    char sentence[512];
    if (!speaks_of(tool->name, code_words, VB_ARRAY_LEN(code_words)))
        return false;
    for (const char *at = tool->about; *at != '\0'; at += *at != '\0') {
        const size_t len = strcspn(at, ".!?\n");
        snprintf(sentence, sizeof(sentence), "%.*s", (int)len, at);
        if (speaks_of(sentence, run_words, VB_ARRAY_LEN(run_words)) &&
            speaks_of(sentence, code_words, VB_ARRAY_LEN(code_words)))
            return true;
        at += len;
    }
    return false;
}

/* --- a call --- */

void vb_begin_call(struct judge *judge, const struct mcp_tool *tool)
{
    struct run *run = judge->run;
    run->tool = tool;
    run->tool_seq = judge->event->seq;
    run->tool_host = NULL;
}

void vb_end_call(struct judge *judge)
{
    judge->run->tool = NULL;
}

static void VB_PRINTF(5, 6) report(struct judge *judge, enum finding_id id, int severity,
                                   const char *group, const char *fmt, ...)
{
    const struct run *run = judge->run;
    char text[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    const struct found found = {
        .id = id,
        .graded = true,
        .severity = severity,
        .confidence = VB_CONFIDENCE_MEDIUM,
        .path = run->path,
        .line = run->line,
        .group = vb_arena_printf(&judge->scratch, "%s %s", group, run->tool->name),
        .evidence = {run->tool_seq, judge->event->seq},
    };
    vb_report_found(judge, &found, "Called, the tool %s %s.",
                    vb_arena_cut(&judge->scratch, run->tool->name, 80), text);
}

/* --- the network --- */

static void see_host(struct judge *judge, const char *host)
{
    const struct mcp_tool *tool = judge->run->tool;
    if (host[0] == '\0' || strchr(host, '.') == NULL || vb_host_is_loopback(host) ||
        vb_host_is_private(host) || vb_host_disclosed(judge, host) ||
        strcmp(host, "example.com") == 0) /* that of the arguments */
        return;
    if (!may_go_out(tool))
        report(judge, FINDING_MCP_UNTOLD, VB_SEVERITY_HIGH, "host",
               "turns to %.100s, and neither its description nor the package speaks of that", host);
}

/* A body for one host may be what the tool is for; the same call for two that nothing names is not.
 */
static void see_request(struct judge *judge)
{
    struct run *run = judge->run;
    const char *host = vb_text_of(judge, VB_F_NAME);
    const bool body = vb_word_in("POST PUT PATCH", vb_text_of(judge, VB_F_METHOD)) &&
                      vb_event_get_int(judge->event, VB_F_SIZE, 0) > 0;
    see_host(judge, host);
    if (!body || strchr(host, '.') == NULL || vb_host_is_private(host) ||
        vb_host_disclosed(judge, host))
        return;
    if (run->tool_host == NULL)
        run->tool_host = vb_arena_str(&run->arena, host);
    else if (strcmp(run->tool_host, host) != 0 && is_plain(run->tool->about))
        report(judge, FINDING_MCP_UNTOLD, VB_SEVERITY_HIGH, "hosts",
               "sends to %.80s and to %.80s, which nothing in the package names", run->tool_host,
               host);
}

/* --- files --- */

static bool is_hidden_in_tmp(const char *path)
{
    static const char *const folders[] = {"/tmp/", "/var/tmp/", "/dev/shm/"};
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++) {
        if (vb_starts(path, folders[i]) && path[strlen(folders[i])] == '.')
            return true;
    }
    return false;
}

static bool is_systems(const char *path)
{
    static const char *const folders[] = {"/etc/",     "/usr/",       "/bin/",     "/sbin/",
                                          "/boot/",    "/lib/",       "/var/log/", "/root/",
                                          "/var/www/", "/var/spool/", "/srv/",     "/opt/"};
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++) {
        if (vb_starts(path, folders[i]))
            return true;
    }
    return false;
}

static void see_write(struct judge *judge, const char *path)
{
    const struct run *run = judge->run;
    /* Browsers have such files; scripts have not. */
    const bool script =
        judge->process != NULL && (judge->process->command.traits & TRAIT_INTERPRETER) != 0;
    if (vb_is_given(run, path))
        return;
    if (is_hidden_in_tmp(path) && script)
        report(judge, FINDING_MCP_UNTOLD, VB_SEVERITY_HIGH, "hidden",
               "keeps a hidden file outside of its own folder, %.200s", path);
    else if (is_systems(path))
        report(judge, FINDING_MCP_UNTOLD, VB_SEVERITY_HIGH, "system",
               "would write %.200s, a file of the system that no argument named", path);
}

static void see_delete(struct judge *judge)
{
    const char *path = vb_box_path(judge, VB_F_PATH);
    if (is_systems(path) && !vb_is_given(judge->run, path) && !vb_path_is_own(judge->run, path))
        report(judge, FINDING_MCP_UNTOLD, VB_SEVERITY_HIGH, "system",
               "would delete %.200s, a file of the system that no argument named", path);
}

/* Files of the system that say something about others: who may do what, and what they did. */
static const struct {
    const char *pattern;
    const char *label;
    const char *const *words; /* a tool that uses one of them may read them */
    size_t word_count;
} told[] = {
    {"/etc/shadow*", "passwords", NULL, 0},
    {"/etc/gshadow*", "passwords", NULL, 0},
    {"/etc/sudoers", "who may become root", NULL, 0},
    {"/etc/sudoers.d/**", "who may become root", NULL, 0},
    {"/var/log/auth.log", "who logged in", log_words, VB_ARRAY_LEN(log_words)},
    {"/var/log/secure", "who logged in", log_words, VB_ARRAY_LEN(log_words)},
    {"/var/log/wtmp", "who logged in", log_words, VB_ARRAY_LEN(log_words)},
    {"/proc/*/environ", "the variables of another process", process_words,
     VB_ARRAY_LEN(process_words)},
    {"/proc/*/mem", "the memory of another process", process_words, VB_ARRAY_LEN(process_words)},
};

static void see_read(struct judge *judge, const char *path)
{
    const struct run *run = judge->run;
    for (size_t i = 0; i < VB_ARRAY_LEN(told); i++) {
        if (!vb_glob_match(told[i].pattern, path) || vb_is_given(run, path) ||
            speaks_of(run->tool->words, told[i].words, told[i].word_count))
            continue;
        if (vb_starts(path, "/proc/") && !isdigit((unsigned char)path[6]))
            continue; /* its own */
        if (vb_starts(path, "/proc/") && judge->process != NULL &&
            strtoll(path + 6, NULL, 10) == judge->process->pid)
            continue;
        report(judge, FINDING_MCP_UNTOLD, VB_SEVERITY_HIGH, told[i].label,
               "reads %.200s (%s), of which its description does not speak", path, told[i].label);
        return;
    }
}

/* A name of its own for what others may not read. */
static void see_link(struct judge *judge)
{
    static const char *const targets[] = {"/etc/passwd", "/etc/shadow", "/etc/sudoers",
                                          "/etc/group",  "/root/**",    "~/.ssh/**",
                                          "~/.aws/**"};
    const char *target = vb_box_path(judge, VB_F_TARGET);
    for (size_t i = 0; i < VB_ARRAY_LEN(targets); i++) {
        if (!vb_glob_match(targets[i], target) || vb_is_given(judge->run, target))
            continue;
        report(judge, FINDING_MCP_UNTOLD, VB_SEVERITY_HIGH, "link",
               "makes a link to %.200s, which no argument named", target);
        return;
    }
}

/* A program that runs with another's rights, and traces that are wiped. */
static void see_attribute(struct judge *judge)
{
    enum { SET_IDS = 06000 };
    const struct run *run = judge->run;
    const char *path = vb_box_path(judge, VB_F_PATH), *action = vb_text_of(judge, VB_F_ACTION);
    const int64_t mode = vb_event_get_int(judge->event, VB_F_MODE, 0);
    if (strcmp(action, "chmod") == 0 && (mode & SET_IDS) != 0)
        report(judge, FINDING_MCP_UNTOLD, VB_SEVERITY_HIGH, "set-id",
               "lets %.200s run with the rights of its owner", path);
    else if (vb_word_in("chmod chown utime", action) && is_systems(path) && !vb_is_given(run, path))
        report(judge, FINDING_MCP_UNTOLD, VB_SEVERITY_HIGH, "system",
               "would change rights or times of %.200s, a file of the system", path);
}

/* --- arguments as code --- */

static int runs_severity(const struct judge *judge)
{
    return is_runner(judge->run->tool) ? VB_SEVERITY_LOW : VB_SEVERITY_HIGH;
}

/* The text that was given for a string stands in a command as it is. */
static void see_command(struct judge *judge)
{
    const struct command *command = &judge->command;
    if ((command->traits & TRAIT_SHELL) == 0 || command->code == NULL ||
        strstr(command->code, VB_CANARY_TEXT) == NULL)
        return;
    report(judge, FINDING_MCP_RUNS_ARGUMENT, runs_severity(judge), "shell",
           "hands an argument to a shell as it stands: whoever writes the argument runs commands");
}

/* The file of the module that was given to be imported. */
static bool is_canary_module(const char *path)
{
    return vb_glob_match("/usr/lib/python3*/" VB_CANARY_MODULE ".py", path) ||
           vb_glob_match("/usr/lib/python3*/__pycache__/" VB_CANARY_MODULE ".*.pyc", path);
}

static void see_file(struct judge *judge)
{
    static const char *const writing[] = {"write", "create", "append", "truncate"};
    const char *path = vb_box_path(judge, VB_F_PATH);
    bool writes = false;
    for (size_t i = 0; i < VB_ARRAY_LEN(writing); i++)
        writes = writes || vb_flag_set(judge->event, writing[i]);
    if (strcmp(path, VB_CANARY_FILE) == 0 || strcmp(path, VB_PLUGIN_FILE) == 0 ||
        is_canary_module(path))
        report(judge, FINDING_MCP_RUNS_ARGUMENT, runs_severity(judge), "code",
               "executes an argument as code");
    else if (writes)
        see_write(judge, path);
    else
        see_read(judge, path);
}

void vb_see_tool(struct judge *judge)
{
    if (judge->run == NULL || judge->run->tool == NULL)
        return;
    const enum vb_event_kind kind = judge->event->kind;
    if (kind == VB_EV_FILE_OPEN)
        see_file(judge);
    else if (kind == VB_EV_FILE_LINK)
        see_link(judge);
    else if (kind == VB_EV_FILE_ATTRIBUTE)
        see_attribute(judge);
    else if (kind == VB_EV_NET_NAME)
        see_host(judge, vb_text_of(judge, VB_F_NAME));
    else if (kind == VB_EV_WORLD_REQUEST)
        see_request(judge);
    else if (kind == VB_EV_PROCESS_EXEC)
        see_command(judge);
    else if (kind == VB_EV_FILE_DELETE)
        see_delete(judge);
    else
        see_write(judge, vb_box_path(judge, kind == VB_EV_FILE_RENAME ? VB_F_TARGET : VB_F_PATH));
}
