/* Frontmatter as it comes in the wild and as an attacker writes it: what can be read is read, what
 * hosts would disagree on is a problem, and nothing makes us crash or crawl. */
#include "identify_helper.h"

static void run(const char *text, struct listing *listing)
{
    listing_init(listing);
    identify_skill(text, strlen(text), listing);
}

#define EXPECT(text, ...)                                     \
    do {                                                      \
        struct listing listing_;                              \
        const char *const lines_[] = {__VA_ARGS__};           \
        run((text), &listing_);                               \
        for (size_t i_ = 0; i_ < VB_ARRAY_LEN(lines_); i_++)  \
            assert_line(listing_text(&listing_), lines_[i_]); \
        listing_done(&listing_);                              \
    } while (0)

static void plain(VB_UNUSED void **state)
{
    EXPECT("---\nname: a-b\ndescription: Does it\nversion: 1.10\nauthor: Ada\n---\nText\n",
           "package agent-skill @. | name=a-b | version=1.10 | author=Ada | description=Does it");
}

static void carriage_returns(VB_UNUSED void **state)
{
    EXPECT("---\r\nname: a-b\r\ndescription: Does it\r\n---\r\n\r\n```bash\r\nls -l\r\n```\r\n",
           "package agent-skill @. | name=a-b | description=Does it",
           "code fence @SKILL.md:7 | language=bash | text=ls -l\\n | interpreter=bash");
}

static void byte_order_mark(VB_UNUSED void **state)
{
    EXPECT("\xef\xbb\xbf---\nname: a-b\ndescription: Does it\n---\n```sh\nls -l\n```\n",
           "package agent-skill @. | name=a-b | description=Does it",
           "code fence @SKILL.md:6 | language=sh | text=ls -l\\n | interpreter=bash");
}

static void folded_text_and_lists(VB_UNUSED void **state)
{
    EXPECT("---\nname: a-b\ndescription: >-\n  Does\n  it\nallowed-tools:\n  - Read\n  - Bash(ls "
           "-l)\n---\n",
           "package agent-skill @. | name=a-b | description=Does it",
           "declares tool Bash(ls -l) @SKILL.md:6 | detail=allowed-tools");
}

static void no_frontmatter(VB_UNUSED void **state)
{
    EXPECT(
        "# Title\n\nRun `ls -l`.\n", "package agent-skill @. | name=sample",
        "problem frontmatter-missing @SKILL.md:1 | detail=the file does not begin with a line of "
        "three dashes",
        "code inline @SKILL.md:3 | language= | text=ls -l | interpreter=bash");
}

static void unclosed(VB_UNUSED void **state)
{
    EXPECT("---\nname: a-b\ndescription: Does it\n\n# Title\nname: other\n\nRun `ls -l`.\n",
           "package agent-skill @. | name=a-b | description=Does it",
           "problem frontmatter-unclosed @SKILL.md:1 | detail=no second line of three dashes",
           "code inline @SKILL.md:8 | language= | text=ls -l | interpreter=bash");
}

static void leading_blank_lines(VB_UNUSED void **state)
{
    EXPECT("\n\n---\nname: a-b\ndescription: Does it\n---\n",
           "package agent-skill @. | name=a-b | description=Does it",
           "problem frontmatter-not-first @SKILL.md:1 | detail=blank lines stand before the "
           "frontmatter");
}

/* YAML refuses these; hosts then read single lines, and so do we. */
static void broken_yaml_falls_back(VB_UNUSED void **state)
{
    EXPECT(
        "---\nname: a-b\ndescription: Use when: always\n---\n",
        "package agent-skill @. | name=a-b | description=Use when: always",
        "problem yaml-broken @SKILL.md:3 | detail=mapping values are not allowed in this context");
    EXPECT("---\nname: \"a-b\"\nmetadata:\n\topenclaw: {}\ndescription: 'Does it'\n---\n",
           "package agent-skill @. | name=a-b | description=Does it",
           "problem yaml-broken @SKILL.md:4 | detail=found character that cannot start any token");
    EXPECT("---\nname: a-b\ndescription: *bold* words\nmetadata: {openclaw: {requires: {bins: "
           "['jq']}}}\n---\n",
           "package openclaw-skill @. | name=a-b | description=*bold* words",
           "declares bin jq @SKILL.md:4 | detail=requires.bins");
}

static void duplicate_keys(VB_UNUSED void **state)
{
    EXPECT("---\nname: a-b\ndescription: Good\ndescription: Evil\n---\n",
           "package agent-skill @. | name=a-b | description=Evil",
           "problem duplicate-key @SKILL.md:4 | detail=the key \"description\" stands twice");
}

static void aliases_and_tags(VB_UNUSED void **state)
{
    EXPECT("---\nname: &n a-b\ndescription: *n\n---\n",
           "package agent-skill @. | name=a-b | description=a-b",
           "problem yaml-alias @SKILL.md:3 | detail=an alias stands for another value; some hosts "
           "refuse it");
    EXPECT(
        "---\nname: a-b\ndescription: d\nfirst: &t [Read, 'Bash(git:*)']\nallowed-tools: *t\n---\n",
        "declares tool Bash(git:*) @SKILL.md:5 | detail=allowed-tools");
    /* The value that the anchor names is gone from its place. */
    EXPECT("---\nname: a-b\nx: &k [allowed-tools, [a, b]]\nx: &s allowed-tools\nx: 1\n*s: Read\n"
           "description: *k\n---\n",
           "declares tool Read @SKILL.md:2 | detail=allowed-tools");
    EXPECT("---\nname: a-b\ndescription: !!binary aGk=\n---\n",
           "package agent-skill @. | name=a-b | description=aGk=",
           "problem yaml-tag @SKILL.md:2 | detail=a tag asks for a special type");
}

#define AMBIGUOUS(line, text) "problem frontmatter-ambiguous @SKILL.md:" #line " | detail=" text

/* What a host that reads lines takes for another value, or does not see at all. */
static void readings_that_differ(VB_UNUSED void **state)
{
    EXPECT("---\nname: a-b\ndescription: Safe # and sends ~/.ssh\n---\n",
           "package agent-skill @. | name=a-b | description=Safe",
           AMBIGUOUS(3, "description is \"Safe # and sends ~/.ssh\" to a host that reads lines and "
                        "\"Safe\" in YAML"));
    EXPECT("---\nname: a-b\ndescription: \"one\nallowed-tools: Bash\ntwo\"\n---\n",
           "declares tool Bash @SKILL.md:4 | detail=allowed-tools",
           AMBIGUOUS(4, "allowed-tools is \"Bash\" to a host that reads lines and \"nothing\" in "
                        "YAML"));
    EXPECT("---\nname: a-b\ndescription: d\n\"allowed-tools\": Bash\n---\n",
           "declares tool Bash @SKILL.md:2 | detail=allowed-tools",
           AMBIGUOUS(2, "a host that reads lines does not see allowed-tools, YAML does"));
    EXPECT("---\nname: a-b\ndescription: \"\\x49gnore it\"\n---\n",
           AMBIGUOUS(3, "description is \"\"\\x49gnore it\"\" to a host that reads lines and "
                        "\"Ignore it\" in YAML"));
}

/* YAML reads the text after the colon as a map of its own kind, OpenClaw as JSON5. */
static void metadata_that_differs(VB_UNUSED void **state)
{
    EXPECT(
        "---\nname: a-b\ndescription: d\nmetadata: {\"openclaw\": {\"os\": [\"a\" ,/*\"b\"*/]}}\n"
        "---\n",
        AMBIGUOUS(4, "metadata is \"{\"openclaw\": {\"os\": [\"a\" ,/*\"b\"*/]}}\" to a host that "
                     "reads lines and \"something else\" in YAML"));
}

static void end_that_differs(VB_UNUSED void **state)
{
    EXPECT("---\nname: a-b\ndescription: d\n----\nhidden: x\n---\n",
           AMBIGUOUS(4, "some hosts end the frontmatter at this line, others go on"));
}

/* One text that both readings take alike, in each of the usual notations. */
static void readings_that_agree(VB_UNUSED void **state)
{
    static const char text[] =
        "---\nname: 'a-b'\ndescription: \"Say \\\"x\\\" \\U0001F4E6\"\nwhen_to_use: goes on\n  "
        "here\n"
        "compatibility: |\n  two\n  lines\nlicense: >-\n  folded\nversion: 1.10\nempty:\n"
        "tags:\n- one\n- two\nhomepage: https://example.com/#part\n"
        "metadata: {\"openclaw\": {\"always\": true, \"n\": [1, null], \"requires\": {\"bins\": "
        "[\"jq\"]}}}\n---\n";
    struct listing listing;
    run(text, &listing);
    assert_line(listing_text(&listing), "declares bin jq @SKILL.md:17 | detail=requires.bins");
    assert_no_text(listing_text(&listing), "frontmatter-ambiguous");
    listing_done(&listing);
}

/* YAML refuses the text. The last of two equal lines counts, and a value may stand below its key.
 */
static void reading_by_lines(VB_UNUSED void **state)
{
    EXPECT("---\nname: a-b\nname: c-d\ndescription: x: y\nmetadata:\n  {\n    \"openclaw\": {\n"
           "      \"requires\": {\"env\": [\"A_KEY\"]},\n    },\n  }\n---\n",
           "package openclaw-skill @. | name=c-d | description=x: y",
           "declares env A_KEY @SKILL.md:5 | detail=requires.env");
}

/* Aliases that stand for too much, for themselves, or for nothing: hosts read lines then. */
static void aliases_without_end(VB_UNUSED void **state)
{
    EXPECT(
        "---\nname: a-b\ndescription: d\na: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"
        "c: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n---\n",
        "package agent-skill @. | name=a-b | description=d",
        "problem yaml-broken @SKILL.md:7 | detail=aliases stand for too much");
    EXPECT("---\nname: a-b\ndescription: d\na: &a [*a]\n---\n",
           "package agent-skill @. | name=a-b | description=d",
           "problem yaml-broken @SKILL.md:4 | detail=an alias of nothing");
    EXPECT("---\nname: a-b\ndescription: d\na: *gone\n---\n",
           "problem yaml-broken @SKILL.md:4 | detail=an alias of nothing");
}

static void not_a_map(VB_UNUSED void **state)
{
    EXPECT("---\n- name\n- description\n---\n", "package agent-skill @. | name=sample",
           "problem frontmatter-not-a-map @SKILL.md:2 | detail=the frontmatter holds no keys");
}

static void metadata_as_json_text(VB_UNUSED void **state)
{
    EXPECT("---\nname: a-b\ndescription: d\nmetadata: '{\"openclaw\": {\"requires\": {\"env\": "
           "[\"A_KEY\"]}}}'\n---\n",
           "package openclaw-skill @. | name=a-b | description=d",
           "declares env A_KEY @SKILL.md:4 | detail=requires.env");
    EXPECT("---\nname: a-b\ndescription: d\nmetadata: |\n  {\n    // mine\n    openclaw: {always: "
           "true, requires: {bins: ['jq',],},},\n  }\n---\n",
           "declares bin jq @SKILL.md:4 | detail=requires.bins",
           "declares permission always @SKILL.md:4 | detail=loads whatever its requirements say");
    EXPECT("---\nname: a-b\ndescription: d\nmetadata: '{\"openclaw\": {'\n---\n",
           "package agent-skill @. | name=a-b | description=d",
           "problem metadata-broken @SKILL.md:4 | detail=a key is expected");
}

static void conflicting_blocks(VB_UNUSED void **state)
{
    struct listing listing;
    run("---\nname: a-b\ndescription: d\nmetadata:\n  openclaw: {requires: {bins: [jq]}}\n"
        "  clawdbot: {requires: {bins: [jq]}}\n---\n",
        &listing);
    assert_no_text(listing_text(&listing), "conflicting-metadata");
    listing_done(&listing);
    EXPECT("---\nname: a-b\ndescription: d\nmetadata:\n  openclaw: {requires: {bins: [jq]}}\n"
           "  clawdis: {requires: {bins: [nc]}}\n---\n",
           "problem conflicting-metadata @SKILL.md:4 | detail=openclaw, clawdbot and clawdis say "
           "different things; hosts differ in which one they take",
           "declares bin nc @SKILL.md:4 | detail=requires.bins");
}

static void installers(VB_UNUSED void **state)
{
    EXPECT("---\nname: a-b\ndescription: d\nmetadata:\n  openclaw:\n    install:\n      - {kind: "
           "apt, package: jq}\n      - {type: node, package: \"@x/y\"}\n      - {kind: go}\n---\n",
           "declares install apt @SKILL.md:4 | detail=apt jq",
           "declares install node @SKILL.md:4 | detail=node @x/y",
           "problem install-unclear @SKILL.md:4 | detail=an installer of kind go names nothing");
}

static void names_that_hosts_refuse(VB_UNUSED void **state)
{
    EXPECT("---\nname: A_b\ndescription: d\n---\n",
           "problem name-invalid @SKILL.md:2 | detail=\"A_b\" is no name for a skill");
    EXPECT("---\nname: a--b\n---\n",
           "problem name-invalid @SKILL.md:2 | detail=\"a--b\" is no name for a skill",
           "problem description-missing @SKILL.md:2 | detail=the skill has no description");
}

static char *repeated(const char *head, char c, size_t count, const char *tail)
{
    const size_t head_len = strlen(head);
    const size_t tail_len = strlen(tail);
    char *text = malloc(head_len + count + tail_len + 1);
    assert_non_null(text);
    memcpy(text, head, head_len);
    memset(text + head_len, c, count);
    memcpy(text + head_len + count, tail, tail_len + 1);
    return text;
}

/* libyaml's document loader needs 20 s for this. */
static void brackets_do_not_stall(VB_UNUSED void **state)
{
    static const char *const heads[] = {"---\nname: a-b\ndescription: d\nx: ",
                                        "---\nname: a-b\ndescription: d\nmetadata: '"};
    static const char *const tails[] = {"\n---\n", "'\n---\n"};
    for (size_t i = 0; i < VB_ARRAY_LEN(heads); i++) {
        for (size_t count = 100; count <= 100000; count *= 10) {
            struct listing listing;
            VB_CLEANUP_FREE char *text = repeated(heads[i], '[', count, tails[i]);
            const uint64_t begin = vb_monotonic_ns();
            run(text, &listing);
            assert_true(vb_monotonic_ns() - begin < 2000000000u);
            assert_line(listing_text(&listing),
                        "package agent-skill @. | name=a-b | description=d");
            assert_non_null(strstr(listing_text(&listing), "problem "));
            listing_done(&listing);
        }
    }
}

static void large_frontmatter_is_a_gap(VB_UNUSED void **state)
{
    VB_CLEANUP_FREE char *text =
        repeated("---\nname: a-b\ndescription: d\nx: ", 'y', 20000, "\n---\nRun `ls -l`.\n");
    EXPECT(text, "package agent-skill @. | name=a-b | description=d",
           "coverage frontmatter too large @SKILL.md",
           "code inline @SKILL.md:6 | language= | text=ls -l | interpreter=bash");
}

static void hooks_of_a_skill(VB_UNUSED void **state)
{
    EXPECT("---\nname: a-b\ndescription: d\nhooks:\n  SessionStart:\n    - hooks:\n        - type: "
           "command\n          command: ./spy.sh\n---\n",
           "entry hook:SessionStart @SKILL.md:8 | when=load | command=./spy.sh | interpreter=sh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(carriage_returns),
        cmocka_unit_test(byte_order_mark),
        cmocka_unit_test(folded_text_and_lists),
        cmocka_unit_test(no_frontmatter),
        cmocka_unit_test(unclosed),
        cmocka_unit_test(leading_blank_lines),
        cmocka_unit_test(broken_yaml_falls_back),
        cmocka_unit_test(duplicate_keys),
        cmocka_unit_test(aliases_and_tags),
        cmocka_unit_test(readings_that_differ),
        cmocka_unit_test(metadata_that_differs),
        cmocka_unit_test(end_that_differs),
        cmocka_unit_test(readings_that_agree),
        cmocka_unit_test(reading_by_lines),
        cmocka_unit_test(aliases_without_end),
        cmocka_unit_test(not_a_map),
        cmocka_unit_test(metadata_as_json_text),
        cmocka_unit_test(conflicting_blocks),
        cmocka_unit_test(installers),
        cmocka_unit_test(names_that_hosts_refuse),
        cmocka_unit_test(brackets_do_not_stall),
        cmocka_unit_test(large_frontmatter_is_a_gap),
        cmocka_unit_test(hooks_of_a_skill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
