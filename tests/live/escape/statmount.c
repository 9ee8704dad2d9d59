/* Mounts by number, and where on the host they come from: younger than most filters. */
#include "escape.h"

int main(void)
{
    static const struct {
        uint32_t size, spare;
        uint64_t mount, parameter, space;
    } ask = {.size = 32, .mount = ~0ULL, .parameter = 0x3f};
    uint64_t answer[512];
    const long one = syscall(457 /* statmount */, &ask, answer, sizeof(answer), 0);
    const long all = syscall(458 /* listmount */, &ask, answer, 512, 0);
    escape_end(one >= 0 || all >= 0, "statmount, listmount");
}
