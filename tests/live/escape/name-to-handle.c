/* The handle of a file that we may see tells how the others are made. */
#include "escape.h"

int main(void)
{
    struct {
        struct file_handle head;
        unsigned char bytes[MAX_HANDLE_SZ];
    } handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
    int mount = 0;
    escape_end_call(name_to_handle_at(AT_FDCWD, "/usr/bin/env", &handle.head, &mount, 0),
                    "name_to_handle_at");
}
