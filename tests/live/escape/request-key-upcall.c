/* A key that is not there makes the kernel start /sbin/request-key on the host; and keys are shared
 * by all who have the user's id. */
#include "escape.h"

#include <linux/keyctl.h>

int main(void)
{
    const long added = syscall(SYS_add_key, "user", "loot", "x", 1, KEY_SPEC_USER_KEYRING);
    const long asked = syscall(SYS_request_key, "user", "loot", "x", KEY_SPEC_USER_KEYRING);
    escape_end(added >= 0 || asked >= 0, "add_key, request_key");
}
