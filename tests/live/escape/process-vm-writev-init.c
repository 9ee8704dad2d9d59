/* Words into another's memory, without a tracer. */
#include "escape.h"

#include <sys/uio.h>

int main(void)
{
    char byte = 0;
    struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};
    escape_end_call(process_vm_writev(1, &here, 1, &there, 1, 0), "process_vm_writev");
}
