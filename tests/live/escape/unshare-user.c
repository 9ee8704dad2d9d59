/* A user namespace of one's own: the first step of nearly every kernel exploit since 2013, because
 * it gives every capability over code that was written for root. */
#include "escape.h"

#include <sched.h>

int main(void)
{
    escape_end_call(unshare(CLONE_NEWUSER), "unshare(CLONE_NEWUSER)");
}
