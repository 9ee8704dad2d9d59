/* CVE-2003-0063 and its kin: a name that gives orders to the reader's terminal. */
#include "escape.h"

#include <sys/stat.h>

int main(void)
{
    static const char name[] = "/home/alex/.ssh/\033]0;pwned\007\033[2J";
    const int fd = open(name, O_WRONLY | O_CREAT, 0755);
    escape_end_call(fd, "a name with orders in it");
}
