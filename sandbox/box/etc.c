/* etc: the /etc of a box. What identifies the machine or its people is synthetic; what programs
 * merely need is copied or shown read-only from the host. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/kernel.h"

/* {user}, {name}, {home} and {host} are the persona's. */
static const struct {
    const char *path;
    uint32_t mode;
    const char *text;
} texts[] = {
    {"etc/passwd", 0444,
     "root:x:0:0:root:/root:/bin/bash\n"
     "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
     "bin:x:2:2:bin:/bin:/usr/sbin/nologin\n"
     "sys:x:3:3:sys:/dev:/usr/sbin/nologin\n"
     "man:x:6:12:man:/var/cache/man:/usr/sbin/nologin\n"
     "mail:x:8:8:mail:/var/mail:/usr/sbin/nologin\n"
     "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
     "messagebus:x:100:107::/nonexistent:/usr/sbin/nologin\n"
     "sshd:x:102:65534::/run/sshd:/usr/sbin/nologin\n"
     "{user}:x:1000:1000:{name},,,:{home}:/bin/bash\n"
     "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
    {"etc/group", 0444,
     "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:{user}\ntty:x:5:\ndisk:x:6:\nmail:x:8:\n"
     "man:x:12:\ncdrom:x:24:{user}\nsudo:x:27:{user}\nwww-data:x:33:\nshadow:x:42:\nvideo:x:44:{"
     "user}\n"
     "plugdev:x:46:{user}\nusers:x:100:{user}\nmessagebus:x:107:\ndocker:x:996:{user}\n{user}:x:"
     "1000:\n"
     "nogroup:x:65534:\n"},
    {"etc/shadow", 0000, ""},
    {"etc/gshadow", 0000, ""},
    {"etc/sudoers", 0000, ""},
    {"etc/hostname", 0444, "{host}\n"},
    {"etc/hosts", 0444,
     "127.0.0.1\tlocalhost\n127.0.1.1\t{host}\n\n"
     "::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"},
    {"etc/resolv.conf", 0444, "nameserver " VB_NET_ROUTER "\n"},
    {"etc/nsswitch.conf", 0444,
     "passwd:         files\ngroup:          files\nshadow:         files\n\n"
     "hosts:          files dns\nnetworks:       files\n\nprotocols:      files\n"
     "services:       files\nethers:         files\nrpc:            files\n"},
    {"etc/timezone", 0444, "America/New_York\n"},
    {"etc/environment", 0444, ""},
    {"etc/default/keyboard", 0444,
     "XKBMODEL=\"pc105\"\nXKBLAYOUT=\"us\"\nXKBVARIANT=\"\"\nXKBOPTIONS=\"\"\n\n"
     "BACKSPACE=\"guess\"\n"},
    {"etc/default/locale", 0444, "LANG=en_US.UTF-8\n"},
    {"etc/fstab", 0444, "/dev/nvme0n1p2 / ext4 errors=remount-ro 0 1\n"},
    {"etc/shells", 0444, "/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n"},
    {"etc/profile", 0444,
     "if [ \"$(id -u)\" -eq 0 ]; then\n"
     "  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
     "else\n  PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games\nfi\nexport PATH\n"},
    /* Instructions say "pip install", which Debian's refuses outside of a virtual environment: what
     * is installed would not be seen. */
    {"etc/pip.conf", 0444, "[global]\nbreak-system-packages = true\n"},
    {"etc/bash.bashrc", 0444, "[ -z \"$PS1\" ] && return\nPS1='\\u@\\h:\\w\\$ '\n"},
};

static const struct {
    const char *path, *target;
} links[] = {
    {"etc/localtime", "/usr/share/zoneinfo/America/New_York"},
    {"etc/mtab", "../proc/self/mounts"},
};

/* Small files that say nothing about whose machine it is. */
static const char *const copies[] = {
    "debian_version", "fedora-release", "gai.conf",   "host.conf",    "inputrc",     "issue",
    "issue.net",      "ld.so.cache",    "ld.so.conf", "locale.alias", "locale.conf", "login.defs",
    "lsb-release",    "magic",          "magic.mime", "mime.types",   "networks",    "os-release",
    "protocols",      "redhat-release", "rpc",        "services",     "wgetrc",
};

/* Folders shown as they are. Never one that holds a private key. */
static const char *const shown[] = {
    "alternatives", "ca-certificates", "crypto-policies", "fonts", "ld.so.conf.d", "perl",
    "php",          "terminfo",
};

/* The same for names that carry a version. */
static const char *const shown_patterns[] = {"java-*", "python*"};

enum { COPY_MAX = 4 * 1024 * 1024, MARK_CHARS = 6 };

static int write_file(int root, const char *path, uint32_t mode, const void *data, size_t len,
                      struct vb_error *err)
{
    VB_CLEANUP_FD int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return vb_fail(err, VB_E_OS, errno, "writing /%s of a box", path);
    const int status = vb_write_all(fd, data, len, err);
    return status < 0 ? vb_wrap(err, "writing /%s of a box", path) : VB_OK;
}

static int copy_file(int root, const char *source, const char *target, struct vb_error *err)
{
    VB_CLEANUP_FD int fd = open(source, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return VB_OK; /* this host has none, or none for us */
    VB_CLEANUP(vb_buf_done) struct vb_buf bytes;
    vb_buf_init(&bytes, COPY_MAX);
    struct vb_error ignored;
    if (vb_buf_read_fd(&bytes, fd, &ignored) < 0)
        return VB_OK; /* larger than such a file ever is: leave it out */
    return write_file(root, target, 0444, bytes.data, bytes.len, err);
}

static int make_folders(int root, const char *path, struct vb_error *err)
{
    if (vb_mkdir_parents(root, path) < 0 || (mkdirat(root, path, 0755) < 0 && errno != EEXIST))
        return vb_fail(err, VB_E_OS, errno, "making the folder /%s of a box", path);
    return VB_OK;
}

/* Whether this host has the folder, and for us. */
static bool is_shown(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && access(path, R_OK | X_OK) == 0;
}

static int mount_folder(int root, const char *path, struct vb_error *err)
{
    VB_CLEANUP_FD int mount = vb_sys_mount_copy(
        AT_FDCWD, path, VB_MOUNT_READONLY | VB_MOUNT_NOSUID | VB_MOUNT_NODEV | VB_MOUNT_NOEXEC);
    if (mount < 0 || vb_sys_mount_attach(mount, root, path + 1) < 0)
        return vb_fail(err, VB_E_OS, errno, "mounting %s into a box", path);
    return VB_OK;
}

static bool has_version_name(const char *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(shown_patterns); i++) {
        if (fnmatch(shown_patterns[i], name, FNM_PERIOD) == 0)
            return true;
    }
    return false;
}

static int for_versions(int root, int (*run)(int root, const char *path, struct vb_error *err),
                        struct vb_error *err)
{
    VB_CLEANUP_DIR DIR *dir = opendir("/etc");
    int status = VB_OK;
    const struct dirent *entry;
    while (status == VB_OK && dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[300];
        snprintf(path, sizeof(path), "/etc/%s", entry->d_name);
        if (has_version_name(entry->d_name) && is_shown(path))
            status = run(root, path, err);
    }
    return status;
}

/* RUN for every folder of the host's that is shown, by its path. */
static int for_shown(int root, int (*run)(int root, const char *path, struct vb_error *err),
                     struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(shown); i++) {
        char path[256];
        snprintf(path, sizeof(path), "/etc/%s", shown[i]);
        if (is_shown(path))
            status = run(root, path, err);
    }
    return status == VB_OK ? for_versions(root, run, err) : status;
}

static int make_place(int root, const char *path, struct vb_error *err)
{
    return make_folders(root, path + 1, err);
}

int vb_etc_mount(int root_fd, struct vb_error *err)
{
    return for_shown(root_fd, mount_folder, err);
}

/* All marks are six characters long. */
static const char *value_of(const struct vb_persona_traits *traits, const char *mark)
{
    const struct {
        const char *mark, *value;
    } marks[] = {{"{user}", traits->user},
                 {"{name}", traits->full_name},
                 {"{home}", traits->home},
                 {"{host}", traits->host}};
    for (size_t i = 0; i < VB_ARRAY_LEN(marks); i++) {
        if (strncmp(mark, marks[i].mark, MARK_CHARS) == 0)
            return marks[i].value;
    }
    return NULL;
}

static int fill_in(const struct vb_persona_traits *traits, const char *text, struct vb_buf *out,
                   struct vb_error *err)
{
    int status = VB_OK;
    while (status == VB_OK && *text != '\0') {
        const char *value = value_of(traits, text);
        status =
            value != NULL ? vb_buf_append_str(out, value, err) : vb_buf_append(out, text, 1, err);
        text += value != NULL ? MARK_CHARS : 1;
    }
    return status;
}

static int write_text(const struct vb_box_setup *setup, int root_fd, size_t row,
                      struct vb_error *err)
{
    VB_CLEANUP(vb_buf_done) struct vb_buf out;
    vb_buf_init(&out, COPY_MAX);
    const int status =
        fill_in(vb_persona_traits(setup->options.persona), texts[row].text, &out, err);
    return status < 0
               ? status
               : write_file(root_fd, texts[row].path, texts[row].mode, out.data, out.len, err);
}

int vb_etc_build(const struct vb_box_setup *setup, int root_fd, struct vb_error *err)
{
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(texts); i++)
        status = vb_mkdir_parents(root_fd, texts[i].path) < 0
                     ? vb_fail(err, VB_E_OS, errno, "making /%s of a box", texts[i].path)
                     : write_text(setup, root_fd, i, err);
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(links); i++) {
        if (symlinkat(links[i].target, root_fd, links[i].path) < 0)
            status = vb_fail(err, VB_E_OS, errno, "making the link /%s of a box", links[i].path);
    }
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(copies); i++) {
        char source[256];
        snprintf(source, sizeof(source), "/etc/%s", copies[i]);
        status = copy_file(root_fd, source, source + 1, err);
    }
    if (status == VB_OK)
        status = for_shown(root_fd, make_place, err);
    if (status == VB_OK)
        status = vb_trust_build(setup->authority, root_fd, err);
    if (status == VB_OK && faccessat(root_fd, "etc/ssl", F_OK, 0) == 0)
        status = copy_file(root_fd, "/etc/ssl/openssl.cnf", "etc/ssl/openssl.cnf", err);
    char machine_id[40];
    snprintf(machine_id, sizeof(machine_id), "%s\n", setup->machine_id);
    if (status == VB_OK)
        status = write_file(root_fd, "etc/machine-id", 0444, machine_id, strlen(machine_id), err);
    return status;
}
