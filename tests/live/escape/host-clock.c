/* The clock has no namespace. */
#include "escape.h"

#include <sys/time.h>
#include <time.h>

int main(void)
{
    const struct timespec wanted = {.tv_sec = 86400};
    const struct timeval also = {.tv_sec = 86400};
    const int by_clock = clock_settime(CLOCK_REALTIME, &wanted);
    const int by_day = settimeofday(&also, NULL);
    escape_end(by_clock == 0 || by_day == 0, "clock_settime, settimeofday");
}
