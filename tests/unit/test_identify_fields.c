/* Fields that no host reads are listed, at every depth and in every notation; those that a host
 * reads are not. */
#include "identify_helper.h"

#include "identify/internal.h"

static void check(const struct made_file *files, size_t count, const char *expected)
{
    struct listing listing;
    struct vb_error err = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf found;
    vb_buf_init(&found, 64 * 1024);
    char *folder = make_tree(files, count);
    listing_init(&listing);
    const int status = identify_folder(folder, NULL, &listing, &err);
    remove_tree(folder);
    if (status < 0)
        fail_msg("vb_identify failed: %s", err.message);
    for (const char *at = listing_text(&listing); *at != '\0';) {
        const size_t len = strcspn(at, "\n") + 1;
        if (strncmp(at, "unknown ", 8) == 0)
            assert_int_equal(vb_buf_append(&found, at, len, NULL), VB_OK);
        at += len;
    }
    assert_string_equal(found.len == 0 ? "" : (const char *)found.data, expected);
    listing_done(&listing);
}

#define CHECK(files, expected) check((files), VB_ARRAY_LEN(files), (expected))

static void expect_line(const struct made_file *files, size_t count, const char *line, bool there)
{
    struct listing listing;
    struct vb_error err = {0};
    char *folder = make_tree(files, count);
    listing_init(&listing);
    assert_int_equal(identify_folder(folder, NULL, &listing, &err), VB_OK);
    remove_tree(folder);
    if (there)
        assert_line(listing_text(&listing), line);
    else
        assert_no_text(listing_text(&listing), line);
    listing_done(&listing);
}

static bool has_form(const char *name, size_t len)
{
    for (size_t i = 0; i < vb_id_form_count; i++) {
        if (strlen(vb_id_forms[i].name) == len && memcmp(vb_id_forms[i].name, name, len) == 0)
            return true;
    }
    return false;
}

/* A form that a word names and no row has would never be looked into. */
static void tables_refer_to_themselves(VB_UNUSED void **state)
{
    for (size_t i = 0; i < vb_id_form_count; i++) {
        for (const char *at = vb_id_forms[i].fields; *at != '\0'; at += strspn(at, " ")) {
            const size_t len = strcspn(at, " ");
            const char *colon = memchr(at, ':', len);
            const char *name = at[0] == '+' ? at + 1 : colon == NULL ? NULL : colon + 1;
            if (name != NULL && !has_form(name, len - (size_t)(name - at)))
                fail_msg("%s: %.*s", vb_id_forms[i].name, (int)len, at);
            at += len;
        }
    }
}

static void skill(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"SKILL.md",
         "---\nname: a-b\ndescription: d\nlicense: MIT\ncompatibility: c\nallowed-tools: Read\n"
         "when_to_use: w\nargument-hint: '[x]'\narguments: [x]\ndisable-model-invocation: true\n"
         "user-invocable: true\ndisallowed-tools: Bash\nmodel: m\neffort: high\ncontext: fork\n"
         "agent: x\nbackground: true\npaths: ['*.c']\nshell: bash\nversion: 1\n"
         "homepage: https://example.com\ncommand-dispatch: tool\ncommand-tool: t\n"
         "command-arg-mode: raw\nsecret-note: for nobody\nmetadata:\n  team: any\n  openclaw:\n"
         "    always: true\n    os: [linux]\n    skillKey: k\n    emoji: e\n    cliHelp: h\n"
         "    author: a\n    links: {}\n    dependencies: []\n    primaryEnv: K\n"
         "    envVars: [{name: A_B, required: true, description: d, odd: 1}]\n"
         "    requires: {bins: [a], anyBins: [b], env: [C_D], config: [e], kernels: [f]}\n"
         "    nix: {plugin: p, systems: [s]}\n"
         "    config: {requiredEnv: [E_F], stateDirs: [d], example: x}\n"
         "    install: [{id: i, kind: brew, label: l, bins: [b], os: [linux], formula: f, tap: t, "
         "mirror: m}]\n---\n"}};
    CHECK(files, "unknown for nobody @SKILL.md:25 | key=secret-note\n"
                 "unknown 1 @SKILL.md:38 | key=metadata.openclaw.envVars.odd\n"
                 "unknown @SKILL.md:39 | key=metadata.openclaw.requires.kernels\n"
                 "unknown m @SKILL.md:42 | key=metadata.openclaw.install.mirror\n");
}

static void metadata_as_text(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"SKILL.md",
         "---\nname: a-b\ndescription: d\nmetadata: '{\"openclaw\": {\"odd\": {\"x\": 1}}}'\n"
         "---\n"}};
    CHECK(files, "unknown @SKILL.md:4 | key=metadata.openclaw.odd\n");
}

static void claude_plugin(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {".claude-plugin/plugin.json",
         "{\"name\": \"x\", \"displayName\": \"X\", \"author\": {\"name\": \"a\", \"phone\": "
         "\"1\"},\n"
         "\"defaultEnabled\": true, \"skills\": \"./skills/\", \"outputStyles\": \"./styles/\",\n"
         "\"experimental\": {\"themes\": \"./t/\", \"beams\": 1},\n"
         "\"userConfig\": {\"KEY\": {\"type\": \"string\", \"title\": \"t\", \"sensitive\": true,\n"
         "\"hint\": \"h\"}}, \"channels\": [{\"server\": \"s\", \"userConfig\": {\"K\": {\"kind\": "
         "\"k\"}}}],\n"
         "\"lspServers\": {\"c\": {\"command\": \"clangd\", \"extensionToLanguage\": {\".c\": "
         "\"c\"}, "
         "\"speed\": 1}}}"},
        {"hooks/hooks.json",
         "{\"description\": \"d\", \"hooks\": {\"Stop\": [{\"matcher\": \"*\", \"when\": "
         "\"always\",\n"
         "\"hooks\": [{\"type\": \"command\", \"command\": \"true\", \"timeout\": 5, \"run_as\": "
         "\"root\"}]}]}}"},
        {".mcp.json", "{\"s\": {\"command\": \"x\", \"args\": [], \"preload\": \"y\"}}"},
        {"monitors/monitors.json", "[{\"name\": \"m\", \"command\": \"true\", \"every\": 5}]"}};
    CHECK(files, "unknown 1 @.claude-plugin/plugin.json:6 | key=c.speed\n"
                 "unknown always @hooks/hooks.json:1 | key=hooks.Stop.when\n"
                 "unknown root @hooks/hooks.json:2 | key=hooks.Stop.run_as\n"
                 "unknown y @.mcp.json:1 | key=mcpServers.s.preload\n"
                 "unknown 5 @monitors/monitors.json:1 | key=monitors.every\n"
                 "unknown 1 @.claude-plugin/plugin.json:1 | key=author.phone\n"
                 "unknown 1 @.claude-plugin/plugin.json:3 | key=experimental.beams\n"
                 "unknown h @.claude-plugin/plugin.json:5 | key=userConfig.KEY.hint\n"
                 "unknown k @.claude-plugin/plugin.json:5 | key=channels.userConfig.K.kind\n");
}

/* Agent Plugins is a closed format: its hosts refuse the file. */
static void closed_format(VB_UNUSED void **state)
{
    static const struct made_file files[] = {
        {"plugin.json",
         "{\"$schema\": \"https://agent-plugins.org/schemas/1.0.0/plugin.schema.json\",\n"
         "\"name\": \"x\", \"author\": {\"name\": \"a\", \"phone\": \"1\"},\n\"hooks\": {}}"}};
    CHECK(files,
          "unknown 1 @plugin.json:2 | key=author.phone\nunknown @plugin.json:3 | key=hooks\n");
    struct listing listing;
    struct vb_error err = {0};
    char *folder = make_tree(files, VB_ARRAY_LEN(files));
    listing_init(&listing);
    assert_int_equal(identify_folder(folder, NULL, &listing, &err), VB_OK);
    remove_tree(folder);
    assert_line(
        listing_text(&listing),
        "problem field-not-allowed @plugin.json:3 | detail=the format has no field \"hooks\"");
    listing_done(&listing);
}

#define AGENT_PLUGIN(name)                                                                      \
    "{\"$schema\": \"https://agent-plugins.org/schemas/1.0.0/plugin.schema.json\",\n\"name\": " \
    "\"" name "\"}"
#define SERVER(server) "{\"mcpServers\": {\n\"s\": {" server "}}}"

/* One row for each rule of the format, and the plugin that keeps them all. */
static void rules_of_agent_plugins(VB_UNUSED void **state)
{
    static const char command[] =
        "problem field-invalid @mcp.json:2 | detail=s: its command is not one program";
    static const char url[] = "problem field-invalid @mcp.json:2 | detail=s: its URL is not https "
                              "without user and fragment";
    static const char name[] =
        "problem field-invalid @plugin.json:2 | detail=name: no name for a plugin";
    static const struct {
        const char *plugin, *servers, *line;
    } rows[] = {
        {AGENT_PLUGIN("a--b"), "{}", name},
        {AGENT_PLUGIN("A"), "{}", name},
        {AGENT_PLUGIN("a-"), "{}", name},
        {"{\"$schema\": \"https://agent-plugins.org/schemas/9/x\", \"name\": \"a\"}", "{}",
         "problem field-invalid @plugin.json:1 | detail=$schema: not version 1.0.0"},
        {AGENT_PLUGIN("a"), SERVER("\"command\": \"sh -c x\""), command},
        {AGENT_PLUGIN("a"), SERVER("\"command\": \"../x\""), command},
        {AGENT_PLUGIN("a"), SERVER("\"command\": \"${PLUGIN_ROOT}/x\""), command},
        {AGENT_PLUGIN("a"), SERVER("\"url\": \"http://far.example.com\""), url},
        {AGENT_PLUGIN("a"), SERVER("\"url\": \"https://u@far.example.com\""), url},
        {AGENT_PLUGIN("a"), SERVER("\"command\": \"x\", \"env\": {\"PLUGIN_ROOT\": \"/\"}"),
         "problem field-invalid @mcp.json:2 | detail=s: it sets a variable that belongs to the "
         "host"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct made_file files[] = {{"plugin.json", rows[i].plugin},
                                          {"mcp.json", rows[i].servers}};
        expect_line(files, VB_ARRAY_LEN(files), rows[i].line, true);
    }
    static const struct made_file good[] = {
        {"plugin.json", AGENT_PLUGIN("a.b-c")},
        {"mcp.json",
         "{\"mcpServers\": {\"a\": {\"command\": \"./run\"}, \"b\": {\"command\": \"node\"},\n"
         "\"c\": {\"url\": \"http://localhost:1/x\"}, \"d\": {\"url\": "
         "\"https://x.example.com\"}}}"}};
    expect_line(good, VB_ARRAY_LEN(good), "problem", false);
}

#define SKILL_NAMED(name, text) "---\nname: " name "\ndescription: " text "\n---\n"

/* One of the two is loaded; copies, and skills of two plugins, are no matter. */
static void skills_of_one_name(VB_UNUSED void **state)
{
    static const struct made_file two[] = {{".agents/skills/a/SKILL.md", SKILL_NAMED("a", "one")},
                                           {"skills/a/SKILL.md", SKILL_NAMED("a", "two")}};
    static const struct made_file copies[] = {
        {".agents/skills/a/SKILL.md", SKILL_NAMED("a", "one")},
        {"skills/a/SKILL.md", SKILL_NAMED("a", "one")}};
    static const struct made_file plugins[] = {
        {"p/.claude-plugin/plugin.json", "{\"name\": \"p\"}"},
        {"p/skills/a/SKILL.md", SKILL_NAMED("a", "one")},
        {"q/.claude-plugin/plugin.json", "{\"name\": \"q\"}"},
        {"q/skills/a/SKILL.md", SKILL_NAMED("a", "two")}};
    expect_line(
        two, VB_ARRAY_LEN(two),
        "problem same-name @skills/a/SKILL.md:2 | detail=.agents/skills/a holds another skill "
        "of the name a",
        true);
    expect_line(copies, VB_ARRAY_LEN(copies), "same-name", false);
    expect_line(plugins, VB_ARRAY_LEN(plugins), "same-name", false);
}

/* A package cannot flood the log with fields of its own. */
static void flood(VB_UNUSED void **state)
{
    struct listing listing;
    struct vb_error err = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    vb_buf_init(&text, 1024 * 1024);
    char field[64];
    assert_int_equal(vb_buf_append_str(&text, "{\"name\": \"x\"", NULL), VB_OK);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(field, sizeof(field), ", \"odd%u\": {\"a\": {}}", i);
        assert_int_equal(vb_buf_append_str(&text, field, NULL), VB_OK);
    }
    assert_int_equal(vb_buf_append_str(&text, "}", NULL), VB_OK);
    char *folder = make_tree(NULL, 0);
    write_made(folder, "package.json", text.data, text.len);
    listing_init(&listing);
    assert_int_equal(identify_folder(folder, NULL, &listing, &err), VB_OK);
    remove_tree(folder);
    assert_line(listing_text(&listing), "unknown @package.json:1 | key=odd255");
    assert_no_text(listing_text(&listing), "odd256");
    assert_line(listing_text(&listing), "coverage unknown field too many @ | count=744");
    listing_done(&listing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_refer_to_themselves),
        cmocka_unit_test(skill),
        cmocka_unit_test(metadata_as_text),
        cmocka_unit_test(claude_plugin),
        cmocka_unit_test(closed_format),
        cmocka_unit_test(rules_of_agent_plugins),
        cmocka_unit_test(skills_of_one_name),
        cmocka_unit_test(flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
