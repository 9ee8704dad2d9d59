/* cgroup: control groups of version 2 for boxes. Trusted code: it reads the kernel's files only. */
#include "sandbox/box/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/confine.h"
#include "sandbox/box/kernel.h"

#define OURS "vetbox" /* where we are; the others' names begin with it */

enum { PATH_BYTES = 4096, TEXT_BYTES = 8192, MAX_TRIES = 16, REMOVE_PATIENCE_MS = 2000 };

static const char *const controllers[] = {"memory", "pids"};

static int open_group(int dirfd, const char *path)
{
    return openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* --- finding what is ours --- */

/* This process's group, as /proc says it (cgroups(7)): a line "0::PATH". */
static bool own_path(char ret[PATH_BYTES])
{
    char text[TEXT_BYTES] = "\n";
    if (vb_sys_read_file(AT_FDCWD, "/proc/self/cgroup", text + 1, sizeof(text) - 1) <= 0)
        return false;
    const char *at = strstr(text, "\n0::/");
    if (at == NULL)
        return false;
    snprintf(ret, PATH_BYTES, "%.*s", (int)strcspn(at + 4, "\n"), at + 4);
    return true;
}

/* PATH as it is below a mount that shows ROOT of the hierarchy; NULL: not at all. */
static const char *below(const char *path, const char *root)
{
    const size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);
    return strncmp(path, root, len) == 0 && (path[len] == '/' || path[len] == '\0') ? path + len
                                                                                    : NULL;
}

static void close_stream(FILE **stream)
{
    if (*stream != NULL)
        fclose(*stream);
}

/* The group PATH, through whichever mount shows it. *RET_NAME is its last component: "" for the top
 * of what is mounted. */
static int open_mounted(const char *path, const char **ret_name)
{
    VB_CLEANUP(close_stream) FILE *mounts = fopen("/proc/self/mountinfo", "re");
    VB_CLEANUP_FREE char *line = NULL;
    size_t size = 0;
    while (mounts != NULL && getline(&line, &size, mounts) > 0) {
        VB_CLEANUP_FREE char *root = NULL;
        VB_CLEANUP_FREE char *point = NULL;
        char full[2 * PATH_BYTES];
        if (strstr(line, " - cgroup2 ") == NULL ||
            sscanf(line, "%*u %*u %*s %ms %ms", &root, &point) != 2)
            continue;
        const char *rest = below(path, root);
        if (rest == NULL)
            continue;
        snprintf(full, sizeof(full), "%s%s", point, rest);
        const int fd = open_group(AT_FDCWD, full);
        if (fd < 0)
            continue;
        const char *slash = strrchr(rest, '/');
        *ret_name = slash == NULL ? "" : slash + 1;
        return fd;
    }
    errno = ENOENT;
    return -1;
}

static bool has_word(const char *text, const char *word)
{
    const size_t len = strlen(word);
    for (; *text != '\0'; text += strspn(text, " \n")) {
        const size_t found = strcspn(text, " \n");
        if (found == len && memcmp(text, word, len) == 0)
            return true;
        text += found;
    }
    return false;
}

/* Whether the file NAME of GROUP lists one of the controllers that we need. */
static bool lists_controller(int group, const char *name)
{
    char text[TEXT_BYTES] = "";
    (void)vb_sys_read_file(group, name, text, sizeof(text));
    for (size_t i = 0; i < VB_ARRAY_LEN(controllers); i++) {
        if (has_word(text, controllers[i]))
            return true;
    }
    return false;
}

/* This process, or one that it started (the zygote). */
static bool is_ours(pid_t pid)
{
    char path[64];
    char text[1024] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (pid == getpid() || vb_sys_read_file(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return pid == getpid();
    const char *at = strrchr(text, ')'); /* behind the name: " S PARENT" */
    return at != NULL && strlen(at) > 4 && strtol(at + 4, NULL, 10) == getpid();
}

/* A group with processes passes no controller on: it is vacated only if all of them are ours. */
static bool is_alone(int group)
{
    char text[TEXT_BYTES] = "";
    bool alone = vb_sys_read_file(group, "cgroup.procs", text, sizeof(text)) > 0;
    for (char *at = text; alone && *at >= '0' && *at <= '9'; at++)
        alone = is_ours((pid_t)strtol(at, &at, 10));
    return alone;
}

static int find(struct vb_cgroups *groups, struct vb_error *err)
{
    char path[PATH_BYTES];
    const char *name = "";
    groups->home = own_path(path) ? open_mounted(path, &name) : -1;
    if (groups->home < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, 0, "no control group (version 2) of ours is mounted");
    const bool above = strcmp(name, OURS) == 0;
    groups->base = open_group(groups->home, above ? ".." : ".");
    if (groups->base < 0 || !lists_controller(groups->base, "cgroup.controllers"))
        return vb_fail(err, VB_E_UNAVAILABLE, 0,
                       "our control group %s has neither the memory nor the pids controller", path);
    /* Or we could not come back. */
    if (faccessat(groups->home, "cgroup.procs", W_OK, AT_EACCESS) < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, errno, "our control group %s", path);
    groups->switched_on = !lists_controller(groups->base, "cgroup.subtree_control");
    if (groups->switched_on && (above || !is_alone(groups->home)))
        return vb_fail(err, VB_E_UNAVAILABLE, 0, "our control group %s has other processes in it",
                       path);
    return VB_OK;
}

/* --- what is left of those that were killed --- */

static int remove_group(int dirfd, const char *name)
{
    for (int ms = 0; unlinkat(dirfd, name, AT_REMOVEDIR) < 0; ms++) {
        /* Who was killed is there until it has ended. */
        if (errno != EBUSY || ms >= REMOVE_PATIENCE_MS)
            return -1;
        (void)usleep(1000);
    }
    return 0;
}

/* Removes the groups in TOP, whoever was in them. */
static void empty(int top)
{
    const int copy = open_group(top, ".");
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    (void)vb_sys_write_file(top, "cgroup.kill", "1");
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            (void)remove_group(top, entry->d_name);
    }
}

/* A vetbox that was killed took its processes with it, not its groups. */
static void sweep(int base)
{
    const int copy = open_group(base, ".");
    VB_CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, OURS "-", strlen(OURS "-")) != 0)
            continue;
        VB_CLEANUP_FD int top = open_group(base, entry->d_name);
        if (top < 0 || flock(top, LOCK_EX | LOCK_NB) < 0)
            continue; /* it lives */
        empty(top);
        (void)remove_group(base, entry->d_name);
    }
}

/* --- making room --- */

/* Makes TOP and locks it. One that was swept before it was locked is made again. */
static int make_top(struct vb_cgroups *groups, struct vb_error *err)
{
    for (unsigned i = 0; i < MAX_TRIES; i++) {
        snprintf(groups->name, sizeof(groups->name), OURS "-%d-%u", (int)getpid(), i);
        if (mkdirat(groups->base, groups->name, 0755) < 0) {
            if (errno == EEXIST)
                continue;
            break;
        }
        VB_CLEANUP_FD int top = open_group(groups->base, groups->name);
        if (top >= 0 && flock(top, LOCK_EX | LOCK_NB) == 0 && mkdirat(top, OURS, 0755) == 0) {
            groups->top = vb_steal_fd(&top);
            return VB_OK;
        }
    }
    return vb_fail(err, VB_E_UNAVAILABLE, errno, "making a control group below ours");
}

/* Who ends meanwhile need not be moved. */
static void move_all(int from, const char *from_file, int to, const char *to_file)
{
    char text[TEXT_BYTES] = "";
    (void)vb_sys_read_file(from, from_file, text, sizeof(text));
    char *rest = text;
    for (const char *pid = strsep(&rest, "\n"); pid != NULL && *pid != '\0';
         pid = strsep(&rest, "\n"))
        (void)vb_sys_write_file(to, to_file, pid);
}

/* Each by itself: what is not delegated is left to the watch. */
static void switch_controllers(int group, char sign)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(controllers); i++) {
        char word[32];
        snprintf(word, sizeof(word), "%c%s", sign, controllers[i]);
        (void)vb_sys_write_file(group, "cgroup.subtree_control", word);
    }
}

/* The supervisor, which starts the box, is not root: it may move processes between our groups, and
 * change nothing else. */
static int hand_over(int group, struct vb_error *err)
{
    if (geteuid() == 0 && fchownat(group, "cgroup.procs", VB_SANDBOX_UID, VB_SANDBOX_GID, 0) < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, errno, "handing over a control group");
    return VB_OK;
}

/* A change of group costs ten milliseconds and more where none was changed just before; a process
 * that is started in a group, nothing. So it is we who move, once a package. */
static int enter(struct vb_cgroups *groups, struct vb_error *err)
{
    if (vb_sys_write_file(groups->top, OURS "/cgroup.procs", "0") < 0)
        return vb_fail(err, VB_E_UNAVAILABLE, errno, "moving into a control group of our own");
    groups->moved = true;
    if (groups->switched_on) {
        move_all(groups->home, "cgroup.procs", groups->top, OURS "/cgroup.procs");
        switch_controllers(groups->base, '+');
    }
    switch_controllers(groups->top, '+');
    if (!lists_controller(groups->top, "cgroup.subtree_control"))
        return vb_fail(err, VB_E_UNAVAILABLE, 0, "no controller could be switched on");
    return hand_over(groups->top, err);
}

void vb_cgroups_init(struct vb_cgroups *groups)
{
    *groups = (struct vb_cgroups){.home = -1, .base = -1, .top = -1};
}

int vb_cgroups_new(struct vb_cgroups *ret, struct vb_error *err)
{
    VB_CLEANUP(vb_cgroups_done) struct vb_cgroups groups;
    vb_cgroups_init(&groups);
    int status = find(&groups, err);
    if (status < 0)
        return status;
    sweep(groups.base);
    status = make_top(&groups, err);
    if (status == VB_OK)
        status = enter(&groups, err);
    if (status < 0)
        return status;
    *ret = groups;
    vb_cgroups_init(&groups);
    return VB_OK;
}

void vb_cgroups_done(struct vb_cgroups *groups)
{
    if (groups->moved) {
        switch_controllers(groups->top, '-');
        if (groups->switched_on)
            switch_controllers(groups->base, '-');
        move_all(groups->top, OURS "/cgroup.procs", groups->home, "cgroup.procs");
    }
    if (groups->top >= 0) {
        (void)unlinkat(groups->top, OURS, AT_REMOVEDIR);
        (void)unlinkat(groups->base, groups->name, AT_REMOVEDIR);
    }
    vb_close_fd(&groups->home);
    vb_close_fd(&groups->base);
    vb_close_fd(&groups->top);
    vb_cgroups_init(groups);
}

/* --- one box --- */

static void name_box(uint32_t id, char ret[32])
{
    snprintf(ret, 32, "box-%u", (unsigned)id);
}

/* Writes limits in one order: a file that is not there belongs to a controller that is not ours. */
static int set_limits(int dir, const struct vb_cgroup_limits *limits, struct vb_error *err)
{
    char memory[32];
    char processes[32];
    snprintf(memory, sizeof(memory), "%llu", (unsigned long long)limits->memory_bytes);
    snprintf(processes, sizeof(processes), "%u", limits->processes);
    const struct {
        const char *file, *value;
    } rows[] = {{"memory.max", memory},
                {"memory.swap.max", "0"},
                {"memory.oom.group", "1"},
                {"pids.max", processes}};
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        if (vb_sys_write_file(dir, rows[i].file, rows[i].value) < 0 && errno != ENOENT)
            return vb_fail(err, VB_E_OS, errno, "setting %s of a box", rows[i].file);
    }
    return VB_OK;
}

int vb_cgroup_new(const struct vb_cgroups *groups, const struct vb_cgroup_limits *limits,
                  struct vb_cgroup *ret, struct vb_error *err)
{
    char name[32];
    struct vb_cgroup group = {-1, -1};
    if (groups->top < 0) {
        *ret = group;
        return VB_OK;
    }
    name_box(limits->id, name);
    if (mkdirat(groups->top, name, 0755) < 0 || (group.dir = open_group(groups->top, name)) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the control group of a box");
    group.kill = openat(group.dir, "cgroup.kill", O_WRONLY | O_CLOEXEC);
    int status = group.kill < 0 ? vb_fail(err, VB_E_OS, errno, "opening the control group of a box")
                                : set_limits(group.dir, limits, err);
    if (status == VB_OK)
        status = hand_over(group.dir, err);
    if (status < 0)
        vb_cgroup_done(groups, limits->id, &group);
    else
        *ret = group;
    return status;
}

void vb_cgroup_kill(const struct vb_cgroup *group)
{
    if (group->kill >= 0)
        (void)!write(group->kill, "1", 1);
}

int64_t vb_cgroup_read(const struct vb_cgroup *group, const char *file, const char *key)
{
    char text[TEXT_BYTES] = "\n";
    char mark[64];
    if (group->dir < 0 || vb_sys_read_file(group->dir, file, text + 1, sizeof(text) - 1) <= 0)
        return -1;
    snprintf(mark, sizeof(mark), "\n%s%s", key == NULL ? "" : key, key == NULL ? "" : " ");
    const char *at = strstr(text, mark);
    at = at == NULL ? "" : at + strlen(mark);
    return *at >= '0' && *at <= '9' ? strtoll(at, NULL, 10) : -1;
}

void vb_cgroup_done(const struct vb_cgroups *groups, uint32_t id, struct vb_cgroup *group)
{
    char name[32];
    if (group->dir < 0)
        return;
    name_box(id, name);
    vb_cgroup_kill(group);
    (void)remove_group(groups->top, name);
    vb_close_fd(&group->kill);
    vb_close_fd(&group->dir);
}
