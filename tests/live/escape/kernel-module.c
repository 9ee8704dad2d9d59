/* Code in the kernel. */
#include "escape.h"

int main(void)
{
    static const char image[] = "\177ELF";
    const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    const long by_memory = syscall(SYS_init_module, image, sizeof(image), "");
    const long by_file = syscall(SYS_finit_module, fd, "", 0);
    const long removed = syscall(SYS_delete_module, "loop", O_NONBLOCK);
    escape_end(by_memory == 0 || by_file == 0 || removed == 0, "init_module, finit_module");
}
