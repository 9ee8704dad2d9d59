/* Whoever opens it waits for somebody who is dead. */
#include "escape.h"

#include <sys/stat.h>

int main(void)
{
    escape_end_call(mkfifo("/tmp/result.txt", 0666), "mkfifo");
}
