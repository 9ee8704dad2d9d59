/* Devices that are doors: virtual machines, networks, file systems of one's own, terminals. */
#include "escape.h"

int main(void)
{
    static const char *const files[] = {"/dev/kvm",   "/dev/net/tun", "/dev/loop-control",
                                        "/dev/fuse",  "/dev/console", "/dev/userfaultfd",
                                        "/dev/kmsg",  "/dev/tty0",    "/dev/uinput",
                                        "/dev/vsock", "/dev/vda",     "/dev/sda"};
    bool worked = false;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        worked |= open(files[i], O_RDWR | O_NONBLOCK) >= 0;
    escape_end(worked, "a device");
}
