/* A link to a program of the host, for the day when it has a hole. */
#include "escape.h"

int main(void)
{
    escape_end_call(link("/usr/bin/env", "/tmp/env"), "link");
}
