/* Hostile trees: too many, too large, too deep, not what they seem. Each is an event, never an
 * error, a crash or a wait; only our own failure is an error. */
#include "identify_helper.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "identify/internal.h"

static void expect(char *folder, const struct vb_identify_limits *limits, const char *line)
{
    struct vb_error err = {0};
    struct listing listing;
    listing_init(&listing);
    if (identify_folder(folder, limits, &listing, &err) < 0)
        fail_msg("%s", err.message);
    assert_line(listing_text(&listing), line);
    listing_done(&listing);
}

static void empty_folder(VB_UNUSED void **state)
{
    char *folder = make_tree(NULL, 0);
    expect(folder, NULL, "package files @. | name=sample");
    remove_tree(folder);
}

static void cut_at_every_byte(VB_UNUSED void **state)
{
    static const char text[] =
        "\xef\xbb\xbf---\r\nname: a-b\r\ndescription: >\n  Does `it`\nmetadata: {\"openclaw\": "
        "{\"requires\": {\"bins\": [\"jq\"]}}}\nallowed-tools: Bash(ls:*) Read\n---\n# T\n\nRun "
        "`ls "
        "-l`, !`id` and see [x](https://x.example.com \"t\").\n\n```bash\n$ ls \\\n  -l\n```\n<!-- "
        "a\n~~~sh\nid\n~~~\n-->\n| a | b |\n|---|---|\n| run `id -u` | \xc3\xa4 |\n\n    "
        "indented\n";
    char *folder = make_tree(NULL, 0);
    for (size_t len = 0; len < sizeof(text); len++) {
        struct vb_error err = {0};
        struct listing listing;
        listing_init(&listing);
        write_made(folder, "SKILL.md", text, len);
        if (identify_folder(folder, NULL, &listing, &err) < 0)
            fail_msg("cut at %zu: %s", len, err.message);
        assert_non_null(strstr(listing_text(&listing), "-skill @."));
        listing_done(&listing);
    }
    remove_tree(folder);
}

static void too_much_code(VB_UNUSED void **state)
{
    const struct vb_identify_limits limits = {
        .file_bytes = 65536, .frontmatter_bytes = 1024, .packages = 8, .codes = 2};
    const struct made_file file = {"SKILL.md",
                                   "---\nname: a-b\ndescription: d\n---\nRun `ls -1`, run `ls -2`, "
                                   "run `ls -3`, run `ls -4`.\n"};
    char *folder = make_tree(&file, 1);
    expect(folder, &limits, "coverage code too many @ | count=2");
    remove_tree(folder);
}

static void too_many_packages(VB_UNUSED void **state)
{
    const struct vb_identify_limits limits = {
        .file_bytes = 65536, .frontmatter_bytes = 1024, .packages = 2, .codes = 10};
    const struct made_file files[] = {{"a/SKILL.md", "---\nname: a\ndescription: d\n---\n"},
                                      {"b/SKILL.md", "---\nname: b\ndescription: d\n---\n"},
                                      {"c/SKILL.md", "---\nname: c\ndescription: d\n---\n"}};
    char *folder = make_tree(files, VB_ARRAY_LEN(files));
    expect(folder, &limits, "coverage package too many @ | count=2");
    remove_tree(folder);
}

static void large_file(VB_UNUSED void **state)
{
    const struct vb_identify_limits limits = {
        .file_bytes = 64, .frontmatter_bytes = 64, .packages = 8, .codes = 10};
    const struct made_file file = {
        "SKILL.md", "---\nname: a-b\ndescription: d\n---\n"
                    "0123456789012345678901234567890123456789012345678901234567890123456789\n"};
    char *folder = make_tree(&file, 1);
    expect(folder, &limits, "coverage file too large @SKILL.md");
    remove_tree(folder);
}

/* Links are facts of the tree; following one would read what is not the package's. */
static void links_are_not_followed(VB_UNUSED void **state)
{
    struct vb_error err = {0};
    struct listing listing;
    char path[256];
    const struct made_file file = {"real/notes.md", "Run `ls -l`.\n"};
    char *folder = make_tree(&file, 1);
    listing_init(&listing);
    snprintf(path, sizeof(path), "%s/SKILL.md", folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof(path), "%s/loop", folder);
    assert_int_equal(symlink(".", path), 0);
    snprintf(path, sizeof(path), "%s/pipe.sh", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(identify_folder(folder, NULL, &listing, &err), 0);
    assert_line(listing_text(&listing), "package files @. | name=sample");
    assert_no_text(listing_text(&listing), "loop/");
    assert_no_text(listing_text(&listing), "pipe.sh");
    listing_done(&listing);
    remove_tree(folder);
}

static void deep_folders(VB_UNUSED void **state)
{
    char path[1024] = "";
    char line[1024];
    for (unsigned i = 0; i < VB_ID_DEPTH_MAX + 8; i++)
        snprintf(path + strlen(path), sizeof(path) - strlen(path), "d/");
    snprintf(line, sizeof(line), "coverage folder too deep @%.*s", VB_ID_DEPTH_MAX * 2 - 1, path);
    snprintf(path + strlen(path), sizeof(path) - strlen(path), "SKILL.md");
    const struct made_file file = {path, "---\nname: a\ndescription: d\n---\n"};
    char *folder = make_tree(&file, 1);
    expect(folder, NULL, line);
    remove_tree(folder);
}

static void bundled_dependencies_are_a_gap(VB_UNUSED void **state)
{
    const struct made_file files[] = {{"package.json", "{\"name\": \"a\"}"},
                                      {"node_modules/b/index.js", "1"},
                                      {"node_modules/b/package.json", "{\"name\": \"b\"}"}};
    char *folder = make_tree(files, VB_ARRAY_LEN(files));
    expect(folder, NULL, "coverage bundled dependencies not listed one by one @ | count=1");
    remove_tree(folder);
}

static void manifests_that_lie(VB_UNUSED void **state)
{
    static const struct {
        struct made_file file;
        const char *line;
    } rows[] = {
        {{"package.json", "{\"name\": [1], \"bin\": 7, \"scripts\": [], \"main\": {}}"},
         "package npm @. | name=sample"},
        {{"package.json", "{\"name\": \"a\", \"main\": \"../../../etc/passwd\"}"},
         "problem path-escapes @package.json:1 | detail=main: ../../../etc/passwd leaves the "
         "package"},
        {{"package.json", "{\"name\": \"a\", \"scripts\": {\"install\": \"x\"}} trailing"},
         "problem json-broken @package.json:1 | detail=text follows the value"},
        {{".claude-plugin/plugin.json", "[]"}, "package claude-plugin @. | name=sample"},
        {{".mcp.json", "{\"mcpServers\": {\"a\": {\"command\": [\"run-it\", \"-y z\"]}}}"},
         "entry mcp-server:a @.mcp.json:1 | when=load | command=run-it '-y z' | interpreter=sh"},
        {{"setup.py", ""},
         "entry setup.py @setup.py | when=install | command=python3 setup.py install --user "
         "--root=/ | "
         "interpreter=sh"},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        char *folder = make_tree(&rows[i].file, 1);
        expect(folder, NULL, rows[i].line);
        remove_tree(folder);
    }
}

/* A sink that fails is our failure: it comes back as an error, at whichever event it happens. */
static void failing_sink(VB_UNUSED void **state)
{
    const struct made_file files[] = {
        {"SKILL.md", "---\nname: a-b\ndescription: d\n---\nRun `ls -l` on x.example.com.\n"},
        {"package.json", "{\"name\": \"a\", \"scripts\": {\"install\": \"x\"}}"},
        {"run.sh", "ls\n"}};
    char *folder = make_tree(files, VB_ARRAY_LEN(files));
    size_t at = 1;
    for (;; at++) {
        struct vb_error err = {0};
        struct listing listing;
        listing_init(&listing);
        listing.fail_at = at;
        const int status = identify_folder(folder, NULL, &listing, &err);
        const size_t events = listing.events;
        listing_done(&listing);
        if (events < at) {
            assert_int_equal(status, VB_OK);
            break;
        }
        assert_int_equal(status, VB_E_IO);
        assert_int_equal(events, at);
        assert_string_equal(err.message, "identifying the package: the sink is full");
    }
    assert_true(at > 5);
    remove_tree(folder);
}

/* The same text in every file: output is bounded by its caps, not by the package. */
static void floods_are_bounded(VB_UNUSED void **state)
{
    struct vb_error err = {0};
    struct listing listing;
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    char path[32];
    vb_buf_init(&text, 1024 * 1024);
    char *folder = make_tree(NULL, 0);
    for (unsigned i = 0; i < 20000; i++)
        assert_int_equal(
            vb_buf_printf(&text, &err, "[a](u%u) run `ls %u` h%u.example.com\n\n", i, i, i), 0);
    for (unsigned i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "page%u.md", i);
        write_made(folder, path, text.data, text.len);
    }
    listing_init(&listing);
    const uint64_t begin = vb_monotonic_ns();
    assert_int_equal(identify_folder(folder, NULL, &listing, &err), 0);
    assert_true(vb_monotonic_ns() - begin < 20000000000u);
    assert_true(listing.events < 10000);
    assert_non_null(strstr(listing_text(&listing), "coverage code too many"));
    assert_non_null(strstr(listing_text(&listing), "coverage link too many"));
    assert_non_null(strstr(listing_text(&listing), "coverage document too many"));
    listing_done(&listing);
    remove_tree(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_folder),       cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(too_much_code),      cmocka_unit_test(too_many_packages),
        cmocka_unit_test(large_file),         cmocka_unit_test(links_are_not_followed),
        cmocka_unit_test(deep_folders),       cmocka_unit_test(bundled_dependencies_are_a_gap),
        cmocka_unit_test(manifests_that_lie), cmocka_unit_test(failing_sink),
        cmocka_unit_test(floods_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
