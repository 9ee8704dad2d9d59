/* Least privilege out of what was seen: the log is read once more, and what no finding names is
 * kept. A package whose behaviour is not honest enough to run gets no profile at all. */
#include "report/profile.h"

#include <string.h>

enum { WORDS_MAX = 400, TEXT_BYTES = 4096, OWN_SLACK = 2 };

static const struct profile_calls calls[] = {
#define VB_EV_ALWAYS VB_EVENT_KIND_COUNT
#define VB_CALLS(event, by_name, why, names) {why, names, VB_EV_##event, by_name},
#include "report/profile_calls.def"
#undef VB_CALLS
#undef VB_EV_ALWAYS
};

size_t vb_profile_calls(const struct profile_calls **ret)
{
    *ret = calls;
    return VB_ARRAY_LEN(calls);
}

static const struct vb_profile_format formats[] = {
    {"srt", "settings of Anthropic's sandbox-runtime, JSON"},
    {"seccomp", "the system calls, for an OCI runtime: docker run --security-opt seccomp=FILE"},
    {"apparmor", "a profile for apparmor_parser"},
    {"openclaw", "exec approvals of OpenClaw: openclaw approvals set --file FILE"},
};

static int (*const writers[])(const struct profile *profile, int fd, struct vb_error *err) = {
    vb_profile_srt, vb_profile_seccomp, vb_profile_apparmor, vb_profile_openclaw};

size_t vb_profile_formats(const struct vb_profile_format **ret)
{
    *ret = formats;
    return VB_ARRAY_LEN(formats);
}

bool vb_profile_known(const char *format)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(formats); i++)
        if (strcmp(formats[i].name, format) == 0)
            return true;
    return false;
}

/* --- sets --- */

static bool has(const struct profile_set *set, const char *text)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->items[i], text) == 0)
            return true;
    return false;
}

static int add(struct profile_set *set, const char *text, struct vb_error *err)
{
    size_t at = set->count;
    if (text[0] == '\0' || has(set, text))
        return VB_OK;
    if (set->count == PROFILE_MAX) {
        set->dropped++;
        return VB_OK;
    }
    char *copy = strdup(text);
    if (copy == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "making a profile");
    for (; at > 0 && strcmp(set->items[at - 1], text) > 0; at--)
        set->items[at] = set->items[at - 1];
    set->items[at] = copy;
    set->count++;
    return VB_OK;
}

static int leave_out(struct profile *p, const char *what, const char *name, struct vb_error *err)
{
    char text[TEXT_BYTES];
    (void)snprintf(text, sizeof(text), "%s %.*s", what, WORDS_MAX, name);
    return add(&p->left_out, text, err);
}

/* --- names --- */

/* Nothing that means something to a shell, a glob or a profile. */
static bool is_plain(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "._-+~/@:,= ";
    return text[0] != '\0' && strlen(text) < WORDS_MAX && text[strspn(text, letters)] == '\0' &&
           strstr(text, "..") == NULL;
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* "~/x" for a path in a home folder of the box. */
static void at_home(const char *path, char ret[TEXT_BYTES])
{
    const char *rest = NULL;
    if (starts(path, "/home/"))
        rest = strchr(path + 6, '/');
    else if (starts(path, "/root/"))
        rest = path + 5;
    (void)snprintf(ret, TEXT_BYTES, "%s%s", rest != NULL ? "~" : "", rest != NULL ? rest : path);
}

static void text_of(const struct vb_event *event, enum vb_field field, char ret[TEXT_BYTES])
{
    const struct vb_str text = vb_event_get_str(event, field);
    const int len = text.len < TEXT_BYTES - 1 ? (int)text.len : 0;
    (void)snprintf(ret, TEXT_BYTES, "%.*s", len, text.text != NULL ? text.text : "");
}

/* The folder that a file at home is kept in: ~/.ssh, ~/.config/gh; a file right at home is itself.
 */
static void keeper_of(char *path)
{
    /* Other things lie there too: the user's own, packages, what compilers keep. */
    static const char *const shared[] = {"~/.openclaw/", "~/.cargo/",    "~/.gem/",    "~/.gradle/",
                                         "~/.m2/",       "~/.composer/", "~/.docker/", "~/.nuget/"};
    static const char *const wide[] = {"~/.config/", "~/.local/share/", "~/.cache/",
                                       "~/Library/", "~/snap/",         "~/.var/app/"};
    size_t skip = 2;
    for (size_t i = 0; i < VB_ARRAY_LEN(wide); i++)
        if (starts(path, wide[i]))
            skip = strlen(wide[i]);
    if (!starts(path, "~/."))
        return;
    for (size_t i = 0; i < VB_ARRAY_LEN(shared); i++)
        if (starts(path, shared[i]))
            return;
    char *end = strchr(path + skip, '/');
    if (end != NULL)
        *end = '\0';
}

/* Temporary folders and caches as wholes. */
static void widen(const struct profile *p, char *path)
{
    static const char *const loose[] = {"/tmp", "/var/tmp", "/dev/shm"};
    const size_t own = strlen(p->own);
    for (size_t i = 0; i < VB_ARRAY_LEN(loose); i++)
        if (starts(path, loose[i]) && path[strlen(loose[i])] == '/')
            path[strlen(loose[i])] = '\0';
    if (own > 0 && starts(path, p->own) && (path[own] == '/' || path[own] == '\0'))
        path[own] = '\0';
    else if (starts(path, "~/.cache/") || starts(path, "~/.npm/") ||
             starts(path, "~/.local/state/"))
        keeper_of(path);
}

/* --- what findings name --- */

static int compare_numbers(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* The events of all findings, in their order. */
static int gather_evidence(struct profile *p, struct vb_error *err)
{
    const struct vb_verdict *v = p->verdict;
    size_t count = 0;
    for (size_t i = 0; i < v->finding_count; i++)
        count += v->findings[i].evidence_count;
    p->evidence = calloc(count + 1, sizeof(*p->evidence));
    if (p->evidence == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "making a profile");
    for (size_t i = 0; i < v->finding_count; i++)
        for (size_t k = 0; k < v->findings[i].evidence_count; k++)
            p->evidence[p->evidence_count++] = v->findings[i].evidence[k];
    qsort(p->evidence, p->evidence_count, sizeof(*p->evidence), compare_numbers);
    return VB_OK;
}

static bool is_evidence(const struct profile *p, uint64_t seq)
{
    return bsearch(&seq, p->evidence, p->evidence_count, sizeof(seq), compare_numbers) != NULL;
}

static bool is_blamed(const struct vb_verdict *v, const char *host)
{
    for (size_t i = 0; i < v->finding_count; i++)
        if (v->findings[i].host != NULL && strcmp(v->findings[i].host, host) == 0)
            return true;
    return false;
}

static bool is_address(const char *host)
{
    return strchr(host, ':') != NULL || host[strspn(host, "0123456789.")] == '\0';
}

static int gather_hosts(struct profile *p, struct vb_error *err)
{
    const struct vb_verdict *v = p->verdict;
    int status = VB_OK;
    for (size_t i = 0; i < v->use_count && status == VB_OK; i++) {
        const struct vb_use_row *row = &v->uses[i];
        const bool host = row->use == VB_USE_HOSTS, file = row->use == VB_USE_FILES;
        const bool honest = row->mark != VB_USE_UNDISCLOSED && is_plain(row->name);
        if (!row->observed || (!host && !file))
            continue;
        if (file && honest && starts(row->name, "~/"))
            status = add(&p->reads, row->name, err);
        else if (file)
            status = leave_out(p, "file", row->name, err);
        else if (!honest || is_blamed(v, row->name))
            status = leave_out(p, "host", row->name, err);
        else if (!is_address(row->name))
            status = add(&p->hosts, row->name, err);
    }
    return status;
}

/* --- the log --- */

static bool writes(const struct vb_event *event)
{
    static const char *const flags[] = {"write", "create", "append", "truncate"};
    const struct vb_value *list = vb_event_get(event, VB_F_FLAGS);
    for (size_t i = 0; list != NULL && list->type == VB_T_LIST && i < list->list.count; i++)
        for (size_t k = 0; k < VB_ARRAY_LEN(flags); k++)
            if (vb_str_equal(list->list.items[i], flags[k]))
                return true;
    return false;
}

static int note_bait(struct profile *p, const struct vb_event *event, struct vb_error *err)
{
    char path[TEXT_BYTES], home[TEXT_BYTES];
    text_of(event, VB_F_PATH, path);
    if (path[0] == '\0')
        return VB_OK;
    at_home(path, home);
    if (has(&p->reads, home))
        return VB_OK; /* it needs this one */
    if (!starts(home, "~/.cache/"))
        keeper_of(home);
    for (size_t i = 0; i < p->reads.count; i++)
        if (starts(p->reads.items[i], home))
            return VB_OK;
    return is_plain(home) ? add(&p->secrets, home, err) : VB_OK;
}

static int note_exec(struct profile *p, const struct vb_event *event, struct vb_error *err)
{
    char path[TEXT_BYTES], home[TEXT_BYTES];
    text_of(event, VB_F_PATH, path);
    at_home(path, home);
    if (vb_event_get(event, VB_F_MISSING) != NULL || path[0] != '/')
        return VB_OK;
    if (is_evidence(p, event->seq) || !is_plain(home))
        return leave_out(p, "program", home, err);
    return add(&p->execs, home, err);
}

/* PATH, which may be granted as a whole, has BELOW in it. */
static bool is_above(const char *path, const char *below)
{
    const size_t len = strlen(path);
    return strncmp(path, below, len) == 0 && below[len] == '/';
}

/* A folder that is everybody's: to ask for it, as `mkdir -p` does on its way, is to want none of
 * what lies in it. */
static bool is_shared(const struct profile *p, const char *path)
{
    static const char *const folders[] = {
        "~",           "~/Documents",    "~/Desktop",    "~/Downloads",    "~/Pictures",
        "~/Music",     "~/Videos",       "~/Library",    "~/.config",      "~/.local",
        "~/.cache",    "~/.local/share", "~/.local/bin", "~/.local/state", "~/bin",
        "~/.openclaw", "~/.claude"};
    if (path[0] == '/' && strchr(path + 1, '/') == NULL)
        return strcmp(path, "/tmp") != 0;
    if (starts(path, "/home/") || starts(path, "/usr/") || starts(path, "/etc/"))
        return true;
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++)
        if (strcmp(path, folders[i]) == 0)
            return true;
    for (size_t i = 0; i < p->secrets.count; i++)
        if (strcmp(path, p->secrets.items[i]) == 0 || is_above(path, p->secrets.items[i]))
            return true;
    return false;
}

/* What a finding names was left out: no folder around it may bring it in again. */
static bool is_above_left_out(const struct profile *p, const char *path)
{
    static const char kind[] = "file ";
    for (size_t i = 0; i < p->left_out.count; i++)
        if (starts(p->left_out.items[i], kind) &&
            is_above(path, p->left_out.items[i] + strlen(kind)))
            return true;
    return false;
}

static int note_write(struct profile *p, const struct vb_event *event, enum vb_field field,
                      struct vb_error *err)
{
    char path[TEXT_BYTES], home[TEXT_BYTES], words[TEXT_BYTES + 8];
    text_of(event, field, path);
    at_home(path, home);
    if (starts(path, "/dev/") || starts(path, "/proc/") || path[0] != '/')
        return VB_OK;
    if (is_evidence(p, event->seq) || !is_plain(home))
        return leave_out(p, "file", home, err);
    (void)snprintf(words, sizeof(words), "file %s", home);
    if (has(&p->left_out, words))
        return VB_OK;
    widen(p, home);
    if (is_above_left_out(p, home))
        return leave_out(p, "folder", home, err);
    return event->kind == VB_EV_FILE_MKDIR && is_shared(p, home) ? VB_OK
                                                                 : add(&p->writes, home, err);
}

static int note_socket(struct profile *p, const struct vb_event *event)
{
    const struct vb_str family = vb_event_get_str(event, VB_F_FAMILY);
    p->inet |= vb_str_equal(family, "inet") || vb_str_equal(family, "inet6");
    p->unix_sockets |= vb_str_equal(family, "unix");
    return VB_OK;
}

static int note(struct profile *p, const struct vb_event *event, struct vb_error *err)
{
    char name[TEXT_BYTES];
    if (event->kind == VB_EV_BAIT_PLACED)
        return note_bait(p, event, err);
    if (event->detonation == 0 || event->source != VB_SOURCE_SYSCALL)
        return VB_OK;
    p->seen[event->kind] |= !is_evidence(p, event->seq);
    switch ((int)event->kind) {
    case VB_EV_PROCESS_EXEC:
        return note_exec(p, event, err);
    case VB_EV_FILE_OPEN:
        return writes(event) ? note_write(p, event, VB_F_PATH, err) : VB_OK;
    case VB_EV_FILE_MKDIR:
    case VB_EV_FILE_LINK:
        return note_write(p, event, VB_F_PATH, err);
    case VB_EV_FILE_RENAME:
        return note_write(p, event, VB_F_TARGET, err);
    case VB_EV_NET_SOCKET:
    case VB_EV_NET_CONNECT:
        return is_evidence(p, event->seq) ? VB_OK : note_socket(p, event);
    case VB_EV_NET_BIND:
        text_of(event, VB_F_FAMILY, name);
        p->listens |= starts(name, "inet") && vb_event_get_int(event, VB_F_PORT, 0) > 0 &&
                      !is_evidence(p, event->seq);
        return VB_OK;
    case VB_EV_KERNEL_CALL:
        text_of(event, VB_F_SYSCALL, name);
        return is_evidence(p, event->seq) ? VB_OK : add(&p->calls, name, err);
    default:
        return VB_OK;
    }
}

static void note_own(struct profile *p, const struct vb_event *event)
{
    char cwd[TEXT_BYTES], home[TEXT_BYTES];
    if (event->kind != VB_EV_DETONATION_BEGIN || p->own[0] != '\0')
        return;
    text_of(event, VB_F_CWD, cwd);
    at_home(cwd, home);
    const bool folder = home[0] == '~' ? strlen(home) > OWN_SLACK : !starts(home, "/home/");
    if (is_plain(home) && folder && home[1] != '\0' && strlen(home) < sizeof(p->own))
        memcpy(p->own, home, strlen(home) + 1);
}

static void free_reader(struct vb_log_reader **reader)
{
    vb_log_reader_free(*reader);
}

/* EVIDENCE: only what findings name, so that whatever they do once is left out everywhere. */
static int read_log(struct profile *p, int log_fd, bool evidence, struct vb_error *err)
{
    VB_CLEANUP(free_reader) struct vb_log_reader *reader = NULL;
    int status = vb_log_reader_new(log_fd, &reader, err);
    while (status == VB_OK) {
        struct vb_event event;
        const int more = vb_log_reader_next(reader, &event, err);
        if (more <= 0)
            return more;
        note_own(p, &event);
        if (!evidence || is_evidence(p, event.seq))
            status = note(p, &event, err);
    }
    return status;
}

/* --- all of it --- */

static void name_profile(struct profile *p)
{
    const struct vb_verdict *v = p->verdict;
    const char *from = v->names.count > 0 ? v->names.items[0]
                       : v->artifact_name ? v->artifact_name
                                          : "package";
    size_t len = 0;
    for (; from[len] != '\0' && from[len] != ' ' && len + 1 < sizeof(p->name); len++)
        p->name[len] = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-",
                              from[len]) != NULL
                           ? from[len]
                           : '-';
    if (len == 0)
        (void)snprintf(p->name, sizeof(p->name), "package");
}

static void set_done(struct profile_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        free(set->items[i]);
}

void vb_profile_free(struct profile *p)
{
    if (p == NULL)
        return;
    struct profile_set *const sets[] = {&p->hosts,   &p->execs, &p->reads,   &p->writes,
                                        &p->secrets, &p->calls, &p->left_out};
    for (size_t i = 0; i < VB_ARRAY_LEN(sets); i++)
        set_done(sets[i]);
    free(p->evidence);
    free(p);
}

static void profile_cleanup(struct profile **profile)
{
    vb_profile_free(*profile);
}

int vb_profile_gather(const struct vb_verdict *verdict, int log_fd, struct profile **ret,
                      struct vb_error *err)
{
    VB_CLEANUP(profile_cleanup) struct profile *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return vb_fail(err, VB_E_NOMEM, 0, "making a profile");
    p->verdict = verdict;
    name_profile(p);
    int status = gather_evidence(p, err);
    if (status == VB_OK)
        status = gather_hosts(p, err);
    if (status == VB_OK)
        status = read_log(p, log_fd, true, err);
    if (status == VB_OK)
        status = read_log(p, log_fd, false, err);
    /* What is not in the table, or on the list of what is left out, could come in by that. */
    if (status == VB_OK && verdict->uses_dropped + p->left_out.dropped > 0)
        status = vb_fail(err, VB_E_LIMIT, 0, "it used more than can be followed");
    if (status < 0)
        return vb_wrap(err, "making a profile");
    *ret = vb_steal(p);
    return VB_OK;
}

void vb_profile_tell(const struct profile *p, vb_profile_told *told, void *ctx)
{
    char text[TEXT_BYTES];
    const struct vb_verdict *v = p->verdict;
    (void)snprintf(text, sizeof(text), "made by %.60s of what runs of %s needed; the verdict is %s",
                   v->tool != NULL ? v->tool : "vetbox", p->name, vb_decision_name(v->decision));
    told(ctx, text);
    if (v->uses_doubt != NULL) {
        (void)snprintf(text, sizeof(text), "it may need more: %.300s", v->uses_doubt);
        told(ctx, text);
    }
    for (size_t i = 0; i < p->left_out.count; i++) {
        (void)snprintf(text, sizeof(text), "left out, since findings or the table name it: %.420s",
                       p->left_out.items[i]);
        told(ctx, text);
    }
}

int vb_profile_write(const struct vb_verdict *verdict, int log_fd, const char *format, int out_fd,
                     struct vb_error *err)
{
    VB_CLEANUP(profile_cleanup) struct profile *p = NULL;
    if (verdict->decision == VB_DECISION_BLOCK)
        return vb_fail(err, VB_E_CONFIG, 0,
                       "no profile: nothing makes a package safe that is block");
    if (!verdict->coverage.executed_at_all)
        return vb_fail(err, VB_E_CONFIG, 0,
                       "no profile: nothing was run, and so nobody knows what it needs");
    int status = vb_profile_gather(verdict, log_fd, &p, err);
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(formats); i++)
        if (strcmp(formats[i].name, format) == 0)
            return writers[i](p, out_fd, err);
    return status < 0 ? status : vb_fail(err, VB_E_USAGE, 0, "unknown profile %s", format);
}
