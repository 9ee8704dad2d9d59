#include "signatures_helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

static char *field(const struct vb_event *event, enum vb_field which)
{
    return vb_str_dup(vb_event_get_str(event, which));
}

static char *join(const struct vb_value *value)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf buf = {0};

    vb_buf_init(&buf, 4 * 1024 * 1024);
    for (size_t i = 0; value != NULL && i < value->list.count; i++) {
        assert_int_equal(vb_buf_append_str(&buf, i > 0 ? "," : "", NULL), 0);
        assert_int_equal(
            vb_buf_append(&buf, value->list.items[i].text, value->list.items[i].len, NULL), 0);
    }
    return strdup(buf.data != NULL ? (const char *)buf.data : "");
}

static int keep(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    struct capture *capture = (struct capture *)sink;

    const int status = vb_event_check(event, err);
    if (status < 0)
        return status;
    if (event->kind == VB_EV_COVERAGE)
        capture->coverage++;
    if (event->kind != VB_EV_SIGNATURE_RESULT)
        return 0;
    assert_in_range(capture->count, 0, SEEN_MAX - 1);
    capture->seen[capture->count++] = (struct seen){
        .format = field(event, VB_F_FORMAT),
        .outcome = field(event, VB_F_OUTCOME),
        .path = field(event, VB_F_PATH),
        .name = field(event, VB_F_NAME),
        .key_id = field(event, VB_F_KEY_ID),
        .reason = field(event, VB_F_REASON),
        .covers = join(vb_event_get(event, VB_F_COVERS)),
        .clock = vb_event_get_int(event, VB_F_CLOCK, 0),
    };
    return 0;
}

void capture_init(struct capture *capture)
{
    *capture = (struct capture){.sink = {.emit = keep}};
}

void capture_done(struct capture *capture)
{
    for (size_t i = 0; i < capture->count; i++) {
        struct seen *seen = &capture->seen[i];
        free(seen->format);
        free(seen->outcome);
        free(seen->path);
        free(seen->name);
        free(seen->key_id);
        free(seen->reason);
        free(seen->covers);
    }
    capture->count = 0;
}

void package_init(struct package *package)
{
    struct vb_error err = {0};

    *package = (struct package){.path = "/tmp/vetbox-signatures-XXXXXX"};
    assert_non_null(mkdtemp(package->path));
    package->fd = open(package->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(package->fd >= 0);
    if (vb_trust_load(FIXTURES "/trust", &package->trust, &err) < 0)
        fail_msg("%s", err.message);
}

static int remove_entry(const char *path, const struct stat *st VB_UNUSED, int type VB_UNUSED,
                        struct FTW *ftw VB_UNUSED)
{
    return remove(path);
}

void package_done(struct package *package)
{
    vb_trust_free(package->trust);
    vb_close_fd(&package->fd);
    assert_int_equal(nftw(package->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void package_put(const struct package *package, const char *name, const void *data, size_t len)
{
    struct vb_error err = {0};

    assert_int_equal(vb_mkdir_parents(package->fd, name), 0);
    VB_CLEANUP_FD int fd =
        openat(package->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(vb_write_all(fd, data, len, &err), 0);
}

void file_read(const char *path, struct vb_buf *ret)
{
    struct vb_error err = {0};
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        fail_msg("cannot open %s", path);
    vb_buf_init(ret, 16 * 1024 * 1024);
    assert_int_equal(vb_buf_read_fd(ret, fd, &err), 0);
}

void fixture_read(const char *name, struct vb_buf *ret)
{
    char path[512];

    snprintf(path, sizeof(path), FIXTURES "/package/%s", name);
    file_read(path, ret);
}

void package_copy(const struct package *package, const char *fixture, const char *name)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf data = {0};

    fixture_read(fixture, &data);
    package_put(package, name, data.data, data.len);
}

int package_setup(void **state)
{
    struct package *package = calloc(1, sizeof(*package));

    package_init(package);
    *state = package;
    return 0;
}

int package_teardown(void **state)
{
    package_done(*state);
    free(*state);
    return 0;
}

void put_text(const struct package *package, const char *name, const char *text)
{
    package_put(package, name, text, strlen(text));
}

void package_verify(const struct package *package, struct capture *ret)
{
    struct vb_error err = {0};

    capture_init(ret);
    if (vb_verify(package->fd, package->trust, &ret->sink, &err) < 0)
        fail_msg("%s", err.message);
}

void expect_one(const struct package *package, const char *format, const char *outcome,
                const char *reason_part)
{
    VB_CLEANUP(capture_done) struct capture capture;

    package_verify(package, &capture);
    assert_int_equal(capture.count, 1);
    const struct seen *seen = &capture.seen[0];
    if (strcmp(seen->format, format) != 0 || strcmp(seen->outcome, outcome) != 0 ||
        strstr(seen->reason, reason_part) == NULL)
        fail_msg("wanted %s %s (%s), got %s %s (%s)", format, outcome, reason_part, seen->format,
                 seen->outcome, seen->reason);
}

const char *vectors_folder(char *ret, size_t size)
{
    const char *named = getenv("VETBOX_VECTORS");

    snprintf(ret, size, "%s", named != NULL ? named : VB_SOURCE_DIR "/../shared/vectors");
    return access(ret, R_OK) == 0 ? ret : NULL;
}

int run_tool(const char *folder, const char *const *argv)
{
    enum { ARGS_MAX = 24 };
    posix_spawn_file_actions_t actions;
    char *args[ARGS_MAX + 1] = {0};
    pid_t pid;
    int status;

    for (size_t i = 0; argv[i] != NULL && i < ARGS_MAX; i++)
        args[i] = (char *)(uintptr_t)argv[i];
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, 1, 2), 0);
    assert_int_equal(posix_spawn_file_actions_addchdir_np(&actions, folder), 0);
    extern char **environ;
    const int spawned = posix_spawnp(&pid, args[0], &actions, NULL, args, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (spawned != 0)
        return 127;
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
