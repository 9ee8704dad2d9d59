/* Everything that names files, by the argument kinds of its row. Trust boundary: see call.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/recorder/call.h"

struct file_call {
    struct vb_call *call;
    struct vb_event event;
    int dirfd;
    int base; /* what the last path began at */
    bool foreign_owner;
    bool own_root;                /* the name's root is the folder that it began at */
    const struct vb_bait *linked; /* the bait that gets a second name */
    bool splits;                  /* so does a file, which becomes another one by it */
    uint64_t open_flags;
    struct vb_str flags[10];
    char value[64];
};

static int read_text(struct vb_call *call, uint64_t address, char *ret, struct vb_error *err)
{
    ssize_t n = vb_memory_string(&call->recorder->memory, address, ret, PATH_MAX);
    /* Too long for the kernel as well, which says so itself; the event has the beginning. */
    if (n >= 0 || n == -ENAMETOOLONG)
        return VB_OK;
    return vb_call_opaque(call, (int)-n, "a text argument", err);
}

static const struct vb_bait *bait_behind(const struct vb_recorder *recorder, const char *path);

static bool follows_links(const struct file_call *f)
{
    return strcmp(f->call->name, "linkat") == 0 &&
           (f->call->notif->data.args[4] & AT_SYMLINK_FOLLOW) != 0;
}

/* In an overlay the second name of a file that stood below has another inode: it can be told from
 * any other file only here. */
static int take_linked(struct file_call *f, struct vb_error *err)
{
    struct vb_recorder *recorder = f->call->recorder;
    const struct vb_found *found = &recorder->found;
    struct vb_name name = {
        .root_fd = recorder->root_fd,
        .own_usr = recorder->own_usr,
        .process = f->call->process,
        .dirfd = f->base,
        .text = recorder->text,
        .path = recorder->target,
        .follow = follows_links(f),
    };
    int status = vb_path_find(&name, &recorder->found);
    if (status == 0 && found->inode && recorder->options.splits)
        f->splits = recorder->options.splits(recorder->options.ctx,
                                             found->path[0] ? found->path : recorder->target);
    if (!recorder->options.baits)
        return VB_OK;
    if (!name.follow) {
        name.follow = true; /* a link to a bait's link is read in the same way */
        status = vb_path_find(&name, &recorder->found);
    }
    if (status == -E2BIG)
        return vb_call_opaque(f->call, ELOOP, "a path with too many steps", err);
    f->linked = bait_behind(recorder, recorder->target);
    return VB_OK;
}

/* What is removed, renamed or made stands in the folder that its name leads to: L/../x is not x. An
 * open says more, see follow_links. */
static int find_folder(struct file_call *f, char *path, struct vb_error *err)
{
    struct vb_recorder *recorder = f->call->recorder;
    const struct vb_name name = {
        .root_fd = recorder->root_fd,
        .own_usr = recorder->own_usr,
        .process = f->call->process,
        .dirfd = f->dirfd,
        .text = recorder->text,
        .path = path,
        .follow = false,
        .tops = &recorder->tops,
    };
    if (vb_path_find(&name, &recorder->found) == -E2BIG)
        return vb_call_opaque(f->call, ELOOP, "a path with too many steps", err);
    if (recorder->found.path[0])
        memcpy(path, recorder->found.path, sizeof(recorder->found.path));
    return VB_OK;
}

/* What was named is not there: the call fails, unless it is one that makes it. */
static void tell_missing(struct file_call *f)
{
    const enum vb_event_kind kind = f->event.kind;
    const bool makes = kind == VB_EV_FILE_MKDIR || kind == VB_EV_FILE_LINK ||
                       (kind == VB_EV_FILE_OPEN && (f->open_flags & O_CREAT));
    if (!makes && f->call->recorder->found.missing)
        vb_event_bool(&f->event, VB_F_MISSING, true);
}

static int take_path(struct file_call *f, uint64_t address, bool target, struct vb_error *err)
{
    struct vb_recorder *recorder = f->call->recorder;
    char *out = target ? recorder->target : recorder->path;
    recorder->text[0] = '\0';
    /* Without a path utimensat means the descriptor itself. */
    int status = address || f->call->row->kind != VB_EV_FILE_ATTRIBUTE
                     ? read_text(f->call, address, recorder->text, err)
                     : VB_OK;
    if (status || f->call->error || f->call->gone)
        return status;
    vb_path_resolve(f->call->process->tid, f->dirfd, recorder->text, out);
    if (f->call->row->kind != VB_EV_FILE_OPEN && recorder->text[0]) {
        status = find_folder(f, out, err);
        if (!target)
            tell_missing(f);
    }
    f->base = f->dirfd;
    f->dirfd = AT_FDCWD;
    vb_event_str(&f->event, target ? VB_F_TARGET : VB_F_PATH, out);
    if (status || f->call->error || f->call->gone)
        return status;
    return target && f->call->row->kind == VB_EV_FILE_LINK ? take_linked(f, err) : VB_OK;
}

static int take_content(struct file_call *f, uint64_t address, struct vb_error *err)
{
    int status = read_text(f->call, address, f->call->recorder->target, err);
    if (!status && !f->call->error && !f->call->gone)
        vb_event_str(&f->event, VB_F_TARGET, f->call->recorder->target);
    return status;
}

static void take_descriptor(struct file_call *f, int fd)
{
    char *path = f->call->recorder->path;
    if (!vb_path_of_fd(f->call->process->tid, fd, path, PATH_MAX))
        path[0] = '\0';
    vb_event_str(&f->event, VB_F_PATH, path);
}

static void take_open_flags(struct file_call *f, uint64_t flags)
{
    static const struct {
        uint64_t bits;
        const char *name;
    } names[] = {
        {O_CREAT, "create"},      {O_APPEND, "append"},       {O_TRUNC, "truncate"},
        {O_TMPFILE, "temporary"}, {O_DIRECTORY, "directory"}, {O_EXCL, "exclusive"},
        {O_PATH, "path"},
    };
    uint64_t access = flags & O_ACCMODE;
    size_t n = 0;
    f->open_flags = flags;
    if (!(flags & O_PATH) && access != O_WRONLY)
        f->flags[n++] = (struct vb_str){"read", 4};
    if (!(flags & O_PATH) && access != O_RDONLY)
        f->flags[n++] = (struct vb_str){"write", 5};
    for (size_t i = 0; i < VB_ARRAY_LEN(names); i++) {
        if ((flags & names[i].bits) != names[i].bits)
            continue;
        f->flags[n++] = (struct vb_str){names[i].name, strlen(names[i].name)};
        flags &= ~names[i].bits; /* O_TMPFILE holds O_DIRECTORY */
    }
    vb_event_list(&f->event, VB_F_FLAGS, f->flags, n);
}

static void take_own_root(struct file_call *f)
{
    struct vb_recorder *recorder = f->call->recorder;
    f->own_root = true;
    vb_path_resolve_in(f->call->process->tid, f->base, recorder->text, recorder->path);
    vb_event_str(&f->event, VB_F_PATH, recorder->path);
}

static int take_how(struct file_call *f, uint64_t address, struct vb_error *err)
{
    struct open_how how;
    int status = vb_memory_read(&f->call->recorder->memory, address, &how, sizeof(how));
    if (status)
        return vb_call_opaque(f->call, -status, "struct open_how", err);
    take_open_flags(f, how.flags);
    if (how.flags & O_CREAT)
        vb_event_int(&f->event, VB_F_MODE, (int64_t)(how.mode & 07777));
    if (how.resolve & RESOLVE_IN_ROOT)
        take_own_root(f);
    return VB_OK;
}

static void take_mode(struct file_call *f, uint64_t mode)
{
    bool meaningless = f->call->row->kind == VB_EV_FILE_OPEN &&
                       !(f->open_flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)));
    if (!meaningless)
        vb_event_int(&f->event, VB_F_MODE, (int64_t)(mode & 0177777));
}

/* uid:gid, a length or the name of an attribute: the event's value. */
static void take_number(struct file_call *f, const char *format, uint64_t number)
{
    size_t len = strlen(f->value);
    snprintf(f->value + len, sizeof(f->value) - len, format, (long long)number);
}

static int take_attribute(struct file_call *f, uint64_t address, struct vb_error *err)
{
    char *text = f->call->recorder->text;
    int status = read_text(f->call, address, text, err);
    if (!status && !f->call->error)
        vb_event_str(&f->event, VB_F_VALUE, text);
    return status;
}

/* The box has one user; to give a file to another needs root, as anywhere. The kernel would say
 * that there is no such user. */
static void take_owner(struct file_call *f, enum vb_arg kind, int id)
{
    const unsigned own = f->call->recorder->options.owner;
    take_number(f, kind == VB_ARG_UID ? "%lld:" : "%lld", (uint64_t)(int64_t)id);
    f->foreign_owner |= own != 0 && id != -1 && (unsigned)id != own;
}

static int take_argument(struct file_call *f, enum vb_arg kind, uint64_t value,
                         struct vb_error *err)
{
    /* Only the file kinds occur in rows with this decoder; a test looks at the table. */
    if (kind == VB_ARG_PATH || kind == VB_ARG_TARGET)
        return take_path(f, value, kind == VB_ARG_TARGET, err);
    if (kind == VB_ARG_CONTENT)
        return take_content(f, value, err);
    if (kind == VB_ARG_HOW)
        return take_how(f, value, err);
    if (kind == VB_ARG_ATTRIBUTE)
        return take_attribute(f, value, err);
    if (kind == VB_ARG_DIRFD)
        f->dirfd = (int)value;
    else if (kind == VB_ARG_FDPATH)
        take_descriptor(f, (int)value);
    else if (kind == VB_ARG_OPEN)
        take_open_flags(f, value & 0xffffffff);
    else if (kind == VB_ARG_MODE)
        take_mode(f, value);
    else if (kind == VB_ARG_UID || kind == VB_ARG_GID)
        take_owner(f, kind, (int)value);
    else if (kind == VB_ARG_LENGTH)
        take_number(f, "%lld", value);
    return VB_OK;
}

/* --- what an open means --- */

/* What it is, and whoever watches it may do so. One that is gone nobody can open. */
static void learn_bait(struct vb_recorder *recorder, size_t index)
{
    const struct vb_recorder_options *options = &recorder->options;
    const struct vb_bait *bait = vb_bait_at(options->baits, index);
    const struct open_how how = {
        .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    struct stat st;
    if (bait->place != VB_BAIT_FILE)
        return;
    VB_CLEANUP_FD int fd =
        (int)syscall(SYS_openat2, recorder->root_fd, bait->path, &how, sizeof(how));
    if (fd < 0 || fstat(fd, &st) < 0)
        return;
    recorder->bait_ids[index] = (struct vb_file_id){.device = st.st_dev, .inode = st.st_ino};
    if (options->watch_bait)
        options->watch_bait(options->ctx, index, fd);
}

void vb_recorder_watch_baits(struct vb_recorder *recorder)
{
    if (recorder->baits_watched)
        return;
    recorder->baits_watched = true;
    const struct vb_bait_set *baits = recorder->options.baits;
    for (size_t i = 0; recorder->root_fd >= 0 && baits && i < vb_bait_count(baits); i++)
        learn_bait(recorder, i);
    const struct vb_recorder_options *options = &recorder->options;
    recorder->tops.watched = recorder->root_fd >= 0 && options->watch_root &&
                             options->watch_root(options->ctx, recorder->root_fd);
}

bool vb_near_bait(const struct vb_recorder *recorder, const char *path)
{
    const struct vb_bait_set *baits = recorder->options.baits;
    const char *slash = strrchr(path, '/');
    const size_t folder = slash ? (size_t)(slash - path) : 0;
    const size_t len = strlen(path);
    const size_t count = baits ? vb_bait_count(baits) : 0;
    for (size_t i = 0; i < count; i++) {
        const size_t above = recorder->bait_folders[i];
        if (above != folder && above != len)
            continue;
        const struct vb_bait *bait = vb_bait_at(baits, i);
        /* a neighbour, or the folder itself */
        if (bait->place == VB_BAIT_FILE && memcmp(bait->path, path, above) == 0)
            return true;
    }
    return false;
}

/* Where links lead to another file than the name says, the event has both. */
static int follow_links(struct file_call *f, struct vb_error *err)
{
    struct vb_recorder *recorder = f->call->recorder;
    struct vb_found *found = &recorder->found;
    VB_CLEANUP_FD int own_root = f->own_root ? vb_path_open_fd(f->call->process->tid, f->base) : -1;
    const struct vb_name name = {
        .root_fd = f->own_root ? own_root : recorder->root_fd,
        .own_usr = recorder->own_usr,
        .process = f->call->process,
        .dirfd = f->base,
        .text = recorder->text,
        .path = f->own_root ? "" : recorder->path, /* no short cut from another root */
        .follow = !(f->open_flags & O_NOFOLLOW),
        .tops = f->own_root ? NULL : &recorder->tops,
    };
    const int status = vb_path_find(&name, found);
    if (status == -E2BIG) /* made so that nobody sees where it leads */
        return vb_call_opaque(f->call, ELOOP, "a path with too many steps", err);
    if (found->path[0] && strcmp(found->path, recorder->path) != 0)
        vb_event_str(&f->event, VB_F_TARGET, found->path);
    return VB_OK;
}

/* By what the file is, then by its name: a bait that was renamed or linked is still one, and one
 * that is gone can still be asked for. */
static const struct vb_bait *bait_behind(const struct vb_recorder *recorder, const char *path)
{
    const struct vb_bait_set *baits = recorder->options.baits;
    const struct vb_found *found = &recorder->found;
    for (size_t i = 0; found->inode && i < vb_bait_count(baits); i++)
        if (recorder->bait_ids[i].inode == found->inode &&
            recorder->bait_ids[i].device == found->device)
            return vb_bait_at(baits, i);
    const struct vb_bait *bait = vb_bait_by_path(baits, path, strlen(path));
    return bait ? bait : vb_bait_by_path(baits, found->path, strlen(found->path));
}

/* True for an open that may read a bait, or the names of some. */
static bool may_read(const struct file_call *f)
{
    return f->call->recorder->options.baits && !(f->open_flags & O_PATH) &&
           (f->open_flags & O_ACCMODE) != O_WRONLY;
}

static size_t index_of(const struct vb_bait_set *baits, const struct vb_bait *bait)
{
    size_t i = 0;
    while (vb_bait_at(baits, i) != bait)
        i++;
    return i;
}

static int emit_bait_read(struct file_call *f, const struct vb_bait *bait, struct vb_error *err)
{
    struct vb_recorder *recorder = f->call->recorder;
    bool *read = &recorder->bait_ids[index_of(recorder->options.baits, bait)].read;
    struct vb_event event;
    f->call->repeats = *read;
    vb_call_event(f->call, &event, VB_EV_BAIT_READ);
    vb_event_str(&event, VB_F_BAIT, bait->id);
    vb_event_str(&event, VB_F_PATH, bait->path);
    const int status = vb_call_emit(f->call, &event, err);
    *read = *read || !f->call->gone;
    return status;
}

/* How many baits stand right in the folder PATH. */
static size_t baits_in(const struct vb_recorder *recorder, const char *path)
{
    const struct vb_bait_set *baits = recorder->options.baits;
    const size_t len = strlen(path);
    size_t count = 0;
    for (size_t i = 0; i < vb_bait_count(baits); i++) {
        const struct vb_bait *bait = vb_bait_at(baits, i);
        count += bait->place == VB_BAIT_FILE && recorder->bait_folders[i] == len &&
                 memcmp(bait->path, path, len) == 0;
    }
    return count;
}

/* The folder with baits in it that an open lets its caller list. */
static int emit_bait_list(struct file_call *f, struct vb_error *err)
{
    const struct vb_recorder *recorder = f->call->recorder;
    const char *path = recorder->found.path[0] ? recorder->found.path : recorder->path;
    const size_t count = baits_in(recorder, path);
    if (count == 0)
        return VB_OK;
    struct vb_event event;
    vb_call_event(f->call, &event, VB_EV_BAIT_LIST);
    vb_event_str(&event, VB_F_PATH, path);
    vb_event_int(&event, VB_F_COUNT, (int64_t)count);
    return vb_call_emit(f->call, &event, err);
}

/* Files that show the machine rather than the box. */
static void stand_in(struct file_call *f)
{
    const struct vb_recorder *recorder = f->call->recorder;
    const char *path = recorder->found.path[0] ? recorder->found.path : recorder->path;
    if (!recorder->options.stand_in || f->open_flags & (O_PATH | O_ACCMODE))
        return;
    if (strncmp(path, "/proc/", 6) != 0)
        return;
    vb_process_number(f->call->process);
    VB_CLEANUP_FD int fd = recorder->options.stand_in(
        recorder->options.ctx, path, f->call->process->inner_tgid, f->call->process->inner_tid);
    if (fd >= 0)
        (void)vb_call_give(f->call, fd, f->open_flags);
}

static int emit_open(struct file_call *f, struct vb_error *err)
{
    int status = follow_links(f, err);
    if (status || f->call->error || f->call->gone)
        return status;
    const struct vb_recorder *recorder = f->call->recorder;
    const bool reads = may_read(f);
    const bool folder = recorder->found.inode && S_ISDIR(recorder->found.mode);
    const struct vb_bait *bait = reads ? bait_behind(recorder, recorder->path) : NULL;
    tell_missing(f);
    stand_in(f);
    f->call->decided = true;
    status = vb_call_emit(f->call, &f->event, err);
    if (status || !reads)
        return status;
    if (folder)
        return emit_bait_list(f, err);
    return bait ? emit_bait_read(f, bait, err) : VB_OK;
}

/* What the kernel refuses in an overlay somebody else may do. */
static void rename_folder(struct file_call *f)
{
    const struct vb_recorder *recorder = f->call->recorder;
    const uint64_t flags =
        strcmp(f->call->name, "renameat2") == 0 ? f->call->notif->data.args[4] & 0xffffffff : 0;
    if (!recorder->options.rename || (flags & ~(uint64_t)RENAME_NOREPLACE))
        return;
    const int result =
        recorder->options.rename(recorder->options.ctx, recorder->path, recorder->target, !flags);
    f->call->performed = result == 0;
    f->call->error = result < 0 ? -result : 0;
}

int vb_decode_file(struct vb_call *call, struct vb_error *err)
{
    const struct vb_syscall *row = call->row;
    if (row->kind == VB_EV_FILE_RENAME || row->kind == VB_EV_FILE_LINK ||
        row->kind == VB_EV_FILE_DELETE)
        vb_recorder_watch_baits(call->recorder);
    struct file_call f = {.call = call, .dirfd = AT_FDCWD, .base = AT_FDCWD};
    vb_call_event(call, &f.event, row->kind);
    bool creat = row->word && row->kind == VB_EV_FILE_OPEN;
    if (creat)
        take_open_flags(&f, O_WRONLY | O_CREAT | O_TRUNC);
    for (size_t i = 0; i < VB_SYSCALL_ARGS && row->args[i] != VB_ARG_NONE; i++) {
        int status = take_argument(&f, row->args[i], call->notif->data.args[i], err);
        if (status || call->error || call->gone)
            return status;
    }
    if (row->word && !creat)
        vb_event_str(&f.event, row->kind == VB_EV_FILE_LINK ? VB_F_FORM : VB_F_ACTION, row->word);
    if (f.value[0])
        vb_event_str(&f.event, VB_F_VALUE, f.value);
    if (row->kind == VB_EV_FILE_OPEN)
        return emit_open(&f, err);
    int status = VB_OK;
    if (!vb_was_written(call->recorder, &call->recorder->found))
        ; /* of a renaming it is the new name that was looked at last */
    else if (row->kind == VB_EV_FILE_DELETE)
        status = vb_snapshot(call, call->recorder->path, "delete", err);
    else if (row->kind == VB_EV_FILE_RENAME)
        status = vb_snapshot(call, call->recorder->target, "replace", err);
    if (status)
        return status;
    if (row->kind == VB_EV_FILE_RENAME)
        rename_folder(&f);
    if (f.foreign_owner)
        call->error = EPERM;
    /* As from one file system to another; who links then copies instead. (A bait is one under each
     * of its names.) */
    if (f.splits && !f.linked)
        call->error = EXDEV;
    call->decided = true;
    status = vb_call_emit(call, &f.event, err);
    return status || !f.linked ? status : emit_bait_read(&f, f.linked, err);
}
