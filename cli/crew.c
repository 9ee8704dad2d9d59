/* See crew.h. The processes are forked before anything of a package is read, so that none holds
 * what another reads; each is the coordinator of its own examiners. What one prints goes to files
 * in memory, which the caller empties between two references. */
#include "cli/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"

/* Each may fill a workspace and a reader's memory: more than a few would need a large machine. */
enum { CREW_MAX = 4, STREAMS = 2 };

/* For each processor: one waits for the ends of processes and file systems, often enough. */
enum { EACH = 2 };

/* What was printed out of turn and waits; beyond that only the one whose turn it is goes on. */
static const size_t waiting_max = (size_t)16 << 20;

static const size_t nobody = SIZE_MAX;

struct member {
    pid_t pid;
    int socket;
    int printed[STREAMS]; /* standard error, which is said first, and output */
    size_t index;         /* what it works at, or nobody */
    bool ready;           /* has begun */
};

struct result {
    bool there;
    int outcome;
    char *text[STREAMS];
    size_t len[STREAMS];
};

struct crew {
    const struct vb_crew_work *work;
    struct member members[CREW_MAX];
    size_t size;
    struct result *results;
    size_t next; /* to be given away */
    size_t said;
    size_t waiting; /* bytes */
};

/* What a member sends when it has begun (an error, or none) and for each reference. */
struct answer {
    int outcome;
    struct vb_error err;
};

size_t vb_crew_size(size_t count)
{
    cpu_set_t set;
    const int processors = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    const size_t wanted = (size_t)processors * EACH;
    const size_t most = wanted < CREW_MAX ? wanted : CREW_MAX;
    return count < most ? count : most;
}

/* --- in a member --- */

static int begin(const struct vb_crew_work *work, const struct member *self, pid_t parent,
                 struct vb_error *err)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return vb_fail(err, VB_E_OS, errno, "tying a process to its parent");
    if (getppid() != parent)
        _exit(1);
    if (dup2(self->printed[0], STDERR_FILENO) < 0 || dup2(self->printed[1], STDOUT_FILENO) < 0)
        return vb_fail(err, VB_E_OS, errno, "keeping what a process prints");
    return work->begin(work->ctx, err);
}

static bool answer(int socket, const struct answer *answer)
{
    return send(socket, answer, sizeof(*answer), MSG_NOSIGNAL) == (ssize_t)sizeof(*answer);
}

static _Noreturn void member_main(const struct vb_crew_work *work, const struct member *self,
                                  int socket, pid_t parent)
{
    struct answer said = {0};
    size_t index;
    said.outcome = begin(work, self, parent, &said.err);
    bool goes_on = answer(socket, &said) && said.outcome == VB_OK;
    while (goes_on && recv(socket, &index, sizeof(index), 0) == (ssize_t)sizeof(index)) {
        said.outcome = work->work(work->ctx, index);
        goes_on = fflush(NULL) == 0 && answer(socket, &said);
    }
    work->end(work->ctx);
    _exit(0);
}

/* --- in the caller --- */

/* What the caller has of the others is not for it. */
static void forget_others(struct crew *crew, const struct member *self)
{
    for (struct member *other = crew->members; other != self; other++) {
        vb_close_fd(&other->socket);
        for (size_t i = 0; i < STREAMS; i++)
            vb_close_fd(&other->printed[i]);
    }
}

static int new_member(struct crew *crew, struct vb_error *err)
{
    struct member *member = &crew->members[crew->size++];
    const pid_t parent = getpid();
    int ends[2];
    for (size_t i = 0; i < STREAMS; i++) {
        member->printed[i] = memfd_create("vetbox-printed", MFD_CLOEXEC);
        /* Appended, so that it stays right when the caller empties it. */
        if (member->printed[i] < 0 || fcntl(member->printed[i], F_SETFL, O_APPEND) < 0)
            return vb_fail(err, VB_E_OS, errno, "making a file for what a process prints");
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return vb_fail(err, VB_E_OS, errno, "making a socket to a process");
    member->socket = ends[0];
    member->pid = fork();
    if (member->pid == 0) {
        forget_others(crew, member);
        vb_close_fd(&member->socket);
        member_main(crew->work, member, ends[1], parent);
    }
    const int saved = errno;
    vb_close_fd(&ends[1]);
    return member->pid < 0 ? vb_fail(err, VB_E_OS, saved, "forking a process") : VB_OK;
}

/* It ends at its socket's end, or now if it works at something. */
static void member_done(struct member *member)
{
    vb_close_fd(&member->socket);
    if (member->pid > 0) {
        if (member->index != nobody)
            (void)kill(member->pid, SIGKILL);
        while (waitpid(member->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    for (size_t i = 0; i < STREAMS; i++)
        vb_close_fd(&member->printed[i]);
}

static void crew_done(struct crew *crew)
{
    for (size_t i = 0; i < CREW_MAX; i++)
        vb_close_fd(&crew->members[i].socket);
    for (size_t i = 0; i < CREW_MAX; i++)
        member_done(&crew->members[i]);
    for (size_t i = 0; crew->results != NULL && i < crew->work->count; i++) {
        for (size_t k = 0; k < STREAMS; k++)
            free(crew->results[i].text[k]);
    }
    free(crew->results);
}

static int give_away(struct crew *crew, struct vb_error *err)
{
    for (size_t i = 0; i < crew->size; i++) {
        struct member *member = &crew->members[i];
        const bool in_turn = crew->next == crew->said || crew->waiting < waiting_max;
        if (!member->ready || member->index != nobody || crew->next == crew->work->count ||
            !in_turn)
            continue;
        if (send(member->socket, &crew->next, sizeof(crew->next), MSG_NOSIGNAL) < 0)
            return vb_fail(err, VB_E_OS, errno, "a process that vetbox works in is gone");
        member->index = crew->next++;
    }
    return VB_OK;
}

static int take_text(int fd, char **ret, size_t *ret_len, struct vb_error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return vb_fail(err, VB_E_OS, errno, "reading what a process printed");
    if (st.st_size == 0)
        return VB_OK;
    VB_CLEANUP_FREE char *text = malloc((size_t)st.st_size);
    if (text == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "reading what a process printed");
    if (pread(fd, text, (size_t)st.st_size, 0) != st.st_size || ftruncate(fd, 0) < 0)
        return vb_fail(err, VB_E_OS, errno, "reading what a process printed");
    *ret = vb_steal(text);
    *ret_len = (size_t)st.st_size;
    return VB_OK;
}

/* One that is gone has not said what became of its reference: an error, as anywhere. */
static int hear(struct crew *crew, struct member *member, struct vb_error *err)
{
    struct answer answer;
    ssize_t got;
    do {
        got = recv(member->socket, &answer, sizeof(answer), 0);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof(answer))
        return vb_fail(err, VB_E_OS, got < 0 ? errno : 0, "a process that vetbox works in is gone");
    if (!member->ready) {
        member->ready = true;
        *err = answer.err;
        return answer.outcome;
    }
    struct result *result = &crew->results[member->index];
    *result = (struct result){.there = true, .outcome = answer.outcome};
    member->index = nobody;
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < STREAMS; i++) {
        status = take_text(member->printed[i], &result->text[i], &result->len[i], err);
        crew->waiting += result->len[i];
    }
    return status;
}

static void say_text(struct crew *crew, struct result *result)
{
    FILE *const streams[STREAMS] = {stderr, stdout};
    for (size_t i = 0; i < STREAMS; i++) {
        if (result->len[i] > 0)
            (void)fwrite(result->text[i], 1, result->len[i], streams[i]);
        crew->waiting -= result->len[i];
        free(result->text[i]);
        result->text[i] = NULL;
    }
}

static void say(struct crew *crew)
{
    for (; crew->said < crew->work->count && crew->results[crew->said].there; crew->said++) {
        say_text(crew, &crew->results[crew->said]);
        crew->work->done(crew->work->ctx, crew->said, crew->results[crew->said].outcome);
    }
}

static int listen_once(struct crew *crew, struct vb_error *err)
{
    struct pollfd fds[CREW_MAX];
    for (size_t i = 0; i < crew->size; i++)
        fds[i] = (struct pollfd){.fd = crew->members[i].socket, .events = POLLIN};
    if (poll(fds, crew->size, -1) < 0)
        return errno == EINTR ? VB_OK
                              : vb_fail(err, VB_E_OS, errno, "waiting for the processes at work");
    int status = VB_OK;
    for (size_t i = 0; status == VB_OK && i < crew->size; i++) {
        if (fds[i].revents != 0)
            status = hear(crew, &crew->members[i], err);
    }
    say(crew);
    return status;
}

int vb_crew_run(const struct vb_crew_work *work, size_t size, struct vb_error *err)
{
    VB_CLEANUP(crew_done) struct crew crew = {.work = work};
    for (size_t i = 0; i < CREW_MAX; i++)
        crew.members[i] =
            (struct member){.pid = -1, .socket = -1, .printed = {-1, -1}, .index = nobody};
    crew.results = calloc(work->count, sizeof(*crew.results));
    if (crew.results == NULL)
        return vb_fail(err, VB_E_NOMEM, errno, "making room for %zu references", work->count);
    int status = VB_OK;
    (void)fflush(NULL); /* or each of them would say it again */
    while (status == VB_OK && crew.size < size && crew.size < CREW_MAX)
        status = new_member(&crew, err);
    while (status == VB_OK && crew.said < work->count) {
        status = give_away(&crew, err);
        if (status == VB_OK)
            status = listen_once(&crew, err);
    }
    return status;
}
