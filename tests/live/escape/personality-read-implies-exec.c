/* Every page that can be read can be executed, in all programs that follow. */
#include "escape.h"

#include <sys/personality.h>

int main(void)
{
    escape_end_call(personality(READ_IMPLIES_EXEC), "personality");
}
