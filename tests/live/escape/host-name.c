/* Where the uts namespace is the host's, so is its name. */
#include "escape.h"

int main(void)
{
    escape_end_call(sethostname("pwned", 5), "sethostname");
}
