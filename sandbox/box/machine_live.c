/* machine_live: what the laptop says that cannot be written down beforehand: the status of a
 * process as it would be without a box, and the kernel's name where the host's is a virtual
 * machine's. Trust boundary: paths are hostile text; of /proc only the box's own is read. See
 * machine.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/kernel.h"
#include "sandbox/box/machine.h"

enum { STATUS_MAX = 8 * 1024, SIXTY_DAYS_S = 60 * 24 * 3600 };

/* --- /proc/PID/status --- */

_Static_assert(VB_MACHINE_CPUS == 8, "the lines below say so");

/* Lines that speak of the box, and what stands there on a laptop. */
static const struct {
    const char *key, *value;
} lines[] = {
    {"NoNewPrivs:\t", "0"},          {"Seccomp:\t", "0"},
    {"Seccomp_filters:\t", "0"},     {"SigQ:\t", "0/62911"},
    {"Cpus_allowed_list:\t", "0-7"}, {"Cpus_allowed:\t", "ff"},
};

static int put_line(const char *line, size_t len, struct vb_buf *out, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(lines); i++) {
        if (strncmp(line, lines[i].key, strlen(lines[i].key)) == 0)
            return vb_buf_printf(out, err, "%s%s\n", lines[i].key, lines[i].value);
    }
    return vb_buf_append(out, line, len, err);
}

/* A descriptor on TEXT that can only be read. */
static int open_text(const struct vb_buf *text)
{
    char path[64];
    VB_CLEANUP_FD int fd = memfd_create("status", MFD_CLOEXEC);
    struct vb_error ignored;
    if (fd < 0 || vb_write_all(fd, text->data, text->len, &ignored) < 0)
        return -1;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC);
}

int vb_machine_status(int proc_fd, const char *path)
{
    char text[STATUS_MAX];
    struct vb_error ignored;
    VB_CLEANUP(vb_buf_done) struct vb_buf out;
    vb_buf_init(&out, 2 * STATUS_MAX);
    if (vb_sys_read_file(proc_fd, path, text, sizeof(text)) <= 0)
        return -1;
    for (const char *line = text; *line != '\0';) {
        const char *end = strchr(line, '\n');
        const size_t len = end == NULL ? strlen(line) : (size_t)(end - line) + 1;
        if (put_line(line, len, &out, &ignored) < 0)
            return -1;
        line += len;
    }
    return open_text(&out);
}

/* --- the kernel --- */

/* Kernels that are made for virtual machines say so in their names. */
static const char *const virtual_kernels[] = {"-fc",  "-aws",      "-azure", "-gcp",    "-gke",
                                              "-kvm", "-cloud",    "-virt",  "-oracle", "linuxkit",
                                              "kata", "microsoft", "WSL",    "gvisor"};

static bool is_virtual(const struct utsname *name)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(virtual_kernels); i++) {
        if (strstr(name->release, virtual_kernels[i]) != NULL)
            return true;
    }
    return false;
}

/* The number stays: programs choose what they do by it. */
bool vb_machine_kernel(struct utsname *name)
{
    const bool own = is_virtual(name);
    char number[16], when[16] = "";
    struct tm made;
    const time_t then = time(NULL) / SIXTY_DAYS_S * SIXTY_DAYS_S - SIXTY_DAYS_S / 4;
    if (!own)
        return false;
    snprintf(number, sizeof(number), "%.*s", (int)strspn(name->release, "0123456789."),
             name->release);
    snprintf(name->release, sizeof(name->release), "%s-1-%s", number,
             strcmp(name->machine, "x86_64") == 0 ? "amd64" : "arm64");
    if (gmtime_r(&then, &made) != NULL)
        (void)strftime(when, sizeof(when), "(%Y-%m-%d)", &made);
    snprintf(name->version, sizeof(name->version), "#1 SMP PREEMPT_DYNAMIC Debian %s-1 %s", number,
             when);
    return true;
}

int vb_machine_write_kernel(int folder, struct vb_error *err)
{
    struct utsname name;
    char version[1024] = "";
    if (uname(&name) < 0)
        return vb_fail(err, VB_E_SOFTWARE, 0, "asking for the kernel's name");
    if (!vb_machine_kernel(&name))
        (void)!vb_sys_read_file(AT_FDCWD, "/proc/version", version, sizeof(version));
    else
        snprintf(
            version, sizeof(version),
            "Linux version %s (debian-kernel@lists.debian.org) (x86_64-linux-gnu-gcc-14 (Debian "
            "14.2.0-19) 14.2.0, GNU ld (GNU Binutils for Debian) 2.44) %s\n",
            name.release, name.version);
    const struct {
        const char *name, *text, *end;
    } files[] = {{"version", version, ""},
                 {"sys-kernel-osrelease", name.release, "\n"},
                 {"sys-kernel-version", name.version, "\n"}};
    for (size_t i = 0; i < VB_ARRAY_LEN(files); i++) {
        char text[1100];
        snprintf(text, sizeof(text), "%s%s", files[i].text, files[i].end);
        const int status = vb_machine_write(folder, files[i].name, text, strlen(text), err);
        if (status < 0)
            return status;
    }
    return VB_OK;
}
