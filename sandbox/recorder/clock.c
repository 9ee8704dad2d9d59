/* The replacement of the shared code's functions, and the box's clock. Trust boundary: what stands
 * at the address of a process's shared code is hostile. It is compared with our own and written
 * over; nothing of it is used. */
#include "sandbox/recorder/clock.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <unistd.h>

enum {
    PAGE = 4096,
    JUMP = 5, /* bytes of a jump to anywhere near */
    NS_A_SECOND = 1000000000,
    FRACTION_BITS = 30 /* of the offset: seconds above, nanoseconds below, so that it is one word */
};

/* Each function makes the call with the cookie and adds the offset. They stand in the room behind
 * the end of the shared code. */
extern const unsigned char vb_code[];
/* Where in there each thing is, in this order. */
extern const uint32_t vb_code_at[];
enum { AT_GETTIME, AT_TIMEOFDAY, AT_TIME, AT_COOKIE, AT_OFFSET, AT_AHEAD, AT_END };
__asm__(".pushsection .rodata\n"
        ".globl vb_code, vb_code_at\n"
        ".hidden vb_code, vb_code_at\n"
        ".balign 16\n"
        "vb_code:\n"
        /* clock_gettime(clock, result) */
        "vb_code_gettime:\n"
        "  mov $228, %eax\n"
        "  mov vb_code_cookie(%rip), %r9\n"
        "  syscall\n"
        "  test %rax, %rax\n"
        "  jnz 2f\n"
        "  cmp $2, %edi\n" /* the clocks of processor time, of ourselves and of others */
        "  je 2f\n"
        "  cmp $3, %edi\n"
        "  je 2f\n"
        "  test %edi, %edi\n"
        "  js 2f\n"
        "  mov vb_code_offset(%rip), %rcx\n"
        "  mov %ecx, %edx\n"
        "  and $0x3fffffff, %edx\n"
        "  shr $30, %rcx\n"
        "  add %rcx, (%rsi)\n"
        "  add 8(%rsi), %rdx\n"
        "  cmp $1000000000, %rdx\n"
        "  jb 1f\n"
        "  sub $1000000000, %rdx\n"
        "  incq (%rsi)\n"
        "1: mov %rdx, 8(%rsi)\n"
        "  mov $0x921, %edx\n" /* clocks 0, 5, 8 and 11 count from 1970 */
        "  bt %edi, %edx\n"
        "  jnc 2f\n"
        "  mov vb_code_ahead(%rip), %rcx\n"
        "  add %rcx, (%rsi)\n"
        "2: ret\n"
        /* gettimeofday(result, zone) */
        ".balign 16\n"
        "vb_code_timeofday:\n"
        "  mov %rsi, %r8\n"
        "  test %rdi, %rdi\n"
        "  jz 3f\n"
        "  mov %rdi, %rsi\n"
        "  xor %edi, %edi\n"
        "  call vb_code_gettime\n"
        "  test %rax, %rax\n"
        "  jnz 4f\n"
        "  mov 8(%rsi), %rax\n"
        "  xor %edx, %edx\n"
        "  mov $1000, %ecx\n"
        "  div %rcx\n"
        "  mov %rax, 8(%rsi)\n"
        "3: xor %eax, %eax\n"
        "  test %r8, %r8\n"
        "  jz 4f\n"
        "  xor %edi, %edi\n"
        "  mov %r8, %rsi\n"
        "  mov $96, %eax\n"
        "  syscall\n"
        "4: ret\n"
        /* time(result): the coarse clock, as the kernel's own */
        ".balign 16\n"
        "vb_code_time:\n"
        "  mov %rdi, %r8\n"
        "  sub $24, %rsp\n"
        "  mov %rsp, %rsi\n"
        "  mov $5, %edi\n"
        "  call vb_code_gettime\n"
        "  mov (%rsp), %rax\n"
        "  add $24, %rsp\n"
        "  test %r8, %r8\n"
        "  jz 5f\n"
        "  mov %rax, (%r8)\n"
        "5: ret\n"
        ".balign 8\n"
        "vb_code_cookie: .quad 0\n"
        "vb_code_offset: .quad 0\n"
        "vb_code_ahead: .quad 0\n"
        "vb_code_end:\n"
        "vb_code_at:\n"
        ".long vb_code_gettime - vb_code, vb_code_timeofday - vb_code, vb_code_time - vb_code\n"
        ".long vb_code_cookie - vb_code, vb_code_offset - vb_code, vb_code_ahead - vb_code\n"
        ".long vb_code_end - vb_code\n"
        ".popsection\n");

enum { CODE_MAX = 512 };

static const struct {
    const char *name;
    unsigned code;
} functions[] = {
    {"__vdso_clock_gettime", AT_GETTIME},
    {"__vdso_gettimeofday", AT_TIMEOFDAY},
    {"__vdso_time", AT_TIME},
};

/* Our own shared code, which is every process's. */
struct shared {
    const unsigned char *image;
    uint64_t entries[VB_ARRAY_LEN(functions)]; /* where each function begins */
    uint64_t room;                             /* where the replacement goes; 0: unusable */
};

uint64_t vb_clock_cookie(void)
{
    static uint64_t cookie;
    while (cookie == 0) {
        if (getrandom(&cookie, sizeof(cookie), 0) != (ssize_t)sizeof(cookie))
            cookie = 0x5bd1e995a7c3f1d9;
    }
    return cookie;
}

/* --- the shared code --- */

static uint64_t find_symbol(const unsigned char *image, const Elf64_Shdr *symbols, const char *name)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)image;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(const void *)(image + header->e_shoff);
    const Elf64_Sym *all = (const Elf64_Sym *)(const void *)(image + symbols->sh_offset);
    const char *names = (const char *)image + sections[symbols->sh_link].sh_offset;
    for (size_t i = 0; i < symbols->sh_size / sizeof(*all); i++) {
        if (strcmp(names + all[i].st_name, name) == 0)
            return all[i].st_value;
    }
    return 0;
}

static bool is_empty(const unsigned char *at, size_t len)
{
    while (len > 0 && *at == 0) {
        at++;
        len--;
    }
    return len == 0;
}

/* The kernel maps whole pages: what is behind the end of the file is nobody's. */
static uint64_t find_room(const unsigned char *image)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)image;
    const size_t len = vb_code_at[AT_END];
    const uint64_t file = header->e_shoff + (uint64_t)header->e_shnum * header->e_shentsize;
    const uint64_t room = (file + 15) / 16 * 16;
    const uint64_t end = (file + PAGE - 1) / PAGE * PAGE;
    return room + len <= end && is_empty(image + room, len) ? room : 0;
}

static struct shared read_shared(void)
{
    struct shared ret = {.image = (const unsigned char *)(uintptr_t)getauxval(AT_SYSINFO_EHDR)};
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)ret.image;
    if (header == NULL || header->e_shoff == 0 || header->e_shentsize != sizeof(Elf64_Shdr))
        return ret;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(const void *)(ret.image + header->e_shoff);
    unsigned found = 0;
    for (unsigned i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_DYNSYM)
            continue;
        for (size_t j = 0; j < VB_ARRAY_LEN(functions); j++) {
            ret.entries[j] = find_symbol(ret.image, &sections[i], functions[j].name);
            found += ret.entries[j] != 0;
        }
    }
    if (found == VB_ARRAY_LEN(functions))
        ret.room = find_room(ret.image);
    return ret;
}

static const struct shared *shared_code(void)
{
    static struct shared shared;
    static bool known;
    if (!known)
        shared = read_shared();
    known = true;
    return &shared;
}

static void make_jump(const struct shared *shared, size_t function, unsigned char ret[JUMP])
{
    const uint64_t to = shared->room + vb_code_at[functions[function].code];
    const int32_t distance = (int32_t)((int64_t)to - (int64_t)shared->entries[function] - JUMP);
    ret[0] = 0xe9;
    memcpy(ret + 1, &distance, sizeof(distance));
}

static bool same_at(int mem, uint64_t address, const unsigned char *wanted, size_t len)
{
    unsigned char bytes[64];
    return len <= sizeof(bytes) && pread(mem, bytes, len, (off_t)address) == (ssize_t)len &&
           memcmp(bytes, wanted, len) == 0;
}

/* Is what we know there, as it was or as we made it? */
static bool is_shared_code(const struct shared *shared, int mem, uint64_t code)
{
    if (code == 0 || !same_at(mem, code, shared->image, sizeof(Elf64_Ehdr)))
        return false;
    for (size_t i = 0; i < VB_ARRAY_LEN(functions); i++) {
        unsigned char jump[JUMP];
        const uint64_t entry = shared->entries[i];
        make_jump(shared, i, jump);
        if (!same_at(mem, code + entry, shared->image + entry, JUMP) &&
            !same_at(mem, code + entry, jump, JUMP))
            return false;
    }
    return true;
}

/* A private page is copied by the write, readable only or not. */
static bool write_code(const struct shared *shared, const struct vb_clock_process *process,
                       uint64_t moved_ns, uint64_t ahead_s)
{
    unsigned char bytes[CODE_MAX];
    const size_t len = vb_code_at[AT_END];
    const uint64_t cookie = vb_clock_cookie();
    const uint64_t offset = moved_ns / NS_A_SECOND << FRACTION_BITS | moved_ns % NS_A_SECOND;
    if (len > sizeof(bytes))
        return false;
    memcpy(bytes, vb_code, len);
    memcpy(bytes + vb_code_at[AT_COOKIE], &cookie, sizeof(cookie));
    memcpy(bytes + vb_code_at[AT_OFFSET], &offset, sizeof(offset));
    memcpy(bytes + vb_code_at[AT_AHEAD], &ahead_s, sizeof(ahead_s));
    bool written =
        pwrite(process->mem, bytes, len, (off_t)(process->code + shared->room)) == (ssize_t)len;
    for (size_t i = 0; written && i < VB_ARRAY_LEN(functions); i++) {
        make_jump(shared, i, bytes);
        written =
            pwrite(process->mem, bytes, JUMP, (off_t)(process->code + shared->entries[i])) == JUMP;
    }
    return written;
}

uint64_t vb_clock_code(int dirfd)
{
    uint64_t vector[128];
    VB_CLEANUP_FD int fd = openat(dirfd, "auxv", O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? -1 : read(fd, vector, sizeof(vector));
    for (size_t i = 0; n > 0 && i + 1 < (size_t)n / sizeof(*vector); i += 2) {
        if (vector[i] == AT_SYSINFO_EHDR)
            return vector[i + 1];
    }
    return 0;
}

/* --- moving --- */

bool vb_clock_move(struct vb_clock *clock, const struct vb_clock_process *processes, size_t count,
                   uint64_t by_ns)
{
    const struct shared *shared = shared_code();
    if (shared->room == 0)
        clock->unable = true;
    for (size_t i = 0; !clock->unable && i < count; i++) {
        if (!is_shared_code(shared, processes[i].mem, processes[i].code))
            return false;
    }
    for (size_t i = 0; !clock->unable && i < count; i++) {
        if (write_code(shared, &processes[i], clock->moved_ns + by_ns, clock->ahead_s))
            continue;
        /* One that was killed meanwhile reads no clock. A kernel that forbids it forbids it from
         * the first process on. */
        clock->unable = i == 0 && !vb_clock_differs(clock);
    }
    if (clock->unable)
        return false;
    clock->moved_ns += by_ns;
    return true;
}

bool vb_clock_differs(const struct vb_clock *clock)
{
    return clock->moved_ns > 0 || clock->ahead_s > 0;
}

bool vb_clock_show(struct vb_clock *clock, pid_t tgid)
{
    const struct shared *shared = shared_code();
    char path[64];
    if (!vb_clock_differs(clock))
        return true;
    snprintf(path, sizeof(path), "/proc/%d", (int)tgid);
    VB_CLEANUP_FD int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    VB_CLEANUP_FD int mem = dir < 0 ? -1 : openat(dir, "mem", O_RDWR | O_CLOEXEC);
    const struct vb_clock_process process = {mem, dir < 0 ? 0 : vb_clock_code(dir)};
    return shared->room != 0 && mem >= 0 && is_shared_code(shared, mem, process.code) &&
           write_code(shared, &process, clock->moved_ns, clock->ahead_s);
}

/* --- reading --- */

/* What the box's time namespace adds to the clocks that begin with the machine. */
static void ask_offsets(struct vb_clock *clock, pid_t tid)
{
    char path[64], line[128];
    if (clock->asked)
        return;
    clock->asked = true;
    snprintf(path, sizeof(path), "/proc/%d/timens_offsets", (int)tid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        char *at = line + strcspn(line, " ");
        const long long seconds = strtoll(at, &at, 10);
        const long long nanoseconds = strtoll(at, NULL, 10);
        *(line[0] == 'm' ? &clock->monotonic_ns : &clock->boottime_ns) =
            seconds * NS_A_SECOND + nanoseconds;
    }
    if (file != NULL)
        fclose(file);
}

static const struct {
    clockid_t id;
    enum { FROM_1970, FROM_MONOTONIC, FROM_BOOT } from;
} clocks[] = {
    {CLOCK_REALTIME, FROM_1970},
    {CLOCK_MONOTONIC, FROM_MONOTONIC},
    {CLOCK_MONOTONIC_RAW, FROM_MONOTONIC},
    {CLOCK_REALTIME_COARSE, FROM_1970},
    {CLOCK_MONOTONIC_COARSE, FROM_MONOTONIC},
    {CLOCK_BOOTTIME, FROM_BOOT},
    {CLOCK_REALTIME_ALARM, FROM_1970},
    {CLOCK_BOOTTIME_ALARM, FROM_BOOT},
    {CLOCK_TAI, FROM_1970},
};

bool vb_clock_now(struct vb_clock *clock, pid_t tid, clockid_t id, int64_t *ret)
{
    struct timespec now;
    size_t row = 0;
    while (row < VB_ARRAY_LEN(clocks) && clocks[row].id != id)
        row++;
    if (row == VB_ARRAY_LEN(clocks) || clock_gettime(id, &now) < 0)
        return false;
    ask_offsets(clock, tid);
    const int64_t offsets[] = {(int64_t)clock->ahead_s * NS_A_SECOND, clock->monotonic_ns,
                               clock->boottime_ns};
    *ret = (int64_t)now.tv_sec * NS_A_SECOND + now.tv_nsec + offsets[clocks[row].from] +
           (int64_t)clock->moved_ns;
    return true;
}

bool vb_clock_read(struct vb_clock *clock, pid_t tid, clockid_t id, struct timespec *ret)
{
    int64_t now;
    if (!vb_clock_now(clock, tid, id, &now))
        return false;
    *ret = (struct timespec){.tv_sec = now / NS_A_SECOND, .tv_nsec = now % NS_A_SECOND};
    return true;
}
