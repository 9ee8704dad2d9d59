/* A name that no JSON string can hold. */
#include "escape.h"

int main(void)
{
    escape_end_call(open("/tmp/\xff\xfe\xc0\x80", O_WRONLY | O_CREAT, 0644), "a name of bytes");
}
