/* What an execve announced, held against what runs afterwards. The arguments of a call stand in
 * memory that another thread may change between our reading and the kernel's: then the record names
 * one program and another runs. /proc/PID/exe, cmdline and auxv are the kernel's own memory of what
 * it did, as long as the new program has not run; the first notification comes from its loader.
 * Trust boundary: announced texts and file contents are hostile and compared only. */
#include <elf.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/recorder/call.h"

enum { SHEBANG_MAX = 256, SCRIPT_DEPTH = 5 /* as the kernel follows */ };

static size_t read_proc(pid_t pid, const char *what, char *ret, size_t size)
{
    char path[VB_PROC_NAME];
    vb_proc_name(pid, what, path);
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? -1 : read(fd, ret, size);
    return n > 0 ? (size_t)n : 0;
}

/* --- what is to be expected --- */

/* Puts TEXT and its NUL in front of the expected arguments, which are cut at their end. */
static void put_first(struct vb_announced *a, const char *text)
{
    const size_t len = strlen(text) + 1;
    if (len > sizeof(a->command))
        return;
    const size_t rest =
        a->command_len + len > sizeof(a->command) ? sizeof(a->command) - len : a->command_len;
    memmove(a->command + len, a->command, rest);
    memcpy(a->command, text, len);
    a->command_len = rest + len;
}

static void put_arguments(struct vb_announced *a, const struct vb_str *argv, size_t count)
{
    a->command_len = 0;
    if (count == 0) /* the kernel adds an empty one */
        a->command[a->command_len++] = '\0';
    for (size_t i = 0; i < count && a->command_len < sizeof(a->command); i++) {
        const size_t room = sizeof(a->command) - a->command_len;
        const size_t len = argv[i].len + 1 < room ? argv[i].len + 1 : room;
        memcpy(a->command + a->command_len, argv[i].text, len);
        a->command_len += len;
    }
}

static void drop_first(struct vb_announced *a)
{
    const size_t len = strnlen(a->command, a->command_len) + 1;
    const size_t cut = len < a->command_len ? len : a->command_len;
    memmove(a->command, a->command + cut, a->command_len - cut);
    a->command_len -= cut;
}

/* The beginning of a program's file, ended with a NUL. */
static size_t read_head(const struct vb_recorder *recorder, const char *path,
                        char ret[SHEBANG_MAX + 1])
{
    struct open_how how = {
        .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    struct stat st;
    VB_CLEANUP_FD int fd = (int)syscall(SYS_openat2, recorder->root_fd, path, &how, sizeof(how));
    const bool file = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    const ssize_t n = file ? read(fd, ret, SHEBANG_MAX) : -1;
    ret[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static struct vb_state *known_slot(struct vb_recorder *recorder)
{
    return &recorder->binaries[recorder->found.inode % VB_ARRAY_LEN(recorder->binaries)];
}

/* Most programs are executed again and again; a file that was not changed is still no script. */
static bool is_known(struct vb_recorder *recorder)
{
    const struct vb_found *found = &recorder->found;
    const struct vb_state *known = known_slot(recorder);
    return found->inode && known->inode == found->inode && known->device == found->device &&
           known->changed.tv_sec == found->changed.tv_sec &&
           known->changed.tv_nsec == found->changed.tv_nsec;
}

static void know(struct vb_recorder *recorder)
{
    const struct vb_found *found = &recorder->found;
    *known_slot(recorder) = (struct vb_state){found->device, found->inode, found->changed};
}

/* Cuts "#! interpreter argument" into its two words; ARGUMENT may be NULL. */
static char *parse_shebang(char *head, char **ret_argument)
{
    char *line = head + 2 + strspn(head + 2, " \t");
    line[strcspn(line, "\n")] = '\0';
    for (size_t len = strlen(line); len > 0 && strchr(" \t", line[len - 1]); len--)
        line[len - 1] = '\0';
    char *end = line + strcspn(line, " \t");
    *ret_argument = NULL;
    if (*end != '\0') {
        *end++ = '\0';
        end += strspn(end, " \t");
        *ret_argument = *end != '\0' ? end : NULL;
    }
    return line;
}

/* A script runs its interpreter, which is given the script's name as the caller wrote it. */
static void follow_scripts(struct vb_call *call, struct vb_announced *a, const char *given)
{
    struct vb_recorder *recorder = call->recorder;
    char name[PATH_MAX], head[SHEBANG_MAX + 1];
    snprintf(name, sizeof(name), "%s", given);
    for (int depth = 0; depth < SCRIPT_DEPTH; depth++) {
        const char *path = recorder->found.path[0] ? recorder->found.path : recorder->target;
        if (is_known(recorder))
            return;
        const size_t len = read_head(recorder, path, head);
        a->foreign = len >= sizeof(Elf64_Ehdr) && memcmp(head, ELFMAG, SELFMAG) == 0 &&
                     head[EI_CLASS] != ELFCLASS64; /* what runs it is the machine's business */
        if (len < 2 || head[0] != '#' || head[1] != '!') {
            if (len > 2 && !a->foreign)
                know(recorder);
            return;
        }
        char *argument;
        const char *interpreter = parse_shebang(head, &argument);
        drop_first(a);
        put_first(a, name);
        if (argument != NULL)
            put_first(a, argument);
        put_first(a, interpreter);
        snprintf(name, sizeof(name), "%s", interpreter);
        vb_path_resolve(call->process->tid, AT_FDCWD, name, recorder->target);
        const struct vb_name next = {
            .root_fd = recorder->root_fd,
            .own_usr = recorder->own_usr,
            .process = call->process,
            .dirfd = AT_FDCWD,
            .text = name,
            .path = recorder->target,
            .follow = true,
            .anywhere = true,
            .programs = &recorder->processes.programs,
            .tops = &recorder->tops,
        };
        if (vb_path_find(&next, &recorder->found) < 0)
            recorder->found.inode = 0;
        a->program =
            (struct vb_file_id){.device = recorder->found.device, .inode = recorder->found.inode};
    }
}

/* The slot of TGID, or VB_PROCESSES. */
static unsigned find_slot(const struct vb_recorder *recorder, pid_t tgid)
{
    unsigned i = 0;
    while (i < VB_PROCESSES && recorder->announced_by[i] != tgid)
        i++;
    return i;
}

/* The process's own slot, or a free one. Where all are taken somebody's announcement is lost, which
 * counts as a lost event. */
static struct vb_announced *take_slot(struct vb_recorder *recorder, pid_t tgid)
{
    unsigned slot = find_slot(recorder, tgid);
    if (slot == VB_PROCESSES) {
        slot = find_slot(recorder, 0);
        recorder->announcements += slot < VB_PROCESSES;
    }
    if (slot == VB_PROCESSES) {
        slot = (unsigned)tgid % VB_PROCESSES;
        recorder->dropped++;
        vb_process_new_program(&recorder->processes, recorder->announced_by[slot]);
    }
    recorder->announced_by[slot] = tgid;
    return &recorder->announced[slot];
}

static void free_slot(struct vb_recorder *recorder, unsigned slot)
{
    recorder->announced_by[slot] = 0;
    recorder->announcements--;
}

/* --- the image that is left --- */

static struct vb_image *image_slot(struct vb_recorder *recorder, const struct vb_process *process)
{
    return &recorder->images[process->inode % VB_ARRAY_LEN(recorder->images)];
}

uint64_t vb_exec_random(const struct vb_call *call)
{
    const struct vb_process *process = call->process;
    const struct vb_image *image = image_slot(call->recorder, process);
    const bool same = process->inode && !process->executed && image->len > 0 &&
                      image->program.inode == process->inode &&
                      image->program.device == process->device;
    return same ? image->random_at : 0;
}

/* A process that was forked and has executed nothing has the image of whoever forked it, and with
 * it the random bytes that the kernel gave that image. One that forges them only looks as if it had
 * executed something. */
static bool is_image_of(const struct vb_image *image, struct vb_call *call)
{
    unsigned char random[sizeof(image->random)];
    const uint64_t at = vb_exec_random(call);
    return at != 0 && vb_memory_read(&call->recorder->memory, at, random, sizeof(random)) == 0 &&
           memcmp(random, image->random, sizeof(random)) == 0;
}

static uint64_t find_random(const struct vb_announced *a)
{
    Elf64_auxv_t entry;
    for (size_t at = 0; at + sizeof(entry) <= a->image_len; at += sizeof(entry)) {
        memcpy(&entry, a->image + at, sizeof(entry));
        if (entry.a_type == AT_RANDOM)
            return entry.a_un.a_val;
    }
    return 0;
}

static void read_image(struct vb_call *call, struct vb_announced *a, struct vb_image *image)
{
    const struct vb_process *process = call->process;
    a->image_len = read_proc(process->tgid, "auxv", a->image, sizeof(a->image));
    image->len = 0;
    image->random_at = find_random(a);
    if (process->executed || image->random_at == 0 ||
        vb_memory_read(&call->recorder->memory, image->random_at, image->random,
                       sizeof(image->random)) < 0)
        return;
    image->program = (struct vb_file_id){.device = process->device, .inode = process->inode};
    image->len = a->image_len;
    memcpy(image->bytes, a->image, a->image_len);
}

/* A shell's processes all have the shell's. */
static void take_image(struct vb_call *call, struct vb_announced *a)
{
    struct vb_image *image = image_slot(call->recorder, call->process);
    if (!is_image_of(image, call)) {
        read_image(call, a, image);
        return;
    }
    memcpy(a->image, image->bytes, image->len);
    a->image_len = image->len;
}

/* --- announcing --- */

/* The name of the program as its interpreter will be given it, in RET. */
static void name_given(const struct vb_recorder *recorder, int fd, char ret[PATH_MAX])
{
    if (recorder->text[0] == '\0')
        snprintf(ret, PATH_MAX, "/dev/fd/%d", fd);
    else if (recorder->text[0] != '/' && fd != AT_FDCWD)
        snprintf(ret, PATH_MAX, "/dev/fd/%d/%.*s", fd, PATH_MAX - 32, recorder->text);
    else
        snprintf(ret, PATH_MAX, "%s", recorder->text);
}

static struct vb_file_id program_of(const struct vb_call *call, int fd)
{
    const struct vb_recorder *recorder = call->recorder;
    char path[64];
    struct stat st;
    if (recorder->text[0] != '\0')
        return (struct vb_file_id){.device = recorder->found.device,
                                   .inode = recorder->found.inode};
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)call->process->tid, fd);
    if (stat(path, &st) < 0)
        return (struct vb_file_id){.inode = 0};
    return (struct vb_file_id){.device = st.st_dev, .inode = st.st_ino};
}

void vb_exec_announce(struct vb_call *call, const struct vb_str *argv, size_t count, bool cut,
                      int fd)
{
    struct vb_recorder *recorder = call->recorder;
    struct vb_announced *a = take_slot(recorder, call->process->tgid);
    const char *path = recorder->found.path[0] ? recorder->found.path : recorder->path;
    take_image(call, a);
    a->before = (struct vb_file_id){.device = call->process->device, .inode = call->process->inode};
    a->foreign = false;
    a->cut = cut;
    a->program = program_of(call, fd);
    memcpy(a->path, path, strnlen(path, sizeof(a->path) - 1) + 1);
    put_arguments(a, argv, count);
    if (is_known(recorder))
        return;
    char given[PATH_MAX];
    name_given(recorder, fd, given);
    snprintf(recorder->target, sizeof(recorder->target), "%s", recorder->path);
    follow_scripts(call, a, given);
}

void vb_exec_forget(struct vb_recorder *recorder, pid_t tgid)
{
    const unsigned slot = recorder->announcements > 0 ? find_slot(recorder, tgid) : VB_PROCESSES;
    if (slot < VB_PROCESSES)
        free_slot(recorder, slot);
}

/* --- what is there --- */

static bool same_command(const struct vb_announced *a, const char *now, size_t len)
{
    const size_t max = sizeof(a->command);
    const size_t common = len < a->command_len ? len : a->command_len;
    return memcmp(a->command, now, common) == 0 &&
           (len == a->command_len || (a->cut && len > common) || common == max);
}

static int tell(struct vb_call *call, const struct vb_announced *a, const char *reason,
                char *command, size_t len, struct vb_error *err)
{
    for (size_t i = 0; i + 1 < len; i++)
        if (command[i] == '\0')
            command[i] = ' ';
    struct vb_event event;
    vb_event_init(&event, VB_EV_TRUTH_EXEC, VB_SOURCE_TRUTH);
    vb_event_int(&event, VB_F_PID, call->process->tgid);
    vb_event_str(&event, VB_F_PATH, a->path);
    vb_event_str(&event, VB_F_REASON, reason);
    vb_event_str(&event, VB_F_EXECUTABLE, call->process->executable);
    vb_event_strn(&event, VB_F_COMMAND, command, len > 0 ? len - 1 : 0);
    return vb_call_emit(call, &event, err);
}

/* A new program reads the machine's clock. */
static int show_clock(struct vb_call *call, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    if (vb_clock_show(&recorder->clock, call->process->tgid) || recorder->clock.ahead_s == 0)
        return VB_OK; /* what was skipped it is shown at the next skip, or nothing is skipped more
                       */
    return vb_recorder_tell_clock(recorder, "a program that was started reads the machine's clock",
                                  err);
}

static bool is_program(const struct stat *st, const struct vb_file_id *program)
{
    return st->st_dev == program->device && st->st_ino == program->inode;
}

/* Another program than before was executed, whatever was announced. The same one may have been:
 * then its image is new. */
static bool was_executed(const struct vb_process *process, const struct vb_announced *a,
                         struct stat *ret_program)
{
    char image[sizeof(a->image)];
    if (vb_process_program(process, ret_program) && a->before.inode &&
        !is_program(ret_program, &a->before))
        return true;
    const size_t len = read_proc(process->tgid, "auxv", image, sizeof(image));
    if (len == a->image_len && memcmp(image, a->image, len) == 0)
        return false; /* not yet, or never: another thread speaks, or the execution failed */
    (void)vb_process_program(process, ret_program); /* it may have been executed just now */
    if (len == 0)
        ret_program->st_ino = 0;
    return true;
}

int vb_exec_check(struct vb_call *call, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    const pid_t tgid = call->process->tgid;
    const unsigned slot = recorder->announcements > 0 ? find_slot(recorder, tgid) : VB_PROCESSES;
    if (slot == VB_PROCESSES)
        return VB_OK;
    const struct vb_announced *a = &recorder->announced[slot];
    char command[sizeof(a->command)];
    struct stat st;
    if (!was_executed(call->process, a, &st))
        return VB_OK;
    vb_process_new_program(&recorder->processes, tgid);
    if (!st.st_ino)
        return VB_OK; /* it is ending */
    vb_process_runs(&recorder->processes, call->process, &st);
    call->process->executed = true;
    const int shown = show_clock(call, err);
    if (shown < 0)
        return shown;
    const size_t len = read_proc(tgid, "cmdline", command, sizeof(command));
    const bool same = is_program(&st, &a->program);
    const bool expected = a->foreign || (same && same_command(a, command, len));
    const int told =
        expected ? VB_OK : tell(call, a, same ? "arguments" : "program", command, len, err);
    /* A thread that the execution ends while it is asked about tells nothing: its successor will.
     */
    if (expected || !call->gone)
        free_slot(recorder, slot);
    return told;
}
