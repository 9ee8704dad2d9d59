/* One of a hundred threads. */
#include "escape.h"

#include <pthread.h>

enum { THREADS = 100 };

static void *look(void *last)
{
    const int fd = open(last ? ESCAPE_BAIT : "/dev/null", O_RDONLY | O_CLOEXEC);
    if (last && fd >= 0)
        escape_end_secret(fd);
    (void)close(fd);
    (void)usleep(200000);
    return NULL;
}

int main(void)
{
    static char last;
    pthread_attr_t small;
    if (pthread_attr_init(&small) != 0 || pthread_attr_setstacksize(&small, 65536) != 0)
        escape_broken("attributes");
    for (int i = 1; i <= THREADS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, &small, look, i == THREADS ? &last : NULL) != 0)
            escape_broken("pthread_create");
    }
    (void)sleep(5);
    escape_broken("waiting");
}
