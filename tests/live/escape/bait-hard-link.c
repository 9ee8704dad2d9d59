/* Two names, one file. */
#include "escape.h"

int main(void)
{
    if (link(ESCAPE_BAIT, "/home/alex/notes") < 0)
        escape_broken("link");
    escape_end_secret(open("/home/alex/notes", O_RDONLY));
}
