/* host: see host.h. The words are those of the hosts' documentation; %{home} and %{tree} are filled
 * in where the code runs. */
#include "sandbox/detonate/host.h"

#include <string.h>

/* --- variables --- */

static const struct {
    const char *kind;
    const char *name, *value; /* NULL: the package's folder */
} variables[] = {
    {"claude-plugin", "CLAUDE_PLUGIN_ROOT", NULL},
    {"claude-plugin", "CLAUDE_PLUGIN_DATA", "%{home}/.claude/plugins/data/plugin"},
    {"claude-plugin", "CLAUDE_PROJECT_DIR", "%{home}/projects/storefront"},
    {"claude-plugin", "ARGUMENTS", "report"},
    {"claude-bundle", "CLAUDE_PLUGIN_ROOT", NULL},
    {"claude-bundle", "CLAUDE_PLUGIN_DATA", "%{home}/.claude/plugins/data/plugin"},
    {"claude-bundle", "CLAUDE_PROJECT_DIR", "%{home}/projects/storefront"},
    {"claude-bundle", "ARGUMENTS", "report"},
    {VB_HOST_CLAUDE_PROJECT, "CLAUDE_PROJECT_DIR", NULL},
    {"codex-plugin", "PLUGIN_ROOT", NULL},
    {"codex-plugin", "PLUGIN_DATA", "%{home}/.codex/plugins/data/plugin"},
    {"codex-plugin", "CLAUDE_PLUGIN_ROOT", NULL},
    {"codex-plugin", "CLAUDE_PLUGIN_DATA", "%{home}/.codex/plugins/data/plugin"},
    {"cursor-plugin", "CURSOR_PLUGIN_ROOT", NULL},
    {"cursor-plugin", "CLAUDE_PLUGIN_ROOT", NULL},
    {"cursor-plugin", "CURSOR_PROJECT_DIR", "%{home}/projects/storefront"},
    {"cursor-plugin", "CLAUDE_PROJECT_DIR", "%{home}/projects/storefront"},
    {"agent-plugin", "PLUGIN_ROOT", NULL},
    {"agent-plugin", "PLUGIN_DATA", "%{home}/.local/share/plugin"},
    {"agent-skill", "CLAUDE_SKILL_DIR", NULL},
    {"agent-skill", "ARGUMENTS", "report"},
    {"gemini-extension", "extensionPath", NULL},
    {"gemini-extension", "workspacePath", "%{home}/projects/storefront"},
};

bool vb_host_shows_bin(const char *kind)
{
    return strcmp(kind, "claude-plugin") == 0;
}

bool vb_host_environment(const char *kind, const char *root, bool bin,
                         char *ret[VB_HOST_VARIABLES_MAX + 1])
{
    size_t count = 0;
    const bool top = root == NULL || strcmp(root, ".") == 0;
    if (bin && vb_host_shows_bin(kind)) {
        if (asprintf(&ret[count],
                     "PATH=%%{tree}%s%s/bin:%%{home}/.local/bin:/usr/local/sbin:"
                     "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                     top ? "" : "/", top ? "" : root) < 0)
            return false;
        ret[++count] = NULL;
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(variables) && count < VB_HOST_VARIABLES_MAX; i++) {
        if (strcmp(variables[i].kind, kind) != 0)
            continue;
        const bool own = variables[i].value == NULL;
        if (asprintf(&ret[count], "%s=%s%s%s", variables[i].name,
                     own ? "%{tree}" : variables[i].value, own && !top ? "/" : "",
                     own && !top ? root : "") < 0)
            return false;
        ret[++count] = NULL;
    }
    ret[count] = NULL;
    return true;
}

/* --- events --- */

#define SESSION "3f6c1c52-7a0e-4d0b-9a51-2c8d5f1be704"

#define BASH                                                                       \
    "\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"git push origin main\"," \
    "\"description\":\"Push the branch\"}"
#define WRITE                                                                              \
    "\"tool_name\":\"Write\",\"tool_input\":{\"file_path\":\"%{home}/projects/storefront/" \
    "README.md\","                                                                         \
    "\"content\":\"# storefront\\n\"}"
#define READ                                                                              \
    "\"tool_name\":\"Read\",\"tool_input\":{\"file_path\":\"%{home}/projects/storefront/" \
    "README.md\"}"
#define DONE \
    ",\"tool_response\":{\"stdout\":\"Everything up-to-date\",\"stderr\":\"\",\"success\":true}"

/* The members that an event has of its own; "": none. Events of Claude Code and Codex, then those
 * of Gemini, Cursor and OpenClaw. */
static const struct {
    const char *event;
    const char *members[VB_HOST_EVENTS_MAX];
} events[] = {
    {"SessionStart", {"\"source\":\"startup\""}},
    {"SessionEnd", {"\"reason\":\"exit\""}},
    {"UserPromptSubmit", {"\"prompt\":\"Deploy the shop; the key is in .env\""}},
    {"UserPromptExpansion", {"\"prompt\":\"/deploy\",\"expanded\":\"Deploy the shop\""}},
    {"PreToolUse", {BASH, WRITE, READ}},
    {"PermissionRequest", {BASH, WRITE}},
    {"PermissionDenied", {BASH}},
    {"PostToolUse", {BASH DONE, WRITE DONE, READ DONE}},
    {"PostToolUseFailure", {BASH ",\"error\":\"exit code 1\""}},
    {"PostToolBatch", {"\"tool_calls\":[{" BASH "}]"}},
    {"Notification", {"\"message\":\"Claude is waiting for your input\""}},
    {"SubagentStart", {"\"agent_type\":\"Explore\""}},
    {"SubagentStop", {"\"stop_hook_active\":false"}},
    {"Stop", {"\"stop_hook_active\":false"}},
    {"StopFailure", {"\"error\":\"rate_limit\""}},
    {"PreCompact", {"\"trigger\":\"auto\",\"custom_instructions\":\"\""}},
    {"PostCompact", {"\"trigger\":\"auto\""}},
    {"ConfigChange", {"\"source\":\"user_settings\""}},
    {"CwdChanged", {"\"new_cwd\":\"%{home}/projects/ledger-api\""}},
    {"FileChanged", {"\"file_path\":\"%{home}/projects/storefront/README.md\""}},
    {"InstructionsLoaded", {"\"file_path\":\"%{home}/.claude/CLAUDE.md\""}},
    {"BeforeTool", {BASH, WRITE, READ}},
    {"AfterTool", {BASH DONE}},
    {"BeforeAgent", {"\"prompt\":\"Deploy the shop\""}},
    {"AfterAgent", {"\"prompt\":\"Deploy the shop\",\"prompt_response\":\"Done\""}},
    {"BeforeModel", {"\"llm_request\":{\"model\":\"default\",\"messages\":[]}"}},
    {"AfterModel", {"\"llm_response\":{\"text\":\"Done\"}"}},
    {"beforeShellExecution", {"\"command\":\"git push origin main\""}},
    {"afterShellExecution", {"\"command\":\"git push origin main\",\"output\":\"ok\""}},
    {"beforeSubmitPrompt", {"\"prompt\":\"Deploy the shop\",\"attachments\":[]"}},
    {"beforeReadFile",
     {"\"file_path\":\"%{home}/projects/storefront/README.md\",\"content\":\"PORT=8080\\n\""}},
    {"afterFileEdit",
     {"\"file_path\":\"%{home}/projects/storefront/README.md\",\"edits\":[{\"old_string\":\"\","
      "\"new_string\":\"# storefront\"}]"}},
    {"beforeMCPExecution", {"\"tool_name\":\"search\",\"tool_input\":\"{}\""}},
    {"", {""}}, /* any other */
};

/* The first of several names of events. */
static size_t row_of(const char *event)
{
    const size_t len = strcspn(event, ", ");
    size_t row = 0;
    while (events[row].event[0] != '\0' &&
           (strlen(events[row].event) != len || strncmp(events[row].event, event, len) != 0))
        row++;
    return row;
}

/* --- language servers --- */

#define DOCUMENT "\"uri\":\"file:///tmp/report.%1$s\""
#define PLACE "\"textDocument\":{" DOCUMENT "},\"position\":{\"line\":0,\"character\":1}"

/* What an editor says when it opens a file, asks about it and ends (Language Server Protocol 3.17).
 * Nobody waits for an answer: the server reads at its pace. %1$s is the language. */
static const char *const said[] = {
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"processId\":null,"
    "\"clientInfo\":{\"name\":\"Claude Code\",\"version\":\"2.0.31\"},\"rootUri\":\"file:///tmp\","
    "\"workspaceFolders\":null,\"capabilities\":{\"textDocument\":{\"hover\":{},\"completion\":{}}}"
    "}}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"initialized\",\"params\":{}}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/"
    "didOpen\",\"params\":{\"textDocument\":{" DOCUMENT
    ",\"languageId\":\"%1$s\",\"version\":1,\"text\":\"report\\n\"}}}",
    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"textDocument/hover\",\"params\":{" PLACE "}}",
    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"textDocument/completion\",\"params\":{" PLACE "}}",
    "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"shutdown\"}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}",
};

/* All of it, each message behind its length. NULL without memory. */
static char *language_messages(const char *name)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf made;
    char language[32] = "";
    vb_buf_init(&made, 16384);
    /* It is the package's word, in our text. */
    const size_t len =
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    (void)snprintf(language, sizeof(language), "%.*s", (int)len, name);
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(said); i++) {
        char text[1024];
        const int size = snprintf(text, sizeof(text), said[i], language);
        status = vb_buf_printf(&made, NULL, "Content-Length: %d\r\n\r\n%s", size, text);
    }
    return status < 0 ? NULL : strdup((const char *)made.data);
}

int vb_host_events(const char *reason, char *ret[VB_HOST_EVENTS_MAX])
{
    static const char prefix[] = "hook:", language[] = "lsp-server:";
    int count = 0;
    if (strncmp(reason, language, sizeof(language) - 1) == 0) {
        ret[0] = language_messages(reason + sizeof(language) - 1);
        return ret[0] == NULL ? -1 : 1;
    }
    if (strncmp(reason, prefix, sizeof(prefix) - 1) != 0)
        return 0;
    const char *event = reason + sizeof(prefix) - 1;
    /* It is the package's word, in our text: letters only. */
    const size_t len = strspn(event, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    const char *const *members = events[row_of(event)].members;
    for (; count < VB_HOST_EVENTS_MAX && members[count] != NULL; count++) {
        if (asprintf(&ret[count],
                     "{\"session_id\":\"" SESSION "\","
                     "\"transcript_path\":\"%%{home}/.claude/projects/"
                     "-home-alex-projects-storefront/" SESSION ".jsonl\","
                     "\"cwd\":\"%%{home}/projects/storefront\",\"permission_mode\":\"default\","
                     "\"hook_event_name\":\"%.*s\"%s%s}\n",
                     (int)len, event, members[count][0] == '\0' ? "" : ",", members[count]) < 0) {
            while (count > 0)
                free(ret[--count]);
            return -1;
        }
    }
    return count;
}
