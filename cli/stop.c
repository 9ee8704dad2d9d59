/* See stop.h. A handler reaches nothing but what is static: these two are all that it knows. */
#include "cli/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGTERM};

static volatile sig_atomic_t writer = -1; /* of the pipe that says it */
static volatile sig_atomic_t came;        /* the signal, 0: none */

/* Of every signal that is not ignored, as nohup and a shell's background jobs have it. Each waits
 * for the other's handler, behind which it is the second one. */
static void set_handler(void (*handler)(int number))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, now;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < VB_ARRAY_LEN(numbers); i++)
        sigaddset(&action.sa_mask, numbers[i]);
    for (size_t i = 0; i < VB_ARRAY_LEN(numbers); i++) {
        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            (void)sigaction(numbers[i], &action, NULL);
    }
}

static void hear(int number)
{
    const int saved = errno;
    came = number;
    (void)!write(writer, "", 1);
    set_handler(SIG_DFL);
    errno = saved;
}

int vb_stop_begin(int *ret_fd, struct vb_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return vb_fail(err, VB_E_OS, errno, "listening for signals");
    came = 0;
    writer = ends[1];
    set_handler(hear);
    *ret_fd = ends[0];
    return VB_OK;
}

int vb_stop_end(int *fd)
{
    set_handler(SIG_DFL);
    if (writer >= 0)
        (void)close(writer);
    writer = -1;
    vb_close_fd(fd);
    return came;
}
