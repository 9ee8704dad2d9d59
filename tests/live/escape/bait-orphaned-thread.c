/* The first thread is gone, and with it what /proc shows of the process. */
#include "escape.h"

#include <pthread.h>

static void *look(void *unused)
{
    (void)unused;
    usleep(50000);
    if (chdir("/home/alex/.ssh") < 0)
        escape_broken("chdir");
    escape_end_secret(open("id_ed25519", O_RDONLY));
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, look, NULL) != 0)
        escape_broken("pthread_create");
    (void)syscall(SYS_exit, 0); /* of this thread only */
}
