/* The same where folders of the host stand: what can be moved out of the way, and what is not there
 * and can be made. */
#include "escape.h"

#include <sys/stat.h>

static const char *const folders[] = {"include", "lib", "share"};

int main(void)
{
    bool worked = false;
    (void)chmod("/usr", 0755);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char folder[64], away[64], secret[64];
        char text[64];
        snprintf(folder, sizeof(folder), "/usr/%s", folders[i]);
        snprintf(away, sizeof(away), "/usr/%s.away", folders[i]);
        snprintf(secret, sizeof(secret), "/usr/%s/id_ed25519", folders[i]);
        if (rename(folder, away) < 0)
            (void)rmdir(folder);
        if (symlink("/home/alex/.ssh", folder) < 0)
            continue;
        const int fd = open(secret, O_RDONLY);
        worked |= fd >= 0 && read(fd, text, sizeof(text)) > 0;
    }
    escape_end(worked, "a secret through /usr");
}
