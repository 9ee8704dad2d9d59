/* What others will run. */
#include "escape.h"

int main(void)
{
    const int fd = open("/usr/bin/env", O_WRONLY | O_TRUNC);
    const int renamed = rename("/usr/bin/env", "/usr/bin/env.old");
    escape_end(fd >= 0 || renamed == 0, "a program of the host");
}
