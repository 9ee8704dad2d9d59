/* Opens and asks about as many names as a whole system has files, as fast as it goes: what find and
 * grep -r do. */
#include <sys/stat.h>

#include "flood.h"

enum { FILES = 65000 };

int main(void)
{
    char name[64];
    struct stat st;
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "/usr/share/doc/package-%d/copyright", i);
        if (stat(name, &st) == 0 || open(name, O_RDONLY) >= 0)
            return 1;
    }
    return 0;
}
