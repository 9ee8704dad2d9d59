/* See escape_host.h. Nothing here depends on the box: it looks at the host as its owner would. */
#include "tests/live/escape_host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vetbox/core.h"

enum { WALK_DESCRIPTORS = 16 };

static const int64_t second_ns = 1000000000;

static const char *const settings[HOST_SETTINGS] = {
    "/proc/sys/kernel/hostname", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/ctrl-alt-del"};

/* --- making it --- */

static void read_text(const char *path, char *ret, size_t size)
{
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd < 0 ? 0 : read(fd, ret, size - 1);
    ret[got > 0 ? got : 0] = '\0';
}

static int64_t boot_clock_ns(void)
{
    struct timespec wall = {0};
    struct timespec up = {0};
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    (void)clock_gettime(CLOCK_BOOTTIME, &up);
    return (wall.tv_sec - up.tv_sec) * second_ns + wall.tv_nsec - up.tv_nsec;
}

/* Everybody may come in: it must be the box that keeps its subject out, not a mode. */
static bool make_files(struct host *host)
{
    unsigned char random_bytes[16];
    char runs[96];
    snprintf(host->folder, sizeof(host->folder), "/tmp/vetbox-escape-XXXXXX");
    if (mkdtemp(host->folder) == NULL || chmod(host->folder, 0755) < 0 ||
        getrandom(random_bytes, sizeof(random_bytes), 0) != sizeof(random_bytes))
        return false;
    for (size_t i = 0; i < sizeof(random_bytes); i++)
        snprintf(host->secret + 2 * i, 3, "%02x", random_bytes[i]);
    snprintf(host->file, sizeof(host->file), "%s/host-file", host->folder);
    snprintf(runs, sizeof(runs), "%s/runs", host->folder);
    host->file_fd = open(host->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return host->file_fd >= 0 && fchmod(host->file_fd, 0666) == 0 && mkdir(runs, 0700) == 0 &&
           write(host->file_fd, host->secret, 32) == 32;
}

static bool make_process(struct host *host)
{
    host->process = fork();
    if (host->process != 0)
        return host->process > 0;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        (void)pause();
}

static bool make_listeners(struct host *host)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    socklen_t len = sizeof(in);
    snprintf(host->socket, sizeof(host->socket), "vetbox-%.16s", host->secret + 16);
    const size_t name_len = strlen(host->socket);
    memcpy(un.sun_path + 1, host->socket, name_len);
    host->tcp_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    host->unix_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(host->tcp_fd, (struct sockaddr *)&in, sizeof(in)) < 0 ||
        bind(host->unix_fd, (struct sockaddr *)&un,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + name_len)) < 0 ||
        listen(host->tcp_fd, 4) < 0 || listen(host->unix_fd, 4) < 0 ||
        getsockname(host->tcp_fd, (struct sockaddr *)&in, &len) < 0)
        return false;
    host->port = ntohs(in.sin_port);
    return true;
}

static bool make_terminal(struct host *host)
{
    char name[64];
    host->master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (host->master_fd < 0 || grantpt(host->master_fd) < 0 || unlockpt(host->master_fd) < 0 ||
        ptsname_r(host->master_fd, name, sizeof(name)) != 0 || setsid() < 0)
        return false;
    host->tty_fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return host->tty_fd >= 0 && ioctl(host->tty_fd, TIOCSCTTY, 0) == 0;
}

bool host_init(struct host *host)
{
    *host = (struct host){
        .file_fd = -1, .tcp_fd = -1, .unix_fd = -1, .master_fd = -1, .tty_fd = -1, .process = -1};
    for (size_t i = 0; i < HOST_SETTINGS; i++)
        read_text(settings[i], host->settings[i], HOST_TEXT);
    read_text("/usr/bin/env", host->program, HOST_PAGE);
    host->clock_ns = boot_clock_ns();
    return make_files(host) && make_process(host) && make_listeners(host) && make_terminal(host);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)walk;
    if (type == FTW_D || type == FTW_DNR)
        (void)chmod(path, 0700);
    (void)remove(path);
    return 0;
}

void host_remove(const char *path)
{
    (void)nftw(path, remove_one, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}

void host_done(struct host *host)
{
    vb_close_fd(&host->file_fd);
    vb_close_fd(&host->tcp_fd);
    vb_close_fd(&host->unix_fd);
    if (host->process > 0 && kill(host->process, SIGKILL) == 0)
        (void)waitpid(host->process, NULL, 0);
    if (host->folder[0] != '\0')
        host_remove(host->folder);
    /* The end of the terminal would end its session's leader, which is us. */
    (void)signal(SIGHUP, SIG_IGN);
    vb_close_fd(&host->tty_fd);
    vb_close_fd(&host->master_fd);
}

/* --- whether it is still there --- */

static bool file_intact(const struct host *host)
{
    char text[64];
    struct stat named;
    struct stat open_file;
    return pread(host->file_fd, text, sizeof(text), 0) == 32 &&
           memcmp(text, host->secret, 32) == 0 && stat(host->file, &named) == 0 &&
           fstat(host->file_fd, &open_file) == 0 && named.st_ino == open_file.st_ino &&
           named.st_nlink == 1;
}

static bool folder_intact(const struct host *host)
{
    DIR *folder = opendir(host->folder);
    size_t count = 0;
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        (void)closedir(folder);
    return count == 4; /* . and .., the file and the folder of runs */
}

static bool process_intact(const struct host *host)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)host->process, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

static bool listeners_intact(const struct host *host)
{
    struct pollfd fds[2] = {{.fd = host->tcp_fd, .events = POLLIN},
                            {.fd = host->unix_fd, .events = POLLIN}};
    return poll(fds, VB_ARRAY_LEN(fds), 0) == 0;
}

static bool terminal_intact(const struct host *host)
{
    int typed = 0;
    return ioctl(host->tty_fd, FIONREAD, &typed) == 0 && typed == 0;
}

static bool settings_intact(const struct host *host)
{
    for (size_t i = 0; i < HOST_SETTINGS; i++) {
        char now[HOST_TEXT];
        read_text(settings[i], now, sizeof(now));
        if (strcmp(now, host->settings[i]) != 0)
            return false;
    }
    return true;
}

static bool program_intact(const struct host *host)
{
    char now[HOST_PAGE] = "";
    read_text("/usr/bin/env", now, sizeof(now));
    return memcmp(now, host->program, sizeof(now)) == 0;
}

static bool clock_intact(const struct host *host)
{
    return llabs(boot_clock_ns() - host->clock_ns) < 10 * second_ns;
}

/* Every attempt has the socket's name among its arguments. */
static bool nobody_left(const struct host *host)
{
    DIR *all = opendir("/proc");
    const struct dirent *entry;
    bool found = false;
    while (all != NULL && !found && (entry = readdir(all)) != NULL) {
        char path[300];
        char line[1024];
        snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
        VB_CLEANUP_FD int fd =
            entry->d_name[0] >= '0' && entry->d_name[0] <= '9' ? open(path, O_RDONLY) : -1;
        const ssize_t got = fd < 0 ? 0 : read(fd, line, sizeof(line));
        found = got > 0 && memmem(line, (size_t)got, host->socket, strlen(host->socket)) != NULL;
    }
    if (all != NULL)
        (void)closedir(all);
    return !found;
}

static const struct {
    const char *damage;
    bool (*intact)(const struct host *host);
} checks[] = {
    {"changed a file of the host", file_intact},
    {"put something beside a file of the host", folder_intact},
    {"ended or stopped a process of the host", process_intact},
    {"reached a listener of the host", listeners_intact},
    {"typed into the terminal", terminal_intact},
    {"changed a setting of the host's kernel", settings_intact},
    {"changed a program of the host", program_intact},
    {"changed the clock", clock_intact},
    {"left a process behind", nobody_left},
};

const char *host_damage(const struct host *host)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(checks); i++) {
        if (!checks[i].intact(host))
            return checks[i].damage;
    }
    return NULL;
}

/* --- the secret --- */

static bool secret_in_file(const struct host *host, const char *path)
{
    char chunk[8192];
    size_t kept = 0;
    VB_CLEANUP_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    for (;;) {
        const ssize_t got = fd < 0 ? 0 : read(fd, chunk + kept, sizeof(chunk) - kept);
        if (got <= 0)
            return false;
        const size_t len = kept + (size_t)got;
        if (memmem(chunk, len, host->secret, 32) != NULL)
            return true;
        kept = len < 31 ? len : 31; /* it may begin in this chunk and end in the next */
        memmove(chunk, chunk + len - kept, kept);
    }
}

bool host_secret_in(const struct host *host, const char *path)
{
    struct stat st;
    if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return secret_in_file(host, path);
    DIR *folder = opendir(path);
    const struct dirent *entry;
    bool found = false;
    while (folder != NULL && !found && (entry = readdir(folder)) != NULL) {
        char below[PATH_MAX];
        snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            found = host_secret_in(host, below);
    }
    if (folder != NULL)
        (void)closedir(folder);
    return found;
}

bool host_wanted(char *const *names, const char *name)
{
    if (names[0] == NULL)
        return true;
    for (; names[0] != NULL; names++) {
        if (strcmp(names[0], name) == 0)
            return true;
    }
    return false;
}
