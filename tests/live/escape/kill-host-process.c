/* A process of the host, by its number there. */
#include "escape.h"

#include <signal.h>

int main(int argc, char **argv)
{
    if (argc <= ESCAPE_PID)
        escape_broken("arguments");
    escape_end_call(kill(escape_pid(argv), SIGKILL), "kill");
}
