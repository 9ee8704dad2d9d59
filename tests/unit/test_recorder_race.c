/* The recorder against a subject that changes its arguments after they were read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder_harness.h"

enum { EXECUTED = 9 };

static char raced_path[PATH_MAX], raced_word[64];
static const char *raced_to;
static atomic_int *raced_told;
static int raced_base;         /* what it was before */
static atomic_int raced_ready; /* the thread makes no more calls that the recorder is asked about: a
                                  sleep is one */

/* What was announced has been read when the sink has it. */
static void wait_until_told(void)
{
    atomic_store(&raced_ready, 1);
    while (atomic_load(raced_told) == raced_base)
        (void)sched_yield();
}

static void *change_path(void *arg)
{
    (void)arg;
    wait_until_told();
    memcpy(raced_path, raced_to, strlen(raced_to) + 1);
    atomic_fetch_add(raced_told, 1);
    return NULL;
}

static void *change_word(void *arg)
{
    (void)arg;
    wait_until_told();
    memcpy(raced_word, "evil", sizeof("evil"));
    atomic_fetch_add(raced_told, 1);
    return NULL;
}

static int do_race(void *arg)
{
    void *(*change)(void *) = arg ? change_word : change_path;
    pthread_t thread;
    snprintf(raced_path, sizeof(raced_path), "/usr/bin/true");
    snprintf(raced_word, sizeof(raced_word), "good");
    char *const argv[] = {(char *)"true", raced_word, NULL};
    if (pthread_create(&thread, NULL, change, NULL))
        return 3;
    while (atomic_load(&raced_ready) == 0)
        usleep(100);
    execv(raced_path, argv); /* the sink waits for the thread */
    return 2;
}

static void record_raced(struct recording *r, int (*race)(void *), void *word)
{
    raced_told =
        mmap(NULL, sizeof(*raced_told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(raced_told != MAP_FAILED);
    recording_init(r);
    r->told = raced_told;
    const struct subject subject = {.run = race, .arg = word};
    record(&subject, r);
    munmap(raced_told, sizeof(*raced_told));
}

/* WORD: the arguments change, otherwise the path, to raced_to. */
static void record_race(struct recording *r, void *word)
{
    record_raced(r, do_race, word);
}

/* The record says true; false ran, and that shows. */
static void test_hidden_execution(void **state)
{
    (void)state;
    struct recording r;
    raced_to = "/usr/bin/false";
    record_race(&r, NULL);
    assert_int_equal(r.exit_status, 1);
    must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/usr/bin/true");
    const struct vb_event *e = must_find(&r, VB_EV_TRUTH_EXEC, VB_F_PATH, "/usr/bin/true");
    assert_field(e, VB_F_EXECUTABLE, "/usr/bin/false");
    assert_field(e, VB_F_REASON, "program");
    recording_done(&r);
    record_race(&r, &r);
    assert_int_equal(r.exit_status, 0);
    e = must_find(&r, VB_EV_TRUTH_EXEC, VB_F_REASON, "arguments");
    assert_field(e, VB_F_COMMAND, "true evil");
    recording_done(&r);
}

/* What runs afterwards is the very program that ran before. */
static void test_hidden_execution_of_itself(void **state)
{
    (void)state;
    char self[PATH_MAX];
    const ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    assert_true(len > 0);
    self[len] = '\0';
    raced_to = self;
    struct recording r;
    record_race(&r, NULL);
    assert_int_equal(r.exit_status, EXECUTED);
    must_find(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/usr/bin/true");
    const struct vb_event *e = must_find(&r, VB_EV_TRUTH_EXEC, VB_F_PATH, "/usr/bin/true");
    assert_field(e, VB_F_EXECUTABLE, self);
    assert_field(e, VB_F_REASON, "program");
    recording_done(&r);
}

/* True if CHILD ends with STATUS. What it executes is told, to which the subject says yes. */
static bool ends_with(pid_t child, int status, bool answer)
{
    int result;
    while (answer && atomic_load(raced_told) % 2 == 0)
        (void)sched_yield();
    if (answer)
        atomic_fetch_add(raced_told, 1);
    return waitpid(child, &result, 0) == child && WIFEXITED(result) &&
           WEXITSTATUS(result) == status;
}

static int do_forked_race(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++) {
        const pid_t child = fork();
        if (child == 0) {
            execl("/usr/bin/true", "true", (char *)NULL);
            _exit(2);
        }
        if (!ends_with(child, 0, true))
            return 4;
    }
    raced_base = atomic_load(raced_told);
    const pid_t child = fork();
    if (child == 0)
        _exit(do_race(NULL));
    return ends_with(child, EXECUTED, false) ? 0 : 5;
}

/* The same of a process whose brothers have shown what it looks like. */
static void test_hidden_execution_of_a_forked_program(void **state)
{
    (void)state;
    char self[PATH_MAX];
    const ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    assert_true(len > 0);
    self[len] = '\0';
    raced_to = self;
    struct recording r;
    record_raced(&r, do_forked_race, NULL);
    assert_int_equal(r.exit_status, 0);
    assert_int_equal(count_events(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, "/usr/bin/true"), 4);
    assert_int_equal(count_events(&r, VB_EV_TRUTH_EXEC, VB_F_PATH, NULL), 1);
    const struct vb_event *e = must_find(&r, VB_EV_TRUTH_EXEC, VB_F_PATH, "/usr/bin/true");
    assert_field(e, VB_F_EXECUTABLE, self);
    assert_field(e, VB_F_REASON, "program");
    recording_done(&r);
}

static int do_executions(void *arg)
{
    (void)arg;
    /* Scripts, other names, no arguments, descriptors, failures: nothing is hidden here. */
    static const char script[] =
        "printf '#!/usr/bin/env -S sh -e\n:' >s; chmod +x s; ./s a; PATH=. s; "
        "printf '#!%s/s  -z \n' \"$PWD\" >t; chmod +x t; ./t; (exec -a other true x); nosuch; "
        "python3 -c 'import os;f=os.open(\"/bin/true\",0);os.execve(f,[\"t\"],{})'; "
        "printf ': no interpreter' >n; chmod +x n; ./n; ./n; ./n; seq 5000 | xargs true; rm s t n";
    if (chdir(test_folder()))
        return 1;
    execl("/bin/bash", "bash", "-c", script, (char *)NULL);
    return 2;
}

static void test_honest_executions(void **state)
{
    (void)state;
    struct recording r;
    run(&r, do_executions, NULL);
    assert_int_equal(r.exit_status, 0);
    assert_true(count_events(&r, VB_EV_PROCESS_EXEC, VB_F_PATH, NULL) > 12);
    if (find_event(&r, VB_EV_TRUTH_EXEC, VB_F_PATH, NULL, 0)) {
        recording_print(&r);
        fail_msg("an honest execution is called hidden");
    }
    recording_done(&r);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hidden_execution),
        cmocka_unit_test(test_hidden_execution_of_itself),
        cmocka_unit_test(test_hidden_execution_of_a_forked_program),
        WITH_FOLDER(test_honest_executions),
    };
    if (argc > 1 && strcmp(argv[1], "good") == 0)
        _exit(EXECUTED); /* a leak check would need calls that a box does not have */
    if (!recorder_available())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
