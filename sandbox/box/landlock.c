/* landlock: the second wall of an examiner, and of the subject. The numbers are the kernel's ABI
 * (Documentation/userspace-api/landlock.rst); distributions' headers lag behind it. */
#include "sandbox/box/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

/* Access rights by bit: execute 0, write 1, read file 2, read folder 3, remove 4–5, make 6–12,
 * refer 13, truncate 14, ioctl of devices 15. How many bits each version knows: */
static const unsigned fs_bits_of_version[] = {0, 13, 14, 15, 15, 16};

enum {
    FS_EXECUTE = 1 << 0,
    FS_READ_FILE = 1 << 2,
    FS_READ_FOLDER = 1 << 3,
    FS_MAKE_CHARACTER = 1 << 6,
    FS_MAKE_SOCKET = 1 << 9,
    FS_MAKE_FIFO = 1 << 10,
    FS_MAKE_BLOCK = 1 << 11,
    FS_REFER = 1 << 13,
    FS_DEVICE_IOCTL = 1 << 15,
    NET_BIND_AND_CONNECT_TCP = 3, /* version 4 */
    SCOPE_ABSTRACT_AND_SIGNAL = 3 /* version 6 */
};

struct ruleset {
    uint64_t fs, net, scoped;
};

struct path_beneath {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));

int vb_landlock_version(void)
{
    const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
    return version < 0 ? 0 : (int)version;
}

static int allow_folders(int ruleset, uint64_t rights, const int *fds, size_t count)
{
    const uint64_t never = FS_EXECUTE | FS_MAKE_CHARACTER | FS_MAKE_SOCKET | FS_MAKE_FIFO |
                           FS_MAKE_BLOCK | FS_DEVICE_IOCTL;
    for (size_t i = 0; i < count; i++) {
        struct stat st;
        if (fstat(fds[i], &st) < 0)
            return -1;
        if (!S_ISDIR(st.st_mode))
            continue;
        const struct path_beneath rule = {.allowed = rights & ~never, .fd = fds[i]};
        if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0)
            return -1;
    }
    return 0;
}

/* Makes the rules the process's own; the ruleset is closed in any case. */
static int apply(int ruleset, struct vb_error *err)
{
    VB_CLEANUP_FD int owned = ruleset;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        syscall(SYS_landlock_restrict_self, owned, 0) < 0)
        return vb_fail(err, VB_E_OS, errno, "applying the Landlock rules");
    return VB_OK;
}

int vb_landlock_subject(struct vb_error *err)
{
    const int version = vb_landlock_version();
    if (version < 2) /* the first could not let files be moved from one folder to another */
        return VB_OK;
    const struct ruleset rules = {
        .fs = FS_MAKE_CHARACTER | FS_MAKE_BLOCK | FS_REFER,
        .scoped = version >= 6 ? SCOPE_ABSTRACT_AND_SIGNAL : 0,
    };
    VB_CLEANUP_FD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
    const struct path_beneath rule = {.allowed = FS_REFER, .fd = root};
    if (root < 0 || ruleset < 0 ||
        syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the Landlock rules");
    return apply(vb_steal_fd(&ruleset), err);
}

static int confine(const int *fds, size_t count, bool reads_only, bool online, struct vb_error *err)
{
    const int version = vb_landlock_version();
    if (version == 0)
        return VB_OK;
    const size_t last = VB_ARRAY_LEN(fs_bits_of_version) - 1;
    const size_t row = (size_t)version < last ? (size_t)version : last;
    const struct ruleset rules = {
        .fs = (1ULL << fs_bits_of_version[row]) - 1,
        .net = version >= 4 && !online ? NET_BIND_AND_CONNECT_TCP : 0,
        .scoped = version >= 6 ? SCOPE_ABSTRACT_AND_SIGNAL : 0,
    };
    /* The structure grew with the versions; an older kernel takes its zero tail. */
    const uint64_t rights = reads_only ? FS_READ_FILE | FS_READ_FOLDER : rules.fs;
    VB_CLEANUP_FD int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
    if (ruleset < 0 || allow_folders(ruleset, rights, fds, count) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the Landlock rules");
    return apply(vb_steal_fd(&ruleset), err);
}

int vb_landlock_confine(const int *fds, size_t count, bool reads_only, struct vb_error *err)
{
    return confine(fds, count, reads_only, false, err);
}

int vb_landlock_online(const int *fds, size_t count, struct vb_error *err)
{
    return confine(fds, count, true, true, err);
}
