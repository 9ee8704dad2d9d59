/* Init's memory holds what the box was told. */
#include "escape.h"

int main(void)
{
    escape_end_call(open("/proc/1/mem", O_RDWR), "/proc/1/mem");
}
