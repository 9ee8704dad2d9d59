/* Follows a name as the kernel will for the subject, one component at a time. The kernel itself
 * cannot be asked in one call: /proc/self is somebody else for us, and it follows no magic link
 * (/proc/4711/root, /proc/4711/fd/3) below a root of the caller's choice.
 * Trust boundary: names and links are hostile, and may change meanwhile. What is opened is opened
 * for its name only (O_PATH); the way is bounded. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sandbox/recorder/call.h"

enum {
    STEPS_MAX = 512, /* a longer way costs us more than an honest name is worth */
    LINKS_MAX = 64   /* the kernel's is 40 */
};

struct walk {
    const struct vb_name *name;
    int at; /* where we are */
    const char *rest;
    char text[2][VB_PATH_ROOM]; /* REST is in one of them */
    unsigned text_used, steps, links;
};

static int move_to(struct walk *walk, int fd)
{
    if (fd < 0)
        return -errno;
    vb_close_fd(&walk->at);
    walk->at = fd;
    return 0;
}

static int move_to_root(struct walk *walk)
{
    return move_to(walk, openat(walk->name->root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static int begin(struct walk *walk)
{
    const struct vb_name *name = walk->name;
    walk->rest = name->text;
    if (name->text[0] == '/')
        return move_to_root(walk);
    return move_to(walk, vb_path_open_fd(name->process->tid, name->dirfd));
}

/* The link's TEXT takes its place in front of what is left. */
static int follow_text(struct walk *walk, const char *text)
{
    char *joined = walk->text[walk->text_used ^= 1];
    const int len = snprintf(joined, VB_PATH_ROOM, "%s/%s", text, walk->rest);
    /* A trailing slash would follow one link more than was asked for. */
    if (len > 0 && len < VB_PATH_ROOM && walk->rest[0] == '\0')
        joined[len - 1] = '\0';
    walk->rest = joined;
    if (len < 0 || len >= VB_PATH_ROOM)
        return -E2BIG;
    return text[0] == '/' ? move_to_root(walk) : 0;
}

static int follow_proc_link(struct walk *walk, const char *component, const char *text)
{
    struct vb_process *process = walk->name->process;
    char own[64];
    vb_process_number(process);
    if (strcmp(component, "self") == 0)
        snprintf(own, sizeof(own), "%d", (int)process->inner_tgid);
    else if (strcmp(component, "thread-self") == 0)
        snprintf(own, sizeof(own), "%d/task/%d", (int)process->inner_tgid, (int)process->inner_tid);
    else if (strncmp(text, "self/", 5) == 0)
        snprintf(own, sizeof(own), "%.63s", text); /* /proc/mounts, /proc/net */
    else                                           /* it leads where its text only describes */
        return move_to(walk, openat(walk->at, component, O_PATH | O_CLOEXEC));
    return follow_text(walk, own);
}

static int follow_link(struct walk *walk, const char *component, int link)
{
    char text[PATH_MAX] = "";
    struct statfs fs;
    if (++walk->links > LINKS_MAX)
        return -ELOOP;
    const ssize_t len = readlinkat(link, "", text, sizeof(text) - 1);
    text[len > 0 ? len : 0] = '\0';
    if (fstatfs(link, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC)
        return follow_proc_link(walk, component, text);
    return len > 0 ? follow_text(walk, text) : -ENOENT;
}

static bool at_root(const struct walk *walk)
{
    struct stat at, root;
    return fstat(walk->at, &at) == 0 && fstat(walk->name->root_fd, &root) == 0 &&
           at.st_dev == root.st_dev && at.st_ino == root.st_ino;
}

static int enter(struct walk *walk, const char *component)
{
    struct stat st;
    if (strcmp(component, ".") == 0)
        return 0;
    if (strcmp(component, "..") == 0 && at_root(walk))
        return 0;
    VB_CLEANUP_FD int next = openat(walk->at, component, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0 || fstat(next, &st) < 0)
        return -errno;
    if (S_ISLNK(st.st_mode) && (walk->name->follow || walk->rest[0] != '\0'))
        return follow_link(walk, component, next);
    return move_to(walk, vb_steal_fd(&next));
}

static void end(struct walk *walk)
{
    vb_close_fd(&walk->at);
}

int vb_walk(const struct vb_name *name, int *ret_fd, char ret_missing[NAME_MAX + 1])
{
    VB_CLEANUP(end) struct walk walk = {.name = name, .at = -1};
    int status = begin(&walk);
    ret_missing[0] = '\0';
    while (status == 0) {
        walk.rest += strspn(walk.rest, "/");
        const size_t len = strcspn(walk.rest, "/");
        char component[NAME_MAX + 1];
        if (len == 0)
            break;
        if (len > NAME_MAX)
            return -ENAMETOOLONG;
        if (++walk.steps > STEPS_MAX)
            return -E2BIG;
        memcpy(component, walk.rest, len);
        component[len] = '\0';
        walk.rest += len;
        status = enter(&walk, component);
        if (status == -ENOENT && walk.rest[strspn(walk.rest, "/")] == '\0') {
            memcpy(ret_missing, component, len + 1);
            break;
        }
    }
    if (status < 0 && ret_missing[0] == '\0')
        return status;
    *ret_fd = vb_steal_fd(&walk.at);
    return 0;
}
