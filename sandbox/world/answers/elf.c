/* elf: a static program for x86-64 Linux, written byte by byte: it prints its name and build, then
 * becomes `true` with its build as argument, which is what shows that it ran. */
#include "sandbox/world/answers/internal.h"

#include <elf.h>
#include <string.h>

enum { BASE = 0x400000, HEADS = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) };

struct part {
    unsigned char bytes[64];
    size_t len;
};

static void op(struct part *code, const void *bytes, size_t len)
{
    memcpy(code->bytes + code->len, bytes, len);
    code->len += len;
}

/* mov r32, imm32 */
static void load(struct part *code, unsigned char reg, size_t value)
{
    const unsigned char bytes[] = {(unsigned char)(0xb8 + reg), (unsigned char)value,
                                   (unsigned char)(value >> 8), (unsigned char)(value >> 16),
                                   (unsigned char)(value >> 24)};
    op(code, bytes, sizeof(bytes));
}

enum { EAX = 0, EDX = 2, ESI = 6, EDI = 7, CODE_BYTES = 4 * 5 + 2 + 4 * 5 + 2 + 2 * 5 + 2 };

struct layout {
    size_t line, line_len, argv;
    size_t program;
};

static void call(struct part *code, unsigned number)
{
    static const unsigned char syscall[] = {0x0f, 0x05};
    load(code, EAX, number);
    op(code, syscall, sizeof(syscall));
}

static struct part code_of(const struct layout *at)
{
    struct part code = {.len = 0};
    load(&code, EDI, 1); /* write(1, line, line_len) */
    load(&code, ESI, at->line);
    load(&code, EDX, at->line_len);
    call(&code, 1);
    load(&code, EDI, at->program); /* execve(program, argv, NULL) */
    load(&code, ESI, at->argv);
    load(&code, EDX, 0);
    call(&code, 59);
    load(&code, EDI, 0); /* exit(0) */
    call(&code, 60);
    return code;
}

static void put_heads(struct vb_out *out, size_t size)
{
    const Elf64_Ehdr head = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = BASE + HEADS,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 1,
    };
    const Elf64_Phdr segment = {.p_type = PT_LOAD,
                                .p_flags = PF_R | PF_X,
                                .p_vaddr = BASE,
                                .p_paddr = BASE,
                                .p_filesz = size,
                                .p_memsz = size,
                                .p_align = 4096};
    vb_put(out, &head, sizeof(head));
    vb_put(out, &segment, sizeof(segment));
}

int vb_elf_write(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    static const char program[] = "/bin/true";
    const char *token = vb_answer_token(answer);
    char line[160];
    char option[64];
    const int line_len = snprintf(line, sizeof(line), "%s %s (build %s)\n", answer->view->name,
                                  answer->view->version, token);
    const int option_len = snprintf(option, sizeof(option), "--build=%s", token);
    struct layout at = {.argv = BASE + HEADS + CODE_BYTES, .line_len = (size_t)line_len};
    at.program = at.argv + 3 * sizeof(uint64_t);
    const size_t option_at = at.program + sizeof(program);
    at.line = option_at + (size_t)option_len + 1;
    const struct part code = code_of(&at);
    struct vb_out put = {out, err, VB_OK};
    put_heads(&put, at.line + at.line_len + 1 - BASE);
    vb_put(&put, code.bytes, code.len);
    vb_put_little(&put, at.program, 8);
    vb_put_little(&put, option_at, 8);
    vb_put_little(&put, 0, 8);
    vb_put(&put, program, sizeof(program));
    vb_put(&put, option, (size_t)option_len + 1);
    vb_put(&put, line, (size_t)line_len + 1);
    return put.status;
}

int vb_make_elf(struct vb_answer *answer, struct vb_buf *out, struct vb_error *err)
{
    return vb_elf_write(answer, out, err);
}
