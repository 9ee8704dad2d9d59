/* Names that are meant to be mistaken, and honest neighbours, which must not be. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "signatures/lookalike.h"

struct row {
    const char *kind, *name;
    const char *target, *how; /* NULL: no look-alike */
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct vb_name_lookalike_found found = {0};
        const bool is = vb_name_lookalike_popular(rows[i].kind, rows[i].name, &found);
        if (is != (rows[i].target != NULL) || (is && (strcmp(found.target, rows[i].target) != 0 ||
                                                      strcmp(found.how, rows[i].how) != 0)))
            fail_msg("%s %s: %s of %s", rows[i].kind, rows[i].name,
                     is ? found.how : "no look-alike", is ? found.target : "anything");
    }
}

static void test_lookalikes(void **state)
{
    static const struct row rows[] = {
        {"npm", "lodahs", "lodash", "swapped"},
        {"npm", "loadsh", "lodash", "swapped"},
        {"npm", "lodashh", "lodash", "letters"},
        {"npm", "lodassh", "lodash", "letters"},
        {"npm", "1odash", "lodash", "homoglyph"},
        {"npm", "l0dash", "lodash", "homoglyph"},
        {"npm", "lodаsh", "lodash", "homoglyph"},
        {"npm", "ｌodash", "lodash", "homoglyph"},
        {"npm",
         "lo\xe2\x80\x8b"
         "dash",
         "lodash", "homoglyph"},
        {"npm", "cornmander", "commander", "homoglyph"},
        {"npm", "exprss", "express", "letters"},
        {"npm", "expresss", "express", "letters"},
        {"npm", "exoress", "express", "keyboard"},
        {"npm", "axois", "axios", "swapped"},
        {"npm", "reactt", "react", "letters"},
        {"npm", "crossenv", "cross-env", "separator"},
        {"npm", "cross_env", "cross-env", "separator"},
        {"npm", "react.dom", "react-dom", "separator"},
        {"npm", "nestjs-core", "@nestjs/core", "scope"},
        {"npm", "types-node", "@types/node", "scope"},
        {"npm", "@modelcontextprotocl/sdk", "@modelcontextprotocol/sdk", "letters"},
        {"npm", "@modelcontextprotcol/server-filesystem", "@modelcontextprotocol/server-filesystem",
         "letters"},
        {"npm", "@anthropicai/claude-code", "@anthropic-ai/claude-code", "separator"},
        {"mcp-server", "firecrawl_mcp", "firecrawl-mcp", "separator"},
        {"python-wheel", "reqeusts", "requests", "swapped"},
        {"python-wheel", "request", "requests", "letters"},
        {"python-wheel", "requets", "requests", "letters"},
        {"python-sdist", "Pyhton-dateutil", "python-dateutil", "swapped"},
        {"pypi", "beautifulsop4", "beautifulsoup4", "letters"},
        {"python-wheel", "tensorfow", "tensorflow", "letters"},
        {"python-wheel", "scikitlearn", "scikit-learn", "separator"},
        {"python-wheel", "crytpograhpy", "cryptography", "letters"},
        {"agent-skill", "skillcreator", "skill-creator", "separator"},
        {"agent-skill", "skiӏl-creator", "skill-creator", "homoglyph"},
    };

    check(rows, VB_ARRAY_LEN(rows));
    (void)state;
}

static void test_honest_neighbours(void **state)
{
    static const struct row rows[] = {
        {"npm", "lodash-es", NULL, NULL},
        {"npm", "lodash.merge", NULL, NULL},
        {"npm", "react-dom", NULL, NULL},
        {"npm", "preact", NULL, NULL},
        {"npm", "react", NULL, NULL},
        {"npm", "React", NULL, NULL},
        {"npm", "reach", NULL, NULL},
        {"npm", "trace", NULL, NULL},
        {"npm", "next-auth", NULL, NULL},
        {"npm", "nest", NULL, NULL},
        {"npm", "vuex", NULL, NULL},
        {"npm", "vuet", NULL, NULL},
        {"npm", "koa-router", NULL, NULL},
        {"npm", "expression", NULL, NULL},
        {"npm", "express-validator", NULL, NULL},
        {"npm", "babel-core", NULL, NULL},
        {"npm", "angular-cli", NULL, NULL},
        {"npm", "@foo/lodash", NULL, NULL},
        {"npm", "react-tom", NULL, NULL},
        {"npm", "eslint-plugin-vue", NULL, NULL},
        {"npm", "mysql3", NULL, NULL},
        {"npm", "sqlite", NULL, NULL},
        {"npm", "chai-http", NULL, NULL},
        {"npm", "mochawesome", NULL, NULL},
        {"npm", "request", NULL, NULL},
        {"npm", "weather-now", NULL, NULL},
        {"npm", "web4", NULL, NULL},
        {"npm", "core", NULL, NULL},
        {"npm", "", NULL, NULL},
        {"npm", "-", NULL, NULL},
        {"npm", "@types/react-dom", NULL, NULL},
        {"npm", "@types/lodash", NULL, NULL},
        {"python-wheel", "requests-oauthlib", NULL, NULL},
        {"python-wheel", "requests-cache", NULL, NULL},
        {"python-wheel", "requests2", NULL, NULL},
        {"python-wheel", "boto", NULL, NULL},
        {"python-wheel", "boto3", NULL, NULL},
        {"python-wheel", "psycopg3", NULL, NULL},
        {"python-wheel", "flask-login", NULL, NULL},
        {"python-wheel", "pandas-stubs", NULL, NULL},
        {"python-wheel", "types-requests", NULL, NULL},
        {"python-wheel", "pytest-mock", NULL, NULL},
        {"python-wheel", "mcp-server-gif", NULL, NULL},
        {"python-wheel", "pydantic_core", NULL, NULL},
        {"python-wheel", "Ruamel_yaml", NULL, NULL},
        {"python-wheel", "unicorns", NULL, NULL},
        {"python-wheel", "clock", NULL, NULL},
        {"python-wheel", "rust", NULL, NULL},
        {"agent-skill", "canvas-designs", NULL, NULL},
        {"agent-skill", "frontend-designer", NULL, NULL},
        {"agent-skill", "weather", NULL, NULL},
        {"agent-skill", "lodahs", NULL, NULL},
        {"files", "lodahs", NULL, NULL},
        {"python-wheel", "willow", NULL, NULL},
        {"python-wheel", "pillows", NULL, NULL},
        {"npm", "marker", NULL, NULL},
        {"npm", "rocker", NULL, NULL},
        {"npm", "moments", NULL, NULL},
        {"npm", "sharpe", NULL, NULL},
    };

    check(rows, VB_ARRAY_LEN(rows));
    (void)state;
}

/* No popular name looks like another one of its index: both would be honest. */
static void test_popular_names_are_not_alike(void **state)
{
    static const struct {
        const char *kind, *name;
    } rows[] = {
#define NPM "npm"
#define PYPI "pypi"
#define SKILL "agent-skill"
#define PUBLISHER NULL
#define VB_POPULAR(index, name) {index, name},
#include "signatures/popular.def"
#undef VB_POPULAR
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_name_lookalike_found found = {0};
        if (rows[i].kind == NULL)
            assert_true(vb_name_publisher(rows[i].name, &found));
        else
            (void)vb_name_lookalike_popular(rows[i].kind, rows[i].name, &found);
        if (found.how != NULL)
            fail_msg("%s: %s of %s", rows[i].name, found.how, found.target);
    }
    assert_true(VB_ARRAY_LEN(rows) > 300);
    (void)state;
}

/* Whom authors are taken for, and who is only called a little like somebody. */
static void test_publishers(void **state)
{
    static const struct {
        const char *name;
        const char *target, *how; /* NULL: none */
        bool known;
    } rows[] = {
        {"Anthropic", NULL, NULL, true},
        {"anthropic", NULL, NULL, true},
        {"Open AI", NULL, NULL, true},
        {"@openai", NULL, NULL, true},
        {"Amazon-Web-Services", NULL, NULL, true},
        {"Antrhopic", "Anthropic", "swapped", false},
        {"Anthropik", "Anthropic", "letters", false},
        {"Antropic", "Anthropic", "letters", false},
        {"Anthrоpic", "Anthropic", "homoglyph", false},
        {"0penAI", "OpenAI", "homoglyph", false},
        {"Microsoftt", "Microsoft", "letters", false},
        {"Micorsoft", "Microsoft", "swapped", false},
        {"Amazom Web Services", NULL, NULL, false},
        {"Model Contxt Protocol", "Model Context Protocol", "letters", false},
        {"Model Context Protocols", "Model Context Protocol", "letters", false},
        /* people, and companies that are called otherwise */
        {"Marcel", NULL, NULL, false},
        {"Ramazan", NULL, NULL, false},
        {"Anthony", NULL, NULL, false},
        {"Finance", NULL, NULL, false},
        {"Anthropic Community", NULL, NULL, false},
        {"Jane Doe", NULL, NULL, false},
        {"GitBook", NULL, NULL, false},
        {"Shopware", NULL, NULL, false},
        {"Goggle", NULL, NULL, false},
        {"", NULL, NULL, false},
        {"-", NULL, NULL, false},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_name_lookalike_found found = {0};
        const bool known = vb_name_publisher(rows[i].name, &found);
        if (known != rows[i].known || (found.how != NULL) != (rows[i].how != NULL) ||
            (found.how != NULL &&
             (strcmp(found.how, rows[i].how) != 0 || strcmp(found.target, rows[i].target) != 0)))
            fail_msg("%s: %d, %s of %s", rows[i].name, known, found.how, found.target);
    }
    (void)state;
}

/* First names differ honestly, and so do most people. */
static void test_people(void **state)
{
    static const struct {
        const char *name, *target, *how;
        bool same;
    } rows[] = {
        {"Johan Meyer", "Johann Meyer", NULL, false},
        {"Johanna Meyer", "Johann Meyer", NULL, false},
        {"Kristina Schneider", "Kristine Schneider", NULL, false},
        {"Johann Meier", "Johann Meyer", NULL, false},
        {"Johann Schmitt", "Johann Schmidt", NULL, false},
        {"johann  meyer", "Johann Meyer", NULL, true},
        {"Johаnn Meyer", "Johann Meyer", "homoglyph", false},
        {"Johann Scheneider", "Johann Schneider", "letters", false},
        {"Stefan", "Stephan", NULL, false},
        {"Acme Weather", "Acme Weather Station", NULL, false},
        {"Acme Waether", "Acme Weather", "swapped", false},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        bool same = true;
        const char *how = vb_name_publisher_lookalike(rows[i].name, rows[i].target, &same);
        if (same != rows[i].same || strcmp(how ? how : "", rows[i].how ? rows[i].how : "") != 0)
            fail_msg("%s and %s: %d, %s", rows[i].name, rows[i].target, same, how);
    }
    (void)state;
}

/* Hostile lengths and bytes. */
static void test_hostile_names(void **state)
{
    char name[5000];
    struct vb_name_lookalike_found found;

    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_false(vb_name_lookalike_popular("npm", name, &found));
    memset(name, '-', sizeof(name) - 1);
    assert_false(vb_name_lookalike_popular("npm", name, &found));
    memset(name, 0xff, sizeof(name) - 1);
    assert_false(vb_name_publisher(name, &found));
    assert_false(vb_name_lookalike_popular("npm", name, &found));
    for (size_t i = 0; i + 2 < sizeof(name); i += 2)
        memcpy(name + i, "a-", 2);
    assert_false(vb_name_lookalike_popular("npm", name, &found));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookalikes),
        cmocka_unit_test(test_honest_neighbours),
        cmocka_unit_test(test_popular_names_are_not_alike),
        cmocka_unit_test(test_publishers),
        cmocka_unit_test(test_people),
        cmocka_unit_test(test_hostile_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
