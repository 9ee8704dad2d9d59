/* machine: what the box says of the machine that it runs on: a developer's laptop. /sys is made of
 * plain files; files of /proc that name the host's processors, disks and mounts are stood in for
 * when they are opened, which costs nothing where nobody asks; files about init stand in the place
 * of ours. This is fidelity, never containment: who races the recorder sees the host's file, which
 * is no secret. Trust boundary: none while building; open requests are hostile text, only compared.
 */
#include "sandbox/box/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/box/box.h"
#include "sandbox/box/kernel.h"

enum { CPUS = VB_MACHINE_CPUS, CPUINFO_MAX = 64 * 1024, BLOCK_MAX = 4096 };

static const char mounts[] =
    "sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0\n"
    "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n"
    "udev /dev devtmpfs rw,nosuid,relatime,size=8041652k,nr_inodes=2010413,mode=755,inode64 0 0\n"
    "devpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000 0 0\n"
    "tmpfs /run tmpfs rw,nosuid,nodev,noexec,relatime,size=1614592k,mode=755,inode64 0 0\n"
    "/dev/nvme0n1p2 / ext4 rw,relatime,errors=remount-ro 0 0\n"
    "tmpfs /dev/shm tmpfs rw,nosuid,nodev,inode64 0 0\n"
    "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n"
    "/dev/nvme0n1p1 /boot/efi vfat rw,relatime,fmask=0077,dmask=0077,codepage=437 0 0\n"
    "tmpfs /run/user/1000 tmpfs rw,nosuid,nodev,relatime,size=1614588k,mode=700,uid=1000,gid=1000 "
    "0 0\n";

static const char mountinfo[] =
    "23 28 0:21 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw\n"
    "24 28 0:22 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw\n"
    "25 28 0:5 / /dev rw,nosuid,relatime shared:2 - devtmpfs udev rw,size=8041652k,mode=755\n"
    "26 25 0:23 / /dev/pts rw,nosuid,noexec,relatime shared:3 - devpts devpts rw,gid=5,mode=620\n"
    "27 28 0:24 / /run rw,nosuid,nodev,noexec,relatime shared:5 - tmpfs tmpfs rw,mode=755\n"
    "28 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro\n"
    "30 25 0:26 / /dev/shm rw,nosuid,nodev shared:4 - tmpfs tmpfs rw\n"
    "32 23 0:28 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw\n"
    "98 28 259:1 / /boot/efi rw,relatime shared:51 - vfat /dev/nvme0n1p1 rw,fmask=0077\n"
    "612 27 0:52 / /run/user/1000 rw,nosuid,nodev,relatime shared:318 - tmpfs tmpfs rw,mode=700\n";

static const char partitions[] = "major minor  #blocks  name\n\n"
                                 " 259        0  500107608 nvme0n1\n"
                                 " 259        1     524288 nvme0n1p1\n"
                                 " 259        2  498571264 nvme0n1p2\n";

static const char diskstats[] =
    " 259       0 nvme0n1 412733 131847 24891234 98211 690182 511029 41872210 612304 0 301876 "
    "720411 0 0 0 0 20311 9895\n"
    " 259       1 nvme0n1p1 281 2176 18604 72 2 0 2 1 0 88 74 0 0 0 0 0 0\n"
    " 259       2 nvme0n1p2 412311 129671 24867406 98118 690180 511029 41872208 612302 0 301844 "
    "710421 0 0 0 0 0 0\n";

static const char devices[] =
    "Character devices:\n  1 mem\n  4 /dev/vc/0\n  4 tty\n  5 /dev/tty\n  5 /dev/console\n"
    "  5 /dev/ptmx\n  7 vcs\n 10 misc\n 13 input\n 21 sg\n 29 fb\n 81 video4linux\n 89 i2c\n"
    "116 alsa\n128 ptm\n136 pts\n180 usb\n189 usb_device\n216 rfcomm\n226 drm\n235 nvme\n"
    "237 nvme-generic\n238 media\n246 mei\n250 hidraw\n\nBlock devices:\n  7 loop\n  8 sd\n"
    " 11 sr\n253 device-mapper\n254 mdp\n259 blkext\n";

static const char modules[] =
    "ccm 20480 6 - Live 0x0000000000000000\nrfcomm 98304 4 - Live 0x0000000000000000\n"
    "snd_seq_dummy 16384 0 - Live 0x0000000000000000\n"
    "bnep 32768 2 - Live 0x0000000000000000\n"
    "iwlmvm 602112 0 - Live 0x0000000000000000\n"
    "mac80211 1392640 1 iwlmvm, Live 0x0000000000000000\n"
    "btusb 77824 0 - Live 0x0000000000000000\nuvcvideo 176128 0 - Live 0x0000000000000000\n"
    "snd_hda_intel 61440 3 - Live 0x0000000000000000\n"
    "thinkpad_acpi 167936 0 - Live 0x0000000000000000\n"
    "iwlwifi 585728 1 iwlmvm, Live 0x0000000000000000\n"
    "cfg80211 1306624 3 iwlmvm,mac80211,iwlwifi, Live 0x0000000000000000\n"
    "r8169 118784 0 - Live 0x0000000000000000\nnvme 65536 3 - Live 0x0000000000000000\n"
    "nvme_core 208896 4 nvme, Live 0x0000000000000000\n"
    "xhci_pci 24576 0 - Live 0x0000000000000000\n";

#define COUNTS(a, b) a b b b a b b b
#define COLUMNS \
    "CPU0       CPU1       CPU2       CPU3       CPU4       CPU5       CPU6       CPU7       \n"

static const char interrupts[] = "            " COLUMNS "   1: " COUNTS(
    "     41202 ",
    "         0 ") "  IO-APIC    1-edge      i8042\n"
                   "   9: " COUNTS(
                       "      7210 ",
                       "        31 ") "  IO-APIC    9-fasteoi   acpi\n"
                                      " 127: " COUNTS(
                                          "    210744 ",
                                          "     98310 ") "  PCI-MSIX-0000:03:00.0    "
                                                         "1-edge      nvme0q1\n"
                                                         " 141: " COUNTS(
                                                             "   3391082 ",
                                                             "   1120983 ") "  "
                                                                            "PCI-MSI-0000:"
                                                                            "00:02.0    "
                                                                            "0-edge      "
                                                                            "gpu\n"
                                                                            " LOC:"
                                                                            " " COUNTS(
                                                                                "  "
                                                                                "20981137"
                                                                                " ",
                                                                                "  "
                                                                                "19120455"
                                                                                " ") "  "
                                                                                     "Loca"
                                                                                     "l "
                                                                                     "time"
                                                                                     "r "
                                                                                     "inte"
                                                                                     "rrup"
                                                                                     "ts\n"
                                                                                     " RES"
                                                                                     ":"
                                                                                     " " COUNTS(
                                                                                         "    "
                                                                                         "31092"
                                                                                         "1 ",
                                                                                         "    "
                                                                                         "28812"
                                                                                         "3 ") "  "
                                                                                               "Res"
                                                                                               "che"
                                                                                               "dul"
                                                                                               "ing"
                                                                                               " in"
                                                                                               "ter"
                                                                                               "rup"
                                                                                               "ts"
                                                                                               "\n";

static const char softirqs[] = "                    " COLUMNS "          HI:" COUNTS(
    "         41 ",
    "         12 ") "\n"
                    "       TIMER:" COUNTS(
                        "    4193812 ",
                        "    3910229 ") "\n"
                                        "      NET_RX:" COUNTS(
                                            "     410933 ",
                                            "      38110 ") "\n"
                                                            "       BLOCK:" COUNTS(
                                                                "     190113 ",
                                                                "     101722 ") "\n"
                                                                                "       "
                                                                                "SCHED"
                                                                                ":" COUNTS(
                                                                                    "    "
                                                                                    "811209"
                                                                                    "4 ",
                                                                                    "    "
                                                                                    "792011"
                                                                                    "3 ") "\n"
                                                                                          "        "
                                                                                          " RCU"
                                                                                          ":" COUNTS(
                                                                                              "    "
                                                                                              "6201"
                                                                                              "188"
                                                                                              " ",
                                                                                              "    "
                                                                                              "6098"
                                                                                              "127"
                                                                                              " ") "\n";

/* --- files of /proc --- */

enum { OF_MACHINE = 1, OF_PROCESS = 2 };

static const char all_ids[] = "         0          0 4294967295\n";

/* Rows without a text are made from the host's own. */
static const struct {
    const char *name; /* below VB_BASE_MACHINE, and of /proc or of the folder of a process there */
    unsigned where;
    const char *text;
} stand_ins[] = {
    {"cgroup", OF_PROCESS, "0::/user.slice/user-1000.slice/session-2.scope\n"},
    {"config.gz", OF_MACHINE, ""},
    {"consoles", OF_MACHINE, "tty0                 -WU (EC  p  )    4:7\n"},
    {"cpuinfo", OF_MACHINE, NULL},
    {"devices", OF_MACHINE, devices},
    {"diskstats", OF_MACHINE, diskstats},
    {"gid_map", OF_PROCESS, all_ids},
    {"interrupts", OF_MACHINE, interrupts},
    {"loginuid", OF_PROCESS, "1000"},
    {"modules", OF_MACHINE, modules},
    {"mountinfo", OF_PROCESS, mountinfo},
    {"mounts", OF_MACHINE | OF_PROCESS, mounts},
    {"mountstats", OF_PROCESS, mounts},
    {"oom_score_adj", OF_PROCESS, "0\n"},
    {"partitions", OF_MACHINE, partitions},
    {"projid_map", OF_PROCESS, all_ids},
    {"sessionid", OF_PROCESS, "2"},
    {"setgroups", OF_PROCESS, "allow\n"},
    {"softirqs", OF_MACHINE, softirqs},
    {"stat", OF_MACHINE, NULL},
    {"sys/kernel/osrelease", OF_MACHINE, NULL},
    {"sys/kernel/version", OF_MACHINE, NULL},
    {"swaps", OF_MACHINE, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"},
    {"timer_list", OF_MACHINE, ""},
    {"timens_offsets", OF_PROCESS,
     "monotonic           0         0\nboottime            0         0\n"},
    {"uid_map", OF_PROCESS, all_ids},
    {"wchan", OF_PROCESS, "0"}, /* that is where a call waits for us */
    {"version", OF_MACHINE, NULL},
};

/* --- /proc/1 --- */

static const char init_stat[] =
    "1 (systemd) S 0 1 1 0 -1 4194560 18211 4129811 84 1093 212 411 8211 3391 20 0 1 0 4 173400064 "
    "3391 18446744073709551615 1 1 0 0 0 0 671173123 4096 1260 0 0 0 17 3 0 0 0 0 0 0 0 0 0 0 0 0 "
    "0\n";

static const char init_status[] =
    "Name:\tsystemd\nUmask:\t0000\nState:\tS (sleeping)\nTgid:\t1\nNgid:\t0\nPid:\t1\nPPid:\t0\n"
    "TracerPid:\t0\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t128\nGroups:\t \nNStgid:\t1\n"
    "NSpid:\t1\nNSpgid:\t1\nNSsid:\t1\nVmPeak:\t  234536 kB\nVmSize:\t  169336 kB\n"
    "VmLck:\t       0 kB\nVmPin:\t       0 kB\nVmHWM:\t   13564 kB\nVmRSS:\t   13564 kB\n"
    "RssAnon:\t    4256 kB\nRssFile:\t    9308 kB\nRssShmem:\t       0 kB\nVmData:\t   19912 kB\n"
    "VmStk:\t    1032 kB\nVmExe:\t      40 kB\nVmLib:\t   10984 kB\nVmPTE:\t      84 kB\n"
    "VmSwap:\t       0 kB\nHugetlbPages:\t       0 kB\nCoreDumping:\t0\nTHP_enabled:\t1\n"
    "Threads:\t1\nSigQ:\t0/62911\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\n"
    "SigBlk:\t7be3c0fe28014a03\nSigIgn:\t0000000000001000\nSigCgt:\t00000001800004ec\n"
    "CapInh:\t0000000000000000\nCapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffff\n"
    "CapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t0\n"
    "Seccomp_filters:\t0\nCpus_allowed:\tff\nCpus_allowed_list:\t0-7\nMems_allowed:\t00000001\n"
    "Mems_allowed_list:\t0\nvoluntary_ctxt_switches:\t52114\nnonvoluntary_ctxt_switches:\t1932\n";

#define TEXT(text) text, sizeof(text) - 1

/* What everybody may know of a machine's init, in the place of ours. The rest is closed to all but
 * root, here as there. */
static const struct {
    const char *name;
    const char *text; /* NULL: closed */
    size_t len;
    bool folder;
} init_files[] = {
    {"cgroup", TEXT("0::/init.scope\n"), false},
    {"cmdline", TEXT("/sbin/init\0splash\0"), false},
    {"comm", TEXT("systemd\n"), false},
    {"cwd", NULL, 0, true},
    {"environ", NULL, 0, false},
    {"exe", NULL, 0, false},
    {"fd", NULL, 0, true},
    {"gid_map", TEXT(all_ids), false},
    {"loginuid", TEXT("4294967295"), false},
    {"maps", NULL, 0, false},
    {"mem", NULL, 0, false},
    {"mountinfo", TEXT(mountinfo), false},
    {"mounts", TEXT(mounts), false},
    {"ns", NULL, 0, true},
    {"oom_score_adj", TEXT("0\n"), false},
    {"root", NULL, 0, true},
    {"setgroups", TEXT("allow\n"), false},
    {"stat", TEXT(init_stat), false},
    {"statm", TEXT("42334 3391 2327 10 0 5236 0\n"), false},
    {"status", TEXT(init_status), false},
    {"uid_map", TEXT(all_ids), false},
};

/* --- who opens what --- */

/* What follows "/proc/PID/" or "/proc/PID/task/TID/", or NULL. */
static const char *after_process(const char *path)
{
    static const char *const selves[] = {"self/", "thread-self/"};
    for (size_t i = 0; i < VB_ARRAY_LEN(selves); i++) {
        if (strncmp(path, selves[i], strlen(selves[i])) == 0)
            return path + strlen(selves[i]);
    }
    const size_t digits = strspn(path, "0123456789");
    return digits > 0 && path[digits] == '/' ? path + digits + 1 : NULL;
}

/* The status of a process, of a path below /proc that has been looked at. */
static int open_status(const char *name, const struct vb_machine_asker *asker)
{
    char path[128];
    const bool thread = strncmp(name, "thread-self/", 12) == 0;
    if (thread)
        snprintf(path, sizeof(path), "%d/task/%d/%s", (int)asker->tgid, (int)asker->tid, name + 12);
    else if (strncmp(name, "self/", 5) == 0)
        snprintf(path, sizeof(path), "%d/%s", (int)asker->tgid, name + 5);
    else
        snprintf(path, sizeof(path), "%s", name);
    return vb_machine_status(asker->proc_fd, path);
}

static int open_stand_in(const char *name)
{
    char file[128];
    snprintf(file, sizeof(file), "%s/%s", VB_BASE_MACHINE, name);
    for (char *at = file + sizeof(VB_BASE_MACHINE); *at != '\0'; at++)
        *at = *at == '/' ? '-' : *at;
    return open(file, O_RDONLY | O_CLOEXEC);
}

int vb_machine_open(const char *path, const struct vb_machine_asker *asker)
{
    static const char proc[] = "/proc/";
    if (strncmp(path, proc, sizeof(proc) - 1) != 0)
        return -1;
    const char *name = path + sizeof(proc) - 1;
    const char *below = after_process(name);
    if (below != NULL && strncmp(below, "task/", 5) == 0)
        below = after_process(below + 5);
    const unsigned where = below != NULL ? OF_PROCESS : OF_MACHINE;
    if (strncmp(name, "1/", 2) == 0) /* all of it is another's already */
        return -1;
    if (below != NULL && strcmp(below, "status") == 0)
        return open_status(name, asker);
    for (size_t i = 0; i < VB_ARRAY_LEN(stand_ins); i++) {
        if ((stand_ins[i].where & where) != 0 &&
            strcmp(below != NULL ? below : name, stand_ins[i].name) == 0)
            return open_stand_in(stand_ins[i].name);
    }
    return -1;
}

int vb_machine_write(int folder, const char *path, const void *data, size_t len,
                     struct vb_error *err)
{
    VB_CLEANUP_FD int fd = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (fd < 0)
        return vb_fail(err, VB_E_OS, errno, "writing %s of a box's machine", path);
    return vb_write_all(fd, data, len, err);
}

/* Who made it, and the numbers by which that is known. */
static const struct processor {
    const char *model, *family, *number, *stepping, *microcode, *cache;
} intel = {"11th Gen Intel(R) Core(TM) i7-1185G7 @ 3.00GHz", "6", "140", "1", "0xb8", "12288 KB"},
  ryzen = {"AMD Ryzen 7 PRO 5850U with Radeon Graphics", "25", "80", "0", "0xa50000f", "512 KB"};

/* One line of /proc/cpuinfo, for processor NUMBER. */
static void rewrite_line(const char *line, size_t len, bool amd, unsigned number,
                         char ret[BLOCK_MAX])
{
    const struct {
        const char *key;
        unsigned value;
    } numbers[] = {{"processor\t", number},
                   {"siblings\t", CPUS},
                   {"core id\t\t", number / 2},
                   {"cpu cores\t", CPUS / 2}};
    const struct processor *made = amd ? &ryzen : &intel;
    const struct {
        const char *key, *value;
    } texts[] = {{"model name\t", made->model},    {"cpu family\t", made->family},
                 {"model\t\t", made->number},      {"stepping\t", made->stepping},
                 {"microcode\t", made->microcode}, {"cache size\t", made->cache}};
    snprintf(ret, BLOCK_MAX, "%.*s", (int)len, line);
    for (size_t i = 0; i < VB_ARRAY_LEN(numbers); i++) {
        if (strncmp(line, numbers[i].key, strlen(numbers[i].key)) == 0)
            snprintf(ret, BLOCK_MAX, "%s: %u", numbers[i].key, numbers[i].value);
    }
    for (size_t i = 0; i < VB_ARRAY_LEN(texts); i++) {
        if (strncmp(line, texts[i].key, strlen(texts[i].key)) == 0)
            snprintf(ret, BLOCK_MAX, "%s: %s", texts[i].key, texts[i].value);
    }
    char *mark = strstr(ret, " hypervisor");
    if (mark != NULL)
        memmove(mark, mark + 11, strlen(mark + 11) + 1);
}

/* One processor as the host describes it, so that programs find the instructions that they may use;
 * only who made it and how many there are is another's. */
static int put_processor(struct vb_buf *out, const char *block, unsigned number,
                         struct vb_error *err)
{
    const bool amd = strstr(block, "AuthenticAMD") != NULL;
    int status = VB_OK;
    for (const char *line = block; status == VB_OK && *line != '\0';) {
        const size_t len = strcspn(line, "\n");
        char text[BLOCK_MAX];
        rewrite_line(line, len, amd, number, text);
        status = vb_buf_append(out, text, strlen(text), err);
        if (status == VB_OK)
            status = vb_buf_append(out, "\n", 1, err);
        line += len + (line[len] == '\n');
    }
    return status == VB_OK ? vb_buf_append(out, "\n", 1, err) : status;
}

static int write_cpuinfo(int folder, struct vb_error *err)
{
    char block[BLOCK_MAX] = "";
    VB_CLEANUP(vb_buf_done) struct vb_buf out;
    vb_buf_init(&out, CPUINFO_MAX);
    (void)!vb_sys_read_file(AT_FDCWD, "/proc/cpuinfo", block, sizeof(block));
    char *end = strstr(block, "\n\n");
    if (end != NULL)
        end[1] = '\0';
    int status = VB_OK;
    for (unsigned i = 0; status == VB_OK && i < CPUS; i++)
        status = put_processor(&out, block, i, err);
    return status < 0 ? status : vb_machine_write(folder, "cpuinfo", out.data, out.len, err);
}

static int write_stat(int folder, struct vb_error *err)
{
    static const char rest[] = "intr 81620311 9 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0\nctxt 201331094\n"
                               "btime %lld\nprocesses 48211\nprocs_running 1\nprocs_blocked 0\n"
                               "softirq 42211043 118 9120331 211 610922 20113 0 80311 21100211 0 "
                               "11278826\n";
    char text[4096];
    size_t len = (size_t)snprintf(text, sizeof(text), "cpu  %u %u %u %u %u 0 %u 0 0 0\n",
                                  CPUS * 310422U, CPUS * 1201U, CPUS * 90311U, CPUS * 39200118U,
                                  CPUS * 20114U, CPUS * 4201U);
    for (unsigned i = 0; i < CPUS; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "cpu%u %u 1201 90311 39200118 20114 0 4201 0 0 0\n", i,
                                310422U + 977 * i);
    struct timespec up = {0}; /* of the host, on top of which the boxes' clocks count */
    (void)clock_gettime(CLOCK_BOOTTIME, &up);
    const long long booted = (long long)time(NULL) - up.tv_sec - VB_MACHINE_UPTIME;
    len += (size_t)snprintf(text + len, sizeof(text) - len, rest, booted);
    return vb_machine_write(folder, "stat", text, len, err);
}

/* --- /sys --- */

static const struct {
    const char *path, *text;
} settings[] = {
    {"sys/class/dmi/id/sys_vendor", "LENOVO\n"},
    {"sys/class/dmi/id/product_name", "20XF004WUS\n"},
    {"sys/class/dmi/id/product_version", "ThinkPad T14s Gen 2a\n"},
    {"sys/class/dmi/id/product_family", "ThinkPad T14s Gen 2a\n"},
    {"sys/class/dmi/id/board_name", "20XF004WUS\n"},
    {"sys/class/dmi/id/board_vendor", "LENOVO\n"},
    {"sys/class/dmi/id/bios_vendor", "LENOVO\n"},
    {"sys/class/dmi/id/bios_version", "R1NET61W (1.31)\n"},
    {"sys/class/dmi/id/bios_date", "09/12/2025\n"},
    {"sys/class/dmi/id/chassis_type", "10\n"},
    {"sys/class/dmi/id/chassis_vendor", "LENOVO\n"},
    {"sys/class/net/eth0/address", VB_NET_HARDWARE "\n"},
    {"sys/class/net/eth0/operstate", "up\n"},
    {"sys/class/net/eth0/mtu", "1500\n"},
    {"sys/class/net/lo/address", "00:00:00:00:00:00\n"},
    {"sys/class/net/lo/operstate", "unknown\n"},
    {"sys/class/power_supply/BAT0/capacity", "81\n"},
    {"sys/class/power_supply/BAT0/status", "Discharging\n"},
    {"sys/class/power_supply/BAT0/type", "Battery\n"},
    {"sys/class/power_supply/AC/online", "0\n"},
    {"sys/class/power_supply/AC/type", "Mains\n"},
    {"sys/class/thermal/thermal_zone0/temp", "47000\n"},
    {"sys/class/thermal/thermal_zone0/type", "acpitz\n"},
    {"sys/class/backlight/intel_backlight/brightness", "312\n"},
    {"sys/class/backlight/intel_backlight/max_brightness", "512\n"},
    {"sys/block/nvme0n1/size", "1000215216\n"},
    {"sys/block/nvme0n1/removable", "0\n"},
    {"sys/block/nvme0n1/ro", "0\n"},
    {"sys/block/nvme0n1/queue/rotational", "0\n"},
    {"sys/block/nvme0n1/device/model", "SAMSUNG MZVLB512HBJQ-000L7              \n"},
    {"sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc\n"},
    {"sys/devices/system/cpu/online", "0-7\n"},
    {"sys/devices/system/cpu/possible", "0-7\n"},
    {"sys/devices/system/cpu/present", "0-7\n"},
    {"sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"},
};

_Static_assert(VB_MACHINE_CPUS == 8, "the files above say so");

static int write_settings(int root, struct vb_error *err)
{
    for (size_t i = 0; i < VB_ARRAY_LEN(settings); i++) {
        if (vb_mkdir_parents(root, settings[i].path) < 0)
            return vb_fail(err, VB_E_OS, errno, "making /%s of a box", settings[i].path);
        const int status = vb_machine_write(root, settings[i].path, settings[i].text,
                                            strlen(settings[i].text), err);
        if (status < 0)
            return status;
    }
    for (unsigned i = 0; i < CPUS; i++) {
        char path[64];
        snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%u", i);
        if (mkdirat(root, path, 0555) < 0)
            return vb_fail(err, VB_E_OS, errno, "making /%s of a box", path);
    }
    return VB_OK;
}

/* --- disks --- */

enum { BLOCK = 4096, VALID = 0x20 /* ST_VALID of the kernel's */ };

/* What the mounts above say. The last row that holds a path counts. */
static const struct {
    const char *path;
    uint64_t type; /* 0: shown as it is */
    uint64_t blocks, free, available, files, free_files;
    unsigned flags;
} disks[] = {
    {"/", EXT4_SUPER_MAGIC, 122432918, 74211430, 67979289, 31162368, 29811004, ST_RELATIME},
    {"/proc", 0, 0, 0, 0, 0, 0, 0},
    {"/sys", SYSFS_MAGIC, 0, 0, 0, 0, 0, ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_RELATIME},
    {"/dev", TMPFS_MAGIC, 2010413, 2010413, 2010413, 2010413, 2009847, ST_NOSUID | ST_RELATIME},
    {"/dev/pts", 0, 0, 0, 0, 0, 0, 0},
    {"/dev/shm", TMPFS_MAGIC, 2018240, 2018240, 2018240, 2018240, 2018239, ST_NOSUID | ST_NODEV},
    {"/run", TMPFS_MAGIC, 403648, 403159, 403159, 2018240, 2017104,
     ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_RELATIME},
    {"/run/user/1000", TMPFS_MAGIC, 403647, 403601, 403601, 403647, 403489,
     ST_NOSUID | ST_NODEV | ST_RELATIME},
};

static bool holds(const char *folder, const char *path)
{
    const size_t len = strlen(folder);
    return len == 1 || (strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

/* What the box wrote counts there too; of the host's own disks nothing does. */
static uint64_t used(const struct statfs *fs)
{
    const bool own = fs->f_type == OVERLAYFS_SUPER_MAGIC || fs->f_type == TMPFS_MAGIC;
    return own ? fs->f_blocks - fs->f_bfree : 0;
}

static uint64_t less(uint64_t room, uint64_t taken)
{
    return room > taken ? room - taken : 0;
}

bool vb_machine_disk(const char *path, struct statfs *fs)
{
    static const char memory_file[] = "/memfd:";
    size_t row = 0;
    for (size_t i = 1; i < VB_ARRAY_LEN(disks); i++)
        row = holds(disks[i].path, path) ? i : row;
    if (disks[row].type == 0 || strncmp(path, memory_file, sizeof(memory_file) - 1) == 0)
        return false;
    const uint64_t taken = used(fs);
    *fs = (struct statfs){
        .f_type = (__fsword_t)disks[row].type,
        .f_bsize = BLOCK,
        .f_blocks = disks[row].blocks,
        .f_bfree = less(disks[row].free, taken),
        .f_bavail = less(disks[row].available, taken),
        .f_files = disks[row].files,
        .f_ffree = disks[row].free_files,
        .f_fsid = {{0x5b2c1f0e + (int)row, 0x11d4a7c3}},
        .f_namelen = 255,
        .f_frsize = BLOCK,
        .f_flags = (__fsword_t)(VALID | disks[row].flags),
    };
    return true;
}

/* --- all of it --- */

int vb_machine_build(int root_fd, struct vb_error *err)
{
    return write_settings(root_fd, err);
}

static int write_init(int machine, struct vb_error *err)
{
    if (mkdirat(machine, "init", 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the init of the boxes");
    VB_CLEANUP_FD int folder = openat(machine, "init", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = folder < 0 ? vb_fail(err, VB_E_OS, errno, "making the init of the boxes") : VB_OK;
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(init_files); i++) {
        const char *name = init_files[i].name;
        const bool closed = init_files[i].text == NULL;
        if (!init_files[i].folder)
            status = vb_machine_write(folder, name, init_files[i].text, init_files[i].len, err);
        else if (mkdirat(folder, name, 0755) < 0)
            status = vb_fail(err, VB_E_OS, errno, "making the init of the boxes");
        if (status == VB_OK && closed && fchmodat(folder, name, 0, 0) < 0)
            status = vb_fail(err, VB_E_OS, errno, "closing the init of the boxes");
    }
    return status == VB_OK && fchmod(folder, 0555) < 0
               ? vb_fail(err, VB_E_OS, errno, "closing the init of the boxes")
               : status;
}

int vb_machine_prepare(int base_fd, struct vb_error *err)
{
    if (mkdirat(base_fd, "machine", 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making the machine of the boxes");
    VB_CLEANUP_FD int folder = openat(base_fd, "machine", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return vb_fail(err, VB_E_OS, errno, "making the machine of the boxes");
    int status = write_cpuinfo(folder, err);
    if (status == VB_OK)
        status = write_stat(folder, err);
    if (status == VB_OK)
        status = write_init(folder, err);
    if (status == VB_OK)
        status = vb_machine_write_kernel(folder, err);
    for (size_t i = 0; status == VB_OK && i < VB_ARRAY_LEN(stand_ins); i++) {
        const char *text = stand_ins[i].text;
        if (text != NULL)
            status = vb_machine_write(folder, stand_ins[i].name, text, strlen(text), err);
    }
    return status;
}
