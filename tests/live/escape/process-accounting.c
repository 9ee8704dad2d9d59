/* Every program of the host into a file of ours. */
#include "escape.h"

int main(void)
{
    const int fd = open("/tmp/acct", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        escape_broken("making a file");
    escape_end_call(acct("/tmp/acct"), "acct");
}
