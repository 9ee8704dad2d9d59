/* The machine's hardware at first hand. */
#include "escape.h"

#include <sys/io.h>

int main(void)
{
    const int level = iopl(3);
    const int ports = ioperm(0x70, 2, 1);
    escape_end(level == 0 || ports == 0, "iopl, ioperm");
}
