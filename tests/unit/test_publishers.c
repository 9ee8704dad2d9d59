/* trust.yaml: who may sign which packages, and what of a package is signed. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "identify/internal.h"
#include "signatures/cover.h"
#include "signatures_helper.h"

#define ALICE "78B7451DFA0A75CF"
#define SSH_REST "xyz012345678901234567890123456789012345+/"

static void free_publishers(struct vb_publishers **publishers)
{
    vb_publishers_free(*publishers);
}

/* --- the file --- */

static void expect_refused(const char *text, const char *part)
{
    VB_CLEANUP(free_publishers) struct vb_publishers *publishers = NULL;
    struct vb_error err = {0};

    if (vb_publishers_read("trust.yaml", text, strlen(text), &publishers, &err) != VB_E_CONFIG ||
        strstr(err.message, part) == NULL)
        fail_msg("\"%s\" gives \"%s\", not \"%s\"", text, err.message, part);
    assert_null(publishers);
}

static void test_strict(void **state)
{
    static const struct {
        const char *rows;
        const char *part;
    } rows[] = {
        {"publishers: {}", "trust.yaml:2: a list"},
        {"publishes: []", "trust.yaml:2: unknown key \"publishes\""},
        {"publishers: [x]", "a map was expected"},
        {"publishers:\n- packages: [a]", "trust.yaml:3: a row needs packages and signers"},
        {"publishers:\n- signers: [{key: A}]", "needs packages and signers"},
        {"publishers:\n- packages: a\n  signers: [{key: A}]", "trust.yaml:3: a list of texts"},
        {"publishers:\n- packages: []\n  signers: [{key: A}]", "a list of texts"},
        {"publishers:\n- packages: [{a: b}]\n  signers: [{key: A}]", "a text was expected"},
        {"publishers:\n- packages: ['']\n  signers: [{key: A}]", "a text was expected"},
        {"publishers:\n- packages: [a]\n  signers: []", "must be required"},
        {"publishers:\n- packages: [a]\n  signers: [{}]", "exactly one of key"},
        {"publishers:\n- packages: [a]\n  signers: [{key: A, root: B}]", "exactly one of key"},
        {"publishers:\n- packages: [a]\n  signers: [{identity: A}]", "need each other"},
        {"publishers:\n- packages: [a]\n  signers: [{key: A, issuer: B}]", "need each other"},
        {"publishers:\n- packages: [a]\n  signers: [{keys: A}]", "trust.yaml:4: unknown key"},
        {"publishers:\n- packages: [a]\n  signers: [{key: A}]\n  required: yes",
         "trust.yaml:5: required is true or false"},
        {"publishers:\n- packages: [a]\n  signers: [{key: A}]\n  required: 'true'",
         "required is true or false"},
        {"publishers:\n- packages: [a]\n  signers: [{key: A}]\n  from: 2026-02-30",
         "trust.yaml:5: there is no such day"},
        {"publishers:\n- packages: [a]\n  signers: [{key: A}]\n  until: soon",
         "a date such as 2026-12-31"},
        {"publishers:\n- packages: [a]\n  signers: [{key: A}]\n  from: 2026-02-02\n"
         "  until: 2026-02-01",
         "until lies before from"},
        {"revoked:\n- {key: A, reason: x}", "trust.yaml:3: what is revoked needs since"},
        {"revoked:\n- {since: 2026-01-01, reason: x}", "exactly one of key"},
        {"revoked:\n- {key: " ALICE ", since: 2026-01-01, reason: x}\n- {key: A}", "trust.yaml:4:"},
        {"revoked:\n- {key: A, since: 2026-01-01, reason: x}", "trust.yaml:3: no id of a key"},
        {"revoked:\n- {key: 'sha256:" ALICE "', since: 2026-01-01, reason: x}", "no id of a key"},
        {"revoked:\n- {key: 78B7451DFA0A75CG, since: 2026-01-01, reason: x}", "no id of a key"},
        {"revoked:\n- {key: " ALICE ALICE ALICE ALICE ", since: 2026-01-01, reason: x}",
         "no id of a key"},
        {"publishers:\n- packages: [a]\n  signers: []\n  required: true\n"
         "  revoked: [{key: alice, since: 2026-01-01, reason: x}]",
         "trust.yaml:6: no id of a key"},
        {"publishers:\n- packages: [a]\n  kinds: [Skill]\n  signers: [{key: A}]",
         "trust.yaml:4: unknown package kind \"Skill\""},
        {"publishers:\n- packages: [a]\n  registry: npm\n  signers: [{key: A}]",
         "trust.yaml:4: the address of a registry"},
        {"publishers:\n- packages: [a]\n  registry: https://me@npm.example\n  signers: [{key: A}]",
         "the address of a registry"},
        {"publishers:\n- packages: [a]\n  registry: https://\n  signers: [{key: A}]",
         "the address of a registry"},
        {"publishers: []\npublishers: []", "trust.yaml:3: "},
        {"publishers: &a []", "trust.yaml:2: "},
    };

    expect_refused("", "");
    expect_refused("publishers: []\n", "version: 1");
    expect_refused("version: 2\n", "trust.yaml:1: version: 1");
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        char text[512];
        snprintf(text, sizeof(text), "version: 1\n%s\n", rows[i].rows);
        expect_refused(text, rows[i].part);
    }
    (void)state;
}

/* --- who may sign what --- */

static const char rules[] =
    "version: 1\n"
    "publishers:\n"
    "- packages: [weather-*, '@acme/*']\n"
    "  signers:\n"
    "  - key: 78b7451dfa0a75cf\n"
    "  - identity: https://forge.example/acme/*\n"
    "    issuer: https://issuer.example\n"
    "  required: true\n"
    "- packages: [old-thing]\n"
    "  signers: [{key: 78B7451DFA0A75CF}]\n"
    "  from: 2026-01-01\n"
    "  until: 2026-06-30\n"
    "- packages: [Some.Snake]\n"
    "  kinds: [python-wheel, pypi]\n"
    "  signers: [{root: snakes}]\n"
    "- packages: [nobody]\n"
    "  signers: []\n"
    "  required: true\n"
    "- packages: [inner-*]\n"
    "  signers: [{key: 'SHA256:aB" SSH_REST "'}]\n"
    "  revoked: [{key: 'SHA256:aB" SSH_REST "', since: 2026-05-01, reason: left}]\n"
    "revoked:\n"
    "- {key: DEAD0000DEAD0000, since: 2026-03-01, reason: stolen laptop}\n"
    "- {identity: '*@evil.example', issuer: https://issuer.example,\n"
    "   since: 2020-01-01, reason: never}\n";

enum { DAY = 86400, MAY_2026 = 1777593600 }; /* 2026-05-01 */

static struct vb_publishers *read_rules(void)
{
    struct vb_publishers *publishers = NULL;
    struct vb_error err = {0};

    if (vb_publishers_read("trust.yaml", rules, strlen(rules), &publishers, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(vb_publishers_count(publishers), 5);
    return publishers;
}

struct asked {
    const char *kind, *package;
    const char *key, *name, *issuer, *root;
    bool trusted; /* before trust.yaml; otherwise its chain is anchored */
    int64_t now, signed_at;
    const char *code; /* NULL: accepted */
    bool own;         /* with issuer: root is a certificate of the folder */
    const char *registry;
};

static void ask(const struct vb_publishers *publishers, const struct asked *row)
{
    const struct vb_sig_package package = {
        .kind = row->kind, .name = row->package, .root = ".", .registry = row->registry};
    struct vb_sig_result result = {.outcome = row->trusted ? VB_SIGNATURE_VALID_TRUSTED
                                                           : VB_SIGNATURE_VALID_UNTRUSTED,
                                   .anchored = !row->trusted,
                                   .by_instance = row->issuer != NULL && !row->own,
                                   .signed_at = row->signed_at};
    struct vb_sig_why why;

    snprintf(result.key_id, sizeof(result.key_id), "%s", row->key != NULL ? row->key : "");
    snprintf(result.name, sizeof(result.name), "%s", row->name != NULL ? row->name : "");
    snprintf(result.issuer, sizeof(result.issuer), "%s", row->issuer != NULL ? row->issuer : "");
    snprintf(result.root, sizeof(result.root), "%s", row->root != NULL ? row->root : "");
    const bool accepted = vb_publishers_accept(publishers, &package, 1,
                                               row->now != 0 ? row->now : MAY_2026, &result, &why);
    if (accepted != (row->code == NULL) ||
        strcmp(why.code != NULL ? why.code : "", row->code != NULL ? row->code : "") != 0)
        fail_msg("%s by %s: %s, code %s (%s)", row->package, row->key ? row->key : row->name,
                 accepted ? "accepted" : "refused", why.code, why.text);
}

static void test_accept(void **state)
{
    static const char forge[] = "https://forge.example/acme/x", issuer[] = "https://issuer.example";
    VB_CLEANUP(free_publishers) struct vb_publishers *publishers = read_rules();
    const struct asked rows[] = {
        {"npm", "weather-now", .key = ALICE, .trusted = true},
        {"npm", "WEATHER-now", .key = ALICE, .trusted = true},
        {"npm", "@acme/x", .key = ALICE, .trusted = true},
        {"npm", "@acme/x", .key = "AB", .trusted = true, .code = "not-listed"},
        {"npm", "weather", .key = ALICE, .trusted = true, .code = "other-packages"},
        {"npm", "", .key = ALICE, .trusted = true, .code = "other-packages"},
        {"npm", "other", .key = "AB", .trusted = true},
        /* identities count where their chain is trusted and the row says so */
        {"npm", "@acme/x", .name = forge, .issuer = issuer},
        {"npm", "@acme/x", .name = forge, .issuer = "https://other.example", .code = "not-listed"},
        {"npm", "@acme/x", .name = "https://forge.example/evil/x", .issuer = issuer,
         .code = "not-listed"},
        /* an identity that looks like a key is none */
        {"npm", "@acme/x", .key = ALICE, .name = "a", .issuer = issuer, .code = "not-listed"},
        {"npm", "other", .name = forge, .issuer = issuer, .code = "other-packages"},
        {"npm", "other", .name = "a@evil.example", .issuer = issuer, .code = "revoked"},
        /* times */
        {"npm", "old-thing", .key = ALICE, .trusted = true},
        {"npm", "old-thing", .key = ALICE, .trusted = true, .now = MAY_2026 + 60 * DAY},
        {"npm", "old-thing", .key = ALICE, .trusted = true, .now = MAY_2026 + 61 * DAY,
         .code = "over"},
        {"npm", "old-thing", .key = ALICE, .trusted = true, .now = MAY_2026 + 61 * DAY,
         .signed_at = MAY_2026},
        {"npm", "old-thing", .key = ALICE, .trusted = true, .now = MAY_2026 - 121 * DAY,
         .code = "not-yet"},
        /* revocation */
        {"npm", "other", .key = "dead0000dead0000", .trusted = true, .code = "revoked"},
        {"npm", "other", .key = "dead0000dead0000", .trusted = true,
         .signed_at = MAY_2026 - 62 * DAY},
        {"npm", "other", .key = "DEAD0000DEAD0000", .trusted = true, .now = MAY_2026 - 62 * DAY},
        {"npm", "inner-x", .key = "SHA256:aB" SSH_REST, .trusted = true, .now = MAY_2026 - 1},
        {"npm", "inner-x", .key = "SHA256:aB" SSH_REST, .trusted = true, .code = "revoked"},
        {"npm", "inner-x", .key = "SHA256:Ab" SSH_REST, .trusted = true, .now = MAY_2026 - 1,
         .code = "not-listed"},
        /* kinds, and Python's names */
        {"python-wheel", "some_snake", .root = "snakes", .trusted = true},
        {"pypi", "SOME--snake", .root = "snakes", .trusted = true},
        {"pypi", "some_snake", .root = "frogs", .trusted = true, .code = "not-listed"},
        {"npm", "some.snake", .root = "snakes", .trusted = true, .code = "other-packages"},
        {"npm", "nobody", .key = ALICE, .trusted = true, .code = "not-listed"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        ask(publishers, &rows[i]);
    (void)state;
}

/* A revocation of what is not there, and kinds that there are. */
static void test_what_there_is(void **state)
{
    static const struct {
        const char *signer;
        int status;
    } rows[] = {
        {"root: mine", VB_OK},
        {"root: instance", VB_E_CONFIG},
        {"root: other", VB_E_CONFIG},
        {"identity: x, issuer: y", VB_OK},
        {"identity: x, issuer: y, root: instance", VB_OK},
        {"identity: x, issuer: y, root: mine", VB_OK},
        {"identity: x, issuer: y, root: other", VB_E_CONFIG},
    };
    static char mine[] = "mine", instance[] = "instance";
    char *names[] = {mine};
    struct vb_sig_trusted_root root = {.name = instance};
    const struct vb_trust trust = {
        .root_names = names, .root_count = 1, .trusted_roots = &root, .trusted_root_count = 1};

    for (size_t i = 0; i < VB_ARRAY_LEN(rows) * 2; i++) {
        VB_CLEANUP(free_publishers) struct vb_publishers *publishers = NULL;
        char text[300];
        snprintf(
            text, sizeof(text), "version: 1\n%srevoked: [{%s, since: 2026-01-01, reason: x}]\n",
            i % 2 == 0 ? "" : "publishers:\n- packages: [a]\n  signers: []\n  required: true\n  ",
            rows[i / 2].signer);
        assert_int_equal(vb_publishers_read("f", text, strlen(text), &publishers, NULL), 0);
        assert_int_equal(vb_publishers_hold(publishers, &trust, NULL), rows[i / 2].status);
    }
    for (size_t i = 0; i < vb_id_kind_count; i++) {
        if (!vb_publishers_kind(vb_id_kinds[i].name))
            fail_msg("no kind of trust.yaml: %s", vb_id_kinds[i].name);
    }
    assert_true(vb_publishers_kind("files") && vb_publishers_kind("pypi"));
    (void)state;
}

/* A wider row does not let in again whom a narrower one revokes, wherever either stands. */
static void test_revoked_in_another_row(void **state)
{
    static const char texts[][400] = {
        "version: 1\npublishers:\n- packages: ['@acme/*']\n  signers: [{key: " ALICE "}]\n"
        "- packages: ['@acme/db']\n  signers: [{key: " ALICE "}]\n"
        "  revoked: [{key: " ALICE ", since: 2020-01-01, reason: left}]\n",
        "version: 1\npublishers:\n- packages: ['@acme/db']\n  signers: []\n  required: true\n"
        "  revoked: [{key: " ALICE ", since: 2020-01-01, reason: left}]\n"
        "- packages: ['@acme/*']\n  signers: [{key: " ALICE "}]\n",
    };
    const struct asked rows[] = {
        {"npm", "@acme/db", .key = ALICE, .trusted = true, .code = "revoked"},
        {"npm", "@acme/web", .key = ALICE, .trusted = true},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(texts); i++) {
        VB_CLEANUP(free_publishers) struct vb_publishers *publishers = NULL;
        assert_int_equal(
            vb_publishers_read("trust.yaml", texts[i], strlen(texts[i]), &publishers, NULL), 0);
        for (size_t k = 0; k < VB_ARRAY_LEN(rows); k++)
            ask(publishers, &rows[k]);
    }
    (void)state;
}

/* Two instances of Sigstore, and a certificate that is called like one of them. */
static const char instances[] =
    "version: 1\npublishers:\n"
    "- packages: [a]\n"
    "  signers: [{identity: 'x@*', issuer: https://issuer.example, root: mine}]\n"
    "- packages: [b]\n"
    "  signers: [{root: mine}]\n";

static void test_root_of_identity(void **state)
{
    static const char issuer[] = "https://issuer.example";
    VB_CLEANUP(free_publishers) struct vb_publishers *publishers = NULL;
    const struct asked rows[] = {
        {"npm", "a", .name = "x@y", .issuer = issuer, .root = "mine"},
        {"npm", "a", .name = "x@y", .issuer = issuer, .root = "theirs", .code = "not-listed"},
        {"npm", "a", .name = "x@y", .issuer = issuer, .code = "not-listed"},
        {"npm", "a", .name = "x@y", .root = "mine", .trusted = true, .code = "not-listed"},
        {"npm", "b", .name = "x@y", .root = "mine", .trusted = true},
        {"npm", "b", .name = "x@y", .issuer = issuer, .root = "mine", .code = "not-listed"},
    };

    assert_int_equal(
        vb_publishers_read("trust.yaml", instances, strlen(instances), &publishers, NULL), 0);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        ask(publishers, &rows[i]);
    (void)state;
}

/* Names as long as files' are compared whole, and who is revoked is so wherever he comes from; but
 * a certificate of the folder could name any issuer, so that it is trusted with one only where its
 * name stands there too. */
static void test_own_root(void **state)
{
    static const char issuer[] = "https://issuer.example";
    char root[NAME_MAX + 1], other[NAME_MAX + 1], text[2000];
    VB_CLEANUP(free_publishers) struct vb_publishers *publishers = NULL;

    memset(root, 'r', NAME_MAX);
    root[NAME_MAX] = '\0';
    memcpy(other, root, sizeof(root));
    other[NAME_MAX - 1] = 'x';
    snprintf(text, sizeof(text),
             "version: 1\npublishers:\n"
             "- packages: [a]\n  signers: [{identity: 'x@*', issuer: %s}]\n"
             "- packages: [b]\n  signers: [{identity: 'x@*', issuer: %s, root: %s}]\n"
             "- packages: [c]\n  signers: [{root: %s}]\n"
             "revoked: [{identity: evil, issuer: %s, since: 2020-01-01, reason: x},\n"
             "          {root: %s, since: 2020-01-01, reason: x},\n"
             "          {key: " ALICE ", since: 2020-01-01, reason: x}]\n",
             issuer, issuer, root, root, issuer, other);
    const struct asked rows[] = {
        {"npm", "a", .name = "x@y", .issuer = issuer},
        {"npm", "a", .name = "x@y", .issuer = issuer, .root = root, .trusted = true, .own = true,
         .code = "not-listed"},
        {"npm", "b", .name = "x@y", .issuer = issuer, .root = root, .trusted = true, .own = true},
        {"npm", "b", .name = "x@y", .root = root, .trusted = true, .code = "not-listed"},
        {"npm", "c", .name = "x@y", .issuer = issuer, .root = root, .trusted = true, .own = true},
        {"npm", "c", .name = "x@y", .issuer = issuer, .root = root, .code = "not-listed"},
        {"npm", "c", .name = "evil", .issuer = issuer, .root = root, .trusted = true, .own = true,
         .code = "revoked"},
        {"npm", "other", .name = "evil", .issuer = issuer, .root = "z", .trusted = true,
         .own = true, .code = "revoked"},
        {"npm", "other", .name = "x@z", .issuer = issuer, .root = other, .trusted = true,
         .own = true, .code = "revoked"},
        {"npm", "other", .name = "x@z", .root = other, .trusted = true, .code = "revoked"},
        {"npm", "other", .name = "x@z", .root = root, .trusted = true, .code = "other-packages"},
        /* a key that is revoked is so with a certificate for it too */
        {"npm", "a", .key = ALICE, .name = "x@y", .issuer = issuer, .code = "revoked"},
    };

    assert_int_equal(vb_publishers_read("trust.yaml", text, strlen(text), &publishers, NULL), 0);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        ask(publishers, &rows[i]);
    (void)state;
}

/* Two rows for one name, each of an index; where it comes from is not known of a folder. */
static void test_registry(void **state)
{
    static const char text[] = "version: 1\npublishers:\n"
                               "- packages: [a]\n  registry: https://Npm.acme.example/x\n"
                               "  signers: [{key: " ALICE "}]\n  required: true\n"
                               "- packages: [a]\n  registry: https://other.example/\n"
                               "  signers: [{key: AB}]\n";
    static const char ours[] = "https://npm.acme.example/x/", others[] = "https://other.example";
    VB_CLEANUP(free_publishers) struct vb_publishers *publishers = NULL;
    const struct asked rows[] = {
        {"npm", "a", .key = ALICE, .trusted = true},
        {"npm", "a", .key = ALICE, .trusted = true, .registry = ours},
        {"npm", "a", .key = "AB", .trusted = true, .registry = ours, .code = "other-registry"},
        {"npm", "a", .key = ALICE, .trusted = true, .registry = others, .code = "other-registry"},
        {"npm", "a", .key = "AB", .trusted = true, .registry = others},
        {"npm", "a", .key = ALICE, .trusted = true, .registry = "https://npm.acme.example/X",
         .code = "other-registry"},
        {"npm", "a", .key = ALICE, .trusted = true, .registry = "https://npm.acme.example/",
         .code = "other-registry"},
        {"npm", "a", .key = ALICE, .trusted = true, .registry = "", .code = "other-registry"},
        {"npm", "a", .key = "CD", .trusted = true, .registry = "https://third.example/",
         .code = "not-listed"},
    };

    assert_int_equal(vb_publishers_read("f", text, strlen(text), &publishers, NULL), 0);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++)
        ask(publishers, &rows[i]);
    const struct vb_sig_package elsewhere = {
        .kind = "npm", .name = "a", .root = ".", .registry = "https://third.example/"};
    assert_int_equal(vb_publishers_require(publishers, &elsewhere, MAY_2026), 3);
    (void)state;
}

/* With one name for a certificate and an instance nobody could say whose word is meant. */
static void test_one_name_for_two(void **state)
{
    VB_CLEANUP(free_publishers) struct vb_publishers *publishers = NULL;
    static char mine[] = "mine";
    char *names[] = {mine};
    struct vb_sig_trusted_root root = {.name = mine};
    struct vb_trust trust = {.root_names = names, .root_count = 1};
    struct vb_error err = {0};

    assert_int_equal(
        vb_publishers_read("trust.yaml", instances, strlen(instances), &publishers, NULL), 0);
    assert_int_equal(vb_publishers_hold(publishers, &trust, NULL), 0);
    trust.trusted_roots = &root;
    trust.trusted_root_count = 1;
    assert_int_equal(vb_publishers_hold(publishers, &trust, &err), VB_E_CONFIG);
    assert_non_null(strstr(err.message, "trust.yaml:4: a certificate and a trusted root"));
    (void)state;
}

/* With more than one trusted root an identity alone says too little. */
static void test_several_roots(void **state)
{
    static const char alone[] = "version: 1\npublishers:\n- packages: [a]\n"
                                "  signers: [{identity: x, issuer: y}]\n";
    VB_CLEANUP(free_publishers) struct vb_publishers *one = NULL, *other = NULL;
    static char mine[] = "mine", theirs[] = "theirs";
    struct vb_sig_trusted_root roots[] = {{.name = mine}, {.name = theirs}};
    struct vb_trust trust = {.trusted_roots = roots, .trusted_root_count = 1};
    struct vb_error err = {0};

    assert_int_equal(vb_publishers_read("trust.yaml", alone, strlen(alone), &one, NULL), 0);
    assert_int_equal(vb_publishers_hold(one, &trust, &err), 0);
    trust.trusted_root_count = 2;
    assert_int_equal(vb_publishers_hold(one, &trust, &err), VB_E_CONFIG);
    assert_non_null(strstr(err.message, "trust.yaml:4: with 2 trusted roots"));
    assert_int_equal(vb_publishers_read("trust.yaml", instances, strlen(instances), &other, NULL),
                     0);
    assert_int_equal(vb_publishers_hold(other, &trust, &err), 0);
    assert_int_equal(vb_publishers_hold(NULL, &trust, &err), 0);
    (void)state;
}

/* One that vetbox ships speaks for an identity only where the row says so, or nobody else could. */
static void test_shipped_root(void **state)
{
    static const char alone[] =
        "version: 1\npublishers:\n- packages: [a]\n"
        "  signers: [{identity: x, issuer: y}]\n"
        "- packages: [b]\n"
        "  signers: [{identity: x, issuer: y, root: shipped}]\n"
        "revoked: [{identity: z, issuer: y, since: 2020-01-01, reason: r}]\n";
    static char mine[] = "mine", shipped[] = "shipped";
    VB_CLEANUP(free_publishers) struct vb_publishers *publishers = NULL;
    struct vb_sig_trusted_root roots[] = {{.name = mine}, {.name = shipped, .as_of = 1}};
    struct vb_trust trust = {.trusted_roots = roots, .trusted_root_count = 2};
    const struct asked beside[] = {
        {"npm", "a", .name = "x", .issuer = "y", .root = "mine", .trusted = true},
        {"npm", "a", .name = "x", .issuer = "y", .root = "shipped", .code = "not-listed"},
        {"npm", "b", .name = "x", .issuer = "y", .root = "shipped", .trusted = true},
        {"npm", "b", .name = "x", .issuer = "y", .root = "mine", .code = "not-listed"},
        {"npm", "c", .name = "z", .issuer = "y", .root = "mine", .code = "revoked"},
        {"npm", "c", .name = "z", .issuer = "y", .root = "shipped", .code = "revoked"},
    };
    const struct asked by_itself[] = {
        {"npm", "a", .name = "x", .issuer = "y", .root = "shipped", .trusted = true},
        {"npm", "a", .name = "x", .issuer = "y", .root = "mine", .code = "not-listed"},
    };

    assert_int_equal(vb_publishers_read("trust.yaml", alone, strlen(alone), &publishers, NULL), 0);
    assert_int_equal(vb_publishers_hold(publishers, &trust, NULL), 0);
    for (size_t i = 0; i < VB_ARRAY_LEN(beside); i++)
        ask(publishers, &beside[i]);
    /* Once more, as with --key. */
    trust = (struct vb_trust){.trusted_roots = roots + 1, .trusted_root_count = 1};
    assert_int_equal(vb_publishers_hold(publishers, &trust, NULL), 0);
    for (size_t i = 0; i < VB_ARRAY_LEN(by_itself); i++)
        ask(publishers, &by_itself[i]);
    (void)state;
}

/* What is not trusted to begin with, trust.yaml alone does not make trusted. */
static void test_unanchored(void **state)
{
    VB_CLEANUP(free_publishers) struct vb_publishers *publishers = read_rules();
    const struct vb_sig_package package = {.kind = "npm", .name = "weather-now", .root = "."};
    struct vb_sig_result result = {.outcome = VB_SIGNATURE_VALID_UNTRUSTED, .key_id = ALICE};
    struct vb_sig_why why;

    assert_false(vb_publishers_accept(publishers, &package, 1, MAY_2026, &result, &why));
    assert_string_equal(why.text, "");
    (void)state;
}

/* All names of one root must allow it; those that no row claims do not count beside one that is. */
static void test_several_names(void **state)
{
    VB_CLEANUP(free_publishers) struct vb_publishers *publishers = read_rules();
    const struct vb_sig_package good[] = {{.kind = "npm", .name = "weather-now", .root = "."},
                                          {.kind = "agent-skill", .name = "now", .root = "."}};
    const struct vb_sig_package bad[] = {{.kind = "npm", .name = "weather-now", .root = "."},
                                         {.kind = "npm", .name = "nobody", .root = "."}};
    struct vb_sig_result result = {.outcome = VB_SIGNATURE_VALID_TRUSTED, .key_id = ALICE};
    struct vb_sig_why why;

    assert_true(vb_publishers_accept(publishers, good, 2, MAY_2026, &result, &why));
    assert_false(vb_publishers_accept(publishers, bad, 2, MAY_2026, &result, &why));
    assert_string_equal(why.code, "not-listed");
    (void)state;
}

static void test_required(void **state)
{
    VB_CLEANUP(free_publishers) struct vb_publishers *publishers = read_rules();
    static const struct {
        const char *name;
        size_t line;
    } rows[] = {{"weather-now", 3}, {"@ACME/x", 3}, {"old-thing", 0}, {"nobody", 16}, {"x", 0}};

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct vb_sig_package package = {.kind = "npm", .name = rows[i].name, .root = "."};
        assert_int_equal(vb_publishers_require(publishers, &package, MAY_2026), rows[i].line);
    }
    assert_int_equal(
        vb_publishers_require(NULL,
                              &(struct vb_sig_package){.kind = "npm", .name = "x", .root = "."}, 0),
        0);
    (void)state;
}

/* --- whole packages --- */

struct told {
    struct vb_sink sink;
    char results[1024]; /* outcome:code:count/present, one after the other */
    char coverage[512];
    char expected[512];
};

static void add_paths(char *at, const struct vb_value *paths)
{
    for (size_t i = 0; paths != NULL && i < paths->list.count; i++)
        snprintf(at + strlen(at), 512 - strlen(at), "%.*s,", (int)paths->list.items[i].len,
                 paths->list.items[i].text);
}

static int tell(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct told *told = (struct told *)sink;
    const int status = vb_event_check(event, err);

    if (status < 0)
        return status;
    const struct vb_str name = vb_event_get_str(event, VB_F_NAME);
    const struct vb_str outcome = vb_event_get_str(event, VB_F_OUTCOME);
    const struct vb_str code = vb_event_get_str(event, VB_F_CODE);
    const long long count = (long long)vb_event_get_int(event, VB_F_COUNT, 0);
    const long long present = (long long)vb_event_get_int(event, VB_F_PRESENT, 0);
    const struct vb_value *paths = vb_event_get(event, VB_F_PATHS);
    char *at = event->kind == VB_EV_SIGNATURE_RESULT     ? told->results
               : event->kind == VB_EV_SIGNATURE_COVERAGE ? told->coverage
                                                         : told->expected;
    const size_t len = strlen(at);
    snprintf(at + len, 512 - len, "%.*s:%.*s:%lld/%lld:%.*s ", (int)name.len, name.text,
             (int)outcome.len, outcome.text, count, present, (int)code.len, code.text);
    add_paths(at, paths);
    if (event->kind != VB_EV_SIGNATURE_COVERAGE)
        return VB_OK;
    snprintf(at + strlen(at), 512 - strlen(at),
             "trusted %lld:", (long long)vb_event_get_int(event, VB_F_TRUSTED, -1));
    add_paths(at, vb_event_get(event, VB_F_UNTRUSTED));
    return VB_OK;
}

/* Verifies PACKAGE with the fixtures' keys and TRUST; NAMES are kind, name, root, …, NULL. */
static void verify_named(const struct package *package, const char *trust, const char *const *names,
                         struct told *ret)
{
    struct vb_error err = {0};
    VB_CLEANUP_FD int fd = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

    *ret = (struct told){.sink.emit = tell};
    assert_true(fd >= 0);
    for (size_t i = 0; names[i] != NULL; i++) {
        assert_int_equal(vb_write_all(fd, names[i], strlen(names[i]) + 1, &err), 0);
        if (i % 3 == 2) /* and no author */
            assert_int_equal(vb_write_all(fd, "", 1, &err), 0);
    }
    if (trust != NULL && vb_publishers_read("trust.yaml", trust, strlen(trust),
                                            &package->trust->publishers, &err) < 0)
        fail_msg("%s", err.message);
    const struct vb_verify_job job = {
        .dirfd = package->fd, .packages_fd = fd, .beside_fd = -1, .trust = package->trust};
    if (vb_verify_job(&job, &ret->sink, &err) < 0)
        fail_msg("%s", err.message);
}

static void test_coverage(void **state)
{
    const struct package *package = *state;
    static const char *const names[] = {NULL};
    struct told told;

    verify_named(package, NULL, names, &told);
    assert_string_equal(told.coverage, "");
    package_copy(package, "prehashed.txt", "prehashed.txt");
    package_copy(package, "prehashed.txt.minisig", "prehashed.txt.minisig");
    put_text(package, "bare.txt", "x");
    put_text(package, "sub/bare.sh", "x");
    verify_named(package, NULL, names, &told);
    assert_string_equal(told.results, "alice:valid-trusted:1/3: ");
    assert_string_equal(told.coverage, "::1/3: bare.txt,sub/bare.sh,trusted 1:");
    assert_string_equal(told.expected, "");
}

static void test_whole_package_wanted(void **state)
{
    const struct package *package = *state;
    static const char *const mine[] = {"npm", "mine", ".", NULL};
    static const char mine_rule[] = "version: 1\npublishers:\n- packages: [mine]\n"
                                    "  signers: [{key: " ALICE "}]\n  required: true\n";
    struct told told;

    put_text(package, "bare.txt", "x");
    verify_named(package, mine_rule, mine, &told);
    assert_string_equal(told.expected, "mine:missing:0/1: ");
    package_copy(package, "prehashed.txt", "prehashed.txt");
    package_copy(package, "prehashed.txt.minisig", "prehashed.txt.minisig");
    verify_named(package, NULL, mine, &told);
    assert_string_equal(told.results, "alice:valid-trusted:1/2: ");
    assert_string_equal(told.expected, "mine:partial:1/2: ");
    assert_int_equal(unlinkat(package->fd, "bare.txt", 0), 0);
    verify_named(package, NULL, mine, &told);
    assert_string_equal(told.expected, "mine:signed:1/1: ");
    assert_string_equal(told.coverage, "::1/1: trusted 1:");
}

static void test_for_another_package(void **state)
{
    const struct package *package = *state;
    static const char *const names[] = {"npm", "yours", ".", NULL};
    static const char two_rules[] = "version: 1\npublishers:\n- packages: [mine]\n"
                                    "  signers: [{key: " ALICE "}]\n- packages: [yours]\n"
                                    "  signers: [{key: AB}]\n  required: true\n";
    struct told told;

    package_copy(package, "prehashed.txt", "prehashed.txt");
    package_copy(package, "prehashed.txt.minisig", "prehashed.txt.minisig");
    verify_named(package, two_rules, names, &told);
    assert_string_equal(told.results, "alice:valid-untrusted:1/1:not-listed ");
    assert_string_equal(told.coverage, "::1/1: trusted 0:prehashed.txt,");
    assert_string_equal(told.expected, "yours:missing:0/1: ");
}

/* A package within another has its own publisher, and longer roots are not taken for shorter. */
static void test_nested_packages(void **state)
{
    const struct package *package = *state;
    static const char *const names[] = {"npm", "outer", ".",     "npm", "mine",
                                        "in",  "npm",   "other", "in2", NULL};
    static const char in_rule[] = "version: 1\npublishers:\n- packages: [mine]\n"
                                  "  signers: [{key: " ALICE "}]\n  required: true\n"
                                  "- packages: [outer, other]\n  signers: []\n  required: true\n";
    struct told told;

    package_copy(package, "prehashed.txt", "in/prehashed.txt");
    package_copy(package, "prehashed.txt.minisig", "in/prehashed.txt.minisig");
    put_text(package, "top.txt", "x");
    put_text(package, "in2/x.txt", "x");
    verify_named(package, in_rule, names, &told);
    assert_string_equal(told.results, "alice:valid-trusted:1/3: ");
    assert_string_equal(told.expected, "outer:missing:0/1: mine:signed:1/1: other:missing:0/1: ");
}

/* A link is a file of the package, and no digest is of where it leads. */
static void test_links_count(void **state)
{
    static const char *const names[] = {NULL};
    static const char *const links[][2] = {{"/etc/passwd", "run.sh"},
                                           {"prehashed.txt", "again.txt"},
                                           {"prehashed.txt.minisig", "again.minisig"},
                                           {"nowhere", "x.sig"}};

    for (size_t i = 0; i < VB_ARRAY_LEN(links); i++) {
        char expected[64];
        struct package package;
        struct told told;
        package_init(&package);
        package_copy(&package, "prehashed.txt", "prehashed.txt");
        package_copy(&package, "prehashed.txt.minisig", "prehashed.txt.minisig");
        assert_int_equal(symlinkat(links[i][0], package.fd, links[i][1]), 0);
        verify_named(&package, NULL, names, &told);
        snprintf(expected, sizeof(expected), "::1/2: %s,trusted 1:", links[i][1]);
        assert_string_equal(told.coverage, expected);
        package_done(&package);
    }
    (void)state;
}

/* The name of a signature alone makes none, nor does a line of one. */
static void test_strictly_signatures(void **state)
{
    static const struct {
        const char *name, *text;
        bool signature;
    } rows[] = {
        {"setup.asc", "#!/bin/sh\n# -----BEGIN PGP SIGNATURE-----\nevil\n", false},
        {"a.asc",
         "-----BEGIN PGP SIGNATURE-----\nComment: "
         "$(evil)\n\niCAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"
         "-----END PGP SIGNATURE-----\n",
         false},
        {"a.asc",
         "-----BEGIN PGP "
         "SIGNATURE-----\n\niCAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n-----END PGP "
         "SIGNATURE-----\nevil\n",
         false},
        {"a.asc", "-----BEGIN PGP SIGNATURE-----\n\niQEz\nrm -rf x\n-----END PGP SIGNATURE-----\n",
         false},
        {"hooks.provenance", "{\"hooks\":{\"SessionStart\":[]}}", false},
        {"a.provenance", "{\"payload\":\"\",\"payloadType\":\"\",\"signatures\":[]}", true},
        {"a.provenance", "{\"payload\":\"\",\"payloadType\":\"\",\"signatures\":[],\"hooks\":{}}",
         false},
        {"a.provenance", "{\"signatures\":[{\"sig\":\"\",\"hooks\":{}}]}", false},
        {"a.provenance",
         "{\"_type\":\"\",\"subject\":[],\"predicateType\":\"\",\"predicate\":{\"hooks\":{}}}",
         false},
        {"a.intoto.jsonl", "{\"signatures\":[]}\n{\"signatures\":[]}\n", true},
        {"a.intoto.jsonl", "{\"signatures\":[]}\n{\"hooks\":{}}\n", false},
        {"a.provenance", "{\"signatures\":\"$(evil)\"}", false},
        {"a.provenance", "{\"signatures\":\"`evil`\"}", false},
        {"a.publish.attestation", "{\"version\":1,\"verification_material\":{},\"envelope\":{}}",
         true},
        {"a.minisig", "untrusted comment: x\n$(evil)\ntrusted comment: y\nz\n", false},
        {"a.p7s", "-----BEGIN PKCS7-----\nreboot\n-----END PKCS7-----\n", false},
        {"a.sigstore.json", "{\"hooks\":{}}", false},
        {"a.dsse", "{\"payload\":1,\"hooks\":{}}", false},
        {"a.minisig", "evil\n", false},
        {"a.sig", "untrusted comment: x; evil\n", false},
        {"a.sigzip", "PK\x03\x04", false},
        {"cosign.pub", "-----BEGIN PUBLIC KEY-----\nevil;\n", false},
        {"a.asc", "-----BEGIN PGP SIGNATURE-----\n\nreboot\n-----END PGP SIGNATURE-----\n", false},
        {"a.asc",
         "-----BEGIN PGP SIGNATURE-----\nrm -rf x: "
         "y\n\niCAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n-----END PGP SIGNATURE-----\n",
         false},
        {"cosign.pub", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", false},
        {"prehashed.txt.sig", "evil\n", false},
    };
    static const char *const names[] = {NULL};

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct package package;
        struct told told;
        package_init(&package);
        package_copy(&package, "prehashed.txt", "prehashed.txt");
        package_copy(&package, "prehashed.txt.minisig", "prehashed.txt.minisig");
        put_text(&package, rows[i].name, rows[i].text);
        verify_named(&package, NULL, names, &told);
        const char *end = rows[i].signature ? "::1/1: trusted 1:" : ",trusted 1:";
        if (strstr(told.coverage, end) == NULL)
            fail_msg("row %zu, %s: %s", i, rows[i].name, told.coverage);
        package_done(&package);
    }
    (void)state;
}

/* What no row has by its name is part of the package around it, however deep. */
static void test_nested_without_a_row(void **state)
{
    const struct package *package = *state;
    static const char *const names[] = {"npm",       "mine",    ".",   "npm",   "evil", "in", "npm",
                                        "evil-deep", "in/deep", "npm", "other", "in/o", NULL};
    static const char rule[] = "version: 1\npublishers:\n- packages: [mine]\n"
                               "  signers: [{key: " ALICE "}]\n  required: true\n"
                               "- packages: [other]\n  signers: []\n  required: true\n";
    struct told told;

    package_copy(package, "prehashed.txt", "prehashed.txt");
    package_copy(package, "prehashed.txt.minisig", "prehashed.txt.minisig");
    verify_named(package, rule, names, &told);
    assert_string_equal(told.expected, "mine:signed:1/1: other:missing:0/0: ");
    put_text(package, "in/evil.txt", "x");
    put_text(package, "in/deep/evil.txt", "x");
    put_text(package, "in/o/x.txt", "x");
    verify_named(package, NULL, names, &told);
    assert_string_equal(told.expected, "mine:partial:1/3: other:missing:0/1: ");
    /* By whom the outer one is signed, the inner one may be. */
    package_copy(package, "legacy.txt", "in/deep/legacy.txt");
    package_copy(package, "legacy.txt.minisig", "in/deep/legacy.txt.minisig");
    verify_named(package, NULL, names, &told);
    assert_string_equal(told.expected, "mine:partial:2/4: other:missing:0/1: ");
}

/* An invalid signature covers nothing. */
/* More packages than are asked about: that is told, since one of them could be wanted. */
static void test_too_many_packages(void **state)
{
    enum { PACKAGES = 1024 + 2 };
    const char *names[3 * PACKAGES + 1] = {NULL};
    struct told told;

    put_text(*state, "bare.txt", "x");
    for (size_t i = 0; i < PACKAGES; i++) {
        names[3 * i] = "npm";
        names[3 * i + 1] = i + 1 < PACKAGES ? "other" : "weather-now";
        names[3 * i + 2] = ".";
    }
    verify_named(*state, rules, names, &told);
    assert_string_equal(told.expected, "::2/0: ");
}

static void test_invalid_covers_nothing(void **state)
{
    const struct package *package = *state;
    static const char *const names[] = {"npm", "mine", ".", NULL};
    static const char rule[] = "version: 1\npublishers:\n- packages: ['*']\n"
                               "  signers: [{key: " ALICE "}]\n  required: true\n";
    struct told told;

    put_text(package, "prehashed.txt", "changed");
    package_copy(package, "prehashed.txt.minisig", "prehashed.txt.minisig");
    verify_named(package, rule, names, &told);
    assert_string_equal(told.results, ":invalid:0/0: ");
    assert_string_equal(told.coverage, "");
    assert_string_equal(told.expected, "mine:missing:0/1: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strict),
        cmocka_unit_test(test_links_count),
        cmocka_unit_test(test_strictly_signatures),
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_what_there_is),
        cmocka_unit_test(test_revoked_in_another_row),
        cmocka_unit_test(test_root_of_identity),
        cmocka_unit_test(test_own_root),
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_one_name_for_two),
        cmocka_unit_test(test_several_roots),
        cmocka_unit_test(test_shipped_root),
        cmocka_unit_test(test_unanchored),
        cmocka_unit_test(test_several_names),
        cmocka_unit_test(test_required),
        cmocka_unit_test_setup_teardown(test_coverage, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_whole_package_wanted, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_for_another_package, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_nested_packages, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_nested_without_a_row, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_too_many_packages, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_invalid_covers_nothing, package_setup,
                                        package_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
