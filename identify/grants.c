/* Tools as hosts write them, "Bash(git log:*)" or "WebFetch(domain:api.example.com)": the tool is
 * declared, and so is what stands in its parentheses, each under its own name of the permission
 * model (core/permissions.def). */
#include "identify/internal.h"

#include <ctype.h>

enum grant { GRANT_COMMAND, GRANT_PATH, GRANT_HOST };

/* Tools whose parentheses name something of that kind. Hosts write their names in either case. */
static const struct {
    const char *tool;
    enum grant grant;
} tools[] = {
    {"Bash", GRANT_COMMAND},  {"Shell", GRANT_COMMAND},
    {"exec", GRANT_COMMAND},  {"run_shell_command", GRANT_COMMAND},
    {"Read", GRANT_PATH},     {"Write", GRANT_PATH},
    {"Edit", GRANT_PATH},     {"MultiEdit", GRANT_PATH},
    {"Glob", GRANT_PATH},     {"Grep", GRANT_PATH},
    {"LS", GRANT_PATH},       {"NotebookEdit", GRANT_PATH},
    {"WebFetch", GRANT_HOST}, {"web_fetch", GRANT_HOST},
};

static bool means_all(const char *text)
{
    return text[0] == '\0' || text[strspn(text, "*:/. ")] == '\0';
}

/* "git log:*" runs git. */
void vb_id_declare_program(struct vb_id *id, struct vb_id_at at, const char *line,
                           const char *detail)
{
    const size_t len = line == NULL ? 0 : strcspn(line, ":*");
    const struct vb_str word = vb_id_first_word(line, len);
    char program[256];
    if (word.len == 0 || word.len >= sizeof(program))
        return;
    memcpy(program, word.text, word.len);
    program[word.len] = '\0';
    const char *before = vb_id_origin(id, line);
    vb_id_declare(id, at, "bin", program, detail);
    id->origin = before;
}

static void grant_host(struct vb_id *id, struct vb_id_at at, const char *inside, const char *tool)
{
    static const char domain[] = "domain:";
    if (vb_ascii_starts(inside, domain))
        vb_id_declare(id, at, "host", inside + sizeof(domain) - 1, tool);
    else
        vb_id_declare_url(id, at, inside, tool);
}

/* What stands in the parentheses of TOOL. */
static void declare_inside(struct vb_id *id, struct vb_id_at at, const char *tool)
{
    char inside[256];
    const char *open = tool == NULL ? NULL : strchr(tool, '(');
    if (open == NULL || tool[strlen(tool) - 1] != ')' || strlen(open) - 2 >= sizeof(inside))
        return;
    snprintf(inside, sizeof(inside), "%.*s", (int)(strlen(open) - 2), open + 1);
    for (size_t i = 0; i < VB_ARRAY_LEN(tools) && !means_all(inside); i++) {
        if (strlen(tools[i].tool) != (size_t)(open - tool) || !vb_ascii_starts(tool, tools[i].tool))
            continue;
        if (tools[i].grant == GRANT_COMMAND)
            vb_id_declare_program(id, at, inside, tools[i].tool);
        else if (tools[i].grant == GRANT_HOST)
            grant_host(id, at, inside, tools[i].tool);
        else
            vb_id_declare(id, at, "path", inside, tools[i].tool);
    }
}

void vb_id_tool(struct vb_id *id, struct vb_id_at at, const char *tool, const char *detail)
{
    const char *before = vb_id_origin(id, tool);
    vb_id_declare(id, at, "tool", tool, detail);
    declare_inside(id, at, tool);
    id->origin = before;
}

/* Names in ${NAME} or $NAME of a manifest's value that the host puts the environment into. */
void vb_id_placeholders(struct vb_id *id, struct vb_id_at at, const char *text, const char *detail)
{
    /* Folders of the host and of the package: no secrets, and no business of the environment. */
    static const char *const own[] = {"CLAUDE_PLUGIN_ROOT",
                                      "CLAUDE_PLUGIN_DATA",
                                      "CLAUDE_PROJECT_DIR",
                                      "CLAUDE_SKILL_DIR",
                                      "PLUGIN_ROOT",
                                      "PLUGIN_DATA",
                                      "HOME",
                                      "PATH"};
    char name[128];
    const char *before = vb_id_origin(id, text);
    for (const char *at_text = strchr(text, '$'); at_text != NULL; at_text = strchr(at_text, '$')) {
        at_text++;
        if (*at_text == '{')
            at_text++;
        size_t len = 0;
        while (len < sizeof(name) - 1 &&
               (isupper((unsigned char)at_text[len]) || at_text[len] == '_' ||
                (len > 0 && isdigit((unsigned char)at_text[len]))))
            len++;
        memcpy(name, at_text, len);
        name[len] = '\0';
        bool known = len < 2;
        for (size_t i = 0; i < VB_ARRAY_LEN(own); i++)
            known |= strcmp(own[i], name) == 0;
        if (!known && !isalnum((unsigned char)at_text[len]))
            vb_id_declare(id, at, "env", name, detail);
    }
    id->origin = before;
}
