/* Preloaded: time() is VETBOX_TEST_SECONDS_LATER seconds later than it is. */
#include <stdlib.h>
#include <time.h>

time_t time(time_t *ret)
{
    const char *later = getenv("VETBOX_TEST_SECONDS_LATER");
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    const time_t told = now.tv_sec + (later != NULL ? (time_t)strtoll(later, NULL, 10) : 0);
    if (ret != NULL)
        *ret = told;
    return told;
}
