/* Who watches a name does not see the file under another one. */
#include "escape.h"

int main(void)
{
    if (rename(ESCAPE_BAIT, ESCAPE_LOOT) < 0)
        escape_broken("rename");
    escape_end_secret(open(ESCAPE_LOOT, O_RDONLY));
}
