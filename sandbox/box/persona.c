/* persona: whom the subject believes to run under. A home, an ordinary environment, the baits among
 * them, and the package where an agent would have installed it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/kernel.h"

static const struct vb_persona_traits personas[VB_PERSONA_COUNT] = {
    [VB_PERSONA_DEVELOPER] = {"developer", VB_PERSONA_USER, "Alex", VB_PERSONA_HOME,
                              "alex-thinkpad"},
    [VB_PERSONA_CI] = {"ci", "runner", "", "/home/runner", "runnervm6j8hd"},
    [VB_PERSONA_EMPTY] = {"empty", VB_PERSONA_USER, "Alex", VB_PERSONA_HOME, "alex-thinkpad"},
    [VB_PERSONA_SERVER] = {"server", "ubuntu", "Ubuntu", "/home/ubuntu", "ip-172-31-24-87"},
};

const struct vb_persona_traits *vb_persona_traits(enum vb_persona persona)
{
    return &personas[persona];
}

const char *vb_persona_name(enum vb_persona persona)
{
    return personas[persona].name;
}

int vb_persona_named(const char *name, enum vb_persona *ret, struct vb_error *err)
{
    for (size_t i = 0; i < VB_PERSONA_COUNT; i++) {
        if (name != NULL && strcmp(personas[i].name, name) != 0)
            continue;
        *ret = (enum vb_persona)i;
        return VB_OK;
    }
    return vb_fail(err, VB_E_USAGE, 0, "there is no persona %s: developer, ci, empty or server",
                   name);
}

enum {
    DEVELOPER = 1 << VB_PERSONA_DEVELOPER,
    CI = 1 << VB_PERSONA_CI,
    EMPTY = 1 << VB_PERSONA_EMPTY,
    SERVER = 1 << VB_PERSONA_SERVER,
    PEOPLE = DEVELOPER | EMPTY, /* who sit before a screen */
    ALL = PEOPLE | CI | SERVER
};

static bool is_for(const struct vb_box_setup *setup, unsigned whom)
{
    return (whom >> setup->options.persona & 1) != 0;
}

/* What VALUE begins with "~" stands in the home. */
static const struct {
    unsigned personas;
    const char *name, *value;
} environment[] = {
    {ALL, "HOME", "~"},
    {ALL, "SHELL", "/bin/bash"},
    {ALL, "PATH", "~/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    {PEOPLE | CI, "LANG", "C.UTF-8"},
    {SERVER, "LANG", "en_US.UTF-8"},
    {PEOPLE, "TERM", "xterm-256color"},
    {PEOPLE, "EDITOR", "vim"},
    {PEOPLE, "XDG_RUNTIME_DIR", VB_PERSONA_RUNTIME},
    {PEOPLE, "XDG_SESSION_TYPE", "wayland"},
    {PEOPLE, "XDG_SESSION_CLASS", "user"},
    {PEOPLE, "XDG_SESSION_DESKTOP", "gnome"},
    {PEOPLE, "XDG_CURRENT_DESKTOP", "GNOME"},
    {PEOPLE, "DESKTOP_SESSION", "gnome"},
    /* And no DISPLAY: Java would fail where it now has no windows. */
    {PEOPLE, "WAYLAND_DISPLAY", "wayland-0"},
    {CI, "DEBIAN_FRONTEND", "noninteractive"},
    /* What a company tells its people to set, so that its proxy is trusted. */
    {ALL, "SSL_CERT_FILE", VB_TRUST_BUNDLE},
    {ALL, "REQUESTS_CA_BUNDLE", VB_TRUST_BUNDLE},
    /* Alone: reading all of the machine's takes curl five times as long as its request. */
    {ALL, "CURL_CA_BUNDLE", VB_TRUST_ONE},
    {ALL, "PIP_CERT", VB_TRUST_BUNDLE},
    {ALL, "GIT_SSL_CAINFO", VB_TRUST_BUNDLE},
    {ALL, "AWS_CA_BUNDLE", VB_TRUST_BUNDLE},
    {ALL, "NODE_EXTRA_CA_CERTS", VB_TRUST_ONE},
    {ALL, "npm_config_cafile", VB_TRUST_BUNDLE},
};

/* Where a runner of GitHub's has its jobs, as in bait/ci.def. */
#define JOBS "actions-runner/_work"
#define CHECKOUT JOBS "/storefront/storefront"

static const struct {
    unsigned personas;
    const char *path;
} home_folders[] = {
    {DEVELOPER, "Desktop"},
    {DEVELOPER, "Documents"},
    {DEVELOPER, "Downloads"},
    {DEVELOPER, "Mail"},
    {DEVELOPER, "Mail/inbox"},
    {DEVELOPER, "Mail/inbox/cur"},
    {DEVELOPER, "Mail/inbox/new"},
    {DEVELOPER, "Mail/inbox/tmp"},
    {DEVELOPER, "Music"},
    {DEVELOPER, "Pictures"},
    {DEVELOPER, "projects"},
    {DEVELOPER, "projects/storefront"},
    {DEVELOPER, "projects/storefront/.git"},
    {DEVELOPER, "projects/storefront/.git/objects"},
    {DEVELOPER, "projects/storefront/.git/refs"},
    {DEVELOPER, "projects/storefront/.git/refs/heads"},
    {ALL, ".cache"},
    {ALL, ".config"},
    {ALL, ".local"},
    {ALL, ".local/bin"},
    {ALL, ".local/share"},
    {PEOPLE, ".local/state"},
    {CI, "actions-runner"},
    {CI, JOBS},
    {CI, JOBS "/_temp"},
    {CI, JOBS "/_temp/_github_workflow"},
    {CI, JOBS "/storefront"},
    {CI, CHECKOUT},
    {CI, CHECKOUT "/src"},
    {CI, CHECKOUT "/.git"},
    {CI, CHECKOUT "/.git/objects"},
    {CI, CHECKOUT "/.git/refs"},
    {CI, CHECKOUT "/.git/refs/heads"},
    {ALL, ".openclaw"},
    {ALL, ".openclaw/workspace"},
    {ALL, ".openclaw/workspace/skills"},
};

static const struct {
    unsigned personas;
    const char *path;
    const char *text;
} home_files[] = {
    {ALL, ".bashrc",
     "case $- in\n    *i*) ;;\n      *) return;;\nesac\n\nHISTCONTROL=ignoreboth\n"
     "shopt -s histappend\nHISTSIZE=1000\nHISTFILESIZE=2000\n"
     "alias ll='ls -alF'\nalias la='ls -A'\n"},
    {ALL, ".profile",
     "if [ -n \"$BASH_VERSION\" ] && [ -f \"$HOME/.bashrc\" ]; then\n"
     "    . \"$HOME/.bashrc\"\nfi\n"},
    {ALL, ".bash_logout", "[ -x /usr/bin/clear_console ] && /usr/bin/clear_console -q\n"},
    {CI, CHECKOUT "/.git/HEAD", "ref: refs/heads/main\n"},
    {CI, CHECKOUT "/README.md", "# storefront\n\nnpm ci && npm test\n"},
    {CI, CHECKOUT "/package.json",
     "{\n  \"name\": \"storefront\",\n  \"version\": \"2.14.0\",\n  \"private\": true,\n"
     "  \"scripts\": {\"test\": \"node --test\", \"build\": \"node src/index.js\"}\n}\n"},
    {CI, CHECKOUT "/src/index.js", "console.log('storefront');\n"},
    {CI, JOBS "/_temp/_github_workflow/event.json",
     "{\"ref\":\"refs/heads/main\",\"forced\":false,\"deleted\":false}\n"},
    {DEVELOPER, "Desktop/todo.txt",
     "- receipts for the team lunch\n- ask about the second monitor\n"},
    {DEVELOPER, "projects/storefront/.git/HEAD", "ref: refs/heads/main\n"},
    {DEVELOPER, "projects/storefront/.git/config",
     "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"
     "[remote \"origin\"]\n\turl = https://git.example.com/web/storefront.git\n"
     "\tfetch = +refs/heads/*:refs/remotes/origin/*\n"},
    {DEVELOPER, "projects/storefront/README.md", "# storefront\n\nnpm ci && npm test\n"},
    {DEVELOPER,
     ".claude/projects/-home-alex-projects-storefront/3f6c1c52-7a0e-4d0b-9a51-2c8d5f1be704.jsonl",
     "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"Deploy the shop\"}}\n"
     "{\"type\":\"assistant\",\"message\":{\"role\":\"assistant\",\"content\":\"Done.\"}}\n"},
    {DEVELOPER, "Documents/onboarding.md",
     "# First week\n\n1. laptop, badge\n2. repositories\n3. on-call rota\n"},
    {DEVELOPER, "Documents/standup.md", "Mon: tax rounding, review\nTue: checkout tests\nWed: -\n"},
    {DEVELOPER, "Downloads/orders-export.csv",
     "order,total,currency\n100311,41.90,USD\n100312,18.00,USD\n100313,230.15,USD\n"},
    {DEVELOPER, "Downloads/report_plugin.py", VB_PLUGIN_CODE "\n"},
    {DEVELOPER, "Downloads/meeting.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"},
};

/* What people are asked to give a tool: "path/to/image.png". */
static const struct {
    const char *path;
    const char *bytes;
    size_t len;
} home_samples[] = {
#include <samples.inc>
};

enum { HOME_DEPTH = 64 };

static const struct vb_persona_traits *traits_of(const struct vb_box_setup *setup)
{
    return &personas[setup->options.persona];
}

void vb_box_folder(const struct vb_box_setup *setup, char *ret, size_t size)
{
    if (setup->options.tree_fd < 0)
        snprintf(ret, size, "%s", traits_of(setup)->home);
    else
        snprintf(ret, size, "%s" VB_SKILLS "/%s", traits_of(setup)->home, setup->folder);
}

/* --- environment --- */

void vb_strings_free(char **strings)
{
    for (char **at = strings; at != NULL && *at != NULL; at++)
        free(*at);
    free(strings);
}

static int add_pair(char **strings, size_t *count, const char *name, const void *value, size_t len,
                    struct vb_error *err)
{
    char *pair = NULL;
    if (asprintf(&pair, "%s=%.*s", name, (int)len, (const char *)value) < 0)
        return vb_fail(err, VB_E_NOMEM, errno, "making the environment of a box");
    strings[(*count)++] = pair;
    return VB_OK;
}

static int add_text(char **strings, size_t *count, const char *name, const char *value,
                    struct vb_error *err)
{
    return add_pair(strings, count, name, value, strlen(value), err);
}

/* What every such machine has. */
static int add_usual(const struct vb_persona_traits *traits, unsigned persona, char **strings,
                     size_t *count, struct vb_error *err)
{
    int status = add_text(strings, count, "USER", traits->user, err);
    if (status == VB_OK)
        status = add_text(strings, count, "LOGNAME", traits->user, err);
    for (size_t i = 0; i < VB_ARRAY_LEN(environment) && status == VB_OK; i++) {
        const char *value = environment[i].value;
        char path[256];
        if ((environment[i].personas >> persona & 1) == 0)
            continue;
        snprintf(path, sizeof(path), "%s%s", value[0] == '~' ? traits->home : "",
                 value[0] == '~' ? value + 1 : value);
        status = add_text(strings, count, environment[i].name, path, err);
    }
    return status;
}

static void free_strings(char ***strings)
{
    vb_strings_free(*strings);
}

int vb_persona_environment(const struct vb_box_setup *setup, const char *cwd, char ***ret,
                           struct vb_error *err)
{
    const size_t bait_count = setup->baits == NULL ? 0 : vb_bait_count(setup->baits);
    const size_t max = VB_ARRAY_LEN(environment) + bait_count + 4;
    VB_CLEANUP(free_strings) char **strings = calloc(max, sizeof(*strings));
    if (strings == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "making the environment of a box");
    size_t count = 0;
    int status = add_usual(traits_of(setup), setup->options.persona, strings, &count, err);
    if (status == VB_OK)
        status = add_text(strings, &count, "PWD", cwd, err);
    for (size_t i = 0; status == VB_OK && i < bait_count; i++) {
        const struct vb_bait *bait = vb_bait_at(setup->baits, i);
        if (bait->place == VB_BAIT_ENV || bait->place == VB_BAIT_PLAIN)
            status = add_pair(strings, &count, bait->env, bait->content, bait->content_len, err);
    }
    if (status == VB_OK)
        *ret = vb_steal(strings);
    return status;
}

/* --- files --- */

static int write_file(int dirfd, const char *path, uint32_t mode, const void *data, size_t len,
                      struct vb_error *err)
{
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    VB_CLEANUP_FD int fd = vb_open_beneath(dirfd, path, flags, 0600);
    if (fd < 0 && errno == ENOENT && vb_mkdir_parents(dirfd, path) == 0)
        fd = vb_open_beneath(dirfd, path, flags, 0600);
    if (fd < 0)
        return vb_fail(err, VB_E_OS, errno, "writing %s in a box", path);
    const int status = vb_write_all(fd, data, len, err);
    if (status < 0)
        return vb_wrap(err, "writing %s in a box", path);
    if (fchmod(fd, mode & 07777) < 0)
        return vb_fail(err, VB_E_OS, errno, "setting the mode of %s in a box", path);
    return VB_OK;
}

/* Folders of secrets are closed to others, as their owners' programs make them. */
static void close_secret_folders(int home)
{
    static const char *const folders[] = {".ssh", ".gnupg", ".aws", ".kube", ".docker"};
    for (size_t i = 0; i < VB_ARRAY_LEN(folders); i++) {
        if (fchmodat(home, folders[i], 0700, 0) < 0)
            continue; /* a bait set may lack some of them */
    }
}

static int write_baits(const struct vb_box_setup *setup, int home, struct vb_error *err)
{
    const size_t count = setup->baits == NULL ? 0 : vb_bait_count(setup->baits);
    const char *own = traits_of(setup)->home;
    const size_t skip = strlen(own) + 1;
    for (size_t i = 0; i < count; i++) {
        const struct vb_bait *bait = vb_bait_at(setup->baits, i);
        if (bait->place != VB_BAIT_FILE)
            continue;
        if (strncmp(bait->path, own, skip - 1) != 0 || bait->path[skip - 1] != '/')
            return vb_fail(err, VB_E_SOFTWARE, 0, "the bait %s lies outside the home", bait->id);
        const int status =
            write_file(home, bait->path + skip, bait->mode, bait->content, bait->content_len, err);
        if (status < 0)
            return status;
    }
    close_secret_folders(home);
    return VB_OK;
}

static int make_home(const struct vb_box_setup *setup, int home, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(home_folders); i++) {
        if (is_for(setup, home_folders[i].personas) &&
            mkdirat(home, home_folders[i].path, 0755) < 0)
            return vb_fail(err, VB_E_OS, errno, "making %s in a box", home_folders[i].path);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(home_files); i++) {
        if (!is_for(setup, home_files[i].personas))
            continue;
        const int status = write_file(home, home_files[i].path, 0644, home_files[i].text,
                                      strlen(home_files[i].text), err);
        if (status < 0)
            return status;
    }
    for (size_t i = 0; is_for(setup, DEVELOPER) && i < VB_ARRAY_LEN(home_samples); i++) {
        const int status = write_file(home, home_samples[i].path, 0644, home_samples[i].bytes,
                                      home_samples[i].len, err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}

/* What is copied is a copy already: there is nothing to tell of it any more. */
static int refuse_event(struct vb_sink *sink, struct vb_event *event, struct vb_error *err)
{
    (void)sink;
    (void)event;
    return vb_fail(err, VB_E_SOFTWARE, 0, "the package's files are not as they were sealed");
}

static int copy_package(const struct vb_box_setup *setup, int home, struct vb_error *err)
{
    struct vb_sink sink = {.emit = refuse_event};
    const struct vb_tree_limits limits = {.bytes = setup->tree_bytes,
                                          .file_bytes = setup->tree_bytes,
                                          .entries = setup->tree_entries + 1,
                                          .depth = HOME_DEPTH};
    char path[256];
    snprintf(path, sizeof(path), VB_SKILLS "/%s", setup->folder);
    const char *below = path + 1;
    if (mkdirat(home, below, 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the package's folder in a box");
    /* Descriptors of our own: the offset of a shared one is shared with other boxes. */
    VB_CLEANUP_FD int source =
        openat(setup->options.tree_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int target = openat(home, below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (source < 0 || target < 0)
        return vb_fail(err, VB_E_OS, errno, "opening the package's folder");
    const int status = vb_tree_copy(source, target, &limits, &sink, NULL, err);
    return status < 0 ? vb_wrap(err, "copying the package into a box") : VB_OK;
}

int vb_persona_fill(const struct vb_box_setup *setup, int root_fd, struct vb_error *err)
{
    const char *home_path = traits_of(setup)->home + 1;
    VB_CLEANUP_FD int home = -1;
    if ((home = openat(root_fd, home_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the home of a box");
    int status = make_home(setup, home, err);
    if (status == VB_OK)
        status = write_baits(setup, home, err);
    if (status == VB_OK)
        status = vb_age(setup, home, err);
    if (status == VB_OK && setup->options.tree_fd >= 0)
        status = copy_package(setup, home, err);
    return status;
}
