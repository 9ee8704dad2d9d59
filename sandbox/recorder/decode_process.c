/* exec, fork, exit and signals. Trust boundary: see call.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/recorder/call.h"

enum {
    POINTERS = 64,
    INDEX_MAX = 32768,
    EXEC_BYTES_MAX = 6 << 20 /* the kernel's own limit for both vectors, whatever the stack's is */
};

/* --- exec --- */

/* Variables that make a program run other code or talk to another host, and that the box does not
 * set by itself. */
static const char *const telling[] = {
    "ALL_PROXY",
    "BASH_ENV",
    "CURL_HOME",
    "ENV",
    "GCONV_PATH",
    "GIT_ASKPASS",
    "GIT_CONFIG",
    "GIT_EDITOR",
    "GIT_EXEC_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_PROXY_COMMAND",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_TEMPLATE_DIR",
    "GLIBC_TUNABLES",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "LD_AUDIT",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "NODE_OPTIONS",
    "NODE_PATH",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "NPM_CONFIG_REGISTRY",
    "PERL5LIB",
    "PERL5OPT",
    "PIP_EXTRA_INDEX_URL",
    "PIP_INDEX_URL",
    "PROMPT_COMMAND",
    "PS4",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYLIB",
    "RUBYOPT",
    "SHELLOPTS",
    "SSH_ASKPASS",
    "_JAVA_OPTIONS",
    "ANTHROPIC_BASE_URL",
    "OPENAI_BASE_URL",
    "NPM_CONFIG_SCRIPT_SHELL",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_COUNT",
};

static bool name_is(const char *text, size_t len, const char *name)
{
    for (size_t i = 0; i < len; i++)
        if (!name[i] || (text[i] | 32) != (name[i] | 32))
            return false;
    return !name[len];
}

static bool variable_is_telling(const char *text, size_t name_len)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(telling); i++)
        if (name_is(text, name_len, telling[i]))
            return true;
    return false;
}

struct vector {
    struct vb_call *call;
    struct vb_str *items;
    size_t max;                /* items */
    size_t count, used, bytes; /* used: of the recorder's strings, which end at BYTES */
    size_t seen;               /* bytes that the kernel would copy */
    bool cut;
    bool endless; /* it would copy no more: all pointers may lead to the same string */
    uint64_t pointers[POINTERS]; /* read ahead */
    size_t first, ahead;         /* their index, and how many there are */
};

/* Pointers are read in batches that stay within their page: the strings stand on others, and the
 * kernel itself reads no further than the NULL. */
static int next_pointer(struct vector *v, uint64_t vector, size_t index, uint64_t *ret)
{
    if (index >= v->first + v->ahead) {
        uint64_t address;
        if (__builtin_add_overflow(vector, (uint64_t)index * sizeof(*ret), &address))
            return -EFAULT;
        size_t room = (VB_PAGE - (size_t)(address % VB_PAGE)) / sizeof(*ret);
        size_t batch = room > POINTERS ? POINTERS : room > 0 ? room : 1;
        int status =
            vb_memory_read(&v->call->recorder->memory, address, v->pointers, batch * sizeof(*ret));
        if (status)
            return status;
        v->first = index;
        v->ahead = batch;
    }
    *ret = v->pointers[index - v->first];
    return 0;
}

/* Reads the next string of a vector. Returns 1, 0 at its end, or a negative errno. */
static int next_string(struct vector *v, uint64_t vector, size_t index, struct vb_str *ret)
{
    struct vb_recorder *recorder = v->call->recorder;
    uint64_t pointer;
    int status = next_pointer(v, vector, index, &pointer);
    if (status)
        return status;
    if (!pointer)
        return 0;
    char *room = recorder->strings + v->used;
    size_t size = v->bytes - v->used;
    ssize_t len = vb_memory_string(&recorder->memory, pointer, room, size);
    if (len < 0 && len != -ENAMETOOLONG)
        return (int)len;
    v->cut |= len < 0;
    *ret = (struct vb_str){room, len < 0 ? size - 1 : (size_t)len};
    v->seen += ret->len + 1 + sizeof(pointer);
    v->endless = v->seen > EXEC_BYTES_MAX;
    return 1;
}

static bool vector_full(const struct vector *v, size_t index)
{
    return index == INDEX_MAX || v->count == v->max || v->bytes - v->used < 2 || v->endless;
}

static int read_argv(struct vector *v, uint64_t address, struct vb_error *err)
{
    for (size_t i = 0; address; i++) {
        if (vector_full(v, i)) {
            v->cut = true;
            break;
        }
        struct vb_str item = {"", 0};
        int got = next_string(v, address, i, &item);
        if (got < 0)
            return vb_call_opaque(v->call, -got, "the argument vector", err);
        if (!got)
            break;
        v->items[v->count++] = item;
        v->used += item.len + 1;
    }
    return VB_OK;
}

/* The variable that came next before, too. */
static bool is_next_clean(struct vb_clean *before, const struct vb_str *item)
{
    const size_t len = item->len + 1;
    if (before->len - before->at < len || memcmp(before->text + before->at, item->text, len) != 0)
        return false;
    before->at += len;
    return true;
}

/* Others were added, left out or changed in front of it. */
static bool was_clean(struct vb_clean *before, const struct vb_str *item)
{
    const size_t len = item->len + 1;
    const char *found =
        before->len == 0 ? NULL : memmem(before->text, before->len, item->text, len);
    if (found == NULL || (found > before->text && found[-1] != '\0'))
        return false;
    before->at = (size_t)(found - before->text) + len;
    return true;
}

/* ITEM ends with its NUL in the recorder's room. */
static void note_clean(struct vb_clean *now, const struct vb_str *item)
{
    if (sizeof(now->text) - now->len <= item->len)
        return;
    memcpy(now->text + now->len, item->text, item->len + 1);
    now->len += item->len + 1;
}

static int search_variable(struct vb_call *call, const struct vb_str *item, size_t name_len,
                           struct vb_error *err)
{
    const struct vb_recorder *recorder = call->recorder;
    char name[64] = "";
    if (name_len < sizeof(name))
        memcpy(name, item->text, name_len);
    const uint64_t told = recorder->emitted + recorder->dropped;
    const int status = vb_call_search(call, item->text, item->len, "environment", name, err);
    if (recorder->emitted + recorder->dropped == told)
        note_clean(&call->recorder->clean[recorder->clean_used ^ 1], item);
    return status;
}

static size_t name_length(const struct vb_str *item)
{
    const char *equals = memchr(item->text, '=', item->len);
    return equals ? (size_t)(equals - item->text) : 0;
}

void vb_exec_given(struct vb_recorder *recorder, char *const *environment)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        const struct vb_str item = {*environment, strlen(*environment)};
        if (!variable_is_telling(item.text, name_length(&item)))
            note_clean(&recorder->clean[recorder->clean_used], &item);
    }
}

/* A clean variable is no telling one. */
static int take_variable(struct vector *v, const struct vb_str *item, struct vb_error *err)
{
    struct vb_recorder *recorder = v->call->recorder;
    struct vb_clean *before = &recorder->clean[recorder->clean_used];
    if (is_next_clean(before, item)) {
        note_clean(&recorder->clean[recorder->clean_used ^ 1], item);
        return VB_OK;
    }
    const size_t name_len = name_length(item);
    if (variable_is_telling(item->text, name_len)) {
        v->items[v->count++] = *item;
        v->used += item->len + 1;
        return VB_OK;
    }
    if (!was_clean(before, item))
        return search_variable(v->call, item, name_len, err);
    note_clean(&recorder->clean[recorder->clean_used ^ 1], item);
    return VB_OK;
}

/* Baits are looked for before the event, whose strings share the room; only telling variables
 * stay. */
static int read_environment(struct vector *v, uint64_t address, struct vb_error *err)
{
    for (size_t i = 0; address; i++) {
        if (vector_full(v, i)) {
            v->cut = true;
            break;
        }
        struct vb_str item = {"", 0};
        int got = next_string(v, address, i, &item);
        if (got < 0)
            return vb_call_opaque(v->call, -got, "the environment", err);
        if (!got)
            break;
        const int status = take_variable(v, &item, err);
        if (status)
            return status;
    }
    return VB_OK;
}

/* What was clean now is what was clean before the next execution. */
static void turn_over(struct vb_recorder *recorder)
{
    recorder->clean_used ^= 1;
    recorder->clean[recorder->clean_used].at = 0;
    recorder->clean[recorder->clean_used ^ 1].len = 0;
}

static int search_items(const struct vector *v, const char *where, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; !status && i < v->count; i++)
        status = vb_call_search(v->call, v->items[i].text, v->items[i].len, where, NULL, err);
    return status;
}

static int read_exec_path(struct vb_call *call, const uint64_t *args, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    bool at = call->row->args[0] == VB_ARG_DIRFD;
    ssize_t n = vb_memory_string(&recorder->memory, args[at], recorder->text, PATH_MAX);
    if (n < 0 && n != -ENAMETOOLONG)
        return vb_call_opaque(call, (int)-n, "the program's path", err);
    const int dirfd = at ? (int)args[0] : AT_FDCWD;
    vb_path_resolve(call->process->tid, dirfd, recorder->text, recorder->path);
    recorder->found.path[0] = '\0';
    recorder->found.inode = 0;
    recorder->found.missing = false;
    if (recorder->text[0] == '\0') /* the descriptor itself */
        return VB_OK;
    const struct vb_name name = {
        .root_fd = recorder->root_fd,
        .own_usr = recorder->own_usr,
        .process = call->process,
        .dirfd = dirfd,
        .text = recorder->text,
        .path = recorder->path,
        .follow = true,
        .anywhere = true,
        .programs = &recorder->processes.programs,
        .tops = &recorder->tops,
    };
    if (vb_path_find(&name, &recorder->found) == -E2BIG)
        return vb_call_opaque(call, ELOOP, "a path with too many steps", err);
    return VB_OK;
}

/* A file that never had a name is called as the kernel calls it, whatever way leads to it:
 * /proc/self/fd/3 says nothing. Otherwise the event has the name, and where links lead. */
static void put_program(struct vb_recorder *recorder, struct vb_event *event)
{
    const char *found = recorder->found.path;
    const bool nameless = strncmp(found, "/memfd:", 7) == 0;
    vb_event_str(event, VB_F_PATH, nameless ? found : recorder->path);
    if (found[0] && !nameless && strcmp(found, recorder->path) != 0)
        vb_event_str(event, VB_F_TARGET, found);
}

static int emit_exec(struct vb_call *call, const struct vector *argv,
                     const struct vector *environment, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    struct vb_event event;
    vb_call_event(call, &event, VB_EV_PROCESS_EXEC);
    vb_event_int(&event, VB_F_PPID, call->process->ppid);
    put_program(recorder, &event);
    vb_event_list(&event, VB_F_ARGV, argv->items, argv->count);
    if (vb_path_of_fd(call->process->tid, AT_FDCWD, recorder->target, PATH_MAX))
        vb_event_str(&event, VB_F_CWD, recorder->target);
    if (environment->count)
        vb_event_list(&event, VB_F_ENVIRONMENT, environment->items, environment->count);
    if (argv->cut || environment->cut)
        vb_event_bool(&event, VB_F_TRUNCATED, true);
    if (recorder->found.missing)
        vb_event_bool(&event, VB_F_MISSING, true);
    return vb_call_emit(call, &event, err);
}

/* The descriptor that an execution names, through /proc or as it is; -1 if it names a file. */
static int executed_descriptor(const struct vb_call *call)
{
    const char *text = call->recorder->text;
    const char *number = strstr(text, "/fd/");
    if (text[0] == '\0')
        return (int)call->notif->data.args[0];
    if (!number || (strncmp(text, "/proc/", 6) != 0 && strncmp(text, "/dev/", 5) != 0))
        return -1;
    char *end;
    const long fd = strtol(number + 4, &end, 10);
    return *end == '\0' && fd >= 0 && fd < INT_MAX ? (int)fd : -1;
}

static int keep_program(struct vb_call *call, struct vb_error *err)
{
    const struct vb_recorder *recorder = call->recorder;
    const char *path = recorder->found.path[0] ? recorder->found.path : recorder->path;
    const int fd = executed_descriptor(call);
    if (fd < 0 && !vb_was_written(recorder, &recorder->found))
        return VB_OK;
    return fd < 0 ? vb_snapshot(call, path, "execute", err) : vb_snapshot_fd(call, fd, path, err);
}

/* What the program will run: a file that is kept too, or what comes through a pipe. */
static int take_script(struct vb_call *call, const struct vector *argv, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    const struct vb_script script = vb_script_of(recorder->path, argv->items, argv->count);
    if (script.from == VB_SCRIPT_INPUT)
        return vb_script_relay(call, recorder->path, err);
    if (script.from == VB_SCRIPT_NONE)
        return VB_OK;
    vb_path_resolve(call->process->tid, AT_FDCWD, script.file, recorder->target);
    const struct vb_name name = {
        .root_fd = recorder->root_fd,
        .own_usr = recorder->own_usr,
        .process = call->process,
        .dirfd = AT_FDCWD,
        .text = script.file,
        .path = recorder->target,
        .follow = true,
    };
    if (vb_path_find(&name, &recorder->found) < 0 || !vb_was_written(recorder, &recorder->found))
        return VB_OK;
    return vb_snapshot(call, recorder->found.path[0] ? recorder->found.path : recorder->target,
                       "execute", err);
}

/* Options of another system's programs that have another name here, of the same length. */
static const struct {
    const char *program, *theirs, *ours;
} dialects[] = {
    {"/usr/bin/base64", "-D", "-d"}, /* macOS, for which "base64 -D | bash" is written */
};

/* Instructions for another system are followed to their end all the same: the option is put right
 * in the caller's memory, once the record has it as it was given. Where that cannot be written the
 * program refuses it, as it would anywhere. */
static void translate(struct vector *argv, uint64_t address)
{
    const struct vb_recorder *recorder = argv->call->recorder;
    const char *path = recorder->found.path[0] ? recorder->found.path : recorder->path;
    for (size_t i = 0; i < VB_ARRAY_LEN(dialects); i++) {
        for (size_t j = 1; strcmp(path, dialects[i].program) == 0 && j < argv->count; j++) {
            const size_t len = strlen(dialects[i].ours);
            uint64_t at;
            if (strcmp(argv->items[j].text, dialects[i].theirs) == 0 &&
                next_pointer(argv, address, j, &at) == 0 &&
                vb_memory_write(&recorder->memory, at, dialects[i].ours, len) == 0)
                argv->items[j] = (struct vb_str){dialects[i].ours, len};
        }
    }
}

int vb_decode_exec(struct vb_call *call, struct vb_error *err)
{
    struct vb_recorder *recorder = call->recorder;
    const uint64_t *args = (const uint64_t *)call->notif->data.args;
    size_t at = call->row->args[0] == VB_ARG_DIRFD ? 1 : 0;
    struct vector argv = {.call = call,
                          .items = recorder->argv,
                          .max = VB_ARGV_MAX,
                          .bytes = VB_VECTOR_BYTES - VB_ENVIRONMENT_BYTES};
    struct vector environment = {.call = call,
                                 .items = recorder->environment,
                                 .max = VB_ENVIRONMENT_MAX,
                                 .bytes = VB_VECTOR_BYTES};
    const uint64_t wanted[] = {args[at], args[at + 1], args[at + 2], vb_exec_random(call)};
    vb_memory_expect(&recorder->memory, wanted, VB_ARRAY_LEN(wanted));
    recorder->memory.ahead = true; /* the vectors' strings stand together */
    int status = read_exec_path(call, args, err);
    if (!status && !call->error)
        status = read_argv(&argv, args[at + 1], err);
    environment.used = argv.used;
    environment.seen = argv.seen;
    if (!status && !call->error)
        status = read_environment(&environment, args[at + 2], err);
    turn_over(recorder);
    if (status || call->error || call->gone)
        return status;
    status = emit_exec(call, &argv, &environment, err);
    if (!status)
        status = search_items(&argv, "argv", err);
    if (!status)
        status = search_items(&environment, "environment", err);
    if (!status && !call->gone)
        status = keep_program(call, err);
    const int fd = at ? (int)args[0] : AT_FDCWD;
    const bool exists = recorder->found.inode || !recorder->text[0];
    if (!status && !call->gone) {
        translate(&argv, args[at + 1]);
        vb_exec_announce(call, argv.items, argv.count, argv.cut, fd);
    }
    if (!status && !call->gone && exists) /* otherwise it fails */
        status = take_script(call, &argv, err);
    if (environment.endless) /* the kernel's answer, and not to be raced */
        call->error = E2BIG;
    return status;
}

/* --- fork and exit --- */

static const struct {
    uint64_t bit;
    const char *name;
} clone_flags[] = {
    {CLONE_NEWTIME, "newtime"}, /* clone3 only: clone has the child's signal there */
    {CLONE_VM, "vm"},
    {CLONE_FS, "fs"},
    {CLONE_FILES, "files"},
    {CLONE_SIGHAND, "sighand"},
    {CLONE_PTRACE, "ptrace"},
    {CLONE_VFORK, "vfork"},
    {CLONE_PARENT, "parent"},
    {CLONE_THREAD, "thread"},
    {CLONE_NEWNS, "newns"},
    {CLONE_SYSVSEM, "sysvsem"},
    {CLONE_UNTRACED, "untraced"},
    {CLONE_NEWCGROUP, "newcgroup"},
    {CLONE_NEWUTS, "newuts"},
    {CLONE_NEWIPC, "newipc"},
    {CLONE_NEWUSER, "newuser"},
    {CLONE_NEWPID, "newpid"},
    {CLONE_NEWNET, "newnet"},
    {CLONE_IO, "io"},
};

/* Names of the bits of WANTED that FLAGS has, in RET with commas. */
static void name_flags(uint64_t flags, uint64_t wanted, char *ret, size_t size)
{
    size_t len = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < VB_ARRAY_LEN(clone_flags); i++)
        if (clone_flags[i].bit & flags & wanted && len < size)
            len += (size_t)snprintf(ret + len, size - len, len ? ",%s" : "%s", clone_flags[i].name);
}

/* Notified only where it asks for a namespace or makes a thread (syscalls.def), which the C library
 * does with all signals blocked. */
int vb_decode_clone(struct vb_call *call, struct vb_error *err)
{
    char names[256];
    if (!(call->notif->data.args[0] & VB_CLONE_NEW)) {
        vb_recorder_watch_baits(call->recorder);
        return VB_OK;
    }
    name_flags(call->notif->data.args[0], VB_CLONE_NEW, names, sizeof(names));
    return vb_call_deny(call, EPERM, names, err);
}

/* Refused whatever it says, so that nobody need trust what is read here. */
int vb_decode_clone3(struct vb_call *call, struct vb_error *err)
{
    uint64_t flags = 0; /* the first member of struct clone_args */
    char names[256];
    (void)vb_memory_read(&call->recorder->memory, call->notif->data.args[0], &flags, sizeof(flags));
    call->error = ENOSYS;
    if (!(flags & (VB_CLONE_NEW | CLONE_NEWTIME)))
        return VB_OK;
    name_flags(flags, VB_CLONE_NEW | CLONE_NEWTIME, names, sizeof(names));
    return vb_call_deny(call, ENOSYS, names, err);
}

int vb_decode_exit(struct vb_call *call, struct vb_error *err)
{
    struct vb_event event;
    vb_call_event(call, &event, VB_EV_PROCESS_EXIT);
    vb_event_int(&event, VB_F_STATUS, (int64_t)(call->notif->data.args[0] & 0xff));
    call->decided = true;
    int status = vb_call_code_end(call, err);
    if (!status)
        status = vb_call_emit(call, &event, err);
    vb_exec_forget(call->recorder, call->process->tgid);
    vb_recorder_forget(call->recorder, call->process->tgid);
    return status;
}

/* --- signals --- */

/* The process behind a pidfd as the box numbers it. */
static bool pidfd_target(const struct vb_call *call, int fd, char *ret, size_t size)
{
    char path[64], text[1024];
    snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)call->process->tid, fd);
    VB_CLEANUP_FD int info = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = info < 0 ? -1 : read(info, text, sizeof(text) - 1);
    if (n <= 0)
        return false;
    text[n] = '\0';
    const char *line = strstr(text, "\nNSpid:");
    if (!line)
        return false;
    line += strlen("\nNSpid:");
    const char *last = line;
    for (const char *at = line; *at && *at != '\n'; at++)
        if (*at == '\t' || *at == ' ')
            last = at + 1;
    return snprintf(ret, size, "%ld", strtol(last, NULL, 10)) > 0;
}

int vb_decode_signal(struct vb_call *call, struct vb_error *err)
{
    char target[32] = "";
    int signal = 0;
    bool self = false;
    vb_process_number(call->process);
    for (size_t i = 0; i < VB_SYSCALL_ARGS; i++) {
        int value = (int)call->notif->data.args[i];
        if (call->row->args[i] == VB_ARG_PID) {
            snprintf(target, sizeof(target), "%d", value);
            self = value == call->process->inner_tgid || value == call->process->inner_tid;
        } else if (call->row->args[i] == VB_ARG_PIDFD) {
            if (!pidfd_target(call, value, target, sizeof(target)))
                snprintf(target, sizeof(target), "descriptor %d", value);
        } else if (call->row->args[i] == VB_ARG_SIGNAL) {
            signal = value;
        }
    }
    if (self) /* abort, raise and thread libraries; nobody else is touched */
        return VB_OK;
    struct vb_event event;
    vb_call_event(call, &event, VB_EV_PROCESS_SIGNAL);
    vb_event_str(&event, VB_F_TARGET, target);
    vb_event_int(&event, VB_F_SIGNAL, signal);
    return vb_call_emit(call, &event, err);
}
