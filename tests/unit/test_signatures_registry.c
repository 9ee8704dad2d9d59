/* What a registry of npm signs, and a wheel's RECORD: each row changes one thing of a record that
 * holds. The registry's keys are made here. */
#include <openssl/ec.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "signatures/registry.h"
#include "signatures/wheel.h"
#include "signatures_helper.h"

static const char tarball[] = "the bytes of a package";

struct key {
    EVP_PKEY *key;
    char spki[512]; /* base64 */
    char id[64];
};

static struct key ours, other, large;

static void make_key(const char *curve, struct key *ret)
{
    static const unsigned char head[] = "\0\0\0\023ecdsa-sha2-nistp256\0\0\0\010nistp256\0\0\0\101";
    unsigned char *der = NULL, digest[32], blob[sizeof(head) - 1 + 65];
    char text[64];

    ret->key = EVP_EC_gen(curve);
    assert_non_null(ret->key);
    const int len = i2d_PUBKEY(ret->key, &der);
    assert_true(len > 0);
    (void)EVP_EncodeBlock((unsigned char *)ret->spki, der, len);
    memcpy(blob, head, sizeof(head) - 1);
    memcpy(blob + sizeof(head) - 1, der + len - 65, 65);
    assert_int_equal(EVP_Digest(blob, sizeof(blob), digest, NULL, EVP_sha256(), NULL), 1);
    OPENSSL_free(der);
    (void)EVP_EncodeBlock((unsigned char *)text, digest, sizeof(digest));
    snprintf(ret->id, sizeof(ret->id), "SHA256:%.43s", text);
}

static int make_keys(void **state VB_UNUSED)
{
    make_key("P-256", &ours);
    make_key("P-256", &other);
    make_key("P-384", &large);
    return 0;
}

static int free_keys(void **state VB_UNUSED)
{
    EVP_PKEY_free(ours.key);
    EVP_PKEY_free(other.key);
    EVP_PKEY_free(large.key);
    return 0;
}

static void integrity_of(const char *algorithm, const char *text, char *ret, size_t size)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char encoded[96];
    unsigned len = 0;

    assert_int_equal(
        EVP_Digest(text, strlen(text), digest, &len, EVP_get_digestbyname(algorithm), NULL), 1);
    (void)EVP_EncodeBlock((unsigned char *)encoded, digest, (int)len);
    snprintf(ret, size, "%s-%s", algorithm, encoded);
}

static void sign(const struct key *key, const char *message, char *ret)
{
    unsigned char signature[256];
    size_t len = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->key), 1);
    assert_int_equal(
        EVP_DigestSign(ctx, signature, &len, (const unsigned char *)message, strlen(message)), 1);
    EVP_MD_CTX_free(ctx);
    (void)EVP_EncodeBlock((unsigned char *)ret, signature, (int)len);
}

/* --- a record, and what is said of it --- */

struct record {
    const char *name, *version, *signed_as; /* NULL: as name and version say */
    const char *artifact;                   /* what came */
    const struct key *signer;
    const char *sig, *keyid, *key_of_id; /* NULL: as they should be; "": left out */
    const char *keys;                    /* a whole document instead, "": none */
    const char *expires, *published;
    const char *integrity, *shasum;
    const char *more; /* further members of the record */
};

static const struct record good = {.name = "@acme/tool", .version = "1.2.3", .artifact = tarball};

struct told {
    struct vb_sink sink;
    size_t results;
    char outcome[64], reason[512], key_id[128], name[64], where[16];
    long long count, present;
    size_t coverage;
    char digests[256]; /* "sha512:holds " … */
    char lists[2048];  /* "fits:2/3:a,b " … */
};

static void keep(char *ret, size_t size, const struct vb_event *event, enum vb_field field)
{
    const struct vb_str text = vb_event_get_str(event, field);
    snprintf(ret, size, "%.*s", (int)text.len, text.text);
}

static void add(char *ret, size_t size, const char *text)
{
    const size_t len = strlen(ret);
    snprintf(ret + len, size - len, "%s", text);
}

static void keep_list(struct told *told, const struct vb_event *event)
{
    const struct vb_value *paths = vb_event_get(event, VB_F_PATHS);
    char text[512], code[32];

    keep(code, sizeof(code), event, VB_F_CODE);
    snprintf(text, sizeof(text), "%s:%lld/%lld:", code,
             (long long)vb_event_get_int(event, VB_F_COUNT, -1),
             (long long)vb_event_get_int(event, VB_F_PRESENT, -1));
    add(told->lists, sizeof(told->lists), text);
    for (size_t i = 0; paths != NULL && i < paths->list.count; i++) {
        snprintf(text, sizeof(text), "%.*s,", (int)paths->list.items[i].len,
                 paths->list.items[i].text);
        add(told->lists, sizeof(told->lists), text);
    }
    add(told->lists, sizeof(told->lists), " ");
}

static int keep_event(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct told *told = (struct told *)(void *)base;
    char text[32];

    if (vb_event_check(event, err) < 0)
        fail_msg("%s", err->message);
    told->coverage += event->kind == VB_EV_COVERAGE;
    if (event->kind == VB_EV_SIGNATURE_LIST)
        keep_list(told, event);
    if (event->kind == VB_EV_FETCH_DIGEST) {
        keep(text, sizeof(text), event, VB_F_WHAT);
        add(told->digests, sizeof(told->digests), text);
        keep(text, sizeof(text), event, VB_F_OUTCOME);
        add(told->digests, sizeof(told->digests), ":");
        add(told->digests, sizeof(told->digests), text);
        add(told->digests, sizeof(told->digests), " ");
    }
    if (event->kind != VB_EV_SIGNATURE_RESULT)
        return 0;
    told->results++;
    keep(told->outcome, sizeof(told->outcome), event, VB_F_OUTCOME);
    keep(told->reason, sizeof(told->reason), event, VB_F_REASON);
    keep(told->key_id, sizeof(told->key_id), event, VB_F_KEY_ID);
    keep(told->name, sizeof(told->name), event, VB_F_NAME);
    keep(told->where, sizeof(told->where), event, VB_F_WHERE);
    told->count = vb_event_get_int(event, VB_F_COUNT, -1);
    told->present = vb_event_get_int(event, VB_F_PRESENT, -1);
    return 0;
}

static int file_of(const char *text)
{
    struct vb_error err = {0};
    const int fd = memfd_create("vetbox-test", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, text, strlen(text), &err), 0);
    return fd;
}

static void verify_text(const struct package *package, const char *text, const char *artifact,
                        struct told *ret)
{
    struct vb_error err = {0};
    VB_CLEANUP_FD int record = file_of(text);
    VB_CLEANUP_FD int bytes = file_of(artifact);
    const struct vb_verify_job job = {.dirfd = package->fd,
                                      .packages_fd = -1,
                                      .beside_fd = -1,
                                      .beside_name = "tool-1.2.3.tgz",
                                      .from_index = true,
                                      .record_fd = record,
                                      .artifact_fd = bytes,
                                      .trust = package->trust};

    *ret = (struct told){.sink.emit = keep_event};
    if (vb_verify_job(&job, &ret->sink, &err) < 0)
        fail_msg("%s", err.message);
}

static void write_record(const struct record *from, char *ret, size_t size)
{
    const struct key *signer = from->signer != NULL ? from->signer : &ours;
    char integrity[256], message[1024], sig[512], keys[2048], expires[64] = "null";
    char more[512] = "";

    integrity_of("sha512", tarball, integrity, sizeof(integrity));
    snprintf(message, sizeof(message), "%s:%s",
             from->signed_as != NULL ? from->signed_as : "@acme/tool@1.2.3", integrity);
    sign(signer, message, sig);
    if (from->expires != NULL)
        snprintf(expires, sizeof(expires), "\"%s\"", from->expires);
    snprintf(keys, sizeof(keys),
             "{\"keys\":[{\"keyid\":\"SHA256:x\",\"key\":\"AAAA\"},{\"keyid\":\"%s\",\"expires\":"
             "%s,\"keytype\":\"ecdsa-sha2-nistp256\",\"key\":\"%s\"}]}",
             signer->id, expires, from->key_of_id != NULL ? from->key_of_id : signer->spki);
    const char *document = from->keys != NULL ? from->keys : keys;
    if (from->published != NULL)
        snprintf(more, sizeof(more), ",\"published\":\"%s\"", from->published);
    if (from->shasum != NULL)
        snprintf(more + strlen(more), sizeof(more) - strlen(more), ",\"shasum\":\"%s\"",
                 from->shasum);
    snprintf(ret, size,
             "{\"index\":\"npm\",\"name\":\"%s\",\"version\":\"%s\"%s%s%s,\"signatures\":[{"
             "\"keyid\":\"%s\",\"sig\":\"%s\"}]%s%s%s%s}",
             from->name, from->version,
             from->integrity != NULL && from->integrity[0] == '\0' ? "" : ",\"integrity\":\"",
             from->integrity != NULL ? from->integrity : integrity,
             from->integrity != NULL && from->integrity[0] == '\0' ? "" : "\"",
             from->keyid != NULL ? from->keyid : signer->id, from->sig != NULL ? from->sig : sig,
             document[0] != '\0' ? ",\"keys\":" : "", document, more,
             from->more != NULL ? from->more : "");
}

static void verify(const struct package *package, const struct record *record, struct told *ret)
{
    char text[8192];

    write_record(record, text, sizeof(text));
    verify_text(package, text, record->artifact, ret);
}

static void expect(const struct package *package, const struct record *record, const char *outcome,
                   const char *reason)
{
    struct told told;

    verify(package, record, &told);
    if (told.results != 1 || strcmp(told.outcome, outcome) != 0 ||
        strstr(told.reason, reason) == NULL)
        fail_msg("%zu results, %s (%s) where %s (%s) belongs", told.results, told.outcome,
                 told.reason, outcome, reason);
    assert_string_equal(told.where, "index");
}

/* Trusts KEY, as trust/npm.pub in PEM would be. */
static void trust(const struct package *package, const struct key *key)
{
    char path[128], pem[1024];
    struct vb_error err = {0};

    snprintf(pem, sizeof(pem), "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n",
             key->spki);
    package_put(package, "npm-registry.pub", pem, strlen(pem));
    snprintf(path, sizeof(path), "%s/npm-registry.pub", package->path);
    assert_int_equal(vb_trust_add_key(package->trust, path, &err), 0);
    assert_int_equal(unlink(path), 0);
}

/* --- tests --- */

static void test_own_key(void **state)
{
    const struct package *package = *state;
    struct told told;

    put_text(package, "package.json", "{}");
    put_text(package, "index.js", "");
    verify(package, &good, &told);
    assert_string_equal(told.outcome, "valid-untrusted");
    assert_string_equal(told.reason, "the registry's own key, not in the trust folder");
    assert_int_equal(told.count, 2);
    assert_int_equal(told.present, 2);
    assert_string_equal(told.digests, "sha512:holds ");
    assert_string_equal(told.name, "");
}

static void test_trusted_key(void **state)
{
    const struct package *package = *state;
    struct told told;
    struct record lie = good;
    char keys[1024];

    trust(package, &ours);
    verify(package, &good, &told);
    assert_string_equal(told.outcome, "valid-trusted");
    assert_string_equal(told.name, "npm-registry.pub");
    /* The registry shows nothing, or another key under the same name: ours decides. */
    lie.keys = "";
    expect(package, &lie, "valid-trusted", "");
    lie.keys = NULL;
    lie.key_of_id = other.spki;
    expect(package, &lie, "valid-trusted", "");
    lie.signer = &other;
    lie.keyid = ours.id;
    expect(package, &lie, "invalid", "not of this name");
    /* A name of the registry's own making. */
    lie = good;
    lie.keys = keys;
    lie.keyid = "autumn";
    snprintf(keys, sizeof(keys), "{\"keys\":[{\"keyid\":\"autumn\",\"key\":\"%s\"}]}", ours.spki);
    expect(package, &lie, "valid-trusted", "");
    /* The trust folder has a key, and this is signed with another one of the registry. */
    lie = good;
    lie.signer = &other;
    expect(package, &lie, "valid-untrusted", "not in the trust folder");
    /* What has ended is not trusted either. */
    lie = good;
    lie.expires = "2025-01-29T00:00:00.000Z";
    lie.published = "2025-01-29T00:00:00.000Z";
    expect(package, &lie, "valid-untrusted", "ended on 2025-01-29");
}

#define WRONG "not of this name, version and digest"

static void test_mutations(void **state)
{
    const struct package *package = *state;
    char two[2048], sha1[300], sha256[300], flipped[512];
    char integrity[256], other_integrity[256], message[512];

    integrity_of("sha512", tarball, integrity, sizeof(integrity));
    integrity_of("sha512", "other bytes", other_integrity, sizeof(other_integrity));
    snprintf(sha1, sizeof(sha1), "%s sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=", integrity);
    integrity_of("sha256", tarball, sha256, sizeof(sha256));
    snprintf(message, sizeof(message), "@acme/tool@1.2.3:%s", integrity);
    sign(&ours, message, flipped);
    flipped[20] = flipped[20] == 'A' ? 'B' : 'A';
    snprintf(two, sizeof(two),
             "{\"keys\":[{\"keyid\":\"%s\",\"key\":\"%s\"},{\"keyid\":\"%s\",\"key\":\"%s\"}]}",
             ours.id, ours.spki, ours.id, other.spki);
    const struct {
        struct record record;
        const char *outcome, *reason;
    } rows[] = {
        {{.name = "@acme/tools"}, "invalid", WRONG},
        {{.name = "tool"}, "invalid", WRONG},
        {{.version = "1.2.4"}, "invalid", WRONG}, /* 1.2.3's, once more */
        {{.signed_as = "@acme/tool@1.2.4"}, "invalid", WRONG},
        {{.signed_as = "@acme/tool@1.2.3 "}, "invalid", WRONG},
        {{.artifact = "other bytes"}, "invalid", "another digest than the registry signed"},
        {{.artifact = "other bytes", .integrity = other_integrity}, "invalid", WRONG},
        {{.integrity = sha1}, "invalid", WRONG},
        {{.integrity = sha256}, "invalid", WRONG},
        {{.integrity = ""}, "invalid", "gives no digest"},
        {{.sig = flipped}, "invalid", WRONG},
        {{.sig = ""}, "invalid", WRONG},
        {{.sig = "AA=A"}, "invalid", "no base64"},
        {{.sig = "MAYCAQACAQA="}, "invalid", WRONG}, /* r = s = 0 */
        {{.keyid = "SHA256:nobody"}, "present-unverifiable", "neither in the trust folder"},
        {{.keyid = ""}, "present-unverifiable", "neither in the trust folder"},
        {{.key_of_id = other.spki}, "present-unverifiable", "not the one that its id says"},
        {{.key_of_id = "MAAA"}, "present-unverifiable", "cannot be read"},
        {{.key_of_id = "*"}, "present-unverifiable", "cannot be read"},
        {{.keys = two}, "present-unverifiable", "nor, once,"},
        {{.keys = "[]"}, "present-unverifiable", "nor, once,"},
        {{.keys = ""}, "present-unverifiable", "the registry gave none"},
        {{.signer = &large}, "present-unverifiable", "not ECDSA on P-256"},
        {{.expires = "soon"}, "present-unverifiable", "cannot be read"},
        {{.expires = "2025-01-29T00:00:00.000Z", .published = "2025-06-01T08:00:00.000Z"},
         "valid-untrusted",
         "published on 2025-06-01, and the registry's key ended on 2025-01-29"},
        {{.expires = "2025-01-29T00:00:00.000Z", .published = "2024-12-01T08:00:00.000Z"},
         "valid-untrusted",
         "the registry's own key, not in the trust folder"},
        {{.expires = "2025-01-29T00:00:00.000Z"}, "valid-untrusted", "published is not known"},
        {{.expires = "2025-01-29T00:00:00.000Z", .published = "?"},
         "valid-untrusted",
         "published is not known"},
    };

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct record record = rows[i].record;
        record.name = record.name != NULL ? record.name : good.name;
        record.version = record.version != NULL ? record.version : good.version;
        record.artifact = record.artifact != NULL ? record.artifact : good.artifact;
        expect(package, &record, rows[i].outcome, rows[i].reason);
    }
}

/* Both of the registry's digests are compared, and a weak one that differs changes no signature. */
static void test_digests(void **state)
{
    const struct package *package = *state;
    struct record record = good;
    struct told told;

    record.shasum = "0000000000000000000000000000000000000000";
    verify(package, &record, &told);
    assert_string_equal(told.digests, "sha512:holds sha1:differs ");
    assert_string_equal(told.outcome, "valid-untrusted");
    record.artifact = "other bytes";
    record.shasum = NULL;
    verify(package, &record, &told);
    assert_string_equal(told.digests, "sha512:differs ");
}

/* The ids of keys that are in use are what we compute of the keys: OpenSSH's fingerprints, not
 * digests of what the keys document holds. */
static void test_published_ids(void **state)
{
    static const struct {
        const char *id, *spki, *hex;
    } rows[] = {
        {"SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA",
         "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+"
         "IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==",
         "sha256:1e908a55459fe6ddac1ccbc137ea8631ee837032fec2a2ccc528b38d81f17108"},
        {"SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U",
         "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY6Ya7W++7aUPzvMTrezH6Ycx3c+HOKYCcNGybJZSCJq/"
         "fd7Qa8uuAKtdIkUQtQiEKERhAmE5lMMJhP8OkDOa2g==",
         "sha256:fb190a462123443500cbcdb6519623e7179e9f38d84ad4e9362b72d2b68b62c1"},
    };
    const struct package *package = *state;

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        char keys[1024];
        struct record record = good;
        struct told told;
        snprintf(keys, sizeof(keys), "{\"keys\":[{\"keyid\":\"%s\",\"key\":\"%s\"}]}", rows[i].id,
                 rows[i].spki);
        record.keys = keys;
        record.keyid = rows[i].id;
        verify(package, &record, &told);
        assert_string_equal(told.outcome, "invalid"); /* signed with another key */
        assert_string_equal(told.key_id, rows[i].hex);
    }
}

/* What is no record at all, and what has other types than it should. */
static void test_odd_records(void **state)
{
    static const char *const rows[] = {
        "",
        "{\"index\":\"npm\",\"name\":\"a\",\"version\":\"1\"}",
        "{\"index\":\"npm\",\"name\":\"a\",\"version\":\"1\",\"signatures\":{},\"keys\":[],"
        "\"attestations\":7,\"integrity\":[],\"shasum\":\"zz\"}",
        "{\"index\":\"npm\",\"name\":\"a\",\"version\":\"1\",\"integrity\":\"sha512-\"}",
        "{\"index\":\"npm\",\"name\":\"a\",\"version\":\"1\",\"integrity\":\"\"}",
        "{\"index\":\"pypi\",\"name\":\"a\",\"version\":\"1\",\"provenance\":"
        "{\"attestation_bundles\":[7,{\"attestations\":{}},{}]}}",
    };
    static const char *const none[] = {
        "{", "[]", "{}", "{\"index\":\"npm\",\"name\":\"a\"}",
        "{\"index\":\"npm\",\"name\":\"a\",\"name\":\"b\",\"version\":\"1\"}"};
    const struct package *package = *state;
    struct told told;

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        verify_text(package, rows[i], tarball, &told);
        assert_int_equal(told.results, 0);
        assert_int_equal(told.coverage, 0);
        assert_string_equal(told.digests, "");
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(none); i++) {
        verify_text(package, none[i], tarball, &told);
        assert_int_equal(told.results, 0);
        assert_int_equal(told.coverage, 1); /* and so no allow */
    }
    verify_text(package,
                "{\"index\":\"npm\",\"name\":\"a\",\"version\":\"1\",\"signatures\":[7],"
                "\"attestations\":{\"attestations\":[7]}}",
                tarball, &told);
    assert_int_equal(told.results, 2);
    assert_string_equal(told.outcome, "invalid");
    verify_text(package,
                "{\"index\":\"pypi\",\"name\":\"a\",\"version\":\"1\",\"provenance\":"
                "{\"attestation_bundles\":[{\"attestations\":[{\"version\":2},{}]}]}}",
                tarball, &told);
    assert_int_equal(told.results, 2);
    assert_string_equal(told.outcome, "invalid");
}

static void test_repositories(void **state VB_UNUSED)
{
    static const char *const rows[][2] = {
        {"https://github.com/Acme/Tool", "github.com/acme/tool"},
        {"git+https://github.com/acme/tool.git", "github.com/acme/tool"},
        {"git@github.com:acme/tool.git", "github.com/acme/tool"},
        {"ssh://git@github.com/acme/tool", "github.com/acme/tool"},
        {"github:acme/tool", "github.com/acme/tool"},
        {"git+https://github.com/acme/tool@refs/heads/main", "github.com/acme/tool"},
        {"https://github.com/acme/tool/tree/main/packages/x#readme", "github.com/acme/tool"},
        {"https://www.github.com/acme/tool/", "github.com/acme/tool"},
        {"https://forge.example/a/b?c", "forge.example/a/b"},
        {"https://acme.example/", ""},
        {"https://github.com/acme", ""},
        {"https://github.com/acme/", ""},
        {"acme", ""},
        {"", ""},
    };
    char got[128];

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        vb_sig_repository((struct vb_sig_bytes){.data = (const unsigned char *)rows[i][0],
                                                .len = strlen(rows[i][0])},
                          got, sizeof(got));
        assert_string_equal(got, rows[i][1]);
    }
}

/* --- RECORD --- */

static void row_of(const char *path, const char *text, char *ret, size_t size)
{
    char digest[128];

    integrity_of("sha256", text, digest, sizeof(digest));
    for (char *c = digest + 7; *c != '\0'; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    digest[6] = '=';
    digest[7 + 43] = '\0';
    snprintf(ret + strlen(ret), size - strlen(ret), "%s,%s,%zu\n", path, digest, strlen(text));
}

static void verify_wheel(const struct package *package, const char *record, const char *file,
                         struct told *ret)
{
    struct vb_error err = {0};
    struct vb_verify_job job = {
        .dirfd = package->fd, .packages_fd = -1, .beside_fd = -1, .trust = package->trust};

    put_text(package, "a.py", "A = 1\n");
    put_text(package, "b,c.py", "B = 1\n");
    put_text(package, "a-1.dist-info/WHEEL", "Wheel-Version: 1.0\n");
    put_text(package, "a-1.dist-info/RECORD.jws", "{}");
    put_text(package, "a-1.dist-info/RECORD", record);
    snprintf(job.beside_name, sizeof(job.beside_name), "%s", file);
    *ret = (struct told){.sink.emit = keep_event};
    if (vb_verify_job(&job, &ret->sink, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(ret->results, 0); /* a list alone is no signature */
}

static void test_wheel(void **state)
{
    const struct package *package = *state;
    char record[2048] = "", half[2048] = "";
    struct told told;

    row_of("a.py", "A = 1\n", record, sizeof(record));
    row_of("\"b,c.py\"", "B = 1\n", record, sizeof(record));
    row_of("a-1.dist-info/WHEEL", "Wheel-Version: 1.0\n", record, sizeof(record));
    add(record, sizeof(record), "a-1.dist-info/RECORD,,\n");
    verify_wheel(package, record, "a-1-py3-none-any.whl", &told);
    assert_string_equal(told.lists, "fits:3/3: ");
    verify_wheel(package, record, "folder", &told); /* as it lies in site-packages */
    assert_string_equal(told.lists, "");

    row_of("a.py", "A = 2\n", half, sizeof(half));
    row_of("gone.py", "", half, sizeof(half));
    add(half, sizeof(half), "a-1.dist-info/WHEEL,md5=AAAA,\r\na-1.dist-info/RECORD,,");
    verify_wheel(package, half, "a-1-py3-none-any.whl", &told);
    assert_string_equal(told.lists, "differing:1/3:a.py, missing:1/3:gone.py, "
                                    "undigested:1/3:a-1.dist-info/WHEEL, unlisted:1/3:b,c.py, ");
}

static void test_wheel_malformed(void **state)
{
    static const char *const rows[] = {
        "a.py,sha256=AA",
        "a.py,sha256=AA,1,2\n",
        "\"a.py,sha256=AA,1\n",
        "a\"b.py,,\n",
        "../../etc/x,,\n",
        "/etc/x,,\n",
        "\n",
        "\"a.py\"x,,\n",
        "a.py,sha256=AA,1\r",
        ",,\n",
    };
    const struct package *package = *state;

    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct told told;
        verify_wheel(package, rows[i], "a-1-py3-none-any.WHL", &told);
        if (strcmp(told.lists, "malformed:1/0: ") != 0)
            fail_msg("row %zu: %s", i, told.lists);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_own_key, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_trusted_key, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_mutations, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_digests, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_published_ids, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_odd_records, package_setup, package_teardown),
        cmocka_unit_test(test_repositories),
        cmocka_unit_test_setup_teardown(test_wheel, package_setup, package_teardown),
        cmocka_unit_test_setup_teardown(test_wheel_malformed, package_setup, package_teardown),
    };
    if (vb_signatures_prepare() < 0)
        return 1;
    return cmocka_run_group_tests_name("signatures_registry", tests, make_keys, free_keys);
}
