/* How documents show that a server is started: by the settings of MCP clients and by commands, as
 * they stand in READMEs, from the page to the arguments of the run. */
#include "identify_helper.h"

#include <fcntl.h>

#include "sandbox/detonate/clients.h"
#include "vetbox/core/manifest.h"

#define NPM                                                                                    \
    "{\"name\":\"@acme/server-notes\",\"version\":\"1.0.0\",\"bin\":{\"server-notes\":\"dist/" \
    "index.js\"}}"

struct keeper {
    struct vb_sink sink;
    struct vb_manifest manifest;
};

static int keep(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct keeper *keeper = (struct keeper *)(void *)sink;
    return vb_manifest_add(&keeper->manifest, event, err);
}

/* The forms of the program of the package whose README is PAGE, each in a line: its arguments,
 * behind a bar its variables. */
static void forms_of(const char *page, char ret[4096])
{
    const struct made_file files[] = {
        {"package.json", NPM}, {"dist/index.js", "new McpServer()\n"}, {"README.md", page}};
    struct keeper keeper = {.sink = {.emit = keep}};
    struct vb_client_form forms[VB_CLIENT_FORMS_MAX];
    struct vb_error err = {0};
    const struct vb_manifest_entry *entry = NULL;
    char *folder = make_tree(files, VB_ARRAY_LEN(files));
    VB_CLEANUP_FD int dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(vb_identify(dirfd, "sample", NULL, &keeper.sink, &err), VB_OK);
    for (size_t i = 0; i < keeper.manifest.entry_count; i++) {
        if (strcmp(keeper.manifest.entries[i].reason, "bin:server-notes") == 0)
            entry = &keeper.manifest.entries[i];
    }
    assert_non_null(entry);
    const int count = vb_client_forms(&keeper.manifest, entry, forms);
    size_t len = 0;
    ret[0] = '\0';
    for (int i = 0; i < count; i++) {
        for (char **item = forms[i].arguments; *item != NULL; item++)
            len += (size_t)snprintf(ret + len, 4096 - len, "[%s]", *item);
        for (char **item = forms[i].environment; *item != NULL; item++)
            len += (size_t)snprintf(ret + len, 4096 - len, "|%s", *item);
        len += (size_t)snprintf(ret + len, 4096 - len, "\n");
        vb_client_form_done(&forms[i]);
    }
    vb_manifest_done(&keeper.manifest);
    remove_tree(folder);
}

#define JSON(text) "# Notes\n\n```json\n" text "\n```\n"
#define SERVER(args) \
    JSON("{\"mcpServers\":{\"notes\":{\"command\":\"npx\",\"args\":[\"-y\"," args "]}}}")
#define OWN "\"@acme/server-notes\""

static const struct {
    const char *page, *wanted;
} rows[] = {
    /* the settings of a client */
    {SERVER(OWN ",\"postgresql://localhost/mydb\""), "[postgresql://db.example.com/mydb]\n"},
    {SERVER(OWN ",\"redis://u:p@127.0.0.1:6379/0\""), "[redis://u:p@cache.example.com:6379/0]\n"},
    {SERVER(OWN ",\"mongodb://db.acme.org/x\""), "[mongodb://db.acme.org/x]\n"},
    {SERVER(OWN ",\"/path/to/allowed/directory\",\"/Users/me/Desktop\",\"/home/me/x/screen.png\""),
     "[%{home}/projects][%{home}/Desktop][%{home}/Pictures/whiteboard.png]\n"},
    {SERVER(OWN ",\"--port\",8080,\"--quiet\""), "[--port][8080][--quiet]\n"},
    {SERVER("\"--package\",\"@acme/server-notes@1.2\",\"server-notes\",\"--stdio\""),
     "[--stdio]\n"},
    {JSON("{\"mcp\":{\"inputs\":[],\"servers\":{\"notes\":{\"command\":\"npx\",\"args\":["
          "\"@acme/server-notes@latest\",\"${input:pg_url}\"]}}}}"),
     "[postgresql://app:app@db.example.com:5432/app]\n"},
    {JSON("// as in the editor\n\"notes\": {\"command\": \"cmd\", \"args\": [\"/c\", \"npx\", "
          "\"-y\", \"@acme/server-notes\", \"a b\",],\n \"env\": {\"LEVEL\": \"2\", \"TEAM_NAME\": "
          "\"<your-team-name>\"}}"),
     ""}, /* a comment before what has no braces */
    {JSON("\"notes\": {\"command\": \"cmd\", \"args\": [\"/c\", \"npx\", \"-y\", "
          "\"@acme/server-notes\", \"a b\",],\n // as it is\n \"env\": {\"LEVEL\": \"2\", "
          "\"TEAM_NAME\": \"<your-team-name>\", \"bad name\": \"x\"}}"),
     "[a b]|?LEVEL=2|?TEAM_NAME=alex\n"},
    {JSON("{\"mcp\":{\"notes\":{\"type\":\"local\",\"command\":[\"npx\",\"-y\"," OWN
          ",\"--all\"]}}}"),
     "[--all]\n"},
    {JSON("{\"context_servers\":{\"notes\":{\"command\":{\"path\":\"npx\",\"args\":[\"-y\"," OWN
          ",\"--all\"]}}}}"),
     "[--all]\n"},
    {"```toml\n[mcp_servers.notes]\ncommand = \"npx\"\nargs = [\"-y\", " OWN ", \"--all\"]\n```\n",
     "[--all]\n"},
    {"```yaml\nextensions:\n  notes:\n    command: npx\n    args: [\"-y\", " OWN
     ", \"--all\"]\n```\n",
     "[--all]\n"},
    {JSON("{\"mcpServers\":{\"n\":{\"command\":\"node\",\"args\":[\"/path/to/dist/index.js\","
          "\"--all\"]}}}"),
     "[--all]\n"},
    {JSON("{\"mcpServers\":{\"n\":{\"command\":\"server-notes\",\"args\":[\"--all\"]}}}"),
     "[--all]\n"},
    /* a container only where there is nothing else */
    {JSON("{\"mcpServers\":{\"n\":{\"command\":\"docker\",\"args\":[\"run\",\"-i\",\"--rm\",\"-e\","
          "\"KEY=1\",\"mcp/notes:latest\",\"redis://host.docker.internal:6379\"]}}}"),
     "[redis://cache.example.com:6379]\n"},
    {JSON("{\"mcpServers\":{\"n\":{\"command\":\"docker\",\"args\":[\"run\",\"mcp/notes\",\"/"
          "data\"]}}}") SERVER(OWN ",\"--all\""),
     "[--all]\n"},
    /* each form once, three at most */
    {SERVER(OWN ",\"1\"") SERVER(OWN ",\"1\"") SERVER(OWN ",\"2\"") SERVER(OWN ",\"3\"")
         SERVER(OWN ",\"4\""),
     "[1]\n[2]\n[3]\n"},
    /* commands */
    {"```bash\nclaude mcp add notes -- npx -y @acme/server-notes \"a b\" --all | cat\n```\n",
     "[a b][--all]\n"},
    {"```bash\nLEVEL=2 npx @acme/server-notes \\\n  --dir <directory>\n```\n",
     "[--dir][%{home}/projects]\n"},
    {"```bash\nnpx @acme/server-notes --help\nnpx @acme/server-notes auth\n```\n", ""},
    {"```bash\nnpm install -g server-notes\nnpx @smithery/cli install @acme/server-notes "
     "--all\n```\n",
     ""},
    /* another server, or nothing to learn */
    {SERVER(OWN), ""},
    {SERVER("\"@acme/server-other\",\"--all\""), ""},
    {JSON("{\"mcpServers\":{\"n\":{\"command\":\"node\",\"args\":[\"/path/to/"
          "other.js\",\"--all\"]}}}"),
     ""},
    {JSON("{\"mcpServers\":{\"n\":{\"command\":\"npx\",\"args\":[\"-y\"," OWN
          ",{\"x\":1},\"--all\"]}}}"),
     ""},
    {JSON("{\"mcpServers\":{\"n\":{\"command\":\"npx\",\"args\":[\"-y\"," OWN ",\"a"), ""},
    {JSON("{\"command\":{\"path\":[]},\"args\":7}"), ""},
    {"<!-- " SERVER(OWN ",\"--all\"") " -->\n", ""},
};

static void documents_say_how(void **state)
{
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        char forms[4096];
        forms_of(rows[i].page, forms);
        if (strcmp(forms, rows[i].wanted) != 0)
            fail_msg("%s\ngives\n%sinstead of\n%s", rows[i].page, forms, rows[i].wanted);
    }
}

/* Keys and words of one page, more and longer than are kept. */
static void pages_without_measure(void **state)
{
    (void)state;
    VB_CLEANUP(vb_buf_done) struct vb_buf page;
    char forms[4096];
    vb_buf_init(&page, 1024 * 1024);
    for (int i = 0; i < 100; i++)
        assert_int_equal(
            vb_buf_printf(&page, NULL, "```json\n{\"n\":{\"command\":\"npx\",\"args\":["), 0);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(
            vb_buf_printf(&page, NULL,
                          "\n```\n```json\n{\"n\":{\"command\":\"npx\",\"args\":[" OWN),
            0);
        for (int j = 0; j < 100; j++)
            assert_int_equal(vb_buf_printf(&page, NULL, ",\"%d %d\"", i, j), 0);
        assert_int_equal(vb_buf_printf(&page, NULL, "]}}"), 0);
    }
    forms_of((const char *)page.data, forms);
    assert_non_null(strstr(forms, "[2 45]"));
    assert_null(strstr(forms, "[2 47]"));
    assert_null(strstr(forms, "[3 0]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_say_how),
        cmocka_unit_test(pages_without_measure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
