/* Back to the root that the box was made in. */
#include "escape.h"

int main(void)
{
    escape_end_call(syscall(SYS_pivot_root, ".", "."), "pivot_root");
}
