/* Trust boundary: every byte and every length that comes from here is hostile. */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "sandbox/recorder/call.h"

void vb_memory_init(struct vb_memory *memory, pid_t tid)
{
    memory->tid = tid;
    memory->next = 0;
    memory->ahead = false;
    for (size_t i = 0; i < VB_MEMORY_PAGES; i++)
        memory->pages[i] = 1;
}

static int load_page(struct vb_memory *memory, uint64_t page, const unsigned char **ret)
{
    for (size_t i = 0; i < VB_MEMORY_PAGES; i++) {
        *ret = memory->bytes[i];
        if (memory->pages[i] == page)
            return 0;
    }
    const unsigned slot = memory->next++ % VB_MEMORY_PAGES;
    const unsigned behind = memory->next % VB_MEMORY_PAGES;
    const unsigned pages = memory->ahead ? 2 : 1;
    struct iovec local[] = {{memory->bytes[slot], VB_PAGE}, {memory->bytes[behind], VB_PAGE}};
    struct iovec remote = {(void *)(uintptr_t)page, (size_t)pages * VB_PAGE};
    memory->pages[slot] = 1;
    *ret = memory->bytes[slot];
    if (memory->ahead)
        memory->pages[behind] = 1;
    const ssize_t n = process_vm_readv(memory->tid, local, pages, &remote, 1, 0);
    if (n < 0)
        return -errno;
    if (n < VB_PAGE)
        return -EFAULT;
    memory->pages[slot] = page;
    if (n == 2 * VB_PAGE) {
        memory->pages[behind] = page + VB_PAGE;
        memory->next++;
    }
    return 0;
}

/* The pages of VB_MEMORY_PAGES that are asked for in one go. */
struct batch {
    struct iovec local[VB_MEMORY_PAGES], remote[VB_MEMORY_PAGES];
    size_t count;
};

static void add_page(struct vb_memory *memory, struct batch *batch, uint64_t page)
{
    for (size_t i = 0; i < batch->count; i++)
        if (memory->pages[i] == page)
            return;
    if (batch->count == VB_MEMORY_PAGES)
        return;
    const size_t slot = batch->count++;
    memory->pages[slot] = page;
    batch->local[slot] = (struct iovec){memory->bytes[slot], VB_PAGE};
    batch->remote[slot] = (struct iovec){(void *)(uintptr_t)page, VB_PAGE};
}

void vb_memory_expect(struct vb_memory *memory, const uint64_t *addresses, size_t count)
{
    struct batch batch = {.count = 0};
    size_t continued = 0;
    vb_memory_init(memory, memory->tid);
    /* The kernel stops at the first that it cannot read: those that may not be there come last. */
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count)
            continued = batch.count;
        if (addresses[i] != 0)
            add_page(memory, &batch, addresses[i] / VB_PAGE * VB_PAGE);
    }
    for (size_t i = 0; i < continued; i++)
        add_page(memory, &batch, memory->pages[i] + VB_PAGE);
    const ssize_t n =
        process_vm_readv(memory->tid, batch.local, batch.count, batch.remote, batch.count, 0);
    const size_t got = n > 0 ? (size_t)n / VB_PAGE : 0;
    for (size_t i = got; i < batch.count; i++)
        memory->pages[i] = 1;
    memory->next = (unsigned)got;
}

int vb_memory_read(struct vb_memory *memory, uint64_t address, void *ret, size_t len)
{
    unsigned char *out = ret;
    uint64_t end;
    if (__builtin_add_overflow(address, (uint64_t)len, &end))
        return -EFAULT;
    while (len > 0) {
        size_t offset = (size_t)(address % VB_PAGE);
        size_t part = VB_PAGE - offset < len ? VB_PAGE - offset : len;
        const unsigned char *page;
        int status = load_page(memory, address - offset, &page);
        if (status)
            return status;
        memcpy(out, page + offset, part);
        out += part;
        address += part;
        len -= part;
    }
    return 0;
}

ssize_t vb_memory_string(struct vb_memory *memory, uint64_t address, char *ret, size_t size)
{
    size_t len = 0;
    while (len + 1 < size) {
        size_t offset = (size_t)(address % VB_PAGE);
        size_t part = VB_PAGE - offset < size - 1 - len ? VB_PAGE - offset : size - 1 - len;
        const unsigned char *page;
        int status = load_page(memory, address - offset, &page);
        if (status)
            return status;
        const unsigned char *end = memchr(page + offset, '\0', part);
        if (end)
            part = (size_t)(end - (page + offset));
        memcpy(ret + len, page + offset, part);
        len += part;
        ret[len] = '\0';
        if (end)
            return (ssize_t)len;
        if (__builtin_add_overflow(address, (uint64_t)part, &address))
            return -EFAULT;
    }
    return -ENAMETOOLONG;
}

int vb_memory_write(const struct vb_memory *memory, uint64_t address, const void *data, size_t len)
{
    const struct iovec local = {(void *)(uintptr_t)data, len};
    const struct iovec remote = {(void *)(uintptr_t)address, len};
    const ssize_t n = process_vm_writev(memory->tid, &local, 1, &remote, 1, 0);
    return n < 0 ? -errno : n == (ssize_t)len ? 0 : -EFAULT;
}
