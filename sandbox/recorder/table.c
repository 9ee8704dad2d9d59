/* Trust boundary: none; a table. */
#include "sandbox/recorder/table.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "sandbox/recorder/call.h"

const struct vb_syscall vb_syscalls[] = {
#define VB_ALLOW(call_name) {.name = #call_name, .action = VB_SYSCALL_ALLOW},
#define VB_PRETEND(call_name) {.name = #call_name, .action = VB_SYSCALL_PRETEND},
#define VB_QUIET(call_name, number) \
    {.name = #call_name, .action = VB_SYSCALL_QUIET, .error = number},
#define VB_DENY(call_name, number) \
    {.name = #call_name,           \
     .action = VB_SYSCALL_DENY,    \
     .error = number,              \
     .decode = vb_decode_denied,   \
     .kind = VB_EV_KERNEL_DENIED},
#define VB_RECORD(call_name, decoder, event, text, ...) \
    {.name = #call_name,                                \
     .action = VB_SYSCALL_RECORD,                       \
     .decode = vb_decode_##decoder,                     \
     .kind = VB_EV_##event,                             \
     .word = text,                                      \
     .args = {VB_ARGS(__VA_ARGS__)}},
#define VB_PROBE(call_name, text, ...) \
    {.name = #call_name,               \
     .action = VB_SYSCALL_RECORD,      \
     .decode = vb_decode_probe,        \
     .kind = VB_EV_FILE_PROBE,         \
     .word = text,                     \
     .args = {VB_ARGS(__VA_ARGS__)}},
#define VB_SILENT(...)
/* VB_ARGS(PATH, MODE) gives VB_ARG_PATH, VB_ARG_MODE; at most four are in use. */
#define VB_ARGS(...) \
    VB_ARGS_PICK(0, ##__VA_ARGS__, VB_ARGS4, VB_ARGS3, VB_ARGS2, VB_ARGS1, VB_ARGS0)(__VA_ARGS__)
#define VB_ARGS_PICK(zero, a, b, c, d, pick, ...) pick
#define VB_ARGS0(...) VB_ARG_NONE
#define VB_ARGS1(a) VB_ARG_##a
#define VB_ARGS2(a, b) VB_ARG_##a, VB_ARG_##b
#define VB_ARGS3(a, b, c) VB_ARG_##a, VB_ARG_##b, VB_ARG_##c
#define VB_ARGS4(a, b, c, d) VB_ARG_##a, VB_ARG_##b, VB_ARG_##c, VB_ARG_##d
#include "sandbox/recorder/syscalls.def"
#undef VB_ALLOW
#undef VB_PRETEND
#undef VB_QUIET
#undef VB_DENY
#undef VB_RECORD
#undef VB_PROBE
#undef VB_SILENT
};

const size_t vb_syscall_count = VB_ARRAY_LEN(vb_syscalls);

const struct vb_silent vb_silents[] = {
#define VB_ALLOW(...)
#define VB_PRETEND(...)
#define VB_QUIET(...)
#define VB_DENY(...)
#define VB_RECORD(...)
#define VB_PROBE(...)
#define ARG(index, bits, wanted) {(index), (uint64_t)(bits), (uint64_t)(wanted)},
#define VB_SILENT(call_name, conditions) {#call_name, {conditions}},
#include "sandbox/recorder/syscalls.def"
};

const size_t vb_silent_count = VB_ARRAY_LEN(vb_silents);
