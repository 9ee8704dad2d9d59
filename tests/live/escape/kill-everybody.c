/* Everybody that may be reached: where the pid namespace is shared, the user's whole session. */
#include "escape.h"

#include <signal.h>

int main(void)
{
    const int result = kill(-1, SIGKILL);
    escape_end_call(result, "kill(-1, SIGKILL)");
}
