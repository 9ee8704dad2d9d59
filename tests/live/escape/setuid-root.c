/* Root by asking. */
#include "escape.h"

int main(void)
{
    escape_end_call(setresuid(0, 0, 0), "setresuid");
}
