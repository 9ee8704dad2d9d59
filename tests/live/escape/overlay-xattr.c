/* What an overlay believes of its upper layer stands in attributes that a user may set. */
#include "escape.h"

#include <sys/stat.h>
#include <sys/xattr.h>

int main(void)
{
    char listed[256] = "";
    if (mkdir("/tmp/d", 0755) < 0)
        escape_broken("mkdir");
    const int set = setxattr("/tmp/d", "user.overlay.redirect", "/root", 5, 0);
    (void)listxattr("/tmp/d", listed, sizeof(listed));
    (void)rename("/tmp/d", "/tmp/e");
    escape_end(set == 0 && access("/tmp/e/.profile", F_OK) == 0, "an overlay's attribute");
}
