/* Walking, hashing and copying a folder that somebody else filled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vetbox/core.h"

struct folder {
    char path[64];
    int fd;
};

struct counting_sink {
    struct vb_sink sink;
    size_t by_kind[VB_EVENT_KIND_COUNT];
};

static int count_event(struct vb_sink *base, struct vb_event *event, struct vb_error *err)
{
    struct counting_sink *sink = (struct counting_sink *)(void *)base;
    sink->by_kind[event->kind]++;
    return vb_event_check(event, err);
}

static const struct vb_tree_limits limits = {
    .bytes = 1 << 20, .file_bytes = 1 << 16, .entries = 100, .depth = 8};

static void folder_make(struct folder *folder)
{
    snprintf(folder->path, sizeof(folder->path), "/tmp/vetbox-tree-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder->fd >= 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void folder_remove(struct folder *folder)
{
    if (folder->fd >= 0)
        close(folder->fd);
    assert_int_equal(nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void write_file(int dirfd, const char *path, const char *text, mode_t mode)
{
    assert_int_equal(vb_mkdir_parents(dirfd, path), 0);
    VB_CLEANUP_FD int fd = vb_open_beneath(dirfd, path, O_WRONLY | O_CREAT | O_EXCL, mode);
    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, text, strlen(text), NULL), VB_OK);
}

static void fill(int dirfd)
{
    write_file(dirfd, "SKILL.md", "hello\n", 0644);
    write_file(dirfd, "scripts/run.sh", "#!/bin/sh\n", 0755);
    write_file(dirfd, "scripts-more/z", "z", 0644);
    assert_int_equal(symlinkat("/etc/passwd", dirfd, "leak"), 0);
    assert_int_equal(mkfifoat(dirfd, "pipe", 0600), 0);
}

static void copying_keeps_files_and_links_and_skips_the_rest(void **state)
{
    (void)state;
    struct folder from;
    struct folder to;
    struct counting_sink sink = {.sink.emit = count_event};
    folder_make(&from);
    folder_make(&to);
    fill(from.fd);
    struct vb_tree_sum sum = {0};
    assert_int_equal(vb_tree_copy(from.fd, to.fd, &limits, &sink.sink, &sum, NULL), VB_OK);
    assert_int_equal(sink.by_kind[VB_EV_COVERAGE], 1); /* the FIFO */
    assert_int_equal(sum.files, 3);
    assert_int_equal(sum.bytes, 6 + 10 + 1);
    struct vb_tree *tree = NULL;
    assert_int_equal(vb_tree_seal(vb_steal_fd(&to.fd), &limits, &sink.sink, &tree, NULL), VB_OK);
    assert_int_equal(tree->count, 3);
    assert_string_equal(tree->files[0].path, "SKILL.md");
    assert_string_equal(tree->files[1].path, "scripts-more/z");
    assert_string_equal(tree->files[2].path, "scripts/run.sh");
    assert_int_equal(tree->files[2].mode & 0777, 0755);
    assert_int_equal(tree->bytes, 6 + 10 + 1);
    assert_int_equal(sink.by_kind[VB_EV_TREE_LINK], 1);
    assert_string_equal(vb_tree_find(tree, "SKILL.md")->sha256,
                        "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
    assert_null(vb_tree_find(tree, "leak"));
    vb_tree_free(tree);
    folder_remove(&from);
    folder_remove(&to);
}

static void what_is_copied_ahead_is_left_out_later(void **state)
{
    (void)state;
    static const char *const made_up[] = {"../SKILL.md", "/etc/passwd", "leak", "pipe",
                                          "scripts",     "missing",     ""};
    struct folder from;
    struct folder to;
    struct counting_sink sink = {.sink.emit = count_event};
    struct vb_tree_sum sum = {0};
    struct vb_tree_limits shorter = limits;
    shorter.file_bytes = 9; /* one byte less than it is */
    folder_make(&from);
    folder_make(&to);
    fill(from.fd);
    for (size_t i = 0; i < VB_ARRAY_LEN(made_up); i++)
        assert_int_equal(vb_tree_copy_ahead(from.fd, made_up[i], to.fd, &limits, &sum, NULL),
                         VB_OK);
    assert_int_equal(vb_tree_copy_ahead(from.fd, "scripts/run.sh", to.fd, &shorter, &sum, NULL),
                     VB_OK);
    assert_int_equal(sum.files, 0);
    for (int twice = 0; twice < 2; twice++)
        assert_int_equal(vb_tree_copy_ahead(from.fd, "scripts/run.sh", to.fd, &limits, &sum, NULL),
                         VB_OK);
    assert_int_equal(sum.files, 1);
    assert_int_equal(sum.bytes, 10);
    assert_int_equal(vb_tree_copy(from.fd, to.fd, &limits, &sink.sink, &sum, NULL), VB_OK);
    assert_int_equal(sum.files, 3);
    assert_int_equal(sum.bytes, 6 + 10 + 1);
    struct stat st;
    assert_int_equal(fstatat(to.fd, "scripts/run.sh", &st, 0), 0);
    assert_int_equal(st.st_size, 10);
    assert_int_equal(st.st_mode & 0777, 0755);
    /* Whoever copied nothing ahead is told of a file that is there. */
    assert_int_equal(vb_tree_copy(from.fd, to.fd, &limits, &sink.sink, NULL, NULL), VB_E_IO);
    folder_remove(&from);
    folder_remove(&to);
}

static void opening_never_leaves_the_folder(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    assert_int_equal(symlinkat("/etc", folder.fd, "etc"), 0);
    assert_int_equal(vb_open_beneath(folder.fd, "../etc/passwd", O_RDONLY, 0), -1);
    assert_int_equal(errno, EXDEV);
    assert_int_equal(vb_open_beneath(folder.fd, "/etc/passwd", O_RDONLY, 0), -1);
    assert_int_equal(vb_open_beneath(folder.fd, "etc/passwd", O_RDONLY, 0), -1);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(vb_mkdir_parents(folder.fd, "etc/vetbox-test/x"), -1);
    assert_int_equal(vb_mkdir_parents(folder.fd, "../vetbox-test/x"), -1);
    folder_remove(&folder);
}

static void limits_hold(void **state)
{
    (void)state;
    static const struct vb_tree_limits small[] = {
        {.bytes = 10, .file_bytes = 1000, .entries = 100, .depth = 8},
        {.bytes = 1000, .file_bytes = 5, .entries = 100, .depth = 8},
        {.bytes = 1000, .file_bytes = 1000, .entries = 3, .depth = 8},
        {.bytes = 1000, .file_bytes = 1000, .entries = 100, .depth = 0},
    };
    for (size_t i = 0; i < VB_ARRAY_LEN(small); i++) {
        struct folder from;
        struct folder to;
        struct counting_sink sink = {.sink.emit = count_event};
        folder_make(&from);
        folder_make(&to);
        fill(from.fd);
        assert_int_equal(vb_tree_copy(from.fd, to.fd, &small[i], &sink.sink, NULL, NULL),
                         VB_E_LIMIT);
        struct vb_tree_limits lenient = small[i]; /* the same, told instead of refused */
        lenient.leave_out = true;
        struct folder again;
        folder_make(&again);
        sink.by_kind[VB_EV_COVERAGE] = 0;
        assert_int_equal(vb_tree_copy(from.fd, again.fd, &lenient, &sink.sink, NULL, NULL), VB_OK);
        assert_true(sink.by_kind[VB_EV_COVERAGE] > 0);
        folder_remove(&again);
        folder_remove(&from);
        folder_remove(&to);
    }
}

/* Whatever of the folders is there already, and nothing through what is none. */
static void folders_above_a_path_are_made(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int error; /* 0: made */
    } rows[] = {
        {"file", 0},     {"a/file", 0},       {"a/b/c/d/file", 0}, {"a/b/x/y/file", 0},
        {"a/b/c/d/", 0}, {"q/r/s/", 0},       {"f/g/h", ENOTDIR},  {"link/h/i", ELOOP},
        {"a/../z/h", 0}, {"../z/h/i", EXDEV}, {"/z/h/i", EXDEV},   {"n//h", ENOENT},
    };
    struct folder folder;
    char deep[4200];
    struct stat st;
    folder_make(&folder);
    write_file(folder.fd, "f", "", 0644);
    assert_int_equal(symlinkat("a", folder.fd, "link"), 0);
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        errno = 0;
        assert_int_equal(vb_mkdir_parents(folder.fd, rows[i].path), rows[i].error != 0 ? -1 : 0);
        if (rows[i].error != 0)
            assert_int_equal(errno, rows[i].error);
    }
    assert_int_equal(fstatat(folder.fd, "a/b/c/d", &st, 0), 0);
    assert_int_equal(fstatat(folder.fd, "a/b/x/y", &st, 0), 0);
    assert_int_equal(fstatat(folder.fd, "a/h", &st, 0), -1); /* not through the link */
    for (size_t i = 0; i < sizeof(deep) - 1; i++)
        deep[i] = i % 2 == 0 ? 'e' : '/';
    deep[sizeof(deep) - 1] = '\0';
    assert_int_equal(vb_mkdir_parents(folder.fd, deep), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    deep[400] = '\0';
    assert_int_equal(vb_mkdir_parents(folder.fd, deep), 0);
    deep[399] = '\0';
    assert_int_equal(fstatat(folder.fd, deep, &st, 0), 0);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copying_keeps_files_and_links_and_skips_the_rest),
        cmocka_unit_test(what_is_copied_ahead_is_left_out_later),
        cmocka_unit_test(opening_never_leaves_the_folder),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(folders_above_a_path_are_made),
    };
    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
