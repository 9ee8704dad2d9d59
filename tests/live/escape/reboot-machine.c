/* Ctrl-Alt-Del only: an attempt that worked would do no harm. */
#include "escape.h"

#include <sys/reboot.h>

int main(void)
{
    escape_end_call(reboot(RB_DISABLE_CAD), "reboot");
}
