/* A path that begins at a root of the caller's choice. */
#include "escape.h"

#include <linux/openat2.h>

int main(void)
{
    struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_IN_ROOT};
    const int home = open("/home", O_PATH | O_DIRECTORY | O_CLOEXEC);
    escape_end_secret((int)syscall(SYS_openat2, home, "/alex/.ssh/id_ed25519", &how, sizeof(how)));
}
