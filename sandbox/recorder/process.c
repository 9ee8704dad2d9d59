/* Who calls: thread group, parent and program of a thread id, remembered for a while.
 * Trust boundary: /proc is the kernel's word, but a program's path is the subject's choice. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/recorder/call.h"

/* The kernel hands out process ids in turn, so that within a second none comes again. */
enum { FRESH_NS = 1000 * 1000 * 1000, STATUS_MAX = 4096 };

/* The last number of a line such as "NSpid:	4711	12	3"; 0 if the line is missing. */
static pid_t last_number(const char *status, const char *key)
{
    const char *line = strstr(status, key);
    if (!line)
        return 0;
    long value = 0;
    for (const char *at = line + strlen(key); *at && *at != '\n';) {
        char *end;
        long number = strtol(at, &end, 10);
        if (end == at)
            break;
        value = number;
        at = end;
    }
    return (pid_t)value;
}

static bool read_status(pid_t tid, char *ret, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);
    if (n <= 0)
        return false;
    ret[n] = '\0';
    return true;
}

/* True if PATH, as the box sees it, is the program that runs. */
static bool is_running(pid_t tid, const char *path)
{
    char link[64];
    struct stat named, running;
    snprintf(link, sizeof(link), "/proc/%d/root", (int)tid);
    VB_CLEANUP_FD int root = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int fd = root < 0 ? -1 : vb_open_beneath(root, path + 1, O_PATH | O_NOFOLLOW, 0);
    snprintf(link, sizeof(link), "/proc/%d/exe", (int)tid);
    return fd >= 0 && fstat(fd, &named) == 0 && stat(link, &running) == 0 &&
           named.st_ino == running.st_ino && named.st_dev == running.st_dev;
}

/* "/tmp/x (deleted)" is still /tmp/x to every rule, unless a program is really called so; a memfd
 * keeps its mark. */
static void cut_deleted(pid_t tid, char *path)
{
    static const char mark[] = " (deleted)";
    size_t len = strlen(path);
    if (len >= sizeof(mark) && strcmp(path + len - (sizeof(mark) - 1), mark) == 0 &&
        strncmp(path, "/memfd:", 7) != 0 && !is_running(tid, path))
        path[len - (sizeof(mark) - 1)] = '\0';
}

static struct vb_label *label_slot(struct vb_processes *all, const struct stat *st)
{
    return &all->labels[st->st_ino % VB_LABELS];
}

static bool is_labelled(const struct vb_label *label, const struct stat *st)
{
    const struct vb_state *file = &label->file;
    return st->st_nlink == 1 && file->inode == st->st_ino && file->device == st->st_dev &&
           file->changed.tv_sec == st->st_ctim.tv_sec &&
           file->changed.tv_nsec == st->st_ctim.tv_nsec;
}

/* A file in a folder that stays as it is has the one name there for the whole run. That it is this
 * file is asked in the folder: the process may run another program by now than it did. */
static void learn_label(struct vb_processes *all, const char *executable, const struct stat *st)
{
    const struct vb_folder *programs = &all->programs;
    struct vb_label *label = label_slot(all, st);
    struct stat named;
    const size_t len = programs->fd < 0 ? 0 : strlen(programs->path);
    if (len == 0 || st->st_nlink != 1 || strncmp(executable, programs->path, len) != 0 ||
        executable[len] != '/')
        return;
    const char *name = executable + len + 1;
    if (strchr(name, '/') || strlen(name) >= sizeof(label->name) ||
        fstatat(programs->fd, name, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
        named.st_ino != st->st_ino || named.st_dev != st->st_dev)
        return;
    label->file = (struct vb_state){st->st_dev, st->st_ino, st->st_ctim};
    snprintf(label->name, sizeof(label->name), "%s", name);
}

bool vb_process_program(const struct vb_process *process, struct stat *ret)
{
    char path[VB_PROC_NAME];
    vb_proc_name(process->tid, "exe", path);
    if (stat(path, ret) == 0)
        return true;
    *ret = (struct stat){.st_ino = 0};
    return false;
}

void vb_process_runs(struct vb_processes *all, struct vb_process *process, const struct stat *st)
{
    const struct vb_label *label = label_slot(all, st);
    char path[VB_PROC_NAME];
    process->new_program = false;
    process->device = st->st_dev;
    process->inode = st->st_ino;
    if (st->st_ino && is_labelled(label, st)) {
        const size_t folder = strlen(all->programs.path);
        memcpy(process->executable, all->programs.path, folder);
        process->executable[folder] = '/';
        memcpy(process->executable + folder + 1, label->name, strlen(label->name) + 1);
        return;
    }
    vb_proc_name(process->tid, "exe", path);
    ssize_t n = readlink(path, process->executable, sizeof(process->executable) - 1);
    process->executable[n > 0 ? n : 0] = '\0';
    cut_deleted(process->tid, process->executable);
    if (st->st_ino)
        learn_label(all, process->executable, st);
}

static void look(struct vb_processes *all, struct vb_process *process)
{
    struct stat st;
    (void)vb_process_program(process, &st);
    vb_process_runs(all, process, &st);
}

static bool load_status(struct vb_process *process, pid_t tid)
{
    char status[STATUS_MAX];
    if (!read_status(tid, status, sizeof(status)))
        return false;
    process->tgid = last_number(status, "\nTgid:");
    process->ppid = last_number(status, "\nPPid:");
    process->inner_tgid = last_number(status, "\nNStgid:");
    process->inner_tid = last_number(status, "\nNSpid:");
    return true;
}

/* The beginning of struct pidfd_info (linux/pidfd.h of 6.13). */
struct pidfd_info {
    uint64_t mask, cgroup;
    uint32_t pid, tgid, ppid, ids[8];
    int32_t exit_code;
};
#define PIDFD_GET_INFO_64 _IOWR(0xFF, 11, struct pidfd_info)

int vb_thread_fd(const struct vb_process *process)
{
    const unsigned thread = O_EXCL; /* PIDFD_THREAD */
    const int fd = (int)syscall(SYS_pidfd_open, process->tid, thread);
    return fd >= 0 || errno != EINVAL ? fd : (int)syscall(SYS_pidfd_open, process->tgid, 0);
}

/* A third of the cost of /proc/TID/status, for what is asked of every process: few are asked for
 * more. False for threads and before Linux 6.13. */
static bool load_info(struct vb_process *process, pid_t tid)
{
    struct pidfd_info info = {.mask = 1}; /* PIDFD_INFO_PID */
    VB_CLEANUP_FD int pidfd = (int)syscall(SYS_pidfd_open, tid, 0);
    if (pidfd < 0 || ioctl(pidfd, PIDFD_GET_INFO_64, &info) < 0 || info.tgid == 0)
        return false;
    process->tgid = (pid_t)info.tgid;
    process->ppid = (pid_t)info.ppid;
    process->inner_tgid = process->inner_tid = 0;
    return true;
}

/* --- who its parent is --- */

int vb_process_children(pid_t tgid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)tgid, (int)tgid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* "17 18 ": the kernel lists no threads there, and the youngest last. */
static bool is_listed(int fd, pid_t tid)
{
    char text[256];
    const ssize_t got = fd < 0 ? -1 : pread(fd, text, sizeof(text), 0);
    pid_t number = 0;
    for (ssize_t i = 0; i < got; i++) {
        if (text[i] == ' ' && number == tid)
            return true;
        number = text[i] == ' ' ? 0 : number * 10 + (text[i] - '0');
    }
    return false;
}

/* To look at a list that is open costs the kernel a tenth of making and ending a pidfd. */
static bool load_child(const struct vb_parent *parent, struct vb_process *process, pid_t tid)
{
    if (!is_listed(parent->children, tid))
        return false;
    process->tgid = tid;
    process->ppid = parent->tgid;
    process->inner_tgid = process->inner_tid = 0;
    return true;
}

static void note_parent(struct vb_parent *parent, pid_t tgid)
{
    enum { OFTEN = 3 };
    parent->times = parent->last == tgid ? parent->times + 1 : 1;
    parent->last = tgid;
    if (parent->times != OFTEN || tgid <= 0)
        return;
    vb_close_fd(&parent->children);
    parent->children = vb_process_children(tgid);
    parent->tgid = tgid;
}

static bool load_family(struct vb_processes *all, struct vb_process *process, pid_t tid)
{
    if (load_child(&all->parent, process, tid))
        return true;
    if (!load_info(process, tid) && !load_status(process, tid))
        return false;
    note_parent(&all->parent, process->ppid);
    return true;
}

void vb_process_number(struct vb_process *process)
{
    if (process->inner_tgid == 0)
        (void)load_status(process, process->tid);
}

static bool load(struct vb_processes *all, struct vb_process *process, pid_t tid, uint64_t now)
{
    process->tid = 0;
    if (!load_family(all, process, tid))
        return false;
    process->tid = tid;
    process->loaded_ns = now;
    process->executed = false;
    look(all, process);
    return true;
}

struct vb_process *vb_process_get(struct vb_processes *all, pid_t tid)
{
    struct vb_process *slot = &all->slots[(unsigned)tid % VB_PROCESSES];
    uint64_t now = vb_monotonic_ns();
    if (slot->tid == tid && now - slot->loaded_ns < FRESH_NS) {
        if (slot->new_program)
            look(all, slot);
        return slot;
    }
    const bool loaded = load(all, slot, tid, now);
    all->tgids[(unsigned)tid % VB_PROCESSES] = loaded ? slot->tgid : 0;
    return loaded ? slot : NULL;
}

void vb_process_forget(struct vb_processes *all, pid_t tgid)
{
    for (size_t i = 0; i < VB_PROCESSES; i++)
        if (all->tgids[i] == tgid)
            all->slots[i].tid = all->tgids[i] = 0;
}

void vb_process_new_program(struct vb_processes *all, pid_t tgid)
{
    for (size_t i = 0; i < VB_PROCESSES; i++)
        if (all->tgids[i] == tgid)
            all->slots[i].new_program = true;
}
