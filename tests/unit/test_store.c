/* store: one outcome for each content and conditions, whoever writes and whoever is killed. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vetbox/store.h"

enum { WRITERS = 4, PACKAGES = 60 };

/* --- a place of its own for each test --- */

struct place {
    char path[64];
    struct vb_store *store;
    char conditions[VB_SHA256_HEX];
    struct vb_error err;
};

static const struct vb_store_conditions usual = {"scan", "0.1.0", "r1", "p1", "t1", "", "none"};

static void must(const struct place *place, int status)
{
    if (status < 0)
        fail_msg("%s", place->err.message);
}

static void open_store(struct place *place)
{
    must(place, vb_store_open(place->path, true, &place->store, &place->err));
    must(place, vb_store_conditions(place->store, &usual, place->conditions, &place->err));
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    snprintf(place->path, sizeof(place->path), "/tmp/vetbox-store-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    open_store(place);
    *state = place;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_all(const char *path)
{
    assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static int tear_down(void **state)
{
    struct place *place = *state;
    vb_store_close(place->store);
    remove_all(place->path);
    free(place);
    return 0;
}

static struct vb_store_outcome outcome_of(const struct place *place, const char *content)
{
    static const struct vb_store_finding finding = {"VB-IOC-CONTACT", "critical", "high", "block",
                                                    "run.sh:3"};
    static const struct vb_store_contact contact = {"c2.example", false};
    return (struct vb_store_outcome){.content = content,
                                     .conditions = place->conditions,
                                     .kind = VB_STORE_BLOCK,
                                     .reason = "",
                                     .package = "sorter",
                                     .publisher = "acme",
                                     .tries = 1,
                                     .begun_ns = 5,
                                     .ended_ns = 9,
                                     .report = {"the report", 10},
                                     .log = {"the log, the log, the log", 25},
                                     .findings = &finding,
                                     .finding_count = 1,
                                     .contacts = &contact,
                                     .contact_count = 1};
}

struct seen {
    size_t count;
    char kind[16], package[16], report[VB_SHA256_HEX], log[VB_SHA256_HEX];
};

static int see(void *ctx, const struct vb_store_row *row, struct vb_error *err)
{
    struct seen *seen = ctx;
    (void)err;
    seen->count++;
    snprintf(seen->kind, sizeof(seen->kind), "%s", row->kind);
    snprintf(seen->package, sizeof(seen->package), "%s", row->package);
    snprintf(seen->report, sizeof(seen->report), "%s", row->report);
    snprintf(seen->log, sizeof(seen->log), "%s", row->log);
    return VB_OK;
}

static void look(struct place *place, const char *content, struct seen *ret)
{
    *ret = (struct seen){0};
    must(place, vb_store_find(place->store, content, place->conditions, see, ret, &place->err));
}

/* --- */

static void test_kept_and_found(void **state)
{
    struct place *place = *state;
    const struct vb_store_outcome outcome = outcome_of(place, "aa");
    VB_CLEANUP(vb_buf_done) struct vb_buf text;
    struct seen seen;
    bool new = false;
    vb_buf_init(&text, 1000);
    look(place, "aa", &seen);
    assert_int_equal(seen.count, 0);
    must(place, vb_store_add(place->store, &outcome, &new, &place->err));
    assert_true(new);
    vb_store_close(place->store);
    open_store(place);
    look(place, "aa", &seen);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.kind, "block");
    must(place, vb_store_evidence(place->store, seen.report, &text, &place->err));
    must(place, vb_store_evidence(place->store, seen.log, &text, &place->err));
    assert_int_equal(text.len, 35);
    assert_memory_equal(text.data, "the reportthe log, the log, the log", 35);
    assert_int_equal(vb_store_evidence(place->store, "none", &text, &place->err), VB_E_NOINPUT);
}

static void test_the_first_one_stays(void **state)
{
    struct place *place = *state;
    struct vb_store_outcome outcome = outcome_of(place, "aa");
    struct vb_store_conditions other = usual;
    char conditions[VB_SHA256_HEX];
    struct seen seen;
    bool new = false;
    must(place, vb_store_add(place->store, &outcome, &new, &place->err));
    outcome.kind = VB_STORE_ALLOW;
    must(place, vb_store_add(place->store, &outcome, &new, &place->err));
    assert_false(new);
    look(place, "aa", &seen);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.kind, "block");
    /* Under other rules it is another outcome. */
    other.rules = "r2";
    must(place, vb_store_conditions(place->store, &other, conditions, &place->err));
    assert_string_not_equal(conditions, place->conditions);
    outcome.conditions = conditions;
    must(place, vb_store_add(place->store, &outcome, &new, &place->err));
    assert_true(new);
}

/* What was told of conditions must be known. */
static void test_nothing_is_half_there(void **state)
{
    struct place *place = *state;
    struct vb_store_outcome outcome = outcome_of(place, "aa");
    struct seen seen;
    bool new = true;
    outcome.conditions = "unknown";
    assert_true(vb_store_add(place->store, &outcome, &new, &place->err) < 0);
    outcome.conditions = place->conditions;
    must(place, vb_store_add(place->store, &outcome, &new, &place->err));
    look(place, "aa", &seen);
    assert_int_equal(seen.count, 1);
}

static void spoil(const struct place *place, off_t at)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/segments", place->path);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        VB_CLEANUP_FD int fd = openat(dirfd(dir), entry->d_name, O_WRONLY | O_CLOEXEC);
        assert_int_equal(pwrite(fd, "#", 1, at), 1);
    }
    (void)closedir(dir);
}

static void test_spoilt_evidence_is_told(void **state)
{
    static const off_t places[] = {0, 9, 41, 60}; /* the magic, the digest, a size, the frame */
    struct place *place = *state;
    const struct vb_store_outcome outcome = outcome_of(place, "aa");
    struct seen seen;
    bool new = false;
    must(place, vb_store_add(place->store, &outcome, &new, &place->err));
    look(place, "aa", &seen);
    for (size_t i = 0; i < VB_ARRAY_LEN(places); i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf text;
        vb_buf_init(&text, 1000);
        spoil(place, places[i]);
        if (vb_store_evidence(place->store, seen.report, &text, &place->err) != VB_E_DATA)
            fail_msg("byte %lld", (long long)places[i]);
        assert_int_equal(text.len, 0);
    }
}

/* --- several writers, some of them killed --- */

static _Noreturn void write_all(const char *path, unsigned seed)
{
    struct place place = {.store = NULL};
    snprintf(place.path, sizeof(place.path), "%s", path);
    if (vb_store_open(path, false, &place.store, &place.err) < 0 ||
        vb_store_conditions(place.store, &usual, place.conditions, &place.err) < 0)
        _exit(1);
    for (unsigned i = 0; i < PACKAGES; i++) {
        char content[16], log[64];
        bool new;
        snprintf(content, sizeof(content), "%02x", (i * 7 + seed) % PACKAGES);
        snprintf(log, sizeof(log), "the log of %s", content);
        struct vb_store_outcome outcome = outcome_of(&place, content);
        outcome.log = (struct vb_str){log, strlen(log)};
        if (vb_store_add(place.store, &outcome, &new, &place.err) < 0)
            _exit(2);
    }
    _exit(0);
}

static void test_killed_writers(void **state)
{
    struct place *place = *state;
    pid_t writers[WRITERS];
    for (unsigned round = 0; round < 12; round++) {
        for (unsigned i = 0; i < WRITERS; i++) {
            writers[i] = fork();
            if (writers[i] == 0)
                write_all(place->path, i * 13 + round);
        }
        (void)usleep(1000 * (round * 5 + 1));
        for (unsigned i = 0; i < WRITERS; i++) {
            int status = 0;
            if (round < 11) /* the last ones are left alone */
                (void)kill(writers[i], SIGKILL);
            assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
            if (!WIFSIGNALED(status) && WEXITSTATUS(status) != 0)
                fail_msg("a writer ended with %d", WEXITSTATUS(status));
        }
    }
    for (unsigned i = 0; i < PACKAGES; i++) {
        VB_CLEANUP(vb_buf_done) struct vb_buf text;
        char content[16], log[64];
        struct seen seen;
        vb_buf_init(&text, 1000);
        snprintf(content, sizeof(content), "%02x", i);
        snprintf(log, sizeof(log), "the log of %s", content);
        look(place, content, &seen);
        assert_int_equal(seen.count, 1);
        must(place, vb_store_evidence(place->store, seen.log, &text, &place->err));
        assert_int_equal(text.len, strlen(log));
        assert_memory_equal(text.data, log, text.len);
    }
}

static void test_places(void **state)
{
    struct place *place = *state;
    struct vb_store *store = NULL;
    assert_int_equal(vb_store_open("mysql://a/b", true, &store, &place->err), VB_E_USAGE);
    assert_int_equal(vb_store_open("/nowhere/store", false, &store, &place->err), VB_E_NOINPUT);
    assert_null(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept_and_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_first_one_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_half_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spoilt_evidence_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_killed_writers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_places, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
