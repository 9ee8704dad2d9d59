/* cache: files of packages that are kept, by several of us at once. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/cache.h"

struct folder {
    char path[64];
    int fd;
};

static void new_folder(struct folder *ret)
{
    snprintf(ret->path, sizeof(ret->path), "/tmp/vetbox-cache-XXXXXX");
    assert_non_null(mkdtemp(ret->path));
    ret->fd = open(ret->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(ret->fd >= 0);
}

static void name_of(unsigned number, char ret[VB_CACHE_NAME_BYTES])
{
    snprintf(ret, VB_CACHE_NAME_BYTES, "sha256-%064x", number);
}

/* A file of 1000 bytes that was last used AGE seconds ago. */
static void put(const struct folder *folder, const char *name, time_t age)
{
    static const char bytes[1000];
    const struct timespec when[2] = {{time(NULL) - age, 0}, {time(NULL) - age, 0}};
    VB_CLEANUP_FD int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
    assert_int_equal(futimens(fd, when), 0);
}

static bool is_there(const struct folder *folder, const char *name)
{
    return faccessat(folder->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void folder_done(struct folder *folder, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)unlinkat(folder->fd, names[i], 0);
    vb_close_fd(&folder->fd);
    assert_int_equal(rmdir(folder->path), 0);
}

/* Two writers never have the same file, whatever their process numbers are. */
static void test_new_files(void **state)
{
    char first[VB_CACHE_NAME_BYTES], second[VB_CACHE_NAME_BYTES];
    struct folder folder = {.fd = -1};
    (void)state;
    new_folder(&folder);
    VB_CLEANUP_FD int a = vb_cache_new(folder.fd, first);
    VB_CLEANUP_FD int b = vb_cache_new(folder.fd, second);
    assert_true(a >= 0 && b >= 0);
    assert_string_not_equal(first, second);
    assert_true(is_there(&folder, first) && is_there(&folder, second));
    assert_false(vb_cache_is_digest(first));
    assert_int_equal(vb_cache_new(-1, first), -1);
    const char *const names[] = {first, second};
    folder_done(&folder, names, 2);
}

static void test_list(void **state)
{
    char name[VB_CACHE_NAME_BYTES], other[VB_CACHE_NAME_BYTES];
    VB_CLEANUP(vb_cache_list_done) struct vb_cache_list list = {0};
    struct vb_error err;
    struct folder folder = {.fd = -1};
    (void)state;
    new_folder(&folder);
    name_of(1, name);
    name_of(2, other);
    put(&folder, name, 0);
    put(&folder, "notes.txt", 0);
    assert_int_equal(symlinkat(name, folder.fd, other), 0);
    assert_int_equal(vb_cache_read(folder.fd, &list, &err), VB_OK);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.all[0].digest, name);
    assert_int_equal(list.all[0].size, 1000);
    assert_int_equal(vb_cache_take(folder.fd, other), -1);
    const char *const names[] = {name, other, "notes.txt"};
    folder_done(&folder, names, 3);
}

static void test_trim(void **state)
{
    char names[5][VB_CACHE_NAME_BYTES];
    struct folder folder = {.fd = -1};
    (void)state;
    new_folder(&folder);
    for (unsigned i = 0; i < 5; i++) {
        name_of(i, names[i]);
        put(&folder, names[i], (time_t)1000 * (i + 1)); /* the last is the oldest */
    }
    put(&folder, ".new-0123", 5000);
    put(&folder, ".new-4567", 10);
    put(&folder, "notes.txt", 9000);
    VB_CLEANUP_FD int used = vb_cache_take(folder.fd, names[4]);
    assert_true(used >= 0);

    /* Somebody else has listed it, and counts on what is there. */
    VB_CLEANUP_FD int busy = openat(folder.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(busy, LOCK_SH), 0);
    vb_cache_trim(folder.fd, 0);
    assert_true(is_there(&folder, names[3]) && is_there(&folder, ".new-0123"));
    vb_close_fd(&busy);

    vb_cache_trim(folder.fd, 5000);
    assert_true(is_there(&folder, names[3]));
    assert_false(is_there(&folder, ".new-0123"));
    vb_cache_trim(folder.fd, 3500);
    assert_true(is_there(&folder, names[0]) && is_there(&folder, names[1]));
    assert_false(is_there(&folder, names[2]));
    assert_false(is_there(&folder, names[3]));
    assert_true(is_there(&folder, names[4])); /* it was used */
    vb_cache_trim(folder.fd, 0);
    assert_false(is_there(&folder, names[4]));
    assert_true(is_there(&folder, ".new-4567") && is_there(&folder, "notes.txt"));
    static const char *const left[] = {".new-4567", "notes.txt"};
    folder_done(&folder, left, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_files),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_trim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
