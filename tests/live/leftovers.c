/* See leftovers.h. */
#include "tests/live/leftovers.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vetbox/core.h"

enum { ROWS = 7, LOOK_AGAIN_MS = 10 };

static const char *const namespaces[] = {"user", "mnt", "pid",    "net",
                                         "ipc",  "uts", "cgroup", "time"};

size_t leftovers_entries(const char *path)
{
    size_t count = 0;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return 0;
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* The parent of PID, or -1. */
static pid_t parent_of(pid_t pid)
{
    char path[64], text[1024] = "";
    int parent = -1;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    VB_CLEANUP_FILE FILE *file = fopen(path, "re");
    if (file != NULL && fgets(text, sizeof(text), file) != NULL && strrchr(text, ')') != NULL)
        (void)sscanf(strrchr(text, ')') + 1, " %*c %d", &parent);
    return parent;
}

static bool is_below(pid_t pid, pid_t ancestor)
{
    for (int steps = 0; steps < 64 && pid > 1; steps++) {
        pid = parent_of(pid);
        if (pid == ancestor)
            return true;
    }
    return false;
}

/* How many of PID's namespaces are not this process's own. */
static size_t foreign_namespaces(pid_t pid)
{
    size_t count = 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(namespaces); i++) {
        char path[64], own[64] = "", other[64] = "";
        snprintf(path, sizeof(path), "/proc/self/ns/%s", namespaces[i]);
        const ssize_t own_len = readlink(path, own, sizeof(own) - 1);
        snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, namespaces[i]);
        const ssize_t len = readlink(path, other, sizeof(other) - 1);
        count += len > 0 && own_len > 0 && strcmp(own, other) != 0;
    }
    return count;
}

static void count_processes(struct leftovers *ret)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry = NULL;
    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0 || !is_below(pid, getpid()))
            continue;
        ret->processes++;
        ret->namespaces += foreign_namespaces(pid);
    }
    if (proc != NULL)
        closedir(proc);
}

static void count_mounts(struct leftovers *ret)
{
    char line[4096];
    VB_CLEANUP_FILE FILE *file = fopen("/proc/self/mountinfo", "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        ret->mounts++;
        ret->tmpfs += strstr(line, " - tmpfs ") != NULL;
    }
}

/* The folders below PATH. */
static size_t folders(const char *path, unsigned depth)
{
    size_t count = 0;
    DIR *dir = depth == 0 ? NULL : opendir(path);
    const struct dirent *entry = NULL;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char below[4096];
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        const int len = snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (len < 0 || (size_t)len >= sizeof(below))
            continue;
        count += 1 + folders(below, depth - 1);
    }
    if (dir != NULL)
        closedir(dir);
    return count;
}

static size_t count_cgroups(void)
{
    char line[2048], path[4096];
    size_t count = 0;
    VB_CLEANUP_FILE FILE *file = fopen("/proc/self/cgroup", "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::", 3) != 0)
            continue;
        /* Groups for boxes are made beside one that is called vetbox (sandbox/box/cgroup.h). */
        char *last = strrchr(line, '/');
        if (last != NULL && strcmp(last, "/vetbox") == 0)
            *last = '\0';
        snprintf(path, sizeof(path), "/sys/fs/cgroup%s", line + 3);
        count = folders(path, 16);
    }
    return count;
}

struct leftovers leftovers_count(void)
{
    struct leftovers counts = {.cgroups = count_cgroups(),
                               .descriptors = leftovers_entries("/proc/self/fd")};
    count_processes(&counts);
    count_mounts(&counts);
    counts.files = leftovers_entries(getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    return counts;
}

/* --- comparing --- */

struct row {
    const char *what;
    size_t before, after;
};

static void fill_rows(const struct leftovers *before, const struct leftovers *after,
                      struct row ret[ROWS])
{
    const struct row rows[ROWS] = {
        {"processes", before->processes, after->processes},
        {"namespaces", before->namespaces, after->namespaces},
        {"mounts", before->mounts, after->mounts},
        {"tmpfs mounts", before->tmpfs, after->tmpfs},
        {"cgroups", before->cgroups, after->cgroups},
        {"descriptors", before->descriptors, after->descriptors},
        {"files in TMPDIR", before->files, after->files},
    };
    memcpy(ret, rows, sizeof(rows));
}

bool leftovers_show(const struct leftovers *before, const struct leftovers *after)
{
    struct row rows[ROWS];
    bool same = true;
    fill_rows(before, after, rows);
    for (size_t i = 0; i < ROWS; i++) {
        printf("%-16s %4zu before, %4zu after\n", rows[i].what, rows[i].before, rows[i].after);
        same = same && rows[i].before == rows[i].after;
    }
    return same;
}

static const char *find_more(const struct leftovers *before)
{
    const struct leftovers now = leftovers_count();
    struct row rows[ROWS];
    fill_rows(before, &now, rows);
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].after > rows[i].before)
            return rows[i].what;
    }
    return NULL;
}

const char *leftovers_wait(const struct leftovers *before, unsigned patience_ms)
{
    const struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000};
    const char *left = NULL;
    for (unsigned waited = 0; waited <= patience_ms; waited += LOOK_AGAIN_MS) {
        while (waitpid(-1, NULL, WNOHANG) > 0) /* who lost its parent came to us */
            continue;
        left = find_more(before);
        if (left == NULL)
            break;
        (void)nanosleep(&pause, NULL);
    }
    return left;
}
