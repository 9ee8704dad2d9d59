/* Waits in one way, and says how long that took by every clock: run in the box of test_time, which
 * moves its clock instead. What is printed is "WAY: seconds", and a line for each thing that is not
 * as on a real machine. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- every way to read a clock --- */

typedef int gettime(clockid_t id, struct timespec *ret);

static const Elf64_Sym *symbols_of(const char *image, const char **ret_names, size_t *ret_count)
{
    const Elf64_Ehdr *header = (const void *)image;
    const Elf64_Shdr *sections = (const void *)(image + header->e_shoff);
    for (unsigned i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_DYNSYM)
            continue;
        *ret_names = image + sections[sections[i].sh_link].sh_offset;
        *ret_count = sections[i].sh_size / sizeof(Elf64_Sym);
        return (const void *)(image + sections[i].sh_offset);
    }
    return NULL;
}

/* As programs do that have no C library. */
static gettime *find_vdso(void)
{
    const char *image = (const char *)getauxval(AT_SYSINFO_EHDR);
    const char *names = NULL;
    size_t count = 0;
    const Elf64_Sym *symbols = image == NULL ? NULL : symbols_of(image, &names, &count);
    for (size_t i = 0; symbols != NULL && i < count; i++) {
        if (strcmp(names + symbols[i].st_name, "__vdso_clock_gettime") == 0)
            return (gettime *)(image + symbols[i].st_value);
    }
    return NULL;
}

static double seconds(const struct timespec *time)
{
    return (double)time->tv_sec + (double)time->tv_nsec / 1e9;
}

static double library(clockid_t id)
{
    struct timespec time = {0};
    (void)clock_gettime(id, &time);
    return seconds(&time);
}

static double direct(clockid_t id)
{
    static gettime *function;
    struct timespec time = {0};
    if (function == NULL)
        function = find_vdso();
    if (function != NULL)
        (void)function(id, &time);
    return seconds(&time);
}

static double call(clockid_t id)
{
    struct timespec time = {0};
    (void)syscall(SYS_clock_gettime, id, &time);
    return seconds(&time);
}

static double time_of_day(clockid_t raw)
{
    struct timeval time = {0};
    if (raw)
        (void)syscall(SYS_gettimeofday, &time, NULL);
    else
        (void)gettimeofday(&time, NULL);
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double whole(clockid_t raw)
{
    return raw ? (double)syscall(SYS_time, NULL) : (double)time(NULL);
}

static const struct {
    const char *name;
    double (*read)(clockid_t id);
    clockid_t id;
    double slack; /* seconds */
} clocks[] = {
    {"realtime", library, CLOCK_REALTIME, 0.5},
    {"monotonic", library, CLOCK_MONOTONIC, 0.5},
    {"boottime", library, CLOCK_BOOTTIME, 0.5},
    {"raw", library, CLOCK_MONOTONIC_RAW, 0.5},
    {"coarse", library, CLOCK_REALTIME_COARSE, 0.5},
    {"monotonic coarse", library, CLOCK_MONOTONIC_COARSE, 0.5},
    {"tai", library, CLOCK_TAI, 0.5},
    {"vdso", direct, CLOCK_MONOTONIC, 0.5},
    {"call realtime", call, CLOCK_REALTIME, 0.5},
    {"call monotonic", call, CLOCK_MONOTONIC, 0.5},
    {"call boottime", call, CLOCK_BOOTTIME, 0.5},
    {"gettimeofday", time_of_day, 0, 0.5},
    {"call gettimeofday", time_of_day, 1, 0.5},
    {"time", whole, 0, 1.5},
    {"call time", whole, 1, 1.5},
};
enum { CLOCKS = sizeof(clocks) / sizeof(*clocks) };

static void read_all(double ret[CLOCKS])
{
    for (size_t i = 0; i < CLOCKS; i++)
        ret[i] = clocks[i].read(clocks[i].id);
}

/* --- ways to wait --- */

static struct timespec later(clockid_t id, time_t by)
{
    struct timespec time;
    (void)clock_gettime(id, &time);
    time.tv_sec += by;
    return time;
}

static void wants(const char *what, long got, long wanted)
{
    if (got != wanted)
        printf("%s is %ld, not %ld\n", what, got, wanted);
}

static void by_sleep(void)
{
    wants("sleep", sleep(3600), 0);
}

static void by_realtime(void)
{
    const struct timespec time = later(CLOCK_REALTIME, 3600);
    wants("clock_nanosleep", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL), 0);
}

static void by_monotonic(void)
{
    const struct timespec time = later(CLOCK_MONOTONIC, 3600);
    wants("clock_nanosleep", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL), 0);
    wants("again", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL), 0);
}

static void by_poll(void)
{
    int ends[2];
    wants("pipe", pipe(ends), 0);
    struct pollfd fd = {.fd = ends[0], .events = POLLIN, .revents = 7};
    wants("poll", poll(&fd, 1, 3600 * 1000), 0);
    wants("revents", fd.revents, 0);
}

static void by_select(void)
{
    struct timeval time = {.tv_sec = 3600};
    int ends[2];
    fd_set set;
    FD_ZERO(&set);
    wants("pipe", pipe(ends), 0);
    FD_SET(ends[0], &set);
    wants("select", select(ends[0] + 1, &set, NULL, NULL, &time), 0);
    wants("set", FD_ISSET(ends[0], &set), 0);
    wants("time that is left", time.tv_sec, 0);
}

static void by_epoll(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int ends[2];
    const int epoll = epoll_create1(0);
    wants("pipe", pipe(ends), 0);
    wants("epoll_ctl", epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), 0);
    wants("epoll_wait", epoll_wait(epoll, &event, 1, 3600 * 1000), 0);
}

static void by_semaphore(void)
{
    sem_t semaphore;
    const struct timespec time = later(CLOCK_REALTIME, 3600);
    (void)sem_init(&semaphore, 0, 0);
    wants("sem_timedwait", sem_timedwait(&semaphore, &time), -1);
    wants("errno", errno, ETIMEDOUT);
}

static void in_slices(void)
{
    for (int i = 0; i < 240; i++)
        (void)usleep(15000000);
}

static void in_a_child(void)
{
    if (fork() == 0) {
        by_sleep();
        _exit(0);
    }
    (void)wait(NULL);
}

static void *sleep_in_thread(void *arg)
{
    by_sleep();
    return arg;
}

static void spin(double by)
{
    for (const double begin = library(CLOCK_MONOTONIC); library(CLOCK_MONOTONIC) - begin < by;)
        ;
}

/* The clock must not move under the one that works. */
static void beside_work(void)
{
    pthread_t thread;
    const double begin = library(CLOCK_MONOTONIC);
    (void)pthread_create(&thread, NULL, sleep_in_thread, NULL);
    spin(0.5);
    if (library(CLOCK_MONOTONIC) - begin > 60)
        puts("the clock moved under a thread that works");
    (void)pthread_join(thread, NULL);
}

static const struct {
    const char *name;
    void (*run)(void);
} ways[] = {
    {"sleep", by_sleep},         {"realtime", by_realtime}, {"monotonic", by_monotonic},
    {"poll", by_poll},           {"select", by_select},     {"epoll", by_epoll},
    {"semaphore", by_semaphore}, {"slices", in_slices},     {"child", in_a_child},
    {"work", beside_work},
};

/* All clocks moved by an hour, and by the same. */
static void wait_by(size_t way)
{
    double before[CLOCKS], after[CLOCKS];
    read_all(before);
    ways[way].run();
    read_all(after);
    /* To ten seconds: a busy machine takes some of its own. */
    printf("%s: %ld\n", ways[way].name, (long)((after[1] - before[1] + 1) / 10) * 10);
    for (size_t i = 0; i < CLOCKS; i++) {
        const double error = after[i] - before[i] - 3600;
        if (error > 5 + clocks[i].slack || error < -clocks[i].slack)
            printf("%s: the clock %s is %.3f s off\n", ways[way].name, clocks[i].name, error);
    }
}

/* --- what must be as without us --- */

static void ignore(int number)
{
    (void)number;
}

static void interrupted(void)
{
    const struct sigaction action = {.sa_handler = ignore};
    const struct timespec time = {.tv_sec = 50};
    struct timespec left = {0};
    const pid_t parent = getpid();
    (void)sigaction(SIGUSR1, &action, NULL);
    if (fork() == 0) {
        spin(0.3);
        (void)kill(parent, SIGUSR1);
        _exit(0);
    }
    wants("nanosleep", nanosleep(&time, &left), -1);
    wants("errno", errno, EINTR);
    if (seconds(&left) < 40 || seconds(&left) > 49.8)
        printf("%.3f s are left\n", seconds(&left));
    (void)wait(NULL);
}

static void alarmed(void)
{
    const struct sigaction action = {.sa_handler = ignore};
    (void)sigaction(SIGALRM, &action, NULL);
    (void)alarm(1);
    const unsigned left = sleep(30);
    if (left < 25 || left > 29)
        printf("%u of 30 s are left\n", left);
}

/* Somebody is woken in time though others wait for long. */
static void *wake(void *arg)
{
    spin(0.2);
    (void)sem_post(arg);
    return NULL;
}

static void woken(void)
{
    sem_t semaphore;
    pthread_t thread;
    (void)sem_init(&semaphore, 0, 0);
    const struct timespec time = later(CLOCK_REALTIME, 3600);
    (void)pthread_create(&thread, NULL, wake, &semaphore);
    const double begin = library(CLOCK_MONOTONIC);
    wants("sem_timedwait", sem_timedwait(&semaphore, &time), 0);
    if (library(CLOCK_MONOTONIC) - begin > 10)
        puts("woken too late");
    (void)pthread_join(thread, NULL);
    int ends[2];
    wants("pipe", pipe(ends), 0);
    if (fork() == 0) {
        spin(0.2);
        _exit(write(ends[1], "x", 1) != 1);
    }
    struct pollfd fd = {.fd = ends[0], .events = POLLIN};
    wants("poll", poll(&fd, 1, 3600 * 1000), 1);
    if (library(CLOCK_MONOTONIC) - begin > 20)
        puts("told too late");
    (void)wait(NULL);
}

/* A deadline that was computed after the clock had moved. */
static void short_waits(void)
{
    sem_t semaphore;
    (void)sem_init(&semaphore, 0, 0);
    by_sleep();
    const double begin = library(CLOCK_MONOTONIC);
    struct timespec time = later(CLOCK_REALTIME, 0);
    time.tv_nsec += 50 * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_nsec -= 1000000000;
        time.tv_sec++;
    }
    wants("sem_timedwait", sem_timedwait(&semaphore, &time), -1);
    wants("errno", errno, ETIMEDOUT);
    if (library(CLOCK_MONOTONIC) - begin > 10)
        puts("a short wait took long");
}

static void odd_values(void)
{
    struct timespec time = {.tv_sec = -1};
    wants("negative", nanosleep(&time, NULL), -1);
    wants("errno", errno, EINVAL);
    time = (struct timespec){.tv_sec = 1, .tv_nsec = 1000000000};
    wants("too many nanoseconds", nanosleep(&time, NULL), -1);
    wants("errno", errno, EINVAL);
    wants("no memory", syscall(SYS_nanosleep, 8L, 0L), -1);
    wants("errno", errno, EFAULT);
    time = (struct timespec){0};
    wants("nothing", nanosleep(&time, NULL), 0);
    time = (struct timespec){.tv_sec = 5};
    wants("in the past", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL), 0);
    wants("an unknown clock", clock_nanosleep(77, 0, &time, NULL), EINVAL);
}

/* What was sent a moment ago arrives before a wait for it is over: the second small piece is held
 * back until the receiver has confirmed the first, which takes its time over that. */
static void held_back(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    char bytes[256] = {0};
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wants("bind", bind(listener, (struct sockaddr *)&address, len), 0);
    wants("listen", listen(listener, 1), 0);
    wants("getsockname", getsockname(listener, (struct sockaddr *)&address, &len), 0);
    const pid_t sender = fork();
    if (sender == 0) {
        const int client = socket(AF_INET, SOCK_STREAM, 0);
        (void)connect(client, (struct sockaddr *)&address, len);
        (void)read(client, bytes, 1);
        for (int i = 0; i < 2; i++)
            (void)!write(client, bytes, 100);
        _exit(read(client, bytes, 1) != 0);
    }
    const int server = accept(listener, NULL, NULL);
    wants("slow", setsockopt(server, IPPROTO_TCP, TCP_QUICKACK, &(int){0}, sizeof(int)), 0);
    wants("begin", write(server, "b", 1), 1);
    long got = 0;
    for (int i = 0; i < 2; i++) {
        struct pollfd fd = {.fd = server, .events = POLLIN};
        wants("poll", poll(&fd, 1, 5000), 1);
        got += read(server, bytes, 100);
    }
    wants("bytes", got, 200);
    (void)close(server);
    (void)waitpid(sender, NULL, 0);
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    {"interrupted", interrupted}, {"alarmed", alarmed},       {"woken", woken},
    {"short waits", short_waits}, {"odd values", odd_values}, {"held back", held_back},
};

int main(int argc, char **argv)
{
    (void)setvbuf(stdout, NULL, _IONBF, 0);
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        if (argc < 2 || strcmp(argv[1], ways[i].name) == 0)
            wait_by(i);
    }
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
        if (argc < 2 || strcmp(argv[1], tests[i].name) == 0) {
            printf("%s\n", tests[i].name);
            tests[i].run();
        }
    }
    return 0;
}
