/* The program that the kernel starts for every device. */
#include "escape.h"

int main(void)
{
    escape_end_call(open("/sys/kernel/uevent_helper", O_WRONLY), "uevent_helper");
}
