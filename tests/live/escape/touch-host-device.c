/* /dev/null of the box is the host's own node: whoever may write to it may set its times. */
#include "escape.h"

#include <sys/stat.h>

int main(void)
{
    escape_end_call(utimensat(AT_FDCWD, "/dev/null", NULL, 0), "the time of /dev/null");
}
