/* The profiles' own languages. */
#include <stdarg.h>
#include <string.h>

#include "report/profile.h"

enum { LINE_BYTES = 4096 };

static void write_set(struct vb_json_out *out, const char *key, const struct profile_set *set)
{
    vb_json_key(out, key);
    vb_json_begin_array(out);
    for (size_t i = 0; i < set->count; i++)
        vb_json_str(out, set->items[i]);
    vb_json_end_array(out);
}

static void tell_json(void *ctx, const char *text)
{
    vb_json_str(ctx, text);
}

static int finish_json(struct vb_json_out *out, int fd, struct vb_error *err)
{
    vb_json_end_object(out);
    if (vb_json_finish(out) < 0)
        return vb_wrap(err, "writing the profile");
    return vb_write_all(fd, "\n", 1, err);
}

/* --- srt --- */

/* PATH below the package's folder, where srt is started, is ".". */
static const char *from_own(const struct profile *p, const char *path)
{
    return p->own[0] != '\0' && strcmp(path, p->own) == 0 ? "." : path;
}

/* Who may write a folder may not write a secret in it; elsewhere nothing can be written anyway. */
static void write_kept(struct vb_json_out *out, const struct profile *p)
{
    vb_json_key(out, "denyWrite");
    vb_json_begin_array(out);
    for (size_t i = 0; i < p->secrets.count; i++) {
        bool below = false;
        for (size_t k = 0; k < p->writes.count; k++) {
            const size_t len = strlen(p->writes.items[k]);
            below |= strncmp(p->secrets.items[i], p->writes.items[k], len) == 0 &&
                     p->secrets.items[i][len] == '/';
        }
        if (below)
            vb_json_str(out, p->secrets.items[i]);
    }
    vb_json_end_array(out);
}

/* Members as in SandboxRuntimeConfigSchema; srt passes over the one that it does not know. */
int vb_profile_srt(const struct profile *p, int fd, struct vb_error *err)
{
    struct vb_json_out out;
    static const struct profile_set none = {.count = 0};
    vb_json_out_fd(&out, &fd, true, err);
    vb_json_begin_object(&out);
    vb_json_key(&out, "//");
    vb_json_begin_array(&out);
    vb_profile_tell(p, tell_json, &out);
    vb_json_end_array(&out);
    vb_json_key(&out, "network");
    vb_json_begin_object(&out);
    write_set(&out, "allowedDomains", &p->hosts);
    write_set(&out, "deniedDomains", &none);
    vb_json_member_bool(&out, "allowLocalBinding", p->listens);
    vb_json_end_object(&out);
    vb_json_key(&out, "filesystem");
    vb_json_begin_object(&out);
    write_set(&out, "denyRead", &p->secrets);
    vb_json_key(&out, "allowWrite");
    vb_json_begin_array(&out);
    for (size_t i = 0; i < p->writes.count; i++)
        vb_json_str(&out, from_own(p, p->writes.items[i]));
    vb_json_end_array(&out);
    write_kept(&out, p);
    vb_json_end_object(&out);
    return finish_json(&out, fd, err);
}

/* --- seccomp --- */

struct joined {
    char text[LINE_BYTES];
    size_t used;
};

static void tell_joined(void *ctx, const char *text)
{
    struct joined *all = ctx;
    const int more = snprintf(all->text + all->used, sizeof(all->text) - all->used, "%s%s",
                              all->used == 0 ? "" : "; ", text);
    if (more > 0 && (size_t)more < sizeof(all->text) - all->used)
        all->used += (size_t)more;
    all->text[all->used] = '\0';
}

static bool is_among(const struct profile_set *set, const char *name, size_t len)
{
    for (size_t i = 0; i < set->count; i++)
        if (strlen(set->items[i]) == len && memcmp(set->items[i], name, len) == 0)
            return true;
    return false;
}

static size_t write_names(struct vb_json_out *out, const struct profile *p,
                          const struct profile_calls *row)
{
    size_t count = 0;
    for (const char *at = row->names; *at != '\0'; at += strspn(at, " ")) {
        const size_t len = strcspn(at, " ");
        if (!row->by_name || is_among(&p->calls, at, len)) {
            if (out != NULL)
                vb_json_bytes(out, at, len);
            count++;
        }
        at += len;
    }
    return count;
}

static void write_calls(struct vb_json_out *out, const struct profile *p,
                        const struct profile_calls *row, const char *comment)
{
    vb_json_begin_object(out);
    vb_json_key(out, "names");
    vb_json_begin_array(out);
    (void)write_names(out, p, row);
    vb_json_end_array(out);
    vb_json_member_str(out, "action", "SCMP_ACT_ALLOW");
    vb_json_member_str(out, "comment", comment);
    vb_json_end_object(out);
}

/* As opencontainers/runtime-spec has it, and Docker's profiles, whose rows have comments. */
int vb_profile_seccomp(const struct profile *p, int fd, struct vb_error *err)
{
    struct vb_json_out out;
    struct joined told = {.used = 0};
    const struct profile_calls *rows = NULL;
    const size_t count = vb_profile_calls(&rows);
    vb_profile_tell(p, tell_joined, &told);
    vb_json_out_fd(&out, &fd, true, err);
    vb_json_begin_object(&out);
    vb_json_member_str(&out, "defaultAction", "SCMP_ACT_ERRNO");
    vb_json_member_int(&out, "defaultErrnoRet", 1);
    vb_json_key(&out, "architectures");
    vb_json_begin_array(&out);
    vb_json_str(&out, "SCMP_ARCH_X86_64");
    vb_json_end_array(&out);
    vb_json_key(&out, "syscalls");
    vb_json_begin_array(&out);
    for (size_t i = 0; i < count; i++) {
        const bool needed = rows[i].kind == VB_EVENT_KIND_COUNT || p->seen[rows[i].kind];
        if (needed && write_names(NULL, p, &rows[i]) > 0)
            write_calls(&out, p, &rows[i], i == 0 ? told.text : rows[i].why);
    }
    vb_json_end_array(&out);
    return finish_json(&out, fd, err);
}

/* --- text --- */

struct page {
    int fd;
    int status;
    struct vb_error *err;
    const char *comment; /* how a line of one begins */
};

static void put(struct page *page, const char *fmt, ...) VB_PRINTF(2, 3);
static void put(struct page *page, const char *fmt, ...)
{
    char line[LINE_BYTES];
    va_list args;
    va_start(args, fmt);
    const int len = vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    if (page->status == VB_OK && len > 0)
        page->status = vb_write_all(
            page->fd, line, (size_t)len < sizeof(line) ? (size_t)len : sizeof(line) - 1, page->err);
}

/* A name that is not plain may hold anything, a line's end too. */
static void tell_comment(void *ctx, const char *text)
{
    struct page *page = ctx;
    char safe[LINE_BYTES];
    size_t len = 0;
    for (; text[len] != '\0' && len + 1 < sizeof(safe); len++)
        safe[len] =
            (unsigned char)text[len] < 0x20 || (unsigned char)text[len] >= 0x7f ? '?' : text[len];
    safe[len] = '\0';
    put(page, "%s %s\n", page->comment, safe);
}

/* --- AppArmor --- */

/* "~/x" is @{HOME}/x; what is plain needs no escapes but for what opens a variable. */
static const char *in_apparmor(const char *path, char ret[LINE_BYTES])
{
    const bool home = path[0] == '~' && path[1] == '/';
    (void)snprintf(ret, LINE_BYTES, "%s%s", home ? "@{HOME}" : "", home ? path + 1 : path);
    return ret;
}

static void apparmor_paths(struct page *page, const struct profile_set *set, const char *before,
                           const char *rights)
{
    char path[LINE_BYTES];
    for (size_t i = 0; i < set->count; i++) {
        if (strpbrk(set->items[i], "@,=") != NULL)
            continue;
        put(page, "  %s\"%s\" %s,\n", before, in_apparmor(set->items[i], path), rights);
    }
}

/* As well what lies below, of what may be a folder. */
static void apparmor_trees(struct page *page, const struct profile_set *set, const char *before,
                           const char *rights)
{
    char path[LINE_BYTES];
    for (size_t i = 0; i < set->count; i++) {
        if (strpbrk(set->items[i], "@,=") != NULL)
            continue;
        put(page, "  %s\"%s{,/**}\" %s,\n", before, in_apparmor(set->items[i], path), rights);
    }
}

static void apparmor_network(struct page *page, const struct profile *p)
{
    if (p->hosts.count > 0 || p->inet)
        put(page, "\n  include <abstractions/nameservice>\n  include <abstractions/ssl_certs>\n"
                  "  network inet stream,\n  network inet dgram,\n  network inet6 stream,\n"
                  "  network inet6 dgram,\n");
    if (p->unix_sockets)
        put(page, "  unix,\n");
    for (size_t i = 0; i < p->hosts.count; i++)
        put(page, "  # AppArmor knows no hosts: %s\n", p->hosts.items[i]);
}

int vb_profile_apparmor(const struct profile *p, int fd, struct vb_error *err)
{
    struct page page = {fd, VB_OK, err, "#"};
    char own[LINE_BYTES];
    vb_profile_tell(p, tell_comment, &page);
    put(&page, "abi <abi/3.0>,\ninclude <tunables/global>\n\nprofile vetbox-%s {\n", p->name);
    put(&page, "  include <abstractions/base>\n  /usr/** mr,\n  /etc/** r,\n"
               "  @{PROC}/@{pid}/** r,\n  /dev/{null,zero,random,urandom,tty} rw,\n");
    if (p->own[0] != '\0' && strpbrk(p->own, "@,=") == NULL)
        put(&page, "  \"%s/{,**}\" mr,\n", in_apparmor(p->own, own));
    put(&page, "\n");
    apparmor_paths(&page, &p->execs, "", "mrix");
    apparmor_network(&page, p);
    put(&page, "\n");
    apparmor_paths(&page, &p->reads, "", "r");
    apparmor_trees(&page, &p->writes, "", "rwk");
    put(&page, "\n");
    apparmor_trees(&page, &p->secrets, "audit deny ", "mrwkl");
    put(&page, "}\n");
    return page.status < 0 ? vb_wrap(err, "writing the profile") : VB_OK;
}

/* --- OpenClaw --- */

/* Whoever may run one of these without being asked may run everything. */
static bool runs_anything(const char *path)
{
    static const char *const programs[] = {
        "sh",      "bash",   "dash", "zsh",     "fish",     "ksh",   "busybox", "env",  "python",
        "perl",    "ruby",   "node", "deno",    "bun",      "php",   "lua",     "pwsh", "xargs",
        "find",    "awk",    "gawk", "mawk",    "sed",      "tar",   "ssh",     "sudo", "su",
        "curl",    "wget",   "nc",   "socat",   "git",      "npm",   "npx",     "pip",  "pipx",
        "uv",      "uvx",    "make", "docker",  "setsid",   "nohup", "nice",    "time", "tee",
        "timeout", "script", "vim",  "systemd", "osascript"};
    const char *base = vb_path_base(path);
    /* python3, python3.11, php8.2 and node22 are the same. */
    const size_t len = strcspn(base, "0123456789");
    for (size_t i = 0; i < VB_ARRAY_LEN(programs); i++)
        if (strlen(programs[i]) == len && strncmp(programs[i], base, len) == 0)
            return true;
    return false;
}

/* `openclaw approvals set` takes JSON5: comments may stand before it. */
int vb_profile_openclaw(const struct profile *p, int fd, struct vb_error *err)
{
    struct page page = {fd, VB_OK, err, "//"};
    struct vb_json_out out;
    vb_profile_tell(p, tell_comment, &page);
    for (size_t i = 0; i < p->hosts.count; i++)
        put(&page, "// exec approvals know no hosts: %s\n", p->hosts.items[i]);
    for (size_t i = 0; i < p->execs.count; i++)
        if (runs_anything(p->execs.items[i]))
            put(&page, "// left to be asked about, as it runs anything: %s\n", p->execs.items[i]);
    if (page.status < 0)
        return vb_wrap(err, "writing the profile");
    vb_json_out_fd(&out, &fd, true, err);
    vb_json_begin_object(&out);
    vb_json_member_int(&out, "version", 1);
    vb_json_key(&out, "agents");
    vb_json_begin_object(&out);
    vb_json_key(&out, "main");
    vb_json_begin_object(&out);
    vb_json_member_str(&out, "security", "allowlist");
    vb_json_member_str(&out, "ask", "on-miss");
    vb_json_member_str(&out, "askFallback", "deny");
    vb_json_member_bool(&out, "autoAllowSkills", false);
    vb_json_key(&out, "allowlist");
    vb_json_begin_array(&out);
    for (size_t i = 0; i < p->execs.count; i++) {
        if (runs_anything(p->execs.items[i]))
            continue;
        vb_json_begin_object(&out);
        vb_json_member_str(&out, "pattern", p->execs.items[i]);
        vb_json_end_object(&out);
    }
    vb_json_end_array(&out);
    vb_json_end_object(&out);
    vb_json_end_object(&out);
    return finish_json(&out, fd, err);
}
