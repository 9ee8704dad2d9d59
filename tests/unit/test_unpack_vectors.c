/* The published archives of libarchive's own tests, many of them malformed: none may crash the
 * first reader, hang or leave anything behind. The second reader is there because its parsers do
 * crash: it may die in its own process, and nowhere else. Skipped (77) where VETBOX_VECTORS has
 * none. */
#include "unpack_maker.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SANITIZER_EXIT = 99 };

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

struct tally {
    size_t vectors;
    size_t unpacked;
    size_t unusable;
    size_t files;
    size_t hostile;
    size_t damaged;
    size_t second; /* opened by the second reader */
    size_t died;   /* killed it */
};

/* In a process of its own, as the command does it. */
static void try_second(struct run *run, const char *path, struct tally *tally)
{
    const pid_t pid = fork();
    int how = 0;

    assert_true(pid >= 0);
    if (pid == 0) {
        for (int number = SIGHUP; number < NSIG; number++)
            (void)signal(number, SIG_DFL); /* cmocka would go on with its tests */
        run_second(run);
        if (run->status != 0 && run->status != VB_E_DATA)
            print_error("%s: %s\n", path, run->err.message);
        _exit(run->status != 0 && run->status != VB_E_DATA);
    }
    assert_int_equal(waitpid(pid, &how, 0), pid);
    tally->second++;
    tally->died += WIFSIGNALED(how) || WEXITSTATUS(how) == SANITIZER_EXIT;
    if (WIFEXITED(how) && WEXITSTATUS(how) != SANITIZER_EXIT)
        assert_int_equal(WEXITSTATUS(how), 0);
}

static void try_vector(const char *path, struct tally *tally)
{
    struct bytes b = decode_file(path);
    struct vb_unpack_limits limits = maker_limits;
    struct run run;

    limits.ratio_floor = 4u << 20;
    run_first(&run, &b, vb_path_base(path), &limits);
    if (run_deferred(&run))
        try_second(&run, path, tally);
    if (run.status != 0 && run.status != VB_E_DATA)
        fail_msg("%s: %s", path, run.err.message);
    tally->vectors++;
    tally->unpacked += run.status == 0;
    tally->unusable += run.status != 0;
    tally->files += run_files(&run);
    tally->hostile += run_count(&run, VB_EV_ARCHIVE_HOSTILE, NULL, NULL);
    tally->damaged += run_count(&run, VB_EV_ARCHIVE_DAMAGED, NULL, NULL);
    if (getenv("VETBOX_VERBOSE") != NULL)
        print_message("%s: %d, %zu files, %zu events, %s\n", vb_path_base(path), run.status,
                      run_files(&run), run.count,
                      run.count > 0 ? run.records[0].detail : run.err.message);
    run_done(&run);
    bytes_done(&b);
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
    print_message("%zu vectors: %zu unpacked, %zu unusable; %zu files, %zu hostile, %zu damaged; "
                  "the second reader opened %zu, which killed it %zu times\n",
                  tally.vectors, tally.unpacked, tally.unusable, tally.files, tally.hostile,
                  tally.damaged, tally.second, tally.died);
    assert_true(tally.vectors > 0 && tally.unpacked > 0);
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
