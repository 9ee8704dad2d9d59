/* The path of an open says one thing while the record is made and another when the kernel reads it.
 */
#include "race.h"

int main(void)
{
    enum { TRIES = 30000 };
    static char path[32];
    char text[16] = "";
    struct race race = {.target = path,
                        .innocent = "/home/alex/.bashrc\0\0\0\0\0\0\0\0\0",
                        .real = ESCAPE_BAIT,
                        .len = sizeof(ESCAPE_BAIT)};
    race_begin(&race);
    for (int i = 0; i < TRIES; i++) {
        race_arm(&race);
        const int fd = open(path, O_RDONLY);
        race_disarm(&race);
        if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && strncmp(text, "-----BEGIN", 10) == 0)
            escape_end(true, "reading a secret under another name");
        close(fd);
    }
    escape_end(false, "reading a secret under another name");
}
