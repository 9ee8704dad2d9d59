/* Zips with encrypted members: what opens them, and what is said of it. */
#include "unpack_maker.h"

#include <string.h>

static const struct member evil = {.name = "evil.js", .data = "steal()\n", .len = 8};

/* A zip of COUNT members, encrypted by HOW: "zipcrypt", "aes128", "aes256". */
static struct bytes encrypt(const char *how, const char *password, const struct member *members,
                            size_t count)
{
    struct archive *const a = archive_write_new();
    unsigned char *const buffer = malloc(1u << 20);
    struct bytes out = {0};
    size_t used = 0;

    assert_non_null(buffer);
    assert_int_equal(archive_write_set_format_zip(a), ARCHIVE_OK);
    assert_int_equal(archive_write_set_format_option(a, "zip", "encryption", how), ARCHIVE_OK);
    assert_int_equal(archive_write_set_passphrase(a, password), ARCHIVE_OK);
    assert_int_equal(archive_write_open_memory(a, buffer, 1u << 20, &used), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *const entry = archive_entry_new();

        archive_entry_set_pathname(entry, members[i].name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, (la_int64_t)members[i].len);
        assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
        assert_int_equal(archive_write_data(a, members[i].data, members[i].len), members[i].len);
        archive_entry_free(entry);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    bytes_add(&out, buffer, used);
    free(buffer);
    return out;
}

static uint32_t get32(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put32(unsigned char *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(value >> (8 * i));
}

/* One zip of the members of two, neither with a comment. */
static struct bytes merge(struct bytes *a, struct bytes *b)
{
    unsigned char *const end_a = a->data + a->len - 22;
    unsigned char *const end_b = b->data + b->len - 22;
    const uint32_t locals_a = get32(end_a + 16);
    const uint32_t locals_b = get32(end_b + 16);
    struct bytes out = {0};

    for (unsigned char *p = b->data + locals_b; p < end_b;
         p += 46 + (p[28] | p[29] << 8) + (p[30] | p[31] << 8) + (p[32] | p[33] << 8))
        put32(p + 42, get32(p + 42) + locals_a);
    bytes_add(&out, a->data, locals_a);
    bytes_add(&out, b->data, locals_b);
    bytes_add(&out, a->data + locals_a, get32(end_a + 12));
    bytes_add(&out, b->data + locals_b, get32(end_b + 12));
    end_b[8] = (unsigned char)(end_b[8] + end_a[8]);
    end_b[10] = end_b[8];
    put32(end_b + 12, get32(end_a + 12) + get32(end_b + 12));
    put32(end_b + 16, locals_a + locals_b);
    bytes_add(&out, end_b, 22);
    bytes_done(a);
    bytes_done(b);
    return out;
}

static const char *const ciphers[] = {"zipcrypt", "aes128", "aes256"};

static const struct {
    const char *text;
    const char *password;
} instructions[] = {
    {"Extract with the password: `h4x-2026`\n", "h4x-2026"},
    {"Use \"openclaw!7\" as the password.\n", "openclaw!7"},
    {"unzip -P s3cr3t! payload.zip\n", "s3cr3t!"},
    {"```\n7z x -pqwe.rty= payload.zip\n```\n", "qwe.rty="},
    {"Password:\n\n    zz9plural\n", "zz9plural"},
    {"ZIP_PASSWORD=abra:cadabra\n", "abra:cadabra"},
    {"пароль - krasny\n", "krasny"},
    {"the password is infected\n", "infected"},
};

static void test_password_in_the_instructions(void **state)
{
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(instructions); i++) {
        struct bytes inner = encrypt(ciphers[i % 3], instructions[i].password, &evil, 1);
        const struct member members[] = {
            {.name = "SKILL.md", .data = instructions[i].text, .len = strlen(instructions[i].text)},
            {.name = "assets/payload.zip", .data = inner.data, .len = inner.len},
        };
        struct bytes tar = make_tar(members, 2);
        struct run run;

        run_unpack(&run, &tar, "x.tar", NULL);
        assert_int_equal(run.status, 0);
        assert_hostile(&run, "password-stated", "assets/payload.zip");
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, NULL, NULL), 1);
        assert_int_equal(run_count(&run, VB_EV_COVERAGE, NULL, NULL), 0);
        assert_int_equal(run_files(&run), 2);
        assert_beside(&run, "assets/payload.zip!decrypted/evil.js", evil.data, evil.len);
        run_done(&run);
        bytes_done(&inner);
        bytes_done(&tar);
    }
}

/* The artifact itself is the zip, and its one open member names the password. */
static void test_password_beside_the_locked_member(void **state)
{
    struct bytes deeper = make_archive(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, &evil, 1);
    const struct member readme = {.name = "README.md", .data = "pwd: hunter22\n", .len = 14};
    const struct member members[] = {evil,
                                     {.name = "more.tgz", .data = deeper.data, .len = deeper.len}};
    struct bytes open = make_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, &readme, 1);
    struct bytes closed = encrypt("aes256", "hunter22", members, 2);
    struct bytes zip = merge(&open, &closed);
    struct run run;

    (void)state;
    run_unpack(&run, &zip, "x.zip", NULL);
    assert_hostile(&run, "password-stated", ".");
    assert_int_equal(run_files(&run), 1);
    assert_beside(&run, "!decrypted/evil.js", evil.data, evil.len);
    assert_beside(&run, "!decrypted/more.tgz!/evil.js", evil.data, evil.len);
    run_done(&run);
    bytes_done(&zip);
    bytes_done(&deeper);
}

static void test_customary_and_unknown_passwords(void **state)
{
    struct bytes known = encrypt("zipcrypt", "infected", &evil, 1);
    struct bytes unknown = encrypt("aes256", "fG7#kw0)pQ", &evil, 1);
    struct bytes wrong = encrypt("zipcrypt", "fG7#kw0)pQ", &evil, 1);
    struct run run;

    (void)state;
    run_unpack(&run, &known, "x.zip", NULL);
    assert_hostile(&run, "password-customary", ".");
    assert_beside(&run, "!decrypted/evil.js", evil.data, evil.len);
    run_done(&run);
    run_unpack(&run, &unknown, "x.zip", NULL);
    assert_int_equal(run.status, 0);
    assert_hostile(&run, "encrypted", "evil.js");
    assert_int_equal(run_count(&run, VB_EV_COVERAGE, "file", "evil.js"), 1);
    assert_int_equal(run_files(&run) + run_beside(&run), 0);
    run_done(&run);
    run_unpack(&run, &wrong, "x.zip", NULL);
    assert_hostile(&run, "encrypted", "evil.js");
    run_done(&run);
    bytes_done(&known);
    bytes_done(&unknown);
    bytes_done(&wrong);
}

/* A package may hold members of which each asks for another password. */
static void test_several_passwords(void **state)
{
    const struct member named[] = {
        {.name = "SKILL.md", .data = "pwd: one-1\npwd: two-2\n", .len = 22},
        {.name = "b.js", .data = "bb\n", .len = 3},
        {.name = "c.js", .data = "ccc\n", .len = 4},
        {.name = "d.js", .data = "d\n", .len = 2},
        {.name = "e.js", .data = "eeeee\n", .len = 6}};

    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(ciphers); i++) {
        struct bytes zip = make_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, named, 1);
        struct bytes parts[] = {encrypt(ciphers[i], "one-1", &named[1], 1),
                                encrypt(ciphers[i], "two-2", &evil, 1),
                                encrypt(ciphers[i], "fG7#kw0)pQ", &named[3], 1),
                                encrypt(ciphers[i], "one-1", &named[2], 1),
                                encrypt(ciphers[i], "infected", &named[4], 1)};
        struct run run;

        for (size_t j = 0; j < VB_ARRAY_LEN(parts); j++)
            zip = merge(&zip, &parts[j]);
        run_unpack(&run, &zip, "x.zip", NULL);
        assert_int_equal(run.status, 0);
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, "password-stated", "."), 2);
        assert_hostile(&run, "password-customary", ".");
        assert_hostile(&run, "encrypted", "d.js");
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, NULL, NULL), 4);
        assert_int_equal(run_count(&run, VB_EV_ARCHIVE_DAMAGED, NULL, NULL), 0);
        assert_beside(&run, "!decrypted/b.js", named[1].data, named[1].len);
        assert_beside(&run, "!decrypted/c.js", named[2].data, named[2].len);
        /* Numbers are given once; members of zipcrypt have readings beside, too. */
        assert_beside(&run, i == 0 ? "!decrypted5/e.js" : "!decrypted1/e.js", named[4].data,
                      named[4].len);
        assert_beside(&run, i == 0 ? "!decrypted6/evil.js" : "!decrypted2/evil.js", evil.data,
                      evil.len);
        run_done(&run);
        bytes_done(&zip);
    }
}

/* However many passwords there are: it ends, and what was not opened is said. */
static void test_many_passwords(void **state)
{
    enum { COUNT = 40 };
    struct bytes zip = {0};
    char text[COUNT * 32] = "";
    size_t len = 0;
    size_t closed;
    struct run run;

    (void)state;
    for (unsigned i = 0; i < COUNT; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "password: word-%u\n", i);
    {
        const struct member readme = {.name = "README.md", .data = text, .len = len};

        zip = make_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, &readme, 1);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        char name[16];
        char password[16];
        struct member member = {.name = name, .data = "x", .len = 1};
        struct bytes part;

        (void)snprintf(name, sizeof(name), "%u.js", i);
        (void)snprintf(password, sizeof(password), "word-%u", i);
        part = encrypt("zipcrypt", password, &member, 1);
        zip = merge(&zip, &part);
    }
    run_unpack(&run, &zip, "x.zip", NULL);
    assert_int_equal(run.status, 0);
    closed = run_count(&run, VB_EV_ARCHIVE_HOSTILE, "encrypted", NULL);
    assert_in_range(closed, 1, COUNT - 1);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_HOSTILE, "password-stated", "."),
                     COUNT - closed);
    assert_int_equal(run_count(&run, VB_EV_COVERAGE, "file", NULL), closed);
    run_done(&run);
    bytes_done(&zip);
}

/* A 7z whose list of files is packed by AES: it has a head, 16 bytes of data, and what they are. */
static struct bytes make_closed_seven(void)
{
    static const unsigned char data[16] = "encrypted header";
    static const unsigned char list[] = {0x17, /* packed header: */
                                         0x06,
                                         0,
                                         1,
                                         0x09,
                                         sizeof(data),
                                         0, /* where it is */
                                         0x07,
                                         0x0b,
                                         1,
                                         0,
                                         1,
                                         0x24,
                                         6,
                                         0xf1,
                                         7,
                                         1,
                                         2,
                                         0x06,
                                         0, /* AES, SHA-256 */
                                         0x0c,
                                         sizeof(data),
                                         0x0a,
                                         1,
                                         0x11,
                                         0x22,
                                         0x33,
                                         0x44,
                                         0,
                                         0}; /* its length and sum */
    unsigned char start[20] = {sizeof(data)};
    struct bytes b = {0};
    uint32_t crc = crc32_of(list, sizeof(list));

    start[8] = sizeof(list);
    memcpy(start + 16, &crc, 4);
    crc = crc32_of(start, sizeof(start));
    bytes_add(&b, "7z\xbc\xaf\x27\x1c\0\4", 8);
    bytes_add(&b, &crc, 4);
    bytes_add(&b, start, sizeof(start));
    bytes_add(&b, data, sizeof(data));
    bytes_add(&b, list, sizeof(list));
    return b;
}

/* It is closed, and nothing about it is damaged. */
static void test_encrypted_list_of_files(void **state)
{
    struct bytes b = make_closed_seven();
    struct run run;

    (void)state;
    run_unpack(&run, &b, "x.7z", NULL);
    assert_int_equal(run.status, 0);
    assert_hostile(&run, "encrypted", ".");
    assert_int_equal(run_count(&run, VB_EV_COVERAGE, "archive", "."), 1);
    assert_int_equal(run_count(&run, VB_EV_ARCHIVE_DAMAGED, NULL, NULL), 0);
    run_done(&run);
    bytes_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_password_in_the_instructions),
        cmocka_unit_test(test_password_beside_the_locked_member),
        cmocka_unit_test(test_customary_and_unknown_passwords),
        cmocka_unit_test(test_several_passwords),
        cmocka_unit_test(test_many_passwords),
        cmocka_unit_test(test_encrypted_list_of_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
