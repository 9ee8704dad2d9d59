/* Who watches through a descriptor of the subject's loses it here. */
#include "escape.h"

int main(void)
{
    char text[64];
    for (int i = 0; i < 1024; i++)
        (void)close(i);
    const int fd = open(ESCAPE_BAIT, O_RDONLY);
    _exit(fd >= 0 && read(fd, text, sizeof(text)) > 0 ? ESCAPE_WORKED : ESCAPE_HELD);
}
