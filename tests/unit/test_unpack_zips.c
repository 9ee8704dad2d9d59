/* Each zip that tests/fixtures/archives/make_zips.py writes: exactly the codes that its table says,
 * and exactly the readings that another reader would extract. The folder is VETBOX_ZIPS. */
#include "unpack_maker.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "unpack/internal.h"

enum { LINE_MAX = 1024, WORDS_MAX = 32, WORD_MAX = 128 };

struct words {
    char text[WORDS_MAX][WORD_MAX];
    size_t count;
};

static void add_word(struct words *words, const char *text, bool once)
{
    for (size_t i = 0; once && i < words->count; i++) {
        if (strcmp(words->text[i], text) == 0)
            return;
    }
    assert_true(words->count < WORDS_MAX);
    (void)snprintf(words->text[words->count++], WORD_MAX, "%s", text);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* As the table writes them: sorted, one space between, "-" for none. */
static void join(struct words *words, char ret[LINE_MAX])
{
    size_t len = 0;

    qsort(words->text, words->count, WORD_MAX, by_text);
    (void)snprintf(ret, LINE_MAX, "-");
    for (size_t i = 0; i < words->count; i++)
        len +=
            (size_t)snprintf(ret + len, LINE_MAX - len, "%s%s", i > 0 ? " " : "", words->text[i]);
}

static void list_codes(const struct run *run, char ret[LINE_MAX])
{
    struct words words = {.count = 0};

    for (size_t i = 0; i < run->count; i++) {
        /* What is inside bytes that are kept beside has codes of its own. */
        if (run->records[i].kind == VB_EV_ARCHIVE_HOSTILE &&
            strchr(run->records[i].path, '!') == NULL)
            add_word(&words, run->records[i].code, true);
    }
    join(&words, ret);
}

/* --- readings --- */

static int ignore_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    (void)sink;
    return vb_event_check(event, err);
}

static void add_reading(struct unpack *u, const struct zip_reading *reading, struct words *words)
{
    char word[WORD_MAX];
    char name[64] = "";

    assert_true(reading->name_len < sizeof(name));
    assert_int_equal(read_at(u, name, reading->name_len, reading->name_at), 0);
    assert_true(reading->data_at > 0 && reading->data_at <= u->size);
    (void)snprintf(word, sizeof(word), "%s:%s", reading->reader, name);
    add_word(words, word, false);
}

static void list_readings(int fd, uint64_t size, char ret[LINE_MAX])
{
    VB_CLEANUP(zip_directory_done) struct zip_directory directory = {0};
    struct vb_sink sink = {.emit = ignore_event};
    struct vb_error err = {0};
    struct unpack u = {.limits = &maker_limits,
                       .sink = &sink,
                       .err = &err,
                       .fd = fd,
                       .name = "x.zip",
                       .place = ".",
                       .prefix = "",
                       .size = size};
    struct words words = {.count = 0};

    assert_int_equal(zip_directory_read(&u, &directory), 0);
    for (size_t i = 0; i < directory.reading_count; i++)
        add_reading(&u, &directory.readings[i], &words);
    join(&words, ret);
}

/* --- the table --- */

static size_t check_words(const char *name, const char *what, const char *want, const char *got)
{
    if (strcmp(want, got) == 0)
        return 0;
    print_error("%s: %s\n  want %s\n  got  %s\n", name, what, want, got);
    return 1;
}

static size_t check_zip(int folder, const char *name, const char *codes, const char *readings)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf buf;
    struct vb_error err = {0};
    char got[LINE_MAX];
    char file[WORD_MAX];
    struct bytes bytes;
    struct run run;
    size_t wrong;

    (void)snprintf(file, sizeof(file), "%s.zip", name);
    VB_CLEANUP_FD int fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
    vb_buf_init(&buf, 16u << 20);
    assert_true(fd >= 0);
    assert_int_equal(vb_buf_read_fd(&buf, fd, &err), 0);
    bytes = (struct bytes){buf.data, buf.len};
    run_unpack(&run, &bytes, "x.zip", NULL);
    if (run.status != 0)
        fail_msg("%s: %s", name, run.err.message);
    list_codes(&run, got);
    wrong = check_words(name, "codes", codes, got);
    for (size_t i = 0; i < run.count && (wrong > 0 || getenv("VETBOX_VERBOSE") != NULL); i++)
        print_message("  %s %s: %s\n", run.records[i].code, run.records[i].path,
                      run.records[i].detail);
    run_done(&run);
    list_readings(fd, buf.len, got);
    return wrong + check_words(name, "readings", readings, got);
}

static void test_zips(void **state)
{
    const char *const zips = getenv("VETBOX_ZIPS");
    VB_CLEANUP_FD int folder = open(zips != NULL ? zips : "", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FILE FILE *table = NULL;
    char line[LINE_MAX];
    size_t count = 0;
    size_t wrong = 0;

    (void)state;
    assert_true(folder >= 0);
    table = fdopen(openat(folder, "expected.tsv", O_RDONLY | O_CLOEXEC), "r");
    assert_non_null(table);
    while (fgets(line, sizeof(line), table) != NULL) {
        char *rest = line;
        const char *const name = strsep(&rest, "\t");
        const char *const codes = strsep(&rest, "\t");
        const char *const readings = strsep(&rest, "\n");

        assert_non_null(readings);
        wrong += check_zip(folder, name, codes, readings);
        count++;
    }
    print_message("%zu zips, %zu not as expected\n", count, wrong);
    assert_true(count > 100 && wrong == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_zips)};

    if (getenv("VETBOX_ZIPS") == NULL) {
        print_message("skipped: VETBOX_ZIPS does not say where the zips are\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
