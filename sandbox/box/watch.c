/* watch: reads /proc of a box. The numbers are the kernel's, the names of processes are not looked
 * at. Cheap figures come first; dear ones are read only when the cheap ones are near the limit. */
#include "sandbox/box/watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "sandbox/box/kernel.h"

enum { STATUS_BYTES = 4096, MAX_MEMORY_FILES = 4096 };

static DIR *open_dir(int dirfd, const char *path)
{
    int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL)
        vb_close_fd(&fd);
    return dir;
}

/* The number behind "NAME:" in a file of /proc, in bytes (the kernel says kB). */
static uint64_t kilobytes(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 10) * 1024U;
}

static void read_machine(struct vb_machine *ret)
{
    char text[STATUS_BYTES] = "";
    (void)!vb_sys_read_file(AT_FDCWD, "/proc/meminfo", text, sizeof(text));
    *ret = (struct vb_machine){kilobytes(text, "MemTotal:"), kilobytes(text, "MemAvailable:")};
}

static int64_t used_bytes(const struct statfs *fs)
{
    return (int64_t)(fs->f_blocks - fs->f_bfree) * fs->f_bsize;
}

void vb_watch_init(struct vb_watch *watch, const struct vb_watch *from)
{
    struct vb_machine machine;
    struct statfs fs;
    read_machine(&machine);
    *watch = *from;
    watch->available = machine.available;
    watch->disk_before = fstatfs(watch->writable_fd, &fs) == 0 ? used_bytes(&fs) : 0;
}

bool vb_watch_is_short(const struct vb_watch *watch, const struct vb_machine *machine)
{
    return machine->available < machine->total / 20 && machine->available < watch->available &&
           watch->available - machine->available > watch->memory_limit;
}

/* --- processes --- */

/* Resident pages of one process, files included: an upper bound that costs little. */
static uint64_t resident(int proc_fd, const char *pid)
{
    char path[300];
    char text[256];
    snprintf(path, sizeof(path), "%s/statm", pid);
    if (vb_sys_read_file(proc_fd, path, text, sizeof(text)) <= 0)
        return 0;
    char *second = strchr(text, ' ');
    return second == NULL ? 0 : strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t own_memory(int proc_fd, const char *pid)
{
    char path[300];
    char text[STATUS_BYTES];
    snprintf(path, sizeof(path), "%s/status", pid);
    if (vb_sys_read_file(proc_fd, path, text, sizeof(text)) <= 0)
        return 0;
    return kilobytes(text, "\nRssAnon:") + kilobytes(text, "\nRssShmem:") +
           kilobytes(text, "\nVmSwap:");
}

static unsigned count_threads(int proc_fd, const char *pid)
{
    char path[300];
    struct stat st;
    snprintf(path, sizeof(path), "%s/task", pid);
    if (fstatat(proc_fd, path, &st, 0) < 0 || st.st_nlink <= 2)
        return 1;
    return (unsigned)st.st_nlink - 2;
}

static bool is_subject(const char *name)
{
    return *name >= '1' && *name <= '9' && strcmp(name, "1") != 0;
}

static uint64_t sum(int proc_fd, uint64_t (*figure)(int proc_fd, const char *pid))
{
    VB_CLEANUP_DIR DIR *dir = open_dir(proc_fd, ".");
    const struct dirent *entry;
    uint64_t total = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (is_subject(entry->d_name))
            total += figure(proc_fd, entry->d_name);
    }
    return total;
}

static unsigned count_tasks(int proc_fd)
{
    VB_CLEANUP_DIR DIR *dir = open_dir(proc_fd, ".");
    const struct dirent *entry;
    unsigned tasks = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        tasks += is_subject(entry->d_name) ? count_threads(proc_fd, entry->d_name) : 0;
    return tasks;
}

/* Without "." and ".."; 0 if it cannot be read. */
static unsigned count_descriptors(int proc_fd, const char *pid)
{
    char path[300];
    struct stat st;
    snprintf(path, sizeof(path), "%s/fd", pid);
    if (fstatat(proc_fd, path, &st, 0) == 0 && st.st_size > 0) /* since Linux 6.2 */
        return (unsigned)st.st_size;
    VB_CLEANUP_DIR DIR *dir = open_dir(proc_fd, path);
    unsigned count = 0;
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    return count < 2 ? 0 : count - 2;
}

static unsigned most_descriptors(int proc_fd)
{
    VB_CLEANUP_DIR DIR *dir = open_dir(proc_fd, ".");
    const struct dirent *entry;
    unsigned most = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const unsigned own =
            is_subject(entry->d_name) ? count_descriptors(proc_fd, entry->d_name) : 0;
        most = own > most ? own : most;
    }
    return most;
}

/* --- memory files that are open but not mapped: memfd_create --- */

struct seen_files {
    ino_t inodes[MAX_MEMORY_FILES];
    size_t count;
    uint64_t bytes;
};

static void count_memory_file(struct seen_files *seen, const struct stat *st)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (seen->inodes[i] == st->st_ino)
            return;
    }
    if (seen->count < MAX_MEMORY_FILES)
        seen->inodes[seen->count++] = st->st_ino;
    seen->bytes += (uint64_t)st->st_blocks * 512U;
}

static void count_memory_files(int proc_fd, const char *pid, struct seen_files *seen)
{
    static const char mark[] = "/memfd:";
    char path[300];
    snprintf(path, sizeof(path), "%s/fd", pid);
    VB_CLEANUP_DIR DIR *dir = open_dir(proc_fd, path);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct stat st;
        char target[sizeof(mark)] = "";
        /* Other files without a name lie on the limited disk. */
        if (readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1) > 0 &&
            strcmp(target, mark) == 0 && fstatat(dirfd(dir), entry->d_name, &st, 0) == 0)
            count_memory_file(seen, &st);
    }
}

static uint64_t memory_files(const struct vb_watch *watch)
{
    VB_CLEANUP_DIR DIR *dir = open_dir(watch->proc_fd, ".");
    VB_CLEANUP_FREE struct seen_files *seen = calloc(1, sizeof(*seen));
    if (seen == NULL)
        return 0;
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (is_subject(entry->d_name))
            count_memory_files(watch->proc_fd, entry->d_name, seen);
    }
    return seen->bytes;
}

/* --- System V shared memory, which stays when nobody holds it --- */

static void close_stream(FILE **stream)
{
    if (*stream != NULL)
        fclose(*stream);
}

uint64_t vb_watch_segments(int fd)
{
    int copy = fd < 0 || lseek(fd, 0, SEEK_SET) < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
    VB_CLEANUP(close_stream) FILE *stream = copy < 0 ? NULL : fdopen(copy, "r");
    if (stream == NULL)
        vb_close_fd(&copy);
    char line[512];
    uint64_t total = 0;
    while (stream != NULL && fgets(line, sizeof(line), stream) != NULL) {
        /* key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap; the
         * heading gives 0. */
        char *at = line;
        for (int column = 0; column < 14; column++) {
            at += strspn(at, " ");
            at += strcspn(at, " ");
        }
        total += strtoull(at, &at, 10);
        total += strtoull(at, NULL, 10);
    }
    return total;
}

/* --- all of it --- */

/* What the control group says that is in use but for the DISK of the box, which lies in memory too.
 * -1: memory is not counted there. */
static int64_t memory_of_group(const struct vb_watch *watch, int64_t disk)
{
    const int64_t all = vb_cgroup_read(watch->cgroup, "memory.current", NULL);
    if (all < 0)
        return -1;
    if (vb_cgroup_read(watch->cgroup, "memory.events", "oom_kill") > 0)
        return vb_cgroup_read(watch->cgroup, "memory.max", NULL);
    if (all - disk <= (int64_t)watch->memory_limit)
        return all < disk ? 0 : all - disk;
    /* Files of the machine that were read, and the kernel's own needs, are not the box's to pay. */
    return vb_cgroup_read(watch->cgroup, "memory.stat", "anon") +
           vb_cgroup_read(watch->cgroup, "memory.stat", "shmem") - disk;
}

/* -1: they are not counted there. Init counts there, not here. */
static int64_t tasks_of_group(const struct vb_watch *watch)
{
    const bool met = vb_cgroup_read(watch->cgroup, "pids.events", "max") > 0;
    const int64_t tasks = vb_cgroup_read(watch->cgroup, met ? "pids.max" : "pids.current", NULL);
    return tasks > 0 ? tasks - 1 : tasks;
}

static uint64_t memory_of_box(const struct vb_watch *watch)
{
    /* Memory files belong to no process. One that is mapped too is counted twice: the limit is for
     * those who use it up, not for accountants. */
    const uint64_t files = memory_files(watch) + vb_watch_segments(watch->segments_fd);
    uint64_t memory = sum(watch->proc_fd, resident);
    if (memory + files > watch->memory_limit)
        memory = sum(watch->proc_fd, own_memory);
    return memory + files;
}

void vb_watch_measure(const struct vb_watch *watch, struct vb_usage *ret)
{
    struct statfs fs;
    int64_t disk = 0;
    *ret = (struct vb_usage){.descriptors = most_descriptors(watch->proc_fd)};
    if (fstatfs(watch->writable_fd, &fs) == 0) {
        ret->disk_full = fs.f_bavail == 0;
        ret->inodes_full = fs.f_ffree == 0;
        disk = used_bytes(&fs) - watch->disk_before;
    }
    const int64_t tasks = tasks_of_group(watch);
    const int64_t memory = memory_of_group(watch, disk);
    ret->tasks = tasks < 0 ? count_tasks(watch->proc_fd) : (unsigned)tasks;
    ret->memory = memory < 0 ? memory_of_box(watch) : (uint64_t)memory;
    if (memory >= 0)
        return; /* nothing is hidden from it */
    struct vb_machine machine;
    read_machine(&machine);
    ret->machine_short = vb_watch_is_short(watch, &machine);
}
