/* The published archives of libarchive's own tests, many of them malformed: none may crash the
 * first reader, hang or leave anything behind. The second reader is there because its parsers do
 * crash: it may die in its own process, and nowhere else. Skipped (77) where VETBOX_VECTORS has
 * none. */
#include "unpack_maker.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    DATA_EXIT = 98,
    SANITIZER_EXIT = 99,
    SECONDS_MAX = 20 /* for one vector, and both readers */
};

/* What a parser of the second reader does wrong must look like a death, not like an answer. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "exitcode=99:allocator_may_return_null=1:max_allocation_size_mb=1024";
}

static const char *vectors_folder(void)
{
    const char *const given = getenv("VETBOX_VECTORS");

    return given != NULL ? given : VB_SOURCE_DIR "/../shared/vectors";
}

static unsigned value_of(char c)
{
    return ((unsigned)(unsigned char)c - 32u) & 63u;
}

/* One line of uuencode: the count, then four characters for three bytes. */
static void decode_line(const char *line, struct bytes *out)
{
    const size_t count = value_of(line[0]);
    const size_t len = strcspn(line, "\r\n");
    size_t done = 0;

    for (size_t at = 1; at + 4 <= len && done < count; at += 4) {
        const unsigned bits = value_of(line[at]) << 18 | value_of(line[at + 1]) << 12 |
                              value_of(line[at + 2]) << 6 | value_of(line[at + 3]);
        const unsigned char three[3] = {(unsigned char)(bits >> 16), (unsigned char)(bits >> 8),
                                        (unsigned char)bits};
        const size_t take = count - done < 3 ? count - done : 3;

        bytes_add(out, three, take);
        done += take;
    }
}

static struct bytes decode_file(const char *path)
{
    VB_CLEANUP_FILE FILE *file = fopen(path, "re");
    struct bytes out = {0};
    char line[512];
    bool inside = false;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (!inside)
            inside = strncmp(line, "begin ", 6) == 0;
        else if (strncmp(line, "end", 3) == 0)
            break;
        else
            decode_line(line, &out);
    }
    return out;
}

/* How a vector ended; of several, the last that is true. */
enum outcome {
    NOTHING_TO_REPORT,
    WITH_FINDINGS,
    DAMAGED,
    CLOSED,
    AT_A_LIMIT,
    READER_DIED,
    UNUSABLE,
    OUTCOME_COUNT
};

static const char *const outcome_names[OUTCOME_COUNT] = {
    [NOTHING_TO_REPORT] = "unpacked, nothing to report",
    [WITH_FINDINGS] = "unpacked, with findings",
    [DAMAGED] = "damaged, unpacked as far as it goes",
    [CLOSED] = "encrypted, some of it stays closed",
    [AT_A_LIMIT] = "ended by a limit",
    [READER_DIED] = "killed the second reader, in its own process",
    [UNUSABLE] = "unusable: an error",
};

enum { CODES_MAX = 64 };

struct code_count {
    char code[64];
    size_t vectors;
    size_t events;
};

struct tally {
    size_t vectors;
    size_t outcomes[OUTCOME_COUNT];
    size_t files;
    size_t second; /* needed the second reader */
    struct code_count codes[CODES_MAX];
    size_t code_count;
    uint64_t slowest_ms;
    char slowest[256];
};

/* What the second reader told, so that it outlives its process. */
static void send_records(const struct run *run, size_t from, int fd)
{
    struct vb_error err = {0};

    if (vb_write_all(fd, run->records + from, (run->count - from) * sizeof(*run->records), &err) !=
        0)
        print_error("%s\n", err.message);
}

static void take_records(struct run *run, int fd)
{
    struct record record;

    for (off_t at = 0; pread(fd, &record, sizeof(record), at) == (ssize_t)sizeof(record);
         at += (off_t)sizeof(record)) {
        run->records = reallocarray(run->records, run->count + 1, sizeof(*run->records));
        assert_non_null(run->records);
        run->records[run->count++] = record;
    }
}

static _Noreturn void be_second(struct run *run, const char *path, int fd)
{
    const size_t before = run->count;

    for (int number = SIGHUP; number < NSIG; number++)
        (void)signal(number, SIG_DFL); /* cmocka would go on with its tests */
    (void)alarm(SECONDS_MAX);          /* a reader that hangs dies, too */
    run_second(run);
    if (run->status != 0 && run->status != VB_E_DATA)
        print_error("%s: %s\n", path, run->err.message);
    send_records(run, before, fd);
    _exit(run->status == VB_E_DATA ? DATA_EXIT : run->status != 0);
}

/* In a process of its own, as the command does it. True if that died. */
static bool try_second(struct run *run, const char *path)
{
    VB_CLEANUP_FD int fd = memfd_create("records", MFD_CLOEXEC);
    const pid_t pid = fork();
    int how = 0;

    assert_true(fd >= 0 && pid >= 0);
    if (pid == 0)
        be_second(run, path, fd);
    assert_int_equal(waitpid(pid, &how, 0), pid);
    take_records(run, fd);
    if (WIFSIGNALED(how) || WEXITSTATUS(how) == SANITIZER_EXIT)
        return true;
    if (WEXITSTATUS(how) == DATA_EXIT)
        run->status = VB_E_DATA;
    else
        assert_int_equal(WEXITSTATUS(how), 0);
    return false;
}

static struct code_count *count_of(struct tally *tally, const char *code)
{
    for (size_t i = 0; i < tally->code_count; i++) {
        if (strcmp(tally->codes[i].code, code) == 0)
            return &tally->codes[i];
    }
    assert_true(tally->code_count < CODES_MAX);
    (void)snprintf(tally->codes[tally->code_count].code, sizeof(tally->codes->code), "%s", code);
    return &tally->codes[tally->code_count++];
}

static void count_codes(struct tally *tally, const struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct record *const r = &run->records[i];
        bool first = true;

        if (r->kind != VB_EV_ARCHIVE_HOSTILE)
            continue;
        for (size_t j = 0; j < i; j++)
            first = first &&
                    (run->records[j].kind != r->kind || strcmp(run->records[j].code, r->code) != 0);
        count_of(tally, r->code)->events++;
        count_of(tally, r->code)->vectors += first;
    }
}

static bool at_a_limit(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct record *const r = &run->records[i];

        if (r->kind == VB_EV_ARCHIVE_HOSTILE &&
            (strncmp(r->code, "limit-", 6) == 0 || strcmp(r->code, "bomb-ratio") == 0))
            return true;
    }
    return false;
}

static enum outcome outcome_of(const struct run *run, bool died)
{
    if (run->status != 0)
        return UNUSABLE;
    if (died)
        return READER_DIED;
    if (at_a_limit(run))
        return AT_A_LIMIT;
    if (run_count(run, VB_EV_ARCHIVE_HOSTILE, "encrypted", NULL) > 0)
        return CLOSED;
    if (run_count(run, VB_EV_ARCHIVE_DAMAGED, NULL, NULL) > 0)
        return DAMAGED;
    return run_count(run, VB_EV_ARCHIVE_HOSTILE, NULL, NULL) > 0 ? WITH_FINDINGS
                                                                 : NOTHING_TO_REPORT;
}

static unsigned long long ms_since(uint64_t began)
{
    return (vb_monotonic_ns() - began) / 1000000u;
}

static void check_time(struct tally *tally, const char *path, uint64_t took_ms)
{
    if (took_ms > SECONDS_MAX * 1000u)
        fail_msg("%s took %llu ms", path, (unsigned long long)took_ms);
    if (took_ms <= tally->slowest_ms)
        return;
    tally->slowest_ms = took_ms;
    (void)snprintf(tally->slowest, sizeof(tally->slowest), "%s", vb_path_base(path));
}

static void try_vector(const char *path, struct tally *tally)
{
    struct bytes b = decode_file(path);
    struct vb_unpack_limits limits = maker_limits;
    const uint64_t began = vb_monotonic_ns();
    enum outcome outcome;
    bool died = false;
    struct run run;

    limits.ratio_floor = 4u << 20;
    limits.timeout_ms = SECONDS_MAX * 1000 / 4;
    run_first(&run, &b, vb_path_base(path), &limits);
    if (run_deferred(&run)) {
        tally->second++;
        died = try_second(&run, path);
    }
    check_time(tally, path, ms_since(began));
    if (run.status != 0 && run.status != VB_E_DATA)
        fail_msg("%s: %s", path, run.err.message);
    outcome = outcome_of(&run, died);
    tally->vectors++;
    tally->outcomes[outcome]++;
    tally->files += run_files(&run);
    count_codes(tally, &run);
    if (getenv("VETBOX_VERBOSE") != NULL)
        print_message("%s: %s, %zu files, %zu events, %llu ms, %s\n", vb_path_base(path),
                      outcome_names[outcome], run_files(&run), run.count, ms_since(began),
                      run.count > 0 ? run.records[0].detail : run.err.message);
    run_done(&run);
    bytes_done(&b);
}

static int by_code(const void *a, const void *b)
{
    return strcmp(((const struct code_count *)a)->code, ((const struct code_count *)b)->code);
}

static void print_tally(struct tally *tally)
{
    print_message("%zu vectors, %zu files; the slowest took %llu ms (%s)\n", tally->vectors,
                  tally->files, (unsigned long long)tally->slowest_ms, tally->slowest);
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        print_message("%6zu  %s\n", tally->outcomes[i], outcome_names[i]);
    print_message("%6zu  of them needed the second reader\n", tally->second);
    qsort(tally->codes, tally->code_count, sizeof(tally->codes[0]), by_code);
    print_message("finding                    vectors  events\n");
    for (size_t i = 0; i < tally->code_count; i++)
        print_message("%-26s %7zu %7zu\n", tally->codes[i].code, tally->codes[i].vectors,
                      tally->codes[i].events);
}

static void test_vectors(void **state)
{
    char folder[4096];
    struct tally tally = {0};
    const struct dirent *e;
    DIR *dir;

    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/libarchive", vectors_folder());
    dir = opendir(folder);
    assert_non_null(dir);
    while ((e = readdir(dir)) != NULL) {
        char path[8192];

        if (strcmp(vb_path_extension(e->d_name), "uu") != 0)
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        try_vector(path, &tally);
    }
    closedir(dir);
    print_tally(&tally);
    assert_true(tally.vectors > 0 && tally.outcomes[NOTHING_TO_REPORT] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
    char folder[4096];
    DIR *dir;

    (void)snprintf(folder, sizeof(folder), "%s/libarchive", vectors_folder());
    dir = opendir(folder);
    if (dir == NULL) {
        print_message("skipped: no test vectors in %s (set VETBOX_VECTORS)\n", folder);
        return 77;
    }
    closedir(dir);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
