/* The machine's memory as a file. */
#include "escape.h"

int main(void)
{
    static const char *const files[] = {"/dev/kmem", "/dev/port", "/dev/mem"};
    bool worked = false;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        worked |= open(files[i], O_RDWR) >= 0;
    escape_end(worked, "/dev/mem");
}
