/* One process with as many threads as it gets. */
#include <pthread.h>

#include "flood.h"

static void *wait_for_ever(void *unused)
{
    (void)unused;
    flood_rest();
}

int main(void)
{
    pthread_t thread;
    for (;;)
        if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
            (void)usleep(1000);
}
