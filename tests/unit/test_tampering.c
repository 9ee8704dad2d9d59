/* Every format of signature, and what may not pass: each row makes a signature that is trusted,
 * then every mutation is tried on what was signed, on the signature's bytes, and where that is JSON
 * on each text in it. The table at the end says how many there were and how many passed, which must
 * be none. */
#include <fcntl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "oms_helper.h"
#include "signatures/publishers.h"
#include "sigstore_helper.h"

struct target {
    const char *format;
    const char *signature; /* the file that is changed; of JSON or other bytes */
    const char *file;      /* one of those that are signed */
    const char *another;   /* a signed file that may not be changed or gone either; NULL: none */
    bool fixture;          /* by a key of the fixtures' trust folder */
    bool whole;            /* a file more makes it invalid */
    size_t skip;           /* lines at the beginning that nobody signs */
    bool index;            /* SIGNATURE is what an index told of FILE */
    const char *free[8];   /* JSON keys that nobody signs */
};

/* --- the mutations, over and over --- */

static const struct target *now;
static struct package *here;
static size_t tried, passed;

/* LIST is joined with commas. */
static bool covers(const char *list, const char *name)
{
    const size_t len = strlen(name);

    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',' ? 1 : 0;
        if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0'))
            return true;
    }
    return false;
}

static int open_in(const char *name, int flags)
{
    return openat(here->fd, name, flags | O_CLOEXEC);
}

/* Somebody is trusted with the file. What came is empty where it is gone: an index cannot tell of
 * nothing. */
static bool is_trusted(void)
{
    static const char names[] = "npm\0@acme/tool\0.";
    VB_CLEANUP(capture_done) struct capture capture;
    VB_CLEANUP_FD int packages = memfd_create("packages", MFD_CLOEXEC);
    VB_CLEANUP_FD int record = open_in(now->index ? now->signature : ".", O_RDONLY);
    VB_CLEANUP_FD int artifact = open_in(now->index ? now->file : ".", O_RDONLY | O_NOFOLLOW);
    VB_CLEANUP_FD int tree = open_in(now->index ? "tree" : ".", O_RDONLY | O_DIRECTORY);
    struct vb_error err = {0};

    if (artifact < 0)
        artifact = memfd_create("empty", MFD_CLOEXEC);
    assert_int_equal(vb_write_all(packages, names, sizeof(names), &err), 0);
    const struct vb_verify_job job = {.dirfd = tree,
                                      .packages_fd = packages,
                                      .beside_fd = -1,
                                      .beside_name = "acme_tool-1.2.3-py3-none-any.whl",
                                      .from_index = now->index,
                                      .record_fd = record,
                                      .artifact_fd = artifact,
                                      .trust = here->trust};
    capture_init(&capture);
    if (vb_verify_job(&job, &capture.sink, &err) < 0)
        fail_msg("%s", err.message);
    bool trusted = false;
    for (size_t i = 0; i < capture.count; i++)
        trusted = trusted || (strcmp(capture.seen[i].outcome, "valid-trusted") == 0 &&
                              (now->index || covers(capture.seen[i].covers, now->file)));
    return trusted;
}

static void attempt(const char *what)
{
    tried++;
    if (!is_trusted())
        return;
    passed++;
    printf("  PASSED: %s, %s\n", now->format, what);
}

static void read_it(const char *name, struct vb_buf *ret)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", here->path, name);
    file_read(path, ret);
}

static void put_back(const char *name, const struct vb_buf *data)
{
    package_put(here, name, data->len > 0 ? data->data : (const unsigned char *)"", data->len);
}

/* Every way that a signed file can be another one. */
static void change_file(const char *name)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};
    char what[256];

    read_it(name, &data);
    const size_t places[] = {0, data.len / 2, data.len - 1};
    for (size_t i = 0; i < VB_ARRAY_LEN(places); i++) {
        data.data[places[i]] ^= 1;
        put_back(name, &data);
        data.data[places[i]] ^= 1;
        snprintf(what, sizeof(what), "%s changed at %zu", name, places[i]);
        attempt(what);
    }
    package_put(here, name, data.data, data.len - 1);
    attempt("a file cut off");
    package_put(here, name, "", 0);
    attempt("a file emptied");
    package_put(here, name, "another file\n", 13);
    attempt("another file in its place");
    assert_int_equal(unlinkat(here->fd, name, 0), 0);
    attempt("a file gone");
    assert_int_equal(symlinkat("/etc/hostname", here->fd, name), 0);
    attempt("a link in its place");
    assert_int_equal(unlinkat(here->fd, name, 0), 0);
    put_back(name, &data);
    if (!is_trusted())
        fail_msg("%s: not trusted any more", now->format);
}

/* Bits and lengths of the signature file. */
static void change_bytes(const struct vb_buf *data)
{
    enum { FLIPS = 24 };
    const unsigned char *begin = data->data;
    char what[64];

    for (size_t i = 0; i < now->skip; i++)
        begin = (const unsigned char *)memchr(begin, '\n', data->len) + 1;
    const size_t first = (size_t)(begin - data->data);
    const bool json = data->data[0] == '{';
    for (size_t i = 0; !json && i < FLIPS; i++) {
        const size_t at = first + (data->len - 2 - first) * i / (FLIPS - 1);
        data->data[at] ^= 1;
        put_back(now->signature, data);
        data->data[at] ^= 1;
        snprintf(what, sizeof(what), "the signature changed at %zu", at);
        attempt(what);
    }
    for (size_t i = 0; i < 8; i++) {
        package_put(here, now->signature, data->data, data->len * i / 8);
        attempt("the signature cut off");
    }
    package_put(here, now->signature, data->data + 1, data->len - 1);
    attempt("the signature without its first byte");
    VB_CLEANUP(vb_buf_done) struct vb_buf twice = {0};
    vb_buf_init(&twice, 16 * 1024 * 1024);
    assert_int_equal(vb_buf_append(&twice, data->data, data->len, NULL), 0);
    assert_int_equal(vb_buf_append(&twice, data->data, data->len, NULL), 0);
    put_back(now->signature, &twice);
    attempt("the signature twice");
}

/* --- JSON --- */

static bool is_free(const char *key)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(now->free) && now->free[i] != NULL; i++) {
        if (strcmp(now->free[i], key) == 0)
            return true;
    }
    return false;
}

static void attempt_json(json_t *root, const char *how, const char *key)
{
    VB_CLEANUP_FREE char *text = json_dumps(root, 0);
    char what[256];

    put_text(here, now->signature, text);
    snprintf(what, sizeof(what), "%s %s", key, how);
    attempt(what);
}

/* The text of ROOT with KEY of MEMBER twice: first with another value. */
static void attempt_twice(json_t *root, json_t *member, const char *key)
{
    json_t *value = json_incref(json_object_get(member, key));

    json_object_del(member, key);
    json_object_set_new(member, "\x01", json_string("x"));
    VB_CLEANUP_FREE char *text = json_dumps(root, 0);
    VB_CLEANUP_FREE char *inner = json_dumps(value, JSON_ENCODE_ANY);
    VB_CLEANUP_FREE char *twice = NULL;
    static const char mark[] = "\"\\u0001\": \"x\"";
    const char *at = strstr(text, mark);
    char what[256];
    assert_non_null(at);
    assert_true(asprintf(&twice, "%.*s\"%s\": \"x\", \"%s\": %s%s", (int)(at - text), text, key,
                         key, inner, at + sizeof(mark) - 1) > 0);
    put_text(here, now->signature, twice);
    json_object_del(member, "\x01");
    json_object_set_new(member, key, value);
    snprintf(what, sizeof(what), "%s twice", key);
    attempt(what);
}

static void change_text(json_t *root, json_t *holder, const char *key, size_t place, json_t *value)
{
    const bool listed = json_is_array(holder);
    json_t *kept = json_incref(value);
    VB_CLEANUP_FREE char *text = strdup(json_string_value(value));
    const size_t len = strlen(text);
    const size_t places[] = {0, len / 2, len > 8 ? len - 8 : 0};

    for (size_t i = 0; len > 0 && i < VB_ARRAY_LEN(places); i++) {
        const char byte = text[places[i]];
        text[places[i]] = byte == 'Q' ? 'R' : 'Q';
        json_t *other = json_string(text);
        text[places[i]] = byte;
        if (listed)
            json_array_set_new(holder, place, other);
        else
            json_object_set_new(holder, key, other);
        attempt_json(root, "changed", key);
    }
    if (listed)
        json_array_set_new(holder, place, kept);
    else
        json_object_set_new(holder, key, kept);
}

static void change_value(json_t *root, json_t *holder, const char *key, size_t place,
                         json_t *value);

static void change_object(json_t *root, json_t *object)
{
    const char *keys[64];
    size_t count = 0;

    for (void *at = json_object_iter(object); at != NULL && count < VB_ARRAY_LEN(keys);
         at = json_object_iter_next(object, at))
        keys[count++] = strdup(json_object_iter_key(at));
    for (size_t i = 0; i < count; i++) {
        if (!is_free(keys[i])) {
            json_t *value = json_incref(json_object_get(object, keys[i]));
            attempt_twice(root, object, keys[i]);
            json_object_del(object, keys[i]);
            attempt_json(root, "left out", keys[i]);
            json_object_set_new(object, keys[i], json_null());
            attempt_json(root, "null", keys[i]);
            json_object_set_new(object, keys[i], value);
            change_value(root, object, keys[i], 0, value);
        }
        free((char *)(uintptr_t)keys[i]);
    }
}

static void change_value(json_t *root, json_t *holder, const char *key, size_t place, json_t *value)
{
    if (json_is_object(value)) {
        change_object(root, value);
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            change_value(root, value, key, i, json_array_get(value, i));
    } else if (json_is_string(value)) {
        change_text(root, holder, key, place, value);
    }
}

/* --- all of them --- */

static void other_trust(void)
{
    struct vb_trust *trust = here->trust;
    struct package other;

    package_init(&other);
    here->trust = other.trust;
    if (!now->fixture)
        attempt("by a key that the trust folder does not have");
    struct vb_trust *none = NULL;
    assert_int_equal(vb_trust_load(NULL, &none, NULL), 0);
    here->trust = none;
    attempt("with an empty trust folder");
    here->trust = trust;
    vb_trust_free(none);
    package_done(&other);
}

static void run(const struct target *target)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf signature = {0};
    VB_CLEANUP(vb_json_free) json_t *root = NULL;

    now = target;
    tried = passed = 0;
    if (!is_trusted())
        fail_msg("%s: what it begins with is not trusted", target->format);
    read_it(target->signature, &signature);
    if (strcmp(target->signature, target->file) != 0)
        change_file(target->file);
    if (target->another != NULL)
        change_file(target->another);
    if (target->whole) {
        put_text(here, "skill/more.sh", "echo\n");
        attempt("a file more");
        assert_int_equal(unlinkat(here->fd, "skill/more.sh", 0), 0);
    }
    change_bytes(&signature);
    put_back(target->signature, &signature);
    if (signature.data[0] == '{') {
        root = json_loadb((const char *)signature.data, signature.len, 0, NULL);
        assert_non_null(root);
        change_object(root, root);
    }
    put_back(target->signature, &signature);
    other_trust();
    if (!is_trusted())
        fail_msg("%s: not trusted any more", target->format);
    printf("%-28s %5zu mutations %3zu passed\n", target->format, tried, passed);
    assert_true(tried >= 12);
    assert_int_equal(passed, 0);
}

/* --- signed files of the fixtures --- */

static void begin(struct package *package)
{
    package_init(package);
    here = package;
}

static void test_fixtures(void **state)
{
    static const struct {
        struct target target;
        const char *file, *signature, *listed;
    } rows[] = {
        {{.format = "minisign", .skip = 1}, "prehashed.txt", "prehashed.txt.minisig", NULL},
        {{.format = "minisign, legacy", .skip = 1}, "legacy.txt", "legacy.txt.minisig", NULL},
        {{.format = "signify", .skip = 1}, "signify.txt", "signify.txt.sig", NULL},
        {{.format = "sshsig, Ed25519"}, "ssh.txt", "carol.sig", NULL},
        {{.format = "sshsig, ECDSA"}, "ssh.txt", "dave.sig", NULL},
        {{.format = "sshsig, RSA"}, "ssh.txt", "erin.sig", NULL},
        {{.format = "SHA256SUMS, signed", .skip = 1},
         "SHA256SUMS",
         "SHA256SUMS.minisig",
         "legacy.txt"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct package package;
        struct target target = rows[i].target;
        char name[64];
        begin(&package);
        snprintf(name, sizeof(name), "%s%s", rows[i].file, strrchr(rows[i].signature, '.'));
        package_copy(&package, rows[i].file, rows[i].file);
        package_copy(&package, rows[i].signature, name);
        target.fixture = true;
        target.file = rows[i].file;
        target.signature = name;
        target.another = rows[i].listed;
        if (rows[i].listed != NULL) {
            package_copy(&package, "legacy.txt", "legacy.txt");
            package_copy(&package, "prehashed.txt", "prehashed.txt");
        }
        run(&target);
        /* Another's signature over another file, and one for another purpose. */
        now = &target;
        tried = passed = 0;
        package_copy(&package, "stranger.minisig", name);
        attempt("a stranger's signature");
        package_copy(&package, "carol-email.sig", name);
        attempt("a signature for another purpose");
        package_copy(&package, "mallory.sig", name);
        attempt("an unknown key");
        package_copy(&package, "frank.sig", name);
        attempt("an expired key");
        assert_int_equal(passed, 0);
        package_done(&package);
    }
    (void)state;
}

/* --- signed folders --- */

static void test_folders(void **state)
{
    static const struct recipe recipes[] = {
        {.key = "P-256"},
        {.key = "P-256", .by_certificate = true},
        {.key = "P-256", .shard_size = 300},
    };
    static const struct target targets[] = {
        /* Hints at a key are no more than hints; a chain's rest is not needed where the root is
           known. */
        {.format = "oms, key",
         .signature = "skill/skill.oms.sig",
         .file = "skill/scripts/b.py",
         .another = "skill/SKILL.md",
         .whole = true,
         .free = {"keyid", "hint", "tlogEntries"}},
        {.format = "oms, certificate",
         .signature = "skill/skill.oms.sig",
         .file = "skill/scripts/b.py",
         .another = "skill/SKILL.md",
         .whole = true,
         .free = {"keyid", "tlogEntries"}},
        {.format = "oms, shards",
         .signature = "skill/skill.oms.sig",
         .file = "skill/scripts/b.py",
         .another = "skill/SKILL.md",
         .whole = true,
         .free = {"keyid", "hint", "tlogEntries"}},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(targets); i++) {
        struct package package;
        oms_make(&package, &recipes[i]);
        here = &package;
        run(&targets[i]);
        package_done(&package);
    }
    (void)state;
}

/* --- by openssl --- */

static void base64_file(const char *from, const char *to)
{
    assert_int_equal(RUN(here, "openssl", "base64", "-A", "-in", from, "-out", to), 0);
}

static void make_cms(void)
{
    assert_int_equal(RUN(here, "openssl", "cms", "-sign", "-binary", "-in", "f", "-signer",
                         "leaf.pem", "-inkey", "key.pem", "-outform", "DER", "-out", "f.p7s"),
                     0);
}

static void make_cosign(void)
{
    assert_int_equal(
        RUN(here, "openssl", "dgst", "-sha256", "-sign", "key.pem", "-out", "raw", "f"), 0);
    base64_file("raw", "f.sig");
}

static void make_mcpb(void)
{
    static const char manifest[] =
        "{\"manifest_version\":\"0.2\",\"name\":\"a\",\"version\":\"1\"}";
    VB_CLEANUP(vb_buf_done) struct vb_buf zip = {0};
    VB_CLEANUP(vb_buf_done) struct vb_buf cms = {0};

    put_text(here, "manifest.json", manifest);
    assert_int_equal(RUN(here, "python3", "-m", "zipfile", "-c", "f", "manifest.json"), 0);
    make_cms();
    read_it("f", &zip);
    read_it("f.p7s", &cms);
    const unsigned char len[4] = {(unsigned char)cms.len, (unsigned char)(cms.len >> 8)};
    assert_int_equal(vb_buf_append(&zip, "MCPB_SIG_V1", 11, NULL), 0);
    assert_int_equal(vb_buf_append(&zip, len, 4, NULL), 0);
    assert_int_equal(vb_buf_append(&zip, cms.data, cms.len, NULL), 0);
    assert_int_equal(vb_buf_append(&zip, "MCPB_SIG_END", 12, NULL), 0);
    package_put(here, "b.mcpb", zip.data, zip.len);
    assert_int_equal(unlinkat(here->fd, "f", 0), 0);
    assert_int_equal(unlinkat(here->fd, "f.p7s", 0), 0);
}

static void make_dsse(void)
{
    struct vb_signer *signer = NULL;
    struct vb_error err = {0};
    unsigned char digest[VB_SIG_DIGEST_MAX];
    char path[512], statement[512], hex[2 * VB_SIG_DIGEST_MAX + 1];
    size_t len;

    snprintf(path, sizeof(path), "%s/key.pem", here->path);
    assert_int_equal(vb_signer_load(path, &signer, &err), 0);
    VB_CLEANUP_FD int fd = open_in("f", O_RDONLY);
    VB_CLEANUP_FD int out = openat(here->fd, "f.intoto.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(vb_sig_hash_fd("SHA256", fd, digest, &len, &err), 0);
    vb_sig_hex((struct vb_sig_bytes){.data = digest, .len = len}, hex);
    snprintf(
        statement, sizeof(statement),
        "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"f\",\"digest\":{"
        "\"sha256\":\"%s\"}}],\"predicateType\":\"https://slsa.dev/provenance/"
        "v1\",\"predicate\":{}}",
        hex);
    assert_int_equal(vb_signer_seal(signer, "application/vnd.in-toto+json", statement,
                                    strlen(statement), out, &err),
                     0);
    vb_signer_free(signer);
}

static void test_openssl(void **state)
{
    static const struct {
        struct target target;
        struct recipe recipe;
        void (*make)(void);
    } rows[] = {
        {{.format = "cms, detached", .signature = "f.p7s", .file = "f"},
         {.key = "RSA", .by_certificate = true},
         make_cms},
        {{.format = "mcpb", .signature = "b.mcpb", .file = "b.mcpb"},
         {.key = "RSA", .by_certificate = true},
         make_mcpb},
        {{.format = "cosign, key", .signature = "f.sig", .file = "f"},
         {.key = "P-256"},
         make_cosign},
        {{.format = "dsse in-toto, key",
          .signature = "f.intoto.json",
          .file = "f",
          .free = {"keyid"}},
         {.key = "P-256"},
         make_dsse},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct package package;
        oms_begin(&package);
        here = &package;
        put_text(&package, "f", "what is signed\n");
        oms_keys(&package, &rows[i].recipe);
        rows[i].make();
        run(&rows[i].target);
        package_done(&package);
    }
    (void)state;
}

/* --- Sigstore --- */

static const char publishers[] = "version: 1\n"
                                 "publishers:\n"
                                 "  - packages: ['*']\n"
                                 "    signers:\n"
                                 "      - identity: " SIGNER_URI "\n"
                                 "        issuer: " SIGNER_ISSUER "\n";

static void begin_sigstore(struct instance *instance)
{
    struct vb_error err = {0};

    instance_init(instance);
    here = &instance->package;
    assert_int_equal(vb_publishers_read("trust.yaml", publishers, strlen(publishers),
                                        &here->trust->publishers, &err),
                     0);
}

static void put_json(const char *name, json_t *json)
{
    VB_CLEANUP_FREE char *text = json_dumps(json, 0);

    assert_non_null(text);
    put_text(here, name, text);
    json_decref(json);
}

static void test_sigstore(void **state)
{
    /* The bundle's own word for the digest is a hint; version 0.1 needs no proof where there is a
     * promise. */
    static const struct {
        const char *format;
        struct scene scene;
        const char *free[4];
    } rows[] = {
        {"sigstore 0.1", {.version = 1}, {"inclusionProof"}},
        {"sigstore 0.2", {.version = 2}, {NULL}},
        {"sigstore 0.3", {0}, {NULL}},
        {"sigstore 0.3, stamped",
         {.stamped = true},
         {"inclusionPromise", "timestampVerificationData"}},
        {"sigstore 0.3, Rekor v2", {.second_log = true}, {"logIndex"}},
        {"sigstore 0.3, DSSE", {.dsse = true}, {NULL}},
        {"sigstore 0.3, DSSE intoto", {.dsse = true, .intoto = true}, {NULL}},
    };
    static const struct scene wrong[] = {
        {.stranger = true},
        {.eku = "serverAuth"},
        {.san = "URI:https://forge.example/thief"},
        {.no_sct = true},
        {.other_sct = true},
        {.entered_at = SIGNED_AT + 2 * CERTIFICATE_LIFE},
        {.lie = OTHER_DIGEST},
        {.lie = OTHER_SIGNATURE},
        {.lie = OTHER_KEY},
        {.second_log = true, .other_stamp = true},
        {.no_issuer = true},
        {.twice = true},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        const struct target target = {
            .format = rows[i].format,
            .signature = "file.txt.sigstore.json",
            .file = "file.txt",
            .free = {"keyid", "messageDigest", rows[i].free[0], rows[i].free[1]}};
        struct instance instance;
        begin_sigstore(&instance);
        put_json(target.signature, instance_bundle(&instance, &rows[i].scene));
        run(&target);
        now = &target;
        tried = passed = 0;
        for (size_t w = 0; i == 0 && w < VB_ARRAY_LEN(wrong); w++) {
            put_json(target.signature, instance_bundle(&instance, &wrong[w]));
            attempt("wrong from the beginning");
        }
        assert_int_equal(passed, 0);
        instance_done(&instance);
    }
    (void)state;
}

/* A folder of two files, signed by the identity. */
static void test_folder_by_identity(void **state)
{
    static const char *const names[] = {"SKILL.md", "run.sh"};
    static const struct target target = {.format = "oms, sigstore",
                                         .signature = "skill/skill.oms.sig",
                                         .file = "skill/SKILL.md",
                                         .another = "skill/run.sh",
                                         .whole = true,
                                         .free = {"keyid"}};
    unsigned char digests[2 * VB_SIG_DIGEST_MAX], root[VB_SIG_DIGEST_MAX];
    char hex[3][2 * VB_SIG_DIGEST_MAX + 1], statement[2048];
    struct instance instance;
    size_t len = 0;

    begin_sigstore(&instance);
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        const struct vb_sig_bytes data = {.data = (const unsigned char *)names[i],
                                          .len = strlen(names[i])};
        char path[64];
        snprintf(path, sizeof(path), "skill/%s", names[i]);
        package_put(here, path, data.data, data.len);
        assert_int_equal(vb_sig_hash("SHA256", data, digests + i * len, &len, NULL), 0);
        vb_sig_hex((struct vb_sig_bytes){.data = digests + i * len, .len = len}, hex[i]);
    }
    const struct vb_sig_bytes both = {.data = digests, .len = 2 * len};
    assert_int_equal(vb_sig_hash("SHA256", both, root, &len, NULL), 0);
    vb_sig_hex((struct vb_sig_bytes){.data = root, .len = len}, hex[2]);
    snprintf(statement, sizeof(statement),
             "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"digest\":{\"sha256\":"
             "\"%s\"}}],\"predicateType\":\"https://model_signing/signature/v1.0\",\"predicate\":{"
             "\"serialization\":{\"method\":\"files\",\"hash_type\":\"sha256\"},\"resources\":["
             "{\"name\":\"SKILL.md\",\"algorithm\":\"sha256\",\"digest\":\"%s\"},"
             "{\"name\":\"run.sh\",\"algorithm\":\"sha256\",\"digest\":\"%s\"}]}}",
             hex[2], hex[0], hex[1]);
    const struct scene scene = {.dsse = true, .statement = statement};
    assert_int_equal(unlinkat(here->fd, "file.txt", 0), 0);
    put_json(target.signature, instance_bundle(&instance, &scene));
    run(&target);
    instance_done(&instance);
    (void)state;
}

/* --- what an index tells --- */

static const char tarball[] = "the bytes of a package";

static void digest_text(const char *algorithm, char hex[2 * VB_SIG_DIGEST_MAX + 1],
                        char base64[128])
{
    unsigned char digest[VB_SIG_DIGEST_MAX];
    size_t len;
    const struct vb_sig_bytes data = {.data = (const unsigned char *)tarball,
                                      .len = strlen(tarball)};

    assert_int_equal(vb_sig_hash(algorithm, data, digest, &len, NULL), 0);
    vb_sig_hex((struct vb_sig_bytes){.data = digest, .len = len}, hex);
    (void)EVP_EncodeBlock((unsigned char *)base64, digest, (int)len);
}

static json_t *statement_bundle(struct instance *instance, const char *name, const char *algorithm,
                                const char *type)
{
    char hex[2 * VB_SIG_DIGEST_MAX + 1], base64[128], text[1024];

    digest_text(algorithm, hex, base64);
    snprintf(
        text, sizeof(text),
        "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"%s\",\"digest\":{"
        "\"%s\":\"%s\"}}],\"predicateType\":\"%s\",\"predicate\":{}}",
        name, strcmp(algorithm, "SHA512") == 0 ? "sha512" : "sha256", hex, type);
    const struct scene scene = {.dsse = true, .statement = text};
    return instance_bundle(instance, &scene);
}

static json_t *npm_provenance(struct instance *instance)
{
    static const char slsa[] = "https://slsa.dev/provenance/v1";
    return json_pack("{s:s,s:s,s:s,s:{s:[{s:s,s:o}]}}", "index", "npm", "name", "@acme/tool",
                     "version", "1.2.3", "attestations", "attestations", "predicateType", slsa,
                     "bundle",
                     statement_bundle(instance, "pkg:npm/%40acme/tool@1.2.3", "SHA512", slsa));
}

static json_t *pypi_attestation(struct instance *instance)
{
    static const char type[] = "https://slsa.dev/provenance/v1";
    json_t *bundle = statement_bundle(instance, "acme_tool-1.2.3-py3-none-any.whl", "SHA256", type);
    json_t *material = json_object_get(bundle, "verificationMaterial");
    json_t *envelope = json_object_get(bundle, "dsseEnvelope");
    json_t *attestation = json_pack(
        "{s:i,s:{s:O,s:O},s:{s:O,s:O}}", "version", 1, "verification_material", "certificate",
        json_object_get(json_object_get(material, "certificate"), "rawBytes"),
        "transparency_entries", json_object_get(material, "tlogEntries"), "envelope", "statement",
        json_object_get(envelope, "payload"), "signature",
        json_object_get(json_array_get(json_object_get(envelope, "signatures"), 0), "sig"));

    json_decref(bundle);
    return json_pack("{s:s,s:s,s:s,s:s,s:{s:i,s:[{s:[o]}]}}", "index", "pypi", "name", "acme-tool",
                     "version", "1.2.3", "file", "acme_tool-1.2.3-py3-none-any.whl", "provenance",
                     "version", 1, "attestation_bundles", "attestations", attestation);
}

/* The registry's key is the instance's leaf, trusted as npm.pub. */
static json_t *npm_signature(struct instance *instance)
{
    char hex[2 * VB_SIG_DIGEST_MAX + 1], base64[128], message[512], sig[512], spki[512];
    unsigned char raw[256], *der = NULL;
    size_t len = sizeof(raw);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY *key = instance->leaf;

    instance_trust(instance, instance_root(instance), key);
    digest_text("SHA512", hex, base64);
    snprintf(message, sizeof(message), "@acme/tool@1.2.3:sha512-%s", base64);
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(ctx, raw, &len, (unsigned char *)message, strlen(message)), 1);
    EVP_MD_CTX_free(ctx);
    (void)EVP_EncodeBlock((unsigned char *)sig, raw, (int)len);
    const int size = i2d_PUBKEY(key, &der);
    (void)EVP_EncodeBlock((unsigned char *)spki, der, size);
    OPENSSL_free(der);
    return json_pack("{s:s,s:s,s:s,s:s,s:[{s:s,s:s}],s:{s:[{s:s,s:s}]}}", "index", "npm", "name",
                     "@acme/tool", "version", "1.2.3", "integrity", strchr(message, ':') + 1,
                     "signatures", "keyid", "acme", "sig", sig, "keys", "keys", "keyid", "acme",
                     "key", spki);
}

/* What npm's list says a bundle is, its own statement says; which index and version it is are the
 * fetcher's own words. */
static void test_index(void **state)
{
    static const struct {
        struct target target;
        json_t *(*record)(struct instance *instance);
    } rows[] = {
        {{.format = "npm registry signature"}, npm_signature},
        {{.format = "npm provenance", .free = {"predicateType"}}, npm_provenance},
        {{.format = "PyPI attestation", .free = {"index", "version"}}, pypi_attestation},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct target target = rows[i].target;
        struct instance instance;
        target.signature = "record.json";
        target.file = "artifact";
        target.index = true;
        begin_sigstore(&instance);
        put_json("record.json", rows[i].record(&instance));
        put_text(here, "artifact", tarball);
        put_text(here, "tree/a.js", "x");
        run(&target);
        instance_done(&instance);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixtures),
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_openssl),
        cmocka_unit_test(test_sigstore),
        cmocka_unit_test(test_folder_by_identity),
        cmocka_unit_test(test_index),
    };

    if (vb_signatures_prepare() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
