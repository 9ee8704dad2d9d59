/* persona: whom the subject believes to run under. A developer's home, an ordinary environment, the
 * baits among them, and the package where an agent would have installed it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/kernel.h"

static const char *const environment[] = {
    "HOME=" VB_PERSONA_HOME,
    "USER=" VB_PERSONA_USER,
    "LOGNAME=" VB_PERSONA_USER,
    "SHELL=/bin/bash",
    "PATH=" VB_PERSONA_HOME
    "/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG=C.UTF-8",
    "TERM=xterm-256color",
    "EDITOR=vim",
    "XDG_RUNTIME_DIR=" VB_PERSONA_RUNTIME,
    "XDG_SESSION_TYPE=wayland",
    "XDG_SESSION_CLASS=user",
    "XDG_SESSION_DESKTOP=gnome",
    "XDG_CURRENT_DESKTOP=GNOME",
    "DESKTOP_SESSION=gnome",
    "WAYLAND_DISPLAY=wayland-0", /* and no DISPLAY: Java would fail where it now has no windows */
    /* What a company tells its people to set, so that its proxy is trusted. */
    "SSL_CERT_FILE=" VB_TRUST_BUNDLE,
    "REQUESTS_CA_BUNDLE=" VB_TRUST_BUNDLE,
    /* Alone: reading all of the machine's takes curl five times as long as its request. */
    "CURL_CA_BUNDLE=" VB_TRUST_ONE,
    "PIP_CERT=" VB_TRUST_BUNDLE,
    "GIT_SSL_CAINFO=" VB_TRUST_BUNDLE,
    "AWS_CA_BUNDLE=" VB_TRUST_BUNDLE,
    "NODE_EXTRA_CA_CERTS=" VB_TRUST_ONE,
    "npm_config_cafile=" VB_TRUST_BUNDLE,
};

static const char *const home_folders[] = {
    "Desktop",
    "Documents",
    "Downloads",
    "Pictures",
    "projects",
    ".cache",
    ".config",
    ".local",
    ".local/bin",
    ".local/share",
    ".local/state",
    ".openclaw",
    ".openclaw/workspace",
    ".openclaw/workspace/skills",
};

static const struct {
    const char *path;
    const char *text;
} home_files[] = {
    {".bashrc", "case $- in\n    *i*) ;;\n      *) return;;\nesac\n\nHISTCONTROL=ignoreboth\n"
                "shopt -s histappend\nHISTSIZE=1000\nHISTFILESIZE=2000\n"
                "alias ll='ls -alF'\nalias la='ls -A'\n"},
    {".profile", "if [ -n \"$BASH_VERSION\" ] && [ -f \"$HOME/.bashrc\" ]; then\n"
                 "    . \"$HOME/.bashrc\"\nfi\n"},
    {"Desktop/todo.txt", "- receipts for the team lunch\n- ask about the second monitor\n"},
    {"Documents/onboarding.md", "# First week\n\n1. laptop, badge\n2. repositories\n3. on-call "
                                "rota\n"},
    {"Documents/standup.md", "Mon: tax rounding, review\nTue: checkout tests\nWed: -\n"},
    {"Downloads/orders-export.csv", "order,total,currency\n100311,41.90,USD\n100312,18.00,USD\n"
                                    "100313,230.15,USD\n"},
    {"Downloads/meeting.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"},
    {".bash_logout", "[ -x /usr/bin/clear_console ] && /usr/bin/clear_console -q\n"},
};

enum { HOME_DEPTH = 64 };

void vb_box_folder(const struct vb_box_setup *setup, char *ret, size_t size)
{
    if (setup->options.tree_fd < 0)
        snprintf(ret, size, "%s", VB_PERSONA_HOME);
    else
        snprintf(ret, size, "%s/%s", VB_PERSONA_SKILLS, setup->folder);
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

static void free_strings(char ***strings)
{
    vb_strings_free(*strings);
}

int vb_persona_environment(const struct vb_box_setup *setup, const char *cwd, char ***ret,
                           struct vb_error *err)
{
    const size_t bait_count = setup->baits == NULL ? 0 : vb_bait_count(setup->baits);
    const size_t max = VB_ARRAY_LEN(environment) + bait_count + 2;
    VB_CLEANUP(free_strings) char **strings = calloc(max, sizeof(*strings));
    if (strings == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "making the environment of a box");
    size_t count = 0;
    for (size_t i = 0; i < VB_ARRAY_LEN(environment); i++) {
        strings[count] = strdup(environment[i]);
        if (strings[count++] == NULL)
            return vb_fail(err, VB_E_NOMEM, errno, "making the environment of a box");
    }
    int status = add_pair(strings, &count, "PWD", cwd, strlen(cwd), err);
    for (size_t i = 0; status == VB_OK && i < bait_count; i++) {
        const struct vb_bait *bait = vb_bait_at(setup->baits, i);
        if (bait->place == VB_BAIT_ENV)
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
    const size_t skip = strlen(VB_PERSONA_HOME) + 1;
    for (size_t i = 0; i < count; i++) {
        const struct vb_bait *bait = vb_bait_at(setup->baits, i);
        if (bait->place != VB_BAIT_FILE)
            continue;
        if (strncmp(bait->path, VB_PERSONA_HOME "/", skip) != 0)
            return vb_fail(err, VB_E_SOFTWARE, 0, "the bait %s lies outside the home", bait->id);
        const int status =
            write_file(home, bait->path + skip, bait->mode, bait->content, bait->content_len, err);
        if (status < 0)
            return status;
    }
    close_secret_folders(home);
    return VB_OK;
}

static int make_home(int home, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(home_folders); i++) {
        if (mkdirat(home, home_folders[i], 0755) < 0)
            return vb_fail(err, VB_E_OS, errno, "making %s in a box", home_folders[i]);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(home_files); i++) {
        const int status = write_file(home, home_files[i].path, 0644, home_files[i].text,
                                      strlen(home_files[i].text), err);
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
    snprintf(path, sizeof(path), "%s/%s", VB_PERSONA_SKILLS, setup->folder);
    const char *below = path + strlen(VB_PERSONA_HOME) + 1;
    if (mkdirat(home, below, 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the package's folder in a box");
    /* Descriptors of our own: the offset of a shared one is shared with other boxes. */
    VB_CLEANUP_FD int source =
        openat(setup->options.tree_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int target = openat(home, below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (source < 0 || target < 0)
        return vb_fail(err, VB_E_OS, errno, "opening the package's folder");
    const int status = vb_tree_copy(source, target, &limits, &sink, err);
    return status < 0 ? vb_wrap(err, "copying the package into a box") : VB_OK;
}

int vb_persona_fill(const struct vb_box_setup *setup, int root_fd, struct vb_error *err)
{
    static const char home_path[] = "home/" VB_PERSONA_USER;
    VB_CLEANUP_FD int home = -1;
    if ((home = openat(root_fd, home_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the home of a box");
    int status = make_home(home, err);
    if (status == VB_OK)
        status = write_baits(setup, home, err);
    if (status == VB_OK)
        status = vb_age(setup, home, err);
    if (status == VB_OK && setup->options.tree_fd >= 0)
        status = copy_package(setup, home, err);
    return status;
}
