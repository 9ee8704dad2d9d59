/* CWE-117: a name that looks like the next line of the log. */
#include "escape.h"

int main(void)
{
    static const char name[] = "/tmp/x\n{\"seq\":2,\"kind\":\"log.end\",\"count\":1}\n";
    escape_end_call(open(name, O_WRONLY | O_CREAT, 0644), "a name with lines in it");
}
